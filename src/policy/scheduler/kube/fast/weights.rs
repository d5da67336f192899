//! A profile taken apart: what each scorer counts, whatever the order they are listed in.

use crate::policy::scheduler::kube::inter_pod_affinity::score::Args;
use crate::policy::scheduler::kube::profile::{Filter, Profile, Scorer};
use crate::policy::scheduler::kube::resources::{Counted, Ignored, Strategy};

/// What the points of each scorer are multiplied by; zero where the profile does without it.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    pub(super) taints: i64,
    pub(super) affinity: i64,
    pub(super) spread: i64,
    pub(super) images: i64,
    /// Of terms between pods, with what they are told.
    pub(super) pods: Option<(Args, i64)>,
    /// Of the use of resources.
    pub(super) fit: Option<Fit>,
    /// Of balanced use.
    pub(super) balance: Option<(Vec<Counted>, i64)>,
    /// Whether required spread constraints are asked.
    pub(super) filters_spread: bool,
    /// Whether required terms between pods are asked.
    pub(super) filters_affinity: bool,
    /// Whether resources are asked, and which are not.
    pub(super) filters_fit: Option<Ignored>,
    /// Whether ports are asked.
    pub(super) filters_ports: bool,
    /// Whether single GPUs are asked.
    pub(super) filters_gpus: bool,
}

/// Which use of resources is best.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    pub(super) strategy: Strategy,
    pub(super) resources: Vec<(Counted, i64)>,
    /// What the points are multiplied by.
    pub(super) weight: i64,
}

impl Weights {
    /// Of a profile. Panics where a scorer stands twice.
    pub(super) fn of(profile: &Profile) -> Weights {
        let filters = |filter| profile.filters.contains(&filter);
        let mut weights = Weights {
            taints: 0,
            affinity: 0,
            spread: 0,
            images: 0,
            pods: None,
            fit: None,
            balance: None,
            filters_spread: filters(Filter::PodTopologySpread),
            filters_affinity: filters(Filter::InterPodAffinity),
            filters_fit: profile.filters.iter().find_map(ignored),
            filters_ports: filters(Filter::NodePorts),
            filters_gpus: filters(Filter::GpuDevices),
        };
        let scorers = profile.scorers.iter().enumerate();
        for (at, one) in scorers {
            let mut before = profile.scorers[..at].iter();
            let plugin = one.scorer.plugin();
            let is_first = before.all(|other| other.scorer.plugin() != plugin);
            assert!(is_first, "a scorer stands once in a profile");
            weights.add(&one.scorer, one.weight);
        }
        weights
    }

    fn add(&mut self, scorer: &Scorer, weight: i64) {
        match scorer {
            Scorer::TaintToleration => self.taints = weight,
            Scorer::NodeAffinity => self.affinity = weight,
            Scorer::PodTopologySpread => self.spread = weight,
            Scorer::ImageLocality => self.images = weight,
            Scorer::InterPodAffinity(args) => self.pods = Some((*args, weight)),
            Scorer::NodeResourcesFit {
                strategy,
                resources,
            } => {
                self.fit = Some(Fit {
                    strategy: strategy.clone(),
                    resources: resources.clone(),
                    weight,
                });
            }
            Scorer::NodeResourcesBalancedAllocation(resources) => {
                self.balance = Some((resources.clone(), weight));
            }
        }
    }
}

fn ignored(filter: &Filter) -> Option<Ignored> {
    match filter {
        Filter::NodeResourcesFit(ignored) => Some(ignored.clone()),
        Filter::NodeUnschedulable
        | Filter::NodeName
        | Filter::TaintToleration
        | Filter::NodeAffinity
        | Filter::NodePorts
        | Filter::GpuDevices
        | Filter::PodTopologySpread
        | Filter::InterPodAffinity => None,
    }
}
