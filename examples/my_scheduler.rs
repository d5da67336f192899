//! A scheduler of your own beside two of the registry's, in the same simulated world.
//!
//!     cargo run --release --example my_scheduler
//!
//! `least-allocated` scores a node by the *mean* of what is left of its resources: a node with idle
//! processors and hardly any memory looks half empty, and takes the next pod. `dominant-share` looks
//! at the resource that is scarcest on the node, and takes the node where it stays the most
//! plentiful. It is worst fit by the dominant share of Ghodsi et al., "Dominant Resource Fairness"
//! (NSDI 2011), applied to nodes instead of users.
//!
//! To give it a name that scenarios, `plimsoll policies` and `--scheduler` know, see "Adding a
//! policy" in CONTRIBUTING.md. In short:
//!
//! 1. Move [`DominantShare`] into `src/policy/scheduler/dominant_share.rs`, with `crate::` for
//!    `plimsoll::`, and put `pub mod dominant_share;` into `src/policy/scheduler.rs`.
//! 2. Add its line to `SCHEDULERS` in `src/policy/registry.rs`:
//!
//!    ```text
//!    Entry {
//!        name: "dominant-share",
//!        summary: "the node on which the scarcest resource stays the most plentiful",
//!        source: "worst fit by the dominant share of Ghodsi et al. (NSDI 2011)",
//!        params: &[scheduler::best::SEARCH],
//!        build: |params| Box::new(scheduler::dominant_share::DominantShare::scheduler(params.choice("search"))),
//!    },
//!    ```
//! 3. Add its rule, as plainly as can be, to `plain` in `src/policy/scheduler/properties.rs`. The
//!    property tests then hold it to what holds for every scheduler.

use std::ops::ControlFlow;
use std::path::Path;

use plimsoll::experiment::replicate::replicate;
use plimsoll::experiment::summary::{Summary, summarize};
use plimsoll::metrics::fold::Options;
use plimsoll::metrics::measured::Entity;
use plimsoll::policy::scheduler::best::{Best, Rank};
use plimsoll::policy::scheduler::score::{Ask, Weights};
use plimsoll::policy::scheduler::table::Row;
use plimsoll::policy::scheduler::{Chosen, Scheduler};
use plimsoll::run;
use plimsoll::scenario::policies::PolicyKind;
use plimsoll::scenario::{self, Scenario};
use plimsoll::units::Resource;

/// The order of nodes: one more than the thousandths left of the scarcest resource.
///
/// A policy that looks at each node by itself, as this one does, is a [`Rank`], and [`Best`] makes
/// a scheduler of it. One that looks at several at once implements [`Scheduler`], as `spread` does.
#[derive(Clone, Copy, Debug)]
pub struct DominantShare;

impl DominantShare {
    /// Steps between a node that is full and one that is empty.
    const PARTS: u64 = 1000;

    /// The scheduler. `search` is `tree` or `scan`: both find the same node.
    pub fn scheduler(search: &str) -> Box<dyn Scheduler> {
        Box::new(Best::new(DominantShare, Weights::NONE, search))
    }
}

impl Rank for DominantShare {
    type Key = u32;

    const TOP: u32 = DominantShare::PARTS as u32 + 1;

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

    fn why(&self, key: u32) -> Chosen {
        Chosen::Score(i64::from(key) - 1)
    }
}

const SEED: u64 = 42;

/// A node of the scenario fails once in 2,535 hours: one day would probably not see any of it.
const DAYS: u32 = 100;

/// One line of the table.
struct Shown {
    metric: &'static str,
    words: &'static str,
    /// What the value is multiplied with, how many decimals it has, and its unit.
    scale: f64,
    decimals: usize,
    unit: &'static str,
}

const TABLE: [Shown; 5] = [
    percent("availability.requests", "requests served", 5),
    percent("allocated.cpu", "cores reserved", 2),
    Shown {
        metric: "nodes.used",
        words: "nodes that hold a pod",
        scale: 1.0,
        decimals: 2,
        unit: "",
    },
    percent("stranded.memory", "memory stranded", 2),
    percent("headroom.node", "time when any node can go", 2),
];

const fn percent(metric: &'static str, words: &'static str, decimals: usize) -> Shown {
    Shown {
        metric,
        words,
        scale: 100.0,
        decimals,
        unit: " %",
    }
}

fn main() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/web-shop.toml");
    let loaded = scenario::load(&path).expect("a shipped scenario is valid");
    let registered = |name| {
        let scenario = loaded.scenario.clone();
        let scenario = scenario.with_policy(PolicyKind::Scheduler, name);
        days(&scenario.expect("a registered name"), || None)
    };
    let mine = || Some(DominantShare::scheduler("tree"));
    let columns = [
        ("dominant-share", days(&loaded.scenario, mine)),
        ("spread", registered("spread")),
        ("binpack", registered("binpack")),
    ];

    println!(
        "{DAYS} days of the web shop, the same days under each scheduler: mean of a day and its"
    );
    println!("95 % interval, where there is one.\n");
    print!("{:25}", "");
    for (name, _) in &columns {
        print!("  {name:<28}");
    }
    for shown in &TABLE {
        print!("\n{:25}", shown.words);
        for (_, summary) in &columns {
            print!("  {:<28}", shown.of(summary));
        }
    }
    println!();
}

/// Runs the scenario day after day, with a scheduler of ours where there is one.
fn days(scenario: &Scenario, scheduler: impl Fn() -> Option<Box<dyn Scheduler>> + Sync) -> Summary {
    let runs = replicate(SEED, DAYS, |seed| {
        let watch = &mut |_| ControlFlow::Continue(());
        run::simulate_with(scenario, seed, scheduler(), Options::default(), watch)
    });
    summarize(SEED, &runs.expect("nobody ends a run"))
}

impl Shown {
    fn of(&self, summary: &Summary) -> String {
        let mut lines = summary.lines.iter();
        let line =
            lines.find(|line| line.metric.name == self.metric && line.entity == Entity::Cluster);
        let Some(line) = line else {
            return "-".to_owned();
        };
        let number = |value: f64| format!("{:.*}", self.decimals, value * self.scale);
        let value = number(line.estimate.value);
        match line.estimate.interval {
            Some(interval) => {
                let (low, high) = (number(interval.low), number(interval.high));
                format!("{value}{} ({low} to {high})", self.unit)
            }
            None => format!("{value}{}", self.unit),
        }
    }
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
            assert_eq!(chosen(Some(DominantShare::scheduler(search))), "even-0");
        }
    }
}
