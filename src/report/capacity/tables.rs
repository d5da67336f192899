//! `capacity.csv`.

use std::io::{self, Write};

use super::Told;
use super::json::{condition, missed_by, phase, verdict};
use super::text::{interval, share};
use crate::report::csv::Csv;

/// One row per size and condition.
pub(super) fn sizes(told: &Told<'_>, out: impl Write) -> io::Result<()> {
    let capacity = told.capacity;
    let columns = [
        "nodes",
        "condition",
        "loss",
        "loss_at_s",
        "seeds",
        "runs",
        "met",
        "share",
        "low",
        "high",
        "left_over",
        "verdict",
    ];
    let missed = ["missed", "missed_by"].into_iter().flat_map(|what| {
        let objectives = told.scenario.objectives.iter();
        objectives.map(move |objective| format!("{what} {}", objective.quantity))
    });
    let missed: Vec<String> = missed.collect();
    let columns: Vec<&str> = columns
        .into_iter()
        .chain(missed.iter().map(String::as_str))
        .collect();
    let mut csv = Csv::new(out, &columns)?;
    for row in &capacity.rows {
        for seen in &row.cases {
            let (name, loss, at) = condition(&seen.condition);
            let (low, high) = interval(seen, capacity.plan.claim.confidence);
            csv.whole(row.size.into());
            csv.text(name);
            csv.text(&loss.unwrap_or_default());
            match at {
                Some(at) => csv.number(at),
                None => csv.text(""),
            }
            csv.text(phase(seen.phase));
            csv.whole(seen.trials.tally.runs.into());
            csv.whole(seen.trials.tally.good.into());
            csv.number(share(seen));
            csv.number(low);
            csv.number(high);
            csv.whole(seen.trials.left_over.into());
            let said = capacity.found.verdicts.get(&row.size);
            csv.text(said.map_or("", |said| verdict(*said)));
            for &missed in &seen.trials.missed {
                csv.whole(missed.into());
            }
            missed_by(&seen.trials).for_each(|missed_by| csv.number(missed_by));
            csv.end_row()?;
        }
    }
    csv.finish()
}
