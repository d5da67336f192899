//! Decoding of a TOML document into raw tables. Every problem is reported and none ends it: a
//! value that could not be read is [`Field::Broken`], and what depends on it is left unsaid.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::document::Places;
use super::problem::{Problem, Problems, Span};
use super::schema::{Key, Presence, Schema, Table};
use super::{suggest, unmodelled};

/// A value and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

/// What became of a key.
#[derive(Clone, Debug)]
pub(super) enum Field<T> {
    /// It was given.
    Given(At<T>),
    /// It was not given, in the table that stands there.
    Absent(Span),
    /// It was wrong, misspelt, or missing although it is required: that has been reported.
    Broken,
}

/// A list of values.
#[derive(Clone, Debug)]
pub(super) struct List<T> {
    /// Those that could be read.
    pub(super) items: Vec<At<T>>,
    /// Whether these are all.
    pub(super) complete: bool,
}

/// What can stand in a scenario file.
pub(super) trait Decode: Sized {
    /// Reads it; `None` once a problem has been reported.
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Self>;

    /// What it looks like.
    fn schema() -> Schema;
}

/// A table that may be left out.
pub(super) trait Blank {
    /// The table without any key.
    fn blank(span: Span) -> Self;
}

/// A value of the document, and the key it is the value of.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) key: &'a str,
    pub(super) value: &'a DeValue<'a>,
    pub(super) span: Span,
}

/// Collects problems while a document is decoded.
pub(super) struct Decoder<'a> {
    pub(super) problems: &'a mut Problems,
    /// Where its values stand.
    pub(super) places: &'a Places,
    /// Where it is not TOML.
    pub(super) syntax: &'a [Span],
    /// Entries that were added to lists from outside, and what to say where one is not whole.
    pub(super) added: &'a [(Span, String)],
    /// Whether parts of the document could not be recovered, so that nothing can be said to be
    /// missing.
    pub(super) lossy: bool,
}

impl<T> At<T> {
    /// The same place with another value.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> At<U> {
        At {
            value: change(self.value),
            span: self.span,
        }
    }
}

impl<T> Field<T> {
    /// What was given.
    pub(super) fn given(self) -> Option<At<T>> {
        match self {
            Field::Given(value) => Some(value),
            Field::Absent(_) | Field::Broken => None,
        }
    }

    /// Where it was given.
    pub(super) fn place(&self) -> Option<Span> {
        match self {
            Field::Given(value) => Some(value.span),
            Field::Absent(_) | Field::Broken => None,
        }
    }

    /// What was given, or a default; `None` only when it is broken.
    pub(super) fn or(self, default: T) -> Option<At<T>> {
        match self {
            Field::Given(value) => Some(value),
            Field::Absent(span) => Some(At {
                value: default,
                span,
            }),
            Field::Broken => None,
        }
    }

    /// What was given, if anything; `None` only when it is broken.
    pub(super) fn optional(self) -> Option<Option<At<T>>> {
        match self {
            Field::Given(value) => Some(Some(value)),
            Field::Absent(_) => Some(None),
            Field::Broken => None,
        }
    }

    /// What `read` makes of what was given, if anything; `None` only when one of them is broken.
    pub(super) fn if_given<U>(self, read: impl FnOnce(At<T>) -> Option<U>) -> Option<Option<U>> {
        match self {
            Field::Given(value) => read(value).map(Some),
            Field::Absent(_) => Some(None),
            Field::Broken => None,
        }
    }

    /// What was given, or the table without any key; `None` only when it is broken.
    pub(super) fn or_blank(self) -> Option<T>
    where
        T: Blank,
    {
        match self {
            Field::Given(value) => Some(value.value),
            Field::Absent(span) => Some(T::blank(span)),
            Field::Broken => None,
        }
    }

    /// The same with another value.
    pub(super) fn map<U>(self, change: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Field::Given(value) => Field::Given(value.map(change)),
            Field::Absent(span) => Field::Absent(span),
            Field::Broken => Field::Broken,
        }
    }
}

impl<T> Field<List<T>> {
    /// The list that was given, or an empty one.
    pub(super) fn elements(self) -> List<T> {
        let complete = !matches!(self, Field::Broken);
        match self {
            Field::Given(list) => list.value,
            Field::Absent(_) | Field::Broken => List {
                items: Vec::new(),
                complete,
            },
        }
    }
}

impl<T> List<T> {
    /// What `read` makes of each element: all are read, and `None` comes of any that is broken.
    pub(super) fn read<U>(self, mut read: impl FnMut(At<T>) -> Option<U>) -> Option<Vec<U>> {
        let total = self.items.len();
        let read: Vec<U> = self.items.into_iter().filter_map(&mut read).collect();
        (self.complete && read.len() == total).then_some(read)
    }
}

