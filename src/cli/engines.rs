//! The engines that a command works on: private ones of its own, or those that were given.

pub(super) mod home;
pub(super) mod image;

use crate::cli::Failure;
use crate::cli::args::Engines;
use crate::live::config::{Endpoint, Engine};
use crate::live::labels;
use crate::live::sandbox::Sandbox;
use crate::live::trouble::Trouble;
use crate::live::world::Place;
use home::Home;

/// The engines that were typed.
pub(super) fn typed(typed: &[String]) -> Result<Vec<Engine>, Failure> {
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

/// What everything is labelled with: what was typed, or else this.
pub(super) fn cluster(args: &Engines, name: &str) -> Result<String, Failure> {
    let name = args.cluster.as_deref().unwrap_or(name);
    match labels::is_possible(name) {
        true => Ok(name.to_owned()),
        false => Err(Failure::Input(format!(
            "`{name}` cannot be the name of a cluster\n  = give --cluster a name of up to 63 of A-Z, a-z, 0-9, \
             `-`, `_` and `.`"
        ))),
    }
}

/// Works on the engines of these nodes: private ones, which are booted before and removed afterwards, or
/// those that were given.
pub(super) fn on<T>(
    args: &Engines,
    nodes: &[String],
    engines: &[Engine],
    home: &Home,
    work: impl FnOnce(Vec<Place>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Some(count) = args.sandbox else {
        return work(given(nodes, engines)?);
    };
    if count as usize != nodes.len() {
        return Err(Failure::Input(format!(
            "--sandbox {count}: the scenario has {} nodes, and each is an engine",
            nodes.len()
        )));
    }
    let sandbox = Sandbox::new(&home.engines(), home.cluster(), nodes)?;
    let booted = sandbox.boot().map_err(Failure::from);
    let done = booted.and_then(|()| {
        let places = sandbox.machines().iter().cloned().map(Place::Private);
        work(places.collect())
    });
    sandbox.remove()?;
    done
}

/// The engine of every node, in their order.
fn given(nodes: &[String], engines: &[Engine]) -> Result<Vec<Place>, Failure> {
    let known = nodes.join(", ");
    for (n, engine) in engines.iter().enumerate() {
        let wrong = |said: &str| {
            Failure::Input(format!(
                "--engine {}={}: {said}",
                engine.node, engine.endpoint
            ))
        };
        if !nodes.contains(&engine.node) {
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
    let place = |node: &String| {
        let engine = engines.iter().find(|engine| engine.node == *node);
        let missing = || {
            Failure::Input(format!(
                "node {node} has no engine\n  = give --engine {node}=ENDPOINT, or --sandbox {}",
                nodes.len()
            ))
        };
        engine
            .map(|engine| Place::Given(engine.endpoint.clone()))
            .ok_or_else(missing)
    };
    nodes.iter().map(place).collect()
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        Failure::Environment(trouble.to_string())
    }
}
