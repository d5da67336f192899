//! The JSON that commands print is what `plimsoll schema` says.

mod subset;

use serde_json::Value;

use crate::shared::{SHOP, Scratch};
use subset::holds;

fn schema(scratch: &Scratch, of: &str) -> Value {
    let schema = scratch.fine(&format!("schema --of {of}"));
    serde_json::from_str(&schema).unwrap()
}

#[test]
fn the_json_is_what_its_schema_says() {
    let scratch = Scratch::with("schema", "small.toml", SHOP);
    let schema = schema(&scratch, "compare");
    let args = "compare small.toml --format json --scheduler binpack,spread --reps 4";
    let plain: Value = serde_json::from_str(&scratch.fine(args)).unwrap();
    holds(&schema, &schema, &plain, "").unwrap();
    // A wrong type, a missing key and one too many are seen.
    for (key, value) in [("seed", Value::from("1")), ("more", Value::from(1))] {
        let mut wrong = plain.clone();
        wrong[key] = value;
        holds(&schema, &schema, &wrong, "").unwrap_err();
    }
    let mut wrong = plain;
    wrong.as_object_mut().unwrap().remove("family");
    holds(&schema, &schema, &wrong, "").unwrap_err();
}
