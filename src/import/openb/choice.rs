//! What an import keeps: a share of the nodes, a shuffled order, random pods.

use std::collections::BTreeMap;

use crate::import::openb::rows::Node;
use crate::rng::{self, Purpose, Seed, Stream};

/// The stream of one choice; `occurrence` is its n-th time.
pub(crate) fn dice(seed: u64, what: &str, occurrence: u64) -> Stream {
    // An import happens once, whatever the replications of the runs that read it.
    let seed = Seed {
        seed,
        replication: 1,
    };
    rng::stream(seed, Purpose::Import, what, occurrence)
}

/// Puts `items` in an order in which all orders are equally likely (Fisher and Yates).
pub(crate) fn shuffle<T>(items: &mut [T], dice: &mut Stream) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(dice, last + 1));
    }
}

/// An index uniform in 0..len.
pub(crate) fn below(dice: &mut Stream, len: usize) -> usize {
    rng::below(dice, len as u64) as usize
}

/// The indices, in order, of `share` of the nodes: `share` of all, rounded, at least one, dealt to
/// the GPU models in proportion by the largest remainder; ties go to the first model by name.
///
/// A model too rare for its part loses all its nodes. Keeping one of each would give openb's two
/// A10 nodes forty times their part of a hundredth.
pub(crate) fn keep_nodes(nodes: &[Node], share: f64, seed: u64) -> Vec<usize> {
    let mut strata: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, node) in nodes.iter().enumerate() {
        strata.entry(&node.model).or_default().push(index);
    }
    let keep = ((share * nodes.len() as f64).round() as usize).clamp(1, nodes.len());
    let sizes: Vec<usize> = strata.values().map(Vec::len).collect();
    let mut kept = Vec::with_capacity(keep);
    for ((model, mut stratum), quota) in strata.into_iter().zip(largest_remainder(&sizes, keep)) {
        shuffle(&mut stratum, &mut dice(seed, &format!("nodes/{model}"), 0));
        kept.extend_from_slice(&stratum[..quota]);
    }
    kept.sort_unstable();
    kept
}

/// `total` seats dealt in proportion to `sizes` (Hamilton's method), ties to the first.
fn largest_remainder(sizes: &[usize], total: usize) -> Vec<usize> {
    let all: usize = sizes.iter().sum();
    let mut seats: Vec<usize> = sizes.iter().map(|size| size * total / all).collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&index| std::cmp::Reverse(sizes[index] * total % all));
    let left = total - seats.iter().sum::<usize>();
    for &index in &by_remainder[..left] {
        seats[index] += 1;
    }
    seats
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::MilliCpu;

    fn nodes(counts: &[(&str, usize)]) -> Vec<Node> {
        let models = counts
            .iter()
            .flat_map(|&(model, n)| std::iter::repeat_n(model, n));
        models
            .enumerate()
            .map(|(index, model)| Node {
                name: format!("n{index}"),
                cpu: MilliCpu(1),
                memory_mib: 1,
                gpus: 1,
                model: model.to_owned(),
            })
            .collect()
    }

    #[test]
    fn seats_go_to_the_largest_remainders() {
        // 12 of 1,213: G2 5.43, T4 3.997, P100 1.33, V100M16 0.54, G3 0.39, V100M32 0.30,
        // A10 0.02. Nine whole seats; the last three go to .997, .54 and .43.
        let sizes = [549, 404, 134, 55, 39, 30, 2];
        assert_eq!(largest_remainder(&sizes, 12), [6, 4, 1, 1, 0, 0, 0]);
        assert_eq!(largest_remainder(&sizes, 1213), sizes);
        assert_eq!(largest_remainder(&[5, 5], 1), [1, 0]);
    }

    #[test]
    fn the_whole_share_keeps_every_node_in_order() {
        let nodes = nodes(&[("A", 3), ("B", 4)]);
        assert_eq!(keep_nodes(&nodes, 1.0, 7), [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn the_smallest_share_keeps_one_node() {
        assert_eq!(keep_nodes(&nodes(&[("A", 3), ("B", 4)]), 0.001, 7).len(), 1);
    }

    #[test]
    fn a_larger_share_keeps_the_nodes_of_a_smaller_one() {
        let nodes = nodes(&[("A", 60), ("B", 40)]);
        let (few, more) = (keep_nodes(&nodes, 0.1, 7), keep_nodes(&nodes, 0.3, 7));
        assert_eq!((few.len(), more.len()), (10, 30));
        assert!(few.iter().all(|index| more.contains(index)));
        assert_eq!(few.iter().filter(|&&index| index < 60).count(), 6);
        assert_ne!(few, keep_nodes(&nodes, 0.1, 8));
    }

    #[test]
    fn all_orders_are_equally_likely() {
        // 6 orders of 3 items in 6,000 shuffles: 1,000 each expected, standard deviation 29.
        let mut counts = BTreeMap::new();
        let mut dice = dice(1, "order", 0);
        for _ in 0..6000 {
            let mut items = [0, 1, 2];
            shuffle(&mut items, &mut dice);
            *counts.entry(items).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 6);
        assert!(
            counts.values().all(|n| n.abs_diff(1000) < 5 * 29),
            "{counts:?}"
        );
    }
}
