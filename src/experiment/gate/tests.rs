//! Decisions on made-up runs, and what a file keeps of them.

use std::sync::Arc;

use super::decide::{Found, Pairs, RARE, Verdict, Why, exact, random};
use super::file::{Baselines, Entry, FORMAT, NotRead};
use super::input::{Asked, Gated};
use super::record::{Kept, Record, Told};
use super::{Side, at_look, look_after, runs_without_harm};
use crate::metrics::measured::{Amount, Measured, Value};
use crate::metrics::quantity::Quantity;
use crate::rng::{self, Purpose, Seed};
use crate::scenario::objective::Tolerance;
use crate::stats::Confidence;

fn gated(metric: &str, better: Side, tolerance: Tolerance) -> Gated {
    Gated {
        quantity: Quantity::of_cluster(metric),
        better,
        tolerance,
        asked: Asked::Scenario,
    }
}

/// Less is better, and 10 more are not worse.
fn cost() -> Gated {
    gated("cost", Side::Down, Tolerance::Absolute(10.0))
}

fn runs(gated: &Gated, amounts: Vec<Option<Amount>>) -> Vec<Measured> {
    let value = |amount: Amount| Value {
        metric: gated.quantity.metric,
        entity: gated.quantity.entity.clone(),
        amount,
    };
    let one = |amount: Option<Amount>| Measured {
        values: amount.map(value).into_iter().collect(),
        ..Measured::default()
    };
    amounts.into_iter().map(one).collect()
}

fn numbers(values: &[f64]) -> Vec<Option<Amount>> {
    values
        .iter()
        .map(|&value| Some(Amount::Number(value)))
        .collect()
}

fn judged(gated: &Gated, was: Vec<Option<Amount>>, is: Vec<Option<Amount>>) -> Found {
    let kept = Kept::of(gated.clone(), &runs(gated, was));
    let present = runs(gated, is);
    let pairs = Pairs {
        kept: &kept,
        present: &present,
        seed: 1,
        runs_without_harm: 51,
    };
    random(&pairs, Confidence::new(0.99).unwrap())
}

/// Costs about 100, and how much more each run costs now.
fn verdict_of(more: impl Fn(usize) -> f64, count: usize) -> Verdict {
    let was: Vec<f64> = (0..count).map(|run| 100.0 + (run % 7) as f64).collect();
    let is: Vec<f64> = was
        .iter()
        .enumerate()
        .map(|(run, was)| was + more(run))
        .collect();
    judged(&cost(), numbers(&was), numbers(&is)).verdict
}

/// Between −1 and 1, another one for each run.
fn noise(run: usize) -> f64 {
    ((run * 37 % 20) as f64 - 9.5) / 9.5
}

#[test]
fn harm_is_held_against_the_tolerance_on_its_worse_side_alone() {
    assert_eq!(verdict_of(|run| 20.0 + noise(run), 20), Verdict::Regressed);
    assert_eq!(verdict_of(|run| 5.0 + noise(run), 20), Verdict::Ok);
    assert_eq!(verdict_of(|run| -20.0 + noise(run), 20), Verdict::Better);
    assert!(matches!(
        verdict_of(|run| 10.0 + noise(run), 20),
        Verdict::Undecided(Why::Wide { .. })
    ));
}

#[test]
fn more_is_worse_or_better_by_the_side_of_the_metric() {
    let gated = gated("packing", Side::Up, Tolerance::Absolute(0.1));
    let ratio = |over: f64| Some(Amount::Ratio { over, under: 1.0 });
    let was = || (0..20).map(|_| ratio(0.5)).collect::<Vec<_>>();
    let is = |shift: f64| {
        (0..20)
            .map(|run| ratio(0.5 + shift + 0.01 * noise(run)))
            .collect()
    };
    assert_eq!(judged(&gated, was(), is(-0.2)).verdict, Verdict::Regressed);
    assert_eq!(judged(&gated, was(), is(0.2)).verdict, Verdict::Better);
}

