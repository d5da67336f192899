//! Disruption budgets: how many pods of each may be evicted now.
//!
//! Source: Kubernetes v1.34, "Specifying a Disruption Budget for your Application",
//! `pkg/controller/disruption` (how many may go) and kube-scheduler's
//! `defaultpreemption` (which pods of a list exceed that).

use super::Cluster;
use super::rules::{Allowance, Budget, Rules};
use crate::ids::{BudgetId, PodId};

impl Cluster {
    /// How many pods of the budget may be evicted now (`status.disruptionsAllowed`).
    pub fn disruptions_allowed(&self, budget: BudgetId) -> u32 {
        let budget = &self.catalog().budgets[budget];
        let share = |percent: u32| {
            let parts = u64::from(self.expected(budget)) * u64::from(percent);
            u32::try_from(parts.div_ceil(100)).expect("a share of the pods")
        };
        let needed = match budget.allowance {
            Allowance::Stated(allowed) => return allowed,
            Allowance::MinAvailable(least) => least,
            Allowance::MinAvailablePercent(percent) => share(percent),
            Allowance::MaxUnavailable(most) => self.expected(budget).saturating_sub(most),
            Allowance::MaxUnavailablePercent(percent) => {
                self.expected(budget).saturating_sub(share(percent))
            }
        };
        let healthy = self.bound_of(budget).filter(|&pod| self.pods()[pod].ready);
        count(healthy).saturating_sub(needed)
    }

    /// How many pods of the budget there should be: the replicas of services, wanted or there, and
    /// the bound pods of jobs.
    fn expected(&self, budget: &Budget) -> u32 {
        let services = self.catalog().services.iter();
        let wanted = services.filter(|(_, spec)| {
            let shape = &self.catalog().shapes[spec.shape];
            self.selects(budget, &self.catalog().rules[shape.rules])
        });
        let wanted: u32 = wanted.map(|(id, _)| self.services()[id].replicas).sum();
        let jobs = self
            .bound_of(budget)
            .filter(|&pod| self.pods()[pod].service().is_none());
        wanted + count(jobs)
    }

    /// The pods of a budget that have a node and are to stay.
    fn bound_of(&self, budget: &Budget) -> impl Iterator<Item = PodId> {
        let bound = self.nodes().iter().flat_map(|(_, node)| &node.pods);
        let stay = bound.copied().filter(|&pod| self.pods()[pod].active());
        stay.filter(move |&pod| self.selects(budget, self.rules(pod)))
    }

    /// Whether pods with these rules are the budget's. A selector without requirements selects none
    /// here.
    fn selects(&self, budget: &Budget, rules: &Rules) -> bool {
        let selector = budget.selector.as_ref();
        budget.namespace == rules.namespace
            && selector.is_some_and(|selector| {
                !selector.0.is_empty() && selector.met_by(&rules.labels, &self.catalog().values)
            })
    }
}

/// For each pod of a list, whether evicting those before it and it takes more from a budget than it
/// allows.
pub fn violated(cluster: &Cluster, pods: &[PodId]) -> Vec<bool> {
    let budgets = cluster.catalog().budgets.iter();
    let mut left: Vec<(&Budget, i64)> = budgets
        .map(|(id, budget)| (budget, i64::from(cluster.disruptions_allowed(id))))
        .collect();
    let violates = |&pod: &PodId| {
        let mut violates = false;
        for (budget, left) in &mut left {
            if cluster.selects(budget, cluster.rules(pod)) {
                *left -= 1;
                violates |= *left < 0;
            }
        }
        violates
    };
    pods.iter().map(violates).collect()
}

fn count(pods: impl Iterator<Item = PodId>) -> u32 {
    u32::try_from(pods.count()).expect("fewer than 2^32 pods")
}
