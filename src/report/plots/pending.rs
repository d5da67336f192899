//! How long pods waited for a node: the share that had one within each time.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::axis::Axis;
use super::chart::{Body, Chart, Line, Panel, Style};
use super::theme;
use crate::metrics::measured::{Amount, Entity};
use crate::report::csv::Csv;
use crate::report::figure::{self, Unit};
use crate::report::results::{Numbers as _, Results};
use crate::report::stored::Stored;

/// Its data, beside the pictures.
pub(crate) const TABLE: &str = "pending.csv";

/// The columns of its data.
pub(crate) const COLUMNS: [&str; 3] = ["entity", "wait_s", "pods"];

/// A step at zero if no pod waited; nothing without pods.
pub(super) fn chart(stored: &Stored) -> Option<Chart> {
    let all = stored.waits.get(&Entity::Cluster)?;
    let (shortest, longest) = all.range().unwrap_or((1.0, 1.0));
    let knee = knee(shortest);
    let x = Axis::waiting(knee, longest);
    let mut lines: Vec<Line> = by_size(stored, x.to);
    let (label, color) = match lines.len() {
        0 => ("", theme::BLUE),
        _ => ("all pods", theme::INK),
    };
    lines.push(Line {
        label: label.to_owned(),
        color,
        style: Style::Steps,
        points: all.points(x.to),
    });
    let least = lines
        .iter()
        .filter_map(|line| line.points[0].1)
        .fold(1.0, f64::min);
    // A step from nothing shows as one.
    let least = if all.range().is_some() { least } else { 0.0 };
    Some(Chart {
        name: "pending",
        data: format!("plots/{TABLE}"),
        title: title(all, stored),
        subtitle: subtitle(all, stored),
        keys: Vec::new(),
        x,
        x_label: x_label(knee),
        panels: vec![Panel {
            label: "Pods that had a node by then".to_owned(),
            note: String::new(),
            y: Axis::up_to_all(least, 4),
            height: 220,
            body: Body::Lines {
                outages: Vec::new(),
                lines,
            },
        }],
    })
}

/// Where powers begin on the axis of waiting times: the first one is at or below the shortest wait that
/// is seen, but no less than 1 ms.
pub(super) fn knee(shortest: f64) -> f64 {
    10_f64.powf(shortest.log10().floor()).clamp(0.001, 1.0)
}

pub(super) fn x_label(knee: f64) -> String {
    format!(
        "time from creation to a node, logarithmic from {} on",
        figure::number(knee, Unit::Seconds)
    )
}

/// What is in the picture: for all pods and for each group by size, how many waited how long, in all
/// replications together.
pub(crate) fn table(results: &Results<'_>, out: impl Write) -> io::Result<()> {
    let mut csv = Csv::new(out, &COLUMNS)?;
    for (entity, waits) in waits(results) {
        let entity = entity.to_string();
        for (wait, pods) in waits.iter() {
            csv.text(&entity);
            csv.number(wait);
            csv.whole(pods);
            csv.end_row()?;
        }
    }
    csv.finish()
}

fn title(all: &Waits, stored: &Stored) -> String {
    if all.range().is_none() {
        return match (all.at_once(), all.never()) {
            (_, 0) => "Every pod had a node at once".to_owned(),
            (0, _) => "No pod ever had a node".to_owned(),
            (some, _) => {
                let share = figure::number(some as f64 / all.count() as f64, Unit::Ratio);
                format!("{share} of all pods had a node at once, the others never")
            }
        };
    }
    let within = |metric: &str| {
        let line = stored.line(metric, &Entity::Cluster)?;
        let is_finite = line.estimate.value.is_finite();
        is_finite.then(|| stored.show_value(line))
    };
    let first = match within("pending.p50") {
        _ if 2 * all.at_once() >= all.count() => {
            let share = all.at_once() as f64 / all.count() as f64;
            format!("{} of all pods had a node at once", figure::rough(share))
        }
        Some(half) => format!("Half of all pods had a node within {half}"),
        None => return "More than half of all pods never had a node".to_owned(),
    };
    match within("pending.p99") {
        Some(_) if stored.value("pending.p99", &Entity::Cluster) == Some(0.0) => first,
        Some(most) => format!("{first}, 99 % within {most}"),
        None => format!("{first}, more than 1 % never"),
    }
}