#[test]
fn identical_runs_need_no_statistics() {
    assert_eq!(verdict_of(|_| 0.0, 20), Verdict::Identical);
    // The least that two numbers can differ by, in one run: no longer the same, but surely within.
    let tiny = |run| if run == 3 { 2e-14 } else { 0.0 };
    assert_eq!(verdict_of(tiny, 80), Verdict::Ok);
}

#[test]
fn rare_harm_is_judged_by_the_share_of_runs_that_have_it() {
    // Every run the same amount worse: no spread, and yet no doubt.
    assert_eq!(verdict_of(|_| 11.0, 20), Verdict::Regressed);
    assert_eq!(verdict_of(|_| 9.0, 80), Verdict::Ok);
    assert_eq!(verdict_of(|_| -11.0, 80), Verdict::Better);
    // 0.9^n is at most 1 % from 44 runs on: ln 0.01/ln 0.9 = 43.7.
    let within = |run| if run == 0 { 1.0 } else { 0.0 };
    assert_eq!(verdict_of(within, 44), Verdict::Ok);
    let undecided = Verdict::Undecided(Why::Wide { runs: Some(51) });
    assert_eq!(verdict_of(within, 43), undecided);
    // One run far beyond the tolerance: that it is rarer than one in ten is not sure.
    let far = |run| if run == 0 { 1000.0 } else { 0.0 };
    assert!(matches!(verdict_of(far, 44), Verdict::Undecided(_)));
    // One in three, by so much that the mean is beyond too.
    let often = |run| if run % 3 == 0 { 100.0 } else { 0.0 };
    assert_eq!(verdict_of(often, 80), Verdict::Regressed);
    // One in three, by so little that the mean is within: neither word would be true.
    let little = |run| if run % 3 == 0 { 11.0 } else { 0.0 };
    assert!(matches!(verdict_of(little, 80), Verdict::Undecided(_)));
}

#[test]
fn what_only_one_side_has_is_never_called_the_same() {
    let mut is = numbers(&(0..20).map(|run| 100.0 + noise(run)).collect::<Vec<_>>());
    let was = numbers(&(0..20).map(|run| 100.0 - noise(run)).collect::<Vec<_>>());
    assert_eq!(
        judged(&cost(), was.clone(), is.clone()).verdict,
        Verdict::Ok
    );
    is[4] = None;
    let torn = Verdict::Undecided(Why::Torn {
        before: 1,
        after: 0,
    });
    assert_eq!(judged(&cost(), was.clone(), is).verdict, torn);
    let gone = judged(&cost(), was, vec![None; 20]);
    assert_eq!(
        gone.verdict,
        Verdict::Undecided(Why::Torn {
            before: 20,
            after: 0
        })
    );
    assert_eq!(gone.after, None);
}

#[test]
fn a_metric_of_another_form_is_undecided_and_no_crash() {
    let ratio = Amount::Ratio {
        over: 1.0,
        under: 2.0,
    };
    let found = judged(
        &cost(),
        numbers(&[1.0, 2.0]),
        vec![Some(ratio.clone()), Some(ratio)],
    );
    assert_eq!(found.verdict, Verdict::Undecided(Why::Form));
}

#[test]
fn one_run_says_all_where_nothing_is_random() {
    let check = |is: f64| {
        let gated = cost();
        let kept = Kept::of(gated.clone(), &runs(&gated, numbers(&[100.0])));
        let present = runs(&gated, numbers(&[is]));
        let pairs = Pairs {
            kept: &kept,
            present: &present,
            seed: 1,
            runs_without_harm: 51,
        };
        exact(&pairs).verdict
    };
    assert_eq!(check(100.0), Verdict::Identical);
    assert_eq!(check(110.0), Verdict::Ok);
    assert_eq!(check(110.5), Verdict::Regressed);
    assert_eq!(check(99.0), Verdict::Better);
}

