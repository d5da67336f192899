//! What can be typed after `compare`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use super::shared::{Chance, Machine, Output, Outside};

/// Run variants of a scenario on the same arrivals, loads and failures, and say which is better.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll compare scenarios/web-shop.toml --scheduler kube,kube-binpack
  plimsoll compare scenarios/web-shop.toml --scheduler kube,kube-binpack --autoscaler fixed,hpa
  plimsoll compare scenarios/web-shop.toml --set nodes.worker.count=12,10,8 --metric cost --reps 60
  plimsoll compare scenarios/web-shop.toml --with peak.toml --metric pending.p99 --tolerance pending.p99=10%
  plimsoll compare scenarios/web-shop.toml --scheduler kube,kube-binpack --precision 5% --metric cost

An option that lists several values makes a variant of each, several such options every combination; \
the first is the baseline. Options with one value then apply to all variants. Where no option lists \
several, what is given makes the second variant, against the scenario as it stands.

Verdicts are given on the metrics of --metric, else on the scenario's objectives: better, worse \
(within tolerance, where so), equivalent (shown to differ by less than the tolerance), undecided. \
They hold together with the confidence of --confidence. All other metrics are exploratory.

The results go to results/<scenario>/compare-<variants>-<seed>/ unless --out says otherwise; earlier \
results there are replaced. Ctrl-C reports the replications that all variants have finished.")]
pub(in crate::cli) struct Compare {
    /// The scenario file
    pub(in crate::cli) scenario: PathBuf,
    /// Schedulers to compare
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(in crate::cli) scheduler: Vec<String>,
    /// Autoscalers to compare
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(in crate::cli) autoscaler: Vec<String>,
    /// Healers to compare
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(in crate::cli) healer: Vec<String>,
    /// Files to lay over the scenario, as for `run`: those between commas make a variant each
    #[arg(long = "with", value_name = "FILE,…")]
    pub(in crate::cli) overlays: Vec<String>,
    /// Values of one key, as for `run`: those between commas make a variant each
    #[arg(long = "set", value_name = "KEY=VALUE,…")]
    pub(in crate::cli) settings: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) outside: Outside,
    #[command(flatten)]
    pub(in crate::cli) chance: Chance,
    /// Replications of each variant; 30 unless given, one where nothing is random
    #[arg(long, value_name = "N", conflicts_with = "precision")]
    pub(in crate::cli) reps: Option<NonZeroU32>,
    /// A metric on which to give a verdict, such as cost or availability.requests@service:cart; at
    /// most three, the scenario's objectives unless given
    #[arg(long = "metric", value_name = "METRIC")]
    pub(in crate::cli) metrics: Vec<String>,
    /// How much of a difference in a metric does not matter: pending.p99=10%, cost=5; points, if it
    /// is a ratio: availability.requests=0.05%
    #[arg(long = "tolerance", value_name = "METRIC=AMOUNT")]
    pub(in crate::cli) tolerances: Vec<String>,
    /// With what confidence all verdicts hold together
    #[arg(long, value_name = "LEVEL", default_value = "95%")]
    pub(in crate::cli) confidence: String,
    /// Run until every difference is known to this share of the baseline (of availability: of what is
    /// lost), looking at 20 runs, 40, 80 …
    #[arg(long, value_name = "SHARE")]
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
    /// Show what the same random numbers for all variants save: the variance of paired differences, as a
    /// share of that of unpaired ones
    #[arg(long)]
    pub(in crate::cli) variance: bool,
    /// Show every metric
    #[arg(long)]
    pub(in crate::cli) all: bool,
    #[command(flatten)]
    pub(in crate::cli) results: Output,
    #[command(flatten)]
    pub(in crate::cli) machine: Machine,
}
