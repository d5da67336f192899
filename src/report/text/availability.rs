//! How available the services were.

use crate::cluster::catalog::ServiceSpec;
use crate::experiment::summary::{Line, Rare};
use crate::metrics::measured::Entity;
use crate::report::figure::{self, Unit};
use crate::report::objectives::{self, Verdict};
use crate::report::results::{Numbers as _, Results};
use crate::report::text::layout::{Page, Tone};
use crate::report::text::services;

/// Of services that are asked anything.
const ASKED: &str = "availability.requests";
/// Of all services.
const TIME: &str = "availability.time";

/// Most services that get a row of their own.
const ROWS: usize = 12;

/// Each objective that is no service's `slo`.
pub(super) fn objectives(results: &Results<'_>, page: &mut Page) {
    let mut label = "objectives";
    for one in objectives::besides_slos(results) {
        let tone = match one.verdict() {
            Verdict::Met => Tone::Good,
            Verdict::Partly | Verdict::Missed | Verdict::Unknown => Tone::Bad,
        };
        let value = one.value(results).unwrap_or_else(|| "no value".to_owned());
        let bound = one.bound(results.currency());
        let verdict = page.paint(&one.words(), tone);
        page.row(
            label,
            vec![
                format!("{} {value}", one.quantity),
                format!("{bound}: {verdict}"),
            ],
        );
        label = "";
    }
}

/// One row for all services, one for each.
pub(super) fn rows(results: &Results<'_>, page: &mut Page) {
    let asked = services(results, ASKED);
    let metric = if asked.is_empty() { TIME } else { ASKED };
    let is_asked = |line: &&Line| asked.iter().any(|asked| asked.entity == line.entity);
    let unasked = services(results, TIME);
    let unasked = unasked.into_iter().filter(|line| !is_asked(line));
    let mut lines = asked.clone();
    lines.extend(unasked);
    if lines.is_empty() {
        return;
    }
    page.row("availability", total(results, metric));
    let hidden = lines.len().saturating_sub(ROWS);
    if hidden > 0 {
        // The worst are what a reader looks for.
        lines.sort_by(|a, b| a.estimate.value.total_cmp(&b.estimate.value));
    }
    for line in lines.iter().take(ROWS) {
        let facts = service(results, line, metric, page);
        page.row(&format!("  {}", name(line)), facts);
    }
    if hidden > 0 {
        let best = results.show_line(lines[ROWS]);
        page.row(
            "",
            vec![format!("{hidden} more services, each at least {best}")],
        );
    }
}

fn total(results: &Results<'_>, metric: &str) -> Vec<String> {
    let Some(total) = results.show(metric, &Entity::Cluster) else {
        return vec!["share of time with enough replicas".to_owned()];
    };
    if metric == TIME {
        return vec![unasked(&total)];
    }
    let nines = results.show_as("availability.nines", &Entity::Cluster, "nines");
    let mut facts = vec![match nines {
        Some(nines) => format!("{total} of requests, {nines}"),
        None => format!("{total} of requests"),
    }];
    let causes = lost_by_cause(results);
    if !causes.is_empty() {
        facts.push(format!("lost: {}", causes.join(", ")));
    }
    facts
}

fn unasked(ready: &str) -> String {
    format!("nothing was asked; {ready} of the time enough replicas were ready")
}

/// Shares of the requests lost, by cause, those without any left out.
fn lost_by_cause(results: &Results<'_>) -> Vec<String> {
    let lines = results.summary.lines.iter();
    let lost = lines.filter(|line| line.metric.name == "requests.lost");
    let parts = lost.filter_map(|line| match &line.entity {
        Entity::Part(cause) if line.estimate.value > 0.0 => Some(format!(
            "{} {}",
            results.show_line(line),
            spoken(results, cause)
        )),
        _ => None,
    });
    parts.collect()
}

/// Why one service lost requests. Nothing where all services together lost theirs for one cause only:
/// that has been said, and how many is what the service lacks to 100 %.
fn lost_by_service(results: &Results<'_>, name: &str) -> Option<String> {
    if services(results, "requests.lost").len() < 2 || lost_by_cause(results).len() < 2 {
        return None;
    }
    let lines = results.summary.lines.iter();
    let lost = lines.filter(|line| line.metric.name == "requests.lost");
    let causes = lost.filter_map(|line| match &line.entity {
        Entity::ServicePart { service, part } if service == name => {
            Some((line.estimate.value, briefly(results, part)))
        }
        _ => None,
    });
    let causes: Vec<(f64, &str)> = causes.filter(|&(share, _)| share > 0.0).collect();
    match causes.as_slice() {
        [] => None,
        [(_, cause)] => Some(format!("lost {cause}")),
        causes => {
            let share = |&(share, cause)| format!("{} {cause}", figure::number(share, Unit::Ratio));
            let shares: Vec<String> = causes.iter().map(share).collect();
            Some(format!("lost: {}", shares.join(", ")))
        }
    }
}

/// What became of requests lost for this cause, once it has been said at length.
fn briefly<'a>(results: &Results<'_>, cause: &'a str) -> &'a str {
    match cause {
        "over capacity" if results.scenario.lived.is_some() => "at slow, stuck or full replicas",
        "no endpoint" => "with no replica ready",
        "stale endpoint" => "at dead replicas",
        "over capacity" => "at full replicas",
        other => other,
    }
}

