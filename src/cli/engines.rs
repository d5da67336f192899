//! The engines that a command works on: private ones of its own, or those that were given, typed or else
//! as the scenario says.

pub(super) mod home;
pub(super) mod image;

use crate::cli::Failure;
use crate::cli::args::Engines;
use crate::live::claim::{self, Unclaimed};
use crate::live::config::{BadEndpoint, Endpoint, Engine, Keys, Whereabouts};
use crate::live::image::Image;
use crate::live::labels;
use crate::live::record::{Node, Record};
use crate::live::sandbox::Sandbox;
use crate::live::tls;
use crate::live::trouble::Trouble;
use crate::live::world::Place;
use crate::report::text::count;
use crate::run::live;
use crate::scenario::Scenario;
use home::Home;

/// The nodes of which each is an engine.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    /// Their names.
    pub(super) names: Vec<String>,
    /// The engines that the scenario says.
    pub(super) declared: Vec<Engine>,
    /// A service whose replicas are to be reached from here.
    pub(super) reached: Option<String>,
    /// Whether replicas listen on 127.0.0.1 too.
    pub(super) publish: bool,
}

impl Nodes {
    /// Those of a scenario.
    pub(super) fn of(args: &Engines, scenario: &Scenario) -> Nodes {
        let nodes = scenario.catalog.nodes.as_slice().iter();
        let service = scenario.catalog.services.as_slice().first();
        Nodes {
            names: nodes.map(|node| node.name.clone()).collect(),
            declared: scenario.live.engines.clone(),
            reached: service.map(|service| service.name.clone()),
            publish: args.sandbox.is_none() && (args.publish || scenario.live.publish),
        }
    }
}

/// Refuses a scenario that asks for what these engines cannot do.
pub(super) fn check_possible(args: &Engines, scenario: &Scenario) -> Result<(), Failure> {
    let whose = match args.sandbox {
        Some(_) => live::Engines::Private,
        None => live::Engines::Given,
    };
    let wrong = live::impossible(scenario, whose);
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::Input(format!(
            "this cannot be run live\n  = {}",
            wrong.join("\n  = ")
        ))),
    }
}

/// What everything is labelled with: what was typed, or else this.
pub(super) fn cluster(args: &Engines, name: &str) -> Result<String, Failure> {
    let name = args.cluster.as_deref().unwrap_or(name);
    match labels::is_possible(name) {
        true => Ok(name.to_owned()),
        false => Err(Failure::Input(format!(
            "`{name}` cannot be the name of a cluster\n  = give --cluster a name of {}",
            labels::FORM
        ))),
    }
}

