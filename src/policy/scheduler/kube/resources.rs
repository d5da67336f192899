//! NodeResourcesFit and NodeResourcesBalancedAllocation: whether resources suffice, and which use of
//! them is best.
//!
//! Filters look at what pods request; the scorer of NodeResourcesFit at what is assumed for
//! containers that request no CPU or memory, that of balance at what they request.
//!
//! Source: kube-scheduler v1.34.1, `framework/plugins/noderesources`.

use super::cycle::{Cycle, NodeInfo};
use super::points::MAX;
use crate::cluster::catalog::NodeSpec;
use crate::cluster::gpu::Gpus;
use crate::ids::ExtendedId;
use crate::policy::scheduler::explanation::{Code, Plugin, Reason, Rejection};
use crate::units::Resource;

/// A resource that a scorer looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// CPU, memory or GPUs.
    Plain(Resource),
    /// Any other.
    Extended(ExtendedId),
}

/// Which use of resources is best (`scoringStrategy`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// The least used node.
    LeastAllocated,
    /// The most used node.
    MostAllocated,
    /// As a broken line through these points says, use in per cent against points from 0 to 100.
    RequestedToCapacityRatio(Vec<(i64, i64)>),
}

/// Resources that filters do not look at (`NodeResourcesFitArgs`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// `ignoredResources`, and those of `ignoredResourceGroups`.
    pub extended: Vec<ExtendedId>,
}

/// Which resources are short.
pub fn refuses(cycle: &Cycle, ignored: &Ignored, info: &NodeInfo) -> Option<Rejection> {
    let (asked, all) = (&cycle.shape.requests, &info.spec.allocatable);
    let mut reasons = Vec::new();
    let mut for_good = false;
    if info.pods.len() + info.unknown + 1 > info.spec.max_pods as usize {
        reasons.push(Reason::TooManyPods);
    }
    let mut short = |asked: u64, all: u64, taken: u64, reason| {
        if asked > 0 && asked > all.saturating_sub(taken) {
            reasons.push(reason);
            for_good |= asked > all;
        }
    };
    let taken = &info.requested;
    short(asked.cpu.0, all.cpu.0, taken.cpu.0, Reason::InsufficientCpu);
    let memory = Reason::InsufficientMemory;
    short(asked.memory.0, all.memory.0, taken.memory.0, memory);
    for &(resource, amount) in &cycle.shape.extended {
        if !ignored.extended.contains(&resource) {
            let taken = info.extended.get(&resource).copied().unwrap_or(0);
            let reason = Reason::InsufficientExtended(resource);
            short(amount, allocatable(info.spec, resource), taken, reason);
        }
    }
    (!reasons.is_empty()).then_some(Rejection {
        plugin: Plugin::NodeResourcesFit,
        code: match for_good {
            true => Code::UnschedulableAndUnresolvable,
            false => Code::Unschedulable,
        },
        reasons,
    })
}

/// Whether single GPUs of the node suffice: no plugin of Kubernetes, but on for every policy.
pub fn refuses_gpus(cycle: &Cycle, info: &NodeInfo) -> Option<Rejection> {
    let request = cycle.shape.gpus;
    if request.count == 0 {
        return None;
    }
    let has_kind = request.models.allow(info.spec.gpu_model);
    let for_good = !has_kind || u32::from(info.spec.gpus) < u32::from(request.count);
    let refused = !has_kind || !gpus_left(cycle, info).is_some_and(|left| left.fit(request));
    refused.then(|| Rejection {
        plugin: Plugin::GpuDevices,
        code: match for_good {
            true => Code::UnschedulableAndUnresolvable,
            false => Code::Unschedulable,
        },
        reasons: vec![Reason::InsufficientGpu],
    })
}

/// What is left of the GPUs of the node, pods moved in thought included; `None` if that is less than
/// nothing.
fn gpus_left(cycle: &Cycle, info: &NodeInfo) -> Option<Gpus> {
    let cluster = cycle.cluster;
    let there = &cluster.nodes()[info.node].pods;
    let mut left = cluster.gpus(info.node);
    for pod in there.iter().filter(|pod| !info.pods.contains(pod)) {
        left.give(cluster.pods()[*pod].gpus, cluster.shape(*pod).gpus.milli);
    }
    for pod in info.pods.iter().filter(|pod| !there.contains(pod)) {
        let request = cluster.shape(*pod).gpus;
        left.take(left.choose(request)?, request.milli);
    }
    Some(left)
}

/// How much of an extended resource the node has.
pub fn allocatable(node: &NodeSpec, resource: ExtendedId) -> u64 {
    let all = &node.traits.extended;
    let at = all.binary_search_by_key(&resource, |&(resource, _)| resource);
    at.map_or(0, |at| all[at].1)
}

