//! All policies by name. Adding one is one file and one line here.

use super::autoscaler::{self, Autoscaler};
use super::healer::{self, Healer};
use super::params::{Param, Params};
use super::scheduler::{self, Scheduler};

/// A policy that can be chosen by name.
pub struct Entry<P: ?Sized> {
    /// The name in scenario files.
    pub name: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// Where its rules come from.
    pub source: &'static str,
    /// What can be set.
    pub params: &'static [Param],
    /// Whether two seeds can make it decide differently in one and the same world. A property holds
    /// the schedulers to it.
    pub dice: fn(&Params) -> bool,
    /// Makes one.
    pub build: fn(&Params) -> Box<P>,
}

/// A policy chosen by name, with all its parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// A name of the registry.
    pub name: &'static str,
    /// A value for every declared parameter.
    pub params: Params,
}

/// The policies of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// One of [`SCHEDULERS`].
    pub scheduler: Named,
    /// One of [`AUTOSCALERS`].
    pub autoscaler: Named,
    /// One of [`HEALERS`].
    pub healer: Named,
}

impl Choice {
    /// Whether both decide alike by definition: the registry has some policies under two names.
    pub fn is_alike(&self, other: &Choice) -> bool {
        is_one(&self.scheduler, &other.scheduler, SCHEDULERS)
            && is_one(&self.autoscaler, &other.autoscaler, AUTOSCALERS)
            && is_one(&self.healer, &other.healer, HEALERS)
    }
}

fn is_one<P: ?Sized>(a: &Named, b: &Named, entries: &[Entry<P>]) -> bool {
    let build = |one: &Named| {
        let entry = entries.iter().find(|entry| entry.name == one.name);
        entry.map(|entry| entry.build)
    };
    let one_builder = || match (build(a), build(b)) {
        (Some(one), Some(other)) => std::ptr::fn_addr_eq(one, other),
        (None, _) | (_, None) => false,
    };
    a.params == b.params && (a.name == b.name || one_builder())
}

/// Where the rules of the kube schedulers come from.
const KUBE_1_34: &str = "kube-scheduler v1.34.1, default profile";

