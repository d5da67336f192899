//! What a pod asks of single nodes and of the pods that are there, and what they are worth to it.

use std::collections::{BTreeMap, BTreeSet};

use super::row::{Row, Use};
use super::weights::Weights;
use crate::cluster::requests::Assumed;
use crate::ids::{NodeId, PodId};
use crate::policy::scheduler::kube::cycle::{Cycle, NodeInfo};
use crate::policy::scheduler::kube::points::MAX;
use crate::policy::scheduler::kube::ports;
use crate::policy::scheduler::kube::profile::{Filter, Profile};
use crate::policy::scheduler::kube::resources::{self, Counted, Ignored, Strategy};
use crate::policy::scheduler::table::Divisor;
use crate::units::Resource;

/// One pod and its attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    /// The attempt.
    pub(super) cycle: Cycle<'a>,
    profile: &'a Profile,
    weights: &'a Weights,
    cpu: u64,
    memory: u64,
    /// Places for pods.
    slots: u32,
    placing: Assumed,
    /// Whether numbers of a row say all that filters ask.
    by_row: bool,
    quick: Option<Quick>,
}

/// The points of a node, where CPU and memory alone count.
#[derive(Clone, Copy, Debug)]
struct Quick {
    least: bool,
    cpu: u64,
    memory: u64,
    /// What all of the CPU, and of the memory, is worth in the mean.
    whole: [f64; 2],
    /// CPU and memory that the mean counts for the pod, and that balance does.
    own: [f64; 4],
    /// By the sum of both weights.
    divisor: Divisor,
    /// What the mean counts.
    fit: i64,
    /// What balance counts.
    balance: i64,
}

/// More than what floating-point numbers may be off in a sum of points. Sums differ by one at least.
const ROUNDING: f64 = 1e-3;

