//! `report.html`: one page that needs nothing else, neither network nor script.

use std::fmt::Write as _;

use crate::experiment::summary::Line;
use crate::metrics::dictionary::{Basis, Better};
use crate::metrics::measured::Entity;
use crate::policy::registry::{self, Entry, Named};
use crate::report::answer;
use crate::report::figure::{self, Unit};
use crate::report::notes;
use crate::report::plots::{self, Chart};
use crate::report::results::Results;
use crate::report::text::headline;
use crate::report::text::why::{self, clock};

/// Most incidents on the page; all of them are in `incidents.csv`.
const INCIDENTS: usize = 50;

/// The page.
pub(crate) fn page(results: &Results<'_>, charts: &[Chart]) -> String {
    let scenario = results.scenario;
    let mut page = String::new();
    let out = &mut page;
    push(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
    );
    push(
        out,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
    );
    push(
        out,
        &format!("<title>{} · plimsoll</title>\n", escape(&scenario.name)),
    );
    push(
        out,
        &format!("<style>\n{}</style>\n</head>\n<body>\n<main>\n", STYLE),
    );
    head(out, results);
    numbers(out, results);
    for chart in charts {
        let (title, svg) = (escape(&chart.title), plots::svg(chart));
        let _ = write!(
            out,
            "<figure role=\"img\" aria-label=\"{title}\">\n{svg}<figcaption>data: {}</figcaption>\n</figure>\n",
            chart.data
        );
    }
    incidents(out, results);
    policies(out, results);
    note_list(out, results);
    metrics(out, results);
    reproduce(out, results);
    push(out, "</main>\n</body>\n</html>\n");
    page
}

const STYLE: &str = include_str!("../../assets/report.css");

fn head(out: &mut String, results: &Results<'_>) {
    let scenario = results.scenario;
    let question = scenario
        .question
        .lines()
        .next()
        .filter(|line| !line.trim().is_empty());
    let _ = writeln!(
        out,
        "<header>\n<p class=\"eyebrow\">{}</p>\n<h1>{}</h1>\n<p class=\"answer\">{}</p>",
        escape(&headline(results).join(" · ")),
        escape(question.unwrap_or(&scenario.name)),
        escape(&answer::sentence(results))
    );
    for sentence in why::sentences(results) {
        let _ = writeln!(out, "<p class=\"why\">{}</p>", escape(&sentence));
    }
    push(out, "</header>\n");
}

/// The first four of these that exist are the large numbers.
const LARGE: [(&str, &str); 8] = [
    ("availability.requests", "requests answered"),
    ("allocated.gpu", "GPU requested"),
    ("allocated.cpu", "CPU requested"),
    ("pending.p99", "wait for a node, p99"),
    ("cost", "cost of the run"),
    ("fragmentation", "capacity lost to fragmentation"),
    ("headroom.node", "time a lost node fits again"),
    ("allocated.memory", "memory requested"),
];

fn numbers(out: &mut String, results: &Results<'_>) {
    let lines = LARGE
        .iter()
        .filter_map(|(metric, label)| Some((results.line(metric, &Entity::Cluster)?, label)));
    push(out, "<dl class=\"numbers\">\n");
    for (line, label) in lines.take(4) {
        let unit = results.unit(line);
        let shown = results.show_line(line);
        // The number large, what follows it small.
        let (value, interval) = match (shown.find(" ±"), shown.find(" (")) {
            (Some(at), _) | (None, Some(at)) => shown.split_at(at),
            (None, None) => (shown.as_str(), ""),
        };
        let interval = match (unit, interval) {
            (Unit::Ratio, interval) if interval.starts_with(" ±") => format!("{interval} points"),
            (_, interval) => interval.to_owned(),
        };
        let _ = writeln!(
            out,
            "<div><dt>{label}</dt><dd><span class=\"value\">{}</span><span class=\"interval\">{}</span></dd></div>",
            escape(value),
            escape(interval.trim())
        );
    }
    push(out, "</dl>\n");
}

fn metrics(out: &mut String, results: &Results<'_>) {
    push(out, "<h2>Every number</h2>\n");
    let is_cluster = |line: &&Line| line.entity == Entity::Cluster;
    let lines = results.summary.lines.iter();
    let (cluster, others): (Vec<&Line>, Vec<&Line>) = lines.partition(is_cluster);
    for (title, lines, of) in [
        ("of the cluster", cluster, Of::Nothing),
        ("by service, group, zone and part", others, Of::Entity),
    ] {
        if lines.is_empty() {
            continue;
        }
        let count = lines.len();
        let _ = writeln!(out, "<details><summary>{count} metrics {title}</summary>");
        metric_table(out, results, &lines, of);
        push(out, "</details>\n");
    }
}

/// Whether a table says what each row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Nothing,
    Entity,
}

