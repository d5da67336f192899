//! Engines that are given: reached by socket or under TLS, marked as the nodes that they are, and found
//! again by whoever takes over or cleans up.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use plimsoll::live::sandbox::{Machine, Signal};
use serde_json::{Value, json};

use crate::Test;
use crate::rig::{Rig, begin, docker, plimsoll, running, said, text, until, workload};

pub(crate) const TESTS: &[Test] = &[
    (
        "what_fails_before_anything_is_made_keeps_no_lock",
        what_fails_before_anything_is_made_keeps_no_lock,
    ),
    (
        "an_engine_under_tls_is_reached_with_the_right_keys_alone",
        an_engine_under_tls_is_reached_with_the_right_keys_alone,
    ),
    (
        "an_engine_is_one_node_by_whatever_endpoint_it_is_reached",
        an_engine_is_one_node_by_whatever_endpoint_it_is_reached,
    ),
    (
        "what_a_killed_run_left_on_given_engines_is_found_by_its_lock_file",
        what_a_killed_run_left_on_given_engines_is_found_by_its_lock_file,
    ),
    (
        "replicas_are_reached_on_a_published_port_where_their_network_is_not",
        replicas_are_reached_on_a_published_port_where_their_network_is_not,
    ),
    (
        "a_dry_run_says_what_would_be_done_and_does_nothing",
        a_dry_run_says_what_would_be_done_and_does_nothing,
    ),
];

const ONE: &str = r#"# Does it run?
name = "one"
duration = "8s"

[[nodes]]
name = "node"
cpu = "2"
memory = "1Gi"

[[services]]
name = "web"
replicas = 2
requests = { cpu = "50m", memory = "16Mi" }
limits = { cpu = "500m", memory = "32Mi" }
startup = { constant = "200ms" }
readiness = { period = "500ms" }
load = { constant = 20 }

[delays]
heartbeat = "500ms"
"#;

/// Two nodes, and jobs that need nobody to reach them.
const JOBS: &str = r#"# Do they run?
name = "jobs"
duration = "60s"

[[nodes]]
name = "node"
count = 2
cpu = "2"
memory = "1Gi"

[[jobs]]
name = "job"
every = { constant = "500ms" }
count = 4
sizes = [{ cpu = "1", memory = "16Mi" }]
duration = { constant = "50s" }
"#;

fn an_engine_under_tls_is_reached_with_the_right_keys_alone() {
    let rig = Rig::new("tls", &["node-0"]);
    let (machine, dir) = (rig.machine(0), rig.dir.as_path());
    fs::write(dir.join("one.toml"), ONE).expect("a scenario");
    certify(dir);
    let file = |name: &str| dir.join(name).display().to_string();
    let hosts = json!([machine.endpoint().to_string(), "tcp://127.0.0.1:2376"]);
    reconfigure(
        machine,
        &[
            ("hosts", hosts),
            ("tlsverify", json!(true)),
            ("tlscacert", json!(file("right/ca.pem"))),
            ("tlscert", json!(file("server.pem"))),
            ("tlskey", json!(file("server-key.pem"))),
        ],
    );
    let live = |line: &str| {
        let workload = workload().display();
        let line = format!("live one.toml --state state --out out --workload {workload} {line}");
        inside(machine, dir, &line)
    };
    const ENGINE: &str = "--engine node-0=tcp://127.0.0.1:2376";
    let told = said(&live(&format!("{ENGINE} --tls-dir right --dry-run")));
    assert!(told.contains("(TLS)  Docker 2"), "{told}");
    said(&live(&format!("{ENGINE} --tls-dir right")));
    assert!(served(dir) > 50, "requests are answered");
    assert_eq!(left(machine), "");

    // The same from the scenario, with the files named beside it.
    let table = "\n[[live.engines]]\nnode = \"node-0\"\nendpoint = \"tcp://127.0.0.1:2376\"\n\
                 tls = { ca = \"right/ca.pem\", cert = \"right/cert.pem\", key = \"right/key.pem\" }\n";
    fs::write(dir.join("one.toml"), format!("{ONE}{table}")).expect("a scenario");
    let told = said(&live("--dry-run"));
    assert!(told.contains("(TLS)  Docker 2"), "{told}");

    let refused = |line: &str, code: i32, wanted: &str| {
        let output = live(line);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{told}");
        assert!(told.contains(wanted), "{wanted} is not in {told}");
    };
    refused(
        &format!("{ENGINE} --tls-dir wrong-ca"),
        3,
        "nobody in the ca file vouches for the engine",
    );
    // The engine, not plimsoll, refuses a client that nobody vouches for.
    refused(
        &format!("{ENGINE} --tls-dir wrong-cert"),
        3,
        "does not accept the certificate",
    );
    refused(&format!("{ENGINE} --tls-dir none"), 2, "none/ca.pem");
    refused(
        &format!("{ENGINE} --tls-dir no-cert"),
        2,
        "no-cert/cert.pem",
    );
    refused(ENGINE, 3, "HTTPS");
    let far = "--engine node-0=tcp://192.0.2.1:2376 --tls-dir right";
    refused(far, 2, "run plimsoll on that machine");
    let plain = "--engine node-0=tcp://192.0.2.1:2375";
    refused(plain, 2, "give --tls-dir for mutual TLS");
}

