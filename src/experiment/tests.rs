//! Summaries of replications made by hand.

mod compare;

use std::sync::Arc;

use super::summary::{Line, Summary, summarize};
use crate::metrics::dictionary;
use crate::metrics::measured::{Amount, Entity, Measured, Value};
use crate::stats::{Estimate, Interval, Method};
use crate::time::Duration;

/// A run of 1,000 s that measured these for the cluster.
fn run(values: &[(&str, Amount)]) -> Measured {
    run_of(&Entity::Cluster, values)
}

fn run_of(entity: &Entity, values: &[(&str, Amount)]) -> Measured {
    let value = |(name, amount): &(&str, Amount)| Value {
        metric: dictionary::find(name).expect("in the dictionary"),
        entity: entity.clone(),
        amount: amount.clone(),
    };
    Measured {
        window: Duration::from_secs(1000),
        values: values.iter().map(value).collect(),
        ..Measured::default()
    }
}

fn ratio(over: f64, under: f64) -> Amount {
    Amount::Ratio { over, under }
}

fn percentile(p: f64, counts: &[(f64, u64)]) -> Amount {
    let counts = Arc::from(counts);
    Amount::Percentile { p, counts }
}

fn service() -> Entity {
    Entity::Service("cart".to_owned())
}

/// Runs that measured one amount each, or nothing.
fn runs(metric: &str, amounts: &[Option<Amount>]) -> Vec<Measured> {
    let one = |amount: &Option<Amount>| {
        let values: Vec<_> = amount
            .iter()
            .map(|amount| (metric, amount.clone()))
            .collect();
        run(&values)
    };
    amounts.iter().map(one).collect()
}

fn only(summary: &Summary) -> &Line {
    assert_eq!(summary.lines.len(), 1, "{:?}", summary.lines);
    &summary.lines[0]
}

#[track_caller]
fn check(estimate: &Estimate, value: f64, interval: Option<(f64, f64)>, method: Method) {
    let near = |a: f64, b: f64| a == b || (a - b).abs() < 1e-4 * b.abs().max(1.0);
    assert!(near(estimate.value, value), "{estimate:?}, not {value}");
    assert_eq!(estimate.method, method);
    let same = match (estimate.interval, interval) {
        (Some(Interval { low, high }), Some((from, to))) => near(low, from) && near(high, to),
        (found, expected) => found.is_none() && expected.is_none(),
    };
    assert!(same, "{estimate:?}, not {interval:?}");
}

#[test]
fn a_number_that_varies_has_a_mean_with_students_interval() {
    let amounts = [1.0, 2.0, 6.0].map(|n| Some(Amount::Number(n)));
    let summary = summarize(1, &runs("restarts", &amounts));
    // Mean 3, sd √7 = 2.6458, t(2 degrees, 97.5 %) = 4.30265: 3 ± 4.30265 · 2.6458/√3 = 6.5724;
    // there are no negative restarts.
    let line = only(&summary);
    check(&line.estimate, 3.0, Some((0.0, 9.5724)), Method::StudentT);
    assert_eq!(line.values, [Some(1.0), Some(2.0), Some(6.0)]);
    assert_eq!(summary.replications, 3);
}

#[test]
fn one_run_has_no_interval() {
    let summary = summarize(1, &runs("restarts", &[Some(Amount::Number(4.0))]));
    check(&only(&summary).estimate, 4.0, None, Method::TooFew);
    let waits = Some(percentile(0.5, &[(3.0, 2), (9.0, 1)]));
    let summary = summarize(1, &runs("pending.p50", &[waits]));
    check(&only(&summary).estimate, 3.0, None, Method::TooFew);
}

#[test]
fn what_is_constant_in_most_runs_has_no_interval() {
    let amounts = [0.0, 0.0, 0.0, 5.0].map(|n| Some(Amount::Number(n)));
    let summary = summarize(1, &runs("outages", &amounts));
    check(&only(&summary).estimate, 1.25, None, Method::MostlyConstant);
    let amounts = [1.0, 1.0, 1.0, 0.8].map(|a| Some(ratio(a * 100.0, 100.0)));
    let summary = summarize(1, &runs("availability.time", &amounts));
    check(&only(&summary).estimate, 0.95, None, Method::MostlyConstant);
    let amounts = [0.0, 0.0, 7.0].map(|s| Some(percentile(0.5, &[(s, 10)])));
    let summary = summarize(1, &runs("pending.p50", &amounts));
    check(&only(&summary).estimate, 0.0, None, Method::MostlyConstant);
}

