//! JSON Schema as far as ours use it.

use serde_json::Value;

/// Whether a value is what a schema says, by the words that ours uses.
pub(super) fn holds(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let wrong = || Err(format!("{at}: {value} is not {schema}"));
    for (word, rule) in schema.as_object().unwrap() {
        let ok = match word.as_str() {
            // `required` goes with `properties`.
            "$schema" | "$defs" | "title" | "description" | "required" | "examples" => true,
            "$ref" => {
                let name = rule.as_str().unwrap().trim_start_matches('#');
                return holds(root, root.pointer(name).unwrap(), value, at);
            }
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64() >= rule.as_f64(),
            "type" => match rule.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "null" => value.is_null(),
                "number" => value.is_number(),
                "integer" => value.is_i64() || value.is_u64(),
                other => panic!("no type {other}"),
            },
            "anyOf" => {
                let kinds = rule.as_array().unwrap().iter();
                let tried = kinds.map(|one| holds(root, one, value, at));
                match tried.collect::<Vec<_>>() {
                    tried if tried.iter().any(Result::is_ok) => true,
                    tried => {
                        let wrong: Vec<String> =
                            tried.into_iter().filter_map(Result::err).collect();
                        return Err(wrong.join("\nor "));
                    }
                }
            }
            "items" => {
                for (n, one) in value.as_array().into_iter().flatten().enumerate() {
                    holds(root, rule, one, &format!("{at}/{n}"))?;
                }
                true
            }
            "minItems" => value.as_array().map(Vec::len) >= rule.as_u64().map(|n| n as usize),
            "maxItems" => value.as_array().map(Vec::len) <= rule.as_u64().map(|n| n as usize),
            "properties" => {
                let Some(object) = value.as_object() else {
                    return wrong();
                };
                for (key, one) in object {
                    if let Some(schema) = rule.get(key) {
                        holds(root, schema, one, &format!("{at}/{key}"))?;
                    }
                }
                let required = schema["required"].as_array().unwrap();
                required
                    .iter()
                    .all(|key| object.contains_key(key.as_str().unwrap()))
            }
            "additionalProperties" => {
                let known = |key: &String| schema["properties"].get(key).is_some();
                let object = value.as_object().into_iter().flatten();
                for (key, one) in object.filter(|(key, _)| !known(key)) {
                    match rule {
                        Value::Bool(false) => return Err(format!("{at}: {key} is one too many")),
                        of => holds(root, of, one, &format!("{at}/{key}"))?,
                    }
                }
                true
            }
            other => panic!("no word {other}"),
        };
        if !ok {
            return wrong();
        }
    }
    Ok(())
}
