//! What is decided at an instant, policy by policy.

use super::command::Command;
use super::{Control, Step};
use crate::cluster::change::Change;
use crate::cluster::gpu::GpuSet;
use crate::cluster::pod::{Deletion, Outcome, Owner, Queued};
use crate::cluster::{Slot, pod};
use crate::ids::{NodeId, PodId, ServiceId};
use crate::policy::healer::{NodeAction, PodAction};
use crate::policy::queue::{Event, Face};
use crate::policy::scheduler::{Nomination, Placement};
use crate::policy::{Plan, View, queue, rollout};
use crate::time::Time;

impl Control {
    /// Decides everything that is due at `now`: repairs, sizes, pods to create or delete, nodes for
    /// pods, and last where traffic goes.
    pub fn decide(&mut self, now: Time) {
        self.now = now;
        self.heal();
        self.scale();
        self.settle();
        self.wake_pods();
        self.schedule();
        self.switch_traffic();
    }

    fn heal(&mut self) {
        let mut plans = Vec::new();
        while self
            .healer
            .wake(&self.view())
            .is_some_and(|at| at <= self.now)
        {
            let view = View::new(self.now, self.seed, &self.cluster);
            self.healer.heal(&view, &mut plans);
            assert!(
                !plans.is_empty(),
                "a healer that is due has something to do"
            );
            for plan in plans.drain(..) {
                self.steps.push(Step::Planned(plan.clone()));
                match plan {
                    Plan::HealPod { pod, action } => self.heal_pod(pod, action),
                    Plan::HealNode { node, action } => self.heal_node(node, action),
                    Plan::HealZone {
                        zone,
                        disruption,
                        zone_next,
                    } => {
                        self.remember(Slot::Disruption(zone), disruption as u64);
                        self.remember(Slot::Zone(zone), zone_next);
                    }
                    Plan::Place { .. } | Plan::Scale { .. } => panic!("a healer heals: {plan:?}"),
                }
            }
        }
    }

    fn heal_pod(&mut self, pod: PodId, action: PodAction) {
        match action {
            PodAction::RestartAt { at, step } => {
                self.change(Change::RestartPlanned { pod, at, step });
            }
            PodAction::Restart => self.start(pod),
            PodAction::Fail => {
                self.gone(pod, Outcome::Failed);
                self.replace(pod);
            }
            PodAction::Evict(deletion) => self.delete(pod, deletion),
        }
    }

    fn heal_node(&mut self, node: NodeId, action: NodeAction) {
        match action {
            NodeAction::NotReady => {
                self.change_node(node, Change::NodeNotReady(node));
                self.unrouted.extend(self.pods_on(node));
            }
            NodeAction::Ready => {
                self.change_node(node, Change::NodeReady(node));
                self.unrouted.extend(self.pods_on(node));
            }
            NodeAction::Taint { zone_next } => {
                self.change_node(node, Change::NodeTainted(node));
                let zone = self.cluster.catalog().nodes[node].zone;
                self.remember(Slot::Zone(zone), zone_next);
            }
            NodeAction::Untaint => {
                self.change_node(node, Change::NodeUntainted(node));
            }
        }
    }

    /// Changes what schedulers see of a node.
    pub(super) fn change_node(&mut self, node: NodeId, change: Change) {
        let before = Face::of(&self.cluster, node);
        self.change(change);
        let now = Face::of(&self.cluster, node);
        self.events.push(Event::NodeChanged { node, before, now });
    }

    fn remember(&mut self, slot: Slot, value: u64) {
        if self.cluster.memory(slot) != value {
            self.change(Change::Remembered { slot, value });
        }
    }

    fn scale(&mut self) {
        if self.next_scaling.is_none_or(|at| at > self.now) {
            return;
        }
        for service in self.cluster.services().ids() {
            self.recommend_first(service);
            let view = View::new(self.now, self.seed, &self.cluster);
            let Some(scaling) = self.autoscaler.scale(&view, service) else {
                continue;
            };
            self.steps
                .push(Step::Planned(Plan::Scale { service, scaling }));
            if let Some((replicas, keep)) = scaling.recommended {
                self.change(Change::ServiceRecommended {
                    service,
                    replicas,
                    keep,
                });
            }
            if scaling.to != scaling.from {
                self.change(Change::ServiceScaled {
                    service,
                    replicas: scaling.to,
                });
            }
        }
        self.next_scaling = self.autoscaler.wake(&self.view());
    }

    /// The size at which an autoscaler finds a service is its first recommendation
    /// (`recordInitialRecommendation`, Kubernetes v1.34, `pkg/controller/podautoscaler`).
    fn recommend_first(&mut self, service: ServiceId) {
        let state = &self.cluster.services()[service];
        let (replicas, keep) = (state.replicas, self.now);
        let scaled = self.cluster.catalog().services[service].hpa.is_some();
        if scaled && replicas > 0 && state.recommendations.is_empty() {
            self.change(Change::ServiceRecommended {
                service,
                replicas,
                keep,
            });
        }
    }

    fn settle(&mut self) {
        while let Some(&service) = self.cluster.unsettled().first() {
            let adjustment = rollout::adjust(&self.view(), service);
            for _ in 0..adjustment.create {
                self.create_replica(service);
            }
            for pod in adjustment.delete {
                self.delete(pod, Deletion::ScaledDown);
            }
            self.change(Change::ServiceSettled(service));
        }
    }

