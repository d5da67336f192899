//! `plimsoll explain`.

use std::ops::ControlFlow;

use crate::cli::args::{Explain, Format, ListedNodes};
use crate::cli::list::nearest;
use crate::cli::out::print;
use crate::cli::outside::{drill, with_outside};
use crate::cli::progress::Progress;
use crate::cli::run::chosen;
use crate::cli::usage::look;
use crate::cli::{Failure, interrupt};
use crate::cluster::pod::Deletion;
use crate::control::Control;
use crate::ids::PodId;
use crate::report::explain::{Drill, Moment, Nodes, Story, json, list, names, text};
use crate::report::shell;
use crate::rng::Seed;
use crate::run::Ended;
use crate::run::explain::{Reached, last_decision, until};
use crate::scenario::{Scenario, quantity};
use crate::time::{Duration, Time};

pub(super) fn run(args: Explain) -> Result<(), Failure> {
    interrupt::listen()?;
    let scenario = chosen(&args.scenario, &args.changes, &args.policies, false)?;
    let scenario = with_outside(scenario, &args.outside, None)?;
    let at = match &args.at {
        Some(text) => instant(text, &scenario)?,
        None => scenario.end,
    };
    let seed = Seed {
        seed: args.chance.seed,
        replication: 1,
    };
    let progress = Progress::new(1, at, false);
    let mut watch = |now| {
        progress.reached(1, now);
        match interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let mut reached = until(&scenario, seed, at, &mut watch).map_err(failure)?;
    let script = scenario.outline.script(seed, scenario.end);
    let drill = scenario.drill.map(|drilled| Drill {
        drill: drilled.drill,
        struck: script.struck(&scenario.catalog),
    });
    let belief = reached.control.cluster().clone();
    let moment = Moment {
        scenario: &scenario,
        seed: args.chance.seed,
        jobs: &script.jobs,
        drill: drill.as_ref(),
        at,
        belief: &belief,
    };
    let Some(name) = &args.pod else {
        progress.finish();
        return say_list(&args, &moment, &mut reached.control);
    };
    let pod = find(&moment, name)?;
    let decision = last_decision(&scenario, seed, &belief, pod, &mut watch).map_err(failure)?;
    progress.finish();
    let story = Story {
        moment,
        pod,
        decision: decision.as_ref(),
        evicted_for: evicted_for(&reached, pod),
    };
    let nodes = match (args.nodes, args.verbose) {
        (ListedNodes::All, _) | (_, true) => Nodes::All,
        (ListedNodes::Few, false) => Nodes::Few,
    };
    print(&match args.printed.format {
        Format::Json => json::pod(&story),
        Format::Text => text::page(&story, nodes, look()),
    })
}

/// The pod for which this one was evicted, if it was.
fn evicted_for(reached: &Reached, pod: PodId) -> Option<PodId> {
    let deletion = reached.control.cluster().pods()[pod].deletion;
    let is_evicted = deletion == Some(Deletion::Preempted);
    is_evicted.then(|| reached.evicted_for[&pod])
}

pub(super) fn failure(ended: Ended) -> Failure {
    match ended {
        Ended::Interrupted => Failure::Interrupted,
        Ended::Stopped(stop) => Failure::Environment(stop.reason),
    }
}

/// The pods that wait, and what the scheduler would say of them now.
fn say_list(args: &Explain, moment: &Moment<'_>, control: &mut Control) -> Result<(), Failure> {
    let examples = list::examples(moment).into_iter();
    let outlook = examples
        .map(|(shape, pod)| (shape, control.explain(pod)))
        .collect();
    print(&match args.printed.format {
        Format::Json => json::waiting(moment, &outlook),
        Format::Text => {
            let command = command(args);
            let ask = list::Ask {
                command: &command,
                at: args.at.as_deref(),
            };
            list::page(moment, &outlook, ask, look())
        }
    })
}

/// The command again, without a moment unless it has one.
fn command(args: &Explain) -> String {
    let mut command = format!("plimsoll explain {}", args.scenario.display());
    let policies = &args.policies;
    let given = [
        ("scheduler", &policies.scheduler),
        ("autoscaler", &policies.autoscaler),
        ("healer", &policies.healer),
    ];
    for (kind, name) in given {
        if let Some(name) = name {
            command.push_str(&format!(" --{kind} {name}"));
        }
    }
    for overlay in &args.changes.overlays {
        command.push_str(&format!(
            " --with {}",
            shell::word(&overlay.to_string_lossy())
        ));
    }
    for setting in &args.changes.settings {
        command.push_str(&format!(" --set {}", shell::word(setting)));
    }
    if let Some(loss) = args.outside.drill {
        command.push_str(&format!(" --drill {}", drill(loss).name()));
    }
    if let Some(block) = args.outside.resample {
        command.push_str(" --resample");
        command.push_str(&block.map_or(String::new(), |block| format!("={block}s")));
    }
    if args.chance.seed != 1 {
        command.push_str(&format!(" --seed {}", args.chance.seed));
    }
    command
}

/// The pod of that name.
fn find(moment: &Moment<'_>, name: &str) -> Result<PodId, Failure> {
    match names::find(moment, name)[..] {
        [pod] => Ok(pod),
        [] => Err(unknown(moment, name)),
        _ => Err(Failure::Input(format!(
            "both a service and a job have a pod `{name}`\n  = write `service/{name}` or `job/{name}`"
        ))),
    }
}

/// What to say of a name that no pod has had until then.
fn unknown(moment: &Moment<'_>, name: &str) -> Failure {
    let all: Vec<String> = names::all(moment).collect();
    let owner = |name: &str| name.rsplit_once('-').map(|(owner, _)| owner.to_owned());
    let alike: Vec<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|known| owner(name).is_some() && owner(known) == owner(name))
        .collect();
    let hint = match (alike.as_slice(), nearest(name, &all)) {
        ([first, .., last], _) => format!("there were {first} to {last} until then"),
        ([only], _) => format!("there was {only} alone until then"),
        ([], Some(near)) => format!("did you mean `{near}`?"),
        ([], None) => {
            "a pod is named by its service or job and its number, as in pods.csv: `web-0`; \
                       without --pod those that wait are listed"
                .to_owned()
        }
    };
    let until = moment.clock(moment.at);
    Failure::Input(format!("no pod `{name}` until {until}\n  = {hint}"))
}

