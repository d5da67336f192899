//! The keys of a scenario file, as written: nothing here knows what they mean together.
//!
//! Each table is declared once; its struct, its decoder and its part of the JSON Schema come from
//! that declaration, and a comment is the documentation of its key everywhere.

pub(super) mod curves;
pub(super) mod live;
pub(super) mod pod;

use toml::de::DeValue;

use super::decode::{Blank, Decode, Decoder, Field, Item, List, table, words};
use super::policies::{Autoscaler, Healer, Scheduler};
use super::problem::Span;
use super::schema::{Key, Presence, Schema, Table};
use super::values::{Amounts, Bandwidth, Counts, Level, Name, OneOrMore, Rate, Texts};
use crate::time::Duration;
use crate::units::{Bytes, MilliCpu};
use curves::{Dist, Load};

table! {
    /// A scenario: a cluster, what runs on it, what fails, and the policies under test. The comment
    /// at the head of the file is the question it answers.
    File {
        /// The scenario's name, also the folder of its results. Default: the name of the file.
        Optional name: Name,
        /// How long is simulated. Needed, unless a trace of pods ends the run: then it ends with
        /// the second of the last arrival.
        Optional duration: Duration,
        /// Time at the start that is left out of the metrics. Default: none.
        Optional warm_up: Duration,
        /// Whether loads, arrivals and failures follow the same laws all the time, so that a run settles.
        /// Then results say whether the warm-up was long enough (rule MSER-5). Default: false.
        Optional stationary: bool,
        /// How many times the load of all services, and how many times the jobs of all [[jobs]], there
        /// are: from 0.001 to 1000. Pods of a trace cannot be multiplied. Default: 1.
        Optional load_factor: f64,
        /// The currency of all prices. Default: USD.
        Optional currency: String,
        /// The policies under test.
        Optional policy: Policies,
        /// Groups of equal nodes.
        Optional nodes: List<Nodes>,
        /// Services: pods that are kept running and share load.
        Optional services: List<Service>,
        /// Jobs by distribution: pods that run to completion.
        Optional jobs: List<JobsTable>,
        /// Nodes, pods, node events and load from CSV files.
        Optional trace: Trace,
        /// What fails, and when.
        Optional failures: List<FailureTable>,
        /// What every run is to keep, beside the `slo` of services: experiments judge by it.
        Optional objectives: List<ObjectiveTable>,
        /// How late the control plane sees and acts, and how fast the machines are.
        Optional delays: Delays,
        /// Priorities by name.
        Optional priority_classes: List<pod::PriorityClass>,
        /// Namespaces with labels; others need not be listed.
        Optional namespaces: List<pod::Namespace>,
        /// How many pods may be evicted at a time.
        Optional disruption_budgets: List<pod::DisruptionBudget>,
        /// The engines of `plimsoll live`. Nothing else looks at it, and the scenario's hash leaves it out.
        Optional live: live::Live,
    }
}

table! {
    /// The policies under test, each by name, or as a table with parameters such as
    /// [policy.scheduler.binpack]. `plimsoll policies` lists them.
    Policies {
        /// Which node a pod goes to.
        Optional scheduler: Scheduler,
        /// How many replicas a service has.
        Optional autoscaler: Autoscaler,
        /// What is done about dead containers and dead nodes.
        Optional healer: Healer,
    }
}

table! {
    /// A group of equal nodes.
    Nodes {
        /// The group's name; its nodes are called name-0, name-1, and so on.
        Required name: Name,
        /// Number of nodes. Default: 1.
        Optional count: u64,
        /// CPU that pods may request of each node (Kubernetes: allocatable), such as "16".
        Required cpu: MilliCpu,
        /// Memory that pods may request of each node (Kubernetes: allocatable), such as "64Gi".
        Required memory: Bytes,
        /// GPUs of each node, at most 16. Default: none.
        Optional gpu: u64,
        /// The kind of its GPUs.
        Optional gpu_model: Name,
        /// Zones the nodes are dealt out to in turn. Default: one zone without a name.
        Optional zones: List<Name>,
        /// Price of one hour of one node. Default: not known, and no cost is reported.
        Optional price_per_hour: f64,
        /// Most pods on one node. Default: 110, the kubelet's (`maxPods`, KubeletConfiguration
        /// v1beta1).
        Optional max_pods: u64,
        /// Labels of each node, beside kubernetes.io/hostname and topology.kubernetes.io/zone, which
        /// are its name and its zone unless given here.
        Optional labels: Texts,
        /// Taints of each node.
        Optional taints: List<pod::Taint>,
        /// Images that are on each node from the start.
        Optional images: List<Image>,
        /// Extended resources of each node, such as "example.com/fpga" = 2 or
        /// "ephemeral-storage" = "100Gi".
        Optional resources: Amounts,
    }
}

