//! `plimsoll live --dry-run`: what would be done, found out without doing any of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::cli::Failure;
use crate::cli::args::{Format, Live};
use crate::cli::engines::home::{Glimpse, Home, clean_line};
use crate::cli::engines::{self, Nodes};
use crate::cli::out::print;
use crate::ids::{Arena, Id, NodeId};
use crate::live::claim::{self, Seen};
use crate::live::config::{Endpoint, Engine};
use crate::live::container::Spec;
use crate::live::image::Image;
use crate::live::labels;
use crate::live::record::Node;
use crate::live::sandbox::{self, Sandbox};
use crate::live::trouble::Trouble;
use crate::live::world::making::Making;
use crate::report::explain::amounts::{cpu, memory};
use crate::report::text::count;
use crate::rng::Seed;
use crate::run::live;
use crate::run::live::rehearsal::{Rehearsed, rehearse};
use crate::scenario::Scenario;

/// Columns of what stands before the details of a line.
const HEAD: usize = 12;

/// All that there is to say.
struct Page<'a> {
    args: &'a Live,
    scenario: &'a Scenario,
    nodes: &'a Nodes,
    engines: &'a [Engine],
    image: &'a Image,
    cluster: &'a str,
    glimpse: &'a Glimpse,
    /// Of every node: what its engine says, if it is there already.
    seen: &'a [Option<Result<Seen, Trouble>>],
}

/// Says what a run would do. An engine that does not answer, or may not be its node, is a failure once all
/// is said.
pub(super) fn run(
    args: &Live,
    scenario: &Scenario,
    nodes: &Nodes,
    engines: &[Engine],
    image: &Image,
    cluster: &str,
) -> Result<(), Failure> {
    if args.results.printed.format == Format::Json {
        let said = "--dry-run is told as text alone\n  = leave --format out";
        return Err(Failure::Input(said.to_owned()));
    }
    let glimpse = Home::glimpse(args.on.state.as_deref(), cluster)?;
    let seen = seen(args, nodes, engines, image, cluster, &glimpse)?;
    let page = Page {
        args,
        scenario,
        nodes,
        engines,
        image,
        cluster,
        glimpse: &glimpse,
        seen: &seen,
    };
    let lists = seen.iter().map(|seen| match seen {
        Some(Ok(seen)) => seen.list.clone(),
        Some(Err(_)) | None => Vec::new(),
    });
    let lists: Arena<NodeId, _> = lists.collect();
    let script = live::script(
        scenario,
        Seed {
            seed: args.chance.seed,
            replication: 1,
        },
    );
    let making = Making {
        catalog: &scenario.catalog,
        script: &script,
        cluster,
        run: "",
        image,
        publish: nodes.publish,
    };
    let journal = glimpse.dir.join("journal");
    let rehearsed = rehearse(scenario, &making, &lists, &journal)?;
    let mut said = page.head();
    said += &page.engines();
    said += &page.wares();
    said += &page.containers(&rehearsed);
    print(&said)?;
    page.verdict()
}

/// What is on the engines that are there: given ones, and private ones that a run left.
fn seen(
    args: &Live,
    nodes: &Nodes,
    engines: &[Engine],
    image: &Image,
    cluster: &str,
    glimpse: &Glimpse,
) -> Result<Vec<Option<Result<Seen, Trouble>>>, Failure> {
    if args.on.sandbox.is_none() {
        let seen = claim::look(engines, cluster, image);
        return Ok(seen.into_iter().map(Some).collect());
    }
    let dir = glimpse.dir.join("engines");
    // Nothing was left: then there is no folder, and none is made.
    if !dir.is_dir() || sandbox::impossible().is_some() {
        return Ok(vec![None; nodes.names.len()]);
    }
    let sandbox = Sandbox::new(&dir, cluster, &nodes.names)?;
    let look = |machine: &sandbox::Machine| {
        let engine = Engine {
            node: machine.node().to_owned(),
            endpoint: machine.endpoint(),
        };
        let up = machine.is_up();
        up.then(|| claim::look(&[engine], cluster, image).pop())
            .flatten()
    };
    Ok(sandbox.machines().iter().map(look).collect())
}

