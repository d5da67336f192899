//! Cell compaction: into how few nodes the pods of a moment can be packed from scratch.
//!
//! Nodes leave at random until the pods no longer fit, several times over; every size is packed anew.
//! Source: Verma et al., "Large-scale cluster management at Google with Borg" (EuroSys 2015), section
//! 5.1, where the answer is the 90th percentile of 11 trials, and where the allowances come from. That
//! the size is found by bisection over one random order of the nodes is from the paper it refers to:
//! Verma, Korupolu and Wilkes, "Evaluating job packing in warehouse-scale computing" (IEEE CLUSTER
//! 2014).
//!
//! Two things differ. Nodes of copies join one copy after the other, each in an order of its own, so
//! that all schedulers meet the same order whatever they need; Borg copies the cell first and removes
//! from all copies. And a size counts only if the next [`Plan::confirm`] larger ones fit too, for
//! packing is not monotone.

mod search;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;

use crate::policy::registry::Named;
use crate::rng::{self, Purpose, Seed};
use crate::run::cell::Cell;
use crate::run::pack::{Allowance, pack};
use crate::run::snapshot::{Snapshot, Task};
use crate::stats::Ecdf;
use crate::units::{Resource, Resources};
use search::{Bounds, smallest};

/// What is done, and what is allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Seed of the orders of nodes and pods, and of the dice of schedulers.
    pub seed: u64,
    /// Trials, each with its own order of nodes and pods: the same for all schedulers.
    pub trials: u32,
    /// The answer is this quantile of the sizes of all trials.
    pub quantile: f64,
    /// Share of the pods that may wait, if they are picky.
    pub picky: f64,
    /// Pods that could stand on at most so many nodes of the whole cell are picky.
    pub handful: u32,
    /// Services of more pods than this times the nodes of the cell obey their rules only where they
    /// can.
    pub soft_over: f64,
    /// Most copies of the cell, the first one included.
    pub copies: u32,
    /// How many larger sizes must fit too.
    pub confirm: u32,
    /// In which order the pods are placed.
    pub order: Order,
}

/// In which order pods of the same priority are placed; those of higher priority come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// At random, in every trial anew.
    Random,
    /// As they were created.
    Creation,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Compaction {
    /// What was done.
    pub plan: Plan,
    /// What was packed.
    pub workload: Workload,
    /// What no scheduler could do without: the first nodes of each trial that have, in sum, what all
    /// pods but the picky ones request.
    pub floor: Vec<Size>,
    /// One entry for each scheduler, in the order asked for.
    pub schedulers: Vec<Packed>,
}

/// What was packed, and into what.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Nodes of the cell.
    pub nodes: u32,
    /// Those that were not ready, or cordoned, at that moment: in the cell like the others.
    pub unhealthy: u32,
    /// What they have for pods.
    pub room: Resources,
    /// Pods.
    pub pods: u32,
    /// Those that waited for a node at that moment.
    pub waiting: u32,
    /// What all pods request.
    pub requested: Resources,
    /// Pods tied to a node, which are left out.
    pub tied: u32,
    /// Pods left out because they waited for a node.
    pub left_waiting: u32,
    /// Picky pods.
    pub picky: u32,
    /// How many of them may wait.
    pub may_wait: u32,
    /// Services whose rules were softened.
    pub softened: Vec<String>,
}

/// What one scheduler needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    /// The scheduler, with its parameters.
    pub scheduler: Named,
    /// Every trial in order.
    pub trials: Vec<Trial>,
}

/// A number of nodes, and what they have for pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Nodes; none if all copies are too few.
    pub nodes: Option<u32>,
    /// What they have; what all copies have, if those are too few.
    pub room: Resources,
}

/// One trial of one scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The smallest size that holds.
    pub size: Size,
    /// Picky pods that wait there.
    pub waiting: u32,
    /// How often the pods were packed.
    pub packings: u32,
    /// Sizes that were found to be too small although a smaller one would do.
    pub relapses: u32,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Whoever watched it ended it.
    Interrupted,
    /// There is nothing to pack, or nothing to pack it into.
    Nothing {
        /// Pods.
        pods: u32,
        /// Nodes.
        nodes: u32,
    },
    /// More pods fit on no node at all than may wait.
    Homeless {
        /// Pods that fit on no node, however empty.
        pods: u32,
        /// Pods that may wait.
        may_wait: u32,
    },
}

