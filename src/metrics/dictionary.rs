//! The metric dictionary: one name, one unit, one formula, one direction, one basis. Every
//! exporter, gate and plot reads it.
//!
//! Everywhere: the window is [warm_up, end). Counts and percentiles take what began in it, intervals
//! are clipped to it. Ratios over an empty base are absent. *Sampled* means: in the middle of each of
//! 500 equal cells of the window.

use Basis::{Belief, Truth};
use Better::{Down, Neither, Up};

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name in every file.
    pub name: &'static str,
    /// Its unit, `1` for pure numbers.
    pub unit: &'static str,
    /// Which direction is better.
    pub better: Better,
    /// Whether it is measured on the truth or on belief.
    pub basis: Basis,
    /// How it is computed, in one sentence.
    pub formula: &'static str,
}

/// Which direction is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// More is better.
    Up,
    /// Less is better.
    Down,
    /// Neither by itself.
    Neither,
}

/// What a metric is measured on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// What happened.
    Truth,
    /// What the control plane believed.
    Belief,
}

/// The metric of that name.
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

const fn metric(
    name: &'static str,
    unit: &'static str,
    better: Better,
    basis: Basis,
    formula: &'static str,
) -> Metric {
    Metric {
        name,
        unit,
        better,
        basis,
        formula,
    }
}

const ALLOCATED: &str = "∫ requests bound to nodes truly up ÷ ∫ allocatable of provisioned nodes \
    (paid for: up, down, booting, cordoned)";
const SCHEDULABLE: &str = "∫ requests bound ÷ ∫ allocatable, both over the nodes believed to take \
    pods: ready, not cordoned, not tainted";
const USED: &str = "∫ use on nodes truly up ÷ ∫ allocatable of provisioned nodes; absent unless the \
    use of every node that held a pod is known (memory: unless every service says its `memory_use`)";
const SLACK: &str = "1 − ∫ use ÷ ∫ requests bound, on nodes truly up; below 0 where more is used than \
    requested; absent unless the use of every node that held a pod is known";
const STRANDED: &str = "Idle amount on nodes truly up where nothing of the reference mix fits, although \
    something that asks for this resource would if only this resource counted, ÷ allocatable of \
    provisioned nodes; both summed over samples";
const BALANCE: &str = "Standard deviation ÷ mean of the allocated share over nodes truly up; mean over \
    the samples in which anything is allocated";
const LARGEST: &str = "Largest request in the proportions of the reference mix's mean that one node truly \
    up and believed to take pods has room for (a part of one GPU, or whole ones); mean over samples";
const LARGEST_MIN: &str = "The same, least over samples";
const PENDING: &str = "Percentile (nearest rank) over pod incarnations created in the window of the time \
    from created to bound; one never bound by the end, or deleted before, counts as +∞";
const BY_SIZE: &str = "The same for four groups of pods by dominant share of the whole catalogue. Each \
    of the three cuts lies between two different shares, as near to its quartile of the scenario's pods as \
    such a cut can: where many pods are of one size, groups are no quarters";
const TO_READY: &str = "Percentile (nearest rank) over pod incarnations created in the window of the time \
    from created to first believed ready (a job's pod: running); one that never was counts as +∞";
const DETECTION: &str = "Percentile (nearest rank) over failures in the window of the time until the \
    control plane knows: the node is marked not ready, removed or listed anew, or the container is \
    believed dead; never counts as +∞";