/// A moment of the run: a clock such as `20:00:52`, or a length of time since the start.
pub(super) fn instant(text: &str, scenario: &Scenario) -> Result<Time, Failure> {
    let since_start = if text.contains(':') {
        clock(text)
    } else {
        quantity::duration(text).ok()
    };
    let Some(since_start) = since_start else {
        return Err(Failure::Input(format!(
            "--at `{text}` is not a moment of the run\n  = write a clock such as `20:00:52` (hours \
             go on beyond 24), or the time since the start such as `20h52s`"
        )));
    };
    let at = Time::ZERO + since_start;
    match at <= scenario.end {
        true => Ok(at),
        false => Err(Failure::Input(format!(
            "--at `{text}` is after the end of the run\n  = {} ends after {}, and that is {}",
            scenario.name,
            scenario.end.since_start().words(),
            since_start.words()
        ))),
    }
}

/// Hours, minutes and perhaps seconds.
fn clock(text: &str) -> Option<Duration> {
    let parts: Vec<&str> = text.split(':').collect();
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, "0"),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let below_60 = |part: &str| part.parse::<f64>().is_ok_and(|part| part < 60.0);
    let is_clock = below_60(minutes) && below_60(seconds) && !minutes.contains('.');
    let is_whole = hours.bytes().all(|byte| byte.is_ascii_digit());
    (is_clock && is_whole)
        .then(|| quantity::duration(&format!("{hours}h{minutes}m{seconds}s")).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_hours_minutes_and_perhaps_seconds() {
        let read = |text| clock(text).map(|read| read.to_string());
        assert_eq!(read("20:00:52").as_deref(), Some("72052"));
        assert_eq!(read("30:01").as_deref(), Some("108060"));
        assert_eq!(read("0:00:00.5").as_deref(), Some("0.5"));
        for wrong in [
            "20:60", "20", "1:2:3:4", "a:10", "1.5:10", "-1:10", ":10", "1:-5",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