    fn create_replica(&mut self, service: ServiceId) {
        let pod = self.cluster.pods().next_id();
        let index = self.cluster.services()[service].created;
        let shape = self.cluster.catalog().services[service].shape;
        let owner = Owner::Service(service);
        self.change(Change::PodCreated {
            pod,
            owner,
            shape,
            index,
            replace: true,
        });
    }

    /// Moves pods whose wait is over back to the active queue.
    fn wake_pods(&mut self) {
        while let Some(&(until, (_, _, pod))) = self.cluster.queue().backoff().first() {
            if until > self.now {
                break;
            }
            self.change(Change::PodActivated(pod));
        }
        for pod in queue::flushed(&self.view(), self.scheduler.waking()) {
            self.change(Change::PodFlushed(pod));
        }
        self.wake_helped();
    }

    /// Tries the pods again, after their back-off, that may be helped by what happened.
    fn wake_helped(&mut self) {
        let events = std::mem::take(&mut self.events);
        if self.cluster.queue().unschedulable().is_empty() {
            return;
        }
        let view = View::new(self.now, self.seed, &self.cluster);
        for pod in queue::woken(&view, &*self.scheduler, &events) {
            let until = queue::backoff_until(self.pod(pod));
            self.change(match until > self.now {
                true => Change::PodBackedOff { pod, until },
                false => Change::PodActivated(pod),
            });
        }
    }

    fn schedule(&mut self) {
        while self.scheduler_free <= self.now {
            let Some(pod) = self.cluster.queue().next() else {
                return;
            };
            debug_assert!(matches!(
                self.pod(pod).queued,
                Queued::Active | Queued::BackOff(_)
            ));
            self.look(pod);
            let view = View::new(self.now, self.seed, &self.cluster);
            let placement = self.scheduler.place(&view, pod);
            self.looked(pod, &placement);
            self.steps.push(Step::Planned(Plan::Place {
                pod,
                placement: placement.clone(),
            }));
            self.carry_out(pod, placement);
            self.wake_helped();
            self.scheduler_free = self.now + self.settings.scheduling;
        }
    }

    fn carry_out(&mut self, pod: PodId, placement: Placement) {
        let remember = placement.remember();
        match placement {
            Placement::Bind { node, gpus, .. } => {
                self.bind(pod, node, gpus);
            }
            Placement::Wait { by, nomination, .. } => {
                self.change(Change::PodUnschedulable { pod, by });
                match nomination {
                    Nomination::Kept => {}
                    Nomination::Dropped => self.unnominate(pod),
                }
            }
            Placement::Preempt {
                node,
                victims,
                cleared,
                by,
                ..
            } => {
                self.change(Change::PodUnschedulable { pod, by });
                self.change(Change::PodNominated { pod, node });
                self.make_room(&victims, &cleared);
            }
        }
        if let Some((slot, value)) = remember {
            self.remember(slot, value);
        }
    }

    fn bind(&mut self, pod: PodId, node: NodeId, gpus: GpuSet) {
        let there = self.cluster.nodes()[node].present;
        let fits = self.cluster.has_room(self.cluster.shape(pod), node);
        assert!(
            there && fits,
            "the scheduler chose {node:?}, on which {pod:?} does not fit"
        );
        self.change(Change::PodBound { pod, node, gpus });
        self.events.push(Event::PodBound(pod));
        self.start(pod);
    }

    /// Evicts pods for one of higher priority; their owners replace them at once. Those that are
    /// being deleted already leave as they would have.
    fn make_room(&mut self, victims: &[PodId], cleared: &[PodId]) {
        for &pod in cleared {
            self.unnominate(pod);
        }
        for &victim in victims {
            if self.pod(victim).active() {
                self.delete(victim, Deletion::Preempted);
            }
        }
        self.settle();
    }

    fn unnominate(&mut self, pod: PodId) {
        if self.pod(pod).nominated.is_some() {
            self.change(Change::PodUnnominated(pod));
            self.events.push(Event::PodUnnominated(pod));
        }
    }

    fn start(&mut self, pod: PodId) {
        self.change(Change::ContainerOrdered(pod));
        let pod::Pod {
            incarnation,
            owner,
            index,
            shape,
            node,
            gpus,
            ..
        } = *self.pod(pod);
        let node = node.expect("only a bound pod has containers");
        self.command(|id| Command::Start {
            id,
            pod,
            incarnation,
            owner,
            index,
            shape,
            node,
            gpus,
        });
    }

    /// Sends traffic to pods that are ready, stay, and stand on ready nodes; to no others.
    fn switch_traffic(&mut self) {
        let mut unrouted = std::mem::take(&mut self.unrouted);
        for pod in unrouted.drain(..) {
            let state = self.pod(pod);
            let wanted = state.ready
                && state.active()
                && state
                    .node
                    .is_some_and(|node: NodeId| self.cluster.nodes()[node].ready);
            if state.service().is_some() && !state.gone() && state.routed != wanted {
                self.switch(pod, wanted);
            }
        }
        self.unrouted = unrouted;
    }

    /// Begins or ends to send traffic to a replica.
    pub(super) fn switch(&mut self, pod: PodId, on: bool) {
        let service = self.pod(pod).service().expect("only services have traffic");
        if on {
            self.change(Change::PodRouted(pod));
            self.command(|id| Command::Route { id, service, pod });
        } else {
            self.change(Change::PodUnrouted(pod));
            self.command(|id| Command::Unroute { id, service, pod });
        }
    }
}
