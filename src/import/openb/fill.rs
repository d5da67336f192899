//! Arrivals alone: the experiment of "Beware of Fragmentation" (Weng et al., USENIX ATC 2023), in
//! which pods come one by one in a random order, never leave, and ask in all for a set multiple of
//! the cluster's GPUs.

use crate::import::openb::choice;
use crate::import::openb::copies::Arrival;
use crate::import::openb::rows::{Node, Pod};
use crate::time::{Duration, Time};
use crate::units::MilliGpu;

/// Time between two arrivals. The experiment knows only an order; one second keeps each arrival an
/// instant of its own.
pub(crate) const BETWEEN_ARRIVALS: Duration = Duration::from_secs(1);

/// The order of arrival of pods that ask in all for `target`, or `None` if none asks for a GPU.
///
/// The list, sorted by name, is shuffled. While it asks for less than `target`, a random pod of it
/// is appended once more, until what one GPU of the next such pod is asked for would go beyond
/// `target`: as published, the pod's number of GPUs does not enter that test, so that a pod of
/// several GPUs may end slightly above. While it asks for more than `target`, a random pod is taken
/// out. The dice are our own, not those of the published runs.
pub(crate) fn order(pods: &[Pod], target: MilliGpu, seed: u64) -> Option<Vec<Arrival>> {
    let asked: u64 = pods.iter().map(|pod| pod.gpu().0).sum();
    if asked == 0 {
        return None;
    }
    let mut by_name: Vec<usize> = (0..pods.len()).collect();
    by_name.sort_by(|&a, &b| pods[a].name.cmp(&pods[b].name));
    let mut order = by_name.clone();
    choice::shuffle(&mut order, &mut choice::dice(seed, "order", 0));
    if asked < target.0 {
        append_clones(&mut order, &by_name, pods, target.0 - asked, seed);
    } else {
        remove(&mut order, pods, asked - target.0, seed);
    }
    Some(one_by_one(&order, pods.len()))
}

/// Puts the nodes in a random order. Of nodes with the same points the first is taken, which in the
/// experiment is the first of a random order too.
pub(crate) fn shuffle_nodes(nodes: &mut [&Node], seed: u64) {
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    choice::shuffle(nodes, &mut choice::dice(seed, "ties", 0));
}

/// Appends random pods of `by_name` that ask for about `missing` more.
fn append_clones(order: &mut Vec<usize>, by_name: &[usize], pods: &[Pod], missing: u64, seed: u64) {
    let mut dice = choice::dice(seed, "clones", 0);
    let mut added = 0;
    loop {
        let pod = by_name[choice::below(&mut dice, by_name.len())];
        if added + u64::from(pods[pod].gpu_milli) > missing {
            return;
        }
        order.push(pod);
        added += pods[pod].gpu().0;
    }
}

/// Takes out random pods until they asked for at least `surplus`.
fn remove(order: &mut Vec<usize>, pods: &[Pod], surplus: u64, seed: u64) {
    let mut dice = choice::dice(seed, "removed", 0);
    let mut removed = 0;
    while removed < surplus {
        let index = choice::below(&mut dice, order.len());
        removed += pods[order.remove(index)].gpu().0;
    }
}

