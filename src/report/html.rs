//! `report.html`: the page of one run, made of its [`Stored`] result.

use std::fmt::Write as _;

use crate::experiment::summary::Line;
use crate::metrics::dictionary::{Basis, Better};
use crate::metrics::measured::Entity;
use crate::policy::registry::{self, Entry};
use crate::report::figure::{self, Unit};
use crate::report::managers;
use crate::report::objectives::Verdict;
use crate::report::page::{Cell, Column, Figure, Kind, Narrow, Page, Table, Tone, escape};
use crate::report::plots::{self, Chart};
use crate::report::results::Numbers as _;
use crate::report::stored::{Incident, Policy, Stored};
use crate::report::text::why::clock;
use crate::time::Time;

/// Most incidents on the page; all of them are in `incidents.csv`.
const INCIDENTS: usize = 50;

/// The page of a stored result.
pub fn of(stored: &Stored) -> String {
    page(stored, &plots::charts(stored))
}

/// The page.
pub(crate) fn page(stored: &Stored, charts: &[Chart]) -> String {
    let mut page = Page::new(&stored.name);
    let question = match stored.question.lines().next().map(str::trim) {
        None | Some("") => &stored.name,
        Some(question) => question,
    };
    page.head(&stored.headline, question, &stored.answer, &stored.why);
    page.figures(&figures(stored));
    objectives(&mut page, stored);
    for chart in charts {
        page.chart(chart);
    }
    incidents(&mut page, stored);
    policies(&mut page, stored);
    managers::section(&mut page, stored);
    page.notes("What to know about these numbers", &stored.notes);
    metrics(&mut page, stored);
    reproduce(&mut page, stored);
    page.finish()
}

/// The first four of these that exist are the large numbers.
pub(super) const LARGE: [(&str, &str); 8] = [
    ("availability.requests", "requests answered"),
    ("allocated.gpu", "GPU requested"),
    ("allocated.cpu", "CPU requested"),
    ("pending.p99", "wait for a node, p99"),
    ("cost", "cost of the run"),
    ("fragmentation", "capacity lost to fragmentation"),
    ("headroom.node.displaced", "time a lost node fits again"),
    ("allocated.memory", "memory requested"),
];

fn figures(stored: &Stored) -> Vec<Figure> {
    let shown = LARGE.iter().filter_map(|(metric, label)| {
        let shown = stored.show(metric, &Entity::Cluster)?;
        Some(Figure::of(label, &shown))
    });
    shown.take(4).collect()
}

fn objectives(page: &mut Page, stored: &Stored) {
    if stored.objectives.is_empty() {
        return;
    }
    page.heading("Objectives");
    let rows = stored.objectives.iter().map(|one| {
        let value = one.value(stored).unwrap_or_else(|| "–".to_owned());
        vec![
            Cell::new(format!("`{}`", one.quantity)),
            Cell::new(one.bound(stored.currency())),
            Cell::new(value),
            Cell::toned(one.words(), tone(one.verdict())),
        ]
    });
    page.table(&Table {
        columns: vec![
            Column::new("metric", Kind::Text),
            Column::new("bound", Kind::Text),
            Column::new("measured", Kind::Number),
            Column::new("verdict", Kind::Text),
        ],
        rows: rows.collect(),
        narrow: Narrow::List,
    });
    if stored.replications > 1 {
        page.text("Each run is judged by itself; what was measured is of all runs together.");
    }
}

pub(super) const fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Met => Tone::Good,
        Verdict::Missed | Verdict::Partly => Tone::Bad,
        Verdict::Unknown => Tone::Marked,
    }
}

fn metrics(page: &mut Page, stored: &Stored) {
    page.heading("Every number");
    let is_cluster = |line: &&Line| line.entity == Entity::Cluster;
    let (cluster, others): (Vec<&Line>, Vec<&Line>) = stored.lines.iter().partition(is_cluster);
    for (title, lines, of) in [
        ("of the cluster", cluster, Of::Nothing),
        ("by service, group, zone and part", others, Of::Entity),
    ] {
        if lines.is_empty() {
            continue;
        }
        let line = format!("{} metrics {title}", lines.len());
        page.folded(&line, |page| page.table(&metric_table(stored, &lines, of)));
    }
}

/// Whether a table says what each row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Nothing,
    Entity,
}

fn metric_table(stored: &Stored, lines: &[&Line], of: Of) -> Table {
    let mut columns = vec![
        Column::new("metric", Kind::Text),
        Column::new("value", Kind::Number),
        Column::new("of", Kind::Text),
        Column::new("better", Kind::Aside),
        Column::new("measured on", Kind::Aside),
        Column::new("meaning", Kind::Quiet),
    ];
    let row = |line: &&Line| {
        let better = match line.metric.better {
            Better::Up => "more",
            Better::Down => "less",
            Better::Neither => "",
        };
        let basis = match line.metric.basis {
            Basis::Truth => "truth",
            Basis::Belief => "belief",
        };
        let mut row = vec![
            Cell::new(line.metric.name),
            Cell::new(stored.show_line(line)),
            Cell::new(spoken(&line.entity)),
            Cell::new(better),
            Cell::new(basis),
            Cell::new(line.metric.formula),
        ];
        if of == Of::Nothing {
            row.remove(2);
        }
        row
    };
    let rows = lines.iter().map(row).collect();
    if of == Of::Nothing {
        columns.remove(2);
    }
    Table {
        columns,
        rows,
        narrow: Narrow::Pair,
    }
}

