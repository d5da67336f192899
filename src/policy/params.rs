//! Parameters of a policy as a scenario gives them, checked against what the policy declares.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::time::Duration;

/// A value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Integer(u64),
    /// A number.
    Number(f64),
    /// A length of time.
    Duration(Duration),
    /// One of the declared choices.
    Choice(String),
    /// A broken line.
    Shape(Shape),
}

/// A broken line: points in per cent of use and, from 0 to 10, what they are worth.
///
/// Source: `UtilizationShapePoint` of kube-scheduler v1.34.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape(Vec<(u8, u8)>);

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number within bounds, both included.
    Integer {
        /// Least.
        min: u64,
        /// Greatest.
        max: u64,
    },
    /// A number within bounds, both included.
    Number {
        /// Least.
        min: f64,
        /// Greatest.
        max: f64,
    },
    /// A length of time.
    Duration,
    /// A length of time above zero: the time between two passes of something that recurs.
    Period,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A broken line, written as points such as "0=0, 100=10", of one choice of another parameter:
    /// it must be given with that choice, and may not be given with another.
    Shape {
        /// The other parameter.
        of: &'static str,
        /// Its choice.
        choice: &'static str,
    },
}

/// A parameter that a policy declares.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its key in `[policy.<kind>.<name>]`.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The default, written as in a scenario file; of a shape, an example.
    pub default: &'static str,
    /// Meaning, unit and source.
    pub doc: &'static str,
}

/// The parameters of one policy: every declared one has a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(BTreeMap<&'static str, Value>);

impl Params {
    /// The values, each of a declared parameter.
    pub fn new(values: impl IntoIterator<Item = (&'static str, Value)>) -> Params {
        Params(values.into_iter().collect())
    }

    /// All values by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.0.iter().map(|(&name, value)| (name, value))
    }

    /// A whole number. Panics on a parameter that was not declared as one.
    pub fn integer(&self, name: &str) -> u64 {
        match self.0.get(name) {
            Some(Value::Integer(value)) => *value,
            other => panic!("`{name}` is not a declared integer: {other:?}"),
        }
    }

    /// A number. Panics on a parameter that was not declared as one.
    pub fn number(&self, name: &str) -> f64 {
        match self.0.get(name) {
            Some(Value::Number(value)) => *value,
            other => panic!("`{name}` is not a declared number: {other:?}"),
        }
    }

    /// A length of time. Panics on a parameter that was not declared as one.
    pub fn duration(&self, name: &str) -> Duration {
        match self.0.get(name) {
            Some(Value::Duration(value)) => *value,
            other => panic!("`{name}` is not a declared duration: {other:?}"),
        }
    }

    /// A length of time; absent where there is no such parameter.
    pub fn length(&self, name: &str) -> Option<Duration> {
        match self.0.get(name)? {
            Value::Duration(value) => Some(*value),
            Value::Integer(_) | Value::Number(_) | Value::Choice(_) | Value::Shape(_) => None,
        }
    }

    /// Sets a length of time. Panics on a parameter that was not declared as one.
    pub fn set_length(&mut self, name: &str, length: Duration) {
        match self.0.get_mut(name) {
            Some(Value::Duration(value)) => *value = length,
            other => panic!("`{name}` is not a declared duration: {other:?}"),
        }
    }

    /// A word. Panics on a parameter that was not declared as one.
    pub fn choice(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Choice(value)) => value,
            other => panic!("`{name}` is not a declared choice: {other:?}"),
        }
    }

    /// A broken line. Panics on a parameter that was not declared as one.
    pub fn shape(&self, name: &str) -> &Shape {
        match self.0.get(name) {
            Some(Value::Shape(value)) => value,
            other => panic!("`{name}` is not a declared shape: {other:?}"),
        }
    }
}

impl Shape {
    /// The points, in order of use.
    pub fn points(&self) -> &[(u8, u8)] {
        &self.0
    }
}

/// At least one point, use rising from 0 to at most 100, worth at most 10.
impl FromStr for Shape {
    type Err = ();

    fn from_str(text: &str) -> Result<Shape, ()> {
        let point = |text: &str| {
            let (used, worth) = text.split_once('=')?;
            let (used, worth) = (used.trim().parse().ok()?, worth.trim().parse().ok()?);
            (used <= 100 && worth <= 10).then_some((used, worth))
        };
        let points: Option<Vec<(u8, u8)>> = text.split(',').map(point).collect();
        let rises = |points: &Vec<(u8, u8)>| points.is_sorted_by(|one, next| one.0 < next.0);
        points.filter(rises).map(Shape).ok_or(())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points = self.0.iter().map(|(used, worth)| format!("{used}={worth}"));
        f.write_str(&points.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(value) => value.fmt(f),
            Value::Number(value) => value.fmt(f),
            Value::Duration(value) => write!(f, "{value}s"),
            Value::Choice(value) => f.write_str(value),
            Value::Shape(value) => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    #[test]
    fn a_shape_has_points_of_rising_use() {
        let shown = |text: &str| text.parse().map(|shape: Shape| shape.to_string());
        assert_eq!(
            shown("0=10,  50 = 7,100=0"),
            Ok("0=10, 50=7, 100=0".to_owned())
        );
        for wrong in [
            "",
            "0",
            "0=11",
            "101=0",
            "50=1, 50=2",
            "50=1, 0=2",
            "0=0,",
            "-1=0",
        ] {
            assert_eq!(shown(wrong), Err(()), "{wrong}");
        }
    }
}
