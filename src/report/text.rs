//! The summary on the terminal: the answer first, then the detail, then where the files are.

mod availability;
mod drill;
mod jobs;
pub(crate) mod layout;
mod sections;
pub(crate) mod why;

use std::path::Path;

use crate::experiment::summary::Line;
use crate::metrics::measured::Entity;
use crate::report::assumptions;
use crate::report::figure::{self, Unit};
use crate::report::notes;
use crate::report::results::{Numbers as _, Results};
use crate::report::run_json::Effort;
use crate::report::text::layout::Page;

/// How the text is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether it is coloured.
    pub colors: Colors,
    /// Characters of a line.
    pub columns: usize,
}

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colors {
    /// Plain text.
    None,
    /// Colour as a second signal, by ANSI escape sequences.
    Ansi,
}

/// Where the files of a run are.
#[derive(Clone, Copy, Debug)]
pub struct Written<'a> {
    /// The folder.
    pub dir: &'a Path,
    /// The names in it that a reader opens first.
    pub files: &'a [String],
}

/// The summary of one run for a terminal.
pub fn summary(results: &Results<'_>, effort: &Effort, written: Written<'_>, look: Look) -> String {
    let mut page = Page::new(look);
    page.facts(&headline(results));
    page.text(&effort_line(results, effort));
    page.gap();
    availability::rows(results, &mut page);
    availability::objectives(results, &mut page);
    sections::utilization(results, &mut page);
    sections::waiting(results, &mut page);
    jobs::rows(results, &mut page);
    sections::scaling(results, &mut page);
    sections::healing(results, &mut page);
    sections::headroom(results, &mut page);
    sections::cost(results, &mut page);
    drill::rows(results, &mut page);
    assumed(results, &mut page);
    page.gap();
    for sentence in why::sentences(results) {
        page.text(&sentence);
    }
    page.gap();
    for note in notes::besides_warnings(results) {
        page.hanging("note: ", &note);
    }
    page.gap();
    let dir = written.dir.display();
    page.names(
        &format!("{dir}{}   ", std::path::MAIN_SEPARATOR),
        written.files,
    );
    page.finish()
}

/// The assumptions that would change the answer most; nothing where none was tried.
fn assumed(results: &Results<'_>, page: &mut Page) {
    let varied = results.summary.assumptions.as_slice();
    let told = assumptions::told(varied);
    if told.is_empty() && !varied.is_empty() {
        let tried = count(varied.len() as u64, "assumption");
        page.row(
            "assumptions",
            vec![format!("none of {tried} changes the answer")],
        );
    }
    let mut label = "assumptions";
    for (what, effect) in told {
        let mut facts = vec![format!(
            "{what}: {}",
            assumptions::change(effect, results.currency())
        )];
        facts.extend(assumptions::verdict(effect));
        page.row(label, facts);
        label = "";
    }
}

/// What was run, fact by fact.
pub(crate) fn headline(results: &Results<'_>) -> Vec<String> {
    let scenario = results.scenario;
    let catalog = &scenario.catalog;
    let mut parts = vec![
        scenario.name.clone(),
        format!(
            "{} {}",
            figure::number(scenario.end.secs_f64(), Unit::Seconds),
            match scenario.lived {
                Some(_) => "on real engines",
                None => "simulated",
            }
        ),
        cluster(results),
    ];
    let services = catalog.services.as_slice();
    if !services.is_empty() {
        let replicas: u64 = services
            .iter()
            .map(|service| u64::from(service.replicas))
            .sum();
        parts.push(format!(
            "{}, {}",
            count(services.len() as u64, "service"),
            count(replicas, "replica")
        ));
    }
    parts.extend(jobs(results));
    let policy = &scenario.policy;
    let (scheduler, healer) = (policy.scheduler.name, policy.healer.name);
    let scales = services.iter().any(|service| service.hpa.is_some());
    let autoscaler = match policy.autoscaler.name {
        "hpa" if !scales => "hpa (no service has one)",
        name => name,
    };
    parts.push(format!(
        "scheduler {scheduler}, autoscaler {autoscaler}, healer {healer}"
    ));
    parts
}

/// How many jobs a run has; nothing where there are none.
fn jobs(results: &Results<'_>) -> Option<String> {
    let totals = || results.runs.iter().map(|run| run.accounting.total);
    let first = totals().next().filter(|_| totals().sum::<u64>() > 0)?;
    if totals().all(|total| total == first) {
        return Some(count(first, "job"));
    }
    let mean = totals().sum::<u64>() as f64 / results.runs.len() as f64;
    Some(format!("about {} a run", count(mean.round() as u64, "job")))
}

fn cluster(results: &Results<'_>) -> String {
    let catalog = &results.scenario.catalog;
    let nodes = count(catalog.nodes.len() as u64, "node");
    match results.zones() {
        0 | 1 => nodes,
        zones => format!("{nodes} in {zones} zones"),
    }
}

fn effort_line(results: &Results<'_>, effort: &Effort) -> String {
    let wall = figure::number(effort.wall_seconds, Unit::Seconds);
    if results.scenario.lived.is_some() {
        return format!("one live run in {wall}");
    }
    format!(
        "{} in {wall} ({} events, {} events/s)",
        count(results.runs.len() as u64, "replication"),
        rough(effort.events as f64),
        rough(effort.events_per_second())
    )
}

/// A number of things: `1 node`, `12 nodes`.
pub(crate) fn count(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", figure::thousands(number))
}

/// A sentence with a capital at its head.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A large number in three digits: `4.1 M`.
fn rough(number: f64) -> String {
    let (scaled, suffix) = match number {
        n if n >= 1e9 => (n / 1e9, " G"),
        n if n >= 1e6 => (n / 1e6, " M"),
        n if n >= 1e4 => (n / 1e3, " k"),
        n => return figure::thousands(n.round() as u64),
    };
    let decimals = if scaled < 10.0 { 1 } else { 0 };
    format!("{scaled:.decimals$}{suffix}")
}

/// The services that have this metric, in the order of the scenario.
fn services<'a>(results: &Results<'a>, metric: &str) -> Vec<&'a Line> {
    let lines = results.summary.lines.iter();
    lines
        .filter(|line| line.metric.name == metric && matches!(line.entity, Entity::Service(_)))
        .collect()
}
