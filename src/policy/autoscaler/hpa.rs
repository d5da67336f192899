//! `hpa`: Kubernetes' HorizontalPodAutoscaler on CPU utilization.
//!
//! Source: `pkg/controller/podautoscaler` (Kubernetes v1.34). Use is reported as the sum over all
//! ready pods of a service; a pod of which it is needed alone is taken to use the mean.

pub mod behavior;
pub mod calculator;
pub mod params;

use super::{Autoscaler, Scaling, WhyScaled};
use crate::cluster::catalog::Hpa as Target;
use crate::cluster::pod::{Phase, Pod};
use crate::cluster::service::Usage;
use crate::ids::ServiceId;
use crate::policy::View;
use crate::policy::params::Params;
use crate::time::{Duration, Time};
use behavior::{Behavior, History, Wish};
use calculator::{Class, Known, Readiness, Tally};

/// The autoscaler.
#[derive(Clone, Debug)]
pub struct Hpa {
    sync_period: Duration,
    sampling: Duration,
    controller: Controller,
}

/// How a HorizontalPodAutoscaler decides.
#[derive(Clone, Debug, PartialEq)]
pub struct Controller {
    /// When a pod's use counts.
    pub readiness: Readiness,
    /// How far the ratio of use to target may be from 1 without a change.
    pub tolerance: f64,
    /// How a proposal is held back and limited.
    pub behavior: Behavior,
}

/// A decision on a size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// Replicas from now on.
    pub replicas: u32,
    /// The proposal, to be noted as a recommendation, if one was made.
    pub proposed: Option<u32>,
    /// Why.
    pub why: WhyScaled,
}

impl Controller {
    /// The size of a service that has `current` replicas, at least one, and whose pods add up to
    /// `tally` (`reconcileAutoscaler`).
    pub fn decide(
        &self,
        target: &Target,
        current: u32,
        tally: &Tally,
        history: History,
        now: Time,
    ) -> Decision {
        let unproposed = |replicas, why| Decision {
            replicas,
            proposed: None,
            why,
        };
        let bounded = current.clamp(target.min, target.max);
        if bounded != current {
            return unproposed(bounded, WhyScaled::OutOfBounds);
        }
        let Some(proposal) = tally.propose(current, self.tolerance) else {
            return unproposed(current, WhyScaled::NoMetrics);
        };
        let proposed = proposal.replicas;
        let wish = Wish {
            current,
            proposed,
            min: target.min,
            max: target.max,
        };
        let settled = self.behavior.settle(wish, history, now);
        Decision {
            replicas: settled.replicas,
            proposed: Some(proposed),
            why: WhyScaled::Use {
                ratio: proposal.ratio,
                proposed,
                stabilized: settled.stabilized,
                limit: settled.limit,
            },
        }
    }

    /// The pods of a service, added up as far as a sample of their use tells them apart.
    fn tally(&self, view: &View, service: ServiceId, target: u32) -> Tally {
        let mut tally = Tally::new(target);
        let state = &view.cluster.services()[service];
        let Some(usage) = state.usage.filter(|usage| usage.pods > 0) else {
            return tally;
        };
        let mut census = Census::default();
        for &pod in &state.pods {
            let (known, sampled) = known(view, &view.cluster.pods()[pod], usage);
            census.add(self.readiness.class(&known, view.now), sampled);
        }
        census.lose(usage.pods);
        let shape = view.cluster.catalog().services[service].shape;
        let request = view.cluster.catalog().shapes[shape].running().scaled_by.0;
        let all = u64::from(usage.cpu_milli) * u64::from(census.ready);
        let used = all / u64::from(usage.pods);
        tally.add_equal(Class::Ready, census.ready, request, used);
        tally.add_equal(Class::Ready, census.idle, request, 0);
        tally.add_equal(Class::Unready, census.unready, request, 0);
        tally.add_equal(Class::Missing, census.missing, request, 0);
        tally
    }
}

/// How many pods count in which way.
#[derive(Clone, Copy, Debug, Default)]
struct Census {
    ready: u32,
    /// Those that count as ready but were not when use was sampled.
    idle: u32,
    unready: u32,
    missing: u32,
    /// Those that the sample should contain.
    sampled: u32,
}

impl Census {
    fn add(&mut self, class: Class, sampled: bool) {
        match class {
            Class::Ready if sampled => self.ready += 1,
            Class::Ready => self.idle += 1,
            Class::Unready => self.unready += 1,
            Class::Missing => self.missing += 1,
            Class::Ignored => return,
        }
        self.sampled += u32::from(sampled);
    }

    /// A sample of fewer pods than it should contain misses some of them: those on nodes that died
    /// unnoticed, ready ones before others.
    fn lose(&mut self, pods: u32) {
        let lost = self.sampled.saturating_sub(pods);
        let ready = lost.min(self.ready);
        let unready = (lost - ready).min(self.unready);
        self.ready -= ready;
        self.unready -= unready;
        self.missing += ready + unready;
    }
}

/// What the control plane knows of a pod, and whether the sample should contain its use. The pod's
/// age is that of its present container; use of one that runs on a ready node can be read.
fn known(view: &View, pod: &Pod, usage: Usage) -> (Known, bool) {
    let on_ready_node = pod
        .node
        .is_some_and(|node| view.cluster.nodes()[node].ready);
    let ready = pod.ready && on_ready_node;
    let runs = pod.phase == Phase::Running && on_ready_node;
    let known = Known {
        over: !pod.active(),
        pending: pod.pending(),
        started: Some(pod.started),
        ready: Some((ready, pod.ready_changed)),
        measured: (runs && pod.started <= usage.sampled).then_some(usage.sampled),
    };
    (known, ready && pod.ready_changed <= usage.sampled)
}

impl Hpa {
    /// With the parameters in [`params`].
    pub fn new(params: &Params) -> Hpa {
        Hpa {
            sync_period: params.duration(params::SYNC_PERIOD.name),
            sampling: params.duration(params::METRIC_RESOLUTION.name),
            controller: params::controller(params),
        }
    }
}

impl Autoscaler for Hpa {
    fn period(&self) -> Option<Duration> {
        Some(self.sync_period)
    }

    fn sampling(&self) -> Option<Duration> {
        Some(self.sampling)
    }

    fn wake(&self, view: &View) -> Option<Time> {
        let mut services = view.cluster.catalog().services.iter();
        let wanted = services.any(|(_, service)| service.hpa.is_some());
        let syncs = view.now.nanos() / self.sync_period.nanos() + 1;
        wanted.then(|| Time::ZERO + self.sync_period * syncs)
    }

    fn scale(&mut self, view: &View, service: ServiceId) -> Option<Scaling> {
        let target = view.cluster.catalog().services[service].hpa?;
        let state = &view.cluster.services()[service];
        if state.replicas == 0 {
            return None;
        }
        let tally = self.controller.tally(view, service, target.cpu_percent);
        let history = History {
            recommendations: &state.recommendations,
            resizes: &state.resizes,
        };
        let from = state.replicas;
        let decision = self
            .controller
            .decide(&target, from, &tally, history, view.now);
        let keep = view.now.saturating_sub(self.controller.behavior.memory());
        Some(Scaling {
            from,
            to: decision.replicas,
            recommended: decision.proposed.map(|proposed| (proposed, keep)),
            why: decision.why,
        })
    }

    fn forget(&mut self) {}
}

#[cfg(test)]
mod tests;
