//! One row for each thing a reader asks after availability.

use std::collections::BTreeMap;

use crate::experiment::summary::Line;
use crate::metrics::measured::Entity;
use crate::report::explain::groups;
use crate::report::results::{Numbers as _, Results};
use crate::report::text::count;
use crate::report::text::layout::Page;
use crate::time::Time;
use crate::units::Resource;

/// Most reasons why pods were never placed.
const REASONS: usize = 2;

/// Most services that get a row about scaling.
const ROWS: usize = 6;

/// What was requested, used and wasted.
pub(super) fn utilization(results: &Results<'_>, page: &mut Page) {
    let show = |metric: String| results.show(&metric, &Entity::Cluster);
    let mut facts = Vec::new();
    for resource in Resource::ALL {
        let name = resource.name();
        let Some(allocated) = show(format!("allocated.{name}")) else {
            continue;
        };
        let used = show(format!("used.{name}")).map(|used| format!(", {used} used"));
        facts.push(format!(
            "{name} {allocated} requested{}",
            used.unwrap_or_default()
        ));
    }
    let stranded = Resource::ALL.into_iter().filter_map(|resource| {
        let line = results.line(&format!("stranded.{}", resource.name()), &Entity::Cluster)?;
        (line.estimate.value > 0.0)
            .then(|| format!("{} {}", resource.name(), results.show_line(line)))
    });
    let stranded: Vec<String> = stranded.collect();
    if !stranded.is_empty() {
        facts.push(format!("stranded {}", stranded.join(", ")));
    }
    facts.extend(show("fragmentation".into()).map(|share| format!("fragmentation {share}")));
    facts.extend(show("packing".into()).map(|share| format!("packing {share}")));
    let nodes = results.counted("nodes.used", &Entity::Cluster, ["node", "nodes"]);
    facts.extend(nodes.map(|nodes| format!("{nodes} used")));
    page.row("utilization", facts);
}

