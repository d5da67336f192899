//! Memory: a container's limit, and the node's end.
//!
//! A job's memory, that of a service that does not say, and that of what runs in a pod beside its main
//! container is taken to be what is requested where it is asked whether the node has enough; it is not
//! told as use.

use super::Sim;
use super::container::Container;
use super::event::Event;
use crate::cluster::pod::Exit;
use crate::ids::{NodeId, PodId, ServiceId};
use crate::script::service::MemoryUse;
use crate::time::Duration;

/// Seconds in one hour.
const HOUR: f64 = 3600.0;

/// A container's line: bytes at a time, and bytes per second.
#[derive(Clone, Copy, Debug)]
struct Line {
    bytes: f64,
    growth: f64,
}

impl Sim {
    /// Plans the container's own kill, if it will ever use more than its limit, and its node's.
    pub(super) fn plan_out_of_memory(&mut self, pod: PodId, incarnation: u32, service: ServiceId) {
        let container = &self.containers[pod];
        let limit = self.catalog.shapes[container.shape].limits.memory;
        if let (
            Some(limit),
            Some(MemoryUse {
                base,
                growth_per_hour,
            }),
        ) = (limit, self.script.services[service].memory)
        {
            let growth = growth_per_hour.0 as f64 / HOUR;
            let room = limit.0.saturating_sub(base.0) as f64;
            let over = if base > limit {
                Some(0.0)
            } else {
                (growth > 0.0).then(|| room / growth)
            };
            if let Some(seconds) = over {
                let at = self.now + Duration::from_secs_f64(seconds);
                self.queue.push(
                    at,
                    Event::Finish {
                        pod,
                        incarnation,
                        exit: Exit::OutOfMemory,
                    },
                );
            }
        }
        self.plan_node_memory(self.containers[pod].node);
    }

    /// Plans when the node runs out of memory, as its containers are now.
    pub(super) fn plan_node_memory(&mut self, node: NodeId) {
        if !self.memory_matters {
            return;
        }
        self.nodes[node].memory_epoch += 1;
        let capacity = self.catalog.nodes[node].allocatable.memory.0 as f64;
        let sum = self.node_memory(node);
        let free = capacity - sum.bytes;
        let seconds = if free < 0.0 { 0.0 } else { free / sum.growth };
        if seconds.is_finite() {
            let at = self.now + Duration::from_secs_f64(seconds) + Duration::from_nanos(1);
            let epoch = self.nodes[node].memory_epoch;
            self.queue.push(at, Event::NodeMemory { node, epoch });
        }
    }

    /// Bytes in use on the node now; absent where a container runs whose use is only assumed.
    pub(super) fn known_memory(&self, node: NodeId) -> Option<f64> {
        let assumed = |pod: &&PodId| {
            let container = &self.containers[**pod];
            let service = container.service();
            let said = |id: ServiceId| self.script.services[id].memory.is_some();
            container.runs()
                && !(service.is_some_and(said) && self.unsimulated_memory(container) == 0)
        };
        let pods = &self.nodes[node].pods;
        (!pods.iter().any(|pod| assumed(&pod))).then(|| self.node_memory(node).bytes)
    }

    fn node_memory(&self, node: NodeId) -> Line {
        let mut sum = Line {
            bytes: 0.0,
            growth: 0.0,
        };
        for &pod in &self.nodes[node].pods {
            let container = &self.containers[pod];
            let line = self.memory_line(container);
            sum.bytes += line.bytes + self.unsimulated_memory(container) as f64;
            sum.growth += line.growth;
        }
        sum
    }

    /// Bytes taken to be used by what runs in a pod beside its main container.
    fn unsimulated_memory(&self, container: &Container) -> u64 {
        match container.runs() {
            true => {
                self.catalog.shapes[container.shape]
                    .running()
                    .unsimulated()
                    .memory
                    .0
            }
            false => 0,
        }
    }

    /// Bytes in use by a container now.
    pub(super) fn memory_bytes(&self, container: &Container) -> f64 {
        self.memory_line(container).bytes
    }

    fn memory_line(&self, container: &Container) -> Line {
        if !container.runs() {
            return Line {
                bytes: 0.0,
                growth: 0.0,
            };
        }
        let known = container
            .service()
            .and_then(|service| self.script.services[service].memory);
        match known {
            Some(MemoryUse {
                base,
                growth_per_hour,
            }) => {
                let growth = growth_per_hour.0 as f64 / HOUR;
                let age = self.now.since(container.started).secs_f64();
                Line {
                    bytes: base.0 as f64 + growth * age,
                    growth,
                }
            }
            None => {
                let request = self.catalog.shapes[container.shape].running().main.memory;
                Line {
                    bytes: request.0 as f64,
                    growth: 0.0,
                }
            }
        }
    }

    /// The kernel kills the container with the highest badness.
    pub(super) fn node_out_of_memory(&mut self, node: NodeId, epoch: u32) {
        let state = &self.nodes[node];
        if !state.up || state.memory_epoch != epoch {
            return;
        }
        let running = state
            .pods
            .iter()
            .copied()
            .filter(|&pod| self.containers[pod].runs());
        let victim = running.max_by_key(|&pod| (self.badness(pod), pod));
        if let Some(pod) = victim {
            let incarnation = self.containers[pod].incarnation;
            self.finish(pod, incarnation, Exit::NodeOutOfMemory);
        }
    }

    /// The kernel's badness: thousandths of the node's memory in use, plus `oom_score_adj` as the
    /// kubelet sets it by QoS class (Kubernetes documentation, "Node-pressure Eviction", section
    /// "Node out of memory behavior", v1.34): Guaranteed −997, BestEffort 1000, Burstable
    /// min(max(2, 1000 − 1000 × request ÷ capacity), 999).
    fn badness(&self, pod: PodId) -> i64 {
        let container = &self.containers[pod];
        let shape = &self.catalog.shapes[container.shape];
        let capacity = self.catalog.nodes[container.node]
            .allocatable
            .memory
            .0
            .max(1);
        let (running, limits) = (shape.running(), shape.limits);
        let (request, overhead) = (running.main, running.overhead);
        let guaranteed = running.alone
            && request.memory.0 > 0
            && limits.memory == Some(request.memory)
            && limits.cpu == Some(request.cpu);
        let none = shape.requests.memory == overhead.memory
            && shape.requests.cpu == overhead.cpu
            && limits.memory.is_none()
            && limits.cpu.is_none();
        let share = 1000 * u128::from(running.protected.0) / u128::from(capacity);
        let adjustment = match (guaranteed, none) {
            (true, _) => -997,
            (_, true) => 1000,
            _ => (1000 - i64::try_from(share).unwrap_or(1000)).clamp(2, 999),
        };
        (self.memory_line(container).bytes * 1000.0 / capacity as f64) as i64 + adjustment
    }
}
