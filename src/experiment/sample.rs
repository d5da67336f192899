//! What several variants of a scenario measure under common random numbers.
//!
//! Replication n of every variant has the same seed: all meet the same arrivals, sizes and failures
//! (Law, "Simulation Modeling and Analysis", 5th ed., §11.2). More replications add to those that
//! are there; none is run twice.

use std::ops::{ControlFlow, Range};

use super::replicate::in_order_until;
use crate::metrics::fold::Options;
use crate::metrics::measured::Measured;
use crate::rng::Seed;
use crate::run::{Ended, simulate};
use crate::scenario::Scenario;
use crate::time::Time;

/// A scenario under the name that it has among those it is compared with.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What sets it apart, in few words: `binpack`.
    pub name: String,
    /// What is run.
    pub scenario: Scenario,
}

/// Replications of several variants.
#[derive(Clone, Debug)]
pub struct Samples {
    seed: u64,
    /// The number of the first replication, from 1.
    first: u32,
    /// By variant, then in order of replication.
    runs: Vec<Vec<Measured>>,
}

/// One run among those of all variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// The variant, by its place.
    pub variant: usize,
    /// The seed, which is the same for all variants.
    pub seed: Seed,
}

/// How runs are made.
#[derive(Clone, Copy)]
pub struct How<'a> {
    /// What a run tells besides its values.
    pub options: &'a (dyn Fn(Run) -> Options + Sync),
    /// Is told the simulated time of a run now and then; its break ends all of them.
    pub watch: &'a (dyn Fn(Run, Time) -> ControlFlow<()> + Sync),
}

impl How<'_> {
    /// Values alone, to the end.
    pub const PLAIN: How<'static> = How {
        options: &|_| Options {
            series: false,
            nodes: false,
            pods: false,
            heat: false,
        },
        watch: &|_, _| ControlFlow::Continue(()),
    };
}

impl Samples {
    /// None yet, of so many variants; the first replication will have the number `first`, from 1:
    /// with a number that no other sample has reached, seeds are fresh.
    pub fn new(variants: usize, seed: u64, first: u32) -> Samples {
        assert!(first > 0, "replications are numbered from 1");
        Samples {
            seed,
            first,
            runs: vec![Vec::new(); variants],
        }
    }

    /// Samples of made-up runs.
    #[cfg(test)]
    pub(crate) fn made(seed: u64, runs: Vec<Vec<Measured>>) -> Samples {
        Samples {
            seed,
            first: 1,
            runs,
        }
    }

    /// Runs what is missing to so many replications of each variant, on all threads; the results do
    /// not depend on how many there are.
    ///
    /// # Errors
    /// Why the first run, in order of replication and variant, did not come to its end. The
    /// replications before it are kept, each of all variants.
    pub fn extend(
        &mut self,
        variants: &[Variant],
        replications: u32,
        how: How<'_>,
    ) -> Result<(), Ended> {
        assert_eq!(variants.len(), self.runs.len(), "variants stay the same");
        let missing = self.missing(replications);
        let asked: Vec<Run> = missing
            .flat_map(|replication| (0..variants.len()).map(move |v| (replication, v)))
            .map(|(replication, variant)| Run {
                variant,
                seed: Seed {
                    seed: self.seed,
                    replication,
                },
            })
            .collect();
        let (made, ended) = in_order_until(&asked, |&run| {
            let scenario = &variants[run.variant].scenario;
            let mut watch = |now| (how.watch)(run, now);
            simulate(scenario, run.seed, (how.options)(run), &mut watch)
        });
        let whole = made.len() - made.len() % variants.len().max(1);
        for (run, measured) in asked.iter().zip(made).take(whole) {
            self.runs[run.variant].push(measured);
        }
        ended.map_or(Ok(()), Err)
    }

    /// The numbers of the replications that are missing to have so many.
    fn missing(&self, replications: u32) -> Range<u32> {
        self.first + self.replications()..self.first + replications
    }

    /// Replications of each variant.
    pub fn replications(&self) -> u32 {
        self.runs.first().map_or(0, Vec::len) as u32
    }

    /// The number that no replication has reached yet.
    pub fn next(&self) -> u32 {
        self.first + self.replications()
    }

    /// The seed of all of them.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// What all variants measured, by variant, then in order of replication.
    pub fn into_runs(self) -> Vec<Vec<Measured>> {
        self.runs
    }