fn one_by_one(order: &[usize], pods: usize) -> Vec<Arrival> {
    let mut copies = vec![0; pods];
    let mut at = Time::ZERO;
    let arrival = |&pod: &usize| {
        copies[pod] += 1;
        let arrival = Arrival {
            pod,
            copy: copies[pod],
            at,
            duration: None,
        };
        at += BETWEEN_ARRIVALS;
        arrival
    };
    order.iter().map(arrival).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::MilliCpu;

    fn pods(gpus: &[(u16, u16)]) -> Vec<Pod> {
        let pod = |(index, &(gpus, gpu_milli)): (usize, &(u16, u16))| Pod {
            name: format!("p{index:03}"),
            cpu: MilliCpu(1),
            memory_mib: 1,
            gpus,
            gpu_milli,
            models: String::new(),
        };
        gpus.iter().enumerate().map(pod).collect()
    }

    fn asked(pods: &[Pod], order: &[Arrival]) -> u64 {
        order.iter().map(|arrival| pods[arrival.pod].gpu().0).sum()
    }

    #[test]
    fn the_list_comes_whole_and_shuffled_before_its_clones() {
        let pods = pods(&[(1, 500); 100]);
        // 100 pods ask for 50,000; to 65,000 there are 30 clones.
        let order = order(&pods, MilliGpu(65_000), 1).unwrap();
        assert_eq!(order.len(), 130);
        let mut first: Vec<usize> = order[..100].iter().map(|arrival| arrival.pod).collect();
        assert!(!first.is_sorted());
        first.sort_unstable();
        assert_eq!(first, (0..100).collect::<Vec<_>>());
        assert!(order[..100].iter().all(|arrival| arrival.copy == 1));
        assert!(order[100..].iter().all(|arrival| arrival.copy > 1));
    }

    #[test]
    fn pods_arrive_one_by_one_and_stay() {
        let order = order(&pods(&[(1, 500); 3]), MilliGpu(1500), 1).unwrap();
        let times: Vec<_> = order.iter().map(|arrival| arrival.at).collect();
        assert_eq!(times, [0, 1, 2].map(Time::from_secs));
        assert!(order.iter().all(|arrival| arrival.duration.is_none()));
    }

    #[test]
    fn the_copies_of_a_pod_are_numbered() {
        let order = order(&pods(&[(1, 1000)]), MilliGpu(3000), 1).unwrap();
        let copies: Vec<_> = order.iter().map(|arrival| arrival.copy).collect();
        assert_eq!(copies, [1, 2, 3]);
    }

    #[test]
    fn only_one_gpu_of_a_clone_is_held_against_the_target() {
        // 8,000 asked, 9,500 wanted: one clone of 8 × 1,000 passes as 1,000 ≤ 1,500, then none.
        let pods = pods(&[(8, 1000)]);
        let order = order(&pods, MilliGpu(9500), 1).unwrap();
        assert_eq!(asked(&pods, &order), 16_000);
    }

    #[test]
    fn a_list_that_asks_for_too_much_loses_random_pods() {
        let pods = pods(&[(1, 500); 100]);
        let order = order(&pods, MilliGpu(20_000), 1).unwrap();
        assert_eq!((order.len(), asked(&pods, &order)), (40, 20_000));
        let order = super::order(&pods, MilliGpu(19_999), 1).unwrap();
        assert_eq!(order.len(), 39);
    }

    #[test]
    fn nodes_are_shuffled_by_the_seed_whatever_their_order() {
        let node = |index| Node {
            name: format!("n{index:02}"),
            cpu: MilliCpu(1),
            memory_mib: 1,
            gpus: 1,
            model: String::new(),
        };
        let nodes: Vec<Node> = (0..50).map(node).collect();
        let names = |mut nodes: Vec<&Node>, seed| -> Vec<String> {
            shuffle_nodes(&mut nodes, seed);
            nodes.iter().map(|node| node.name.clone()).collect()
        };
        let made = names(nodes.iter().collect(), 1);
        assert!(!made.is_sorted());
        assert_eq!(made, names(nodes.iter().rev().collect(), 1));
        assert_ne!(made, names(nodes.iter().collect(), 2));
    }

    #[test]
    fn a_list_without_gpus_cannot_fill() {
        assert_eq!(order(&pods(&[(0, 0); 3]), MilliGpu(1000), 1), None);
    }

    #[test]
    fn the_order_depends_on_the_seed_and_not_on_the_list() {
        let pods = pods(&[(1, 500); 50]);
        let reversed: Vec<Pod> = pods.iter().rev().cloned().collect();
        let names = |pods: &[Pod], seed| -> Vec<String> {
            let order = order(pods, MilliGpu(30_000), seed).unwrap();
            order
                .iter()
                .map(|arrival| pods[arrival.pod].name.clone())
                .collect()
        };
        assert_eq!(names(&pods, 1), names(&reversed, 1));
        assert_ne!(names(&pods, 1), names(&pods, 2));
    }
}
