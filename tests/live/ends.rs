//! How live runs end, in order and otherwise, and what is left of them.

use std::fs;

use plimsoll::live::clock::{now, pause};
use plimsoll::live::sandbox::Signal;
use rustix::process::{Pid, kill_process};

use crate::Test;
use crate::rig::{Rig, docker, plimsoll, said, service, shop, text};

pub(crate) const TESTS: &[Test] = &[
    (
        "a_run_that_is_interrupted_writes_nothing_and_leaves_nothing",
        a_run_that_is_interrupted_writes_nothing_and_leaves_nothing,
    ),
    (
        "a_run_is_interrupted_while_an_engine_hangs",
        a_run_is_interrupted_while_an_engine_hangs,
    ),
    (
        "a_second_plimsoll_on_a_cluster_is_refused_and_touches_nothing",
        a_second_plimsoll_on_a_cluster_is_refused_and_touches_nothing,
    ),
    (
        "what_a_killed_run_left_is_removed_by_clean",
        what_a_killed_run_left_is_removed_by_clean,
    ),
    (
        "a_run_that_is_killed_while_its_engine_boots_leaves_nothing_that_clean_does_not_find",
        a_run_that_is_killed_while_its_engine_boots_leaves_nothing_that_clean_does_not_find,
    ),
    (
        "an_engine_that_does_not_start_says_why",
        an_engine_that_does_not_start_says_why,
    ),
    (
        "a_run_that_ends_while_engines_are_down_is_measured_all_the_same",
        a_run_that_ends_while_engines_are_down_is_measured_all_the_same,
    ),
    (
        "a_machine_that_is_removed_leaves_the_others_covered",
        a_machine_that_is_removed_leaves_the_others_covered,
    ),
];

const NODES: [&str; 2] = ["node-0", "node-1"];

fn web(seconds: u32) -> String {
    shop(seconds, "", &service("web", 4, "load = { constant = 20 }"))
}

/// Holds that the run of a rig is there: what is looked for at its end can be found.
fn has_traces(rig: &Rig) {
    let traces = rig.traces();
    for wanted in ["state ", "process ", "group "] {
        let found = traces.iter().any(|trace| trace.starts_with(wanted));
        assert!(found, "no {wanted}in {traces:#?}");
    }
    let daemons = |name: &str| traces.iter().filter(|trace| trace.contains(name)).count();
    assert!(daemons("dockerd --config-file") >= 2, "{traces:#?}");
}

fn interrupt(child: &std::process::Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process"), rustix::process::Signal::INT).expect("it runs");
}

fn a_run_that_is_interrupted_writes_nothing_and_leaves_nothing() {
    let rig = Rig::cold("ctrlc", &[]);
    let mut run = rig.begin(&web(60), "--sandbox 2");
    run.machines(&NODES, "web", 4);
    has_traces(&rig);
    interrupt(&run.child);
    assert_eq!(run.code(), Some(130));
    assert!(!rig.dir.join("out").exists(), "nothing is written");
    rig.has_left_nothing();
}

fn a_run_is_interrupted_while_an_engine_hangs() {
    let rig = Rig::cold("ctrlc-hang", &[]);
    let mut run = rig.begin(&web(60), "--sandbox 2");
    let machines = run.machines(&NODES, "web", 4);
    assert!(machines[1].signal_engine(Signal::Stop));
    interrupt(&run.child);
    assert_eq!(run.code(), Some(130));
    assert!(!rig.dir.join("out").exists(), "nothing is written");
    rig.has_left_nothing();
}

fn a_second_plimsoll_on_a_cluster_is_refused_and_touches_nothing() {
    let rig = Rig::cold("second", &[]);
    let mut first = rig.begin(&web(10), "--sandbox 2");
    let machines = first.machines(&NODES, "web", 4);
    let lock = rig.dir.join("state").join(rig.cluster()).join("lock");
    let whole = || {
        let all = |machine| docker(machine, "ps --all --no-trunc --format {{.Names}}:{{.ID}}");
        let containers: Vec<String> = machines.iter().map(all).collect();
        (
            containers,
            fs::read_to_string(&lock).expect("the lock file"),
        )
    };
    let before = whole();
    let clean = format!("live --clean --cluster {} --state state", rig.cluster());
    for line in [rig.line("--sandbox 2"), clean] {
        let second = plimsoll(&rig.dir, &line);
        let told = text(&second.stderr);
        assert_eq!(second.status.code(), Some(3), "{told}");
        let wanted = format!("cluster {} is in use by another plimsoll", rig.cluster());
        assert!(told.contains(&wanted), "{told}");
        assert_eq!(whole(), before, "nothing is touched");
        assert!(!rig.dir.join("out").exists(), "nothing is written");
    }
    assert_eq!(first.code(), Some(0));
    let pods = fs::read_to_string(rig.dir.join("out/pods.csv")).expect("pods");
    assert_eq!(pods.lines().count(), 1 + 4, "{pods}");
    assert!(
        pods.lines().skip(1).all(|row| row.ends_with(",0")),
        "{pods}"
    );
    rig.has_left_nothing();
}

