//! Whole runs against models that have an exact formula: queues, and availability.
//!
//! Every comparison is of the mean over independent runs. Its standard error is their standard
//! deviation ÷ √runs: the mean must lie within four of them of the formula (with 19 degrees of
//! freedom that fails by chance once in 1,300 times, and seeds are fixed), and the standard error
//! itself must be small, so that the test cannot pass for want of precision. Beside each test
//! stands what theory says the standard error should be.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use plimsoll::metrics::fold::Options;
use plimsoll::metrics::measured::{Entity, Measured};
use plimsoll::rng::Seed;
use plimsoll::run;
use plimsoll::scenario;
use plimsoll::scenario::problem::Problem;

/// Independent runs of each model.
const RUNS: u32 = 20;

/// Every run of a scenario.
fn runs(text: &str) -> Vec<Measured> {
    let read = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let loaded = scenario::parse(Path::new("model.toml"), text, &read);
    let scenario = loaded.map(|loaded| loaded.scenario);
    let scenario = scenario.unwrap_or_else(|problems| {
        let messages: Vec<&str> = problems.iter().map(Problem::message).collect();
        panic!("{messages:#?}\n{text}")
    });
    let run = |replication| {
        let seed = Seed {
            seed: 20,
            replication,
        };
        let watch = &mut |_| ControlFlow::Continue(());
        run::simulate(&scenario, seed, Options::default(), watch).expect("nobody interrupts")
    };
    (1..=RUNS).map(run).collect()
}

/// One metric in every run.
fn each(runs: &[Measured], metric: &str, entity: &Entity) -> Vec<f64> {
    let value = |run: &Measured| {
        let amount = run.get(metric, entity);
        amount.unwrap_or_else(|| panic!("no {metric}")).value()
    };
    runs.iter().map(value).collect()
}

/// The mean agrees with the formula, and is known to this relative standard error.
fn agrees(values: &[f64], formula: f64, precision: f64) {
    let runs = values.len() as f64;
    let mean = values.iter().sum::<f64>() / runs;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let error = (squares / (runs - 1.0) / runs).sqrt();
    println!(
        "{mean} ± {error}, formula {formula}: {:.2} standard errors, relative {:.4}",
        (mean - formula) / error,
        error / formula
    );
    assert!(
        error <= precision * formula,
        "known to {error} only, not to {precision} × {formula}"
    );
    assert!(
        (mean - formula).abs() <= 4.0 * error,
        "{mean} ± {error}, but the formula says {formula}"
    );
}

/// Mean waiting time, in units of the mean duration of 1 h. `slots` nodes with room for one job each;
/// `jobs` per run after a warm-up of 500 mean durations.
///
/// A job that waits is tried in vain every 300 s, and backs off for 10 s after that: when a node falls
/// free it is late by 10/300 × 5 s at most on average, 0.00005 of 1 h.
fn waits(slots: u32, utilization: f64, duration: &str, jobs: f64) -> Vec<f64> {
    let every = 1.0 / (utilization * f64::from(slots));
    let text = format!(
        r#"
        duration = "{}h"
        warm_up = "500h"
        [policy]
        autoscaler = "fixed"
        healer = "none"
        [[nodes]]
        name = "slot"
        count = {slots}
        cpu = "1"
        memory = "1Gi"
        [[jobs]]
        name = "job"
        every = {{ exponential = {{ mean = "{every}h" }} }}
        duration = {duration}
        sizes = [{{ cpu = "1", memory = "1Mi" }}]
        "#,
        500.0 + jobs * every
    );
    let waits = each(&runs(&text), "jobs.wait", &Entity::Cluster);
    waits.iter().map(|wait| wait / 3600.0).collect()
}

const EXPONENTIAL: &str = "{ exponential = { mean = \"1h\" } }";
const CONSTANT: &str = "\"1h\"";

#[test]
fn jobs_wait_as_long_as_in_an_m_m_1_queue() {
    // Wq = ρ ÷ (1 − ρ) = 1. The variance of a mean over n jobs is ρ (2 + 5ρ − 4ρ² + ρ³) ÷ (1 − ρ)⁴
    // ÷ n = 29 ÷ n (Daley 1968): over 20 × 5,000 jobs the standard error is 0.017.
    agrees(&waits(1, 0.5, EXPONENTIAL, 5000.0), 1.0, 0.025);
}

