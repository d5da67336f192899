//! How many pods a second the `kube` scheduler places when it scores all nodes, beside its plain
//! reference, which must place the same pods on the same nodes.
//!
//! Nodes of 32, 64 and 96 cores in three zones; pods last 300 to 3600 s and arrive at the rate that
//! asks for 70 % of all cores. What is measured begins when as many pods leave as come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Duration;

use plimsoll::cluster::Cluster;
use plimsoll::cluster::catalog::{Catalog, NodeSpec, Shape};
use plimsoll::cluster::change::Change;
use plimsoll::cluster::labels::{Labels, Selector};
use plimsoll::cluster::pod::{Outcome, Owner};
use plimsoll::cluster::rules::{PodTerm, Rules, SpreadConstraint, Traits, well_known};
use plimsoll::ids::{
    Arena, GroupId, Id, JobId, KeyId, NamespaceId, NodeId, PodId, RulesId, ShapeId, ValueId, ZoneId,
};
use plimsoll::policy::View;
use plimsoll::policy::queue::Waking;
use plimsoll::policy::scheduler::kube::fast::Fast;
use plimsoll::policy::scheduler::kube::plain::Plain;
use plimsoll::policy::scheduler::kube::profile::Profile;
use plimsoll::policy::scheduler::{Placement, Scheduler};
use plimsoll::rng::{self, Purpose, Seed, Stream};
use plimsoll::time::Time;
use plimsoll::units::{Bytes, MilliCpu, Resources};

const SEED: Seed = Seed {
    seed: 1,
    replication: 1,
};

/// Slices of a measurement, of which the median is told.
const SLICES: usize = 9;

/// A row of the table.
struct Row {
    pods: Pods,
    nodes: usize,
    /// Pods in one slice.
    slice: usize,
    /// Pods that the reference places too.
    reference: usize,
}

/// What pods are like.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pods {
    /// Of 42 shapes.
    Alike,
    /// No two ask for the same.
    Different,
    /// Of 200 services, whose pods keep off each other's nodes and spread evenly over the zones, both
    /// required.
    Apart,
    /// Of 200 services that spread over nodes and zones where possible, as any service does.
    Services,
}

/// A cluster under load, without a runtime: pods run from their binding for as long as they last.
#[derive(Clone)]
struct Load {
    cluster: Cluster,
    /// Pods by the time they end.
    ends: BinaryHeap<Reverse<(Time, PodId)>>,
    dice: Stream,
    seconds: f64,
    pods_per_second: f64,
    pods: Pods,
}

fn main() {
    let row = |pods, nodes, slice, reference| Row {
        pods,
        nodes,
        slice,
        reference,
    };
    println!(
        "pods                  nodes   pods/s (of {SLICES} slices: median, least, most)  with belief    plain   times"
    );
    for row in [
        row(Pods::Alike, 1000, 40_000, 2000),
        row(Pods::Alike, 5000, 40_000, 400),
        row(Pods::Alike, 50_000, 20_000, 20),
        row(Pods::Different, 5000, 10_000, 400),
        row(Pods::Apart, 5000, 10_000, 200),
        row(Pods::Services, 5000, 10_000, 200),
    ] {
        if std::env::args()
            .nth(1)
            .is_none_or(|only| format!("{:?}", row.pods).contains(&only) || only.starts_with("--"))
        {
            row.measure();
        }
    }
}

