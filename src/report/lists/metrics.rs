//! Metrics of the dictionary, as JSON.

use serde::Serialize;

use super::VERSION;
use crate::metrics::dictionary::Metric;
use crate::report::json::written;
use crate::report::schema::{document, head, list, object, one_of, text};
use crate::report::summary_json::{basis_name, better_name};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    plimsoll: &'static str,
    metrics: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    unit: &'a str,
    better: &'static str,
    basis: &'static str,
    formula: &'a str,
}

/// These metrics, with a line break at the end.
pub fn json(metrics: &[&Metric]) -> String {
    written(&Document {
        version: VERSION,
        plimsoll: env!("CARGO_PKG_VERSION"),
        metrics: metrics.iter().map(|metric| entry(metric)).collect(),
    })
}

fn entry(metric: &Metric) -> Entry<'_> {
    Entry {
        name: metric.name,
        unit: metric.unit,
        better: better_name(metric.better),
        basis: basis_name(metric.basis),
        formula: metric.formula,
    }
}

/// The schema (JSON Schema, draft 2020-12), with a line break at its end.
pub fn schema() -> String {
    let mut keys = head(VERSION);
    keys.push(("metrics", list("in the order of the dictionary", "metric")));
    let metric = object(
        &[
            ("name", text("its name")),
            ("unit", text("ratio, s, bytes, currency, count, 1 …")),
            (
                "better",
                one_of(&["up", "down", "neither"], "which way it is better"),
            ),
            (
                "basis",
                one_of(&["truth", "belief"], "what it is measured on"),
            ),
            ("formula", text("what it is")),
        ],
        &[],
    );
    document("metrics", object(&keys, &[]), &[("metric", metric)])
}
