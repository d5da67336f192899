//! The one writer of belief.

use std::cmp::Reverse;

use super::Cluster;
use super::change::Change;
use super::gpu::GpuSet;
use super::node::Node;
use super::pod::{Exit, Outcome, Owner, Phase, Pod, Queued};
use super::queue::{Group, RejectedBy};
use super::service::{RESIZES_KEPT, Resize};
use super::tree::Place;
use crate::ids::{ImageId, NodeId, PodId, RevisionId, ServiceId, ShapeId};
use crate::time::{Duration, Time};

impl Cluster {
    /// Takes a change over into belief and keeps every index true. Panics on a change that
    /// contradicts belief: the caller decides on what is believed, so that is an error of ours.
    pub fn apply(&mut self, now: Time, change: Change) {
        match change {
            Change::NodeAdded(node) => self.node_added(now, node),
            Change::NodeRemoved(node) => self.node_removed(now, node),
            Change::NodeCordoned(node) => self.node(node, |state| state.cordoned = true),
            Change::NodeUncordoned(node) => self.node(node, |state| state.cordoned = false),
            Change::NodeSilent { node, last } => {
                self.node(node, |state| {
                    state.silent_since = Some(last);
                    state.heard_at = None;
                });
            }
            Change::NodeHeard(node) => self.node(node, |state| {
                state.silent_since = None;
                state.heard_at = Some(now);
            }),
            Change::NodeNotReady(node) => self.node(node, |state| {
                state.ready = false;
                state.not_ready_since = Some(now);
            }),
            Change::NodeReady(node) => self.node(node, |state| {
                state.ready = true;
                state.not_ready_since = None;
            }),
            Change::NodeTainted(node) => self.node(node, |state| state.tainted_since = Some(now)),
            Change::NodeUntainted(node) => self.node(node, |state| state.tainted_since = None),
            Change::NodeUpdated { node, revision } => self.node_updated(node, revision),
            Change::ImagePulled { node, image } => self.image_pulled(node, image),
            Change::ServiceScaled { service, replicas } => {
                self.service_scaled(now, service, replicas);
            }
            Change::ServiceSettled(service) => {
                self.unsettled.remove(&service);
            }
            Change::ServiceUsage { service, usage } => {
                self.services[service].usage = Some(usage);
            }
            Change::ServiceRecommended {
                service,
                replicas,
                keep,
            } => {
                let made = &mut self.services[service].recommendations;
                made.push_back((now, replicas));
                while made.front().is_some_and(|&(at, _)| at < keep) {
                    made.pop_front();
                }
            }
            Change::PodCreated {
                pod,
                owner,
                shape,
                index,
                replace,
            } => {
                self.pod_created(now, pod, owner, shape, index, replace);
            }
            Change::PodUnschedulable { pod, by } => self.pod_unschedulable(now, pod, by),
            Change::PodBackedOff { pod, until } => self.enqueue(pod, Queued::BackOff(until)),
            Change::PodFlushed(pod) => {
                self.queue.set_tried(self.pods[pod].shape, now);
                self.enqueue(pod, Queued::Active);
            }
            Change::PodActivated(pod) => self.enqueue(pod, Queued::Active),
            Change::PodNominated { pod, node } => self.pod_nominated(pod, node),
            Change::PodUnnominated(pod) => self.pod_unnominated(pod),
            Change::PodBound { pod, node, gpus } => self.pod_bound(now, pod, node, gpus),
            Change::ContainerOrdered(pod) => self.container_ordered(pod),
            Change::ContainerStarted(pod) => {
                self.forget_restart(pod);
                self.pods[pod].phase = Phase::Running;
                self.pods[pod].started = now;
            }
            Change::ContainerExited { pod, exit } => self.container_exited(now, pod, exit),
            Change::RestartPlanned { pod, at, step } => self.restart_planned(pod, at, step),
            Change::PodReady(pod) => self.readiness(now, pod, true),
            Change::PodUnready(pod) => self.readiness(now, pod, false),
            Change::PodRouted(pod) => self.route(pod, true),
            Change::PodUnrouted(pod) => self.route(pod, false),
            Change::PodDeleting { pod, deletion } => {
                self.deactivate(pod);
                if let Some(node) = self.pods[pod].node {
                    self.changed.push(node);
                }
                self.pods[pod].deletion = Some(deletion);
                self.forget_restart(pod);
                self.pod_unnominated(pod);
                self.enqueue(pod, Queued::No);
            }
            Change::PodGone { pod, outcome } => self.pod_gone(pod, outcome),
            Change::Remembered { slot, value: 0 } => {
                self.memory.remove(&slot);
            }
            Change::Remembered { slot, value } => {
                self.memory.insert(slot, value);
            }
        }
    }

