//! Real failures of real containers and engines, and what the control plane makes of them.

use std::collections::BTreeSet;
use std::fs;

use plimsoll::cluster::pod::Exit;
use plimsoll::control::fact::Fact;
use plimsoll::live::sandbox::{Signal, process_of, send};
use plimsoll::record::Truth;

use crate::Test;
use crate::rig::{CLUSTER, Rig, Story, docker, rest, running, service, until};

pub(crate) const TESTS: &[Test] = &[
    (
        "a_killed_container_is_heard_of_and_restarted",
        a_killed_container_is_heard_of_and_restarted,
    ),
    (
        "running_out_of_memory_is_told_apart_and_backs_off",
        running_out_of_memory_is_told_apart_and_backs_off,
    ),
    (
        "a_container_that_crashes_again_and_again_backs_off",
        a_container_that_crashes_again_and_again_backs_off,
    ),
    (
        "a_killed_engine_is_given_up_and_taken_back",
        a_killed_engine_is_given_up_and_taken_back,
    ),
    (
        "an_engine_that_hangs_is_silent_and_loses_nothing",
        an_engine_that_hangs_is_silent_and_loses_nothing,
    ),
    (
        "a_machine_without_power_loses_everything_at_once",
        a_machine_without_power_loses_everything_at_once,
    ),
    (
        "a_machine_whose_power_is_back_at_once_boots_again",
        a_machine_whose_power_is_back_at_once_boots_again,
    ),
    (
        "a_container_whose_network_is_cut_is_not_ready",
        a_container_whose_network_is_cut_is_not_ready,
    ),
    (
        "a_foreign_container_with_our_name_is_not_touched",
        a_foreign_container_with_our_name_is_not_touched,
    ),
    (
        "a_job_runs_for_its_time_and_is_completed",
        a_job_runs_for_its_time_and_is_completed,
    ),
];

fn exits(fact: &Fact) -> Option<Exit> {
    match fact {
        Fact::ContainerExited { exit, .. } => Some(*exit),
        _ => None,
    }
}

fn has_started(incarnation: u32) -> impl Fn(&Fact) -> bool {
    move |fact| matches!(fact, Fact::ContainerStarted { incarnation: other, .. } if *other == incarnation)
}

fn a_killed_container_is_heard_of_and_restarted() {
    let rig = Rig::new("kill", &["node-0", "node-1"]);
    let story = rig.run(8, &service("web", 2, ""), || {
        until("a container", || running(rig.machine(0), "web").len() == 1);
        rest(2.0);
        let id = &running(rig.machine(0), "web")[0];
        let process = process_of(id).expect("it runs here");
        assert!(send(process, Signal::Kill));
    });
    let told = story.told();
    let crashed = story.when(|fact| exits(fact) == Some(Exit::Crashed));
    assert_eq!(crashed.len(), 1, "{told}");
    let again = story.when(has_started(2));
    assert_eq!(again.len(), 1, "{told}");
    // The first restart comes at once; creating and starting take their time.
    assert!(again[0] - crashed[0] < 3.0, "{told}");
    assert_eq!(story.ready(), 2, "{told}");
}

