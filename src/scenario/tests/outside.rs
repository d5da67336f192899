//! Drills, resampled traces, and what is exact.

use std::io;
use std::path::Path;

use crate::rng::Seed;
use crate::scenario::drill::{Drill, Frequency, StatedBy, WrongDrill};
use crate::scenario::resample::WrongResample;
use crate::scenario::{self, Scenario};
use crate::script::failure::{Target, When};
use crate::time::{Duration, Time};

const SEED: Seed = Seed {
    seed: 1,
    replication: 1,
};

/// The scenario's warm-up, in seconds.
const WARM_UP: u64 = 4 * 3600;

/// A day on four nodes in two zones, with a trace of pods that arrive at these seconds.
fn scenario(more: &str, arrivals: &[u64]) -> Scenario {
    let mut pods = "name,arrival_s,duration_s,cpu_milli,memory_mib\n".to_owned();
    for at in arrivals {
        pods.push_str(&format!("pod-{at},{at},60,100,100\n"));
    }
    let read = |path: &Path| match path.to_str() {
        Some("pods.csv") => Ok(pods.clone().into_bytes()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    let trace = if arrivals.is_empty() {
        ""
    } else {
        "[trace]\npods = \"pods.csv\""
    };
    let text = format!(
        r#"
        duration = "24h"
        warm_up = "4h"
        [policy]
        scheduler = "binpack"
        autoscaler = "fixed"
        healer = "kubernetes"
        [[nodes]]
        name = "worker"
        count = 3
        cpu = "4"
        memory = "8Gi"
        zones = ["a", "b"]
        [[nodes]]
        name = "spot"
        cpu = "4"
        memory = "8Gi"
        zones = ["b"]
        [[services]]
        name = "web"
        requests = {{ cpu = "500m", memory = "512Mi" }}
        {trace}
        {more}
        "#
    );
    let loaded = scenario::parse(Path::new("world.toml"), &text, &read);
    loaded.expect("it is right").scenario
}

const RECURRING: &str = r#"
[[failures]]
nodes = "worker"
after = { exponential = { mean = "999h" } }
down = "1h"
[[failures]]
nodes = "spot"
after = { exponential = { mean = "90h" } }
down = "10h"
[[failures]]
zones = "a"
at = "12h"
down = "1h"
[[failures]]
containers = "*"
at = "13h"
"#;

#[test]
fn a_frequency_is_that_of_all_targets_together() {
    let scenario = scenario(RECURRING, &[]);
    let per_year = scenario.frequency(Drill::Node).unwrap().per_year;
    // Three in 1,000 h each and one in 100 h: 13 in 1,000 h, and 8,766 h are a year.
    assert!((per_year - 0.013 * 8766.0).abs() < 1e-9, "{per_year}");
    assert_eq!(
        scenario.frequency(Drill::Zone),
        None,
        "what is scheduled has no frequency"
    );
}

#[test]
fn a_drill_is_the_only_loss_of_a_run() {
    let drilled = scenario(RECURRING, &[]).drilled(Drill::Node).unwrap();
    let mut spots = 0;
    for replication in 1..=400 {
        let seed = Seed {
            replication,
            ..SEED
        };
        let script = drilled.outline.script(seed, drilled.end);
        let [containers, loss] = script.failures.as_slice() else {
            panic!("{:?}", script.failures);
        };
        assert!(matches!(containers.target, Target::Containers(_)));
        let (Target::Nodes(nodes), When::At { at, count: None }) = (&loss.target, &loss.when)
        else {
            panic!("{loss:?}");
        };
        // The window is [4 h, 24 h), and an hour of it is left to see what follows.
        assert!(Time::from_secs(4 * 3600) <= *at && *at < Time::from_secs(23 * 3600));
        let spot = drilled.catalog.nodes[nodes[0]].name.starts_with("spot");
        let down = loss.down.as_ref().unwrap().mean().unwrap();
        assert_eq!(
            down,
            if spot { 36_000.0 } else { 3600.0 },
            "as that node's failures state"
        );
        spots += u32::from(spot);
    }
    // 10 of 13 failures are those of the spot node: 308 of 400 expected, standard deviation 8.4.
    assert!(spots.abs_diff(308) < 5 * 9, "{spots}");
}

#[test]
fn without_failures_of_its_own_a_scenario_loses_any_node_for_good() {
    let drilled = scenario("", &[]).drilled(Drill::Node).unwrap();
    let strike = drilled.outline.strike.as_ref().unwrap();
    assert_eq!(strike.places.len(), 4);
    let alike = strike
        .places
        .iter()
        .all(|place| place.weight == 1.0 && place.down.is_none());
    assert!(alike);
    assert_eq!(drilled.drill.unwrap().frequency, None);
}

#[test]
fn a_zone_is_down_for_as_long_as_the_scenario_says_of_any_zone() {
    let drilled = scenario(RECURRING, &[]).drilled(Drill::Zone).unwrap();
    let strike = drilled.outline.strike.as_ref().unwrap();
    let nodes: Vec<usize> = strike
        .places
        .iter()
        .map(|place| place.nodes.len())
        .collect();
    // worker-0 and worker-2; worker-1 and spot-0.
    assert_eq!(nodes, [2, 2]);
    let down = |place: &crate::script::strike::Place| place.down.as_ref()?.mean();
    assert!(
        strike
            .places
            .iter()
            .all(|place| down(place) == Some(3600.0))
    );
}

#[test]
fn all_policies_meet_the_same_drill() {
    let drilled = |scheduler: &str| {
        let scenario = scenario(RECURRING, &[]);
        let kind = scenario::policies::PolicyKind::Scheduler;
        let drilled = scenario
            .with_policy(kind, scheduler)
            .unwrap()
            .drilled(Drill::Node);
        let script = drilled
            .unwrap()
            .outline
            .script(SEED, Time::from_secs(86_400));
        format!("{:?}", script.failures)
    };
    assert_eq!(drilled("spread"), drilled("nomad"));
}

#[test]
fn what_a_drill_is_compared_with_loses_nothing() {
    let calm = scenario(RECURRING, &[])
        .drilled(Drill::Node)
        .unwrap()
        .calm();
    let script = calm.outline.script(SEED, calm.end);
    assert_eq!(script.failures.len(), 1, "containers still crash");
    assert!(calm.is_exact(), "at a given time, all of them");
}

#[test]
fn another_outside_world_is_another_input() {
    let plain = scenario("", &[0, WARM_UP + 864_000]);
    let others = [
        plain.clone().drilled(Drill::Node).unwrap(),
        plain.clone().drilled(Drill::Zone).unwrap(),
        plain.clone().calm(),
        plain.clone().resampled(None).unwrap(),
        plain
            .clone()
            .resampled(Some(Duration::from_secs(3600)))
            .unwrap(),
        plain,
    ];
    let mut hashes: Vec<String> = others.iter().map(|other| other.hash.clone()).collect();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), 6);
}