/// Keys of an engine in `dir`, and folders of keys for those who ask it: right ones, and others.
fn certify(dir: &Path) {
    let script = r#"
        set -eu
        ca() { openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -keyout $1-key.pem -out $1.pem; }
        sign() {
            openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout $2-key.pem -out $2.csr
            echo "$3" > $2.ext
            openssl x509 -req -days 2 -in $2.csr -CA $1.pem -CAkey $1-key.pem -CAcreateserial -extfile $2.ext -out $2.pem
        }
        ca good; ca bad
        sign good server "subjectAltName=IP:127.0.0.1"
        sign good client "extendedKeyUsage=clientAuth"
        sign bad stranger "extendedKeyUsage=clientAuth"
        keys() { mkdir $1; cp $2.pem $1/ca.pem; cp $3.pem $1/cert.pem; cp $3-key.pem $1/key.pem; }
        keys right good client
        keys wrong-ca bad client
        keys wrong-cert good stranger
        keys no-cert good client; rm no-cert/cert.pem
    "#;
    let output = Command::new("sh")
        .arg("-c")
        .arg(script)
        .current_dir(dir)
        .output();
    let output = output.expect("sh runs");
    let told = text(&output.stderr);
    assert!(output.status.success(), "openssl makes the keys: {told}");
}

fn what_fails_before_anything_is_made_keeps_no_lock() {
    let rig = Rig::cold("nothing", &[]);
    let dir = rig.dir.as_path();
    fs::write(dir.join("one.toml"), ONE).expect("a scenario");
    let workload = workload().display();
    let without_docker = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(format!("live one.toml --state state --workload {workload} --sandbox 1").split(' '))
        .env("PATH", "/nonexistent")
        .current_dir(dir)
        .output();
    let gone = "live --clean --cluster one --state state --engine node-0=unix:///nonexistent";
    for output in [without_docker.expect("plimsoll runs"), plimsoll(dir, gone)] {
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(!dir.join("state").exists(), "nothing is left: {told}");
    }
}

fn an_engine_is_one_node_by_whatever_endpoint_it_is_reached() {
    let rig = Rig::new("twice", &["node-0"]);
    let (machine, dir) = (rig.machine(0), rig.dir.as_path());
    fs::write(dir.join("jobs.toml"), JOBS).expect("a scenario");
    let socket = machine.endpoint();
    let refused = |line: &str, wanted: &str| {
        let workload = workload().display();
        let line = format!("live jobs.toml --state state --workload {workload} {line}");
        let output = inside(machine, dir, &line);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(wanted), "{wanted} is not in {told}");
        assert_eq!(left(machine), "");
        assert!(!dir.join("state").exists(), "nothing is left");
    };
    let same = format!("--engine node-0={socket} --engine node-1={socket}");
    refused(&same, "each node is an engine of its own");
    let hosts = json!([socket.to_string(), "tcp://127.0.0.1:2375"]);
    reconfigure(machine, &[("hosts", hosts)]);
    let twice = format!("--engine node-0={socket} --engine node-1=tcp://127.0.0.1:2375");
    refused(&twice, "plimsoll.node=node-0 says that it is node node-0");
    // Without a label the mark tells.
    reconfigure(machine, &[("labels", json!([]))]);
    refused(&twice, "this is the engine of node node-0 too");
}

