//! Nodes refused for the same reasons, counted: `6 insufficient cpu (most free: worker-3, 310m of
//! 500m)`.

use std::collections::BTreeMap;

use super::amounts::Short;
use crate::cluster::Cluster;
use crate::cluster::catalog::{Catalog, Shape};
use crate::ids::{NodeId, ZoneId};
use crate::policy::scheduler::explanation::{Explanation, Plugin, Reason};
use crate::report::reasons;

/// Nodes that were refused alike.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    /// Which filter refused them.
    pub(super) plugin: Plugin,
    /// Why, in few words: `insufficient cpu and memory`.
    pub(super) words: String,
    /// The reasons of the first of them.
    pub(super) reasons: &'a [Reason],
    /// The nodes.
    pub(super) nodes: Vec<NodeId>,
}

/// All nodes that were refused, the largest group first.
pub(super) fn of<'a>(belief: &Cluster, told: &'a Explanation) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(Plugin, String), Group<'a>> = BTreeMap::new();
    for (node, rejection) in &told.rejected {
        let words = words(belief.catalog(), &rejection.reasons);
        let group = groups.entry((rejection.plugin, words.clone()));
        let group = group.or_insert_with(|| Group {
            plugin: rejection.plugin,
            words,
            reasons: &rejection.reasons,
            nodes: Vec::new(),
        });
        group.nodes.push(*node);
    }
    let mut groups: Vec<Group<'a>> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.nodes.len()));
    groups
}

/// Reasons in few words: `insufficient cpu and memory`.
pub(crate) fn words(catalog: &Catalog, all: &[Reason]) -> String {
    const SHORT: &str = "insufficient ";
    let mut text = String::new();
    let mut after_short = false;
    for (at, reason) in all.iter().enumerate() {
        let brief = reasons::brief(catalog, reason);
        let separator = match at {
            0 => "",
            _ if at + 1 == all.len() => " and ",
            _ => ", ",
        };
        let again = brief.strip_prefix(SHORT).filter(|_| after_short);
        text.push_str(separator);
        text.push_str(again.unwrap_or(&brief));
        after_short = brief.starts_with(SHORT);
    }
    text
}

impl Group<'_> {
    /// The number of nodes and the words: `6 insufficient cpu`.
    pub(super) fn counted(&self) -> String {
        format!("{} {}", self.nodes.len(), self.words)
    }

    /// What else a reader wants to know of the nodes: `most free: worker-3, 310m of 500m`.
    pub(super) fn detail(&self, belief: &Cluster, shape: &Shape) -> Option<String> {
        let reason = self.reasons.first()?;
        match Short::of(reason) {
            Some(short) => short.most_free(belief, shape, &self.nodes),
            None if *reason == Reason::TooManyPods => {
                let most = belief.spec(*self.nodes.first()?).max_pods;
                let mut others = self.nodes.iter();
                let alike = others.all(|&node| belief.spec(node).max_pods == most);
                alike.then(|| match self.nodes.len() {
                    1 => most.to_string(),
                    _ => format!("{most} each"),
                })
            }
            None => self.zone(belief),
        }
    }

    /// The zone in which all of them stand, if it has a name and there are others.
    fn zone(&self, belief: &Cluster) -> Option<String> {
        let catalog = belief.catalog();
        let zone = |node: NodeId| -> ZoneId { catalog.nodes[node].zone };
        let first = zone(*self.nodes.first()?);
        let is_one = self.nodes.iter().all(|&node| zone(node) == first);
        let name = &catalog.zones[first];
        let has_others = catalog.nodes.ids().any(|node| zone(node) != first);
        (is_one && has_others && !name.is_empty()).then(|| format!("zone {name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_one_node_are_told_together() {
        let words = |reasons: &[Reason]| words(&Catalog::default(), reasons);
        let short = [Reason::InsufficientCpu, Reason::InsufficientMemory];
        assert_eq!(words(&short), "insufficient cpu and memory");
        let all = [
            Reason::TooManyPods,
            Reason::InsufficientCpu,
            Reason::InsufficientGpu,
        ];
        assert_eq!(words(&all), "max pods, insufficient cpu and gpu");
    }
}
