//! plimsoll itself is killed: the next one goes on with what runs.

use std::fs;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use plimsoll::live::config::Endpoint;
use plimsoll::live::sandbox::{Machine, Sandbox};

use crate::Test;
use crate::rig::{Rig, docker, running, until, workload};

pub(crate) const TESTS: &[Test] = &[(
    "a_killed_plimsoll_is_followed_by_one_that_loses_and_doubles_nothing",
    a_killed_plimsoll_is_followed_by_one_that_loses_and_doubles_nothing,
)];

const SHOP: &str = r#"# What becomes of it?
name = "shop"
duration = "12s"

[[nodes]]
name = "node"
count = 2
cpu = "2"
memory = "1Gi"

[[services]]
name = "web"
replicas = 4
requests = { cpu = "50m", memory = "16Mi" }
limits = { cpu = "500m", memory = "32Mi" }
startup = { constant = "200ms" }
readiness = { period = "500ms" }
load = { constant = 20 }

[delays]
heartbeat = "500ms"
"#;

fn a_killed_plimsoll_is_followed_by_one_that_loses_and_doubles_nothing() {
    let rig = Rig::cold("adopt", &[]);
    fs::write(rig.dir.join("shop.toml"), SHOP).expect("a scenario");
    let nodes = ["node-0".to_owned(), "node-1".to_owned()];
    let sandbox = Sandbox::new(&rig.dir.join("state/shop/engines"), "shop", &nodes);
    let sandbox = Removed(sandbox.expect("a sandbox"));
    let machines = sandbox.0.machines();
    let mut first = live(&rig);
    until("all replicas", || {
        machines.iter().all(listens) && containers(machines).len() == 4
    });
    first.kill().expect("it is killed");
    first.wait().expect("it is gone");
    let before = containers(machines);
    assert_eq!(before.len(), 4, "containers outlive plimsoll");
    assert!(rig.dir.join("state/shop/journal").exists());

    // What was created and never started, and what only looks like plimsoll's.
    let image = docker(&machines[0], "images --format {{.Repository}}:{{.Tag}}");
    let stray =
        format!("create --name plimsoll-shop-web-9-1 --label plimsoll.cluster=shop {image}");
    docker(&machines[0], &stray);
    let foreign = format!("run --detach --name plimsoll-shop-web-8-1 --network none {image}");
    let foreign = docker(&machines[0], &foreign);

    let mut second = live(&rig);
    let strays = || docker(&machines[0], "ps --all --quiet --filter name=web-9-1");
    until("the stray's end", || strays().is_empty());
    let of_ours = |ids: Vec<String>| {
        ids.into_iter()
            .filter(|id| *id != foreign)
            .collect::<Vec<_>>()
    };
    for _ in 0..5 {
        crate::rig::rest(0.5);
        assert_eq!(
            of_ours(containers(machines)),
            before,
            "the same containers, no more and no fewer"
        );
    }
    assert!(
        running(&machines[0], "web-8-1").contains(&foreign),
        "it is not plimsoll's"
    );
    assert!(second.wait().expect("it ends").success());
    assert!(!rig.dir.join("state").exists(), "nothing is left");
    let pods = fs::read_to_string(rig.dir.join("out/pods.csv")).expect("pods");
    assert_eq!(pods.lines().count(), 1 + 4, "{pods}");
}

/// What is removed also when the test fails.
struct Removed(Sandbox);

impl Drop for Removed {
    fn drop(&mut self) {
        // The test itself asks whether anything is left.
        drop(self.0.remove());
    }
}

fn live(rig: &Rig) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let line = "live --sandbox 2 shop.toml --state state --out out --quiet --workload";
    command
        .args(line.split(' '))
        .arg(workload())
        .current_dir(&rig.dir);
    command.stdin(Stdio::null()).spawn().expect("plimsoll runs")
}

fn listens(machine: &Machine) -> bool {
    let Endpoint::Unix(socket) = machine.endpoint() else {
        panic!("private engines listen on sockets");
    };
    UnixStream::connect(socket).is_ok()
}

fn containers(machines: &[Machine]) -> Vec<String> {
    let mut all: Vec<String> = machines
        .iter()
        .flat_map(|machine| running(machine, "web"))
        .collect();
    all.sort();
    all
}
