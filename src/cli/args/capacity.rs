//! What can be typed after `capacity`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::ValueEnum;

use super::shared::{Chance, Changes, Machine, Output, Policies};
use crate::stats::Confidence;

/// What a runway has no use for. Named beside each option of a runway too: what conflicts with
/// `--runway` waives that it is required.
const FEWEST: [&str; 5] = ["from", "to", "step", "vary", "survive"];

/// Say how many nodes are enough, or for how long those there are will do.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll capacity scenarios/web-shop.toml
  plimsoll capacity scenarios/web-shop.toml --survive zone
  plimsoll capacity scenarios/web-shop.toml --step 1 --quantile 0.99 --scheduler binpack
  plimsoll capacity scenarios/zone-rules.toml --vary nodes.worker.count --vary nodes.storage.count \
    --set nodes.worker.price_per_hour=0.4 --set nodes.storage.price_per_hour=0.6
  plimsoll capacity scenarios/web-shop.toml --runway --growth 3%..5%/month --start 2026-11-28

Enough is what meets every objective of the scenario ([[objectives]], and the slo of services) in at \
least --quantile of all runs; with --confidence that is shown by runs under fresh seeds. The results \
go to results/<scenario>/capacity-<policies>-<seed>/ unless --out says otherwise; earlier results \
there are replaced. That nothing is enough is a result: the exit code is 0.")]
pub(in crate::cli) struct Capacity {
    /// The scenario file
    pub(in crate::cli) scenario: PathBuf,
    /// Whose number is varied, such as nodes.worker.count; several of them, each with a price_per_hour,
    /// for the cheapest mix. The only group of nodes unless given
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) vary: Vec<String>,
    /// The smallest number that is tried; --step unless given
    #[arg(long, value_name = "N", conflicts_with = "runway")]
    pub(in crate::cli) from: Option<NonZeroU32>,
    /// The largest number of the search; four times that of the scenario unless given
    #[arg(long, value_name = "N", conflicts_with = "runway")]
    pub(in crate::cli) to: Option<NonZeroU32>,
    /// From number to number; the number of zones of the group unless given, for nodes are dealt to zones
    /// in turn
    #[arg(long, value_name = "N", conflicts_with = "runway")]
    pub(in crate::cli) step: Option<NonZeroU32>,
    /// Share of runs that are to meet every objective
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = share)]
    pub(in crate::cli) quantile: f64,
    /// How sure that is to be
    #[arg(long, value_name = "LEVEL", default_value = "0.95", value_parser = confidence)]
    pub(in crate::cli) confidence: Confidence,
    /// Enough even if one of these is lost for good at the busiest time, each in turn
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(in crate::cli) survive: Option<Survive>,
    /// Say when an objective first breaks while the load grows and the nodes stay
    #[arg(long, conflicts_with_all = ["vary", "survive"])]
    pub(in crate::cli) runway: bool,
    /// Growth of the load, such as 4%/month, or 3%..5%/month
    #[arg(long, value_name = "GROWTH", requires = "runway", conflicts_with_all = FEWEST)]
    pub(in crate::cli) growth: Option<String>,
    /// Fit the growth to the loads of this CSV file: columns load, and date or time_s
    #[arg(
        long,
        value_name = "FILE",
        requires = "runway",
        conflicts_with = "growth",
        conflicts_with_all = FEWEST
    )]
    pub(in crate::cli) growth_fit: Option<PathBuf>,
    /// How far to look ahead, such as 24mo or 2y
    #[arg(long, value_name = "TIME", default_value = "24mo", requires = "runway", conflicts_with_all = FEWEST)]
    pub(in crate::cli) horizon: String,
    /// The day on which the load is that of the scenario, such as 2026-11-28: answers are dates then
    #[arg(long, value_name = "DATE", requires = "runway", conflicts_with_all = FEWEST)]
    pub(in crate::cli) start: Option<String>,
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

/// What is to be survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Survive {
    /// The loss of a node, one of each group and zone in turn
    Node,
    /// The loss of a zone with all its nodes, each in turn
    Zone,
}

/// A share between nothing and all.
fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text
        .parse()
        .map_err(|_| "a share such as 0.95".to_owned())?;
    match share > 0.0 && share < 1.0 {
        true => Ok(share),
        false => Err("between 0 and 1, such as 0.95".to_owned()),
    }
}

/// How sure a claim is to be.
fn confidence(text: &str) -> Result<Confidence, String> {
    let level = text.parse().ok().filter(|level| *level >= 0.5);
    let level = level.and_then(Confidence::new);
    level.ok_or_else(|| "at least 0.5 and below 1, such as 0.95".to_owned())
}
