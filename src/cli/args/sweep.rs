//! What can be typed after `sweep` and `merge`.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use super::shared::{Format, Machine};

/// Run every cell of a plan, and say what it shows.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll sweep plan.toml
  plimsoll sweep plan.toml --out /shared/run --shard 2/7
  plimsoll sweep plan.toml --out /shared/run --submit slurm --shards 7 | sbatch
  plimsoll merge plan.toml /shared/run

Results go to results/sweeps/<plan> unless --out says otherwise. Chunks that are there are verified \
and kept, so the same command goes on after Ctrl-C, a crash or a full disk. Without --shard all \
chunks are made and merged.

The number for auto/N is HQ_TASK_ID, SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX, the first that is \
set. Kubernetes counts from 0; Slurm and HyperQueue count as their --array says: with 1-N, give \
--first-index 1.")]
pub(in crate::cli) struct Sweep {
    /// The plan
    pub(in crate::cli) plan: PathBuf,
    /// Keep chunks and results in this folder
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: Option<PathBuf>,
    /// Make one of N shards only, by its number or by that of the engine's task: chunk c belongs to
    /// shard c mod N
    #[arg(long, value_name = "I/N|auto/N")]
    pub(in crate::cli) shard: Option<ShardName>,
    /// The number of the first shard
    #[arg(long, value_name = "0|1", default_value_t = 0, requires = "shard", conflicts_with = "submit", value_parser = clap::value_parser!(u32).range(0..=1))]
    pub(in crate::cli) first_index: u32,
    /// Run nothing; print what makes an engine run all shards
    #[arg(
        long,
        value_name = "ENGINE",
        value_enum,
        requires = "shards",
        conflicts_with = "shard"
    )]
    pub(in crate::cli) submit: Option<Engine>,
    /// Number of shards to submit
    #[arg(long, value_name = "N", requires = "submit", conflicts_with = "shard")]
    pub(in crate::cli) shards: Option<NonZeroU32>,
    /// Container image with plimsoll in it, for --submit kubernetes
    #[arg(
        long,
        value_name = "IMAGE",
        required_if_eq("submit", "kubernetes"),
        requires = "submit",
        conflicts_with = "shard"
    )]
    pub(in crate::cli) image: Option<String>,
    /// What to print of the whole; `plimsoll schema --of sweep` describes the JSON
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text", conflicts_with_all = ["shard", "submit"])]
    pub(in crate::cli) format: Format,
    /// Say nothing but errors and, with --format json, the result
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
    #[command(flatten)]
    pub(in crate::cli) machine: Machine,
}

/// Put the chunks of a sweep together, or list those that are missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll merge plan.toml results/sweeps/plan
  plimsoll merge plan.toml /shared/run

Every chunk is verified: its rows are counted and its checksum is taken. With chunks missing the \
exit code is 3, and nothing is written.")]
pub(in crate::cli) struct Merge {
    /// The plan
    pub(in crate::cli) plan: PathBuf,
    /// The folder given to `plimsoll sweep --out`
    pub(in crate::cli) dir: PathBuf,
    /// What to print; `plimsoll schema --of sweep` describes the JSON
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "text")]
    pub(in crate::cli) format: Format,
    /// Say nothing but errors and, with --format json, the result
    #[arg(long, short)]
    pub(in crate::cli) quiet: bool,
}

/// What runs many processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Engine {
    /// A script for sbatch
    Slurm,
    /// An Indexed Job for kubectl apply
    Kubernetes,
    /// A command of HyperQueue
    Hyperqueue,
}

/// A shard as it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct ShardName {
    /// Its number; the engine's where there is none.
    pub(in crate::cli) index: Option<u32>,
    pub(in crate::cli) count: u32,
}

impl FromStr for ShardName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<ShardName, &'static str> {
        const FORM: &str = "write I/N or auto/N, such as 2/7";
        let (index, count) = text.split_once('/').ok_or(FORM)?;
        let count: NonZeroU32 = count.parse().map_err(|_| FORM)?;
        let index = match index {
            "auto" => None,
            index => Some(index.parse().map_err(|_| FORM)?),
        };
        Ok(ShardName {
            index,
            count: count.get(),
        })
    }
}
