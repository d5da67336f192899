//! What other pods mean, for every rules that a pod came with.

use std::collections::VecDeque;

use super::mirror::Mirror;
use super::topology::Topology;
use super::weights::Weights;
use crate::ids::{Arena, Id, RulesId};
use crate::policy::scheduler::kube::cycle::Cycle;
use crate::policy::scheduler::kube::profile::Profile;

/// Most memory for them, in bytes: 128 MiB. Beyond it the one that stands longest is dropped.
const MEMORY_MAX: usize = 128 << 20;

/// A cache: it can be dropped at any moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Topologies {
    known: Arena<RulesId, Known>,
    kept: VecDeque<RulesId>,
    bytes: usize,
}

#[derive(Clone, Debug, Default)]
enum Known {
    /// Not looked at, or dropped.
    #[default]
    Not,
    /// Other pods do not matter.
    Nothing,
    /// They do.
    Kept(Box<Topology>),
}

impl Topologies {
    /// What other pods mean to the pod; `None` where they do not matter.
    pub(super) fn of(
        &mut self,
        profile: &Profile,
        weights: &Weights,
        cycle: &Cycle,
        mirror: &mut Mirror,
    ) -> Option<&Topology> {
        let rules = cycle.shape.rules;
        while self.known.len() <= rules.index() {
            self.known.push(Known::Not);
        }
        if matches!(self.known[rules], Known::Not) {
            let made = match &mirror.census {
                Some(_) => Topology::new(profile, weights, cycle, mirror),
                None => None,
            };
            self.keep(rules, made);
        }
        match &mut self.known[rules] {
            Known::Not | Known::Nothing => None,
            Known::Kept(topology) => {
                topology.refresh(profile, weights, cycle, mirror);
                Some(topology)
            }
        }
    }

    fn keep(&mut self, rules: RulesId, made: Option<Topology>) {
        let Some(topology) = made else {
            self.known[rules] = Known::Nothing;
            return;
        };
        self.bytes += topology.bytes();
        while self.bytes > MEMORY_MAX {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            if let Known::Kept(topology) = std::mem::take(&mut self.known[oldest]) {
                self.bytes -= topology.bytes();
            }
        }
        self.kept.push_back(rules);
        self.known[rules] = Known::Kept(Box::new(topology));
    }
}