/// All schedulers, by name.
pub const SCHEDULERS: &[Entry<dyn Scheduler>] = &[
    Entry {
        name: "least-allocated",
        summary: "the node left with the largest share of its resources",
        source: "Kubernetes NodeResourcesFit, scoringStrategy LeastAllocated (v1.34)",
        params: &[scheduler::best::SEARCH, scheduler::best::RESOURCES],
        dice: never,
        build: |params| {
            Box::new(scheduler::least_allocated::LeastAllocated::scheduler(
                params,
            ))
        },
    },
    Entry {
        name: "most-allocated",
        summary: "the node left with the smallest share of its resources",
        source: "Kubernetes NodeResourcesFit, scoringStrategy MostAllocated (v1.34)",
        params: &[scheduler::best::SEARCH, scheduler::best::RESOURCES],
        dice: never,
        build: |params| Box::new(scheduler::most_allocated::MostAllocated::scheduler(params)),
    },
    Entry {
        name: "binpack",
        summary: "most-allocated, and of nodes with the same score the fuller one",
        source: "Kubernetes NodeResourcesFit, scoringStrategy MostAllocated (v1.34), and best fit",
        params: &[scheduler::best::SEARCH, scheduler::best::RESOURCES],
        dice: never,
        build: |params| Box::new(scheduler::binpack::Binpack::scheduler(params)),
    },
    Entry {
        name: "spread",
        summary: "replicas of a service apart: over zones, then over nodes, then least-allocated",
        source: "the idea of Kubernetes PodTopologySpread over zones and hosts, as a strict order",
        params: &[scheduler::spread::SEARCH, scheduler::best::RESOURCES],
        dice: never,
        build: |params| Box::new(scheduler::spread::Spread::new(params)),
    },
    Entry {
        name: "first-fit",
        summary: "the first node, in the order of the scenario, on which the pod fits",
        source: "the textbook baseline of bin packing",
        params: &[scheduler::best::SEARCH],
        dice: never,
        build: |params| Box::new(scheduler::first_fit::FirstFit::scheduler(params)),
    },
    Entry {
        name: "best-fit",
        summary: "the node on which the least would be left, as an amount",
        source: "the textbook rule of bin packing, over several resources as in Weng et al., \
                 \"Beware of Fragmentation\" (USENIX ATC 2023)",
        params: &[scheduler::best::SEARCH],
        dice: never,
        build: |params| Box::new(scheduler::best_fit::BestFit::scheduler(params)),
    },
    Entry {
        name: "worst-fit",
        summary: "the node on which the most would be left, as an amount",
        source: "the textbook rule; Verma et al., \"Large-scale cluster management at Google with \
                 Borg\" (EuroSys 2015), section 3.2",
        params: &[scheduler::best::SEARCH],
        dice: never,
        build: |params| Box::new(scheduler::worst_fit::WorstFit::scheduler(params)),
    },
    Entry {
        name: "borg-stranded",
        summary: "the node on which the pod strands the least, then best-fit",
        source: "the aim of Verma et al., \"Large-scale cluster management at Google with Borg\" \
                 (EuroSys 2015), section 3.2; the formula is plimsoll's, for the paper gives none",
        params: &[scheduler::best::SEARCH],
        dice: never,
        build: |params| Box::new(scheduler::borg_stranded::BorgStranded::scheduler(params)),
    },
    Entry {
        name: "tetris",
        summary: "the node whose free resources point the way the pod's requests do",
        source: "the alignment score of Grandl et al., \"Multi-resource Packing for Cluster \
                 Schedulers\" (SIGCOMM 2014)",
        params: &[scheduler::best::SEARCH],
        dice: never,
        build: |params| Box::new(scheduler::tetris::Tetris::scheduler(params)),
    },
    Entry {
        name: "power-of-two",
        summary: "two nodes by lot, and of them the one left with the larger share",
        source: "Mitzenmacher, \"The Power of Two Choices in Randomized Load Balancing\" (IEEE TPDS \
                 2001)",
        params: &[scheduler::best::RESOURCES],
        dice: always,
        build: |params| Box::new(scheduler::power_of_two::PowerOfTwo::new(params)),
    },
    Entry {
        name: "fgd",
        summary: "the node and the GPU where the pod fragments the GPUs least",
        source: "Weng et al., \"Beware of Fragmentation\" (USENIX ATC 2023), and the authors' simulator",
        params: &[scheduler::best::SEARCH],
        dice: never,
        build: |params| Box::new(scheduler::fgd::Fgd::scheduler(params)),
    },
    Entry {
        name: "gpu-bestfit",
        summary: "the node on which the least CPU and GPU would be left",
        source: "the baseline BestFit of Weng et al., \"Beware of Fragmentation\" (USENIX ATC 2023)",
        params: &[scheduler::best::SEARCH],
        dice: never,
        build: |params| Box::new(scheduler::gpu_bestfit::GpuBestFit::scheduler(params)),
    },
    Entry {
        name: "gpu-dotprod",
        summary: "the node where free and requested CPU and GPU are least in line",
        source: "the baseline DotProd of Weng et al., \"Beware of Fragmentation\" (USENIX ATC 2023)",
        params: &[scheduler::best::SEARCH],
        dice: never,
        build: |params| Box::new(scheduler::gpu_dotprod::GpuDotProd::scheduler(params)),
    },
    Entry {
        name: "gpu-packing",
        summary: "GPUs in use before free ones, and those before free nodes",
        source: "the baseline Packing of Weng et al., \"Beware of Fragmentation\" (USENIX ATC 2023)",
        params: &[scheduler::best::SEARCH],
        dice: never,
        build: |params| Box::new(scheduler::gpu_packing::GpuPacking::scheduler(params)),
    },
    Entry {
        name: "gpu-clustering",
        summary: "pods that ask for as many GPUs together",
        source: "the baseline Clustering of Weng et al., \"Beware of Fragmentation\" (USENIX ATC 2023)",
        params: &[scheduler::best::SEARCH],
        dice: never,
        build: |params| Box::new(scheduler::gpu_clustering::GpuClustering::scheduler(params)),
    },
    Entry {
        name: "gpu-random",
        summary: "any node on which the pod fits, and of its GPUs any",
        source: "the baseline Random of Weng et al., \"Beware of Fragmentation\" (USENIX ATC 2023)",
        params: &[],
        dice: always,
        build: |_| Box::new(scheduler::gpu_random::GpuRandom::default()),
    },
    Entry {
        name: "swarm",
        summary: "as Docker Swarm: the fewest pods of the service, then the fewest pods; nodes on \
                  which the service keeps failing last",
        source: "Docker Swarm (swarmkit v2, manager/scheduler)",
        params: &[scheduler::swarm::PREFERENCES],
        dice: never,
        build: |params| Box::new(scheduler::swarm::Swarm::new(params)),
    },
    Entry {
        name: "nomad",
        summary: "as Nomad: of a few shuffled nodes the best fit, replicas apart",
        source: "HashiCorp Nomad's generic scheduler (2026, scheduler/feasible)",
        params: &[
            scheduler::nomad::ALGORITHM,
            scheduler::nomad::ANTI_AFFINITY,
            scheduler::nomad::CANDIDATES,
        ],
        dice: always,
        build: |params| Box::new(scheduler::nomad::Nomad::new(params)),
    },
    Entry {
        name: "kube",
        summary: "as kube-scheduler, whose newest version here is 1.34: its filters, scores and \
                  preemption",
        source: KUBE_1_34,
        params: scheduler::kube::params::KUBE,
        dice: scheduler::kube::params::ties_by_lot,
        build: scheduler::kube::params::kube,
    },
    Entry {
        name: "kube-1.34",
        summary: "as kube-scheduler 1.34, whatever version `kube` will be",
        source: KUBE_1_34,
        params: scheduler::kube::params::KUBE,
        dice: scheduler::kube::params::ties_by_lot,
        build: scheduler::kube::params::kube,
    },
    Entry {
        name: "kube-binpack",
        summary: "as kube, but full nodes first (MostAllocated); all else equal",
        source: KUBE_1_34,
        params: scheduler::kube::params::BINPACK,
        dice: scheduler::kube::params::ties_by_lot,
        build: scheduler::kube::params::kube_binpack,
    },
    Entry {
        name: "random",
        summary: "any node on which the pod fits, all with the same probability",
        source: "the baseline that shows what choosing is worth",
        params: &[],
        dice: always,
        build: |_| Box::new(scheduler::random::Random::default()),
    },
];

