//! What can be typed after `explain`.

use std::path::PathBuf;

use clap::ValueEnum;

use super::shared::{Chance, Changes, Outside, Policies, Printed};

/// Say why a pod is where it is, or nowhere.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll explain scenarios/zone-outage.toml --at 20:10 --set nodes.worker.count=9
  plimsoll explain scenarios/zone-outage.toml --at 20:10 --pod search-27
  plimsoll explain scenarios/web-shop.toml --pod cart-7 --format json | jq .decision.chosen
  plimsoll explain scenarios/web-shop.toml --drill zone --seed 7

The run is the first replication of `plimsoll run` with the same options. It is repeated up to that \
moment, and the last decision on the pod is told as it was made: on what the control plane believed \
then.")]
pub(in crate::cli) struct Explain {
    /// The scenario file
    pub(in crate::cli) scenario: PathBuf,
    /// The pod, by its service or job and its number, as in pods.csv; without it those that wait are
    /// listed
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) pod: Option<String>,
    /// The moment: a clock such as 20:00:52, or the time since the start such as 20h52s; the end of
    /// the run unless given
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(in crate::cli) at: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) chance: Chance,
    #[command(flatten)]
    pub(in crate::cli) policies: Policies,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
    #[command(flatten)]
    pub(in crate::cli) outside: Outside,
    /// Which nodes to list one by one
    #[arg(long, value_name = "WHICH", value_enum, default_value = "few")]
    pub(in crate::cli) nodes: ListedNodes,
    /// The same as --nodes all
    #[arg(long, short)]
    pub(in crate::cli) verbose: bool,
    #[command(flatten)]
    pub(in crate::cli) printed: Printed,
}

/// Which nodes are listed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ListedNodes {
    /// The best few
    Few,
    /// All of them
    All,
}
