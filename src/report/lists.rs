//! The metrics and the policies that there are, for programs.

pub mod metrics;
pub mod policies;

use serde::Serialize;

/// The number of the format: raised when a program that reads the last one would go wrong.
const VERSION: u32 = 1;

/// A document, with a line break at its end.
fn written(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("memory can be written");
    text.push('\n');
    text
}
