//! The workload's image: made twice with the same bytes, and loaded into a real engine.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::Test;
use crate::rig::{Rig, docker, plimsoll, said, text, workload};

pub(crate) const TESTS: &[Test] = &[
    (
        "the_image_is_the_same_every_time_and_runs_on_an_engine",
        the_image_is_the_same_every_time_and_runs_on_an_engine,
    ),
    (
        "a_private_engine_is_labelled_and_leaves_nothing",
        a_private_engine_is_labelled_and_leaves_nothing,
    ),
];

fn the_image_is_the_same_every_time_and_runs_on_an_engine() {
    let rig = Rig::new("image", &["node"]);
    let machine = rig.machine(0);
    let build = |archive: &str| {
        let (workload, endpoint) = (workload().display(), machine.endpoint());
        let line = format!(
            "live --build-image --workload {workload} --archive {archive} --engine node={endpoint}"
        );
        said(&plimsoll(&rig.dir, &line))
    };
    let (first, second) = (build("one.tar"), build("two.tar"));
    assert_eq!(first.replace("one.tar", "two.tar"), second);
    let bytes = |name: &str| fs::read(rig.dir.join(name)).expect("an archive");
    assert_eq!(bytes("one.tar"), bytes("two.tar"));
    let name = first.lines().next().expect("the image's name");
    let id = docker(
        machine,
        &format!("image inspect --format {{{{.Id}}}} {name}"),
    );
    assert!(first.contains(&id), "{id} is not in {first}");

    // Loaded by hand under another engine's command it is the same image, and it runs.
    docker(
        machine,
        &format!("run --detach --name one --network none {name} --startup 1"),
    );
    assert_eq!(
        docker(machine, "inspect --format {{.State.Running}} one"),
        "true"
    );
    docker(machine, "rm --force one");
    // What is called like it and is something else is refused.
    docker(machine, &format!("image rm {name}"));
    let other = rig.dir.join("other");
    fs::write(&other, "#!/bin/sh").expect("a file");
    fs::set_permissions(&other, fs::Permissions::from_mode(0o755)).expect("its mode");
    let tar = rig.dir.join("other.tar");
    let made = std::process::Command::new("tar")
        .arg("-cf")
        .arg(&tar)
        .arg("-C")
        .arg(&rig.dir)
        .arg("other")
        .status();
    assert!(made.expect("tar runs").success());
    docker(machine, &format!("import {} {name}", tar.display()));
    let (workload, endpoint) = (workload().display(), machine.endpoint());
    let line = format!("live --build-image --workload {workload} --engine node={endpoint}");
    let output = plimsoll(&rig.dir, &line);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("not what plimsoll made"),
        "{}",
        text(&output.stderr)
    );
}

fn a_private_engine_is_labelled_and_leaves_nothing() {
    let rig = Rig::new("traces", &["a", "b"]);
    let label = |node| docker(rig.machine(node), "info --format {{.Labels}}");
    assert_eq!(
        (label(0).as_str(), label(1).as_str()),
        ("[plimsoll.node=a]", "[plimsoll.node=b]")
    );
    let dir = rig.dir.clone();
    let marks = [dir.display().to_string(), "plimsoll/traces-".to_owned()];
    assert!(!traces(&marks).is_empty(), "running engines can be seen");
    drop(rig);
    assert_eq!(traces(&marks), Vec::<String>::new());
    assert!(!dir.exists());
}

/// Processes, mounts and control groups that carry one of the marks.
fn traces(marks: &[String]) -> Vec<String> {
    let is_marked = |text: &str| marks.iter().any(|mark| text.contains(mark));
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").expect("/proc").flatten() {
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        let line = text(&read("cmdline")).replace('\0', " ");
        if is_marked(&line) || is_marked(&text(&read("cgroup"))) {
            found.push(line);
        }
    }
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("the mounts");
    found.extend(
        mounts
            .lines()
            .filter(|line| is_marked(line))
            .map(str::to_owned),
    );
    for root in fs::read_dir("/sys/fs/cgroup")
        .expect("control groups")
        .flatten()
    {
        let groups = fs::read_dir(root.path().join("plimsoll"))
            .into_iter()
            .flatten()
            .flatten();
        let groups = groups.map(|group| group.path().display().to_string());
        found.extend(groups.filter(|group| is_marked(group)));
    }
    found
}
