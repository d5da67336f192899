//! A scheduler of your own beside two of the registry's, in the same simulated world.
//!
//!     cargo run --release --example my_scheduler
//!
//! `least-allocated` scores a node by the *mean* of what is left of its resources: a node with idle
//! processors and hardly any memory looks half empty, and takes the next pod. `dominant-share` looks
//! at the scarcest of the resources that the pod asks for, and takes the node where it stays the
//! most plentiful. That is worst fit by the dominant share of Ghodsi et al., "Dominant Resource
//! Fairness" (NSDI 2011), of nodes instead of users.
//!
//! To make it a policy that scenarios, `plimsoll policies` and `--scheduler` know by name ("Adding a
//! policy" in CONTRIBUTING.md has the whole list):
//!
//! 1. Move `DominantShare` and its impls to `src/policy/scheduler/dominant_share.rs`, with `crate`
//!    for `plimsoll`, and put `pub mod dominant_share;` into `src/policy/scheduler.rs`.
//! 2. Add its entry to `SCHEDULERS` in `src/policy/registry.rs`:
//!
//!    ```text
//!    Entry {
//!        name: "dominant-share",
//!        summary: "the node on which the scarcest resource stays the most plentiful",
//!        source: "worst fit by dominant share (Ghodsi et al., NSDI 2011)",
//!        params: &[scheduler::best::SEARCH],
//!        dice: never,
//!        build: |params| scheduler::dominant_share::DominantShare::scheduler(params),
//!    },
//!    ```
//! 3. Add its rule, as plainly as can be, to `plain` in `src/policy/scheduler/properties.rs`. The
//!    properties there then hold it to the rule, and to what holds for every scheduler.

use std::ops::ControlFlow;
use std::path::Path;

use plimsoll::experiment::replicate::replicate;
use plimsoll::experiment::summary::{Summary, summarize};
use plimsoll::metrics::fold::Options;
use plimsoll::metrics::measured::Entity;
use plimsoll::policy::params::{Params, Value};
use plimsoll::policy::scheduler::best::{Best, Rank};
use plimsoll::policy::scheduler::explanation::{Better, Measure};
use plimsoll::policy::scheduler::score::{Ask, Weights};
use plimsoll::policy::scheduler::table::Row;
use plimsoll::policy::scheduler::{Chosen, Scheduler};
use plimsoll::run;
use plimsoll::scenario::policies::PolicyKind;
use plimsoll::scenario::{self, Scenario};
use plimsoll::units::Resource;

/// The order of nodes: one more than the thousandths left of the scarcest resource asked for.
///
/// A policy that looks at each node by itself, as this one does, is a [`Rank`], and [`Best`] makes
/// a scheduler of it. One that looks at several at once implements [`Scheduler`], as `spread` does.
#[derive(Clone, Copy, Debug)]
pub struct DominantShare;

impl DominantShare {
    /// Steps between a node that is full and one that is empty.
    const PARTS: u64 = 1000;

    /// The scheduler with the given parameters.
    pub fn scheduler(params: &Params) -> Box<dyn Scheduler> {
        let search = params.choice("search");
        Box::new(Best::new(DominantShare, Weights::NONE, search))
    }
}

impl Rank for DominantShare {
    type Key = u32;

    const TOP: u32 = DominantShare::PARTS as u32 + 1;

    const MEASURES: &'static [Measure] = &[Measure {
        name: "left of the scarcest",
        unit: "%",
        parts: DominantShare::PARTS / 100,
        better: Better::More,
    }];

    fn key(&self, ask: &Ask, row: &Row) -> u32 {
        let requests = &ask.shape.requests;
        let asked = Resource::ALL.map(|resource| requests.get(resource));
        let left = row.shares.iter().zip(asked).filter_map(|(share, asked)| {
            let left = share.unclaimed.saturating_sub(asked);
            (asked > 0).then(|| share.parts::<{ DominantShare::PARTS }>(left))
        });
        // A pod that asks for nothing finds every node empty.
        1 + left.min().unwrap_or(DominantShare::PARTS) as u32
    }

    fn values(&self, key: u32) -> Vec<i64> {
        vec![i64::from(key) - 1]
    }

    fn why(&self, key: u32) -> Chosen {
        Chosen::Score(i64::from(key) - 1)
    }
}

const SEED: u64 = 42;

