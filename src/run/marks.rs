//! What two runs of one scenario are held together by: how failures were found and mended, what became
//! of the load, and what was decided, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::cluster::catalog::Catalog;
use crate::cluster::change::Change;
use crate::cluster::pod::{Exit, Owner};
use crate::ids::{Arena, Id, NodeId, PodId, ServiceId};
use crate::record::{Flow, Record, Recorder, Truth};
use crate::time::Time;

/// What a run is marked by. Means are over what happened after the warm-up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// Failures of nodes: until control knew, and until all services that lost a replica had as many as
    /// they wanted, each in seconds; of those of which it came to that.
    pub nodes: Healed,
    /// The same of containers.
    pub containers: Healed,
    /// Replicas that were wanted and could not serve, times seconds, of all services.
    pub replica_seconds_lost: f64,
    /// Requests that were asked for.
    pub offered: f64,
    /// Requests that were answered.
    pub served: f64,
    /// What was decided, from the start of the run.
    pub decisions: Vec<Decision>,
}

/// What became of failures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Healed {
    /// Failures.
    pub failures: u32,
    /// Those that took a replica from a service.
    pub harmful: u32,
    /// Seconds until control knew.
    pub detected: Vec<f64>,
    /// Seconds until all was as before, of those that were harmful.
    pub recovered: Vec<f64>,
}

/// A decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// When.
    pub at: Time,
    /// What.
    pub what: What,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A pod goes to a node.
    Placed {
        /// The pod, by its owner and number.
        pod: String,
        /// The node.
        node: String,
    },
    /// A service gets so many replicas.
    Scaled {
        /// The service.
        service: String,
        /// Replicas.
        replicas: u32,
    },
}

/// The recorder of [`Marks`].
#[derive(Debug)]
pub struct Marking {
    catalog: Arc<Catalog>,
    warm_up: Time,
    now: Time,
    pods: BTreeMap<PodId, Pod>,
    services: Arena<ServiceId, Service>,
    open: Vec<Failure>,
    marks: Marks,
}

#[derive(Clone, Copy, Debug)]
struct Pod {
    owner: Owner,
    index: u32,
    node: Option<NodeId>,
    serves: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Service {
    wanted: u32,
    serving: u32,
    flow: Flow,
}

impl Service {
    const fn is_short(&self) -> bool {
        self.serving < self.wanted
    }
}

/// A failure that is not known or not mended yet.
#[derive(Debug)]
struct Failure {
    at: Time,
    what: Struck,
    is_known: bool,
    is_mended: bool,
    services: BTreeSet<ServiceId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Struck {
    Node(NodeId),
    Container(PodId),
}

impl Marking {
    /// Nothing has happened yet.
    pub fn new(catalog: Arc<Catalog>, warm_up: Time) -> Marking {
        let services = catalog.services.iter();
        Marking {
            services: services
                .map(|(_, spec)| Service {
                    wanted: spec.replicas,
                    ..Service::default()
                })
                .collect(),
            catalog,
            warm_up,
            now: Time::ZERO,
            pods: BTreeMap::new(),
            open: Vec::new(),
            marks: Marks::default(),
        }
    }

    /// The marks of a run that ended then.
    pub fn finish(mut self, end: Time) -> Marks {
        self.advance(end);
        self.marks
    }

    /// Adds up what lasted until now.
    fn advance(&mut self, now: Time) {
        let from = self.now.max(self.warm_up);
        self.now = self.now.max(now);
        if self.now <= from {
            return;
        }
        let seconds = self.now.since(from).secs_f64();
        for (_, service) in self.services.iter() {
            let missing = service.wanted.saturating_sub(service.serving);
            self.marks.replica_seconds_lost += f64::from(missing) * seconds;
            self.marks.offered += service.flow.offered * seconds;
            self.marks.served += service.flow.served * seconds;
        }
    }

