//! JSON Schema as far as ours use it.

use serde_json::Value;

/// Whether a value is what a schema says, by the words that ours uses.
pub(super) fn holds(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let wrong = || Err(format!("{at}: {value} is not {schema}"));
    for (word, rule) in schema.as_object().unwrap() {
        let ok = match word.as_str() {
            "$schema" | "$defs" | "title" | "description" | "required" | "additionalProperties" => {
                true
            }
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
                "integer" => value.is_u64(),
                other => panic!("no type {other}"),
            },
            "anyOf" => {
                let any = rule.as_array().unwrap().iter();
                any.clone().any(|one| holds(root, one, value, at).is_ok())
            }
            "items" => {
                for (n, one) in value.as_array().into_iter().flatten().enumerate() {
                    holds(root, rule, one, &format!("{at}/{n}"))?;
                }
                true
            }
            "properties" => {
                let Some(object) = value.as_object() else {
                    return wrong();
                };
                for (key, one) in object {
                    let Some(schema) = rule.get(key) else {
                        return Err(format!("{at}: {key} is one too many"));
                    };
                    holds(root, schema, one, &format!("{at}/{key}"))?;
                }
                let required = schema["required"].as_array().unwrap();
                required
                    .iter()
                    .all(|key| object.contains_key(key.as_str().unwrap()))
            }
            other => panic!("no word {other}"),
        };
        if !ok {
            return wrong();
        }
    }
    Ok(())
}
