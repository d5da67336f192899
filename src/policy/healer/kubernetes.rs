//! `kubernetes`: the kubelet restarts dead containers, the node lifecycle controller finds dead nodes
//! and evicts their pods.

use super::Healer;
use super::lifecycle::NodeLifecycle;
use super::restart::Restart;
use crate::policy::params::Params;
use crate::policy::{Plan, View};
use crate::time::{Duration, Time};

/// The healer.
#[derive(Clone, Copy, Debug)]
pub struct Kubernetes {
    kubelet: Restart,
    controller: NodeLifecycle,
}

impl Kubernetes {
    /// With the parameters of [`Restart`] and [`NodeLifecycle`].
    pub fn new(params: &Params) -> Kubernetes {
        Kubernetes {
            kubelet: Restart::new(params),
            controller: NodeLifecycle::new(params),
        }
    }
}

impl Healer for Kubernetes {
    fn wake(&self, view: &View) -> Option<Time> {
        let parts = [self.kubelet.wake(view), self.controller.wake(view)];
        parts.into_iter().flatten().min()
    }

    fn heal(&mut self, view: &View, plans: &mut Vec<Plan>) {
        self.kubelet.heal(view, plans);
        if plans.is_empty() {
            self.controller.heal(view, plans);
        }
    }

    fn delay(&self) -> Duration {
        self.controller.delay()
    }

    fn forget(&mut self) {}
}
