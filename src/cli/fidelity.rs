//! `plimsoll fidelity`.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::cli::args::{Fidelity, Format};
use crate::cli::calibrate::{self, Asked};
use crate::cli::engines::home::Home;
use crate::cli::engines::{self, Nodes, image};
use crate::cli::out::print;
use crate::cli::run::{changed, chosen};
use crate::cli::status::{Status, now};
use crate::cli::{Failure, interrupt};
use crate::experiment::fidelity::kept::{self, Of};
use crate::experiment::fidelity::observed::Observed;
use crate::experiment::fidelity::{MEASURES, Row};
use crate::experiment::replicate::{replicate, with_threads};
use crate::folder::{self, file};
use crate::live::config::Engine;
use crate::live::image::Image;
use crate::live::world::{Place, Setup};
use crate::report::fidelity as told;
use crate::report::results::policy_name;
use crate::report::text::count;
use crate::rng::Seed;
use crate::run::Ended;
use crate::run::fidelity;
use crate::run::live;
use crate::scenario::Scenario;
use crate::script::{NodeEvent, NodeEventKind};
use crate::time::Time;

/// Files of the result folder.
const DELAYS: &str = "delays.toml";
const JSON: &str = "fidelity.json";
const CSV: &str = "runs.csv";

/// Whether a result folder may hold a file of this name, relative to it.
fn is_result(name: &Path) -> bool {
    [JSON, CSV, DELAYS]
        .iter()
        .any(|&file| name == Path::new(file))
        || name.starts_with("runs")
}

/// Containers that start at once where nothing was calibrated.
const AT_ONCE: [u32; 5] = [1, 2, 4, 8, 16];
/// What else is calibrated there.
const CALIBRATION: Asked = Asked {
    at_once: Vec::new(),
    samples: 40,
    boots: 6,
    shared_machine: false,
};

