//! Pages of a run that is made by hand, and a server that is asked for them.

use std::io::{Read, Write};
use std::net::TcpStream;

use expect_test::expect;
use prometheus_parse::{Scrape, Value};

use super::page::{Format, page};
use super::*;
use crate::cluster::catalog::{Catalog, NodeSpec, ServiceSpec, Shape};
use crate::cluster::pod::Exit;
use crate::cluster::rules::Traits;
use crate::ids::{GroupId, NodeId, ServiceId};
use crate::live::clock::now;
use crate::live::load::tally::Outcome;
use crate::live::seen::About;
use crate::record::standing::{Healed, Placed, Queue, Scaled, Standing, Verb};
use crate::time::Time;
use crate::units::Resources;

/// A run of two nodes and one service that has come to its 47th second.
fn seen() -> Arc<Seen> {
    let mut catalog = Catalog::default();
    for name in ["a", "b"] {
        let zone = catalog.zones.push(name.to_owned());
        catalog.nodes.push(NodeSpec {
            name: format!("worker-{}", zone.0),
            group: GroupId(0),
            zone,
            allocatable: Resources::NONE,
            gpus: 0,
            gpu_model: None,
            max_pods: 10,
            price_per_hour: None,
            at_start: true,
            traits: Traits::default(),
        });
    }
    let shape = catalog.shapes.push(Shape::default());
    catalog.services.push(ServiceSpec {
        name: "web".to_owned(),
        shape,
        replicas: 3,
        min_available: 1,
        slo: None,
        hpa: None,
    });
    let about = About {
        scenario: "shop \"one\"".to_owned(),
        scheduler: "spread".to_owned(),
        autoscaler: "hpa".to_owned(),
        healer: "kubernetes".to_owned(),
    };
    let seen = Seen::new(about, Arc::new(catalog), Time::from_secs(150));
    seen.board.show(&standing(&seen.catalog));
    let millis = [0.2, 0.64, 0.641, 3.0, 7.0, 20_000.0];
    for millis in millis {
        let latency = Duration::from_secs_f64(millis / 1e3);
        seen.tally.offered(ServiceId(0), Time::ZERO);
        let served = Outcome::Served(latency);
        seen.tally.ended(ServiceId(0), Time::ZERO, served);
    }
    for outcome in [Outcome::Stale, Outcome::TimedOut, Outcome::TimedOut] {
        seen.tally.offered(ServiceId(0), Time::ZERO);
        seen.tally.ended(ServiceId(0), Time::ZERO, outcome);
    }
    seen.tally.offered(ServiceId(0), Time::ZERO);
    Arc::new(seen)
}

fn standing(catalog: &Catalog) -> Standing {
    let mut standing = Standing::new(catalog);
    standing.now = Time::from_secs_f64(47.25);
    let well = &mut standing.nodes[NodeId(0)];
    (well.present, well.ready) = (true, true);
    (well.cpu, well.memory) = (Some(0.25), Some(9.0 * 1024.0 * 1024.0));
    let ill = &mut standing.nodes[NodeId(1)];
    (ill.present, ill.missed) = (true, 1);
    let web = &mut standing.services[ServiceId(0)];
    (web.desired, web.existing, web.ready) = (3, 3, 2);
    web.containers.started = 5;
    web.containers
        .exited
        .extend([(Exit::Crashed, 2), (Exit::NodeLost, 1)]);
    web.scaled.extend([(Scaled::Up, 1), (Scaled::Unchanged, 8)]);
    standing.pending = 1;
    standing.queued.insert(Queue::Unschedulable, 1);
    standing
        .ordered
        .extend([(Verb::Start, 6), (Verb::Route, 5)]);
    standing.failed.insert(Verb::Start, 1);
    standing
        .placed
        .extend([(Placed::Scheduled, 5), (Placed::Unschedulable, 2)]);
    standing
        .healed
        .extend([(Healed::Restart, 2), (Healed::NotReady, 1)]);
    standing
}

