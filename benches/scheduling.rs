//! What scheduling costs: one decision by size of the cluster, and whole traces.
//!
//! The load is that of the shared speed comparison: nodes of 32, 64 and 96 cores, pods of 42 shapes,
//! 300 to 3600 s long, arriving at the rate that asks for 70 % of all cores.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use plimsoll::cluster::Cluster;
use plimsoll::cluster::catalog::{Catalog, NodeSpec, ServiceSpec, Shape};
use plimsoll::cluster::change::Change;
use plimsoll::cluster::pod::{Outcome, Owner};
use plimsoll::cluster::rules::Traits;
use plimsoll::ids::{Arena, GroupId, Id, JobId, NodeId, PodId, ServiceId, ShapeId, ZoneId};
use plimsoll::policy::View;
use plimsoll::policy::params::{Params, Value};
use plimsoll::policy::registry::{self, SCHEDULERS};
use plimsoll::policy::scheduler::{Placement, Scheduler};
use plimsoll::rng::{self, Purpose, Seed, Stream};
use plimsoll::time::Time;
use plimsoll::units::{Bytes, MilliCpu, Resources};

const SEED: Seed = Seed {
    seed: 1,
    replication: 1,
};

/// Decisions before the measured ones, so that caches are as full as they get.
const WARM_UP: usize = 2000;

/// A cluster under load, without a runtime: pods run from their binding for as long as they last.
#[derive(Clone)]
struct Load {
    cluster: Cluster,
    /// Pods by the second they end.
    ends: BinaryHeap<Reverse<(Time, PodId)>>,
    dice: Stream,
    seconds: f64,
    pods_per_second: f64,
    /// Whether pods are replicas of services instead of jobs.
    replicas: bool,
}

impl Load {
    fn new(nodes: usize, replicas: bool) -> Load {
        let mut dice = rng::stream(SEED, Purpose::Jobs, "load", 0);
        let catalog = Arc::new(catalog(nodes, &mut dice));
        let specs = catalog.nodes.as_slice().iter();
        let cores = specs.map(|node| node.allocatable.cpu.0).sum::<u64>() as f64 / 1000.0;
        let mut cluster = Cluster::new(catalog.clone());
        for node in catalog.nodes.ids() {
            cluster.apply(Time::ZERO, Change::NodeAdded(node));
        }
        let (mean_cores, mean_seconds) = (2.625, 1950.0);
        Load {
            cluster,
            ends: BinaryHeap::new(),
            dice,
            seconds: 0.0,
            pods_per_second: 0.7 * cores / mean_cores / mean_seconds,
            replicas,
        }
    }

    /// Time passes until the next pod arrives.
    fn arrive(&mut self) -> PodId {
        let wait = -(1.0 - rng::unit(&mut self.dice)).ln() / self.pods_per_second;
        self.seconds += wait;
        while let Some(&Reverse((at, pod))) = self.ends.peek() {
            if at > self.now() {
                break;
            }
            self.ends.pop();
            let outcome = Outcome::Succeeded;
            self.cluster.apply(at, Change::PodGone { pod, outcome });
        }
        let shapes = self.cluster.catalog().shapes.len() as u64;
        let shape = ShapeId(rng::below(&mut self.dice, shapes) as u32);
        let pod = self.cluster.pods().next_id();
        let owner = match self.replicas {
            true => Owner::Service(ServiceId(shape.0)),
            false => Owner::Job(JobId(pod.0)),
        };
        let created = Change::PodCreated {
            pod,
            owner,
            shape,
            index: 0,
            replace: false,
        };
        self.cluster.apply(self.now(), created);
        pod
    }

    fn now(&self) -> Time {
        Time::from_secs_f64(self.seconds)
    }

    fn carry_out(&mut self, pod: PodId, placement: Placement) {
        let now = self.now();
        match placement {
            Placement::Bind { node, gpus, .. } => {
                self.cluster
                    .apply(now, Change::PodBound { pod, node, gpus });
                let end = self.seconds + 300.0 + 3300.0 * rng::unit(&mut self.dice);
                self.ends.push(Reverse((Time::from_secs_f64(end), pod)));
            }
            Placement::Wait { .. } | Placement::Preempt { .. } => {
                let outcome = Outcome::Deleted;
                self.cluster.apply(now, Change::PodGone { pod, outcome });
            }
        }
    }

    /// Places the next pods.
    fn run(&mut self, scheduler: &mut dyn Scheduler, pods: usize) {
        for _ in 0..pods {
            let pod = self.arrive();
            let placement = scheduler.place(&View::new(self.now(), SEED, &self.cluster), pod);
            self.carry_out(pod, placement);
        }
    }

    /// Places the next pods; the time spent on deciding.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    fn measure(&mut self, scheduler: &mut dyn Scheduler, pods: u64) -> Duration {
        let mut spent = Duration::ZERO;
        for _ in 0..pods {
            let pod = self.arrive();
            let view = View::new(self.now(), SEED, &self.cluster);
            let start = std::time::Instant::now();
            let placement = black_box(scheduler.place(&view, pod));
            spent += start.elapsed();
            self.carry_out(pod, placement);
        }
        spent
    }
}

