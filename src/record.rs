//! Records: everything that happened, was heard, believed, planned and ordered, in order.

pub mod standing;

use std::ops::ControlFlow;

use crate::cluster::Cluster;
use crate::cluster::change::Change;
use crate::cluster::pod::Exit;
use crate::control::command::Command;
use crate::control::fact::Fact;
use crate::ids::{JobId, NodeId, PodId, ServiceId, ZoneId};
use crate::policy::Plan;
use crate::time::Time;

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Something happened, heard or not.
    Truth(Truth),
    /// The control plane was told.
    Heard(Fact),
    /// Belief changed.
    Believed(Change),
    /// A policy decided.
    Planned(Plan),
    /// The runtime was told to act.
    Ordered(Command),
}

/// Something that happened in the world, whether or not anybody heard of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Truth {
    /// A node is provisioned (and paid for) from now on; it is not up yet.
    NodeProvisioned(NodeId),
    /// A node is no longer provisioned.
    NodeReleased(NodeId),
    /// A node is up.
    NodeUp(NodeId),
    /// A node is down.
    NodeDown {
        /// The node.
        node: NodeId,
        /// Why.
        cause: Cause,
    },
    /// A job was asked for.
    JobArrived(JobId),
    /// A container begins to start: its pod's image is pulled if need be.
    ContainerStarting {
        /// Its pod.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
        /// Where.
        node: NodeId,
    },
    /// A container runs.
    ContainerStarted {
        /// Its pod.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
    },
    /// A container serves.
    ContainerReady {
        /// Its pod.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
    },
    /// A container is dead.
    ContainerExited {
        /// Its pod.
        pod: PodId,
        /// Which of the pod's containers.
        incarnation: u32,
        /// How it ended.
        exit: Exit,
    },
    /// The traffic of a service flows like this from now on; live, where that is known when it has
    /// flowed, since the last of these.
    Traffic {
        /// The service.
        service: ServiceId,
        /// How it flows.
        flow: Flow,
    },
    /// A node's containers use this much from now on. Told only of nodes whose use is known.
    NodeUse {
        /// The node.
        node: NodeId,
        /// CPU in use, in cores.
        cpu: f64,
        /// Memory in use, in bytes; absent where a container's is not known.
        memory: Option<f64>,
    },
}

/// Rates of one service's traffic, in requests per second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Asked for.
    pub offered: f64,
    /// Answered.
    pub served: f64,
    /// Lost because no endpoint was known.
    pub no_endpoint: f64,
    /// Lost because they went to an endpoint that could not serve: dead, or still starting.
    pub stale_endpoint: f64,
    /// Lost because they went to an endpoint beyond its capacity.
    pub over_capacity: f64,
    /// What all truly ready replicas together could answer, traffic dealt as they like.
    pub capacity: f64,
    /// What one replica can answer when its CPU limit, or else its request, is all it gets.
    pub per_replica: f64,
}

/// Why a node went down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The node itself failed.
    Node,
    /// Its zone failed.
    Zone(ZoneId),
    /// A node event of a trace.
    Trace,
}

/// Takes records as they are made.
pub trait Recorder {
    /// One record, in order of time.
    fn record(&mut self, at: Time, record: Record);

    /// Once per turn, after its records: the belief as it stands. Break ends the run.
    fn turn(&mut self, now: Time, belief: &Cluster) -> ControlFlow<()>;
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null;

impl Recorder for Null {
    fn record(&mut self, _at: Time, _record: Record) {}

    fn turn(&mut self, _now: Time, _belief: &Cluster) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Keeps every record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// The records with their times.
    pub records: Vec<(Time, Record)>,
}

impl Recorder for Memory {
    fn record(&mut self, at: Time, record: Record) {
        self.records.push((at, record));
    }

    fn turn(&mut self, _now: Time, _belief: &Cluster) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Two recorders side by side; the run ends when either wants it to.
impl<A: Recorder, B: Recorder> Recorder for (A, B) {
    fn record(&mut self, at: Time, record: Record) {
        self.0.record(at, record.clone());
        self.1.record(at, record);
    }

    fn turn(&mut self, now: Time, belief: &Cluster) -> ControlFlow<()> {
        let first = self.0.turn(now, belief);
        let second = self.1.turn(now, belief);
        if first.is_break() { first } else { second }
    }
}

/// A borrowed recorder is one too.
impl<R: Recorder + ?Sized> Recorder for &mut R {
    fn record(&mut self, at: Time, record: Record) {
        (**self).record(at, record);
    }

    fn turn(&mut self, now: Time, belief: &Cluster) -> ControlFlow<()> {
        (**self).turn(now, belief)
    }
}

/// A recorder that may be left out.
impl<R: Recorder> Recorder for Option<R> {
    fn record(&mut self, at: Time, record: Record) {
        if let Some(recorder) = self {
            recorder.record(at, record);
        }
    }

    fn turn(&mut self, now: Time, belief: &Cluster) -> ControlFlow<()> {
        match self {
            Some(recorder) => recorder.turn(now, belief),
            None => ControlFlow::Continue(()),
        }
    }
}
