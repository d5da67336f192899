//! The first decisions of a live run, without any engine: the real control plane is told what it would be
//! told at the start, and what it orders is written down.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::{Settings, resize};
use crate::cluster::Cluster;
use crate::cluster::pod::{Owner, Queued};
use crate::control::Control;
use crate::control::command::Command;
use crate::control::fact::Fact;
use crate::ids::{Arena, Id, JobId, NodeId};
use crate::live::container::Spec;
use crate::live::engine::Listed;
use crate::live::journal;
use crate::live::trouble::Trouble;
use crate::live::world::making::{Making, Specified};
use crate::record::{Record, Recorder};
use crate::runtime::{self, Passed, Runtime, Stop};
use crate::scenario::Scenario;
use crate::time::Time;

/// Longest time that decisions take of which the first are rehearsed.
const END: Time = Time::from_secs(60);

/// What a live run would begin with.
#[derive(Clone, Debug, Default)]
pub struct Rehearsed {
    /// Containers that are there and go on.
    pub kept: Vec<(NodeId, Spec)>,
    /// Containers that are there and would be removed.
    pub removed: Vec<(NodeId, Listed)>,
    /// Containers that would be started, in order.
    pub started: Vec<(NodeId, Spec)>,
    /// Pods that would wait for a node.
    pub waiting: Vec<String>,
}

/// The first decisions, where this is there of the cluster; `journal` is what a run before wrote down.
///
/// # Errors
/// When the journal cannot be read.
pub fn rehearse(
    scenario: &Scenario,
    making: &Making<'_>,
    lists: &Arena<NodeId, Vec<Listed>>,
    journal: &Path,
) -> Result<Rehearsed, Trouble> {
    let adopted = making.adopt(lists);
    let took_over = !adopted.changes.is_empty();
    let mut catalog = scenario.catalog.clone();
    if took_over {
        resize(Arc::make_mut(&mut catalog), &journal::sizes(journal)?);
    }
    let mut cluster = Cluster::new(catalog);
    for change in adopted.changes {
        cluster.apply(Time::ZERO, change);
    }
    let settings = Settings {
        scheduling: scenario.sim.scheduling,
    };
    let seed = making.script.seed;
    let mut control = Control::over(cluster, &scenario.policy, settings, seed);
    let mut stage = Stage {
        facts: facts(making, took_over),
        ordered: Vec::new(),
    };
    let driven = runtime::drive(&mut control, &mut stage, &mut UntilDecided, END);
    driven.map_err(|stop| Trouble::refused("the first decisions", stop))?;
    let kept = specs(making, &adopted.starts);
    let is_kept = |node: NodeId, one: &Listed| {
        let mut kept = kept.iter();
        kept.any(|(on, spec)| *on == node && spec.name == one.name)
    };
    let lists = lists.iter();
    let all = lists.flat_map(|(node, list)| list.iter().map(move |one| (node, one)));
    let removed = all.filter(|&(node, one)| !is_kept(node, one));
    Ok(Rehearsed {
        removed: removed.map(|(node, one)| (node, one.clone())).collect(),
        started: specs(making, &stage.ordered),
        waiting: waiting(&control),
        kept,
    })
}

/// What the control plane is told at the start.
fn facts(making: &Making<'_>, took_over: bool) -> Vec<Fact> {
    let Making {
        catalog, script, ..
    } = making;
    let nodes = catalog.nodes.iter();
    // What is taken over is believed already.
    let nodes = nodes.filter(|(_, spec)| spec.at_start && !took_over);
    let nodes = nodes.map(|(node, _)| Fact::NodeAdded(node));
    let services = catalog.services.ids().map(Fact::ServiceSubmitted);
    let jobs = &script.jobs;
    let first = jobs.arrivals.partition_point(|&at| at == Time::ZERO);
    let jobs = (0..first).map(|index| Fact::JobSubmitted {
        job: JobId(index as u32),
        shape: jobs.shapes[index],
        replace: jobs.replace[index],
    });
    nodes.chain(services).chain(jobs).collect()
}

/// What the containers are made with that are ordered.
fn specs(making: &Making<'_>, ordered: &[Command]) -> Vec<(NodeId, Spec)> {
    let spec = |command: &Command| match *command {
        Command::Start {
            incarnation,
            owner,
            index,
            shape,
            node,
            ..
        } => {
            let Specified { spec, .. } = making.specify(owner, index, incarnation, shape, node);
            Some((node, spec))
        }
        Command::Stop { .. }
        | Command::Route { .. }
        | Command::Unroute { .. }
        | Command::Sample { .. } => None,
    };
    ordered.iter().filter_map(spec).collect()
}

/// Pods without a node.
fn waiting(control: &Control) -> Vec<String> {
    let belief = control.cluster();
    let pods = belief.pods().iter();
    let waiting = pods.filter(|(_, pod)| pod.queued != Queued::No);
    let name = |owner: Owner, index: u32| match owner {
        Owner::Service(service) => {
            format!("{}-{index}", belief.catalog().services[service].name)
        }
        Owner::Job(job) => format!("job {}", job.index()),
    };
    waiting.map(|(_, pod)| name(pod.owner, pod.index)).collect()
}

/// A world in which nothing happens after the start.
struct Stage {
    facts: Vec<Fact>,
    ordered: Vec<Command>,
}

impl Runtime for Stage {
    fn wait(&mut self, deadline: Time, passed: &mut Passed) -> Result<Time, Stop> {
        let at = match self.facts.is_empty() {
            true => deadline,
            false => Time::ZERO,
        };
        passed.facts.append(&mut self.facts);
        Ok(at)
    }

    fn submit(&mut self, _now: Time, command: Command) {
        self.ordered.push(command);
    }
}

/// Ends it once every pod was looked at.
struct UntilDecided;

impl Recorder for UntilDecided {
    fn record(&mut self, _at: Time, _record: Record) {}

    fn turn(&mut self, _now: Time, belief: &Cluster) -> ControlFlow<()> {
        match belief.queue().next() {
            None => ControlFlow::Break(()),
            Some(_) => ControlFlow::Continue(()),
        }
    }
}
