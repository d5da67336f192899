//! What was typed, as a command that makes the same again: without what changes no result, such as the
//! number of threads, and with files by their names alone, for whoever stands in their folder.

use std::path::Path;

use crate::cli::args::{Capacity, Compare, Gate, Loss, Survive};
use crate::report::shell::Line;
use crate::scenario::Scenario;

/// A comparison.
pub(super) fn compare(args: &Compare, scenario: &Scenario) -> String {
    let drill = args.outside.drill.map(|loss| match loss {
        Loss::Node => "node",
        Loss::Zone => "zone",
    });
    let overlays = args.overlays.iter();
    let overlays: Vec<String> = overlays.map(|files| names(files)).collect();
    let line = Line::new("plimsoll compare")
        .file(&scenario.file)
        .maybe("--scheduler", list(&args.scheduler))
        .maybe("--autoscaler", list(&args.autoscaler))
        .maybe("--healer", list(&args.healer))
        .each("--with", &overlays)
        .each("--set", &args.settings)
        .maybe("--drill", drill)
        .option("--seed", args.chance.seed)
        .maybe("--reps", args.reps)
        .each("--metric", &args.metrics)
        .each("--tolerance", &args.tolerances)
        .option("--confidence", &args.confidence);
    let line = match &args.precision {
        Some(precision) => line
            .option("--precision", precision)
            .option("--max-reps", args.max_reps),
        None => line,
    };
    match args.outside.resample {
        None => line.finish(),
        Some(None) => line.flag("--resample", true).finish(),
        Some(Some(block)) => {
            let option = format!("--resample={}s", block.secs_f64());
            line.flag(&option, true).finish()
        }
    }
}

/// A search for how many nodes are enough, or for how long those there are will do.
pub(super) fn capacity(args: &Capacity, scenario: &Scenario) -> String {
    let survive = args.survive.map(|what| match what {
        Survive::Node => "node",
        Survive::Zone => "zone",
    });
    let fit = args.growth_fit.as_deref().map(name);
    let line = Line::new("plimsoll capacity")
        .file(&scenario.file)
        .each("--vary", &args.vary)
        .maybe("--survive", survive)
        .maybe("--from", args.from)
        .maybe("--to", args.to)
        .maybe("--step", args.step)
        .option("--quantile", args.quantile)
        .option("--confidence", args.confidence.level())
        .option("--seed", args.chance.seed)
        .flag("--runway", args.runway)
        .maybe("--growth", args.growth.as_ref())
        .maybe("--growth-fit", fit)
        .maybe("--horizon", args.runway.then_some(&args.horizon))
        .maybe("--start", args.start.as_ref());
    let policy = &scenario.policy;
    line.option("--scheduler", policy.scheduler.name)
        .option("--autoscaler", policy.autoscaler.name)
        .option("--healer", policy.healer.name)
        .changes(&scenario.changes)
        .finish()
}

/// A gate, with files as they were named.
pub(super) fn gate(args: &Gate) -> String {
    let files = args.scenarios.iter();
    let line = files.fold(Line::new("plimsoll gate"), |line, file| {
        line.file(&file.display().to_string())
    });
    let overlays = args.changes.overlays.iter();
    let overlays: Vec<String> = overlays.map(|file| file.display().to_string()).collect();
    line.option("--baseline", args.baseline.display())
        .maybe("--scheduler", args.policies.scheduler.as_ref())
        .maybe("--autoscaler", args.policies.autoscaler.as_ref())
        .maybe("--healer", args.policies.healer.as_ref())
        .each("--with", &overlays)
        .each("--set", &args.changes.settings)
        .flag("--allow-undecided", args.allow_undecided)
        .finish()
}

/// A sweep of a plan.
pub(super) fn sweep(plan: &Path) -> String {
    Line::new("plimsoll sweep").file(&name(plan)).finish()
}

/// Values as they are listed behind an option.
fn list(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| values.join(","))
}

/// Files between commas by their names.
fn names(files: &str) -> String {
    let files = files.split(',').map(|file| name(Path::new(file)));
    files.collect::<Vec<_>>().join(",")
}

fn name(file: &Path) -> String {
    let name = file.file_name().unwrap_or(file.as_os_str());
    name.to_string_lossy().into_owned()
}
