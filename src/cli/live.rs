//! `plimsoll live`.

mod dry;
mod faults;
mod requests;
mod watch;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cli::args::{Format, Live};
use crate::cli::command;
use crate::cli::engines::home::{self, Home};
use crate::cli::engines::{self, Nodes, image};
use crate::cli::out::print;
use crate::cli::run::{changed, chosen};
use crate::cli::usage::{cpu_seconds, look, peak_memory};
use crate::cli::{Failure, interrupt};
use crate::experiment::summary::summarize;
use crate::folder::{self, Folder};
use crate::live::image::Image;
use crate::live::seen::Seen;
use crate::live::world::{Place, Setup};
use crate::metrics::fold;
use crate::report::output::{self, Options, Plots, SUMMARY};
use crate::report::results::{Results, policy_name};
use crate::report::run_json::Effort;
use crate::report::tables::Detail;
use crate::report::text::{self, Written};
use crate::rng::Seed;
use crate::run::Ended;
use crate::run::live::{self, Ran};
use crate::scenario::Scenario;
use crate::time::Time;
pub(super) use watch::address;

pub(super) fn run(args: Live) -> Result<(), Failure> {
    let typed = engines::typed(&args.on)?;
    if args.build_image {
        return image::build(&args, &typed);
    }
    let Some(path) = &args.scenario else {
        return home::clean(&args.on, &typed, args.results.quiet);
    };
    interrupt::listen()?;
    let scenario = chosen(path, &args.changes, &args.policies, args.results.quiet)?;
    engines::check_possible(&args.on, &scenario)?;
    let nodes = Nodes::of(&args.on, &scenario);
    let engines = engines::all(&args.on, &nodes, typed)?;
    faults::read(&args, &scenario, nodes.publish)?;
    let cluster = engines::cluster(&args.on, &scenario.name)?;
    let image = image::packed(args.on.workload.as_deref())?;
    if args.dry_run {
        return dry::run(&args, &scenario, &nodes, &engines, &image, &cluster);
    }
    let dir = match &args.results.out {
        Some(dir) => dir.clone(),
        None => default_dir(&scenario, &args),
    };
    folder::check_replaceable(&dir, output::is_result)?;
    // What cannot be written is to be known before anything runs.
    drop(Folder::begin(&dir)?);
    let seen = Arc::new(live::see(&scenario));
    let exporter = watch::listen(&args, &seen)?;
    let home = Home::take(args.on.state.as_deref(), &cluster)?;
    let played = engines::on(&args.on, &nodes, &engines, home, &image, |home, places| {
        play(&args, &scenario, home, places, &image, nodes.publish, &seen)
    });
    drop(exporter);
    let (ran, effort) = played?;
    tell(&args, &scenario, &dir, &ran, &effort)
}

fn play(
    args: &Live,
    scenario: &Scenario,
    home: &Home,
    places: Vec<Place>,
    image: &Image,
    publish: bool,
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
        image: image.clone(),
        heartbeat: scenario.sim.heartbeat,
        grace: scenario.sim.grace,
        patience: args.request_timeout,
        journal: Some(home.journal()),
        faults: faults::read(args, scenario, publish)?,
        publish,
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
    scenario.lived = Some(command::live(args, &scenario));
    scenario.notes.push(
        "this is one run on real Docker engines: nothing in it was simulated, and no two are alike"
            .to_owned(),
    );
    scenario.notes.extend(live::unheeded(&scenario));
    scenario.notes.extend(ran.notes.iter().cloned());
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
