//! The JSON Schema of `compaction.json`.

use serde_json::{Value, json};

use super::json::VERSION;
use crate::report::schema::{
    document, head, items, list, map, number, object, one_of, or_null, reference, signed, text,
    texts, whole,
};

/// The schema (JSON Schema, draft 2020-12), with a line break at its end. Every key that is written
/// is in it, and no other is allowed.
pub fn schema() -> String {
    document(
        "compaction.json",
        root(),
        &[
            ("allowances", allowances()),
            ("sizes", object(&sizes(), &[])),
            ("range", range()),
            ("scheduler", scheduler()),
            ("trial", trial()),
        ],
    )
}

fn root() -> Value {
    let mut keys = head(VERSION);
    keys.extend([
        ("scenario", text("its name")),
        ("hash", text("fingerprint of its input")),
        ("changes", texts("of the file, as they were typed")),
        ("at_s", number("the moment whose pods are packed")),
        ("seed", whole("of everything random")),
        ("trials", whole("of each scheduler")),
        ("quantile", number("of the trials, which is the answer")),
        (
            "order",
            one_of(
                &["random", "creation", "largest"],
                "of pods of the same priority",
            ),
        ),
        ("allowances", reference("allowances")),
        ("workload", workload()),
        ("cell", cell()),
        ("floor", reference("sizes")),
        ("schedulers", list("as they were named", "scheduler")),
    ]);
    object(&keys, &[])
}

fn workload() -> Value {
    object(
        &[
            ("pods", whole("those that are packed")),
            ("waiting_then", whole("those without a node at the moment")),
            ("requested", reference("amounts")),
        ],
        &[],
    )
}

fn cell() -> Value {
    object(
        &[
            ("nodes", whole("all there are")),
            ("unhealthy_then", whole("those not ready at the moment")),
            ("room", reference("amounts")),
        ],
        &[],
    )
}

fn allowances() -> Value {
    object(
        &[
            ("picky_share", number("of pods that may wait, if picky")),
            ("picky_at_most_nodes", whole("who is picky fits on so many")),
            ("picky_pods", whole("pods that are")),
            ("picky_may_wait", whole("pods of those that may wait")),
            (
                "soft_over",
                number(
                    "services of more pods than this share of the nodes prefer what they required",
                ),
            ),
            ("softened", texts("the services that do")),
            ("copies", whole("of the cell, at most")),
            ("confirm", whole("larger sizes that must be enough too")),
            ("left_out_tied_pods", whole("tied to their nodes")),
            ("left_out_waiting_pods", whole("that had no node")),
        ],
        &[],
    )
}

fn sizes() -> Vec<(&'static str, Value)> {
    vec![
        ("nodes", reference("range")),
        ("share_of_nodes", reference("range")),
        ("share_of_capacity", map("by resource", reference("range"))),
    ]
}

/// Over all trials.
fn range() -> Value {
    let figure = || or_null(number("null where all copies of the cell were too few"));
    object(
        &[("quantile", figure()), ("min", figure()), ("max", figure())],
        &[],
    )
}

fn scheduler() -> Value {
    let more = or_null(signed("null where one of the two has no number"));
    let mut keys = vec![
        ("name", text("of the registry")),
        ("parameters", json!({ "type": "object" })),
    ];
    keys.extend(sizes());
    keys.extend([
        (
            "more_than_first",
            items("nodes more than the first scheduler, trial by trial", more),
        ),
        ("trials", list("one by one", "trial")),
    ]);
    object(&keys, &[])
}

fn trial() -> Value {
    object(
        &[
            ("trial", whole("its number, from 1")),
            ("nodes", or_null(whole("that are enough"))),
            ("room", reference("amounts")),
            ("pods_waiting", whole("picky ones that wait")),
            (
                "relapses",
                whole("sizes that are too small although a smaller one would do"),
            ),
            ("packings", whole("that were tried")),
        ],
        &[],
    )
}
