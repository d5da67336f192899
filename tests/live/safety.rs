//! What a container may do, as the kernel sees it.

use std::collections::BTreeMap;
use std::fs;

use plimsoll::live::sandbox::process_of;

use crate::Test;
use crate::rig::{Rig, docker, running, service, until};

pub(crate) const TESTS: &[Test] = &[(
    "a_container_may_do_nothing_that_could_do_harm",
    a_container_may_do_nothing_that_could_do_harm,
)];

fn a_container_may_do_nothing_that_could_do_harm() {
    let rig = Rig::new("safety", &["node-0", "node-1"]);
    let machine = rig.machine(0);
    rig.run(7, &service("web", 2, ""), || {
        until("a container", || running(machine, "web").len() == 1);
        let id = &running(machine, "web")[0];
        let process = process_of(id).expect("it runs here");
        look_into(process, id);
        // The machine that its network is on has no way out: destination 00000000 would be one.
        let network = machine.network().expect("it is up");
        let routes = network
            .parent()
            .and_then(|spaces| spaces.parent())
            .expect("a process");
        let routes = fs::read_to_string(routes.join("net/route")).expect("its routes");
        let ways = routes
            .lines()
            .skip(1)
            .filter_map(|line| line.split('\t').nth(1));
        assert!(!ways.clone().any(|way| way == "00000000"), "{routes}");
        assert_eq!(ways.count(), 1, "{routes}");
        let get = |what: &str| docker(machine, &format!("inspect --format {what} {id}"));
        assert_eq!(get("{{.HostConfig.Privileged}}"), "false");
        assert_eq!(
            get("{{.HostConfig.Binds}}{{.HostConfig.Mounts}}{{.Mounts}}"),
            "[][][]"
        );
        assert_eq!(get("{{.HostConfig.PortBindings}}"), "map[]");
        assert_eq!(
            get("{{.HostConfig.LogConfig.Config}}"),
            "map[max-file:1 max-size:1m]"
        );
        let network = docker(
            machine,
            "network inspect --format {{.Internal}} plimsoll-test",
        );
        assert_eq!(network, "true");
    });
}

fn look_into(process: u32, id: &str) {
    let read = |file: &str| fs::read_to_string(format!("/proc/{process}/{file}")).expect(file);
    let status = read("status");
    let status: BTreeMap<&str, &str> = status
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key, value.trim()))
        .collect();
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(status[set], "0000000000000000", "{set}");
    }
    assert_eq!(status["NoNewPrivs"], "1");
    // Filtered (proc(5)).
    assert_eq!(status["Seccomp"], "2");
    assert_eq!(status["Uid"], "65534\t65534\t65534\t65534");
    assert_eq!(status["Gid"], "65534\t65534\t65534\t65534");

    let mounts = read("mountinfo");
    let root = mounts
        .lines()
        .find(|line| line.split(' ').nth(4) == Some("/"));
    let options = root
        .and_then(|line| line.split(' ').nth(5))
        .expect("a root");
    assert!(options.split(',').any(|option| option == "ro"), "{mounts}");
    assert!(!mounts.contains("docker.sock"), "{mounts}");
    assert!(!mounts.contains(" /dev/shm "), "{mounts}");

    for space in ["pid", "net", "mnt", "ipc", "uts"] {
        let of = |process: &str| fs::read_link(format!("/proc/{process}/ns/{space}")).expect(space);
        assert_ne!(of(&process.to_string()), of("self"), "{space}");
    }
    assert_eq!(limit(process, id, "pids", &["pids.max"]), "128");
    assert_eq!(
        limit(
            process,
            id,
            "memory",
            &["memory.limit_in_bytes", "memory.max"]
        ),
        (32 << 20).to_string()
    );
    let swap = limit(
        process,
        id,
        "memory",
        &["memory.memsw.limit_in_bytes", "memory.swap.max", ""],
    );
    assert!(
        ["", "0", &(32 << 20).to_string()].contains(&swap.as_str()),
        "{swap}"
    );
}

/// A limit of the container's control group; empty where the kernel does not count it.
fn limit(process: u32, id: &str, controller: &str, files: &[&str]) -> String {
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).expect("its groups");
    for line in groups.lines() {
        let parts: Vec<&str> = line.splitn(3, ':').collect();
        let [_, controllers, path] = parts[..] else {
            continue;
        };
        assert!(path.contains(id), "{line}");
        let roots = [
            format!("/sys/fs/cgroup/{controller}"),
            "/sys/fs/cgroup".to_owned(),
        ];
        let holds = controllers.is_empty() || controllers.split(',').any(|one| one == controller);
        for root in roots.iter().filter(|_| holds) {
            for file in files.iter().filter(|file| !file.is_empty()) {
                if let Ok(text) = fs::read_to_string(format!("{root}{path}/{file}")) {
                    return text.trim().to_owned();
                }
            }
        }
    }
    assert!(files.contains(&""), "no {files:?}");
    String::new()
}
