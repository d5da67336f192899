//! What can be typed.

#[cfg(feature = "live")]
mod calibrate;
mod capacity;
mod compact;
mod compare;
#[cfg(feature = "live")]
mod engines;
mod explain;
#[cfg(feature = "live")]
mod fidelity;
mod files;
mod gate;
mod import;
#[cfg(feature = "live")]
mod live;
mod run;
pub(super) mod shared;
pub(super) mod sweep;

use clap::{Parser, Subcommand};

#[cfg(feature = "live")]
pub(super) use calibrate::Calibrate;
pub(super) use capacity::{Capacity, Survive};
pub(super) use compact::{Compact, PodOrder, Pods};
pub(super) use compare::Compare;
#[cfg(feature = "live")]
pub(super) use engines::Engines;
pub(super) use explain::{Explain, ListedNodes};
#[cfg(feature = "live")]
pub(super) use fidelity::Fidelity;
pub(super) use files::{Completions, Described, Init, Named, Report, Schema, Validate};
pub(super) use gate::{Gate, GateFormat};
pub(super) use import::{Import, Openb};
#[cfg(feature = "live")]
pub(super) use live::Live;
pub(super) use run::{Detail, Run};
pub(super) use shared::{Changes, Format, Loss, Outside, Policies};

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
  plimsoll init                                   write a commented scenario to start from
  plimsoll run scenario.toml --reps 20            run it twenty times, with intervals
  plimsoll run scenario.toml --scheduler binpack  the same load under another policy
  plimsoll compare scenario.toml --scheduler kube,binpack
                                                  which of the two is better, and how sure that is
  plimsoll explain scenario.toml --pod web-3      why the pod is where it is, or nowhere
  plimsoll capacity scenario.toml --survive zone  how many nodes are enough, even without a zone
  plimsoll gate *.toml --baseline main.json       in CI: has anything become worse?
  plimsoll sweep plan.toml                        vary it over a grid, with a Pareto front
  plimsoll policies                               all policies, their parameters and their sources

Exit codes: 0 fine, 1 a gate failed, 2 the input is wrong, 3 the environment failed, 130 \
interrupted."
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
    /// Run a scenario on real Docker engines
    #[cfg(feature = "live")]
    Live(Live),
    /// Measure how long Docker engines take, for simulations of them
    #[cfg(feature = "live")]
    Calibrate(Calibrate),
    /// Run a scenario live and simulated, and say how well the one foretold the other
    #[cfg(feature = "live")]
    Fidelity(Fidelity),
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
    /// Print a script that completes commands and options in a shell
    Completions(Completions),
    /// List the policies with their parameters, defaults and sources
    #[command(after_help = "\
Examples:
  plimsoll policies
  plimsoll policies kube-binpack
  plimsoll policies --format json | jq '.policies[].name'")]
    Policies(Named),
    /// List the metrics with their units and formulas
    #[command(after_help = "\
Examples:
  plimsoll metrics
  plimsoll metrics pending                       all whose names begin with it
  plimsoll metrics availability.requests
  plimsoll metrics --format json | jq '.metrics[].name'")]
    Metrics(Named),
    /// Turn traces of others into scenarios
    #[command(
        subcommand,
        after_help = "\
Examples:
  plimsoll import openb openb_node_list_all_node.csv openb_pod_list_default.csv -o openb"
    )]
    Import(Import),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// The words of an example: up to a comment, which stands two blanks apart, or to the next command.
    fn words(line: &str) -> Vec<String> {
        let (command, _) = line.split_once("  ").unwrap_or((line, ""));
        let mut words = vec![String::new()];
        let mut is_quoted = false;
        for char in command.chars() {
            match char {
                '\'' => is_quoted = !is_quoted,
                '|' | '>' if !is_quoted => break,
                ' ' if !is_quoted => words.push(String::new()),
                char => words.last_mut().expect("there is one").push(char),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    fn check_help(command: &mut clap::Command) {
        let name = command.get_name().to_owned();
        let help = command.get_after_help().expect(&name).to_string();
        let (examples, rest) = help.split_once("\n\n").unwrap_or((&help, ""));
        // The terminal's width is for clap to know: a paragraph has no line breaks of its own.
        assert!(
            rest.split("\n\n").all(|text| !text.contains('\n')),
            "{name}: {rest}"
        );
        let examples = examples.strip_prefix("Examples:\n").expect(&name).lines();
        let commands = examples.filter_map(|line| {
            let line = line.trim_start();
            line.starts_with("plimsoll ").then(|| words(line))
        });
        let commands: Vec<Vec<String>> = commands.collect();
        assert!(!commands.is_empty(), "{name}");
        for words in commands {
            if let Err(error) = Args::try_parse_from(&words) {
                panic!("{words:?}: {error}");
            }
        }
        command.get_subcommands_mut().for_each(check_help);
    }

    #[test]
    fn the_help_of_every_command_has_examples_that_can_be_typed() {
        check_help(&mut Args::command());
    }
}