fn what_a_killed_run_left_is_removed_by_clean() {
    let rig = Rig::cold("clean", &[]);
    let mut run = rig.begin(&web(60), "--sandbox 2");
    let machines = run.machines(&NODES, "web", 4);
    run.kill();
    // An engine that does not answer is removed as well.
    assert!(machines[1].signal_engine(Signal::Stop));
    has_traces(&rig);
    let clean = format!("live --clean --cluster {} --state state", rig.cluster());
    let told = said(&plimsoll(&rig.dir, &clean));
    let wanted = format!(
        "nothing is left of cluster {} on its 2 engines\n",
        rig.cluster()
    );
    assert_eq!(told, wanted);
    rig.has_left_nothing();
    let told = said(&plimsoll(&rig.dir, &clean));
    assert!(told.contains("nothing was removed"), "{told}");
    rig.has_left_nothing();
}

fn a_run_that_is_killed_while_its_engine_boots_leaves_nothing_that_clean_does_not_find() {
    // Each time a little later: before its first process starts, before it is noted, after that.
    for wait in [0, 5, 20, 50] {
        let rig = Rig::cold(&format!("early-{wait}"), &[]);
        let one = web(60).replace("count = 2", "count = 1");
        let mut run = rig.begin(&one, "--sandbox 1");
        let cluster = rig.dir.join("state").join(rig.cluster());
        let log = cluster.join("engines/node-0/init.log");
        let from = now();
        while !log.exists() && now() - from < std::time::Duration::from_secs(60) {
            pause(std::time::Duration::from_millis(1));
        }
        assert!(log.exists(), "it begins to boot");
        pause(std::time::Duration::from_millis(wait));
        run.kill();
        let clean = format!("live --clean --cluster {} --state state", rig.cluster());
        said(&plimsoll(&rig.dir, &clean));
        rig.has_left_nothing();
    }
}

fn an_engine_that_does_not_start_says_why() {
    let rig = Rig::cold("broken", &["node-0"]);
    let machine = rig.dir.join("engines/node-0");
    fs::create_dir_all(&machine).expect("a folder");
    fs::write(machine.join("data"), "no folder").expect("a file");
    let from = now();
    let told = rig.sandbox.boot().expect_err("it cannot").to_string();
    assert!(now() - from < std::time::Duration::from_secs(40), "{told}");
    let wanted = "dockerd of the private engine node-0: exit status: 1\n  | ";
    assert!(told.starts_with(wanted), "{told}");
    assert!(told.contains("points to a file"), "{told}");
}

fn a_run_that_ends_while_engines_are_down_is_measured_all_the_same() {
    let rig = Rig::cold("down", &[]);
    // One is gone, one hangs, and one machine is just about to boot.
    let failure = "[[failures]]\nnodes = \"node-2\"\nat = \"4s\"\ndown = \"3900ms\"\n";
    let services = service("web", 3, "load = { constant = 20 }") + failure;
    let faults = "--fault 5s:kill:node-0:60s --fault 5s:hang:node-1:60s";
    let line = format!("--sandbox 3 --set nodes.node.count=3 {faults}");
    let mut run = rig.begin(&shop(8, "", &services), &line);
    assert_eq!(run.code(), Some(0));
    let pods = fs::read_to_string(rig.dir.join("out/pods.csv")).expect("pods");
    assert_eq!(pods.lines().count(), 1 + 3, "{pods}");
    rig.has_left_nothing();
}

fn a_machine_that_is_removed_leaves_the_others_covered() {
    let (first, second) = (Rig::new("cover-a", &["n"]), Rig::new("cover-b", &["n"]));
    let covers = || {
        let network = second.machine(0).network().expect("it is up");
        let process = network.ancestors().nth(2).expect("/proc/PID/ns/net");
        let mounts = fs::read_to_string(process.join("mounts")).expect("its mounts");
        let covers = mounts.lines().filter(|line| line.starts_with("plimsoll /"));
        covers.map(str::to_owned).collect::<Vec<_>>()
    };
    let before = covers();
    assert_eq!(before.len(), 3, "{before:?}");
    // The first made the folders that were not there: they go with the second.
    let made = fs::read_to_string(first.dir.join("engines/n/made")).unwrap_or_default();
    if made.is_empty() {
        eprintln!("nothing is tried: all folders that machines cover were there before");
    }
    first.sandbox.remove().expect("nothing is left");
    assert_eq!(covers(), before);
}