#[test]
fn jobs_wait_as_long_as_in_an_m_m_5_queue() {
    // Erlang C with 4 erlangs on 5 servers: C = 0.554113; Wq = C ÷ (5 − 4). The waits vary less than
    // those of one server five times as fast at ρ = 0.8, where the variance is 1,976 ÷ 5² ÷ n and the
    // standard error over 20 × 10,000 jobs 0.02.
    agrees(
        &waits(5, 0.8, EXPONENTIAL, 20_000.0),
        0.554_112_554_113,
        0.05,
    );
}

#[test]
fn jobs_of_equal_length_wait_half_as_long() {
    // Pollaczek–Khinchine: Wq = λ E[S²] ÷ 2 (1 − ρ) = 0.5 × 1 ÷ 1 = 0.5, and 0.8 ÷ 0.4 = 2. Waits vary
    // less than in an M/M/1 queue: there the standard error would be 0.017, and for ρ = 0.8
    // √(1,976 ÷ 100,000) = 0.14.
    agrees(&waits(1, 0.5, CONSTANT, 5000.0), 0.5, 0.02);
    agrees(&waits(1, 0.8, CONSTANT, 5000.0), 2.0, 0.04);
}

#[test]
fn jobs_of_uniform_length_wait_as_long_as_in_an_m_g_1_queue() {
    // E[S²] = 1 + 1/12: Wq = 0.5 × 13/12 ÷ 1 = 0.541667. The standard error is below M/M/1's 0.017.
    let uniform = "{ uniform = { low = \"30m\", high = \"90m\" } }";
    agrees(&waits(1, 0.5, uniform, 5000.0), 0.541_666_667, 0.02);
}

/// Mean number of jobs that run where none waits: 2 per second of 30 s each.
fn in_system(duration: &str) -> Vec<f64> {
    let text = format!(
        r#"
        duration = "3500s"
        warm_up = "1000s"
        [policy]
        autoscaler = "fixed"
        healer = "none"
        [[nodes]]
        name = "large"
        cpu = "1000"
        memory = "1000Gi"
        max_pods = 1000
        [[jobs]]
        name = "job"
        rate = "2/s"
        duration = {duration}
        sizes = [{{ cpu = "1", memory = "1Mi" }}]
        "#
    );
    let shares = each(&runs(&text), "allocated.cpu", &Entity::Cluster);
    shares.iter().map(|share| share * 1000.0).collect()
}

#[test]
fn the_number_of_jobs_that_never_wait_depends_on_their_mean_length_only() {
    // M/G/∞: λ E[S] = 60. The variance of a mean over time T is λ E[S²] ÷ T: over 20 × 2,500 s
    // the standard error is √(2 × 900 ÷ 50,000) = 0.19 when all last 30 s, and e^½ times that,
    // 0.31, when they are lognormal with σ = 1, of median 30 s ÷ e^½.
    agrees(&in_system("\"30s\""), 60.0, 0.006);
    let lognormal = "{ lognormal = { median = \"18.195919791s\", sigma = 1.0 } }";
    agrees(&in_system(lognormal), 60.0, 0.01);
}

/// A service with one replica on each of `nodes`, which are restarted when their node is back, and
/// of which `needed` must be ready. Nodes fail after `up` and are back after `down`.
fn replicas(nodes: u32, needed: u32, up: &str, down: &str, hours: u32) -> Vec<Measured> {
    let text = format!(
        r#"
        duration = "{hours}h"
        warm_up = "{}h"
        [policy]
        scheduler = "spread"
        autoscaler = "fixed"
        healer = "restart"
        [[nodes]]
        name = "node"
        count = {nodes}
        cpu = "1"
        memory = "1Gi"
        [[services]]
        name = "web"
        replicas = {nodes}
        min_available = {needed}
        requests = {{ cpu = "1", memory = "1Gi" }}
        [[failures]]
        nodes = "*"
        after = {up}
        down = {down}
        "#,
        hours / 100
    );
    runs(&text)
}

fn web() -> Entity {
    Entity::Service("web".into())
}

/// Probability that at least `needed` of `all` are up, each with probability `up`.
fn at_least(needed: i32, all: i32, up: f64) -> f64 {
    let mut ways = 1.0;
    let mut sum = 0.0;
    for down in 0..=all - needed {
        sum += ways * up.powi(all - down) * (1.0 - up).powi(down);
        ways *= f64::from(all - down) / f64::from(down + 1);
    }
    sum
}

