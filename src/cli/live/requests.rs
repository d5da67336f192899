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
    let path = folder.file(output::REQUESTS);
    fs::write(&path, table(scenario, all)).map_err(FolderError::of(&path))?;
    Ok(())
}

/// The table: what was offered is what was served, what was lost for each cause, and what was open
/// when the run ended.
fn table(scenario: &Scenario, all: &[Requests]) -> String {
    let mut table = "service,offered,served,lost_no_endpoint,lost_stale_endpoint,lost_over_capacity,\
                     lost_timeout,open_at_end,latency_p50_s,latency_p95_s,latency_p99_s,latency_max_s\n"
        .to_owned();
    for (service, requests) in scenario.catalog.services.as_slice().iter().zip(all) {
        let total = &requests.total;
        let _ = write!(
            table,
            "{},{},{},{},{},{},{},{}",
            service.name,
            total.offered,
            total.served,
            total.no_endpoint,
            total.stale,
            total.over_capacity,
            total.timed_out,
            requests.open
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
    table
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ids::ServiceId;
    use crate::live::load::tally::{Outcome, Tally};
    use crate::scenario;
    use crate::time::Time;

    #[test]
    fn what_is_offered_is_the_sum_of_the_columns_behind_it() {
        let text = r#"
duration = "10s"
[[nodes]]
name = "node"
count = 1
cpu = "2"
memory = "1Gi"
[[services]]
name = "cart"
requests = { cpu = "100m", memory = "16Mi" }
load = 1
"#;
        let unread = |path: &std::path::Path| panic!("{} is not to be read", path.display());
        let loaded = scenario::parse(std::path::Path::new("cart.toml"), text, &unread).unwrap();
        let (tally, cart) = (Tally::new(1, Time::ZERO), ServiceId(0));
        let outcomes = [
            (5, Outcome::Served(Duration::from_millis(2))),
            (4, Outcome::NoEndpoint),
            (3, Outcome::Stale),
            (2, Outcome::OverCapacity),
            (1, Outcome::TimedOut),
        ];
        for (times, outcome) in outcomes {
            for _ in 0..times {
                tally.offered(cart, Time::ZERO);
                tally.ended(cart, Time::ZERO, outcome);
            }
        }
        (0..6).for_each(|_| tally.offered(cart, Time::ZERO));
        let table = table(&loaded.scenario, &tally.all());
        let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split(',').collect()).collect();
        assert_eq!(rows[0][..2], ["service", "offered"]);
        assert_eq!(rows[0][7], "open_at_end");
        let numbers = rows[1][1..8].iter().map(|cell| cell.parse().unwrap());
        let numbers: Vec<u64> = numbers.collect();
        assert_eq!(numbers, [21, 5, 4, 3, 2, 1, 6]);
        assert_eq!(numbers[0], numbers[1..].iter().sum::<u64>());
    }
}
