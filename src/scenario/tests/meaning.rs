//! What was written lands where it belongs.

use std::path::PathBuf;

use super::{EVERY_KEY, meaning};
use crate::cluster::catalog::{Hpa, Slo};
use crate::cluster::gpu::GpuModels;
use crate::dist::Distribution;
use crate::ids::{ExtendedId, GpuModelId, NodeId, ServiceId, ZoneId};
use crate::live::config::{Endpoint, Engine, Given, Keys};
use crate::metrics::quantity::Quantity;
use crate::scenario::objective::{Bound, Objective, Origin, Tolerance};
use crate::scenario::question;
use crate::script::failure::{Target, When};
use crate::script::load::Load;
use crate::sim::config::{Config, Crowd, Delay};
use crate::time::{Duration, Time};
use crate::units::{Bytes, MilliCpu, Resources};

const NODES: &str = r#"
[[nodes]]
name = "worker"
cpu = "4"
memory = "8Gi"
"#;

fn secs(seconds: u64) -> Time {
    Time::from_secs(seconds)
}

#[test]
fn a_load_factor_multiplies_loads_and_arrivals_and_says_so() {
    let text = r#"
duration = "1h"
load_factor = 1.5

[[nodes]]
name = "worker"
cpu = "4"
memory = "8Gi"

[[services]]
name = "cart"
requests = { cpu = "1", memory = "1Gi" }
load = 200

[[jobs]]
name = "job"
every = "60s"
count = 11
duration = "1m"
sizes = [{ cpu = "1", memory = "1Gi" }]
"#;
    let scenario = meaning(text, &[]);
    let outline = &scenario.outline;
    assert_eq!(
        outline.services[ServiceId(0)].load,
        Load::Constant { rate: 300.0 }
    );
    let source = &outline.sources[0];
    assert_eq!(source.interarrival.mean(), Some(60.0 / 1.5));
    // 16.5, rounded.
    assert_eq!(source.count, Some(17));
    assert_eq!(source.duration.mean(), Some(60.0), "each runs as long");
    assert_eq!(
        scenario.notes,
        ["load and arrivals of jobs are 1.5 times what the scenario says (`load_factor`)"]
    );
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let text = r#"
duration = "1h"

[[nodes]]
name = "worker"
cpu = "4"
memory = "8Gi"

[[services]]
name = "cart"
requests = { cpu = "1", memory = "1Gi" }
readiness = {}

[[services]]
name = "scaled"
requests = { cpu = "1", memory = "1Gi" }
work = { cpu = "1ms" }
hpa = { max = 5 }

[[jobs]]
name = "job"
every = "1m"
duration = "1m"
sizes = [{ cpu = "1", memory = "1Gi", gpu = 1 }]

[[failures]]
containers = "cart"
after = "1h"
"#;
    let scenario = meaning(text, &[]);
    assert_eq!(scenario.name, "shop");
    assert_eq!(scenario.question, "");
    assert_eq!((scenario.warm_up, scenario.end), (Time::ZERO, secs(3600)));
    assert_eq!(scenario.currency, "USD");
    assert_eq!(scenario.policy.scheduler.name, "least-allocated");
    assert_eq!(scenario.policy.autoscaler.name, "hpa");
    assert_eq!(scenario.policy.healer.name, "kubernetes");
    assert_eq!(scenario.sim, Config::default());

    let node = &scenario.catalog.nodes[NodeId(0)];
    assert_eq!(
        (scenario.catalog.nodes.len(), node.name.as_str()),
        (1, "worker-0")
    );
    assert_eq!(scenario.catalog.zones[node.zone], "");
    assert_eq!((node.gpus, node.gpu_model), (0, None));
    assert_eq!((node.max_pods, node.price_per_hour), (110, None));
    assert!(node.at_start);

    let cart = &scenario.catalog.services[ServiceId(0)];
    assert_eq!((cart.replicas, cart.min_available), (1, 1));
    assert_eq!((cart.slo, cart.hpa), (None, None));
    let shape = &scenario.catalog.shapes[cart.shape];
    assert_eq!((shape.limits, shape.priority), (Default::default(), 0));
    let behaviour = &scenario.outline.services[ServiceId(0)];
    assert_eq!(behaviour.image, None);
    assert_eq!(behaviour.startup, None);
    assert_eq!(behaviour.probe_period, Some(Duration::from_secs(10)));
    assert_eq!(behaviour.shutdown, Duration::ZERO);
    assert_eq!((behaviour.work, behaviour.memory), (None, None));
    assert_eq!(behaviour.load, Load::Zero);

    let scaled = &scenario.catalog.services[ServiceId(1)];
    let hpa = Hpa {
        min: 1,
        max: 5,
        cpu_percent: 80,
    };
    assert_eq!((scaled.replicas, scaled.hpa), (1, Some(hpa)));
    assert_eq!(scenario.outline.services[ServiceId(1)].probe_period, None);

    let jobs = &scenario.outline.sources[0];
    assert!(jobs.replace);
    assert_eq!(
        (jobs.from, jobs.until, jobs.count),
        (Time::ZERO, None, None)
    );
    let (weight, shape) = jobs.shapes[0];
    assert_eq!(weight, 1.0);
    assert_eq!(scenario.catalog.shapes[shape].gpus.milli, 1000);
    assert_eq!(scenario.catalog.shapes[shape].gpus.models, GpuModels::ANY);
    assert_eq!(scenario.outline.failures[0].name, "containers cart");
}

