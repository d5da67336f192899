//! Rows with a label column, wrapped with a hanging indent.

use crate::report::text::{Colors, Look};

/// Columns of the labels.
const LABEL: usize = 15;
/// Columns before names that follow on the next line.
const NAMES: usize = 4;
/// Between the facts of one row.
const SEPARATOR: &str = " · ";

/// How a word is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
}

/// A page of text being written.
#[derive(Debug)]
pub(crate) struct Page {
    look: Look,
    text: String,
}

impl Page {
    pub(crate) const fn new(look: Look) -> Page {
        Page {
            look,
            text: String::new(),
        }
    }

    /// One empty line, if there is anything above it and none yet.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A paragraph.
    pub(crate) fn text(&mut self, text: &str) {
        self.hanging("", text);
    }

    /// A line that is never wrapped.
    pub(crate) fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// Names after what they belong to.
    pub(crate) fn names(&mut self, head: &str, names: &[String]) {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.wrapped(head, NAMES, &names, "  ");
    }

    /// Facts without a label.
    pub(crate) fn facts(&mut self, facts: &[String]) {
        let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
        self.wrapped("", 0, &facts, SEPARATOR);
    }

    /// A paragraph after a prefix, indented by its width.
    pub(crate) fn hanging(&mut self, prefix: &str, text: &str) {
        self.wrapped(prefix, width(prefix), &words(text), " ");
    }

    /// A row: a label and its facts. Nothing for no facts.
    pub(crate) fn row(&mut self, label: &str, facts: Vec<String>) {
        if facts.is_empty() {
            return;
        }
        let label = format!("{label:<LABEL$}");
        let label = if width(&label) > LABEL {
            format!("{label} ")
        } else {
            label
        };
        let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
        self.wrapped(&label, LABEL, &facts, SEPARATOR);
    }

    /// A word in the colour of its tone.
    pub(crate) fn paint(&self, word: &str, tone: Tone) -> String {
        let color = match tone {
            Tone::Good => 32,
            Tone::Bad => 31,
        };
        match self.look.colors {
            Colors::None => word.to_owned(),
            Colors::Ansi => format!("\u{1b}[{color}m{word}\u{1b}[0m"),
        }
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// `pieces` that stay whole where they can, separated, after `head`.
    fn wrapped(&mut self, head: &str, indent: usize, pieces: &[&str], separator: &str) {
        let mut column = width(head);
        self.text.push_str(head);
        for (index, piece) in pieces.iter().enumerate() {
            // What a line ends with if another piece follows.
            let after = if index + 1 < pieces.len() {
                width(separator.trim_end())
            } else {
                0
            };
            if index > 0 {
                let ahead = width(separator) + width(piece) + after;
                if column + ahead > self.look.columns {
                    self.text.push_str(separator.trim_end());
                    column = self.next_line(indent);
                } else {
                    self.text.push_str(separator);
                    column += width(separator);
                }
            }
            column = self.piece(piece, column, indent, after);
        }
        self.text.push('\n');
    }

    /// One piece from a column on, broken between its words where a line has no room for it and what
    /// comes after it. Returns the column that it ends in.
    fn piece(&mut self, piece: &str, mut column: usize, indent: usize, after: usize) -> usize {
        let whole = column + width(piece) + after <= self.look.columns;
        let words = if whole { vec![piece] } else { words(piece) };
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                if column + 1 + width(word) + after > self.look.columns {
                    column = self.next_line(indent);
                } else {
                    self.text.push(' ');
                    column += 1;
                }
            }
            self.text.push_str(word);
            column += width(word);
        }
        column
    }

    /// Begins a line and returns the column of its text.
    fn next_line(&mut self, indent: usize) -> usize {
        self.text.push('\n');
        self.text.push_str(&" ".repeat(indent));
        indent
    }
}

/// The words of a text; a number and what belongs to it are one.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut from = 0;
    for (space, _) in text.match_indices(' ') {
        let (before, after) = (&text[from..space], &text[space + 1..]);
        if !belongs(before, after) {
            words.push(before);
            from = space + 1;
        }
    }
    words.push(&text[from..]);
    words
}

/// Whether a line must not end between the two, as in `99.9 % ± 0.1` or `1 m 40 s`.
fn belongs(before: &str, after: &str) -> bool {
    let number = |char: char| char.is_ascii_digit() || "±<".contains(char);
    let unit = ["d", "h", "m"].contains(&before.rsplit(' ').next().unwrap_or(before));
    before.ends_with(number) || after.starts_with('±') || unit && after.starts_with(number)
}

/// Columns of a text: escape sequences take none.
pub(crate) fn width(text: &str) -> usize {
    let mut columns = 0;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char == '\u{1b}' {
            chars
                .by_ref()
                .take_while(|&char| char != 'm')
                .for_each(drop);
        } else {
            columns += 1;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look {
        colors: Colors::None,
        columns: 60,
    };

    #[test]
    fn facts_stay_whole_and_hang_under_each_other() {
        let mut page = Page::new(PLAIN);
        page.row(
            "utilization",
            vec!["x".repeat(43), "y".repeat(38), "z".to_owned()],
        );
        let indent = " ".repeat(15);
        let (x, y) = ("x".repeat(43), "y".repeat(38));
        assert_eq!(
            page.finish(),
            format!("utilization    {x} ·\n{indent}{y} · z\n")
        );
    }

    #[test]
    fn a_fact_wider_than_the_page_is_broken_where_no_number_loses_its_unit() {
        let mut page = Page::new(PLAIN);
        let fact = "outages in 1 of 2 runs: probability 50 % ± 49, each of 5 m 47 s";
        page.row("web", vec![fact.to_owned(), "z".to_owned()]);
        let indent = " ".repeat(15);
        assert_eq!(
            page.finish(),
            format!(
                "web            outages in 1 of 2 runs: probability\n\
                 {indent}50 % ± 49, each of 5 m 47 s · z\n"
            )
        );
    }

    #[test]
    fn a_row_without_facts_is_not_there_and_gaps_do_not_add_up() {
        let mut page = Page::new(PLAIN);
        page.gap();
        page.text("a");
        page.gap();
        page.row("nothing", Vec::new());
        page.gap();
        page.text("b");
        assert_eq!(page.finish(), "a\n\nb\n");
    }

    #[test]
    fn colour_takes_no_room() {
        let page = Page::new(Look {
            colors: Colors::Ansi,
            ..PLAIN
        });
        assert_eq!(width(&page.paint("missed", Tone::Bad)), 6);
    }
}