#[test]
fn ratios_are_pooled() {
    // 10 + 90 of 100 + 300; the run without a base measured nothing.
    let amounts = [Some(ratio(10.0, 100.0)), None, Some(ratio(90.0, 300.0))];
    let summary = summarize(1, &runs("outage.time_to_recover", &amounts));
    let line = only(&summary);
    // Without the first 0.3, without the last 0.1: pseudo-values 2 · 0.25 − 0.3 = 0.2 and 0.4; sd
    // 0.1414, t(1 degree) = 12.706: 0.25 ± 12.706 · 0.1414/√2 = 1.2706, not below 0.
    check(&line.estimate, 0.25, Some((0.0, 1.5206)), Method::Jackknife);
    assert_eq!(line.values, [Some(0.1), None, Some(0.3)]);
}

#[test]
fn a_share_stays_between_nothing_and_all() {
    let amounts = [0.9, 0.95, 1.0].map(|a| Some(ratio(a, 1.0)));
    let summary = summarize(1, &runs("availability.time", &amounts));
    let interval = only(&summary).estimate.interval.unwrap();
    // 0.95 ± 4.30265 · 0.05/√3 = 0.1242.
    assert!(
        (interval.low - 0.8258).abs() < 1e-4 && interval.high == 1.0,
        "{interval:?}"
    );
    // Burned budgets and slack may go further.
    for (metric, low, high) in [
        ("slo.budget_burned", 0.8258, 1.0742),
        ("slack.cpu", 0.8258, 1.0),
    ] {
        let summary = summarize(1, &runs(metric, &amounts));
        check(
            &only(&summary).estimate,
            0.95,
            Some((low, high)),
            Method::Jackknife,
        );
    }
}

#[test]
fn percentiles_are_of_all_runs_together() {
    // 1, 2, …, 10 s and ten times 100 s: the median of 20 is the 10th.
    let first: Vec<(f64, u64)> = (1..=10).map(|s| (f64::from(s), 1)).collect();
    let amounts = [
        Some(percentile(0.5, &first)),
        Some(percentile(0.5, &[(100.0, 10)])),
    ];
    let line = |seed| only(&summarize(seed, &runs("pending.p50", &amounts))).clone();
    assert_eq!(
        (line(1).estimate.value, line(1).estimate.method),
        (10.0, Method::Bootstrap)
    );
    assert_eq!(line(1).values, [Some(5.0), Some(100.0)]);
    let interval = line(1).estimate.interval.unwrap();
    assert!(interval.low >= 5.0 && interval.high <= 100.0 && interval.contains(10.0));
    assert_eq!(line(1), line(1), "dice are keyed by the seed");
}

#[test]
fn a_percentile_may_fall_among_what_never_happened() {
    let never = |n| Some(percentile(0.99, &[(1.0, 10 - n), (f64::INFINITY, n)]));
    let summary = summarize(1, &runs("pending.p99", &[never(1), never(2)]));
    let line = only(&summary);
    assert_eq!(line.estimate.value, f64::INFINITY);
    assert_eq!(line.values, [Some(f64::INFINITY), Some(f64::INFINITY)]);
}

#[test]
fn objectives_are_met_in_a_share_of_runs() {
    let amounts: Vec<_> = (0..10)
        .map(|n| Some(ratio(f64::from(u8::from(n > 0)), 1.0)))
        .collect();
    let summary = summarize(1, &runs("slo.met", &amounts));
    // Clopper and Pearson, 9 of 10: 0.5550 to 0.9975.
    let expected = Some((0.5550, 0.9975));
    check(
        &only(&summary).estimate,
        0.9,
        expected,
        Method::ClopperPearson,
    );
    let summary = summarize(1, &runs("slo.met", &amounts[..1]));
    check(&only(&summary).estimate, 0.0, None, Method::TooFew);
}

