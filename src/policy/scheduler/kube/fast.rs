//! The decisions of the [plain](super::plain) scheduler, found without asking every node anew.
//!
//! What the plugins say of a node depends on three things, each of which is kept and brought up to
//! date when it changes:
//!
//! - on the rules of the pod and what the node is (`classes`): taints, labels, names, images;
//! - on the shape of the pod and the pods of the node itself (`ask`, over the numbers in `row`);
//! - on the rules of the pod and the pods of all nodes (`topology`): how many pods that matter are
//!   in every domain.
//!
//! A pod to which no other pod matters, of a shape that comes again and again, asks a tournament tree
//! of its shape (`grove`): only nodes that changed since are scored again. For every other pod a scan
//! over columns adds up what is known of each node (`search`). What is rare is left to the plain
//! scheduler: pods nominated to a node, terms between pods while pods are nominated to nodes, and
//! preemption.

mod ask;
mod census;
mod classes;
mod contest;
mod domains;
mod grove;
mod log;
mod mirror;
mod order;
mod row;
mod search;
#[cfg(test)]
mod tests;
mod topologies;
mod topology;
mod weights;

use super::cycle::Cycle;
use super::plain::Plain;
use super::profile::{Profile, Ties};
use super::sampling;
use crate::cluster::Slot;
use crate::cluster::queue::{Group, RejectedBy};
use crate::ids::{Id, PodId, ShapeId};
use crate::policy::queue::{Event, Waking};
use crate::policy::scheduler::explanation::Explanation;
use crate::policy::scheduler::{Chosen, Nomination, Placement, Refused, Scheduler};
use crate::policy::{Remember, View};
use crate::rng;
use ask::Ask;
use classes::Classes;
use grove::Grove;
use mirror::Mirror;
use search::{Found, Search, Sight};
use topologies::Topologies;
use weights::Weights;

/// A scheduler with a profile. Its fields but the profile are caches.
#[derive(Clone, Debug)]
pub struct Fast {
    plain: Plain,
    weights: Weights,
    mirror: Option<Mirror>,
    classes: Classes,
    topologies: Topologies,
    grove: Grove,
    search: Search,
    refused: Vec<Option<(u64, RejectedBy)>>,
}

/// What was decided.
enum Decided {
    /// The node with that rank.
    Node(usize, Chosen),
    /// No node.
    Nowhere(RejectedBy),
}

impl Fast {
    /// A scheduler with the profile.
    pub fn new(profile: Profile, waking: Waking) -> Fast {
        Fast {
            weights: Weights::of(&profile),
            plain: Plain { profile, waking },
            mirror: None,
            classes: Classes::default(),
            topologies: Topologies::default(),
            grove: Grove::default(),
            search: Search::default(),
            refused: Vec::new(),
        }
    }
}

impl Scheduler for Fast {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        let cycle = Cycle::new(view.cluster, pod);
        let is_nominated = view.cluster.pods()[pod].nominated.is_some();
        if is_nominated || cycle.rules.images.len() > classes::IMAGES_MAX {
            return self.plain.place(view, pod);
        }
        match &mut self.mirror {
            Some(mirror) => mirror.refresh(view.cluster),
            None => self.mirror = Some(Mirror::new(view.cluster)),
        }
        let Some((decided, looked_at)) = self.decide(view, cycle) else {
            return self.plain.place(view, pod);
        };
        let mirror = self.mirror.as_ref().expect("made above");
        match decided {
            Decided::Node(rank, why) => {
                let placement = Placement::on(view, pod, mirror.order.node(rank), why);
                placement.remembering(next_start(view, looked_at))
            }
            Decided::Nowhere(by) => {
                let census = mirror.census.as_ref();
                let any_below = census.is_some_and(|it| it.any_below(cycle.shape.priority));
                if any_below && !cycle.rules.never_preempts {
                    return self.plain.place(view, pod);
                }
                Placement::Wait {
                    why: Refused::NoNodeFits {
                        nodes: view.cluster.nodes_present(),
                    },
                    by,
                    nomination: match cycle.rules.never_preempts {
                        true => Nomination::Kept,
                        false => Nomination::Dropped,
                    },
                    remember: next_start(view, looked_at),
                }
            }
        }
    }

    fn explain(&mut self, view: &View, pod: PodId) -> Explanation {
        self.plain.explain(view, pod)
    }

    fn forget(&mut self) {
        *self = Fast::new(self.plain.profile.clone(), self.plain.waking);
    }

    fn waking(&self) -> Waking {
        self.plain.waking()
    }

    fn hint(&self, view: &View, event: &Event, group: Group) -> bool {
        self.plain.hint(view, event, group)
    }
}

