//! The engine of every node: typed, or else as the scenario says.

use crate::cli::Failure;
use crate::cli::args::Live;
use crate::live::claim::{self, Unclaimed};
use crate::live::config::{Endpoint, Engine, Keys};
use crate::live::image::Image;
use crate::live::record::{Node, Record};
use crate::live::tls;
use crate::scenario::Scenario;

use super::home::Home;

/// The engines that were typed.
pub(super) fn typed(args: &Live) -> Result<Vec<Engine>, Failure> {
    let engine = |text: &String| -> Result<Engine, Failure> {
        let wrong = |said: String| Failure::Input(format!("--engine {text}: {said}"));
        let parts = text.split_once('=');
        let (node, endpoint) = parts.ok_or_else(|| wrong("write NODE=ENDPOINT".to_owned()))?;
        let is_tcp = endpoint.starts_with("tcp://");
        let keys = args.tls_dir.as_deref().filter(|_| is_tcp);
        let endpoint = Endpoint::parse(endpoint, keys.map(Keys::of_folder));
        let endpoint = endpoint.map_err(|bad| wrong(format!("{bad}{}", how(args))))?;
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
fn how(args: &Live) -> &'static str {
    match args.tls_dir {
        Some(_) => "",
        None => "\n  = give --tls-dir for mutual TLS",
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
    args: &Live,
    scenario: &Scenario,
    typed: Vec<Engine>,
) -> Result<Vec<Engine>, Failure> {
    let nodes = scenario.catalog.nodes.as_slice();
    if let Some(count) = args.sandbox {
        return match count as usize == nodes.len() {
            true => Ok(Vec::new()),
            false => Err(Failure::Input(format!(
                "--sandbox {count}: the scenario has {} nodes, and each is an engine",
                nodes.len()
            ))),
        };
    }
    let known = nodes.iter().map(|node| node.name.as_str());
    let known = known.collect::<Vec<_>>().join(", ");
    for (n, engine) in typed.iter().enumerate() {
        let Engine { node, endpoint } = engine;
        let wrong = |said: &str| Failure::Input(format!("--engine {node}={endpoint}: {said}"));
        if !nodes.iter().any(|known| known.name == *node) {
            return Err(wrong(&format!(
                "the scenario has no such node\n  = known: {known}"
            )));
        }
        if typed[..n].iter().any(|other| other.node == *node) {
            return Err(wrong("that node has an engine already"));
        }
    }
    let find = |node: &str| {
        let mut engines = typed.iter().chain(&scenario.live.engines);
        engines.find(|engine| engine.node == node).cloned()
    };
    let engine = |node: &crate::cluster::catalog::NodeSpec| {
        find(&node.name).ok_or_else(|| {
            Failure::Input(format!(
                "node {} has no engine\n  = give --engine {}=ENDPOINT, an entry of [[live.engines]], or --sandbox {}",
                node.name,
                node.name,
                nodes.len()
            ))
        })
    };
    let engines = nodes.iter().map(engine).collect::<Result<Vec<_>, _>>()?;
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
    near(scenario, &engines)?;
    Ok(engines)
}

/// Refuses services on engines of other machines, whose containers cannot be reached from here.
fn near(scenario: &Scenario, engines: &[Engine]) -> Result<(), Failure> {
    let Some(service) = scenario.catalog.services.as_slice().first() else {
        return Ok(());
    };
    let mut far = engines.iter().filter(|engine| !engine.endpoint.is_here());
    match far.next() {
        None => Ok(()),
        Some(Engine { node, endpoint }) => Err(Failure::Input(format!(
            "node {node}, {endpoint}: that engine is on another machine, and replicas of {} there could be \
             neither probed nor sent requests\n  = their network and 127.0.0.1 of that machine cannot be reached \
             from here, and plimsoll opens no port to others\n  = run plimsoll on that machine; jobs alone need \
             no more than the engine",
            service.name
        ))),
    }
}

/// Whether replicas listen on 127.0.0.1 too.
pub(super) fn publishes(args: &Live, scenario: &Scenario) -> bool {
    args.sandbox.is_none() && (args.publish || scenario.live.publish)
}

/// Makes sure that each engine may be its node, writes it down, and marks them.
pub(super) fn claim(
    args: &Live,
    scenario: &Scenario,
    engines: &[Engine],
    home: &Home,
    image: &Image,
) -> Result<(), Failure> {
    let seen = claim::look(engines, home.cluster(), image);
    let seen = seen.into_iter().collect::<Result<Vec<_>, _>>()?;
    let before = home.before();
    let pairs = || engines.iter().zip(&seen);
    let nodes: Vec<Node> = pairs()
        .map(|(engine, seen)| Node::of(engine, &seen.about.id))
        .collect();
    let unfit = pairs().filter_map(|(engine, seen)| claim::unfit(engine, seen, before));
    let mut wrong: Vec<String> = unfit.collect();
    wrong.extend(claim::forgotten(&nodes, before));
    if !wrong.is_empty() {
        return Err(refused(&wrong, home.cluster()));
    }
    let run = home.run().to_owned();
    home.write(&Record { run, nodes })?;
    let publish = publishes(args, scenario);
    let reached = !scenario.catalog.services.is_empty();
    let marked = claim::mark(engines, home.cluster(), home.run(), publish, reached);
    marked.map_err(|unclaimed| match unclaimed {
        Unclaimed::Trouble(trouble) => Failure::from(trouble),
        Unclaimed::Wrong(said) => Failure::Input(said),
    })
}

/// What is said where engines are not the nodes that they were.
pub(super) fn refused(wrong: &[String], cluster: &str) -> Failure {
    Failure::Input(format!(
        "these engines cannot be the nodes of cluster {cluster}\n  = {}\n  = give the same engines as before, or \
         remove what is left with plimsoll live --clean --cluster {cluster}",
        wrong.join("\n  = ")
    ))
}

/// The nodes as private engines, written down.
pub(super) fn private(scenario: &Scenario, home: &Home) -> Result<Vec<String>, Failure> {
    let nodes = scenario.catalog.nodes.as_slice().iter();
    let names: Vec<String> = nodes.map(|node| node.name.clone()).collect();
    let nodes: Vec<Node> = names.iter().map(|name| Node::private(name)).collect();
    let wrong = claim::forgotten(&nodes, home.before());
    if !wrong.is_empty() {
        return Err(refused(&wrong, home.cluster()));
    }
    let run = home.run().to_owned();
    home.write(&Record { run, nodes })?;
    Ok(names)
}