/// How long pods waited for a node.
pub(super) fn waiting(results: &Results<'_>, page: &mut Page) {
    let percentiles = |metric: &str, suffixes: &[&str]| {
        let shown = suffixes.iter().filter_map(|suffix| {
            let value = results.show(&format!("{metric}.{suffix}"), &Entity::Cluster)?;
            Some(format!("{suffix} {value}"))
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    let mut facts = Vec::new();
    match results.value("pending.max", &Entity::Cluster) {
        None => {}
        Some(0.0) => facts.push("every pod had a node at once".to_owned()),
        Some(_) => {
            facts.push(format!(
                "pending {}",
                percentiles("pending", &["p50", "p95", "p99", "max"])
            ));
        }
    }
    // Jobs that arrived before count in the row of the jobs.
    let never = match results.scenario.warm_up > Time::ZERO {
        true => "created while measuring and never placed",
        false => "never placed",
    };
    let never = positive(results, "pending.never", [never; 2]);
    facts.extend(never.map(|never| match never_placed(results) {
        Some(why) => format!("{never}: {why}"),
        None => never,
    }));
    let ready = percentiles("time_to_ready", &["p50", "p99"]);
    if !ready.is_empty() {
        facts.push(format!("ready after {ready}"));
    }
    let counted = [
        ("preemptions", ["preemption", "preemptions"]),
        ("evictions", ["eviction", "evictions"]),
        (
            "oom_kills",
            [
                "container killed for memory",
                "containers killed for memory",
            ],
        ),
    ];
    for (metric, words) in counted {
        facts.extend(positive(results, metric, words));
    }
    page.row("waiting", facts);
    page.row("  by size", by_size(results));
}

/// What keeps pods waiting at the end of the runs: what most nodes say to most of them first.
fn never_placed(results: &Results<'_>) -> Option<String> {
    let mut weights: BTreeMap<String, u64> = BTreeMap::new();
    for waiting in results.runs.iter().flat_map(|run| &run.waiting) {
        for (reasons, nodes) in &waiting.refused {
            let words = groups::words(&results.scenario.catalog, reasons);
            *weights.entry(words).or_default() += waiting.pods * u64::from(*nodes);
        }
    }
    let mut weights: Vec<(String, u64)> = weights.into_iter().collect();
    weights.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    let words: Vec<String> = weights
        .into_iter()
        .take(REASONS)
        .map(|(words, _)| words)
        .collect();
    (!words.is_empty()).then(|| words.join("; "))
}

/// How long each group of pods by size waited; nothing where none did or there is one group only.
fn by_size(results: &Results<'_>) -> Vec<String> {
    let waited = results.value("pending.max", &Entity::Cluster) > Some(0.0);
    let lines = results.summary.lines.iter();
    let groups: Vec<&Line> = lines
        .filter(|line| line.metric.name == "pending.by_size.pods")
        .collect();
    if !waited || groups.len() < 2 {
        return Vec::new();
    }
    let told = groups.iter().enumerate().filter_map(|(place, line)| {
        let wait = results.show("pending.by_size.p95", &line.entity)?;
        let which = match place {
            0 => "smallest",
            _ if place + 1 == groups.len() => "largest",
            _ => "next",
        };
        let pods = count(line.estimate.value.round() as u64, "pod");
        Some(format!("{which} {pods} p95 {wait}"))
    });
    told.collect()
}

/// How well supply followed demand, service by service; nothing where nothing scales.
pub(super) fn scaling(results: &Results<'_>, page: &mut Page) {
    let catalog = &results.scenario.catalog;
    let scaled = catalog
        .services
        .as_slice()
        .iter()
        .filter(|spec| spec.hpa.is_some());
    if results.scenario.policy.autoscaler.name == "fixed" {
        return;
    }
    let mut label = "scaling";
    for spec in scaled.take(ROWS) {
        let service = Entity::Service(spec.name.clone());
        let show = |metric| results.show(metric, &service);
        let mut facts = Vec::new();
        let under = show("scaling.under").zip(show("scaling.over"));
        facts.extend(under.map(|(under, over)| {
            format!("{} {under} short of its demand, {over} above it", spec.name)
        }));
        let adaptations = ["adaptation", "adaptations"];
        facts.extend(results.counted("scaling.adaptations", &service, adaptations));
        let hours = ["replica-hour", "replica-hours"];
        let hours = results.counted("replica_hours", &service, hours);
        facts.extend(hours);
        page.row(label, facts);
        label = "";
    }
}

/// What failed and what was done about it; nothing if nothing did.
pub(super) fn healing(results: &Results<'_>, page: &mut Page) {
    let counted = [
        ("failures.node", ["node failed", "nodes failed"]),
        (
            "failures.container",
            ["container failed", "containers failed"],
        ),
        ("restarts", ["restart", "restarts"]),
        ("heals.needless", ["needless heal", "needless heals"]),
        (
            "heals.missed",
            ["failure nobody healed", "failures nobody healed"],
        ),
    ];
    let counts = counted
        .into_iter()
        .filter_map(|(metric, words)| positive(results, metric, words));
    let mut facts: Vec<String> = counts.collect();
    let detected = ["p50", "p99"].into_iter().filter_map(|suffix| {
        let value = results.show(&format!("detection.{suffix}"), &Entity::Cluster)?;
        Some(format!("{suffix} {value}"))
    });
    let detected: Vec<String> = detected.collect();
    if !detected.is_empty() {
        facts.push(format!("detected after {}", detected.join(", ")));
    }
    page.row("healing", facts);
}

/// What a loss would do.
pub(super) fn headroom(results: &Results<'_>, page: &mut Page) {
    let facts = ["node", "zone"].into_iter().filter_map(|what| {
        let show = |metric: &str| results.show(metric, &Entity::Cluster);
        let all = show(&format!("headroom.{what}"))?;
        let displaced = show(&format!("headroom.{what}.displaced"))?;
        let waiting = match all == displaced {
            true => String::new(),
            false => format!(" ({all} with no pod waiting anyway)"),
        };
        Some(format!(
            "a lost {what} fits again {displaced} of the time{waiting}"
        ))
    });
    page.row("headroom", facts.collect());
}

/// What it cost.
pub(super) fn cost(results: &Results<'_>, page: &mut Page) {
    let show = |metric| results.show(metric, &Entity::Cluster);
    let mut facts = Vec::new();
    facts.extend(show("cost"));
    facts.extend(show("cost.idle").map(|idle| format!("{idle} of it idle")));
    facts.extend(
        show("cost.per_million_requests").map(|cost| format!("{cost} per million requests")),
    );
    let hours = ["node-hour", "node-hours"];
    facts.extend(results.counted("node_hours", &Entity::Cluster, hours));
    page.row("cost", facts);
}

/// A count for readers with what is counted, in the singular and in the plural; nothing if it is zero.
fn positive(results: &Results<'_>, metric: &str, things: [&str; 2]) -> Option<String> {
    let some = results.value(metric, &Entity::Cluster)? > 0.0;
    some.then(|| results.counted(metric, &Entity::Cluster, things))?
}
