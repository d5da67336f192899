//! Pods packed into an empty cell by the control plane under test, one after the other.
//!
//! Control itself queues the pods, asks the scheduler and binds what it answers; containers that are
//! ordered count as placed, and those that are to make room for pods of higher priority stop at once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::snapshot::Task;
use crate::cluster::Cluster;
use crate::cluster::catalog::Catalog;
use crate::cluster::change::Change;
use crate::cluster::pod::{Exit, Owner};
use crate::control::command::Command;
use crate::control::fact::Fact;
use crate::control::{Control, Settings, Step};
use crate::ids::{NodeId, PodId, ServiceId, ShapeId};
use crate::policy::Plan;
use crate::policy::params::Params;
use crate::policy::queue::{FLUSH_PERIOD, UNSCHEDULABLE_MAX};
use crate::policy::registry::{self, Choice, Named};
use crate::policy::scheduler::Placement;
use crate::policy::scheduler::explanation::{Explanation, Reason};
use crate::rng::Seed;
use crate::time::{Duration, Time};

/// Time from one decision to the next: as short as can be, so that no queue's clock matters before
/// all pods were tried.
const TICK: Duration = Duration::from_nanos(1);

/// How long after the last pod got a node the others are waited for: until each was tried once more.
const PATIENCE: Duration = Duration::from_nanos(
    UNSCHEDULABLE_MAX.nanos() + FLUSH_PERIOD.nanos() + Duration::from_secs(60).nanos(),
);

/// Which pods need not get a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// What picky pods ask for: they alone may wait.
    pub picky: BTreeSet<ShapeId>,
    /// How many of them.
    pub pods: u32,
}

/// Packs the pods, in this order but for their priorities, into the empty nodes of these numbers.
/// Returns how many wait in the end; nothing where one waits that must not.
pub fn pack(
    catalog: &Arc<Catalog>,
    nodes: &[u32],
    tasks: &[Task],
    allowance: &Allowance,
    scheduler: &Named,
    seed: Seed,
) -> Option<u32> {
    let cluster = cluster(catalog, nodes, tasks);
    let is_final = !tasks.iter().any(|task| may_be_helped(catalog, task));
    let mut packing = Packing {
        control: control(cluster, scheduler, seed),
        allowance,
        is_final,
        refused: BTreeSet::new(),
        bound: Time::ZERO,
    };
    packing.run()
}

/// On how many nodes of the empty cell each of these pods could stand alone, as the scheduler sees it;
/// what it asks of pods that are not there is left aside.
pub fn homes(catalog: &Arc<Catalog>, tasks: &[Task], scheduler: &Named) -> Vec<u32> {
    let nodes: Vec<u32> = catalog.nodes.ids().map(|node| node.0).collect();
    let seed = Seed {
        seed: 0,
        replication: 1,
    };
    let mut control = control(cluster(catalog, &nodes, tasks), scheduler, seed);
    let pods: Vec<PodId> = control.cluster().pods().ids().collect();
    pods.into_iter()
        .map(|pod| possible(&control.explain(pod)))
        .collect()
}

/// Nodes that are feasible, or are not for want of other pods alone.
fn possible(told: &Explanation) -> u32 {
    let others = told.rejected.iter().filter(|(_, rejection)| {
        rejection.reasons.iter().all(|reason| match reason {
            Reason::PodAffinity | Reason::TopologySpread => true,
            Reason::Cordoned
            | Reason::OtherNodeNamed
            | Reason::UntoleratedTaint(_)
            | Reason::NodeAffinity
            | Reason::AddedAffinity
            | Reason::NotNamed
            | Reason::HostPorts
            | Reason::TooManyPods
            | Reason::InsufficientCpu
            | Reason::InsufficientMemory
            | Reason::InsufficientExtended(_)
            | Reason::InsufficientGpu
            | Reason::TopologySpreadLabelMissing
            | Reason::PodAntiAffinity
            | Reason::ExistingPodAntiAffinity => false,
        })
    });
    (told.feasible.len() + others.count()) as u32
}

/// Whether a pod that was refused may fit once other pods are placed: where it asks for company, or
/// to be spread evenly. All else a full node has less of.
fn may_be_helped(catalog: &Catalog, task: &Task) -> bool {
    let rules = &catalog.rules[catalog.shapes[task.shape].rules];
    !rules.affinity.required.is_empty() || rules.spread.iter().any(|spread| spread.required)
}