/// Packs the pods of a snapshot with every scheduler, on all threads. `watch` is told how many of all
/// trials are done; its break ends the work.
///
/// # Errors
/// [`Failed`].
pub fn compact(
    snapshot: &Snapshot,
    schedulers: &[Named],
    plan: &Plan,
    watch: &(dyn Fn(u32) -> ControlFlow<()> + Sync),
) -> Result<Compaction, Failed> {
    let cell = Cell::new(snapshot, plan.soft_over, plan.copies);
    let (pods, nodes) = (cell.tasks().len() as u32, cell.nodes());
    let Some(first) = schedulers.first().filter(|_| pods > 0 && nodes > 0) else {
        return Err(Failed::Nothing { pods, nodes });
    };
    // Every scheduler that may be asked sees the same homes: one that overlooks what is asked of
    // nodes is refused where anything is asked of them.
    let bench = Bench::new(cell, plan, first);
    let (pods, may_wait) = (bench.homeless, bench.allowance.pods);
    if pods > may_wait {
        return Err(Failed::Homeless { pods, may_wait });
    }
    let trials: Vec<u32> = (1..=plan.trials).collect();
    let decks: Vec<Deck> = trials.par_iter().map(|&trial| bench.deck(trial)).collect();
    let done = AtomicU32::new(0);
    let pairs = schedulers
        .iter()
        .flat_map(|scheduler| decks.iter().map(move |deck| (scheduler, deck)));
    let pairs: Vec<(&Named, &Deck)> = pairs.collect();
    let run = |(scheduler, deck): (&Named, &Deck)| {
        let trial = bench.trial(deck, scheduler, &|| watch(done.load(Ordering::Relaxed)));
        done.fetch_add(1, Ordering::Relaxed);
        trial
    };
    let ran: Option<Vec<Trial>> = pairs.into_par_iter().map(run).collect();
    let ran = ran.ok_or(Failed::Interrupted)?;
    let packed = schedulers.iter().zip(ran.chunks(decks.len()));
    Ok(Compaction {
        plan: plan.clone(),
        workload: bench.workload(snapshot),
        floor: decks.iter().map(|deck| deck.floor).collect(),
        schedulers: packed
            .map(|(scheduler, trials)| Packed {
                scheduler: scheduler.clone(),
                trials: trials.to_vec(),
            })
            .collect(),
    })
}

/// What all trials share.
struct Bench<'a> {
    plan: &'a Plan,
    cell: Cell,
    /// What each node has for pods, and how many pods it takes.
    rooms: Vec<(Resources, u32)>,
    allowance: Allowance,
    picky: u32,
    /// Pods that fit on no node.
    homeless: u32,
}

/// What one trial brings to every scheduler: the order in which nodes join and pods come.
struct Deck {
    seed: Seed,
    nodes: Vec<u32>,
    tasks: Vec<Task>,
    floor: Size,
}

impl Bench<'_> {
    fn new<'a>(cell: Cell, plan: &'a Plan, scheduler: &Named) -> Bench<'a> {
        let homes = cell.homes(scheduler);
        let within = |most: u32| {
            let tasks = cell.tasks().iter();
            tasks.filter(|task| homes[&task.shape] <= most).count() as u32
        };
        let (homeless, picky) = (within(0), within(plan.handful));
        let few = homes.iter().filter(|&(_, &homes)| homes <= plan.handful);
        let shapes = few.map(|(&shape, _)| shape).collect();
        let pods = share_of(plan.picky, cell.tasks().len());
        Bench {
            plan,
            rooms: cell.rooms(),
            cell,
            allowance: Allowance {
                picky: shapes,
                pods,
            },
            picky,
            homeless,
        }
    }

    fn deck(&self, trial: u32) -> Deck {
        let seed = Seed {
            seed: self.plan.seed,
            replication: trial,
        };
        let cell = self.cell.nodes();
        let mut nodes = Vec::new();
        for copy in 0..self.plan.copies {
            let mut of_copy: Vec<u32> = (copy * cell..(copy + 1) * cell).collect();
            shuffle(seed, "nodes", u64::from(copy), &mut of_copy);
            nodes.extend(of_copy);
        }
        let mut tasks = self.cell.tasks().to_vec();
        match self.plan.order {
            Order::Random => shuffle(seed, "pods", 0, &mut tasks),
            Order::Creation => {}
        }
        let floor = self.floor(&nodes);
        Deck {
            seed,
            nodes,
            tasks,
            floor,
        }
    }

    /// The first nodes that have, in sum, what all pods but the picky ones request.
    fn floor(&self, nodes: &[u32]) -> Size {
        let must = self.cell.tasks().iter();
        let must = must.filter(|task| !self.allowance.picky.contains(&task.shape));
        let (mut pods, mut requested) = (0, Resources::NONE);
        for task in must {
            pods += 1;
            requested += self.cell.request(task);
        }
        let (mut places, mut room) = (0_u64, Resources::NONE);
        for (before, &node) in nodes.iter().enumerate() {
            if before > 0 && pods <= places && requested.fits(&room) {
                return Size {
                    nodes: Some(before as u32),
                    room,
                };
            }
            let (has, takes) = self.room(node);
            places += u64::from(takes);
            room += has;
        }
        let is_enough = pods <= places && requested.fits(&room);
        Size {
            nodes: is_enough.then_some(nodes.len() as u32),
            room,
        }
    }

    fn room(&self, node: u32) -> (Resources, u32) {
        self.rooms[node as usize % self.rooms.len()]
    }

    /// One trial; nothing where `ask` breaks.
    fn trial(
        &self,
        deck: &Deck,
        scheduler: &Named,
        ask: &dyn Fn() -> ControlFlow<()>,
    ) -> Option<Trial> {
        let mut packed: BTreeMap<u32, Option<u32>> = BTreeMap::new();
        let cell = self.cell.nodes();
        let bounds = Bounds {
            floor: deck.floor.nodes,
            cell,
            copies: self.plan.copies,
            confirm: self.plan.confirm,
        };
        let found = smallest(&bounds, &mut |size| {
            if let Some(known) = packed.get(&size) {
                return Some(known.is_some());
            }
            if ask().is_break() {
                return None;
            }
            let waiting = pack(
                self.cell.catalog(size.div_ceil(cell)),
                &deck.nodes[..size as usize],
                &deck.tasks,
                &self.allowance,
                scheduler,
                deck.seed,
            );
            packed.insert(size, waiting);
            Some(waiting.is_some())
        })?;
        let nodes = found.size.unwrap_or(deck.nodes.len() as u32) as usize;
        let room = deck.nodes[..nodes].iter().map(|&node| self.room(node).0);
        Some(Trial {
            size: Size {
                nodes: found.size,
                room: room.fold(Resources::NONE, |sum, room| sum + room),
            },
            waiting: found.size.and_then(|size| packed[&size]).unwrap_or(0),
            packings: packed.len() as u32,
            relapses: found.relapses,
        })
    }

    fn workload(&self, snapshot: &Snapshot) -> Workload {
        let rooms = self.rooms.iter().map(|&(room, _)| room);
        let tasks = self.cell.tasks();
        let requests = tasks.iter().map(|task| self.cell.request(task));
        Workload {
            nodes: self.cell.nodes(),
            unhealthy: snapshot.unhealthy,
            room: rooms.fold(Resources::NONE, |sum, room| sum + room),
            pods: tasks.len() as u32,
            waiting: snapshot.waiting,
            requested: requests.fold(Resources::NONE, |sum, request| sum + request),
            tied: snapshot.tied,
            left_waiting: snapshot.left_waiting,
            picky: self.picky,
            may_wait: self.allowance.pods.min(self.picky),
            softened: self.cell.softened().to_vec(),
        }
    }
}

