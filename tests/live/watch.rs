//! What one sees of a live run while it lasts.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};

use prometheus_parse::{Sample, Scrape, Value};

use crate::Test;
use crate::rig::{Rig, plimsoll, rest, text, workload};

pub(crate) const TESTS: &[Test] = &[
    (
        "metrics_of_a_run_only_grow_and_agree_with_its_results",
        metrics_of_a_run_only_grow_and_agree_with_its_results,
    ),
    (
        "a_port_that_is_in_use_is_said_before_anything_starts",
        a_port_that_is_in_use_is_said_before_anything_starts,
    ),
];

/// Requests end well before the run does, so that what is said last is what the results say.
const SHOP: &str = r#"# What is seen of it?
duration = "16s"
warm_up = "2s"

[policy.autoscaler.hpa]
sync_period = "2s"
metric_resolution = "2s"
initial_readiness_delay = "1s"
cpu_initialization_period = "1s"

[[nodes]]
name = "node"
count = 2
cpu = "2"
memory = "1Gi"
zones = ["a", "b"]

[[services]]
name = "web"
replicas = 2
requests = { cpu = "50m", memory = "16Mi" }
limits = { cpu = "500m", memory = "32Mi" }
work = { cpu = "5ms" }
startup = { constant = "200ms" }
readiness = { period = "500ms" }
load = { step = { before = 40, after = 0, at = "10s" } }
hpa = { min = 2, max = 6, cpu = 0.5 }

[[services]]
name = "quiet"
requests = { cpu = "50m", memory = "16Mi" }
limits = { cpu = "500m", memory = "32Mi" }
readiness = { period = "500ms" }

[delays]
heartbeat = "500ms"
metrics = "0s"
"#;

