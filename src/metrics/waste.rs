//! Idle capacity that the reference mix cannot use.

use super::mix::Mix;
use crate::cluster::catalog::NodeSpec;
use crate::cluster::gpu::Gpus;
use crate::units::{Resource, Resources};

/// Idle capacity of one node that is of no use, in each resource's own unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Waste {
    /// Stranded: nothing of the mix fits because another resource is exhausted.
    pub(super) stranded: [f64; 3],
    /// Idle, and of no use to a pod of the mix: the expected value over the mix. For GPUs by FGD's
    /// definition.
    pub(super) unusable: [f64; 3],
}

/// What is left on one node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left<'a> {
    pub(super) spec: &'a NodeSpec,
    pub(super) free: Resources,
    pub(super) gpus: Gpus,
    /// How many more pods it takes.
    pub(super) pods: u32,
}

impl Waste {
    /// The waste of what is left on a node.
    pub(super) fn of(left: &Left, mix: &Mix) -> Waste {
        let idle = Resource::ALL.map(|resource| left.free.get(resource) as f64);
        let mut unfit = 0.0;
        // For each resource, whether something that asks for it would fit if only it counted.
        let mut alone = [false; 3];
        // Most nodes have room for everything: then no part of the mix needs to be looked at.
        let takes_all = left.pods > 0
            && mix.most.gpu.0 == 0
            && mix.most.cpu <= left.free.cpu
            && mix.most.memory <= left.free.memory;
        let parts = if takes_all { &[][..] } else { &mix.parts[..] };
        for part in parts {
            let gpus = part.gpus.count == 0
                || (part.gpus.models.allow(left.spec.gpu_model) && left.gpus.fit(part.gpus));
            let (ask, free) = (&part.requests, &left.free);
            alone[0] |= ask.cpu.0 > 0 && ask.cpu <= free.cpu;
            alone[1] |= ask.memory.0 > 0 && ask.memory <= free.memory;
            alone[2] |= part.gpus.count > 0 && gpus;
            if !(gpus && ask.cpu <= free.cpu && ask.memory <= free.memory && left.pods > 0) {
                unfit += part.weight;
            }
        }
        let nothing_fits = !mix.parts.is_empty() && unfit >= 1.0 - 1e-9;
        let mut waste = Waste::default();
        for (resource, idle) in idle.into_iter().enumerate() {
            waste.unusable[resource] = idle * unfit;
            if nothing_fits && alone[resource] {
                waste.stranded[resource] = idle;
            }
        }
        waste.unusable[2] = fgd(left, mix);
        waste
    }
}

