//! What single values of a scenario file look like.

use toml::de::DeValue;

use super::decode::{Decode, Decoder, Item, List};
use super::problem::Problem;
use super::quantity::{self, Bad};
use super::schema::Schema;
use crate::time::Duration;
use crate::units::{Bytes, MilliCpu};

/// A name of something: letters, digits, `-`, `_` and `.`, not beginning with a dot.
#[derive(Clone, Debug)]
pub(super) struct Name(pub(super) String);

/// Events per second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate(pub(super) f64);

/// Bytes per second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bandwidth(pub(super) u64);

/// One value, or a list of them.
#[derive(Clone, Debug)]
pub(super) struct OneOrMore<T>(pub(super) List<T>);

/// Numbers by names of the user's.
#[derive(Clone, Debug)]
pub(super) struct Counts(pub(super) Vec<(String, u64)>);

/// Texts by names of the user's, such as labels.
#[derive(Clone, Debug)]
pub(super) struct Texts(pub(super) Vec<(String, String)>);

/// Amounts of resources by name.
#[derive(Clone, Debug)]
pub(super) struct Amounts(pub(super) Vec<(String, u64)>);

/// An amount of one resource: a whole number, or bytes with a unit.
#[derive(Clone, Copy, Debug)]
struct Amount(u64);

/// A number of pods, or a share of them in per cent.
#[derive(Clone, Copy, Debug)]
pub(super) enum IntOrPercent {
    Count(u64),
    Percent(u32),
}

/// An amount of a metric as it was written: its unit decides what it means.
#[derive(Clone, Debug)]
pub(super) struct Level(pub(super) String);

impl Decode for Level {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Level> {
        let text = match digits(item) {
            Some(number) => number,
            None => text(
                item,
                decoder,
                "a number, or a text such as \"99.9%\" or \"90s\"",
            )?,
        };
        Some(Level(text.to_owned()))
    }

    fn schema() -> Schema {
        Schema::AnyOf(vec![Schema::Number, Schema::Text("99.9%")])
    }
}

impl Decode for Texts {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Texts> {
        let entries = decoder.entries(item)?;
        let total = entries.len();
        let texts = entries.into_iter().filter_map(|(key, item)| {
            let text = decoder.item::<String>(item)?;
            Some((key.value.to_owned(), text.value))
        });
        let texts: Vec<_> = texts.collect();
        (texts.len() == total).then_some(Texts(texts))
    }

    fn schema() -> Schema {
        Schema::Map(Box::new(String::schema()))
    }
}

impl Decode for Amounts {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Amounts> {
        let entries = decoder.entries(item)?;
        let total = entries.len();
        let amounts = entries.into_iter().filter_map(|(key, item)| {
            if ["cpu", "memory", "requests", "limits"].contains(&key.value) {
                let problem = Problem::error(format!("`{}` is no extended resource", key.value));
                let note = "CPU and memory stand in keys of their own, beside `resources`";
                decoder.problems.push(problem.at(key.span, "").note(note));
                return None;
            }
            let amount = decoder.item::<Amount>(item)?;
            Some((key.value.to_owned(), amount.value.0))
        });
        let amounts: Vec<_> = amounts.collect();
        (amounts.len() == total).then_some(Amounts(amounts))
    }

    fn schema() -> Schema {
        Schema::Map(Box::new(Amount::schema()))
    }
}

impl Decode for Amount {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Amount> {
        match item.value {
            DeValue::String(_) => Bytes::decode(item, decoder).map(|bytes| Amount(bytes.0)),
            _ => u64::decode(item, decoder).map(Amount),
        }
    }

    fn schema() -> Schema {
        Schema::AnyOf(vec![Schema::Whole, Bytes::schema()])
    }
}

impl Decode for IntOrPercent {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<IntOrPercent> {
        let Some(text) = item.value.as_str() else {
            return u64::decode(item, decoder).map(IntOrPercent::Count);
        };
        let percent = text
            .strip_suffix('%')
            .and_then(|number| number.parse().ok());
        match percent.filter(|&percent| percent <= 100) {
            Some(percent) => Some(IntOrPercent::Percent(percent)),
            None => {
                decoder.wrong(item, "a number of pods or a whole share such as \"50%\"");
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::AnyOf(vec![Schema::Whole, Schema::Text("50%")])
    }
}

impl Decode for bool {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<bool> {
        let DeValue::Boolean(is) = item.value else {
            decoder.wrong(item, "true or false");
            return None;
        };
        Some(*is)
    }

    fn schema() -> Schema {
        Schema::Flag
    }
}

impl Decode for String {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<String> {
        text(item, decoder, "text in quotes").map(str::to_owned)
    }

    fn schema() -> Schema {
        Schema::Text("text")
    }
}

impl Decode for Name {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Name> {
        let name = text(item, decoder, "a name in quotes")?;
        let possible = is_name(name);
        if !possible {
            decoder.problems.push(
                Problem::error(format!("`{name}` is not a name"))
                    .at(item.span, "")
                    .note("a name is letters, digits, `-`, `_` and `.`, not beginning with a dot"),
            );
        }
        possible.then(|| Name(name.to_owned()))
    }

