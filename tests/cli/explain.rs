//! `plimsoll explain`.

use expect_test::expect;
use serde_json::Value;

use crate::shared::{EXACT, PODS, SMALL, Scratch};

/// Seven replicas of a service and two of another on five nodes, two of which are lost.
pub(crate) const CROWD: &str = r#"# Where do pods go when half of the nodes are lost?
name = "crowd"
duration = "1h"

[policy]
scheduler = "spread"
healer = "kubernetes"

[[nodes]]
name = "worker"
count = 4
cpu = "4"
memory = "8Gi"
zones = ["a", "b"]

[[nodes]]
name = "tiny"
cpu = "4"
memory = "8Gi"
zones = ["a"]
max_pods = 1

[[services]]
name = "web"
replicas = 7
requests = { cpu = "1", memory = "1Gi" }
work = { cpu = "10ms" }
load = 30

[[services]]
name = "store"
replicas = 2
requests = { cpu = "1900m", memory = "2Gi" }
work = { cpu = "5ms" }
load = 10

[[failures]]
zones = "b"
at = "20m"
down = "20m"
"#;

/// The same, so full that jobs of higher priority take the place of others.
pub(crate) fn important() -> String {
    let report = r#"
[[jobs]]
name = "report"
rate = "20/h"
priority = 1000
sizes = [{ cpu = "2", memory = "2Gi" }]
duration = "5m"
"#;
    let text = CROWD.replace("\"spread\"", "\"kube\"");
    let text = text.replace("replicas = 7", "replicas = 14\nshutdown = \"30s\"");
    format!("{text}{report}")
}

/// What `explain` says of the crowd.
fn explained(test: &str, args: &str) -> (Option<i32>, String, String) {
    let scratch = Scratch::new(test);
    scratch.write("crowd.toml", CROWD);
    scratch.said(&format!("explain crowd.toml {args}"))
}

