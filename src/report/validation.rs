//! What a check of scenario files found, for programs.

use serde::Serialize;
use serde_json::Value;

use crate::report::json::written;
use crate::report::schema::{
    document, flag, head, list, object, one_of, or_null, reference, text, texts, whole,
};
use crate::scenario::Scenario;
use crate::scenario::problem::{Located, Place, Problems, Severity};

/// The number of the format: raised when a program that reads the last one would go wrong.
const VERSION: u32 = 1;

/// A file that was checked.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    /// As it was named.
    pub path: &'a str,
    /// What it holds; absent where it cannot be run.
    pub scenario: Option<&'a Scenario>,
    /// What is wrong with it, or deserves a second look.
    pub problems: &'a Problems,
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    plimsoll: &'static str,
    files: Vec<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    file: &'a str,
    ok: bool,
    scenario: Option<Held<'a>>,
    problems: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Held<'a> {
    name: &'a str,
    hash: &'a str,
    nodes: usize,
    services: usize,
    jobs: usize,
    job_sources: usize,
    failures: usize,
}

#[derive(Serialize)]
struct Told<'a> {
    severity: &'static str,
    message: &'a str,
    places: Vec<At<'a>>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct At<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    label: &'a str,
}

/// What was found, with a line break at the end.
pub fn json(checked: &[Checked<'_>]) -> String {
    written(&Document {
        version: VERSION,
        plimsoll: env!("CARGO_PKG_VERSION"),
        files: checked.iter().map(file).collect(),
    })
}

fn file<'a>(checked: &Checked<'a>) -> File<'a> {
    File {
        file: checked.path,
        ok: checked.scenario.is_some(),
        scenario: checked.scenario.map(held),
        problems: checked.problems.located().map(told).collect(),
    }
}

fn held(scenario: &Scenario) -> Held<'_> {
    let Scenario {
        catalog, outline, ..
    } = scenario;
    Held {
        name: &scenario.name,
        hash: &scenario.hash,
        nodes: catalog.nodes.len(),
        services: catalog.services.len(),
        jobs: outline.trace.len(),
        job_sources: outline.sources.len(),
        failures: outline.failures.len(),
    }
}

fn told(problem: Located<'_>) -> Told<'_> {
    Told {
        severity: match problem.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        message: problem.message,
        places: problem.places.into_iter().map(at).collect(),
        notes: problem.notes,
    }
}

fn at(place: Place<'_>) -> At<'_> {
    let Place {
        file,
        line,
        column,
        label,
    } = place;
    At {
        file,
        line,
        column,
        label,
    }
}

/// The schema (JSON Schema, draft 2020-12), with a line break at its end.
pub fn schema() -> String {
    let mut keys = head(VERSION);
    keys.push((
        "files",
        list("in the order in which they were named", "file"),
    ));
    let parts = [
        ("file", of_file()),
        ("scenario", of_scenario()),
        ("problem", of_problem()),
        ("place", of_place()),
    ];
    document("validate", object(&keys, &[]), &parts)
}

fn of_file() -> Value {
    object(
        &[
            ("file", text("as it was named")),
            ("ok", flag("whether it can be run")),
            ("scenario", or_null(reference("scenario"))),
            ("problems", list("errors and warnings, by place", "problem")),
        ],
        &[],
    )
}

fn of_scenario() -> Value {
    object(
        &[
            ("name", text("its name")),
            ("hash", text("fingerprint of its input")),
            ("nodes", whole("nodes")),
            ("services", whole("services")),
            ("jobs", whole("jobs of traces and lists")),
            ("job_sources", whole("[[jobs]] that arrive by chance")),
            ("failures", whole("[[failures]]")),
        ],
        &[],
    )
}

fn of_problem() -> Value {
    object(
        &[
            (
                "severity",
                one_of(&["error", "warning"], "whether it can be run all the same"),
            ),
            ("message", text("what is wrong")),
            ("places", list("the first is that of the problem", "place")),
            ("notes", texts("valid choices, or what to do")),
        ],
        &[],
    )
}

fn of_place() -> Value {
    object(
        &[
            (
                "file",
                text("as it was named; of what is typed, the option"),
            ),
            ("line", whole("from 1")),
            ("column", whole("in characters from 1")),
            ("label", text("what is said there")),
        ],
        &[],
    )
}
