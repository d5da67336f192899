//! Several results side by side on one page.
//!
//! Nothing is judged here: whether two runs met the same arrivals and failures is not known of results
//! that may be of any scenario and seed. `plimsoll compare` runs variants together and gives verdicts.

use std::collections::BTreeSet;

use crate::experiment::summary::Line;
use crate::metrics::dictionary::METRICS;
use crate::metrics::measured::Entity;
use crate::report::html::{LARGE, spoken, tone};
use crate::report::managers;
use crate::report::objectives::Judged;
use crate::report::page::{Cell, Column, Figure, Kind, Narrow, Page, Table, Tone};
use crate::report::plots::together::{self, Named};
use crate::report::results::Numbers as _;
use crate::report::stored::Stored;
use crate::report::text::{capitalized, count};

/// Most runs whose large numbers are set large.
const LARGE_RUNS: usize = 4;
/// Where a run has nothing to show.
const NOTHING: &str = "–";

/// The page of several runs, in this order.
pub fn page(runs: &[Stored]) -> String {
    let names = names(runs);
    let named: Vec<Named<'_>> = names.iter().map(String::as_str).zip(runs).collect();
    let (facts, question) = head(runs);
    let mut page = Page::new(&question);
    let answers: Vec<String> = named
        .iter()
        .map(|(name, run)| format!("{name}: {}", run.answer))
        .collect();
    let answer = format!(
        "{} side by side: what each measured, without a verdict on their differences.",
        capitalized(&count(runs.len() as u64, "run"))
    );
    page.head(&facts, &question, &answer, &answers);
    figures(&mut page, &named);
    objectives(&mut page, &named);
    for chart in together::charts(&named) {
        page.chart(&chart);
    }
    metrics(&mut page, &named);
    policies(&mut page, &named);
    managers::several(&mut page, &named);
    page.notes("What to know about these numbers", &notes(&named));
    reproduce(&mut page, &named);
    page.finish()
}

/// What is said of all runs, and the question.
fn head(runs: &[Stored]) -> (Vec<String>, String) {
    let scenarios: BTreeSet<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    let scenarios: Vec<&str> = scenarios.into_iter().collect();
    let facts = vec![
        count(runs.len() as u64, "run"),
        format!(
            "scenario{} {}",
            if scenarios.len() == 1 { "" } else { "s" },
            scenarios.join(", ")
        ),
    ];
    let first = runs.first().and_then(|run| run.question.lines().next());
    let is_same = runs
        .windows(2)
        .all(|pair| pair[0].question == pair[1].question);
    let question = match first.map(str::trim) {
        Some(question) if is_same && !question.is_empty() => question.to_owned(),
        _ => format!("{} side by side", scenarios.join(" and ")),
    };
    (facts, question)
}

/// What sets each run apart from the others, in few words; no two are the same.
pub fn names(runs: &[Stored]) -> Vec<String> {
    let parts: [&dyn Fn(&Stored) -> String; 9] = [
        &|run| run.name.clone(),
        &|run| run.policies[0].name.clone(),
        &|run| run.policies[1].name.clone(),
        &|run| run.policies[2].name.clone(),
        &|run| match run.changes.is_empty() {
            true => "as it stands".to_owned(),
            false => run.changes.join(" "),
        },
        &|run| match &run.drill {
            Some(drill) => format!("{} drill", drill.what),
            None => "no drill".to_owned(),
        },
        &|run| match run.lived {
            true => "live".to_owned(),
            false => "simulated".to_owned(),
        },
        &|run| format!("seed {}", run.seed),
        &|run| format!("input {}", &run.hash.get(..8).unwrap_or(&run.hash)),
    ];
    let mut names: Vec<Vec<String>> = vec![Vec::new(); runs.len()];
    for (place, part) in parts.iter().enumerate() {
        let texts: Vec<String> = runs.iter().map(part).collect();
        let differ = texts.windows(2).any(|pair| pair[0] != pair[1]);
        // A hash says little: only where nothing else does.
        let is_needed = place < 8 || !distinct(&names);
        if differ && is_needed {
            for (name, text) in names.iter_mut().zip(texts) {
                name.push(text);
            }
        }
    }
    if !distinct(&names) {
        for (name, run) in names.iter_mut().zip(runs) {
            name.push(run.dir.display().to_string());
        }
    }
    names.into_iter().map(|parts| parts.join(", ")).collect()
}

fn distinct(names: &[Vec<String>]) -> bool {
    let different: BTreeSet<&Vec<String>> = names.iter().collect();
    different.len() == names.len()
}

