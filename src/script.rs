//! The script: what the outside world does, whatever the policies. Both runtimes read it.

pub mod failure;
pub mod jobs;
pub mod load;
pub mod peak;
pub mod resample;
pub mod service;
pub mod strike;
pub mod strikes;

use std::sync::Arc;

use crate::cluster::catalog::Catalog;
use crate::dist::Distribution;
use crate::ids::{Arena, NodeId, ServiceId, ShapeId};
use crate::rng::Seed;
use crate::time::Time;
use failure::{Failure, Target};
use jobs::{JobSource, Jobs};
use resample::Resample;
use service::Behaviour;
use strike::Strike;

/// What the outside world is made of; a seed turns it into a [`Script`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// Jobs of a trace, in order of arrival.
    pub trace: Arc<Jobs>,
    /// Jobs by distribution.
    pub sources: Vec<JobSource>,
    /// Node events of a trace, in order of time.
    pub node_events: Arc<[NodeEvent]>,
    /// How the replicas of each service behave, and who asks them for what.
    pub services: Arena<ServiceId, Behaviour>,
    /// What fails.
    pub failures: Vec<Failure>,
    /// What is lost in every run besides, at a time and a place by lot.
    pub strike: Option<Strike>,
    /// How the jobs of the trace are drawn anew for every replication; `None`: they stay.
    pub resample: Option<Resample>,
}

/// What the outside world does in one run.
#[derive(Clone, Debug)]
pub struct Script {
    /// Every job, in order of arrival.
    pub jobs: Arc<Jobs>,
    /// Node events of a trace, in order of time.
    pub node_events: Arc<[NodeEvent]>,
    /// How the replicas of each service behave, and who asks them for what.
    pub services: Arena<ServiceId, Behaviour>,
    /// What fails.
    pub failures: Vec<Failure>,
    /// Keys every stream.
    pub seed: Seed,
}

/// Something that happens to a node at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeEvent {
    /// When.
    pub at: Time,
    /// To which node.
    pub node: NodeId,
    /// What.
    pub event: NodeEventKind,
}

/// What happens to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeEventKind {
    /// It joins the cluster, and is up unless a [`Failure`] lasts that struck it or its zone.
    Add,
    /// It leaves the cluster for good, announced. Its crash, if it has crashed, ends with that.
    Remove,
    /// It crashes, unannounced.
    Fail,
    /// It comes back from a crash.
    Recover,
    /// An operator drains it.
    Drain,
    /// An operator gives it back.
    Undrain,
}

impl Outline {
    /// The script of one run over [0, end).
    pub fn script(&self, seed: Seed, end: Time) -> Script {
        let trace = match &self.resample {
            None => Arc::clone(&self.trace),
            Some(rule) => Arc::new(rule.draw(&self.trace, seed)),
        };
        let strike = self.strike.as_ref();
        let struck = strike.and_then(|strike| strike.draw(&self.node_events, seed));
        Script {
            jobs: jobs::merge(&trace, &self.sources, seed, end),
            node_events: self.node_events.clone(),
            services: self.services.clone(),
            failures: self.failures.iter().cloned().chain(struck).collect(),
            seed,
        }
    }

    /// Pods of each shape to be expected in [0, end), whatever the policies: jobs of the trace by
    /// number, jobs by distribution by their expected number, services by replicas at the start.
    pub fn expected_pods(&self, catalog: &Catalog, end: Time) -> Arena<ShapeId, f64> {
        let mut pods = Arena::filled(0.0, catalog.shapes.len());
        for &shape in &self.trace.shapes {
            pods[shape] += 1.0;
        }
        for source in &self.sources {
            let total: f64 = source.shapes.iter().map(|&(weight, _)| weight).sum();
            for &(weight, shape) in &source.shapes {
                pods[shape] += source.expected(end) * weight / total;
            }
        }
        for (_, service) in catalog.services.iter() {
            pods[service.shape] += f64::from(service.replicas);
        }
        pods
    }

    /// Whether nodes can fail, one by one or by zones.
    pub fn loses_nodes(&self) -> bool {
        let of_nodes = |failure: &Failure| match failure.target {
            Target::Nodes(_) | Target::Zones(_) => true,
            Target::Containers(_) => false,
        };
        self.strike.is_some()
            || self.node_events.iter().any(fails)
            || self.failures.iter().any(of_nodes)
    }

    /// Whether two seeds can make the outside world different. A node that fails is random by itself:
    /// how long it takes until that is seen depends on when the node renews its lease, and each has
    /// its own time.
    pub fn is_random(&self) -> bool {
        self.strike.is_some()
            || self.resample.is_some()
            || self.sources.iter().any(JobSource::is_random)
            || self.node_events.iter().any(fails)
            || self.services.as_slice().iter().any(Behaviour::is_random)
            || self.failures.iter().any(Failure::is_random)
    }
}

/// Whether an event is a failure.
fn fails(event: &NodeEvent) -> bool {
    event.event == NodeEventKind::Fail
}

/// Whether two draws can differ.
fn varies(law: &Distribution) -> bool {
    law.variance() != Some(0.0)
}
