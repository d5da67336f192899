//! `plimsoll fidelity`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::cli::args::{Fidelity, Format};
use crate::cli::calibrate::{self, Asked};
use crate::cli::engines::home::Home;
use crate::cli::engines::{self, image};
use crate::cli::out::print;
use crate::cli::run::{changed, chosen};
use crate::cli::status::{Status, now};
use crate::cli::{Failure, interrupt};
use crate::experiment::fidelity::kept::{self, Of};
use crate::experiment::fidelity::observed::Observed;
use crate::experiment::fidelity::{MEASURES, Row};
use crate::experiment::replicate::replicate;
use crate::folder::file;
use crate::live::image::Image;
use crate::live::world::{Place, Setup};
use crate::report::fidelity as told;
use crate::report::results::policy_name;
use crate::rng::Seed;
use crate::run::Ended;
use crate::run::fidelity;
use crate::run::live::{self, Engines};
use crate::scenario::Scenario;
use crate::time::Time;

/// Files of the result folder.
const DELAYS: &str = "delays.toml";
const JSON: &str = "fidelity.json";
const CSV: &str = "runs.csv";

/// What is calibrated, where nothing was.
const CALIBRATION: Asked = Asked {
    at_once: Vec::new(),
    samples: 40,
    boots: 6,
    shared_machine: false,
};

pub(super) fn run(mut args: Fidelity) -> Result<(), Failure> {
    interrupt::listen()?;
    let scenario = scenario(&args)?;
    let whose = match args.on.sandbox {
        Some(_) => Engines::Private,
        None => Engines::Given,
    };
    let wrong = live::impossible(&scenario, whose);
    if !wrong.is_empty() {
        let wrong = wrong.join("\n  = ");
        return Err(Failure::Input(format!(
            "this cannot be run live\n  = {wrong}"
        )));
    }
    let dir = match &args.results.out {
        Some(dir) => dir.clone(),
        None => default_dir(&scenario, &args),
    };
    let made = on_engines(&args, &scenario, &dir)?;
    let delays = args.delays.clone().unwrap_or_else(|| dir.join(DELAYS));
    args.changes.overlays.push(delays);
    let calibrated = self::scenario(&args)?;
    let simulated = replicate(args.chance.seed, args.simulated, |seed| {
        simulate(&calibrated, seed)
    });
    let quiet = without_failures(&calibrated);
    let control = made.control.into_iter().zip(1..);
    let control = control.map(|(live, replication)| {
        let seed = Seed {
            seed: args.chance.seed,
            replication,
        };
        Ok((live, simulate(&quiet, seed)?))
    });
    let control = control.collect::<Result<Vec<_>, Failure>>()?;
    let simulated = simulated?;
    let rows = MEASURES.into_iter();
    let rows = rows.filter_map(|measure| Row::of(measure, &made.live, &simulated));
    let told = told::Fidelity {
        scenario: &scenario,
        seed: args.chance.seed,
        live: &made.live,
        simulated: &simulated,
        control: &control,
        rows: &rows.collect::<Vec<_>>(),
    };
    tell(&args, &dir, &told)
}

/// The scenario with all changes that were typed.
fn scenario(args: &Fidelity) -> Result<Scenario, Failure> {
    chosen(
        &args.scenario,
        &args.changes,
        &args.policies,
        args.results.quiet,
    )
}

/// The same world, in which nothing fails.
fn without_failures(scenario: &Scenario) -> Scenario {
    let mut quiet = scenario.clone();
    quiet.outline.failures.clear();
    quiet
}

fn simulate(scenario: &Scenario, seed: Seed) -> Result<Observed, Failure> {
    let mut watch = |_: Time| match interrupt::asked() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let seen = fidelity::simulated(scenario, seed, &mut watch).map_err(ended);
    seen.map(|seen| Observed::of(&seen))
}

fn ended(ended: Ended) -> Failure {
    match ended {
        Ended::Interrupted => Failure::Interrupted,
        Ended::Stopped(stop) => Failure::Environment(stop.reason),
    }
}

/// `results/<scenario>/fidelity-<scheduler>-<autoscaler>-<healer>-<seed>`.
fn default_dir(scenario: &Scenario, args: &Fidelity) -> PathBuf {
    let policies = policy_name(&scenario.policy);
    let run = format!(
        "fidelity-{policies}-{}{}",
        args.chance.seed,
        changed(scenario)
    );
    ["results", &scenario.name, &run].iter().collect()
}

/// What was made on the engines.
struct Made {
    live: Vec<Observed>,
    control: Vec<Observed>,
}

/// A run that is to be made.
struct Due {
    path: PathBuf,
    of: Of,
}

