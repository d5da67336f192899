//! Which value of a label every node has, as numbers.

use std::collections::BTreeMap;

use super::order::Order;
use crate::cluster::Cluster;
use crate::cluster::rules::well_known;
use crate::ids::{KeyId, ValueId};

/// The domain of a node that lacks the label.
pub(super) const NONE: u32 = 0;

/// The domain of nodes whose label is the empty text.
pub(super) const EMPTY: u32 = 1;

/// One column per label key that anything asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Domains {
    columns: Vec<Column>,
}

/// The domains of one key.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The key; none where every node is a domain of its own.
    key: Option<KeyId>,
    /// By rank.
    pub(super) of: Vec<u32>,
    /// Number of domains, [`NONE`] and [`EMPTY`] included.
    pub(super) count: usize,
}

impl Domains {
    /// The place of a key's column. Without a key every node is a domain of its own.
    pub(super) fn column(&mut self, cluster: &Cluster, order: &Order, key: Option<KeyId>) -> usize {
        let known = self.columns.iter().position(|column| column.key == key);
        known.unwrap_or_else(|| {
            self.columns.push(Column::new(cluster, order, key));
            self.columns.len() - 1
        })
    }

    /// The place of the column of a key that was asked for before.
    pub(super) fn find(&self, key: KeyId) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.key == Some(key))
    }

    /// The column at a place.
    pub(super) fn at(&self, column: usize) -> &Column {
        &self.columns[column]
    }

    /// Labels changed: looks at all of them anew.
    pub(super) fn refill(&mut self, cluster: &Cluster, order: &Order) {
        for column in &mut self.columns {
            *column = Column::new(cluster, order, column.key);
        }
    }
}

impl Column {
    fn new(cluster: &Cluster, order: &Order, key: Option<KeyId>) -> Column {
        let mut numbers: BTreeMap<ValueId, u32> = BTreeMap::new();
        numbers.insert(well_known::EMPTY, EMPTY);
        let first = EMPTY + 1;
        let domain = |(&node, rank)| {
            let Some(key) = key else {
                return first + rank;
            };
            let Some(value) = cluster.spec(node).traits.labels.get(key) else {
                return NONE;
            };
            let next = numbers.len() as u32 + EMPTY;
            *numbers.entry(value).or_insert(next)
        };
        let of: Vec<u32> = order.nodes().iter().zip(0..).map(domain).collect();
        let last = of.iter().copied().max().unwrap_or(NONE).max(EMPTY);
        Column {
            key,
            of,
            count: last as usize + 1,
        }
    }
}
