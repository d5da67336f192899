//! What can be typed after `import`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Subcommand;

use crate::import::openb::options::{Fill, Share};

/// Turn traces of others into scenarios.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Import {
    /// Alibaba's GPU cluster trace of 2023 (openb)
    Openb(Openb),
}

/// Alibaba's GPU cluster trace of 2023 (openb).
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll import openb openb_node_list_all_node.csv openb_pod_list_default.csv -o openb
  plimsoll import openb NODES.csv PODS.csv -o openb-busy --copies 154
  plimsoll import openb NODES.csv PODS.csv -o openb-fill --arrivals-only --fill 1.3")]
pub(in crate::cli) struct Openb {
    /// The list of nodes
    #[arg(value_name = "NODES.csv")]
    pub(in crate::cli) nodes_file: PathBuf,
    /// The list of pods
    #[arg(value_name = "PODS.csv")]
    pub(in crate::cli) pods_file: PathBuf,
    /// The folder to write
    #[arg(short, long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,
    /// Lay the trace over itself so many times, each copy at a random shift
    #[arg(
        long,
        value_name = "N",
        default_value = "1",
        conflicts_with = "arrivals_only"
    )]
    pub(in crate::cli) copies: NonZeroU32,
    /// Keep pods of unknown duration and let them run this long, such as `1h`
    #[arg(long, value_name = "TIME", conflicts_with = "arrivals_only")]
    pub(in crate::cli) assume_duration: Option<String>,
    /// Keep this share of the nodes, each GPU model in proportion, such as `1%`
    #[arg(long, value_name = "SHARE", default_value = "100%")]
    pub(in crate::cli) nodes: Share,
    /// Pods arrive one by one in random order and never leave, as in the FGD paper
    #[arg(long)]
    pub(in crate::cli) arrivals_only: bool,
    /// What all pods together ask for, in multiples of the GPUs there are
    #[arg(
        long,
        value_name = "RATIO",
        default_value = "1.3",
        requires = "arrivals_only"
    )]
    pub(in crate::cli) fill: Fill,
    /// Seed of every random choice
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::cli) seed: u64,
    /// Replace an earlier import
    #[arg(long)]
    pub(in crate::cli) replace: bool,
}
