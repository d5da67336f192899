//! The control plane: observes facts, asks the policies that are due, turns their plans into
//! changes of belief and commands.

pub mod command;
pub mod fact;

mod decide;
mod observe;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::cluster::Cluster;
use crate::cluster::catalog::Catalog;
use crate::cluster::change::Change;
use crate::cluster::pod::Pod;
use crate::ids::{NodeId, PodId};
use crate::policy::autoscaler::Autoscaler;
use crate::policy::healer::Healer;
use crate::policy::queue::{self, Event};
use crate::policy::registry::{self, Choice};
use crate::policy::scheduler::Scheduler;
use crate::policy::{Plan, View};
use crate::rng::Seed;
use crate::time::{Duration, Time};
use command::{Command, CommandId};

/// One step of a decision, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Belief changed.
    Changed(Change),
    /// A policy decided.
    Planned(Plan),
    /// A runtime is to act.
    Command(Command),
}

/// What the control plane is told once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Time one scheduling decision takes; the next pod waits for it.
    pub scheduling: Duration,
}

/// The control plane under test.
pub struct Control {
    cluster: Cluster,
    scheduler: Box<dyn Scheduler>,
    autoscaler: Box<dyn Autoscaler>,
    healer: Box<dyn Healer>,
    settings: Settings,
    seed: Seed,
    now: Time,
    steps: Vec<Step>,
    next_command: u32,
    /// When the scheduler can take the next pod.
    scheduler_free: Time,
    /// When the autoscaler is to be asked.
    next_scaling: Option<Time>,
    /// What happened since pods were last woken.
    events: Vec<Event>,
    /// Pods whose traffic may have to be switched.
    unrouted: Vec<PodId>,
    /// Nodes that list their containers, and pods not listed yet.
    relisting: Vec<(NodeId, BTreeSet<PodId>)>,
}

impl Control {
    /// A control plane that believes in nothing yet.
    pub fn new(catalog: Arc<Catalog>, choice: &Choice, settings: Settings, seed: Seed) -> Control {
        Control::over(Cluster::new(catalog), choice, settings, seed)
    }

    /// A control plane that takes over what another one believes.
    pub fn over(cluster: Cluster, choice: &Choice, settings: Settings, seed: Seed) -> Control {
        Control {
            cluster,
            scheduler: registry::build(registry::SCHEDULERS, &choice.scheduler),
            autoscaler: registry::build(registry::AUTOSCALERS, &choice.autoscaler),
            healer: registry::build(registry::HEALERS, &choice.healer),
            settings,
            seed,
            now: Time::ZERO,
            steps: Vec::new(),
            next_command: 0,
            scheduler_free: Time::ZERO,
            next_scaling: None,
            events: Vec::new(),
            unrouted: Vec::new(),
            relisting: Vec::new(),
        }
    }

    /// What is believed now.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Replaces the scheduler by one that is not in the registry.
    pub fn set_scheduler(&mut self, scheduler: Box<dyn Scheduler>) {
        self.scheduler = scheduler;
    }

    /// Drops the caches of all policies; no later decision changes.
    pub fn forget(&mut self) {
        self.scheduler.forget();
        self.autoscaler.forget();
        self.healer.forget();
    }

    /// What was decided since the last call, in order.
    pub fn steps(&mut self) -> std::vec::Drain<'_, Step> {
        self.steps.drain(..)
    }

    /// When to decide again even if nothing is heard until then: later than `now`, the time of the
    /// last decision.
    pub fn next_deadline(&self, now: Time) -> Option<Time> {
        let queue = self.cluster.queue();
        let flush = queue::next_flush(&self.cluster, self.scheduler.waking());
        let busy = queue.next().map(|_| self.scheduler_free);
        let view = self.view();
        let healing = self.healer.wake(&view);
        let scheduling = self.scheduler.wake(&view);
        let soonest = [flush, busy, healing, scheduling, self.next_scaling]
            .into_iter()
            .flatten()
            .min();
        assert!(
            soonest.is_none_or(|at| at > now),
            "something due at {now} was left undone"
        );
        soonest
    }

    fn view(&self) -> View<'_> {
        View::new(self.now, self.seed, &self.cluster)
    }

    fn pod(&self, pod: PodId) -> &Pod {
        &self.cluster.pods()[pod]
    }

    fn change(&mut self, change: Change) {
        self.cluster.apply(self.now, change);
        self.steps.push(Step::Changed(change));
    }

    fn command(&mut self, command: impl FnOnce(CommandId) -> Command) {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.steps.push(Step::Command(command(id)));
    }
}

#[cfg(test)]
mod tests;
