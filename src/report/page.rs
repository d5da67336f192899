//! The kit that pages are made of: one column that needs neither network nor script.
//!
//! A page is written from the top: `Page::new`, `Page::head` with the question and its answer,
//! `Page::figures` with the few numbers a reader takes along, then headings, texts, tables and charts in
//! any order, `Page::notes`, `Page::reproduce`, and `Page::finish`. All text is plain text: the kit
//! makes HTML of it. What stands between backquotes is code where a method says so.
//!
//! On a narrow page a table becomes a list: see `Narrow`. Charts are drawn in two widths, of which the
//! page shows the one that is readable. `assets/report.css` is the only style; it has a dark side.

use std::fmt::Write as _;

use crate::report::figure;
use crate::report::plots::{self, Chart, Form};

const STYLE: &str = include_str!("../../assets/report.css");

/// What every page says of itself; [`is_page`] looks for it.
const GENERATOR: &str = "<meta name=\"generator\" content=\"plimsoll\">";

/// Whether a file that begins so is a page of ours.
pub fn is_page(beginning: &str) -> bool {
    beginning.contains(GENERATOR)
}

/// A page being written.
#[derive(Debug)]
pub(crate) struct Page {
    html: String,
}

/// A large number with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) label: String,
    /// The number with its unit.
    pub(crate) value: String,
    /// Its interval, or whatever is to be read with it; may be empty.
    pub(crate) interval: String,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// Its rows, each with a cell for every column.
    pub(crate) rows: Vec<Vec<Cell>>,
    /// How it looks where there is little room.
    pub(crate) narrow: Narrow,
}

/// How a table looks on a narrow page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Narrow {
    /// Each row is a list of its cells, each after the head of its column.
    #[default]
    List,
    /// Each row is its first cell with its number opposite, the rest below; asides are left out.
    Pair,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    /// What it holds.
    pub(crate) head: String,
    /// How it is set.
    pub(crate) kind: Kind,
}

/// How a column is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// To the left.
    Text,
    /// To the right, in one line.
    Number,
    /// In small letters.
    Quiet,
    /// In small letters, and left out of a narrow [`Narrow::Pair`].
    Aside,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// What it says.
    pub(crate) text: String,
    /// How that is meant.
    pub(crate) tone: Tone,
}

/// How a cell is meant: a second signal beside its words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it stands.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// Worth a look.
    Marked,
}

