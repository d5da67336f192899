//! How JSON is written.

use serde::Serialize;

/// A document, indented, with a line break at its end. Panics on a map whose keys are no texts.
pub(super) fn written(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("keys are texts");
    text.push('\n');
    text
}
