//! Where pods may and should go, in the words of Kubernetes' PodSpec: a key is the field's name with
//! words set apart by `_`.

use crate::scenario::decode::{Blank, Decode, Decoder, Field, Item, List, table, words};
use crate::scenario::problem::Span;
use crate::scenario::schema::{Key, Presence, Schema, Table};
use crate::scenario::values::{Amounts, IntOrPercent, Name, Texts};
use crate::units::{Bytes, MilliCpu};

table! {
    /// What Kubernetes' scheduler knows of a pod beside what its main container requests.
    Pod {
        /// Its namespace. Default: default.
        Optional namespace: Name,
        /// Its labels. Default: of a service's pods app = "<name of the service>", of others none.
        Optional labels: Texts,
        /// Labels its node must have.
        Optional node_selector: Texts,
        /// What it asks of its node and of other pods near it.
        Optional affinity: Affinity,
        /// Taints it bears.
        Optional tolerations: List<Toleration>,
        /// How evenly such pods are to lie over nodes, zones and the like.
        Optional topology_spread_constraints: List<SpreadConstraint>,
        /// Its priority class, one of [[priority_classes]]. Default: the class with
        /// global_default, else priority 0.
        Optional priority_class_name: Name,
        /// Whether it may take the place of pods of lower priority: "PreemptLowerPriority" or
        /// "Never". Default: what its class says.
        Optional preemption_policy: PreemptionPolicy,
        /// Ports of its node that it takes.
        Optional host_ports: List<HostPort>,
        /// Extended resources its main container requests, such as "example.com/fpga" = 1 or
        /// "ephemeral-storage" = "2Gi".
        Optional resources: Amounts,
        /// Its init containers, in order. They take no time here: add theirs to `startup` of a
        /// service, to `duration` of a job.
        Optional init_containers: List<InitContainer>,
        /// Its containers beside the main one. What they and sidecars use is taken to be what they
        /// request.
        Optional further_containers: List<Container>,
        /// What running it takes beside its containers (Kubernetes: that of its runtime class).
        Optional overhead: PartRequests,
        /// What is requested for it as a whole, in place of the sum over its containers
        /// (Kubernetes: `resources.requests` of the PodSpec).
        Optional requests: PartRequests,
    }
}

table! {
    /// A container beside the main one.
    Container {
        /// What it requests. Default: nothing.
        Optional requests: PartRequests,
        /// Extended resources it requests.
        Optional resources: Amounts,
    }
}

table! {
    /// An init container, or a sidecar.
    InitContainer {
        /// What it requests. Default: nothing.
        Optional requests: PartRequests,
        /// Extended resources it requests.
        Optional resources: Amounts,
        /// "Always" makes it a sidecar, which runs on beside the containers. Default: it runs to its
        /// end before they start.
        Optional restart_policy: RestartPolicy,
    }
}

table! {
    /// CPU and memory that are requested.
    PartRequests {
        /// CPU. Default: not said.
        Optional cpu: MilliCpu,
        /// Memory. Default: not said.
        Optional memory: Bytes,
    }
}

table! {
    /// What a pod asks of its node and of other pods near it.
    Affinity {
        /// Of its node.
        Optional node_affinity: NodeAffinity,
        /// Of other pods: to be near them.
        Optional pod_affinity: PodAffinity,
        /// Of other pods: to be away from them.
        Optional pod_anti_affinity: PodAffinity,
    }
}

table! {
    /// What a pod asks of its node.
    NodeAffinity {
        /// One of the terms must match.
        Optional required_during_scheduling_ignored_during_execution: NodeSelector,
        /// Terms that should match, with weights.
        Optional preferred_during_scheduling_ignored_during_execution: List<PreferredNode>,
    }
}

table! {
    /// Terms of which one must match a node.
    NodeSelector {
        /// The terms.
        Required node_selector_terms: List<NodeTerm>,
    }
}

table! {
    /// A term that matches nodes, with a weight.
    PreferredNode {
        /// Weight, 1 to 100.
        Required weight: u64,
        /// The term.
        Required preference: NodeTerm,
    }
}

table! {
    /// A term that matches nodes which meet all of it; an empty term matches none.
    NodeTerm {
        /// What is asked of the node's labels.
        Optional match_expressions: List<Expression>,
        /// What is asked of the node's name (the key is "metadata.name").
        Optional match_fields: List<Expression>,
    }
}

table! {
    /// What is asked of one label.
    Expression {
        /// The label's key.
        Required key: String,
        /// In, NotIn, Exists or DoesNotExist; of nodes also Gt and Lt.
        Required operator: Operator,
        /// Values, where the operator takes some.
        Optional values: List<String>,
    }
}

table! {
    /// What a pod asks of other pods near it.
    PodAffinity {
        /// All terms must be met.
        Optional required_during_scheduling_ignored_during_execution: List<PodTerm>,
        /// Terms that should be met, with weights.
        Optional preferred_during_scheduling_ignored_during_execution: List<PreferredPods>,
    }
}

table! {
    /// Other pods near by, with a weight.
    PreferredPods {
        /// Weight, 1 to 100.
        Required weight: u64,
        /// The pods.
        Required pod_affinity_term: PodTerm,
    }
}

