//! The recorder that measures while the run goes on.
//!
//! It follows records alone: belief as it stands is only asked for the account at the end.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::headroom::Headroom;
use super::healing::Failures;
use super::jobs;
use super::measured::{Measured, Pods};
use super::mix::Mix;
use super::node_values;
use super::nodes::{Believed, Binding, Nodes, level};
use super::outages::Stop;
use super::output::Output;
use super::pods::Lives;
use super::samples::Samples;
use super::service_values;
use super::services::Services;
use super::table::Life;
use super::window::{CELLS, Clock, Tick, Window};
use crate::cluster::Cluster;
use crate::cluster::catalog::Catalog;
use crate::cluster::change::Change;
use crate::cluster::pod::{Exit, Outcome, Owner};
use crate::control::fact::Fact;
use crate::ids::{Arena, NodeId, PodId};
use crate::policy::Plan;
use crate::policy::healer::{NodeAction, PodAction};
use crate::record::{Record, Recorder, Truth};
use crate::time::{Duration, Time};

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// What nodes, shapes and services are.
    pub catalog: Arc<Catalog>,
    /// The reference mix.
    pub mix: Arc<Mix>,
    /// How long each job of the run lasts; [`Duration::MAX`]: for ever.
    pub durations: &'a [Duration],
    /// Jobs left out when the trace was imported, by reason.
    pub excluded: Vec<(String, u64)>,
    /// The window opens.
    pub warm_up: Time,
    /// The run, and the window, end. Later than `warm_up`.
    pub end: Time,
    /// Time between two syncs of the autoscaler, if there is one.
    pub sync: Option<Duration>,
    /// Longest time from a failure until the healer acts: what failed later than that before the end
    /// is not called missed.
    pub healing: Duration,
}

/// What is to be told besides the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Time series of the cluster, groups, zones and services.
    pub series: bool,
    /// Time series of every node too.
    pub nodes: bool,
    /// One row per pod.
    pub pods: bool,
    /// The heat map of nodes.
    pub heat: bool,
}

/// Records folded into what is measured.
#[derive(Debug)]
pub struct Fold<'a> {
    catalog: Arc<Catalog>,
    excluded: Vec<(String, u64)>,
    window: Window,
    options: Options,
    clock: Clock,
    now: Time,
    nodes: Nodes,
    services: Services,
    lives: Lives<'a>,
    failures: Failures,
    samples: Samples,
    headroom: Headroom,
}

