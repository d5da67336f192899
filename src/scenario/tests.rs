use std::io;
use std::path::{Path, PathBuf};

use super::policies::{Known, Registry};
use super::*;
use crate::policy::params::{Kind, Param};

mod damage;
mod edits;
mod meaning;
mod outside;
mod policies;
mod schema;
mod shipped;
mod trace;

const PARAMS: &[Param] = &[
    Param {
        name: "tolerance",
        kind: Kind::Number { min: 0.0, max: 1.0 },
        default: "0.1",
        doc: "Ratios this near to 1 change nothing.",
    },
    Param {
        name: "sync",
        kind: Kind::Duration,
        default: "15s",
        doc: "Time between decisions.",
    },
    Param {
        name: "lag",
        kind: Kind::Period,
        default: "10s",
        doc: "Age of what is measured",
    },
    Param {
        name: "steps",
        kind: Kind::Integer { min: 1, max: 9 },
        default: "3",
        doc: "Most replicas at once.",
    },
    Param {
        name: "metric",
        kind: Kind::Choice(&["cpu", "memory"]),
        default: "cpu",
        doc: "What is measured.",
    },
];

/// A registry that does not change when a policy is added.
fn registry() -> Registry {
    let plain = |name| Known { name, params: &[] };
    Registry {
        schedulers: ["binpack", "least-allocated", "spread"].map(plain).into(),
        autoscalers: vec![
            plain("fixed"),
            Known {
                name: "hpa",
                params: PARAMS,
            },
        ],
        healers: ["kubernetes", "none"].map(plain).into(),
        obedient: Vec::new(),
        defaults: ["least-allocated", "hpa", "kubernetes"],
    }
}

/// What the text means, with the files beside it.
fn meaning(text: &str, files: &[(&str, &str)]) -> Scenario {
    let read = |path: &Path| {
        let file = files.iter().find(|(name, _)| path == Path::new(name));
        let found = file.map(|(_, text)| text.as_bytes().to_vec());
        found.ok_or(io::ErrorKind::NotFound.into())
    };
    let loaded = parse_with(Path::new("dir/shop.toml"), text, &read, &registry());
    loaded
        .map_err(|problems| rendered(&problems))
        .unwrap()
        .scenario
}

fn rendered(problems: &Problems) -> String {
    let mut out = Vec::new();
    problems.render(&mut out, false).unwrap();
    String::from_utf8(out).unwrap()
}

/// What is said of a text that is refused.
fn refusal(text: &str) -> String {
    let read = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let refused = parse_with(Path::new("shop.toml"), text, &read, &registry());
    rendered(&refused.map(|_| "it was accepted").unwrap_err())
}

/// Every key of the file itself; no trace.
const EVERY_KEY: &str = r#"# One question
# on two lines.
#
# Sources.
name = "every-key"
duration = "2d"
warm_up = "1h30m"
currency = "EUR"

[policy]
scheduler = "spread"
healer = "none"

[policy.autoscaler.hpa]
tolerance = 0.2
sync = "30s"

[[nodes]]
name = "worker"
count = 3
cpu = "15500m"
memory = "60Gi"
gpu = 8
gpu_model = "A100"
zones = ["a", "b"]
price_per_hour = 1.5
max_pods = 250

[[services]]
name = "cart"
replicas = 4
image = { name = "cart:1", size = "180Mi" }
requests = { cpu = 0.5, memory = "512Mi", gpu = 2, gpu_milli = 250, gpu_model = ["A100", "H100"] }
limits = { cpu = 1, memory = "1Gi" }
work = { cpu = "12ms" }
memory_use = { base = "300Mi", growth_per_hour = "10Mi" }
startup = { uniform = { low = "5s", high = "10s" } }
readiness = { period = "3s" }
shutdown = "7s"
min_available = 3
slo = { availability = 0.999, window = "30d", tolerance = "0.05%" }
load = [100, { diurnal = { mean = 900, amplitude = 0.6, peak_at = "20h" } }]
hpa = { min = 3, max = 40, cpu = 0.57 }
priority = -5

[[jobs]]
name = "batch"
rate = "30/h"
duration = "10m"
sizes = [
    { weight = 3, cpu = "1", memory = "1Gi" },
    { cpu = "8", memory = "4Gi", gpu = 1, gpu_milli = 500, gpu_model = "A100" },
]
restart = "never"
from = "1h"
until = "5h"
count = 50
priority = 7

[[failures]]
name = "two nodes"
nodes = ["worker", "worker-1"]
at = "12h"
count = 2
down = "forever"

[[failures]]
zones = "*"
after = { exponential = { mean = "1000h" } }
down = { lognormal = { median = "75m", sigma = 1.1 } }

[[failures]]
containers = ["cart"]
after = "100h"

[[objectives]]
metric = "pending.p99"
at_most = "1m30s"
tolerance = "10%"

[[objectives]]
metric = "headroom.zone"
at_least = "95%"

[delays]
heartbeat = "11s"
scheduling = "1ms"
command = "2ms"
status = "3ms"
endpoints = "4ms"
metrics = "5s"
create = "6s"
boot = "7m"
shared_machine = true
ready = "9ms"
stop = "10ms"
pull_bandwidth = "100Mi/s"
grace = "8s"
"#;

/// A scenario made of tables alone.
const TABLES: &str = r#"
[[services]]
name = "web"
requests = { cpu = "1", memory = "1Gi" }
work = { cpu = "1ms" }

[trace]
nodes = "nodes.csv"
pods = "pods.csv"
node_events = "events.csv"
load = "load.csv"
restart = "never"
excluded = { "duration unknown" = 897 }
"#;

const TABLE_FILES: [(&str, &str); 4] = [
    (
        "dir/nodes.csv",
        "gpu_model,name,cpu_milli,memory_mib,gpu,zone,rack,price_per_hour\n\
         T4,n0,96000,262144,2,a,r1,2.5\n\
         ,n1,32000,65537,0,b,,\n\
         T4,n2,96000,262144,2,b,,\n",
    ),
    (
        "dir/pods.csv",
        "name,arrival_s,duration_s,cpu_milli,memory_mib,gpu,gpu_milli,gpu_model,priority,workload\n\
         late,20.25,,1000,2048,1,500,T4|V100,3,w\n\
         first,0,60,1000,2048,0,0,,,\n\
         \"with, comma\",20.25,1.000000001,1000,2048,,,,0,\n\
         whole,5,0,1000,2048,2,,,,\n",
    ),
    (
        "dir/events.csv",
        "time_s,node,event\n10,n2,add\n5,n1,fail\n7,n1,recover\n8,n0,drain\n",
    ),
    (
        "dir/load.csv",
        "time_s,service,rate_per_s\n0,web,5\n10.5,web,7\n",
    ),
];

/// The files in `scenarios/`, with their texts.
fn shipped() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .map(|path| (path.clone(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}
