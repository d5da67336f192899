//! Response curves: each metric against the first number that is varied.

use std::ops::RangeInclusive;

use crate::experiment::sweep::merge::Merged;
use crate::experiment::sweep::plan::Sweep;
use crate::metrics::quantity::Quantity;
use crate::report::figure::Unit;
use crate::report::plots::axis::Axis;
use crate::report::plots::chart::{Body, Chart, Line, Panel, Point, Style};
use crate::report::plots::theme::{self, Color};
use crate::scenario::plan::Literal;
use crate::stats::Estimate;

/// Colours of lines; there are no more lines in a panel.
const COLORS: [Color; 6] = [
    theme::BLUE,
    theme::VERMILION,
    theme::GREEN,
    theme::PURPLE,
    theme::INK,
    theme::MUTED,
];
/// Most panels of a chart.
const PANELS: usize = 6;

/// A chart for each metric, with the name of its file; none where no number is varied.
pub(super) fn charts(sweep: &Sweep, merged: &Merged) -> Vec<(String, Chart)> {
    let Some(layout) = Layout::of(sweep) else {
        return Vec::new();
    };
    let metrics = sweep.plan.metrics.iter().enumerate();
    metrics
        .filter_map(|(place, quantity)| {
            let chart = layout.chart(sweep, merged, place)?;
            Some((file_name(quantity), chart))
        })
        .collect()
}

/// `response-availability.requests-service-cart`.
fn file_name(quantity: &Quantity) -> String {
    let plain = |c: char| match c.is_ascii_alphanumeric() || "._-".contains(c) {
        true => c,
        false => '-',
    };
    let name: String = quantity.to_string().chars().map(plain).collect();
    format!("response-{name}")
}

/// Which key lies along the axis, and what the lines and panels are.
struct Layout {
    /// The key of the axis.
    x: usize,
    /// Its unit.
    unit: String,
    panels: Vec<Group>,
    /// Combinations of the other keys that are not drawn.
    left_out: usize,
    /// What the lines are, in words.
    lines: String,
}

/// The lines of one panel.
struct Group {
    /// What the lines have in common.
    label: String,
    lines: Vec<Curve>,
}

/// The cells of one line, in order of the axis.
struct Curve {
    label: String,
    cells: Vec<(f64, u32)>,
}

impl Layout {
    fn of(sweep: &Sweep) -> Option<Layout> {
        let keys = sweep.plan.keys.len();
        let values: Vec<Vec<&Literal>> = (0..keys).map(|key| distinct(sweep, key)).collect();
        let (x, unit) = (0..keys).find_map(|key| Some((key, common_unit(&values[key])?)))?;
        let others = || (0..keys).filter(|&key| key != x && values[key].len() > 1);
        // The lines are those of the last other key that has few enough values; of what is left,
        // each combination has a panel.
        let line_key = others().rfind(|&key| values[key].len() <= COLORS.len());
        let panel_keys: Vec<usize> = others().filter(|&key| Some(key) != line_key).collect();
        let mut panels: Vec<(Vec<&Literal>, Group)> = Vec::new();
        for cell in 0..sweep.plan.cells() {
            let point = sweep.plan.point(cell);
            let own: Vec<&Literal> = panel_keys.iter().map(|&key| point[key]).collect();
            let place = panels.iter().position(|(of, _)| *of == own);
            let place = place.unwrap_or_else(|| {
                let label = panel_keys
                    .iter()
                    .map(|&key| format!("{} {}", sweep.plan.keys[key].name, point[key]));
                let label = label.collect::<Vec<_>>().join(", ");
                let lines = Vec::new();
                panels.push((own, Group { label, lines }));
                panels.len() - 1
            });
            let label = line_key.map_or_else(String::new, |key| point[key].to_string());
            let lines = &mut panels[place].1.lines;
            let line = lines.iter().position(|line| line.label == label);
            let line = line.unwrap_or_else(|| {
                let cells = Vec::new();
                lines.push(Curve { label, cells });
                lines.len() - 1
            });
            let (at, _) = point[x].number()?;
            lines[line].cells.push((at, cell));
        }
        let left_out = panels.len().saturating_sub(PANELS);
        let mut panels: Vec<Group> = panels.into_iter().map(|(_, group)| group).collect();
        panels.truncate(PANELS);
        for line in panels.iter_mut().flat_map(|panel| &mut panel.lines) {
            line.cells.sort_by(|a, b| a.0.total_cmp(&b.0));
        }
        let lines =
            line_key.map(|key| format!(" One line for each {}.", sweep.plan.keys[key].name));
        Some(Layout {
            x,
            unit,
            panels,
            left_out,
            lines: lines.unwrap_or_default(),
        })
    }