impl Row {
    fn measure(&self) {
        let profile = Profile {
            percentage_of_nodes_to_score: 100,
            ..Profile::kube_1_34()
        };
        let mut fast = Fast::new(profile.clone(), Waking::Room);
        let mut plain = Plain {
            profile,
            waking: Waking::Room,
        };
        let mut load = Load::new(self.pods, self.nodes);
        let half_an_hour = (2400.0 * load.pods_per_second) as usize;
        load.run(&mut fast, half_an_hour);
        let slice = |_| {
            let mut again = load.clone();
            let (placements, everything) = load.run(&mut fast, self.slice);
            let belief = again.repeat(&placements);
            let per_second = |time: Duration| self.slice as f64 / time.as_secs_f64();
            (
                per_second(everything.saturating_sub(belief)),
                per_second(everything),
            )
        };
        let (mut deciding, mut all): (Vec<f64>, Vec<f64>) = (0..SLICES).map(slice).unzip();
        deciding.sort_by(f64::total_cmp);
        all.sort_by(f64::total_cmp);
        let reference = load.compare(&mut fast, &mut plain, self.reference);
        let (least, median, most) = (deciding[0], deciding[SLICES / 2], deciding[SLICES - 1]);
        println!(
            "{:<20} {:>6}   {median:>10.0} {least:>10.0} {most:>10.0}               {:>12.0} {reference:>8.0} {:>7.0}",
            format!("{:?}", self.pods),
            self.nodes,
            all[SLICES / 2],
            median / reference,
        );
    }
}

impl Load {
    fn new(pods: Pods, nodes: usize) -> Load {
        let mut dice = rng::stream(SEED, Purpose::Jobs, "load", 0);
        let catalog = Arc::new(catalog(pods, nodes, &mut dice));
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
            pods,
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
        let pod = self.cluster.pods().next_id();
        let shapes = self.cluster.catalog().shapes.len() as u64;
        let shape = match self.pods {
            Pods::Different => u64::from(pod.0) % shapes,
            Pods::Alike | Pods::Apart | Pods::Services => rng::below(&mut self.dice, shapes),
        };
        let created = Change::PodCreated {
            pod,
            owner: Owner::Job(JobId(pod.0)),
            shape: ShapeId(shape as u32),
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
        let remember = placement.remember();
        match placement {
            Placement::Bind { node, gpus, .. } => {
                let bound = Change::PodBound { pod, node, gpus };
                self.cluster.apply(now, bound);
                let end = self.seconds + 300.0 + 3300.0 * rng::unit(&mut self.dice);
                self.ends.push(Reverse((Time::from_secs_f64(end), pod)));
            }
            Placement::Wait { .. } | Placement::Preempt { .. } => {
                let outcome = Outcome::Deleted;
                self.cluster.apply(now, Change::PodGone { pod, outcome });
            }
        }
        if let Some((slot, value)) = remember {
            self.cluster.apply(now, Change::Remembered { slot, value });
        }
    }

    /// Places the next pods: where, and the time it took.
    fn run(&mut self, scheduler: &mut dyn Scheduler, pods: usize) -> (Vec<Placement>, Duration) {
        let mut placements = Vec::with_capacity(pods);
        let begin = cpu_time();
        for _ in 0..pods {
            let pod = self.arrive();
            let placement = scheduler.place(&View::new(self.now(), SEED, &self.cluster), pod);
            self.carry_out(pod, placement.clone());
            placements.push(placement);
        }
        (placements, cpu_time() - begin)
    }

    /// Places the next pods where they were placed: the time all but the decisions takes.
    fn repeat(&mut self, placements: &[Placement]) -> Duration {
        let begin = cpu_time();
        for placement in placements {
            let pod = self.arrive();
            self.carry_out(pod, placement.clone());
        }
        cpu_time() - begin
    }

    /// How many pods the reference places in a second. Both must decide alike.
    fn compare(&mut self, fast: &mut Fast, plain: &mut Plain, pods: usize) -> f64 {
        let mut spent = Duration::ZERO;
        for _ in 0..pods {
            let pod = self.arrive();
            let view = View::new(self.now(), SEED, &self.cluster);
            let start = cpu_time();
            let expected = plain.place(&view, pod);
            spent += cpu_time() - start;
            let placement = fast.place(&view, pod);
            assert_eq!(placement, expected, "the reference decides otherwise");
            self.carry_out(pod, placement);
        }
        pods as f64 / spent.as_secs_f64()
    }
}

/// CPU time of this process, so that others on the machine matter less.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Time since an arbitrary moment.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn cpu_time() -> Duration {
    static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(std::time::Instant::now).elapsed()
}