fn unavailable(runs: &[Measured]) -> Vec<f64> {
    let available = each(runs, "availability.time", &web());
    available.iter().map(|available| 1.0 - available).collect()
}

/// How many nodes are down, of so many.
fn nodes_down(runs: &[Measured], nodes: f64) -> Vec<f64> {
    let up = each(runs, "nodes.up", &Entity::Cluster);
    up.iter().map(|up| nodes - up).collect()
}

#[test]
fn two_of_three_replicas_are_up_as_often_as_the_binomial_says() {
    // Each is up for 1000 ÷ 1010 of the time: 2 of 3 for 0.999707852365. Two are down at rate
    // 3 × 2 × λ² × 10 h = 6e-5 per h, for 5 h on average and with a coefficient of variation of
    // about 1: in 20 × 4e6 h there are 4,700 outages, and the relative standard error of the time
    // lost is √(2 ÷ 4,700) = 0.021.
    let binomial = at_least(2, 3, 1000.0 / 1010.0);
    assert!((binomial - 0.999_707_852_365).abs() < 1e-12);
    let exponential = |mean| format!("{{ exponential = {{ mean = \"{mean}h\" }} }}");
    let runs = replicas(3, 2, &exponential(1000), &exponential(10), 4_000_000);
    agrees(&unavailable(&runs), 1.0 - binomial, 0.03);
}

#[test]
fn only_means_matter_for_availability() {
    // Up for Weibull times of shape 0.7 and scale 100 h, mean 100 h × Γ(1 + 1/0.7) = 126.582350606 h,
    // squared coefficient of variation 2.1387; down for exactly 20 h. Over N cycles of 146.6 h the time
    // down has a relative standard error of √2.1387 × 126.6 ÷ 146.6 ÷ √N = 1.26 ÷ √N: 0.004 for 20 × 5
    // nodes × 160,000 h. Three are down together in about 9,000 outages: relative standard error 0.013,
    // and more as such failures come in bursts.
    let up = 126.582_350_606 / (126.582_350_606 + 20.0);
    let weibull = "{ weibull = { shape = 0.7, scale = \"100h\" } }";
    let runs = replicas(5, 3, weibull, "\"20h\"", 160_000);
    agrees(&unavailable(&runs), 1.0 - at_least(3, 5, up), 0.03);
    agrees(&nodes_down(&runs, 5.0), 5.0 * (1.0 - up), 0.006);
}

#[test]
fn a_repair_shop_with_enough_hands_has_as_many_machines_as_their_shares_of_time() {
    // Rates λ = 0.01 and μ = 0.5 per hour: each is down for λ ÷ (λ + μ) of the time, 5 of them
    // 0.0980392. Over 20 × 5 × 1e5 h there are 98,000 failures; a lognormal time with σ = 1 has a
    // second moment of e times its squared mean: relative standard error √(e ÷ 98,000) = 0.0053.
    let down = "{ lognormal = { median = \"1.21306132h\", sigma = 1.0 } }";
    let up = "{ exponential = { mean = \"100h\" } }";
    let runs = replicas(5, 1, up, down, 100_000);
    agrees(&nodes_down(&runs, 5.0), 5.0 * 0.01 / 0.51, 0.008);
}

/// Three replicas on three nodes in these zones; nodes are up for 90 h of 100 h, zones for 95 h,
/// each independently.
fn in_zones(zones: &str) -> Vec<Measured> {
    let text = format!(
        r#"
        duration = "100000h"
        warm_up = "1000h"
        [policy]
        scheduler = "spread"
        autoscaler = "fixed"
        healer = "restart"
        [[nodes]]
        name = "node"
        count = 3
        cpu = "1"
        memory = "1Gi"
        zones = {zones}
        [[services]]
        name = "web"
        replicas = 3
        requests = {{ cpu = "1", memory = "1Gi" }}
        [[failures]]
        nodes = "*"
        after = {{ exponential = {{ mean = "90h" }} }}
        down = {{ exponential = {{ mean = "10h" }} }}
        [[failures]]
        zones = "*"
        after = {{ exponential = {{ mean = "95h" }} }}
        down = {{ exponential = {{ mean = "5h" }} }}
        "#
    );
    runs(&text)
}