/// An entity in words: `service cart`.
pub(super) fn spoken(entity: &Entity) -> String {
    let kind = entity.kind().replace('_', " ");
    match entity {
        Entity::Cluster => kind,
        Entity::Group(_)
        | Entity::Zone(_)
        | Entity::Service(_)
        | Entity::Node(_)
        | Entity::Part(_)
        | Entity::ServicePart { .. } => format!("{kind} {}", entity.full_name()),
    }
}

fn incidents(page: &mut Page, stored: &Stored) {
    if stored.incidents.is_empty() {
        return;
    }
    page.heading("Incidents");
    let which = match stored.replications {
        1 => "",
        _ => ", in replication 1",
    };
    page.text(&format!(
        "Times in which a service had fewer replicas ready than it needs{which}."
    ));
    let shown = stored.incidents.iter().take(INCIDENTS);
    page.table(&Table {
        columns: vec![
            Column::new("service", Kind::Text),
            Column::new("began", Kind::Text),
            Column::new("known after", Kind::Number),
            Column::new("over after", Kind::Number),
            Column::new("requests lost", Kind::Number),
            Column::new("failed", Kind::Text),
        ],
        rows: shown.map(|one| incident(one, stored.end)).collect(),
        narrow: Narrow::List,
    });
    let more = stored.incidents.len().saturating_sub(INCIDENTS);
    if more > 0 {
        page.text(&format!("{more} more are in `incidents.csv`."));
    }
}

fn incident(incident: &Incident, end: Time) -> Vec<Cell> {
    let after = |at: Option<Time>, never: &str| match at {
        Some(at) => figure::number(at.since(incident.start).secs_f64(), Unit::Seconds),
        None => never.to_owned(),
    };
    let cells = [
        incident.service.clone(),
        clock(incident.start.secs_f64(), end.secs_f64()),
        after(incident.detected, "never"),
        after(incident.recovered, "not at the end"),
        figure::thousands(incident.lost.round() as u64),
        incident.causes.join(", "),
    ];
    cells.map(Cell::new).into()
}

fn policies(page: &mut Page, stored: &Stored) {
    page.heading("Policies");
    page.push("<dl class=\"policies\">\n");
    let [scheduler, autoscaler, healer] = &stored.policies;
    page.push(&policy(scheduler, registry::SCHEDULERS));
    page.push(&policy(autoscaler, registry::AUTOSCALERS));
    page.push(&policy(healer, registry::HEALERS));
    page.push("</dl>\n");
}

/// What is known of a policy; of one that another version had, its name and its parameters.
fn policy<P: ?Sized>(policy: &Policy, entries: &'static [Entry<P>]) -> String {
    let entry = registry::find(entries, &policy.name);
    let summary = entry.map(|entry| format!(": {}", escape(entry.summary)));
    let mut html = format!(
        "<div><dt>{}</dt><dd><strong>{}</strong>{}\n",
        policy.kind,
        escape(&policy.name),
        summary.unwrap_or_default()
    );
    let declared = entry.map_or(&[][..], |entry| entry.params);
    let mut items = String::new();
    for (name, value) in parameters(policy, declared.iter().map(|param| param.name)) {
        let doc = declared.iter().find(|param| param.name == name);
        let doc = escape(doc.map_or("", |param| param.doc));
        let _ = write!(
            items,
            "<li title=\"{doc}\"><code>{}</code> {}</li>",
            escape(name),
            escape(value)
        );
    }
    if !items.is_empty() {
        let _ = writeln!(html, "<ul class=\"parameters\">{items}</ul>");
    }
    if let Some(entry) = entry {
        let source = escape(entry.source);
        let _ = writeln!(html, "<p class=\"quiet\">Source: {source}</p>");
    }
    html + "</dd></div>\n"
}

/// The parameters of a policy in the order in which they are declared, then any others.
fn parameters(policy: &Policy, declared: impl Iterator<Item = &'static str>) -> Vec<(&str, &str)> {
    let mut order: Vec<&str> = declared.collect();
    order.extend(policy.parameters.keys().map(String::as_str));
    let mut parameters: Vec<(&str, &str)> = Vec::new();
    for name in order {
        let is_new = !parameters.iter().any(|&(known, _)| known == name);
        if let Some((name, value)) = policy.parameters.get_key_value(name).filter(|_| is_new) {
            parameters.push((name, value));
        }
    }
    parameters
}

fn reproduce(page: &mut Page, stored: &Stored) {
    let (and, changed) = match stored.changes.is_empty() {
        true => (" and of", ""),
        false => (", of", " and of the changes"),
    };
    let (heading, same) = match stored.lived {
        true => (
            "To run it again",
            "; no two live runs are alike, and another has other numbers",
        ),
        false => (
            "To see the same again",
            ", and if it is the same, so is every file but `run.json`, byte for byte",
        ),
    };
    let text = format!(
        "In the folder of `{}`, with plimsoll {}. The fingerprint of that file{and} those it names{changed} is \
         `{}`; it stands in `summary.json` too{same}. Every number of this page is in `summary.json` and `metrics.csv` beside it; \
         `plimsoll report` makes the page again of these files.",
        stored.file, stored.plimsoll, stored.hash
    );
    page.commands(heading, std::slice::from_ref(&stored.command), &text);
}
