//! The rules of the GPU policies, written down as plainly as can be, and which GPUs a pod gets.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Plain;
use crate::cluster::catalog::Shape;
use crate::cluster::gpu::GpuSet;
use crate::ids::NodeId;
use crate::rng::{self, Stream};

/// The node that the policy's rule takes of those on which the pod fits, which are in order.
pub(super) fn plain(rule: &Plain, policy: &str, nodes: Vec<NodeId>) -> Option<NodeId> {
    let points = |&node: &NodeId| match policy {
        "fgd" => rule.fgd(node).0,
        "gpu-bestfit" => rule.bestfit(node),
        "gpu-dotprod" => rule.dotprod(node),
        "gpu-packing" => rule.packing(node),
        "gpu-clustering" => rule.clustering(node),
        _ => panic!("no plain rule for {policy}"),
    };
    nodes.into_iter().min_by_key(|node| Reverse(points(node)))
}

/// One of these by lot.
pub(super) fn lot(nodes: &[NodeId], dice: &mut Stream) -> Option<NodeId> {
    (!nodes.is_empty()).then(|| nodes[rng::below(dice, nodes.len() as u64) as usize])
}

/// The GPUs that a pod of the policy gets on that node, one of `fitting`.
pub(super) fn devices(rule: &Plain, policy: &str, fitting: &[NodeId], node: NodeId) -> GpuSet {
    let shape = rule.shape();
    match (policy, shape.gpus.count, shape.gpus.milli) {
        ("fgd", 1, 1..1000) => rule.fgd(node).1,
        ("gpu-random", 1.., 1..1000) => {
            let mut dice = rule.world.view().dice(rule.pod);
            lot(fitting, &mut dice);
            let mut with_room = rule.with_room(node);
            with_room.sort_unstable();
            let lots = (0..shape.gpus.count)
                .map(|_| with_room.remove(rng::below(&mut dice, with_room.len() as u64) as usize));
            set(lots)
        }
        _ => rule.best_fit(node),
    }
}

fn set(devices: impl IntoIterator<Item = usize>) -> GpuSet {
    devices.into_iter().fold(GpuSet::NONE, GpuSet::with)
}

