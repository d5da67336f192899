//! Use and traffic: what the engines and the load say, as the control plane and the metrics take it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Due, Live, Order, calendar::last_moment, owner_service};
use crate::cluster::pod::Owner;
use crate::cluster::service::Usage;
use crate::control::fact::Fact;
use crate::ids::{NodeId, PodId, ServiceId};
use crate::live::agent::PodUse;
use crate::record::{Flow, Truth};
use crate::time::{Duration, Time};
use crate::units::Bytes;

/// Time after which a node that has not told is silent: twice the longest that it waits for a reading.
const SILENT: Duration = Duration::from_secs(6);

/// What is known of pods for the sake of samples.
#[derive(Debug, Default)]
pub(super) struct Samples {
    pods: BTreeMap<PodId, Pod>,
    rounds: Rounds,
}

/// Readings that all nodes are asked for at once. A node may be slow: the next round does not wait for it.
#[derive(Debug, Default)]
struct Rounds {
    /// The number of the newest.
    last: u64,
    open: BTreeMap<u64, Round>,
}

#[derive(Debug)]
struct Round {
    asked: Time,
    /// Nodes that have yet to tell.
    missing: BTreeSet<NodeId>,
    /// What is added up for each service that is sampled.
    sums: Sums,
}

type Sums = BTreeMap<ServiceId, Sum>;

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
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
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

impl Rounds {
    /// A service is sampled now; returns the number of a round that the nodes have yet to be asked for.
    fn ask(
        &mut self,
        now: Time,
        service: ServiceId,
        nodes: impl Iterator<Item = NodeId>,
    ) -> Option<u64> {
        // Services that are sampled at the same time share their readings.
        let last = self.open.get_mut(&self.last);
        if let Some(round) = last.filter(|round| round.asked == now) {
            round.sums.insert(service, Sum::default());
            return None;
        }
        self.last += 1;
        let round = Round {
            asked: now,
            missing: nodes.collect(),
            sums: BTreeMap::from([(service, Sum::default())]),
        };
        self.open.insert(self.last, round);
        Some(self.last)
    }

    /// What a service uses in a round, if that is still open.
    fn sum(&mut self, round: u64, service: ServiceId) -> Option<&mut Sum> {
        self.open.get_mut(&round)?.sums.get_mut(&service)
    }

    /// A node has told; returns the sums of the round if it was the last one.
    fn told(&mut self, round: u64, node: NodeId) -> Option<Sums> {
        let missing = &mut self.open.get_mut(&round)?.missing;
        missing.remove(&node);
        let is_over = missing.is_empty();
        is_over
            .then(|| self.open.remove(&round))
            .flatten()
            .map(|round| round.sums)
    }

    /// The sums of a round in which nodes are silent.
    fn overdue(&mut self, now: Time) -> Option<Sums> {
        let oldest = self.open.first_entry()?;
        (now.since(oldest.get().asked) > SILENT).then(|| oldest.remove().sums)
    }
}

impl Live {
    /// The use of a service is measured: all nodes are asked.
    pub(super) fn sample(&mut self, now: Time, service: ServiceId, every: Duration) {
        while let Some(sums) = self.samples.rounds.overdue(now) {
            self.tell_usage(now, sums);
        }
        let nodes = self.catalog.nodes.ids();
        if let Some(round) = self.samples.rounds.ask(now, service, nodes) {
            for node in self.catalog.nodes.ids() {
                self.order(node, Order::Use(round));
            }
        }
        self.calendar
            .add(now + every, Due::Sample { service, every });
    }

    /// A node told what its containers have used so far.
    pub(super) fn used(&mut self, at: Time, round: u64, node: NodeId, pods: &[PodUse]) {
        let (mut cores, mut memory) = (0.0, 0);
        for reading in pods {
            let used = self.samples.cores(self.clock.at(reading.at), reading);
            cores += used.unwrap_or(0.0);
            memory += reading.used.memory;
            let sum = reading
                .service
                .and_then(|service| self.samples.rounds.sum(round, service));
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
        if let Some(sums) = self.samples.rounds.told(round, node) {
            self.tell_usage(at, sums);
        }
    }

    /// Tells the use of the services of a round that is over.
    fn tell_usage(&mut self, at: Time, sums: Sums) {
        for (service, sum) in sums.into_iter().filter(|(_, sum)| sum.pods > 0) {
            let usage = Usage {
                sampled: at,
                pods: sum.pods,
                cpu_milli: (sum.cores * 1000.0).round() as u32,
                memory_mib: (sum.memory / Bytes::MIB) as u32,
            };
            self.facts.push(Fact::ServiceUsage { service, usage });
        }
    }

    /// Adds up what became of the requests since the last time.
    pub(super) fn add_up_traffic(&mut self, now: Time) {
        // What ends a run is late too, and still of it.
        let now = now.min(last_moment(self.end)).max(self.last);
        let seconds = now.since(self.added_up).secs_f64();
        if seconds == 0.0 {
            return;
        }
        self.added_up = now;
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

#[cfg(test)]
mod tests {
    use super::*;

    const NODES: [NodeId; 2] = [NodeId(0), NodeId(1)];

    fn ask(rounds: &mut Rounds, at: u64, service: u32) -> Option<u64> {
        rounds.ask(Time::from_secs(at), ServiceId(service), NODES.into_iter())
    }

    #[test]
    fn a_node_that_is_slow_or_silent_does_not_hinder_the_next_round() {
        let mut rounds = Rounds::default();
        let first = ask(&mut rounds, 1, 0).expect("a round");
        assert!(rounds.told(first, NODES[0]).is_none());
        let second = ask(&mut rounds, 2, 0).expect("another, though one is open");
        assert!(rounds.told(second, NODES[0]).is_none());
        assert!(rounds.told(second, NODES[1]).is_some());
        // What is late counts for the round it was asked for.
        assert!(rounds.told(first, NODES[1]).is_some());
        let third = ask(&mut rounds, 3, 0).expect("a round");
        assert!(rounds.told(third, NODES[0]).is_none());
        assert!(rounds.overdue(Time::from_secs(9)).is_none());
        assert!(rounds.overdue(Time::from_secs(10)).is_some());
        assert!(rounds.told(third, NODES[1]).is_none());
        assert!(ask(&mut rounds, 11, 0).is_some());
    }

    #[test]
    fn services_that_are_sampled_at_one_time_share_their_readings() {
        let mut rounds = Rounds::default();
        let round = ask(&mut rounds, 1, 0).expect("a round");
        assert_eq!(ask(&mut rounds, 1, 1), None);
        rounds.told(round, NODES[0]);
        let sums = rounds.told(round, NODES[1]).expect("it is over");
        assert_eq!(sums.len(), 2);
    }
}
