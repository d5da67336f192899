//! How often the intervals and verdicts of experiments are right, on scenarios whose answers are known.
//!
//!     cargo run --release --example coverage
//!
//! Each study is repeated under seeds 1, 2, 3 … with everything a user would run: scenario file,
//! simulation, metrics, summary or comparison. Known answers are closed forms of these scenarios:
//!
//! - *ordinary*: jobs arrive by a Poisson process and last an exponential time, with room for all:
//!   M/G/∞, of which λ·E[min(S, t)] jobs run at time t after an empty start (Takács, "Introduction to
//!   the Theory of Queues", 1962, chapter 3);
//! - *skewed*: the same with few jobs of lognormal length, so that runs differ far more upwards;
//! - *rare*: a node fails at a constant rate r, and takes the only replica of a service with it: a run
//!   of length T has an outage with probability 1 − exp(−r·T);
//! - *A/A*: a scenario against itself, its jobs under another name, which gives them other dice;
//! - *power*: the same, with jobs longer by one and by two times the smallest detectable effect. Longer
//!   jobs also make runs differ more, so the power is computed from the spread of runs with the effect.

use std::path::Path;

use plimsoll::experiment::compare::{Chance, Primary, compare};
use plimsoll::experiment::difference::Difference;
use plimsoll::experiment::replicate::in_order;
use plimsoll::experiment::sample::{How, Samples, Variant};
use plimsoll::experiment::summary::summarize;
use plimsoll::experiment::verdict::{POWER, Verdict};
use plimsoll::metrics::measured::Entity;
use plimsoll::metrics::quantity::Quantity;
use plimsoll::scenario::{Edits, Scenario, Source};
use plimsoll::stats::{self, Confidence};

const P95: Confidence = Confidence::NINETY_FIVE;

/// Repetitions of the studies of coverage, and of those of verdicts.
const REPETITIONS: [u64; 2] = [2_000, 1_000];

/// Runs of each repetition.
const RUNS: u32 = 30;

/// Pairs that tell how far runs differ: a standard deviation to 0.7 %, a power to half a point.
const PAIRS: u32 = 10_000;

/// Cores of the cluster: far more than jobs ever ask for.
const CORES: f64 = 256.0;

const ORDINARY: &str = r#"
duration = "6h"
warm_up = "1h"
nodes = [{ name = "node", count = 4, cpu = "64", memory = "1Ti" }]
[policy]
scheduler = "first-fit"
[[jobs]]
name = "a"
rate = "60/h"
sizes = [{ cpu = "1", memory = "1Gi" }]
duration = { exponential = { mean = "10m" } }
"#;

const SKEWED: &str = r#"
duration = "6h"
warm_up = "1h"
nodes = [{ name = "node", count = 4, cpu = "64", memory = "1Ti" }]
[policy]
scheduler = "first-fit"
[[jobs]]
name = "a"
rate = "10/h"
sizes = [{ cpu = "1", memory = "1Gi" }]
duration = { lognormal = { median = "5m", sigma = 1.2 } }
"#;

const RARE: &str = r#"
duration = "10h"
nodes = [{ name = "node", cpu = "4", memory = "8Gi" }]
[policy]
scheduler = "first-fit"
autoscaler = "fixed"
healer = "none"
[[services]]
name = "web"
requests = { cpu = "1", memory = "1Gi" }
[[failures]]
nodes = "node"
after = { exponential = { mean = "100h" } }
down = "30m"
"#;

/// The window of the jobs' scenarios, in seconds.
const WINDOW: (f64, f64) = (3_600.0, 21_600.0);

