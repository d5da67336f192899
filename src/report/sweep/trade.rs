//! The Pareto front: what is paid against what it buys.

use super::curves::{axis, unit_name};
use crate::experiment::sweep::merge::Merged;
use crate::experiment::sweep::plan::Sweep;
use crate::report::plots::chart::{Body, Chart, Line, Panel, Point, Style};
use crate::report::plots::theme;

/// The name of the chart.
pub(super) const NAME: &str = "pareto";

/// Nothing where no cell has both, or nothing is traded.
pub(super) fn chart(sweep: &Sweep, merged: &Merged, front: &[u32]) -> Option<Chart> {
    let pareto = sweep.plan.pareto.as_ref()?;
    let [cost, value] = [&pareto.cost, &pareto.value].map(|quantity| sweep.plan.place(quantity));
    let point = |cell: u32| -> Option<Point> {
        let own = &merged.cells[cell as usize];
        let paid = own[cost]?.value;
        let bought = own[value]?.value;
        (paid.is_finite() && bought.is_finite()).then_some((paid, Some(bought)))
    };
    // The values alone: intervals of all cells would hide them.
    let alone = |place: usize| {
        let estimates = merged.cells.iter().filter_map(move |cell| cell[place]);
        estimates.map(|estimate| crate::stats::Estimate {
            interval: None,
            ..estimate
        })
    };
    let x = axis(alone(cost), &pareto.cost)?;
    let y = axis(alone(value), &pareto.value)?;
    let on_front: Vec<Point> = front.iter().filter_map(|&cell| point(cell)).collect();
    let others = (0..sweep.plan.cells()).filter(|cell| !front.contains(cell));
    let others: Vec<Point> = others.filter_map(point).collect();
    let beaten = others.len();
    if on_front.is_empty() {
        return None;
    }
    let line = |color, style, points| Line {
        label: String::new(),
        color,
        style,
        points,
    };
    Some(Chart {
        name: NAME,
        data: "plots/pareto.csv".to_owned(),
        title: format!(
            "{} of {} cells are not beaten in both {} and {}",
            on_front.len(),
            on_front.len() + beaten,
            pareto.cost,
            pareto.value
        ),
        subtitle: format!(
            "Blue: the Pareto front, by the estimates of {} replications each. Grey: all other cells.",
            sweep.plan.replications
        ),
        keys: Vec::new(),
        x,
        x_label: format!(
            "{}{}",
            pareto.cost,
            unit_name(&pareto.cost, &sweep.currency)
        ),
        panels: vec![Panel {
            label: format!(
                "{}{}",
                pareto.value,
                unit_name(&pareto.value, &sweep.currency)
            ),
            note: String::new(),
            y,
            height: 340,
            body: Body::Lines {
                outages: Vec::new(),
                lines: vec![
                    line(theme::ABSENT, Style::Dots, others),
                    line(theme::BLUE, Style::Curve, on_front),
                ],
            },
        }],
    })
}