    /// What one variant measured, in order of replication.
    pub fn runs(&self, variant: usize) -> &[Measured] {
        &self.runs[variant]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::replicate::with_threads;
    use std::num::NonZeroUsize;
    use std::path::Path;
    use std::sync::atomic::{AtomicU32, Ordering};

    const JOBS: &str = r#"
        duration = "10m"
        nodes = [{ name = "n", count = 2, cpu = "4", memory = "8Gi" }]
        [[jobs]]
        name = "job"
        rate = "60/min"
        sizes = [{ cpu = "1", memory = "1Gi" }]
        duration = { exponential = { mean = "5s" } }
    "#;

    fn variants(names: &[&str]) -> Vec<Variant> {
        let read = |_: &Path| panic!("no file is named");
        let one = |name: &&str| {
            let text = format!("{JOBS}\n[policy]\nscheduler = \"{name}\"");
            let loaded = crate::scenario::parse(Path::new("jobs.toml"), &text, &read).unwrap();
            Variant {
                name: (*name).to_owned(),
                scenario: loaded.scenario,
            }
        };
        names.iter().map(one).collect()
    }

    fn attempts(samples: &Samples, variant: usize) -> Vec<f64> {
        let attempts = |run: &Measured| {
            let entity = crate::metrics::measured::Entity::Cluster;
            run.get("scheduling.attempts", &entity).unwrap().value()
        };
        samples.runs(variant).iter().map(attempts).collect()
    }

    #[test]
    fn replications_add_to_those_that_are_there_and_none_is_run_twice() {
        let variants = variants(&["spread", "binpack"]);
        let begun = AtomicU32::new(0);
        let options = |_| {
            begun.fetch_add(1, Ordering::Relaxed);
            Options::default()
        };
        let how = How {
            options: &options,
            ..How::PLAIN
        };
        let mut grown = Samples::new(2, 7, 1);
        for replications in [2, 2, 5] {
            grown.extend(&variants, replications, how).unwrap();
        }
        assert_eq!(begun.load(Ordering::Relaxed), 2 * 5);
        let mut at_once = Samples::new(2, 7, 1);
        at_once.extend(&variants, 5, How::PLAIN).unwrap();
        for variant in [0, 1] {
            assert_eq!(attempts(&grown, variant), attempts(&at_once, variant));
        }
        assert_eq!((grown.replications(), grown.next()), (5, 6));
    }

    #[test]
    fn fresh_seeds_go_on_where_others_ended() {
        let variants = variants(&["spread"]);
        let mut all = Samples::new(1, 7, 1);
        all.extend(&variants, 6, How::PLAIN).unwrap();
        let mut fresh = Samples::new(1, 7, 5);
        fresh.extend(&variants, 2, How::PLAIN).unwrap();
        assert_eq!(attempts(&fresh, 0), attempts(&all, 0)[4..]);
    }

    #[test]
    fn samples_do_not_depend_on_the_number_of_threads() {
        let variants = variants(&["spread", "binpack"]);
        let with = |count| {
            with_threads(NonZeroUsize::new(count), || {
                let mut samples = Samples::new(2, 3, 1);
                samples.extend(&variants, 4, How::PLAIN).unwrap();
                (attempts(&samples, 0), attempts(&samples, 1))
            })
            .unwrap()
        };
        assert_eq!(with(1), with(4));
    }

    #[test]
    fn an_interrupted_sample_keeps_the_replications_that_all_variants_finished() {
        let variants = variants(&["spread", "binpack"]);
        let mut samples = Samples::new(2, 3, 1);
        samples.extend(&variants, 2, How::PLAIN).unwrap();
        let how = How {
            watch: &|run, _| match (run.seed.replication, run.variant) {
                (5, 1) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            },
            ..How::PLAIN
        };
        // A run is looked at every 256 turns: this one has more.
        let ended = samples.extend(&variants, 8, how);
        assert_eq!(ended, Err(Ended::Interrupted));
        assert_eq!(samples.replications(), 4);
        let mut at_once = Samples::new(2, 3, 1);
        at_once.extend(&variants, 4, How::PLAIN).unwrap();
        for variant in [0, 1] {
            assert_eq!(attempts(&samples, variant), attempts(&at_once, variant));
        }
        samples.extend(&variants, 5, How::PLAIN).unwrap();
        assert_eq!(samples.replications(), 5);
    }
}
