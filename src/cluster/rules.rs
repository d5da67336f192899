//! Where pods may go and where they would rather go, in Kubernetes' words.
//!
//! Names are resolved once, when the catalogue is made: namespaces of a term, `matchLabelKeys`,
//! and the selector that a pod's services and owner give it. What is left depends on nodes and other
//! pods alone.
//!
//! Source: Kubernetes v1.34, `core/v1` types `PodSpec`, `Affinity`, `Toleration`,
//! `TopologySpreadConstraint`, `Taint`.

use super::labels::{Labels, Requirement, Selector};
use crate::ids::{ImageId, KeyId, NamespaceId, ValueId};

/// Keys and values that every catalogue knows, in this order and before all others.
///
/// Source: Kubernetes v1.34, "Well-Known Labels, Annotations and Taints".
pub mod well_known {
    use crate::ids::{KeyId, ValueId};

    /// All keys; the constants below are their places.
    pub const KEYS: [&str; 6] = [
        "node.kubernetes.io/not-ready",
        "node.kubernetes.io/unreachable",
        "node.kubernetes.io/unschedulable",
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
    ];
    /// All values.
    pub const VALUES: [&str; 1] = [""];
    /// The taint of a node whose Ready condition is false.
    pub const NOT_READY: KeyId = KeyId(0);
    /// The taint of a node that is not heard of.
    pub const UNREACHABLE: KeyId = KeyId(1);
    /// The taint of a cordoned node.
    pub const UNSCHEDULABLE: KeyId = KeyId(2);
    /// The label that tells nodes apart.
    pub const HOSTNAME: KeyId = KeyId(3);
    /// The label of a node's zone.
    pub const ZONE: KeyId = KeyId(4);
    /// The label of a node's region.
    pub const REGION: KeyId = KeyId(5);
    /// The value of a taint that has none.
    pub const EMPTY: ValueId = ValueId(0);
}

/// Where pods that are alike may and should go.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rules {
    /// `metadata.namespace`.
    pub namespace: NamespaceId,
    /// `metadata.labels`.
    pub labels: Labels,
    /// `spec.nodeName` asked for before scheduling, a value of the catalogue.
    pub node_name: Option<ValueId>,
    /// `spec.nodeSelector`.
    pub node_selector: Labels,
    /// `spec.affinity.nodeAffinity`.
    pub node_affinity: NodeAffinity,
    /// `spec.tolerations`.
    pub tolerations: Vec<Toleration>,
    /// `spec.affinity.podAffinity`.
    pub affinity: PodAffinity,
    /// `spec.affinity.podAntiAffinity`.
    pub anti_affinity: PodAffinity,
    /// `spec.topologySpreadConstraints`.
    pub spread: Vec<SpreadConstraint>,
    /// What its services and its owner select it by, for default spread constraints. `None` where
    /// nothing does.
    pub default_selector: Option<Selector>,
    /// Ports of the node that its containers take.
    pub host_ports: Vec<HostPort>,
    /// The images of its containers, init containers included, one entry per container that names
    /// one.
    pub images: Vec<ImageId>,
    /// Number of containers, init containers included, beyond the first.
    pub further_containers: u32,
    /// Whether it never takes the place of others (`spec.preemptionPolicy: Never`).
    pub never_preempts: bool,
}

/// What a pod asks of the labels and the name of its node.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeAffinity {
    /// `requiredDuringSchedulingIgnoredDuringExecution`: one of them must match.
    pub required: Option<Vec<NodeTerm>>,
    /// `preferredDuringSchedulingIgnoredDuringExecution`: each that matches adds its weight.
    pub preferred: Vec<(i64, NodeTerm)>,
}

/// A term that matches nodes. An empty one matches none.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeTerm {
    /// What is asked of the node's labels.
    pub expressions: Vec<Requirement>,
    /// What is asked of the node's name (`metadata.name` is the only field there is).
    pub fields: Vec<NameRequirement>,
}

/// What is asked of the name of a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameRequirement {
    /// Whether the name is to be among `names`, or not.
    pub among: bool,
    /// Names, as values of the catalogue.
    pub names: Vec<ValueId>,
}

/// What keeps pods off a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Taint {
    /// Its key.
    pub key: KeyId,
    /// Its value; the empty text where it has none.
    pub value: ValueId,
    /// What it does.
    pub effect: Effect,
}

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// They are not placed here.
    NoSchedule,
    /// They are rather placed elsewhere.
    PreferNoSchedule,
    /// They are not placed here, and those that are here are evicted.
    NoExecute,
}

/// Which taints a pod bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Toleration {
    /// Their key; any, if none.
    pub key: Option<KeyId>,
    /// Their value; any, if none (operator `Exists`).
    pub value: Option<ValueId>,
    /// Their effect; any, if none.
    pub effect: Option<Effect>,
}

