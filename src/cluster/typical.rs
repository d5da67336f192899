//! Typical pods: what most pods of a scenario ask for, and what a node's idle GPUs are worth to them.
//!
//! Source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation
//! Gradient Descent" (USENIX ATC 2023), sections 3.1 and 3.2, and the authors' simulator
//! (hkust-adsl/kubernetes-scheduler-simulator, `pkg/utils/frag.go`). Order and grouping of the sums
//! are the simulator's, for its scores are cut to integers: what is equal but for the last bit can end
//! up a point apart.

use std::cmp::Reverse;

use super::catalog::{Catalog, Shape};
use super::gpu::{GpuRequest, Gpus};
use crate::ids::GpuModelId;
use crate::units::MilliCpu;

/// Requests are taken until they cover this share of all pods (the simulator's
/// `DefaultTypicalPodPopularityThreshold`).
const COVERED: f64 = 0.95;

/// Most requests that are taken. The simulator has no such bound; its workloads stay below it.
const MOST: usize = 64;

/// A request that many pods make; memory is not looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Typical {
    /// Its share of all typical pods.
    pub weight: f64,
    /// CPU.
    pub cpu: MilliCpu,
    /// GPUs.
    pub gpus: GpuRequest,
}

impl Catalog {
    /// The typical pods, most frequent first, by CPU and GPUs alone; weights add up to 1. Empty where
    /// no pods are expected.
    pub fn typical(&self) -> Vec<Typical> {
        let lean = |shape: &Shape| {
            let GpuRequest {
                count,
                milli,
                models,
            } = shape.gpus;
            (shape.requests.cpu, milli, count, models)
        };
        let shapes = self.shapes.as_slice().iter().zip(self.pods.as_slice());
        let counted = shapes.map(|(shape, &pods)| (lean(shape), pods));
        let typical = most_frequent(counted).into_iter();
        typical
            .map(|((cpu, milli, count, models), weight)| Typical {
                weight,
                cpu,
                gpus: GpuRequest {
                    count,
                    milli,
                    models,
                },
            })
            .collect()
    }
}

/// The most frequent keys, largest first among equals, up to 95 % of all and at most 64, with their
/// shares of what is taken.
pub fn most_frequent<K: Ord + Copy>(counted: impl Iterator<Item = (K, f64)>) -> Vec<(K, f64)> {
    let mut counts: Vec<(K, f64)> = counted.filter(|&(_, count)| count > 0.0).collect();
    counts.sort_by_key(|&(key, _)| Reverse(key));
    counts.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    counts.sort_by(|a, b| b.1.total_cmp(&a.1));
    let total: f64 = counts.iter().map(|&(_, count)| count).sum();
    let mut taken = 0.0;
    let mut kept = 0;
    while kept < counts.len().min(MOST) && taken < COVERED * total {
        taken += counts[kept].1;
        kept += 1;
    }
    counts.truncate(kept);
    let covered = taken / total;
    counts
        .iter_mut()
        .for_each(|(_, count)| *count = *count / total / covered);
    counts
}

/// F of a node: GPU thousandths that a typical pod cannot use, in expectation.
///
/// To a pod without GPUs, of other kinds of GPU, or that does not fit by CPU or GPUs, everything that
/// is idle is of no use; to one that fits, the devices with less left than it asks of one. `cpu` and
/// `gpus` are what is left on the node.
pub fn fragmentation(
    typical: &[Typical],
    cpu: MilliCpu,
    gpus: &Gpus,
    model: Option<GpuModelId>,
) -> f64 {
    let idle = gpus.idle().0;
    if idle == 0 {
        return 0.0;
    }
    let mut lost = Lost::default();
    for pod in typical {
        let has_cpu = pod.cpu <= cpu;
        let (sum, milli) = if pod.gpus.count == 0 {
            match has_cpu {
                true => (&mut lost.no_gpu, idle),
                false => (&mut lost.no_gpu_nor_cpu, idle),
            }
        } else if !pod.gpus.models.allow(model) {
            (&mut lost.other_kind, idle)
        } else {
            match (gpus.fit(pod.gpus), has_cpu) {
                (true, true) => (&mut lost.few_gpus, gpus.idle_below(pod.gpus.milli).0),
                (true, false) => (&mut lost.few_cpu, idle),
                (false, true) => (&mut lost.few_gpus, idle),
                (false, false) => (&mut lost.few_of_both, idle),
            }
        };
        *sum += pod.weight * milli as f64;
    }
    lost.sum()
}