table! {
    /// A service: replicas that are kept running and share load.
    Service {
        /// Its name.
        Required name: Name,
        /// Replicas at the start. Default: hpa.min where there is an hpa, else 1.
        Optional replicas: u64,
        /// The container image. Default: an image that is on every node.
        Optional image: Image,
        /// What the container of each replica requests; with what `pod` says of other containers and
        /// overhead it is what the scheduler reserves.
        Required requests: Requests,
        /// What the container cannot exceed. Default: no limits.
        Optional limits: Limits,
        /// What requests cost. Default: nothing, so that a replica serves any load.
        Optional work: Work,
        /// Memory that a container uses. Default: not known; taken to be its request where it is asked
        /// whether a node has enough, and `used.memory` is absent.
        Optional memory_use: MemoryUse,
        /// Time from the start of a container until it can serve. Default: none.
        Optional startup: Dist,
        /// How readiness is probed. Default: no probe, a container counts as ready once it runs.
        Optional readiness: Readiness,
        /// Time from the order to stop until a container exits; it serves until then. Default: none.
        Optional shutdown: Duration,
        /// Ready replicas below which the service counts as down. Default: 1.
        Optional min_available: u64,
        /// The availability promised to its users. Default: none.
        Optional slo: Slo,
        /// Requests per second asked of it. Default: none.
        Optional load: Load,
        /// Horizontal autoscaling. Default: none, the number of replicas stays.
        Optional hpa: Hpa,
        /// Higher is placed first (Kubernetes: the value of the priority class). Default: 0.
        Optional priority: i64,
        /// Where its pods may and should go, and what else is in them, in the words of Kubernetes'
        /// PodSpec.
        Optional pod: pod::Pod,
    }
}

table! {
    /// A container image.
    Image {
        /// Its name; nodes keep images by name.
        Required name: String,
        /// What must be pulled.
        Required size: Bytes,
    }
}

table! {
    /// What a container requests, and the scheduler reserves.
    Requests {
        /// CPU.
        Required cpu: MilliCpu,
        /// Memory.
        Required memory: Bytes,
        /// Number of GPUs. Default: none.
        Optional gpu: u64,
        /// Thousandths of each of these GPUs. Default: 1000, whole GPUs.
        Optional gpu_milli: u64,
        /// Kinds of GPU that will do. Default: any.
        Optional gpu_model: OneOrMore<Name>,
    }
}

table! {
    /// What a container cannot exceed.
    Limits {
        /// CPU beyond which it is throttled. Default: none.
        Optional cpu: MilliCpu,
        /// Memory beyond which it is killed. Default: none.
        Optional memory: Bytes,
    }
}

table! {
    /// What requests cost.
    Work {
        /// CPU time of one request, such as "12ms".
        Required cpu: Duration,
    }
}

table! {
    /// Memory that a container uses.
    MemoryUse {
        /// From its start on.
        Required base: Bytes,
        /// What it grows by in an hour (a leak). Default: nothing.
        Optional growth_per_hour: Bytes,
    }
}

table! {
    /// A readiness probe.
    Readiness {
        /// Time between probes. Default: 10s, Kubernetes' `periodSeconds` (documentation,
        /// "Configure Liveness, Readiness and Startup Probes", v1.34).
        Optional period: Duration,
    }
}

table! {
    /// A service level objective.
    Slo {
        /// Share of requests to be served, such as 0.999.
        Required availability: f64,
        /// The time over which it is judged, such as "30d".
        Required window: Duration,
        /// How much less is not worse when variants are compared, such as "0.05%", which is 0.05
        /// points. Default: not known.
        Optional tolerance: Level,
    }
}

table! {
    /// A bound on a metric.
    ObjectiveTable {
        /// The metric, of the whole cluster or of something in it: "pending.p99",
        /// "availability.requests@service:cart". `plimsoll metrics` lists them.
        Required metric: String,
        /// The least that will do: a number in the metric's unit, a share such as "99.9%", a time such
        /// as "90s".
        Optional at_least: Level,
        /// The most that will do.
        Optional at_most: Level,
        /// How much worse is not worse when variants are compared: an amount, or a share of what it is
        /// compared with such as "10%"; of a ratio, points. Default: not known.
        Optional tolerance: Level,
    }
}