impl Page {
    /// A page with this title.
    pub(crate) fn new(title: &str) -> Page {
        let mut page = Page {
            html: "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                .to_owned(),
        };
        page.push(GENERATOR);
        page.push("\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.line(&format!("<title>{} · plimsoll</title>", escape(title)));
        page.line(&format!(
            "<style>\n{STYLE}</style>\n</head>\n<body>\n<main>"
        ));
        page
    }

    /// The question with its answer: facts above it, what explains it below, with code between
    /// backquotes.
    pub(crate) fn head(&mut self, facts: &[String], question: &str, answer: &str, why: &[String]) {
        let facts = escape(&facts.join("\u{a0}· "));
        self.line(&format!("<header>\n<p class=\"eyebrow\">{facts}</p>"));
        self.line(&format!("<h1>{}</h1>", escape(question)));
        self.line(&format!("<p class=\"answer\">{}</p>", escape(answer)));
        for sentence in why {
            self.line(&format!("<p class=\"why\">{}</p>", with_code(sentence)));
        }
        self.line("</header>");
    }

    /// Numbers side by side; nothing for none.
    pub(crate) fn figures(&mut self, figures: &[Figure]) {
        if figures.is_empty() {
            return;
        }
        self.line("<dl class=\"numbers\">");
        for Figure {
            label,
            value,
            interval,
        } in figures
        {
            self.line(&format!(
                "<div><dt>{}</dt><dd><span class=\"value\">{}</span><span class=\"interval\">{}</span></dd></div>",
                escape(label),
                escape(value),
                escape(interval)
            ));
        }
        self.line("</dl>");
    }

    /// The heading of a section.
    pub(crate) fn heading(&mut self, text: &str) {
        self.line(&format!("<h2>{}</h2>", escape(text)));
    }

    /// The heading of a part of a section.
    pub(crate) fn subheading(&mut self, text: &str) {
        self.line(&format!("<h3>{}</h3>", escape(text)));
    }

    /// A paragraph, with code between backquotes.
    pub(crate) fn text(&mut self, text: &str) {
        self.line(&format!("<p>{}</p>", with_code(text)));
    }

    /// A table; nothing where it has no rows.
    pub(crate) fn table(&mut self, table: &Table) {
        if table.rows.is_empty() {
            return;
        }
        self.line(&format!("<table class=\"{}\">", table.narrow.class()));
        let mut head = String::new();
        for column in &table.columns {
            let class = column.kind.head_class();
            let _ = write!(head, "<th{class}>{}</th>", escape(&column.head));
        }
        self.line(&format!("<tr>{head}</tr>"));
        for row in &table.rows {
            assert_eq!(row.len(), table.columns.len(), "a cell for every column");
            let mut cells = String::new();
            for (place, (column, cell)) in table.columns.iter().zip(row).enumerate() {
                cells += &data(column, cell, place);
            }
            self.line(&format!("<tr>{cells}</tr>"));
        }
        self.line("</table>");
    }

    /// A chart under its title, with the name of the file that holds its data, if one does.
    pub(crate) fn chart(&mut self, chart: &Chart) {
        self.line(&format!("<figure>\n<h2>{}</h2>", escape(&chart.title)));
        self.line(&format!("<p>{}</p>", escape(&chart.subtitle)));
        for (form, class) in [(Form::Page, "wide"), (Form::Phone, "narrow")] {
            self.push(&plots::inline(chart, form, class));
        }
        if !chart.data.is_empty() {
            let data = escape(&chart.data);
            self.line(&format!(
                "<figcaption>data: <code>{data}</code></figcaption>"
            ));
        }
        self.line("</figure>");
    }

    /// A list of what a reader must know, with code between backquotes; nothing for none.
    pub(crate) fn notes(&mut self, title: &str, notes: &[String]) {
        if notes.is_empty() {
            return;
        }
        self.heading(title);
        self.list(notes);
    }

    /// A list, with code between backquotes; nothing for none.
    pub(crate) fn list(&mut self, items: &[String]) {
        if items.is_empty() {
            return;
        }
        self.line("<ul>");
        for item in items {
            self.line(&format!("<li>{}</li>", with_code(item)));
        }
        self.line("</ul>");
    }

    /// Something that is folded away behind a line.
    pub(crate) fn folded(&mut self, line: &str, inside: impl FnOnce(&mut Page)) {
        self.line(&format!("<details><summary>{}</summary>", escape(line)));
        inside(self);
        self.line("</details>");
    }

    /// How to make the same again: commands, and what to know of them, with code between backquotes.
    pub(crate) fn reproduce(&mut self, commands: &[String], text: &str) {
        self.commands("To see the same again", commands, text);
    }

    /// Commands, and what to know of them, with code between backquotes.
    pub(crate) fn commands(&mut self, heading: &str, commands: &[String], text: &str) {
        self.heading(heading);
        let commands = escape(&commands.join("\n"));
        self.line(&format!("<pre><code>{commands}</code></pre>"));
        self.text(text);
    }

    /// The page.
    pub(crate) fn finish(mut self) -> String {
        self.push("</main>\n</body>\n</html>\n");
        self.html
    }

    /// HTML that is made elsewhere.
    pub(super) fn push(&mut self, html: &str) {
        self.html.push_str(html);
    }

    fn line(&mut self, html: &str) {
        self.push(html);
        self.html.push('\n');
    }
}

fn data(column: &Column, cell: &Cell, place: usize) -> String {
    let mut classes = column.kind.classes().to_owned();
    if let Some(tone) = cell.tone.class() {
        classes = format!("{classes} {tone}").trim().to_owned();
    }
    let class = match classes.as_str() {
        "" => String::new(),
        classes => format!(" class=\"{classes}\""),
    };
    // The head of the column, for narrow pages; the first cell speaks for itself.
    let label = match place {
        0 => String::new(),
        _ => format!(" data-label=\"{}\"", escape(&column.head)),
    };
    format!("<td{class}{label}>{}</td>", with_code(&cell.text))
}

impl Figure {
    /// A number as [`figure::estimate`] shows it, its interval apart.
    pub(crate) fn of(label: &str, shown: &str) -> Figure {
        let (value, interval) = figure::apart(shown);
        let interval = match (value.ends_with('%'), interval.trim()) {
            (true, interval) if interval.starts_with('±') => {
                format!("{interval} {}", figure::POINTS)
            }
            (_, interval) => interval.to_owned(),
        };
        Figure {
            label: label.to_owned(),
            value: value.to_owned(),
            interval,
        }
    }
}

impl Column {
    /// A column of this kind.
    pub(crate) fn new(head: &str, kind: Kind) -> Column {
        Column {
            head: head.to_owned(),
            kind,
        }
    }
}

impl Cell {
    /// A cell as it stands.
    pub(crate) fn new(text: impl Into<String>) -> Cell {
        Cell::toned(text, Tone::Plain)
    }

    /// A cell of this tone.
    pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Cell {
        Cell {
            text: text.into(),
            tone,
        }
    }
}

impl Narrow {
    const fn class(self) -> &'static str {
        match self {
            Narrow::List => "list",
            Narrow::Pair => "pair",
        }
    }
}

impl Kind {
    const fn classes(self) -> &'static str {
        match self {
            Kind::Text => "",
            Kind::Number => "number",
            Kind::Quiet => "quiet",
            Kind::Aside => "quiet aside",
        }
    }

    const fn head_class(self) -> &'static str {
        match self {
            Kind::Number => " class=\"number\"",
            Kind::Text | Kind::Quiet | Kind::Aside => "",
        }
    }
}

impl Tone {
    const fn class(self) -> Option<&'static str> {
        match self {
            Tone::Plain => None,
            Tone::Good => Some("good"),
            Tone::Bad => Some("bad"),
            Tone::Marked => Some("marked"),
        }
    }
}

/// Text as HTML, what stands between backquotes as code.
pub(super) fn with_code(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = escape(part);
        html += &match index % 2 {
            0 => part,
            _ => format!("<code>{part}</code>"),
        };
    }
    html
}

/// Text as HTML; a percent sign stays with its number.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for char in text.replace(" %", "\u{a0}%").chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
    html
}
