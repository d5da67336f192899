//! Every exporter on one small result whose numbers are made up, so that each can be traced.

mod live;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use expect_test::{Expect, expect};

use super::output::{self, Options, Plots};
use super::results::Results;
use super::run_json::Effort;
use super::stored::Stored;
use super::tables::Detail;
use super::text::{Colors, Look, Written};
use super::{html, plots, summary_json, tables, text};
use crate::cluster::pod::{Outcome, Owner};
use crate::experiment::summary::{Summary, summarize};
use crate::folder::Folder;
use crate::folder::testing::Scratch;
use crate::ids::{JobId, NodeId, PodId, ServiceId};
use crate::metrics::dictionary;
use crate::metrics::measured::{
    Accounting, Amount, Entity, Fates, HeatCell, HeatRow, Incident, Measured, PodRow, Series,
    Value, Waiting,
};
use crate::policy::scheduler::explanation::Reason;
use crate::report::outside;
use crate::scenario::drill::Drill;
use crate::scenario::{self, Scenario};
use crate::time::{Duration, Time};

const SCENARIO: &str = r#"# Is one spare node enough?
name = "pair"
duration = "1000s"
warm_up = "200s"
currency = "EUR"

[policy]
scheduler = "least-allocated"
autoscaler = "fixed"
healer = "none"

[[nodes]]
name = "worker"
count = 2
cpu = "4"
memory = "16Gi"

[[services]]
name = "web"
replicas = 2
requests = { cpu = "500m", memory = "512Mi" }
slo = { availability = 0.999, window = "30d" }
load = 10

[[jobs]]
name = "report"
rate = "36/h"
sizes = [{ cpu = "1", memory = "2Gi" }]
duration = "50s"
"#;

/// A page without colours.
const PLAIN: Look = Look {
    colors: Colors::None,
    columns: 100,
};

/// Results stored so far: each has a folder of its own.
static STORED: AtomicU32 = AtomicU32::new(0);

/// A scenario, and three replications of it.
pub(super) struct Case {
    pub(super) scenario: Scenario,
    pub(super) runs: Vec<Measured>,
    summary: Summary,
}

impl Case {
    pub(super) fn new() -> Case {
        let unread = |path: &Path| panic!("{} is not named", path.display());
        let loaded = scenario::parse(Path::new("pair.toml"), SCENARIO, &unread).unwrap();
        let runs = vec![run(60.0, 0.50), run(20.0, 0.52), run(40.0, 0.48)];
        let summary = summarize(1, &runs);
        Case {
            scenario: loaded.scenario,
            runs,
            summary,
        }
    }

