//! The JSON Schema of `compare.json`.

use serde_json::{Value, json};

use super::json::VERSION;

/// The schema (JSON Schema, draft 2020-12), with a line break at its end. Every key that is written
/// is in it, and no other is allowed.
pub fn schema() -> String {
    format!("{:#}\n", root())
}

fn root() -> Value {
    let mut root = object(
        &[
            ("version", json!({ "const": VERSION })),
            ("plimsoll", text("the version of plimsoll")),
            ("scenario", text("its name")),
            ("question", text("the question at the head of the file")),
            ("currency", text("of all prices")),
            ("seed", whole("of everything random")),
            ("replications", whole("of each variant")),
            (
                "chance",
                one_of(
                    &["random", "exact"],
                    "whether runs differ by chance; if not, there is one",
                ),
            ),
            (
                "confidence",
                number("with what confidence all verdicts hold together"),
            ),
            (
                "family",
                whole("verdicts given: primary metrics × (variants − 1)"),
            ),
            ("variants", list("the baseline first", "variant")),
            ("metrics", list("primary ones first", "metric")),
            (
                "in_short",
                or_null(text("the answer in one sentence; null without verdicts")),
            ),
            (
                "notes",
                json!({ "type": "array", "items": { "type": "string" } }),
            ),
        ],
        &[
            (
                "interrupted_of",
                whole("how many replications there would have been, had the user not stopped it"),
            ),
            ("precision", reference("precision")),
        ],
    );
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["title"] = "compare.json of plimsoll".into();
    root["$defs"] = defs();
    root
}

fn defs() -> Value {
    json!({
        "number": {
            "description": "a number, or what JSON has none for",
            "anyOf": [{ "type": "number" }, { "enum": ["inf", "-inf"] }],
        },
        "interval": object(&[("low", reference("number")), ("high", reference("number"))], &[]),
        "precision": precision(),
        "variant": variant(),
        "policy": object(
            &[("name", text("of the registry")), ("parameters", json!({ "type": "object" }))],
            &[],
        ),
        "metric": metric(),
        "entity": entity(),
        "tolerance": object(
            &[
                (
                    "kind",
                    one_of(
                        &["absolute", "relative"],
                        "in the metric's unit, or a share of the baseline",
                    ),
                ),
                ("size", number("how much does not matter")),
            ],
            &[],
        ),
        "cell": cell(),
        "difference": difference(),
    })
}

fn precision() -> Value {
    object(
        &[
            (
                "asked",
                number("how far intervals may reach, as a share of the baseline"),
            ),
            ("most_replications", whole("the cap")),
            ("reached", json!({ "type": "boolean" })),
        ],
        &[],
    )
}

fn variant() -> Value {
    let policy = || reference("policy");
    object(
        &[
            ("name", text("what sets it apart")),
            ("hash", text("fingerprint of its input")),
            (
                "changes",
                json!({ "type": "array", "items": { "type": "string" } }),
            ),
            (
                "policies",
                object(
                    &[
                        ("scheduler", policy()),
                        ("autoscaler", policy()),
                        ("healer", policy()),
                    ],
                    &[],
                ),
            ),
        ],
        &[],
    )
}

fn entity() -> Value {
    object(
        &[(
            "kind",
            text("cluster, group, zone, service, node, part or service_part"),
        )],
        &[
            ("name", text("its name")),
            ("service", text("the service that it is a part of")),
        ],
    )
}

fn metric() -> Value {
    object(
        &[
            ("metric", text("a name of `plimsoll metrics`")),
            ("entity", reference("entity")),
            ("unit", text("of all its numbers")),
            (
                "better",
                one_of(&["up", "down", "neither"], "which direction is better"),
            ),
            (
                "basis",
                one_of(&["truth", "belief"], "what it is measured on"),
            ),
            (
                "primary",
                json!({ "type": "boolean", "description": "whether verdicts are given" }),
            ),
            ("tolerance", or_null(reference("tolerance"))),
            ("variants", list("in the order of the variants", "cell")),
        ],
        &[],
    )
}

fn cell() -> Value {
    let values = json!({
        "type": "array",
        "description": "by replication; null where there is none",
        "items": or_null(reference("number")),
    });
    object(
        &[
            ("estimate", or_null(reference("number"))),
            ("interval", or_null(reference("interval"))),
            (
                "method",
                or_null(text("how the interval was made, or why there is none")),
            ),
            ("values", values),
            ("difference", or_null(reference("difference"))),
        ],
        &[],
    )
}

fn difference() -> Value {
    let verdicts = [
        "better",
        "worse",
        "different",
        "equivalent",
        "undecided",
        "identical",
    ];
    object(
        &[
            ("estimate", reference("number")),
            ("interval", or_null(reference("interval"))),
            (
                "method",
                text("how the interval was made, or why there is none"),
            ),
            ("confidence", number("of the interval by itself")),
            ("pairs", whole("pairs of runs of which both have a value")),
            (
                "larger_in",
                whole("pairs in which the variant's value is larger"),
            ),
            ("smaller_in", whole("pairs in which it is smaller")),
            ("p_value", number("two-sided, of no difference")),
            (
                "holm_p_value",
                or_null(number("the same adjusted by Holm's rule over the family")),
            ),
            (
                "variance_ratio",
                or_null(number("variance of paired against unpaired differences")),
            ),
            (
                "verdict",
                or_null(one_of(&verdicts, "primary metrics alone have one")),
            ),
            ("within_tolerance", or_null(json!({ "type": "boolean" }))),
            (
                "runs_needed",
                or_null(whole("runs that would probably decide what is undecided")),
            ),
        ],
        &[],
    )
}

/// An object with these keys and no other.
fn object(required: &[(&str, Value)], optional: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = required.iter().map(|(name, _)| *name).collect();
    let all = required.iter().chain(optional).cloned();
    let properties: serde_json::Map<String, Value> =
        all.map(|(name, value)| (name.to_owned(), value)).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": false,
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn list(what: &str, of: &str) -> Value {
    json!({ "type": "array", "description": what, "items": reference(of) })
}

fn or_null(value: Value) -> Value {
    json!({ "anyOf": [value, { "type": "null" }] })
}

fn one_of(words: &[&str], what: &str) -> Value {
    json!({ "enum": words, "description": what })
}

fn text(what: &str) -> Value {
    json!({ "type": "string", "description": what })
}

fn number(what: &str) -> Value {
    json!({ "type": "number", "description": what })
}

fn whole(what: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": what })
}