#[test]
fn neither_a_byte_order_mark_nor_windows_line_ends_change_the_meaning() {
    let plain = meaning(EVERY_KEY, &[]);
    let text = format!("\u{feff}{EVERY_KEY}").replace('\n', "\r\n");
    let other = meaning(&text, &[]);
    assert_eq!(other.question, plain.question);
    assert_eq!(other.catalog, plain.catalog);
}

#[test]
fn the_question_ends_with_its_mark_or_its_paragraph() {
    let asked = |head: &str| question(&format!("{head}\nname = \"x\"\n"));
    assert_eq!(
        asked("# Does it hold,\n# and why? Sources. None.\n# More."),
        "Does it hold, and why?"
    );
    assert_eq!(asked("# Is it so?\n#\n# Or not?"), "Is it so?");
    assert_eq!(
        asked("# A shop.\n# By the sea.\n#\n# Or not?"),
        "A shop. By the sea."
    );
}

#[test]
fn cluster_and_policies_mean_what_was_written() {
    let scenario = meaning(EVERY_KEY, &[]);
    assert_eq!(scenario.name, "every-key");
    assert_eq!(scenario.question, "One question on two lines.");
    assert_eq!(
        (scenario.warm_up, scenario.end),
        (secs(5400), secs(172_800))
    );
    assert_eq!(scenario.currency, "EUR");
    assert_eq!(scenario.notes, Vec::<String>::new());

    assert_eq!(scenario.policy.scheduler.name, "spread");
    assert_eq!(scenario.policy.healer.name, "none");
    let hpa = &scenario.policy.autoscaler.params;
    assert_eq!(hpa.number("tolerance"), 0.2);
    assert_eq!(hpa.duration("sync"), Duration::from_secs(30));
    assert_eq!((hpa.integer("steps"), hpa.choice("metric")), (3, "cpu"));

    let catalog = &scenario.catalog;
    let nodes: Vec<_> = catalog.nodes.as_slice().iter().collect();
    let named: Vec<(&str, &str)> = nodes
        .iter()
        .map(|node| (node.name.as_str(), catalog.zones[node.zone].as_str()))
        .collect();
    assert_eq!(
        named,
        [("worker-0", "a"), ("worker-1", "b"), ("worker-2", "a")]
    );
    assert_eq!(catalog.groups[nodes[2].group], "worker");
    assert_eq!(nodes[0].allocatable.cpu, MilliCpu(15_500));
    assert_eq!(nodes[0].allocatable.memory, Bytes(60 << 30));
    assert_eq!((nodes[0].allocatable.gpu.0, nodes[0].gpus), (8000, 8));
    assert_eq!(nodes[0].gpu_model, Some(GpuModelId(0)));
    assert_eq!(catalog.gpu_models.as_slice(), ["A100", "H100"]);
    assert_eq!(
        (nodes[0].max_pods, nodes[0].price_per_hour),
        (250, Some(1.5))
    );

    let expected = Config {
        heartbeat: Duration::from_secs(11),
        scheduling: Duration::from_millis(1),
        command: Duration::from_millis(2),
        status: Delay::Always(Duration::from_millis(3)),
        endpoints: Duration::from_millis(4),
        metrics: Duration::from_secs(5),
        create: Crowd::alike(Delay::Always(Duration::from_secs(6))),
        shared_machine: true,
        ready: Delay::Always(Duration::from_millis(9)),
        stop: Delay::Always(Duration::from_millis(10)),
        boot: Delay::Always(Duration::from_secs(7 * 60)),
        pull_bandwidth: Some(100 << 20),
        grace: Duration::from_secs(8),
    };
    assert_eq!(scenario.sim, expected);
}