/// A control plane whose scheduler alone does anything.
fn control(cluster: Cluster, scheduler: &Named, seed: Seed) -> Control {
    let choice = Choice {
        scheduler: scheduler.clone(),
        autoscaler: idle(registry::AUTOSCALERS, "fixed"),
        healer: idle(registry::HEALERS, "none"),
    };
    Control::over(cluster, &choice, Settings { scheduling: TICK }, seed)
}

fn idle<P: ?Sized>(entries: &'static [registry::Entry<P>], name: &str) -> Named {
    let entry = registry::find(entries, name).expect("it is built in");
    assert!(entry.params.is_empty(), "what is idle has nothing to set");
    Named {
        name: entry.name,
        params: Params::new([]),
    }
}

/// The empty nodes, and the pods waiting in order.
fn cluster(catalog: &Arc<Catalog>, nodes: &[u32], tasks: &[Task]) -> Cluster {
    let mut cluster = Cluster::new(catalog.clone());
    let mut apply = |change| cluster.apply(Time::ZERO, change);
    // kube-scheduler's list of nodes remembers in which order they came.
    let nodes: BTreeSet<NodeId> = nodes.iter().copied().map(NodeId).collect();
    for node in nodes {
        apply(Change::NodeAdded(node));
    }
    let mut replicas: BTreeMap<ServiceId, u32> = BTreeMap::new();
    for task in tasks {
        if let Owner::Service(service) = task.owner {
            *replicas.entry(service).or_default() += 1;
        }
    }
    for (service, replicas) in replicas {
        apply(Change::ServiceScaled { service, replicas });
    }
    for (number, task) in tasks.iter().enumerate() {
        apply(Change::PodCreated {
            pod: PodId(u32::try_from(number).expect("pods have ids")),
            owner: task.owner,
            shape: task.shape,
            index: task.index,
            replace: true,
        });
    }
    cluster
}

struct Packing<'a> {
    control: Control,
    allowance: &'a Allowance,
    /// Whether a pod that is refused once is refused for good.
    is_final: bool,
    /// Picky pods refused for good.
    refused: BTreeSet<PodId>,
    /// When a pod last got a node.
    bound: Time,
}

impl Packing<'_> {
    fn run(&mut self) -> Option<u32> {
        let mut now = Time::ZERO;
        loop {
            self.control.decide(now);
            self.take_in(now)?;
            if self.control.cluster().queue().next().is_some() {
                now += TICK;
                continue;
            }
            let next = self.control.next_deadline(now);
            match next.filter(|&at| !self.is_final && at <= self.bound + PATIENCE) {
                Some(at) => now = at,
                None => return self.waiting(),
            }
        }
    }

    /// What was decided. Nothing where a pod is refused for good that must not be.
    fn take_in(&mut self, now: Time) -> Option<()> {
        let steps: Vec<Step> = self.control.steps().collect();
        for step in steps {
            match step {
                Step::Planned(Plan::Place { pod, placement }) => match placement {
                    Placement::Bind { .. } => self.bound = now,
                    Placement::Wait { .. } | Placement::Preempt { .. } if self.is_final => {
                        self.refuse(pod)?;
                    }
                    Placement::Wait { .. } | Placement::Preempt { .. } => {}
                },
                Step::Command(Command::Stop {
                    pod, incarnation, ..
                }) => self.control.observe(
                    now,
                    Fact::ContainerExited {
                        pod,
                        incarnation,
                        exit: Exit::Stopped,
                    },
                ),
                Step::Planned(_) | Step::Changed(_) | Step::Command(_) => {}
            }
        }
        Some(())
    }

    fn refuse(&mut self, pod: PodId) -> Option<()> {
        let shape = self.control.cluster().pods()[pod].shape;
        self.refused.insert(pod);
        let is_allowed = self.refused.len() <= self.allowance.pods as usize;
        (self.allowance.picky.contains(&shape) && is_allowed).then_some(())
    }

    /// How many pods wait now; nothing where they are too many, or one that is not picky.
    fn waiting(&self) -> Option<u32> {
        let pods = self.control.cluster().pods().as_slice().iter();
        let mut waiting = 0;
        for pod in pods.filter(|pod| pod.active() && pod.node.is_none()) {
            if !self.allowance.picky.contains(&pod.shape) {
                return None;
            }
            waiting += 1;
        }
        (waiting <= self.allowance.pods).then_some(waiting)
    }
}