table! {
    /// What a HorizontalPodAutoscaler is told.
    Hpa {
        /// Fewest replicas. Default: 1, Kubernetes' `minReplicas` (API reference,
        /// HorizontalPodAutoscaler v2, v1.34).
        Optional min: u64,
        /// Most replicas.
        Required max: u64,
        /// Wanted use of CPU as a share of what is requested, in whole percent. Default: 0.8,
        /// Kubernetes' when no metric is given (API reference, HorizontalPodAutoscaler v2, v1.34).
        Optional cpu: f64,
    }
}

table! {
    /// Jobs by distribution. Give `every` or `rate`.
    JobsTable {
        /// The jobs' name; they are called name-0, name-1, and so on.
        Required name: Name,
        /// Time from one arrival to the next.
        Optional every: Dist,
        /// Independent arrivals (a Poisson process) at this rate, such as "30/h".
        Optional rate: Rate,
        /// What the jobs ask for: one of these is drawn for each.
        Required sizes: List<Size>,
        /// How long each runs.
        Required duration: Dist,
        /// Whether a job that is lost starts again from its beginning. Default: always.
        Optional restart: Restart,
        /// From when on jobs arrive. Default: the start of the run.
        Optional from: Duration,
        /// No job arrives at this time or later. Default: the end of the run.
        Optional until: Duration,
        /// Most jobs that arrive. Default: no bound but time.
        Optional count: u64,
        /// Higher is placed first (Kubernetes: the value of the priority class). Default: 0.
        Optional priority: i64,
        /// Where its pods may and should go, and what else is in them, in the words of Kubernetes'
        /// PodSpec.
        Optional pod: pod::Pod,
    }
}

table! {
    /// What a job may ask for.
    Size {
        /// How often, compared with the other sizes. Default: 1.
        Optional weight: f64,
        /// CPU.
        Required cpu: MilliCpu,
        /// Memory.
        Required memory: Bytes,
        /// Number of GPUs. Default: none.
        Optional gpu: u64,
        /// Thousandths of each of these GPUs. Default: 1000, whole GPUs.
        Optional gpu_milli: u64,
        /// Kinds of GPU that will do. Default: any.
        Optional gpu_model: OneOrMore<Name>,
    }
}

table! {
    /// CSV files, named relative to the scenario file: comma, header, columns in any order.
    Trace {
        /// Nodes: name,cpu_milli,memory_mib[,gpu,gpu_model,zone,rack,price_per_hour].
        Optional nodes: String,
        /// Pods: name,arrival_s,duration_s,cpu_milli,memory_mib[,gpu,gpu_milli,gpu_model,priority,
        /// workload]. An empty duration means that the pod stays.
        Optional pods: String,
        /// Node events: time_s,node,event with event one of add, remove, fail, recover, drain,
        /// undrain. A node whose first event is add is not there from the start. One that is added
        /// while a failure of [[failures]] holds it or its zone down joins when that is over.
        Optional node_events: String,
        /// Load: time_s,service,rate_per_s. Each rate holds until the service's next.
        Optional load: String,
        /// Whether a pod that is lost starts again from its beginning. Default: always.
        Optional restart: Restart,
        /// Rows that were left out when the trace was made, by reason.
        Optional excluded: Counts,
    }
}

table! {
    /// Something that fails. Give one of `nodes`, `zones` and `containers`, and one of `at` and
    /// `after`.
    FailureTable {
        /// Its name, by which its random numbers are drawn. Default: what fails.
        Optional name: String,
        /// Nodes, by name or group; "*" for all. Each fails by itself.
        Optional nodes: OneOrMore<String>,
        /// Zones; "*" for all. Each fails with all its nodes.
        Optional zones: OneOrMore<String>,
        /// Services whose containers crash, each by itself; "*" for all.
        Optional containers: OneOrMore<String>,
        /// Once, at this time.
        Optional at: Duration,
        /// How many of them fail then, drawn by lot. Default: all.
        Optional count: u64,
        /// Again and again: time from the start, or from the end of the last failure, to the next.
        Optional after: Dist,
        /// Time until it is back; "forever" for good. Needed for nodes and zones; containers are back
        /// when they are restarted.
        Optional down: Down,
    }
}

