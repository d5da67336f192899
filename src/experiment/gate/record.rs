//! What a scenario measured when it was accepted, run by run.

use std::sync::Arc;

use super::input::Gated;
use crate::experiment::combine;
use crate::metrics::measured::{Amount, Measured, Value};
use crate::metrics::quantity::Quantity;
use crate::rng::fnv1a_128;
use crate::scenario::Scenario;
use crate::scenario::objective::Tolerance;

/// What a scenario measured, and everything that must be the same for others to be paired with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The fingerprint of its input.
    pub hash: String,
    /// What was changed of its file, in the words of the command line.
    pub changes: Vec<String>,
    /// The version of plimsoll that ran it.
    pub plimsoll: String,
    /// The seed of its replications, which are numbered from 1.
    pub seed: u64,
    /// Whether nothing in it is random; then there is one run.
    pub exact: bool,
    /// The names of its scheduler, autoscaler and healer.
    pub policies: [String; 3],
    /// The gated metrics.
    pub metrics: Vec<Kept>,
}

/// A gated metric and what it was in each replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What is gated.
    pub gated: Gated,
    /// One per replication; absent where the metric had no value.
    pub values: Vec<Option<Told>>,
}

/// A value as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The value, in a form that can be combined. Of a percentile, what lies outside the range that
    /// it has in single runs is put together at the next value: whichever runs are pooled, it stays
    /// what it was.
    pub amount: Amount,
    /// The fingerprint of all values that a percentile is of.
    pub digest: Option<String>,
}

/// Why a metric cannot be gated by what was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// No run has a value of it.
    NoValue {
        /// The metric.
        quantity: String,
    },
    /// Over all runs it is infinite: beyond the end of the run.
    Infinite {
        /// The metric.
        quantity: String,
    },
    /// Its tolerance is a share of a value that is zero.
    ShareOfZero {
        /// The metric.
        quantity: String,
    },
}

impl Record {
    /// The record of what was measured, in order of replication from 1.
    ///
    /// # Errors
    /// Every metric that cannot be gated.
    pub fn of(
        scenario: &Scenario,
        seed: u64,
        gated: Vec<Gated>,
        runs: &[Measured],
    ) -> Result<Record, Vec<NotKept>> {
        let kept: Vec<Kept> = gated.into_iter().map(|one| Kept::of(one, runs)).collect();
        let wrong: Vec<NotKept> = kept.iter().filter_map(Kept::refused).collect();
        match wrong.is_empty() {
            true => Ok(Record {
                hash: scenario.hash.clone(),
                changes: scenario.changes.clone(),
                plimsoll: env!("CARGO_PKG_VERSION").to_owned(),
                seed,
                exact: scenario.is_exact(),
                policies: policies(scenario),
                metrics: kept,
            }),
            false => Err(wrong),
        }
    }

    /// Replications it holds.
    pub fn replications(&self) -> u32 {
        self.metrics.first().map_or(0, Kept::runs)
    }
}

/// A metric of two records that cannot be paired.
#[derive(Clone, Debug, PartialEq)]
pub struct Moved {
    /// The metric.
    pub quantity: Quantity,
    /// What it was; absent if it was not gated.
    pub before: Option<f64>,
    /// What it is; absent if it is no longer gated.
    pub after: Option<f64>,
}

/// What the metrics of one record are in another: those of the new one, then those that only the old
/// one has.
pub fn moved(old: &Record, new: &Record) -> Vec<Moved> {
    let value = |record: &Record, quantity: &Quantity| {
        let mut kept = record.metrics.iter();
        let kept = kept.find(|kept| kept.gated.quantity == *quantity)?;
        kept.pooled()
    };
    let quantities = |record: &Record| -> Vec<Quantity> {
        let metrics = record.metrics.iter();
        metrics.map(|kept| kept.gated.quantity.clone()).collect()
    };
    let (now, mut gone) = (quantities(new), quantities(old));
    gone.retain(|quantity| !now.contains(quantity));
    let all = now.into_iter().chain(gone);
    all.map(|quantity| Moved {
        before: value(old, &quantity),
        after: value(new, &quantity),
        quantity,
    })
    .collect()
}

/// A metric over those runs that have it; absent where none has.
pub(super) fn pooled(quantity: &Quantity, runs: &[Measured]) -> Option<f64> {
    let amounts: Vec<&Amount> = runs.iter().filter_map(|run| quantity.in_run(run)).collect();
    (!amounts.is_empty()).then(|| combine::pooled(quantity.metric, &amounts))
}

/// The names of scheduler, autoscaler and healer.
pub fn policies(scenario: &Scenario) -> [String; 3] {
    let policy = &scenario.policy;
    [&policy.scheduler, &policy.autoscaler, &policy.healer].map(|named| named.name.to_owned())
}

