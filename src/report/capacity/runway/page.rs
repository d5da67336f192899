//! `report.html` of a runway: until when the nodes are enough, how much more load they carry, and what it
//! rests on.

use super::{ToldRunway, bare, percent, span, times};
use crate::experiment::capacity::runway::{Source, Step, factor, months};
use crate::experiment::capacity::trials::{Phase, Trials};
use crate::report::capacity::TABLE;
use crate::report::capacity::text::bounds;
use crate::report::figure;
use crate::report::page::{Cell, Column, Figure, Kind, Narrow, Page, Table, Tone};
use crate::report::pages;
use crate::report::plots::theme;
use crate::report::plots::{Axis, Body, Chart, Panel, Share};
use crate::report::text::count;

/// The page; `command` makes the same again.
pub(super) fn of(told: &ToldRunway<'_>, command: &str) -> String {
    let scenario = told.scenario;
    let nodes = count(scenario.catalog.nodes.len() as u64, "node");
    let question = format!("How long will the {nodes} of today do?");
    let mut page = Page::new(&format!("{}: {question}", scenario.name));
    let facts = pages::facts("runway", scenario, told.seed);
    let said = told.said();
    let (answer, why) = said.split_first().expect("something is always said");
    let mut why = why.to_vec();
    why.extend(pages::asks("scenario", &scenario.question));
    page.head(&facts, &question, answer, &why);
    page.figures(&large(told));
    if told.seen.len() > 1 {
        page.chart(&chart(told));
    }
    factors(&mut page, told);
    pages::finish(
        page,
        scenario,
        told.notes(None),
        "`capacity.json` and `capacity.csv`",
        command,
    )
}

/// From when to when an objective first breaks, how much load is carried, and how that grows.
fn large(told: &ToldRunway<'_>) -> Vec<Figure> {
    let (runway, growth) = (told.runway, told.growth);
    let figure = |label: &str, value: String, interval: String| Figure {
        label: label.to_owned(),
        value,
        interval,
    };
    let mut large = Vec::new();
    if let Some(holds) = runway.holds {
        let early = months(factor(holds), growth.high);
        large.push(match early >= told.horizon {
            true => figure(
                "enough for at least",
                span(told.horizon),
                "as far as was looked".to_owned(),
            ),
            false => figure("enough until", told.at(early), in_months(told, early)),
        });
    }
    let late = runway.breaks.map(|step| months(factor(step), growth.low));
    if let Some(late) = late.filter(|late| late.is_finite()) {
        large.push(figure(
            "broken at the latest",
            told.at(late),
            in_months(told, late),
        ));
    }
    if let Some(holds) = runway.holds {
        let broken = runway
            .breaks
            .map(|step| format!("at {} no longer", times(step)));
        let broken = broken.unwrap_or_else(|| "more was not ruled out".to_owned());
        large.push(figure(
            "load that is carried",
            format!("× {}", times(holds)),
            broken,
        ));
    }
    let range = match growth.from {
        Source::Exactly => "as if it were known exactly".to_owned(),
        Source::Range | Source::Fit { .. } => {
            format!("{} to {}", percent(growth.low), percent(growth.high))
        }
    };
    large.push(figure("growth a month", percent(growth.value), range));
    large
}

/// The same in months, where the other is a date.
fn in_months(told: &ToldRunway<'_>, months: f64) -> String {
    match told.date(months) {
        Some(_) => format!("{} after the start", span(months)),
        None => String::new(),
    }
}

/// What share of runs meets everything, against the load.
fn chart(told: &ToldRunway<'_>) -> Chart {
    let claim = told.runway.claim;
    let is_exact = told.runway.is_exact;
    let point = |(step, phase, trials): &(Step, Phase, Trials)| {
        let value = f64::from(trials.tally.good) / f64::from(trials.tally.runs);
        let (low, high) = match is_exact {
            true => (value, value),
            false => bounds(trials.tally, claim.confidence),
        };
        Share {
            x: factor(*step),
            low,
            value,
            high,
            color: match phase {
                Phase::Search if !is_exact => theme::BASE,
                Phase::Search | Phase::Fresh => theme::BLUE,
            },
        }
    };
    let points: Vec<Share> = told.seen.iter().map(point).collect();
    let (first, last) = (points[0].x, points[points.len() - 1].x);
    Chart {
        name: "runway",
        data: TABLE.to_owned(),
        title: match told.runway.holds {
            Some(holds) => format!("Up to {} times the load is carried", times(holds)),
            None => "Not even the load as it is is carried".to_owned(),
        },
        subtitle: match is_exact {
            true => "Whether the one run at each load meets every objective.".to_owned(),
            false => format!(
                "Share of runs, with its {} interval; the line is the {} that is asked for. Grey: few runs, \
                 of the search.",
                figure::exact_percent(claim.confidence.level()),
                figure::exact_percent(claim.quantile)
            ),
        },
        keys: Vec::new(),
        x: Axis::around(first, last, 8, ""),
        x_label: "times the load of the scenario".to_owned(),
        panels: vec![Panel {
            label: "Runs that meet every objective".to_owned(),
            note: String::new(),
            y: Axis::whole(),
            height: 260,
            body: Body::Shares {
                points,
                wanted: claim.quantile,
            },
        }],
    }
}

/// Every factor of the load that was tried.
fn factors(page: &mut Page, told: &ToldRunway<'_>) {
    let growth = told.growth;
    page.heading("Every load that was tried");
    let row = |(step, phase, trials): &(Step, Phase, Trials)| {
        let (verdict, tone) = match *step {
            step if told.runway.holds == Some(step) => ("holds: the answer", Tone::Good),
            step if told.runway.breaks == Some(step) => ("breaks: the answer", Tone::Bad),
            _ => ("", Tone::Plain),
        };
        let after = |growth: f64| months(factor(*step), growth);
        let reached = match growth.from {
            _ if *step == 0 => "the load as it is".to_owned(),
            Source::Exactly => span(after(growth.value)),
            Source::Range | Source::Fit { .. } if after(growth.high).is_finite() => {
                format!(
                    "{} to {}",
                    bare(after(growth.high)),
                    span(after(growth.low))
                )
            }
            Source::Range | Source::Fit { .. } => "never".to_owned(),
        };
        vec![
            Cell::new(format!("× {}", times(*step))),
            Cell::new(reached),
            Cell::new(told.figures(*phase, trials)),
            Cell::toned(verdict, tone),
        ]
    };
    page.table(&Table {
        columns: vec![
            Column::new("load", Kind::Text),
            Column::new("reached after", Kind::Number),
            Column::new("runs that meet all objectives", Kind::Number),
            Column::new("verdict", Kind::Text),
        ],
        rows: told.seen.iter().map(row).collect(),
        narrow: Narrow::List,
    });
}