    fn node_added(&mut self, now: Time, node: NodeId) {
        self.moved = now;
        assert!(!self.nodes[node].present, "a node is added once");
        let images = self.catalog.nodes[node].traits.images.clone();
        self.tree.add(self.place(node), node);
        self.node(node, |state| {
            state.present = true;
            state.ready = true;
        });
        for image in images {
            self.image_pulled(node, image);
        }
    }

    fn node_removed(&mut self, now: Time, node: NodeId) {
        self.moved = now;
        assert!(
            self.nodes[node].pods.is_empty(),
            "pods go before their node"
        );
        assert!(self.nodes[node].present, "only a present node is removed");
        self.failures.forget_node(node);
        self.tree.remove(self.place(node), node);
        while let Some(&pod) = self.nodes[node].nominated.last() {
            self.pod_unnominated(pod);
        }
        for &image in &self.nodes[node].images {
            self.image_nodes[image] -= 1;
        }
        self.node(node, |state| *state = Node::absent());
        self.free[node] = self.catalog.nodes[node].allocatable;
    }

    /// Panics where the number of GPUs or the zone differs: those are what the node is.
    fn node_updated(&mut self, node: NodeId, revision: RevisionId) {
        let (before, after) = (&self.catalog.nodes[node], &self.catalog.revisions[revision]);
        assert_eq!(
            (before.zone, before.gpus, before.gpu_model),
            (after.zone, after.gpus, after.gpu_model),
            "what a node stays"
        );
        let images = after.traits.images.clone();
        let from = self.place(node);
        self.nodes[node].revision = Some(revision);
        let to = self.place(node);
        if self.nodes[node].present && from != to {
            self.tree.remove(from, node);
            self.tree.add(to, node);
        }
        self.account(node);
        self.changed.push(node);
        for image in images {
            self.image_pulled(node, image);
        }
    }

    fn place(&self, node: NodeId) -> Place {
        Place::of(&self.spec(node).traits.labels)
    }

    fn image_pulled(&mut self, node: NodeId, image: ImageId) {
        let images = &mut self.nodes[node].images;
        if let Err(at) = images.binary_search(&image) {
            images.insert(at, image);
            self.image_nodes[image] += 1;
            self.changed.push(node);
        }
    }

    /// What is free after what is requested changed.
    fn account(&mut self, node: NodeId) {
        let requested = &self.nodes[node].requested;
        self.free[node] = self.spec(node).allocatable.saturating_sub(requested);
    }

    /// Changes a node and every index over nodes.
    fn node(&mut self, node: NodeId, change: impl FnOnce(&mut Node)) {
        let zone = self.catalog.nodes[node].zone;
        let state = &self.nodes[node];
        self.zones[zone].subtract(state);
        self.present -= u32::from(state.present);
        self.ready -= u32::from(state.present && state.ready);
        self.restage(node, change);
        let state = &self.nodes[node];
        self.zones[zone].add(state);
        self.present += u32::from(state.present);
        self.ready += u32::from(state.present && state.ready);
        match self.zones[zone].not_ready() {
            0 => self.disrupted.remove(&zone),
            _ => self.disrupted.insert(zone),
        };
        self.changed.push(node);
    }

    /// Changes what may move a node from one part of the index of trouble to another.
    fn restage(&mut self, node: NodeId, change: impl FnOnce(&mut Node)) {
        let from = self.nodes[node].stage();
        change(&mut self.nodes[node]);
        let to = self.nodes[node].stage();
        let zone = self.catalog.nodes[node].zone;
        self.trouble.shift(node, zone, from, to);
    }