impl Fast {
    /// What to do with the pod, and how many nodes were looked at; `None` where the plain scheduler
    /// must say.
    fn decide(&mut self, view: &View, cycle: Cycle) -> Option<(Decided, u32)> {
        let mirror = self.mirror.as_mut().expect("the mirror is made");
        let (profile, weights) = (&self.plain.profile, &self.weights);
        let topology = self.topologies.of(profile, weights, &cycle, mirror);
        let mirror = &*mirror;
        let ask = Ask::new(profile, weights, cycle);
        let sight = Sight {
            profile,
            weights,
            mirror,
            column: self.classes.of(profile, &cycle, mirror),
            topology,
            ask: &ask,
        };
        let is_awaited = || {
            let mut rows = mirror.rows.iter();
            mirror.awaited > 0 && rows.any(|row| row.awaited && ask.is_awaited(row))
        };
        if topology.is_some() && is_awaited() {
            return None;
        }
        let shape = view.cluster.pods()[cycle.pod].shape;
        let present = mirror.line.len();
        let candidates = sight.column.named.map_or(present, |named| named as usize);
        let enough = sampling::enough(profile.percentage_of_nodes_to_score, candidates);
        if enough < candidates {
            if sight.column.named.is_some() {
                return None;
            }
            let start = view.cluster.memory(Slot::Scheduler) as usize;
            let (looked_at, found) = self.search.some(&sight, start, enough);
            let chosen = choose(profile, view, cycle.pod, &found);
            let decided = chosen.unwrap_or_else(|| Decided::Nowhere(self.search.refusals(&sight)));
            return Some((decided, looked_at));
        }
        let pays = self.grove.pays(&sight, shape);
        let chosen = match (topology, pays) {
            (None, true) => self.grove.best(&sight, shape).map(|winners| {
                let n = draw(profile, view, cycle.pod, winners.count);
                let why = winners.total.map_or(Chosen::Only, Chosen::Score);
                Decided::Node(winners.rank(n), why)
            }),
            (None, false) if sight.column.open() <= 1 => {
                choose(profile, view, cycle.pod, &self.search.all_alike(&sight))
            }
            (_, pays) => {
                let contests = pays.then(|| self.grove.contests(&sight, shape));
                choose(profile, view, cycle.pod, &self.search.all(&sight, contests))
            }
        };
        let decided = chosen.unwrap_or_else(|| {
            let by = refusals(&mut self.refused, &mut self.search, &sight, shape);
            Decided::Nowhere(by)
        });
        Some((decided, candidates as u32))
    }
}

/// The filters that refuse nodes, known already if nothing changed.
fn refusals(
    refused: &mut Vec<Option<(u64, RejectedBy)>>,
    search: &mut Search,
    sight: &Sight,
    shape: ShapeId,
) -> RejectedBy {
    let cluster = sight.ask.cycle.cluster;
    let head = cluster.changed().head();
    refused.resize(cluster.catalog().shapes.len(), None);
    match refused[shape.index()] {
        Some((at, by)) if at == head => by,
        _ => {
            let by = search.refusals(sight);
            refused[shape.index()] = Some((head, by));
            by
        }
    }
}

/// One of the best nodes.
fn choose(profile: &Profile, view: &View, pod: PodId, found: &Found) -> Option<Decided> {
    match *found {
        Found::Nothing => None,
        Found::Only(rank) => Some(Decided::Node(rank as usize, Chosen::Only)),
        Found::Best(best, total) => {
            let n = draw(profile, view, pod, best.len() as u32);
            let rank = best[n as usize] as usize;
            Some(Decided::Node(rank, Chosen::Score(total)))
        }
    }
}

/// Which of so many equally good nodes is taken, counted by name.
fn draw(profile: &Profile, view: &View, pod: PodId, nodes: u32) -> u32 {
    match profile.ties {
        Ties::Lot if nodes > 1 => rng::below(&mut view.dice(pod), u64::from(nodes)) as u32,
        Ties::Lot | Ties::Name => 0,
    }
}

/// The place in the list of nodes at which the next attempt starts to look.
fn next_start(view: &View, looked_at: u32) -> Remember {
    let start = view.cluster.memory(Slot::Scheduler) as u32;
    let next = (start + looked_at) % view.cluster.nodes_present().max(1);
    (looked_at > 0).then_some((Slot::Scheduler, u64::from(next)))
}