    fn happened(&mut self, at: Time, truth: Truth) {
        self.advance(at);
        match truth {
            Truth::NodeDown { node, .. } => {
                let on_it = self.pods.values().filter(|pod| pod.node == Some(node));
                let services = on_it.filter(|pod| pod.serves).filter_map(Pod::service);
                let services = services.collect();
                self.fails(at, Struck::Node(node), services);
            }
            Truth::ContainerReady { pod, .. } => {
                self.serves(pod, true);
                self.mend(at);
            }
            Truth::ContainerExited { pod, exit, .. } => {
                let crashed = match exit {
                    Exit::Crashed | Exit::OutOfMemory | Exit::NodeOutOfMemory => true,
                    Exit::Completed | Exit::Stopped | Exit::NodeLost => false,
                };
                let service = self.pods.get(&pod).and_then(Pod::service);
                if let Some(service) = service.filter(|_| crashed) {
                    self.fails(at, Struck::Container(pod), BTreeSet::from([service]));
                }
                self.serves(pod, false);
            }
            Truth::Traffic { service, flow } => self.services[service].flow = flow,
            Truth::NodeProvisioned(_)
            | Truth::NodeReleased(_)
            | Truth::NodeUp(_)
            | Truth::JobArrived(_)
            | Truth::ContainerStarting { .. }
            | Truth::ContainerStarted { .. }
            | Truth::NodeUse { .. } => {}
        }
    }

    fn fails(&mut self, at: Time, what: Struck, services: BTreeSet<ServiceId>) {
        if at < self.warm_up {
            return;
        }
        let is_harmful = !services.is_empty();
        let healed = self.healed(what);
        healed.failures += 1;
        healed.harmful += u32::from(is_harmful);
        self.open.push(Failure {
            at,
            what,
            is_known: false,
            is_mended: !is_harmful,
            services,
        });
    }

    fn healed(&mut self, what: Struck) -> &mut Healed {
        match what {
            Struck::Node(_) => &mut self.marks.nodes,
            Struck::Container(_) => &mut self.marks.containers,
        }
    }

    fn serves(&mut self, pod: PodId, serves: bool) {
        let Some(state) = self.pods.get_mut(&pod) else {
            return;
        };
        let before = std::mem::replace(&mut state.serves, serves);
        let Some(service) = state.service() else {
            return;
        };
        let serving = &mut self.services[service].serving;
        match (before, serves) {
            (false, true) => *serving += 1,
            (true, false) => *serving -= 1,
            (true, true) | (false, false) => {}
        }
    }

    /// Failures of which no service lacks a replica any more are mended.
    fn mend(&mut self, at: Time) {
        let mut mended = Vec::new();
        for failure in self.open.iter_mut().filter(|failure| !failure.is_mended) {
            let mut struck = failure.services.iter();
            failure.is_mended = !struck.any(|&service| self.services[service].is_short());
            if failure.is_mended {
                mended.push((failure.what, at.since(failure.at).secs_f64()));
            }
        }
        for (what, seconds) in mended {
            self.healed(what).recovered.push(seconds);
        }
        self.forget();
    }

    /// Failures that are known and mended are over.
    fn forget(&mut self) {
        self.open
            .retain(|failure| !(failure.is_known && failure.is_mended));
    }

    fn known(&mut self, now: Time, what: Struck) {
        let mut open = self.open.iter_mut();
        let failure = open.find(|failure| failure.what == what && !failure.is_known);
        if let Some(failure) = failure {
            failure.is_known = true;
            let seconds = now.since(failure.at).secs_f64();
            self.healed(what).detected.push(seconds);
            self.forget();
        }
    }

    fn believed(&mut self, now: Time, change: Change) {
        match change {
            Change::PodCreated {
                pod, owner, index, ..
            } => {
                let state = Pod {
                    owner,
                    index,
                    node: None,
                    serves: false,
                };
                self.pods.insert(pod, state);
            }
            Change::PodBound { pod, node, .. } => {
                let name = self.name(pod);
                if let Some(state) = self.pods.get_mut(&pod) {
                    state.node = Some(node);
                }
                let node = self.catalog.nodes[node].name.clone();
                self.decided(now, What::Placed { pod: name, node });
            }
            Change::ServiceScaled { service, replicas } => {
                self.services[service].wanted = replicas;
                let service = self.catalog.services[service].name.clone();
                self.decided(now, What::Scaled { service, replicas });
            }
            Change::NodeNotReady(node) => self.known(now, Struck::Node(node)),
            Change::ContainerExited { pod, .. } => self.known(now, Struck::Container(pod)),
            Change::NodeAdded(_)
            | Change::NodeRemoved(_)
            | Change::NodeCordoned(_)
            | Change::NodeUncordoned(_)
            | Change::NodeReady(_)
            | Change::NodeTainted(_)
            | Change::NodeUntainted(_)
            | Change::NodeSilent { .. }
            | Change::NodeHeard(_)
            | Change::NodeUpdated { .. }
            | Change::ImagePulled { .. }
            | Change::ServiceSettled(_)
            | Change::ServiceUsage { .. }
            | Change::ServiceRecommended { .. }
            | Change::PodUnschedulable { .. }
            | Change::PodBackedOff { .. }
            | Change::PodFlushed(_)
            | Change::PodActivated(_)
            | Change::PodNominated { .. }
            | Change::PodUnnominated(_)
            | Change::PodReady(_)
            | Change::PodUnready(_)
            | Change::PodRouted(_)
            | Change::PodUnrouted(_)
            | Change::PodDeleting { .. }
            | Change::PodGone { .. }
            | Change::ContainerOrdered(_)
            | Change::ContainerStarted(_)
            | Change::RestartPlanned { .. }
            | Change::Remembered { .. } => {}
        }
    }

