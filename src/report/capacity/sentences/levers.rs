//! What would make a loss smaller, as far as it was tried.

use super::Told;
use crate::experiment::capacity::confirm::Tally;
use crate::experiment::capacity::lever::{Lever, Levers};
use crate::experiment::capacity::trials::Trials;
use crate::report::capacity::sentences;
use crate::report::figure::{self, Unit};
use crate::scenario::Scenario;

/// Which levers help and which do not, as sentences with a space before them; nothing where none was
/// tried.
pub(super) fn said(told: &Told<'_>) -> String {
    let Some(levers) = &told.capacity.levers else {
        return String::new();
    };
    let (help, idle): (Vec<_>, Vec<_>) = levers
        .tried
        .iter()
        .partition(|(_, trials)| levers.helps(trials));
    let name = |lever: Lever| change(told.scenario, lever);
    let help: Vec<String> = help
        .into_iter()
        .map(|(lever, trials)| format!("{}: {}", name(*lever), effect(told, levers, trials)))
        .collect();
    let idle: Vec<String> = idle.into_iter().map(|(lever, _)| name(*lever)).collect();
    let how = format!(
        "tried alone with {} on {} runs",
        sentences::nodes(told, levers.size),
        levers.before.tally.runs
    );
    match (help.as_slice(), idle.as_slice()) {
        ([], []) => String::new(),
        ([], [one]) => format!(" Nor does {one}, {how}."),
        ([], idle) => format!(" Nor does {}, each {how}.", idle.join(", or ")),
        (help, idle) => {
            let idle = match idle {
                [] => String::new(),
                idle => format!(" No help: {}.", idle.join("; ")),
            };
            format!(" What helps, each {how}: {}.{idle}", help.join("; "))
        }
    }
}

/// What was changed: `node_monitor_grace_period = "25s" instead of "50s"`.
fn change(scenario: &Scenario, lever: Lever) -> String {
    let Some(name) = lever.param() else {
        let services = scenario.catalog.services.as_slice();
        let scaled = services.iter().any(|service| service.hpa.is_some());
        let hpa = match scaled && scenario.policy.autoscaler.name != "fixed" {
            true => " (hpa: bounds doubled, CPU target halved)",
            false => "",
        };
        return format!("twice the replicas{hpa}");
    };
    let was = scenario.policy.healer.params.length(name);
    let was = was.expect("a lever that was pulled is a parameter");
    let text = |seconds: f64| figure::number(seconds, Unit::Seconds);
    format!(
        "{name} {} instead of {}",
        text(was.secs_f64() / 2.0),
        text(was.secs_f64())
    )
}

/// What became of the objective that was missed most, and of all of them: `cart misses 99.9 % in 3 runs
/// instead of 20, by 48 % less`.
fn effect(told: &Told<'_>, levers: &Levers, with: &Trials) -> String {
    let missed = |trials: &Trials| trials.missed[levers.objective];
    let by = |trials: &Trials| trials.missed_by(levers.objective);
    let Tally { good, runs } = with.tally;
    if good == runs {
        return "every objective is then met in all of them".to_owned();
    }
    let objective =
        sentences::objective(told.scenario, &told.scenario.objectives[levers.objective]);
    let in_runs = match (missed(with), missed(&levers.before)) {
        (after, before) if after == before => format!("{objective} still in {after}"),
        (after, before) => format!("{objective} in {after} instead of {before}"),
    };
    let less = match missed(with) {
        0 => String::new(),
        _ => format!(
            ", by {} less",
            figure::rough(1.0 - by(with) / by(&levers.before))
        ),
    };
    format!("{in_runs}{less}, all objectives are met in {good}")
}