/// What became of requests lost for this cause. Live, answers that came too late are among those over
/// capacity.
fn spoken<'a>(results: &Results<'_>, cause: &'a str) -> &'a str {
    match cause {
        "over capacity" if results.scenario.lived.is_some() => {
            "at replicas that were slow, stuck or over their capacity"
        }
        "no endpoint" => "with no replica known to be ready",
        "stale endpoint" => "at replicas believed ready that could not serve",
        "over capacity" => "at replicas over their capacity",
        other => other,
    }
}

fn name(line: &Line) -> &str {
    match &line.entity {
        Entity::Service(name) => name,
        other => unreachable!("{other:?} is no service"),
    }
}

/// `metric` is that of all services together.
fn service(results: &Results<'_>, line: &Line, metric: &str, page: &Page) -> Vec<String> {
    let share = results.show_line(line);
    let asked = line.metric.name == metric;
    let mut facts = vec![if asked { share } else { unasked(&share) }];
    facts.extend(lost_by_service(results, name(line)));
    let services = results.scenario.catalog.services.as_slice();
    if let Some(spec) = services.iter().find(|spec| spec.name == name(line)) {
        facts.extend(objective(results, line, spec, page));
    }
    facts.extend(outages(results, &line.entity));
    facts.extend(edges(results, name(line)));
    facts
}

/// Whether the objective was met, and what it cost.
fn objective(
    results: &Results<'_>,
    line: &Line,
    spec: &ServiceSpec,
    page: &Page,
) -> Option<String> {
    let slo = spec.slo?;
    let met = results.value("slo.met", &line.entity)?;
    let verdict = match met {
        1.0 => page.paint("met", Tone::Good),
        0.0 => page.paint("missed", Tone::Bad),
        some => page.paint(&format!("met in {:.0} % of runs", 100.0 * some), Tone::Bad),
    };
    let wanted = figure::exact_percent(slo.availability);
    let window = figure::number(slo.window.secs_f64(), Unit::Seconds);
    let burned = results.show("slo.budget_burned", &line.entity);
    let burned = burned.map(|burned| format!(", {burned} of the {window} budget burned"));
    Some(format!(
        "objective {wanted} {verdict}{}",
        burned.unwrap_or_default()
    ))
}

fn outages(results: &Results<'_>, service: &Entity) -> Option<String> {
    if let Some(rare) = results.rare(service).filter(|_| results.runs.len() > 1) {
        return rarely(results, rare);
    }
    let outages = results.line("outages", service)?;
    if outages.estimate.value <= 0.0 {
        return None;
    }
    let down = results.show("outage.time_to_recover", service);
    let mut text = match (outages.estimate.value, results.runs.len(), down) {
        (1.0, 1, Some(down)) => format!("1 outage of {down}"),
        (1.0, 1, None) => "1 outage".to_owned(),
        (_, 1, down) => format!("{} outages{}", results.show_line(outages), each(down)),
        (1.0, _, down) => format!("1 outage a run{}", each(down)),
        (_, _, down) => format!("{} outages a run{}", results.show_line(outages), each(down)),
    };
    if let Some(detected) = results.show("outage.time_to_detect", service) {
        text.push_str(&format!(", detected after {detected}"));
    }
    Some(text)
}

/// Outages of which the window shows a part only.
fn edges(results: &Results<'_>, service: &str) -> Vec<String> {
    let scenario = results.scenario;
    // Down all the time, as the window opened, at its end.
    let mut runs = [0_usize; 3];
    for run in results.runs {
        let own = run.incidents.iter().filter(|incident| {
            incident.censored && scenario.catalog.services[incident.service].name == service
        });
        let mut found = [false; 3];
        for incident in own {
            let (early, late) = (
                incident.start <= scenario.warm_up,
                incident.recovered.is_none(),
            );
            found[if early && late {
                0
            } else {
                usize::from(late) + 1
            }] = true;
        }
        for (count, found) in runs.iter_mut().zip(found) {
            *count += usize::from(found);
        }
    }
    let words = [
        "down all the time",
        "down as measuring began",
        "down at the end",
    ];
    let seen = runs.into_iter().zip(words).filter(|&(count, _)| count > 0);
    let told = seen.map(|(count, words)| match results.runs.len() {
        1 => words.to_owned(),
        all => format!("{words} in {count} of {all} runs"),
    });
    told.collect()
}

fn each(down: Option<String>) -> String {
    down.map(|down| format!(", {down} each"))
        .unwrap_or_default()
}

/// Outages in few runs: how likely one is, and what it costs.
fn rarely(results: &Results<'_>, rare: &Rare) -> Option<String> {
    if rare.with_outage == 0 {
        return None;
    }
    let probability = figure::estimate(&rare.probability, Unit::Ratio);
    let (with, runs) = (rare.with_outage, results.runs.len());
    let mut text = format!("outages in {with} of {runs} runs: probability {probability}");
    if let Some(loss) = rare.loss_given_outage {
        let loss = figure::number(loss, Unit::Ratio);
        text.push_str(&format!(", {loss} of requests lost in a run with one"));
    }
    Some(text)
}
