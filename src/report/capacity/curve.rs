//! The capacity curve: what share of runs meets everything, against the number of nodes.

use super::text::{Column, interval, share};
use super::{CURVE, TABLE, Told, sentences};
use crate::experiment::capacity::answer::Seen;
use crate::experiment::capacity::trials::Phase;
use crate::report::figure;
use crate::report::plots::theme::{self, Color};
use crate::report::plots::{Axis, Body, Chart, Panel, Scale, Share};

/// Height of a panel where there is one, and where there are several.
const HEIGHTS: (i32, i32) = (260, 130);

/// One panel for each kind of condition.
pub(super) fn chart(told: &Told<'_>) -> Chart {
    let kinds = Column::ALL.into_iter();
    let panels: Vec<(Column, Vec<Share>)> = kinds
        .map(|column| (column, points(told, column)))
        .filter(|(_, points)| !points.is_empty())
        .collect();
    let (one, several) = HEIGHTS;
    let height = if panels.len() > 1 { several } else { one };
    let wanted = told.capacity.plan.claim.quantile;
    let are_several = panels.len() > 1;
    let panel = |(column, points): (Column, Vec<Share>)| Panel {
        label: match are_several {
            true => format!("Runs that meet every objective, {}", column.head()),
            false => "Runs that meet every objective".to_owned(),
        },
        note: String::new(),
        y: Axis::whole(),
        height,
        body: Body::Shares { points, wanted },
    };
    Chart {
        name: CURVE,
        data: TABLE.to_owned(),
        title: title(told),
        subtitle: subtitle(told),
        keys: Vec::new(),
        x: axis(told),
        x_label: format!("{} nodes", told.group),
        panels: panels.into_iter().map(panel).collect(),
    }
}

fn points(told: &Told<'_>, column: Column) -> Vec<Share> {
    let rows = told.capacity.rows.iter();
    let points = rows.filter_map(|row| {
        let seen = row.worst(|condition| Column::of(condition) == column)?;
        let (low, high) = match told.capacity.is_exact {
            true => (share(seen), share(seen)),
            false => interval(seen, told.capacity.plan.claim.confidence),
        };
        Some(Share {
            x: f64::from(row.size),
            low,
            value: share(seen),
            high,
            color: color(told, seen),
        })
    });
    points.collect()
}

/// Fresh runs stand out; those of the search are few.
fn color(told: &Told<'_>, seen: &Seen) -> Color {
    match seen.phase {
        Phase::Search if !told.capacity.is_exact => theme::BASE,
        Phase::Search | Phase::Fresh => theme::BLUE,
    }
}

fn title(told: &Told<'_>) -> String {
    let capacity = told.capacity;
    let struck = capacity.struck.as_ref();
    let answer = struck
        .and_then(|struck| struck.answer)
        .or(capacity.found.answer);
    match answer {
        Some(size) => {
            let nodes = sentences::nodes(told, size);
            match struck.is_some_and(|struck| struck.answer.is_none()) {
                true => format!("{nodes} are enough once a loss is made good"),
                false => format!("{nodes} are enough"),
            }
        }
        None => "No number of nodes that was tried is enough".to_owned(),
    }
}

fn subtitle(told: &Told<'_>) -> String {
    let claim = told.capacity.plan.claim;
    if told.capacity.is_exact {
        return "Whether the one run of each size meets every objective.".to_owned();
    }
    let worst = match told.capacity.losses.is_empty() {
        true => "",
        false => " Of several losses the worst one.",
    };
    format!(
        "Share of runs, with its {} interval; the line is the {} that is asked for. Grey: few runs, of the \
         search.{worst}",
        figure::exact_percent(claim.confidence.level()),
        figure::exact_percent(claim.quantile)
    )
}

/// The sizes that were tried, with some room at either end.
fn axis(told: &Told<'_>) -> Axis {
    let sizes: Vec<u32> = told.capacity.rows.iter().map(|row| row.size).collect();
    let (first, last) = match sizes.as_slice() {
        [first, .., last] => (f64::from(*first), f64::from(*last)),
        [one] => (f64::from(*one), f64::from(*one)),
        [] => (0.0, 1.0),
    };
    let room = ((last - first) / 20.0).max(0.5);
    Axis {
        from: first - room,
        to: last + room,
        scale: Scale::Linear,
        ticks: sizes
            .iter()
            .map(|size| (f64::from(*size), size.to_string()))
            .collect(),
    }
}
