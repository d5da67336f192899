//! A metric of an entity, as users write it: `cost`, `availability.requests@service:cart`.

use std::fmt;
use std::str::FromStr;

use super::dictionary::{self, METRICS, Metric};
use super::measured::{Amount, Entity, Measured};

/// A metric of an entity.
///
/// Written as the metric alone for the whole cluster, else as `METRIC@KIND:NAME`:
/// `pending.by_size.p99@part:large`, `requests.lost@service_part:cart/over capacity`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// Which metric.
    pub metric: &'static Metric,
    /// Of what.
    pub entity: Entity,
}

/// Why a text is no quantity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoQuantity {
    /// No metric has that name.
    Metric {
        /// The name.
        name: String,
    },
    /// No kind of entity has that name, or it stands without one.
    Entity {
        /// What stands after the `@`.
        text: String,
    },
}

impl Quantity {
    /// A metric of the whole cluster. Panics when there is no metric of that name.
    pub fn of_cluster(metric: &str) -> Quantity {
        Quantity::of(metric, Entity::Cluster)
    }

    /// A metric of an entity. Panics when there is no metric of that name.
    pub fn of(metric: &str, entity: Entity) -> Quantity {
        let metric = dictionary::find(metric).expect("the caller names a metric of the dictionary");
        Quantity { metric, entity }
    }

    /// Its value in one replication, if it has one there.
    pub fn in_run<'a>(&self, run: &'a Measured) -> Option<&'a Amount> {
        run.get(self.metric.name, &self.entity)
    }
}

/// As it is written.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entity {
            Entity::Cluster => f.write_str(self.metric.name),
            entity => write!(f, "{}@{entity}", self.metric.name),
        }
    }
}

impl FromStr for Quantity {
    type Err = NoQuantity;

    fn from_str(text: &str) -> Result<Quantity, NoQuantity> {
        let (name, entity) = match text.split_once('@') {
            Some((name, entity)) => (name, Some(entity)),
            None => (text, None),
        };
        let metric = dictionary::find(name).ok_or_else(|| NoQuantity::Metric {
            name: name.to_owned(),
        })?;
        let entity = match entity {
            None => Entity::Cluster,
            Some(text) => text.parse().map_err(|()| NoQuantity::Entity {
                text: text.to_owned(),
            })?,
        };
        Ok(Quantity { metric, entity })
    }
}

impl NoQuantity {
    /// The word that is not known, and the words that are.
    pub fn choices(&self) -> (&str, Vec<&'static str>) {
        match self {
            NoQuantity::Metric { name } => {
                let known = METRICS.iter().map(|metric| metric.name);
                (name, known.collect())
            }
            NoQuantity::Entity { text } => {
                let kind = text.split_once(':').map_or(text.as_str(), |(kind, _)| kind);
                (kind, Entity::KINDS.to_vec())
            }
        }
    }
}

/// What is wrong, without the choices.
impl fmt::Display for NoQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoQuantity::Metric { name } => write!(f, "there is no metric `{name}`"),
            NoQuantity::Entity { text } => write!(
                f,
                "`{text}` is nothing that has metrics: write a kind and a name, such as \
                 `service:cart`"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let service = |name: &str| Entity::Service(name.to_owned());
        let cases = [
            ("cost", Quantity::of_cluster("cost")),
            (
                "availability.requests@service:cart",
                Quantity::of("availability.requests", service("cart")),
            ),
            (
                "pending.by_size.p99@part:large",
                Quantity::of("pending.by_size.p99", Entity::Part("large".to_owned())),
            ),
            (
                "requests.lost@service_part:cart/over capacity",
                Quantity::of(
                    "requests.lost",
                    Entity::ServicePart {
                        service: "cart".to_owned(),
                        part: "over capacity".to_owned(),
                    },
                ),
            ),
        ];
        for (text, quantity) in cases {
            assert_eq!(text.parse(), Ok(quantity.clone()));
            assert_eq!(quantity.to_string(), text);
        }
        assert_eq!("cost@cluster".parse(), Ok(Quantity::of_cluster("cost")));
    }

    #[test]
    fn the_unknown_word_is_told_with_the_known_ones() {
        let wrong = |text: &str| text.parse::<Quantity>().unwrap_err();
        let metric = wrong("costs");
        assert_eq!(metric.to_string(), "there is no metric `costs`");
        assert!(metric.choices().1.contains(&"cost"));
        for text in ["cost@servce:cart", "cost@cart", "cost@service:", "cost@"] {
            let entity = wrong(text);
            assert!(entity.choices().1.contains(&"service"), "{entity:?}");
        }
        assert_eq!(wrong("cost@servce:cart").choices().0, "servce");
    }
}
