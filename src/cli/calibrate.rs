//! `plimsoll calibrate`.

mod delays;
mod table;

use std::ops::ControlFlow;
use std::path::Path;

use crate::cli::args::{Calibrate, Engines};
use crate::cli::engines::home::Home;
use crate::cli::engines::{self, Nodes, image};
use crate::cli::out::print;
use crate::cli::status::{Status, now};
use crate::cli::{Failure, interrupt};
use crate::folder::file;
use crate::ids::{NodeId, ShapeId};
use crate::live::calibrate::{self, Delays, Progress, Setup};
use crate::live::config::Engine;
use crate::live::image::Image;
use crate::live::world::Place;
use crate::scenario;

/// What everything is labelled with, unless something else is typed.
const CLUSTER: &str = "calibrate";

pub(super) fn run(args: Calibrate) -> Result<(), Failure> {
    let asked = Asked {
        at_once: ascending(&args.at_once),
        samples: args.samples,
        boots: args.boots,
        shared_machine: args.shared_machine || args.on.sandbox.is_some(),
    };
    let typed = engines::typed(&args.on)?;
    let nodes = nodes(&args.on, &typed)?;
    let engines = engines::all(&args.on, &nodes, typed)?;
    if args.out.is_dir() {
        let said = format!("--out {}: it is a folder", args.out.display());
        return Err(Failure::Input(said));
    }
    // What cannot be written is to be known before anything runs.
    file::check(&args.out).map_err(Failure::unwritable(&args.out))?;
    interrupt::listen()?;
    let image = image::packed(args.on.workload.as_deref())?;
    let cluster = engines::cluster(&args.on, CLUSTER)?;
    let home = Home::take(args.on.state.as_deref(), &cluster)?;
    let begun = now();
    let measured = engines::on(&args.on, &nodes, &engines, home, &image, |home, places| {
        measure(&asked, &nodes, home, places, &image, args.quiet)
    });
    let measured = measured?;
    write(&args.out, &measured, &asked)?;
    if args.quiet {
        return Ok(());
    }
    let what = table::What {
        private: args.on.sandbox.is_some(),
        engines: nodes.names.len(),
        shared_machine: asked.shared_machine,
        seconds: begun.elapsed().as_secs_f64(),
        out: &args.out,
    };
    print(&table::text(&measured, &what))
}

/// What is to be measured.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// How many containers start at once, ascending from one on.
    pub(super) at_once: Vec<u32>,
    pub(super) samples: u32,
    pub(super) boots: u32,
    pub(super) shared_machine: bool,
}

/// These numbers in order, each once, from one on: a delay by numbers has to say what one alone takes.
fn ascending(numbers: &[u32]) -> Vec<u32> {
    let mut numbers = numbers.to_vec();
    numbers.push(1);
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The engines as nodes: by the names that were typed, or by numbers.
fn nodes(on: &Engines, typed: &[Engine]) -> Result<Nodes, Failure> {
    let names: Vec<String> = match on.sandbox {
        Some(count) => (0..count).map(|n| format!("engine-{n}")).collect(),
        None => typed.iter().map(|engine| engine.node.clone()).collect(),
    };
    if names.is_empty() {
        let said = "which engines?\n  = give --sandbox N, or --engine NAME=ENDPOINT";
        return Err(Failure::Input(said.to_owned()));
    }
    Ok(Nodes {
        names,
        declared: Vec::new(),
        reached: Some(CLUSTER.to_owned()),
        publish: on.publish,
    })
}

/// A node and a pod of the size that is measured.
const SMALL: &str = r#"
name = "calibrate"
duration = "1m"
nodes = [{ name = "engine", cpu = "2", memory = "1Gi" }]
services = [{ name = "calibrate", requests = { cpu = "100m", memory = "16Mi" }, limits = { cpu = "500m", memory = "32Mi" } }]
"#;

/// Measures the engines, with progress on a terminal.
pub(super) fn measure(
    asked: &Asked,
    nodes: &Nodes,
    home: &Home,
    places: Vec<Place>,
    image: &Image,
    quiet: bool,
) -> Result<Delays, Failure> {
    let read = |path: &Path| panic!("{} is not to be read", path.display());
    let small = scenario::parse(Path::new("calibrate.toml"), SMALL, &read);
    let small = small.expect("it is a scenario").scenario;
    let setup = Setup {
        places,
        shared_machine: asked.shared_machine,
        cluster: home.cluster().to_owned(),
        run: home.run().to_owned(),
        image: image.clone(),
        names: nodes.names.clone(),
        publish: nodes.publish,
        shape: small.catalog.shapes[ShapeId(0)].clone(),
        node: small.catalog.nodes[NodeId(0)].clone(),
        at_once: asked.at_once.clone(),
        samples: asked.samples,
        boots: asked.boots,
    };
    let begun = now();
    let mut status = Status::is_watched(quiet).then(Status::new);
    let mut watch = |Progress { done, all }: Progress| {
        let passed = begun.elapsed();
        if let Some(status) = status.as_mut().filter(|status| status.is_due(passed)) {
            status.show(passed, &format!("calibrating: {done} of {all} rounds"));
        }
        match interrupt::asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    };
    let measured = calibrate::measure(&setup, &mut watch);
    if let Some(status) = &mut status {
        status.clear();
    }
    match measured? {
        ControlFlow::Continue(delays) => Ok(delays),
        ControlFlow::Break(()) => Err(Failure::Interrupted),
    }
}

/// Writes what was measured as a table of delays.
pub(super) fn write(path: &Path, measured: &Delays, asked: &Asked) -> Result<(), Failure> {
    let text = delays::toml(measured, asked.shared_machine);
    file::write(path, text.as_bytes()).map_err(Failure::unwritable(path))
}
