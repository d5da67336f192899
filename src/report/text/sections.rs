//! One row for each thing a reader asks after availability.

use crate::metrics::measured::Entity;
use crate::report::results::Results;
use crate::report::text::layout::Page;
use crate::units::Resource;

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
    facts.extend(show("nodes.used".into()).map(|nodes| format!("{nodes} used")));
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
        facts.extend(show("scaling.adaptations").map(|count| format!("{count} adaptations")));
        let hours = results.show_as("replica_hours", &service, "replica-hours");
        facts.extend(hours);
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
    facts.extend(results.show_as("node_hours", &Entity::Cluster, "node-hours"));
    page.row("cost", facts);
}

/// A count for readers, if it is not zero.
fn positive(results: &Results<'_>, metric: &str) -> Option<String> {
    let line = results.line(metric, &Entity::Cluster)?;
    (line.estimate.value > 0.0).then(|| results.show_line(line))
}
