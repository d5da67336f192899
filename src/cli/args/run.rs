//! What can be typed after `run`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::ValueEnum;

use super::shared::{Chance, Changes, Machine, Output, Outside, Policies};
use crate::scenario::drill::Frequency;

/// Run a scenario and report what became of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll run scenarios/web-shop.toml
  plimsoll run scenarios/web-shop.toml --reps 20 --scheduler binpack
  plimsoll run scenarios/web-shop.toml --reps 20 --drill node
  plimsoll run scenarios/web-shop.toml --format json --quiet | jq .metrics
  plimsoll run scenarios/web-shop.toml --set nodes.worker.count=20 --set duration=12h
  plimsoll run scenarios/web-shop.toml --set services.cart.load.diurnal.mean=2500
  plimsoll run scenarios/web-shop.toml --set policy.scheduler.kube.ties=name --with peak.toml

The results go to results/<scenario>/<scheduler>-<autoscaler>-<healer>-<seed>/ unless --out says \
otherwise; with the drill or the resampling after it, and -changed-<hash> where --with or --set \
change the scenario. Earlier results there are replaced. A missed objective is a result: the exit \
code is 0.

--set KEY=VALUE: the key is a path through the file's tables. A value is TOML; a word needs no \
quotes. A part of a key that holds a dot stands in quotes: --set 'services.\"web.v2\".replicas=3'. A \
policy or another shape of load takes the place of the one that is there. `plimsoll schema` lists \
all keys.")]
pub(in crate::cli) struct Run {
    /// The scenario file
    pub(in crate::cli) scenario: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) chance: Chance,
    /// Replications, each with its own random numbers
    #[arg(long, value_name = "N", default_value = "1")]
    pub(in crate::cli) reps: NonZeroU32,
    /// Run until each objective's metric is known to this share of it (availability: of what is lost),
    /// looking at 20 replications, 40, 80 …
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["reps", "drill"])]
    pub(in crate::cli) precision: Option<String>,
    /// Most replications for --precision
    #[arg(
        long,
        value_name = "N",
        default_value = "640",
        requires = "precision",
        conflicts_with = "reps"
    )]
    pub(in crate::cli) max_reps: NonZeroU32,
    #[command(flatten)]
    pub(in crate::cli) policies: Policies,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
    #[command(flatten)]
    pub(in crate::cli) outside: Outside,
    /// How often what the drill takes fails otherwise, such as `node=40/year`; what the scenario
    /// states unless given
    #[arg(long, value_name = "WHAT=N/TIME", requires = "drill")]
    pub(in crate::cli) frequency: Option<Frequency>,
    #[command(flatten)]
    pub(in crate::cli) results: Output,
    /// Also say which assumptions would change the answer: repeats all runs with each made worse by
    /// itself, up to 7 times as many
    #[arg(long)]
    pub(in crate::cli) assumptions: bool,
    /// Draw no plots
    #[arg(long)]
    pub(in crate::cli) no_plots: bool,
    /// Write more detail: series of single nodes, or also every replication's tables
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(in crate::cli) detail: Option<Detail>,
    #[command(flatten)]
    pub(in crate::cli) machine: Machine,
}

/// How much detail to write.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Detail {
    /// Time series of single nodes
    Nodes,
    /// Time series of single nodes, and the tables of every replication
    All,
}
