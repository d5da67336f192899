//! `plimsoll live`.

mod faults;
mod home;
mod image;
mod requests;
mod watch;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::args::{Format, Live};
use crate::cli::out::print;
use crate::cli::run::{changed, chosen};
use crate::cli::usage::{cpu_seconds, look, peak_memory};
use crate::cli::{Failure, interrupt};
use crate::experiment::summary::summarize;
use crate::folder::{self, Folder};
use crate::live::config::{Endpoint, Engine};
use crate::live::image::Image;
use crate::live::labels;
use crate::live::sandbox::Sandbox;
use crate::live::seen::Seen;
use crate::live::trouble::Trouble;
use crate::live::world::{Place, Setup};
use crate::metrics::fold;
use crate::report::output::{self, Options, Plots, SUMMARY};
use crate::report::results::{Results, policy_name};
use crate::report::run_json::Effort;
use crate::report::tables::Detail;
use crate::report::text::{self, Written};
use crate::rng::Seed;
use crate::run::Ended;
use crate::run::live::{self, Engines, Ran};
use crate::scenario::Scenario;
use crate::time::Time;
use home::Home;
pub(super) use watch::address;

pub(super) fn run(args: Live) -> Result<(), Failure> {
    let engines = engines(&args.engines)?;
    if args.build_image {
        return image::build(&args, &engines);
    }
    let Some(path) = &args.scenario else {
        return home::clean(&args, &engines);
    };
    interrupt::listen()?;
    let scenario = chosen(path, &args.changes, &args.policies, args.results.quiet)?;
    let whose = match args.sandbox {
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
    folder::check_replaceable(&dir, output::is_result)?;
    let image = image::packed(args.workload.as_deref())?;
    let cluster = cluster(&args, &scenario)?;
    let seen = Arc::new(live::see(&scenario));
    let exporter = watch::listen(&args, &seen)?;
    let home = Home::take(args.state.as_deref(), &cluster)?;
    let played = on_engines(&args, &scenario, &engines, &home, image, &seen);
    drop(exporter);
    // What failed may have left something, for another run to take over or to clean.
    if matches!(
        played,
        Ok(_) | Err(Failure::Interrupted | Failure::Input(_))
    ) {
        home.leave();
    }
    let (ran, effort) = played?;
    tell(&args, &scenario, &dir, &ran, &effort)
}

/// The engines that were typed.
fn engines(typed: &[String]) -> Result<Vec<Engine>, Failure> {
    let engine = |text: &String| {
        let wrong = |said: String| Failure::Input(format!("--engine {text}: {said}"));
        let parts = text.split_once('=');
        let (node, endpoint) = parts.ok_or_else(|| wrong("write NODE=ENDPOINT".to_owned()))?;
        let endpoint = Endpoint::parse(endpoint).map_err(|bad| wrong(bad.to_string()))?;
        let node = node.to_owned();
        Ok(Engine { node, endpoint })
    };
    typed.iter().map(engine).collect()
}

/// What everything is labelled with.
fn cluster(args: &Live, scenario: &Scenario) -> Result<String, Failure> {
    let name = args.cluster.as_ref().unwrap_or(&scenario.name);
    match labels::is_possible(name) {
        true => Ok(name.clone()),
        false => Err(Failure::Input(format!(
            "`{name}` cannot be the name of a cluster\n  = give --cluster a name of up to 63 of A-Z, a-z, 0-9, \
             `-`, `_` and `.`"
        ))),
    }
}

/// Runs it on private engines or on those that were given, and leaves nothing on them.
fn on_engines(
    args: &Live,
    scenario: &Scenario,
    engines: &[Engine],
    home: &Home,
    image: Image,
    seen: &Seen,
) -> Result<(Ran, Effort), Failure> {
    let Some(count) = args.sandbox else {
        let places = given(scenario, engines)?;
        return play(args, scenario, home, places, image, seen);
    };
    let nodes = scenario.catalog.nodes.as_slice().iter();
    let nodes: Vec<String> = nodes.map(|node| node.name.clone()).collect();
    if count as usize != nodes.len() {
        return Err(Failure::Input(format!(
            "--sandbox {count}: the scenario has {} nodes, and each is an engine",
            nodes.len()
        )));
    }
    let sandbox = Sandbox::new(&home.engines(), home.cluster(), &nodes)?;
    let booted = sandbox.boot().map_err(Failure::from);
    let played = booted.and_then(|()| {
        let places = sandbox.machines().iter().cloned().map(Place::Private);
        play(args, scenario, home, places.collect(), image, seen)
    });
    sandbox.remove()?;
    played
}

/// The engine of every node, in their order.
fn given(scenario: &Scenario, engines: &[Engine]) -> Result<Vec<Place>, Failure> {
    let nodes = scenario.catalog.nodes.as_slice();
    let known = nodes.iter().map(|node| node.name.as_str());
    let known = known.collect::<Vec<_>>().join(", ");
    for (n, engine) in engines.iter().enumerate() {
        let wrong = |said: &str| {
            Failure::Input(format!(
                "--engine {}={}: {said}",
                engine.node, engine.endpoint
            ))
        };
        if !nodes.iter().any(|node| node.name == engine.node) {
            return Err(wrong(&format!(
                "the scenario has no such node\n  = known: {known}"
            )));
        }
        if engines[..n].iter().any(|other| other.node == engine.node) {
            return Err(wrong("that node has an engine already"));
        }
        if engines[..n]
            .iter()
            .any(|other| other.endpoint == engine.endpoint)
        {
            return Err(wrong("that engine is a node already"));
        }
    }
    let place = |node: &crate::cluster::catalog::NodeSpec| {
        let engine = engines.iter().find(|engine| engine.node == node.name);
        let missing = || {
            Failure::Input(format!(
                "node {} has no engine\n  = give --engine {}=ENDPOINT, or --sandbox {}",
                node.name,
                node.name,
                nodes.len()
            ))
        };
        engine
            .map(|engine| Place::Given(engine.endpoint.clone()))
            .ok_or_else(missing)
    };
    nodes.iter().map(place).collect()
}

fn play(
    args: &Live,
    scenario: &Scenario,
    home: &Home,
    places: Vec<Place>,
    image: Image,
    seen: &Seen,
) -> Result<(Ran, Effort), Failure> {
    let seed = Seed {
        seed: args.chance.seed,
        replication: 1,
    };
    let setup = Setup {
        catalog: scenario.catalog.clone(),
        script: live::script(scenario, seed),
        end: scenario.end,
        cluster: home.cluster().to_owned(),
        run: home.run().to_owned(),
        places: places.into_iter().collect(),
        image,
        heartbeat: scenario.sim.heartbeat,
        grace: scenario.sim.grace,
        patience: args.request_timeout,
        journal: Some(home.journal()),
        faults: faults::read(args, scenario)?,
    };
    let mut line = watch::Line::new(seen, args.results.quiet);
    let mut watch = |now: Time| {
        line.reached(now);
        match interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let options = fold::Options {
        series: true,
        nodes: true,
        pods: true,
        heat: !args.no_plots,
    };
    let ran = live::seen(scenario, setup, options, seen, &mut watch);
    line.finish();
    let ran = ran.map_err(|ended| match ended {
        Ended::Interrupted => Failure::Interrupted,
        Ended::Stopped(stop) => Failure::Environment(stop.reason),
    })?;
    let effort = Effort {
        wall_seconds: line.seconds(),
        cpu_seconds: cpu_seconds(),
        peak_memory_bytes: peak_memory(),
        events: ran.measured.events,
        threads: 1,
    };
    Ok((ran, effort))
}

/// `results/<scenario>/live-<scheduler>-<autoscaler>-<healer>-<seed>`.
fn default_dir(scenario: &Scenario, args: &Live) -> PathBuf {
    let policies = policy_name(&scenario.policy);
    let run = format!("live-{policies}-{}{}", args.chance.seed, changed(scenario));
    ["results", &scenario.name, &run].iter().collect()
}

/// Writes the results, and says what they are.
fn tell(
    args: &Live,
    scenario: &Scenario,
    dir: &Path,
    ran: &Ran,
    effort: &Effort,
) -> Result<(), Failure> {
    let mut scenario = scenario.clone();
    scenario.lived = true;
    scenario.notes.push(
        "this is one run on real Docker engines: nothing in it was simulated, and no two are alike"
            .to_owned(),
    );
    let runs = [ran.measured.clone()];
    let summary = summarize(args.chance.seed, &runs);
    let results = Results {
        scenario: &scenario,
        seed: args.chance.seed,
        summary: &summary,
        runs: &runs,
    };
    let options = Options {
        detail: Detail::Nodes,
        plots: match args.no_plots {
            true => Plots::None,
            false => Plots::Drawn,
        },
    };
    let folder = Folder::begin(dir)?;
    let mut files = output::write(&folder, &results, effort, options)?;
    requests::write(&folder, &scenario, &ran.requests)?;
    files.push(output::REQUESTS.to_owned());
    folder.finish()?;
    match args.results.printed.format {
        Format::Json => {
            let path = dir.join(SUMMARY);
            let json = std::fs::read_to_string(&path);
            let json =
                json.map_err(|error| Failure::Environment(format!("{}: {error}", path.display())));
            print(&json?)
        }
        Format::Text if args.results.quiet => Ok(()),
        Format::Text => {
            let written = Written { dir, files: &files };
            print(&requests::text(&scenario, &ran.requests))?;
            print(&text::summary(&results, effort, written, look()))
        }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        Failure::Environment(trouble.to_string())
    }
}