/// The label of a service's pods.
const APP: KeyId = KeyId(100);

fn catalog(pods: Pods, nodes: usize, dice: &mut Stream) -> Catalog {
    let sizes = [(32, 128), (64, 256), (96, 192)];
    let node = |n: usize| {
        let (cores, gib) = sizes[rng::below(dice, 3) as usize];
        let zone = n as u32 % 3;
        let labels = [
            (well_known::ZONE, ValueId(1 + zone)),
            (well_known::HOSTNAME, ValueId(1000 + n as u32)),
        ];
        NodeSpec {
            name: format!("node-{n:05}"),
            group: GroupId(0),
            zone: ZoneId(zone),
            allocatable: Resources::new(MilliCpu(cores * 1000), Bytes(gib * Bytes::GIB)),
            gpus: 0,
            gpu_model: None,
            max_pods: 110,
            price_per_hour: None,
            at_start: true,
            traits: Traits {
                labels: labels.into_iter().collect(),
                ..Traits::default()
            },
        }
    };
    let nodes: Arena<NodeId, NodeSpec> = (0..nodes).map(node).collect();
    let cpus = [250, 500, 1000, 2000, 4000, 8000];
    let memories = [256, 512, 1024, 2048, 4096, 8192, 16_384];
    let pairs: Vec<(u64, u64)> = cpus
        .iter()
        .flat_map(|&cpu| memories.map(|mib| (cpu, mib)))
        .collect();
    let plain = |(cpu, mib): (u64, u64)| Shape {
        requests: Resources::new(MilliCpu(cpu), Bytes::from_mib(mib)),
        ..Shape::default()
    };
    let of_service = |service: usize| Shape {
        rules: RulesId::from_index(1 + service),
        ..plain(pairs[service * 5 % pairs.len()])
    };
    let different = |n: u64| {
        let (cpu, mib) = pairs[rng::below(dice, 42) as usize];
        Shape {
            requests: Resources::new(MilliCpu(cpu + n % 83), Bytes(mib * Bytes::MIB + n * 4096)),
            ..Shape::default()
        }
    };
    let none = std::iter::once(Rules::default());
    let (shapes, rules): (Arena<ShapeId, Shape>, Arena<RulesId, Rules>) = match pods {
        Pods::Alike => (pairs.iter().copied().map(plain).collect(), none.collect()),
        Pods::Different => ((0..400_000).map(different).collect(), none.collect()),
        Pods::Apart | Pods::Services => {
            let rules = (0..200).map(|service| rules(pods, service));
            let rules = none.chain(rules).collect();
            ((0..200).map(of_service).collect(), rules)
        }
    };
    Catalog {
        groups: ["g"].map(String::from).into_iter().collect(),
        zones: ["a", "b", "c"].map(String::from).into_iter().collect(),
        nodes,
        shapes,
        rules,
        ..Catalog::default()
    }
}

/// The rules of a service's pods.
fn rules(pods: Pods, service: u32) -> Rules {
    let labels: Labels = std::iter::once((APP, ValueId(100 + service))).collect();
    let selector: Selector = labels.selector();
    let mut rules = Rules {
        labels,
        ..Rules::default()
    };
    if pods == Pods::Services {
        rules.default_selector = Some(selector);
        return rules;
    }
    rules.anti_affinity.required = vec![PodTerm {
        selector: Some(selector.clone()),
        namespaces: vec![NamespaceId(0)],
        topology_key: well_known::HOSTNAME,
    }];
    rules.spread = vec![SpreadConstraint {
        max_skew: 1,
        topology_key: well_known::ZONE,
        required: true,
        selector: Some(selector),
        min_domains: None,
        honor_affinity: true,
        honor_taints: false,
    }];
    rules
}