fn catalog(nodes: usize, dice: &mut Stream) -> Catalog {
    let sizes = [(32, 128), (64, 256), (96, 192)];
    let node = |n: usize| {
        let (cores, gib) = sizes[rng::below(dice, 3) as usize];
        NodeSpec {
            name: format!("n{n}"),
            group: GroupId(0),
            zone: ZoneId(n as u32 % 3),
            allocatable: Resources::new(MilliCpu(cores * 1000), Bytes(gib * Bytes::GIB)),
            gpus: 0,
            gpu_model: None,
            max_pods: u32::MAX,
            price_per_hour: None,
            at_start: true,
            traits: Traits::default(),
        }
    };
    let nodes: Arena<NodeId, NodeSpec> = (0..nodes).map(node).collect();
    let cpus = [250, 500, 1000, 2000, 4000, 8000];
    let memories = [256, 512, 1024, 2048, 4096, 8192, 16_384];
    let pairs = cpus.iter().flat_map(|&cpu| memories.map(|mib| (cpu, mib)));
    let shapes: Arena<ShapeId, Shape> = pairs
        .map(|(cpu, mib)| Shape {
            requests: Resources::new(MilliCpu(cpu), Bytes::from_mib(mib)),
            ..Shape::default()
        })
        .collect();
    let service = |shape: ShapeId| ServiceSpec {
        name: format!("s{}", shape.index()),
        shape,
        replicas: 0,
        min_available: 0,
        slo: None,
        hpa: None,
    };
    Catalog {
        groups: ["g"].map(String::from).into_iter().collect(),
        zones: ["a", "b", "c"].map(String::from).into_iter().collect(),
        services: shapes.ids().map(service).collect(),
        nodes,
        shapes,
        ..Catalog::default()
    }
}

fn scheduler(policy: &str, search: &str) -> Box<dyn Scheduler> {
    let entry = registry::find(SCHEDULERS, policy).expect("a registered name");
    let values = entry.params.iter().map(|param| {
        let value = match param.name {
            "search" => search,
            _ => param.default,
        };
        (param.name, Value::Choice(value.to_owned()))
    });
    (entry.build)(&Params::new(values))
}

/// One decision in a cluster that has been under load for an hour. Policies without a tree look at
/// every node, but for `nomad`; of `spread`, `swarm` and `nomad` it is the placing of a replica.
fn decision(c: &mut Criterion) {
    let mut group = c.benchmark_group("scheduling decision by cluster size");
    group.sample_size(10);
    group.warm_up_time(Duration::from_millis(200));
    group.measurement_time(Duration::from_secs(2));
    let cases = [
        ("least-allocated", &["tree", "scan"][..]),
        ("most-allocated", &["tree", "scan"]),
        ("binpack", &["tree", "scan"]),
        ("first-fit", &["tree", "scan"]),
        ("best-fit", &["tree", "scan"]),
        ("worst-fit", &["tree", "scan"]),
        ("borg-stranded", &["tree", "scan"]),
        ("tetris", &["tree", "scan"]),
        ("power-of-two", &["scan"]),
        ("random", &["scan"]),
        ("spread", &["scan"]),
        ("swarm", &["scan"]),
        ("nomad", &["scan"]),
    ];
    for nodes in [100, 1000, 10_000] {
        for (policy, searches) in cases {
            let filled_by = match searches.contains(&"tree") {
                true => policy,
                false => "least-allocated",
            };
            let replicas = ["spread", "swarm", "nomad"].contains(&policy);
            let mut full = Load::new(nodes, replicas);
            let hour = (3600.0 * full.pods_per_second) as usize;
            full.run(&mut *scheduler(filled_by, "tree"), hour);
            for search in searches {
                let id = BenchmarkId::new(format!("{policy} {search}"), nodes);
                group.bench_function(id, |b| {
                    b.iter_custom(|decisions| {
                        let (mut load, mut scheduler) = (full.clone(), scheduler(policy, search));
                        load.run(&mut *scheduler, WARM_UP);
                        load.measure(&mut *scheduler, decisions)
                    });
                });
            }
        }
    }
}

/// All pods of a trace through belief and scheduler, without a runtime.
fn trace(c: &mut Criterion) {
    let mut group = c.benchmark_group("trace");
    group.sample_size(10);
    group.sampling_mode(SamplingMode::Flat);
    for (nodes, pods, search) in [
        (1000, 100_000, "tree"),
        (1000, 100_000, "scan"),
        (10_000, 1_000_000, "tree"),
    ] {
        let name = format!("least-allocated {search}, {pods} pods on {nodes} nodes");
        let empty = Load::new(nodes, false);
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut load = empty.clone();
                load.run(&mut *scheduler("least-allocated", search), pods);
                load.cluster.pods().len()
            });
        });
    }
}

criterion_group!(benches, decision, trace);
criterion_main!(benches);
