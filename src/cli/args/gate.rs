//! What can be typed after `gate`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::ValueEnum;

use super::shared::{Changes, Machine, Policies};

/// Say whether scenarios have become worse than they were, in CI.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll gate scenarios/web-shop.toml --baseline main.json --update   accept what is measured now
  plimsoll gate scenarios/web-shop.toml --baseline main.json            hold the code against it
  plimsoll gate scenarios/web-shop.toml --baseline main.json --scheduler kube-binpack
  plimsoll gate scenarios/web-shop.toml --baseline peak.json --set load_factor=1.5 --update
  plimsoll gate scenarios/web-shop.toml --baseline main.json --update --metric cost --tolerance cost=1%
  plimsoll gate scenarios/web-shop.toml --baseline main.json --output junit=gate.xml --output markdown=gate.md

Gated are the objectives of a scenario, each of which needs a tolerance. Every replication is paired \
with that of the baseline under the same seed: identical ones need no statistics. Else a metric is \
REGRESSED where the harm is surely above its tolerance, ok where it is surely not, and UNDECIDED \
where all runs of the baseline do not tell. All verdicts of a call hold together with 95 % \
confidence.

Exit codes: 0 nothing is worse, 1 the gate failed, 2 a baseline is missing or of another input (see \
--rebase), 3 the environment failed, 130 interrupted.")]
pub(in crate::cli) struct Gate {
    /// Scenario files
    #[arg(required = true, value_name = "SCENARIO")]
    pub(in crate::cli) scenarios: Vec<PathBuf>,
    /// The file of baselines
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) baseline: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) policies: Policies,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
    /// Write what is measured now into the file: it becomes the baseline
    #[arg(long, conflicts_with = "rebase")]
    pub(in crate::cli) update: bool,
    /// The same for scenarios that are not what their baselines are of, and say what moved
    #[arg(long)]
    pub(in crate::cli) rebase: bool,
    /// Write what is measured now into the file as the anchor, which --update leaves alone: the last
    /// release, against which later changes are held too
    #[arg(long)]
    pub(in crate::cli) set_anchor: bool,
    /// Gate this metric besides the objectives, such as cost or pending.p99; may be given again
    #[arg(long = "metric", value_name = "METRIC")]
    pub(in crate::cli) metrics: Vec<String>,
    /// How much worse a metric may be, such as cost=1%; may be given again
    #[arg(long = "tolerance", value_name = "METRIC=AMOUNT")]
    pub(in crate::cli) tolerances: Vec<String>,
    /// Seed of a new baseline; 1 unless given
    #[arg(long, value_name = "N")]
    pub(in crate::cli) seed: Option<u64>,
    /// Replications of the baseline that is written; 80, or those that it had, unless given
    #[arg(long, value_name = "N")]
    pub(in crate::cli) reps: Option<NonZeroU32>,
    /// Let pass what is undecided
    #[arg(long)]
    pub(in crate::cli) allow_undecided: bool,
    /// What to print
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(in crate::cli) format: GateFormat,
    /// Write the outcome to a file as well, such as junit=gate.xml; may be given again
    #[arg(long = "output", value_name = "FORMAT=FILE")]
    pub(in crate::cli) outputs: Vec<String>,
    /// Say nothing but errors and, with a --format other than text, the result
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    #[command(flatten)]
    pub(in crate::cli) machine: Machine,
}

/// What the outcome of a gate is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GateFormat {
    /// Text for people
    Text,
    /// A table for a comment under a pull request
    Markdown,
    /// A page for people, in one file
    Html,
    /// A report that build servers show as tests
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// JSON for programs
    Json,
}
