//! The tables of a comparison.

use std::io::{self, Write};

use super::Compared;
use crate::experiment::summary::Line;
use crate::metrics::measured::{Amount, Measured};
use crate::report::csv::Csv;
use crate::report::results::policy_name;

/// `metrics.csv`: one row per variant, metric, entity and replication that has a value. A
/// ratio has what it is over beside it: pooled it is Σ value · denominator ÷ Σ denominator.
pub(super) fn metrics(compared: &Compared<'_>, out: impl Write) -> io::Result<()> {
    let columns = [
        "scenario",
        "variant",
        "policy",
        "replication",
        "metric",
        "entity",
        "unit",
        "value",
        "denominator",
    ];
    let mut csv = Csv::new(out, &columns)?;
    let summaries = compared.comparison.summaries.iter();
    for (place, (variant, summary)) in compared.variants.iter().zip(summaries).enumerate() {
        let runs = compared.samples.runs(place);
        let policy = policy_name(&variant.scenario.policy);
        for line in &summary.lines {
            let entity = line.entity.to_string();
            for (replication, (value, run)) in (1..).zip(line.values.iter().zip(runs)) {
                let Some(value) = *value else { continue };
                csv.text(&variant.scenario.name);
                csv.text(&variant.name);
                csv.text(&policy);
                csv.whole(replication);
                csv.text(line.metric.name);
                csv.text(&entity);
                csv.text(line.metric.unit);
                csv.number(value);
                csv.number(denominator(run, line));
                csv.end_row()?;
            }
        }
    }
    csv.finish()
}

/// What the value of a run is a ratio over.
fn denominator(run: &Measured, line: &Line) -> Option<f64> {
    match run.get(line.metric.name, &line.entity)? {
        Amount::Ratio { under, .. } => Some(*under),
        Amount::Number(_) | Amount::Percentile { .. } => None,
    }
}

/// `differences.csv`: one row per metric and variant that has a difference from the baseline, in the
/// metric's unit.
pub(super) fn differences(compared: &Compared<'_>, out: impl Write) -> io::Result<()> {
    let columns = [
        "metric",
        "entity",
        "unit",
        "variant",
        "baseline",
        "primary",
        "difference",
        "low",
        "high",
        "confidence",
        "tolerance",
    ];
    let mut csv = Csv::new(out, &columns)?;
    for row in &compared.comparison.rows {
        for (cell, variant) in row.cells.iter().zip(compared.variants) {
            let Some(against) = &cell.against else {
                continue;
            };
            let tolerance = row.primary.flatten();
            let baseline = row.cells[0].estimate;
            let tolerance = tolerance.zip(baseline);
            csv.text(row.quantity.metric.name);
            csv.text(&row.quantity.entity.to_string());
            csv.text(row.quantity.metric.unit);
            csv.text(&variant.name);
            csv.text(&compared.baseline().name);
            csv.text(if row.primary.is_some() { "yes" } else { "no" });
            csv.number(against.estimate.value);
            csv.number(against.estimate.interval.map(|interval| interval.low));
            csv.number(against.estimate.interval.map(|interval| interval.high));
            csv.number(against.confidence.level());
            csv.number(tolerance.map(|(tolerance, baseline)| tolerance.amount(baseline.value)));
            csv.end_row()?;
        }
    }
    csv.finish()
}
