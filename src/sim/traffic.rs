//! Traffic: dealt over the endpoints the balancer believes ready, served as far as CPU goes.
//!
//! Traffic is fluid: requests do not wait, so what is served is an upper bound.

use std::collections::BTreeSet;

use super::Sim;
use super::container::{Container, State};
use super::event::Event;
use crate::cluster::pod::Owner;
use crate::cluster::service::Usage;
use crate::control::fact::Fact;
use crate::ids::{NodeId, PodId, ServiceId};
use crate::policy::balancer;
use crate::record::{Flow, Truth};
use crate::time::{Duration, Time};
use crate::units::Bytes;

/// The truth about a service and its traffic.
#[derive(Default)]
pub(super) struct Service {
    /// Pods that the data plane sends traffic to, in the order in which it heard of them.
    pub(super) endpoints: Vec<PodId>,
    /// Pods with a living container.
    pub(super) members: BTreeSet<PodId>,
    /// Requests per second asked for.
    rate: f64,
    /// How its traffic flows now.
    flow: Flow,
    /// Whether that must be worked out anew.
    disturbed: bool,
    /// CPU in use, in cores.
    cpu: f64,
    /// Cores × seconds used since the last sample.
    used: f64,
    /// When `used` was last brought up to date.
    used_at: Time,
    /// Time between samples, if it is sampled.
    sampling: Option<Duration>,
}

impl Service {
    fn set_cpu(&mut self, now: Time, cpu: f64) {
        self.used += self.cpu * now.since(self.used_at).secs_f64();
        self.used_at = now;
        self.cpu = cpu;
    }
}

impl Sim {
    /// The service's traffic must be dealt again at this instant.
    pub(super) fn disturb_service(&mut self, service: ServiceId) {
        self.services[service].disturbed = true;
    }

    /// The data plane learns of an endpoint.
    pub(super) fn route(&mut self, service: ServiceId, pod: PodId) {
        self.services[service].endpoints.push(pod);
        self.disturb_service(service);
    }

    /// The data plane forgets an endpoint.
    pub(super) fn unroute(&mut self, service: ServiceId, pod: PodId) {
        self.services[service]
            .endpoints
            .retain(|&other| other != pod);
        self.disturb_service(service);
    }

    /// The rate of a service's load changes.
    pub(super) fn load_step(&mut self, service: ServiceId) {
        let load = &self.script.services[service].load;
        let end = load.step_end(self.now);
        let until = end.unwrap_or(self.now + Duration::from_secs(1));
        self.services[service].rate = load.mean(self.now, until);
        self.disturb_service(service);
        if let Some(end) = end {
            self.queue.push(end, Event::LoadStep { service });
        }
    }

    /// Deals the traffic of disturbed services; false if there are none.
    pub(super) fn deal_traffic(&mut self) -> bool {
        let disturbed: Vec<ServiceId> = self
            .services
            .iter()
            .filter(|(_, state)| state.disturbed)
            .map(|(service, _)| service)
            .collect();
        if disturbed.is_empty() {
            return false;
        }
        let mut nodes = std::mem::take(&mut self.bereft);
        for &service in &disturbed {
            self.services[service].disturbed = false;
            self.deal(service, &mut nodes);
        }
        let mut services: BTreeSet<ServiceId> = disturbed.into_iter().collect();
        for node in nodes {
            self.share_cpu(node, &mut services);
        }
        for service in services {
            self.sum_up(service);
        }
        true
    }

    /// Sends each endpoint its share, and nothing to replicas that are none.
    fn deal(&mut self, service: ServiceId, nodes: &mut BTreeSet<NodeId>) {
        let state = &self.services[service];
        let share = state.rate * balancer::equal_share(state.endpoints.len() as u32);
        for &pod in &state.members {
            self.containers[pod].rate = 0.0;
            nodes.insert(self.containers[pod].node);
        }
        for &pod in &state.endpoints {
            if self.containers[pod].state == State::Ready {
                self.containers[pod].rate = share;
            }
        }
    }

