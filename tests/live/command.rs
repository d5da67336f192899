//! `plimsoll live` as a user meets it.

use std::fs;

use crate::Test;
use crate::rig::{Rig, plimsoll, said, service, shop, text, workload};

pub(crate) const TESTS: &[Test] = &[
    (
        "a_live_run_writes_the_files_of_a_run_and_leaves_nothing",
        a_live_run_writes_the_files_of_a_run_and_leaves_nothing,
    ),
    (
        "what_cannot_be_run_live_is_refused_before_anything_starts",
        what_cannot_be_run_live_is_refused_before_anything_starts,
    ),
];

/// 0.2 cores of work on two replicas that ask for 0.1 each.
fn growing() -> String {
    let top = r#"warm_up = "2s"

[policy.autoscaler.hpa]
sync_period = "2s"
metric_resolution = "2s"
initial_readiness_delay = "1s"
cpu_initialization_period = "1s"
"#;
    let more = r#"
work = { cpu = "5ms" }
load = { constant = 40 }
hpa = { min = 2, max = 6, cpu = 0.5 }
"#;
    shop(12, top, &service("web", 2, more)) + "metrics = \"0s\"\n"
}

fn a_live_run_writes_the_files_of_a_run_and_leaves_nothing() {
    let rig = Rig::cold("command", &[]);
    fs::write(rig.dir.join("shop.toml"), growing()).expect("a scenario");
    let told = said(&plimsoll(&rig.dir, &rig.line("--sandbox 2")));
    assert!(told.contains("12 s on real engines"), "{told}");
    said(&plimsoll(
        &rig.dir,
        "run shop.toml --out sim --detail nodes",
    ));
    let files = |dir: &str| {
        let entries = fs::read_dir(rig.dir.join(dir)).expect(dir).flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.retain(|name| name != "requests.csv");
        names.sort();
        names
    };
    assert_eq!(files("out"), files("sim"));
    let requests = fs::read_to_string(rig.dir.join("out/requests.csv")).expect("requests");
    let row: Vec<&str> = requests.lines().nth(1).expect("a row").split(',').collect();
    let number = |column: usize| row[column].parse::<u64>().expect("a number");
    // 40 requests a second for 12 s; most come when replicas are ready.
    assert!((380..580).contains(&number(1)), "{requests}");
    // On a machine that is busy with other things most of them come too late.
    assert!(number(2) > 10, "{requests}");
    assert!(
        requests.contains(",lost_timeout,open_at_end,"),
        "{requests}"
    );
    assert_eq!(number(1), (2..8).map(number).sum::<u64>(), "{requests}");
    // At twice the CPU that is wanted of them it grows.
    let summary = fs::read_to_string(rig.dir.join("out/summary.json")).expect("a summary");
    assert!(summary.contains("scaling.adaptations"), "{summary}");
    let pods = fs::read_to_string(rig.dir.join("out/pods.csv")).expect("pods");
    assert!(pods.lines().count() > 1 + 2, "{pods}");
    rig.has_left_nothing();
    let reported = plimsoll(&rig.dir, "report out");
    assert!(reported.status.success(), "{}", text(&reported.stderr));
}

fn what_cannot_be_run_live_is_refused_before_anything_starts() {
    let rig = Rig::cold("wrong", &[]);
    fs::write(rig.dir.join("shop.toml"), growing()).expect("a scenario");
    let failing = growing() + "\n[[failures]]\nnodes = \"node\"\nat = \"5s\"\ndown = \"1s\"\n";
    fs::write(rig.dir.join("failing.toml"), failing).expect("a scenario");
    let workload = workload().display();
    let ends = |code: i32, line: &str, wanted: &str| {
        let line = format!("{line} --state state --workload {workload}");
        let output = plimsoll(&rig.dir, &line);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.contains(wanted), "{told}");
        assert!(!rig.dir.join("state").exists(), "nothing has started");
    };
    let refused = |line: &str, wanted: &str| ends(2, &format!("live {line}"), wanted);
    refused("--sandbox 3 shop.toml", "the scenario has 2 nodes");
    refused("shop.toml", "node node-0 has no engine");
    refused(
        "--engine node-0=tcp://192.0.2.1:2375 shop.toml",
        "only loopback is allowed",
    );
    refused(
        "--engine other=unix:///run/none.sock shop.toml",
        "known: node-0, node-1",
    );
    refused(
        "--engine node-0=unix:///run/none.sock failing.toml",
        "only private engines",
    );
    refused(
        "--sandbox 2 shop.toml --fault 1s:hang:node-7:1s",
        "known: node-0, node-1",
    );
    refused(
        "--sandbox 2 shop.toml --fault 1s:melt:web:1s",
        "unknown fault `melt`",
    );
    fs::write(rig.dir.join("taken"), "").expect("a file");
    let no_place = "live --sandbox 2 shop.toml --out taken/out";
    ends(3, no_place, "cannot be written");
    let no_place = "calibrate --sandbox 1 --out taken/delays.toml";
    ends(3, no_place, "cannot be written");
    let no_place = "fidelity --sandbox 2 shop.toml --out taken/out";
    ends(3, no_place, "cannot be written");
}