/// Capacity of the node, and what is requested of it with the pod: nothing of either where the pod
/// does not ask for an extended resource.
fn use_of(cycle: &Cycle, info: &NodeInfo, resource: Counted, assume: bool) -> (u64, u64) {
    match resource {
        Counted::Plain(plain) => {
            let own = cycle.shape.requests.get(plain);
            let all = info.spec.allocatable.get(plain);
            let taken = info.requested.get(plain);
            let assumed = (info.assumed, cycle.shape.placing());
            match plain {
                Resource::Cpu if assume => (all, assumed.0.cpu.0 + assumed.1.cpu.0),
                Resource::Memory if assume => (all, assumed.0.memory.0 + assumed.1.memory.0),
                Resource::Gpu if own == 0 => (0, 0),
                Resource::Cpu | Resource::Memory | Resource::Gpu => (all, taken + own),
            }
        }
        Counted::Extended(resource) => {
            let own = cycle.shape.extended.iter().find(|&&(id, _)| id == resource);
            let taken = info.extended.get(&resource).copied().unwrap_or(0);
            own.map_or((0, 0), |&(_, own)| {
                (allocatable(info.spec, resource), taken + own)
            })
        }
    }
}

/// The weighted mean of the points of all resources that the node has.
pub fn score(
    cycle: &Cycle,
    strategy: &Strategy,
    resources: &[(Counted, i64)],
    info: &NodeInfo,
) -> i64 {
    let (mut sum, mut weights) = (0, 0);
    for &(resource, weight) in resources {
        let (capacity, requested) = use_of(cycle, info, resource, true);
        if capacity == 0 {
            continue;
        }
        let points = strategy.points(requested, capacity);
        let counts = match strategy {
            Strategy::LeastAllocated | Strategy::MostAllocated => true,
            Strategy::RequestedToCapacityRatio(_) => points > 0,
        };
        if counts {
            sum += points * weight;
            weights += weight;
        }
    }
    match strategy {
        _ if weights == 0 => 0,
        Strategy::LeastAllocated | Strategy::MostAllocated => sum / weights,
        Strategy::RequestedToCapacityRatio(_) => (sum as f64 / weights as f64).round() as i64,
    }
}

impl Strategy {
    /// Points for a use of a capacity that is not zero.
    pub fn points(&self, requested: u64, capacity: u64) -> i64 {
        let hundredths = |amount: u64| {
            let parts = u128::from(amount) * 100 / u128::from(capacity);
            i64::try_from(parts).expect("at most 100")
        };
        match self {
            Strategy::LeastAllocated => hundredths(capacity.saturating_sub(requested)),
            Strategy::MostAllocated => hundredths(requested.min(capacity)),
            Strategy::RequestedToCapacityRatio(line) if requested > capacity => on(line, MAX),
            Strategy::RequestedToCapacityRatio(line) => on(line, hundredths(requested)),
        }
    }
}

/// The height of a broken line; before its first point and after its last it is level.
fn on(line: &[(i64, i64)], at: i64) -> i64 {
    let Some(next) = line.iter().position(|&(x, _)| at <= x) else {
        return line.last().map_or(0, |&(_, y)| y);
    };
    let (right, up) = line[next];
    match next.checked_sub(1) {
        None => up,
        Some(before) => {
            let (left, down) = line[before];
            down + (up - down) * (at - left) / (right - left)
        }
    }
}

/// Whether the pod requests anything of these resources.
pub fn requests_any(cycle: &Cycle, resources: &[Counted]) -> bool {
    resources.iter().any(|&resource| match resource {
        Counted::Plain(plain) => cycle.shape.requests.get(plain) > 0,
        Counted::Extended(resource) => cycle.shape.extended.iter().any(|&(id, _)| id == resource),
    })
}

/// How little the shares used of the node's resources differ: 100 less their standard deviation in
/// hundredths, rounded down.
pub fn balance(cycle: &Cycle, resources: &[Counted], info: &NodeInfo) -> i64 {
    let shares = resources.iter().filter_map(|&resource| {
        let (capacity, requested) = use_of(cycle, info, resource, false);
        (capacity > 0).then(|| (requested as f64 / capacity as f64).min(1.0))
    });
    let shares: Vec<f64> = shares.collect();
    ((1.0 - deviation(&shares)) * MAX as f64) as i64
}

/// The standard deviation, computed in the order of kube-scheduler's floating-point operations.
pub fn deviation(shares: &[f64]) -> f64 {
    match *shares {
        [] | [_] => 0.0,
        [one, other] => ((one - other) / 2.0).abs(),
        _ => {
            let count = shares.len() as f64;
            let total = shares.iter().fold(0.0, |sum, share| sum + share);
            let mean = total / count;
            let squares = shares.iter();
            let squares = squares.fold(0.0, |sum, share| sum + (share - mean) * (share - mean));
            (squares / count).sqrt()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::gpu::GpuModels;
    use crate::ids::{NodeId, ShapeId};
    use crate::policy::scheduler::testing::{asking_gpus, node, shape, with_gpus, world};

    #[test]
    fn pods_moved_in_thought_take_and_leave_gpus() {
        let whole = asking_gpus(shape(100, 10), 1, 1000, GpuModels::ANY);
        let node = with_gpus(node(4000, 4096), 2, None);
        let mut world = world(vec![node], vec![whole]);
        let pods = [0; 3].map(|shape| world.job(ShapeId(shape)));
        let cycle = Cycle::new(&world.cluster, pods[0]);
        let mut info = NodeInfo::new(&world.cluster, NodeId(0));
        let mut refused = Vec::new();
        for pod in [pods[1], pods[2]] {
            info.add(&world.cluster, pod);
            refused.push(refuses_gpus(&cycle, &info).is_some());
        }
        info.remove(&world.cluster, pods[1]);
        refused.push(refuses_gpus(&cycle, &info).is_some());
        assert_eq!(refused, [false, true, false]);
    }
}
