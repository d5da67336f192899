//! What resources of a node are worth, at hand.

use crate::cluster::Cluster;
use crate::ids::NodeId;
use crate::policy::scheduler::kube::points::MAX;
use crate::policy::scheduler::table::Divisor;

/// One node.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Pods it may still take.
    pub(super) slots: u32,
    /// Whether pods are nominated to it.
    pub(super) awaited: bool,
    /// The node.
    pub(super) node: NodeId,
    /// CPU.
    pub(super) cpu: Use,
    /// Memory.
    pub(super) memory: Use,
}

/// One resource of one node.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// Allocatable.
    pub(super) capacity: u64,
    /// Allocatable less requested.
    pub(super) free: u64,
    /// Requested.
    pub(super) requested: u64,
    /// Requested, as scorers of resources count it.
    pub(super) assumed: u64,
    divisor: Divisor,
    /// The same as shares of the capacity, but for an error of a few units in the last place.
    shares: Shares,
}

/// Amounts as shares of the capacity of a node.
#[derive(Clone, Copy, Debug)]
struct Shares {
    requested: f64,
    assumed: f64,
    /// Of one unit.
    one: f64,
}

/// Amounts that a float holds exactly.
const EXACT: u64 = 1 << 53;

/// How far from a whole number an estimate must be to be rounded like the number it stands for. Its
/// error is some 2^-52 of 100, a thousandth of this.
const SAFE: f64 = 1e-9;

impl Row {
    pub(super) fn new(cluster: &Cluster, node: NodeId) -> Row {
        let mut row = Row {
            slots: 0,
            awaited: false,
            node,
            cpu: Use::new(0),
            memory: Use::new(0),
        };
        row.refresh(cluster);
        row
    }

    /// Takes over what is believed of the node now.
    pub(super) fn refresh(&mut self, cluster: &Cluster) {
        let (state, spec) = (&cluster.nodes()[self.node], cluster.spec(self.node));
        let pods = u32::try_from(state.pods.len()).expect("fewer than 2^32 pods");
        self.slots = spec.max_pods.saturating_sub(pods);
        self.awaited = !state.nominated.is_empty();
        let (all, taken, assumed) = (&spec.allocatable, &state.requested, &state.assumed);
        self.cpu.refresh(all.cpu.0, taken.cpu.0, assumed.cpu.0);
        self.memory
            .refresh(all.memory.0, taken.memory.0, assumed.memory.0);
    }

    /// How little the shares used of CPU and memory differ, with these amounts more: the points of
    /// [`balance`](crate::policy::scheduler::kube::resources::balance).
    pub(super) fn balance(&self, cpu: u64, memory: u64) -> i64 {
        if self.cpu.capacity == 0 || self.memory.capacity == 0 {
            return MAX;
        }
        let estimate = spread(
            self.cpu.requested_with(cpu as f64),
            self.memory.requested_with(memory as f64),
        );
        let (cpu, memory) = (self.cpu.requested + cpu, self.memory.requested + memory);
        let nearest = estimate as i32;
        let rest = estimate - f64::from(nearest);
        if rest > SAFE && rest < 1.0 - SAFE {
            i64::from(nearest)
        } else {
            spread(self.cpu.share(cpu), self.memory.share(memory)) as i64
        }
    }
}

/// 100 less the standard deviation of two shares in hundredths, in the order of kube-scheduler's
/// floating-point operations.
fn spread(one: f64, other: f64) -> f64 {
    (1.0 - ((one.min(1.0) - other.min(1.0)) / 2.0).abs()) * MAX as f64
}

impl Use {
    fn new(capacity: u64) -> Use {
        Use {
            capacity,
            free: 0,
            requested: 0,
            assumed: 0,
            divisor: Divisor::new(capacity.max(1)),
            shares: Shares {
                requested: 0.0,
                assumed: 0.0,
                one: 1.0 / capacity.max(1) as f64,
            },
        }
    }

    fn refresh(&mut self, capacity: u64, requested: u64, assumed: u64) {
        if self.capacity != capacity {
            *self = Use::new(capacity);
        }
        self.free = capacity.saturating_sub(requested);
        (self.requested, self.assumed) = (requested, assumed);
        self.shares.requested = requested as f64 * self.shares.one;
        self.shares.assumed = assumed as f64 * self.shares.one;
    }

    /// About the share that is requested, with an amount more.
    pub(super) fn requested_with(&self, more: f64) -> f64 {
        (self.shares.requested + more * self.shares.one).min(1.0)
    }

    /// About the share that scorers of resources count as requested, with an amount more.
    pub(super) fn assumed_with(&self, more: f64) -> f64 {
        (self.shares.assumed + more * self.shares.one).min(1.0)
    }

    /// Hundredths of the capacity, which is not zero and at least the amount, rounded down.
    pub(super) fn hundredths(&self, amount: u64) -> u64 {
        if self.capacity < EXACT {
            self.divisor.divide(amount * MAX as u64)
        } else {
            (u128::from(amount) * MAX as u128 / u128::from(self.capacity)) as u64
        }
    }

    fn share(&self, amount: u64) -> f64 {
        amount as f64 / self.capacity as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::scheduler::kube::resources::deviation;
    use proptest::prelude::*;

    fn row(cpu: (u64, u64), memory: (u64, u64)) -> Row {
        let mut row = Row {
            slots: 0,
            awaited: false,
            node: NodeId(0),
            cpu: Use::new(0),
            memory: Use::new(0),
        };
        row.cpu.refresh(cpu.0, cpu.1, cpu.1);
        row.memory.refresh(memory.0, memory.1, memory.1);
        row
    }

    fn exact(cpu: (u64, u64), memory: (u64, u64)) -> i64 {
        let shares = [cpu, memory].map(|(all, taken)| (taken as f64 / all as f64).min(1.0));
        ((1.0 - deviation(&shares)) * MAX as f64) as i64
    }

    #[test]
    fn an_estimate_next_to_a_whole_number_is_not_trusted() {
        // Of every pair of small shares, many of which make whole numbers.
        for all in [1, 3, 7, 10, 49, 50, 100, 200, 1000] {
            for cpu in 0..=all {
                for memory in [0, 1, all / 3, all / 2, all] {
                    let points = row((all, 0), (all, 0)).balance(cpu, memory);
                    assert_eq!(
                        points,
                        exact((all, cpu), (all, memory)),
                        "{cpu} {memory} of {all}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_resource_that_the_node_lacks_cannot_be_out_of_balance() {
        assert_eq!(row((0, 0), (10, 0)).balance(5, 5), MAX);
        assert_eq!(row((10, 0), (0, 0)).balance(5, 5), MAX);
    }

    proptest! {
        #[test]
        fn points_are_those_of_exact_division(
            cpu in (1..300_000_u64, 0..300_000_u64),
            memory in (1..1_u64 << 42, 0..1_u64 << 42),
            more in (0..9000_u64, 0..1_u64 << 36),
        ) {
            let row = row(cpu, memory);
            let expected = exact((cpu.0, cpu.1 + more.0), (memory.0, memory.1 + more.1));
            prop_assert_eq!(row.balance(more.0, more.1), expected);
        }

        #[test]
        fn hundredths_are_those_of_division(capacity in 1..u64::MAX, share in 0.0..1.0_f64) {
            let amount = ((capacity as f64 * share) as u64).min(capacity);
            let plain = (u128::from(amount) * 100 / u128::from(capacity)) as u64;
            prop_assert_eq!(row((capacity, 0), (1, 0)).cpu.hundredths(amount), plain);
        }
    }
}