    fn decided(&mut self, at: Time, what: What) {
        self.marks.decisions.push(Decision { at, what });
    }

    fn name(&self, pod: PodId) -> String {
        match self.pods.get(&pod) {
            None => format!("pod {}", pod.index()),
            Some(state) => match state.owner {
                Owner::Service(service) => {
                    format!("{}-{}", self.catalog.services[service].name, state.index)
                }
                Owner::Job(job) => format!("job-{}", job.index()),
            },
        }
    }
}

impl Pod {
    const fn service(&self) -> Option<ServiceId> {
        match self.owner {
            Owner::Service(service) => Some(service),
            Owner::Job(_) => None,
        }
    }
}

impl Recorder for Marking {
    fn record(&mut self, at: Time, record: Record) {
        match record {
            Record::Truth(truth) => self.happened(at, truth),
            Record::Believed(change) => {
                self.advance(at);
                self.believed(at, change);
            }
            Record::Heard(_) | Record::Planned(_) | Record::Ordered(_) => {}
        }
    }

    fn turn(&mut self, now: Time, _belief: &Cluster) -> ControlFlow<()> {
        self.advance(now);
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::cluster::gpu::GpuSet;
    use crate::record::Cause;
    use crate::scenario;

    const WEB: ServiceId = ServiceId(0);

    /// Two replicas on two nodes, bound at the start.
    fn marking(warm_up: u64) -> Marking {
        let text = "name = \"a\"\nduration = \"1m\"\n\
                    nodes = [{ name = \"n\", count = 2, cpu = \"1\", memory = \"1Gi\" }]\n\
                    services = [{ name = \"web\", replicas = 2, requests = { cpu = \"100m\", memory = \"1Mi\" } }]";
        let read = |path: &Path| panic!("{} is not to be read", path.display());
        let loaded = scenario::parse(Path::new("a.toml"), text, &read);
        let catalog = loaded.expect("it is a scenario").scenario.catalog;
        let mut marking = Marking::new(catalog, Time::from_secs(warm_up));
        for pod in 0..2 {
            create(&mut marking, 0, pod, pod, pod);
        }
        marking
    }

    fn create(marking: &mut Marking, at: u64, pod: u32, index: u32, node: u32) {
        let (pod, node) = (PodId(pod), NodeId(node));
        let created = Change::PodCreated {
            pod,
            owner: Owner::Service(WEB),
            shape: crate::ids::ShapeId(0),
            index,
            replace: true,
        };
        let gpus = GpuSet::NONE;
        for change in [created, Change::PodBound { pod, node, gpus }] {
            marking.record(Time::from_secs(at), Record::Believed(change));
        }
    }

    fn truth(marking: &mut Marking, at: u64, truth: Truth) {
        marking.record(Time::from_secs(at), Record::Truth(truth));
    }

    fn ready(pod: u32, incarnation: u32) -> Truth {
        Truth::ContainerReady {
            pod: PodId(pod),
            incarnation,
        }
    }

    fn exited(pod: u32, exit: Exit) -> Truth {
        Truth::ContainerExited {
            pod: PodId(pod),
            incarnation: 1,
            exit,
        }
    }

    #[test]
    fn a_lost_node_is_detected_by_belief_and_recovered_in_truth() {
        let mut marking = marking(0);
        truth(&mut marking, 3, ready(0, 1));
        truth(&mut marking, 3, ready(1, 1));
        let down = Truth::NodeDown {
            node: NodeId(0),
            cause: Cause::Node,
        };
        truth(&mut marking, 10, down);
        truth(&mut marking, 10, exited(0, Exit::NodeLost));
        let not_ready = Record::Believed(Change::NodeNotReady(NodeId(0)));
        marking.record(Time::from_secs(15), not_ready);
        create(&mut marking, 20, 2, 0, 1);
        truth(&mut marking, 24, ready(2, 1));
        let marks = marking.finish(Time::from_secs(60));
        assert_eq!((marks.nodes.failures, marks.containers.failures), (1, 0));
        assert_eq!(
            (marks.nodes.detected, marks.nodes.recovered),
            (vec![5.0], vec![14.0])
        );
        // Two were missing for 3 s, one for 14 s.
        assert_eq!(marks.replica_seconds_lost, 20.0);
        let placed = |pod: &str, node: &str| What::Placed {
            pod: pod.to_owned(),
            node: node.to_owned(),
        };
        let decided: Vec<What> = marks.decisions.into_iter().map(|one| one.what).collect();
        let wanted = [("web-0", "n-0"), ("web-1", "n-1"), ("web-0", "n-1")];
        assert_eq!(decided, wanted.map(|(pod, node)| placed(pod, node)));
    }

    #[test]
    fn a_lost_node_that_held_no_replica_is_detected_and_has_nothing_to_recover() {
        let mut marking = marking(0);
        let nobody = NodeId(2);
        let down = Truth::NodeDown {
            node: nobody,
            cause: Cause::Node,
        };
        truth(&mut marking, 1, down);
        truth(&mut marking, 3, ready(0, 1));
        truth(&mut marking, 3, ready(1, 1));
        let not_ready = Record::Believed(Change::NodeNotReady(nobody));
        marking.record(Time::from_secs(6), not_ready);
        let healed = Healed {
            failures: 1,
            detected: vec![5.0],
            ..Healed::default()
        };
        assert_eq!(marking.finish(Time::from_secs(60)).nodes, healed);
    }

    #[test]
    fn a_crashed_container_is_over_when_its_service_is_whole() {
        let mut marking = marking(0);
        truth(&mut marking, 0, ready(0, 1));
        truth(&mut marking, 0, ready(1, 1));
        truth(&mut marking, 10, exited(0, Exit::Crashed));
        let exited = Change::ContainerExited {
            pod: PodId(0),
            exit: Exit::Crashed,
        };
        marking.record(Time::from_secs(11), Record::Believed(exited));
        truth(&mut marking, 13, ready(0, 2));
        let marks = marking.finish(Time::from_secs(60));
        let healed = Healed {
            failures: 1,
            harmful: 1,
            detected: vec![1.0],
            recovered: vec![3.0],
        };
        assert_eq!(
            (marks.containers, marks.replica_seconds_lost),
            (healed, 3.0)
        );
    }

    #[test]
    fn what_happens_in_the_warm_up_counts_for_nothing() {
        let mut marking = marking(30);
        let flow = Flow {
            offered: 10.0,
            served: 8.0,
            ..Flow::default()
        };
        truth(&mut marking, 5, Truth::Traffic { service: WEB, flow });
        truth(&mut marking, 9, exited(0, Exit::Crashed));
        truth(&mut marking, 20, ready(0, 1));
        truth(&mut marking, 20, ready(1, 1));
        let marks = marking.finish(Time::from_secs(40));
        assert_eq!(marks.containers, Healed::default());
        assert_eq!(marks.replica_seconds_lost, 0.0);
        // 10 s after the warm-up.
        assert_eq!((marks.offered, marks.served), (100.0, 80.0));
    }

    #[test]
    fn services_that_are_scaled_want_another_number() {
        let mut marking = marking(0);
        truth(&mut marking, 0, ready(0, 1));
        truth(&mut marking, 0, ready(1, 1));
        let scaled = Change::ServiceScaled {
            service: WEB,
            replicas: 5,
        };
        marking.record(Time::from_secs(50), Record::Believed(scaled));
        let marks = marking.finish(Time::from_secs(60));
        assert_eq!(marks.replica_seconds_lost, 30.0);
        let last = marks.decisions.last().map(|decision| decision.what.clone());
        let wanted = What::Scaled {
            service: "web".to_owned(),
            replicas: 5,
        };
        assert_eq!(last, Some(wanted));
    }
}
