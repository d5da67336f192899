//! How far variants lie from the baseline: one chart for each metric with verdicts, a row for each
//! variant, a line where there is no difference and a band for what does not matter.

use super::axis::{Axis, Scale};
use super::chart::{Body, Chart, Key, Panel, Range, Sample};
use super::ranges::ROW;
use crate::experiment::compare::{Against, Row};
use crate::metrics::dictionary::Better;
use crate::report::compare::{Compared, words};
use crate::report::figure::{self, Unit};

/// The names of the charts.
const NAMES: [&str; 3] = ["difference-1", "difference-2", "difference-3"];

/// One chart for each primary metric of which some difference is known.
pub(crate) fn charts(compared: &Compared<'_>) -> Vec<Chart> {
    let rows = compared.comparison.rows.iter();
    let primary = rows.filter(|row| row.primary.is_some()).zip(NAMES);
    primary
        .filter_map(|(row, name)| chart(compared, row, name))
        .collect()
}

fn chart(compared: &Compared<'_>, row: &Row, name: &'static str) -> Option<Chart> {
    let (scale, x_label) = scale(compared, row);
    let known = row.cells.iter().zip(compared.variants);
    let known = known.filter_map(|(cell, variant)| {
        let against = cell.against.as_ref()?;
        let is_finite = against.estimate.value.is_finite();
        is_finite.then_some((variant.name.clone(), against))
    });
    let known: Vec<(String, &Against)> = known.collect();
    if known.is_empty() {
        return None;
    }
    let tolerance = row.primary.flatten().zip(row.cells[0].estimate);
    let band = tolerance.map(|(tolerance, baseline)| scale * tolerance.amount(baseline.value));
    let ranges: Vec<Range> = known
        .iter()
        .map(|(_, against)| range(compared, row, against, scale))
        .collect();
    let (least, most) = span(&ranges, band);
    let rows = ranges.len() as f64;
    let ticks = known.iter().enumerate().rev();
    let ticks = ticks.map(|(at, (name, _))| (rows - at as f64 - 0.5, name.clone()));
    let baseline = &compared.baseline().name;
    let level = figure::exact_percent(compared.comparison.confidence.level());
    Some(Chart {
        name,
        data: "plots/differences.csv".to_owned(),
        title: format!("Difference from {baseline} in {}", row.quantity),
        subtitle: format!(
            "{} paired runs. All intervals with verdicts hold together with {level} confidence. {}",
            compared.comparison.replications,
            direction(row.quantity.metric.better)
        ),
        keys: keys(band),
        x: Axis::signed(least, most, 8),
        x_label,
        panels: vec![Panel {
            label: String::new(),
            note: String::new(),
            y: Axis {
                from: 0.0,
                to: rows,
                scale: Scale::Linear,
                ticks: ticks.collect(),
            },
            height: ROW * ranges.len() as i32,
            body: Body::Ranges {
                rows: ranges,
                limit: 0.0,
                band: band.map(|band| (-band, band)),
            },
        }],
    })
}

const fn direction(better: Better) -> &'static str {
    match better {
        Better::Up => "Right is better.",
        Better::Down => "Left is better.",
        Better::Neither => "Neither side is better.",
    }
}

fn keys(band: Option<f64>) -> Vec<Key> {
    let key = |sample, label| Key { sample, label };
    let mut keys = vec![
        key(Sample::Answer, "the difference"),
        key(Sample::Span, "its interval"),
        key(Sample::Limit, "no difference"),
    ];
    if band.is_some() {
        keys.push(key(Sample::Outage, "within the tolerance"));
    }
    keys
}

/// What one of the metric's units is on the axis, and what to call that.
fn scale(compared: &Compared<'_>, row: &Row) -> (f64, String) {
    let (scale, unit) = match compared.unit(&row.quantity) {
        Unit::Ratio => (100.0, "percentage points"),
        Unit::Seconds => (1.0, "seconds"),
        Unit::Bytes => (1.0, "bytes"),
        Unit::Money(name) | Unit::Plain(name) => (1.0, name),
    };
    let metric = row.quantity.metric.name;
    match unit {
        "" => (scale, format!("difference in {metric}")),
        unit => (scale, format!("difference in {metric}, {unit}")),
    }
}

fn range(compared: &Compared<'_>, row: &Row, against: &Against, scale: f64) -> Range {
    let value = against.estimate.value;
    let interval = against.estimate.interval;
    let (low, high) = interval.map_or((value, value), |interval| (interval.low, interval.high));
    let verdict = against
        .verdict
        .map(|verdict| words::verdict(compared, row, verdict));
    Range {
        from: scale * low,
        mark: scale * value,
        to: scale * high,
        text: verdict.map_or(String::new(), |words| {
            words.word.trim_end_matches(':').to_owned()
        }),
        is_faint: interval.is_none(),
    }
}

/// What the axis has to hold: all finite ends, zero, and the band unless it would dwarf them.
fn span(ranges: &[Range], band: Option<f64>) -> (f64, f64) {
    let ends = ranges
        .iter()
        .flat_map(|range| [range.from, range.mark, range.to]);
    let ends = ends.filter(|end| end.is_finite()).chain([0.0]);
    let (least, most) = ends.fold((0.0, 0.0), |(least, most): (f64, f64), end| {
        (least.min(end), most.max(end))
    });
    let (least, most) = match band {
        Some(band) if band <= 4.0 * (most - least) || most == least => {
            (least.min(-1.2 * band), most.max(1.2 * band))
        }
        Some(_) | None => (least, most),
    };
    // Room for words on either side.
    let room = 0.15 * (most - least);
    match most > least {
        true => (least - room, most + room),
        false => (-1.0, 1.0),
    }
}