impl Plain<'_> {
    fn shape(&self) -> &Shape {
        self.world.cluster.shape(self.pod)
    }

    /// Thousandths left of each GPU, by the pods on the node.
    fn gpus_left(&self, node: NodeId) -> Vec<u16> {
        let cluster = &self.world.cluster;
        let mut left = vec![1000; usize::from(cluster.catalog().nodes[node].gpus)];
        let pods = cluster.pods().iter();
        for (id, pod) in pods.filter(|(_, pod)| pod.node == Some(node) && !pod.gone()) {
            for device in pod.gpus.devices() {
                left[device] -= cluster.shape(id).gpus.milli;
            }
        }
        left
    }

    /// GPUs with room for the pod, least left first.
    fn with_room(&self, node: NodeId) -> Vec<usize> {
        let left = self.gpus_left(node);
        let milli = self.shape().gpus.milli;
        let mut devices: Vec<usize> = (0..left.len()).filter(|&at| left[at] >= milli).collect();
        devices.sort_by_key(|&device| left[device]);
        devices
    }

    fn best_fit(&self, node: NodeId) -> GpuSet {
        let count = usize::from(self.shape().gpus.count);
        set(self.with_room(node).into_iter().take(count))
    }

    /// CPU and GPU: free, requested, and the most of any node.
    fn amounts(&self, node: NodeId) -> [(f64, f64, f64); 2] {
        ["cpu", "gpu"].map(|name| {
            let amounts = (self.free(node, name), self.wanted(name), self.largest(name));
            (amounts.0 as f64, amounts.1 as f64, amounts.2 as f64)
        })
    }

    fn bestfit(&self, node: NodeId) -> i64 {
        let [cpu, gpu] = self
            .amounts(node)
            .map(|(free, wanted, most)| (free - wanted) / most * 0.5);
        ((1.0 - (cpu + gpu)) * 100.0) as i64
    }

    fn dotprod(&self, node: NodeId) -> i64 {
        let [cpu, gpu] = self
            .amounts(node)
            .map(|(free, wanted, most)| (free / most) * (wanted / most));
        (100.0 * (1.0 - (cpu + gpu) / 2.0)) as i64
    }

    fn packing(&self, node: NodeId) -> i64 {
        let left = self.gpus_left(node);
        let chosen: Vec<i64> = self
            .best_fit(node)
            .devices()
            .map(|device| i64::from(left[device]))
            .collect();
        let unused = chosen.iter().filter(|&&left| left == 1000).count() as i64;
        let all = left.len() as i64;
        if chosen.is_empty() {
            0
        } else if left.iter().all(|&left| left == 1000) {
            all.max(33 - all)
        } else if unused > 0 {
            33.max(50 - unused)
        } else {
            let percent: i64 = chosen.iter().map(|left| left / 10).sum();
            50.max(100 - percent / 10)
        }
    }

    fn clustering(&self, node: NodeId) -> i64 {
        let cluster = &self.world.cluster;
        let kind = |shape: &Shape| match (shape.gpus.count, shape.gpus.milli) {
            (0, _) => None,
            (count, 1000) => Some(format!("{count}-gpu")),
            _ => Some("share".to_owned()),
        };
        let pods = cluster.pods().iter();
        let pods = pods.filter(|(_, pod)| pod.node == Some(node) && !pod.gone());
        let there: BTreeSet<String> = pods.filter_map(|(id, _)| kind(cluster.shape(id))).collect();
        let Some(own) = kind(self.shape()) else {
            return 0;
        };
        let base = match (there.contains(&own), there.len()) {
            (true, 1) => 75,
            (true, _) => 50,
            (false, 0) => 25,
            (false, _) => 0,
        };
        let most = self.largest("gpu") as i64;
        base + 25 * (most - self.free(node, "gpu") as i64) / most
    }

    /// Points, and the GPUs they are for.
    fn fgd(&self, node: NodeId) -> (i64, GpuSet) {
        let gpus = &self.shape().gpus;
        let tries: Vec<GpuSet> = match (gpus.count, gpus.milli) {
            (1, 1..1000) => {
                let mut devices = self.with_room(node);
                devices.sort_unstable();
                devices.into_iter().map(|device| set([device])).collect()
            }
            _ => vec![self.best_fit(node)],
        };
        let cpu = self.free(node, "cpu");
        let before = self.fragmentation(node, cpu, &self.gpus_left(node));
        let points = |gpus_taken: GpuSet| {
            let mut left = self.gpus_left(node);
            gpus_taken
                .devices()
                .for_each(|device| left[device] -= gpus.milli);
            let after = self.fragmentation(node, cpu - self.wanted("cpu"), &left);
            (100.0 / (1.0 + (-(before - after) / 1000.0).exp())) as i64
        };
        let scored = tries.into_iter().map(|gpus| (points(gpus), gpus));
        let best = scored.min_by_key(|&(points, _)| Reverse(points));
        best.expect("the pod fits")
    }

    /// F by its definition. Reasons to be of no use are summed apart and then in the published order.
    fn fragmentation(&self, node: NodeId, cpu: u128, left: &[u16]) -> f64 {
        let catalog = self.world.cluster.catalog();
        let idle: u32 = left.iter().map(|&left| u32::from(left)).sum();
        let mut sums = [0.0; 6];
        for pod in catalog.typical() {
            let gpus = pod.gpus;
            let lacks_cpu = u128::from(pod.cpu.0) > cpu;
            let room = left.iter().filter(|&&left| left >= gpus.milli).count();
            let lacks_gpu = room < usize::from(gpus.count);
            let below = left.iter().filter(|&&left| left < gpus.milli);
            let below: u32 = below.map(|&left| u32::from(left)).sum();
            let (reason, milli) = if gpus.count == 0 {
                (3 + usize::from(lacks_cpu), idle)
            } else if !gpus.models.allow(catalog.nodes[node].gpu_model) {
                (5, idle)
            } else if lacks_cpu {
                (if lacks_gpu { 0 } else { 2 }, idle)
            } else {
                (1, if lacks_gpu { idle } else { below })
            };
            sums[reason] += pod.weight * f64::from(milli);
        }
        sums.iter().sum()
    }
}
