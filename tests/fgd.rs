//! The GPU policies against the published runs of "Beware of Fragmentation" (Weng et al., USENIX ATC
//! 2023): 8,152 pods of Alibaba's trace openb and clones of them, one by one, until they have asked for
//! 130 % of the GPUs, under each policy and three seeds.
//!
//! Not part of this repository: PLIMSOLL_FGD_ORDERS (pods in order of arrival and nodes in order of
//! ties) and PLIMSOLL_FGD_EXPECTED (the published curves, with `fgd_default_mean.csv` and
//! `placements_seed42` beside them), in ../shared/reference/fgd unless named; and `openb` in
//! PLIMSOLL_DATA, or in ../shared/data.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use plimsoll::cluster::Cluster;
use plimsoll::cluster::catalog::{Catalog, NodeSpec, Shape};
use plimsoll::cluster::change::Change;
use plimsoll::cluster::gpu::{GpuModels, GpuRequest, GpuSet};
use plimsoll::cluster::pod::{Outcome, Owner};
use plimsoll::cluster::rules::Traits;
use plimsoll::cluster::typical::{Typical, fragmentation};
use plimsoll::ids::{Arena, GpuModelId, GroupId, Id, JobId, NodeId, ShapeId, ZoneId};
use plimsoll::policy::View;
use plimsoll::policy::params::{Params, Value};
use plimsoll::policy::registry::{self, SCHEDULERS};
use plimsoll::policy::scheduler::{Placement, Scheduler};
use plimsoll::rng::Seed;
use plimsoll::time::Time;
use plimsoll::units::{Bytes, MilliCpu, Resources};

/// The deterministic policies: their names here and in the published tables.
const POLICIES: [(&str, &str); 5] = [
    ("fgd", "FGD"),
    ("gpu-bestfit", "BestFit"),
    ("gpu-dotprod", "DotProd"),
    ("gpu-packing", "Packing"),
    ("gpu-clustering", "Clustering"),
];

/// Where the published tables and the trace are.
struct Source {
    orders: PathBuf,
    expected: PathBuf,
    mean: PathBuf,
    placements: PathBuf,
    nodes: PathBuf,
    pods: PathBuf,
}

/// What is read of them once.
struct Input {
    source: Source,
    nodes: Vec<NodeRow>,
    pods: Vec<PodRow>,
    orders: BTreeMap<u64, Order>,
}

#[derive(Clone)]
struct NodeRow {
    name: String,
    cpu: u64,
    memory: u64,
    gpus: u8,
    model: String,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PodRow {
    cpu: u64,
    memory: u64,
    gpus: GpuRequest,
}

/// One seed.
#[derive(Default)]
struct Order {
    /// Rows of pods in order of arrival.
    pods: Vec<usize>,
    /// Rows of nodes in order of ties.
    nodes: Vec<usize>,
}

/// What came of one pod.
struct Event {
    pod: usize,
    /// Row of its node; `None`: it found none.
    node: Option<usize>,
    gpus: GpuSet,
    /// Thousandths of GPU asked for and allocated so far, and F of all nodes.
    arrived: u64,
    used: u64,
    fragmented: f64,
}

/// A point of a curve: percentages of all GPUs, and a share of the idle ones.
#[derive(Clone, Copy, Debug)]
struct Point {
    allocated: f64,
    of_cluster: f64,
    of_idle: f64,
}

/// Everything there is to compare with; without it says once, past the capture of the test runner,
/// that nothing is tested.
fn input() -> Option<&'static Input> {
    static INPUT: OnceLock<Option<Input>> = OnceLock::new();
    let input = INPUT.get_or_init(|| match Source::find() {
        Ok(source) => Some(Input::read(source)),
        Err(missing) => {
            let missing = missing.display();
            let mut stderr = std::io::stderr();
            writeln!(stderr, "skipped: fgd, there is no {missing}").unwrap();
            None
        }
    });
    input.as_ref()
}

impl Source {
    fn find() -> Result<Source, PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let from = |variable: &str, default: PathBuf| {
            std::env::var_os(variable).map_or(default, PathBuf::from)
        };
        let tables = root.join("../shared/reference/fgd");
        let expected = from(
            "PLIMSOLL_FGD_EXPECTED",
            tables.join("fgd_expected_default.csv"),
        );
        let openb = from("PLIMSOLL_DATA", root.join("../shared/data")).join("openb");
        let source = Source {
            orders: from("PLIMSOLL_FGD_ORDERS", tables.join("orders/default.txt.xz")),
            mean: expected.with_file_name("fgd_default_mean.csv"),
            placements: expected.with_file_name("placements_seed42"),
            expected,
            nodes: openb.join("openb_node_list_gpu_node.csv"),
            pods: openb.join("openb_pod_list_default.csv"),
        };
        let needed = [
            &source.orders,
            &source.expected,
            &source.mean,
            &source.placements,
            &source.nodes,
            &source.pods,
        ];
        let missing = needed.into_iter().find(|path| !path.exists());
        missing.cloned().map_or(Ok(source), Err)
    }
}