/// What a pod asks of the pods near it, or of the absence of pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodAffinity {
    /// `requiredDuringSchedulingIgnoredDuringExecution`: all must be met.
    pub required: Vec<PodTerm>,
    /// `preferredDuringSchedulingIgnoredDuringExecution`, with weights.
    pub preferred: Vec<(i64, PodTerm)>,
}

/// Other pods, and how near is near.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PodTerm {
    /// Their labels; no pod at all, if none.
    pub selector: Option<Selector>,
    /// Their namespaces, in order.
    pub namespaces: Vec<NamespaceId>,
    /// Near means: on nodes with the same value of this label.
    pub topology_key: KeyId,
}

/// How evenly pods are to lie over the values of a label of their nodes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpreadConstraint {
    /// Largest difference allowed between the fullest and the emptiest value.
    pub max_skew: i64,
    /// The label.
    pub topology_key: KeyId,
    /// `whenUnsatisfiable: DoNotSchedule`; otherwise `ScheduleAnyway`.
    pub required: bool,
    /// The pods that are counted, `matchLabelKeys` included; none, if none.
    pub selector: Option<Selector>,
    /// Values to count at least (`minDomains`).
    pub min_domains: Option<i64>,
    /// Whether only nodes that match the pod's node selector and affinity are counted
    /// (`nodeAffinityPolicy: Honor`, the default).
    pub honor_affinity: bool,
    /// Whether only nodes whose taints the pod tolerates are counted (`nodeTaintsPolicy: Honor`; the
    /// default is to ignore taints).
    pub honor_taints: bool,
}

/// A port of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// The address, a value of the catalogue; all addresses (`0.0.0.0`), if none.
    pub address: Option<ValueId>,
    /// The protocol.
    pub protocol: Protocol,
    /// The number.
    pub port: u16,
}

/// A protocol of the transport layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// TCP, the default.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// Labels and taints of a node, and what it has beside CPU, memory and GPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traits {
    /// `metadata.labels`.
    pub labels: Labels,
    /// Its name as a value of the catalogue, where terms may ask for it.
    pub name: Option<ValueId>,
    /// `spec.taints`, but for those that follow from its condition.
    pub taints: Vec<Taint>,
    /// Images that are there from the start.
    pub images: Vec<ImageId>,
    /// Allocatable extended resources, by id.
    pub extended: Vec<(crate::ids::ExtendedId, u64)>,
}

/// Pods of which only so many may be missing at a time (PodDisruptionBudget).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Its name.
    pub name: String,
    /// The namespace of the pods.
    pub namespace: NamespaceId,
    /// Their labels; none, if none.
    pub selector: Option<Selector>,
    /// How many may be missing.
    pub allowance: Allowance,
}

/// How many pods of a budget may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// As many more as is stated, whatever happens (`status.disruptionsAllowed` of a snapshot).
    Stated(u32),
    /// So many must be ready (`minAvailable`).
    MinAvailable(u32),
    /// So many per cent, rounded up, must be ready.
    MinAvailablePercent(u32),
    /// So many may be missing (`maxUnavailable`).
    MaxUnavailable(u32),
    /// So many per cent, rounded up, may be missing.
    MaxUnavailablePercent(u32),
}

impl Toleration {
    /// Whether a pod with it bears the taint.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        self.effect.is_none_or(|effect| effect == taint.effect)
            && self.key.is_none_or(|key| key == taint.key)
            && self.value.is_none_or(|value| value == taint.value)
    }
}

impl Effect {
    /// Whether it forbids placing pods that do not tolerate it.
    pub const fn forbids(self) -> bool {
        match self {
            Effect::NoSchedule | Effect::NoExecute => true,
            Effect::PreferNoSchedule => false,
        }
    }
}

impl HostPort {
    /// Whether both cannot be taken on one node: same protocol and number, and an address in
    /// common.
    pub fn conflicts(&self, other: &HostPort) -> bool {
        self.protocol == other.protocol
            && self.port == other.port
            && (self.address.is_none() || other.address.is_none() || self.address == other.address)
    }
}

impl Rules {
    /// Whether it bears every taint of the list that keeps pods off; otherwise the first it does
    /// not bear.
    pub fn untolerated<'a>(
        &self,
        taints: impl IntoIterator<Item = &'a Taint>,
    ) -> Option<&'a Taint> {
        let mut taints = taints.into_iter();
        taints.find(|taint| taint.effect.forbids() && !self.tolerates(taint))
    }

    /// Whether one of its tolerations bears the taint.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        self.tolerations.iter().any(|one| one.tolerates(taint))
    }
}
