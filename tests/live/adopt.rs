//! plimsoll itself is killed: the next one goes on with what runs.

use std::fs;

use plimsoll::live::sandbox::Machine;

use crate::Test;
use crate::rig::{Rig, docker, rest, running, service, shop, until};

pub(crate) const TESTS: &[Test] = &[(
    "a_killed_plimsoll_is_followed_by_one_that_loses_and_doubles_nothing",
    a_killed_plimsoll_is_followed_by_one_that_loses_and_doubles_nothing,
)];

fn a_killed_plimsoll_is_followed_by_one_that_loses_and_doubles_nothing() {
    let rig = Rig::cold("adopt", &[]);
    let cluster = rig.cluster();
    let shop = shop(18, "", &service("web", 4, "load = { constant = 20 }"));
    let mut first = rig.begin(&shop, "--sandbox 2");
    let machines = first.machines(&["node-0", "node-1"], "web", 4);
    first.kill();
    let before = containers(&machines);
    assert_eq!(before.len(), 4, "containers outlive plimsoll");
    let state = rig.dir.join("state").join(&cluster);
    assert!(state.join("journal").exists());

    // What was created and never started, and what only looks like plimsoll's.
    let image = docker(&machines[0], "images --format {{.Repository}}:{{.Tag}}");
    let stray = format!(
        "create --name plimsoll-{cluster}-web-9-1 --label plimsoll.cluster={cluster} {image}"
    );
    docker(&machines[0], &stray);
    let foreign = format!("run --detach --name plimsoll-{cluster}-web-8-1 --network none {image}");
    let foreign = docker(&machines[0], &foreign);

    let mut second = rig.begin(&shop, "--sandbox 2");
    let strays = || docker(&machines[0], "ps --all --quiet --filter name=web-9-1");
    until("the stray's end", || strays().is_empty());
    let of_ours = |ids: Vec<String>| {
        ids.into_iter()
            .filter(|id| *id != foreign)
            .collect::<Vec<_>>()
    };
    for _ in 0..5 {
        rest(0.5);
        assert_eq!(
            of_ours(containers(&machines)),
            before,
            "the same containers, no more and no fewer"
        );
    }
    assert!(
        running(&machines[0], "web-8-1").contains(&foreign),
        "it is not plimsoll's"
    );
    assert_eq!(second.code(), Some(0));
    rig.has_left_nothing();
    let pods = fs::read_to_string(rig.dir.join("out/pods.csv")).expect("pods");
    assert_eq!(pods.lines().count(), 1 + 4, "{pods}");
}

fn containers(machines: &[Machine]) -> Vec<String> {
    let mut all: Vec<String> = machines
        .iter()
        .flat_map(|machine| running(machine, "web"))
        .collect();
    all.sort();
    all
}