/// What is lost, by why, each summed by itself.
#[derive(Default)]
struct Lost {
    few_of_both: f64,
    few_gpus: f64,
    few_cpu: f64,
    no_gpu: f64,
    no_gpu_nor_cpu: f64,
    other_kind: f64,
}

impl Lost {
    fn sum(&self) -> f64 {
        let gpu_pods = self.few_of_both + self.few_gpus + self.few_cpu;
        gpu_pods + self.no_gpu + self.no_gpu_nor_cpu + self.other_kind
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::gpu::{GpuModels, GpuSet};
    use crate::units::{Bytes, Resources};

    fn gpus(count: u8, milli: u16) -> GpuRequest {
        GpuRequest {
            count,
            milli,
            models: GpuModels::ANY,
        }
    }

    fn catalog(pods: &[(f64, u64, u64, GpuRequest)]) -> Catalog {
        let shape = |&(_, cpu, memory, gpus): &(f64, u64, u64, GpuRequest)| Shape {
            requests: Resources {
                gpu: gpus.total(),
                ..Resources::new(MilliCpu(cpu), Bytes(memory))
            },
            gpus,
            ..Shape::default()
        };
        Catalog {
            shapes: pods.iter().map(shape).collect(),
            pods: pods.iter().map(|&(weight, ..)| weight).collect(),
            ..Catalog::default()
        }
    }

    #[test]
    fn typical_pods_do_not_differ_by_memory() {
        let pods = [
            (1.0, 1, 1, gpus(0, 0)),
            (1.0, 1, 2, gpus(0, 0)),
            (2.0, 1, 1, gpus(1, 500)),
        ];
        let typical = catalog(&pods).typical();
        let told: Vec<_> = typical.iter().map(|t| (t.gpus.milli, t.weight)).collect();
        assert_eq!(told, [(500, 0.5), (0, 0.5)]);
    }

    #[test]
    fn of_equally_many_the_larger_request_comes_first_cpu_before_gpu() {
        let pods = [
            (1.0, 2, 1, gpus(0, 0)),
            (1.0, 1, 1, gpus(1, 500)),
            (1.0, 1, 1, gpus(2, 300)),
            (1.0, 1, 1, gpus(2, 500)),
        ];
        let typical = catalog(&pods).typical();
        let told: Vec<_> = typical
            .iter()
            .map(|t| (t.cpu.0, t.gpus.milli, t.gpus.count))
            .collect();
        assert_eq!(told, [(2, 0, 0), (1, 500, 2), (1, 500, 1), (1, 300, 2)]);
    }

    #[test]
    fn without_pods_nothing_is_typical_and_nothing_fragmented() {
        let typical = catalog(&[(0.0, 1, 1, gpus(1, 500))]).typical();
        assert_eq!(typical, []);
        assert_eq!(
            fragmentation(&typical, MilliCpu(9), &Gpus::new(2), None),
            0.0
        );
    }

    #[test]
    fn what_a_pod_cannot_use_is_weighed_by_how_often_it_comes() {
        // Two GPUs with 1,000 and 300 thousandths left, 4 cores left. Typical pods, each 1/4:
        // CPU only: all idle, 1,300; one GPU of 500: the other has too little, 300; two whole
        // GPUs: 1,300; one GPU of 200 with 6 cores: CPU does not suffice, 1,300.
        let mut left = Gpus::new(2);
        left.take(GpuSet::NONE.with(1), 700);
        let typical = catalog(&[
            (1.0, 1000, 0, gpus(0, 0)),
            (1.0, 1000, 0, gpus(1, 500)),
            (1.0, 1000, 0, gpus(2, 1000)),
            (1.0, 6000, 0, gpus(1, 200)),
        ])
        .typical();
        let f = |left: &Gpus| fragmentation(&typical, MilliCpu(4000), left, None);
        assert_eq!(f(&left), (1300.0 + 300.0 + 1300.0 + 1300.0) / 4.0);
        left.take(GpuSet::NONE.with(0), 1000);
        left.take(GpuSet::NONE.with(1), 300);
        assert_eq!(f(&left), 0.0);
    }

    #[test]
    fn a_gpu_of_another_kind_is_of_no_use() {
        let only = GpuRequest {
            models: GpuModels::ANY.with(GpuModelId(5)),
            ..gpus(1, 500)
        };
        let typical = catalog(&[(1.0, 1000, 0, only)]).typical();
        let f = |model| fragmentation(&typical, MilliCpu(4000), &Gpus::new(2), model);
        assert_eq!(f(Some(GpuModelId(0))), 2000.0);
        assert_eq!(f(None), 2000.0);
        assert_eq!(f(Some(GpuModelId(5))), 0.0);
    }
}
