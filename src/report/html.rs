//! `report.html`: one page that needs nothing else, neither network nor script.

use std::fmt::Write as _;

use crate::experiment::summary::Line;
use crate::metrics::dictionary::{Basis, Better};
use crate::metrics::measured::Entity;
use crate::policy::registry::{self, Entry, Named};
use crate::report::answer;
use crate::report::figure::{self, Unit};
use crate::report::notes;
use crate::report::output::{Options, Plots};
use crate::report::plots::{self, Chart, Form};
use crate::report::results::Results;
use crate::report::shell;
use crate::report::tables::Detail;
use crate::report::text::headline;
use crate::report::text::why::{self, clock};
use crate::scenario::drill::{Frequency, StatedBy};

/// Most incidents on the page; all of them are in `incidents.csv`.
const INCIDENTS: usize = 50;

/// The page.
pub(crate) fn page(results: &Results<'_>, charts: &[Chart], options: Options) -> String {
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
        figure(out, chart);
    }
    incidents(out, results);
    policies(out, results);
    note_list(out, results);
    metrics(out, results);
    reproduce(out, results, options);
    push(out, "</main>\n</body>\n</html>\n");
    page
}

/// A plot in two widths, of which the page shows the one that is readable.
fn figure(out: &mut String, chart: &Chart) {
    let _ = write!(
        out,
        "<figure>\n<h2>{}</h2>\n<p>{}</p>\n",
        escape(&chart.title),
        escape(&chart.subtitle)
    );
    for (form, class) in [(Form::Page, "wide"), (Form::Phone, "narrow")] {
        push(out, &plots::inline(chart, form, class));
    }
    let _ = write!(
        out,
        "<figcaption>data: <code>{}</code></figcaption>\n</figure>\n",
        chart.data
    );
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
        escape(&headline(results).join("\u{a0}· ")),
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
    ("headroom.node.displaced", "time a lost node fits again"),
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
        let (value, interval) = figure::apart(&shown);
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
        "<table class=\"metrics\">\n<tr><th>metric</th>{head}<th class=\"number\">value</th><th>better</th><th>measured on</th><th>meaning</th></tr>"
    );
    for line in lines {
        let of = match (of, &line.entity) {
            (Of::Nothing, _) => String::new(),
            (Of::Entity, entity) => {
                let name = escape(&entity.full_name());
                let kind = entity.kind().replace('_', " ");
                format!("<td class=\"of\">{kind} {name}</td>")
            }
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
            "<tr><td>{}</td>{of}<td class=\"number\">{}</td><td class=\"quiet aside\">{better}</td><td class=\"quiet aside\">{basis}</td><td class=\"quiet meaning\">{}</td></tr>",
            line.metric.name,
            escape(&results.show_line(line)),
            escape(line.metric.formula)
        );
    }
    push(out, "</table>\n");
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
        "<table class=\"incidents\">\n<tr><th>service</th><th>began</th><th class=\"number\">known after</th><th class=\"number\">over after</th><th class=\"number\">requests lost</th><th>failed</th></tr>\n",
    );
    for incident in run.incidents.iter().take(INCIDENTS) {
        let after = |at: Option<crate::time::Time>, never: &str| match at {
            Some(at) => figure::number(at.since(incident.start).secs_f64(), Unit::Seconds),
            None => never.to_owned(),
        };
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td class=\"time\">{}</td><td class=\"number\" title=\"known after\">{}</td><td class=\"number\" title=\"over after\">{}</td><td class=\"number\" title=\"requests lost\">{}</td><td title=\"failed\">{}</td></tr>",
            escape(&scenario.catalog.services[incident.service].name),
            clock(incident.start.secs_f64(), end),
            after(incident.detected, "never"),
            after(incident.recovered, "not at the end"),
            figure::thousands(incident.lost.round() as u64),
            escape(&incident.causes.join(", "))
        );
    }
    push(out, "</table>\n");
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
    push(out, "<h2>Policies</h2>\n<dl class=\"policies\">\n");
    policy_row(out, "scheduler", &policy.scheduler, registry::SCHEDULERS);
    policy_row(out, "autoscaler", &policy.autoscaler, registry::AUTOSCALERS);
    policy_row(out, "healer", &policy.healer, registry::HEALERS);
    push(out, "</dl>\n");
}

