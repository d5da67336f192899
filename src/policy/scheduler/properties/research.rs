//! The rules of the policies that are not Kubernetes', written down as plainly as can be.

use std::cmp::Reverse;

use super::{Plain, choice, gpu, siblings};
use crate::cluster::pod::Owner;
use crate::ids::NodeId;
use crate::policy::params::Params;
use crate::rng;
use crate::time::Duration;

const NAMES: [&str; 3] = ["cpu", "memory", "gpu"];
const MILLION: u128 = 1_000_000;

/// The node that the policy's rule takes of those on which the pod fits, which are in order.
pub(super) fn plain(
    rule: &Plain,
    policy: &str,
    params: &Params,
    nodes: Vec<NodeId>,
) -> Option<NodeId> {
    let left = |&node: &NodeId| rule.left(node);
    match policy {
        "best-fit" => nodes.into_iter().min_by_key(left),
        "worst-fit" => nodes.into_iter().min_by_key(|node| Reverse(left(node))),
        "borg-stranded" => {
            let strands = |node: &NodeId| (Reverse(rule.unstranded(*node)), left(node));
            nodes.into_iter().min_by_key(strands)
        }
        "tetris" => {
            let alignment = |&node: &NodeId| Reverse(rule.alignment(node));
            nodes.into_iter().min_by_key(alignment)
        }
        "power-of-two" => rule.power_of_two(nodes),
        "swarm" => {
            let by_zone = choice(params, "preferences") == "zone";
            nodes
                .into_iter()
                .min_by_key(|&node| rule.load(node, by_zone))
        }
        "nomad" => rule.nomad(params, nodes),
        _ => gpu::plain(rule, policy, nodes),
    }
}