impl Decoder<'_> {
    fn span(&self, range: Range<usize>) -> Span {
        self.places.span(range)
    }

    /// Whether the document is damaged there, which has been reported.
    fn damaged(&self, item: Item<'_>) -> bool {
        let has_header = match item.value {
            DeValue::Table(_) => true,
            DeValue::Array(items) => items.iter().any(|item| item.get_ref().is_table()),
            _ => false,
        };
        !has_header && self.syntax.iter().any(|&span| span.touches(item.span))
    }

    /// One of these words; any other is reported.
    pub(super) fn word<'a>(&mut self, item: Item<'a>, words: &'static [&str]) -> Option<&'a str> {
        let Some(word) = item.value.as_str() else {
            let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            self.wrong(item, &quoted.join(" or "));
            return None;
        };
        let known = || words.iter().copied();
        if !known().any(|known| known == word) {
            self.problems.push(
                Problem::error(format!("unknown {} `{word}`", item.key))
                    .at(item.span, suggest::did_you_mean(word, known()))
                    .note(suggest::known(known())),
            );
            return None;
        }
        Some(word)
    }

    /// Decodes one value.
    pub(super) fn item<T: Decode>(&mut self, item: Item<'_>) -> Option<At<T>> {
        if self.damaged(item) {
            return None;
        }
        Some(At {
            value: T::decode(item, self)?,
            span: item.span,
        })
    }

    /// The elements of a list.
    pub(super) fn list<T: Decode>(&mut self, key: &str, items: &[Spanned<DeValue<'_>>]) -> List<T> {
        let read = |value: &Spanned<DeValue<'_>>| {
            self.item(Item {
                key,
                value: value.get_ref(),
                span: self.span(value.span()),
            })
        };
        let found: Vec<At<T>> = items.iter().filter_map(read).collect();
        let complete = found.len() == items.len();
        List {
            items: found,
            complete,
        }
    }

    /// Opens a table; keys that it does not have are reported.
    pub(super) fn open<'a>(&mut self, item: Item<'a>, table: &Table) -> Option<Open<'a>> {
        let DeValue::Table(map) = item.value else {
            self.wrong(item, "a table");
            return None;
        };
        let names = || table.keys.iter().map(|key| key.name);
        let mut misspelt = Vec::new();
        for (key, _) in map {
            let word: &str = key.get_ref();
            if names().any(|name| name == word) {
                continue;
            }
            let span = self.span(key.span());
            if let Some(why) = unmodelled::why(word) {
                let problem = Problem::error(format!("`{word}` is not modelled"));
                self.problems.push(problem.at(span, "").note(why));
                continue;
            }
            self.problems.push(
                Problem::error(format!("unknown key `{word}`"))
                    .at(span, suggest::did_you_mean(word, names()))
                    .note(suggest::known(names())),
            );
            misspelt.extend(suggest::nearest(word, names()));
        }
        Some(Open {
            map,
            span: item.span,
            misspelt,
        })
    }

    /// The value of one key of an open table.
    pub(super) fn field<T: Decode>(&mut self, open: &Open<'_>, key: &Key) -> Field<T> {
        let Some(value) = open.map.get(key.name) else {
            return self.absent(open, key);
        };
        let item = Item {
            key: key.name,
            value: value.get_ref(),
            span: self.span(value.span()),
        };
        self.item(item).map_or(Field::Broken, Field::Given)
    }

    fn absent<T>(&mut self, open: &Open<'_>, key: &Key) -> Field<T> {
        if open.misspelt.contains(&key.name) {
            return Field::Broken;
        }
        match key.presence {
            Presence::Optional => Field::Absent(open.span),
            Presence::Required => {
                if !self.lossy {
                    let problem = Problem::error(format!("`{}` is missing", key.name))
                        .at(open.span, format!("needs `{}`", key.name))
                        .note(format!("{}: {}", key.name, key.doc()));
                    let added = self.added.iter().find(|&&(span, _)| span == open.span);
                    self.problems.push(match added {
                        Some((_, note)) => problem.note(note),
                        None => problem,
                    });
                }
                Field::Broken
            }
        }
    }

    /// Opens a table with exactly one key; the value of that key.
    pub(super) fn tag<'a>(&mut self, item: Item<'a>, table: &Table) -> Option<Item<'a>> {
        self.open(item, table)?;
        let mut tags = self.entries(item)?;
        let is_empty = tags.is_empty();
        tags.retain(|(tag, _)| table.keys.iter().any(|key| key.name == tag.value));
        if let [(_, value)] = tags[..] {
            return Some(value);
        }
        // A table that has only unknown keys has been reported.
        if tags.len() > 1 || is_empty {
            let names: Vec<&str> = table.keys.iter().map(|key| key.name).collect();
            self.problems.push(
                Problem::error(format!("`{}` needs exactly one key", item.key))
                    .at(item.span, "")
                    .note(format!("one of: {}", names.join(", "))),
            );
        }
        None
    }

    /// All keys and values of a table whose keys are the user's, in order of keys.
    pub(super) fn entries<'a>(&mut self, item: Item<'a>) -> Option<Vec<(At<&'a str>, Item<'a>)>> {
        let DeValue::Table(map) = item.value else {
            self.wrong(item, "a table");
            return None;
        };
        let entry = |(key, value): (&'a Spanned<_>, &'a Spanned<_>)| {
            let name: &'a DeString<'a> = key.get_ref();
            let at = At {
                value: &**name,
                span: self.span(key.span()),
            };
            let item = Item {
                key: name,
                value: value.get_ref(),
                span: self.span(value.span()),
            };
            (at, item)
        };
        Some(map.iter().map(entry).collect())
    }

    /// Reports a value of the wrong type.
    pub(super) fn wrong(&mut self, item: Item<'_>, wanted: &str) {
        let found = match item.value {
            DeValue::String(_) => "text",
            DeValue::Float(_) if wanted.contains("whole number") => "one with a decimal point",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.problems.push(
            Problem::error(format!("`{}` must be {wanted}, not {found}", item.key))
                .at(item.span, ""),
        );
    }
}