impl<'a> Fold<'a> {
    /// Nothing has happened yet. Panics when the window is empty.
    pub fn new(subject: &'a Subject, options: Options) -> Fold<'a> {
        let Subject { catalog, mix, .. } = subject;
        let window = Window {
            from: subject.warm_up,
            to: subject.end,
        };
        assert!(window.from < window.to, "something must be measured");
        Fold {
            window,
            options,
            clock: Clock::new(window, subject.sync),
            now: Time::ZERO,
            nodes: Nodes::new(Arc::clone(catalog), mix.rank.clone(), options),
            services: Services::new(window, Arc::clone(catalog)),
            lives: Lives::new(window, subject.durations, &mix.group),
            failures: Failures::new(window, subject.healing),
            samples: Samples::new(catalog, Arc::clone(mix)),
            headroom: Headroom::new(catalog.nodes.len(), &mix.by_size),
            excluded: subject.excluded.clone(),
            catalog: Arc::clone(catalog),
        }
    }

    /// What the run measured; `belief` as it stands at its end, `events` as the runtime counts them.
    pub fn finish(mut self, belief: &Cluster, events: u64) -> Measured {
        self.advance(Time::MAX);
        let mut out = Output::new(self.window);
        let incidents = self.services.finish(&self.failures);
        let accounting = jobs::account(&self.lives, belief, self.excluded);
        node_values::values(&self.nodes, self.window, &mut out);
        node_values::cost_of_requests(&self.nodes, self.services.served(), &mut out);
        self.samples.values(&self.catalog, &mut out);
        self.headroom.values(self.services.zones().len(), &mut out);
        service_values::values(
            &self.services,
            &self.catalog,
            self.window,
            &incidents,
            &mut out,
        );
        let bound = self.nodes.cluster().sum(level::PODS);
        self.lives.values(bound, &mut out);
        self.failures.values(&mut out);
        if self.options.series {
            node_values::series(&self.nodes, &mut out);
            self.samples.series(&self.catalog, &mut out);
            self.lives.series(&mut out);
            service_values::series(&self.services, &self.catalog, &mut out);
        }
        let (values, series) = out.finish();
        let starts = (0..CELLS).map(|cell| self.window.edge(cell).secs_f64());
        Measured {
            window: self.window.length(),
            values,
            series,
            heat: self.nodes.take_heat(),
            cells: if self.options.series || self.options.heat {
                starts.collect()
            } else {
                Vec::new()
            },
            pods: Pods(if self.options.pods {
                self.lives.lives
            } else {
                Arena::new()
            }),
            incidents,
            accounting,
            events,
        }
    }

    /// Does what measuring itself has to do before `at`.
    fn advance(&mut self, at: Time) {
        while let Some((now, tick)) = self.clock.pop(at) {
            match tick {
                Tick::Open => {
                    self.nodes.open(now);
                    self.services.open(now);
                    self.lives.open(now);
                }
                Tick::CellEnd => {
                    self.nodes.end_cell(now);
                    self.services.end_cell(now);
                    self.lives.end_cell(now);
                }
                Tick::Sample => {
                    self.samples.sample(&mut self.nodes);
                    self.headroom
                        .sample(&self.nodes, &self.services, self.lives.waiting());
                }
                Tick::Sync => self.services.sync(),
            }
        }
    }

    fn happened(&mut self, now: Time, truth: Truth) {
        match truth {
            Truth::NodeProvisioned(node) => self.nodes.provisioned(now, node),
            Truth::NodeReleased(node) => {
                self.nodes.released(now, node);
                self.failures.node_released(now, node);
            }
            Truth::NodeUp(node) => {
                self.nodes.up(now, node, true);
                self.failures.node_up(node);
            }
            Truth::NodeDown { node, cause } => {
                self.nodes.up(now, node, false);
                self.failures.node_down(now, node, cause);
            }
            Truth::JobArrived(job) => self.lives.arrived(now, job),
            Truth::ContainerStarting { pod, .. } => self.lives.starting(pod),
            Truth::ContainerStarted { pod, .. } => self.lives.started(now, pod),
            Truth::ContainerReady { pod, .. } => {
                let life = self.lives.ready(now, pod);
                if let (Owner::Service(service), Some(node)) = (life.owner, life.node) {
                    self.services.ready(now, service, node);
                }
            }
            Truth::ContainerExited { pod, exit, .. } => self.exited(now, pod, exit),
            Truth::Traffic { service, flow } => self.services.traffic(now, service, flow),
            Truth::NodeUse { node, cpu, memory } => self.nodes.used(now, node, cpu, memory),
        }
    }

    fn exited(&mut self, now: Time, pod: PodId, exit: Exit) {
        let life = self.lives.exited(now, pod, exit);
        let node = life.node.expect("only a bound pod has a container");
        let stop = match exit {
            Exit::Completed | Exit::Stopped => Stop::Ordered(now),
            Exit::Crashed | Exit::OutOfMemory | Exit::NodeOutOfMemory => {
                Stop::Failed(self.failures.container_failed(now, pod))
            }
            Exit::NodeLost => {
                let failure = self.failures.of_node(node);
                Stop::Failed(failure.expect("a node goes down before its containers"))
            }
        };
        if let (Owner::Service(service), true) = (life.owner, life.serves()) {
            self.services.unready(now, service, node, stop);
        }
    }

    fn heard(&mut self, now: Time, fact: Fact) {
        match fact {
            // A node that lists its containers anew tells that it was away.
            Fact::RelistBegun(node) => self.failures.node_known(now, node),
            Fact::NodeAdded(_)
            | Fact::NodeDrained(_)
            | Fact::NodeUndrained(_)
            | Fact::NodeCordoned(_)
            | Fact::NodeUpdated { .. }
            | Fact::NodeRemoved(_)
            | Fact::HeartbeatMissed { .. }
            | Fact::HeartbeatSeen(_)
            | Fact::ContainerListed { .. }
            | Fact::RelistEnded(_)
            | Fact::ServiceSubmitted(_)
            | Fact::JobSubmitted { .. }
            | Fact::PodDeleted(_)
            | Fact::ContainerStarted { .. }
            | Fact::ProbeChanged { .. }
            | Fact::ContainerExited { .. }
            | Fact::CommandFailed { .. }
            | Fact::ServiceUsage { .. } => {}
        }
    }

    fn believed(&mut self, now: Time, change: Change) {
        match change {
            Change::NodeAdded(node) => self.node(now, node, Believed::Added),
            Change::NodeRemoved(node) => self.node(now, node, Believed::Removed),
            Change::NodeCordoned(node) => self.node(now, node, Believed::Cordoned(true)),
            Change::NodeUncordoned(node) => self.node(now, node, Believed::Cordoned(false)),
            Change::NodeNotReady(node) => {
                self.node(now, node, Believed::Ready(false));
                self.failures.node_known(now, node);
            }
            Change::NodeReady(node) => self.node(now, node, Believed::Ready(true)),
            Change::NodeTainted(node) => self.node(now, node, Believed::Tainted(true)),
            Change::NodeUntainted(node) => self.node(now, node, Believed::Tainted(false)),
            Change::ServiceScaled { service, replicas } => {
                self.services.wanted(now, service, replicas);
            }
            Change::PodCreated {
                pod,
                owner,
                shape,
                index,
                ..
            } => {
                self.lives.created(pod, Life::new(now, owner, index, shape));
            }
            Change::PodBound { pod, node, gpus } => {
                let life = self.lives.bound(now, pod, node);
                life.gpus = gpus;
                let binding = Binding {
                    pod,
                    shape: life.shape,
                    gpus,
                };
                if let Owner::Service(service) = life.owner {
                    self.services.bound(now, service);
                }
                self.nodes.bind(now, node, binding);
            }
            Change::ContainerOrdered(pod) => {
                self.failures.back_off_ends(now, pod);
                if self.lives.ordered(pod) {
                    self.failures.restarted(now);
                }
            }
            Change::ContainerExited { pod, exit } => {
                self.failures.container_known(now, pod);
                self.lives.believed_exit(now, exit);
            }
            Change::RestartPlanned { pod, .. } => self.failures.back_off_begins(now, pod),
            Change::PodReady(pod) => self.lives.believed_ready(now, pod),
            Change::PodDeleting { pod, deletion } => {
                self.failures.back_off_ends(now, pod);
                self.lives.deleted(now, pod, deletion);
            }
            Change::PodGone { pod, outcome } => self.gone(now, pod, outcome),
            Change::NodeSilent { .. }
            | Change::NodeHeard(_)
            | Change::ServiceSettled(_)
            | Change::ServiceUsage { .. }
            | Change::ServiceRecommended { .. }
            | Change::PodUnschedulable { .. }
            | Change::PodBackedOff { .. }
            | Change::PodFlushed(_)
            | Change::PodActivated(_)
            | Change::ContainerStarted(_)
            | Change::PodUnready(_)
            | Change::PodRouted(_)
            | Change::PodUnrouted(_)
            | Change::NodeUpdated { .. }
            | Change::ImagePulled { .. }
            | Change::PodNominated { .. }
            | Change::PodUnnominated(_)
            | Change::Remembered { .. } => {}
        }
    }

    fn node(&mut self, now: Time, node: NodeId, change: Believed) {
        self.nodes.believed(now, node, change);
    }

    fn gone(&mut self, now: Time, pod: PodId, outcome: Outcome) {
        self.failures.back_off_ends(now, pod);
        self.failures.pod_acted_on(pod);
        let &Life {
            node,
            shape,
            gpus,
            owner,
            ..
        } = self.lives.gone(now, pod, outcome);
        if let Some(node) = node {
            self.nodes.unbind(now, node, Binding { pod, shape, gpus });
            if let Owner::Service(service) = owner {
                self.services.unbound(now, service);
            }
        }
    }

    fn planned(&mut self, now: Time, plan: Plan) {
        match plan {
            Plan::Place { placement, .. } => self.lives.attempted(now, &placement),
            Plan::Scale { service, scaling } => {
                if scaling.to != scaling.from {
                    self.services.adapted(now, service);
                }
            }
            Plan::HealPod { pod, action } => {
                let alive = self.lives.get(pod).alive();
                match action {
                    PodAction::Restart | PodAction::Fail | PodAction::Evict(_) if alive => {
                        self.failures.needless(now);
                    }
                    PodAction::Restart
                    | PodAction::Fail
                    | PodAction::Evict(_)
                    | PodAction::RestartAt { .. } => {}
                }
                self.failures.pod_acted_on(pod);
            }
            Plan::HealZone { .. } => {}
            Plan::HealNode { node, action } => match action {
                NodeAction::NotReady => {
                    let up = self.nodes.all()[node].up;
                    self.failures.node_acted_on(now, node, up);
                }
                NodeAction::Ready | NodeAction::Taint { .. } | NodeAction::Untaint => {}
            },
        }
    }
}

impl Recorder for Fold<'_> {
    fn record(&mut self, at: Time, record: Record) {
        assert!(at >= self.now, "records come in order of time");
        self.now = at;
        self.advance(at);
        match record {
            Record::Truth(truth) => self.happened(at, truth),
            Record::Heard(fact) => self.heard(at, fact),
            Record::Believed(change) => self.believed(at, change),
            Record::Planned(plan) => self.planned(at, plan),
            Record::Ordered(_) => {}
        }
    }

    fn turn(&mut self, _now: Time, _belief: &Cluster) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