#[test]
fn a_page_in_the_format_of_prometheus() {
    let page = page(&seen(), Format::Prometheus).unwrap();
    let page = page.replace(env!("CARGO_PKG_VERSION"), "VERSION");
    expect![[r##"
        # HELP plimsoll_build_info The plimsoll that runs
        # TYPE plimsoll_build_info gauge
        plimsoll_build_info{version="VERSION"} 1
        # HELP plimsoll_run_info What is run
        # TYPE plimsoll_run_info gauge
        plimsoll_run_info{scenario="shop \"one\"",scheduler="spread",autoscaler="hpa",healer="kubernetes"} 1
        # HELP plimsoll_run_elapsed_seconds Wall-clock time of the run so far
        # TYPE plimsoll_run_elapsed_seconds gauge
        plimsoll_run_elapsed_seconds 47.25
        # HELP plimsoll_run_planned_seconds Wall-clock time that the run takes in all
        # TYPE plimsoll_run_planned_seconds gauge
        plimsoll_run_planned_seconds 150.0
        # HELP plimsoll_nodes Nodes of the cluster as control believes them
        # TYPE plimsoll_nodes gauge
        plimsoll_nodes{status="ready"} 1.0
        plimsoll_nodes{status="not_ready"} 1.0
        # HELP plimsoll_node_ready Whether control believes the node ready
        # TYPE plimsoll_node_ready gauge
        plimsoll_node_ready{node="worker-0",zone="a"} 1.0
        plimsoll_node_ready{node="worker-1",zone="b"} 0.0
        # HELP plimsoll_node_cpu_usage_cores CPU of the node's containers when last sampled
        # TYPE plimsoll_node_cpu_usage_cores gauge
        plimsoll_node_cpu_usage_cores{node="worker-0",zone="a"} 0.25
        # HELP plimsoll_node_memory_usage_bytes Memory of the node's containers when last sampled
        # TYPE plimsoll_node_memory_usage_bytes gauge
        plimsoll_node_memory_usage_bytes{node="worker-0",zone="a"} 9437184.0
        # HELP plimsoll_node_heartbeats_missed_total Times control was told that the node's heartbeat is missing, once a silence
        # TYPE plimsoll_node_heartbeats_missed_total counter
        plimsoll_node_heartbeats_missed_total{node="worker-0",zone="a"} 0
        plimsoll_node_heartbeats_missed_total{node="worker-1",zone="b"} 1
        # HELP plimsoll_service_spec_replicas Replicas that are desired
        # TYPE plimsoll_service_spec_replicas gauge
        plimsoll_service_spec_replicas{service="web"} 3.0
        # HELP plimsoll_service_status_replicas Replicas that control believes to exist, those being deleted aside
        # TYPE plimsoll_service_status_replicas gauge
        plimsoll_service_status_replicas{service="web"} 3.0
        # HELP plimsoll_service_status_replicas_ready Replicas that control believes ready
        # TYPE plimsoll_service_status_replicas_ready gauge
        plimsoll_service_status_replicas_ready{service="web"} 2.0
        # HELP plimsoll_pods_pending Pods none of whose containers has started yet, as control believes
        # TYPE plimsoll_pods_pending gauge
        plimsoll_pods_pending 1.0
        # HELP plimsoll_scheduler_pending_pods Pods that wait for a node, by queue
        # TYPE plimsoll_scheduler_pending_pods gauge
        plimsoll_scheduler_pending_pods{queue="active"} 0.0
        plimsoll_scheduler_pending_pods{queue="backoff"} 0.0
        plimsoll_scheduler_pending_pods{queue="unschedulable"} 1.0
        # HELP plimsoll_container_starts_total Containers that ran; those of jobs have no service
        # TYPE plimsoll_container_starts_total counter
        plimsoll_container_starts_total{service="web"} 5
        # HELP plimsoll_container_exits_total Containers that ended
        # TYPE plimsoll_container_exits_total counter
        plimsoll_container_exits_total{service="web",cause="completed"} 0
        plimsoll_container_exits_total{service="web",cause="crashed"} 2
        plimsoll_container_exits_total{service="web",cause="out_of_memory"} 0
        plimsoll_container_exits_total{service="web",cause="node_out_of_memory"} 0
        plimsoll_container_exits_total{service="web",cause="stopped"} 0
        plimsoll_container_exits_total{service="web",cause="node_lost"} 1
        # HELP plimsoll_requests_offered_total Requests that were due
        # TYPE plimsoll_requests_offered_total counter
        plimsoll_requests_offered_total{service="web"} 10
        # HELP plimsoll_requests_total Requests that were answered or lost, the outcome named as in requests.csv
        # TYPE plimsoll_requests_total counter
        plimsoll_requests_total{service="web",outcome="served"} 6
        plimsoll_requests_total{service="web",outcome="lost_no_endpoint"} 0
        plimsoll_requests_total{service="web",outcome="lost_stale_endpoint"} 1
        plimsoll_requests_total{service="web",outcome="lost_over_capacity"} 0
        plimsoll_requests_total{service="web",outcome="lost_timeout"} 2
        # HELP plimsoll_requests_open Requests neither answered nor lost yet
        # TYPE plimsoll_requests_open gauge
        plimsoll_requests_open{service="web"} 1.0
        # HELP plimsoll_request_duration_seconds Time from when a request was due to its answer, of those answered
        # TYPE plimsoll_request_duration_seconds histogram
        plimsoll_request_duration_seconds_bucket{service="web",le="0.00064"} 2
        plimsoll_request_duration_seconds_bucket{service="web",le="0.00128"} 3
        plimsoll_request_duration_seconds_bucket{service="web",le="0.00256"} 3
        plimsoll_request_duration_seconds_bucket{service="web",le="0.00512"} 4
        plimsoll_request_duration_seconds_bucket{service="web",le="0.01024"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="0.02048"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="0.04096"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="0.08192"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="0.16384"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="0.32768"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="0.65536"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="1.31072"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="2.62144"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="5.24288"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="10.48576"} 5
        plimsoll_request_duration_seconds_bucket{service="web",le="+Inf"} 6
        plimsoll_request_duration_seconds_sum{service="web"} 20.011481
        plimsoll_request_duration_seconds_count{service="web"} 6
        # HELP plimsoll_commands_ordered_total Commands that control gave
        # TYPE plimsoll_commands_ordered_total counter
        plimsoll_commands_ordered_total{command="start"} 6
        plimsoll_commands_ordered_total{command="stop"} 0
        plimsoll_commands_ordered_total{command="route"} 5
        plimsoll_commands_ordered_total{command="unroute"} 0
        plimsoll_commands_ordered_total{command="sample"} 0
        # HELP plimsoll_commands_failed_total Commands that control heard to have failed
        # TYPE plimsoll_commands_failed_total counter
        plimsoll_commands_failed_total{command="start"} 1
        plimsoll_commands_failed_total{command="stop"} 0
        # HELP plimsoll_scheduling_decisions_total Decisions of the scheduler, one for each attempt at a pod
        # TYPE plimsoll_scheduling_decisions_total counter
        plimsoll_scheduling_decisions_total{result="scheduled"} 5
        plimsoll_scheduling_decisions_total{result="unschedulable"} 2
        plimsoll_scheduling_decisions_total{result="preempting"} 0
        # HELP plimsoll_scaling_decisions_total Decisions of the autoscaler
        # TYPE plimsoll_scaling_decisions_total counter
        plimsoll_scaling_decisions_total{service="web",direction="up"} 1
        plimsoll_scaling_decisions_total{service="web",direction="down"} 0
        plimsoll_scaling_decisions_total{service="web",direction="none"} 8
        # HELP plimsoll_healing_decisions_total Decisions of the healer
        # TYPE plimsoll_healing_decisions_total counter
        plimsoll_healing_decisions_total{action="plan_restart"} 0
        plimsoll_healing_decisions_total{action="restart"} 2
        plimsoll_healing_decisions_total{action="fail"} 0
        plimsoll_healing_decisions_total{action="evict"} 0
        plimsoll_healing_decisions_total{action="mark_not_ready"} 1
        plimsoll_healing_decisions_total{action="mark_ready"} 0
        plimsoll_healing_decisions_total{action="taint"} 0
        plimsoll_healing_decisions_total{action="untaint"} 0
        plimsoll_healing_decisions_total{action="change_zone"} 0
    "##]].assert_eq(&page);
}

#[test]
fn openmetrics_says_the_same_with_units_and_an_end() {
    let (open, plain) = [Format::OpenMetrics, Format::Prometheus]
        .map(|format| page(&seen(), format).unwrap())
        .into();
    assert!(open.ends_with("\n# EOF\n"), "{open}");
    assert!(open.contains("# TYPE plimsoll_build info\n"), "{open}");
    assert!(
        open.contains("# TYPE plimsoll_requests counter\n"),
        "{open}"
    );
    let unit = "# UNIT plimsoll_request_duration_seconds seconds\n";
    assert!(open.contains(unit), "{open}");
    // The same samples; how bounds are written differs, and the order of labels.
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = name.split_once('{').unwrap_or((name, ""));
        let labels = labels.trim_end_matches('}').split(',').map(|label| {
            let bound = label
                .strip_prefix("le=\"")
                .map(|le| le.trim_end_matches('"'));
            let bound = bound.map(|le| format!("le={}", le.parse::<f64>().unwrap()));
            bound.unwrap_or_else(|| label.to_owned())
        });
        let mut labels: Vec<String> = labels.collect();
        labels.sort();
        (
            name.to_owned(),
            labels,
            value.parse::<f64>().unwrap().to_string(),
        )
    };
    let samples = |page: &str| {
        let lines = page.lines().filter(|line| !line.starts_with('#'));
        let mut samples: Vec<_> = lines.map(sample).collect();
        samples.sort();
        samples
    };
    assert_eq!(samples(&open), samples(&plain));
}

#[test]
fn other_code_reads_every_line_of_it() {
    let page = page(&seen(), Format::Prometheus).unwrap();
    let scrape = Scrape::parse(page.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let is_sample = |line: &&str| !line.starts_with('#');
    let is_bucket = |line: &&str| line.contains("_bucket{");
    let lines = page
        .lines()
        .filter(is_sample)
        .filter(|line| !is_bucket(line));
    let histograms = |value: &Value| matches!(value, Value::Histogram(_));
    let plain = scrape
        .samples
        .iter()
        .filter(|sample| !histograms(&sample.value));
    assert_eq!(plain.count(), lines.count());
    let histogram = scrape
        .samples
        .iter()
        .find(|sample| histograms(&sample.value));
    let histogram = histogram.expect("latencies");
    assert_eq!(histogram.metric, "plimsoll_request_duration_seconds");
    assert_eq!(histogram.labels.get("service"), Some("web"));
    let Value::Histogram(buckets) = &histogram.value else {
        panic!("{histogram:?}");
    };
    let below = |seconds: f64| {
        let bucket = buckets.iter().find(|bucket| bucket.less_than == seconds);
        bucket.map(|bucket| bucket.count)
    };
    // 0.2 and 0.64 ms; 0.641 too; 3 ms; 7 ms; and what took 20 s.
    let known = [0.00064, 0.00128, 0.00512, 0.01024, 10.48576, f64::INFINITY].map(below);
    assert_eq!(known, [2.0, 3.0, 4.0, 5.0, 5.0, 6.0].map(Some));
    assert!(
        buckets.is_sorted_by(|one, next| {
            one.less_than < next.less_than && one.count <= next.count
        })
    );
}

/// Head and body of the answer to a request.
fn ask(address: SocketAddr, method: &str, path: &str, accept: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_ascii_lowercase(), body.to_owned())
}

#[test]
fn metrics_are_answered_in_the_format_that_is_asked_for_while_the_run_lasts() {
    let port = Port::take(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let (address, url) = (port.address, port.url());
    assert_eq!(url, format!("http://{address}/metrics"));
    let exporter = Exporter::start(port, seen()).unwrap();
    let get = |path, accept| ask(address, "GET", path, accept);
    let (head, body) = get("/metrics", "*/*");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains("content-type: text/plain; version=0.0.4; charset=utf-8"));
    assert!(
        body.contains("plimsoll_requests_open{service=\"web\"} 1.0\n"),
        "{body}"
    );
    let (head, body) = get("/metrics?x=1", "application/openmetrics-text;version=1.0.0");
    let kind = "content-type: application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert!(head.contains(kind), "{head}");
    assert!(body.ends_with("# EOF\n"), "{body}");
    let length = format!("content-length: {}", body.len());
    let accept = "application/openmetrics-text;version=1.0.0";
    let (head, body) = ask(address, "HEAD", "/metrics", accept);
    assert!(head.contains(&length) && body.is_empty(), "{head}{body}");
    let (head, body) = get("/", "*/*");
    assert!(
        head.starts_with("http/1.1 200") && body.contains("/metrics"),
        "{head}{body}"
    );
    let (head, body) = get("/metric", "*/*");
    assert!(
        head.starts_with("http/1.1 404") && body.contains("/metrics"),
        "{head}{body}"
    );
    let (head, _) = ask(address, "POST", "/metrics", "*/*");
    assert!(
        head.starts_with("http/1.1 405") && head.contains("allow: get, head"),
        "{head}"
    );
    drop(exporter);
    assert!(TcpStream::connect(address).is_err(), "the run is over");
}

#[test]
fn connections_that_say_nothing_do_not_keep_the_run_from_its_end() {
    let port = Port::take(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = port.address;
    let exporter = Exporter::start(port, seen()).unwrap();
    let silent: Vec<_> = (0..CONNECTIONS_MAX - 1)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    let (head, _) = ask(address, "GET", "/metrics", "*/*");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    drop(exporter);
    drop(silent);
}

#[test]
fn connections_that_say_nothing_make_room_within_seconds() {
    let port = Port::take(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let address = port.address;
    let _exporter = Exporter::start(port, seen()).unwrap();
    let _silent: Vec<_> = (0..CONNECTIONS_MAX)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    let begun = now();
    let (head, _) = ask(address, "GET", "/metrics", "*/*");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    let passed = begun.elapsed();
    assert!(passed < Duration::from_secs(15), "{passed:?}");
}

#[test]
fn an_address_that_somebody_has_is_refused() {
    let port = Port::take(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let taken = Port::take(port.address).map(|port| port.url());
    let said = taken.unwrap_err().to_string();
    let expected = format!("cannot listen on {}: ", port.address);
    assert!(
        said.starts_with(&expected) && said.contains("in use"),
        "{said}"
    );
}
