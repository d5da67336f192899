//! What can be typed.

pub(super) mod sweep;

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use crate::cli::compact::Compact;
use crate::import::openb::options::{Fill, Share};
use crate::scenario::drill::Frequency;
use crate::scenario::quantity;
use crate::stats::Confidence;
use crate::time::Duration;

/// How much a container cluster carries, and which policy carries it best.
///
/// plimsoll runs the real scheduler, autoscaler and healer on a simulated clock against mock
/// containers, and measures what became of the load.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll",
    version,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  plimsoll init                                  write a commented scenario to start from
  plimsoll run scenario.toml --reps 20           run it twenty times, with intervals
  plimsoll run scenario.toml --scheduler binpack the same load under another policy
  plimsoll compare scenario.toml --scheduler kube,binpack
                                                 which of the two is better, and how sure that is
  plimsoll explain scenario.toml --pod web-3     why the pod is where it is, or nowhere
  plimsoll capacity scenario.toml --survive zone how many nodes are enough, even without a zone
  plimsoll gate *.toml --baseline main.json      in CI: has anything become worse?
  plimsoll sweep plan.toml                       vary it over a grid, with a Pareto front
  plimsoll policies                              all policies, their parameters and their sources

Exit codes: 0 fine, 1 a gate failed, 2 the input is wrong, 3 the environment failed, 130 interrupted."
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a scenario and report what became of it
    Run(Run),
    /// Run variants of a scenario on the same arrivals, loads and failures, and say which is better
    Compare(Compare),
    /// Say why a pod is where it is, or nowhere
    Explain(Explain),
    /// Say how many nodes are enough, or for how long those there are will do
    Capacity(Capacity),
    /// Say into how few nodes the pods of a moment can be packed, by scheduler
    Compact(Compact),
    /// Say whether scenarios have become worse than they were, in CI
    Gate(Gate),
    /// Run every cell of a plan, on one machine or on many
    Sweep(sweep::Sweep),
    /// Put the chunks of a sweep together, or list those that are missing
    Merge(sweep::Merge),
    /// Make the page of a result again, or lay several results side by side
    Report(Report),
    /// Check scenario files without running them
    Validate(Validate),
    /// Print the JSON Schema of scenario files, for editors, or of results
    Schema(Schema),
    /// Write a commented scenario file to start from
    Init(Init),
    /// List the policies with their parameters, defaults and sources
    Policies(Named),
    /// List the metrics with their units and formulas
    Metrics(Named),
    /// Turn traces of others into scenarios
    #[command(subcommand)]
    Import(Import),
}

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

The results go to results/<scenario>/<scheduler>-<autoscaler>-<healer>-<seed>/ unless --out says
otherwise; with the drill or the resampling after it, and -changed-<hash> where --with or --set change
the scenario. Earlier results there are replaced. A missed objective is a result: the exit code is 0.

--set KEY=VALUE: the key is a path through the file's tables. A value is TOML; a word needs no quotes. A
part of a key that holds a dot stands in quotes: --set 'services.\"web.v2\".replicas=3'. A policy or
another shape of load takes the place of the one that is there. `plimsoll schema` lists all keys.")]
pub(super) struct Run {
    /// The scenario file
    pub(super) scenario: PathBuf,
    /// Seed of everything random: the same seed gives the same numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Replications, each with its own random numbers
    #[arg(long, value_name = "N", default_value = "1")]
    pub(super) reps: NonZeroU32,
    /// Run until each objective's metric is known to this share of it (availability: of what is lost),
    /// looking at 20 replications, 40, 80 …
    #[arg(long, value_name = "SHARE", conflicts_with_all = ["reps", "drill"])]
    pub(super) precision: Option<String>,
    /// Most replications for --precision
    #[arg(long, value_name = "N", default_value = "640", requires = "precision")]
    pub(super) max_reps: NonZeroU32,
    #[command(flatten)]
    pub(super) policies: Policies,
    #[command(flatten)]
    pub(super) changes: Changes,
    #[command(flatten)]
    pub(super) outside: Outside,
    /// Write the results to this folder
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Also say which assumptions would change the answer: repeats all runs with each made worse by
    /// itself, up to 7 times as many
    #[arg(long)]
    pub(super) assumptions: bool,
    /// Draw no plots
    #[arg(long)]
    pub(super) no_plots: bool,
    /// Write more detail: series of single nodes, or also every replication's tables
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(super) detail: Option<Detail>,
    /// What to print: a summary for people, or summary.json
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(super) format: Format,
    /// Say nothing but errors and, with --format json, the result
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Threads that run replications; one for each processor unless given
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<NonZeroUsize>,
}