fn main() {
    let [many, fewer] = REPETITIONS;
    println!("{many} repetitions of {RUNS} runs, intervals of 95 %");
    let exponential = |t: f64| 600.0 * (1.0 - (-t / 600.0).exp());
    let share = |rate: f64, length: &dyn Fn(f64) -> f64| rate * mean(length, WINDOW) / CORES;
    report(
        "ordinary",
        covered_mean(ORDINARY, share(1.0 / 60.0, &exponential), many),
        many,
    );
    let skewed = share(1.0 / 360.0, &|t| lognormal_up_to(300.0, 1.2, t));
    report("skewed", covered_mean(SKEWED, skewed, many), many);
    // Ten hours at a failure every hundred.
    report(
        "rare",
        covered_probability(1.0 - (-0.1_f64).exp(), many),
        many,
    );
    println!("\n{fewer} repetitions of {RUNS} paired runs, verdicts at 95 %");
    report("A/A, called different", alarms(1.0, fewer), fewer);
    let detectable = stats::smallest_detectable(spread(1.0), RUNS as usize, POWER, P95);
    let running = |mean: f64| share(1.0 / 60.0, &|t: f64| mean * (1.0 - (-t / mean).exp()));
    let ordinary = running(600.0);
    for times in [1.0, 2.0] {
        // Jobs longer by a factor make nearly as many more of them run.
        let factor = 1.0 + times * detectable / ordinary;
        let effect = running(600.0 * factor) - ordinary;
        let power = stats::power(effect, spread(factor), RUNS as usize, P95);
        let what = format!(
            "{times} × the smallest detectable effect, computed {:.1} %",
            100.0 * power
        );
        report(&what, alarms(factor, fewer), fewer);
    }
}

fn report(what: &str, hits: u64, repetitions: u64) {
    let share = stats::clopper_pearson(hits, repetitions, P95).expect("there are repetitions");
    let interval = share.interval.expect("a proportion has an interval");
    println!(
        "  {what}: {:.1} % ({:.1} to {:.1})",
        100.0 * share.value,
        100.0 * interval.low,
        100.0 * interval.high
    );
}

/// How many of the intervals for the share of cores allocated contain `truth`.
fn covered_mean(text: &str, truth: f64, repetitions: u64) -> u64 {
    let variants = [variant(text, "")];
    count(repetitions, |seed| {
        let samples = sampled(&variants, seed);
        let summary = summarize(seed, samples.runs(0));
        let line = summary.line(&allocated()).expect("cores are allocated");
        line.estimate
            .interval
            .is_some_and(|interval| interval.contains(truth))
    })
}

/// How many of the intervals for the probability of an outage contain `truth`.
fn covered_probability(truth: f64, repetitions: u64) -> u64 {
    let variants = [variant(RARE, "")];
    count(repetitions, |seed| {
        let samples = sampled(&variants, seed);
        let outages = Quantity::of("outages", Entity::Service("web".to_owned()));
        let hit = |run: &&_| outages.in_run(run).is_some_and(|count| count.value() > 0.0);
        let hits = samples.runs(0).iter().filter(hit).count() as u64;
        let share = stats::clopper_pearson(hits, RUNS.into(), P95).expect("there are runs");
        share
            .interval
            .is_some_and(|interval| interval.contains(truth))
    })
}

/// In how many comparisons with jobs `factor` times as long a difference is found.
fn alarms(factor: f64, repetitions: u64) -> u64 {
    let variants = pair(factor);
    let primary = [Primary {
        quantity: allocated(),
        tolerance: None,
    }];
    count(repetitions, |seed| {
        let samples = sampled(&variants, seed);
        let compared = compare(&samples, 2, &[], &primary, Chance::Random, P95);
        let against = compared.rows[0].cells[1].against.as_ref();
        match against.and_then(|against| against.verdict) {
            Some(Verdict::Better { .. } | Verdict::Worse { .. } | Verdict::Different { .. }) => {
                true
            }
            Some(Verdict::Equivalent | Verdict::Undecided { .. } | Verdict::Identical { .. })
            | None => false,
        }
    })
}

/// The standard deviation of one pair of which one has jobs `factor` times as long, from [`PAIRS`] pairs
/// under a seed that no repetition has.
fn spread(factor: f64) -> f64 {
    let variants = pair(factor);
    let mut samples = Samples::new(2, u64::MAX, 1);
    samples
        .extend(&variants, PAIRS, How::PLAIN)
        .expect("nothing interrupts a run");
    let (ours, theirs) = (samples.runs(1), samples.runs(0));
    let difference = Difference::of(&allocated(), ours, theirs, P95, 1).expect("both have values");
    difference.sd().expect("runs differ")
}

/// A scenario, and the same with its jobs under another name and `factor` times as long.
fn pair(factor: f64) -> [Variant; 2] {
    let mean = format!(
        "jobs.a.duration.exponential.mean={}ns",
        (600e9 * factor).round()
    );
    [
        variant(ORDINARY, ""),
        variant(
            &ORDINARY.replace("\"a\"", "\"b\""),
            &mean.replace(".a.", ".b."),
        ),
    ]
}

