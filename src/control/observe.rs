//! What each fact does to belief.

use super::Control;
use super::command::Command;
use super::fact::Fact;
use crate::cluster::change::Change;
use crate::cluster::pod::{Deletion, Exit, Outcome, Owner, Phase};
use crate::cluster::service::Usage;
use crate::ids::{NodeId, PodId, ServiceId};
use crate::policy::queue::{Event, Face};
use crate::time::Time;

impl Control {
    /// Takes note of a fact. Decisions wait for [`Control::decide`].
    pub fn observe(&mut self, now: Time, fact: Fact) {
        self.now = now;
        match fact {
            Fact::NodeAdded(node) => {
                self.change(Change::NodeAdded(node));
                let now = Face::of(&self.cluster, node);
                self.events.push(Event::NodeAdded { node, now });
            }
            Fact::NodeDrained(node) => self.drain(node),
            Fact::NodeUndrained(node) => {
                if self.cluster.nodes()[node].cordoned {
                    self.change_node(node, Change::NodeUncordoned(node));
                }
            }
            Fact::NodeCordoned(node) => {
                if self.takes_pods(node) {
                    self.change_node(node, Change::NodeCordoned(node));
                }
            }
            Fact::NodeUpdated { node, revision } => {
                if self.cluster.nodes()[node].present {
                    self.change_node(node, Change::NodeUpdated { node, revision });
                }
            }
            Fact::NodeRemoved(node) => self.remove(node),
            Fact::HeartbeatMissed { node, last } => {
                if self.cluster.nodes()[node].present {
                    self.change(Change::NodeSilent { node, last });
                }
            }
            Fact::HeartbeatSeen(node) => {
                if self.cluster.nodes()[node].silent_since.is_some() {
                    self.change(Change::NodeHeard(node));
                }
            }
            Fact::RelistBegun(node) => {
                let known = self.cluster.nodes()[node].pods.iter().copied().collect();
                self.relisting.push((node, known));
            }
            Fact::ContainerListed {
                pod,
                incarnation,
                running,
                ready,
            } => self.listed(pod, incarnation, running, ready),
            Fact::RelistEnded(node) => self.relist_ended(node),
            Fact::ServiceSubmitted(service) => self.service_submitted(service),
            Fact::JobSubmitted {
                job,
                shape,
                replace,
            } => {
                let pod = self.cluster.pods().next_id();
                let owner = Owner::Job(job);
                self.change(Change::PodCreated {
                    pod,
                    owner,
                    shape,
                    index: 0,
                    replace,
                });
            }
            Fact::PodDeleted(pod) => {
                if self.pod(pod).active() {
                    self.delete(pod, Deletion::Requested);
                }
            }
            Fact::ContainerStarted {
                pod,
                incarnation,
                ready,
            } => self.started(pod, incarnation, ready),
            Fact::ProbeChanged {
                pod,
                incarnation,
                ready,
            } => {
                if self.is_current(pod, incarnation) && self.pod(pod).phase == Phase::Running {
                    self.probe(pod, ready);
                }
            }
            Fact::ContainerExited {
                pod,
                incarnation,
                exit,
            } => {
                if self.is_current(pod, incarnation) {
                    self.exited(pod, exit);
                }
            }
            Fact::CommandFailed {
                pod, incarnation, ..
            } => {
                if self.is_current(pod, incarnation) {
                    self.exited(pod, Exit::Crashed);
                }
            }
            Fact::ServiceUsage { service, usage } => self.used(service, usage),
        }
    }

    fn is_current(&self, pod: PodId, incarnation: u32) -> bool {
        let state = self.pod(pod);
        !state.gone() && state.phase != Phase::Crashed && state.incarnation == incarnation
    }

    fn used(&mut self, service: ServiceId, usage: Usage) {
        let newest = self.cluster.services()[service].usage;
        if newest.is_none_or(|newest| newest.sampled < usage.sampled) {
            self.change(Change::ServiceUsage { service, usage });
        }
    }

    fn service_submitted(&mut self, service: ServiceId) {
        let replicas = self.cluster.catalog().services[service].replicas;
        self.change(Change::ServiceScaled { service, replicas });
        if let Some(every) = self.autoscaler.sampling()
            && self.cluster.catalog().services[service].hpa.is_some()
        {
            self.command(|id| Command::Sample { id, service, every });
            self.next_scaling = self.autoscaler.wake(&self.view());
        }
    }

    fn drain(&mut self, node: NodeId) {
        if !self.takes_pods(node) {
            return;
        }
        self.change_node(node, Change::NodeCordoned(node));
        for pod in self.pods_on(node) {
            if self.pod(pod).active() {
                self.delete(pod, Deletion::Drained);
            }
        }
    }

    /// Whether the node is there and not cordoned.
    fn takes_pods(&self, node: NodeId) -> bool {
        let state = &self.cluster.nodes()[node];
        state.present && !state.cordoned
    }

