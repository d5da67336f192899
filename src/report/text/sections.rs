//! One row for each thing a reader asks after availability.

use crate::metrics::measured::Entity;
use crate::report::results::Results;
use crate::report::text::layout::Page;
use crate::report::text::services;
use crate::units::Resource;

/// Most services with a row about scaling.
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
    facts.extend(show("nodes.used".into()).map(|nodes| format!("{nodes} nodes used")));
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
    let pending = percentiles("pending", &["p50", "p95", "p99", "max"]);
    if !pending.is_empty() {
        facts.push(format!("pending {pending}"));
    }
    if let Some(never) = positive(results, "pending.never") {
        facts.push(format!("{never} never placed"));
    }
    let ready = percentiles("time_to_ready", &["p50", "p99"]);
    if !ready.is_empty() {
        facts.push(format!("ready after {ready}"));
    }
    let counted = [
        ("preemptions", "preemptions"),
        ("evictions", "evictions"),
        ("oom_kills", "killed for memory"),
    ];
    for (metric, words) in counted {
        facts.extend(positive(results, metric).map(|count| format!("{count} {words}")));
    }
    page.row("waiting", facts);
}

/// How well supply followed demand, service by service.
pub(super) fn scaling(results: &Results<'_>, page: &mut Page) {
    let mut label = "scaling";
    for line in services(results, "scaling.under").into_iter().take(ROWS) {
        let Entity::Service(name) = &line.entity else {
            continue;
        };
        let show = |metric| results.show(metric, &line.entity);
        let mut facts = vec![format!(
            "{name} short of {} of its demand",
            results.show_line(line)
        )];
        facts.extend(show("scaling.over").map(|over| format!("{over} too much")));
        facts.extend(show("scaling.adaptations").map(|count| format!("{count} adaptations")));
        facts.extend(show("replica_hours").map(|hours| format!("{hours} of replicas")));
        page.row(label, facts);
        label = "";
    }
}

/// What failed and what was done about it; nothing if nothing did.
pub(super) fn healing(results: &Results<'_>, page: &mut Page) {
    let counted = [
        ("failures.node", "nodes failed"),
        ("failures.container", "containers failed"),
        ("restarts", "restarts"),
        ("heals.needless", "needless heals"),
        ("heals.missed", "failures nobody healed"),
    ];
    let counts = counted.into_iter().filter_map(|(metric, words)| {
        positive(results, metric).map(|count| format!("{count} {words}"))
    });
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
        let share = results.show(&format!("headroom.{what}"), &Entity::Cluster)?;
        Some(format!("a lost {what} fits again {share} of the time"))
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
    facts.extend(show("node_hours").map(|hours| format!("{hours} of nodes")));
    page.row("cost", facts);
}

/// A count for readers, if it is not zero.
fn positive(results: &Results<'_>, metric: &str) -> Option<String> {
    let line = results.line(metric, &Entity::Cluster)?;
    (line.estimate.value > 0.0).then(|| results.show_line(line))
}