    /// Nothing where nothing was measured.
    fn chart(&self, sweep: &Sweep, merged: &Merged, metric: usize) -> Option<Chart> {
        let quantity = &sweep.plan.metrics[metric];
        let key = &sweep.plan.keys[self.x].name;
        let of = |cell: u32| merged.cells[cell as usize][metric];
        let cells = self.panels.iter().flat_map(|panel| &panel.lines);
        let cells: Vec<u32> = cells
            .flat_map(|line| line.cells.iter().map(|&(_, cell)| cell))
            .collect();
        let y = axis(cells.iter().filter_map(|&cell| of(cell)), quantity)?;
        let unit = unit_name(quantity, &sweep.currency);
        let panels = self.panels.iter().map(|group| {
            let label = match group.label.as_str() {
                "" => format!("{quantity}{unit}"),
                label => format!("{label}: {quantity}{unit}"),
            };
            Panel {
                label,
                note: String::new(),
                y: y.clone(),
                height: if self.panels.len() > 1 { 150 } else { 300 },
                body: Body::Lines {
                    outages: Vec::new(),
                    lines: group.drawn(&of),
                },
            }
        });
        Some(Chart {
            name: "response",
            data: "response.csv".to_owned(),
            title: format!("{quantity} against {key}"),
            subtitle: self.subtitle(sweep, &of, &cells),
            keys: Vec::new(),
            x: self.axis(sweep),
            x_label: match self.unit.as_str() {
                "" => key.clone(),
                unit => format!("{key}, {unit}"),
            },
            panels: panels.collect(),
        })
    }

    fn subtitle(
        &self,
        sweep: &Sweep,
        of: &impl Fn(u32) -> Option<Estimate>,
        cells: &[u32],
    ) -> String {
        let has_interval =
            |&&cell: &&u32| of(cell).is_some_and(|estimate| estimate.interval.is_some());
        let replications = sweep.plan.replications;
        let from = match replications {
            1 => "From 1 replication".to_owned(),
            _ => format!("From {replications} replications each"),
        };
        let shaded = match cells.iter().filter(has_interval).count() {
            0 => "; there are no intervals".to_owned(),
            all if all == cells.len() => "; shaded: 95 % intervals".to_owned(),
            some => format!(
                "; shaded: 95 % intervals, which {some} of {} cells have",
                cells.len()
            ),
        };
        let never = cells
            .iter()
            .filter(|&&cell| of(cell).is_none_or(|estimate| estimate.value.is_infinite()));
        let never = match never.count() {
            0 => String::new(),
            absent => format!(" No mark: {absent} cells without a finite value."),
        };
        let left_out = match self.left_out {
            0 => String::new(),
            more => format!(" {more} more combinations are in response.csv alone."),
        };
        format!("{from}{shaded}.{}{never}{left_out}", self.lines)
    }

    /// The axis of the varied number, with its values as ticks.
    fn axis(&self, sweep: &Sweep) -> Axis {
        let values = distinct(sweep, self.x);
        let mut ticks: Vec<(f64, String)> = values
            .into_iter()
            .filter_map(|value| {
                let (number, unit) = value.number()?;
                let shown = value.to_string();
                let shown = shown.strip_suffix(unit).unwrap_or(&shown).trim_end();
                Some((number, shown.to_owned()))
            })
            .collect();
        ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
        Axis::of_values(ticks)
    }
}