/// Run variants of a scenario on the same arrivals, loads and failures, and say which is better.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll compare scenarios/web-shop.toml --scheduler kube,kube-binpack
  plimsoll compare scenarios/web-shop.toml --scheduler kube,kube-binpack --autoscaler fixed,hpa
  plimsoll compare scenarios/web-shop.toml --set nodes.worker.count=12,10,8 --metric cost --reps 60
  plimsoll compare scenarios/web-shop.toml --with peak.toml --metric pending.p99 --tolerance pending.p99=10%
  plimsoll compare scenarios/web-shop.toml --scheduler kube,kube-binpack --precision 5% --metric cost

An option that lists several values makes a variant of each, several such options every combination;
the first is the baseline. Options with one value then apply to all variants. Where no option lists
several, what is given makes the second variant, against the scenario as it stands.

Verdicts are given on the metrics of --metric, else on the scenario's objectives: better, worse (within
tolerance, where so), equivalent (shown to differ by less than the tolerance), undecided. They hold
together with the confidence of --confidence. All other metrics are exploratory.

The results go to results/<scenario>/compare-<variants>-<seed>/ unless --out says otherwise; earlier
results there are replaced. Ctrl-C reports the replications that all variants have finished.")]
pub(super) struct Compare {
    /// The scenario file
    pub(super) scenario: PathBuf,
    /// Schedulers to compare
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) scheduler: Vec<String>,
    /// Autoscalers to compare
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) autoscaler: Vec<String>,
    /// Healers to compare
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(super) healer: Vec<String>,
    /// Files to lay over the scenario, as for `run`: those between commas make a variant each
    #[arg(long = "with", value_name = "FILE,…")]
    pub(super) overlays: Vec<String>,
    /// Values of one key, as for `run`: those between commas make a variant each
    #[arg(long = "set", value_name = "KEY=VALUE,…")]
    pub(super) settings: Vec<String>,
    /// Lose one node or one zone in every run, the same in all variants, as for `run`
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(super) drill: Option<Loss>,
    /// Draw the trace's pods anew for every replication, the same for all variants, as for `run`
    #[arg(
        long,
        value_name = "BLOCK",
        num_args = 0..=1,
        require_equals = true,
        value_parser = length
    )]
    pub(super) resample: Option<Option<Duration>>,
    /// Seed of everything random, the same for all variants
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Replications of each variant; 30 unless given, one where nothing is random
    #[arg(long, value_name = "N", conflicts_with = "precision")]
    pub(super) reps: Option<NonZeroU32>,
    /// A metric on which to give a verdict, such as cost or availability.requests@service:cart; at
    /// most three, the scenario's objectives unless given
    #[arg(long = "metric", value_name = "METRIC")]
    pub(super) metrics: Vec<String>,
    /// How much of a difference in a metric does not matter: pending.p99=10%, cost=5; points, if it
    /// is a ratio: availability.requests=0.05%
    #[arg(long = "tolerance", value_name = "METRIC=AMOUNT")]
    pub(super) tolerances: Vec<String>,
    /// With what confidence all verdicts hold together
    #[arg(long, value_name = "LEVEL", default_value = "95%")]
    pub(super) confidence: String,
    /// Run until every difference is known to this share of the baseline (of availability: of what is
    /// lost), looking at 20 runs, 40, 80 …
    #[arg(long, value_name = "SHARE")]
    pub(super) precision: Option<String>,
    /// Most replications for --precision
    #[arg(long, value_name = "N", default_value = "640", requires = "precision")]
    pub(super) max_reps: NonZeroU32,
    /// Show what the same random numbers for all variants save: the variance of paired differences, as a
    /// share of that of unpaired ones
    #[arg(long)]
    pub(super) variance: bool,
    /// Show every metric
    #[arg(long)]
    pub(super) all: bool,
    /// Write the results to this folder
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// What to print: a page for people, or compare.json
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(super) format: Format,
    /// Say nothing but errors and, with --format json, the result
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Threads that run replications; one for each processor unless given
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<NonZeroUsize>,
}

/// What is changed of the scenario file.
#[derive(Debug, clap::Args)]
pub(super) struct Changes {
    /// Lay this file over the scenario: tables are merged, entries of lists by their names, every other
    /// value is replaced; may be given again
    #[arg(long = "with", value_name = "FILE")]
    pub(super) overlays: Vec<PathBuf>,
    /// Set one value, such as duration=12h or nodes.worker.count=10; entries of lists go by name or by
    /// index from 0; may be given again
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) settings: Vec<String>,
}