    /// Shares the node's CPU among its containers; notes the services they belong to.
    fn share_cpu(&mut self, node: NodeId, services: &mut BTreeSet<ServiceId>) {
        let mut capacity = self.catalog.nodes[node].allocatable.cpu.0 as f64 / 1000.0;
        let mut asking: Vec<(PodId, Claim)> = Vec::new();
        for &pod in &self.nodes[node].pods {
            let container = &self.containers[pod];
            if container.runs() {
                capacity -= self.unsimulated_cpu(container);
            }
            if let Some(service) = container.service() {
                services.insert(service);
                asking.push((pod, self.claim(container, service)));
            }
        }
        asking.sort_unstable_by_key(|&(pod, _)| pod);
        let claims: Vec<Claim> = asking.iter().map(|&(_, claim)| claim).collect();
        let mut used = 0.0;
        for (&(pod, _), cpu) in asking.iter().zip(share(capacity.max(0.0), &claims)) {
            self.containers[pod].cpu = cpu;
            used += cpu;
        }
        if self.cpu_is_known {
            let memory = self.known_memory(node);
            self.happened(Truth::NodeUse {
                node,
                cpu: used,
                memory,
            });
        }
    }

    /// Cores used on the container's node by what is not simulated: a job, and what runs in a pod
    /// beside its main container. They are not known, and taken to be what is requested.
    fn unsimulated_cpu(&self, container: &Container) -> f64 {
        let running = self.catalog.shapes[container.shape].running();
        let main = match container.owner {
            Owner::Job(_) => running.main.cpu.0,
            Owner::Service(_) => 0,
        };
        (main + running.unsimulated().cpu.0) as f64 / 1000.0
    }

    fn claim(&self, container: &Container, service: ServiceId) -> Claim {
        let work = self.script.services[service]
            .work
            .map_or(0.0, Duration::secs_f64);
        let shape = &self.catalog.shapes[container.shape];
        let weight = shape.running().weight.0;
        let limit = shape.limits.cpu;
        let limit = limit.map_or(f64::INFINITY, |limit| limit.0 as f64 / 1000.0);
        Claim {
            demand: (container.rate * work).min(limit),
            weight: weight.max(LEAST_WEIGHT) as f64,
        }
    }

    /// Adds up what the replicas of a service answer.
    fn sum_up(&mut self, service: ServiceId) {
        let state = &self.services[service];
        let behaviour = &self.script.services[service];
        let work = behaviour.work.map(Duration::secs_f64);
        let shape = &self.catalog.shapes[self.catalog.services[service].shape];
        let running = shape.running();
        let cores = shape.limits.cpu.unwrap_or(running.main.cpu).0 as f64 / 1000.0;
        let per_replica = work.map_or(f64::INFINITY, |work| cores / work);
        let share = state.rate * balancer::equal_share(state.endpoints.len() as u32);
        let mut flow = Flow {
            offered: state.rate,
            per_replica,
            ..Flow::default()
        };
        if state.endpoints.is_empty() {
            flow.no_endpoint = state.rate;
        }
        for &pod in &state.endpoints {
            if self.containers[pod].state == State::Ready {
                let cpu = self.containers[pod].cpu;
                let served = work.map_or(share, |work| share.min(cpu / work));
                flow.served += served;
                flow.over_capacity += share - served;
            } else {
                flow.stale_endpoint += share;
            }
        }
        let members = || state.members.iter().map(|&pod| &self.containers[pod]);
        let ready = members()
            .filter(|member| member.state == State::Ready)
            .count();
        if ready > 0 {
            flow.capacity = per_replica * ready as f64;
        }
        // Use is measured of ready pods, container by container: without the pods' overhead.
        let beside = running.beside.cpu.0 as f64 / 1000.0 * ready as f64;
        let cpu = members().map(|member| member.cpu).sum::<f64>() + beside;
        let (now, changed) = (self.now, flow != state.flow);
        self.services[service].set_cpu(now, cpu);
        if changed {
            self.services[service].flow = flow;
            self.happened(Truth::Traffic { service, flow });
        }
    }

