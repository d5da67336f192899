//! The schema and the decoder say the same, and so do the schema and what is shipped.

use serde_json::Value;

use super::{EVERY_KEY, TABLES, refusal, registry, shipped};
use crate::scenario::decode::Decode;
use crate::scenario::policies::{PolicyKind, Registry};
use crate::scenario::raw;
use crate::scenario::schema::{self, Presence, Schema, Table};
use crate::scenario::starter;

/// Values of every form that a schema allows, each with at most one key per table.
fn examples(schema: &Schema) -> Vec<String> {
    let list = |items: Vec<String>| items.iter().map(|item| format!("[{item}]")).collect();
    match schema {
        Schema::Text(example) => vec![format!("\"{example}\"")],
        Schema::Words(words) => words.iter().map(|word| format!("\"{word}\"")).collect(),
        Schema::Whole | Schema::Signed => vec!["1".to_owned()],
        Schema::Flag => vec!["true".to_owned()],
        // The schema of scenarios says what everything may be.
        Schema::Any => Vec::new(),
        Schema::Number => vec!["1".to_owned(), "0.5".to_owned()],
        Schema::AnyOf(kinds) => kinds.iter().flat_map(examples).collect(),
        Schema::List(item) => list(examples(item)),
        Schema::Map(value) => table("anything", &examples(value)),
        Schema::Table(keys) | Schema::Tagged(keys) => entries(keys)
            .iter()
            .flat_map(|(key, values)| table(key, values))
            .collect(),
        Schema::Policy(kind) => {
            let registry = registry();
            let names = registry.known(*kind).iter().map(|known| known.name);
            names
                .flat_map(|name| [format!("\"{name}\""), format!("{{ {name} = {{}} }}")])
                .collect()
        }
    }
}

fn table(key: &str, values: &[String]) -> Vec<String> {
    values
        .iter()
        .map(|value| format!("{{ {key} = {value} }}"))
        .collect()
}

fn entries(table: &Table) -> Vec<(&'static str, Vec<String>)> {
    let keys = table.keys.iter();
    keys.map(|key| (key.name, examples(&(key.schema)())))
        .collect()
}