fn metric_table(out: &mut String, results: &Results<'_>, lines: &[&Line], of: Of) {
    let head = if of == Of::Entity { "<th>of</th>" } else { "" };
    let _ = writeln!(
        out,
        "<div class=\"scroll\"><table>\n<tr><th>metric</th>{head}<th class=\"number\">value</th><th>better</th><th>measured on</th><th>meaning</th></tr>"
    );
    for line in lines {
        let of = if of == Of::Entity {
            let kind = line.entity.kind().replace('_', " ");
            format!("<td>{kind} {}</td>", escape(&line.entity.full_name()))
        } else {
            String::new()
        };
        let better = match line.metric.better {
            Better::Up => "more",
            Better::Down => "less",
            Better::Neither => "",
        };
        let basis = match line.metric.basis {
            Basis::Truth => "truth",
            Basis::Belief => "belief",
        };
        let _ = writeln!(
            out,
            "<tr><td>{}</td>{of}<td class=\"number\">{}</td><td class=\"quiet\">{better}</td><td class=\"quiet\">{basis}</td><td class=\"quiet\">{}</td></tr>",
            line.metric.name,
            escape(&results.show_line(line)),
            escape(line.metric.formula)
        );
    }
    push(out, "</table></div>\n");
}

fn incidents(out: &mut String, results: &Results<'_>) {
    let Some(run) = results.runs.first().filter(|run| !run.incidents.is_empty()) else {
        return;
    };
    let scenario = results.scenario;
    let end = scenario.end.secs_f64();
    push(
        out,
        "<h2>Incidents</h2>\n<p>Times in which a service had fewer replicas ready than it needs",
    );
    push(
        out,
        if results.runs.len() > 1 {
            ", in replication 1.</p>\n"
        } else {
            ".</p>\n"
        },
    );
    push(
        out,
        "<div class=\"scroll\"><table>\n<tr><th>service</th><th>began</th><th class=\"number\">known after</th><th class=\"number\">over after</th><th class=\"number\">requests lost</th><th>failed</th></tr>\n",
    );
    for incident in run.incidents.iter().take(INCIDENTS) {
        let after = |at: Option<crate::time::Time>, never: &str| match at {
            Some(at) => figure::number(at.since(incident.start).secs_f64(), Unit::Seconds),
            None => never.to_owned(),
        };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td>{}</td></tr>",
            escape(&scenario.catalog.services[incident.service].name),
            clock(incident.start.secs_f64(), end),
            after(incident.detected, "never"),
            after(incident.recovered, "not at the end"),
            figure::thousands(incident.lost.round() as u64),
            escape(&incident.causes.join(", "))
        );
    }
    push(out, "</table></div>\n");
    if let Some(more) = run
        .incidents
        .len()
        .checked_sub(INCIDENTS)
        .filter(|&more| more > 0)
    {
        let _ = writeln!(out, "<p>{more} more are in <code>incidents.csv</code>.</p>");
    }
}

fn policies(out: &mut String, results: &Results<'_>) {
    let policy = &results.scenario.policy;
    push(
        out,
        "<h2>Policies</h2>\n<div class=\"scroll\"><table>\n<tr><th></th><th>policy</th><th>what it does</th><th>parameters</th><th>source</th></tr>\n",
    );
    policy_row(out, "scheduler", &policy.scheduler, registry::SCHEDULERS);
    policy_row(out, "autoscaler", &policy.autoscaler, registry::AUTOSCALERS);
    policy_row(out, "healer", &policy.healer, registry::HEALERS);
    push(out, "</table></div>\n");
}

fn policy_row<P: ?Sized>(
    out: &mut String,
    kind: &str,
    named: &Named,
    entries: &'static [Entry<P>],
) {
    let entry = registry::find(entries, named.name).expect("a chosen policy is registered");
    let parameters = named
        .params
        .iter()
        .map(|(name, value)| format!("{name} = {value}"));
    let parameters = parameters.collect::<Vec<_>>().join(", ");
    let _ = writeln!(
        out,
        "<tr><td class=\"quiet\">{kind}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"quiet\">{}</td></tr>",
        named.name,
        escape(entry.summary),
        escape(&parameters),
        escape(entry.source)
    );
}

fn note_list(out: &mut String, results: &Results<'_>) {
    let notes = notes::all(results);
    if notes.is_empty() {
        return;
    }
    push(out, "<h2>What to know about these numbers</h2>\n<ul>\n");
    for note in notes {
        let _ = writeln!(out, "<li>{}</li>", escape(&note));
    }
    push(out, "</ul>\n");
}

fn reproduce(out: &mut String, results: &Results<'_>) {
    let scenario = results.scenario;
    let policy = &scenario.policy;
    push(out, "<h2>To see the same again</h2>\n");
    let _ = writeln!(
        out,
        "<pre><code>plimsoll run {}.toml --seed {} --reps {} --scheduler {} --autoscaler {} --healer {}</code></pre>",
        escape(&scenario.name),
        results.seed,
        results.runs.len(),
        policy.scheduler.name,
        policy.autoscaler.name,
        policy.healer.name
    );
    let _ = writeln!(
        out,
        "<p>plimsoll {}; fingerprint of the scenario and its files <code>{}</code>. Every number is in <code>summary.json</code> and <code>metrics.csv</code> beside this page.</p>",
        env!("CARGO_PKG_VERSION"),
        escape(&scenario.hash)
    );
}

fn push(out: &mut String, text: &str) {
    out.push_str(text);
}

/// Text as HTML; a percent sign stays with its number.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for char in text.replace(" %", "\u{a0}%").chars() {
        match char {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
    html
}