impl Input {
    fn read(source: Source) -> Input {
        let number = |field: &str| field.parse::<u64>().unwrap();
        let nodes = table(&fs::read_to_string(&source.nodes).unwrap(), |row| NodeRow {
            name: row("sn").to_owned(),
            cpu: number(row("cpu_milli")),
            memory: number(row("memory_mib")),
            gpus: row("gpu").parse().unwrap(),
            model: row("model").to_owned(),
        });
        let pods = table(&fs::read_to_string(&source.pods).unwrap(), |row| {
            let count = row("num_gpu").parse().unwrap();
            assert_eq!(
                row("gpu_spec"),
                "",
                "no pod of the default list wants a kind"
            );
            let milli = row("gpu_milli").parse().unwrap();
            PodRow {
                cpu: number(row("cpu_milli")),
                memory: number(row("memory_mib")),
                gpus: GpuRequest {
                    count,
                    milli: if count == 0 { 0 } else { milli },
                    models: GpuModels::ANY,
                },
            }
        });
        let mut orders = BTreeMap::<u64, Order>::new();
        for line in unpacked(&source.orders).lines() {
            let [seed, kind, rows] = fields(line, '\t');
            let rows: Vec<usize> = rows.split(' ').map(|row| row.parse().unwrap()).collect();
            let order = orders.entry(number(seed)).or_default();
            match kind {
                "pods" => order.pods = rows,
                "noderank" => {
                    let mut nodes: Vec<usize> = (0..rows.len()).collect();
                    nodes.sort_by_key(|&node| rows[node]);
                    order.nodes = nodes;
                }
                _ => panic!("orders of {kind}"),
            }
        }
        Input {
            source,
            nodes,
            pods,
            orders,
        }
    }

    /// Nodes in order of ties, and what pods of the list, without clones, ask for.
    fn catalog(&self, order: &Order) -> (Catalog, BTreeMap<PodRow, ShapeId>) {
        let mut models = Vec::<String>::new();
        let nodes = order.nodes.iter().map(|&row| {
            let node = &self.nodes[row];
            let known = models.iter().position(|model| *model == node.model);
            let model = known.unwrap_or_else(|| {
                models.push(node.model.clone());
                models.len() - 1
            });
            let mut allocatable = Resources::new(MilliCpu(node.cpu), Bytes::from_mib(node.memory));
            allocatable.gpu.0 = 1000 * u64::from(node.gpus);
            NodeSpec {
                name: node.name.clone(),
                group: GroupId(0),
                zone: ZoneId(0),
                allocatable,
                gpus: node.gpus,
                gpu_model: Some(GpuModelId::from_index(model)),
                max_pods: 1001,
                price_per_hour: None,
                at_start: true,
                traits: Traits::default(),
            }
        });
        let nodes: Arena<NodeId, NodeSpec> = nodes.collect();
        let mut catalog = Catalog {
            groups: ["g".to_owned()].into_iter().collect(),
            zones: [String::new()].into_iter().collect(),
            gpu_models: models.into_iter().collect(),
            nodes,
            ..Catalog::default()
        };
        let mut shapes = BTreeMap::new();
        for &pod in &self.pods {
            let shape = *shapes.entry(pod).or_insert_with(|| {
                let mut requests = Resources::new(MilliCpu(pod.cpu), Bytes::from_mib(pod.memory));
                requests.gpu = pod.gpus.total();
                catalog.pods.push(0.0);
                catalog.shapes.push(Shape {
                    requests,
                    gpus: pod.gpus,
                    ..Shape::default()
                })
            });
            catalog.pods[shape] += 1.0;
        }
        (catalog, shapes)
    }

    /// Thousandths of all GPUs.
    fn capacity(&self) -> u64 {
        let gpus = self.nodes.iter().map(|node| u64::from(node.gpus));
        1000 * gpus.sum::<u64>()
    }

