//! What one sees of a live run while it lasts: a line on a terminal, and metrics for Prometheus.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::cli::Failure;
use crate::cli::args::Live;
use crate::cli::status::{Status, now};
use crate::cli::usage::columns_of;
use crate::live::exporter::{Exporter, Port};
use crate::live::load::tally::Requests;
use crate::live::seen::Seen;
use crate::record::standing::{Decision, Standing};
use crate::report::decisions;
use crate::time::{Duration, Time};

/// Time between two lines, and what requests are told of.
const EVERY: Duration = Duration::from_secs(1);
/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;
/// A placement takes the place of a scaling on the line after so long: most follow from one.
const SCALING_STANDS: Duration = Duration::from_secs(3);
/// Either takes the place of a repair after so long.
const HEALING_STANDS: Duration = Duration::from_secs(6);

/// Takes the address that was typed and answers there from now on, where one was.
pub(super) fn listen(args: &Live, seen: &Arc<Seen>) -> Result<Option<Exporter>, Failure> {
    let Some(address) = args.listen else {
        return Ok(None);
    };
    let port = Port::take(address).map_err(|trouble| {
        Failure::Environment(format!(
            "--listen {address}: {trouble}\n  = give an address of this machine and a port that nobody has"
        ))
    })?;
    if !args.results.quiet {
        // Without a stderr there is nobody to tell.
        let _ = writeln!(io::stderr(), "metrics are at {}", port.url());
    }
    Ok(Some(Exporter::start(port, Arc::clone(seen))?))
}

/// An address and a port, both in digits.
pub(in crate::cli) fn address(text: &str) -> Result<SocketAddr, String> {
    let wrong = "write ADDRESS:PORT in digits, such as 127.0.0.1:9464 or [::1]:9464";
    text.parse().map_err(|_| wrong.to_owned())
}

/// Keeps one line on stderr up to date, where that is a terminal.
pub(super) struct Line<'a> {
    started: Instant,
    seen: &'a Seen,
    /// `None` where nobody watches.
    status: Option<Status>,
    /// When the last line was shown, and what had become of the requests then.
    last: (Time, Vec<Requests>),
}

impl<'a> Line<'a> {
    pub(super) fn new(seen: &'a Seen, quiet: bool) -> Line<'a> {
        Line {
            started: now(),
            seen,
            status: Status::is_watched(quiet).then(Status::new),
            last: (Time::ZERO, seen.tally.all()),
        }
    }

    /// The run is at `at`.
    pub(super) fn reached(&mut self, at: Time) {
        let Some(status) = &mut self.status else {
            return;
        };
        let (before, requests) = &self.last;
        let passed = at.since(*before);
        if passed < EVERY {
            return;
        }
        let all = self.seen.tally.all();
        let standing = self.seen.board.look();
        let line = text(&Shown {
            at,
            end: self.seen.end,
            standing: &standing,
            passed,
            requests: &Requests::between(requests, &all),
            decision: told(&standing).map(|last| decisions::words(&self.seen.catalog, last)),
        });
        self.last = (at, all);
        let columns = columns_of(io::stderr()).unwrap_or(COLUMNS);
        status.show(now().duration_since(self.started), &fit(line, columns));
    }

    /// Removes the line.
    pub(super) fn finish(&mut self) {
        if let Some(status) = &mut self.status {
            status.clear();
        }
    }

    /// Seconds since the start.
    pub(super) fn seconds(&self) -> f64 {
        now().duration_since(self.started).as_secs_f64()
    }
}

/// What a line is made of.
struct Shown<'a> {
    at: Time,
    end: Time,
    standing: &'a Standing,
    /// Time since the last line, and the requests of it.
    passed: Duration,
    requests: &'a Requests,
    decision: Option<String>,
}

/// The line, of whatever length.
fn text(shown: &Shown<'_>) -> String {
    let standing = shown.standing;
    let present = standing.nodes.as_slice().iter();
    let present = present.filter(|node| node.present);
    let ready = present.clone().filter(|node| node.ready).count();
    let services = standing.services.as_slice().iter();
    let serving: u64 = services.clone().map(|service| service.ready).sum();
    let desired: u64 = services.map(|service| service.desired).sum();
    let mut parts = vec![
        format!("{} of {}", clock(shown.at), clock(shown.end)),
        format!("{ready}/{} nodes", present.count()),
        format!("{serving}/{desired} replicas"),
        traffic(shown.requests, shown.passed),
    ];
    parts.extend(shown.decision.clone());
    parts.join(" · ")
}

/// `98 req/s, 100 % answered, p95 7.1 ms`.
fn traffic(requests: &Requests, passed: Duration) -> String {
    let total = &requests.total;
    let mut text = format!("{:.0} req/s", total.offered as f64 / passed.secs_f64());
    let ended = total.served + total.lost();
    // Rounded down: all are answered only where none is lost.
    match (1000 * total.served).checked_div(ended) {
        Some(1000) => text.push_str(", 100 % answered"),
        Some(tenths) => text.push_str(&format!(", {}.{} % answered", tenths / 10, tenths % 10)),
        None => {}
    }
    match requests.quantile(0.95) {
        Some(latency) if latency < 1.0 => text.push_str(&format!(", p95 {:.1} ms", 1e3 * latency)),
        Some(latency) => text.push_str(&format!(", p95 {latency:.1} s")),
        None => {}
    }
    text
}

/// The last decision; one that others follow from stands for a while.
fn told(standing: &Standing) -> Option<&Decision> {
    let all = [
        (&standing.last_placing, Duration::ZERO),
        (&standing.last_scaling, SCALING_STANDS),
        (&standing.last_healing, HEALING_STANDS),
    ];
    all.into_iter()
        .filter_map(|(decision, stands)| decision.as_ref().map(|last| (last.at + stands, last)))
        .max_by_key(|&(until, _)| until)
        .map(|(_, last)| last)
}

/// A time of the run: `0:47`, `1:02:03`.
fn clock(at: Time) -> String {
    let seconds = at.nanos() / 1_000_000_000;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// As much of a line as fits into so many columns: the last one stays free, where some terminals go on
/// to the next line.
fn fit(line: String, columns: usize) -> String {
    let room = columns.saturating_sub(1);
    if line.chars().count() <= room {
        return line;
    }
    let kept: String = line.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests;
