//! What can be typed after `compact`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::ValueEnum;

use super::shared::{Chance, Changes, Machine, Output};

/// Into how few nodes the pods of a moment can be packed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  plimsoll compact scenarios/web-shop.toml --at 20h
  plimsoll compact openb/scenario.toml --scheduler fgd,best-fit,spread
  plimsoll compact openb/scenario.toml --format json --quiet | jq .schedulers

The run is repeated up to the moment, and its pods are packed from scratch into fewer and fewer \
nodes, as in section 5.1 of the Borg paper (EuroSys 2015). The results go to \
results/<scenario>/compact-<seed>/ unless --out says otherwise; earlier results there are replaced.")]
pub(in crate::cli) struct Compact {
    /// The scenario file
    pub(in crate::cli) scenario: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) changes: Changes,
    /// The moment whose pods are packed: a clock such as 20:00:52, or the time since the start such as
    /// 20h52s; the end of the run unless given
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(in crate::cli) at: Option<String>,
    /// Which pods of that moment are packed
    #[arg(long, value_name = "WHICH", value_enum, default_value = "all")]
    pub(in crate::cli) pods: Pods,
    /// The schedulers to pack with, the first being what the others are compared with; the scenario's
    /// unless given
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub(in crate::cli) scheduler: Vec<String>,
    /// Trials, each with its own random order of nodes and pods, the same for all schedulers
    #[arg(long, value_name = "N", default_value = "11")]
    pub(in crate::cli) trials: NonZeroU32,
    /// The answer is this quantile of what the trials needed
    #[arg(long, value_name = "Q", default_value = "0.9", value_parser = quantile)]
    pub(in crate::cli) quantile: f64,
    /// Share of the pods that may be left waiting, if they are picky
    #[arg(long, value_name = "SHARE", default_value = "0.2%", value_parser = share)]
    pub(in crate::cli) picky: f64,
    /// A pod is picky if it could stand on at most so many nodes of the whole cell
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(..100))]
    pub(in crate::cli) handful: u32,
    /// Services of more pods than this share of the cell's nodes prefer what they required of nodes
    /// and other pods
    #[arg(long, value_name = "SHARE", default_value = "50%", value_parser = ratio)]
    pub(in crate::cli) soft_over: f64,
    /// Most copies of the cell, the first included, where the pods need more nodes than it has
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(in crate::cli) copies: u32,
    /// A size counts if the next so many larger ones are enough too
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(in crate::cli) confirm: u32,
    /// In which order pods of the same priority are placed
    #[arg(long, value_name = "ORDER", value_enum, default_value = "random")]
    pub(in crate::cli) order: PodOrder,
    #[command(flatten)]
    pub(in crate::cli) chance: Chance,
    #[command(flatten)]
    pub(in crate::cli) results: Output,
    #[command(flatten)]
    pub(in crate::cli) machine: Machine,
}

/// Which pods of a moment are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Pods {
    /// All, those that waited for a node included
    All,
    /// Those that had a node
    Placed,
}

/// In which order pods of the same priority are placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum PodOrder {
    /// At random, in every trial anew
    Random,
    /// As they were created
    Creation,
    /// Those first that request the largest share of the cell
    Largest,
}

fn quantile(text: &str) -> Result<f64, String> {
    match parsed(text) {
        Some(share) if share > 0.0 && share <= 1.0 => Ok(share),
        Some(_) | None => Err("write a share above 0 and at most 1, such as `0.9`".to_owned()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match parsed(text) {
        Some(share) if share <= 1.0 => Ok(share),
        Some(_) | None => Err("write a share of at most 1, such as `0.2%` or `0.002`".to_owned()),
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    parsed(text).ok_or_else(|| "write a share such as `50%` or `0.5`".to_owned())
}

/// A finite number of at least zero, in percent or not.
fn parsed(text: &str) -> Option<f64> {
    let number = match text.strip_suffix('%') {
        // Dividing rounds once; 0.2 % is the double that 0.002 is.
        Some(percent) => percent.trim_end().parse::<f64>().ok()? / 100.0,
        None => text.parse().ok()?,
    };
    (number.is_finite() && number >= 0.0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages_or_ratios() {
        assert_eq!(share("0.2%"), Ok(0.002));
        assert_eq!(share("0"), Ok(0.0));
        assert_eq!(ratio("200%"), Ok(2.0));
        assert_eq!(quantile("90 %"), Ok(0.9));
        for wrong in ["101%", "-1%", "nan", "inf", "", "half"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
        assert!(quantile("0").is_err());
    }
}
