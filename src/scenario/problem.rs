//! Problems of a scenario: all of them, each with its place, and how they are shown.

mod located;

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use codespan_reporting::diagnostic::{self, Diagnostic, Label};
use codespan_reporting::files::{Error, Files, SimpleFile};
use codespan_reporting::term;
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};

use crate::units;

pub use located::{Located, Place};

/// Everything that is wrong with a scenario, or that a reader of its results must know.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    sources: Vec<Source>,
    /// What the first source, the scenario file, was changed by.
    changed_by: Vec<String>,
    list: Vec<Problem>,
    /// Errors that are counted alone.
    untold: usize,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    severity: Severity,
    message: String,
    /// Where, and what to say there; the first is the place of the problem.
    labels: Vec<(Span, String)>,
    notes: Vec<String>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario can be run, and its results say so.
    Warning,
    /// Nothing can be run.
    Error,
}

/// A stretch of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    source: u32,
    /// First byte.
    pub(super) start: u32,
    /// First byte after it.
    pub(super) end: u32,
}

/// Text that problems are shown in: a whole file, or one row of a table.
#[derive(Clone, Debug)]
struct Source {
    file: SimpleFile<Arc<str>, Arc<str>>,
    /// Lines of the file before the text.
    lines_before: usize,
}

impl Span {
    /// The span of the same source from `start` to `end`.
    pub(super) const fn with(self, start: u32, end: u32) -> Span {
        Span {
            source: self.source,
            start,
            end,
        }
    }

    /// Its bytes.
    pub(super) const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether the two are in one source.
    pub(super) const fn beside(self, other: Span) -> bool {
        self.source == other.source
    }

    /// Whether the two share a byte or touch each other.
    pub(super) const fn touches(self, other: Span) -> bool {
        self.source == other.source && self.start <= other.end && other.start <= self.end
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems {
            list: vec![problem],
            ..Problems::default()
        }
    }
}

impl Problem {
    pub(super) fn error(message: impl Into<String>) -> Problem {
        Problem::new(Severity::Error, message.into())
    }

    pub(super) fn warning(message: impl Into<String>) -> Problem {
        Problem::new(Severity::Warning, message.into())
    }