#[test]
fn services_mean_what_was_written() {
    let scenario = meaning(EVERY_KEY, &[]);
    let cart = &scenario.catalog.services[ServiceId(0)];
    assert_eq!(
        (cart.name.as_str(), cart.replicas, cart.min_available),
        ("cart", 4, 3)
    );
    let window = Duration::from_secs(30 * 86_400);
    let slo = Slo {
        availability: 0.999,
        window,
    };
    assert_eq!(cart.slo, Some(slo));
    let hpa = Hpa {
        min: 3,
        max: 40,
        cpu_percent: 57,
    };
    assert_eq!(cart.hpa, Some(hpa));

    let shape = &scenario.catalog.shapes[cart.shape];
    assert_eq!(shape.requests.cpu, MilliCpu(500));
    assert_eq!(shape.requests.memory, Bytes::from_mib(512));
    assert_eq!(
        (shape.gpus.count, shape.gpus.milli, shape.requests.gpu.0),
        (2, 250, 500)
    );
    let models = GpuModels::ANY.with(GpuModelId(0)).with(GpuModelId(1));
    assert_eq!(shape.gpus.models, models);
    assert_eq!(shape.limits.cpu, Some(MilliCpu(1000)));
    assert_eq!(shape.limits.memory, Some(Bytes(1 << 30)));
    assert_eq!(shape.priority, -5);

    let behaviour = &scenario.outline.services[ServiceId(0)];
    let image = behaviour.image.as_ref().unwrap();
    assert_eq!(
        (image.name.as_str(), image.size),
        ("cart:1", Bytes::from_mib(180))
    );
    assert_eq!(behaviour.work, Some(Duration::from_millis(12)));
    let memory = behaviour.memory.unwrap();
    assert_eq!(memory.base, Bytes::from_mib(300));
    assert_eq!(memory.growth_per_hour, Bytes::from_mib(10));
    assert_eq!(behaviour.startup, Distribution::uniform(5.0, 10.0).ok());
    assert_eq!(behaviour.probe_period, Some(Duration::from_secs(3)));
    assert_eq!(behaviour.shutdown, Duration::from_secs(7));
    let diurnal = Load::Diurnal {
        mean: 900.0,
        amplitude: 0.6,
        peak_at: Duration::from_secs(72_000),
        period: Duration::from_secs(86_400),
    };
    let load = Load::Sum(vec![Load::Constant { rate: 100.0 }, diurnal]);
    assert_eq!(behaviour.load, load);
}

#[test]
fn objectives_are_those_of_the_file_and_then_those_of_the_services() {
    let objectives = meaning(EVERY_KEY, &[]).objectives;
    let quantity = |text: &str| text.parse::<Quantity>().unwrap();
    let expected = [
        Objective {
            quantity: quantity("pending.p99"),
            bound: Bound::AtMost(90.0),
            tolerance: Some(Tolerance::Relative(0.1)),
            origin: Origin::Written,
        },
        Objective {
            quantity: quantity("headroom.zone"),
            bound: Bound::AtLeast(0.95),
            tolerance: None,
            origin: Origin::Written,
        },
        Objective {
            quantity: quantity("availability.requests@service:cart"),
            bound: Bound::AtLeast(0.999),
            tolerance: Some(Tolerance::Absolute(0.0005)),
            origin: Origin::Slo,
        },
    ];
    assert_eq!(objectives, expected);
}

