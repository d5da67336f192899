//! Engines that are given, before a run: what they say of themselves, whether each may be the node that it
//! is to be, and the mark that says so.
//!
//! Two engines of one machine can have one id, and one engine can listen in two places. So what counts is
//! the mark: the cluster's network on an engine says which node the engine is.

use super::config::Engine;
use super::engine::network::{Found, Wanted};
use super::engine::{self, About, Listed};
use super::image::Image;
use super::labels;
use super::record::{self, Record};
use super::trouble::Trouble;

/// What there is on an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it says of itself.
    pub about: About,
    /// The cluster's network.
    pub network: Option<Found>,
    /// The cluster's containers.
    pub list: Vec<Listed>,
    /// Whether the image is there.
    pub has_image: bool,
}

/// Why engines cannot be the nodes that they are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unclaimed {
    /// Something did not work.
    Trouble(Trouble),
    /// Something else must be wanted for.
    Wrong(String),
}

impl From<Trouble> for Unclaimed {
    fn from(trouble: Trouble) -> Unclaimed {
        Unclaimed::Trouble(trouble)
    }
}

/// Looks at each engine and changes nothing.
pub fn look(engines: &[Engine], cluster: &str, image: &Image) -> Vec<Result<Seen, Trouble>> {
    let look = |engine: &Engine| {
        super::with(engine, async |engine, about| {
            Ok(Seen {
                about,
                network: engine.network(cluster).await?,
                list: engine.list(cluster).await?,
                has_image: engine.has(image).await?,
            })
        })
    };
    engines.iter().map(look).collect()
}

/// Why an engine may not be its node, if it may not; `before` is what a run before wrote down.
pub fn unfit(engine: &Engine, seen: &Seen, before: Option<&Record>) -> Option<String> {
    let Engine { node, endpoint } = engine;
    let prefix = format!("{}=", labels::NODE);
    let mut said = seen.about.labels.iter();
    let said = said.find_map(|label| label.strip_prefix(&prefix));
    if let Some(other) = said.filter(|&other| other != node) {
        return Some(format!(
            "node {node}, {endpoint}: its label {prefix}{other} says that it is node {other}"
        ));
    }
    let marked = seen.network.as_ref().and_then(|found| found.node.as_ref());
    if let Some(other) = marked {
        return (other != node).then(|| {
            format!(
                "node {node}, {endpoint}: this engine is node {other} of the cluster already, and what runs there \
                 would be taken for {node}'s"
            )
        });
    }
    let was = before?.nodes.iter().find(|was| was.node == *node)?;
    let same = was.endpoint.as_ref() == Some(&endpoint.to_string())
        && was.engine.as_ref() == Some(&seen.about.id);
    (!same).then(|| {
        let other = match &was.endpoint {
            None => "a private engine (--sandbox)".to_owned(),
            Some(other) if *other == endpoint.to_string() => {
                "another engine, which listened there".to_owned()
            }
            Some(other) => other.clone(),
        };
        format!(
            "node {node}, {endpoint}: in a run of this cluster that did not end in order it was {other}, where \
             something may be left"
        )
    })
}

/// Nodes of a run before that are no engine of this one: what is left there would be forgotten.
pub fn forgotten(nodes: &[record::Node], before: Option<&Record>) -> Vec<String> {
    let is_same = |was: &record::Node, now: &record::Node| {
        was.node == now.node && was.endpoint.is_some() == now.endpoint.is_some()
    };
    let before = before.iter().flat_map(|before| &before.nodes);
    let gone = before.filter(|was| !nodes.iter().any(|now| is_same(was, now)));
    let words = |was: &record::Node| {
        let place = was.endpoint.as_deref().unwrap_or("a private engine");
        format!(
            "node {} was {place} in a run of this cluster that did not end in order: something may be left there",
            was.node
        )
    };
    gone.map(words).collect()
}

/// Marks the engines as the nodes that they are. What was marked is not, if one cannot be; `reached` says
/// whether their containers are to be reached from here.
///
/// # Errors
/// When an engine does not answer, is another node already, or has its network elsewhere.
pub fn mark(
    engines: &[Engine],
    cluster: &str,
    run: &str,
    publish: bool,
    reached: bool,
) -> Result<(), Unclaimed> {
    let mut made = Vec::new();
    for engine in engines {
        let wanted = Wanted {
            cluster: cluster.to_owned(),
            run: run.to_owned(),
            node: engine.node.clone(),
            open: publish,
        };
        let marked = mark_one(engine, &wanted, &mut made, reached && !publish);
        if let Err(unclaimed) = marked {
            // What cannot be removed is found by --clean: the lock file says where.
            drop(super::on_each(&made, async |engine| {
                engine.remove_networks(cluster).await
            }));
            return Err(unclaimed);
        }
    }
    Ok(())
}

fn mark_one(
    engine: &Engine,
    wanted: &Wanted,
    made: &mut Vec<Engine>,
    reached: bool,
) -> Result<(), Unclaimed> {
    let Engine { node, endpoint } = engine;
    let (found, is_new) = super::with(engine, async |engine: engine::Engine, _| {
        let before = engine.network(&wanted.cluster).await?;
        let refused = before.as_ref().and_then(|found| found.refused(wanted));
        if refused.is_some() {
            return Ok((before, false));
        }
        let is_new = engine.ensure_network(wanted).await?;
        Ok((engine.network(&wanted.cluster).await?, is_new))
    })?;
    if is_new {
        made.push(engine.clone());
    }
    let gone = || Trouble::refused(endpoint.to_string(), "the network is gone again");
    let found = found.ok_or_else(gone)?;
    if let Some(other) = found.node.as_ref().filter(|&other| other != node) {
        let same = made.iter().find(|one| one.node == *other);
        return Err(Unclaimed::Wrong(match same {
            Some(other) => format!(
                "node {node}, {endpoint}: this is the engine of node {} too, {}, and each node is an engine of its own",
                other.node, other.endpoint
            ),
            None => format!("node {node}, {endpoint}: this engine is node {other} of the cluster"),
        }));
    }
    if let Some(why) = found.refused(wanted) {
        let network = labels::network(&wanted.cluster);
        return Err(Unclaimed::Wrong(format!(
            "node {node}, {endpoint}: network {network}: {why}"
        )));
    }
    match reached && found.is_here() == Some(false) {
        true => Err(Unclaimed::Wrong(format!(
            "node {node}, {endpoint}: its containers cannot be reached from here, for their network is not on this \
             machine: rootless, in a virtual machine, or behind a tunnel\n  = --publish has them listen on 127.0.0.1 \
             beside it; a run on the engine's own machine needs nothing"
        ))),
        false => Ok(()),
    }
}
