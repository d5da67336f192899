//! `restart`: the kubelet restarts dead containers; dead nodes go unnoticed.
//!
//! Source: `doBackOff` of `pkg/kubelet/kuberuntime/kuberuntime_manager.go` and `Backoff` of
//! `client-go/util/flowcontrol/backoff.go` (Kubernetes v1.34): the first restart comes at once, each
//! further one after twice the delay of the one before.

use super::{Healer, PodAction};
use crate::cluster::pod::Pod;
use crate::policy::params::{Kind, Param, Params};
use crate::policy::{Plan, View};
use crate::time::{Duration, Time};

/// Delay of the second restart.
pub const BACKOFF: Param = Param {
    name: "restart_backoff",
    kind: Kind::Duration,
    default: "10s",
    doc: "delay of a container's second restart, doubled for each further one; the first comes at \
          once (kubelet `initialCrashLoopBackOff`, pkg/kubelet/kubelet.go, v1.34)",
};

/// Longest delay.
pub const BACKOFF_MAX: Param = Param {
    name: "restart_backoff_max",
    kind: Kind::Duration,
    default: "300s",
    doc: "longest delay of a restart (kubelet `MaxCrashLoopBackOff`, pkg/kubelet/kubelet.go, v1.34)",
};

/// Health after which delays start over.
pub const BACKOFF_RESET: Param = Param {
    name: "restart_backoff_reset",
    kind: Kind::Duration,
    default: "600s",
    doc: "a container that ran this long is restarted at once again (twice the longest delay: \
          `hasExpired`, client-go/util/flowcontrol/backoff.go, v1.34)",
};

/// The healer.
#[derive(Clone, Copy, Debug)]
pub struct Restart {
    backoff: Duration,
    backoff_max: Duration,
    backoff_reset: Duration,
}

impl Restart {
    /// With the parameters [`BACKOFF`], [`BACKOFF_MAX`] and [`BACKOFF_RESET`].
    pub fn new(params: &Params) -> Restart {
        Restart {
            backoff: params.duration(BACKOFF.name),
            backoff_max: params.duration(BACKOFF_MAX.name),
            backoff_reset: params.duration(BACKOFF_RESET.name),
        }
    }

    /// What is done about a container that is dead since `now`.
    fn crashed(&self, now: Time, pod: &Pod) -> PodAction {
        if !pod.replace {
            return PodAction::Fail;
        }
        let step = match pod.ran >= self.backoff_reset {
            true => 1,
            false => pod.restart_step.saturating_add(1),
        };
        let at = now + self.delay(step);
        PodAction::RestartAt { at, step }
    }

    /// How long the `step`-th restart since the last spell of health waits, from 1.
    fn delay(&self, step: u8) -> Duration {
        match step.checked_sub(2) {
            None => Duration::ZERO,
            Some(doublings) => {
                let factor = 1_u64 << doublings.min(63);
                (self.backoff * factor).min(self.backoff_max)
            }
        }
    }
}

impl Healer for Restart {
    fn wake(&self, view: &View) -> Option<Time> {
        match view.cluster.crashed().is_empty() {
            true => view.cluster.restarts().first().map(|&(at, _)| at),
            false => Some(view.now),
        }
    }

    /// A restart that is due is ordered whatever is believed of the node: the kubelet acts alone,
    /// and a dead one does not hear the order.
    fn heal(&mut self, view: &View, plans: &mut Vec<Plan>) {
        let cluster = view.cluster;
        plans.extend(cluster.crashed().iter().map(|&pod| Plan::HealPod {
            pod,
            action: self.crashed(view.now, &cluster.pods()[pod]),
        }));
        let restarts = cluster.restarts().iter();
        let due = restarts.take_while(|&&(at, _)| at <= view.now);
        plans.extend(due.map(|&(_, pod)| Plan::HealPod {
            pod,
            action: PodAction::Restart,
        }));
    }

    fn forget(&mut self) {}
}
