//! A setting made in a document: the schema says what a path means, and what it opens on its way.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::document::Places;
use super::edits::{Part, Setting};
use super::problem::{Problem, Problems};
use super::schema::{Schema, Table};
use super::{raw, suggest};

/// Makes settings in a document.
pub(super) struct Put<'p> {
    pub(super) problems: &'p mut Problems,
    pub(super) places: &'p Places,
    /// What settings say stands from there on.
    pub(super) settings: usize,
}

/// What is left of a setting on its way down.
struct Rest<'a> {
    /// The key it has come to.
    said: &'a str,
    path: &'a [Part],
    value: Spanned<DeValue<'a>>,
    /// Where the setting's text is counted from.
    start: usize,
}

impl Put<'_> {
    /// Makes a setting, whose text is counted from there, or reports why it cannot be made. What is
    /// wrong with its value or with the name of a key is left to the decoder.
    pub(super) fn set<'a>(
        &mut self,
        root: &mut Spanned<DeValue<'a>>,
        schema: &Schema,
        setting: &'a Setting,
        start: usize,
    ) {
        let rest = Rest {
            said: "the scenario",
            path: setting.path(),
            value: setting.meaning(start),
            start,
        };
        self.put(root, Some(schema), rest);
    }

    /// Whether it could be put.
    fn put<'a>(
        &mut self,
        spot: &mut Spanned<DeValue<'a>>,
        schema: Option<&Schema>,
        rest: Rest<'a>,
    ) -> bool {
        let Some((part, path)) = rest.path.split_first() else {
            return self.replace(spot, rest);
        };
        let schema = schema.and_then(|schema| schema.of(spot.get_ref()));
        if schema.is_some_and(Schema::is_choice) && !self.choose(spot, part, &rest) {
            return false;
        }
        match (schema, spot.get_mut()) {
            (Some(Schema::List(entry)), DeValue::Array(entries)) => {
                let Some(place) = self.entry(entries, entry.named(), part, &rest) else {
                    return false;
                };
                let spot = entries.get_mut(place).expect("it was found there");
                let said = &part.name;
                self.put(spot, Some(entry), Rest { said, path, ..rest })
            }
            (Some(schema), DeValue::Table(map)) if schema.has_keys() => {
                let below = schema.below(&part.name);
                self.key(map, below.as_ref(), part, Rest { path, ..rest })
            }
            // Below a key that is not known: the decoder reports the key.
            (None, _) => true,
            (Some(_), found) => {
                let what = match found {
                    DeValue::Array(_) => "a list",
                    DeValue::Table(_) => "a table",
                    _ => "a single value",
                };
                self.has_no(part, &rest, what)
            }
        }
    }

    /// Goes on at a key of a table, which is opened where it is not there.
    fn key<'a>(
        &mut self,
        map: &mut DeTable<'a>,
        below: Option<&Schema>,
        part: &'a Part,
        rest: Rest<'a>,
    ) -> bool {
        let rest = Rest {
            said: &part.name,
            ..rest
        };
        if let Some(spot) = map.get_mut(part.name.as_str()) {
            return self.put(spot, below, rest);
        }
        let table = DeValue::Table(DeTable::new());
        let opened = below.and_then(|below| below.of(&table));
        let place = rest.place(part);
        let key = Spanned::new(place.clone(), DeString::Borrowed(part.name.as_str()));
        let value = match (rest.path.first(), opened) {
            (None, _) | (_, None) => rest.value,
            (Some(_), Some(opened)) if opened.has_keys() => {
                let mut spot = Spanned::new(place, table);
                if !self.put(&mut spot, below, rest) {
                    return false;
                }
                spot
            }
            (Some(next), Some(Schema::List(_))) => {
                return self.has_no(next, &rest, "an empty list");
            }
            (Some(next), Some(_)) => return self.has_no(next, &rest, "a single value"),
        };
        map.insert(key, value);
        true
    }

    /// Makes room for a choice, unless it is made already; whether there is room.
    fn choose<'a>(
        &mut self,
        spot: &mut Spanned<DeValue<'a>>,
        part: &'a Part,
        rest: &Rest<'a>,
    ) -> bool {
        let is_chosen = match spot.get_ref() {
            DeValue::Table(map) => map.is_empty() || map.contains_key(part.name.as_str()),
            _ => false,
        };
        if is_chosen {
            return true;
        }
        // The name of a policy says the same as its table without parameters.
        let is_same = spot.get_ref().as_str() == Some(&part.name);
        if !is_same && !self.may_drop(spot, rest.place(part), rest.said) {
            return false;
        }
        *spot = Spanned::new(rest.place(part), DeValue::Table(DeTable::new()));
        true
    }

    /// The place of an entry: by its name, else by its index.
    fn entry<'a>(
        &mut self,
        entries: &DeArray<'_>,
        table: Option<&'static Table>,
        part: &'a Part,
        rest: &Rest<'a>,
    ) -> Option<usize> {
        let name = |entry: &Spanned<DeValue<'_>>| raw::entry_name(entry.get_ref(), table?);
        let names: Vec<Option<String>> = entries.iter().map(name).collect();
        let by_name = names
            .iter()
            .position(|name| name.as_deref() == Some(&part.name));
        let by_index = || {
            part.name
                .parse()
                .ok()
                .filter(|&index| index < entries.len())
        };
        if let Some(place) = by_name.or_else(by_index) {
            return Some(place);
        }
        let quoted = |name: String| match name.contains(['.', '=', ' ']) {
            true => format!("\"{name}\""),
            false => name,
        };
        let known: Vec<String> = names.into_iter().flatten().map(quoted).collect();
        let words = || known.iter().map(String::as_str);
        let message = format!("there is no `{}` in `{}`", part.name, rest.said);
        let count = entries.len();
        let note = match (count, known.is_empty()) {
            (0, _) => "the list is empty".to_owned(),
            (_, false) => suggest::known(words()),
            (1, true) => "its only entry is 0".to_owned(),
            (_, true) => format!("its entries are 0 to {}", count - 1),
        };
        let label = suggest::did_you_mean(&part.name, words());
        self.refuse(part, rest, Problem::error(message).note(note), &label);
        None
    }

    /// Puts the value in the place of what is there; whether it could be.
    fn replace<'a>(&mut self, spot: &mut Spanned<DeValue<'a>>, rest: Rest<'a>) -> bool {
        let may = same(spot.get_ref(), rest.value.get_ref())
            || self.may_drop(spot, rest.value.span(), rest.said);
        if may {
            *spot = rest.value;
        }
        may
    }

    /// Whether no setting made what would be dropped; one that did is reported.
    fn may_drop(&mut self, spot: &Spanned<DeValue<'_>>, by: Range<usize>, said: &str) -> bool {
        let Some(first) = self.set_before(spot) else {
            return true;
        };
        let problem = Problem::error(format!("`{said}` is set twice"));
        let problem = problem.at(self.places.span(by), "");
        self.problems
            .push(problem.at(self.places.span(first), "here"));
        false
    }

    /// Where a setting made a value or a part of it.
    fn set_before(&self, value: &Spanned<DeValue<'_>>) -> Option<Range<usize>> {
        if value.span().start >= self.settings {
            return Some(value.span());
        }
        match value.get_ref() {
            DeValue::Table(map) => map.iter().find_map(|(_, value)| self.set_before(value)),
            DeValue::Array(items) => items.iter().find_map(|item| self.set_before(item)),
            _ => None,
        }
    }

    /// Reports that nothing of that name stands below the key; `false`.
    fn has_no(&mut self, part: &Part, rest: &Rest<'_>, what: &str) -> bool {
        let message = format!("`{}` is {what}: it has no `{}`", rest.said, part.name);
        self.refuse(part, rest, Problem::error(message), "");
        false
    }

    /// Reports a problem with a part of a key.
    fn refuse(&mut self, part: &Part, rest: &Rest<'_>, problem: Problem, label: &str) {
        self.problems
            .push(problem.at(self.places.span(rest.place(part)), label));
    }
}

