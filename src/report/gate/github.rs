//! The gate as annotations of GitHub Actions: messages at the line of the objective.

use crate::experiment::gate::{Line, Overall};
use crate::metrics::measured::Entity;
use crate::report::gate::{Gate, KEEP, word};

/// One line for each metric that is not as it was, and one with the outcome.
pub fn page(gate: &Gate<'_>) -> String {
    let mut text = String::new();
    for held in gate.scenarios {
        for line in held.striking() {
            let overall = line.overall();
            let level = match (overall, overall.fails(gate.allow_undecided)) {
                (Overall::Ok | Overall::Better, _) => "notice",
                (Overall::Undecided | Overall::Regressed, false) => "warning",
                (Overall::Undecided | Overall::Regressed, true) => "error",
            };
            let keep = match overall {
                Overall::Better => format!(": {KEEP}"),
                Overall::Ok | Overall::Undecided | Overall::Regressed => String::new(),
            };
            let file = property(&held.path.display().to_string());
            let at = place(held.text, line);
            let title = property(&format!("{}: {}", held.checked.name, word(overall)));
            let message = data(&format!("{}{keep}", held.line(line)));
            text += &format!("::{level} file={file},line={at},title={title}::{message}\n");
        }
    }
    let level = if gate.fails() { "error" } else { "notice" };
    let title = property("plimsoll gate");
    text + &format!("::{level} title={title}::{}\n", data(&gate.sentence()))
}

/// The line, from 1, where the objective of a metric stands, as far as the text tells: the metric in
/// quotes, or the `slo` after the name of its service; else the first.
fn place(text: &str, line: &Line) -> usize {
    let quoted = format!("\"{}\"", line.quantity);
    let lines = || text.lines().zip(1..);
    if let Some((_, at)) = lines().find(|(text, _)| text.contains(&quoted)) {
        return at;
    }
    let Entity::Service(service) = &line.quantity.entity else {
        return 1;
    };
    let name = format!("\"{service}\"");
    let of_service = lines().skip_while(|(text, _)| {
        let key = text.trim_start();
        !(key.starts_with("name") && key.contains(&name))
    });
    let mut of_service = of_service.take_while(|(text, _)| !text.starts_with("[[services]]"));
    let slo = of_service.find(|(text, _)| text.trim_start().starts_with("slo"));
    slo.map_or(1, |(_, at)| at)
}

/// A message, as GitHub reads it ("Workflow commands for GitHub Actions"; its own escapes are in
/// actions/toolkit, packages/core/src/command.ts).
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property, in which two more characters have a meaning.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
