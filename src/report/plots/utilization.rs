//! What share of the cluster is requested, and what share is in use, over time.

use super::axis::Axis;
use super::chart::{Body, Chart, Line, Panel, Style, series_points};
use super::theme::{self, Color};
use crate::metrics::measured::Entity;
use crate::report::results::Numbers as _;
use crate::report::stored::Stored;
use crate::report::text::capitalized;
use crate::units::{self, Resource};

/// Nothing if nothing was ever requested.
pub(super) fn chart(stored: &Stored) -> Option<Chart> {
    let panels: Vec<(Resource, Panel)> = Resource::ALL
        .into_iter()
        .filter_map(|resource| Some((resource, panel(stored, resource)?)))
        .collect();
    if panels.is_empty() {
        return None;
    }
    let means = panels.iter().filter_map(|(resource, _)| {
        let metric = format!("allocated.{}", resource.name());
        let mean = stored.line(&metric, &Entity::Cluster)?;
        Some(format!(
            "{} of {}",
            stored.show_value(mean),
            spoken(*resource)
        ))
    });
    let means: Vec<String> = means.collect();
    let (x, x_label) = super::time_axis(stored);
    Some(Chart {
        name: "utilization",
        data: "timeseries.csv".to_owned(),
        title: match means.as_slice() {
            [one] => format!("On average {one} was requested"),
            _ => format!("On average {} were requested", units::and(&means)),
        },
        subtitle: subtitle(stored, &panels),
        keys: Vec::new(),
        x,
        x_label,
        panels: panels.into_iter().map(|(_, panel)| panel).collect(),
    })
}

fn subtitle(stored: &Stored, panels: &[(Resource, Panel)]) -> String {
    let is_use_known = panels.iter().any(|(_, panel)| has_use(panel));
    let key = if is_use_known {
        " Line: requested; filled: in use."
    } else {
        ""
    };
    format!(
        "Share of what all provisioned nodes can give.{key}{}",
        super::replication(stored)
    )
}

/// Whether there is a second line: what is in use.
const fn has_use(panel: &Panel) -> bool {
    match &panel.body {
        Body::Lines { lines, .. } => lines.len() > 1,
        Body::Shares { .. } | Body::Rows { .. } | Body::Ranges { .. } => false,
    }
}

fn panel(stored: &Stored, resource: Resource) -> Option<Panel> {
    let points = |kind: &str| {
        let metric = format!("{kind}.{}", resource.name());
        series_points(stored, &Entity::Cluster, &metric)
    };
    let allocated = points("allocated")?;
    if !allocated
        .iter()
        .any(|(_, value)| value.is_some_and(|value| value > 0.0))
    {
        return None;
    }
    let line = |label: &str, style, points| Line {
        label: label.to_owned(),
        color: color(resource),
        style,
        points,
    };
    let used = points("used").map(|points| line("in use", Style::Area, points));
    let mut lines: Vec<Line> = used.into_iter().collect();
    let label = if lines.is_empty() { "" } else { "requested" };
    lines.push(line(label, Style::Steps, allocated));
    Some(Panel {
        label: capitalized(spoken(resource)),
        note: String::new(),
        y: Axis::whole(),
        height: 120,
        body: Body::Lines {
            outages: Vec::new(),
            lines,
        },
    })
}

const fn color(resource: Resource) -> Color {
    match resource {
        Resource::Cpu => theme::BLUE,
        Resource::Memory => theme::VERMILION,
        Resource::Gpu => theme::GREEN,
    }
}

pub(super) const fn spoken(resource: Resource) -> &'static str {
    match resource {
        Resource::Cpu => "CPU",
        Resource::Memory => "memory",
        Resource::Gpu => "GPUs",
    }
}