    fn schema() -> Schema {
        Schema::Text("web-shop")
    }
}

impl Decode for i64 {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<i64> {
        let DeValue::Integer(number) = item.value else {
            decoder.wrong(item, "a whole number");
            return None;
        };
        let number = i64::from_str_radix(number.as_str(), number.radix()).ok();
        if number.is_none() {
            let problem = Problem::error(format!("`{}` is too large", item.key));
            decoder.problems.push(problem.at(item.span, ""));
        }
        number
    }

    fn schema() -> Schema {
        Schema::Signed
    }
}

impl Decode for u64 {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<u64> {
        let number = u64::try_from(i64::decode(item, decoder)?).ok();
        if number.is_none() {
            let problem = Problem::error(format!("`{}` is negative", item.key));
            decoder.problems.push(problem.at(item.span, ""));
        }
        number
    }

    fn schema() -> Schema {
        Schema::Whole
    }
}

impl Decode for f64 {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<f64> {
        let Some(number) = digits(item) else {
            decoder.wrong(item, "a number");
            return None;
        };
        let number = number
            .parse::<f64>()
            .ok()
            .filter(|number| number.is_finite());
        if number.is_none() {
            let message = format!("`{}` must be a finite number", item.key);
            decoder
                .problems
                .push(Problem::error(message).at(item.span, ""));
        }
        number
    }

    fn schema() -> Schema {
        Schema::Number
    }
}

impl Decode for MilliCpu {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<MilliCpu> {
        let text = match digits(item) {
            Some(number) => number,
            None => text(item, decoder, "CPU such as \"500m\" or 2")?,
        };
        understood(quantity::cpu(text), text, item, decoder)
    }

    fn schema() -> Schema {
        Schema::AnyOf(vec![Schema::Text("500m"), Schema::Number])
    }
}

impl Decode for Bytes {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Bytes> {
        let text = text(item, decoder, "a size with its unit such as \"64Gi\"")?;
        understood(quantity::memory(text), text, item, decoder)
    }

    fn schema() -> Schema {
        Schema::Text("64Gi")
    }
}

impl Decode for Duration {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Duration> {
        let text = text(item, decoder, "a length of time such as \"30s\"")?;
        understood(quantity::duration(text), text, item, decoder)
    }

    fn schema() -> Schema {
        Schema::Text("1h30m")
    }
}

impl Decode for Rate {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Rate> {
        let text = text(item, decoder, "a rate such as \"30/h\"")?;
        understood(quantity::rate(text).map(Rate), text, item, decoder)
    }

    fn schema() -> Schema {
        Schema::Text("30/h")
    }
}

impl Decode for Bandwidth {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Bandwidth> {
        let text = text(item, decoder, "a size per second such as \"100Mi/s\"")?;
        understood(
            quantity::bandwidth(text).map(Bandwidth),
            text,
            item,
            decoder,
        )
    }

    fn schema() -> Schema {
        Schema::Text("100Mi/s")
    }
}

impl<T: Decode> Decode for List<T> {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<List<T>> {
        match item.value {
            DeValue::Array(items) => Some(decoder.list(item.key, items)),
            DeValue::Table(_) if matches!(T::schema(), Schema::Table(_)) => {
                decoder.wrong(item, &format!("a list of tables, each `[[{}]]`", item.key));
                None
            }
            _ => {
                decoder.wrong(item, "a list");
                None
            }
        }
    }

    fn schema() -> Schema {
        Schema::List(Box::new(T::schema()))
    }
}

impl<T: Decode> Decode for OneOrMore<T> {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<OneOrMore<T>> {
        let values = match item.value {
            DeValue::Array(items) => decoder.list(item.key, items),
            _ => List {
                items: vec![decoder.item(item)?],
                complete: true,
            },
        };
        Some(OneOrMore(values))
    }

    fn schema() -> Schema {
        let list = Schema::List(Box::new(T::schema()));
        Schema::AnyOf(vec![T::schema(), list])
    }
}

impl Decode for Counts {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Counts> {
        let entries = decoder.entries(item)?;
        let counts = entries.into_iter().filter_map(|(key, item)| {
            let count = decoder.item(item)?;
            Some((key.value.to_owned(), count.value))
        });
        Some(Counts(counts.collect()))
    }

    fn schema() -> Schema {
        Schema::Map(Box::new(u64::schema()))
    }
}

/// Whether a text is a name, which may also be that of a folder.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || "-_.".contains(c))
}

/// The text that stands there.
fn text<'a>(item: Item<'a>, decoder: &mut Decoder<'_>, wanted: &str) -> Option<&'a str> {
    let text = item.value.as_str();
    if text.is_none() {
        decoder.wrong(item, wanted);
    }
    text
}

/// The number that stands there, as written.
fn digits<'a>(item: Item<'a>) -> Option<&'a str> {
    match item.value {
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str()),
        DeValue::Float(number) => Some(number.as_str()),
        _ => None,
    }
}

/// The quantity, or a report of why it is none.
fn understood<T>(
    read: Result<T, Bad>,
    text: &str,
    item: Item<'_>,
    decoder: &mut Decoder<'_>,
) -> Option<T> {
    match read {
        Ok(quantity) => Some(quantity),
        Err(bad) => {
            decoder.problems.push(
                Problem::error(format!("{} `{text}` {}", item.key, bad.what))
                    .at(item.span, bad.meant.unwrap_or_default())
                    .note(bad.form),
            );
            None
        }
    }
}
