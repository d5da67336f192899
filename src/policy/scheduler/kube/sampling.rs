//! How many nodes are looked at before one is chosen.
//!
//! In a large cluster kube-scheduler stops looking once it has found so many nodes that fit; the
//! next attempt goes on where this one stopped.
//!
//! Source: kube-scheduler v1.34.1, `schedule_one.go` (`numFeasibleNodesToFind`).

/// So many nodes that fit are always enough, and fewer never are: 100 (`minFeasibleNodesToFind`).
const LEAST: usize = 100;

/// The least share that is enough by itself: 5 % (`minFeasibleNodesPercentageToFind`).
const LEAST_PERCENT: usize = 5;

/// How many nodes that fit are enough. `percentage` is `percentageOfNodesToScore`, 0 to 100; with
/// zero it is 50 less one for every 125 nodes.
pub fn enough(percentage: u32, nodes: usize) -> usize {
    if nodes < LEAST {
        return nodes;
    }
    let percentage = match percentage as usize {
        0 => 50_usize.saturating_sub(nodes / 125).max(LEAST_PERCENT),
        stated => stated,
    };
    (nodes * percentage / 100).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::enough;

    #[test]
    fn the_share_falls_with_the_size_of_the_cluster() {
        assert_eq!([0, 1, 99].map(|nodes| enough(0, nodes)), [0, 1, 99]);
        // 50 - 1000/125 = 42 %; 50 - 5000/125 = 10 %; 50 - 6000/125 = 2 %, at least 5 %.
        let adaptive = [150, 1000, 5000, 6000].map(|nodes| enough(0, nodes));
        assert_eq!(adaptive, [100, 420, 500, 300]);
        assert_eq!([30, 100].map(|percent| enough(percent, 1000)), [300, 1000]);
    }
}
