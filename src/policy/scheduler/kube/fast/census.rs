//! Which pods are on which node, and what changed of that.

use std::collections::BTreeMap;

use super::log::Log;
use super::order::Order;
use crate::cluster::Cluster;
use crate::ids::{NodeId, PodId, RulesId};

/// Changes that are remembered. A reader further behind counts all pods again.
const REMEMBERED: usize = 1 << 16;

/// The pods of every node, as last looked at.
#[derive(Clone, Debug)]
pub(super) struct Census {
    nodes: Vec<Counted>,
    moves: Log<Move>,
    /// How many pods of each priority have a node.
    by_priority: BTreeMap<i32, u32>,
    /// What changes on one node, summed up.
    batch: Vec<Move>,
}

/// The pods of one node.
#[derive(Clone, Debug, Default)]
struct Counted {
    pods: Vec<PodId>,
    /// Whether the pod at the same place is to stay.
    stays: Vec<bool>,
    /// How many are.
    staying: u32,
}

/// Pods with the same rules came to a node or left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    /// The rank of the node.
    pub(super) rank: u32,
    /// The rules.
    pub(super) rules: RulesId,
    /// How many more there are.
    pub(super) pods: i32,
    /// How many more there are that are not being deleted.
    pub(super) staying: i32,
}

impl Census {
    pub(super) fn new(nodes: usize) -> Census {
        Census {
            nodes: vec![Counted::default(); nodes],
            moves: Log::new(REMEMBERED),
            by_priority: BTreeMap::new(),
            batch: Vec::new(),
        }
    }

    /// What changed, one entry per node and rules at a time.
    pub(super) fn moves(&self) -> &Log<Move> {
        &self.moves
    }

    /// Whether a pod of lower priority has a node.
    pub(super) fn any_below(&self, priority: i32) -> bool {
        let lowest = self.by_priority.first_key_value();
        lowest.is_some_and(|(&lowest, _)| lowest < priority)
    }

    /// All pods, as if each had just come.
    pub(super) fn all<'a>(
        &'a self,
        cluster: &'a Cluster,
        order: &'a Order,
    ) -> impl Iterator<Item = Move> + 'a {
        let ranked = (0..).zip(&self.nodes).take(order.len());
        ranked.flat_map(move |(rank, counted)| {
            let pods = counted.pods.iter().zip(&counted.stays);
            pods.map(move |(&pod, &stays)| Move {
                rank,
                rules: cluster.shape(pod).rules,
                pods: 1,
                staying: i32::from(stays),
            })
        })
    }

    /// Looks at the pods of the node.
    pub(super) fn look(&mut self, cluster: &Cluster, node: NodeId, rank: usize) {
        let state = &cluster.nodes()[node];
        let known = &self.nodes[rank];
        let same = known.pods.iter().zip(&state.pods);
        let same = same.take_while(|(known, now)| known == now).count();
        if same == known.pods.len() && same == state.pods.len() && known.staying == state.active {
            return;
        }
        for at in same..known.pods.len().max(state.pods.len()) {
            self.exchange(cluster, rank, at, state.pods.get(at).copied());
        }
        let known = &mut self.nodes[rank];
        known.pods.truncate(state.pods.len());
        known.stays.truncate(state.pods.len());
        if known.staying != state.active {
            self.look_for_deletions(cluster, rank);
        }
        for one in self.batch.drain(..) {
            if (one.pods, one.staying) != (0, 0) {
                self.moves.push(one);
            }
        }
    }

    /// Another pod, or none, is at the place in the list of the node.
    fn exchange(&mut self, cluster: &Cluster, rank: usize, at: usize, now: Option<PodId>) {
        let known = &self.nodes[rank];
        let before = known.pods.get(at).copied();
        if before == now {
            return;
        }
        if let Some(pod) = before {
            let stays = known.stays[at];
            self.count(cluster, rank, pod, -1, -i32::from(stays));
        }
        if let Some(pod) = now {
            let stays = cluster.pods()[pod].active();
            let known = &mut self.nodes[rank];
            if at < known.pods.len() {
                (known.pods[at], known.stays[at]) = (pod, stays);
            } else {
                known.pods.push(pod);
                known.stays.push(stays);
            }
            self.count(cluster, rank, pod, 1, i32::from(stays));
        }
    }

    /// Pods that were there before may be leaving now.
    fn look_for_deletions(&mut self, cluster: &Cluster, rank: usize) {
        for at in 0..self.nodes[rank].pods.len() {
            let known = &mut self.nodes[rank];
            let pod = known.pods[at];
            if known.stays[at] && !cluster.pods()[pod].active() {
                known.stays[at] = false;
                self.count(cluster, rank, pod, 0, -1);
            }
        }
    }

    fn count(&mut self, cluster: &Cluster, rank: usize, pod: PodId, pods: i32, staying: i32) {
        let shape = cluster.shape(pod);
        let known = &mut self.nodes[rank];
        known.staying = known.staying.wrapping_add_signed(staying);
        let of_priority = self.by_priority.entry(shape.priority).or_default();
        *of_priority = of_priority.wrapping_add_signed(pods);
        if *of_priority == 0 {
            self.by_priority.remove(&shape.priority);
        }
        let rules = shape.rules;
        match self.batch.iter_mut().find(|one| one.rules == rules) {
            Some(one) => {
                one.pods += pods;
                one.staying += staying;
            }
            None => self.batch.push(Move {
                rank: u32::try_from(rank).expect("fewer than 2^32 nodes"),
                rules,
                pods,
                staying,
            }),
        }
    }
}
