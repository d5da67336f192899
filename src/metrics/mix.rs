//! The reference mix: what the scenario's pods ask for, frozen before any run, so that what "fits"
//! means the same for all variants that are compared.

use std::cmp::Reverse;
use std::fmt::Write;

use crate::cluster::catalog::{Catalog, Shape};
use crate::cluster::gpu::GpuRequest;
use crate::ids::{Id, ShapeId};
use crate::units::{MilliCpu, Resource, Resources};

/// Shapes are taken until they cover this share of all pods.
const COVERED: f64 = 0.95;

/// Most shapes of the mix.
const MOST: usize = 64;

/// What the pods of a scenario ask for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mix {
    /// Different requests, most frequent first; weights add up to 1.
    pub(super) parts: Vec<Part>,
    /// The most of each resource that one of them asks for.
    pub(super) most: Resources,
    /// The same as FGD counts them: by CPU and GPUs alone.
    pub(super) typical: Vec<Typical>,
    /// Mean request of the mix, by resource in the order of [`Resource::ALL`].
    pub(super) mean: [f64; 3],
    /// Which of four groups of pods by dominant share each shape belongs to, 0 the smallest.
    pub(super) group: Vec<u8>,
    /// All shapes, largest dominant share first.
    pub(super) by_size: Vec<ShapeId>,
    /// The place of each shape among them.
    pub(super) rank: Vec<u32>,
}

/// One request of the mix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) weight: f64,
    pub(super) requests: Resources,
    pub(super) gpus: GpuRequest,
}

/// One "typical pod" of FGD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Typical {
    pub(super) weight: f64,
    pub(super) cpu: MilliCpu,
    pub(super) gpus: GpuRequest,
}

impl Mix {
    /// The mix of a scenario that has `pods[shape]` pods of each shape (jobs of traces by number,
    /// jobs by distribution by expected number, services by replicas at the start).
    ///
    /// Panics unless there is a weight, finite and not negative, for every shape.
    pub fn new(catalog: &Catalog, pods: &[f64]) -> Mix {
        assert_eq!(pods.len(), catalog.shapes.len(), "a weight for every shape");
        assert!(
            pods.iter().all(|n| n.is_finite() && *n >= 0.0),
            "weights are numbers of pods"
        );
        let shapes = || catalog.shapes.as_slice().iter().zip(pods.iter().copied());
        let full = |shape: &Shape| (shape.requests, shape.gpus);
        let parts: Vec<Part> = most_frequent(shapes().map(|(shape, n)| (full(shape), n)))
            .into_iter()
            .map(|((requests, gpus), weight)| Part {
                weight,
                requests,
                gpus,
            })
            .collect();
        let lean = |shape: &Shape| (shape.requests.cpu, shape.gpus);
        let typical = most_frequent(shapes().map(|(shape, n)| (lean(shape), n)))
            .into_iter()
            .map(|((cpu, gpus), weight)| Typical { weight, cpu, gpus })
            .collect();
        let mean = Resource::ALL.map(|resource| {
            let ask = |part: &Part| part.weight * part.requests.get(resource) as f64;
            parts.iter().map(ask).sum()
        });
        let shares = dominant_shares(catalog);
        let mut by_size: Vec<ShapeId> = catalog.shapes.ids().collect();
        by_size.sort_by(|a, b| shares[b.index()].total_cmp(&shares[a.index()]));
        let group = groups(&by_size, &shares, pods);
        let mut rank = vec![0; by_size.len()];
        for (place, shape) in (0..).zip(&by_size) {
            rank[shape.index()] = place;
        }
        let most = parts
            .iter()
            .fold(Resources::NONE, |most, part| most.each_max(&part.requests));
        Mix {
            parts,
            most,
            typical,
            mean,
            group,
            by_size,
            rank,
        }
    }

    /// The mix in words, one line per request: equal texts are equal mixes. To be hashed into
    /// summaries.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        for Part {
            weight,
            requests,
            gpus,
        } in &self.parts
        {
            let (cpu, memory) = (requests.cpu.0, requests.memory.0);
            let (count, milli, models) = (gpus.count, gpus.milli, gpus.models.bits());
            writeln!(text, "{weight} {cpu} {memory} {count} {milli} {models}")
                .expect("text can be written");
        }
        text
    }
}

