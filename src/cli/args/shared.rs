//! Options that several commands take, with one meaning in all of them.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::ValueEnum;

use crate::scenario::quantity;
use crate::time::Duration;

/// What is changed of the scenario file.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct Changes {
    /// Lay this file over the scenario: tables are merged, entries of lists by their names, every other
    /// value is replaced; may be given again
    #[arg(long = "with", value_name = "FILE")]
    pub(in crate::cli) overlays: Vec<PathBuf>,
    /// Set one value, such as duration=12h or nodes.worker.count=10; entries of lists go by name or by
    /// index from 0; may be given again
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(in crate::cli) settings: Vec<String>,
}

/// Policies other than the scenario's.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Policies {
    /// Use this scheduler instead of the scenario's
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) scheduler: Option<String>,
    /// Use this autoscaler instead of the scenario's
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) autoscaler: Option<String>,
    /// Use this healer instead of the scenario's
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) healer: Option<String>,
}

/// Another outside world than the scenario's.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Outside {
    /// Lose one node or one zone in every run, at a time and a place by lot, in place of the
    /// scenario's own failures of nodes and zones
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(in crate::cli) drill: Option<Loss>,
    /// Draw the trace's pods anew for every replication, in blocks of this length, such as
    /// `--resample=6h`; a day unless given, for traces of ten days and more
    #[arg(
        long,
        value_name = "BLOCK",
        num_args = 0..=1,
        require_equals = true,
        value_parser = length
    )]
    pub(in crate::cli) resample: Option<Option<Duration>>,
}

pub(super) fn length(text: &str) -> Result<Duration, String> {
    quantity::duration(text).map_err(|bad| format!("it {}: {}", bad.what, bad.form))
}

/// What a drill takes away.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Loss {
    /// One node
    Node,
    /// One zone with all its nodes
    Zone,
}

/// Where the dice come from.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Chance {
    /// Seed of everything random: the same seed gives the same numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::cli) seed: u64,
}

/// What becomes of the results.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Output {
    /// Write the results to this folder
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) printed: Printed,
    /// Say nothing but errors and, with --format json, the result
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
}

/// What goes to stdout.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Printed {
    /// What to print; `plimsoll schema` describes the JSON
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(in crate::cli) format: Format,
}

/// What to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// Text for people
    Text,
    /// JSON for programs
    Json,
}

/// What the work is done with.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Machine {
    /// Threads that do the work; one for each processor unless given
    #[arg(long, value_name = "N")]
    pub(in crate::cli) threads: Option<NonZeroUsize>,
}
