//! Differences, verdicts and comparisons of made-up runs.

use std::sync::Arc;

use crate::experiment::compare::{Chance, Comparison, Primary, compare};
use crate::experiment::difference::Difference;
use crate::experiment::sample::Samples;
use crate::experiment::verdict::{Judged, Verdict, judge, judge_exact};
use crate::metrics::dictionary::{self, Better};
use crate::metrics::measured::{Amount, Entity, Measured, Value};
use crate::metrics::quantity::Quantity;
use crate::scenario::objective::Tolerance;
use crate::stats::{Confidence, Method};

const P95: Confidence = Confidence::NINETY_FIVE;

fn run(metric: &str, amount: Amount) -> Measured {
    let value = Value {
        metric: dictionary::find(metric).unwrap(),
        entity: Entity::Cluster,
        amount,
    };
    Measured {
        values: vec![value],
        ..Measured::default()
    }
}

fn numbers(values: &[f64]) -> Vec<Measured> {
    let one = |&value: &f64| run("cost", Amount::Number(value));
    values.iter().map(one).collect()
}

fn difference(metric: &str, ours: &[Measured], theirs: &[Measured]) -> Difference {
    let quantity = Quantity::of_cluster(metric);
    Difference::of(&quantity, ours, theirs, P95, 1).unwrap()
}

/// The verdict on a cost, of which less is better.
fn verdict(ours: &[f64], theirs: &[f64], tolerance: Option<f64>) -> Judged {
    let difference = difference("cost", &numbers(ours), &numbers(theirs));
    judge(Better::Down, &difference, tolerance, P95, 1)
}

#[test]
fn what_seeds_did_to_both_cancels() {
    // Differences 1, 2, 1, 2 of values that vary by hundreds: mean 1.5, sd 0.57735,
    // t(3) = 3.182446: ± 3.182446 · 0.57735/2 = 0.918694.
    let theirs = [100.0, 300.0, 200.0, 400.0];
    let ours = [101.0, 302.0, 201.0, 402.0];
    let difference = difference("cost", &numbers(&ours), &numbers(&theirs));
    let estimate = difference.estimate(P95);
    let interval = estimate.interval.unwrap();
    assert_eq!((estimate.value, estimate.method), (1.5, Method::PairedT));
    assert!((interval.high - (1.5 + 0.918_694)).abs() < 1e-6);
    assert_eq!((difference.baseline, difference.pairs), (250.0, 4));
    // Var(1, 2, 1, 2) = 1/3; the variances of the values are 16,666.67 and 16,800.33.
    let ratio = difference.variance_ratio.unwrap();
    assert!((ratio * 33_467.0 - 1.0 / 3.0).abs() < 1e-6, "{ratio}");
}

#[test]
fn better_and_worse_follow_the_metrics_direction() {
    let (low, high) = ([1.0, 2.0, 3.0, 4.0], [11.0, 12.1, 13.0, 14.1]);
    let within_tolerance = None;
    let (better, worse) = (
        Verdict::Better { within_tolerance },
        Verdict::Worse { within_tolerance },
    );
    assert_eq!(verdict(&low, &high, None).verdict, better);
    assert_eq!(verdict(&high, &low, None).verdict, worse);
    let difference = difference("cost", &numbers(&high), &numbers(&low));
    let of = |better| judge(better, &difference, None, P95, 1).verdict;
    assert_eq!(of(Better::Up), better);
    assert_eq!(of(Better::Neither), Verdict::Different { within_tolerance });
}

#[test]
fn a_sure_difference_may_still_lie_within_the_tolerance() {
    let judged = verdict(&[1.1, 2.12, 3.1, 4.12], &[1.0, 2.0, 3.0, 4.0], Some(1.0));
    let within_tolerance = Some(true);
    assert_eq!(judged.verdict, Verdict::Worse { within_tolerance });
}

#[test]
fn equivalence_needs_a_tolerance_and_is_told_with_the_interval_that_showed_it() {
    let ours = [1.1, 1.9, 3.1, 3.9, 5.1, 5.9];
    let theirs = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let judged = verdict(&ours, &theirs, Some(0.2));
    assert_eq!(judged.verdict, Verdict::Equivalent);
    // Two one-sided tests of 5 % are an interval of 90 %.
    assert!((judged.confidence.level() - 0.9).abs() < 1e-12);
    // Differences ± 0.1: sd 0.109545, t(5) at 90 % = 2.015048: ± 0.090116.
    let interval = judged.estimate.interval.unwrap();
    assert!((interval.high - 0.090_116).abs() < 1e-5, "{interval:?}");
    let without = verdict(&ours, &theirs, None);
    assert!(matches!(without.verdict, Verdict::Undecided { .. }));
}

