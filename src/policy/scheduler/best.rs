//! The best of all nodes for a pod, where "best" depends on its shape and single nodes only.
//!
//! Equal pods share work: a [`Forest`] keeps a tournament of the nodes for every shape. With S shapes
//! in turn and two changes of nodes per pod a decision costs 2 S keys, a scan one key per node; both
//! find the same node.

use super::explanation::{Explanation, Measure};
use super::forest::Forest;
use super::score::{Ask, Weights};
use super::table::{Row, Table};
use super::{Chosen, Placement, Scheduler, best_fitting, filter};
use crate::cluster::Cluster;
use crate::cluster::gpu::GpuSet;
use crate::ids::{Id, NodeId, PodId};
use crate::policy::View;
use crate::policy::params::{Kind, Param};

/// How the best node is found.
pub const SEARCH: Param = Param {
    name: "search",
    kind: Kind::Choice(&["tree", "scan"]),
    default: "tree",
    doc: "how the best node is found, with the same result: `tree` keeps a tournament tree for each \
          shape of pod, `scan` looks at every node for every pod",
};

/// The resources that count in a score.
pub const RESOURCES: Param = Param {
    name: "resources",
    kind: Kind::Choice(&["cpu", "memory", "gpu", "cpu,memory", "cpu,memory,gpu"]),
    default: "cpu,memory",
    doc: "the resources that count in a score, all with weight 1 (Kubernetes \
          `scoringStrategy.resources`, default cpu and memory)",
};

/// An order of nodes.
pub trait Rank: Send {
    /// A place in the order. `Key::default()` is for nodes that do not fit: every other key is
    /// greater.
    type Key: Copy + Ord + Default + Send;

    /// No node has a greater key: a scan may stop here.
    const TOP: Self::Key;

    /// What the order goes by, what stands first being decisive. Of nodes equal in all of it none is
    /// before the other.
    const MEASURES: &'static [Measure];

    /// The place of a node on which the pod fits.
    fn key(&self, ask: &Ask, row: &Row) -> Self::Key;

    /// What a key says in numbers, one for each of [`Rank::MEASURES`].
    fn values(&self, key: Self::Key) -> Vec<i64>;

    /// The reason for choosing a node with that key.
    fn why(&self, key: Self::Key) -> Chosen;

    /// The GPUs that the pod gets on a node where it fits: by default its best-fitting ones.
    fn gpus(&self, ask: &Ask, row: &Row) -> GpuSet {
        best_fitting(ask.cluster, ask.shape, row.node)
    }

    /// Brings what it keeps of the nodes up to date with belief; keys are asked for after that.
    fn refresh(&mut self, _cluster: &Cluster) {}

    /// Drops what it keeps; no later answer changes.
    fn forget(&mut self) {}
}

/// A scheduler that takes the node with the greatest key, and of several the one with the lowest
/// id.
pub struct Best<R: Rank> {
    rank: R,
    weights: Weights,
    table: Table,
    forest: Option<Forest<R::Key>>,
}

impl<R: Rank> Best<R> {
    /// Takes the node that `rank` puts first. `search` is one of [`SEARCH`]'s choices.
    pub fn new(rank: R, weights: Weights, search: &str) -> Best<R> {
        Best {
            rank,
            weights,
            table: Table::default(),
            forest: match search {
                "tree" => Some(Forest::default()),
                "scan" => None,
                other => panic!("`{other}` is not a declared search"),
            },
        }
    }

    /// The weights of the resources.
    pub fn weights(&self) -> Weights {
        self.weights
    }

    /// The nodes, as believed now.
    pub fn table(&mut self, cluster: &Cluster) -> &Table {
        self.table.refresh(cluster);
        &self.table
    }
}

impl<R: Rank> Scheduler for Best<R> {
    fn place(&mut self, view: &View, pod: PodId) -> Placement {
        let cluster = view.cluster;
        let ask = Ask::new(cluster, pod, self.weights);
        self.table.refresh(cluster);
        self.rank.refresh(cluster);
        let (rows, rank) = (self.table.rows(), &self.rank);
        let key = |row: &Row| match row.fits(&ask) {
            true => rank.key(&ask, row),
            false => R::Key::default(),
        };
        let best = match &mut self.forest {
            Some(forest) => {
                let shape = cluster.pods()[pod].shape;
                let key = |node: NodeId| key(&rows[node.index()]);
                forest.best(cluster, shape, key)
            }
            None => scan(rows, R::TOP, key),
        };
        match best {
            Some((node, key)) => {
                let gpus = rank.gpus(&ask, &rows[node.index()]);
                Placement::on_gpus(node, gpus, rank.why(key))
            }
            None => Placement::nowhere(view),
        }
    }

    fn explain(&mut self, view: &View, pod: PodId) -> Explanation {
        let ask = Ask::new(view.cluster, pod, self.weights);
        self.table.refresh(view.cluster);
        self.rank.refresh(view.cluster);
        let (rows, rank) = (self.table.rows(), &self.rank);
        let values = |node: NodeId| rank.values(rank.key(&ask, &rows[node.index()]));
        filter::sift(view.cluster, pod).compared(R::MEASURES, values)
    }

    fn forget(&mut self) {
        self.table.clear();
        self.rank.forget();
        if let Some(forest) = &mut self.forest {
            forest.clear();
        }
    }
}

/// The first row with the greatest key; none has a greater one than `top`.
fn scan<K: Copy + Ord + Default>(
    rows: &[Row],
    top: K,
    key: impl Fn(&Row) -> K,
) -> Option<(NodeId, K)> {
    let mut best = None;
    let mut greatest = K::default();
    for row in rows {
        let key = key(row);
        if key > greatest {
            greatest = key;
            best = Some((row.node, key));
            if key == top {
                break;
            }
        }
    }
    best
}