/// The most frequent keys, largest first among equals, up to [`COVERED`] of all and at most
/// [`MOST`], with their shares of what is taken.
fn most_frequent<K: Ord + Copy>(counted: impl Iterator<Item = (K, f64)>) -> Vec<(K, f64)> {
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
    counts.iter_mut().for_each(|(_, count)| *count /= taken);
    counts
}

/// Each shape's largest share of what all nodes of the catalogue have of a resource.
fn dominant_shares(catalog: &Catalog) -> Vec<f64> {
    let all = Resource::ALL.map(|resource| {
        let nodes = catalog.nodes.as_slice().iter();
        nodes
            .map(|node| node.allocatable.get(resource) as f64)
            .sum::<f64>()
    });
    let share = |shape: &Shape| {
        let shares = Resource::ALL.iter().zip(all).map(|(&resource, all)| {
            let ask = shape.requests.get(resource) as f64;
            if ask > 0.0 { ask / all } else { 0.0 }
        });
        shares.fold(0.0, f64::max)
    };
    catalog.shapes.as_slice().iter().map(share).collect()
}

/// The group of four, by size, that each shape belongs to: each cut lies between two different shares,
/// as near to its quartile of all pods as such a cut can, of two as near at the smaller.
fn groups(by_size: &[ShapeId], shares: &[f64], pods: &[f64]) -> Vec<u8> {
    let alike: Vec<&[ShapeId]> = by_size
        .chunk_by(|a, b| shares[a.index()] == shares[b.index()])
        .rev()
        .collect();
    let count = |alike: &&[ShapeId]| -> f64 { alike.iter().map(|shape| pods[shape.index()]).sum() };
    // Pods below each possible cut, from none to all.
    let mut below = vec![0.0];
    for alike in &alike {
        below.push(below[below.len() - 1] + count(alike));
    }
    let total = below[below.len() - 1];
    let cuts = [0.25, 0.5, 0.75].map(|share| {
        let off = |place: &usize| (below[*place] - share * total).abs();
        let places = 0..below.len();
        let nearest = places.min_by(|a, b| off(a).total_cmp(&off(b)));
        nearest.expect("there is a cut below everything")
    });
    let mut group = vec![0; pods.len()];
    for (place, alike) in alike.into_iter().enumerate() {
        let own = cuts.iter().filter(|&&cut| cut <= place).count();
        for shape in alike {
            group[shape.index()] = own as u8;
        }
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::catalog::NodeSpec;
    use crate::cluster::gpu::GpuModels;
    use crate::cluster::rules::Traits;
    use crate::ids::{GroupId, ZoneId};
    use crate::units::{Bytes, MilliGpu};

    /// Shapes of these thousandths of a core and MiB, on one node of 100 cores and 1000 MiB.
    fn catalog(shapes: &[(u64, u64)]) -> Catalog {
        let requests = |&(cpu, mib)| Resources::new(MilliCpu(cpu), Bytes::from_mib(mib));
        let mut catalog = Catalog {
            shapes: shapes
                .iter()
                .map(|shape| Shape {
                    requests: requests(shape),
                    ..Shape::default()
                })
                .collect(),
            ..Catalog::default()
        };
        catalog.nodes.push(NodeSpec {
            name: "n".to_owned(),
            group: GroupId(0),
            zone: ZoneId(0),
            allocatable: requests(&(100_000, 1000)),
            gpus: 0,
            gpu_model: None,
            max_pods: 110,
            price_per_hour: None,
            at_start: true,
            traits: Traits::default(),
        });
        catalog
    }

    fn weights(mix: &Mix) -> Vec<(u64, f64)> {
        let weight = |part: &Part| (part.requests.cpu.0, part.weight);
        mix.parts.iter().map(weight).collect()
    }

    #[test]
    fn shapes_are_taken_until_they_cover_95_percent() {
        // 80 + 10 = 90 of 100 pods do not suffice, 80 + 10 + 6 = 96 do; shares of the 96.
        let mix = Mix::new(
            &catalog(&[(1, 1), (2, 1), (3, 1), (4, 1)]),
            &[6.0, 80.0, 4.0, 10.0],
        );
        assert_eq!(
            weights(&mix),
            [(2, 80.0 / 96.0), (4, 10.0 / 96.0), (1, 6.0 / 96.0)]
        );
        // Mean CPU: (2 · 80 + 4 · 10 + 1 · 6)/96.
        assert_eq!(
            mix.mean[0],
            2.0 * (80.0 / 96.0) + 4.0 * (10.0 / 96.0) + 6.0 / 96.0
        );
    }

    #[test]
    fn shapes_that_ask_for_the_same_are_one() {
        let mut catalog = catalog(&[(1, 1), (1, 1), (2, 1)]);
        catalog.shapes[ShapeId(1)].priority = 7;
        let mix = Mix::new(&catalog, &[1.0, 1.0, 2.0]);
        assert_eq!(weights(&mix), [(2, 0.5), (1, 0.5)]);
    }

    #[test]
    fn the_mix_has_at_most_64_shapes() {
        let shapes: Vec<(u64, u64)> = (1..=100).map(|cpu| (cpu, 1)).collect();
        let mix = Mix::new(&catalog(&shapes), &[1.0; 100]);
        // Equal counts: the largest first.
        assert_eq!(mix.parts.len(), 64);
        assert_eq!(weights(&mix)[0], (100, 1.0 / 64.0));
    }

    #[test]
    fn typical_pods_of_fgd_do_not_differ_by_memory() {
        let mut catalog = catalog(&[(1, 1), (1, 2), (1, 1)]);
        let gpus = GpuRequest {
            count: 1,
            milli: 500,
            models: GpuModels::ANY,
        };
        catalog.shapes[ShapeId(2)].gpus = gpus;
        catalog.shapes[ShapeId(2)].requests.gpu = MilliGpu(500);
        let mix = Mix::new(&catalog, &[1.0, 1.0, 2.0]);
        let typical: Vec<_> = mix
            .typical
            .iter()
            .map(|t| (t.gpus.milli, t.weight))
            .collect();
        assert_eq!(typical, [(500, 0.5), (0, 0.5)]);
        assert_eq!(mix.parts.len(), 3);
    }

    #[test]
    fn groups_by_size_are_as_near_to_quarters_as_whole_sizes_allow() {
        // Dominant shares: 1 of 100 cores; 20 of 1,000 MiB; 50 of 100 cores.
        let catalog = catalog(&[(1000, 1), (1, 20), (50_000, 1)]);
        // Possible cuts of 100 pods: 0, 60, 90, 100. Nearest to 25: 0; to 50: 60; to 75: 60, as near as
        // 90.
        let mix = Mix::new(&catalog, &[60.0, 30.0, 10.0]);
        assert_eq!(mix.group, [1, 3, 3]);
        assert_eq!(mix.by_size, [2, 1, 0].map(ShapeId));
        assert_eq!(mix.rank, [2, 1, 0]);
        // 0, 30, 53, 100: nearest to 25 is 30, to 50 and to 75 it is 53.
        assert_eq!(Mix::new(&catalog, &[30.0, 23.0, 47.0]).group, [0, 1, 3]);
        // All of one size: the cuts at 25 and 50 lie below it, that at 75 above.
        assert_eq!(Mix::new(&catalog, &[0.0, 7.0, 0.0]).group[1], 2);
    }

    #[test]
    fn four_sizes_of_equal_numbers_are_four_quarters() {
        let mix = Mix::new(&catalog(&[(1, 20), (1, 10), (1, 40), (1, 30)]), &[5.0; 4]);
        assert_eq!(mix.group, [1, 0, 3, 2]);
    }

    #[test]
    fn a_scenario_without_pods_has_an_empty_mix() {
        let mix = Mix::new(&catalog(&[(1, 1)]), &[0.0]);
        assert!(mix.parts.is_empty() && mix.canonical().is_empty());
    }
}
