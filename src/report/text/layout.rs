//! Rows with a label column, wrapped with a hanging indent.

use crate::report::text::Colors;

/// Columns of a page unless something else is asked for.
pub(crate) const WIDTH: usize = 100;
/// Columns of the labels.
const LABEL: usize = 15;
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
    colors: Colors,
    width: usize,
    text: String,
}

impl Page {
    pub(crate) const fn new(colors: Colors) -> Page {
        Page::of_width(colors, WIDTH)
    }

    /// A page of so many columns.
    pub(crate) const fn of_width(colors: Colors, width: usize) -> Page {
        Page {
            colors,
            width,
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

    /// Facts without a label.
    pub(crate) fn facts(&mut self, facts: &[String]) {
        let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
        self.wrapped("", 0, &facts, SEPARATOR);
    }

    /// A paragraph after a prefix, indented by its width.
    pub(crate) fn hanging(&mut self, prefix: &str, text: &str) {
        let words: Vec<&str> = text.split(' ').collect();
        self.wrapped(prefix, width(prefix), &words, " ");
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
        match self.colors {
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
            if index > 0 {
                let ahead = width(separator) + width(piece);
                if column + ahead > self.width {
                    self.text.push_str(separator.trim_end());
                    self.text.push('\n');
                    self.text.push_str(&" ".repeat(indent));
                    column = indent;
                } else {
                    self.text.push_str(separator);
                    column += width(separator);
                }
            }
            self.text.push_str(piece);
            column += width(piece);
        }
        self.text.push('\n');
    }
}

/// Columns of a text: escape sequences take none.
fn width(text: &str) -> usize {
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

    #[test]
    fn facts_stay_whole_and_hang_under_each_other() {
        let mut page = Page::new(Colors::None);
        page.row(
            "utilization",
            vec!["x".repeat(60), "y".repeat(40), "z".to_owned()],
        );
        let indent = " ".repeat(15);
        let (x, y) = ("x".repeat(60), "y".repeat(40));
        assert_eq!(
            page.finish(),
            format!("utilization    {x} ·\n{indent}{y} · z\n")
        );
    }

    #[test]
    fn a_row_without_facts_is_not_there_and_gaps_do_not_add_up() {
        let mut page = Page::new(Colors::None);
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
        let page = Page::new(Colors::Ansi);
        assert_eq!(width(&page.paint("missed", Tone::Bad)), 6);
    }
}