/// The table of the whole file.
fn root() -> &'static Table {
    match raw::File::schema() {
        Schema::Table(root) => root,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_decoder_takes_every_key_and_form_of_the_schema() {
    let mut tried = 0;
    for (key, values) in entries(root()) {
        for value in values {
            let said = refusal(&format!("{key} = {value}\n"));
            let of_type = |line: &str| line.contains("must be") && line.contains(", not ");
            for wrong in ["unknown", "is not a", "TOML", "needs exactly"] {
                assert!(!said.contains(wrong), "{key} = {value}\n{said}");
            }
            assert!(!said.lines().any(of_type), "{key} = {value}\n{said}");
            tried += 1;
        }
    }
    assert!(tried > 250, "{tried}");
}

#[test]
fn the_decoder_takes_no_key_that_is_not_in_the_schema() {
    // An unknown key beside every known one. Tables with keys of the user's take any.
    let more = |value: &str| {
        let more = value.replace("{ ", "{ zzz = 1, ");
        more.replace("{ zzz = 1, anything", "{ anything")
    };
    for (key, values) in entries(root()) {
        for value in values.iter().filter(|value| value.contains("{ ")) {
            if key == "policy" {
                continue;
            }
            let text = format!("{key} = {}\n", more(value));
            let tables = text.matches("zzz").count();
            let said = refusal(&text);
            let unknown = said.matches("unknown key `zzz`").count();
            assert_eq!(unknown, tables, "{text}{said}");
        }
    }
}

#[test]
fn the_schema_of_a_policy_is_its_registry() {
    let schema = schema::json(&raw::File::schema(), &registry());
    let kinds = &schema["$defs"]["Policies"]["properties"];
    for kind in [
        PolicyKind::Scheduler,
        PolicyKind::Autoscaler,
        PolicyKind::Healer,
    ] {
        let names = kinds[kind.name()]["anyOf"][0]["enum"].as_array().unwrap();
        let known: Vec<_> = registry().known(kind).iter().map(|k| k.name).collect();
        assert_eq!(names, &known);
    }
    let hpa = &kinds["autoscaler"]["anyOf"][1]["properties"]["hpa"]["properties"];
    assert_eq!(hpa["tolerance"]["maximum"], 1.0);
    assert_eq!(hpa["metric"]["enum"][1], "memory");
}

#[test]
fn every_key_is_documented() {
    let schema = schema::json(&raw::File::schema(), &registry());
    for (name, table) in schema["$defs"].as_object().unwrap() {
        assert!(
            table["description"].as_str().unwrap().ends_with('.'),
            "{name}"
        );
        for (key, value) in table["properties"].as_object().unwrap() {
            let doc = value["description"].as_str().unwrap();
            assert!(
                doc.ends_with('.') && !doc.contains("  "),
                "{name}.{key}: {doc}"
            );
        }
    }
    for key in root().keys {
        assert_eq!(key.presence, Presence::Optional, "{}", key.name);
    }
}

#[test]
fn what_is_shipped_and_tested_is_valid_by_the_schema() {
    let schema = schema::json(&raw::File::schema(), &registry());
    for text in [starter(), EVERY_KEY, TABLES] {
        assert!(is_valid(text, &schema), "{text}");
    }
    let built_in = schema::json(&raw::File::schema(), &Registry::built_in());
    for (_, text) in shipped() {
        assert!(is_valid(&text, &built_in), "{text}");
    }
    let wrong = [
        ("duration = \"2d\"", "duration = 2"),
        ("shutdown", "shutdwon"),
        ("count = 3", "count = -3"),
        ("\"never\"", "\"sometimes\""),
        (
            "load = [100, { diurnal",
            "load = [100, { constant = 1, diurnal",
        ),
        ("cpu = \"15500m\"\n", ""),
        ("tolerance = 0.2", "tolerance = 1.2"),
        ("scheduler = \"spread\"", "scheduler = \"spred\""),
    ];
    for (right, wrong) in wrong {
        assert!(EVERY_KEY.contains(right), "{right}");
        let text = EVERY_KEY.replacen(right, wrong, 1);
        assert!(!is_valid(&text, &schema), "{wrong}");
    }
}

fn is_valid(text: &str, schema: &Value) -> bool {
    let table: toml::Table = text.parse().unwrap();
    valid(&serde_json::to_value(table).unwrap(), schema, schema)
}

/// Whether a value is valid by a schema, as far as our schemas go.
fn valid(value: &Value, schema: &Value, root: &Value) -> bool {
    let rules = schema.as_object().unwrap();
    rules.iter().all(|(rule, wanted)| match rule.as_str() {
        "$ref" => {
            let name = wanted.as_str().unwrap().strip_prefix("#/$defs/").unwrap();
            valid(value, &root["$defs"][name], root)
        }
        "anyOf" => {
            let mut kinds = wanted.as_array().unwrap().iter();
            kinds.any(|kind| valid(value, kind, root))
        }
        "enum" => wanted.as_array().unwrap().contains(value),
        "type" => match wanted.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64(),
            "number" => value.is_number(),
            other => panic!("{other}"),
        },
        "minimum" => value
            .as_f64()
            .is_none_or(|number| number >= wanted.as_f64().unwrap()),
        "maximum" => value
            .as_f64()
            .is_none_or(|number| number <= wanted.as_f64().unwrap()),
        "items" => match value.as_array() {
            Some(items) => items.iter().all(|item| valid(item, wanted, root)),
            None => true,
        },
        "properties" | "additionalProperties" | "required" | "minProperties" | "maxProperties" => {
            value
                .as_object()
                .is_none_or(|keys| valid_keys(keys, rule, wanted, schema, root))
        }
        "$schema" | "$defs" | "title" | "description" | "examples" | "default" => true,
        other => panic!("{other}"),
    })
}

fn valid_keys(
    keys: &serde_json::Map<String, Value>,
    rule: &str,
    wanted: &Value,
    schema: &Value,
    root: &Value,
) -> bool {
    let count = wanted.as_u64().unwrap_or(0) as usize;
    match rule {
        "properties" => keys.iter().all(|(key, value)| {
            let known = wanted.get(key);
            known.is_none_or(|known| valid(value, known, root))
        }),
        "additionalProperties" => keys.iter().all(|(key, value)| {
            let known = schema.get("properties").and_then(|known| known.get(key));
            known.is_some() || (wanted.is_object() && valid(value, wanted, root))
        }),
        "required" => {
            let mut required = wanted.as_array().unwrap().iter();
            required.all(|key| keys.contains_key(key.as_str().unwrap()))
        }
        "minProperties" => keys.len() >= count,
        "maxProperties" => keys.len() <= count,
        other => panic!("{other}"),
    }
}