/// Every metric, in the order of every listing.
pub const METRICS: &[Metric] = &[
    // Availability, per service and over services.
    metric(
        "availability.requests",
        "ratio",
        Up,
        Truth,
        "(offered − lost) ÷ offered requests; over services Σ ÷ Σ. Simulated traffic is fluid: requests do \
         not wait, so it is an upper bound; live, every request counts",
    ),
    metric(
        "availability.time",
        "ratio",
        Up,
        Truth,
        "Time with truly ready replicas ≥ min_available ÷ time; over services weighted by requests \
         offered, equally when nobody asks anything",
    ),
    metric(
        "availability.capacity",
        "ratio",
        Up,
        Truth,
        "Time with capacity of all truly ready replicas ≥ offered rate ÷ time, for services that are \
         asked anything; over services weighted by requests offered",
    ),
    metric(
        "availability.nines",
        "1",
        Up,
        Truth,
        "−log10(1 − A), A = availability.requests pooled over replications; absent when nothing was lost",
    ),
    metric(
        "slo.met",
        "ratio",
        Up,
        Truth,
        "Share of runs in which availability.requests reaches the objective; over services: in which \
         all objectives are reached",
    ),
    metric(
        "slo.budget_burned",
        "ratio",
        Down,
        Truth,
        "(lost ÷ offered) × (length of the window ÷ the objective's window) ÷ (1 − objective); over \
         services weighted by requests offered, those without an objective left out",
    ),
    metric(
        "outages",
        "count",
        Down,
        Truth,
        "Maximal intervals of positive length with ready replicas < min_available that began after the \
         window opened",
    ),
    metric(
        "outages.unseen",
        "count",
        Down,
        Truth,
        "Of these, those over before the control plane knew of any failure that contributes",
    ),
    metric(
        "outages.censored",
        "count",
        Down,
        Truth,
        "Outages under way as the window opened, or still at its end: their time counts as lost, their \
         length is not known",
    ),
    metric(
        "outage.time_to_detect",
        "s",
        Down,
        Truth,
        "Start of an outage to when the control plane knew of a failure that contributes (0 if before), \
         mean over outages detected before they were over; a first missed heartbeat is no knowledge yet",
    ),
    metric(
        "outage.time_to_recover",
        "s",
        Down,
        Truth,
        "Σ length ÷ outages, of outages that began after the window opened and were over at its end",
    ),
    metric(
        "outage.time_between",
        "s",
        Up,
        Truth,
        "Σ time with ready replicas ≥ min_available ÷ the same outages",
    ),
    metric(
        "requests.lost",
        "ratio",
        Down,
        Truth,
        "Lost ÷ offered requests; by cause, over all services and of each: no endpoint (no replica is \
         believed ready), stale endpoint (one that is believed ready and cannot serve: it is dead, or \
         starts and no probe tells), over capacity (live, refused or not answered in time)",
    ),
    // Utilization, over the cluster and per node group.
    metric("allocated.cpu", "ratio", Neither, Truth, ALLOCATED),
    metric("allocated.memory", "ratio", Neither, Truth, ALLOCATED),
    metric("allocated.gpu", "ratio", Neither, Truth, ALLOCATED),
    metric(
        "allocated.schedulable.cpu",
        "ratio",
        Neither,
        Belief,
        SCHEDULABLE,
    ),
    metric(
        "allocated.schedulable.memory",
        "ratio",
        Neither,
        Belief,
        SCHEDULABLE,
    ),
    metric(
        "allocated.schedulable.gpu",
        "ratio",
        Neither,
        Belief,
        SCHEDULABLE,
    ),
    metric("used.cpu", "ratio", Neither, Truth, USED),
    metric("used.memory", "ratio", Neither, Truth, USED),
    metric("slack.cpu", "ratio", Down, Truth, SLACK),
    metric("slack.memory", "ratio", Down, Truth, SLACK),
    metric("stranded.cpu", "ratio", Down, Truth, STRANDED),
    metric("stranded.memory", "ratio", Down, Truth, STRANDED),
    metric("stranded.gpu", "ratio", Down, Truth, STRANDED),
    metric(
        "fragmentation",
        "ratio",
        Down,
        Truth,
        "Idle capacity of nodes truly up that a pod of the reference mix cannot use, in expectation over \
         the mix, ÷ capacity of provisioned nodes; both summed over samples. With GPUs: FGD's F over all \
         nodes (Weng et al., USENIX ATC 2023), typical pods by CPU and GPUs alone; F counts idle GPUs as \
         lost to pods that want none, so that a nearly empty cluster reads about the share of such pods: \
         compare policies under one load, a high one. Without: all idle CPU \
         and memory of a node on which the pod does not fit, as the mean of both shares",
    ),
    metric(
        "fragmentation.of_idle",
        "ratio",
        Neither,
        Truth,
        "The same ÷ idle capacity of nodes truly up",
    ),
    metric(
        "packing",
        "ratio",
        Up,
        Truth,
        "Fewest nodes truly up, largest first, that offer as much of each resource as is bound ÷ nodes \
         that hold a pod; both summed over samples",
    ),
    metric(
        "nodes.used",
        "nodes",
        Neither,
        Truth,
        "Time mean of nodes truly up that hold a pod",
    ),
    metric(
        "nodes.up",
        "nodes",
        Neither,
        Truth,
        "Time mean of nodes truly up",
    ),
    metric("node_hours", "h", Neither, Truth, "∫ provisioned nodes"),
    metric(
        "cost",
        "currency",
        Down,
        Truth,
        "∫ price of provisioned nodes; absent unless all of them have one",
    ),
    metric(
        "cost.idle",
        "currency",
        Down,
        Truth,
        "∫ price × (1 − largest allocated share of any resource of the node), all of it while the node is \
         down",
    ),
    metric(
        "cost.per_million_requests",
        "currency",
        Down,
        Truth,
        "cost ÷ millions of requests served",
    ),
    metric("balance.cov.cpu", "1", Down, Truth, BALANCE),
    metric("balance.cov.memory", "1", Down, Truth, BALANCE),
    metric("balance.cov.gpu", "1", Down, Truth, BALANCE),
    metric("largest_pod.cpu", "cores", Up, Truth, LARGEST),
    metric("largest_pod.memory", "bytes", Up, Truth, LARGEST),
    metric("largest_pod.gpu", "GPUs", Up, Truth, LARGEST),
    metric("largest_pod.cpu.min", "cores", Up, Truth, LARGEST_MIN),
    metric("largest_pod.memory.min", "bytes", Up, Truth, LARGEST_MIN),
    metric("largest_pod.gpu.min", "GPUs", Up, Truth, LARGEST_MIN),
    // Risk: what packing stakes.
    metric(
        "headroom.node",
        "ratio",
        Up,
        Truth,
        "Share of samples with a pod that waits or is on a node truly up, in which none waits for a node, and those of any one node truly up \
         would all fit on the others that take pods, by first fit, larger shapes first (a failure is no \
         proof). In large clusters, where that takes long, fewer samples: the last holds on",
    ),
    metric(
        "headroom.node.displaced",
        "ratio",
        Up,
        Truth,
        "headroom.node, whatever pods wait for a node anyway",
    ),
    metric(
        "headroom.node.unplaced",
        "pods",
        Down,
        Truth,
        "Pods that wait for a node, and those that would not fit after losing the node for which that is \
         most; mean over the samples of headroom.node",
    ),
    metric(
        "headroom.node.services",
        "services",
        Down,
        Truth,
        "Services that losing a node would take below min_available at once, for the node for which that \
         is most; mean over the samples of headroom.node",
    ),
    metric(
        "headroom.zone",
        "ratio",
        Up,
        Truth,
        "headroom.node for zones, where there are several",
    ),
    metric(
        "headroom.zone.displaced",
        "ratio",
        Up,
        Truth,
        "headroom.node.displaced for zones",
    ),
    metric(
        "headroom.zone.unplaced",
        "pods",
        Down,
        Truth,
        "headroom.node.unplaced for zones",
    ),
    metric(
        "headroom.zone.services",
        "services",
        Down,
        Truth,
        "headroom.node.services for zones",
    ),
    metric(
        "headroom.samples",
        "count",
        Neither,
        Truth,
        "Samples for which headroom was worked out; the others hold on to the last",
    ),
    metric(
        "zone_skew.max",
        "pods",
        Down,
        Truth,
        "Largest difference of one service's truly ready replicas between two zones that have nodes, at \
         any time",
    ),
    metric(
        "pods_per_node.p99",
        "pods",
        Down,
        Truth,
        "Percentile (nearest rank) of the pods bound to a node truly up, over nodes and samples",
    ),
    // Scheduling.
    metric("pending.p50", "s", Down, Belief, PENDING),
    metric("pending.p95", "s", Down, Belief, PENDING),
    metric("pending.p99", "s", Down, Belief, PENDING),
    metric("pending.max", "s", Down, Belief, PENDING),
    metric("pending.by_size.p50", "s", Down, Belief, BY_SIZE),
    metric("pending.by_size.p95", "s", Down, Belief, BY_SIZE),
    metric("pending.by_size.p99", "s", Down, Belief, BY_SIZE),
    metric(
        "pending.by_size.pods",
        "count",
        Neither,
        Belief,
        "Pod incarnations created in the window, by the same groups",
    ),
    metric(
        "pending.never",
        "count",
        Down,
        Belief,
        "Pod incarnations created in the window and never bound",
    ),
    metric("time_to_ready.p50", "s", Down, Belief, TO_READY),
    metric("time_to_ready.p95", "s", Down, Belief, TO_READY),
    metric("time_to_ready.p99", "s", Down, Belief, TO_READY),
    metric(
        "scheduling.attempts",
        "count",
        Down,
        Belief,
        "Decisions of the scheduler on a pod",
    ),
    metric(
        "scheduling.unschedulable",
        "count",
        Down,
        Belief,
        "Of these, those that found no node",
    ),
    metric(
        "preemptions",
        "count",
        Down,
        Belief,
        "Decisions of the scheduler that pods of lower priority have to leave a node for a pod; pods that \
         are leaving already may do for several",
    ),
    metric(
        "evictions",
        "count",
        Down,
        Belief,
        "Pods deleted although their owner wants them, by cause: their node was unreachable, drained or \
         removed, or they were preempted",
    ),
    metric(
        "oom_kills",
        "count",
        Down,
        Belief,
        "Containers believed killed for want of memory: beyond their limit, or on their node",
    ),
    metric(
        "churn",
        "1/h",
        Down,
        Belief,
        "evictions ÷ ∫ pods bound, in hours",
    ),
    // Jobs that arrived in the window.
    metric(
        "jobs.wait",
        "s",
        Down,
        Truth,
        "Mean over jobs of the time from arrival until it first runs; one that never does counts with the \
         time until the end, a lower bound",
    ),
    metric(
        "jobs.bounded_slowdown",
        "1",
        Down,
        Truth,
        "Mean over jobs that end of max(1, (begin of the last run − arrival + duration) ÷ max(duration, \
         10 s)); one that neither runs nor is done counts as if it began at the end, a lower bound",
    ),
    metric(
        "jobs.makespan",
        "s",
        Down,
        Truth,
        "First arrival to last finish of jobs that end; absent unless all of them finished",
    ),
    metric(
        "jobs.goodput",
        "ratio",
        Up,
        Truth,
        "Run time of runs that finished, or still went on at the end, ÷ all run time of jobs",
    ),
    // Scaling, after SPEC-RG-2016-01, in integral form.
    metric(
        "scaling.under",
        "ratio",
        Down,
        Truth,
        "∫ (d − s)⁺ ÷ ∫ d; d = fewest replicas whose capacity meets the offered rate, s = truly ready \
         ones; over the time in which d is known, services that nobody asks anything left out",
    ),
    metric("scaling.over", "ratio", Down, Truth, "∫ (s − d)⁺ ÷ ∫ d"),
    metric(
        "scaling.under_time",
        "ratio",
        Down,
        Truth,
        "Share of time with s < d",
    ),
    metric(
        "scaling.over_time",
        "ratio",
        Down,
        Truth,
        "Share of time with s > d",
    ),
    metric(
        "scaling.instability",
        "ratio",
        Down,
        Truth,
        "Share of the steps of the autoscaler's sync grid over which s and d move in opposite directions, \
         for services that it scales",
    ),
    metric(
        "scaling.adaptations",
        "count",
        Down,
        Belief,
        "Decisions of the autoscaler that change the number of replicas",
    ),
    metric(
        "replica_hours",
        "h",
        Down,
        Belief,
        "∫ pods of the service that are bound",
    ),
    // Healing.
    metric(
        "failures.node",
        "count",
        Neither,
        Truth,
        "Nodes that went down, each of a failed zone counted; announced removals left out",
    ),
    metric(
        "failures.container",
        "count",
        Neither,
        Truth,
        "Containers that crashed or ran out of memory",
    ),
    metric("detection.p50", "s", Down, Truth, DETECTION),
    metric("detection.p99", "s", Down, Truth, DETECTION),
    metric(
        "restarts",
        "count",
        Down,
        Belief,
        "Containers ordered for a pod that had one before",
    ),
    metric(
        "backoff_time",
        "s",
        Down,
        Belief,
        "Σ time from a restart being planned until it is ordered or its pod deleted",
    ),
    metric(
        "heals.needless",
        "count",
        Down,
        Truth,
        "Pods restarted, given up or evicted while their container was alive, and nodes marked not ready \
         while they were up",
    ),
    metric(
        "heals.missed",
        "count",
        Down,
        Truth,
        "Failures on which nothing was done by the end: the node neither marked not ready nor back by \
         itself, the container neither planned for restart nor its pod over; those left out that came too \
         shortly before the end for the healer to have acted (Kubernetes': lease, grace period and two \
         looks)",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for (place, metric) in METRICS.iter().enumerate() {
            assert_eq!(find(metric.name), Some(metric));
            assert!(
                METRICS[..place]
                    .iter()
                    .all(|other| other.name != metric.name)
            );
        }
        assert_eq!(find("no.such.metric"), None);
    }

    #[test]
    fn formulas_are_single_spaced() {
        for metric in METRICS {
            assert!(
                !metric.formula.contains("  "),
                "{}: {}",
                metric.name,
                metric.formula
            );
        }
    }
}