#[test]
fn undecided_says_how_many_runs_would_decide() {
    // Differences 3.5, −1.5, 3.5, −1.5 …: mean 1, sd 2.58 of 16. To find 1 with power 0.8 takes
    // (1.96 + 0.84)² · 2.58² = 52.3 pairs by the normal, about two more by t.
    let theirs: Vec<f64> = (0..16).map(f64::from).collect();
    let ours = theirs.iter().enumerate();
    let ours: Vec<f64> = ours
        .map(|(n, base)| base + if n % 2 == 0 { 3.5 } else { -1.5 })
        .collect();
    let Verdict::Undecided { runs: Some(runs) } = verdict(&ours, &theirs, None).verdict else {
        panic!("a difference of less than half its spread is not seen in 16 runs");
    };
    assert!((53..=56).contains(&runs), "{runs}");
    // That it is less than 10 is sooner shown.
    let wide = verdict(&ours, &theirs, Some(10.0)).verdict;
    assert_eq!(wide, Verdict::Equivalent);
}

#[test]
fn a_family_makes_intervals_wider() {
    let (ours, theirs) = ([1.5, 2.0, 3.6, 4.1], [1.0, 2.0, 3.0, 4.0]);
    let difference = difference("cost", &numbers(&ours), &numbers(&theirs));
    let width = |family| {
        let judged = judge(Better::Down, &difference, None, P95, family);
        let interval = judged.estimate.interval.unwrap();
        interval.high - interval.low
    };
    // t(3) at 1 − 0.05/12 is 6.231, at 0.975 3.182.
    assert!((width(6) / width(1) - 6.231 / 3.182).abs() < 0.001);
}

#[test]
fn by_the_same_in_every_run_is_told_by_signs() {
    let base = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    // Cheaper by 2 in six runs of six: P = 2 · 2⁻⁶ = 3.1 %.
    let cheaper = base.map(|cost| cost - 2.0);
    let judged = verdict(&cheaper, &base, None);
    let within_tolerance = None;
    assert_eq!(judged.verdict, Verdict::Better { within_tolerance });
    let told = (judged.estimate.value, judged.estimate.interval);
    assert_eq!(told, (-2.0, None));
    // In five of five: 6.2 %, and six would do.
    let five = verdict(&cheaper[..5], &base[..5], None);
    assert_eq!(five.verdict, Verdict::Undecided { runs: Some(6) });
}

#[test]
fn few_runs_that_are_all_the_same_are_no_identity() {
    // 0.9²⁸ = 5.23 % and 0.9²⁹ = 4.71 %: 29 runs rule out that one in ten differs.
    let alike = |runs: usize, tolerance| verdict(&vec![5.0; runs], &vec![5.0; runs], tolerance);
    for few in [1, 2, 10, 28] {
        let open = Verdict::Undecided { runs: Some(29) };
        assert_eq!(alike(few, None).verdict, open, "{few}");
        assert_eq!(alike(few, Some(1.0)).verdict, open, "{few}");
    }
    let shown = Verdict::Identical { runs: Some(29) };
    assert_eq!(alike(29, None).verdict, shown);
}

#[test]
fn twins_are_identical_after_one_run() {
    let primary = Primary {
        quantity: Quantity::of_cluster("cost"),
        tolerance: None,
    };
    let samples = Samples::made(7, vec![numbers(&[5.0]), numbers(&[5.0]), numbers(&[5.0])]);
    let compared = compare(&samples, 3, &[(0, 2)], &[primary], Chance::Random, P95);
    let verdict = |variant: usize| {
        let against = compared.rows[0].cells[variant].against.as_ref();
        against.unwrap().verdict
    };
    // Of a family of two: 0.9³⁶ = 2.25 % is the first below 2.5 %.
    assert_eq!(verdict(1), Some(Verdict::Undecided { runs: Some(36) }));
    assert_eq!(verdict(2), Some(Verdict::Identical { runs: None }));
}

