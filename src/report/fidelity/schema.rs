//! The JSON Schema of `fidelity.json`.

use serde_json::Value;

use super::json::VERSION;
use crate::report::schema::{
    document, flag, head, list, method, number, object, one_of, or_null, reference, text, whole,
};

/// The schema (JSON Schema, draft 2020-12), with a line break at its end. Every key that is written
/// is in it, and no other is allowed.
pub fn schema() -> String {
    document(
        "fidelity.json",
        root(),
        &[
            ("measure", measure()),
            ("side", side()),
            ("estimate", estimate()),
            ("control", control()),
            ("note", note()),
        ],
    )
}

fn root() -> Value {
    let mut keys = head(VERSION);
    keys.extend([
        ("scenario", text("its name")),
        ("hash", text("fingerprint of its input, without the delays")),
        ("seed", whole("of everything random")),
        ("live_runs", whole("with the scenario's failures")),
        ("simulated_runs", whole("with the scenario's failures")),
        ("delays", text("the file with those of the simulated runs")),
        (
            "agrees",
            flag("whether every measure that is held to something agrees, and every control run"),
        ),
        ("measures", list("in the order of the table", "measure")),
        ("control", list("live runs without failures", "control")),
        (
            "notes",
            list("what is to be known of the engines of live runs", "note"),
        ),
    ]);
    object(&keys, &[])
}

fn measure() -> Value {
    let verdicts = ["agrees", "differs", "undecided"];
    let keys = [
        ("name", text("as in runs.csv")),
        ("about", text("what it is")),
        ("unit", text("of its numbers")),
        ("live", reference("side")),
        ("simulated", reference("side")),
        ("difference", or_null(reference("estimate"))),
        (
            "tolerance",
            or_null(number("how far off it may be, in its unit")),
        ),
        (
            "verdict",
            or_null(one_of(&verdicts, "of what is held to something")),
        ),
    ];
    object(&keys, &[])
}

fn side() -> Value {
    let keys = [
        ("runs", whole("that have a value")),
        ("of_runs", whole("that ought to have one")),
        ("mean", or_null(reference("estimate"))),
    ];
    object(&keys, &[])
}

fn estimate() -> Value {
    let keys = [
        (
            "value",
            number("simulated less live where it is a difference"),
        ),
        ("low", or_null(number("the lower end of the 95 % interval"))),
        (
            "high",
            or_null(number("the upper end of the 95 % interval")),
        ),
        ("method", method()),
    ];
    object(&keys, &[])
}

fn control() -> Value {
    let keys = [
        ("live_decisions", whole("placements and scalings")),
        ("simulated_decisions", whole("placements and scalings")),
        (
            "alike",
            flag("whether they are the same, in the same order"),
        ),
        ("parts_at", or_null(whole("the first that differs, from 0"))),
        ("live", or_null(text("what was decided there"))),
        ("simulated", or_null(text("what was decided there"))),
    ];
    object(&keys, &[])
}

fn note() -> Value {
    let keys = [
        ("note", text("what")),
        ("runs", whole("live runs of which it is to be known")),
        ("of_runs", whole("live runs, those without failures too")),
    ];
    object(&keys, &[])
}
