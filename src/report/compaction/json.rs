//! `compaction.json`: all that was found, for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Told;
use crate::experiment::compaction::{Order, Packed, Size, Spread, Workload};
use crate::report::json::written;
use crate::report::summary_json::Policy;
use crate::units::{Resource, Resources};

/// The number of the format: raised when a program that reads the last one would go wrong.
pub(super) const VERSION: u32 = 1;

/// The text of the file, with a line break at its end. Numbers that are infinite are `null`: all copies
/// of the cell were too few.
pub fn json(told: &Told<'_>) -> String {
    written(&Page::of(told))
}

#[derive(Serialize)]
struct Page<'a> {
    version: u32,
    plimsoll: &'static str,
    scenario: &'a str,
    hash: &'a str,
    changes: &'a [String],
    at_s: f64,
    seed: u64,
    trials: u32,
    quantile: f64,
    order: &'static str,
    allowances: Allowances<'a>,
    workload: Amounts,
    cell: Cell,
    floor: Sizes,
    schedulers: Vec<Scheduler<'a>>,
}

#[derive(Serialize)]
struct Allowances<'a> {
    picky_share: f64,
    picky_at_most_nodes: u32,
    picky_pods: u32,
    picky_may_wait: u32,
    soft_over: f64,
    softened: &'a [String],
    copies: u32,
    confirm: u32,
    left_out_tied_pods: u32,
    left_out_waiting_pods: u32,
}

#[derive(Serialize)]
struct Amounts {
    pods: u32,
    waiting_then: u32,
    requested: Room,
}

#[derive(Serialize)]
struct Cell {
    nodes: u32,
    unhealthy_then: u32,
    room: Room,
}

#[derive(Serialize)]
struct Room {
    cpu_milli: u64,
    memory_bytes: u64,
    gpu_milli: u64,
}

#[derive(Serialize)]
struct Scheduler<'a> {
    #[serde(flatten)]
    policy: Policy<'a>,
    #[serde(flatten)]
    sizes: Sizes,
    more_than_first: Vec<Option<i64>>,
    trials: Vec<Trial>,
}

#[derive(Serialize)]
struct Sizes {
    nodes: Range,
    share_of_nodes: Range,
    share_of_capacity: BTreeMap<&'static str, Range>,
}

#[derive(Serialize)]
struct Range {
    quantile: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
}

#[derive(Serialize)]
struct Trial {
    trial: usize,
    nodes: Option<u32>,
    room: Room,
    pods_waiting: u32,
    relapses: u32,
    packings: u32,
}

impl<'a> Page<'a> {
    fn of(told: &Told<'a>) -> Page<'a> {
        let compaction = told.compaction;
        let (plan, workload) = (&compaction.plan, &compaction.workload);
        let schedulers = compaction.schedulers.iter();
        Page {
            version: VERSION,
            plimsoll: env!("CARGO_PKG_VERSION"),
            scenario: &told.scenario.name,
            hash: &told.scenario.hash,
            changes: &told.scenario.changes,
            at_s: told.at.secs_f64(),
            seed: plan.seed,
            trials: plan.trials,
            quantile: plan.quantile,
            order: match plan.order {
                Order::Random => "random",
                Order::Creation => "creation",
                Order::Largest => "largest",
            },
            allowances: allowances(told),
            workload: Amounts {
                pods: workload.pods,
                waiting_then: workload.waiting,
                requested: room(&workload.requested),
            },
            cell: Cell {
                nodes: workload.nodes,
                unhealthy_then: workload.unhealthy,
                room: room(&workload.room),
            },
            floor: sizes(told, || compaction.floor.iter().copied()),
            schedulers: schedulers.map(|packed| scheduler(told, packed)).collect(),
        }
    }
}

fn allowances<'a>(told: &Told<'a>) -> Allowances<'a> {
    let plan = &told.compaction.plan;
    let Workload {
        tied,
        left_waiting,
        picky,
        may_wait,
        softened,
        ..
    } = &told.compaction.workload;
    Allowances {
        picky_share: plan.picky,
        picky_at_most_nodes: plan.handful,
        picky_pods: *picky,
        picky_may_wait: *may_wait,
        soft_over: plan.soft_over,
        softened,
        copies: plan.copies,
        confirm: plan.confirm,
        left_out_tied_pods: *tied,
        left_out_waiting_pods: *left_waiting,
    }
}

fn scheduler<'a>(told: &Told<'_>, packed: &'a Packed) -> Scheduler<'a> {
    let first = &told.compaction.schedulers[0];
    let trials = packed.trials.iter().zip(1..);
    Scheduler {
        policy: Policy::of(&packed.scheduler),
        sizes: sizes(told, || packed.sizes()),
        more_than_first: packed.more_than(first),
        trials: trials
            .map(|(trial, number)| Trial {
                trial: number,
                nodes: trial.size.nodes,
                room: room(&trial.size.room),
                pods_waiting: trial.waiting,
                relapses: trial.relapses,
                packings: trial.packings,
            })
            .collect(),
    }
}

fn sizes<I: Iterator<Item = Size>>(told: &Told<'_>, all: impl Fn() -> I) -> Sizes {
    let compaction = told.compaction;
    let nodes = compaction.nodes(all());
    let of_capacity = |resource: Resource| {
        let share = compaction.share(all(), resource)?;
        Some((resource.name(), range(share, 1.0)))
    };
    Sizes {
        nodes: range(nodes, 1.0),
        share_of_nodes: range(nodes, f64::from(compaction.workload.nodes)),
        share_of_capacity: Resource::ALL.into_iter().filter_map(of_capacity).collect(),
    }
}

fn range(spread: Spread, of: f64) -> Range {
    let finite = |value: f64| value.is_finite().then_some(value / of);
    Range {
        quantile: finite(spread.answer),
        min: finite(spread.least),
        max: finite(spread.most),
    }
}

fn room(amount: &Resources) -> Room {
    Room {
        cpu_milli: amount.cpu.0,
        memory_bytes: amount.memory.0,
        gpu_milli: amount.gpu.0,
    }
}
