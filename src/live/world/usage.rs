//! Use and traffic: what the engines and the load say, as the control plane and the metrics take it.

use std::collections::BTreeMap;

use super::{Due, Live, Order, calendar::TRAFFIC, owner_service};
use crate::cluster::pod::Owner;
use crate::cluster::service::Usage;
use crate::control::fact::Fact;
use crate::ids::{NodeId, PodId, ServiceId};
use crate::live::agent::PodUse;
use crate::record::{Flow, Truth};
use crate::time::{Duration, Time};
use crate::units::Bytes;

/// What is known of pods for the sake of samples.
#[derive(Debug, Default)]
pub(super) struct Samples {
    pods: BTreeMap<PodId, Pod>,
    /// Services that are sampled, and since when what they use is added up.
    sampled: BTreeMap<ServiceId, Sum>,
}

#[derive(Debug)]
struct Pod {
    owner: Owner,
    index: u32,
    node: Option<NodeId>,
    incarnation: u32,
    serves: bool,
    /// The last reading: of which container, when, and CPU nanoseconds.
    last: Option<(u32, Time, u64)>,
}

/// What the replicas of a service use, as the nodes tell one after the other.
#[derive(Debug, Default)]
struct Sum {
    /// Nodes that have yet to tell.
    missing: usize,
    cores: f64,
    memory: u64,
    pods: u32,
}

impl Samples {
    /// A pod belongs to something, as its n-th.
    pub(super) fn owned(&mut self, pod: PodId, owner: Owner, index: u32) {
        self.pods.entry(pod).or_insert(Pod {
            owner,
            index,
            node: None,
            incarnation: 0,
            serves: false,
            last: None,
        });
    }

    pub(super) fn starting(&mut self, pod: PodId, incarnation: u32, node: NodeId) {
        if let Some(state) = self.pods.get_mut(&pod) {
            state.node = Some(node);
            state.incarnation = incarnation;
        }
    }

    pub(super) fn serves(&mut self, pod: PodId, serves: bool) {
        if let Some(state) = self.pods.get_mut(&pod) {
            state.serves = serves;
        }
    }

    pub(super) fn service_of(&self, pod: PodId) -> Option<ServiceId> {
        self.pods
            .get(&pod)
            .and_then(|state| owner_service(state.owner))
    }

    /// What a pod belongs to, the n-th of it that it is, and where it is.
    pub(super) fn owner_of(&self, pod: PodId) -> Option<(Owner, u32, NodeId)> {
        let state = self.pods.get(&pod)?;
        Some((state.owner, state.index, state.node?))
    }

    /// Replicas of the service that can serve.
    fn serving(&self, service: ServiceId) -> usize {
        let is = |state: &&Pod| state.serves && owner_service(state.owner) == Some(service);
        self.pods.values().filter(is).count()
    }

    /// Cores that a pod used since its last reading, where it has one.
    fn cores(&mut self, at: Time, reading: &PodUse) -> Option<f64> {
        let state = self.pods.get_mut(&reading.pod)?;
        let used = reading.used.cpu_nanos;
        let last = state.last.replace((reading.incarnation, at, used));
        let (incarnation, before, base) = last?;
        let passed = at.since(before);
        (incarnation == reading.incarnation && !passed.is_zero())
            .then(|| used.saturating_sub(base) as f64 / passed.nanos() as f64)
    }
}

impl Live {
    /// The use of a service is measured: all nodes are asked.
    pub(super) fn sample(&mut self, now: Time, service: ServiceId, every: Duration) {
        // Services that are sampled at the same time share their readings.
        let asked = self.samples.sampled.values().any(|sum| sum.missing > 0);
        let nodes = self.catalog.nodes.len();
        let sum = Sum {
            missing: nodes,
            ..Sum::default()
        };
        self.samples.sampled.insert(service, sum);
        if !asked {
            for node in self.catalog.nodes.ids() {
                self.order(node, Order::Use);
            }
        }
        self.calendar
            .add(now + every, Due::Sample { service, every });
    }

    /// A node told what its containers have used so far.
    pub(super) fn used(&mut self, at: Time, node: NodeId, pods: &[PodUse]) {
        let (mut cores, mut memory) = (0.0, 0);
        for reading in pods {
            let used = self.samples.cores(self.clock.at(reading.at), reading);
            cores += used.unwrap_or(0.0);
            memory += reading.used.memory;
            let sum = reading
                .service
                .and_then(|service| self.samples.sampled.get_mut(&service));
            if let (Some(sum), Some(used), true) = (sum, used, reading.ready) {
                sum.cores += used;
                sum.memory += reading.used.memory;
                sum.pods += 1;
            }
        }
        let truth = Truth::NodeUse {
            node,
            cpu: cores,
            memory: Some(memory as f64),
        };
        self.happened(at, truth);
        self.tell_usage(at);
    }

    /// Tells the use of services of which all nodes have told.
    fn tell_usage(&mut self, at: Time) {
        for (&service, sum) in &mut self.samples.sampled {
            sum.missing = sum.missing.saturating_sub(1);
            if sum.missing == 0 && sum.pods > 0 {
                let usage = Usage {
                    sampled: at,
                    pods: sum.pods,
                    cpu_milli: (sum.cores * 1000.0).round() as u32,
                    memory_mib: (sum.memory / Bytes::MIB) as u32,
                };
                sum.pods = 0;
                self.facts.push(Fact::ServiceUsage { service, usage });
            }
        }
    }

    /// Adds up what became of the requests since the last time.
    pub(super) fn add_up_traffic(&mut self, now: Time) {
        let seconds = TRAFFIC.secs_f64();
        for service in self.catalog.services.ids() {
            let counts = self.tally.take(service);
            let per_replica = self.capacity_of_one(service);
            let serving = self.samples.serving(service);
            let rate = |count: u64| count as f64 / seconds;
            let flow = Flow {
                // Each counts when it ends, or more could be lost than is asked for.
                offered: rate(counts.served + counts.lost()),
                served: rate(counts.served),
                no_endpoint: rate(counts.no_endpoint),
                stale_endpoint: rate(counts.stale),
                over_capacity: rate(counts.over_capacity + counts.timed_out),
                capacity: match serving {
                    0 => 0.0,
                    serving => per_replica * serving as f64,
                },
                per_replica,
            };
            self.happened(now, Truth::Traffic { service, flow });
        }
    }

    /// Requests per second that one replica can answer on paper.
    fn capacity_of_one(&self, service: ServiceId) -> f64 {
        let shape = &self.catalog.shapes[self.catalog.services[service].shape];
        let cpu = shape.limits.cpu.unwrap_or(shape.running().main.cpu);
        let work = self.script.services[service].work;
        work.map_or(f64::INFINITY, |work| {
            cpu.0 as f64 / 1000.0 / work.secs_f64()
        })
    }
}
