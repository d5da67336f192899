//! The keys of a plan, as written.

use toml::de::DeValue;

use super::Literal;
use crate::scenario::decode::{At, Blank, Decode, Decoder, Field, Item, List, table};
use crate::scenario::problem::Span;
use crate::scenario::schema::{Key, Presence, Schema, Table};

table! {
    /// A sweep over values of a scenario. The comment at the head of the file is the question it
    /// answers.
    PlanFile {
        /// The scenario file, from the plan's folder.
        Required scenario: String,
        /// Replications of each cell, such as 20.
        Required replications: u64,
        /// The seed of all cells. Default: 1.
        Optional seed: u64,
        /// What is kept of each run, such as ["cost", "availability.requests@service:cart"].
        Required metrics: List<String>,
        /// Cells of one chunk, the unit of work that is kept or lost. Default: 16.
        Optional chunk: u64,
        /// Lists of values by path in the scenario, such as "nodes.worker.count" = [8, 10, 12]: each
        /// is combined with each.
        Optional grid: Grid,
        /// Single points: each is combined with the whole grid.
        Optional cells: List<Point>,
        /// Which two metrics are traded for each other.
        Optional pareto: Trade,
    }
}

table! {
    /// Two of the metrics of which one is paid with the other.
    Trade {
        /// What is paid, such as "cost".
        Required cost: String,
        /// What it buys, such as "availability.requests".
        Required value: String,
    }
}

/// Lists of values by path, in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct Grid(pub(super) Vec<(At<String>, At<List<Literal>>)>);

/// Values by path, in the order of the file.
#[derive(Clone, Debug)]
pub(super) struct Point(pub(super) Vec<(At<String>, At<Literal>)>);

impl Decode for Grid {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Grid> {
        flat(item, decoder).map(Grid)
    }

    fn schema() -> Schema {
        let lists = Schema::List(Box::new(Literal::schema()));
        // A table in it is a part of the paths below.
        let parts = Schema::Map(Box::new(Schema::Any));
        Schema::Map(Box::new(Schema::AnyOf(vec![lists, parts])))
    }
}

impl Decode for Point {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Point> {
        flat(item, decoder).map(Point)
    }

    fn schema() -> Schema {
        Schema::Map(Box::new(Literal::schema()))
    }
}

impl Decode for Literal {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Literal> {
        let toml = literal(item.value);
        if toml.is_none() {
            decoder.wrong(
                item,
                "a text, a number, true, false, or a list or table of them",
            );
        }
        let toml = toml?;
        let shown = match item.value {
            DeValue::String(text) => text.to_string(),
            _ => toml.clone(),
        };
        Some(Literal { toml, shown })
    }

    fn schema() -> Schema {
        // What it may be is for the scenario's schema to say.
        Schema::Any
    }
}

/// The entries of a table, those of tables in it by their path, in the order of the file; `None`
/// once a problem has been reported.
fn flat<T: Decode>(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Vec<(At<String>, At<T>)>> {
    let mut found = Vec::new();
    let complete = collect(item, None, decoder, &mut found);
    found.sort_by_key(|(key, _): &(At<String>, At<T>)| key.span);
    complete.then_some(found)
}

fn collect<T: Decode>(
    item: Item<'_>,
    above: Option<&str>,
    decoder: &mut Decoder<'_>,
    found: &mut Vec<(At<String>, At<T>)>,
) -> bool {
    let Some(entries) = decoder.entries(item) else {
        return false;
    };
    let mut complete = true;
    for (key, item) in entries {
        let path = match above {
            // `"nodes.worker.count"` is a path already.
            None => key.value.to_owned(),
            Some(above) => format!("{above}.{}", segment(key.value)),
        };
        if item.value.is_table() {
            let above = match above {
                None => segment(key.value),
                Some(_) => path,
            };
            complete &= collect(item, Some(&above), decoder, found);
        } else if let Some(value) = decoder.item(item) {
            found.push((key.map(|_| path), value));
        } else {
            complete = false;
        }
    }
    complete
}

/// A key as part of a path.
fn segment(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    match !key.is_empty() && key.chars().all(is_bare) {
        true => key.to_owned(),
        false => quoted(key),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A value as TOML on one line; `None` for a date.
fn literal(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) => match number.radix() {
            10 => number.as_str().to_owned(),
            radix => i64::from_str_radix(number.as_str(), radix)
                .ok()?
                .to_string(),
        },
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(is) => is.to_string(),
        DeValue::Datetime(_) => return None,
        DeValue::Array(items) => {
            let items: Option<Vec<String>> =
                items.iter().map(|item| literal(item.get_ref())).collect();
            format!("[{}]", items?.join(", "))
        }
        DeValue::Table(map) => {
            let entries = map.iter().map(|(key, value)| {
                let value = literal(value.get_ref())?;
                Some(format!("{} = {value}", segment(key.get_ref())))
            });
            let entries: Option<Vec<String>> = entries.collect();
            format!("{{ {} }}", entries?.join(", "))
        }
    })
}