#[test]
fn frequencies_are_given_by_year_month_week_day_or_hour() {
    let parsed = |text: &str| text.parse::<Frequency>();
    let per_year = |text: &str| parsed(text).map(|frequency| frequency.per_year).ok();
    assert_eq!(per_year("node=40/year"), Some(40.0));
    assert_eq!(per_year("zone = 0.5 / month"), Some(6.0));
    assert_eq!(per_year("node=2/day"), Some(730.5));
    assert_eq!(parsed("zone=1/year").unwrap().drill, Drill::Zone);
    for text in [
        "",
        "node",
        "node=40",
        "rack=1/year",
        "node=x/year",
        "node=1/s",
        "node=0/year",
    ] {
        assert!(
            parsed(text).unwrap_err().contains("`node=40/year`"),
            "{text}"
        );
    }
}

#[test]
fn a_frequency_belongs_to_its_drill() {
    let frequency = Frequency {
        drill: Drill::Zone,
        per_year: 1.0,
        stated_by: StatedBy::User,
    };
    let drilled = scenario("", &[]).drilled(Drill::Node).unwrap();
    let wrong = drilled.with_frequency(frequency).unwrap_err();
    assert!(
        matches!(wrong, WrongDrill::OtherFrequency { .. }),
        "{wrong}"
    );
    let drilled = scenario("", &[]).drilled(Drill::Zone).unwrap();
    let drilled = drilled.with_frequency(frequency).unwrap();
    assert_eq!(drilled.drill.unwrap().frequency, Some(frequency));
}