fn subtitle(all: &Waits, stored: &Stored) -> String {
    let pods = figure::thousands(all.count());
    let runs = match stored.replications {
        1 => String::new(),
        runs => format!(" of {runs} replications"),
    };
    match all.never() {
        0 => format!("{pods} pods{runs}."),
        never => format!(
            "{pods} pods{runs}, {} of them never placed.",
            figure::thousands(never)
        ),
    }
}

/// Each group of pods by size, if there are different sizes.
fn by_size(stored: &Stored, to: f64) -> Vec<Line> {
    let parts = stored.waits.keys();
    let parts: Vec<&Entity> = parts.filter(|&part| *part != Entity::Cluster).collect();
    let of = |entity: &Entity| stored.waits.get(entity);
    if parts.len() < 2 {
        return Vec::new();
    }
    // A quarter without pods is not there.
    let nth = |entity: &Entity| {
        entity
            .name()
            .bytes()
            .next()?
            .checked_sub(b'1')
            .map(usize::from)
    };
    let all: u64 = parts
        .iter()
        .filter_map(|part| of(part))
        .map(|waits| waits.count())
        .sum();
    let colors = [theme::GREEN, theme::BLUE, theme::PURPLE, theme::VERMILION];
    let line = |entity: &Entity| {
        let waits = of(entity)?;
        let share = figure::number(waits.count() as f64 / all as f64, Unit::Ratio);
        Some(Line {
            label: format!("{} {share}", group(entity.name())),
            color: *colors.get(nth(entity)?)?,
            style: Style::Steps,
            points: waits.points(to),
        })
    };
    parts.into_iter().filter_map(line).collect()
}

/// `1 (smallest)` and `2` as labels of lines.
fn group(name: &str) -> String {
    match name.split_once(" (") {
        Some((_, words)) => words.trim_end_matches(')').to_owned(),
        None => format!("group {name}"),
    }
}

/// The waits of all pods, and of each group by size.
fn waits(results: &Results<'_>) -> BTreeMap<Entity, Waits> {
    let mut waits: BTreeMap<Entity, Waits> = BTreeMap::new();
    for value in results.runs.iter().flat_map(|run| &run.values) {
        let is_told = match value.metric.name {
            "pending.p50" => value.entity == Entity::Cluster,
            name => name == "pending.by_size.p50",
        };
        if let Amount::Percentile { counts, .. } = &value.amount
            && is_told
        {
            let own = waits.entry(value.entity.clone()).or_default();
            for &(seconds, count) in counts.iter() {
                own.add(seconds, count);
            }
        }
    }
    waits
}

/// Waits of all replications together: seconds by their bits, which sort as they do, and how often.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Waits(BTreeMap<u64, u64>);

impl Waits {
    /// Adds so many pods that waited so many seconds.
    pub(crate) fn add(&mut self, seconds: f64, count: u64) {
        *self.0.entry(seconds.to_bits()).or_default() += count;
    }

    fn iter(&self) -> impl DoubleEndedIterator<Item = (f64, u64)> + '_ {
        self.0
            .iter()
            .map(|(&bits, &count)| (f64::from_bits(bits), count))
    }

    pub(crate) fn count(&self) -> u64 {
        self.0.values().sum()
    }

    fn at_once(&self) -> u64 {
        self.0.get(&0.0_f64.to_bits()).copied().unwrap_or(0)
    }

    fn never(&self) -> u64 {
        self.iter()
            .filter(|(wait, _)| wait.is_infinite())
            .map(|(_, count)| count)
            .sum()
    }

    /// The shortest and the longest wait that took time and ended, if any did.
    pub(super) fn range(&self) -> Option<(f64, f64)> {
        let mut waits = self
            .iter()
            .map(|(wait, _)| wait)
            .filter(|&wait| wait > 0.0 && wait.is_finite());
        let shortest = waits.next()?;
        Some((shortest, waits.next_back().unwrap_or(shortest)))
    }

    /// The share that waited no longer than each time, from zero to `to`.
    pub(super) fn points(&self, to: f64) -> Vec<(f64, Option<f64>)> {
        let all = self.count() as f64;
        let mut points = vec![(0.0, Some(0.0))];
        let mut within = 0;
        for (wait, count) in self.iter().filter(|(wait, _)| wait.is_finite()) {
            within += count;
            let share = Some(within as f64 / all);
            if wait == 0.0 {
                points[0].1 = share;
            } else {
                points.push((wait, share));
            }
        }
        let last = points[points.len() - 1].1;
        points.push((to, last));
        points
    }
}