#[test]
fn explain_lists_the_pods_that_wait_and_says_what_to_ask_next() {
    let (code, stdout, stderr) = explained("explain-list", "--at 26m");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        At 00:26:00, 2 of 13 pods wait for a node under spread.

              2  no node fits: 2 not ready, 2 insufficient cpu, 1 max pods
                 web-8, web-9

        Try: plimsoll explain crowd.toml --at 26m --pod web-8
    "#]]
    .assert_eq(&stdout);
    let (_, stdout, _) = explained("explain-none", "");
    expect![[r#"
        At 01:00:00, every pod has a node: 9 pods on 5 nodes.

        The longest wait until then was that of web-8: 14 m 5 s.
        Try: plimsoll explain crowd.toml --pod web-8 --at 00:39:59
    "#]]
    .assert_eq(&stdout);
}

#[test]
fn explain_says_why_a_pod_waits() {
    let (code, stdout, stderr) = explained("explain-waits", "--at 0:26:00 --pod web-8");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        web-8 waits since 00:25:55. 0 of 5 nodes fit: 2 not ready (zone b), 2 insufficient cpu (most free:
        worker-0, 100m of 1 core), 1 max pods (1).

        asks for       cpu 1 core · memory 1 GiB
        decided        00:25:55, when it was created · tried again when something changes in its favour
        scheduler      spread
        in Kubernetes  0/5 nodes are available: 1 Too many pods, 2 Insufficient cpu, 2 node(s) had
                       untolerated taint {node.kubernetes.io/unreachable: }.

          5 nodes refuse it
              2  not ready: worker-1, worker-3 (TaintToleration)
              2  insufficient cpu: worker-0, worker-2 (NodeResourcesFit)
              1  max pods: tiny-0 (NodeResourcesFit)
    "#]].assert_eq(&stdout);
}

#[test]
fn explain_says_why_a_pod_is_where_it_is() {
    let (code, stdout, stderr) = explained("explain-placed", "--at 10m --pod web-3");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        web-3 runs on worker-3, placed at 00:00:00. All 5 nodes fit: worker-3 has the fewest replicas on
        node (0, the next 1) of those with the fewest replicas in zone (1).

        asks for       cpu 1 core · memory 1 GiB
        decided        00:00:00, when it was created
        scheduler      spread

          5 nodes that fit  replicas in zone  replicas on node  left
          worker-3                         1                 0  81 %  chosen
          worker-1                         1                 1  62 %
          tiny-0                           2                 0  81 %
          worker-0                         2                 1  62 %
          worker-2                         2                 1  62 %
    "#]].assert_eq(&stdout);
    let (_, stdout, _) = explained("explain-kube", "--at 26m --pod web-8 --scheduler kube -v");
    expect![[r#"
        web-8 runs on worker-2, placed at 00:25:45. 2 of 5 nodes fit: worker-2 has the most points (602, the
        next 562).

        asks for       cpu 1 core · memory 1 GiB
        decided        00:25:45, when it was created
        scheduler      kube

          2 nodes that fit  total  spread  resources  balance
          worker-2            602     200         26       76  chosen
          worker-0            562     162         25       75
          the same on all: taints 300, images 0

          3 nodes refuse it
          worker-1  TaintToleration   not ready
          worker-3  TaintToleration   not ready
          tiny-0    NodeResourcesFit  max pods
    "#]].assert_eq(&stdout);
}

#[test]
fn explain_gives_all_of_it_as_json() {
    let (code, stdout, stderr) = explained("explain-json", "--at 26m --pod web-8 --format json");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let stdout = stdout.replace(env!("CARGO_PKG_VERSION"), "(this version)");
    expect![[r#"
        {
          "version": 1,
          "plimsoll": "(this version)",
          "scenario": "crowd",
          "hash": "d02fcbc21b675e82296e14d46f59b551",
          "changes": [],
          "seed": 1,
          "scheduler": "spread",
          "autoscaler": "hpa",
          "healer": "kubernetes",
          "at_s": 1560.0,
          "drill": null,
          "pod": {
            "name": "web-8",
            "kind": "service",
            "owner": "web",
            "index": 8,
            "state": "pending",
            "ready": false,
            "being_deleted": null,
            "queue": "unschedulable",
            "node": null,
            "nominated": null,
            "created_s": 1555.0,
            "bound_s": null,
            "tried_again_s": null,
            "failed_attempts": 1,
            "priority": 0,
            "requests": {
              "cpu_milli": 1000,
              "memory_bytes": 1073741824,
              "gpu_milli": 0
            }
          },
          "evicted_for": null,
          "decision": {
            "at_s": 1555.0,
            "attempt": 1,
            "chosen": null,
            "best": [],
            "tie_break": "first in the scenario",
            "kubernetes": "0/5 nodes are available: 1 Too many pods, 2 Insufficient cpu, 2 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.",
            "nodes": 5,
            "evaluated": 5,
            "feasible": [],
            "drawn": null,
            "measures": [
              {
                "name": "replicas in zone",
                "unit": "",
                "parts": 1,
                "better": "less"
              },
              {
                "name": "replicas on node",
                "unit": "",
                "parts": 1,
                "better": "less"
              },
              {
                "name": "left",
                "unit": "%",
                "parts": 1,
                "better": "more"
              }
            ],
            "rejected": [
              {
                "node": "worker-0",
                "plugin": "NodeResourcesFit",
                "code": "Unschedulable",
                "reasons": [
                  "Insufficient cpu"
                ],
                "free": {
                  "cpu_milli": 100,
                  "memory_bytes": 4294967296,
                  "gpu_milli": 0
                },
                "pods": 3
              },
              {
                "node": "worker-1",
                "plugin": "TaintToleration",
                "code": "UnschedulableAndUnresolvable",
                "reasons": [
                  "node(s) had untolerated taint {node.kubernetes.io/unreachable: }"
                ],
                "free": {
                  "cpu_milli": 2000,
                  "memory_bytes": 6442450944,
                  "gpu_milli": 0
                },
                "pods": 2
              },
              {
                "node": "worker-2",
                "plugin": "NodeResourcesFit",
                "code": "Unschedulable",
                "reasons": [
                  "Insufficient cpu"
                ],
                "free": {
                  "cpu_milli": 100,
                  "memory_bytes": 4294967296,
                  "gpu_milli": 0
                },
                "pods": 3
              },
              {
                "node": "worker-3",
                "plugin": "TaintToleration",
                "code": "UnschedulableAndUnresolvable",
                "reasons": [
                  "node(s) had untolerated taint {node.kubernetes.io/unreachable: }"
                ],
                "free": {
                  "cpu_milli": 1100,
                  "memory_bytes": 5368709120,
                  "gpu_milli": 0
                },
                "pods": 2
              },
              {
                "node": "tiny-0",
                "plugin": "NodeResourcesFit",
                "code": "Unschedulable",
                "reasons": [
                  "Too many pods"
                ],
                "free": {
                  "cpu_milli": 3000,
                  "memory_bytes": 7516192768,
                  "gpu_milli": 0
                },
                "pods": 1
              }
            ],
            "preemption": null,
            "made_room": null
          }
        }
    "#]].assert_eq(&stdout);
    let (_, stdout, _) = explained("explain-json-list", "--at 26m --format json");
    assert!(stdout.contains("\"waiting\": ["), "{stdout}");
    assert!(stdout.contains("\"name\": \"web-9\""), "{stdout}");
}

#[test]
fn explain_refuses_pods_and_times_that_there_are_not() {
    let errors = [
        "--pod web-99",
        "--pod wen-3",
        "--pod nobody",
        "--at 61m",
        "--at soon",
        "--at 10:75",
        "--scheduler spred",
    ];
    let said = errors.map(|args| {
        let (code, stdout, stderr) = explained("explain-errors", args);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args}");
        stderr
    });
    expect![[r#"
        error: no pod `web-99` until 01:00:00
          = there were web-0 to web-9 until then
        error: no pod `wen-3` until 01:00:00
          = did you mean `web-3`?
        error: no pod `nobody` until 01:00:00
          = a pod is named by its service or job and its number, as in pods.csv: `web-0`; without --pod those that wait are listed
        error: --at `61m` is after the end of the run
          = crowd ends after 1 h, and that is 1 h 1 m
        error: --at `soon` is not a moment of the run
          = write a clock such as `20:00:52` (hours go on beyond 24), or the time since the start such as `20h52s`
        error: --at `10:75` is not a moment of the run
          = write a clock such as `20:00:52` (hours go on beyond 24), or the time since the start such as `20h52s`
        error: unknown scheduler `spred` (known: least-allocated, most-allocated, binpack, spread, first-fit, best-fit, worst-fit, borg-stranded, tetris, power-of-two, fgd, gpu-bestfit, gpu-dotprod, gpu-packing, gpu-clustering, gpu-random, swarm, nomad, kube, kube-1.34, kube-binpack, random): did you mean `spread`?
    "#]].assert_eq(&said.concat());
}

#[test]
fn explain_tells_who_makes_room_for_whom() {
    let scratch = Scratch::new("explain-preempts");
    scratch.write("crowd.toml", &important());
    let (code, stdout, stderr) = scratch.said("explain crowd.toml --at 150s --pod report-0");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        report-0-0 waits since 00:02:22 and is nominated to worker-1. 0 of 5 nodes fit: 4 insufficient cpu
        (most free: worker-0, 1 core of 2 cores), 1 max pods (1). It takes the place of 1 pod of lower
        priority on worker-1: web-9. It is one of 4 equally good of the 5 nodes where that helps.

        asks for       cpu 2 cores · memory 2 GiB
        decided        00:02:22, when it was created · tried again when something changes in its favour
        scheduler      kube · priority 1000
        in Kubernetes  0/5 nodes are available: 1 Too many pods, 4 Insufficient cpu.

          5 nodes refuse it
              4  insufficient cpu: worker-0, worker-1, worker-2, worker-3 (NodeResourcesFit)
              1  max pods: tiny-0 (NodeResourcesFit)
    "#]].assert_eq(&stdout);
    let later = ["--at 150s --pod web-9", "--at 200s --pod report-0"];
    let told = later.map(|args| {
        let (_, stdout, _) = scratch.said(&format!("explain crowd.toml {args}"));
        stdout.split("\n\n").next().unwrap().to_owned() + "\n"
    });
    expect![[r#"
        web-9 is being deleted on worker-1: report-0-0, of higher priority, needs its place. 4 of 5 nodes
        fit: worker-1 has the most points (624, the next 600). 2 nodes are equal in that, and one by lot was
        taken.
        report-0-0 runs on worker-1, placed at 00:02:52. It had been nominated to the node: no other was
        looked at. At 00:02:22 it took the place of 1 pod of lower priority on worker-1: web-9. It was one
        of 4 equally good of the 5 nodes where that helps.
    "#]].assert_eq(&told.concat());
    let (_, json, _) = scratch.said("explain crowd.toml --at 150s --pod web-9 --format json");
    assert!(json.contains("\"evicted_for\": \"report-0-0\""), "{json}");
    let (_, json, _) = scratch.said("explain crowd.toml --at 200s --pod report-0 --format json");
    assert!(json.contains("\"made_room\": {"), "{json}");
}

#[test]
fn what_happens_in_the_shipped_scenarios_is_explained() {
    let scratch = Scratch::new("explain-shipped");
    let (shop, zones) = ("shop-and-batch", "zone-rules");
    let front = "--at 2:10 --pod front-9";
    let told = [
        (shop, "--pod shop-75", "it took the place of 1 pod of lower"),
        (
            shop,
            "--pod batch-428-0",
            "(shop-75, of higher priority, needs",
        ),
        (zones, front, "6 topology spread not met: worker-1"),
        (zones, front, "3 untolerated taint dedicated=storage: "),
        (
            zones,
            "--at 2:10 --pod database-3",
            "6 node affinity or selector",
        ),
        (
            zones,
            "--at 2:10 --pod cache-6",
            "4 pod anti-affinity not met: ",
        ),
    ];
    for (scenario, args, expected) in told {
        let file = format!("{}/scenarios/{scenario}.toml", env!("CARGO_MANIFEST_DIR"));
        let (_, stdout, _) = scratch.said(&format!("explain {file} {args}"));
        let words: Vec<&str> = stdout.split_whitespace().collect();
        let has_it = words.join(" ").contains(expected);
        assert!(has_it, "{scenario} {args}:\n{stdout}");
    }
}

/// The pods of a run that are there at its end, as it wrote them: name, node and time of binding.
fn pods_of_run(scratch: &Scratch, args: &str) -> Vec<[String; 3]> {
    scratch.fine(&format!("run {args} --no-plots --quiet --out run"));
    let table = scratch.read("run/pods.csv");
    let mut rows = table.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let head = rows.next().unwrap();
    let at = |name: &str| head.iter().position(|column| *column == name).unwrap();
    let columns = ["owner", "index", "node", "bound_s", "ended_s"].map(at);
    let rows = rows.map(|row| columns.map(|column| row[column]));
    let rows = rows.filter(|[.., ended]| ended.is_empty());
    rows.map(|[owner, index, node, bound, _]| {
        [
            format!("{owner}-{index}"),
            node.to_owned(),
            bound.to_owned(),
        ]
    })
    .collect()
}

#[test]
fn what_is_explained_is_the_first_replication_of_the_same_run() {
    let scratch = Scratch::with("explain-run", "small.toml", SMALL);
    scratch.write("exact.toml", EXACT);
    // So long that they are there at the end.
    let long = PODS.replace(",600,", ",6000,");
    assert_ne!(long, PODS);
    scratch.write("pods.csv", &long);
    for args in [
        "small.toml",
        "small.toml --drill node --seed 3",
        "small.toml --drill zone --set nodes.worker.count=6",
        "exact.toml --resample=5m --seed 2",
    ] {
        let pods = pods_of_run(&scratch, args);
        assert!(!pods.is_empty(), "{args}");
        // The last ones have met everything that there is to meet.
        for [name, node, bound] in pods.iter().rev().take(6) {
            let asked = format!("explain {args} --pod {name} --format json");
            let (code, stdout, stderr) = scratch.said(&asked);
            assert_eq!(code, Some(0), "{asked}: {stderr}");
            let json: Value = serde_json::from_str(&stdout).unwrap();
            let pod = &json["pod"];
            let text = |value: &Value| match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let told = (text(&pod["node"]), pod["bound_s"].as_f64());
            assert_eq!(told, (node.clone(), bound.parse().ok()), "{asked}");
        }
    }
}

#[test]
fn explain_says_which_drill_to_ask_for_next() {
    let asked = "--drill zone --at 26m --set failures=[]";
    let (code, stdout, stderr) = explained("explain-drill", asked);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.contains(" --drill zone"), "{stdout}");
}

#[test]
fn explain_says_what_a_drill_took_away_and_when() {
    // Three of five nodes are in zone a, and it is away for the 20 minutes of the file's failure.
    let (_, stdout, _) = explained("explain-lost", "--drill zone --seed 2 --at 40m");
    expect![[r#"
        At 00:40:00, 2 of 14 pods wait for a node under spread.
        Zone a was lost at 00:25:32, for 20 m.

              2  no node fits: 3 not ready, 2 insufficient cpu
                 web-10, store-2

        Try: plimsoll explain crowd.toml --drill zone --seed 2 --at 40m --pod web-10
    "#]]
    .assert_eq(&stdout);
    let asked = "--drill zone --seed 2 --at 40m --pod web-10";
    let (_, stdout, _) = explained("explain-lost-pod", asked);
    assert!(
        stdout.contains("Zone a was lost at 00:25:32, for 20 m.\n"),
        "{stdout}"
    );
    // At the end of these 20 minutes what waits gets a node; before them nothing is lost.
    let (_, stdout, _) = explained("explain-back", "--drill zone --seed 2 --at 46m");
    assert!(
        stdout.starts_with("At 00:46:00, every pod has a node"),
        "{stdout}"
    );
    let (_, stdout, _) = explained("explain-before", "--drill zone --seed 2 --at 25m");
    assert!(
        stdout.contains("Zone a will be lost at 00:25:32, for 20 m.\n"),
        "{stdout}"
    );
    let asked = "--drill node --at 40m --set failures=[]";
    let (_, stdout, _) = explained("explain-for-good", asked);
    assert!(
        stdout.contains("Node tiny-0 was lost at 00:01:11, for good.\n"),
        "{stdout}"
    );

    let asked = "--drill zone --seed 2 --at 40m --healer none --format json";
    let (_, stdout, _) = explained("explain-lost-json", asked);
    let json: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&json["drill"]["lost"], &json["drill"]["name"]),
        (&"zone".into(), &"a".into())
    );
    let at = json["drill"]["at_s"].as_f64().unwrap();
    assert!((at - 1531.5).abs() < 0.5, "{at}");
    assert_eq!(json["drill"]["down_s"], 1200.0);
    assert_eq!(
        (&json["autoscaler"], &json["healer"]),
        (&"hpa".into(), &"none".into())
    );
}