/// The large numbers, which are the same for all.
fn figures(page: &mut Page, runs: &[Named<'_>]) {
    let has = |metric: &str| {
        let mut runs = runs.iter();
        runs.any(|(_, run)| run.line(metric, &Entity::Cluster).is_some())
    };
    let large: Vec<&(&str, &str)> = LARGE.iter().filter(|(m, _)| has(m)).take(4).collect();
    let show = |run: &Stored, metric: &str| {
        let shown = run.show(metric, &Entity::Cluster);
        shown.unwrap_or_else(|| NOTHING.to_owned())
    };
    if runs.len() <= LARGE_RUNS {
        for (name, run) in runs {
            page.subheading(name);
            let figure = |(metric, label): &&(&str, &str)| Figure::of(label, &show(run, metric));
            page.figures(&large.iter().map(figure).collect::<Vec<_>>());
        }
        return;
    }
    let mut columns = vec![Column::new("run", Kind::Text)];
    columns.extend(
        large
            .iter()
            .map(|(_, label)| Column::new(label, Kind::Number)),
    );
    let row = |(name, run): &Named<'_>| {
        let mut row = vec![Cell::new(*name)];
        row.extend(large.iter().map(|(metric, _)| Cell::new(show(run, metric))));
        row
    };
    page.table(&Table {
        columns,
        rows: runs.iter().map(row).collect(),
        narrow: Narrow::List,
    });
}