    /// Lets the pods come one by one; one that fits nowhere is gone.
    fn run(&self, policy: &str, seed: u64) -> Vec<Event> {
        let order = &self.orders[&seed];
        let (catalog, shapes) = self.catalog(order);
        let typical = catalog.typical();
        let mut scheduler = scheduler(policy);
        let mut cluster = Cluster::new(Arc::new(catalog));
        for node in cluster.catalog().nodes.ids() {
            cluster.apply(Time::ZERO, Change::NodeAdded(node));
        }
        let nodes = cluster.nodes().ids();
        let mut of_node: Arena<NodeId, f64> =
            nodes.map(|node| f(&cluster, &typical, node)).collect();
        let mut fragmented: f64 = of_node.as_slice().iter().sum();
        let (mut arrived, mut used) = (0, 0);
        let seed = Seed {
            seed,
            replication: 1,
        };
        let event = |&row: &usize| {
            let asked = &self.pods[row];
            let pod = cluster.pods().next_id();
            let created = Change::PodCreated {
                pod,
                owner: Owner::Job(JobId(pod.0)),
                shape: shapes[asked],
                index: 0,
                replace: false,
            };
            cluster.apply(Time::ZERO, created);
            arrived += asked.gpus.total().0;
            let (mut node_row, mut taken) = (None, GpuSet::NONE);
            match scheduler.place(&View::new(Time::ZERO, seed, &cluster), pod) {
                Placement::Bind { node, gpus, .. } => {
                    cluster.apply(Time::ZERO, Change::PodBound { pod, node, gpus });
                    used += asked.gpus.total().0;
                    let now = f(&cluster, &typical, node);
                    fragmented += now - std::mem::replace(&mut of_node[node], now);
                    (node_row, taken) = (Some(order.nodes[node.index()]), gpus);
                }
                Placement::Wait { .. } | Placement::Preempt { .. } => {
                    let outcome = Outcome::Deleted;
                    cluster.apply(Time::ZERO, Change::PodGone { pod, outcome });
                }
            }
            Event {
                pod: row,
                node: node_row,
                gpus: taken,
                arrived,
                used,
                fragmented,
            }
        };
        order.pods.iter().map(event).collect()
    }

    /// The curve: means over the events of each whole percent of arrived load, rounded where the
    /// published program rounds.
    fn curve(&self, events: &[Event]) -> BTreeMap<u64, Point> {
        let all = self.capacity() as f64;
        let mut sums = BTreeMap::<u64, (f64, Point)>::new();
        for event in events {
            let percent = (100.0 * event.arrived as f64 / all).round_ties_even() as u64;
            let idle = all - event.used as f64;
            let zero = Point {
                allocated: 0.0,
                of_cluster: 0.0,
                of_idle: 0.0,
            };
            let (count, sum) = sums.entry(percent).or_insert((0.0, zero));
            *count += 1.0;
            sum.allocated += hundredths(100.0 * event.used as f64 / all);
            sum.of_cluster += 100.0 * event.fragmented / all;
            sum.of_idle += hundredths(100.0 * event.fragmented / idle);
        }
        let mean = |(count, sum): (f64, Point)| Point {
            allocated: hundredths(sum.allocated / count),
            of_cluster: hundredths(sum.of_cluster / count),
            of_idle: sum.of_idle / count,
        };
        let points = sums.into_iter();
        points.map(|(percent, sum)| (percent, mean(sum))).collect()
    }

    /// The published curve.
    fn published(&self, policy: &str, seed: u64) -> BTreeMap<u64, Point> {
        let text = fs::read_to_string(&self.source.expected).unwrap();
        let seed = seed.to_string();
        let rows = table(&text, |row| {
            let wanted = row("policy") == policy && row("seed") == seed;
            let number = |name| row(name).parse::<f64>().unwrap();
            wanted.then(|| {
                let point = Point {
                    allocated: number("alloc_pct"),
                    of_cluster: number("frag_pct_of_cluster"),
                    of_idle: number("frag_pct_of_idle"),
                };
                (row("arrived_pct").parse().unwrap(), point)
            })
        });
        rows.into_iter().flatten().collect()
    }
}

/// F of a node as it is.
fn f(cluster: &Cluster, typical: &[Typical], node: NodeId) -> f64 {
    let (cpu, model) = (cluster.free()[node].cpu, cluster.spec(node).gpu_model);
    fragmentation(typical, cpu, &cluster.gpus(node), model)
}

fn scheduler(policy: &str) -> Box<dyn Scheduler> {
    let entry = registry::find(SCHEDULERS, policy).expect("a registered name");
    let values = entry.params.iter();
    let values = values.map(|param| (param.name, Value::Choice(param.default.to_owned())));
    (entry.build)(&Params::new(values))
}

fn hundredths(percent: f64) -> f64 {
    (100.0 * percent).round() / 100.0
}

/// Rows of a table without quotes, each asked for its fields by name.
fn table<'a, T>(text: &'a str, read: impl Fn(&dyn Fn(&str) -> &'a str) -> T) -> Vec<T> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &'a str| {
        let fields: Vec<&str> = line.split(',').collect();
        read(&|name| fields[header.iter().position(|known| *known == name).unwrap()])
    };
    lines.map(row).collect()
}