/// Another outside world than the scenario's.
#[derive(Debug, clap::Args)]
pub(super) struct Outside {
    /// Lose one node or one zone in every run, at a time and a place by lot, in place of the
    /// scenario's own failures of nodes and zones
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(super) drill: Option<Loss>,
    /// How often what the drill takes fails otherwise, such as `node=40/year`; what the scenario
    /// states unless given
    #[arg(long, value_name = "WHAT=N/TIME", requires = "drill")]
    pub(super) frequency: Option<Frequency>,
    /// Draw the trace's pods anew for every replication, in blocks of this length, such as
    /// `--resample=6h`; a day unless given, for traces of ten days and more
    #[arg(
        long,
        value_name = "BLOCK",
        num_args = 0..=1,
        require_equals = true,
        value_parser = length
    )]
    pub(super) resample: Option<Option<Duration>>,
}

fn length(text: &str) -> Result<Duration, String> {
    quantity::duration(text).map_err(|bad| format!("it {}: {}", bad.what, bad.form))
}

/// What a drill takes away.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Loss {
    /// One node
    Node,
    /// One zone with all its nodes
    Zone,
}

/// Policies other than the scenario's.
#[derive(Debug, clap::Args)]
pub(super) struct Policies {
    /// Use this scheduler instead of the scenario's
    #[arg(long, value_name = "NAME")]
    pub(super) scheduler: Option<String>,
    /// Use this autoscaler instead of the scenario's
    #[arg(long, value_name = "NAME")]
    pub(super) autoscaler: Option<String>,
    /// Use this healer instead of the scenario's
    #[arg(long, value_name = "NAME")]
    pub(super) healer: Option<String>,
}

/// Say how many nodes are enough, or for how long those there are will do.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll capacity scenarios/web-shop.toml
  plimsoll capacity scenarios/web-shop.toml --survive zone
  plimsoll capacity scenarios/web-shop.toml --step 1 --quantile 0.99 --scheduler binpack
  plimsoll capacity scenario.toml --vary nodes.small.count --vary nodes.large.count
  plimsoll capacity scenarios/web-shop.toml --runway --growth 3%..5%/month --start 2026-11-28

Enough is what meets every objective of the scenario ([[objectives]], and the slo of services) in at least
--quantile of all runs; with --confidence that is shown by runs under fresh seeds. The results go to
results/<scenario>/capacity-<policies>-<seed>/ unless --out says otherwise; earlier results there are
replaced. That nothing is enough is a result: the exit code is 0.")]
pub(super) struct Capacity {
    /// The scenario file
    pub(super) scenario: PathBuf,
    /// Whose number is varied, such as nodes.worker.count; several of them, each with a price_per_hour,
    /// for the cheapest mix. The only group of nodes unless given
    #[arg(long, value_name = "KEY")]
    pub(super) vary: Vec<String>,
    /// The smallest number that is tried; --step unless given
    #[arg(long, value_name = "N", conflicts_with = "runway")]
    pub(super) from: Option<NonZeroU32>,
    /// The largest number of the search; four times that of the scenario unless given
    #[arg(long, value_name = "N", conflicts_with = "runway")]
    pub(super) to: Option<NonZeroU32>,
    /// From number to number; the number of zones of the group unless given, for nodes are dealt to zones
    /// in turn
    #[arg(long, value_name = "N", conflicts_with = "runway")]
    pub(super) step: Option<NonZeroU32>,
    /// Share of runs that are to meet every objective
    #[arg(long, value_name = "SHARE", default_value = "0.95", value_parser = share)]
    pub(super) quantile: f64,
    /// How sure that is to be
    #[arg(long, value_name = "LEVEL", default_value = "0.95", value_parser = confidence)]
    pub(super) confidence: Confidence,
    /// Enough even if one of these is lost for good at the busiest time, each in turn
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(super) survive: Option<Survive>,
    /// Say when an objective first breaks while the load grows and the nodes stay
    #[arg(long, conflicts_with_all = ["vary", "survive"])]
    pub(super) runway: bool,
    /// Growth of the load, such as 4%/month, or 3%..5%/month
    #[arg(long, value_name = "GROWTH", requires = "runway")]
    pub(super) growth: Option<String>,
    /// Fit the growth to the loads of this CSV file: columns load, and date or time_s
    #[arg(
        long,
        value_name = "FILE",
        requires = "runway",
        conflicts_with = "growth"
    )]
    pub(super) growth_fit: Option<PathBuf>,
    /// How far to look ahead, such as 24mo or 2y
    #[arg(long, value_name = "TIME", default_value = "24mo", requires = "runway")]
    pub(super) horizon: String,
    /// The day on which the load is that of the scenario, such as 2026-11-28: answers are dates then
    #[arg(long, value_name = "DATE", requires = "runway")]
    pub(super) start: Option<String>,
    /// Seed of everything random: the same seed gives the same numbers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    #[command(flatten)]
    pub(super) policies: Policies,
    #[command(flatten)]
    pub(super) changes: Changes,
    /// Write the results to this folder
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// What to print: text for people, or capacity.json
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(super) format: Format,
    /// Say nothing but errors and, with --format json, the result
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Threads that run replications; one for each processor unless given
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<NonZeroUsize>,
}