/// Works on the engines of these nodes: private ones, which are booted before and removed afterwards, or
/// those that were given. The cluster is given up at the end, unless something may have been left of it, for
/// another run to take over or to clean.
pub(super) fn on<T>(
    args: &Engines,
    nodes: &Nodes,
    engines: &[Engine],
    home: Home,
    image: &Image,
    work: impl FnOnce(&Home, Vec<Place>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if args.sandbox.is_some() {
        return on_private(nodes, home, work);
    }
    let done = claim(nodes, engines, &home, image).and_then(|()| {
        let places = engines.iter().map(|engine| engine.endpoint.clone());
        work(&home, places.map(Place::Given).collect())
    });
    match &done {
        Ok(_) | Err(Failure::Interrupted) => home.leave(),
        Err(Failure::Input(_)) => home.give_back(),
        Err(_) if !home.is_written() => home.give_back(),
        Err(_) => {}
    }
    done
}

fn on_private<T>(
    nodes: &Nodes,
    home: Home,
    work: impl FnOnce(&Home, Vec<Place>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let sandbox = match private(nodes, &home) {
        Ok(sandbox) => sandbox,
        Err(wrong) => {
            home.give_back();
            return Err(wrong);
        }
    };
    let booted = sandbox.boot().map_err(Failure::from);
    let done = booted.and_then(|()| {
        let places = sandbox.machines().iter().cloned().map(Place::Private);
        work(&home, places.collect())
    });
    // With the engines all is gone that ran on them, however it ended.
    sandbox.remove()?;
    home.leave();
    done
}

/// The engines that were typed.
pub(super) fn typed(args: &Engines) -> Result<Vec<Engine>, Failure> {
    let engine = |text: &String| -> Result<Engine, Failure> {
        let wrong = |said: String| Failure::Input(format!("--engine {text}: {said}"));
        let parts = text.split_once('=');
        let (node, endpoint) = parts.ok_or_else(|| wrong("write NODE=ENDPOINT".to_owned()))?;
        let is_tcp = endpoint.starts_with("tcp://");
        let keys = args.tls_dir.as_deref().filter(|_| is_tcp);
        let endpoint = Endpoint::parse(endpoint, keys.map(Keys::of_folder));
        let endpoint = endpoint.map_err(|bad| wrong(format!("{bad}{}", how(args, &bad))))?;
        let node = node.to_owned();
        Ok(Engine { node, endpoint })
    };
    let engines: Vec<Engine> = args.engines.iter().map(engine).collect::<Result<_, _>>()?;
    let is_tls = |engine: &Engine| matches!(engine.endpoint, Endpoint::Tls { .. });
    if args.tls_dir.is_some() && !engines.iter().any(is_tls) {
        let said = "--tls-dir: no --engine is tcp://HOST:PORT, and sockets need no TLS";
        return Err(Failure::Input(said.to_owned()));
    }
    engines.iter().try_for_each(check_keys)?;
    Ok(engines)
}

/// How TLS is asked for, where it was not.
fn how(args: &Engines, bad: &BadEndpoint) -> &'static str {
    match (bad, &args.tls_dir) {
        (BadEndpoint::Plain(_), None) => "\n  = give --tls-dir for mutual TLS",
        (BadEndpoint::Plain(_) | BadEndpoint::Form | BadEndpoint::Needless, _) => "",
    }
}

/// Keys that cannot be read are the user's to mend.
fn check_keys(engine: &Engine) -> Result<(), Failure> {
    let Endpoint::Tls { keys, .. } = &engine.endpoint else {
        return Ok(());
    };
    let Engine { node, endpoint } = engine;
    let wrong = |said| Failure::Input(format!("TLS of node {node}, {endpoint}: {said}"));
    tls::config(keys).map(drop).map_err(wrong)
}

/// The engine of every node, in their order; none where they are private.
pub(super) fn all(
    args: &Engines,
    nodes: &Nodes,
    typed: Vec<Engine>,
) -> Result<Vec<Engine>, Failure> {
    let names = &nodes.names;
    if let Some(private) = args.sandbox {
        return match private as usize == names.len() {
            true => Ok(Vec::new()),
            false => Err(Failure::Input(format!(
                "--sandbox {private}: the scenario has {}, and each is an engine",
                count(names.len() as u64, "node")
            ))),
        };
    }
    let known = names.join(", ");
    for (n, engine) in typed.iter().enumerate() {
        let Engine { node, endpoint } = engine;
        let wrong = |said: &str| Failure::Input(format!("--engine {node}={endpoint}: {said}"));
        if !names.contains(node) {
            return Err(wrong(&format!(
                "the scenario has no such node\n  = known: {known}"
            )));
        }
        if typed[..n].iter().any(|other| other.node == *node) {
            return Err(wrong("that node has an engine already"));
        }
    }
    let find = |node: &str| {
        let mut engines = typed.iter().chain(&nodes.declared);
        engines.find(|engine| engine.node == node).cloned()
    };
    let engine = |node: &String| {
        find(node).ok_or_else(|| {
            Failure::Input(format!(
                "node {node} has no engine\n  = give --engine {node}=ENDPOINT, an entry of [[live.engines]], or \
                 --sandbox {}",
                names.len()
            ))
        })
    };
    let engines = names.iter().map(engine).collect::<Result<Vec<_>, _>>()?;
    for (n, engine) in engines.iter().enumerate() {
        let mut before = engines[..n].iter();
        if let Some(other) = before.find(|other| other.endpoint == engine.endpoint) {
            return Err(Failure::Input(format!(
                "{} is node {} and node {}: each node is an engine of its own",
                engine.endpoint, other.node, engine.node
            )));
        }
        check_keys(engine)?;
    }
    near(nodes, &engines)?;
    Ok(engines)
}

/// Refuses services on engines that are not here as far as is known: their containers cannot be reached.
fn near(nodes: &Nodes, engines: &[Engine]) -> Result<(), Failure> {
    let Some(service) = &nodes.reached else {
        return Ok(());
    };
    let check = |Engine { node, endpoint }: &Engine| match endpoint.whereabouts() {
        Whereabouts::Here => Ok(()),
        Whereabouts::Elsewhere => Err(Failure::Input(format!(
            "node {node}, {endpoint}: that engine is on another machine, and replicas of {service} there could be \
             neither probed nor sent requests\n  = their network and 127.0.0.1 of that machine cannot be reached \
             from here, and plimsoll opens no port to others\n  = run plimsoll on that machine; jobs alone need \
             no more than the engine"
        ))),
        Whereabouts::Unknown(said) => Err(Failure::Input(format!(
            "node {node}, {endpoint}: that host cannot be resolved: {said}"
        ))),
    };
    engines.iter().try_for_each(check)
}

/// Makes sure that each engine may be its node, writes it down, and marks them.
fn claim(nodes: &Nodes, engines: &[Engine], home: &Home, image: &Image) -> Result<(), Failure> {
    let seen = claim::look(engines, home.cluster(), image);
    let seen = seen.into_iter().collect::<Result<Vec<_>, _>>()?;
    let before = home.before();
    let pairs = || engines.iter().zip(&seen);
    let as_nodes: Vec<Node> = pairs()
        .map(|(engine, seen)| Node::of(engine, &seen.about.id))
        .collect();
    let unfit = pairs().filter_map(|(engine, seen)| claim::unfit(engine, seen, before));
    let mut wrong: Vec<String> = unfit.collect();
    wrong.extend(claim::forgotten(&as_nodes, before));
    if !wrong.is_empty() {
        return Err(refused(&wrong, home.clean_line()));
    }
    let run = home.run().to_owned();
    home.write(&Record {
        run,
        nodes: as_nodes,
    })?;
    let (publish, reached) = (nodes.publish, nodes.reached.is_some());
    let marked = claim::mark(engines, home.cluster(), home.run(), publish, reached);
    marked.map_err(|unclaimed| match unclaimed {
        Unclaimed::Trouble(trouble) => Failure::from(trouble),
        Unclaimed::Wrong(said) => Failure::Input(said),
    })
}

/// What is said where engines are not the nodes that they were. `clean` is the command that removes what is left.
pub(super) fn refused(wrong: &[String], clean: &str) -> Failure {
    Failure::Input(format!(
        "these engines cannot be the nodes of this cluster\n  = {}\n  = give the same engines as before, or \
         remove what is left with {clean}",
        wrong.join("\n  = ")
    ))
}

/// Private engines for the nodes, written down and not booted.
fn private(nodes: &Nodes, home: &Home) -> Result<Sandbox, Failure> {
    let private: Vec<Node> = nodes.names.iter().map(|name| Node::private(name)).collect();
    let wrong = claim::forgotten(&private, home.before());
    if !wrong.is_empty() {
        return Err(refused(&wrong, home.clean_line()));
    }
    let sandbox = Sandbox::new(&home.engines(), home.cluster(), &nodes.names)?;
    let run = home.run().to_owned();
    home.write(&Record {
        run,
        nodes: private,
    })?;
    Ok(sandbox)
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        Failure::Environment(trouble.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_host_that_has_no_address_is_not_said_to_be_another_machine() {
        let nodes = Nodes {
            names: vec!["a".to_owned()],
            declared: Vec::new(),
            reached: Some("web".to_owned()),
            publish: false,
        };
        let refused = |endpoint: &str| {
            let keys = Keys::of_folder(Path::new("certs"));
            let endpoint = Endpoint::parse(endpoint, Some(keys)).expect("an endpoint");
            let node = "a".to_owned();
            match near(&nodes, &[Engine { node, endpoint }]) {
                Err(Failure::Input(said)) => said,
                other => panic!("{other:?}"),
            }
        };
        // No name ends so (RFC 6761), and nobody has that address (RFC 5737).
        let unknown = refused("tcp://engine.invalid:2376");
        let wanted = "node a, tcp://engine.invalid:2376: that host cannot be resolved: ";
        assert!(unknown.starts_with(wanted), "{unknown}");
        let far = refused("tcp://192.0.2.1:2376");
        assert!(far.contains("is on another machine"), "{far}");
    }
}
