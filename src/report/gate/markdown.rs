//! The gate as GitHub-flavoured Markdown, to be put under a pull request.

use crate::experiment::gate::{Against, Line, Overall};
use crate::report::gate::{Gate, Held, KEEP, word};

/// The whole of it.
pub fn page(gate: &Gate<'_>) -> String {
    let verdict = if gate.fails() { "failed" } else { "passed" };
    let mut text = format!(
        "### plimsoll gate: {verdict}\n\n{}\n\n",
        escaped(&gate.sentence())
    );
    text += "| scenario | verdict | metric | was | is | difference | tolerance |\n";
    text += "|---|---|---|---:|---:|---:|---:|\n";
    for held in gate.scenarios {
        rows(held, &mut text);
    }
    text.push('\n');
    text += &details(gate);
    if let Some(sure) = gate.how_sure() {
        text += &format!("{}\n", escaped(&sure));
    }
    if let Some(omitted) = gate.omitted() {
        text += &format!("\nNote: {}.\n", escaped(&omitted));
    }
    text
}

fn rows(held: &Held<'_>, text: &mut String) {
    let name = escaped(&held.checked.name);
    for line in held.striking() {
        let [before, after] = held.ends(line);
        let against = match (line.against, held.anchor) {
            (Against::Anchor, Some(version)) => format!(" against the anchor of {version}"),
            (Against::Anchor, None) | (Against::Baseline, _) => String::new(),
        };
        let verdict = match line.overall() {
            Overall::Ok | Overall::Better => word(line.overall()).to_owned(),
            Overall::Undecided | Overall::Regressed => format!("**{}**", word(line.overall())),
        };
        let difference = held.difference(line).unwrap_or_default();
        let cells = [&before, &after, &difference, &held.tolerance(line)].map(|cell| escaped(cell));
        let metric = format!("{}{}", code(&line.quantity.to_string()), escaped(&against));
        *text += &format!(
            "| {name} | {verdict} | {metric} | {} |\n",
            cells.join(" | ")
        );
    }
    if let Some(rest) = held.rest() {
        let anchored = held.anchored().map(|text| format!("; {text}"));
        let rest = format!("{rest}{}", anchored.unwrap_or_default());
        *text += &format!("| {name} | ok | {} | | | | |\n", escaped(&rest));
    }
}

/// What decided, and what can be done.
fn details(gate: &Gate<'_>) -> String {
    let mut text = String::new();
    for held in gate.scenarios {
        let clauses = held.striking().filter_map(|line| clause(held, line));
        let tested = held.policies();
        for clause in clauses.chain(tested) {
            text += &format!("- {}: {clause}\n", escaped(&held.checked.name));
        }
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

fn clause(held: &Held<'_>, line: &Line) -> Option<String> {
    let why = match line.overall() {
        Overall::Better => KEEP.to_owned(),
        Overall::Ok | Overall::Undecided | Overall::Regressed => escaped(&held.because(line)?),
    };
    let against = match line.against {
        Against::Baseline => "",
        Against::Anchor => " against the anchor",
    };
    Some(format!(
        "{}{against}: {why}",
        code(&line.quantity.to_string())
    ))
}

/// Text that Markdown takes as it stands (GitHub Flavored Markdown Spec, "Backslash escapes", "Tables").
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\r' => out.push(' '),
            '<' => out += "&lt;",
            '&' => out += "&amp;",
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' => {
                out.push('\\');
                out.push(char);
            }
            other => out.push(other),
        }
    }
    out
}

/// A name in the font of code: in a table a bar needs its backslash even there.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|char| {
            if char == '`' || char.is_control() {
                '\''
            } else {
                char
            }
        })
        .collect();
    format!("`{}`", text.replace('|', "\\|"))
}
