//! What can be typed after `calibrate`.

use std::path::PathBuf;

use super::engines::Engines;

/// Measure how long Docker engines take, for simulations of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll calibrate --sandbox 3
  plimsoll calibrate --engine worker-0=unix:///var/run/docker.sock --out docker.toml
  plimsoll run scenario.toml --with delays.toml

Containers are started in groups of several sizes, asked until they serve, killed or stopped, and removed; \
machines of private engines lose their power and boot. What that takes is written as a [delays] table \
of the values observed, to be laid over a scenario with --with. Nothing but the image is left on engines that were given, and nothing at all of private ones. Measure on \
a machine that is as busy as it will be.")]
pub(in crate::cli) struct Calibrate {
    #[command(flatten)]
    pub(in crate::cli) on: Engines,
    /// How many containers start at once, one number after the other
    #[arg(
        long,
        value_name = "N,N",
        value_delimiter = ',',
        default_value = "1,2,4,8,16",
        value_parser = clap::value_parser!(u32).range(1..=256)
    )]
    pub(in crate::cli) at_once: Vec<u32>,
    /// Containers to measure for each of these numbers, at least
    #[arg(
        long,
        value_name = "N",
        default_value_t = 40,
        value_parser = clap::value_parser!(u32).range(2..=10_000)
    )]
    pub(in crate::cli) samples: u32,
    /// How often machines of private engines boot
    #[arg(
        long,
        value_name = "N",
        default_value_t = 6,
        conflicts_with = "engines",
        value_parser = clap::value_parser!(u32).range(1..=1_000)
    )]
    pub(in crate::cli) boots: u32,
    /// The engines given share one machine, as private ones do: containers that start on any of them slow
    /// each other down
    #[arg(long, conflicts_with = "sandbox")]
    pub(in crate::cli) shared_machine: bool,
    /// Write the delays to this file
    #[arg(long, value_name = "FILE", default_value = "delays.toml")]
    pub(in crate::cli) out: PathBuf,
    /// Say nothing but errors
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
}