table! {
    /// Other pods, and how near is near.
    PodTerm {
        /// Their labels. Default: no pod at all.
        Optional label_selector: LabelSelector,
        /// Near is: on nodes with the same value of this label.
        Required topology_key: String,
        /// Their namespaces. Default: the pod's own, unless there is a namespace_selector.
        Optional namespaces: List<Name>,
        /// Labels of their namespaces; {} means all.
        Optional namespace_selector: LabelSelector,
        /// Keys of labels whose value must be the pod's own.
        Optional match_label_keys: List<String>,
        /// Keys of labels whose value must not be the pod's own.
        Optional mismatch_label_keys: List<String>,
    }
}

table! {
    /// What labels must be; {} matches everything.
    LabelSelector {
        /// Labels and their values.
        Optional match_labels: Texts,
        /// What else is asked.
        Optional match_expressions: List<Expression>,
    }
}

table! {
    /// Taints a pod bears.
    Toleration {
        /// Their key. Default: any, with operator Exists.
        Optional key: String,
        /// Equal or Exists. Default: Equal.
        Optional operator: TolerationOperator,
        /// Their value, with operator Equal. Default: "".
        Optional value: String,
        /// Their effect: NoSchedule, PreferNoSchedule or NoExecute. Default: any.
        Optional effect: TaintEffect,
    }
}

table! {
    /// What keeps pods off a node.
    Taint {
        /// Its key.
        Required key: String,
        /// Its value. Default: "".
        Optional value: String,
        /// NoSchedule, PreferNoSchedule or NoExecute.
        Required effect: TaintEffect,
    }
}

table! {
    /// How evenly pods are to lie over the values of a label of their nodes.
    SpreadConstraint {
        /// Largest difference between the fullest and the emptiest value.
        Required max_skew: u64,
        /// The label.
        Required topology_key: String,
        /// DoNotSchedule or ScheduleAnyway.
        Required when_unsatisfiable: WhenUnsatisfiable,
        /// The pods that are counted. Default: none.
        Optional label_selector: LabelSelector,
        /// Values to count at least; with DoNotSchedule only. Default: 1.
        Optional min_domains: u64,
        /// Whether nodes count that node selector and affinity leave out: Honor or Ignore. Default:
        /// Honor.
        Optional node_affinity_policy: InclusionPolicy,
        /// Whether nodes count whose taints the pod does not bear: Honor or Ignore. Default: Ignore.
        Optional node_taints_policy: InclusionPolicy,
        /// Keys of labels whose value must be the pod's own.
        Optional match_label_keys: List<String>,
    }
}

table! {
    /// A port of the node.
    HostPort {
        /// The port (`hostPort`).
        Required host_port: u64,
        /// TCP, UDP or SCTP. Default: TCP.
        Optional protocol: PortProtocol,
        /// The address. Default: all, 0.0.0.0.
        Optional host_ip: String,
    }
}

table! {
    /// A priority class.
    PriorityClass {
        /// Its name.
        Required name: Name,
        /// The priority: higher is placed first.
        Required value: i64,
        /// Whether pods without a class are of this one. Default: false.
        Optional global_default: bool,
        /// "PreemptLowerPriority" or "Never". Default: PreemptLowerPriority.
        Optional preemption_policy: PreemptionPolicy,
    }
}

table! {
    /// A namespace of pods.
    Namespace {
        /// Its name.
        Required name: Name,
        /// Its labels.
        Optional labels: Texts,
    }
}

table! {
    /// Pods of which only so many may be missing at a time (PodDisruptionBudget). Give
    /// `min_available` or `max_unavailable`.
    DisruptionBudget {
        /// Its name.
        Required name: Name,
        /// The namespace of the pods. Default: default.
        Optional namespace: Name,
        /// Their labels.
        Required selector: LabelSelector,
        /// How many must be there: a number, or a share such as "50%".
        Optional min_available: IntOrPercent,
        /// How many may be missing: a number, or a share such as "50%".
        Optional max_unavailable: IntOrPercent,
    }
}

words! {
    /// What is asked of a label.
    Operator {
        "In" => In,
        "NotIn" => NotIn,
        "Exists" => Exists,
        "DoesNotExist" => DoesNotExist,
        "Gt" => Gt,
        "Lt" => Lt,
    }
}

words! {
    /// How a toleration's value is compared.
    TolerationOperator {
        "Equal" => Equal,
        "Exists" => Exists,
    }
}

words! {
    /// What a taint does.
    TaintEffect {
        "NoSchedule" => NoSchedule,
        "PreferNoSchedule" => PreferNoSchedule,
        "NoExecute" => NoExecute,
    }
}

words! {
    /// What happens to a pod that cannot be spread.
    WhenUnsatisfiable {
        "DoNotSchedule" => DoNotSchedule,
        "ScheduleAnyway" => ScheduleAnyway,
    }
}

words! {
    /// Which nodes are counted.
    InclusionPolicy {
        "Honor" => Honor,
        "Ignore" => Ignore,
    }
}

words! {
    /// Whether a pod takes the place of others.
    PreemptionPolicy {
        "PreemptLowerPriority" => PreemptLowerPriority,
        "Never" => Never,
    }
}

words! {
    /// A protocol of the transport layer.
    PortProtocol {
        "TCP" => Tcp,
        "UDP" => Udp,
        "SCTP" => Sctp,
    }
}

words! {
    /// Whether an init container runs on.
    RestartPolicy {
        "Always" => Always,
    }
}