impl Compaction {
    /// The answer, its least and its most over all trials: infinite where all copies are too few.
    pub fn nodes(&self, sizes: impl Iterator<Item = Size>) -> Spread {
        let nodes = sizes.map(|size| size.nodes.map_or(f64::INFINITY, f64::from));
        self.spread(nodes)
    }

    /// The same of what the nodes have of one resource, as a share of what the cell has; nothing where
    /// the cell has none.
    pub fn share(&self, sizes: impl Iterator<Item = Size>, resource: Resource) -> Option<Spread> {
        let whole = self.workload.room.get(resource);
        let share = |size: Size| match size.nodes {
            Some(_) => size.room.get(resource) as f64 / whole as f64,
            None => f64::INFINITY,
        };
        (whole > 0).then(|| self.spread(sizes.map(share)))
    }

    fn spread(&self, values: impl Iterator<Item = f64>) -> Spread {
        let ecdf = Ecdf::new(values.collect());
        let at = |p| ecdf.quantile(p).expect("there is at least one trial");
        Spread {
            least: at(0.0),
            answer: at(self.plan.quantile),
            most: at(1.0),
        }
    }
}

/// A quantile over the trials, between the ends of their range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The least of all trials.
    pub least: f64,
    /// The quantile asked for, by nearest rank: the value of one of the trials.
    pub answer: f64,
    /// The most of all trials.
    pub most: f64,
}

impl Packed {
    /// What each trial needed.
    pub fn sizes(&self) -> impl Iterator<Item = Size> {
        self.trials.iter().map(|trial| trial.size)
    }

    /// How many more nodes each trial needed than with another scheduler, in order of trials; nothing
    /// for one in which either needed more than there are.
    pub fn more_than(&self, other: &Packed) -> Vec<Option<i64>> {
        let both = self.sizes().zip(other.sizes());
        both.map(|(own, other)| Some(i64::from(own.nodes?) - i64::from(other.nodes?)))
            .collect()
    }
}

/// The share of so many pods, rounded down.
fn share_of(share: f64, pods: usize) -> u32 {
    // A decimal share and its product are each off by up to half an epsilon: 0.2 % of 500 must stay 1.
    (share * pods as f64 * (1.0 + 4.0 * f64::EPSILON)).floor() as u32
}

/// Puts things in an order that is one of all with the same probability (Fisher and Yates; Knuth, "The
/// Art of Computer Programming", volume 2, algorithm P).
fn shuffle<T>(seed: Seed, what: &str, occurrence: u64, things: &mut [T]) {
    let mut dice = rng::stream(seed, Purpose::Compaction, what, occurrence);
    for last in (1..things.len()).rev() {
        let other = rng::below(&mut dice, last as u64 + 1) as usize;
        things.swap(last, other);
    }
}