#[test]
fn failures_of_nodes_and_of_their_zones_are_independent() {
    // A node is up when it is up itself and so is its zone: 0.9 × 0.95 of the time.
    // In one zone: any of three is up for 0.95 × (1 − 0.1³) of the time. 20 × 1,000 failures of the
    // zone, of exponential length: relative standard error of the time down √(2 ÷ 20,000) = 0.01.
    let together = in_zones("[\"a\"]");
    agrees(&unavailable(&together), 1.0 - 0.95 * 0.999, 0.015);
    agrees(&nodes_down(&together, 3.0), 3.0 * (1.0 - 0.9 * 0.95), 0.01);
    // In three zones: 1 − (1 − 0.9 × 0.95)³. A node alone is down for 8 h
    // on average, and all three in 20 × 100,000 h × 0.145³ ÷ (8 h ÷ 3) = 2,300 outages: relative standard
    // error √(2 ÷ 2,300) = 0.03.
    let apart = in_zones("[\"a\", \"b\", \"c\"]");
    agrees(&unavailable(&apart), (1.0_f64 - 0.9 * 0.95).powi(3), 0.04);
}

#[test]
fn a_replica_of_a_lost_node_is_out_for_detection_toleration_and_start() {
    // A node fails at rate λ = 1 per 24 h and is back an hour later. Its lease was last renewed 5 s
    // before, on average; the first look of the controller after that comes 2.5 s later, and 50 s
    // after it the node is not ready: 47.5 s. Toleration 300 s, start 10 s: D = 357.5 s, and the
    // replica is up for 1 ÷ (1 + λ D) = 0.995879318791 of the time. Replicas of ten services in 20
    // runs of 500 days fail 100,000 times, and D hardly varies: relative standard error
    // 1 ÷ √100,000 = 0.0032.
    let service = |number| {
        format!(
            r#"
            [[services]]
            name = "web-{number}"
            requests = {{ cpu = "1", memory = "1Gi" }}
            startup = "10s"
            "#
        )
    };
    let services: String = (0..10).map(service).collect();
    let text = format!(
        r#"
        duration = "505d"
        warm_up = "5d"
        [policy]
        scheduler = "random"
        autoscaler = "fixed"
        healer = "kubernetes"
        [[nodes]]
        name = "node"
        count = 20
        cpu = "1"
        memory = "1Gi"
        {services}
        [[failures]]
        nodes = "*"
        after = {{ exponential = {{ mean = "24h" }} }}
        down = "1h"
        "#
    );
    let up = each(&runs(&text), "availability.time", &Entity::Cluster);
    let down: Vec<f64> = up.iter().map(|up| 1.0 - up).collect();
    agrees(&down, 1.0 - 0.995_879_318_791, 0.005);
}

#[test]
fn a_job_that_starts_over_takes_exponentially_long() {
    // Work w = 100 h, failures at rate λ = 0.01 per h, D = 5 h until the job starts again:
    // E = (e^(λw) − 1) (1 ÷ λ + D) = 180.419591988 h, 1.80419591988 times its work. Of (e − 1) × 100 h
    // that it runs 100 h are of use: 0.581976706869. The number of failures is geometric with variance
    // e (e − 1) = 4.67, and each takes 41.8 + 5 h, so that the time has a standard deviation of about
    // 110 h: for 20 × 300 jobs, one on each node, a relative standard error of 110 ÷ 180 ÷ √6,000 = 0.008.
    let text = r#"
        duration = "3000h"
        [policy]
        scheduler = "spread"
        autoscaler = "fixed"
        healer = "restart"
        [[nodes]]
        name = "node"
        count = 300
        cpu = "1"
        memory = "1Gi"
        [[jobs]]
        name = "job"
        every = "1s"
        count = 300
        duration = "100h"
        sizes = [{ cpu = "1", memory = "1Mi" }]
        [[failures]]
        nodes = "*"
        after = { exponential = { mean = "100h" } }
        down = "5h"
        "#;
    let runs = runs(text);
    assert!(runs.iter().all(|run| run.accounting.truth.finished == 300));
    let slowdowns = each(&runs, "jobs.bounded_slowdown", &Entity::Cluster);
    agrees(&slowdowns, 1.804_195_919_88, 0.012);
    let goodput = each(&runs, "jobs.goodput", &Entity::Cluster);
    agrees(&goodput, 1.0 / (1.0_f64.exp() - 1.0), 0.012);
}