    fn remove(&mut self, node: NodeId) {
        if !self.cluster.nodes()[node].present {
            return;
        }
        for pod in self.pods_on(node) {
            if self.pod(pod).active() {
                self.mark_deleted(pod, Deletion::NodeRemoved);
            }
            self.gone(pod, Outcome::Lost);
        }
        let before = Face::of(&self.cluster, node);
        self.change(Change::NodeRemoved(node));
        self.events.push(Event::NodeRemoved { node, before });
    }

    /// The pods on a node, in order of their ids.
    pub(super) fn pods_on(&self, node: NodeId) -> Vec<PodId> {
        let mut pods = self.cluster.nodes()[node].pods.clone();
        pods.sort_unstable();
        pods
    }

    fn probe(&mut self, pod: PodId, ready: bool) {
        if self.pod(pod).ready != ready {
            self.change(if ready {
                Change::PodReady(pod)
            } else {
                Change::PodUnready(pod)
            });
            self.unrouted.push(pod);
        }
    }

    fn listed(&mut self, pod: PodId, incarnation: u32, running: bool, ready: bool) {
        for (_, missing) in &mut self.relisting {
            missing.remove(&pod);
        }
        if running {
            self.started(pod, incarnation, ready);
        }
    }

    /// A container runs. One that nobody wants any more is stopped; one that was given up for lost
    /// while its order was on its way is taken back.
    fn started(&mut self, pod: PodId, incarnation: u32, ready: bool) {
        let state = self.pod(pod);
        let (phase, node) = (state.phase, state.node);
        if state.incarnation != incarnation {
            return;
        }
        if let (true, Some(node)) = (state.gone() || state.deletion.is_some(), node) {
            self.command(|id| Command::Stop {
                id,
                pod,
                incarnation,
                node,
            });
        }
        if matches!(phase, Phase::Starting | Phase::Crashed) {
            self.change(Change::ContainerStarted(pod));
        }
        if !self.pod(pod).gone() {
            self.probe(pod, ready);
        }
    }

    fn relist_ended(&mut self, node: NodeId) {
        let at = self
            .relisting
            .iter()
            .position(|&(listing, _)| listing == node);
        let (_, missing) = self
            .relisting
            .swap_remove(at.expect("a relist ends after it began"));
        for pod in missing {
            let state = self.pod(pod);
            if !state.gone() && state.phase != Phase::Crashed {
                self.exited(pod, Exit::NodeLost);
            } else if !state.gone() && state.deletion.is_some() {
                self.gone(pod, Outcome::Deleted);
            }
        }
    }

    fn exited(&mut self, pod: PodId, exit: Exit) {
        self.change(Change::ContainerExited { pod, exit });
        self.unrouted.push(pod);
        let state = self.pod(pod);
        if state.deletion.is_some() {
            self.gone(pod, Outcome::Deleted);
        } else if exit == Exit::Completed {
            self.gone(pod, Outcome::Succeeded);
        }
    }

    /// The pod is over: it gets no more traffic, its node has room again and its owner may replace
    /// it.
    pub(super) fn gone(&mut self, pod: PodId, outcome: Outcome) {
        if self.pod(pod).routed {
            self.switch(pod, false);
        }
        self.change(Change::PodGone { pod, outcome });
        if self.pod(pod).node.is_some() {
            self.events.push(Event::PodGone(pod));
        }
    }

    /// Deletes a pod; the replacement is created at once, the pod goes when its node confirms that
    /// its container is dead. A node that is not ready confirms nothing before it lists what it has.
    pub(super) fn delete(&mut self, pod: PodId, deletion: Deletion) {
        self.mark_deleted(pod, deletion);
        let state = self.pod(pod);
        let (phase, incarnation) = (state.phase, state.incarnation);
        match (phase, state.node) {
            (Phase::Starting | Phase::Running, Some(node)) => {
                self.command(|id| Command::Stop {
                    id,
                    pod,
                    incarnation,
                    node,
                });
            }
            (Phase::Crashed, Some(node)) if !self.cluster.nodes()[node].ready => {}
            _ => self.gone(pod, Outcome::Deleted),
        }
    }

    fn mark_deleted(&mut self, pod: PodId, deletion: Deletion) {
        if self.pod(pod).nominated.is_some() {
            self.events.push(Event::PodUnnominated(pod));
        }
        self.change(Change::PodDeleting { pod, deletion });
        self.unrouted.push(pod);
        self.replace(pod);
    }

    /// Creates the replacement of a job's pod; services are settled as a whole.
    pub(super) fn replace(&mut self, old: PodId) {
        let state = self.pod(old);
        let (owner, shape, index, replace) =
            (state.owner, state.shape, state.index + 1, state.replace);
        if replace && matches!(owner, Owner::Job(_)) {
            let pod = self.cluster.pods().next_id();
            self.change(Change::PodCreated {
                pod,
                owner,
                shape,
                index,
                replace,
            });
        }
    }
}