#[test]
fn nines_are_those_of_the_pooled_availability() {
    let amounts = [Some(ratio(900.0, 1000.0)), Some(ratio(9999.0, 10_000.0))];
    let summary = summarize(1, &runs("availability.requests", &amounts));
    let [requests, nines] = summary.lines.as_slice() else {
        panic!("{:?}", summary.lines);
    };
    // 101 of 11,000 lost: A = 0.990818. Without the first 0.9999, without the second 0.9: pseudo-values
    // 2A − 0.9999 and 2A − 0.9, sd 0.0999/√2; A − 12.706 · 0.0999/2 = 0.35614, and 1 at most.
    let availability = 1.0 - 101.0 / 11_000.0;
    check(
        &requests.estimate,
        availability,
        Some((0.35614, 1.0)),
        Method::Jackknife,
    );
    // −log10 of 0.009182, of 0.64386 and of 0.
    let interval = Some((0.19121, f64::INFINITY));
    check(&nines.estimate, 2.03708, interval, Method::Jackknife);
    assert_eq!(
        (nines.metric.name, nines.values.as_slice()),
        ("availability.nines", &[None, None][..])
    );
}

#[test]
fn nothing_served_is_zero_nines_without_a_sign() {
    let summary = summarize(
        1,
        &runs("availability.requests", &[Some(ratio(0.0, 900.0))]),
    );
    let nines = summary.lines[1].estimate.value;
    assert!(nines == 0.0 && nines.is_sign_positive(), "{nines}");
}

#[test]
fn where_nothing_was_lost_there_are_no_nines() {
    let amounts = [Some(ratio(900.0, 900.0)), Some(ratio(9999.0, 9999.0))];
    let summary = summarize(1, &runs("availability.requests", &amounts));
    assert_eq!(only(&summary).metric.name, "availability.requests");
}

/// Runs of 1,000 s of a service, each with so many outages that lost this of 100 requests.
fn service_runs(outages: &[(f64, f64)]) -> Vec<Measured> {
    let one = |&(count, lost): &(f64, f64)| {
        let values = [
            ("outages", Amount::Number(count)),
            ("requests.lost", ratio(lost, 100.0)),
        ];
        run_of(&service(), &values)
    };
    outages.iter().map(one).collect()
}

#[test]
fn a_rare_outage_has_a_probability_and_a_loss() {
    let mut outages = [(0.0, 1.0); 20];
    outages[3] = (2.0, 30.0);
    outages[9] = (1.0, 10.0);
    let summary = summarize(1, &service_runs(&outages));
    let [rare] = summary.outages.as_slice() else {
        panic!("{:?}", summary.outages);
    };
    assert_eq!(
        (&rare.entity, rare.with_outage, rare.rate_below),
        (&service(), 2, None)
    );
    // Clopper and Pearson, 2 of 20: 0.0123 to 0.3170.
    check(
        &rare.probability,
        0.1,
        Some((0.0123, 0.3170)),
        Method::ClopperPearson,
    );
    // 40 of 200 requests in the two runs; what the others lost was no outage.
    assert_eq!(rare.loss_given_outage, Some(0.2));
}

#[test]
fn an_outage_that_was_never_seen_has_a_bound_on_its_rate() {
    let summary = summarize(1, &service_runs(&[(0.0, 0.0); 20]));
    let rare = &summary.outages[0];
    // −ln 0.05 = 2.9957 in 20 · 1,000 s.
    assert!((rare.rate_below.unwrap() - 2.9957 / 20_000.0).abs() < 1e-8);
    assert_eq!((rare.with_outage, rare.loss_given_outage), (0, None));
}

#[test]
fn an_outage_of_which_a_part_was_seen_leaves_no_bound() {
    let mut runs = service_runs(&[(0.0, 0.0); 20]);
    runs[7] = run_of(
        &service(),
        &[
            ("outages", Amount::Number(0.0)),
            ("outages.censored", Amount::Number(1.0)),
        ],
    );
    let rare = &summarize(1, &runs).outages[0];
    assert_eq!(
        (rare.with_outage, rare.censored, rare.rate_below),
        (0, 1, None)
    );
}

#[test]
fn an_outage_in_most_runs_is_not_rare() {
    let summary = summarize(1, &service_runs(&[(1.0, 5.0), (2.0, 5.0), (0.0, 0.0)]));
    assert!(summary.outages.is_empty());
}

#[test]
fn lines_come_in_the_order_of_the_dictionary() {
    let mut measured = run(&[
        ("restarts", Amount::Number(1.0)),
        ("cost", Amount::Number(2.0)),
    ]);
    measured
        .values
        .extend(service_runs(&[(1.0, 5.0)]).remove(0).values);
    let summary = summarize(1, &[measured]);
    let names: Vec<_> = summary.lines.iter().map(|line| line.metric.name).collect();
    assert_eq!(names, ["outages", "requests.lost", "cost", "restarts"]);
}

