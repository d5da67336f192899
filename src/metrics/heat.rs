//! The heat map: how full nodes are over time, one by one or in bands.

use super::measured::{HeatCell, HeatRow};
use super::nodes::level;
use super::track::Track;
use super::window::CELLS;
use crate::cluster::catalog::Catalog;
use crate::ids::{Arena, NodeId};
use crate::time::Time;

/// Most rows, which bounds the memory: nodes beyond that share rows.
pub(super) const ROWS: usize = 64;

/// All rows.
#[derive(Debug)]
pub(super) struct Heat {
    /// The row of each node.
    row_of: Arena<NodeId, usize>,
    rows: Vec<Row>,
}

/// One row.
#[derive(Debug)]
struct Row {
    /// Neighbours in the order of zones and nodes.
    nodes: Vec<NodeId>,
    /// CPU bound to nodes that are up, and what these can give.
    cpu: Track<2>,
    /// Nodes truly up, since when.
    up: u32,
    since: Time,
    /// Fewest nodes up for any time in the present cell, and in those that have ended.
    fewest: Option<u32>,
    fewest_of: Vec<u32>,
}

impl Heat {
    /// Rows for all nodes; none is up yet.
    pub(super) fn new(catalog: &Catalog) -> Heat {
        let rows: Vec<Row> = bands(catalog).into_iter().map(Row::new).collect();
        let mut row_of = Arena::filled(0, catalog.nodes.len());
        for (index, row) in rows.iter().enumerate() {
            for &node in &row.nodes {
                row_of[node] = index;
            }
        }
        Heat { row_of, rows }
    }

    /// The levels of a node whose CPU is `all` change by these.
    pub(super) fn add(&mut self, now: Time, node: NodeId, all: f64, change: &[f64; level::COUNT]) {
        let (bound, up) = (change[level::BOUND], change[level::UP]);
        if bound == 0.0 && up == 0.0 {
            return;
        }
        let row = &mut self.rows[self.row_of[node]];
        row.cpu.add(now, &[bound, up * all]);
        if up != 0.0 {
            row.advance(now);
            row.up = if up > 0.0 { row.up + 1 } else { row.up - 1 };
        }
    }

    /// The window opens.
    pub(super) fn open(&mut self, now: Time) {
        for row in &mut self.rows {
            row.cpu.open(now);
            (row.since, row.fewest) = (now, None);
        }
    }

    /// A cell ends.
    pub(super) fn end_cell(&mut self, now: Time) {
        for row in &mut self.rows {
            row.cpu.end_cell(now);
            row.advance(now);
            // A cell without length has what there is at its time.
            row.fewest_of.push(row.fewest.take().unwrap_or(row.up));
        }
    }

    /// What came of it.
    pub(super) fn finish(self, catalog: &Catalog) -> Vec<HeatRow> {
        self.rows
            .into_iter()
            .map(|row| row.finish(catalog))
            .collect()
    }
}

impl Row {
    fn new(nodes: Vec<NodeId>) -> Row {
        Row {
            nodes,
            cpu: Track::new(),
            up: 0,
            since: Time::ZERO,
            fewest: None,
            fewest_of: Vec::with_capacity(CELLS as usize),
        }
    }

    /// The nodes that were up since the last change were up until `now`.
    fn advance(&mut self, now: Time) {
        if self.since < now {
            self.since = now;
            self.fewest = Some(self.fewest.map_or(self.up, |fewest| fewest.min(self.up)));
        }
    }

    fn finish(self, catalog: &Catalog) -> HeatRow {
        let spec = |node: Option<&NodeId>| &catalog.nodes[*node.expect("a row has nodes")];
        let (first, last) = (spec(self.nodes.first()), spec(self.nodes.last()));
        let zone = &catalog.zones[first.zone];
        let cells = self.cpu.cells().iter().zip(self.fewest_of);
        let cells = cells.map(|(&[bound, capacity], fewest_up)| HeatCell {
            bound,
            capacity,
            fewest_up,
        });
        HeatRow {
            zone: if first.zone == last.zone {
                zone.clone()
            } else {
                String::new()
            },
            first: first.name.clone(),
            last: last.name.clone(),
            nodes: u32::try_from(self.nodes.len()).expect("node ids are 32 bits"),
            cells: cells.collect(),
        }
    }
}

/// The nodes zone by zone, in bands of equal and round size, as small as [`ROWS`] allows. Only
/// where there are more zones than rows may a band reach over several.
fn bands(catalog: &Catalog) -> Vec<Vec<NodeId>> {
    let zone = |node: &NodeId| catalog.nodes[*node].zone;
    let mut order: Vec<NodeId> = catalog.nodes.ids().collect();
    order.sort_by_key(zone);
    let mut blocks: Vec<&[NodeId]> = order.chunk_by(|a, b| zone(a) == zone(b)).collect();
    if blocks.len() > ROWS {
        blocks = vec![&order];
    }
    let rows =
        |size: usize| -> usize { blocks.iter().map(|block| block.len().div_ceil(size)).sum() };
    let size = round_sizes().find(|&size| rows(size) <= ROWS);
    let size = size.expect("one row for each block is few enough");
    let bands = blocks.iter().flat_map(|block| block.chunks(size));
    bands.map(<[NodeId]>::to_vec).collect()
}

/// 1, 2, 5, 10, 20, 50, …
fn round_sizes() -> impl Iterator<Item = usize> {
    (0..).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_usize.pow(power)))
}