fn allocated() -> Quantity {
    Quantity::of_cluster("allocated.cpu")
}

fn sampled(variants: &[Variant], seed: u64) -> Samples {
    let mut samples = Samples::new(variants.len(), seed, 1);
    samples
        .extend(variants, RUNS, How::PLAIN)
        .expect("nothing interrupts a run");
    samples
}

/// The scenario of that text, changed by a setting unless that is empty.
fn variant(text: &str, setting: &str) -> Variant {
    let settings: Vec<String> = [setting]
        .iter()
        .filter(|s| !s.is_empty())
        .map(|s| (*s).to_owned())
        .collect();
    let edits = Edits::new(Vec::new(), &settings).expect("the setting is right");
    let source = Source::new(Path::new("known.toml"), text.to_owned(), |_| {
        panic!("the scenario names no files")
    });
    let scenario: Scenario = source.load(&edits).expect("the scenario is right").scenario;
    Variant {
        name: setting.to_owned(),
        scenario,
    }
}

/// In how many repetitions `is_right`, on all threads.
fn count(repetitions: u64, is_right: impl Fn(u64) -> bool + Sync) -> u64 {
    let seeds: Vec<u64> = (1..=repetitions).collect();
    let hits = in_order(&seeds, |&seed| Ok::<_, ()>(is_right(seed)));
    let hits = hits.expect("no repetition fails");
    hits.into_iter().filter(|&hit| hit).count() as u64
}

/// The mean of a smooth function over a stretch: Simpson's rule.
fn mean(of: &dyn Fn(f64) -> f64, (from, to): (f64, f64)) -> f64 {
    const STEPS: u32 = 2_000;
    let at = |step: u32| of(from + (to - from) * f64::from(step) / f64::from(STEPS));
    let weight = |step: u32| match step {
        0 | STEPS => 1.0,
        odd if odd % 2 == 1 => 4.0,
        _ => 2.0,
    };
    let sum: f64 = (0..=STEPS).map(|step| weight(step) * at(step)).sum();
    sum / (3.0 * f64::from(STEPS))
}

/// E[min(S, t)] of a lognormal S: E[S; S < t] + t · P(S ≥ t).
fn lognormal_up_to(median: f64, sigma: f64, t: f64) -> f64 {
    let z = (t / median).ln() / sigma;
    let mean = median * (sigma * sigma / 2.0).exp();
    mean * normal_cdf(z - sigma) + t * (1.0 - normal_cdf(z))
}

/// Φ by its series (Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.2.11); beyond ± 8
/// nothing is left of the other side.
fn normal_cdf(z: f64) -> f64 {
    if z.abs() > 8.0 {
        return if z > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut odd) = (z, z, 3.0);
    while term.abs() > 1e-17 {
        term *= z * z / odd;
        sum += term;
        odd += 2.0;
    }
    0.5 + sum * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers_are_those_of_the_formulas() {
        assert!((normal_cdf(1.0) - 0.841_344_746_068_543).abs() < 1e-14);
        assert!((normal_cdf(-2.0) - 0.022_750_131_948_179).abs() < 1e-14);
        // Of a time that is long enough, the mean of the lognormal: 300 · exp(0.72).
        assert!((lognormal_up_to(300.0, 1.2, 1e9) - 300.0 * 0.72_f64.exp()).abs() < 1e-6);
        assert!((mean(&|t| t * t, (0.0, 3.0)) - 3.0).abs() < 1e-9);
    }

    #[test]
    fn most_intervals_contain_the_known_answer_and_few_comparisons_with_oneself_alarm() {
        // Of 40: at least 33 at 95 % but for one time in a thousand; at most 7 alarms likewise.
        let exponential = |t: f64| 600.0 * (1.0 - (-t / 600.0).exp());
        let truth = mean(&exponential, WINDOW) / 60.0 / CORES;
        assert!(covered_mean(ORDINARY, truth, 40) >= 33);
        assert!(covered_probability(1.0 - (-0.1_f64).exp(), 40) >= 35);
        assert!(alarms(1.0, 40) <= 7);
        assert!(alarms(1.5, 10) == 10, "half as long again is seen");
    }
}