    fn service_scaled(&mut self, now: Time, service: ServiceId, replicas: u32) {
        let state = &mut self.services[service];
        let from = std::mem::replace(&mut state.replicas, replicas);
        if from > 0 && from != replicas {
            let keep = now.saturating_sub(RESIZES_KEPT);
            while state.resizes.front().is_some_and(|old| old.at < keep) {
                state.resizes.pop_front();
            }
            state.resizes.push_back(Resize {
                at: now,
                from,
                to: replicas,
            });
        }
        self.unsettled.insert(service);
    }

    fn readiness(&mut self, now: Time, pod: PodId, ready: bool) {
        let state = &mut self.pods[pod];
        if state.ready != ready {
            state.ready = ready;
            state.ready_changed = now;
        }
    }

    fn pod_created(
        &mut self,
        now: Time,
        pod: PodId,
        owner: Owner,
        shape: ShapeId,
        index: u32,
        replace: bool,
    ) {
        let id = self.pods.push(Pod {
            owner,
            shape,
            index,
            replace,
            node: None,
            bound: Time::ZERO,
            nominated: None,
            gpus: GpuSet::NONE,
            phase: Phase::Pending,
            ready: false,
            ready_changed: now,
            routed: false,
            deletion: None,
            incarnation: 0,
            restart_step: 0,
            restart_at: None,
            created: now,
            started: Time::ZERO,
            ran: Duration::ZERO,
            attempts: 0,
            queued_at: now,
            queued: Queued::No,
            rejected_by: RejectedBy::default(),
        });
        assert_eq!(id, pod, "pods are created in order of their ids");
        if let Owner::Service(service) = owner {
            let state = &mut self.services[service];
            state.pods.push(pod);
            state.created += 1;
            state.active += 1;
            self.unsettled.insert(service);
        }
        self.enqueue(pod, Queued::Active);
    }

    fn pod_unschedulable(&mut self, now: Time, pod: PodId, by: RejectedBy) {
        self.enqueue(pod, Queued::No);
        self.pods[pod].rejected_by = by;
        self.pods[pod].attempts += 1;
        self.pods[pod].queued_at = now;
        self.enqueue(pod, Queued::Unschedulable);
    }

    fn pod_nominated(&mut self, pod: PodId, node: NodeId) {
        self.pod_unnominated(pod);
        self.pods[pod].nominated = Some(node);
        self.nodes[node].nominated.push(pod);
        self.changed.push(node);
    }

    fn pod_unnominated(&mut self, pod: PodId) {
        if let Some(node) = self.pods[pod].nominated.take() {
            self.nodes[node].nominated.retain(|&other| other != pod);
            self.changed.push(node);
        }
    }

    fn pod_bound(&mut self, now: Time, pod: PodId, node: NodeId, gpus: GpuSet) {
        self.enqueue(pod, Queued::No);
        self.pod_unnominated(pod);
        let state = &mut self.pods[pod];
        assert!(
            state.phase == Phase::Pending && state.active(),
            "a pod is bound once"
        );
        state.node = Some(node);
        state.bound = now;
        state.gpus = gpus;
        state.phase = Phase::Starting;
        let shape = &self.catalog.shapes[state.shape];
        if !gpus.is_empty() {
            self.gpus[node].take(gpus, shape.gpus.milli);
        }
        let rules = &self.catalog.rules[shape.rules];
        self.nodes[node].bind(pod, shape, rules);
        let owner = state.owner;
        self.account(node);
        if let Owner::Service(service) = owner {
            self.count_placed(service, node, 1);
        }
        self.restage(node, |state| state.active += 1);
        self.changed.push(node);
    }

    fn container_ordered(&mut self, pod: PodId) {
        self.forget_restart(pod);
        let state = &mut self.pods[pod];
        state.phase = Phase::Starting;
        state.incarnation += 1;
    }

    fn container_exited(&mut self, now: Time, pod: PodId, exit: Exit) {
        let state = &mut self.pods[pod];
        state.ran = match state.phase {
            Phase::Running => now.since(state.started),
            Phase::Pending | Phase::Starting | Phase::Crashed | Phase::Gone(_) => Duration::ZERO,
        };
        state.phase = Phase::Crashed;
        // The kubelet keeps its back-off in memory: it ends with the node.
        if exit == Exit::NodeLost {
            state.restart_step = 0;
        }
        if state.deletion.is_none() && exit != Exit::Completed {
            self.crashed.insert(pod);
        }
        if let (Some(service), Some(node), true) = (state.service(), state.node, exit.failed()) {
            self.failures.note(now, service, node);
        }
        self.readiness(now, pod, false);
    }

