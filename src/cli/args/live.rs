//! What can be typed after `live`.

use std::path::PathBuf;

use super::engines::Engines;
use super::shared::{Chance, Changes, Output, Policies};

/// What a run alone heeds.
const OF_A_RUN: [&str; 15] = [
    "scenario",
    "sandbox",
    "publish",
    "dry_run",
    "request_timeout",
    "faults",
    "listen",
    "seed",
    "scheduler",
    "autoscaler",
    "healer",
    "overlays",
    "settings",
    "out",
    "no_plots",
];

/// Run a scenario on real Docker engines.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll live --sandbox 3 scenarios/live-shop.toml
  plimsoll live --sandbox 3 scenarios/live-shop.toml --fault 40s:hang:worker-1:20s
  plimsoll live --sandbox 3 scenarios/live-shop.toml --listen 127.0.0.1:9464
  plimsoll live --engine worker-0=unix:///var/run/docker.sock one-node.toml
  plimsoll live --engine worker-0=tcp://127.0.0.1:2376 --tls-dir \"$DOCKER_CERT_PATH\" one-node.toml
  plimsoll live --dry-run --sandbox 3 scenarios/live-shop.toml
  plimsoll live --build-image --archive workload.tar
  plimsoll live --clean --cluster live-shop

Every node of the scenario is an engine: a private one that --sandbox starts, or one that --engine, or \
else [[live.engines]] of the scenario, names. Which engine is which node is kept in the cluster's lock \
file. Scheduler, autoscaler and healer are those that run simulates; containers, load and failures \
are real. The results are those of run, in results/<scenario>/live-<scheduler>-<autoscaler>-<healer>-<seed>/.

While it runs, a line on a terminal says how it stands and what was decided last, and with --listen \
Prometheus may ask at /metrics: nodes, replicas and pods as the control plane believes them, containers, \
requests and latencies as they are, and decisions by kind.

The containers hold one file, plimsoll-workload, linked static: scripts/workload.sh makes it. The name \
and tag of its image follow from its digest, and nothing is ever pulled from a registry.")]
pub(in crate::cli) struct Live {
    /// The scenario file
    #[arg(required_unless_present_any = ["build_image", "clean"])]
    pub(in crate::cli) scenario: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) on: Engines,
    /// Say what would be done: engines, image, network, what is there of the cluster, and the first
    /// placements. Nothing is made, started or removed, and engines are only read from
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Longest time for the answer to a request, from when it was due
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = super::engines::patience)]
    pub(in crate::cli) request_timeout: crate::time::Duration,
    /// Do something to the cluster beside the scenario's failures, and undo it, such as 40s:hang:worker-1:10s.
    /// WHAT is pause or cut (network) of a service's containers, or stop, kill or hang of a private engine;
    /// may be given again
    #[arg(long = "fault", value_name = "AT:WHAT:TARGET:LENGTH")]
    pub(in crate::cli) faults: Vec<String>,
    /// Tell metrics to Prometheus at http://ADDRESS:PORT/metrics while the run lasts. Both in digits:
    /// 127.0.0.1:9464 is for programs on this machine alone, 0.0.0.0:9464 for everybody who reaches it, and
    /// nothing but what is typed is listened on
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = crate::cli::live::address)]
    pub(in crate::cli) listen: Option<std::net::SocketAddr>,
    /// Pack the workload's image, and load it into the engines that are given
    #[arg(long, conflicts_with_all = OF_A_RUN, conflicts_with_all = ["clean", "cluster", "state", "format"])]
    pub(in crate::cli) build_image: bool,
    /// Write the image's archive here, as `docker load` takes it
    #[arg(
        long,
        value_name = "FILE",
        requires = "build_image",
        conflicts_with = "scenario"
    )]
    pub(in crate::cli) archive: Option<PathBuf>,
    /// Remove what a run that was killed left of a cluster, on the engines that its lock file names too
    #[arg(long, requires = "cluster", conflicts_with_all = OF_A_RUN, conflicts_with_all = ["workload", "format"])]
    pub(in crate::cli) clean: bool,
    #[command(flatten)]
    pub(in crate::cli) chance: Chance,
    #[command(flatten)]
    pub(in crate::cli) policies: Policies,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
    #[command(flatten)]
    pub(in crate::cli) results: Output,
    /// Draw no plots
    #[arg(long)]
    pub(in crate::cli) no_plots: bool,
}