    fn new(severity: Severity, message: String) -> Problem {
        Problem {
            severity,
            message,
            labels: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// With a place, and what to say under it.
    pub(super) fn at(mut self, span: Span, label: impl Into<String>) -> Problem {
        self.labels.push((span, label.into()));
        self
    }

    /// With a line below the source.
    pub(super) fn note(mut self, note: impl Into<String>) -> Problem {
        self.notes.push(note.into());
        self
    }

    /// The same problem, without the lines below the source.
    pub(super) fn without_notes(&self) -> Problem {
        Problem {
            notes: Vec::new(),
            ..self.clone()
        }
    }

    /// Where it is, in an order in which those without a place come last.
    pub(super) fn place(&self) -> (bool, Option<Span>) {
        let place = self.labels.first().map(|&(span, _)| span);
        (place.is_none(), place)
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What is wrong, without its place.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl Problems {
    /// Adds a file, or with `lines_before` a part of one.
    pub(super) fn source(&mut self, name: &str, lines_before: usize, text: &str) -> Span {
        let source = u32::try_from(self.sources.len()).expect("fewer than 2^32 sources");
        let end = u32::try_from(text.len()).expect("a source is under 4 GiB");
        self.sources.push(Source {
            file: SimpleFile::new(name.into(), text.into()),
            lines_before,
        });
        Span {
            source,
            start: 0,
            end,
        }
    }

    /// Adds what changes the scenario file.
    pub(super) fn change(&mut self, name: &str, text: &str) -> Span {
        if !self.changed_by.iter().any(|known| known == name) {
            self.changed_by.push(name.to_owned());
        }
        self.source(name, 0, text)
    }

    pub(super) fn push(&mut self, problem: Problem) {
        self.list.push(problem);
    }

    /// Counts so many errors without telling them.
    pub(super) fn leave_out(&mut self, errors: usize) {
        self.untold += errors;
    }

    /// A problem of others, in the words of this: with its own sources.
    pub(super) fn adopted(&mut self, problem: &Problem, others: &Problems) -> Problem {
        let mut own = problem.clone();
        for (span, _) in &mut own.labels {
            span.source = self.source_like(&others.sources[span.source as usize]);
        }
        own
    }

    /// The number of a source that is the same.
    fn source_like(&mut self, other: &Source) -> u32 {
        let same = |own: &Source| {
            own.lines_before == other.lines_before
                && own.file.name() == other.file.name()
                && own.file.source() == other.file.source()
        };
        let known = self.sources.iter().position(same);
        known.unwrap_or_else(|| {
            self.sources.push(other.clone());
            self.sources.len() - 1
        }) as u32
    }

    /// The errors among them.
    pub fn only_errors(mut self) -> Problems {
        self.list
            .retain(|problem| problem.severity == Severity::Error);
        self
    }

    /// Orders the problems by place; those without one come last.
    pub(super) fn sort(&mut self) {
        self.list.sort_by_key(Problem::place);
    }

    /// All problems, in order of place.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// Number of problems of one severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.list
            .iter()
            .filter(|problem| problem.severity == severity)
            .count()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Shows all problems with their source lines, and how many there are.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn render(&self, out: &mut dyn io::Write, colour: bool) -> io::Result<()> {
        match colour {
            true => self.render_to(&mut Ansi::new(out)),
            false => self.render_to(&mut NoColor::new(out)),
        }
    }

    fn render_to(&self, out: &mut dyn WriteColor) -> io::Result<()> {
        let config = term::Config::default();
        for problem in &self.list {
            term::emit_to_write_style(out, &config, self, &problem.diagnostic()).map_err(
                |error| match error {
                    Error::Io(error) => error,
                    other => panic!("a span lies outside its source: {other}"),
                },
            )?;
        }
        match self.to_string() {
            total if total.is_empty() => Ok(()),
            total => writeln!(out, "{total}"),
        }
    }
}

impl Problem {
    fn diagnostic(&self) -> Diagnostic<u32> {
        let severity = match self.severity {
            Severity::Warning => diagnostic::Severity::Warning,
            Severity::Error => diagnostic::Severity::Error,
        };
        let labels = self
            .labels
            .iter()
            .enumerate()
            .map(|(index, (span, message))| {
                let range = span.range();
                match index {
                    0 => Label::primary(span.source, range).with_message(message),
                    _ => Label::secondary(span.source, range).with_message(message),
                }
            });
        Diagnostic::new(severity)
            .with_message(&self.message)
            .with_labels(labels.collect())
            .with_notes(self.notes.clone())
    }
}

/// The total: `2 errors and 1 warning in web-shop.toml as changed by --set. Nothing was run.`
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.count(Severity::Error);
        let all = errors + self.untold;
        let counts = [(all, "error"), (self.count(Severity::Warning), "warning")]
            .into_iter()
            .filter(|&(count, _)| count > 0)
            .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
            .collect::<Vec<_>>();
        if counts.is_empty() {
            return Ok(());
        }
        f.write_str(&counts.join(" and "))?;
        if let Some(main) = self.sources.first() {
            write!(f, " in {}", main.file.name())?;
        }
        if !self.changed_by.is_empty() {
            write!(f, " as changed by {}", units::and(&self.changed_by))?;
        }
        f.write_str(".")?;
        if self.untold > 0 {
            write!(f, " {errors} of the errors are told.")?;
        }
        if errors > 0 {
            f.write_str(" Nothing was run.")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl<'a> Files<'a> for Problems {
    type FileId = u32;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: u32) -> Result<&'a str, Error> {
        Ok(self.sources[id as usize].file.name())
    }

    fn source(&'a self, id: u32) -> Result<&'a str, Error> {
        Ok(self.sources[id as usize].file.source())
    }

    fn line_index(&'a self, id: u32, byte: usize) -> Result<usize, Error> {
        self.sources[id as usize].file.line_index((), byte)
    }

    fn line_number(&'a self, id: u32, line_index: usize) -> Result<usize, Error> {
        Ok(self.sources[id as usize].lines_before + line_index + 1)
    }

    fn line_range(&'a self, id: u32, line_index: usize) -> Result<Range<usize>, Error> {
        self.sources[id as usize].file.line_range((), line_index)
    }
}