/// Each of the twelve nodes fails once in 2,535 hours: most days see no failure.
const DAYS: u32 = 100;

/// The rows of the table: the metric, what to call it, and what its value is multiplied with.
const ROWS: [(&str, &str, f64); 5] = [
    ("requests.lost", "requests lost, per million", 1e6),
    ("allocated.cpu", "CPU reserved, %", 100.0),
    ("nodes.used", "nodes that hold a pod", 1.0),
    ("stranded.memory", "memory stranded, %", 100.0),
    ("headroom.node", "time when any node may die, %", 100.0),
];

fn main() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/web-shop.toml");
    let loaded = scenario::load(&path).expect("a shipped scenario is valid");
    let registered = |name| {
        let scenario = loaded.scenario.clone();
        let scenario = scenario.with_policy(PolicyKind::Scheduler, name);
        days(&scenario.expect("a registered name"), || None)
    };
    let mine = || Some(dominant_share("tree"));
    let columns = [
        ("dominant-share", days(&loaded.scenario, mine)),
        ("spread", registered("spread")),
        ("binpack", registered("binpack")),
    ];

    println!("{DAYS} days of the web shop, the same days under each scheduler\n");
    print!("{:30}", "");
    for (name, _) in &columns {
        print!("{name:>16}");
    }
    println!();
    for (metric, words, scale) in ROWS {
        print!("{words:30}");
        for (_, summary) in &columns {
            print!("{:>16.2}", value(summary, metric) * scale);
        }
        println!();
    }
}

/// The scheduler as the registry would build it. `tree` and `scan` find the same nodes.
fn dominant_share(search: &str) -> Box<dyn Scheduler> {
    let search = Value::Choice(search.to_owned());
    DominantShare::scheduler(&Params::new([("search", search)]))
}

/// Runs the scenario day after day, with a scheduler of ours where there is one.
fn days(scenario: &Scenario, scheduler: impl Fn() -> Option<Box<dyn Scheduler>> + Sync) -> Summary {
    let runs = replicate(SEED, DAYS, |seed| {
        let watch = &mut |_| ControlFlow::Continue(());
        run::simulate_with(scenario, seed, scheduler(), Options::default(), watch)
    });
    summarize(SEED, &runs.expect("nobody ends a run"))
}

/// What a metric of the whole cluster came to over all days.
fn value(summary: &Summary, metric: &str) -> f64 {
    let mut lines = summary.lines.iter();
    let line = lines.find(|line| line.metric.name == metric && line.entity == Entity::Cluster);
    line.expect("the web shop has all that is shown")
        .estimate
        .value
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll::record::Null;
    use plimsoll::rng::Seed;

    const SCENARIO: &str = r#"
        name = "two-nodes"
        duration = "1m"
        [[nodes]]
        name = "wide"
        cpu = "16"
        memory = "4Gi"
        [[nodes]]
        name = "even"
        cpu = "3"
        memory = "6Gi"
        [[services]]
        name = "service"
        replicas = 1
        requests = { cpu = "1", memory = "2Gi" }
        work = { cpu = "1ms" }
    "#;

    /// The name of the node that gets the only pod.
    fn chosen(scheduler: Option<Box<dyn Scheduler>>) -> String {
        let path = Path::new("two-nodes.toml");
        let loaded = scenario::parse(path, SCENARIO, &|_| unreachable!("it names no files"));
        let scenario = loaded.unwrap().scenario;
        let seed = Seed {
            seed: SEED,
            replication: 1,
        };
        let finished = run::record_with(&scenario, seed, scheduler, &mut Null).unwrap();
        let cluster = finished.control.cluster();
        let [pod] = cluster.pods().as_slice() else {
            panic!("one pod");
        };
        scenario.catalog.nodes[pod.node.unwrap()].name.clone()
    }

    #[test]
    fn the_pod_goes_where_its_scarcest_resource_stays_the_most_plentiful() {
        // Left of `wide`: 15/16 of the CPU, 2/4 of the memory. Left of `even`: 2/3, 4/6.
        // The means are 71 and 66 hundredths, the least are 500 and 666 thousandths.
        assert_eq!(chosen(None), "wide-0");
        for search in ["tree", "scan"] {
            assert_eq!(chosen(Some(dominant_share(search))), "even-0");
        }
    }
}