/// F of a node: Σ over typical pods of frequency × GPU thousandths that the pod cannot use (Weng et
/// al., "Beware of Fragmentation", USENIX ATC 2023, §3; memory is not looked at).
fn fgd(left: &Left, mix: &Mix) -> f64 {
    let milli = left.gpus.left();
    let idle: u32 = milli.iter().map(|&left| u32::from(left)).sum();
    if idle == 0 {
        return 0.0;
    }
    let mut sum = 0.0;
    for typical in &mix.typical {
        let gpus = typical.gpus;
        let fits = gpus.count > 0
            && gpus.models.allow(left.spec.gpu_model)
            && left.gpus.fit(gpus)
            && typical.cpu <= left.free.cpu;
        let unusable = match fits {
            true => milli
                .iter()
                .filter(|&&left| left < gpus.milli)
                .map(|&left| u32::from(left))
                .sum(),
            false => idle,
        };
        sum += typical.weight * f64::from(unusable);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::catalog::{Catalog, Shape};
    use crate::cluster::gpu::{GpuModels, GpuRequest, GpuSet};
    use crate::cluster::rules::Traits;
    use crate::ids::{GpuModelId, GroupId, ZoneId};
    use crate::units::{Bytes, MilliCpu};

    fn gpus(count: u8, milli: u16) -> GpuRequest {
        GpuRequest {
            count,
            milli,
            models: GpuModels::ANY,
        }
    }

    fn spec() -> NodeSpec {
        NodeSpec {
            name: "n".to_owned(),
            group: GroupId(0),
            zone: ZoneId(0),
            allocatable: Resources::new(MilliCpu(8000), Bytes(1000)),
            gpus: 2,
            gpu_model: Some(GpuModelId(0)),
            max_pods: 110,
            price_per_hour: None,
            at_start: true,
            traits: Traits::default(),
        }
    }

    /// The mix of pods of (weight, cpu, memory, GPUs).
    fn mix(pods: &[(f64, u64, u64, GpuRequest)]) -> Mix {
        let mut catalog = Catalog::default();
        let mut weights = Vec::new();
        for &(weight, cpu, memory, gpus) in pods {
            let mut requests = Resources::new(MilliCpu(cpu), Bytes(memory));
            requests.gpu = gpus.total();
            catalog.shapes.push(Shape {
                requests,
                gpus,
                ..Shape::default()
            });
            weights.push(weight);
        }
        Mix::new(&catalog, &weights)
    }

    fn waste(cpu: u64, memory: u64, left: Gpus, mix: &Mix) -> Waste {
        let mut free = Resources::new(MilliCpu(cpu), Bytes(memory));
        free.gpu.0 = left.left().iter().map(|&left| u64::from(left)).sum();
        Waste::of(
            &Left {
                spec: &spec(),
                free,
                gpus: left,
                pods: 1,
            },
            mix,
        )
    }

    #[test]
    fn memory_is_stranded_where_cpu_is_exhausted() {
        let mix = mix(&[(1.0, 2000, 100, gpus(0, 0)), (1.0, 1000, 900, gpus(0, 0))]);
        let none = Gpus::new(0);
        // 500 m of CPU suffice for neither: the 200 bytes that would hold the first are stranded;
        // the CPU itself is too little for any, so it is not.
        assert_eq!(waste(500, 200, none, &mix).stranded, [0.0, 200.0, 0.0]);
        // With 2,000 m the first fits: nothing is stranded.
        assert_eq!(waste(2000, 200, none, &mix).stranded, [0.0; 3]);
        // 50 bytes and 500 m are too little for any: rest, not stranded.
        assert_eq!(waste(500, 50, none, &mix).stranded, [0.0; 3]);
    }

    #[test]
    fn idle_capacity_is_weighed_by_the_share_of_pods_that_cannot_use_it() {
        let mix = mix(&[(3.0, 2000, 100, gpus(0, 0)), (1.0, 1000, 900, gpus(0, 0))]);
        // 3 of 4 pods fit on (2,000 m, 200 bytes); for the fourth all of it is of no use.
        let waste = waste(2000, 200, Gpus::new(0), &mix);
        assert_eq!(waste.unusable, [500.0, 50.0, 0.0]);
    }

    #[test]
    fn a_full_list_of_pods_strands_everything() {
        let mix = mix(&[(1.0, 1000, 100, gpus(0, 0))]);
        let free = Resources::new(MilliCpu(4000), Bytes(500));
        let left = Left {
            spec: &spec(),
            free,
            gpus: Gpus::new(0),
            pods: 0,
        };
        assert_eq!(Waste::of(&left, &mix).stranded, [4000.0, 500.0, 0.0]);
    }

    #[test]
    fn fragmentation_of_gpus_is_that_of_the_paper() {
        // Two GPUs with 1,000 and 300 thousandths left, 4 cores left. Typical pods, each 1/4:
        // CPU only: all idle, 1,300; one GPU of 500: the other has too little, 300; two whole
        // GPUs: 1,300; one GPU of 200 with 6 cores: CPU does not suffice, 1,300.
        let mut left = Gpus::new(2);
        left.take(GpuSet::NONE.with(1), 700);
        let mix = mix(&[
            (1.0, 1000, 0, gpus(0, 0)),
            (1.0, 1000, 0, gpus(1, 500)),
            (1.0, 1000, 0, gpus(2, 1000)),
            (1.0, 6000, 0, gpus(1, 200)),
        ]);
        let waste = waste(4000, 1000, left, &mix);
        assert_eq!(waste.unusable[2], (1300.0 + 300.0 + 1300.0 + 1300.0) / 4.0);
    }

    #[test]
    fn a_gpu_of_the_wrong_kind_is_of_no_use() {
        let only = GpuModels::ANY.with(GpuModelId(5));
        let mix = mix(&[(
            1.0,
            1000,
            0,
            GpuRequest {
                count: 1,
                milli: 500,
                models: only,
            },
        )]);
        assert_eq!(waste(4000, 1000, Gpus::new(2), &mix).unusable[2], 2000.0);
    }
}
