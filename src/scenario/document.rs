//! The TOML document of a scenario: its own text, and on it what changes it from outside. Every value
//! knows in which text it stands, so that one decoder reads them all and every problem has its place.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::decode::{Decode, Decoder, Item};
use super::edits::{Page, Setting};
use super::problem::{Problem, Problems, Span};
use super::{merge, put};

/// A document under change.
pub(super) struct Document<'a> {
    root: Spanned<DeValue<'a>>,
    places: Places,
    /// Where it is not TOML.
    syntax: Vec<Span>,
    /// Entries that overlays added to lists, and what to say where one is not whole.
    added: Vec<(Span, String)>,
    /// Whether parts of it could not be recovered.
    lossy: bool,
}

/// Where the texts of a document stand: TOML's values have places in one text only, so the texts are
/// counted on from each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// The first byte of each text, counted over all of them, and the text.
    texts: Vec<(usize, Span)>,
    /// The next one begins there.
    end: usize,
}

impl Places {
    /// Adds a text; where its first byte is counted.
    pub(super) fn add(&mut self, text: Span) -> usize {
        let start = self.end;
        self.texts.push((start, text));
        // One more, so that texts do not touch.
        self.end += text.end as usize + 1;
        start
    }

    /// The place of bytes that are counted over all texts.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        let after = self
            .texts
            .partition_point(|&(start, _)| start <= range.start);
        let (start, text) = self.texts[after - 1];
        text.with((range.start - start) as u32, (range.end - start) as u32)
    }
}

impl<'a> Document<'a> {
    /// The document of a scenario file, as far as it is TOML.
    pub(super) fn new(name: &str, text: &'a str, problems: &mut Problems) -> Document<'a> {
        let mut document = Document {
            root: Spanned::new(0..0, DeValue::Boolean(false)),
            places: Places::default(),
            syntax: Vec::new(),
            added: Vec::new(),
            lossy: false,
        };
        let whole = problems.source(name, 0, text);
        document.root = document.read(whole, text, problems);
        document
    }

    /// The text of the scenario file.
    pub(super) fn whole(&self) -> Span {
        self.places.texts[0].1
    }

    /// Lays another document over it; where that one is.
    pub(super) fn overlay<T: Decode>(
        &mut self,
        name: &str,
        text: &'a str,
        problems: &mut Problems,
    ) -> Span {
        let whole = problems.change(name, text);
        let over = self.read(whole, text, problems);
        let mut added = Vec::new();
        merge::merge(&mut self.root, over, Some(&T::schema()), &mut added);
        let added = added.into_iter();
        let added = added.map(|added| (self.places.span(added.place), added.note));
        self.added.extend(added);
        whole
    }

    /// Makes settings, all of which hold: they do not undo each other. Those that nobody typed stand in
    /// one file.
    pub(super) fn set<T: Decode>(&mut self, settings: &'a [Setting], problems: &mut Problems) {
        let mut page = None;
        let whole = settings.iter().map(|setting| {
            let whole = match setting.page() {
                Some(Page { name, text }) => {
                    *page.get_or_insert_with(|| problems.source(name, 0, text))
                }
                None => problems.change("--set", setting.text()),
            };
            self.places.add(whole)
        });
        let starts: Vec<usize> = whole.collect();
        // What could not be recovered from a damaged document would be said not to be there.
        let (Some(&first), false) = (starts.first(), self.lossy) else {
            return;
        };
        let mut put = put::Put {
            problems,
            places: &self.places,
            settings: first,
        };
        for (setting, start) in settings.iter().zip(starts) {
            put.set(&mut self.root, &T::schema(), setting, start);
        }
    }

    /// Decodes it, and says whether parts of it could not be recovered.
    pub(super) fn decode<T: Decode>(&self, problems: &mut Problems) -> (Option<T>, bool) {
        let mut decoder = Decoder {
            problems,
            places: &self.places,
            syntax: &self.syntax,
            added: &self.added,
            lossy: self.lossy,
        };
        let root = Item {
            key: "the file",
            value: self.root.get_ref(),
            span: self.places.span(0..0),
        };
        (T::decode(root, &mut decoder), decoder.lossy)
    }

    /// What a text says, as far as it is TOML.
    fn read(
        &mut self,
        whole: Span,
        text: &'a str,
        problems: &mut Problems,
    ) -> Spanned<DeValue<'a>> {
        let start = self.places.add(whole);
        let (table, errors) = DeTable::parse_recoverable(text);
        let value = DeValue::Table(table.into_inner());
        let mut bare = Vec::new();
        bare_words(&value, text, &mut bare);
        for error in &errors {
            let range = error.span().unwrap_or(0..0);
            let is_bare = bare.contains(&range);
            let span = whole.with(range.start as u32, range.end as u32);
            problems.push(not_toml(&text[range], is_bare, error.message(), span));
            self.lossy |= !is_bare;
            self.syntax.push(span);
        }
        moved(Spanned::new(0..0, value), start)
    }
}

/// What is said of an error of syntax. A bare word for a value is understood well enough to go on.
fn not_toml(word: &str, is_bare: bool, message: &str, span: Span) -> Problem {
    match is_bare {
        true if word.trim().is_empty() => Problem::error("a value is missing").at(span, ""),
        true => {
            Problem::error(format!("`{word}` must be quoted")).at(span, format!("write \"{word}\""))
        }
        false => Problem::error(format!("this is not TOML: {message}")).at(span, ""),
    }
}

/// Where texts stand without quotes, as the parser recovered them.
pub(super) fn bare_words(value: &DeValue<'_>, text: &str, found: &mut Vec<Range<usize>>) {
    let mut look = |value: &Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(_) if !text[value.span()].starts_with(['"', '\'']) => {
            found.push(value.span());
        }
        other => bare_words(other, text, found),
    };
    match value {
        DeValue::Table(map) => map.iter().for_each(|(_, value)| look(value)),
        DeValue::Array(items) => items.iter().for_each(look),
        _ => {}
    }
}

/// The value with its places counted from there.
pub(super) fn moved(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let later = |range: Range<usize>| range.start + by..range.end + by;
    let span = later(value.span());
    let value = match value.into_inner() {
        DeValue::Table(map) => {
            let entries = map.into_iter().map(|(key, value)| {
                let span = later(key.span());
                (Spanned::new(span, key.into_inner()), moved(value, by))
            });
            DeValue::Table(entries.collect())
        }
        DeValue::Array(items) => {
            DeValue::Array(items.into_iter().map(|item| moved(item, by)).collect())
        }
        plain => plain,
    };
    Spanned::new(span, value)
}