#[test]
fn pods_of_several_containers_request_what_all_of_them_need() {
    let pod = r#"
        init_containers = [
            { requests = { cpu = "3", memory = "100Mi" } },
            { requests = { cpu = "250m" }, restart_policy = "Always" },
        ]
        further_containers = [
            { requests = { memory = "1Gi" }, resources = { "example.com/fpga" = 1 } },
        ]
        overhead = { cpu = "50m", memory = "20Mi" }
        resources = { "example.com/fpga" = 2 }"#;
    let text = format!(
        r#"
        duration = "1h"
        {NODES}
        [[services]]
        name = "cart"
        requests = {{ cpu = "1", memory = "1Gi", gpu = 1 }}
        [services.pod]{pod}
        [[jobs]]
        name = "batch"
        every = "1m"
        duration = "1m"
        sizes = [{{ cpu = "4", memory = "0Gi" }}]
        [jobs.pod]{pod}
        requests = {{ memory = "6Gi" }}"#
    );
    let scenario = meaning(&text, &[]);
    let catalog = &scenario.catalog;
    let cart = &catalog.shapes[catalog.services[ServiceId(0)].shape];
    let mib = Bytes::from_mib;
    // The first init container runs alone: 3 cores; then 1 and the sidecar's 0.25 together.
    assert_eq!(cart.requests.cpu, MilliCpu(3050));
    assert_eq!(
        (cart.requests.memory, cart.requests.gpu.0),
        (mib(2068), 1000)
    );
    assert_eq!(cart.extended, [(ExtendedId(0), 3)]);
    // Scorers count 200 MiB for the sidecar, which says nothing of memory.
    assert_eq!(cart.assumed().memory, mib(2268));
    assert_eq!(
        cart.running().main,
        Resources::new(MilliCpu(1000), mib(1024))
    );
    assert_eq!(
        cart.running().beside,
        Resources::new(MilliCpu(250), mib(1024))
    );

    let (_, batch) = scenario.outline.sources[0].shapes[0];
    let batch = &catalog.shapes[batch];
    assert_eq!(batch.requests.cpu, MilliCpu(4300));
    assert_eq!(batch.requests.memory, mib(6 * 1024 + 20));
    // While it is placed, its size's zero counts as 200 MiB, and so does the sidecar's silence.
    assert_eq!(batch.placing().memory, mib(1024 + 2 * 200 + 20));
}

#[test]
fn jobs_and_failures_mean_what_was_written() {
    let scenario = meaning(EVERY_KEY, &[]);
    let batch = &scenario.outline.sources[0];
    assert_eq!(batch.name, "batch");
    // 30 an hour are one in 120 s on average.
    assert_eq!(
        Some(&batch.interarrival),
        Distribution::exponential(120.0).ok().as_ref()
    );
    assert_eq!(
        Some(&batch.duration),
        Distribution::constant(600.0).ok().as_ref()
    );
    assert!(!batch.replace);
    assert_eq!((batch.from, batch.until), (secs(3600), Some(secs(18_000))));
    assert_eq!(batch.count, Some(50));
    let shapes = &scenario.catalog.shapes;
    let [(3.0, first), (1.0, second)] = batch.shapes[..] else {
        panic!("{:?}", batch.shapes);
    };
    assert_eq!(
        (shapes[first].requests.cpu, shapes[first].priority),
        (MilliCpu(1000), 7)
    );
    assert_eq!(
        shapes[second].gpus.models,
        GpuModels::ANY.with(GpuModelId(0))
    );
    assert_eq!(
        (shapes[second].gpus.count, shapes[second].gpus.milli),
        (1, 500)
    );

    let [nodes, zones, containers] = &scenario.outline.failures[..] else {
        panic!("{:?}", scenario.outline.failures);
    };
    assert_eq!(nodes.name, "two nodes");
    assert_eq!(nodes.target, Target::Nodes((0..3).map(NodeId).collect()));
    assert!(matches!(nodes.when, When::At { at, count: Some(2) } if at == secs(43_200)));
    assert_eq!(nodes.down, None);
    assert_eq!(zones.target, Target::Zones((0..2).map(ZoneId).collect()));
    let up = Distribution::exponential(3_600_000.0).unwrap();
    assert!(matches!(&zones.when, When::After(after) if *after == up));
    assert_eq!(
        zones.down,
        Distribution::lognormal_with_median(4500.0, 1.1).ok()
    );
    assert_eq!(containers.target, Target::Containers(vec![ServiceId(0)]));
    assert_eq!(containers.down, None);
}

