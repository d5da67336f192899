//! What whole runs cost: from a scenario that is read to everything it measured, in one thread.
//!
//!     cargo bench --bench whole_runs
//!     PLIMSOLL_BENCH_LARGE=1 cargo bench --bench whole_runs -- "run tree, 1000000"
//!
//! The traces are made up in memory, and read like any other. Nodes: 32 cores and 128 GiB, 64 and
//! 256, or 96 and 192, all equally likely. Pods: CPU from 0.25 to 8 cores and memory from 0.25 to
//! 16 GiB in powers of two, 300 to 3600 s long, each of them uniform, arriving as a Poisson process
//! at the rate that asks for 70 % of all cores.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use plimsoll::import::folder::Existing;
use plimsoll::import::openb;
use plimsoll::import::openb::options::{Fill, Mode, Options, Share};
use plimsoll::metrics::fold;
use plimsoll::metrics::measured::Measured;
use plimsoll::rng::{self, Purpose, Seed, Stream};
use plimsoll::run;
use plimsoll::scenario::policies::PolicyKind;
use plimsoll::scenario::{self, Scenario};

const SEED: Seed = Seed {
    seed: 1,
    replication: 1,
};

/// Set to run 1,000,000 pods on 10,000 nodes too: minutes, and a gigabyte of memory.
const LARGE: &str = "PLIMSOLL_BENCH_LARGE";

/// Share of all cores that the pods of a trace ask for.
const LOAD: f64 = 0.7;

/// The two files of a trace.
struct Trace {
    nodes: String,
    pods: String,
    last_arrival: f64,
}

impl Trace {
    fn new(nodes: usize, pods: usize) -> Trace {
        let mut dice = rng::stream(SEED, Purpose::Jobs, "trace", 0);
        let (nodes, cores) = machines(nodes, &mut dice);
        let mut table = "name,arrival_s,duration_s,cpu_milli,memory_mib\n".to_owned();
        // Cores: (0.25 + 0.5 + 1 + 2 + 4 + 8) / 6. Seconds: (300 + 3600) / 2.
        let (mean_cores, mean_seconds) = (2.625, 1950.0);
        let pods_per_second = LOAD * cores as f64 / mean_cores / mean_seconds;
        let mut arrival = 0.0;
        for pod in 0..pods {
            arrival -= (1.0 - rng::unit(&mut dice)).ln() / pods_per_second;
            let duration = 300.0 + 3300.0 * rng::unit(&mut dice);
            let cpu = 250 << rng::below(&mut dice, 6);
            let memory = 256 << rng::below(&mut dice, 7);
            writeln!(table, "p{pod},{arrival:.3},{duration:.3},{cpu},{memory}")
                .expect("memory can be written");
        }
        Trace {
            nodes,
            pods: table,
            last_arrival: arrival,
        }
    }

    /// Reads the trace: it runs until its last pod is done, or could be.
    fn scenario(&self, search: &str) -> Scenario {
        let text = format!(
            "name = \"trace\"\n\
             duration = \"{}s\"\n\
             policy = {{ scheduler = {{ least-allocated = {{ search = \"{search}\" }} }} }}\n\
             trace = {{ nodes = \"nodes.csv\", pods = \"pods.csv\" }}\n",
            self.last_arrival as u64 + 3601
        );
        let read = |path: &Path| match path.to_str() {
            Some("nodes.csv") => Ok(self.nodes.clone().into_bytes()),
            Some("pods.csv") => Ok(self.pods.clone().into_bytes()),
            _ => panic!("{} is not named", path.display()),
        };
        let loaded = scenario::parse(Path::new("trace.toml"), &text, &read);
        loaded.expect("the recipe is valid").scenario
    }
}

/// A table of nodes, and the cores they have together.
fn machines(count: usize, dice: &mut Stream) -> (String, u64) {
    let sizes = [(32, 128), (64, 256), (96, 192)];
    let mut table = "name,cpu_milli,memory_mib\n".to_owned();
    let mut sum = 0;
    for node in 0..count {
        let (cores, gib) = sizes[rng::below(dice, 3) as usize];
        sum += cores;
        writeln!(table, "n{node},{},{}", cores * 1000, gib * 1024).expect("memory can be written");
    }
    (table, sum)
}

fn simulate(scenario: &Scenario) -> Measured {
    let watch = &mut |_| ControlFlow::Continue(());
    run::simulate(scenario, SEED, fold::Options::default(), watch).expect("nobody ends the run")
}

/// A shipped scenario: one simulated day.
fn shipped(c: &mut Criterion) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/web-shop.toml");
    let web_shop = scenario::load(&path).expect("a shipped scenario is valid");
    let mut group = c.benchmark_group("shipped");
    group.sample_size(20);
    group.measurement_time(Duration::from_secs(3));
    group.bench_function("web-shop, run", |b| b.iter(|| simulate(&web_shop.scenario)));
    group.finish();
}

/// The experiment of the FGD paper: openb's GPU nodes, pods until they have asked for 130 % of the
/// GPUs. The lists are optional: `openb/` in the folder named by PLIMSOLL_DATA, or in ../shared/data.
fn fgd(c: &mut Criterion) {
    let data = std::env::var_os("PLIMSOLL_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let lists = data.join("openb");
    if !lists.is_dir() {
        println!("skipped: fgd, no folder {}", lists.display());
        return;
    }
    let folder = std::env::temp_dir().join(format!("plimsoll-fgd-{}", std::process::id()));
    let options = Options {
        mode: Mode::ArrivalsOnly {
            fill: Fill::PUBLISHED,
        },
        nodes: Share::ALL,
        seed: 1,
        existing: Existing::Refuse,
    };
    let [nodes, pods] = ["node_list_gpu_node", "pod_list_default"]
        .map(|list| lists.join(format!("openb_{list}.csv")));
    openb::import(&nodes, &pods, &folder, &options).expect("the lists are as published");
    let loaded = scenario::load(&folder.join("scenario.toml"));
    std::fs::remove_dir_all(&folder).expect("it was just made");
    let openb = loaded.expect("an import is valid").scenario;
    let mut group = c.benchmark_group("fgd");
    group.sample_size(10);
    for policy in ["fgd", "gpu-bestfit", "gpu-clustering", "gpu-random"] {
        let scenario = openb.clone().with_policy(PolicyKind::Scheduler, policy);
        let scenario = scenario.expect("a registered name");
        group.bench_function(format!("openb fills up, {policy}, run"), |b| {
            b.iter(|| simulate(&scenario));
        });
    }
}

/// Traces: reading them, and running them.
fn traces(c: &mut Criterion) {
    let mut group = c.benchmark_group("trace");
    group.sample_size(10);
    group.sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(500));
    let large = std::env::var_os(LARGE).map(|_| (10_000, 1_000_000));
    for (nodes, pods) in [(1000, 100_000)].into_iter().chain(large) {
        let trace = Trace::new(nodes, pods);
        let size = format!("{pods} pods on {nodes} nodes");
        group.throughput(Throughput::Elements(pods as u64));
        group.bench_function(format!("read, {size}"), |b| {
            b.iter(|| trace.scenario("tree"));
        });
        for search in ["tree", "scan"] {
            group.bench_function(format!("run {search}, {size}"), |b| {
                let scenario = trace.scenario(search);
                b.iter(|| {
                    let measured = simulate(&scenario);
                    assert_eq!(measured.accounting.truth.finished, pods as u64);
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, shipped, traces, fgd);
criterion_main!(benches);
