//! What filters and scorers look at, of every node, in one dense table that follows belief.

use super::score::Ask;
use crate::cluster::Cluster;
use crate::ids::{Id, NodeId, ZoneId};
use crate::units::Resource;

/// One row per node, in order of their ids. A cache: it can be dropped at any moment.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    cursor: u64,
}

/// One node.
#[derive(Clone, Debug)]
pub struct Row {
    /// The node.
    pub node: NodeId,
    /// The failure domain it stands in.
    pub zone: ZoneId,
    /// Pods it may still take; none where it takes no new pods.
    slots: u32,
    /// Its resources, in the order of [`Resource::ALL`].
    pub shares: [Share; Resource::ALL.len()],
}

/// One resource of one node.
#[derive(Clone, Debug)]
pub struct Share {
    /// Allocatable.
    pub capacity: u64,
    /// Allocatable less requested.
    free: u64,
    /// The same, with pods that request nothing counted as if they did; at least zero.
    pub unclaimed: u64,
    divisor: Divisor,
}

/// Division by a number that is known beforehand: a multiplication and a shift, exact for every
/// dividend below 2^63.
///
/// Source: A. D. Robison, "N-Bit Unsigned Division Via N-Bit Multiply-Add", ARITH 2005. With
/// 2^s <= d < 2^(s+1) and m = floor((2^(64+s) - 1) / d), floor(n / d) = floor((n + 1) m / 2^(64+s))
/// as long as (n + 1) d <= 2^(64+s).
#[derive(Clone, Copy, Debug)]
pub(super) struct Divisor {
    multiplier: u64,
    shift: u32,
}

impl Table {
    /// Brings the table up to date with belief.
    pub fn refresh(&mut self, cluster: &Cluster) {
        let changed = cluster.changed();
        match changed.since(self.cursor) {
            Some(nodes) if !self.rows.is_empty() => {
                nodes.for_each(|node| self.rows[node.index()].refresh(cluster));
            }
            _ => {
                let nodes = cluster.nodes().ids();
                self.rows.clear();
                self.rows.extend(nodes.map(|node| Row::new(cluster, node)));
            }
        }
        self.cursor = changed.head();
    }

    /// Drops all rows.
    pub fn clear(&mut self) {
        *self = Table::default();
    }

    /// All rows, in order of their nodes.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

impl Row {
    fn new(cluster: &Cluster, node: NodeId) -> Row {
        let spec = cluster.spec(node);
        let mut row = Row {
            node,
            zone: spec.zone,
            slots: 0,
            shares: Resource::ALL.map(|resource| Share::new(spec.allocatable.get(resource))),
        };
        row.refresh(cluster);
        row
    }

    fn refresh(&mut self, cluster: &Cluster) {
        let state = &cluster.nodes()[self.node];
        let spec = cluster.spec(self.node);
        let free = &cluster.free()[self.node];
        self.slots = match state.schedulable() {
            true => {
                let most = spec.max_pods;
                most.saturating_sub(u32::try_from(state.pods.len()).unwrap_or(u32::MAX))
            }
            false => 0,
        };
        for (share, resource) in self.shares.iter_mut().zip(Resource::ALL) {
            let capacity = spec.allocatable.get(resource);
            if share.capacity != capacity {
                *share = Share::new(capacity);
            }
            let claimed = match resource {
                Resource::Cpu => state.assumed.cpu.0,
                Resource::Memory => state.assumed.memory.0,
                Resource::Gpu => state.requested.gpu.0,
            };
            share.free = free.get(resource);
            share.unclaimed = capacity.saturating_sub(claimed);
        }
    }

    /// Whether the pod fits on the node now: [`Cluster::fits`], which is asked itself only
    /// where single GPUs matter.
    pub fn fits(&self, ask: &Ask) -> bool {
        let [cpu, memory, gpu] = &self.shares;
        self.slots > 0
            && ask.shape.requests.cpu.0 <= cpu.free
            && ask.shape.requests.memory.0 <= memory.free
            && ask.shape.requests.gpu.0 <= gpu.free
            && ((ask.shape.gpus.count == 0 && ask.shape.extended.is_empty())
                || ask.cluster.fits(ask.shape, self.node))
    }
}

impl Share {
    fn new(capacity: u64) -> Share {
        Share {
            capacity,
            free: 0,
            unclaimed: 0,
            divisor: Divisor::new(capacity.max(1)),
        }
    }

    /// `amount` of the capacity, which is not zero, in parts of `PARTS`, rounded down.
    pub fn parts<const PARTS: u64>(&self, amount: u64) -> u64 {
        if self.capacity < (1 << 63) / PARTS {
            self.divisor.divide(amount * PARTS)
        } else {
            divide_wide(amount, PARTS, self.capacity)
        }
    }
}

impl Divisor {
    pub(super) fn new(divisor: u64) -> Divisor {
        let shift = divisor.ilog2();
        let multiplier = (u128::MAX >> (64 - shift)) / u128::from(divisor);
        Divisor {
            multiplier: u64::try_from(multiplier).expect("(2^(64+s) - 1) / d is below 2^64"),
            shift,
        }
    }

    pub(super) fn divide(self, dividend: u64) -> u64 {
        let product = u128::from(dividend + 1) * u128::from(self.multiplier);
        (product >> 64) as u64 >> self.shift
    }
}

/// `amount * parts / capacity` where the product is large.
#[cold]
fn divide_wide(amount: u64, parts: u64, capacity: u64) -> u64 {
    (u128::from(amount) * u128::from(parts) / u128::from(capacity)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn division_by_multiplication_is_exact_around_every_multiple() {
        let powers = (0..49).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        for divisor in powers.filter(|&divisor| divisor > 0) {
            let by = Divisor::new(divisor);
            for quotient in [1, 2, 33, 50, 99, 100] {
                let multiple = divisor * quotient;
                for dividend in [multiple - 1, multiple, multiple + 1] {
                    assert_eq!(
                        by.divide(dividend),
                        dividend / divisor,
                        "{dividend} / {divisor}"
                    );
                }
            }
            let most = (1 << 63) - 1;
            assert_eq!(by.divide(most), most / divisor, "{most} / {divisor}");
        }
    }

    #[test]
    fn parts_of_a_capacity_too_large_for_the_short_way_are_exact() {
        let share = Share::new(u64::MAX);
        assert_eq!(share.parts::<100>(u64::MAX), 100);
        assert_eq!(share.parts::<100>(u64::MAX - 1), 99);
        assert_eq!(share.parts::<100>(u64::MAX / 2), 49);
    }

    proptest! {
        #[test]
        fn division_by_multiplication_is_division(
            bits in 0..63_u32,
            divisor: u64,
            dividend in 0..1_u64 << 63,
        ) {
            let divisor = (divisor >> bits).max(1);
            prop_assert_eq!(Divisor::new(divisor).divide(dividend), dividend / divisor);
        }
    }
}
