//! Policies of the registry with their parameters, as JSON.

use serde::Serialize;
use serde_json::{Value, json};

use super::VERSION;
use crate::policy::params::{Kind, Param};
use crate::policy::registry::Entry;
use crate::report::json::written;
use crate::report::schema::{any_of, document, head, list, object, one_of, reference, text, texts};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    plimsoll: &'static str,
    policies: &'a [Policy],
}

/// A policy as it is told.
#[derive(Serialize)]
pub struct Policy {
    kind: &'static str,
    name: &'static str,
    summary: &'static str,
    source: &'static str,
    parameters: Vec<Parameter>,
}

#[derive(Serialize)]
struct Parameter {
    name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'static str>,
    takes: Value,
    meaning: &'static str,
}

impl Policy {
    /// A policy of a kind: scheduler, autoscaler or healer.
    pub fn of<P: ?Sized>(kind: &'static str, entry: &'static Entry<P>) -> Policy {
        Policy {
            kind,
            name: entry.name,
            summary: entry.summary,
            source: entry.source,
            parameters: entry.params.iter().map(parameter).collect(),
        }
    }
}

fn parameter(param: &Param) -> Parameter {
    let is_shape = matches!(param.kind, Kind::Shape { .. });
    Parameter {
        name: param.name,
        default: (!is_shape).then_some(param.default),
        takes: takes(param.kind),
        meaning: param.doc,
    }
}

/// What a parameter may be: its type, and its bounds where there are any.
fn takes(kind: Kind) -> Value {
    match kind {
        Kind::Integer { min, max: u64::MAX } => json!({ "type": "integer", "min": min }),
        Kind::Integer { min, max } => json!({ "type": "integer", "min": min, "max": max }),
        Kind::Number { min, max } if max.is_infinite() => json!({ "type": "number", "min": min }),
        Kind::Number { min, max } => json!({ "type": "number", "min": min, "max": max }),
        Kind::Duration => json!({ "type": "duration" }),
        Kind::Period => json!({ "type": "duration", "above": "0s" }),
        Kind::Choice(words) => json!({ "type": "choice", "choices": words }),
        Kind::Shape { of, choice } => json!({ "type": "shape", "with": { of: choice } }),
    }
}

/// These policies, with a line break at the end.
pub fn json(policies: &[Policy]) -> String {
    written(&Document {
        version: VERSION,
        plimsoll: env!("CARGO_PKG_VERSION"),
        policies,
    })
}

/// The schema (JSON Schema, draft 2020-12), with a line break at its end.
pub fn schema() -> String {
    let mut keys = head(VERSION);
    keys.push(("policies", list("by kind", "policy_entry")));
    document(
        "policies",
        object(&keys, &[]),
        &[
            ("policy_entry", entry()),
            ("parameter", self::keys()),
            ("takes", any_of(&types())),
        ],
    )
}

fn entry() -> Value {
    object(
        &[
            (
                "kind",
                one_of(&["scheduler", "autoscaler", "healer"], "what it decides"),
            ),
            ("name", text("in scenario files")),
            ("summary", text("what it does")),
            ("source", text("where its rules come from")),
            ("parameters", list("what can be set", "parameter")),
        ],
        &[],
    )
}

fn keys() -> Value {
    object(
        &[
            ("name", text("its key in [policy.<kind>.<name>]")),
            ("takes", reference("takes")),
            ("meaning", text("with its unit and source")),
        ],
        &[("default", text("as it is written in a scenario file"))],
    )
}

/// What a parameter may be, by type.
fn types() -> [Value; 4] {
    let kind = |names: &[&str]| ("type", one_of(names, "what is written"));
    let bound = |what: &str| json!({ "type": "number", "description": what });
    [
        object(
            &[kind(&["integer", "number"]), ("min", bound("the least"))],
            &[("max", bound("the greatest"))],
        ),
        object(
            &[kind(&["duration"])],
            &[("above", text("what it must be longer than"))],
        ),
        object(&[kind(&["choice"]), ("choices", texts("one of them"))], &[]),
        object(
            &[
                kind(&["shape"]),
                (
                    "with",
                    json!({
                        "type": "object",
                        "description": "the choice of another parameter that it needs",
                        "additionalProperties": { "type": "string" },
                    }),
                ),
            ],
            &[],
        ),
    ]
}
