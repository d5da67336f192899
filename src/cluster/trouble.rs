//! Nodes that are silent or not ready, sorted by what is to happen to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{NodeId, ZoneId};
use crate::time::Time;

/// The nodes with which something is amiss. A node is in at most one part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    silent: BTreeSet<(Time, NodeId)>,
    heard: BTreeSet<(Time, NodeId)>,
    untainted: BTreeMap<ZoneId, BTreeSet<(Time, NodeId)>>,
    evicting: BTreeSet<(Time, NodeId)>,
}

/// The part of [`Trouble`] a node is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// In none: nothing is amiss, or everything has been done.
    Settled,
    /// Ready and silent since its last lease renewal.
    Silent(Time),
    /// Heard again at that time, and still not ready.
    Heard(Time),
    /// Silent, not ready since that time, not tainted.
    Untainted(Time),
    /// Silent, tainted since that time, with pods that are not being deleted.
    Evicting(Time),
}

impl Trouble {
    /// Nodes believed ready that miss heartbeats, with the time of their last lease renewal,
    /// longest silence first.
    pub fn silent(&self) -> &BTreeSet<(Time, NodeId)> {
        &self.silent
    }

    /// Nodes that are heard again and still not ready, with the time when they were first heard,
    /// longest first.
    pub fn heard(&self) -> &BTreeSet<(Time, NodeId)> {
        &self.heard
    }

    /// Silent nodes that are not ready and not tainted, by zone, with the time since when they are
    /// not ready, longest first. No zone is empty.
    pub fn untainted(&self) -> &BTreeMap<ZoneId, BTreeSet<(Time, NodeId)>> {
        &self.untainted
    }

    /// Silent tainted nodes with pods that are not being deleted, with the time of the taint,
    /// longest first.
    pub fn evicting(&self) -> &BTreeSet<(Time, NodeId)> {
        &self.evicting
    }

    /// Moves a node of `zone` from one part to another.
    pub(super) fn shift(&mut self, node: NodeId, zone: ZoneId, from: Stage, to: Stage) {
        if from == to {
            return;
        }
        match from {
            Stage::Settled => {}
            Stage::Silent(last) => assert!(self.silent.remove(&(last, node))),
            Stage::Heard(at) => assert!(self.heard.remove(&(at, node))),
            Stage::Untainted(since) => {
                let queue = self.untainted.get_mut(&zone).expect("the node waits here");
                assert!(queue.remove(&(since, node)));
                if queue.is_empty() {
                    self.untainted.remove(&zone);
                }
            }
            Stage::Evicting(since) => assert!(self.evicting.remove(&(since, node))),
        }
        match to {
            Stage::Settled => {}
            Stage::Silent(last) => assert!(self.silent.insert((last, node))),
            Stage::Heard(at) => assert!(self.heard.insert((at, node))),
            Stage::Untainted(since) => {
                assert!(
                    self.untainted
                        .entry(zone)
                        .or_default()
                        .insert((since, node))
                );
            }
            Stage::Evicting(since) => assert!(self.evicting.insert((since, node))),
        }
    }
}
