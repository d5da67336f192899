//! Tables as CSV: comma, header, a quote only where one is needed, the shortest decimal that reads
//! back as the same number.

use std::io::{self, Write};

use crate::time::{Duration, Time};

/// Written to the file at this size.
const CHUNK: usize = 1 << 16;

/// A table being written.
pub(crate) struct Csv<W: Write> {
    out: W,
    buffer: Vec<u8>,
    /// Whether the row has no field yet.
    fresh: bool,
}

impl<W: Write> Csv<W> {
    /// A table with these columns.
    pub(crate) fn new(out: W, columns: &[&str]) -> io::Result<Csv<W>> {
        let mut csv = Csv {
            out,
            buffer: Vec::with_capacity(CHUNK + 1024),
            fresh: true,
        };
        for column in columns {
            csv.text(column);
        }
        csv.end_row()?;
        Ok(csv)
    }

    /// A field of text.
    pub(crate) fn text(&mut self, text: &str) {
        self.separate();
        if !text
            .bytes()
            .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
        {
            return self.buffer.extend_from_slice(text.as_bytes());
        }
        self.buffer.push(b'"');
        for byte in text.bytes() {
            if byte == b'"' {
                self.buffer.push(b'"');
            }
            self.buffer.push(byte);
        }
        self.buffer.push(b'"');
    }

    /// A number; `inf` where it is infinite, empty where there is none.
    pub(crate) fn number(&mut self, number: impl Into<Option<f64>>) {
        self.separate();
        if let Some(number) = number.into() {
            write!(self.buffer, "{number}").expect("memory can be written");
        }
    }

    /// A whole number.
    pub(crate) fn whole(&mut self, number: u64) {
        self.separate();
        self.digits(number);
    }

    /// An instant in seconds, exact; empty where there is none.
    pub(crate) fn time(&mut self, time: impl Into<Option<Time>>) {
        self.separate();
        let Some(time) = time.into() else { return };
        self.digits(time.nanos() / NANOS);
        let mut rest = time.nanos() % NANOS;
        if rest == 0 {
            return;
        }
        let mut digits = [b'0'; 10];
        digits[0] = b'.';
        for digit in digits[1..].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        let length = digits
            .iter()
            .rposition(|&digit| digit != b'0')
            .expect("rest is not zero");
        self.buffer.extend_from_slice(&digits[..=length]);
    }

    /// Ends the row.
    pub(crate) fn end_row(&mut self) -> io::Result<()> {
        self.buffer.push(b'\n');
        self.fresh = true;
        if self.buffer.len() >= CHUNK {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Writes what is left.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.out.flush()
    }

    fn separate(&mut self) {
        if !self.fresh {
            self.buffer.push(b',');
        }
        self.fresh = false;
    }

    fn digits(&mut self, mut number: u64) {
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        self.buffer.extend_from_slice(&digits[start..]);
    }
}

/// Nanoseconds in one second.
const NANOS: u64 = Duration::from_secs(1).nanos();

#[cfg(test)]
mod tests {
    use super::*;

    fn row(fill: impl Fn(&mut Csv<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        let mut csv = Csv::new(&mut out, &["a"]).unwrap();
        fill(&mut csv);
        csv.end_row().unwrap();
        csv.finish().unwrap();
        String::from_utf8(out)
            .unwrap()
            .strip_prefix("a\n")
            .unwrap()
            .to_owned()
    }

    #[test]
    fn fields_are_quoted_only_where_they_must_be() {
        let text = row(|csv| {
            ["plain", "a,b", "say \"hi\"", ""]
                .iter()
                .for_each(|t| csv.text(t))
        });
        assert_eq!(text, "plain,\"a,b\",\"say \"\"hi\"\"\",\n");
    }

    #[test]
    fn numbers_read_back_as_themselves_and_none_is_empty() {
        let numbers = [Some(0.1 + 0.2), Some(1.0), None, Some(f64::INFINITY)];
        let text = row(|csv| numbers.iter().for_each(|&number| csv.number(number)));
        assert_eq!(text, "0.30000000000000004,1,,inf\n");
        let text = row(|csv| {
            [0, 7, u64::MAX]
                .iter()
                .for_each(|&number| csv.whole(number))
        });
        assert_eq!(text, "0,7,18446744073709551615\n");
    }

    #[test]
    fn times_are_exact_seconds_as_everywhere_else() {
        let times = [0, 1, 12_500_000_000, 3_000_000_000, 1_000_000_010, u64::MAX];
        let times = times.map(Time::from_nanos);
        let text = row(|csv| times.iter().for_each(|&time| csv.time(time)));
        let expected = times.map(|time| time.to_string()).join(",");
        assert_eq!(text, expected + "\n");
        assert_eq!(row(|csv| csv.time(None)), "\n");
    }

    #[test]
    fn a_long_table_comes_out_whole() {
        let mut out = Vec::new();
        let mut csv = Csv::new(&mut out, &["n"]).unwrap();
        for n in 0..50_000 {
            csv.whole(n);
            csv.end_row().unwrap();
        }
        csv.finish().unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 50_001);
        assert_eq!(text.lines().last(), Some("49999"));
    }
}