fn policy_row<P: ?Sized>(
    out: &mut String,
    kind: &str,
    named: &Named,
    entries: &'static [Entry<P>],
) {
    let entry = registry::find(entries, named.name).expect("a chosen policy is registered");
    let _ = writeln!(
        out,
        "<div><dt>{kind}</dt><dd><strong>{}</strong>: {}",
        named.name,
        escape(entry.summary)
    );
    let parameters = named.params.iter().map(|(name, value)| {
        let value = escape(&value.to_string());
        let doc = entry.params.iter().find(|param| param.name == name);
        let doc = escape(doc.map_or("", |param| param.doc));
        format!("<li title=\"{doc}\"><code>{name}</code> {value}</li>")
    });
    let parameters: String = parameters.collect();
    if !parameters.is_empty() {
        let _ = writeln!(out, "<ul class=\"parameters\">{parameters}</ul>");
    }
    let _ = writeln!(
        out,
        "<p class=\"quiet\">Source: {}</p></dd></div>",
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
        let _ = writeln!(out, "<li>{}</li>", with_code(&note));
    }
    push(out, "</ul>\n");
}

fn reproduce(out: &mut String, results: &Results<'_>, options: Options) {
    let scenario = results.scenario;
    let (and, changed) = match scenario.changes.is_empty() {
        true => (" and of", ""),
        false => (", of", " and of the changes"),
    };
    let _ = writeln!(
        out,
        "<h2>To see the same again</h2>\n<pre><code>{}</code></pre>",
        escape(&command(results, options))
    );
    let _ = writeln!(
        out,
        "<p>In the folder of <code>{}</code>, with plimsoll {}. The fingerprint of that file{} those \
         it names{} is <code>{}</code>; it stands in <code>summary.json</code> too, and if it is the same, so \
         is every file but <code>run.json</code>, byte for byte. Every number of this page is in \
         <code>summary.json</code> and <code>metrics.csv</code> beside it.</p>",
        escape(&scenario.file),
        env!("CARGO_PKG_VERSION"),
        and,
        changed,
        escape(&scenario.hash)
    );
}

/// What to type, where the scenario's file is, to make the same files.
fn command(results: &Results<'_>, options: Options) -> String {
    let scenario = results.scenario;
    let policy = &scenario.policy;
    let mut command = format!(
        "plimsoll run {} --seed {} --reps {} --scheduler {} --autoscaler {} --healer {}",
        shell::file(&scenario.file),
        results.seed,
        results.runs.len(),
        policy.scheduler.name,
        policy.autoscaler.name,
        policy.healer.name
    );
    for change in &scenario.changes {
        let (option, what) = change.split_once(' ').unwrap_or((change, ""));
        command.push_str(&format!(" {option} {}", shell::word(what)));
    }
    if let Some(rule) = scenario.outline.resample {
        command.push_str(&format!(" --resample={}s", rule.block));
    }
    if let Some(drilled) = &scenario.drill {
        command.push_str(&format!(" --drill {}", drilled.drill.name()));
        let frequency = drilled
            .frequency
            .filter(|stated| stated.stated_by == StatedBy::User);
        if let Some(Frequency {
            drill, per_year, ..
        }) = frequency
        {
            command.push_str(&format!(" --frequency {}={per_year}/year", drill.name()));
        }
    }
    command.push_str(match options.detail {
        Detail::Brief => "",
        Detail::Nodes => " --detail nodes",
        Detail::All => " --detail all",
    });
    command.push_str(match options.plots {
        Plots::Drawn => "",
        Plots::None => " --no-plots",
    });
    command
}

/// Text as HTML, what stands between backquotes as code.
fn with_code(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        let part = escape(part);
        html += &match index % 2 {
            0 => part,
            _ => format!("<code>{part}</code>"),
        };
    }
    html
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