impl<'a> Ask<'a> {
    pub(super) fn new(profile: &'a Profile, weights: &'a Weights, cycle: Cycle<'a>) -> Ask<'a> {
        let (shape, rules) = (cycle.shape, cycle.rules);
        let fit = weights.filters_fit.as_ref();
        let extended = |ignored: &Ignored| {
            let mut asked = shape.extended.iter();
            asked.any(|(resource, _)| !ignored.extended.contains(resource))
        };
        let asks_ports = weights.filters_ports && !rules.host_ports.is_empty();
        let asks_gpus = weights.filters_gpus && shape.gpus.count > 0;
        Ask {
            cycle,
            profile,
            weights,
            cpu: fit.map_or(0, |_| shape.requests.cpu.0),
            memory: fit.map_or(0, |_| shape.requests.memory.0),
            slots: u32::from(fit.is_some()),
            placing: shape.placing(),
            by_row: !asks_ports && !asks_gpus && !fit.is_some_and(extended),
            quick: Quick::new(weights, &cycle),
        }
    }

    /// Whether no filter refuses the node that looks at nothing but the node and its pods, those
    /// nominated to it included.
    pub(super) fn fits(&self, row: &Row) -> bool {
        row.slots >= self.slots
            && self.cpu <= row.cpu.free
            && self.memory <= row.memory.free
            && (self.by_row || !self.any_refuses(row))
            && (!row.awaited || self.fits_beside(row))
    }

    fn any_refuses(&self, row: &Row) -> bool {
        let mut filters = self.profile.filters.iter();
        filters.any(|filter| self.refuses(filter, row))
    }

    /// Whether the filter, one of those, refuses the node. Pods nominated to it do not count.
    fn refuses(&self, filter: &Filter, row: &Row) -> bool {
        let (cycle, state) = (&self.cycle, &self.cycle.cluster.nodes()[row.node]);
        match filter {
            Filter::NodePorts => ports::are_taken(cycle, &state.ports),
            Filter::NodeResourcesFit(ignored) => {
                row.slots < self.slots
                    || self.cpu > row.cpu.free
                    || self.memory > row.memory.free
                    || (!self.by_row && self.lacks_extended(ignored, row.node))
            }
            Filter::GpuDevices => {
                let request = cycle.shape.gpus;
                request.count > 0
                    && !(request.models.allow(cycle.cluster.spec(row.node).gpu_model)
                        && cycle.cluster.gpus(row.node).fit(request))
            }
            Filter::NodeUnschedulable
            | Filter::NodeName
            | Filter::TaintToleration
            | Filter::NodeAffinity
            | Filter::PodTopologySpread
            | Filter::InterPodAffinity => false,
        }
    }

    fn lacks_extended(&self, ignored: &Ignored, node: NodeId) -> bool {
        let spec = self.cycle.cluster.spec(node);
        let taken = &self.cycle.cluster.nodes()[node].extended;
        self.cycle.shape.extended.iter().any(|&(resource, asked)| {
            let all = resources::allocatable(spec, resource);
            let taken = taken.get(&resource).copied().unwrap_or(0);
            asked > all.saturating_sub(taken) && !ignored.extended.contains(&resource)
        })
    }

    /// The same, pods nominated to the node included.
    pub(super) fn refuses_beside(&self, filter: &Filter, row: &Row) -> bool {
        if !row.awaited || !self.is_awaited(row) {
            return self.refuses(filter, row);
        }
        let (cycle, info) = (&self.cycle, self.crowded(row));
        let refusal = match filter {
            Filter::NodePorts => ports::refuses(cycle, &info),
            Filter::NodeResourcesFit(ignored) => resources::refuses(cycle, ignored, &info),
            Filter::GpuDevices => resources::refuses_gpus(cycle, &info),
            Filter::NodeUnschedulable
            | Filter::NodeName
            | Filter::TaintToleration
            | Filter::NodeAffinity
            | Filter::PodTopologySpread
            | Filter::InterPodAffinity => None,
        };
        refusal.is_some()
    }

    #[cold]
    fn fits_beside(&self, row: &Row) -> bool {
        let mut filters = self.profile.filters.iter();
        !filters.any(|filter| self.refuses_beside(filter, row))
    }

    /// Whether pods that matter to the pod are nominated to the node.
    pub(super) fn is_awaited(&self, row: &Row) -> bool {
        self.coming(row).next().is_some()
    }

    /// Other pods of at least the same priority that are nominated to the node.
    fn coming(&self, row: &Row) -> impl Iterator<Item = PodId> {
        let Cycle { pod, shape, .. } = self.cycle;
        let nominated = self.cycle.nominated(row.node);
        let others =
            nominated.filter(move |&(other, priority)| other != pod && priority >= shape.priority);
        others.map(|(other, _)| other)
    }

    /// The node with the pods nominated to it.
    fn crowded(&self, row: &Row) -> NodeInfo<'a> {
        let mut info = NodeInfo::new(self.cycle.cluster, row.node);
        for pod in self.coming(row) {
            info.add(self.cycle.cluster, pod);
        }
        info
    }

    /// What the use of the node's resources is worth, times the weights of the profile.
    pub(super) fn points(&self, row: &Row) -> i64 {
        self.points_from(row, i64::MIN).expect("no bound")
    }

    /// The same; `None` where it is certainly less than `least`.
    pub(super) fn points_from(&self, row: &Row, least: i64) -> Option<i64> {
        match &self.quick {
            Some(quick) if row.cpu.capacity > 0 && row.memory.capacity > 0 => {
                quick.points_from(self, row, least)
            }
            _ => Some(self.points_of_all(row)),
        }
    }

    #[cold]
    fn points_of_all(&self, row: &Row) -> i64 {
        let (cycle, state) = (&self.cycle, &self.cycle.cluster.nodes()[row.node]);
        let info = NodeInfo {
            requested: state.requested,
            assumed: state.assumed,
            extended: state.extended.clone(),
            ..bare(cycle, row.node)
        };
        let fit = self.weights.fit.as_ref();
        let fit = fit.map_or(0, |fit| {
            fit.weight * resources::score(cycle, &fit.strategy, &fit.resources, &info)
        });
        let balance = self.weights.balance.as_ref();
        let balance = balance.map_or(0, |(counted, weight)| {
            let takes_part = resources::requests_any(cycle, counted);
            let points = takes_part.then(|| resources::balance(cycle, counted, &info));
            weight * points.unwrap_or(0)
        });
        fit + balance
    }
}

