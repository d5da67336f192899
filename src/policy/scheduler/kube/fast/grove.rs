//! Contests of the nodes for the shapes of pods that come again and again, one for each class of
//! nodes, brought up to date when the shape comes.

use super::contest::{Contest, nth};
use super::search::Sight;
use crate::cluster::Cluster;
use crate::ids::{Id, ShapeId};

/// Most memory for the contests of one scheduler, in bytes: 64 MiB. A shape that finds none left
/// takes the place of the one that came longest ago.
const MEMORY_MAX: usize = 64 << 20;

/// With more classes of nodes than this that may take a pod, a scan is as fast.
const CLASSES_MAX: usize = 6;

/// Trees by shape. A cache: it can be dropped at any moment.
#[derive(Clone, Debug)]
pub(super) struct Grove {
    /// By shape: its tree, if it has one, and where the ring of changed nodes stood when it came
    /// last.
    shapes: Vec<Known>,
    trees: Vec<Tree>,
    /// The tree that stands longest, once memory is used up.
    oldest: usize,
    memory_max: usize,
    points: Vec<Option<i64>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Known {
    tree: Option<u32>,
    came: Option<u64>,
}

#[derive(Clone, Debug)]
struct Tree {
    shape: ShapeId,
    /// One for each open class: its number, and the keys of its nodes.
    contests: Vec<(u32, Contest)>,
    /// Which numbers of classes those are.
    numbered: u64,
    /// Up to where the changes of nodes are in the keys; `None` when they are not this shape's.
    cursor: Option<u64>,
}

/// The best nodes, still without their ranks.
#[derive(Debug)]
pub(super) struct Winners<'a> {
    /// Contests that have some of them, with their keys there.
    contests: [(&'a Contest, u32); CLASSES_MAX],
    different: usize,
    /// How many there are.
    pub(super) count: u32,
    /// Their sum; `None` where no other node fits.
    pub(super) total: Option<i64>,
}

impl Default for Grove {
    fn default() -> Grove {
        Grove {
            shapes: Vec::new(),
            trees: Vec::new(),
            oldest: 0,
            memory_max: MEMORY_MAX,
            points: Vec::new(),
        }
    }
}

impl Winners<'_> {
    /// The rank of the `n`-th of them.
    pub(super) fn rank(&self, n: u32) -> usize {
        nth(&self.contests[..self.different], n)
    }
}

impl Grove {
    /// Whether a tree is worth while: the shape came not long ago, and classes are few.
    pub(super) fn pays(&mut self, sight: &Sight, shape: ShapeId) -> bool {
        let cluster = sight.ask.cycle.cluster;
        self.shapes
            .resize(cluster.catalog().shapes.len(), Known::default());
        let head = cluster.changed().head();
        let came = self.shapes[shape.index()].came.replace(head);
        let soon = came.is_some_and(|came| head - came < cluster.nodes().len() as u64 / 2);
        soon && sight.column.open() <= CLASSES_MAX
    }

    /// The best of all nodes for a pod to which no other pod matters; `None` where none fits.
    pub(super) fn best(&mut self, sight: &Sight, shape: ShapeId) -> Option<Winners<'_>> {
        let at = self.refresh(sight, shape);
        let contests = &self.trees[at].contests;
        self.points.clear();
        self.points.resize(sight.column.classes.len(), None);
        for (class, contest) in contests {
            self.points[*class as usize] = contest.best().map(|_| 0);
        }
        sight.score_classes(&mut self.points);
        winners(contests, &self.points)
    }

    /// What all nodes are worth to the shape: a contest for each open class.
    pub(super) fn contests(&mut self, sight: &Sight, shape: ShapeId) -> &[(u32, Contest)] {
        let at = self.refresh(sight, shape);
        &self.trees[at].contests
    }

    /// The place of the shape's tree, brought up to date.
    fn refresh(&mut self, sight: &Sight, shape: ShapeId) -> usize {
        let at = match self.shapes[shape.index()].tree {
            Some(at) => at as usize,
            None => self.plant(shape, sight),
        };
        self.trees[at].refresh(sight);
        at
    }

    fn plant(&mut self, shape: ShapeId, sight: &Sight) -> usize {
        let bytes = Contest::bytes(sight.mirror.rows.len()) * sight.column.open().max(1);
        let most = (self.memory_max / bytes).max(1);
        let at = if self.trees.len() < most {
            self.trees.push(Tree {
                shape,
                contests: Vec::new(),
                numbered: 0,
                cursor: None,
            });
            self.trees.len() - 1
        } else {
            let at = self.oldest % self.trees.len();
            self.oldest = at + 1;
            let tree = &mut self.trees[at];
            self.shapes[tree.shape.index()].tree = None;
            tree.shape = shape;
            tree.cursor = None;
            at
        };
        self.shapes[shape.index()].tree = Some(u32::try_from(at).expect("fewer trees than shapes"));
        at
    }
}

impl Tree {
    fn refresh(&mut self, sight: &Sight) {
        let cluster: &Cluster = sight.ask.cycle.cluster;
        let changed = cluster.changed();
        let nodes = sight.mirror.rows.len() as u64;
        let few = |&cursor: &u64| changed.head() - cursor < nodes / 2;
        let same_classes =
            self.numbered == sight.column.numbered && sight.column.open() == self.contests.len();
        let cursor = self.cursor.filter(few).filter(|_| same_classes);
        match cursor.and_then(|cursor| changed.since(cursor)) {
            Some(changed) => {
                for node in changed {
                    self.set(sight, sight.mirror.order.rank(node));
                }
            }
            None => self.refill(sight),
        }
        self.cursor = Some(changed.head());
    }

    fn set(&mut self, sight: &Sight, rank: usize) {
        let (class, key) = (sight.column.of[rank], sight.key(rank));
        for (of, contest) in &mut self.contests {
            contest.set(rank, if *of == class { key } else { 0 });
        }
    }

    fn refill(&mut self, sight: &Sight) {
        let classes = (0..).zip(&sight.column.classes);
        let open = classes.filter(|(_, class)| class.open());
        self.numbered = sight.column.numbered;
        let mut old = std::mem::take(&mut self.contests).into_iter();
        for (class, _) in open {
            let mut contest = old.next().map(|(_, contest)| contest).unwrap_or_default();
            let of = sight.column.of.iter().enumerate();
            contest.refill(of.map(|(rank, &of)| if of == class { sight.key(rank) } else { 0 }));
            self.contests.push((class, contest));
        }
    }
}

/// The contests that have the greatest sum.
fn winners<'a>(contests: &'a [(u32, Contest)], points: &[Option<i64>]) -> Option<Winners<'a>> {
    let best = contests.iter().filter_map(|(class, contest)| {
        let (key, times) = contest.best()?;
        let class = points[*class as usize].expect("a class of a node that fits");
        Some((contest, key, times, class + i64::from(key - 1)))
    });
    let total = best.clone().map(|(.., total)| total).max()?;
    let entries: usize = contests.iter().map(|(_, contest)| contest.entries()).sum();
    let (first, ..) = best.clone().next()?;
    let mut winners = Winners {
        contests: [(first, 0); CLASSES_MAX],
        different: 0,
        count: 0,
        total: (entries > 1).then_some(total),
    };
    for (contest, key, times, _) in best.filter(|(.., other)| *other == total) {
        winners.contests[winners.different] = (contest, key);
        winners.different += 1;
        winners.count += times;
    }
    Some(winners)
}