#[test]
fn no_runs_say_nothing() {
    assert_eq!(summarize(1, &[]), Summary::default());
}

mod drills {
    use super::{check, ratio, run_of, service};
    use crate::experiment::drill::{Loss, Lost, YearlyLoss, yearly_loss};
    use crate::metrics::measured::{Entity, Measured};
    use crate::scenario::drill::{Drill, Drilled, Frequency, StatedBy};
    use crate::stats::Method;

    /// A run of 1,000 s in which the service lost so many of 100 requests.
    fn run(lost: f64) -> Measured {
        run_of(&service(), &[("requests.lost", ratio(lost, 100.0))])
    }

    fn costs(per_year: Option<f64>, drills: &[f64], calm: &[f64]) -> YearlyLoss {
        let runs = |lost: &[f64]| lost.iter().map(|&lost| run(lost)).collect::<Vec<_>>();
        let drilled = Drilled {
            drill: Drill::Node,
            frequency: per_year.map(|per_year| Frequency {
                drill: Drill::Node,
                per_year,
                stated_by: StatedBy::Scenario,
            }),
        };
        yearly_loss(drilled, &runs(drills), &runs(calm))
    }

    fn of(costs: &YearlyLoss, what: Lost) -> &Loss {
        let of_service = |loss: &&Loss| loss.what == what && loss.entity == service();
        costs.losses.iter().find(of_service).unwrap()
    }

    #[test]
    fn a_loss_is_what_the_same_run_without_it_does_not_lose() {
        let costs = costs(Some(40.0), &[11.0, 12.0, 16.0], &[10.0, 10.0, 10.0]);
        let requests = of(&costs, Lost::Requests);
        // 1, 2 and 6: mean 3 ± 6.5724, as above; and 40 times that in a year.
        let (low, high) = (3.0 - 6.5724, 3.0 + 6.5724);
        check(
            &requests.per_failure,
            3.0,
            Some((low, high)),
            Method::StudentT,
        );
        let yearly = requests.per_year.unwrap();
        check(
            &yearly,
            120.0,
            Some((40.0 * low, 40.0 * high)),
            Method::StudentT,
        );
        assert_eq!((costs.drills, requests.share.value), (3, 1.0));
        // 3 of 100 requests in 1,000 s: as a full outage of 30 s.
        assert!((of(&costs, Lost::Outage).per_failure.value - 30.0).abs() < 1e-9);
    }

    #[test]
    fn one_run_without_stands_for_all_where_all_are_alike() {
        let one = costs(None, &[11.0, 12.0, 16.0], &[10.0]);
        assert_eq!(one, costs(None, &[11.0, 12.0, 16.0], &[10.0; 3]));
    }

    #[test]
    fn what_most_drills_do_not_lose_has_a_share_and_no_interval() {
        let costs = costs(Some(2.0), &[0.0, 0.0, 0.0, 8.0], &[0.0]);
        let requests = of(&costs, Lost::Requests);
        check(&requests.per_failure, 2.0, None, Method::MostlyConstant);
        // Clopper and Pearson, 1 of 4: 0.0063 to 0.8059.
        let share = Some((0.0063, 0.8059));
        check(&requests.share, 0.25, share, Method::ClopperPearson);
        check(
            &requests.per_year.unwrap(),
            4.0,
            None,
            Method::MostlyConstant,
        );
    }

    #[test]
    fn drills_without_an_outage_say_nothing_of_their_rate() {
        let run = run_of(
            &service(),
            &[("outages", crate::metrics::measured::Amount::Number(0.0))],
        );
        let summary = crate::experiment::summary::summarize(1, &[run.clone(), run.clone()]);
        assert!(summary.outages[0].rate_below.is_some());
        let cost = costs(None, &[1.0], &[0.0]);
        assert_eq!(summary.of_drill(cost).outages[0].rate_below, None);
    }

    #[test]
    fn without_a_frequency_there_is_no_year() {
        let costs = costs(None, &[1.0, 2.0], &[0.0]);
        assert!(costs.losses.iter().all(|loss| loss.per_year.is_none()));
    }

    #[test]
    fn where_nothing_is_asked_and_no_job_runs_nothing_is_lost() {
        let empty = [run_of(&Entity::Cluster, &[])];
        let drilled = Drilled {
            drill: Drill::Zone,
            frequency: None,
        };
        assert_eq!(yearly_loss(drilled, &empty, &empty).losses, []);
    }
}