/// A table whose keys are being read.
pub(super) struct Open<'a> {
    map: &'a DeTable<'a>,
    span: Span,
    /// The keys that its unknown ones were probably meant to be.
    misspelt: Vec<&'static str>,
}

/// Declares a table of the scenario file once: from it come the struct, its decoder, and its part
/// of the schema. A key is `Required` or `Optional`; its comment is its documentation everywhere.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            $($(#[doc = $doc:literal])+ $presence:ident $key:ident: $type:ty,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub(in crate::scenario) struct $name {
            $($(#[doc = $doc])+ pub(in crate::scenario) $key: Field<$type>,)+
        }

        impl $name {
            const TABLE: Table = Table {
                name: stringify!($name),
                about: concat!($($about),+),
                keys: &[$(Key {
                    name: stringify!($key),
                    about: concat!($($doc),+),
                    presence: Presence::$presence,
                    schema: <$type as Decode>::schema,
                }),+],
            };
        }

        impl Blank for $name {
            fn blank(span: Span) -> Self {
                $name { $($key: Field::Absent(span)),+ }
            }
        }

        impl Decode for $name {
            fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Self> {
                let open = decoder.open(item, &Self::TABLE)?;
                let key = |name| Self::TABLE.key(name);
                Some($name { $($key: decoder.field(&open, key(stringify!($key)))),+ })
            }

            fn schema() -> Schema {
                Schema::Table(&Self::TABLE)
            }
        }
    };
}

/// Declares a table with exactly one key, which says what kind of thing it is: from it come the
/// enum, its decoder, and its part of the schema.
macro_rules! tagged {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            $($(#[doc = $doc:literal])+ $tag:literal => $variant:ident($type:ty),)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub(in crate::scenario) enum $name {
            $($(#[doc = $doc])+ $variant(At<$type>),)+
        }

        impl $name {
            const TABLE: Table = Table {
                name: stringify!($name),
                about: concat!($($about),+),
                keys: &[$(Key {
                    name: $tag,
                    about: concat!($($doc),+),
                    presence: Presence::Optional,
                    schema: <$type as Decode>::schema,
                }),+],
            };
        }

        impl Decode for $name {
            fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Self> {
                let item = decoder.tag(item, &Self::TABLE)?;
                match item.key {
                    $($tag => decoder.item(item).map($name::$variant),)+
                    other => panic!("`{other}` is not in the table"),
                }
            }

            fn schema() -> Schema {
                Schema::Tagged(&Self::TABLE)
            }
        }
    };
}

/// Declares the words that a value may be: from them come the enum, its decoder, and its part of the
/// schema.
macro_rules! words {
    (
        $(#[doc = $about:literal])+
        $name:ident {
            $($word:literal => $variant:ident,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::scenario) enum $name {
            $(#[doc = concat!("`", $word, "`")] $variant,)+
        }

        impl Decode for $name {
            fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Self> {
                match decoder.word(item, &[$($word),+])? {
                    $($word => Some($name::$variant),)+
                    other => panic!("`{other}` is not one of the words"),
                }
            }

            fn schema() -> Schema {
                Schema::Words(&[$($word),+])
            }
        }
    };
}

pub(super) use {table, tagged, words};