/// The schedulers that obey all of [`Rules`](crate::cluster::rules::Rules), and budgets; the others look
/// at room alone.
pub const OBEDIENT: [&str; 3] = ["kube", "kube-1.34", "kube-binpack"];

/// All autoscalers, by name.
pub const AUTOSCALERS: &[Entry<dyn Autoscaler>] = &[
    Entry {
        name: "fixed",
        summary: "replicas stay as the scenario gives them",
        source: "a Deployment without an autoscaler",
        params: &[],
        dice: never,
        build: |_| Box::new(autoscaler::Fixed),
    },
    Entry {
        name: "hpa",
        summary: "replicas follow the use of CPU, at once up and after five minutes down",
        source: "Kubernetes' HorizontalPodAutoscaler (v1.34)",
        params: autoscaler::hpa::params::ALL,
        // A rollout throws a die between pods of which one must go.
        dice: always,
        build: |params| Box::new(autoscaler::hpa::Hpa::new(params)),
    },
];

/// All healers, by name.
pub const HEALERS: &[Entry<dyn Healer>] = &[
    Entry {
        name: "none",
        summary: "dead containers stay dead, dead nodes go unnoticed",
        source: "the baseline that shows what healing is worth",
        params: &[],
        dice: never,
        build: |_| Box::new(healer::NoHealer),
    },
    Entry {
        name: "restart",
        summary: "dead containers are restarted with growing delays, dead nodes go unnoticed",
        source: "Kubernetes' kubelet (v1.34)",
        params: &[
            healer::restart::BACKOFF,
            healer::restart::BACKOFF_MAX,
            healer::restart::BACKOFF_RESET,
        ],
        dice: never,
        build: |params| Box::new(healer::restart::Restart::new(params)),
    },
    Entry {
        name: "kubernetes",
        summary: "as restart, and the pods of dead nodes are replaced elsewhere",
        source: "Kubernetes' kubelet, node lifecycle and taint eviction controllers (v1.34)",
        params: &[
            healer::restart::BACKOFF,
            healer::restart::BACKOFF_MAX,
            healer::restart::BACKOFF_RESET,
            healer::lifecycle::MONITOR_PERIOD,
            healer::lifecycle::GRACE_PERIOD,
            healer::lifecycle::EVICTION_RATE,
            healer::lifecycle::SECONDARY_RATE,
            healer::lifecycle::LARGE_ZONE,
            healer::lifecycle::UNHEALTHY_SHARE,
            healer::lifecycle::TOLERATION,
        ],
        dice: never,
        build: |params| Box::new(healer::kubernetes::Kubernetes::new(params)),
    },
];

/// Whether two seeds can make these policies decide differently in one and the same world. `scaled`:
/// whether any service may change its size, for an autoscaler does nothing about the others.
pub fn throws_dice(choice: &Choice, scaled: bool) -> bool {
    throws(SCHEDULERS, &choice.scheduler)
        || scaled && throws(AUTOSCALERS, &choice.autoscaler)
        || throws(HEALERS, &choice.healer)
}

fn throws<P: ?Sized>(entries: &'static [Entry<P>], named: &Named) -> bool {
    let entry = find(entries, named.name).expect("a chosen policy is registered");
    (entry.dice)(&named.params)
}

const fn never(_: &Params) -> bool {
    false
}

const fn always(_: &Params) -> bool {
    true
}

/// The entry of that name.
pub fn find<P: ?Sized>(entries: &'static [Entry<P>], name: &str) -> Option<&'static Entry<P>> {
    entries.iter().find(|entry| entry.name == name)
}

/// The policy of that name. Panics on a name that is not in the list: a [`Named`] is valid by
/// construction.
pub fn build<P: ?Sized>(entries: &'static [Entry<P>], named: &Named) -> Box<P> {
    let entry = find(entries, named.name).expect("a chosen policy is registered");
    (entry.build)(&named.params)
}