impl Group {
    /// The lines above their intervals.
    fn drawn(&self, of: &impl Fn(u32) -> Option<Estimate>) -> Vec<Line> {
        let colored = || self.lines.iter().zip(COLORS);
        let bands = colored().map(|(curve, color)| Line {
            label: String::new(),
            color,
            style: Style::Band,
            points: curve.band(of),
        });
        let lines = colored().map(|(curve, color)| Line {
            label: curve.label.clone(),
            color,
            style: Style::Curve,
            points: curve.points(of),
        });
        bands.chain(lines).collect()
    }
}

impl Curve {
    fn points(&self, of: &impl Fn(u32) -> Option<Estimate>) -> Vec<Point> {
        let value = |cell| {
            let value = of(cell).map(|estimate| estimate.value);
            value.filter(|value| value.is_finite())
        };
        let points = self.cells.iter();
        points.map(|&(at, cell)| (at, value(cell))).collect()
    }

    /// Around the intervals: their upper ends forward, then the lower ones backward; gaps between the
    /// stretches that have one.
    fn band(&self, of: &impl Fn(u32) -> Option<Estimate>) -> Vec<Point> {
        let ends = |cell| {
            let interval = of(cell)?.interval?;
            (interval.low.is_finite() && interval.high.is_finite()).then_some(interval)
        };
        let mut outline = Vec::new();
        let stretches = self.cells.split(|&(_, cell)| ends(cell).is_none());
        for stretch in stretches.filter(|stretch| stretch.len() > 1) {
            let there = stretch.iter().map(|&(at, cell)| (at, ends(cell)));
            let back = there.clone().rev();
            outline.extend(there.map(|(at, ends)| (at, ends.map(|ends| ends.high))));
            outline.extend(back.map(|(at, ends)| (at, ends.map(|ends| ends.low))));
            outline.push((0.0, None));
        }
        outline
    }
}

/// The different values of a key, in order of their first cell.
fn distinct(sweep: &Sweep, key: usize) -> Vec<&Literal> {
    let mut values: Vec<&Literal> = Vec::new();
    for cell in 0..sweep.plan.cells() {
        let value = sweep.plan.point(cell)[key];
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// The unit that several different numbers share; absent where they are none.
fn common_unit(values: &[&Literal]) -> Option<String> {
    let numbers: Option<Vec<(f64, &str)>> = values.iter().map(|value| value.number()).collect();
    let numbers = numbers?;
    let (first, unit) = *numbers.first()?;
    let share = numbers.iter().all(|&(_, other)| other == unit);
    let differ = numbers.iter().any(|&(number, _)| number != first);
    (share && differ).then(|| unit.to_owned())
}

/// The vertical axis that all these estimates have room on; nothing without a finite one.
pub(super) fn axis(estimates: impl Iterator<Item = Estimate>, quantity: &Quantity) -> Option<Axis> {
    let mut range: Option<RangeInclusive<f64>> = None;
    for estimate in estimates {
        let interval = estimate.interval;
        let ends = interval.map(|interval| [interval.low, interval.high]);
        let numbers = ends.into_iter().flatten().chain([estimate.value]);
        for number in numbers.filter(|number| number.is_finite()) {
            range = Some(match range {
                None => number..=number,
                Some(range) => range.start().min(number)..=range.end().max(number),
            });
        }
    }
    let range = range?;
    Some(Axis::around(
        *range.start(),
        *range.end(),
        5,
        quantity.metric.unit,
    ))
}

/// The unit of a metric, as the end of a label.
pub(super) fn unit_name(quantity: &Quantity, currency: &str) -> String {
    match Unit::of(quantity.metric.unit, currency) {
        Unit::Money(name) => format!(", {name}"),
        Unit::Plain("") | Unit::Ratio | Unit::Seconds | Unit::Bytes => String::new(),
        Unit::Plain(name) => format!(", {name}"),
    }
}