#[test]
fn every_distribution_and_load_is_read_by_its_own_parameters() {
    let laws = [
        (r#""90s""#, Distribution::constant(90.0)),
        (r#"{ constant = "2m" }"#, Distribution::constant(120.0)),
        (
            r#"{ uniform = { low = "1s", high = "3s" } }"#,
            Distribution::uniform(1.0, 3.0),
        ),
        (
            r#"{ exponential = { mean = "2h" } }"#,
            Distribution::exponential(7200.0),
        ),
        (
            r#"{ normal = { mean = "5s", sd = "2s" } }"#,
            Distribution::normal(5.0, 2.0),
        ),
        (
            r#"{ lognormal = { median = "5s", sigma = 2 } }"#,
            Distribution::lognormal_with_median(5.0, 2.0),
        ),
        (
            r#"{ weibull = { shape = 0.7, scale = "1m" } }"#,
            Distribution::weibull(0.7, 60.0),
        ),
        (
            r#"{ gamma = { shape = 3, scale = "1m" } }"#,
            Distribution::gamma(3.0, 60.0),
        ),
        (
            r#"{ pareto = { shape = 1.5, scale = "1s" } }"#,
            Distribution::pareto(1.5, 1.0),
        ),
        (
            r#"{ bounded-pareto = { shape = 1.5, low = "1s", high = "9s" } }"#,
            Distribution::bounded_pareto(1.5, 1.0, 9.0),
        ),
        (
            r#"{ empirical = "plain.csv" }"#,
            Distribution::empirical(&[1.5, 4.0]),
        ),
        (
            r#"{ empirical = "weighted.csv" }"#,
            Distribution::weighted([(1.5, 3.0), (4.0, 1.0)]),
        ),
    ];
    let files = [
        ("dir/plain.csv", "duration_s\n1.5\n4\n"),
        ("dir/weighted.csv", "weight,duration_s\n3,1.5\n1,4\n"),
        ("dir/load.csv", "time_s,rate_per_s\n0,10\n60.5,20\n"),
    ];
    for (written, expected) in laws {
        let text = format!(
            "duration = \"1h\"\n{NODES}\n[[services]]\nname = \"a\"\nstartup = {written}\n\
             requests = {{ cpu = 1, memory = \"1Gi\" }}\n"
        );
        let scenario = meaning(&text, &files);
        let startup = scenario.outline.services[ServiceId(0)].startup.clone();
        assert_eq!(startup, expected.ok(), "{written}");
    }
    let loads = [
        ("7.5", Load::Constant { rate: 7.5 }),
        ("{ constant = 3 }", Load::Constant { rate: 3.0 }),
        (
            r#"{ step = { before = 1, after = 2, at = "5m" } }"#,
            Load::Step {
                before: 1.0,
                after: 2.0,
                at: secs(300),
            },
        ),
        (
            r#"{ spike = { base = 1, peak = 9, at = "5m", rise = "1m", hold = "2m" } }"#,
            Load::Spike {
                base: 1.0,
                peak: 9.0,
                at: secs(300),
                rise: Duration::from_secs(60),
                hold: Duration::from_secs(120),
            },
        ),
        (
            r#"{ ramp = { from = 1, to = 9, start = "5m", end = "6m" } }"#,
            Load::Ramp {
                from: 1.0,
                to: 9.0,
                start: secs(300),
                end: secs(360),
            },
        ),
        (
            r#"{ csv = "load.csv" }"#,
            Load::Piecewise([(secs(0), 10.0), (Time::from_secs_f64(60.5), 20.0)].into()),
        ),
        ("[]", Load::Zero),
    ];
    for (written, expected) in loads {
        let text = format!(
            "duration = \"1h\"\n{NODES}\n[[services]]\nname = \"a\"\nload = {written}\n\
             requests = {{ cpu = 1, memory = \"1Gi\" }}\n"
        );
        let scenario = meaning(&text, &files);
        assert_eq!(
            scenario.outline.services[ServiceId(0)].load,
            expected,
            "{written}"
        );
    }
}

#[test]
fn engines_are_no_part_of_the_input() {
    let plain = meaning(EVERY_KEY, &[]);
    let live = "[live]\npublish = true\n\n[[live.engines]]\nnode = \"worker-1\"\n\
                endpoint = \"tcp://build.example:2376\"\n\
                tls = { ca = \"keys/ca.pem\", cert = \"cert.pem\", key = \"/k/key.pem\" }\n";
    let given = meaning(&format!("{EVERY_KEY}\n{live}"), &[]);
    assert_eq!(given.hash, plain.hash);
    assert_eq!(given.warnings, plain.warnings);
    assert_eq!(given.notes, plain.notes);
    assert!(given.is_alike(&plain) && plain.live == Given::default());
    let keys = Keys {
        ca: PathBuf::from("dir/keys/ca.pem"),
        cert: PathBuf::from("dir/cert.pem"),
        key: PathBuf::from("/k/key.pem"),
    };
    let endpoint = Endpoint::parse("tcp://build.example:2376", Some(keys)).unwrap();
    let node = "worker-1".to_owned();
    assert!(given.live.publish);
    assert_eq!(given.live.engines, [Engine { node, endpoint }]);
}