table! {
    /// How late the control plane sees and acts, and how fast the machines are. Where neither
    /// Kubernetes nor anybody else gives a default it is zero: measure yours.
    Delays {
        /// Time between a node's lease renewals. Default: 10s, the kubelet's (Kubernetes
        /// documentation, "Nodes", v1.34).
        Optional heartbeat: Duration,
        /// Time one scheduling decision takes. Default: none.
        Optional scheduling: Duration,
        /// From a command until the node acts on it. Default: none.
        Optional command: Duration,
        /// From a node's or a container's news until the control plane hears it; what one node tells is
        /// heard in its order. Default: none.
        Optional status: Dist,
        /// From a change of endpoints until traffic follows. Default: none.
        Optional endpoints: Duration,
        /// From the end of a measuring interval until its sample can be read. Default: 10s (the
        /// kubelet's `--housekeeping-interval`, v1.34).
        Optional metrics: Duration,
        /// Time to create and start a container once its image is there, or a list of such times by how
        /// many are being started at once on the node. Default: none.
        Optional create: Crowd,
        /// Whether all nodes share one machine, so that containers that start on any of them slow each
        /// other down. Default: false.
        Optional shared_machine: bool,
        /// From a container's start until it can serve, beyond its startup. Default: none.
        Optional ready: Dist,
        /// From the order to stop a container until it has ended, beyond its shutdown. Default: none.
        Optional stop: Dist,
        /// From a failed node's return until it takes part again. Default: none.
        Optional boot: Dist,
        /// How fast a node pulls images, such as "100Mi/s". Default: all images are on every node.
        Optional pull_bandwidth: Bandwidth,
        /// Longest graceful stop before a container is killed. Default: 30s, Kubernetes'
        /// `terminationGracePeriodSeconds` (documentation, "Pod Lifecycle", v1.34).
        Optional grace: Duration,
    }
}

table! {
    /// How long something takes while so much is done at once.
    CrowdLevel {
        /// Containers that are being started, this one included. The first is 1; between two, times lie
        /// between theirs, and beyond the last they are its.
        Required starting: u64,
        /// The time.
        Required time: Dist,
    }
}

/// A length of time, also by how much is done at once.
#[derive(Clone, Debug)]
pub(super) enum Crowd {
    Alike(Dist),
    ByNumber(List<CrowdLevel>),
}

words! {
    /// Whether a lost job starts again.
    Restart {
        "always" => Always,
        "never" => Never,
    }
}

/// How long something is down.
#[derive(Clone, Debug)]
pub(super) enum Down {
    Forever,
    For(Dist),
}

impl Decode for Crowd {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Crowd> {
        match item.value {
            DeValue::Array(items) => Some(Crowd::ByNumber(decoder.list(item.key, items))),
            _ => Dist::decode(item, decoder).map(Crowd::Alike),
        }
    }

    fn schema() -> Schema {
        let levels = Schema::List(Box::new(CrowdLevel::schema()));
        Schema::AnyOf(vec![Dist::schema(), levels])
    }
}

/// The name of an entry of a list, also where it goes by its default name.
pub(super) fn entry_name(entry: &DeValue<'_>, table: &Table) -> Option<String> {
    let map = entry.as_table()?;
    if let Some(name) = map.get(table.name_key()?) {
        return name.get_ref().as_str().map(str::to_owned);
    }
    (table.name == FailureTable::TABLE.name).then(|| {
        let names = |what: &str| match map.get(what)?.get_ref() {
            DeValue::Array(names) => {
                let names = names.iter().filter_map(|name| name.get_ref().as_str());
                Some(names.collect::<Vec<_>>().join(", "))
            }
            one => one.as_str().map(str::to_owned),
        };
        failure_name(names("nodes"), names("zones"), names("containers"))
    })
}

/// The name of a failure that is given none: what fails, in a list.
pub(super) fn failure_name(
    nodes: Option<String>,
    zones: Option<String>,
    containers: Option<String>,
) -> String {
    let targets = [
        ("nodes", nodes),
        ("zones", zones),
        ("containers", containers),
    ];
    let words = targets
        .into_iter()
        .filter_map(|(what, names)| Some(format!("{what} {}", names?)));
    words.collect::<Vec<_>>().join(" ")
}

impl Decode for Down {
    fn decode(item: Item<'_>, decoder: &mut Decoder<'_>) -> Option<Down> {
        match item.value.as_str() {
            Some("forever") => Some(Down::Forever),
            _ => Dist::decode(item, decoder).map(Down::For),
        }
    }

    fn schema() -> Schema {
        Schema::AnyOf(vec![Schema::Words(&["forever"]), Dist::schema()])
    }
}
