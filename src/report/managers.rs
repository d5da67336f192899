//! The section of a page for those who decide: what it costs in a year, and what that rests on.

use crate::experiment::drill::Lost;
use crate::metrics::measured::Entity;
use crate::report::assumptions;
use crate::report::figure::{self, Unit};
use crate::report::page::{Cell, Column, Kind, Narrow, Page, Table};
use crate::report::results::Numbers as _;
use crate::report::stored::{Loss, Stored};
use crate::report::text::count;
use crate::stats::{Estimate, Interval};

/// 365 days, in seconds.
const YEAR: f64 = 365.0 * 86_400.0;

/// Nothing where there is neither a price, nor a drill, nor an assumption that was tried.
pub(super) fn section(page: &mut Page, stored: &Stored) {
    let cost = cost(stored);
    if cost.is_none() && stored.assumptions.is_empty() && stored.drill.is_none() {
        return;
    }
    page.heading("For managers");
    if let Some(cost) = cost {
        page.text(&cost);
    }
    lost(page, stored);
    assumed(page, stored);
}

/// The same of several runs: what is lost in a year by what fails, where any of them was a drill.
pub(super) fn several(page: &mut Page, runs: &[(&str, &Stored)]) {
    let rows: Vec<Vec<Cell>> = runs
        .iter()
        .flat_map(|(name, run)| rows(name, run))
        .collect();
    if rows.is_empty() {
        return;
    }
    page.heading("For managers: what is lost in a year");
    page.table(&losses("run", rows));
    page.text(METHOD);
}

/// What is lost in a year by what fails.
fn lost(page: &mut Page, stored: &Stored) {
    let rows = rows("", stored);
    let Some(drill) = stored.drill.as_ref() else {
        return page.text(
            "What failures cost in a year was not measured: `--drill node` and `--drill zone` of \
             `plimsoll run` do.",
        );
    };
    page.subheading("What is lost in a year");
    if rows.is_empty() {
        let drills = count(u64::from(drill.drills), "drill");
        return page.text(&format!("A lost {} cost nothing in {drills}.", drill.what));
    }
    page.table(&losses("", rows));
    page.text(METHOD);
}

const METHOD: &str = "Frequency × loss by one failure: every run of a drill has one failure and is compared with a run \
                      under the same seed without it. The frequency is taken as stated, without an interval. \
                      An outage is told as the time for which all requests would have to be lost.";

/// Of which a row is about nothing but the cluster: a class of failures, and what it costs.
fn losses(first: &str, rows: Vec<Vec<Cell>>) -> Table {
    let mut columns = vec![
        Column::new(first, Kind::Text),
        Column::new("failure", Kind::Text),
        Column::new("times a year", Kind::Number),
        Column::new("lost by one", Kind::Number),
        Column::new("lost in a year", Kind::Number),
    ];
    let mut rows = rows;
    if first.is_empty() {
        columns.remove(0);
        for row in &mut rows {
            row.remove(0);
        }
    }
    Table {
        columns,
        rows,
        narrow: Narrow::List,
    }
}

/// A row for each thing that the whole cluster loses.
fn rows(name: &str, stored: &Stored) -> Vec<Vec<Cell>> {
    let Some(drill) = &stored.drill else {
        return Vec::new();
    };
    let of_cluster = drill.losses.iter();
    let of_cluster = of_cluster.filter(|loss| loss.entity == Entity::Cluster);
    let felt = of_cluster.filter(|loss| loss.per_failure.value != 0.0);
    let row = |loss: &Loss| {
        let (what, unit) = match loss.what {
            Lost::Requests => ("requests", Unit::Plain("requests")),
            Lost::Outage => ("full outage", Unit::Seconds),
            Lost::RunTime => ("jobs' run time", Unit::Seconds),
        };
        let stated = drill.stated.as_ref().map(|(per_year, _)| *per_year);
        let stated = stated.map(|per_year| figure::number(per_year, Unit::Plain("")));
        let yearly = loss.per_year.map(|yearly| figure::estimate(&yearly, unit));
        vec![
            Cell::new(name),
            Cell::new(format!("lost {}: {what}", drill.what)),
            Cell::new(stated.unwrap_or_else(|| "not stated".to_owned())),
            Cell::new(figure::estimate(&loss.per_failure, unit)),
            Cell::new(yearly.unwrap_or_else(|| "–".to_owned())),
        ]
    };
    felt.map(row).collect()
}

/// What a year costs that is like the measured window.
fn cost(stored: &Stored) -> Option<String> {
    let line = stored.line("cost", &Entity::Cluster)?;
    let window = stored.end.since(stored.warm_up).secs_f64();
    let times = |value: f64| value * YEAR / window;
    let yearly = Estimate {
        value: times(line.estimate.value),
        interval: line.estimate.interval.map(|interval| Interval {
            low: times(interval.low),
            high: times(interval.high),
        }),
        method: line.estimate.method,
    };
    (yearly.value > 0.0).then(|| {
        format!(
            "Cost: {} a year, if the whole year is like the {} that were measured.",
            figure::estimate(&yearly, Unit::Money(stored.currency())),
            figure::number(window, Unit::Seconds)
        )
    })
}

fn assumed(page: &mut Page, stored: &Stored) {
    if stored.assumptions.is_empty() {
        page.text(
            "Which assumptions would change the answer was not tried; `--assumptions` of `plimsoll run` does.",
        );
        return;
    }
    let told = assumptions::told(&stored.assumptions);
    page.subheading(match told.len() {
        0 => "No assumption that was tried changes the answer",
        1 => "The assumption that would change the answer",
        _ => "The assumptions that would change the answer most",
    });
    page.table(&assumptions::table(&stored.assumptions, stored.currency()));
    page.text(&assumptions::method(
        &stored.assumptions,
        stored.replications,
    ));
}