/// What is to be survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Survive {
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

/// Say why a pod is where it is, or nowhere.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll explain scenarios/zone-outage.toml --at 20:10
  plimsoll explain scenarios/zone-outage.toml --at 20:10 --pod search-52
  plimsoll explain scenarios/web-shop.toml --pod cart-7 --format json | jq .decision.chosen
  plimsoll explain scenarios/zone-outage.toml --set nodes.worker.count=9

The run is repeated up to that moment with the same seed, and the last decision on
the pod is told as it was made: on what the control plane believed then.")]
pub(super) struct Explain {
    /// The scenario file
    pub(super) scenario: PathBuf,
    /// The pod, by its service or job and its number, as in pods.csv; without it those that wait are
    /// listed
    #[arg(long, value_name = "NAME")]
    pub(super) pod: Option<String>,
    /// The moment: a clock such as 20:00:52, or the time since the start such as 20h52s; the end of
    /// the run unless given
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(super) at: Option<String>,
    /// Seed of everything random, as for `run`; its first replication is told
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    #[command(flatten)]
    pub(super) policies: Policies,
    #[command(flatten)]
    pub(super) changes: Changes,
    /// Which nodes to list one by one
    #[arg(long, value_name = "WHICH", value_enum, default_value = "few")]
    pub(super) nodes: ListedNodes,
    /// The same as --nodes all
    #[arg(long, short)]
    pub(super) verbose: bool,
    /// What to print: text for people, or JSON with everything
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(super) format: Format,
}

/// Say whether scenarios have become worse than they were, in CI.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll gate scenarios/*.toml --baseline main.json --update     accept what is measured now
  plimsoll gate scenarios/*.toml --baseline main.json              hold the present code against it
  plimsoll gate web-shop.toml --baseline main.json --scheduler kube-binpack
  plimsoll gate web-shop.toml --baseline main.json --update --metric cost --tolerance cost=1%
  plimsoll gate *.toml --baseline main.json --output junit=gate.xml --output markdown=gate.md

Gated are the objectives of a scenario, each of which needs a tolerance. Every replication is paired with
that of the baseline under the same seed: identical ones need no statistics. Else a metric is REGRESSED
where the harm is surely above its tolerance, ok where it is surely not, and UNDECIDED where all runs of
the baseline do not tell. All verdicts of a call hold together with 95 % confidence.

Exit codes: 0 nothing is worse, 1 the gate failed, 2 a baseline is missing or of another input (see
--rebase), 3 the environment failed, 130 interrupted.")]
pub(super) struct Gate {
    /// Scenario files
    #[arg(required = true, value_name = "SCENARIO")]
    pub(super) scenarios: Vec<PathBuf>,
    /// The file of baselines
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: PathBuf,
    #[command(flatten)]
    pub(super) policies: Policies,
    /// Write what is measured now into the file: it becomes the baseline
    #[arg(long, conflicts_with = "rebase")]
    pub(super) update: bool,
    /// The same for scenarios that are not what their baselines are of, and say what moved
    #[arg(long)]
    pub(super) rebase: bool,
    /// Write what is measured now into the file as the anchor, which --update leaves alone: the last
    /// release, against which later changes are held too
    #[arg(long)]
    pub(super) set_anchor: bool,
    /// Gate this metric besides the objectives, such as cost or pending.p99; may be given again
    #[arg(long = "metric", value_name = "METRIC")]
    pub(super) metrics: Vec<String>,
    /// How much worse a metric may be, such as cost=1%; may be given again
    #[arg(long = "tolerance", value_name = "METRIC=AMOUNT")]
    pub(super) tolerances: Vec<String>,
    /// Seed of a new baseline; 1 unless given
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Replications of the baseline that is written; 80, or those that it had, unless given
    #[arg(long, value_name = "N")]
    pub(super) reps: Option<NonZeroU32>,
    /// Let pass what is undecided
    #[arg(long)]
    pub(super) allow_undecided: bool,
    /// What to print
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(super) format: GateFormat,
    /// Write the outcome to a file as well, such as junit=gate.xml; may be given again
    #[arg(long = "output", value_name = "FORMAT=FILE")]
    pub(super) outputs: Vec<String>,
    /// Say nothing but errors and, with a --format other than text, the result
    #[arg(long, short)]
    pub(super) quiet: bool,
    /// Threads that run replications; one for each processor unless given
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<NonZeroUsize>,
}

/// What the outcome of a gate is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GateFormat {
    /// Text for people
    Text,
    /// A table for a comment under a pull request
    Markdown,
    /// A report that build servers show as tests
    Junit,
    /// Annotations of GitHub Actions
    Github,
    /// JSON for programs
    Json,
}

/// Which nodes are listed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ListedNodes {
    /// The best few
    Few,
    /// All of them
    All,
}

/// How much detail to write.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Detail {
    /// Time series of single nodes
    Nodes,
    /// Time series of single nodes, and the tables of every replication
    All,
}

/// What to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Text for people
    Text,
    /// JSON for programs
    Json,
}

/// Make the page of a result again, or lay several results side by side.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll report results/web-shop/spread-hpa-kubernetes-1
  plimsoll report results/web-shop/*/
  plimsoll report results/web-shop/spread-hpa-kubernetes-1 results/web-shop/binpack-hpa-kubernetes-1 \
    --out spread-binpack.html

