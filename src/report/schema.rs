//! What the JSON Schemas of results are made of.

use serde_json::{Map, Value, json};

/// Where the parts stand.
const PARTS: &str = "#/$defs/";

/// A whole schema (JSON Schema, draft 2020-12), with a line break at its end. `root` is what the file
/// `name` holds; `parts` are what it refers to, besides those that all results share.
pub(super) fn document(name: &str, root: Value, parts: &[(&str, Value)]) -> String {
    let mut root = root;
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    root["title"] = format!("{name} of plimsoll").into();
    let all: Vec<_> = shared().into_iter().chain(parts.iter().cloned()).collect();
    let mut used = Map::new();
    collect(&root, &all, &mut used);
    assert!(
        parts.iter().all(|(part, _)| used.contains_key(*part)),
        "every part of {name} is referred to"
    );
    root["$defs"] = Value::Object(used);
    format!("{root:#}\n")
}

/// Collects the parts that a schema refers to, and those that they refer to.
fn collect(schema: &Value, all: &[(&str, Value)], used: &mut Map<String, Value>) {
    match schema {
        Value::Object(words) => {
            if let Some(name) = words.get("$ref").and_then(Value::as_str) {
                let name = name.trim_start_matches(PARTS);
                let part = all.iter().find(|(part, _)| *part == name);
                let (_, part) = part.expect("a reference is to a part");
                if used.insert(name.to_owned(), part.clone()).is_none() {
                    collect(part, all, used);
                }
            }
            words.values().for_each(|word| collect(word, all, used));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, all, used)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The parts of more than one result.
fn shared() -> Vec<(&'static str, Value)> {
    let policy = || reference("policy");
    vec![
        (
            "number",
            json!({
                "description": "a number, or what JSON has none for",
                "anyOf": [{ "type": "number" }, { "enum": ["inf", "-inf"] }],
            }),
        ),
        (
            "interval",
            object(
                &[("low", reference("number")), ("high", reference("number"))],
                &[],
            ),
        ),
        (
            "policy",
            object(
                &[
                    ("name", text("of the registry")),
                    ("parameters", json!({ "type": "object" })),
                ],
                &[],
            ),
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
        ("entity", entity()),
        (
            "amounts",
            object(
                &[
                    ("cpu_milli", whole("thousandths of a core")),
                    ("memory_bytes", whole("bytes")),
                    ("gpu_milli", whole("thousandths of a GPU")),
                ],
                &[],
            ),
        ),
    ]
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

/// The keys that all results begin with.
pub(super) fn head(version: u32) -> Vec<(&'static str, Value)> {
    vec![
        ("version", json!({ "const": version })),
        ("plimsoll", text("the version of plimsoll")),
    ]
}

/// The keys that tell what a metric is.
pub(super) fn of_metric() -> Vec<(&'static str, Value)> {
    vec![
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
    ]
}

/// An interval, where there is one.
pub(super) fn interval() -> Value {
    or_null(reference("interval"))
}

/// How an interval was made.
pub(super) fn method() -> Value {
    text("how the interval was made, or why there is none")
}

/// What was measured, replication by replication.
pub(super) fn values() -> Value {
    items(
        "by replication; null where there is none",
        or_null(reference("number")),
    )
}

/// An object with these keys and no other.
pub(super) fn object(required: &[(&str, Value)], optional: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = required.iter().map(|(name, _)| *name).collect();
    json!({
        "type": "object",
        "properties": named(required.iter().chain(optional).cloned()),
        "required": names,
        "additionalProperties": false,
    })
}

fn named<'a>(parts: impl Iterator<Item = (&'a str, Value)>) -> Value {
    let map: Map<String, Value> = parts.map(|(name, part)| (name.to_owned(), part)).collect();
    Value::Object(map)
}

/// An object with keys of the scenario's.
pub(super) fn map(what: &str, of: Value) -> Value {
    json!({ "type": "object", "description": what, "additionalProperties": of })
}

/// What a name stands for.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PARTS}{name}") })
}

/// A list of what a name stands for.
pub(super) fn list(what: &str, of: &str) -> Value {
    items(what, reference(of))
}

/// A list of these.
pub(super) fn items(what: &str, of: Value) -> Value {
    json!({ "type": "array", "description": what, "items": of })
}

/// Two of these, the lower one first.
pub(super) fn range(what: &str, of: Value) -> Value {
    json!({ "type": "array", "description": what, "items": of, "minItems": 2, "maxItems": 2 })
}

/// This, or nothing.
pub(super) fn or_null(value: Value) -> Value {
    any_of(&[value, json!({ "type": "null" })])
}

/// Any of these.
pub(super) fn any_of(kinds: &[Value]) -> Value {
    json!({ "anyOf": kinds })
}

/// One of these words.
pub(super) fn one_of(words: &[&str], what: &str) -> Value {
    json!({ "enum": words, "description": what })
}

/// A text.
pub(super) fn text(what: &str) -> Value {
    json!({ "type": "string", "description": what })
}

/// A list of texts.
pub(super) fn texts(what: &str) -> Value {
    items(what, json!({ "type": "string" }))
}

/// A finite number.
pub(super) fn number(what: &str) -> Value {
    json!({ "type": "number", "description": what })
}

/// A whole number, at least zero.
pub(super) fn whole(what: &str) -> Value {
    json!({ "type": "integer", "minimum": 0, "description": what })
}

/// A whole number of either sign.
pub(super) fn signed(what: &str) -> Value {
    json!({ "type": "integer", "description": what })
}

/// True or false.
pub(super) fn flag(what: &str) -> Value {
    json!({ "type": "boolean", "description": what })
}