fn what_a_killed_run_left_on_given_engines_is_found_by_its_lock_file() {
    let rig = Rig::new("lock", &["node-0", "node-1"]);
    let dir = rig.dir.as_path();
    fs::write(dir.join("jobs.toml"), JOBS).expect("a scenario");
    let machines = [rig.machine(0), rig.machine(1)];
    // So that only what plimsoll knows tells them apart.
    for machine in machines {
        reconfigure(machine, &[("labels", json!([]))]);
    }
    let [one, two] = machines.map(|machine| machine.endpoint().to_string());
    let workload = workload().display();
    let line = |engines: [&str; 2]| {
        let [zero, one] = engines;
        format!(
            "live jobs.toml --state state --quiet --workload {workload} --engine node-0={zero} --engine node-1={one}"
        )
    };
    let mut first = begin(dir, &line([&one, &two]));
    until("the jobs", || {
        machines
            .iter()
            .all(|machine| !running(machine, "jobs").is_empty())
    });
    first.kill().expect("it is killed");
    first.wait().expect("it is gone");
    let lock = fs::read_to_string(dir.join("state/jobs/lock")).expect("the lock file");
    assert!(lock.contains(&one) && lock.contains(&two), "{lock}");
    let before = machines.map(left);
    assert!(
        before.iter().all(|left| left.contains("plimsoll-jobs")),
        "{before:?}"
    );

    let refused = |line: &str, wanted: &str| {
        let output = plimsoll(dir, line);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(wanted), "{wanted} is not in {told}");
        assert_eq!(machines.map(left), before, "nothing is touched");
        let kept = fs::read_to_string(dir.join("state/jobs/lock"));
        assert_eq!(kept.expect("the lock file"), lock, "nothing is forgotten");
    };
    refused(
        &line([&two, &one]),
        "this engine is node node-1 of the cluster already",
    );
    let private = format!("live jobs.toml --state state --workload {workload} --sandbox 2");
    refused(&private, "did not end in order");
    // The same engines are told of what is there, and nothing is done.
    let told = said(&plimsoll(dir, &format!("{} --dry-run", line([&one, &two]))));
    assert!(told.contains("would be removed"), "{told}");
    assert_eq!(machines.map(left), before, "nothing is touched");

    said(&plimsoll(dir, "live --clean --cluster jobs --state state"));
    assert_eq!(machines.map(left), ["", ""]);
    assert!(!dir.join("state").exists(), "nothing is left");
}

fn replicas_are_reached_on_a_published_port_where_their_network_is_not() {
    let rig = Rig::new("publish", &["node-0"]);
    let (machine, dir) = (rig.machine(0), rig.dir.as_path());
    fs::write(dir.join("one.toml"), ONE).expect("a scenario");
    let workload = workload().display();
    let line = format!(
        "live one.toml --state state --out out --quiet --workload {workload} --engine node-0={}",
        machine.endpoint()
    );
    // From outside, its network is not on this machine: as with an engine in a virtual machine.
    let output = plimsoll(dir, &line);
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("--publish has them listen on 127.0.0.1"),
        "{told}"
    );
    assert_eq!(left(machine), "");

    reconfigure(machine, &[("userland-proxy", json!(true))]);
    // Docker itself publishes nothing of a network that leads nowhere.
    let image = rig.load(machine);
    docker(machine, "network create --internal closed");
    docker(
        machine,
        &format!("run --detach --name closed --network closed --publish 127.0.0.1::8080 {image}"),
    );
    assert_eq!(docker(machine, "port closed"), "");
    docker(machine, "rm --force closed");
    docker(machine, "network rm closed");

    let mut run = begin_inside(machine, dir, &format!("{line} --publish"));
    until("the replicas", || running(machine, "web").len() == 2);
    for id in running(machine, "web") {
        let port = docker(machine, &format!("port {id}"));
        assert!(port.starts_with("8080/tcp -> 127.0.0.1:"), "{port}");
    }
    let network = "network inspect --format {{.Internal}} plimsoll-one";
    assert_eq!(docker(machine, network), "false");
    assert!(run.wait().expect("it ends").success());
    assert!(served(dir) > 50, "requests are answered");
    assert_eq!(left(machine), "");
}

fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let rig = Rig::new("dry", &["node-0"]);
    let (machine, dir) = (rig.machine(0), rig.dir.as_path());
    fs::write(dir.join("one.toml"), ONE).expect("a scenario");
    let workload = workload().display();
    let line = format!(
        "live one.toml --state state --quiet --workload {workload} --engine node-0={}",
        machine.endpoint()
    );
    let dry = |line: &str| {
        let before = (whole(machine), files(dir));
        let told = said(&inside(machine, dir, &format!("{line} --dry-run")));
        assert_eq!((whole(machine), files(dir)), before, "nothing is touched");
        told
    };
    let told = dry(&line);
    for wanted in [
        "would be loaded",
        "plimsoll-one  closed, nothing leads out of it; would be made",
        "0 containers of the cluster",
        "2 containers would be started: 2 on node-0",
        "plimsoll-one-web-0-1  cpu 500m, memory 32",
    ] {
        assert!(told.contains(wanted), "{wanted} is not in {told}");
    }
    let told = dry(&format!(
        "live one.toml --state state --quiet --workload {workload} --sandbox 1"
    ));
    assert!(
        told.contains("state/one/engines/node-0  would be started"),
        "{told}"
    );

    // What a killed run left: what runs goes on, what was never started would be removed.
    let mut first = begin_inside(machine, dir, &format!("{line} --out out"));
    until("the replicas", || running(machine, "web").len() == 2);
    first.kill().expect("it is killed");
    first.wait().expect("it is gone");
    let image = docker(machine, "images --format {{.Repository}}:{{.Tag}}");
    let stray = format!("create --name plimsoll-one-web-9-1 --label plimsoll.cluster=one {image}");
    docker(machine, &stray);
    let told = dry(&line);
    for wanted in [
        "3 containers of the cluster: 2 would go on, 1 would be removed",
        "plimsoll-one-web-1-1  goes on",
        "plimsoll-one-web-9-1  would be removed",
        "0 containers would be started",
    ] {
        assert!(told.contains(wanted), "{wanted} is not in {told}");
    }
    // It is as it was said: the same containers go on.
    let before = running(machine, "web");
    let mut second = begin_inside(machine, dir, &format!("{line} --out out"));
    let stray = || docker(machine, "ps --all --quiet --filter name=web-9-1");
    until("the stray's end", || stray().is_empty());
    assert_eq!(running(machine, "web"), before);
    assert!(second.wait().expect("it ends").success());
    assert_eq!(left(machine), "");
}

/// Starts a machine's engine again with other settings, and its loopback.
fn reconfigure(machine: &Machine, settings: &[(&str, Value)]) {
    let plimsoll::live::config::Endpoint::Unix(socket) = machine.endpoint() else {
        panic!("private engines listen on sockets");
    };
    let path = socket.with_file_name("dockerd.json");
    let config = fs::read_to_string(&path).expect("its settings");
    let mut config: Value = serde_json::from_str(&config).expect("JSON");
    for (key, value) in settings {
        config[*key] = value.clone();
    }
    fs::write(&path, config.to_string()).expect("its settings");
    machine.signal_engine(Signal::Term);
    until("the engine's end", || {
        !machine.signal_engine(Signal::Continue)
    });
    machine.start_engine().expect("it starts again");
    let mut command = Command::new("nsenter");
    let command = command
        .arg(network(machine))
        .args(["ip", "link", "set", "lo", "up"]);
    assert!(command.status().expect("nsenter runs").success());
}

fn network(machine: &Machine) -> String {
    format!("--net={}", machine.network().expect("it is up").display())
}

/// plimsoll on the machine of the engine, as far as its network goes.
fn command(machine: &Machine, dir: &Path, line: &str) -> Command {
    let mut command = Command::new("nsenter");
    command
        .arg(network(machine))
        .arg(env!("CARGO_BIN_EXE_plimsoll"))
        .args(line.split_whitespace())
        .current_dir(dir);
    command
}

fn inside(machine: &Machine, dir: &Path, line: &str) -> Output {
    command(machine, dir, line).output().expect("plimsoll runs")
}

fn begin_inside(machine: &Machine, dir: &Path, line: &str) -> Child {
    let mut command = command(machine, dir, line);
    command.stdin(Stdio::null()).spawn().expect("plimsoll runs")
}

/// Containers and networks on an engine that are not its own.
fn left(machine: &Machine) -> String {
    let containers = docker(machine, "ps --all --no-trunc --format {{.Names}}:{{.ID}}");
    let networks = docker(
        machine,
        "network ls --no-trunc --filter type=custom --format {{.Name}}:{{.ID}}",
    );
    format!("{containers}\n{networks}").trim().to_owned()
}

/// All that is on an engine, and the state of it.
fn whole(machine: &Machine) -> String {
    let containers = docker(
        machine,
        "ps --all --no-trunc --format {{.Names}}:{{.ID}}:{{.State}}:{{.CreatedAt}}",
    );
    let images = docker(machine, "images --all --no-trunc --format {{.ID}}:{{.Tag}}");
    format!("{containers}\n{}\n{images}", left(machine))
}

/// All files of a folder but the engines', which write theirs.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            let kind = entry.file_type().expect("a kind");
            if kind.is_dir() && path != dir.join("engines") {
                folders.push(path);
            } else if kind.is_file() {
                let text = fs::read(&path).expect("a file");
                found.push(format!(
                    "{} {}",
                    path.display(),
                    plimsoll::live::image::digest(&text)
                ));
            } else if kind.is_dir() {
                found.push(path.display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// Requests that were answered, by the results in `out`.
fn served(dir: &Path) -> u64 {
    let requests = fs::read_to_string(dir.join("out/requests.csv")).expect("requests");
    let row: Vec<&str> = requests.lines().nth(1).expect("a row").split(',').collect();
    row[2].parse().expect("a number")
}