impl Rest<'_> {
    /// Where a part of the key stands.
    fn place(&self, part: &Part) -> Range<usize> {
        self.start + part.range.start..self.start + part.range.end
    }
}

/// Whether two values are written alike, but for spaces and quotes.
fn same(a: &DeValue<'_>, b: &DeValue<'_>) -> bool {
    match (a, b) {
        (DeValue::String(a), DeValue::String(b)) => a == b,
        (DeValue::Integer(a), DeValue::Integer(b)) => {
            a.as_str() == b.as_str() && a.radix() == b.radix()
        }
        (DeValue::Float(a), DeValue::Float(b)) => a.as_str() == b.as_str(),
        (DeValue::Boolean(a), DeValue::Boolean(b)) => a == b,
        (DeValue::Datetime(a), DeValue::Datetime(b)) => a == b,
        (DeValue::Array(a), DeValue::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a.get_ref(), b.get_ref()))
        }
        (DeValue::Table(a), DeValue::Table(b)) => {
            let mut pairs = a.iter().zip(b);
            let mut all = |(a, b): ((&Spanned<_>, &Spanned<_>), (&Spanned<_>, &Spanned<_>))| {
                a.0.get_ref() == b.0.get_ref() && same(a.1.get_ref(), b.1.get_ref())
            };
            a.len() == b.len() && pairs.all(&mut all)
        }
        _ => false,
    }
}