impl Kept {
    pub(super) fn of(gated: Gated, runs: &[Measured]) -> Kept {
        let amounts: Vec<Option<&Amount>> =
            runs.iter().map(|run| gated.quantity.in_run(run)).collect();
        let present = || amounts.iter().flatten();
        let own = || present().map(|amount| amount.value());
        let least = own().fold(f64::INFINITY, f64::min);
        let greatest = own().fold(f64::NEG_INFINITY, f64::max);
        let told = |amount: &Amount| Told::of(amount, least, greatest);
        let values = amounts.iter().map(|amount| amount.map(told)).collect();
        Kept { gated, values }
    }

    /// Replications it holds.
    pub fn runs(&self) -> u32 {
        self.values.len() as u32
    }

    /// The metric over all runs; absent where none has a value.
    pub fn pooled(&self) -> Option<f64> {
        let told = self.values.iter().flatten();
        let amounts: Vec<&Amount> = told.map(|told| &told.amount).collect();
        (!amounts.is_empty()).then(|| combine::pooled(self.gated.quantity.metric, &amounts))
    }

    /// How much worse is not worse, as an amount of the metric: a share is one of its value over all runs.
    pub fn tolerance(&self) -> f64 {
        let pooled = self.pooled().expect("a record holds values");
        self.gated.tolerance.amount(pooled)
    }

    /// The first replications, as if they had been measured now.
    pub(super) fn measured(&self, runs: usize) -> Vec<Measured> {
        let measured = |told: &Option<Told>| Measured {
            values: told.iter().map(|told| self.value(told)).collect(),
            ..Measured::default()
        };
        self.values[..runs].iter().map(measured).collect()
    }

    fn value(&self, told: &Told) -> Value {
        Value {
            metric: self.gated.quantity.metric,
            entity: self.gated.quantity.entity.clone(),
            amount: told.amount.clone(),
        }
    }

    /// Why nothing can be held against it.
    pub(super) fn refused(&self) -> Option<NotKept> {
        let quantity = self.gated.quantity.to_string();
        match (self.pooled(), self.gated.tolerance) {
            (None, _) => Some(NotKept::NoValue { quantity }),
            (Some(value), _) if !value.is_finite() => Some(NotKept::Infinite { quantity }),
            (Some(0.0), Tolerance::Relative(_)) => Some(NotKept::ShareOfZero { quantity }),
            (Some(_), Tolerance::Absolute(_) | Tolerance::Relative(_)) => None,
        }
    }
}

impl Told {
    /// An amount of a metric that in single runs lies from `least` to `greatest`.
    fn of(amount: &Amount, least: f64, greatest: f64) -> Told {
        let kept = match amount {
            Amount::Number(_) | Amount::Ratio { .. } => amount.clone(),
            Amount::Percentile { p, counts } => Amount::Percentile {
                p: *p,
                counts: within(counts, least, greatest),
            },
        };
        Told {
            amount: kept,
            digest: digest(amount),
        }
    }

    /// Whether a run measured this to the last bit.
    pub(super) fn is(&self, present: &Amount) -> bool {
        match (&self.amount, present) {
            (Amount::Number(was), Amount::Number(is)) => was.to_bits() == is.to_bits(),
            (
                Amount::Ratio { over, under },
                Amount::Ratio {
                    over: over_now,
                    under: under_now,
                },
            ) => [over, under].map(|n| n.to_bits()) == [over_now, under_now].map(|n| n.to_bits()),
            (Amount::Percentile { p, .. }, Amount::Percentile { p: now, .. }) => {
                p.to_bits() == now.to_bits() && self.digest == digest(present)
            }
            (Amount::Number(_) | Amount::Ratio { .. } | Amount::Percentile { .. }, _) => false,
        }
    }
}

/// The counts with what lies below `least` at the greatest of it, and what lies above `greatest` at the
/// least of it.
fn within(counts: &[(f64, u64)], least: f64, greatest: f64) -> Arc<[(f64, u64)]> {
    let from = counts.partition_point(|&(value, _)| value < least);
    let to = counts.partition_point(|&(value, _)| value <= greatest);
    let sum = |part: &[(f64, u64)]| part.iter().map(|&(_, count)| count).sum::<u64>();
    let (below, above) = (&counts[..from], &counts[to..]);
    let below = below.last().map(|&(value, _)| (value, sum(below)));
    let above = above.first().map(|&(value, _)| (value, sum(above)));
    let inside = counts[from..to].iter().copied();
    below.into_iter().chain(inside).chain(above).collect()
}

/// The fingerprint of all values of a percentile; other amounts are short enough.
fn digest(amount: &Amount) -> Option<String> {
    let Amount::Percentile { counts, .. } = amount else {
        return None;
    };
    let bytes: Vec<u8> = counts
        .iter()
        .flat_map(|(value, count)| [value.to_bits().to_le_bytes(), count.to_le_bytes()])
        .flatten()
        .collect();
    Some(format!("{:032x}", fnv1a_128(&bytes)))
}