#[test]
fn a_trace_is_drawn_anew_in_days_where_it_has_ten_of_them() {
    let ten_days = 10 * 86_400;
    let blocks = |arrivals: &[u64], block: Option<u64>| {
        let measured: Vec<u64> = arrivals.iter().map(|at| WARM_UP + at).collect();
        let scenario = scenario("", &measured).resampled(block.map(Duration::from_secs));
        scenario.map(|scenario| scenario.outline.resample.unwrap().block)
    };
    assert_eq!(
        blocks(&[0, ten_days - 1], None),
        Ok(Duration::from_secs(86_400))
    );
    let length = Duration::from_secs(ten_days - 1);
    assert_eq!(
        blocks(&[0, ten_days - 2], None),
        Err(WrongResample::NoBlock { length })
    );
    assert_eq!(blocks(&[0, 99], Some(50)), Ok(Duration::from_secs(50)));
    let (block, length) = (Duration::from_secs(51), Duration::from_secs(100));
    assert_eq!(
        blocks(&[0, 99], Some(51)),
        Err(WrongResample::TooLong { block, length })
    );
    assert_eq!(blocks(&[0, 99], Some(0)), Err(WrongResample::Empty));
    assert_eq!(blocks(&[], Some(50)), Err(WrongResample::NoTrace));
    // Nothing of it is measured.
    let early = scenario("", &[0, WARM_UP - 1]).resampled(Some(block));
    let length = Duration::ZERO;
    assert_eq!(early.err(), Some(WrongResample::TooLong { block, length }));
}

#[test]
fn a_resampled_trace_is_random_and_another_in_every_replication() {
    let plain = scenario("", &[0, 7, 20, 31, 50, 52, 77, 99].map(|at| WARM_UP + at));
    assert!(plain.is_exact());
    let resampled = plain.resampled(Some(Duration::from_secs(10))).unwrap();
    assert!(!resampled.is_exact());
    let jobs = |replication| {
        let seed = Seed {
            replication,
            ..SEED
        };
        resampled.outline.script(seed, resampled.end).jobs
    };
    assert_eq!(jobs(1), jobs(1));
    assert_ne!(jobs(1), jobs(2));
}

#[test]
fn what_is_random_makes_a_scenario_inexact() {
    assert!(scenario("", &[0, 1]).is_exact());
    assert!(scenario("[[failures]]\ncontainers = \"*\"\nat = \"1h\"", &[]).is_exact());
    for random in [
        "[[failures]]\nnodes = \"spot\"\nat = \"1h\"\ndown = \"1h\"",
        "[[failures]]\ncontainers = \"*\"\nafter = { exponential = { mean = \"1h\" } }",
        "[[services]]\nname = \"slow\"\nrequests = { cpu = \"1\", memory = \"1Gi\" }\n\
         startup = { uniform = { low = \"1s\", high = \"2s\" } }",
        "[[jobs]]\nname = \"job\"\nrate = \"1/h\"\nduration = \"1m\"\n\
         sizes = [{ cpu = \"1\", memory = \"1Gi\" }]",
    ] {
        assert!(!scenario(random, &[]).is_exact(), "{random}");
    }
    let regular = "[[jobs]]\nname = \"job\"\nevery = \"1h\"\nduration = \"1m\"\n\
                   sizes = [{ cpu = \"1\", memory = \"1Gi\" }]";
    assert!(scenario(regular, &[]).is_exact());
}
