//! Commands that readers may type.

use crate::report::output::{Options, Plots};
use crate::report::results::Results;
use crate::report::shell;
use crate::report::tables::Detail;
use crate::scenario::drill::{Frequency, StatedBy};

/// What to type, where the scenario's file is, to make the same files; of a live run, to make another.
pub(crate) fn run(results: &Results<'_>, options: Options) -> String {
    let scenario = results.scenario;
    if let Some(command) = &scenario.lived {
        return command.clone();
    }
    let policy = &scenario.policy;
    let mut command = shell::Line::new("plimsoll run")
        .file(&scenario.file)
        .option("--seed", results.seed)
        .option("--reps", results.runs.len())
        .option("--scheduler", policy.scheduler.name)
        .option("--autoscaler", policy.autoscaler.name)
        .option("--healer", policy.healer.name)
        .changes(&scenario.changes)
        .finish();
    if let Some(rule) = scenario.outline.resample {
        command.push_str(&format!(" --resample={}s", rule.block));
    }
    if let Some(drilled) = &scenario.drill {
        command.push_str(&format!(" --drill {}", drilled.drill.name()));
        let frequency = drilled
            .frequency
            .filter(|stated| stated.stated_by == StatedBy::User);
        if let Some(Frequency {
            drill, per_year, ..
        }) = frequency
        {
            command.push_str(&format!(" --frequency {}={per_year}/year", drill.name()));
        }
    }
    command.push_str(match options.detail {
        Detail::Brief => "",
        Detail::Nodes => " --detail nodes",
        Detail::All => " --detail all",
    });
    if !results.summary.assumptions.is_empty() {
        command.push_str(" --assumptions");
    }
    command.push_str(match options.plots {
        Plots::Drawn => "",
        Plots::None => " --no-plots",
    });
    command
}