impl Page<'_> {
    fn nodes(&self) -> impl Iterator<Item = (NodeId, &str)> {
        let nodes = self.scenario.catalog.nodes.iter();
        nodes.map(|(id, node)| (id, node.name.as_str()))
    }

    /// What it is about.
    fn head(&self) -> String {
        let policy = &self.scenario.policy;
        let nodes = count(self.scenario.catalog.nodes.len() as u64, "node");
        let whose = match self.args.on.sandbox {
            Some(_) => "private engines",
            None => "engines that are given",
        };
        let mut said = format!(
            "{} · cluster {} · {nodes} on {whose} · scheduler {}, autoscaler {}, healer {}\n\
             A dry run: nothing is made, started or removed.\n",
            self.scenario.name,
            self.cluster,
            policy.scheduler.name,
            policy.autoscaler.name,
            policy.healer.name
        );
        if self.glimpse.is_used {
            said += "Another plimsoll live uses the cluster now: a run would be refused.\n";
        }
        said
    }

    /// Each node with its engine.
    fn engines(&self) -> String {
        let widest = self.nodes().map(|(_, name)| name.len()).max().unwrap_or(0);
        let mut said = "\nengines\n".to_owned();
        for (node, name) in self.nodes() {
            let spec = &self.scenario.catalog.nodes[node];
            let room = format!(
                "{}, {}",
                cpu(spec.allocatable.cpu),
                memory(spec.allocatable.memory)
            );
            let _ = writeln!(
                said,
                "  {name:widest$}  {room}  {}",
                self.engine(node, name)
            );
        }
        said
    }

    /// Where a node's engine is, and whether it answers.
    fn engine(&self, node: NodeId, name: &str) -> String {
        let place = match self.engines.get(node.index()) {
            Some(engine) => match &engine.endpoint {
                endpoint @ Endpoint::Tls { .. } => format!("{endpoint} (TLS)"),
                endpoint => endpoint.to_string(),
            },
            None => format!(
                "a machine in {}",
                self.glimpse.dir.join("engines").join(name).display()
            ),
        };
        match &self.seen[node.index()] {
            None => format!("{place}  would be started"),
            Some(Err(trouble)) if trouble.was_unheard() => {
                format!("{place}  cannot be reached: {}", trouble.said)
            }
            Some(Err(trouble)) => format!("{place}  cannot be used: {trouble}"),
            Some(Ok(seen)) => {
                let about = &seen.about;
                let spec = &self.scenario.catalog.nodes[node].allocatable;
                let small = about.cpus * 1000 < spec.cpu.0 || about.memory < spec.memory.0;
                let note = match small {
                    true => ", less than the node is said to have",
                    false => "",
                };
                format!(
                    "{place}  Docker {}, {} and {} for all that runs there{note}",
                    about.version,
                    count(about.cpus, "CPU"),
                    memory(crate::units::Bytes(about.memory)),
                )
            }
        }
    }

    /// The image and the network.
    fn wares(&self) -> String {
        let is_there = |has: &dyn Fn(&Seen) -> bool| {
            let mut names = Vec::new();
            for ((_, name), seen) in self.nodes().zip(self.seen) {
                if matches!(seen, Some(Ok(seen)) if has(seen)) {
                    names.push(name.to_owned());
                }
            }
            names
        };
        let all = self.seen.len();
        let told = |there: Vec<String>, verb: &str| match there.len() {
            0 => format!("would be {verb}"),
            some if some == all => "there".to_owned(),
            _ => format!("there on {}; would be {verb} elsewhere", there.join(", ")),
        };
        let images = told(is_there(&|seen| seen.has_image), "loaded");
        let networks = told(is_there(&|seen| seen.network.is_some()), "made");
        let kind = match self.nodes.publish {
            true => "open, replicas listen on 127.0.0.1 too",
            false => "closed, nothing leads out of it",
        };
        let network = labels::network(self.cluster);
        format!(
            "\n{:HEAD$}{}  {images}\n{:HEAD$}config {}\n{:HEAD$}{network}  {kind}; {networks}\n",
            "image", self.image.name, "", self.image.config, "network"
        )
    }

    /// What is there of the cluster, and what would be started.
    fn containers(&self, rehearsed: &Rehearsed) -> String {
        let Rehearsed {
            kept,
            removed,
            started,
            waiting,
        } = rehearsed;
        let nodes = &self.scenario.catalog.nodes;
        let mut said = format!(
            "\n{:HEAD$}{} of the cluster: {} would go on, {} would be removed\n",
            "there",
            count((kept.len() + removed.len()) as u64, "container"),
            kept.len(),
            removed.len()
        );
        for (node, spec) in kept {
            let _ = writeln!(said, "  {}  {}  goes on", nodes[*node].name, spec.name);
        }
        for (node, one) in removed {
            let _ = writeln!(
                said,
                "  {}  {}  would be removed",
                nodes[*node].name, one.name
            );
        }
        let mut on: BTreeMap<NodeId, u32> = BTreeMap::new();
        for (node, _) in started {
            *on.entry(*node).or_default() += 1;
        }
        let on = on
            .iter()
            .map(|(&node, count)| format!("{count} on {}", nodes[node].name));
        let on = on.collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            said,
            "\n{:HEAD$}{} would be started{}{on}",
            "first",
            count(started.len() as u64, "container"),
            if on.is_empty() { "" } else { ": " }
        );
        let widest = started.iter().map(|(_, spec)| spec.name.len()).max();
        let width = widest.unwrap_or(0);
        for (node, spec) in started {
            let (name, limits) = (&spec.name, limits(spec));
            let _ = writeln!(said, "  {}  {name:width$}  {limits}", nodes[*node].name);
        }
        if !waiting.is_empty() {
            let _ = writeln!(
                said,
                "{:HEAD$}no node at the start for {}: {}",
                "waiting",
                count(waiting.len() as u64, "pod"),
                waiting.join(", ")
            );
        }
        said
    }

    /// Whether a run would get that far.
    fn verdict(&self) -> Result<(), Failure> {
        let silent: Vec<&str> = self
            .nodes()
            .zip(self.seen)
            .filter(|(_, seen)| matches!(seen, Some(Err(_))))
            .map(|((_, name), _)| name)
            .collect();
        let before = self.glimpse.before.as_ref();
        let mut wrong = Vec::new();
        let mut nodes: Vec<Node> = Vec::new();
        for ((_, name), engine) in self.nodes().zip(0..) {
            let Some(engine) = self.engines.get(engine) else {
                nodes.push(Node::private(name));
                continue;
            };
            let seen = self.seen[nodes.len()].as_ref();
            let seen = seen.and_then(|seen| seen.as_ref().ok());
            let id = seen.map_or("", |seen| seen.about.id.as_str());
            nodes.push(Node::of(engine, id));
            wrong.extend(seen.and_then(|seen| claim::unfit(engine, seen, before)));
        }
        wrong.extend(claim::forgotten(&nodes, before));
        if !wrong.is_empty() {
            let clean = clean_line(self.args.on.state.as_deref(), self.cluster);
            return Err(engines::refused(&wrong, &clean));
        }
        match (self.args.on.sandbox, sandbox::impossible()) {
            (Some(_), Some(why)) => Err(Failure::Environment(format!("--sandbox: {why}"))),
            _ if silent.is_empty() => Ok(()),
            _ => Err(Failure::Environment(format!(
                "the engine of {} cannot be used: a run would end here",
                silent.join(", ")
            ))),
        }
    }
}

/// What a container cannot exceed.
fn limits(spec: &Spec) -> String {
    let (most, bytes) = spec.limits();
    let most = most.map_or_else(
        || "no limit of cpu".to_owned(),
        |most| format!("cpu {}", cpu(most)),
    );
    format!("{most}, memory {}", memory(bytes))
}