pub(super) fn run(args: Fidelity) -> Result<(), Failure> {
    interrupt::listen()?;
    let scenario = scenario(&args)?;
    engines::check_possible(&args.on, &scenario)?;
    let dir = match &args.results.out {
        Some(dir) => dir.clone(),
        None => default_dir(&scenario, &args),
    };
    folder::check_replaceable(&dir, is_result)?;
    let json = dir.join(JSON);
    file::check(&json).map_err(Failure::unwritable(&json))?;
    let image = image::packed(args.on.workload.as_deref())?;
    if let Some(delays) = &args.delays {
        // Before minutes are spent on engines: can they be read?
        with_delays(&args, delays)?;
    }
    let made = on_engines(&args, &scenario, &dir, &image)?;
    let delays = args.delays.clone().unwrap_or_else(|| dir.join(DELAYS));
    let told_delays = delays.display().to_string();
    let calibrated = with_delays(&args, &delays)?;
    let simulated = with_threads(args.machine.threads, || {
        replicate(args.chance.seed, args.simulated, |seed| {
            simulate(&calibrated, seed)
        })
    });
    let simulated = simulated.map_err(Failure::Environment)??;
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
    let rows = MEASURES.into_iter();
    let rows = rows.filter_map(|measure| Row::of(measure, &made.live, &simulated));
    let told = told::Fidelity {
        scenario: &scenario,
        seed: args.chance.seed,
        live: &made.live,
        simulated: &simulated,
        control: &control,
        rows: &rows.collect::<Vec<_>>(),
        delays: &told_delays,
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

/// The same with delays that were measured.
fn with_delays(args: &Fidelity, delays: &Path) -> Result<Scenario, Failure> {
    let mut changes = args.changes.clone();
    changes.overlays.push(delays.to_owned());
    chosen(&args.scenario, &changes, &args.policies, true)
}

/// The same world, in which nothing fails.
fn without_failures(scenario: &Scenario) -> Scenario {
    let mut quiet = scenario.clone();
    quiet.outline.failures.clear();
    quiet.outline.strike = None;
    let events = quiet.outline.node_events.iter();
    let stays = |event: &&NodeEvent| match event.event {
        NodeEventKind::Fail | NodeEventKind::Recover => false,
        NodeEventKind::Add
        | NodeEventKind::Remove
        | NodeEventKind::Drain
        | NodeEventKind::Undrain => true,
    };
    quiet.outline.node_events = events.filter(stays).copied().collect();
    quiet
}

fn simulate(scenario: &Scenario, seed: Seed) -> Result<Observed, Failure> {
    let seen = fidelity::simulated(scenario, seed, &mut |_| interrupted()).map_err(ended);
    seen.map(|seen| Observed::of(&seen))
}

fn interrupted() -> ControlFlow<()> {
    match interrupt::asked() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
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

impl Due {
    /// The run, if it was made.
    fn found(&self) -> Result<Option<Observed>, Failure> {
        kept::find(&self.path, &self.of).map_err(Failure::Input)
    }

    fn keep(&self, seen: &Observed) -> Result<(), Failure> {
        kept::keep(&self.path, &self.of, seen).map_err(Failure::Environment)
    }
}

/// Which engines these are.
fn named(engines: &[Engine], publish: bool) -> String {
    if engines.is_empty() {
        return "private engines".to_owned();
    }
    let engines = engines.iter();
    let engines = engines.map(|Engine { node, endpoint }| format!("{node}={endpoint}"));
    let how = match publish {
        true => " by published ports",
        false => "",
    };
    format!("{}{how}", engines.collect::<Vec<_>>().join(", "))
}

/// Measures the delays and makes the live runs, as far as they are not there.
fn on_engines(
    args: &Fidelity,
    scenario: &Scenario,
    dir: &Path,
    image: &Image,
) -> Result<Made, Failure> {
    let nodes = Nodes::of(&args.on, scenario);
    let engines = engines::all(&args.on, &nodes, engines::typed(&args.on)?)?;
    let on = format!(
        "{}, {}, answers within {} s",
        named(&engines, nodes.publish),
        image.name,
        args.request_timeout.secs_f64()
    );
    let due = |count: u32, name: &str, without_failures: bool| -> Vec<Due> {
        let due = (1..=count).map(|replication| Due {
            path: dir.join(format!("runs/{name}-{replication:03}.json")),
            of: Of {
                scenario: scenario.hash.clone(),
                policies: policy_name(&scenario.policy),
                seed: args.chance.seed,
                replication,
                without_failures,
                on: on.clone(),
            },
        });
        due.collect()
    };
    let (control, live) = (
        due(args.control, "control", true),
        due(args.live, "live", false),
    );
    let delays = Due {
        path: dir.join("runs/delays.json"),
        of: Of {
            scenario: String::new(),
            policies: String::new(),
            seed: 0,
            replication: 0,
            without_failures: true,
            on: format!(
                "{}, {}, {}",
                named(&engines, nodes.publish),
                count(nodes.names.len() as u64, "node"),
                image.name
            ),
        },
    };
    let file = dir.join(DELAYS);
    let are_reused = args.delays.is_none() && delays.found()?.is_some() && file.exists();
    let unmeasured = match are_reused || args.delays.is_some() {
        true => None,
        false => Some((file.as_path(), &delays)),
    };
    let mut missing = Vec::new();
    for due in control.iter().chain(&live) {
        if due.found()?.is_none() {
            missing.push(due);
        }
    }
    if !args.results.quiet {
        let all = control.len() + live.len();
        let delays = are_reused.then_some(file.as_path());
        let reused = reused(delays, all - missing.len(), all);
        // Without a stderr there is nobody to tell.
        drop(write!(io::stderr(), "{reused}"));
    }
    if unmeasured.is_some() || !missing.is_empty() {
        let cluster = engines::cluster(&args.on, &scenario.name)?;
        let home = Home::take(args.on.state.as_deref(), &cluster)?;
        engines::on(&args.on, &nodes, &engines, home, image, |home, places| {
            let made = Making {
                args,
                scenario,
                nodes: &nodes,
                home,
                places: &places,
                image,
            };
            if let Some((file, delays)) = unmeasured {
                made.calibrate(file)?;
                delays.keep(&Observed::default())?;
            }
            made.live_runs(&missing)
        })?;
    }
    let all = |due: &[Due]| -> Result<Vec<Observed>, Failure> {
        let found = due.iter().map(|due| {
            due.found()?
                .ok_or_else(|| Failure::Environment(format!("{} is gone", due.path.display())))
        });
        found.collect()
    };
    Ok(Made {
        live: all(&live)?,
        control: all(&control)?,
    })
}

/// What is said of what an earlier run of the command left: delays that it measured, and live runs.
fn reused(delays: Option<&Path>, kept: usize, all: usize) -> String {
    let mut said = String::new();
    if let Some(delays) = delays {
        said += &format!(
            "the delays that were measured before are used: {}\n",
            delays.display()
        );
    }
    if kept > 0 {
        said += &format!("live runs that are kept and not made again: {kept} of {all}\n");
    }
    said
}

/// What runs are made on.
struct Making<'a> {
    args: &'a Fidelity,
    scenario: &'a Scenario,
    nodes: &'a Nodes,
    home: &'a Home,
    places: &'a [Place],
    image: &'a Image,
}

impl Making<'_> {
    fn calibrate(&self, file: &Path) -> Result<(), Failure> {
        let asked = Asked {
            at_once: AT_ONCE.to_vec(),
            // Engines of services are on this machine, whosever they are.
            shared_machine: self.args.on.sandbox.is_some() || self.nodes.reached.is_some(),
            ..CALIBRATION
        };
        let quiet = self.args.results.quiet;
        let places = self.places.to_vec();
        let measured =
            calibrate::measure(&asked, self.nodes, self.home, places, self.image, quiet)?;
        calibrate::write(file, &measured, &asked)
    }

    fn live_runs(&self, missing: &[&Due]) -> Result<(), Failure> {
        let begun = now();
        let mut status = Status::is_watched(self.args.results.quiet).then(Status::new);
        for (number, due) in missing.iter().enumerate() {
            self.prepare()?;
            let chosen = match due.of.without_failures {
                true => without_failures(self.scenario),
                false => self.scenario.clone(),
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
                interrupted()
            };
            let setup = self.setup(&chosen, &due.of);
            let seen = fidelity::live(&chosen, setup, &mut watch).map_err(ended);
            if let Some(status) = &mut status {
                status.clear();
            }
            if let Err(Failure::Environment(said)) = &seen {
                // If that cannot be written, the failure is still what is told.
                drop(kept::fail(&due.path, &due.of, said));
            }
            due.keep(&Observed::of(&seen?))?;
        }
        Ok(())
    }

    /// Engines on which there is nothing of the cluster: what was killed before left no part of this run.
    fn prepare(&self) -> Result<(), Failure> {
        let nodes = self.nodes.names.iter().zip(self.places);
        let engine = |(node, place): (&String, &Place)| {
            let endpoint = match place {
                Place::Given(endpoint) => endpoint.clone(),
                Place::Private(machine) => {
                    // It may have been down at the end of the run before.
                    machine.boot()?;
                    machine.endpoint()
                }
            };
            let node = node.clone();
            Ok(Engine { node, endpoint })
        };
        let engines = nodes.map(engine).collect::<Result<Vec<_>, Failure>>()?;
        Ok(crate::live::clear(&engines, self.home.cluster())?)
    }

    fn setup(&self, chosen: &Scenario, of: &Of) -> Setup {
        let seed = Seed {
            seed: of.seed,
            replication: of.replication,
        };
        Setup {
            catalog: chosen.catalog.clone(),
            script: live::script(chosen, seed),
            end: chosen.end,
            cluster: self.home.cluster().to_owned(),
            run: self.home.run().to_owned(),
            places: self.places.iter().cloned().collect(),
            image: self.image.clone(),
            heartbeat: chosen.sim.heartbeat,
            grace: chosen.sim.grace,
            patience: self.args.request_timeout,
            journal: Some(self.home.journal()),
            faults: Vec::new(),
            publish: self.nodes.publish,
        }
    }
}

/// Writes the comparison, and says what it is.
fn tell(args: &Fidelity, dir: &Path, told: &told::Fidelity<'_>) -> Result<(), Failure> {
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.join(name);
        file::write(&path, bytes).map_err(Failure::unwritable(&path))
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
            let delays = match args.delays {
                Some(_) => "",
                None => "  delays.toml",
            };
            print(&format!(
                "\n{}/   {JSON}  {CSV}{delays}  runs/\n",
                dir.display()
            ))?;
        }
    }
    match told.agrees() {
        true => Ok(()),
        false => Err(Failure::Gate),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_again_is_said() {
        let delays = Path::new("out/delays.toml");
        assert_eq!(
            reused(Some(delays), 2, 23),
            "the delays that were measured before are used: out/delays.toml\n\
             live runs that are kept and not made again: 2 of 23\n"
        );
        assert_eq!(reused(None, 0, 23), "");
    }
}
