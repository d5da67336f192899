//! How far a variant lies from a baseline in one metric, over runs that share their seeds.

use super::combine::{self, Form};
use crate::metrics::measured::{Amount, Measured};
use crate::metrics::quantity::Quantity;
use crate::rng::{self, Purpose, Seed};
use crate::stats::{self, Confidence, Ecdf, Estimate, Method, PairedEvents, Resampled, Standard};

/// A difference, variant less baseline, in the metric's unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What the baseline is.
    pub baseline: f64,
    /// Pairs of runs of which both have a value.
    pub pairs: u32,
    /// In how many of them the variant's value is larger (`only_here`), and in how many smaller.
    pub signs: PairedEvents,
    /// Var(a − b) ÷ (Var a + Var b): what common random numbers save. Absent where neither varies and
    /// where a value is infinite.
    pub variance_ratio: Option<f64>,
    spread: Spread,
}

/// What is known of a difference's error.
#[derive(Clone, Debug, PartialEq)]
enum Spread {
    /// That of a mean over pairs.
    Standard(Standard),
    /// What it was over runs drawn anew.
    Resampled(Resampled),
    /// An event happens or not in each run.
    Events(PairedEvents),
    /// Too few pairs, or most of them differ by the same amount: signs are all there is.
    Signs(Estimate),
}

impl Difference {
    /// The difference of two variants of which the runs of one place share a seed; absent where the
    /// metric has no value in one of the two. `finest` is the highest confidence that will be asked for,
    /// `seed` keys the bootstrap.
    pub fn of(
        quantity: &Quantity,
        variant: &[Measured],
        baseline: &[Measured],
        finest: Confidence,
        seed: u64,
    ) -> Option<Difference> {
        assert_eq!(variant.len(), baseline.len(), "runs come in pairs");
        let pairs = variant.iter().zip(baseline);
        let both = pairs.filter_map(|(a, b)| Some((quantity.in_run(a)?, quantity.in_run(b)?)));
        let (ours, theirs): (Vec<&Amount>, Vec<&Amount>) = both.unzip();
        let form = combine::form(quantity.metric, ours.first()?);
        let numbers = |amounts: &[&Amount]| -> Vec<f64> {
            amounts.iter().map(|amount| amount.value()).collect()
        };
        let (a, b) = (numbers(&ours), numbers(&theirs));
        let spread = match form {
            Form::Mean => standard(stats::paired_mean(&a, &b)?),
            Form::Share => events(&a, &b)?,
            Form::Ratio => standard(stats::ratio_difference(
                &combine::ratios(&ours),
                &combine::ratios(&theirs),
            )?),
            Form::Percentile(p) => {
                let dice = dice(quantity, seed);
                let (ours, theirs) = (ecdfs(&ours), ecdfs(&theirs));
                match stats::quantile_difference(&ours, &theirs, p, finest, dice)? {
                    Ok(resampled) => Spread::Resampled(resampled),
                    Err(alone) => Spread::Signs(alone),
                }
            }
        };
        let larger: Vec<bool> = a.iter().zip(&b).map(|(a, b)| a > b).collect();
        let smaller: Vec<bool> = a.iter().zip(&b).map(|(a, b)| a < b).collect();
        let finite = a.iter().chain(&b).all(|value| value.is_finite());
        let pooled = combine::estimate(seed, quantity.metric, &quantity.entity, &theirs);
        Some(Difference {
            baseline: pooled.value,
            pairs: a.len() as u32,
            signs: PairedEvents::count(&larger, &smaller),
            variance_ratio: stats::variance_ratio(&a, &b).filter(|_| finite),
            spread,
        })
    }

    /// The difference itself.
    pub fn value(&self) -> f64 {
        match &self.spread {
            Spread::Standard(standard) => standard.value,
            Spread::Resampled(resampled) => resampled.value(),
            Spread::Events(events) => {
                let changed = events.only_here as f64 - events.only_baseline as f64;
                changed / events.pairs as f64
            }
            Spread::Signs(alone) => alone.value,
        }
    }

    /// The difference with its interval, where it has one.
    pub fn estimate(&self, confidence: Confidence) -> Estimate {
        match &self.spread {
            Spread::Standard(standard) => standard.estimate(confidence),
            Spread::Resampled(resampled) => resampled.estimate(confidence),
            Spread::Events(events) => {
                let estimate = events.difference(confidence);
                estimate.expect("there are pairs")
            }
            Spread::Signs(alone) => *alone,
        }
    }

    /// How likely differences like these would be if there were none, two-sided. Where most pairs
    /// differ by the same amount it is that of the exact test of signs.
    pub fn p_value(&self) -> f64 {
        match &self.spread {
            Spread::Standard(standard) => standard.p_value(0.0),
            Spread::Resampled(resampled) => resampled.p_value(0.0),
            Spread::Events(events) => events.p_value(),
            Spread::Signs(_) => self.signs.p_value(),
        }
    }

    /// The standard deviation of what one pair says, for power and the number of runs needed; absent
    /// where nothing is known of it.
    pub fn sd(&self) -> Option<f64> {
        match &self.spread {
            Spread::Standard(standard) => Some(standard.sd),
            Spread::Resampled(resampled) => resampled.sd(),
            Spread::Events(events) => events.sd(),
            Spread::Signs(_) => None,
        }
        .filter(|sd| *sd > 0.0)
    }

    /// Whether all pairs agree to the last bit.
    pub fn is_nothing(&self) -> bool {
        self.signs.only_here + self.signs.only_baseline == 0
    }

    /// Whether only the signs of the differences tell anything.
    pub fn is_told_by_signs(&self) -> bool {
        matches!(self.spread, Spread::Signs(_))
    }
}

fn standard(told: Result<Standard, Estimate>) -> Spread {
    match told {
        Ok(standard) => Spread::Standard(standard),
        Err(alone) => Spread::Signs(alone),
    }
}

/// Something that is true of a run or not. Fewer than two pairs say nothing of how often.
fn events(ours: &[f64], theirs: &[f64]) -> Option<Spread> {
    let truths = |values: &[f64]| -> Vec<bool> { values.iter().map(|&v| v == 1.0).collect() };
    let events = PairedEvents::count(&truths(ours), &truths(theirs));
    Some(match events.pairs {
        0 => return None,
        1 => Spread::Signs(Estimate {
            value: ours[0] - theirs[0],
            interval: None,
            method: Method::TooFew,
        }),
        _ => Spread::Events(events),
    })
}

fn ecdfs(amounts: &[&Amount]) -> Vec<Ecdf> {
    amounts.iter().map(|amount| combine::ecdf(amount)).collect()
}

fn dice(quantity: &Quantity, seed: u64) -> rng::Stream {
    let seed = Seed {
        seed,
        replication: 0,
    };
    let name = format!("difference {quantity}");
    rng::stream(seed, Purpose::Bootstrap, &name, 0)
}