/// The columns of a table with one for every run.
fn columns(first: &str, runs: &[Named<'_>], kind: Kind) -> Vec<Column> {
    let mut columns = vec![Column::new(first, Kind::Text)];
    columns.extend(runs.iter().map(|(name, _)| Column::new(name, kind)));
    columns
}

fn objectives(page: &mut Page, runs: &[Named<'_>]) {
    let mut all: Vec<(String, String)> = Vec::new();
    let key = |run: &Stored, one: &Judged| (one.quantity.to_string(), one.bound(run.currency()));
    for (_, run) in runs {
        for one in &run.objectives {
            let key = key(run, one);
            if !all.contains(&key) {
                all.push(key);
            }
        }
    }
    if all.is_empty() {
        return;
    }
    page.heading("Objectives");
    let row = |wanted: &(String, String)| {
        let mut row = vec![Cell::new(format!("`{}` {}", wanted.0, wanted.1))];
        row.extend(runs.iter().map(|(_, run)| {
            let mut own = run.objectives.iter();
            match own.find(|one| key(run, one) == *wanted) {
                Some(one) => Cell::toned(one.words(), tone(one.verdict())),
                None => Cell::new("not asked"),
            }
        }));
        row
    };
    page.table(&Table {
        columns: columns("objective", runs, Kind::Text),
        rows: all.iter().map(row).collect(),
        narrow: Narrow::List,
    });
}

fn metrics(page: &mut Page, runs: &[Named<'_>]) {
    page.heading("Every number, side by side");
    page.text(
        "With their 95 % intervals where there are any. Two intervals that overlap say nothing for sure, \
         and neither do two that do not where runs met the same arrivals: `plimsoll compare` takes \
         differences run by run and gives verdicts.",
    );
    page.table(&metric_table(runs, &rows(runs, true)));
    let others = rows(runs, false);
    if !others.is_empty() {
        let line = format!("{} metrics by service, group, zone and part", others.len());
        page.folded(&line, |page| page.table(&metric_table(runs, &others)));
    }
}

/// Metrics and entities that any run has, in the order of the dictionary.
fn rows(runs: &[Named<'_>], of_cluster: bool) -> Vec<(&'static str, Entity)> {
    let place = |line: &Line| METRICS.iter().position(|metric| metric == line.metric);
    let lines = runs.iter().flat_map(|(_, run)| run.lines());
    let lines = lines.filter(|line| (line.entity == Entity::Cluster) == of_cluster);
    let keys: BTreeSet<_> = lines
        .map(|line| (place(line), line.entity.clone(), line.metric.name))
        .collect();
    keys.into_iter()
        .map(|(_, entity, name)| (name, entity))
        .collect()
}

fn metric_table(runs: &[Named<'_>], rows: &[(&'static str, Entity)]) -> Table {
    let row = |(metric, entity): &(&'static str, Entity)| {
        let name = match entity {
            Entity::Cluster => (*metric).to_owned(),
            entity => format!("{metric} of {}", spoken(entity)),
        };
        let mut row = vec![Cell::new(name)];
        row.extend(runs.iter().map(|(_, run)| {
            Cell::new(
                run.show(metric, entity)
                    .unwrap_or_else(|| NOTHING.to_owned()),
            )
        }));
        row
    };
    Table {
        columns: columns("metric", runs, Kind::Number),
        rows: rows.iter().map(row).collect(),
        narrow: Narrow::List,
    }
}

fn policies(page: &mut Page, runs: &[Named<'_>]) {
    page.heading("Policies");
    let (differ, same): (Vec<_>, Vec<_>) = policy_rows(runs).into_iter().partition(|(is, _)| *is);
    let table = |rows: Vec<(bool, Vec<Cell>)>| Table {
        columns: columns("policy or parameter", runs, Kind::Text),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        narrow: Narrow::List,
    };
    match differ.is_empty() {
        true => page.text("All have the same policies with the same parameters."),
        false => page.text("These differ:"),
    }
    page.table(&table(differ));
    let line = format!(
        "{} lines of policies and parameters that are the same",
        same.len()
    );
    page.folded(&line, |page| page.table(&table(same)));
}

/// A row for each policy and each parameter, and whether runs differ in it.
fn policy_rows(runs: &[Named<'_>]) -> Vec<(bool, Vec<Cell>)> {
    let mut rows = Vec::new();
    for place in 0..3 {
        let policies = || runs.iter().map(|(_, run)| &run.policies[place]);
        let Some(kind) = policies().next().map(|policy| policy.kind) else {
            continue;
        };
        rows.push(policy_row(
            kind,
            policies().map(|policy| policy.name.clone()),
        ));
        let names: BTreeSet<&String> = policies()
            .flat_map(|policy| policy.parameters.keys())
            .collect();
        for name in names {
            let values = policies().map(|policy| {
                let value = policy.parameters.get(name).cloned();
                value.unwrap_or_else(|| NOTHING.to_owned())
            });
            rows.push(policy_row(&format!("{kind}: `{name}`"), values));
        }
    }
    rows
}

fn policy_row(name: &str, values: impl Iterator<Item = String>) -> (bool, Vec<Cell>) {
    let values: Vec<String> = values.collect();
    let differ = values.windows(2).any(|pair| pair[0] != pair[1]);
    let tone = if differ { Tone::Marked } else { Tone::Plain };
    let mut row = vec![Cell::new(name)];
    row.extend(values.into_iter().map(|value| Cell::toned(value, tone)));
    (differ, row)
}

/// What may not be compared, then the notes of the runs.
fn notes(runs: &[Named<'_>]) -> Vec<String> {
    let differ =
        |of: &dyn Fn(&Stored) -> String| runs.windows(2).any(|pair| of(pair[0].1) != of(pair[1].1));
    let cautions = [
        (
            differ(&|run| run.hash.clone()),
            "the runs are not of the same input: their scenario files, or what those name, differ",
        ),
        (
            differ(&|run| run.seed.to_string()) || differ(&|run| run.replications.to_string()),
            "seeds or numbers of replications differ: the runs did not meet the same arrivals and failures",
        ),
        (
            differ(&|run| format!("{} {}", run.end.nanos(), run.warm_up.nanos())),
            "the measured windows differ: totals such as cost and outages are of different lengths of time",
        ),
        (
            differ(&|run| run.mix_hash.clone()),
            "the reference mixes differ: what \"fits\" means in fragmentation and headroom is not the same",
        ),
        (
            differ(&|run| run.currency.clone()),
            "prices are in different currencies",
        ),
        (
            differ(&|run| run.plimsoll.clone()),
            "different versions of plimsoll made these results",
        ),
    ];
    let cautions = cautions.into_iter().filter(|&(applies, _)| applies);
    let mut notes: Vec<String> = cautions.map(|(_, text)| text.to_owned()).collect();
    for (name, run) in runs {
        for note in &run.notes {
            let is_common = runs.iter().all(|(_, other)| other.notes.contains(note));
            let note = match is_common {
                true => note.clone(),
                false => format!("{name}: {note}"),
            };
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

fn reproduce(page: &mut Page, runs: &[Named<'_>]) {
    let commands = runs.iter().map(|(_, run)| run.command.clone());
    let made = runs
        .iter()
        .map(|(name, run)| format!("{name}: plimsoll {}, input `{}`", run.plimsoll, run.hash));
    let made: Vec<String> = made.collect();
    let (heading, alike) = match runs.iter().any(|(_, run)| run.lived) {
        true => ("To run them again", " No two live runs are alike."),
        false => ("To see the same again", ""),
    };
    page.commands(
        heading,
        &commands.collect::<Vec<_>>(),
        &format!(
            "Each in the folder of its scenario.{alike} {}. `plimsoll report` lays their result folders side by \
             side; the page of each is `report.html` in its folder.",
            made.join("; ")
        ),
    );
}
