//! What became of the requests of a live run: a table, and lines on the terminal.

use std::fmt::Write as _;
use std::fs;

use crate::cli::Failure;
use crate::folder::{Folder, FolderError};
use crate::live::load::tally::Requests;
use crate::report::output;
use crate::scenario::Scenario;

/// Quantiles of the latency that are told.
const QUANTILES: [(&str, f64); 4] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)];

/// Writes the table: requests of the whole run, warm-up included.
pub(super) fn write(folder: &Folder, scenario: &Scenario, all: &[Requests]) -> Result<(), Failure> {
    let mut table =
        "service,offered,served,lost_no_endpoint,lost_stale_endpoint,lost_over_capacity,\
                     lost_timeout,latency_p50_s,latency_p95_s,latency_p99_s,latency_max_s\n"
            .to_owned();
    for (service, requests) in scenario.catalog.services.as_slice().iter().zip(all) {
        let total = &requests.total;
        let _ = write!(
            table,
            "{},{},{},{},{},{},{}",
            service.name,
            total.offered,
            total.served,
            total.no_endpoint,
            total.stale,
            total.over_capacity,
            total.timed_out
        );
        for (_, share) in QUANTILES {
            let latency = requests.quantile(share);
            let _ = match latency {
                Some(latency) => write!(table, ",{latency:.6}"),
                None => write!(table, ","),
            };
        }
        table.push('\n');
    }
    let path = folder.file(output::REQUESTS);
    fs::write(&path, table).map_err(FolderError::of(&path))?;
    Ok(())
}

/// One line for each service that was asked for something.
pub(super) fn text(scenario: &Scenario, all: &[Requests]) -> String {
    let mut said = String::new();
    let services = scenario.catalog.services.as_slice().iter();
    for (service, requests) in services.zip(all).filter(|(_, all)| all.total.offered > 0) {
        let total = &requests.total;
        let latencies = QUANTILES.map(|(name, share)| match requests.quantile(share) {
            Some(latency) => format!("{name} {:.1} ms", latency * 1000.0),
            None => format!("{name} –"),
        });
        let _ = writeln!(
            said,
            "{}: {} of {} requests answered, latency {}",
            service.name,
            total.served,
            total.offered,
            latencies.join(", ")
        );
    }
    said
}