    /// Reports the use of a service from now on.
    pub(super) fn start_sampling(&mut self, service: ServiceId, every: Duration) {
        let now = self.now;
        let state = &mut self.services[service];
        state.set_cpu(now, state.cpu);
        state.used = 0.0;
        state.sampling = Some(every);
        self.queue.push(now + every, Event::Sample { service });
    }

    /// Measures the mean use since the last sample.
    pub(super) fn sample(&mut self, service: ServiceId) {
        let now = self.now;
        let state = &mut self.services[service];
        let Some(every) = state.sampling else { return };
        state.set_cpu(now, state.cpu);
        let cores = std::mem::take(&mut state.used) / every.secs_f64();
        let measured = |pod: &&PodId| self.containers[**pod].state == State::Ready;
        let pods = state.members.iter().filter(measured).count();
        let usage = Usage {
            sampled: now,
            pods: pods as u32,
            cpu_milli: (cores * 1000.0).round() as u32,
            memory_mib: self.service_memory_mib(service),
        };
        self.tell(self.config.metrics, Fact::ServiceUsage { service, usage });
        self.queue.push(now + every, Event::Sample { service });
    }

    fn service_memory_mib(&self, service: ServiceId) -> u32 {
        let beside = self.catalog.services[service].shape;
        let beside = self.catalog.shapes[beside].running().beside.memory.0 as f64;
        let members = self.services[service].members.iter();
        let members = members.map(|&pod| &self.containers[pod]);
        let bytes: f64 = members
            .filter(|member| member.runs())
            .map(|member| self.memory_bytes(member) + beside)
            .sum();
        (bytes / Bytes::MIB as f64).round() as u32
    }
}

/// Weight of a container that requests no CPU: cgroup v1 grants at least 2 shares
/// (`MinShares`, kubelet `pkg/kubelet/cm`, v1.34), as 2 thousandths of a core would get.
const LEAST_WEIGHT: u64 = 2;

/// What a container asks of its node's CPU.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Claim {
    /// Cores it would use.
    demand: f64,
    /// Its part when there is not enough.
    weight: f64,
}

/// Shares `capacity` cores: nobody gets more than asked for, and where there is not enough, what is
/// left is shared by weight (the kernel's fair scheduler, cgroup `cpu.shares`).
fn share(capacity: f64, claims: &[Claim]) -> Vec<f64> {
    let mut got: Vec<f64> = claims.iter().map(|claim| claim.demand).collect();
    let total: f64 = got.iter().sum();
    if total <= capacity {
        return got;
    }
    let mut order: Vec<usize> = (0..claims.len()).collect();
    let hunger = |index: &usize| claims[*index].demand / claims[*index].weight;
    order.sort_by(|a, b| hunger(a).total_cmp(&hunger(b)).then(a.cmp(b)));
    let mut left = capacity;
    let mut weights: f64 = claims.iter().map(|claim| claim.weight).sum();
    for index in order {
        let claim = claims[index];
        got[index] = claim.demand.min(left * claim.weight / weights);
        left -= got[index];
        weights -= claim.weight;
    }
    got
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_cpu_is_shared_by_weight_and_never_more_than_asked_for() {
        let claim = |demand, weight| Claim { demand, weight };
        // 4 cores. The first asks for 0.5, less than its fair 1.0, and gets it; 3.5 are left for
        // weights 1 and 2: 1.1666… and 2.3333….
        let got = share(4.0, &[claim(0.5, 1.0), claim(9.0, 1.0), claim(9.0, 2.0)]);
        let want = [0.5, 3.5 / 3.0, 7.0 / 3.0];
        assert!(
            got.iter()
                .zip(want)
                .all(|(got, want)| (got - want).abs() < 1e-12),
            "{got:?}"
        );
        assert_eq!(share(4.0, &[claim(1.0, 1.0), claim(3.0, 1.0)]), [1.0, 3.0]);
    }
}