fn running_out_of_memory_is_told_apart_and_backs_off() {
    let rig = Rig::new("oom", &["node-0", "node-1"]);
    // It holds more than its limit of 32Mi at once, again and again.
    let hungry = service("hungry", 1, r#"memory_use = { base = "64Mi" }"#);
    let story = rig.run(12, &hungry, || {});
    let crashed = story.when(|fact| exits(fact) == Some(Exit::Crashed));
    assert_eq!(crashed, [0.0; 0], "{}", story.told());
    backs_off(&story, Exit::OutOfMemory);
}

fn a_container_that_crashes_again_and_again_backs_off() {
    let rig = Rig::new("loop", &["node-0", "node-1"]);
    let machine = rig.machine(0);
    let story = rig.run(12, &service("web", 1, ""), || {
        // Whatever comes up is killed: by its own process, not by a command of the engine's.
        for _ in 0..100 {
            let ids = running(machine, "web");
            for process in ids.iter().filter_map(|id| process_of(id)) {
                send(process, Signal::Kill);
            }
            rest(0.1);
        }
    });
    let killed = story.when(|fact| exits(fact) == Some(Exit::OutOfMemory));
    assert_eq!(killed, [0.0; 0], "{}", story.told());
    backs_off(&story, Exit::Crashed);
}

/// Holds that a container dies of the same three times at least, and is started again at once, then after
/// 1 s, 2 s, 4 s …
fn backs_off(story: &Story, exit: Exit) {
    let told = story.told();
    let deaths = story.when(|fact| exits(fact) == Some(exit));
    assert!(deaths.len() >= 3, "{told}");
    let starting = |(at, truth): (f64, Truth)| match truth {
        Truth::ContainerStarting { .. } => Some(at),
        _ => None,
    };
    let starting: Vec<f64> = story.truths().into_iter().filter_map(starting).collect();
    let waits = starting[1..].iter().zip(&deaths);
    let waits: Vec<f64> = waits.map(|(start, death)| start - death).collect();
    assert!(waits[0] < 0.5, "{waits:?}\n{told}");
    for (n, wait) in waits[1..].iter().enumerate() {
        let due = f64::from(1 << n);
        assert!((due - 0.01..due + 0.5).contains(wait), "{waits:?}\n{told}");
    }
}

fn a_killed_engine_is_given_up_and_taken_back() {
    let rig = Rig::new("engine", &["node-0", "node-1"]);
    let machine = rig.machine(0);
    let story = rig.run(20, &service("web", 2, ""), || {
        until("a container", || running(machine, "web").len() == 1);
        rest(2.0);
        assert!(machine.signal_engine(Signal::Kill));
        rest(6.0);
        machine.start_engine().expect("it starts again");
    });
    let told = story.told();
    let missed = story.when(|fact| matches!(fact, Fact::HeartbeatMissed { .. }));
    let seen = story.when(|fact| matches!(fact, Fact::HeartbeatSeen(_)));
    assert_eq!((missed.len(), seen.len()), (1, 1), "{told}");
    assert!(seen[0] - missed[0] > 4.0, "{told}");
    // The replica that was there is replaced elsewhere once the node counts as lost.
    assert_eq!(story.when(has_started(1)).len(), 3, "{told}");
    assert_eq!(story.ready(), 2, "{told}");
}

fn an_engine_that_hangs_is_silent_and_loses_nothing() {
    let rig = Rig::new("hang", &["node-0", "node-1"]);
    let machine = rig.machine(0);
    // It hangs for less long than it takes to be given up.
    let story = rig.run(9, &service("web", 2, ""), || {
        until("a container", || running(machine, "web").len() == 1);
        rest(2.0);
        assert!(machine.signal_engine(Signal::Stop));
        rest(2.5);
        assert!(machine.signal_engine(Signal::Continue));
    });
    let told = story.told();
    let missed = story.when(|fact| matches!(fact, Fact::HeartbeatMissed { .. }));
    let seen = story.when(|fact| matches!(fact, Fact::HeartbeatSeen(_)));
    assert_eq!((missed.len(), seen.len()), (1, 1), "{told}");
    assert_eq!(story.when(|fact| exits(fact).is_some()), [0.0; 0], "{told}");
    assert_eq!(story.when(has_started(2)), [0.0; 0], "{told}");
    assert_eq!(story.ready(), 2, "{told}");
}

fn a_machine_without_power_loses_everything_at_once() {
    let rig = Rig::new("power", &["node-0", "node-1"]);
    let failure = "[[failures]]\nnodes = \"node-0\"\nat = \"4s\"\ndown = \"5s\"\n";
    let services = service("web", 4, "load = { constant = 20 }") + failure;
    // Containers that end so leave sockets in a folder of the system.
    let sockets = || {
        let entries = fs::read_dir("/run/containerd/s").into_iter().flatten();
        let names = entries.flatten().map(|entry| entry.file_name());
        names.collect::<BTreeSet<_>>()
    };
    let before = sockets();
    let story = rig.run(20, &services, || {});
    assert_eq!(sockets(), before, "nothing is left");
    let told = story.told();
    let down = story
        .truths()
        .into_iter()
        .filter(|(_, truth)| matches!(truth, Truth::NodeDown { .. }));
    let down: Vec<f64> = down.map(|(at, _)| at).collect();
    assert_eq!(down.len(), 1, "{told}");
    let lost = story.truths().into_iter().filter(|(_, truth)| {
        matches!(
            truth,
            Truth::ContainerExited {
                exit: Exit::NodeLost,
                ..
            }
        )
    });
    let lost: Vec<f64> = lost.map(|(at, _)| at).collect();
    assert_eq!(lost, [down[0]; 2], "{told}");
    let up = story
        .truths()
        .into_iter()
        .filter(|(at, truth)| *at > 1.0 && matches!(truth, Truth::NodeUp(_)));
    assert_eq!(up.count(), 1, "{told}");
    assert_eq!(story.ready(), 4, "{told}");
    let requests = &story.played.requests[0].total;
    // 400 expected, standard deviation 20; some are lost, most are not.
    assert!(requests.offered.abs_diff(400) < 100, "{requests:?}");
    assert!(requests.stale + requests.timed_out > 0, "{requests:?}");
    assert!(requests.served > requests.offered / 2, "{requests:?}");
}

fn a_machine_whose_power_is_back_at_once_boots_again() {
    let rig = Rig::new("flicker", &["node-0", "node-1"]);
    // The kernel is hardly through with what ran there.
    let failure = "[[failures]]\nnodes = \"node-0\"\nat = \"4s\"\ndown = \"300ms\"\n";
    let story = rig.run(20, &(service("web", 4, "") + failure), || {});
    let told = story.told();
    let count = |holds: fn(&Truth) -> bool| {
        let truths = story.truths().into_iter();
        truths
            .filter(|(at, truth)| *at > 1.0 && holds(truth))
            .count()
    };
    let down = count(|truth| matches!(truth, Truth::NodeDown { .. }));
    let up = count(|truth| matches!(truth, Truth::NodeUp(_)));
    assert_eq!((down, up), (1, 1), "{told}");
    assert_eq!(story.ready(), 4, "{told}");
}

fn a_container_whose_network_is_cut_is_not_ready() {
    let rig = Rig::new("cut", &["node-0", "node-1"]);
    let machine = rig.machine(0);
    let network = format!("plimsoll-{CLUSTER}");
    let story = rig.run(18, &service("web", 2, ""), || {
        until("a container", || running(machine, "web").len() == 1);
        rest(2.0);
        let id = &running(machine, "web")[0];
        docker(
            machine,
            &format!("network disconnect --force {network} {id}"),
        );
        rest(6.0);
        docker(machine, &format!("network connect {network} {id}"));
    });
    let told = story.told();
    let unready = story.when(|fact| matches!(fact, Fact::ProbeChanged { ready: false, .. }));
    let ready = story.when(|fact| matches!(fact, Fact::ProbeChanged { ready: true, .. }));
    assert_eq!(unready.len(), 1, "{told}");
    assert_eq!(ready.len(), 3, "{told}");
    assert!(ready[2] > unready[0], "{told}");
    assert_eq!(story.when(|fact| exits(fact).is_some()), [0.0; 0], "{told}");
    assert_eq!(story.ready(), 2, "{told}");
}

fn a_foreign_container_with_our_name_is_not_touched() {
    let rig = Rig::new("foreign", &["node-0", "node-1"]);
    for machine in rig.sandbox.machines() {
        let image = rig.load(machine);
        let name = format!("plimsoll-{CLUSTER}-web-0-1");
        let line = format!(
            "run --detach --name {name} --network none --label plimsoll.cluster=other {image}"
        );
        docker(machine, &line);
    }
    let before: Vec<String> = ids(&rig);
    let story = rig.run(8, &service("web", 1, ""), || {});
    let told = story.told();
    let failed = story.when(|fact| matches!(fact, Fact::CommandFailed { .. }));
    assert_eq!(failed.len(), 1, "{told}");
    // Its next container has another name, and is started.
    assert_eq!(story.when(has_started(2)).len(), 1, "{told}");
    assert_eq!(story.ready(), 1, "{told}");
    // The run is over and has removed what is its own.
    assert_eq!(ids(&rig), before);
}

fn ids(rig: &Rig) -> Vec<String> {
    let machines = rig.sandbox.machines().iter();
    machines
        .flat_map(|machine| running(machine, "plimsoll"))
        .collect()
}

fn a_job_runs_for_its_time_and_is_completed() {
    let rig = Rig::new("job", &["node-0", "node-1"]);
    let jobs = r#"
[[jobs]]
name = "batch"
every = { constant = "1s" }
count = 2
sizes = [{ cpu = "100m", memory = "16Mi" }]
duration = { constant = "2s" }
"#;
    let story = rig.run(9, jobs, || {});
    let told = story.told();
    let started = story.when(has_started(1));
    let done = story.when(|fact| exits(fact) == Some(Exit::Completed));
    assert_eq!((started.len(), done.len()), (2, 2), "{told}");
    for (start, end) in started.iter().zip(&done) {
        assert!((1.7..3.5).contains(&(end - start)), "{told}");
    }
}
