//! An overlay laid over a document. Tables are merged key by key and lists of named tables entry by
//! entry; a choice, such as a policy or the shape of a load, takes the place of another one; so does
//! every other value.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::schema::{Schema, Table};
use super::{raw, suggest};

/// An entry that was added to a list, and what to say of it where it is not whole.
pub(super) struct Added {
    pub(super) place: Range<usize>,
    pub(super) note: String,
}

/// Lays a value over another, and notes the entries that are added to lists.
pub(super) fn merge<'a>(
    base: &mut Spanned<DeValue<'a>>,
    over: Spanned<DeValue<'a>>,
    schema: Option<&Schema>,
    added: &mut Vec<Added>,
) {
    let schema = schema.and_then(|schema| schema.of(over.get_ref()));
    let span = over.span();
    match (base.get_mut(), over.into_inner()) {
        (DeValue::Table(base), DeValue::Table(over)) if may_merge(base, &over, schema) => {
            tables(base, over, schema, added);
        }
        (DeValue::Array(base), DeValue::Array(over)) if names(schema).is_some() => {
            let table = names(schema).expect("that was asked");
            entries(base, over, table, added);
        }
        (_, over) => *base = Spanned::new(span, over),
    }
}

/// Whether two tables are merged: of a choice only those that chose alike.
fn may_merge(base: &DeTable<'_>, over: &DeTable<'_>, schema: Option<&Schema>) -> bool {
    let is_choice = schema.is_some_and(Schema::is_choice);
    !is_choice || base.len() == 1 && over.len() == 1 && base.keys().eq(over.keys())
}

/// Merges tables key by key.
fn tables<'a>(
    base: &mut DeTable<'a>,
    over: DeTable<'a>,
    schema: Option<&Schema>,
    added: &mut Vec<Added>,
) {
    for (key, value) in over {
        let schema = schema.and_then(|schema| schema.below(key.get_ref()));
        match base.get_mut(&**key.get_ref()) {
            Some(base) => merge(base, value, schema.as_ref(), added),
            None => drop(base.insert(key, value)),
        }
    }
}

/// Merges lists by the names of their entries; those without one, or with one that is new, are added.
fn entries<'a>(
    base: &mut DeArray<'a>,
    over: DeArray<'a>,
    table: &'static Table,
    added: &mut Vec<Added>,
) {
    let known: Vec<_> = base
        .iter()
        .map(|entry| raw::entry_name(entry.get_ref(), table))
        .collect();
    let mut met = vec![false; known.len()];
    for entry in over {
        let name = raw::entry_name(entry.get_ref(), table);
        let place = known
            .iter()
            .position(|known| known.is_some() && *known == name);
        match place {
            // A name that comes again stays, to be reported as taken.
            Some(place) if !met[place] => {
                met[place] = true;
                let base = base.get_mut(place).expect("it was found there");
                merge(base, entry, Some(&Schema::Table(table)), added);
            }
            Some(_) => base.push(entry),
            None => {
                added.extend(name.map(|name| Added {
                    place: entry.span(),
                    note: note(&name, &known),
                }));
                base.push(entry);
            }
        }
    }
}

/// What is said of a name that is new, should its entry not be whole.
fn note(name: &str, known: &[Option<String>]) -> String {
    let words = || known.iter().flatten().map(String::as_str);
    let meant = match suggest::nearest(name, words()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => suggest::known(words()),
    };
    format!("`{name}` is added, for no entry has that name; {meant}")
}

/// The table that the entries of a list are, if they have names.
fn names(schema: Option<&Schema>) -> Option<&'static Table> {
    match schema? {
        Schema::List(entry) => entry.named(),
        _ => None,
    }
}
