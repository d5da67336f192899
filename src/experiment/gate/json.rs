//! JSON for reviewers: a key on each line, and long lists on one.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// Lists of scenarios and of metrics are laid out, all values of a metric are one line: what changes in
/// a file is then as many lines as metrics.
const LAID_OUT: usize = 2;

/// `value` as JSON, with a line break at its end.
pub(super) fn write(value: &impl Serialize) -> Vec<u8> {
    let mut out = Vec::new();
    let layout = Layout {
        pretty: PrettyFormatter::new(),
        lists: 0,
    };
    let mut serializer = Serializer::with_formatter(&mut out, layout);
    let written = value.serialize(&mut serializer);
    written.expect("memory can be written, and keys are text");
    out.push(b'\n');
    out
}

/// How the text is laid out.
struct Layout {
    pretty: PrettyFormatter<'static>,
    /// Lists that are open.
    lists: usize,
}

impl Layout {
    const fn is_in_line(&self) -> bool {
        self.lists > LAID_OUT
    }
}

impl Formatter for Layout {
    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.lists += 1;
        match self.is_in_line() {
            true => out.write_all(b"["),
            false => self.pretty.begin_array(out),
        }
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        let in_line = self.is_in_line();
        self.lists -= 1;
        match in_line {
            true => out.write_all(b"]"),
            false => self.pretty.end_array(out),
        }
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        match (self.is_in_line(), first) {
            (true, true) => Ok(()),
            (true, false) => out.write_all(b", "),
            (false, first) => self.pretty.begin_array_value(out, first),
        }
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        match self.is_in_line() {
            true => Ok(()),
            false => self.pretty.end_array_value(out),
        }
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.pretty.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.pretty.end_object_value(out)
    }
}