    pub(super) fn results(&self) -> Results<'_> {
        Results {
            scenario: &self.scenario,
            seed: 1,
            summary: &self.summary,
            runs: &self.runs,
        }
    }

    /// The same, written to a folder and read back.
    pub(super) fn stored(&self) -> Stored {
        self.stored_with(OPTIONS)
    }

    fn stored_with(&self, options: Options) -> Stored {
        let scratch = Scratch::new(&format!(
            "stored-{}",
            STORED.fetch_add(1, Ordering::Relaxed)
        ));
        let dir = scratch.0.join("out");
        let folder = Folder::begin(&dir).unwrap();
        output::data(&folder, &self.results(), options).unwrap();
        folder.finish().unwrap();
        Stored::read(&dir).unwrap()
    }

    fn page(&self) -> String {
        html::page(&self.stored(), &[])
    }

    fn table(&self, write: impl Fn(&Results<'_>, &mut Vec<u8>) -> std::io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&self.results(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }
}

/// A node of 4 cores of which a quarter is requested at first and then this share; it is down for
/// half of the second cell.
fn heat(node: &str, share: f64) -> HeatRow {
    let cell = |share: f64, seconds: f64, fewest_up| HeatCell {
        bound: 4000.0 * share * seconds,
        capacity: 4000.0 * seconds,
        fewest_up,
    };
    HeatRow {
        zone: String::new(),
        first: node.to_owned(),
        last: node.to_owned(),
        nodes: 1,
        cells: vec![cell(0.25, 400.0, 1), cell(share, 200.0, 0)],
    }
}

/// A replication that lost so many of 8,000 requests and kept this share of its CPU requested.
fn run(lost: f64, allocated: f64) -> Measured {
    let web = || Entity::Service("web".to_owned());
    let secs = Time::from_secs;
    let value = |metric: &str, entity, amount| Value {
        metric: dictionary::find(metric).unwrap(),
        entity,
        amount,
    };
    let ratio = |over, under| Amount::Ratio { over, under };
    let waits: Arc<[(f64, u64)]> = [(0.0, 90), (30.0, 9), (f64::INFINITY, 1)].into();
    let percentile = |p| Amount::Percentile {
        p,
        counts: Arc::clone(&waits),
    };
    let pod = |pod, owner, index| PodRow {
        pod: PodId(pod),
        owner,
        index,
        created: Time::ZERO,
        bound: None,
        node: None,
        ready: None,
        ended: None,
        outcome: None,
        deletion: None,
        restarts: 0,
    };
    let series = |entity, metric: &str, unit, values: [Option<f64>; 2]| Series {
        entity,
        metric: metric.to_owned(),
        unit,
        values: values.to_vec(),
    };
    Measured {
        mix: Arc::default(),
        window: Duration::from_secs(800),
        waiting: vec![Waiting {
            pods: 1,
            refused: BTreeMap::from([
                (vec![Reason::TooManyPods], 1),
                (vec![Reason::InsufficientCpu, Reason::InsufficientMemory], 2),
            ]),
        }],
        values: vec![
            value(
                "availability.requests",
                Entity::Cluster,
                ratio(8000.0 - lost, 8000.0),
            ),
            value("availability.requests", web(), ratio(8000.0 - lost, 8000.0)),
            value("slo.met", web(), ratio(0.0, 1.0)),
            // lost ÷ offered × 800 s ÷ 30 d ÷ 0.001
            value(
                "slo.budget_burned",
                web(),
                ratio(lost / 8000.0 * 800.0 / 2592.0, 1.0),
            ),
            value("outages", web(), Amount::Number(1.0)),
            value("outage.time_to_detect", web(), ratio(10.0, 1.0)),
            value("outage.time_to_recover", web(), ratio(100.0, 1.0)),
            value(
                "requests.lost",
                Entity::Part("stale endpoint".into()),
                ratio(lost, 8000.0),
            ),
            value("allocated.cpu", Entity::Cluster, ratio(allocated, 1.0)),
            value("pending.p50", Entity::Cluster, percentile(0.5)),
            value("pending.p99", Entity::Cluster, percentile(0.99)),
            value("pending.max", Entity::Cluster, percentile(1.0)),
            value("pending.never", Entity::Cluster, Amount::Number(1.0)),
        ],
        series: vec![
            series(
                Entity::Cluster,
                "allocated.cpu",
                "ratio",
                [Some(0.5), Some(allocated)],
            ),
            series(web(), "requests.offered", "1/s", [Some(10.0), Some(10.0)]),
            // What is lost is lost in the second half, of 400 s.
            series(
                web(),
                "requests.served",
                "1/s",
                [Some(10.0), Some(10.0 - lost / 400.0)],
            ),
            series(
                web(),
                "availability.requests",
                "ratio",
                [None, Some(1.0 - lost / 4000.0)],
            ),
            series(web(), "replicas.ready", "replicas", [Some(2.0), Some(1.5)]),
        ],
        heat: vec![heat("worker-0", allocated), heat("worker-1", 0.75)],
        cells: vec![200.0, 600.0],
        pods: [
            PodRow {
                bound: Some(secs(1)),
                node: Some(NodeId(1)),
                ready: Some(Time::from_secs_f64(2.5)),
                restarts: 2,
                ..pod(0, Owner::Service(ServiceId(0)), 1)
            },
            PodRow {
                created: secs(100),
                bound: Some(secs(130)),
                node: Some(NodeId(0)),
                ready: Some(secs(131)),
                ended: Some(secs(181)),
                outcome: Some(Outcome::Succeeded),
                ..pod(1, Owner::Job(JobId(0)), 0)
            },
            PodRow {
                created: secs(200),
                ..pod(2, Owner::Job(JobId(1)), 0)
            },
        ]
        .into_iter()
        .collect(),
        incidents: vec![Incident {
            service: ServiceId(0),
            start: secs(700),
            detected: Some(secs(710)),
            recovered: Some(secs(800)),
            causes: vec!["node worker-0".to_owned(), "container".to_owned()],
            censored: false,
            lost,
        }],
        accounting: Accounting {
            total: 12,
            excluded: vec![("duration unknown".to_owned(), 3)],
            not_arrived: 0,
            truth: Fates {
                finished: 7,
                running: 1,
                starting: 0,
                lost: 0,
                never_placed: 1,
            },
            belief: Fates {
                finished: 6,
                running: 2,
                starting: 0,
                lost: 0,
                never_placed: 1,
            },
        },
        events: 1234,
    }
}

fn check(actual: &str, expected: &Expect) {
    expected.assert_eq(actual);
}

#[test]
fn the_terminal_has_the_answer_first_and_the_files_last() {
    let case = Case::new();
    let effort = Effort {
        wall_seconds: 0.002,
        cpu_seconds: None,
        peak_memory_bytes: None,
        events: 3702,
        threads: 1,
    };
    let files = ["report.html".to_owned()];
    let written = Written {
        dir: Path::new("out"),
        files: &files,
    };
    let summary = text::summary(&case.results(), &effort, written, PLAIN);
    check(
        &summary,
        &expect![[r#"
            pair · 16 m 40 s simulated · 2 nodes · 1 service, 2 replicas · 12 jobs ·
            scheduler least-allocated, autoscaler fixed, healer none
            3 replications in 2.00 ms (3,702 events, 1.9 M events/s)

            availability   99.5 % (98.9 to 100) of requests, 2.3 nines (2.0 to ∞) ·
                           lost: 0.5 % (0 to 1.1) at replicas believed ready that could not serve
              web          99.5 % (98.9 to 100) ·
                           objective 99.9 % missed, 0.2 % (0 to 0.3) of the 30 d budget burned ·
                           1 outage a run, 1 m 40 s each, detected after 10 s
            utilization    cpu 50 % ± 5 requested
            waiting        pending p50 0 s, p99 30 s, max > end ·
                           1 created while measuring and never placed: insufficient cpu and memory; max pods
            jobs           36 in all 3 replications · 21 finished · 3 running · 0 starting · 0 lost ·
                           3 never placed · 9 left out: duration unknown
              as believed  18 finished · 6 running · 0 starting · 0 lost · 3 never placed

            Why web missed 99.9 % in replication 1: 60 requests were lost, 100 % of them between 00:10 and
            00:17; too few replicas were ready then (node worker-0, container): known after 10 s, over after
            1 m 40 s.

            out/   report.html
        "#]],
    );
    let look = Look {
        colors: Colors::Ansi,
        ..PLAIN
    };
    let colored = text::summary(&case.results(), &effort, written, look);
    assert_eq!(
        colored.matches("\u{1b}[31mmissed\u{1b}[0m").count(),
        1,
        "{colored}"
    );
    assert_eq!(
        colored.replace("\u{1b}[31m", "").replace("\u{1b}[0m", ""),
        summary
    );
}

/// A service and its causes of loss: of 1,000 requests, so many.
fn lossy(service: &str, causes: [(&str, f64); 3]) -> Vec<Value> {
    let lost: f64 = causes.iter().map(|&(_, lost)| lost).sum();
    let value = |metric: &str, entity, over| Value {
        metric: dictionary::find(metric).unwrap(),
        entity,
        amount: Amount::Ratio {
            over,
            under: 1000.0,
        },
    };
    let own = || Entity::Service(service.to_owned());
    let mut values = vec![
        value("availability.requests", own(), 1000.0 - lost),
        value("requests.lost", own(), lost),
    ];
    values.extend(causes.map(|(part, lost)| {
        let (service, part) = (service.to_owned(), part.to_owned());
        value("requests.lost", Entity::ServicePart { service, part }, lost)
    }));
    values
}

/// A case of one run, of services that lost these requests without an endpoint, at stale ones, and
/// over capacity.
fn lossy_services(services: &[(&str, [f64; 3])]) -> Case {
    let mut case = Case::new();
    case.runs.truncate(1);
    let names = ["no endpoint", "stale endpoint", "over capacity"];
    let causes = |lost: [f64; 3]| [0, 1, 2].map(|place| (names[place], lost[place]));
    let own = services.iter();
    let mut values: Vec<Value> = own
        .flat_map(|&(name, lost)| lossy(name, causes(lost)))
        .collect();
    values.extend([0, 1, 2].map(|place| Value {
        metric: dictionary::find("requests.lost").unwrap(),
        entity: Entity::Part(names[place].to_owned()),
        amount: Amount::Ratio {
            over: services.iter().map(|(_, lost)| lost[place]).sum(),
            under: 1000.0 * services.len() as f64,
        },
    }));
    case.runs[0].values = values;
    case.summary = summarize(1, &case.runs);
    case
}

/// The rows of the services on the terminal.
fn service_rows(case: &Case) -> String {
    let effort = Effort {
        wall_seconds: 0.002,
        cpu_seconds: None,
        peak_memory_bytes: None,
        events: 1,
        threads: 1,
    };
    let written = Written {
        dir: Path::new("out"),
        files: &[],
    };
    let summary = text::summary(&case.results(), &effort, written, PLAIN);
    let is_row = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let rows = summary.lines().filter(is_row);
    let rows: Vec<&str> = rows.map(|row| &row[2..]).collect();
    rows.join("\n")
}

#[test]
fn a_service_says_why_it_lost_requests_where_there_is_more_than_one_cause() {
    let two = [
        ("cart", [0.0, 30.0, 10.0]),
        ("search", [200.0, 0.0, 0.0]),
        ("shop", [0.0; 3]),
    ];
    check(
        &service_rows(&lossy_services(&two)),
        &expect![[r#"
              cart         96.0 % · lost: 1.0 % at full replicas, 3.0 % at dead replicas
              search       80.0 % · lost with no replica ready
              shop         100 %
              as believed  6 finished · 2 running · 0 starting · 0 lost · 1 never placed"#]],
    );
    let one = [("cart", [0.0, 30.0, 0.0]), ("search", [0.0, 10.0, 0.0])];
    check(
        &service_rows(&lossy_services(&one)),
        &expect![[r#"
              cart         97.0 %
              search       99.0 %
              as believed  6 finished · 2 running · 0 starting · 0 lost · 1 never placed"#]],
    );
}

#[test]
fn a_service_that_nobody_asks_anything_has_its_row_too() {
    let mut case = lossy_services(&[("cart", [0.0, 30.0, 0.0])]);
    case.runs[0].values.push(Value {
        metric: dictionary::find("availability.time").unwrap(),
        entity: Entity::Service("worker".to_owned()),
        amount: Amount::Ratio {
            over: 990.0,
            under: 1000.0,
        },
    });
    case.summary = summarize(1, &case.runs);
    check(
        &service_rows(&case),
        &expect![[r#"
            cart         97.0 %
            worker       nothing was asked; 99.0 % of the time enough replicas were ready
            as believed  6 finished · 2 running · 0 starting · 0 lost · 1 never placed"#]],
    );
}

#[test]
fn a_part_of_a_service_is_told_apart_from_a_part_of_the_whole() {
    let case = lossy_services(&[("cart", [0.0, 30.0, 10.0]), ("search", [200.0, 0.0, 0.0])]);
    let csv = case.table(|results, out| tables::metrics(results, out));
    let rows: Vec<&str> = csv.lines().filter(|row| row.contains("cart")).collect();
    check(
        &rows.join("\n"),
        &expect![[r#"
        pair,least-allocated-fixed-none,1,availability.requests,service:cart,ratio,0.96
        pair,least-allocated-fixed-none,1,requests.lost,service:cart,ratio,0.04
        pair,least-allocated-fixed-none,1,requests.lost,service_part:cart/no endpoint,ratio,0
        pair,least-allocated-fixed-none,1,requests.lost,service_part:cart/over capacity,ratio,0.01
        pair,least-allocated-fixed-none,1,requests.lost,service_part:cart/stale endpoint,ratio,0.03"#]],
    );
    let json =
        case.table(|results, out| summary_json::write(results, OPTIONS, &BTreeMap::new(), out));
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    let entities = read["metrics"].as_array().unwrap().iter();
    let parts = entities
        .map(|line| &line["entity"])
        .filter(|entity| entity["kind"] == "service_part");
    let parts: Vec<String> = parts.map(|part| part.to_string()).collect();
    assert_eq!(parts.len(), 6);
    check(
        &parts[1],
        &expect![[r#"{"kind":"service_part","name":"over capacity","service":"cart"}"#]],
    );
}

#[test]
fn metrics_has_a_row_for_each_replication() {
    check(
        &Case::new().table(|results, out| tables::metrics(results, out)),
        &expect![[r#"
            scenario,policy,replication,metric,entity,unit,value
            pair,least-allocated-fixed-none,1,availability.requests,cluster,ratio,0.9925
            pair,least-allocated-fixed-none,2,availability.requests,cluster,ratio,0.9975
            pair,least-allocated-fixed-none,3,availability.requests,cluster,ratio,0.995
            pair,least-allocated-fixed-none,1,availability.requests,service:web,ratio,0.9925
            pair,least-allocated-fixed-none,2,availability.requests,service:web,ratio,0.9975
            pair,least-allocated-fixed-none,3,availability.requests,service:web,ratio,0.995
            pair,least-allocated-fixed-none,1,slo.met,service:web,ratio,0
            pair,least-allocated-fixed-none,2,slo.met,service:web,ratio,0
            pair,least-allocated-fixed-none,3,slo.met,service:web,ratio,0
            pair,least-allocated-fixed-none,1,slo.budget_burned,service:web,ratio,0.0023148148148148147
            pair,least-allocated-fixed-none,2,slo.budget_burned,service:web,ratio,0.0007716049382716049
            pair,least-allocated-fixed-none,3,slo.budget_burned,service:web,ratio,0.0015432098765432098
            pair,least-allocated-fixed-none,1,outages,service:web,count,1
            pair,least-allocated-fixed-none,2,outages,service:web,count,1
            pair,least-allocated-fixed-none,3,outages,service:web,count,1
            pair,least-allocated-fixed-none,1,outage.time_to_detect,service:web,s,10
            pair,least-allocated-fixed-none,2,outage.time_to_detect,service:web,s,10
            pair,least-allocated-fixed-none,3,outage.time_to_detect,service:web,s,10
            pair,least-allocated-fixed-none,1,outage.time_to_recover,service:web,s,100
            pair,least-allocated-fixed-none,2,outage.time_to_recover,service:web,s,100
            pair,least-allocated-fixed-none,3,outage.time_to_recover,service:web,s,100
            pair,least-allocated-fixed-none,1,requests.lost,part:stale endpoint,ratio,0.0075
            pair,least-allocated-fixed-none,2,requests.lost,part:stale endpoint,ratio,0.0025
            pair,least-allocated-fixed-none,3,requests.lost,part:stale endpoint,ratio,0.005
            pair,least-allocated-fixed-none,1,allocated.cpu,cluster,ratio,0.5
            pair,least-allocated-fixed-none,2,allocated.cpu,cluster,ratio,0.52
            pair,least-allocated-fixed-none,3,allocated.cpu,cluster,ratio,0.48
            pair,least-allocated-fixed-none,1,pending.p50,cluster,s,0
            pair,least-allocated-fixed-none,2,pending.p50,cluster,s,0
            pair,least-allocated-fixed-none,3,pending.p50,cluster,s,0
            pair,least-allocated-fixed-none,1,pending.p99,cluster,s,30
            pair,least-allocated-fixed-none,2,pending.p99,cluster,s,30
            pair,least-allocated-fixed-none,3,pending.p99,cluster,s,30
            pair,least-allocated-fixed-none,1,pending.max,cluster,s,inf
            pair,least-allocated-fixed-none,2,pending.max,cluster,s,inf
            pair,least-allocated-fixed-none,3,pending.max,cluster,s,inf
            pair,least-allocated-fixed-none,1,pending.never,cluster,count,1
            pair,least-allocated-fixed-none,2,pending.never,cluster,count,1
            pair,least-allocated-fixed-none,3,pending.never,cluster,count,1
        "#]],
    );
}

#[test]
fn timeseries_leaves_out_what_does_not_exist() {
    let case = Case::new();
    check(
        &case.table(|results, out| tables::timeseries(results, Detail::Brief, out)),
        &expect![[r#"
            replication,time_s,entity,metric,unit,value
            1,200,cluster,allocated.cpu,ratio,0.5
            1,600,cluster,allocated.cpu,ratio,0.5
            1,200,service:web,requests.offered,1/s,10
            1,600,service:web,requests.offered,1/s,10
            1,200,service:web,requests.served,1/s,10
            1,600,service:web,requests.served,1/s,9.85
            1,600,service:web,availability.requests,ratio,0.985
            1,200,service:web,replicas.ready,replicas,2
            1,600,service:web,replicas.ready,replicas,1.5
        "#]],
    );
    let all =
        |results: &Results<'_>, out: &mut Vec<u8>| tables::timeseries(results, Detail::All, out);
    // 9 values in each of 3 replications, and the header.
    assert_eq!(case.table(all).lines().count(), 28);
}

#[test]
fn pods_tells_every_incarnation_exactly() {
    check(
        &Case::new().table(|results, out| tables::pods(results, Detail::Brief, out)),
        &expect![[r#"
            replication,kind,owner,index,created_s,bound_s,node,ready_s,ended_s,outcome,deletion,restarts
            1,service,web,1,0,1,worker-1,2.5,,,,2
            1,job,report-0,0,100,130,worker-0,131,181,succeeded,,0
            1,job,report-1,0,200,,,,,,,0
        "#]],
    );
}

#[test]
fn incidents_tells_every_outage() {
    check(
        &Case::new().table(|results, out| tables::incidents(results, Detail::Brief, out)),
        &expect![[r#"
        replication,service,start_s,detected_s,recovered_s,censored,lost_requests,causes
        1,web,700,710,800,false,60,node worker-0; container
    "#]],
    );
}

#[test]
fn summary_json_has_every_metric_with_its_replications() {
    let case = Case::new();
    let json =
        case.table(|results, out| summary_json::write(results, OPTIONS, &BTreeMap::new(), out));
    let read: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(read["version"], 2);
    assert_eq!(read["scenario"]["hash"], case.scenario.hash);
    // FNV-1a of nothing: the mix of these runs is empty.
    let nothing = "6c62272e07bb014262b821756295c58d";
    assert_eq!(read["scenario"]["mix_hash"], nothing);
    assert_eq!(
        (&read["seed"], &read["replications"]),
        (&1.into(), &3.into())
    );
    let metrics = read["metrics"].as_array().unwrap();
    assert_eq!(metrics.len(), case.summary.lines.len());
    assert!(
        metrics
            .iter()
            .all(|line| line["values"].as_array().unwrap().len() == 3)
    );
    let line = |metric: &str| {
        let text = metrics
            .iter()
            .find(|line| line["metric"] == metric)
            .unwrap();
        serde_json::to_string(text).unwrap()
    };
    check(
        &line("allocated.cpu"),
        &expect![[
            r#"{"basis":"truth","better":"neither","entity":{"kind":"cluster"},"estimate":0.5,"interval":{"high":0.5496827542350067,"low":0.45031724576499327},"method":"jackknife","metric":"allocated.cpu","unit":"ratio","values":[0.5,0.52,0.48]}"#
        ]],
    );
    check(
        &line("pending.max"),
        &expect![[
            r#"{"basis":"belief","better":"down","entity":{"kind":"cluster"},"estimate":"inf","interval":null,"method":"none_mostly_constant","metric":"pending.max","unit":"s","values":["inf","inf","inf"]}"#
        ]],
    );
    let jobs = serde_json::to_string(&read["jobs"][1]).unwrap();
    check(
        &jobs,
        &expect![[
            r#"{"belief":{"finished":6,"lost":0,"never_placed":1,"running":2,"starting":0},"excluded":{"duration unknown":3},"not_arrived":0,"replication":2,"total":12,"truth":{"finished":7,"lost":0,"never_placed":1,"running":1,"starting":0}}"#
        ]],
    );
}

#[test]
fn the_page_needs_nothing_else() {
    let case = Case::new();
    let stored = case.stored();
    let charts = plots::charts(&stored);
    let page = html::page(&stored, &charts);
    for foreign in [
        "<script", "<link", "<img", "<iframe", "@import", "url(", "src=",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    // A name space is no address.
    let without = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!without.contains("http"), "an address");
    assert_eq!(
        page.matches("<svg ").count(),
        2 * charts.len(),
        "wide and narrow"
    );
    assert!(page.contains("<h1>Is one spare node enough?</h1>"));
    assert!(page.contains("prefers-color-scheme: dark"));
}

const OPTIONS: Options = Options {
    detail: Detail::Brief,
    plots: Plots::Drawn,
};

#[test]
fn plots_follow_the_page_into_the_dark() {
    let case = Case::new();
    let stored = case.stored();
    let page = html::page(&stored, &plots::charts(&stored));
    let (style, body) = page.split_once("</style>").unwrap();
    for attribute in ["fill=\"#", "stroke=\"#"] {
        let colors = body.split(attribute).skip(1).map(|rest| &rest[..6]);
        for color in colors {
            let rule = format!("[{attribute}{color}\"]");
            assert!(style.contains(&rule), "{rule}");
        }
    }
}

#[test]
fn the_command_says_what_was_asked_for_in_words_of_a_shell() {
    let command = |file: &str, changes: &[&str], detail, plots| {
        let mut case = Case::new();
        case.scenario.file = file.to_owned();
        case.scenario.changes = changes.iter().map(|&change| change.to_owned()).collect();
        let page = html::page(&case.stored_with(Options { detail, plots }), &[]);
        let (_, rest) = page.split_once("<pre><code>").unwrap();
        rest.split_once("</code>").unwrap().0.to_owned()
    };
    let said = [
        command("pair.toml", &[], Detail::Brief, Plots::Drawn),
        command("two words.toml", &[], Detail::Nodes, Plots::Drawn),
        command("-o'b.toml", &[], Detail::All, Plots::None),
        command(
            "pair.toml",
            &[
                "--with a peak.toml",
                "--set nodes.\"w.2\".count=4",
                "--set duration=2h",
            ],
            Detail::Brief,
            Plots::None,
        ),
    ];
    check(
        &said.join("\n"),
        &expect![[r#"
            plimsoll run pair.toml --seed 1 --reps 3 --scheduler least-allocated --autoscaler fixed --healer none
            plimsoll run 'two words.toml' --seed 1 --reps 3 --scheduler least-allocated --autoscaler fixed --healer none --detail nodes
            plimsoll run './-o'\''b.toml' --seed 1 --reps 3 --scheduler least-allocated --autoscaler fixed --healer none --detail all --no-plots
            plimsoll run pair.toml --seed 1 --reps 3 --scheduler least-allocated --autoscaler fixed --healer none --with 'a peak.toml' --set 'nodes.&quot;w.2&quot;.count=4' --set duration=2h --no-plots"#]],
    );
}

#[test]
fn notes_show_names_as_code() {
    let mut case = Case::new();
    case.scenario.notes = vec!["`a<b` is not `c`".to_owned()];
    let page = case.page();
    assert!(page.contains("<li><code>a&lt;b</code> is not <code>c</code></li>"));
}

#[test]
fn what_users_write_is_text_on_the_page() {
    let mut case = Case::new();
    case.scenario.question = "Is <b> & \"c\"?".to_owned();
    let page = case.page();
    assert!(page.contains("<h1>Is &lt;b&gt; &amp; &quot;c&quot;?</h1>"));
}

#[test]
fn plots_say_what_is_seen() {
    let case = Case::new();
    let charts = plots::charts(&case.stored());
    let titles: Vec<String> = charts
        .iter()
        .map(|chart| format!("{}: {}", chart.name, chart.title))
        .collect();
    check(
        &titles.join("\n"),
        &expect![[r#"
            availability: web answered 99.5 % of its requests
            replicas: Replicas against load
            heatmap: 2 nodes: on average the fullest one had 42 % of its CPU requested, the emptiest 33 %
            utilization: On average 50 % of CPU was requested
            pending: 90 % of all pods had a node at once, 99 % within 30 s"#]],
    );
}

#[test]
fn a_plot_without_data_is_not_drawn() {
    let mut case = Case::new();
    for run in &mut case.runs {
        run.series.clear();
        run.heat.clear();
        run.values.clear();
    }
    assert_eq!(plots::charts(&case.stored()), []);
    assert_eq!(Plots::default(), Plots::Drawn);
}

#[test]
fn what_a_drill_takes_and_leaves_out_is_said() {
    let drilled = Case::new().scenario.drilled(Drill::Node).unwrap();
    let [note] = &outside::notes(&drilled)[..] else {
        panic!("a drill has a note");
    };
    // The window is [200 s, 1000 s), and half of it is left to see what follows.
    expect![[r#"
        a drill: every run loses one node, at any time from 3 m 20 s to 10 m, each with the same probability; it does not come back; the scenario's own failures of nodes and zones, at random and at given times, are left out"#]]
    .assert_eq(note);
}
