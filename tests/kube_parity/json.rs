//! The files of decisions, as they are written. What no field names is refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Names and values.
pub(crate) type Texts = BTreeMap<String, String>;

/// A cluster, what happens in it, and what kube-scheduler decided.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) family: String,
    #[serde(rename = "description")]
    _description: IgnoredAny,
    #[serde(rename = "seed")]
    _seed: IgnoredAny,
    pub(crate) kube_version: String,
    pub(crate) options: Options,
    pub(crate) profile: Option<Profile>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) objects: Vec<Object>,
    pub(crate) running_pods: Vec<Pod>,
    pub(crate) pods: Vec<Pod>,
    pub(crate) decisions: Vec<Decision>,
    #[serde(default)]
    pub(crate) events: Vec<Event>,
    pub(crate) node_names: Option<Vec<String>>,
    pub(crate) pending_at_end: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    pub(crate) preemption_grace: usize,
    pub(crate) percentage_of_nodes_to_score: Option<u32>,
}

/// Something that happens at `t` seconds.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Event {
    PodAdd { t: u64, pod: Box<Pod> },
    PodDelete { t: u64, name: String },
    NodeAdd { t: u64, node: Node },
    NodeUpdate { t: u64, node: Node },
    NodeDelete { t: u64, name: String },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) namespace: Option<String>,
    #[serde(default)]
    pub(crate) labels: Texts,
    #[serde(default)]
    pub(crate) owner_references: Vec<OwnerReference>,
    pub(crate) deletion_timestamp: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct OwnerReference {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    #[serde(rename = "uid")]
    _uid: IgnoredAny,
    pub(crate) controller: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Node {
    pub(crate) metadata: Metadata,
    #[serde(default)]
    pub(crate) spec: NodeSpec,
    pub(crate) status: NodeStatus,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeSpec {
    #[serde(default)]
    pub(crate) taints: Vec<Taint>,
    #[serde(default)]
    pub(crate) unschedulable: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Taint {
    pub(crate) key: String,
    #[serde(default)]
    pub(crate) value: String,
    pub(crate) effect: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeStatus {
    pub(crate) allocatable: Texts,
    #[serde(default)]
    pub(crate) images: Vec<Image>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Image {
    pub(crate) names: Vec<String>,
    pub(crate) size_bytes: u64,
}

/// What stands beside nodes and pods.
#[derive(Deserialize)]
#[serde(tag = "kind")]
pub(crate) enum Object {
    Namespace(Named),
    Service(Selecting<Texts>),
    ReplicaSet(Selecting<LabelSelector>),
    StatefulSet(Selecting<LabelSelector>),
    PodDisruptionBudget(Box<Budget>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Named {
    pub(crate) api_version: String,
    pub(crate) metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Selecting<S> {
    pub(crate) api_version: String,
    pub(crate) metadata: Metadata,
    pub(crate) spec: Selected<S>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Selected<S> {
    pub(crate) selector: S,
}

/// What is allowed to go is stated, whatever is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Budget {
    pub(crate) api_version: String,
    pub(crate) metadata: Metadata,
    pub(crate) spec: BudgetSpec,
    pub(crate) status: BudgetStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BudgetSpec {
    #[serde(rename = "minAvailable")]
    _min_available: Option<IgnoredAny>,
    pub(crate) selector: Option<LabelSelector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BudgetStatus {
    pub(crate) disruptions_allowed: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pod {
    pub(crate) metadata: Metadata,
    pub(crate) spec: PodSpec,
    pub(crate) status: Option<PodStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PodStatus {
    #[serde(rename = "phase")]
    _phase: IgnoredAny,
    pub(crate) start_time: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PodSpec {
    pub(crate) containers: Vec<Container>,
    #[serde(default)]
    pub(crate) init_containers: Vec<Container>,
    #[serde(default)]
    pub(crate) overhead: Texts,
    #[serde(default)]
    pub(crate) resources: Resources,
    pub(crate) node_name: Option<String>,
    #[serde(default)]
    pub(crate) node_selector: Texts,
    #[serde(default)]
    pub(crate) affinity: Affinity,
    #[serde(default)]
    pub(crate) tolerations: Vec<Toleration>,
    #[serde(default)]
    pub(crate) topology_spread_constraints: Vec<SpreadConstraint>,
    #[serde(default)]
    pub(crate) priority: i32,
    pub(crate) preemption_policy: Option<String>,
    /// Ports are written out as they are with it.
    #[serde(rename = "hostNetwork")]
    _host_network: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Container {
    #[serde(rename = "name")]
    _name: IgnoredAny,
    pub(crate) image: Option<String>,
    #[serde(default)]
    pub(crate) ports: Vec<Port>,
    #[serde(default)]
    pub(crate) resources: Resources,
    pub(crate) restart_policy: Option<String>,
}

/// Limits are no requests: those that follow from limits are written out.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resources {
    pub(crate) requests: Option<Texts>,
    #[serde(rename = "limits")]
    _limits: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Port {
    #[serde(rename = "containerPort")]
    _container_port: IgnoredAny,
    pub(crate) host_port: u16,
    #[serde(rename = "hostIP")]
    pub(crate) host_ip: Option<String>,
    pub(crate) protocol: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Toleration {
    pub(crate) key: Option<String>,
    pub(crate) operator: Option<String>,
    pub(crate) value: Option<String>,
    pub(crate) effect: Option<String>,
    #[serde(rename = "tolerationSeconds")]
    _toleration_seconds: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Affinity {
    #[serde(default)]
    pub(crate) node_affinity: NodeAffinity,
    #[serde(default)]
    pub(crate) pod_affinity: PodAffinity,
    #[serde(default)]
    pub(crate) pod_anti_affinity: PodAffinity,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeAffinity {
    #[serde(rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub(crate) required: Option<NodeSelector>,
    #[serde(default, rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    pub(crate) preferred: Vec<PreferredNodeTerm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NodeSelector {
    pub(crate) node_selector_terms: Vec<NodeTerm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreferredNodeTerm {
    pub(crate) weight: i64,
    pub(crate) preference: NodeTerm,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NodeTerm {
    #[serde(default)]
    pub(crate) match_expressions: Vec<Expression>,
    #[serde(default)]
    pub(crate) match_fields: Vec<Expression>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expression {
    pub(crate) key: String,
    pub(crate) operator: String,
    #[serde(default)]
    pub(crate) values: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PodAffinity {
    #[serde(default, rename = "requiredDuringSchedulingIgnoredDuringExecution")]
    pub(crate) required: Vec<PodTerm>,
    #[serde(default, rename = "preferredDuringSchedulingIgnoredDuringExecution")]
    pub(crate) preferred: Vec<PreferredPodTerm>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PreferredPodTerm {
    pub(crate) weight: i64,
    pub(crate) pod_affinity_term: PodTerm,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PodTerm {
    pub(crate) label_selector: Option<LabelSelector>,
    #[serde(default)]
    pub(crate) namespaces: Vec<String>,
    pub(crate) namespace_selector: Option<LabelSelector>,
    pub(crate) topology_key: String,
    #[serde(default)]
    pub(crate) match_label_keys: Vec<String>,
    #[serde(default)]
    pub(crate) mismatch_label_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LabelSelector {
    #[serde(default)]
    pub(crate) match_labels: Texts,
    #[serde(default)]
    pub(crate) match_expressions: Vec<Expression>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SpreadConstraint {
    pub(crate) max_skew: i64,
    pub(crate) topology_key: String,
    pub(crate) when_unsatisfiable: String,
    pub(crate) label_selector: Option<LabelSelector>,
    pub(crate) min_domains: Option<i64>,
    pub(crate) node_affinity_policy: Option<String>,
    pub(crate) node_taints_policy: Option<String>,
    #[serde(default)]
    pub(crate) match_label_keys: Vec<String>,
}

/// A `KubeSchedulerProfile`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Profile {
    #[serde(rename = "schedulerName")]
    _scheduler_name: IgnoredAny,
    #[serde(default)]
    pub(crate) plugins: Plugins,
    #[serde(default)]
    pub(crate) plugin_config: Vec<PluginConfig>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plugins {
    #[serde(default)]
    pub(crate) score: PluginSet,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PluginSet {
    #[serde(default)]
    pub(crate) enabled: Vec<Plugin>,
    #[serde(default)]
    pub(crate) disabled: Vec<Plugin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plugin {
    pub(crate) name: String,
    pub(crate) weight: Option<i64>,
}

/// Arguments of a plugin.
#[derive(Deserialize)]
#[serde(tag = "name", content = "args", deny_unknown_fields)]
pub(crate) enum PluginConfig {
    NodeResourcesFit(FitArgs),
    NodeResourcesBalancedAllocation(BalancedArgs),
    PodTopologySpread(SpreadArgs),
    InterPodAffinity(InterPodAffinityArgs),
    NodeAffinity(NodeAffinityArgs),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct FitArgs {
    pub(crate) scoring_strategy: Option<ScoringStrategy>,
    #[serde(default)]
    pub(crate) ignored_resources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ScoringStrategy {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) resources: Vec<ResourceSpec>,
    pub(crate) requested_to_capacity_ratio: Option<Ratio>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceSpec {
    pub(crate) name: String,
    pub(crate) weight: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ratio {
    pub(crate) shape: Vec<ShapePoint>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShapePoint {
    pub(crate) utilization: i64,
    pub(crate) score: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BalancedArgs {
    pub(crate) resources: Vec<ResourceSpec>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SpreadArgs {
    pub(crate) defaulting_type: String,
    #[serde(default)]
    pub(crate) default_constraints: Vec<SpreadConstraint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct InterPodAffinityArgs {
    pub(crate) hard_pod_affinity_weight: Option<i64>,
    #[serde(default)]
    pub(crate) ignore_preferred_terms_of_existing_pods: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NodeAffinityArgs {
    pub(crate) added_affinity: NodeAffinity,
}

/// What was decided in one attempt. Nodes are places in the list of nodes.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decision {
    pub(crate) pod: String,
    pub(crate) attempt: Option<u32>,
    pub(crate) t: Option<f64>,
    pub(crate) nominated_before: Option<String>,
    #[serde(default)]
    pub(crate) victims_gone: Vec<String>,
    pub(crate) feasible: Vec<usize>,
    pub(crate) rejected: Vec<Rejected>,
    #[serde(default)]
    pub(crate) scores: BTreeMap<String, Scores>,
    #[serde(default)]
    pub(crate) total: Vec<i64>,
    pub(crate) best: Vec<String>,
    pub(crate) chosen: Option<String>,
    pub(crate) preemption: Option<Preemption>,
    #[serde(default)]
    pub(crate) start_index: u32,
    pub(crate) evaluated: Option<u32>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, PartialOrd, Ord, Eq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rejected {
    pub(crate) plugin: String,
    pub(crate) reasons: Vec<String>,
    pub(crate) code: String,
    pub(crate) nodes: Vec<usize>,
}

/// One number means the same for all nodes.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub(crate) enum Scores {
    All(i64),
    Each(Vec<i64>),
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Preemption {
    pub(crate) nominated: Option<String>,
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) victims: Vec<String>,
    #[serde(default)]
    pub(crate) pdb_violations: u32,
    #[serde(default)]
    pub(crate) candidates: BTreeMap<String, Candidate>,
    /// Left out where there is one only.
    #[serde(default)]
    pub(crate) tied: Vec<String>,
    #[serde(default)]
    pub(crate) cleared_nominations: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Candidate {
    pub(crate) victims: Vec<String>,
    #[serde(default)]
    pub(crate) pdb_violations: u32,
}