#[test]
fn the_error_of_all_looks_adds_up_to_that_of_one_comparison() {
    let errors = |all: u32, family: usize| {
        let mut looks = Vec::new();
        let mut done = 0;
        while let Some(runs) = look_after(done, all) {
            looks.push((runs, 1.0 - at_look(runs, all, family).level()));
            done = runs;
        }
        looks
    };
    let runs = |all| {
        errors(all, 1)
            .iter()
            .map(|&(runs, _)| runs)
            .collect::<Vec<_>>()
    };
    assert_eq!(runs(80), [20, 40, 80]);
    assert_eq!(runs(100), [20, 40, 80, 100]);
    assert_eq!((runs(20), runs(8), runs(1)), (vec![20], vec![8], vec![1]));
    for (all, family) in [(80, 1), (100, 7), (8, 3)] {
        let sum: f64 = errors(all, family).iter().map(|&(_, error)| error).sum();
        assert!(
            (sum - 0.05 / family as f64).abs() < 1e-12,
            "{all} {family} {sum}"
        );
    }
}

#[test]
fn runs_without_harm_are_those_of_a_baseline_that_decides_at_its_last_look() {
    // Alone: half of 5 % for the last look, 0.9^36 = 0.0225; 0.9^35 = 0.0250 is a hair more than 2.5 %.
    assert_eq!(runs_without_harm(1), 36);
    // Of eight, 0.05/16 = 0.003125: 0.9^55 = 0.00304.
    assert_eq!(runs_without_harm(8), 55);
    for family in [1, 4, 8, 30] {
        let runs = runs_without_harm(family);
        let rules_out = |runs: u32| {
            let confidence = at_look(runs, runs, family).one_sided().unwrap();
            let none = crate::stats::clopper_pearson(0, runs.into(), confidence).unwrap();
            none.interval.unwrap().high <= RARE
        };
        assert!(rules_out(runs) && !rules_out(runs - 1), "{family}: {runs}");
    }
}

/// Waits of some runs, which differ much.
fn waits(seed: u64, count: u32) -> Vec<Option<Amount>> {
    let one = |replication| {
        let seed = Seed { seed, replication };
        let mut dice = rng::stream(seed, Purpose::Bootstrap, "waits", 0);
        let scale = 1.0 + 5.0 * rng::unit(&mut dice);
        let mut waits: Vec<f64> = (0..200)
            .map(|_| (scale * 20.0 * rng::unit(&mut dice)).floor())
            .collect();
        waits.sort_by(f64::total_cmp);
        let counts = waits.chunk_by(|a, b| a == b);
        let counts: Arc<[(f64, u64)]> = counts.map(|same| (same[0], same.len() as u64)).collect();
        Some(Amount::Percentile { p: 0.95, counts })
    };
    (1..=count).map(one).collect()
}

#[test]
fn what_is_kept_of_a_percentile_says_the_same_as_all_of_it() {
    let gated = gated("pending.p95", Side::Down, Tolerance::Absolute(5.0));
    let (was, is) = (waits(1, 40), waits(2, 40));
    let kept = Kept::of(gated.clone(), &runs(&gated, was.clone()));
    let whole = Kept {
        values: was
            .iter()
            .map(|amount| {
                amount.clone().map(|amount| Told {
                    amount,
                    digest: None,
                })
            })
            .collect(),
        gated: gated.clone(),
    };
    let length = |kept: &Kept| -> usize {
        let told = kept.values.iter().flatten();
        told.map(|told| match &told.amount {
            Amount::Percentile { counts, .. } => counts.len(),
            Amount::Number(_) | Amount::Ratio { .. } => 1,
        })
        .sum()
    };
    assert!(length(&kept) < length(&whole));
    let present = runs(&gated, is);
    for count in [20, 40] {
        let judge = |kept| {
            let pairs = Pairs {
                kept,
                present: &present[..count],
                seed: 1,
                runs_without_harm: 51,
            };
            random(&pairs, Confidence::new(0.99).unwrap())
        };
        assert_eq!(judge(&kept), judge(&whole));
    }
    // It is the fingerprint that tells whether all of it is the same.
    let same = runs(&gated, was);
    let pairs = Pairs {
        kept: &kept,
        present: &same,
        seed: 1,
        runs_without_harm: 51,
    };
    let confidence = Confidence::new(0.99).unwrap();
    assert_eq!(random(&pairs, confidence).verdict, Verdict::Identical);
}

