//! What was typed, as a command that makes the same again: without what changes no result, such as the
//! number of threads, and with files by their names alone, for whoever stands in their folder.

use std::path::Path;

#[cfg(feature = "live")]
use crate::cli::args::Live;
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

/// A live run, which makes another and not the same, with engines and keys as they were named.
#[cfg(feature = "live")]
pub(super) fn live(args: &Live, scenario: &Scenario) -> String {
    let keys = args.on.tls_dir.as_ref().map(|dir| dir.display());
    let policy = &scenario.policy;
    Line::new("plimsoll live")
        .file(&scenario.file)
        .maybe("--sandbox", args.on.sandbox)
        .each("--engine", &args.on.engines)
        .maybe("--tls-dir", keys)
        .flag("--publish", args.on.publish)
        .maybe("--cluster", args.on.cluster.as_ref())
        .each("--fault", &args.faults)
        .option("--request-timeout", format!("{}s", args.request_timeout))
        .option("--seed", args.chance.seed)
        .option("--scheduler", policy.scheduler.name)
        .option("--autoscaler", policy.autoscaler.name)
        .option("--healer", policy.healer.name)
        .changes(&scenario.changes)
        .flag("--no-plots", args.no_plots)
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

#[cfg(all(test, feature = "live"))]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::args::{Args, Command};
    use crate::scenario;

    #[test]
    fn a_live_run_is_typed_again_with_all_that_matters() {
        let text = "duration = \"1m\"\nnodes = [{ name = \"n\", cpu = \"1\", memory = \"1Gi\" }]\n\
                    services = [{ name = \"web\", requests = { cpu = \"1m\", memory = \"1Mi\" } }]";
        let unread = |path: &Path| panic!("{} is not to be read", path.display());
        let loaded = scenario::parse(Path::new("shop.toml"), text, &unread);
        let mut scenario = loaded.expect("it is a scenario").scenario;
        scenario.changes = vec!["--set duration=30s".to_owned()];
        let again = |typed: &str| {
            let typed = Args::try_parse_from(typed.split(' ')).expect("it can be typed");
            let Command::Live(args) = typed.command else {
                panic!("it is live");
            };
            live(&args, &scenario)
        };
        let policy = &scenario.policy;
        let policies = format!(
            "--scheduler {} --autoscaler {} --healer {}",
            policy.scheduler.name, policy.autoscaler.name, policy.healer.name
        );
        assert_eq!(
            again(
                "plimsoll live -q --sandbox 1 a/shop.toml --fault 4s:hang:n-0:2s --request-timeout 1500ms \
                 --seed 7 --set duration=30s --out out --listen 127.0.0.1:9464 --no-plots"
            ),
            format!(
                "plimsoll live shop.toml --sandbox 1 --fault 4s:hang:n-0:2s --request-timeout 1.5s --seed 7 \
                 {policies} --set duration=30s --no-plots"
            )
        );
        assert_eq!(
            again(
                "plimsoll live --engine n-0=tcp://127.0.0.1:2376 --tls-dir keys --publish shop.toml"
            ),
            format!(
                "plimsoll live shop.toml --engine n-0=tcp://127.0.0.1:2376 --tls-dir keys --publish \
                 --request-timeout 2s --seed 1 {policies} --set duration=30s"
            )
        );
    }
}
