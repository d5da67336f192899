//! What is believed of all nodes, in columns by rank that follow the ring of changed nodes.

use super::census::Census;
use super::domains::Domains;
use super::log::Log;
use super::order::Order;
use super::row::Row;
use crate::cluster::Cluster;
use crate::ids::{ImageId, NodeId};
use crate::policy::queue::Face;

/// A cache: it can be dropped at any moment.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    /// The ranks of nodes.
    pub(super) order: Order,
    /// What resources of nodes are worth, by rank.
    pub(super) rows: Vec<Row>,
    /// The pods of nodes, where anything depends on them.
    pub(super) census: Option<Census>,
    /// The labels of nodes.
    pub(super) domains: Domains,
    /// Ranks of nodes whose looks changed.
    pub(super) looked: Log<u32>,
    /// Ranks of the nodes in the cluster in the order in which kube-scheduler looks at them.
    pub(super) line: Vec<u32>,
    /// How often labels, or which nodes there are, changed.
    pub(super) layout: u64,
    /// Nodes that pods are nominated to.
    pub(super) awaited: u32,
    /// How often the condition of a node, or what it is, changed.
    pub(super) conditions: u64,
    looks: Vec<Looks>,
    /// The version of the node tree that is in `line`.
    tree: u64,
    cursor: u64,
}

/// What filters and scorers see of a node beside its pods.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Looks {
    present: bool,
    face: Face,
    images: Vec<ImageId>,
}

impl Mirror {
    /// Looks at all nodes.
    pub(super) fn new(cluster: &Cluster) -> Mirror {
        let order = Order::new(cluster.catalog());
        let nodes = order.nodes();
        let mut mirror = Mirror {
            rows: nodes.iter().map(|&node| Row::new(cluster, node)).collect(),
            looks: nodes.iter().map(|&node| Looks::of(cluster, node)).collect(),
            census: depends_on_pods(cluster).then(|| Census::new(nodes.len())),
            domains: Domains::default(),
            looked: Log::new(nodes.len()),
            line: Vec::new(),
            layout: 0,
            awaited: 0,
            conditions: 0,
            tree: cluster.tree().version(),
            cursor: cluster.changed().head(),
            order,
        };
        mirror.awaited = mirror.rows.iter().map(|row| u32::from(row.awaited)).sum();
        mirror.line_up(cluster);
        (0..mirror.rows.len()).for_each(|rank| mirror.count(cluster, rank));
        mirror
    }

    /// Takes over what changed since.
    pub(super) fn refresh(&mut self, cluster: &Cluster) {
        let layout = self.layout;
        let changed = cluster.changed();
        match changed.since(self.cursor) {
            Some(nodes) => {
                for node in nodes {
                    self.look(cluster, self.order.rank(node));
                }
            }
            None => (0..self.rows.len()).for_each(|rank| self.look(cluster, rank)),
        }
        self.cursor = changed.head();
        if self.tree != cluster.tree().version() {
            self.tree = cluster.tree().version();
            self.line_up(cluster);
            self.layout += 1;
        }
        if self.layout != layout {
            self.domains.refill(cluster, &self.order);
        }
    }

    fn look(&mut self, cluster: &Cluster, rank: usize) {
        let row = &mut self.rows[rank];
        self.awaited -= u32::from(row.awaited);
        row.refresh(cluster);
        self.awaited += u32::from(row.awaited);
        self.count(cluster, rank);
        let node = self.order.node(rank);
        let looks = &mut self.looks[rank];
        if looks.are_of(cluster, node) {
            return;
        }
        let now = Looks::of(cluster, node);
        let moved = (looks.present, looks.face.revision) != (now.present, now.face.revision);
        self.conditions += u64::from(looks.face != now.face);
        *looks = now;
        self.layout += u64::from(moved);
        self.looked.push(rank as u32);
    }

    fn count(&mut self, cluster: &Cluster, rank: usize) {
        if let Some(census) = &mut self.census {
            census.look(cluster, self.order.node(rank), rank);
        }
    }

    fn line_up(&mut self, cluster: &Cluster) {
        let nodes = cluster.tree().list();
        let ranks = nodes.iter().map(|&node| self.order.rank(node) as u32);
        self.line.clear();
        self.line.extend(ranks);
    }
}

impl Looks {
    fn of(cluster: &Cluster, node: NodeId) -> Looks {
        let state = &cluster.nodes()[node];
        Looks {
            present: state.present,
            face: Face::of(cluster, node),
            images: state.images.clone(),
        }
    }

    fn are_of(&self, cluster: &Cluster, node: NodeId) -> bool {
        let state = &cluster.nodes()[node];
        self.present == state.present
            && self.face == Face::of(cluster, node)
            && self.images == state.images
    }
}

/// Whether rules speak of other pods, or pods may make room for others.
fn depends_on_pods(cluster: &Cluster) -> bool {
    let catalog = cluster.catalog();
    let mut rules = catalog.rules.as_slice().iter();
    let priorities = catalog.shapes.as_slice().iter().map(|shape| shape.priority);
    rules.any(|rules| {
        rules.default_selector.is_some()
            || !rules.spread.is_empty()
            || [&rules.affinity, &rules.anti_affinity]
                .iter()
                .any(|terms| !terms.required.is_empty() || !terms.preferred.is_empty())
    }) || priorities.clone().min() != priorities.max()
}
