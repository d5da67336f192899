//! How the gate decides on what is known.

use std::path::Path;

use plimsoll::experiment::gate::input::{Asked, Gated};
use plimsoll::experiment::gate::record::Record;
use plimsoll::experiment::gate::{Overall, Side, Standards, check};
use plimsoll::experiment::sample::{How, Samples, Variant};
use plimsoll::metrics::quantity::Quantity;
use plimsoll::scenario::objective::Tolerance;
use plimsoll::scenario::{Edits, Scenario, Source};

/// The first hour of the sale in black-friday, in which what is lost is lost.
fn sale(harm: &[&str]) -> Scenario {
    let settings = [
        "duration=1h",
        "warm_up=10m",
        "services.shop.load.0.diurnal.peak_at=2h30m",
        "services.shop.load.1.spike.at=30m",
        "services.shop.load.1.spike.hold=20m",
        "services.checkout.load.0.diurnal.peak_at=2h30m",
        "services.checkout.load.1.spike.at=30m",
        "services.checkout.load.1.spike.hold=20m",
    ];
    let settings: Vec<String> = settings
        .iter()
        .chain(harm)
        .map(|&set| set.to_owned())
        .collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/black-friday.toml");
    let edits = Edits::new(Vec::new(), &settings).expect("settings are well-formed");
    let loaded = Source::read(&path).and_then(|source| source.load(&edits));
    loaded.expect("the sale is a scenario").scenario
}

fn sampled(scenario: &Scenario, seed: u64, runs: u32) -> Samples {
    let variants = [Variant {
        name: "sale".to_owned(),
        scenario: scenario.clone(),
    }];
    let mut samples = Samples::new(1, seed, 1);
    samples
        .extend(&variants, runs, How::PLAIN)
        .expect("nobody interrupts");
    samples
}

/// How the gate decides on what is known: start-ups that take 20 % longer, whose harm is twice the
/// tolerance, and nothing changed at all, but run under other seeds.
///
///     cargo test --release --test cli gate::study -- --ignored --nocapture
#[test]
#[ignore = "a study of some minutes"]
fn harm_of_twice_the_tolerance_is_caught_and_nothing_else() {
    let scenario = sale(&[]);
    let slower = sale(&[
        "services.shop.startup.lognormal.median=48s",
        "services.checkout.startup.lognormal.median=72s",
    ]);
    let quantities: Vec<Quantity> = ["shop", "checkout"]
        .map(|service| {
            format!("availability.requests@service:{service}")
                .parse()
                .unwrap()
        })
        .to_vec();
    // What the harm is, from 600 runs that are no part of the study.
    let (was, is) = (
        sampled(&scenario, 1 << 40, 600),
        sampled(&slower, 1 << 40, 600),
    );
    let gated: Vec<Gated> = quantities
        .into_iter()
        .map(|quantity| {
            let pooled = |samples: &Samples| {
                let amounts = samples
                    .runs(0)
                    .iter()
                    .map(|run| quantity.in_run(run).unwrap().value());
                amounts.sum::<f64>() / 600.0
            };
            let harm = pooled(&was) - pooled(&is);
            println!(
                "{quantity}: {:.5}, and {harm:.5} less when slower",
                pooled(&was)
            );
            Gated {
                quantity,
                better: Side::Up,
                tolerance: Tolerance::Absolute(harm / 2.0),
                asked: Asked::Options,
            }
        })
        .collect();
    let (mut caught, mut runs) = (0, 0);
    let mut others = [0; 4];
    for seed in 1..=50 {
        let before = sampled(&scenario, seed, 80);
        let record = Record::of(&scenario, seed, gated.clone(), before.runs(0)).unwrap();
        let standards = Standards {
            baseline: &record,
            anchor: None,
        };
        let family = standards.comparisons();
        let judge = |scenario: &Scenario, seed: u64| {
            let mut samples = Samples::new(1, seed, 1);
            check(scenario, standards, family, &mut samples, How::PLAIN).unwrap()
        };
        let harmed = judge(&slower, seed);
        runs += harmed.replications;
        caught += u32::from(harmed.overall() == Overall::Regressed);
        others[judge(&scenario, 1000 + seed).overall() as usize] += 1;
    }
    let [ok, better, undecided, regressed] = others;
    println!("harm of twice the tolerance: {caught} of 50 REGRESSED, after {runs} runs in all");
    println!(
        "unchanged under other seeds: {ok} ok, {better} better, {undecided} undecided, {regressed} REGRESSED"
    );
    assert!(caught >= 48 && regressed == 0 && undecided <= 2);
}