#[test]
fn a_rare_difference_is_no_mean_with_an_interval() {
    // Dearer in two runs of forty: a t-interval would lie.
    let theirs = [5.0; 40];
    let mut ours = theirs;
    (ours[3], ours[17]) = (9.0, 30.0);
    let judged = verdict(&ours, &theirs, Some(1.0));
    // Six in all that are dearer would tell, one in twenty runs.
    assert_eq!(judged.verdict, Verdict::Undecided { runs: Some(120) });
    assert_eq!(judged.estimate.method, Method::MostlyConstant);
}

#[test]
fn ratios_and_percentiles_are_pooled_before_they_are_compared() {
    let ratio = |over, under| run("requests.lost", Amount::Ratio { over, under });
    // 5/60 − 3/60 over pairs, not the mean of 0/10, 1/10 and 1/40.
    let ours = [ratio(1.0, 10.0), ratio(1.0, 10.0), ratio(3.0, 40.0)];
    let theirs = [ratio(1.0, 10.0), ratio(0.0, 10.0), ratio(2.0, 40.0)];
    let told = difference("requests.lost", &ours, &theirs);
    assert!((told.value() - 2.0 / 60.0).abs() < 1e-12);
    let median = |values: &[f64]| {
        let counts: Arc<[(f64, u64)]> = values.iter().map(|&value| (value, 1)).collect();
        run("pending.p50", Amount::Percentile { p: 0.5, counts })
    };
    // Pooled medians of 1, 1, 9, 9, 9 and of 1, 1, 1, 1, 9: 9 − 1.
    let ours = [median(&[1.0]), median(&[1.0, 9.0, 9.0]), median(&[9.0])];
    let theirs = [median(&[1.0]), median(&[1.0, 1.0, 9.0]), median(&[1.0])];
    assert_eq!(difference("pending.p50", &ours, &theirs).value(), 8.0);
}

#[test]
fn without_chance_one_run_decides() {
    let one = |ours: f64, tolerance| {
        let difference = difference("cost", &numbers(&[ours]), &numbers(&[5.0]));
        judge_exact(Better::Down, &difference, tolerance, P95).verdict
    };
    let within_tolerance = None;
    assert_eq!(one(5.0, None), Verdict::Identical { runs: None });
    assert_eq!(one(4.0, None), Verdict::Better { within_tolerance });
    let within_tolerance = Some(true);
    assert_eq!(one(5.5, Some(1.0)), Verdict::Worse { within_tolerance });
    let within_tolerance = Some(false);
    assert_eq!(one(6.5, Some(1.0)), Verdict::Worse { within_tolerance });
}

fn comparison(runs: [&[f64]; 3], primary: &[&str]) -> Comparison {
    let runs = runs.map(numbers).to_vec();
    let primary: Vec<Primary> = primary
        .iter()
        .map(|metric| Primary {
            quantity: Quantity::of_cluster(metric),
            tolerance: Some(Tolerance::Relative(0.5)),
        })
        .collect();
    let samples = Samples::made(7, runs);
    compare(&samples, 3, &[], &primary, Chance::Random, P95)
}

#[test]
fn only_what_was_asked_about_has_a_verdict_and_the_family_counts_all_of_them() {
    let runs: [&[f64]; 3] = [&[1.0, 2.0, 3.0], &[2.0, 3.1, 4.0], &[1.0, 2.1, 2.9]];
    let asked = comparison(runs, &["cost"]);
    let [row] = &asked.rows[..] else {
        panic!("one metric: {:?}", asked.rows);
    };
    assert_eq!((asked.family, row.cells[0].against.is_none()), (2, true));
    let against = row.cells[1].against.as_ref().unwrap();
    assert!(against.verdict.is_some() && against.holm.is_some());
    let exploratory = comparison(runs, &[]);
    let against = exploratory.rows[0].cells[1].against.as_ref().unwrap();
    assert_eq!((against.verdict, against.holm), (None, None));
}

#[test]
fn a_metric_without_a_value_is_no_difference() {
    let quantity = Quantity::of_cluster("availability.requests");
    let runs = numbers(&[1.0, 2.0]);
    assert_eq!(Difference::of(&quantity, &runs, &runs, P95, 1), None);
}