impl Quick {
    /// `None` where something else counts.
    fn new(weights: &Weights, cycle: &Cycle) -> Option<Quick> {
        let fit = weights.fit.as_ref()?;
        let least = match fit.strategy {
            Strategy::LeastAllocated => true,
            Strategy::MostAllocated => false,
            Strategy::RequestedToCapacityRatio(_) => return None,
        };
        let (mut cpu, mut memory) = (0, 0);
        let counted = fit.resources.iter();
        for &(resource, weight) in counted.filter(|(resource, _)| matters(cycle, *resource)) {
            match resource {
                Counted::Plain(Resource::Cpu) => cpu += weight,
                Counted::Plain(Resource::Memory) => memory += weight,
                Counted::Plain(Resource::Gpu) | Counted::Extended(_) => return None,
            }
        }
        let balance = match &weights.balance {
            Some((counted, weight)) if resources::requests_any(cycle, counted) => {
                let mut asked = counted.iter().filter(|counted| matters(cycle, **counted));
                let both = [Resource::Cpu, Resource::Memory].map(Counted::Plain);
                if !asked.by_ref().eq(&both) {
                    return None;
                }
                *weight
            }
            _ => 0,
        };
        let [cpu, memory] = [cpu, memory].map(u64::try_from);
        let (cpu, memory) = (cpu.ok()?, memory.ok()?);
        Some(Quick {
            least,
            cpu,
            memory,
            whole: [cpu, memory].map(|weight| {
                fit.weight as f64 * MAX as f64 * weight as f64 / (cpu + memory).max(1) as f64
            }),
            own: [
                cycle.shape.placing().cpu.0,
                cycle.shape.placing().memory.0,
                cycle.shape.requests.cpu.0,
                cycle.shape.requests.memory.0,
            ]
            .map(|amount| amount as f64),
            divisor: (cpu + memory > 0).then(|| Divisor::new(cpu + memory))?,
            fit: fit.weight,
            balance,
        })
    }

    fn points_from(&self, ask: &Ask, row: &Row, least: i64) -> Option<i64> {
        (self.most(row) >= least as f64).then(|| {
            let own = &ask.cycle.shape.requests;
            let fit = self.fit * self.mean(ask, row);
            match self.balance {
                0 => fit,
                weight => fit + weight * row.balance(own.cpu.0, own.memory.0),
            }
        })
    }

    /// What the points are certainly not more than: the same without rounding anything down.
    fn most(&self, row: &Row) -> f64 {
        let [placing_cpu, placing_memory, cpu, memory] = self.own;
        let of = |used: f64| if self.least { 1.0 - used } else { used };
        let mean = self.whole[0] * of(row.cpu.assumed_with(placing_cpu))
            + self.whole[1] * of(row.memory.assumed_with(placing_memory));
        let apart = row.cpu.requested_with(cpu) - row.memory.requested_with(memory);
        mean + self.balance as f64 * MAX as f64 * (1.0 - (apart / 2.0).abs()) + ROUNDING
    }

    fn mean(&self, ask: &Ask, row: &Row) -> i64 {
        let of = |resource: &Use, own: u64| {
            let requested = resource.assumed + own;
            match self.least {
                true => resource.hundredths(resource.capacity.saturating_sub(requested)),
                false => resource.hundredths(requested.min(resource.capacity)),
            }
        };
        let cpu = self.cpu * of(&row.cpu, ask.placing.cpu.0);
        let memory = self.memory * of(&row.memory, ask.placing.memory.0);
        self.divisor.divide(cpu + memory) as i64
    }
}

/// Whether scorers look at the resource at all for the pod.
fn matters(cycle: &Cycle, counted: Counted) -> bool {
    match counted {
        Counted::Plain(Resource::Cpu | Resource::Memory) => true,
        Counted::Plain(Resource::Gpu) => cycle.shape.requests.gpu.0 > 0,
        Counted::Extended(resource) => cycle.shape.extended.iter().any(|&(id, _)| id == resource),
    }
}

/// The node without its pods.
pub(super) fn bare<'a>(cycle: &Cycle<'a>, node: NodeId) -> NodeInfo<'a> {
    NodeInfo {
        node,
        spec: cycle.cluster.spec(node),
        state: &cycle.cluster.nodes()[node],
        pods: Vec::new(),
        unknown: 0,
        requested: Default::default(),
        assumed: Assumed::default(),
        extended: BTreeMap::new(),
        ports: BTreeSet::new(),
    }
}