impl Plain<'_> {
    /// Requested by the pod.
    pub(super) fn wanted(&self, resource: &str) -> u128 {
        let requests = self.world.cluster.shape(self.pod).requests;
        u128::from(match resource {
            "cpu" => requests.cpu.0,
            "memory" => requests.memory.0,
            _ => requests.gpu.0,
        })
    }

    /// Free before the pod.
    pub(super) fn free(&self, node: NodeId, resource: &str) -> u128 {
        let pods = self.world.cluster.pods().iter();
        let bound = pods.filter(|(_, pod)| pod.node == Some(node) && !pod.gone());
        let taken = bound.map(|(pod, _)| Plain { pod, ..*self }.wanted(resource));
        self.capacity(node, resource) - taken.sum::<u128>()
    }

    pub(super) fn largest(&self, resource: &str) -> u128 {
        let nodes = self.world.cluster.nodes().ids();
        let capacities = nodes.map(|node| self.capacity(node, resource));
        capacities.max().unwrap_or(0).max(1)
    }

    fn left(&self, node: NodeId) -> u128 {
        let parts = NAMES.map(|resource| {
            let left = self.free(node, resource) - self.wanted(resource);
            left * MILLION / self.largest(resource)
        });
        parts.iter().sum()
    }

    /// Millionths by which the pod makes what is stranded less.
    fn unstranded(&self, node: NodeId) -> i128 {
        let before = self.stranded(node, |resource| self.free(node, resource));
        let after = self.stranded(node, |resource| {
            self.free(node, resource) - self.wanted(resource)
        });
        ((before - after) * 1_000_000 + (1 << 39)).div_euclid(1 << 40)
    }

    fn stranded(&self, node: NodeId, free: impl Fn(&str) -> u128) -> i128 {
        let has = NAMES.map(|resource| (resource, self.capacity(node, resource)));
        let has = has.into_iter().filter(|&(_, capacity)| capacity > 0);
        let shares = has.map(|(name, capacity)| (name, capacity, (free(name) << 40) / capacity));
        let shares: Vec<_> = shares.collect();
        let least = shares.iter().map(|&(.., share)| share).min().unwrap_or(0);
        let stranded = shares.iter().map(|&(name, capacity, share)| {
            ((share - least) * capacity / self.largest(name)) as i128
        });
        stranded.sum()
    }

    fn alignment(&self, node: NodeId) -> u128 {
        let products = NAMES.map(|resource| match self.capacity(node, resource) {
            0 => 0,
            capacity => {
                let wanted = self.wanted(resource) * MILLION / capacity;
                wanted * (self.free(node, resource) * MILLION / capacity)
            }
        });
        products.iter().sum()
    }

    fn power_of_two(&self, mut nodes: Vec<NodeId>) -> Option<NodeId> {
        if nodes.len() < 2 {
            return nodes.pop();
        }
        let mut dice = self.world.view().dice(self.pod);
        let mut draw = || nodes.remove(rng::below(&mut dice, nodes.len() as u64) as usize);
        let two = [draw(), draw()];
        two.into_iter()
            .min_by_key(|&node| Reverse(self.least_allocated(node, MILLION)))
    }

    fn load(&self, node: NodeId, by_zone: bool) -> [u32; 4] {
        let cluster = &self.world.cluster;
        let (zones, hosts) = siblings(self.world, self.pod);
        let zone = cluster.catalog().nodes[node].zone;
        let service = cluster.pods()[self.pod].service();
        let crashes = self.world.crashes.iter().filter(|&&(at, of, on)| {
            let recent = self.world.now.since(at) <= Duration::from_secs(300);
            recent && Some(of) == service && on == node
        });
        let crashes = crashes.count() as u32;
        let pods = cluster.pods().as_slice().iter();
        let pods = pods.filter(|pod| pod.node == Some(node) && pod.active());
        [
            if by_zone {
                zones.get(&zone).copied().unwrap_or(0)
            } else {
                0
            },
            if crashes >= 5 { crashes } else { 0 },
            hosts.get(&node).copied().unwrap_or(0),
            pods.count() as u32,
        ]
    }

    fn nomad(&self, params: &Params, fitting: Vec<NodeId>) -> Option<NodeId> {
        let nodes = self.world.cluster.nodes();
        let mut order: Vec<_> = nodes
            .ids()
            .filter(|&node| nodes[node].schedulable())
            .collect();
        let mut dice = self.world.view().dice(self.pod);
        for at in 0..order.len() {
            let other = rng::below(&mut dice, (order.len() - at) as u64) as usize;
            order.swap(at, at + other);
        }
        let log = (0..).find(|&log| 1 << log >= order.len()).unwrap_or(0);
        let limit = match (
            choice(params, "candidates"),
            self.world.cluster.pods()[self.pod].owner,
        ) {
            ("all", _) => order.len(),
            (_, Owner::Job(_)) => 2,
            (_, Owner::Service(_)) => log.max(2),
        };
        let fitting = order.into_iter().filter(|node| fitting.contains(node));
        let scored = fitting.map(|node| (self.nomad_score(params, node), node));
        let mut limited = Limited::of(scored.collect(), limit);
        let mut best: Option<(i64, NodeId)> = None;
        while let Some((score, node)) = limited.next() {
            if best.is_none_or(|(highest, _)| score > highest) {
                best = Some((score, node));
            }
        }
        best.map(|(_, node)| node)
    }

    fn nomad_score(&self, params: &Params, node: NodeId) -> i64 {
        let share = |resource| match self.capacity(node, resource) {
            0 => 0.0,
            all => (self.free(node, resource) - self.wanted(resource)) as f64 / all as f64,
        };
        let powers = 10_f64.powf(share("cpu")) + 10_f64.powf(share("memory"));
        let fit = match choice(params, "algorithm") {
            "spread" => powers - 2.0,
            _ => 20.0 - powers,
        };
        let mut scores = vec![fit.clamp(0.0, 18.0) / 18.0];
        let (_, hosts) = siblings(self.world, self.pod);
        let collisions = hosts.get(&node).copied().unwrap_or(0);
        if collisions > 0 && choice(params, "anti_affinity") == "on" {
            scores.push(-f64::from(collisions + 1) / self.wanted_replicas());
        }
        let mean = scores.iter().sum::<f64>() / scores.len() as f64;
        (mean * 1e9).round() as i64
    }

    /// Replicas that the pod's service is to have, at least the pod.
    fn wanted_replicas(&self) -> f64 {
        let cluster = &self.world.cluster;
        let service = cluster.pods()[self.pod].service().expect("it has siblings");
        f64::from(cluster.services()[service].replicas.max(1))
    }
}

/// Nomad's limit of candidates, step by step as an iterator that is asked for the next one.
struct Limited {
    source: std::vec::IntoIter<(i64, NodeId)>,
    limit: usize,
    seen: usize,
    skipped: Vec<(i64, NodeId)>,
    returned: usize,
}

impl Limited {
    fn of(scored: Vec<(i64, NodeId)>, limit: usize) -> Limited {
        Limited {
            source: scored.into_iter(),
            limit,
            seen: 0,
            skipped: Vec::new(),
            returned: 0,
        }
    }

    fn next(&mut self) -> Option<(i64, NodeId)> {
        if self.seen == self.limit {
            return None;
        }
        let mut option = Some(self.option()?);
        while let Some(low) = option.filter(|&(score, _)| score <= 0 && self.skipped.len() < 3) {
            self.skipped.push(low);
            option = self.source.next();
        }
        self.seen += 1;
        option.or_else(|| self.option())
    }

    /// The next node, or the next of those skipped when there are no more.
    fn option(&mut self) -> Option<(i64, NodeId)> {
        self.source.next().or_else(|| {
            let skipped = self.skipped.get(self.returned).copied();
            self.returned += usize::from(skipped.is_some());
            skipped
        })
    }
}
