//! What is believed of a service.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::{NodeId, PodId, ZoneId};
use crate::time::{Duration, Time};

/// What is believed of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// Replicas wanted; zero until the service is submitted.
    pub replicas: u32,
    /// Its pods that are not over, terminating ones included, oldest first.
    pub pods: Vec<PodId>,
    /// Pods created so far: the index of the next one.
    pub created: u32,
    /// Pods that traffic is sent to.
    pub routed: u32,
    /// Pods neither over nor being deleted.
    pub active: u32,
    /// Bound active pods by zone.
    pub by_zone: BTreeMap<ZoneId, u32>,
    /// Bound active pods by node.
    pub by_node: BTreeMap<NodeId, u32>,
    /// The newest sample of its use.
    pub usage: Option<Usage>,
    /// What the autoscaler recommended, oldest first.
    pub recommendations: VecDeque<(Time, u32)>,
    /// How its wanted size changed within [`RESIZES_KEPT`] before its last change, oldest first.
    pub resizes: VecDeque<Resize>,
}

/// A change of a service's wanted size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    /// When.
    pub at: Time,
    /// Replicas wanted before.
    pub from: u32,
    /// Replicas wanted since.
    pub to: u32,
}

/// How long a change of size is remembered: 30 minutes, the longest `periodSeconds` of a scaling
/// policy (Kubernetes, `pkg/apis/autoscaling/validation`, `MaxPeriodSeconds`, v1.34).
pub const RESIZES_KEPT: Duration = Duration::from_secs(1800);

/// Use of all ready pods of a service together, as a metrics pipeline reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// When it was measured.
    pub sampled: Time,
    /// Pods measured.
    pub pods: u32,
    /// CPU of all of them, in thousandths of a core.
    pub cpu_milli: u32,
    /// Memory of all of them, in mebibytes.
    pub memory_mib: u32,
}
