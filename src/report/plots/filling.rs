//! How a cluster fills up where pods only arrive: what is allocated of what has been asked for.

use super::axis::Axis;
use super::chart::{Body, Chart, Line, Panel, Point, Style, series_points};
use super::theme::{self, Color};
use super::utilization::spoken;
use crate::metrics::measured::Entity;
use crate::report::figure::{self, Unit};
use crate::report::stored::Stored;
use crate::units::Resource;

/// Nothing unless all pods are jobs of a trace that stay.
pub(super) fn chart(stored: &Stored) -> Option<Chart> {
    if !stored.only_arrivals {
        return None;
    }
    let filled = Resource::ALL.map(|resource| Filled::of(stored, resource));
    let filled = filled.into_iter().flatten();
    let Filled {
        resource,
        asked,
        allocated,
    } = filled.max_by(|a, b| a.end().total_cmp(&b.end()))?;
    let x = Axis::shares(asked.iter().copied().fold(0.01, f64::max), 7);
    let all = spoken(resource);
    let best = asked.iter().map(|&asked| Some(asked.min(1.0)));
    let lines = vec![
        line("at best", theme::MUTED, along(&asked, best)),
        line(
            "allocated",
            theme::BLUE,
            along(&asked, allocated.iter().copied()),
        ),
    ];
    let mut panels = vec![panel("Allocated", 220, Axis::whole(), lines)];
    panels.extend(fragmented(stored, resource, &asked));
    Some(Chart {
        name: "filling",
        data: "timeseries.csv".to_owned(),
        title: title(all, &asked, &allocated),
        subtitle: format!(
            "Shares of all {all}. Pods come and stay: what was asked for is what is allocated and \
             what waits.{}",
            super::replication(stored)
        ),
        keys: Vec::new(),
        x,
        x_label: format!("{all} asked for so far, as a share of all"),
        panels,
    })
}

/// What is idle and of no use, where the metric is about the same resource.
fn fragmented(stored: &Stored, resource: Resource, asked: &[f64]) -> Option<Panel> {
    let points = match resource {
        Resource::Gpu => series_points(stored, &Entity::Cluster, "fragmentation")?,
        Resource::Cpu | Resource::Memory => return None,
    };
    let values = || points.iter().map(|&(_, value)| value);
    let y = Axis::shares(values().flatten().fold(0.01, f64::max), 3);
    let lines = vec![line("", theme::VERMILION, along(asked, values()))];
    let label = "Fragmented: idle, and of no use to the scenario's pods on average";
    Some(panel(label, 100, y, lines))
}

/// One resource, by cell: what has been asked for of what there is, and what is allocated.
struct Filled {
    resource: Resource,
    asked: Vec<f64>,
    allocated: Vec<Option<f64>>,
}

impl Filled {
    fn of(stored: &Stored, resource: Resource) -> Option<Filled> {
        let series = |kind: &str| {
            let metric = format!("{kind}.{}", resource.name());
            series_points(stored, &Entity::Cluster, &metric)
        };
        let (allocated, waiting) = (series("allocated")?, series("waiting")?);
        let values = allocated.iter().zip(&waiting);
        let asked = values.map(|((_, allocated), (_, waiting))| {
            allocated.unwrap_or(0.0) + waiting.unwrap_or(0.0)
        });
        Some(Filled {
            resource,
            asked: asked.collect(),
            allocated: allocated.iter().map(|&(_, value)| value).collect(),
        })
    }

    /// What had been asked for in the end.
    fn end(&self) -> f64 {
        self.asked.last().copied().unwrap_or(0.0)
    }
}

fn title(all: &str, asked: &[f64], allocated: &[Option<f64>]) -> String {
    let share = |share: f64| figure::number(share, Unit::Ratio);
    let at = |cell: usize| share(allocated[cell].unwrap_or(0.0));
    let last = asked.len() - 1;
    match asked.iter().position(|&asked| asked >= 1.0) {
        Some(full) => format!(
            "{} of {all} allocated when all had been asked for, {} in the end",
            at(full),
            at(last)
        ),
        None => format!(
            "{} of {all} allocated when {} had been asked for",
            at(last),
            share(asked[last])
        ),
    }
}

fn along(x: &[f64], y: impl Iterator<Item = Option<f64>>) -> Vec<Point> {
    x.iter().copied().zip(y).collect()
}

fn line(label: &str, color: Color, points: Vec<Point>) -> Line {
    Line {
        label: label.to_owned(),
        color,
        style: Style::Steps,
        points,
    }
}

fn panel(label: &str, height: i32, y: Axis, lines: Vec<Line>) -> Panel {
    Panel {
        label: label.to_owned(),
        note: String::new(),
        y,
        height,
        body: Body::Lines {
            outages: Vec::new(),
            lines,
        },
    }
}