    fn restart_planned(&mut self, pod: PodId, at: Time, step: u8) {
        self.forget_restart(pod);
        self.pods[pod].restart_at = Some(at);
        self.pods[pod].restart_step = step;
        self.restarts.insert((at, pod));
    }

    fn forget_restart(&mut self, pod: PodId) {
        self.crashed.remove(&pod);
        if let Some(at) = self.pods[pod].restart_at.take() {
            self.restarts.remove(&(at, pod));
        }
    }

    fn route(&mut self, pod: PodId, routed: bool) {
        let state = &mut self.pods[pod];
        assert_ne!(state.routed, routed, "routes are changed, not repeated");
        state.routed = routed;
        let service = state.service().expect("only a service has traffic");
        let count = &mut self.services[service].routed;
        *count = if routed { *count + 1 } else { *count - 1 };
    }

    fn pod_gone(&mut self, pod: PodId, outcome: Outcome) {
        self.enqueue(pod, Queued::No);
        self.pod_unnominated(pod);
        self.deactivate(pod);
        self.forget_restart(pod);
        let state = &mut self.pods[pod];
        assert!(!state.gone(), "a pod ends once");
        assert!(!state.routed, "traffic ends before its pod");
        state.phase = Phase::Gone(outcome);
        state.ready = false;
        if let Some(service) = state.service() {
            self.services[service].pods.retain(|&other| other != pod);
        }
        let state = &self.pods[pod];
        if let Some(node) = state.node {
            let shape = &self.catalog.shapes[state.shape];
            if !state.gpus.is_empty() {
                self.gpus[node].give(state.gpus, shape.gpus.milli);
            }
            let rules = &self.catalog.rules[shape.rules];
            self.nodes[node].release(pod, shape, rules);
            self.account(node);
            self.changed.push(node);
        }
    }

    /// The pod no longer counts among the active pods of its node and its service.
    fn deactivate(&mut self, pod: PodId) {
        let state = &self.pods[pod];
        if !state.active() {
            return;
        }
        let (node, service) = (state.node, state.service());
        if let Some(node) = node {
            self.restage(node, |state| state.active -= 1);
        }
        if let Some(service) = service {
            self.services[service].active -= 1;
            self.unsettled.insert(service);
        }
        if let (Some(node), Some(service)) = (node, service) {
            self.count_placed(service, node, -1);
        }
    }

    fn count_placed(&mut self, service: ServiceId, node: NodeId, by: i32) {
        let zone = self.catalog.nodes[node].zone;
        let state = &mut self.services[service];
        add(&mut state.by_zone, zone, by);
        add(&mut state.by_node, node, by);
    }

    /// Moves the pod to another part of the queue.
    fn enqueue(&mut self, pod: PodId, to: Queued) {
        let state = &mut self.pods[pod];
        let (from, since, shape) = (state.queued, state.queued_at, state.shape);
        let group = Group {
            shape,
            by: state.rejected_by,
        };
        state.queued = to;
        let key = (Reverse(self.catalog.shapes[shape].priority), since, pod);
        match from {
            Queued::No => {}
            Queued::Active => assert!(self.queue.active.remove(&key)),
            Queued::BackOff(until) => assert!(self.queue.backoff.remove(&(until, key))),
            Queued::Unschedulable => self.queue.wait_no_more(group, since, pod),
        }
        match to {
            Queued::No => {}
            Queued::Active => assert!(self.queue.active.insert(key)),
            Queued::BackOff(until) => assert!(self.queue.backoff.insert((until, key))),
            Queued::Unschedulable => self.queue.wait(group, since, pod),
        }
    }
}

/// Adds to a counter that is absent when zero.
fn add<K: Ord>(counts: &mut std::collections::BTreeMap<K, u32>, key: K, by: i32) {
    use std::collections::btree_map::Entry;
    match counts.entry(key) {
        Entry::Vacant(entry) => {
            entry.insert(u32::try_from(by).expect("a count starts at zero"));
        }
        Entry::Occupied(mut entry) => {
            *entry.get_mut() = entry
                .get()
                .checked_add_signed(by)
                .expect("counts are not negative");
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }
}
