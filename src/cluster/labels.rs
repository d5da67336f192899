//! Labels, and what is asked of them.
//!
//! Keys and values are interned by the catalogue, so that comparing them is comparing numbers.
//!
//! Source: Kubernetes v1.34, `apimachinery/pkg/labels` and "Labels and Selectors".

use crate::ids::{KeyId, Symbols, ValueId};

/// The labels of a pod, a node or a namespace, by key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labels(Vec<(KeyId, ValueId)>);

/// What is asked of the label of one key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// The key.
    pub key: KeyId,
    /// What is asked.
    pub test: Test,
}

/// What may be asked of one label.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Test {
    /// It is there and has one of these values.
    In(Vec<ValueId>),
    /// It is not there or has none of these values.
    NotIn(Vec<ValueId>),
    /// It is there.
    Exists,
    /// It is not there.
    DoesNotExist,
    /// It is a whole number above this one (`Gt`; of nodes only).
    Above(i64),
    /// It is a whole number below this one (`Lt`; of nodes only).
    Below(i64),
}

/// Requirements that must all be met. None at all are met by everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selector(pub Vec<Requirement>);

impl Labels {
    /// The value of a key.
    pub fn get(&self, key: KeyId) -> Option<ValueId> {
        let at = self.0.binary_search_by_key(&key, |&(key, _)| key).ok()?;
        Some(self.0[at].1)
    }

    /// All labels, by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (KeyId, ValueId)> {
        self.0.iter().copied()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A selector of what has all these labels.
    pub fn selector(&self) -> Selector {
        let equal = |(key, value)| Requirement {
            key,
            test: Test::In(vec![value]),
        };
        Selector(self.iter().map(equal).collect())
    }
}

/// Of labels with the same key, the last one counts.
impl FromIterator<(KeyId, ValueId)> for Labels {
    fn from_iter<T: IntoIterator<Item = (KeyId, ValueId)>>(labels: T) -> Labels {
        let sorted: std::collections::BTreeMap<_, _> = labels.into_iter().collect();
        Labels(sorted.into_iter().collect())
    }
}

impl Requirement {
    /// Whether the labels meet it. `values` are the catalogue's.
    pub fn met_by(&self, labels: &Labels, values: &Symbols<ValueId>) -> bool {
        let value = labels.get(self.key);
        let number = || values[value?].parse::<i64>().ok();
        match &self.test {
            Test::In(wanted) => value.is_some_and(|value| wanted.contains(&value)),
            Test::NotIn(refused) => value.is_none_or(|value| !refused.contains(&value)),
            Test::Exists => value.is_some(),
            Test::DoesNotExist => value.is_none(),
            Test::Above(bound) => number().is_some_and(|number| number > *bound),
            Test::Below(bound) => number().is_some_and(|number| number < *bound),
        }
    }
}

impl Selector {
    /// Whether the labels meet all requirements. `values` are the catalogue's.
    pub fn met_by(&self, labels: &Labels, values: &Symbols<ValueId>) -> bool {
        self.0.iter().all(|asked| asked.met_by(labels, values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_label_meets_only_what_asks_for_none() {
        let mut values = Symbols::default();
        let (one, ten) = (values.intern("1"), values.intern("10"));
        let labels: Labels = [(KeyId(3), ten)].into_iter().collect();
        let met = |key, test| {
            let requirement = Requirement {
                key: KeyId(key),
                test,
            };
            requirement.met_by(&labels, &values)
        };
        let tests = [
            (Test::In(vec![one, ten]), true, false),
            (Test::In(vec![one]), false, false),
            (Test::NotIn(vec![one]), true, true),
            (Test::NotIn(vec![ten]), false, true),
            (Test::Exists, true, false),
            (Test::DoesNotExist, false, true),
            (Test::Above(9), true, false),
            (Test::Above(10), false, false),
            (Test::Below(10), false, false),
            (Test::Below(11), true, false),
        ];
        for (test, with, without) in tests {
            assert_eq!(met(3, test.clone()), with, "{test:?} of 10");
            assert_eq!(met(4, test.clone()), without, "{test:?} of nothing");
        }
    }

    #[test]
    fn no_requirement_is_met_by_everything() {
        assert!(Selector::default().met_by(&Labels::default(), &Symbols::default()));
    }
}