/// Measures the delays and makes the live runs, as far as they are not there.
fn on_engines(args: &Fidelity, scenario: &Scenario, dir: &Path) -> Result<Made, Failure> {
    let due = |count: u32, name: &str, without_failures: bool| -> Vec<Due> {
        let due = (1..=count).map(|replication| Due {
            path: dir.join(format!("runs/{name}-{replication:03}.json")),
            of: Of {
                scenario: scenario.hash.clone(),
                policies: policy_name(&scenario.policy),
                seed: args.chance.seed,
                replication,
                without_failures,
            },
        });
        due.collect()
    };
    let (control, live) = (
        due(args.control, "control", true),
        due(args.live, "live", false),
    );
    let has_delays = args.delays.is_some() || dir.join(DELAYS).exists();
    let mut missing = Vec::new();
    for due in control.iter().chain(&live) {
        if kept::find(&due.path, &due.of)
            .map_err(Failure::Input)?
            .is_none()
        {
            missing.push(due);
        }
    }
    if !(has_delays && missing.is_empty()) {
        make(args, scenario, dir, has_delays, &missing)?;
    }
    let all = |due: &[Due]| -> Result<Vec<Observed>, Failure> {
        let found = due.iter().map(|due| {
            let found = kept::find(&due.path, &due.of).map_err(Failure::Input)?;
            found.ok_or_else(|| Failure::Environment(format!("{} is gone", due.path.display())))
        });
        found.collect()
    };
    Ok(Made {
        live: all(&live)?,
        control: all(&control)?,
    })
}

fn make(
    args: &Fidelity,
    scenario: &Scenario,
    dir: &Path,
    has_delays: bool,
    missing: &[&Due],
) -> Result<(), Failure> {
    let engines = engines::typed(&args.on.engines)?;
    let image = image::packed(args.on.workload.as_deref())?;
    let cluster = engines::cluster(&args.on, &scenario.name)?;
    let home = Home::take(args.on.state.as_deref(), &cluster)?;
    let nodes = scenario.catalog.nodes.as_slice().iter();
    let nodes: Vec<String> = nodes.map(|node| node.name.clone()).collect();
    let made = engines::on(&args.on, &nodes, &engines, &home, |places| {
        if !has_delays {
            calibrate(args, &home, &places, &image, dir)?;
        }
        live_runs(args, scenario, &home, &places, &image, missing)
    });
    if matches!(made, Ok(()) | Err(Failure::Interrupted | Failure::Input(_))) {
        home.leave();
    }
    made
}

fn calibrate(
    args: &Fidelity,
    home: &Home,
    places: &[Place],
    image: &Image,
    dir: &Path,
) -> Result<(), Failure> {
    let asked = Asked {
        at_once: vec![1, 2, 4, 8, 16],
        shared_machine: args.on.sandbox.is_some(),
        ..CALIBRATION
    };
    let measured = calibrate::measure(
        &asked,
        home,
        places.to_vec(),
        image.clone(),
        args.results.quiet,
    )?;
    calibrate::write(&dir.join(DELAYS), &measured, &asked)
}

fn live_runs(
    args: &Fidelity,
    scenario: &Scenario,
    home: &Home,
    places: &[Place],
    image: &Image,
    missing: &[&Due],
) -> Result<(), Failure> {
    let begun = now();
    let mut status = Status::is_watched(args.results.quiet).then(Status::new);
    for (number, due) in missing.iter().enumerate() {
        // A machine that was down at the end of a run boots again.
        for place in places {
            if let Place::Private(machine) = place {
                machine.boot()?;
            }
        }
        let chosen = match due.of.without_failures {
            true => without_failures(scenario),
            false => scenario.clone(),
        };
        let seed = Seed {
            seed: due.of.seed,
            replication: due.of.replication,
        };
        let setup = Setup {
            catalog: chosen.catalog.clone(),
            script: live::script(&chosen, seed),
            end: chosen.end,
            cluster: home.cluster().to_owned(),
            run: home.run().to_owned(),
            places: places.iter().cloned().collect(),
            image: image.clone(),
            heartbeat: chosen.sim.heartbeat,
            grace: chosen.sim.grace,
            patience: args.request_timeout,
            journal: Some(home.journal()),
            faults: Vec::new(),
        };
        let mut watch = |at: Time| {
            let passed = begun.elapsed();
            if let Some(status) = status.as_mut().filter(|status| status.is_due(passed)) {
                let text = format!(
                    "live run {} of {}: {:.0} of {:.0} s",
                    number + 1,
                    missing.len(),
                    at.secs_f64(),
                    chosen.end.secs_f64()
                );
                status.show(passed, &text);
            }
            match interrupt::asked() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let seen = fidelity::live(&chosen, setup, &mut watch).map_err(ended);
        if let Some(status) = &mut status {
            status.clear();
        }
        kept::keep(&due.path, &due.of, &Observed::of(&seen?)).map_err(Failure::Environment)?;
    }
    Ok(())
}

/// Writes the comparison, and says what it is.
fn tell(args: &Fidelity, dir: &Path, told: &told::Fidelity<'_>) -> Result<(), Failure> {
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        let written = file::write(&path, bytes);
        written.map_err(|error| Failure::Environment(format!("{}: {error}", path.display())))
    };
    let json = told::json(told);
    write(JSON, json.as_bytes())?;
    let csv = told::csv(told).map_err(|error| Failure::Environment(error.to_string()))?;
    write(CSV, &csv)?;
    match args.results.printed.format {
        Format::Json => print(&json)?,
        Format::Text if args.results.quiet => {}
        Format::Text => {
            print(&told::text(told))?;
            print(&format!(
                "\n{}/   {JSON}  {CSV}  {DELAYS}  runs/\n",
                dir.display()
            ))?;
        }
    }
    match told.agrees() {
        true => Ok(()),
        false => Err(Failure::Gate),
    }
}
