//! What can be typed after `fidelity`.

use std::path::PathBuf;

use super::engines::Engines;
use super::shared::{Chance, Changes, Machine, Output, Policies};

/// Run a scenario live and simulated, and say how well the one foretold the other.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll fidelity --sandbox 3 scenarios/live-shop.toml
  plimsoll fidelity --sandbox 3 scenarios/live-shop.toml --live 5 --delays delays.toml

The delays of the engines are measured first, as calibrate does, unless --delays gives them. Then come live \
runs without failures, whose placements are held to those of the simulation in their order; live runs \
with the scenario's failures; and simulated runs with the delays that were measured. Times to detect and \
to recover and the requests answered agree where the 95 % interval of the difference lies within 15 % or 1 s.

Delays that were measured and live runs that are done are kept in the result folder: the same command again \
goes on with what is missing. \
Exit code 1 says that something does not agree.")]
pub(in crate::cli) struct Fidelity {
    /// The scenario file
    pub(in crate::cli) scenario: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) on: Engines,
    /// Longest time for the answer to a request, from when it was due
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = super::engines::patience)]
    pub(in crate::cli) request_timeout: crate::time::Duration,
    /// Live runs with the scenario's failures
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(2..))]
    pub(in crate::cli) live: u32,
    /// Live runs without failures
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(in crate::cli) control: u32,
    /// Simulated runs
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(2..))]
    pub(in crate::cli) simulated: u32,
    /// The engines' delays, as calibrate writes them; measured first unless given
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) delays: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) chance: Chance,
    #[command(flatten)]
    pub(in crate::cli) policies: Policies,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
    #[command(flatten)]
    pub(in crate::cli) results: Output,
    #[command(flatten)]
    pub(in crate::cli) machine: Machine,
}
