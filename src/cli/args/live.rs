//! What can be typed after `live`.

use std::path::PathBuf;

/// Run a scenario on real Docker engines.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll live --build-image --archive workload.tar
  plimsoll live --build-image --engine worker-0=unix:///var/run/docker.sock

The image holds one file, plimsoll-workload, linked static: scripts/workload.sh makes it. Its name and \
tag follow from its digest, and nothing is ever pulled from a registry.")]
pub(in crate::cli) struct Live {
    /// Pack the workload's image, and load it into the engines that are given
    #[arg(long)]
    pub(in crate::cli) build_image: bool,
    /// Write the image's archive here, as `docker load` takes it
    #[arg(long, value_name = "FILE", requires = "build_image")]
    pub(in crate::cli) archive: Option<PathBuf>,
    /// The static workload to pack; target/workload/plimsoll-workload beside the program unless given
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) workload: Option<PathBuf>,
    /// An engine, and the node that it is, such as worker-0=unix:///var/run/docker.sock; may be given
    /// again
    #[arg(long = "engine", value_name = "NODE=ENDPOINT")]
    pub(in crate::cli) engines: Vec<String>,
}
