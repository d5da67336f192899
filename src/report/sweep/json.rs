//! `sweep.json`: every cell with its estimates, and those that are not beaten, for programs.

use serde::Serialize;
use serde_json::Value;

use super::page;
use super::text::notes;
use crate::experiment::sweep::merge::Merged;
use crate::experiment::sweep::plan::Sweep;
use crate::metrics::quantity::Quantity;
use crate::report::json::written;
use crate::report::schema::{
    document, head, interval, items, list, method, object, of_metric, or_null, reference, text,
    texts, whole,
};
use crate::report::summary_json::{Entity, Interval, Number, basis_name, better_name};
use crate::stats;

/// The number of the format: raised when a program that reads the last one would go wrong.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Root<'a> {
    version: u32,
    plimsoll: &'static str,
    plan: &'a str,
    question: String,
    scenario: &'a str,
    hash: &'a str,
    seed: u64,
    replications: u32,
    said: Vec<String>,
    notes: Vec<String>,
    keys: Vec<Key<'a>>,
    metrics: Vec<Metric<'a>>,
    traded: Option<Traded>,
    cells: Vec<Cell>,
}

#[derive(Serialize)]
struct Key<'a> {
    name: &'a str,
    path: &'a str,
}

#[derive(Serialize)]
struct Metric<'a> {
    metric: &'static str,
    entity: Entity<'a>,
    unit: &'static str,
    better: &'static str,
    basis: &'static str,
}

/// What trades for what, and the cells that are not beaten in both.
#[derive(Serialize)]
struct Traded {
    cost: String,
    value: String,
    front: Vec<u32>,
}

#[derive(Serialize)]
struct Cell {
    cell: u32,
    values: Vec<String>,
    estimates: Vec<Option<Estimate>>,
}

#[derive(Serialize)]
struct Estimate {
    value: Number,
    interval: Option<Interval>,
    method: &'static str,
}

/// The sweep as JSON, with a line break at its end.
pub fn json(sweep: &Sweep, merged: &Merged) -> String {
    let plan = &sweep.plan;
    let front = merged.front(sweep);
    let (answer, others) = page::answer(sweep, merged, front.as_deref());
    written(&Root {
        version: VERSION,
        plimsoll: env!("CARGO_PKG_VERSION"),
        plan: &plan.name,
        question: page::question(sweep),
        scenario: &sweep.scenario,
        hash: &sweep.hash,
        seed: plan.seed,
        replications: plan.replications,
        said: std::iter::once(answer).chain(others).collect(),
        notes: notes(sweep, merged),
        keys: plan
            .keys
            .iter()
            .map(|key| Key {
                name: &key.name,
                path: &key.path,
            })
            .collect(),
        metrics: plan.metrics.iter().map(metric).collect(),
        traded: plan.pareto.as_ref().map(|pareto| Traded {
            cost: pareto.cost.to_string(),
            value: pareto.value.to_string(),
            front: front.unwrap_or_default(),
        }),
        cells: (0..plan.cells())
            .map(|number| cell(sweep, merged, number))
            .collect(),
    })
}

fn metric(quantity: &Quantity) -> Metric<'_> {
    Metric {
        metric: quantity.metric.name,
        entity: Entity::of(&quantity.entity),
        unit: quantity.metric.unit,
        better: better_name(quantity.metric.better),
        basis: basis_name(quantity.metric.basis),
    }
}

fn cell(sweep: &Sweep, merged: &Merged, number: u32) -> Cell {
    let estimate = |estimate: stats::Estimate| Estimate {
        value: Number(estimate.value),
        interval: estimate.interval.map(Interval::of),
        method: estimate.method.name(),
    };
    let own = &merged.cells[number as usize];
    Cell {
        cell: number,
        values: sweep
            .plan
            .point(number)
            .iter()
            .map(ToString::to_string)
            .collect(),
        estimates: own.iter().map(|one| one.map(estimate)).collect(),
    }
}

/// The schema (JSON Schema, draft 2020-12), with a line break at its end.
pub fn schema() -> String {
    let mut keys = head(VERSION);
    keys.extend([
        ("plan", text("the name of its file")),
        ("question", text("what it asks")),
        ("scenario", text("whose values are varied")),
        ("hash", text("fingerprint of plan, inputs and version")),
        ("seed", whole("of everything random")),
        ("replications", whole("of each cell")),
        ("said", texts("the answer in sentences")),
        ("notes", texts("what a reader must know")),
        ("keys", list("what is varied", "key")),
        ("metrics", list("what is kept of each cell", "metric")),
        ("traded", or_null(reference("traded"))),
        ("cells", list("in order of number, from 0", "cell")),
    ]);
    let parts = [
        ("key", of_key()),
        ("metric", object(&of_metric(), &[])),
        ("traded", of_traded()),
        ("cell", of_cell()),
        ("estimate", of_estimate()),
    ];
    document("sweep.json", object(&keys, &[]), &parts)
}

fn of_key() -> Value {
    object(
        &[
            (
                "name",
                text("as it was written, and the name of its column"),
            ),
            ("path", text("in the scenario")),
        ],
        &[],
    )
}

fn of_traded() -> Value {
    object(
        &[
            ("cost", text("the metric that is paid")),
            ("value", text("the metric that it buys")),
            (
                "front",
                items("cells not beaten in both, the cheapest first", whole("")),
            ),
        ],
        &[],
    )
}

fn of_cell() -> Value {
    object(
        &[
            ("cell", whole("its number")),
            ("values", texts("of each key, as they are shown")),
            (
                "estimates",
                items(
                    "of each metric; null where nothing was measured",
                    or_null(reference("estimate")),
                ),
            ),
        ],
        &[],
    )
}

fn of_estimate() -> Value {
    object(
        &[
            ("value", reference("number")),
            ("interval", interval()),
            ("method", method()),
        ],
        &[],
    )
}