Of one folder, its report.html is made again of the files in it. Several are laid side by side in
results/side-by-side.html, unless --out says otherwise; what they differ in is shown and not judged.")]
pub(super) struct Report {
    /// Folders that `plimsoll run` wrote
    #[arg(required = true, value_name = "DIR")]
    pub(super) dirs: Vec<PathBuf>,
    /// Write the page to this file
    #[arg(long, value_name = "FILE.html")]
    pub(super) out: Option<PathBuf>,
}

/// Check scenario files without running them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll validate scenarios/*.toml
  plimsoll validate scenarios/web-shop.toml --with peak.toml --set services.cart.replicas=12")]
pub(super) struct Validate {
    /// Scenario files
    #[arg(required = true, value_name = "SCENARIO")]
    pub(super) scenarios: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) changes: Changes,
}

/// Write a commented scenario file to start from.
#[derive(Debug, clap::Args)]
pub(super) struct Init {
    /// The file to write; one that exists is left alone
    #[arg(default_value = "scenario.toml")]
    pub(super) file: PathBuf,
}

/// Print the JSON Schema of scenario files, for editors, or of results.
#[derive(Debug, clap::Args)]
pub(super) struct Schema {
    /// What is described
    #[arg(long, value_name = "WHAT", value_enum, default_value = "scenario")]
    pub(super) of: Described,
}

/// What a schema describes.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Described {
    /// Scenario files
    Scenario,
    /// compare.json
    Compare,
}

/// List all, or explain one.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// Only those of this name
    pub(super) name: Option<String>,
}

/// Turn traces of others into scenarios.
#[derive(Debug, Subcommand)]
pub(super) enum Import {
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
pub(super) struct Openb {
    /// The list of nodes
    #[arg(value_name = "NODES.csv")]
    pub(super) nodes_file: PathBuf,
    /// The list of pods
    #[arg(value_name = "PODS.csv")]
    pub(super) pods_file: PathBuf,
    /// The folder to write
    #[arg(short, long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Lay the trace over itself so many times, each copy at a random shift
    #[arg(
        long,
        value_name = "N",
        default_value = "1",
        conflicts_with = "arrivals_only"
    )]
    pub(super) copies: NonZeroU32,
    /// Keep pods of unknown duration and let them run this long, such as `1h`
    #[arg(long, value_name = "TIME", conflicts_with = "arrivals_only")]
    pub(super) assume_duration: Option<String>,
    /// Keep this share of the nodes, each GPU model in proportion, such as `1%`
    #[arg(long, value_name = "SHARE", default_value = "100%")]
    pub(super) nodes: Share,
    /// Pods arrive one by one in random order and never leave, as in the FGD paper
    #[arg(long)]
    pub(super) arrivals_only: bool,
    /// What all pods together ask for, in multiples of the GPUs there are
    #[arg(
        long,
        value_name = "RATIO",
        default_value = "1.3",
        requires = "arrivals_only"
    )]
    pub(super) fill: Fill,
    /// Seed of every random choice
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Replace an earlier import
    #[arg(long)]
    pub(super) replace: bool,
}