fn baselines() -> Baselines {
    let record = |gated: Gated, amounts: Vec<Option<Amount>>| Record {
        hash: "00ff".to_owned(),
        changes: vec!["--set duration=2h".to_owned()],
        plimsoll: "0.1.0".to_owned(),
        seed: 7,
        exact: false,
        policies: ["kube", "hpa", "kubernetes"].map(str::to_owned),
        metrics: vec![Kept::of(gated.clone(), &runs(&gated, amounts))],
    };
    let ratio = |over: f64| Some(Amount::Ratio { over, under: 3.0 });
    let up = gated(
        "availability.requests",
        Side::Up,
        Tolerance::Absolute(0.1 + 0.2),
    );
    let down = gated("pending.p95", Side::Down, Tolerance::Relative(0.1));
    let entry = |name: &str, baseline, anchor| Entry {
        name: name.to_owned(),
        file: format!("{name}.toml"),
        baseline,
        anchor,
    };
    let numbers = numbers(&[0.1 + 0.2, 1.0 / 3.0, 5e-324, 1e300]);
    Baselines {
        scenarios: vec![
            entry(
                "b",
                record(up, vec![ratio(0.1), None, ratio(2.0 / 3.0)]),
                Some(record(cost(), numbers)),
            ),
            entry("a", record(down, waits(3, 5)), None),
        ],
    }
}

#[test]
fn a_file_gives_back_what_was_written_to_the_last_bit() {
    let baselines = baselines();
    let text = baselines.text();
    assert_eq!(Baselines::parse(&text).unwrap(), baselines);
    assert_eq!(Baselines::parse(&text).unwrap().text(), text);
}

#[test]
fn a_metric_is_two_lines_of_a_file_that_change() {
    let text = String::from_utf8(baselines().text()).unwrap();
    let values = "\"values\": [[0.1, 3.0], null, [0.6666666666666666, 3.0]]";
    assert!(text.lines().any(|line| line.trim() == values), "{text}");
}

#[test]
fn a_damaged_file_is_refused_with_what_is_wrong() {
    let text = String::from_utf8(baselines().text()).unwrap();
    let wrong = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        match Baselines::parse(text.replacen(from, to, 1).as_bytes()).unwrap_err() {
            NotRead::Damaged { what } => what,
            other => panic!("{other:?}"),
        }
    };
    let cases = [
        (
            "[0.1, 3.0]",
            "[0.2, 3.0]",
            "the values do not give the value",
        ),
        ("[0.1, 3.0]", "[0.1, 0.0]", "a value that is none"),
        ("[0.1, 3.0]", "0.1", "values of several forms"),
        ("[0.1, 3.0], ", "", "2 values of 3 replications"),
        (
            "availability.requests",
            "availability.request",
            "there is no metric",
        ),
        (
            "\"absolute\": 0.",
            "\"absolute\": -0.",
            "a tolerance that is not above zero",
        ),
        (
            "\"name\": \"b\"",
            "\"name\": \"a\"",
            "there are two scenarios `a`",
        ),
        ("\"seed\"", "\"sead\"", "unknown field `sead`"),
        ("\"scenarios\": [", "\"scenarios\": ", "line"),
    ];
    for (from, to, what) in cases {
        let said = wrong(from, to);
        assert!(said.contains(what), "{from} → {to}: {said}");
    }
    for cut in [0, 1, text.len() / 2, text.len() - 3] {
        let read = Baselines::parse(&text.as_bytes()[..cut]);
        assert!(matches!(read, Err(NotRead::Damaged { .. })), "{cut}");
    }
}

#[test]
fn another_format_is_told_from_damage() {
    let next = format!("{{\"format\": {}, \"all\": []}}", FORMAT + 1);
    let read = Baselines::parse(next.as_bytes());
    assert!(matches!(read, Err(NotRead::Format { found }) if found == u64::from(FORMAT) + 1));
}