fn fields<const N: usize>(line: &str, by: char) -> [&str; N] {
    let fields: Vec<&str> = line.split(by).collect();
    fields.try_into().unwrap()
}

fn unpacked(path: &Path) -> String {
    let mut text = Vec::new();
    lzma_rs::xz_decompress(&mut fs::read(path).unwrap().as_slice(), &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// Every point of the published curves of the policy, and the largest differences.
fn reproduces(policy: &str, published: &str) {
    let Some(input) = input() else { return };
    let (mut points, mut worst) = (0, [0.0_f64; 3]);
    for &seed in input.orders.keys() {
        let made = input.curve(&input.run(policy, seed));
        let expected = input.published(published, seed);
        assert!(expected.len() > 100, "{} points", expected.len());
        assert!(made.keys().eq(expected.keys()));
        for (percent, expected) in &expected {
            let made = &made[percent];
            let off = [
                made.allocated - expected.allocated,
                made.of_cluster - expected.of_cluster,
                made.of_idle - expected.of_idle,
            ];
            // Published with two and four digits.
            let within = [0.01, 0.01, 0.0005];
            for ((off, within), worst) in off.into_iter().zip(within).zip(&mut worst) {
                let where_ = format!("{policy}, seed {seed}, {percent} %: {made:?}, {expected:?}");
                assert!(off.abs() <= within + 1e-9, "{where_}");
                *worst = worst.max(off.abs());
            }
            points += 1;
        }
    }
    let [allocated, of_cluster, of_idle] = worst;
    println!(
        "{policy}: {points} points, off by at most {allocated:.4} (allocated), {of_cluster:.4} \
         (fragmented, of all) and {of_idle:.5} (of idle) percentage points"
    );
}

#[test]
fn fgd_reproduces_the_published_curves() {
    reproduces("fgd", "FGD");
}

#[test]
fn bestfit_reproduces_the_published_curves() {
    reproduces("gpu-bestfit", "BestFit");
}

#[test]
fn dotprod_reproduces_the_published_curves() {
    reproduces("gpu-dotprod", "DotProd");
}

#[test]
fn packing_reproduces_the_published_curves() {
    reproduces("gpu-packing", "Packing");
}

#[test]
fn clustering_reproduces_the_published_curves() {
    reproduces("gpu-clustering", "Clustering");
}

#[test]
fn random_stays_within_the_published_spread() {
    let Some(input) = input() else { return };
    let text = fs::read_to_string(&input.source.mean).unwrap();
    let published = table(&text, |row| {
        let number = |name| row(name).parse::<f64>().unwrap();
        let spread = (number("alloc_pct_mean"), number("alloc_pct_std"));
        (row("policy") == "Random").then(|| (row("arrived_pct").parse::<u64>().unwrap(), spread))
    });
    let seeds = input.orders.keys();
    let curves = seeds.map(|&seed| input.curve(&input.run("gpu-random", seed)));
    let curves: Vec<_> = curves.collect();
    for (percent, (mean, deviation)) in published.into_iter().flatten() {
        for curve in &curves {
            // Ten published runs say little of the tails: four of their standard deviations, and a
            // digit. The dice are others.
            let off = (curve[&percent].allocated - mean).abs();
            assert!(
                off <= 4.0 * deviation + 0.05,
                "{percent} %: {off} off {mean}"
            );
        }
    }
}

/// The placements of seed 42 come from an independent program that reproduces the published curves.
#[test]
fn every_pod_of_seed_42_is_placed_alike() {
    let Some(input) = input() else { return };
    for (policy, published) in POLICIES {
        let path = input.source.placements.join(format!("{published}.csv.xz"));
        let text = unpacked(&path);
        let events = input.run(policy, 42);
        assert_eq!(text.lines().count(), events.len() + 1);
        for (line, event) in text.lines().skip(1).zip(&events) {
            let [n, pod, node, gpus, arrived, used] = fields(line, ',');
            let gpus = gpus.split('|').filter(|gpu| !gpu.is_empty());
            let made = (
                event.pod,
                event.node.map_or(-1, |node| node as i64),
                event.gpus.devices().collect::<Vec<_>>(),
                event.arrived,
                event.used,
            );
            let expected = (
                pod.parse().unwrap(),
                node.parse().unwrap(),
                gpus.map(|gpu| gpu.parse().unwrap()).collect(),
                arrived.parse().unwrap(),
                used.parse().unwrap(),
            );
            assert_eq!(made, expected, "{policy}, pod {n}");
        }
    }
}
