//! `run.json`: everything that may differ between two runs of one scenario and seed.

use std::io::{self, Write};

use serde::Serialize;

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Effort {
    /// Time on the wall from the first replication to the last, in seconds.
    pub wall_seconds: f64,
    /// CPU time of the process so far, in seconds, where the system tells.
    pub cpu_seconds: Option<f64>,
    /// Most memory of the process so far, in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// Events of all replications.
    pub events: u64,
    /// Threads that ran replications.
    pub threads: usize,
}

#[derive(Serialize)]
struct Run {
    plimsoll: &'static str,
    #[serde(flatten)]
    effort: Effort,
    events_per_second: f64,
    host: Host,
}

#[derive(Serialize)]
struct Host {
    os: &'static str,
    arch: &'static str,
    cpus: Option<usize>,
}

impl Effort {
    /// Events handled per second on the wall.
    pub fn events_per_second(&self) -> f64 {
        self.events as f64 / self.wall_seconds.max(1e-9)
    }
}

/// Writes the file, with a line break at its end.
pub(crate) fn write(effort: &Effort, mut out: impl Write) -> io::Result<()> {
    let run = Run {
        plimsoll: env!("CARGO_PKG_VERSION"),
        effort: *effort,
        events_per_second: effort.events_per_second(),
        host: Host {
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            cpus: std::thread::available_parallelism().ok().map(usize::from),
        },
    };
    serde_json::to_writer_pretty(&mut out, &run)?;
    out.write_all(b"\n")
}