fn metrics_of_a_run_only_grow_and_agree_with_its_results() {
    let rig = Rig::cold("watch", &[]);
    fs::write(rig.dir.join("shop.toml"), SHOP).expect("a scenario");
    let line = rig.line("--sandbox 2 --listen 127.0.0.1:0");
    let mut run = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(line.split(' '))
        .current_dir(&rig.dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("plimsoll runs");
    let mut stderr = BufReader::new(run.stderr.take().expect("it is piped"));
    let mut said = String::new();
    stderr.read_line(&mut said).expect("a line");
    let address = said
        .trim()
        .strip_prefix("metrics are at http://")
        .and_then(|rest| rest.strip_suffix("/metrics"))
        .unwrap_or_else(|| panic!("{said}"));
    let mut scrapes = Vec::new();
    while let Some(page) = scrape(address) {
        scrapes.push(read(&page));
        rest(0.5);
    }
    assert!(run.wait().expect("it ends").success());
    let mut more = String::new();
    stderr.read_to_string(&mut more).expect("text");
    assert_eq!(more, "", "a line that is written over is for terminals");
    rig.has_left_nothing();

    // At twice a second for 16 s, and while engines start and end.
    assert!(scrapes.len() > 20, "{}", scrapes.len());
    for pair in scrapes.windows(2) {
        for (name, before) in pair[0].iter().filter(|(name, _)| grows(name)) {
            let now = pair[1].get(name);
            assert!(now >= Some(before), "{name}: {before}, then {now:?}");
        }
    }
    let begun = |metrics: &Metrics| number(metrics, "plimsoll_run_elapsed_seconds") > 12.5;
    let last = scrapes.iter().rfind(|metrics| begun(metrics));
    let last = last.expect("one after all requests have ended");
    agrees(
        last,
        &fs::read_to_string(rig.dir.join("out/requests.csv")).expect("requests"),
    );
    is_plausible(last);
}

/// Everything that a page says, by name and labels.
type Metrics = BTreeMap<String, f64>;

/// Whether a metric of that name only ever grows.
fn grows(name: &str) -> bool {
    let name = name.split('{').next().unwrap_or_default();
    ["_total", "_bucket", "_sum", "_count"]
        .iter()
        .any(|end| name.ends_with(end))
}

fn number(metrics: &Metrics, name: &str) -> f64 {
    let known = || metrics.keys().cloned().collect::<Vec<_>>().join("\n");
    *metrics
        .get(name)
        .unwrap_or_else(|| panic!("no {name} in\n{}", known()))
}

/// What was said last is what the results say, and accounts for every request.
fn agrees(last: &Metrics, requests: &str) {
    let rows: Vec<Vec<&str>> = requests
        .lines()
        .map(|row| row.split(',').collect())
        .collect();
    let (head, rows) = rows.split_first().expect("a head");
    assert_eq!(head[1..3], ["offered", "served"]);
    assert_eq!(head[7], "open_at_end");
    assert_eq!(rows.len(), 2);
    for row in rows {
        let service = row[0];
        let count = |column: usize| row[column].parse::<f64>().expect("a number");
        assert_eq!(count(1), (2..8).map(count).sum::<f64>(), "{requests}");
        let of = |metric: &str| number(last, &format!("{metric}{{service={service}}}"));
        assert_eq!(
            of("plimsoll_requests_offered_total"),
            count(1),
            "{requests}"
        );
        assert_eq!(of("plimsoll_requests_open"), count(7), "{requests}");
        let durations = "plimsoll_request_duration_seconds_count";
        assert_eq!(of(durations), count(2), "{requests}");
        for (column, outcome) in head.iter().enumerate().take(7).skip(2) {
            let name = format!("plimsoll_requests_total{{outcome={outcome},service={service}}}");
            assert_eq!(number(last, &name), count(column), "{name}\n{requests}");
        }
    }
    // 40 requests a second for 10 s, standard deviation 20.
    let offered = number(last, "plimsoll_requests_offered_total{service=web}");
    assert!((300.0..500.0).contains(&offered), "{offered}");
    let served = number(last, "plimsoll_requests_total{outcome=served,service=web}");
    assert!(served > 150.0, "{served}");
}

fn is_plausible(last: &Metrics) {
    let of = |name: &str| number(last, name);
    assert_eq!(of("plimsoll_nodes{status=ready}"), 2.0);
    assert_eq!(of("plimsoll_nodes{status=not_ready}"), 0.0);
    assert_eq!(of("plimsoll_node_ready{node=node-1,zone=b}"), 1.0);
    let desired = of("plimsoll_service_spec_replicas{service=web}");
    assert!((2.0..=6.0).contains(&desired), "{desired}");
    let started = of("plimsoll_container_starts_total{service=web}");
    assert!((desired..=12.0).contains(&started), "{started} {desired}");
    assert_eq!(
        of("plimsoll_service_status_replicas_ready{service=quiet}"),
        1.0
    );
    assert_eq!(
        of("plimsoll_container_exits_total{cause=crashed,service=web}"),
        0.0
    );
    // 0.2 cores of work on 2 × 50m: it grew.
    assert!(of("plimsoll_scaling_decisions_total{direction=up,service=web}") >= 1.0);
    let placed = of("plimsoll_scheduling_decisions_total{result=scheduled}");
    assert_eq!(placed, started + 1.0);
    assert_eq!(of("plimsoll_commands_ordered_total{command=start}"), placed);
    assert_eq!(of("plimsoll_commands_failed_total{command=start}"), 0.0);
    assert_eq!(of("plimsoll_run_planned_seconds"), 16.0);
    let memory = of("plimsoll_node_memory_usage_bytes{node=node-0,zone=a}");
    assert!((1e4..1e9).contains(&memory), "{memory}");
    let cpu = of("plimsoll_node_cpu_usage_cores{node=node-0,zone=a}");
    assert!((0.0..2.0).contains(&cpu), "{cpu}");
    let served = of("plimsoll_request_duration_seconds_count{service=web}");
    let seconds = of("plimsoll_request_duration_seconds_sum{service=web}");
    // Work of 5 ms, and patience of 2 s.
    assert!(
        (0.003..2.0).contains(&(seconds / served)),
        "{seconds} {served}"
    );
}

/// A page of metrics; `None` when nobody answers there any more.
fn scrape(address: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = "GET /metrics HTTP/1.1\r\nHost: plimsoll\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    Some(body.to_owned())
}

fn read(page: &str) -> Metrics {
    let lines = page.lines().map(|line| Ok(line.to_owned()));
    let scrape = Scrape::parse(lines).expect("it can be read");
    let mut metrics = Metrics::new();
    for sample in &scrape.samples {
        match &sample.value {
            Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value) => {
                metrics.insert(named(sample, "", None), *value);
            }
            Value::Histogram(buckets) => {
                let counts = buckets.iter().map(|bucket| bucket.count);
                assert!(counts.is_sorted(), "{sample:?}");
                for bucket in buckets {
                    let name = named(sample, "_bucket", Some(bucket.less_than));
                    metrics.insert(name, bucket.count);
                }
                let all = buckets
                    .last()
                    .map(|bucket| (bucket.less_than, bucket.count));
                let count = metrics.get(&named(sample, "_count", None)).copied();
                assert_eq!(all, count.map(|count| (f64::INFINITY, count)));
            }
            Value::Summary(_) => panic!("{sample:?}"),
        }
    }
    metrics
}

/// A name with its labels in order.
fn named(sample: &Sample, suffix: &str, le: Option<f64>) -> String {
    let labels = sample
        .labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let mut labels: Vec<String> = labels.collect();
    labels.extend(le.map(|le| format!("le={le}")));
    labels.sort();
    match labels.as_slice() {
        [] => format!("{}{suffix}", sample.metric),
        all => format!("{}{suffix}{{{}}}", sample.metric, all.join(",")),
    }
}

fn a_port_that_is_in_use_is_said_before_anything_starts() {
    let rig = Rig::cold("port", &[]);
    fs::write(rig.dir.join("shop.toml"), SHOP).expect("a scenario");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let workload = workload().display();
    let line = format!("live --sandbox 2 shop.toml --state state --workload {workload}");
    let output = plimsoll(&rig.dir, &format!("{line} --listen {address}"));
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(told.contains(&format!("--listen {address}: ")), "{told}");
    assert!(told.contains("in use"), "{told}");
    let output = plimsoll(&rig.dir, &format!("{line} --listen localhost:9464"));
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("such as 127.0.0.1:9464"), "{told}");
    assert!(!rig.dir.join("state").exists() && !rig.dir.join("results").exists());
}
