//! Parameters of a policy as a scenario gives them, checked against what the policy declares.

use std::collections::BTreeMap;
use std::fmt;

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
}

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
}

/// A parameter that a policy declares.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its key in `[policy.<kind>.<name>]`.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// The default, written as in a scenario file.
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

    /// A word. Panics on a parameter that was not declared as one.
    pub fn choice(&self, name: &str) -> &str {
        match self.0.get(name) {
            Some(Value::Choice(value)) => value,
            other => panic!("`{name}` is not a declared choice: {other:?}"),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Integer(value) => value.fmt(f),
            Value::Number(value) => value.fmt(f),
            Value::Duration(value) => write!(f, "{value}s"),
            Value::Choice(value) => f.write_str(value),
        }
    }
}
