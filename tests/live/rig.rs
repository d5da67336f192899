//! Engines for one test, which leave nothing behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use plimsoll::control::fact::Fact;
use plimsoll::live::clock::pause;
use plimsoll::live::config::Endpoint;
use plimsoll::live::image::{self, Image};
use plimsoll::live::sandbox::{Machine, Sandbox};
use plimsoll::live::world::{Place, Setup};
use plimsoll::record::{Memory, Record, Truth};
use plimsoll::rng::Seed;
use plimsoll::run::live::{self, Played};
use plimsoll::scenario::{self, Scenario};
use plimsoll::time::{Duration, Time};

/// A folder of one test, removed with all that was started in it.
pub(crate) struct Rig {
    pub(crate) dir: PathBuf,
    pub(crate) sandbox: Sandbox,
}

impl Rig {
    /// Private engines for nodes of these names, booted.
    pub(crate) fn new(name: &str, nodes: &[&str]) -> Rig {
        let rig = Rig::cold(name, nodes);
        rig.sandbox.boot().expect("the engines start");
        rig
    }

    /// The same, not booted.
    pub(crate) fn cold(name: &str, nodes: &[&str]) -> Rig {
        let dir = std::env::temp_dir().join(format!("pl-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder");
        let nodes: Vec<String> = nodes.iter().map(|&node| node.to_owned()).collect();
        let sandbox = Sandbox::new(&dir.join("engines"), name, &nodes).expect("a sandbox");
        Rig { dir, sandbox }
    }

    pub(crate) fn machine(&self, node: usize) -> &Machine {
        &self.sandbox.machines()[node]
    }

    /// Loads the workload's image into an engine, and returns its name.
    pub(crate) fn load(&self, machine: &Machine) -> String {
        let (workload, endpoint) = (workload().display(), machine.endpoint());
        let line = format!("live --build-image --workload {workload} --engine node={endpoint}");
        let told = said(&plimsoll(&self.dir, &line));
        told.lines().next().expect("the image's name").to_owned()
    }

    /// Runs a scenario on the engines, and something beside it on a thread of its own.
    pub(crate) fn run(&self, seconds: u32, text: &str, beside: impl FnOnce() + Send) -> Story {
        let machines = self.sandbox.machines().iter().cloned();
        self.run_on(
            machines.map(Place::Private).collect(),
            seconds,
            text,
            beside,
        )
    }

    /// The same on engines that are reached like this.
    pub(crate) fn run_on(
        &self,
        places: Vec<Place>,
        seconds: u32,
        text: &str,
        beside: impl FnOnce() + Send,
    ) -> Story {
        let scenario = scenario(seconds, text);
        let setup = setup(&scenario, places);
        let mut memory = Memory::default();
        let played = std::thread::scope(|scope| {
            scope.spawn(beside);
            live::record(&scenario, setup, &mut memory)
        });
        Story {
            records: memory.records,
            played: played.unwrap_or_else(|stop| panic!("{stop}")),
        }
    }
}

/// A scenario of so many seconds with these services, Kubernetes' times made short, and two nodes.
pub(crate) fn scenario(seconds: u32, text: &str) -> Scenario {
    let whole = format!("duration = \"{seconds}s\"\n{HEAD}{text}{TAIL}");
    let read = |path: &Path| panic!("{} is not to be read", path.display());
    let loaded = scenario::parse(Path::new("live.toml"), &whole, &read);
    loaded
        .unwrap_or_else(|problems| panic!("{problems:?}"))
        .scenario
}

const HEAD: &str = r#"
[policy.healer.kubernetes]
restart_backoff = "1s"
node_monitor_period = "500ms"
node_monitor_grace_period = "3s"
unreachable_toleration = "1s"

[delays]
heartbeat = "500ms"
grace = "2s"
"#;
const TAIL: &str = r#"
[[nodes]]
name = "node"
count = 2
cpu = "2"
memory = "1Gi"
"#;

/// A service of so many replicas, which are ready a second after their start at the latest.
pub(crate) fn service(name: &str, replicas: u32, more: &str) -> String {
    format!(
        r#"
[[services]]
name = "{name}"
replicas = {replicas}
requests = {{ cpu = "100m", memory = "16Mi" }}
limits = {{ cpu = "500m", memory = "32Mi" }}
startup = {{ constant = "200ms" }}
readiness = {{ period = "500ms" }}
{more}
"#
    )
}

fn setup(scenario: &Scenario, places: Vec<Place>) -> Setup {
    let seed = Seed {
        seed: 1,
        replication: 1,
    };
    Setup {
        catalog: scenario.catalog.clone(),
        script: live::script(scenario, seed),
        end: scenario.end,
        cluster: CLUSTER.to_owned(),
        run: "test".to_owned(),
        places: places.into_iter().collect(),
        image: workload_image(),
        heartbeat: scenario.sim.heartbeat,
        grace: scenario.sim.grace,
        patience: Duration::from_secs(1),
        journal: None,
        faults: Vec::new(),
        publish: false,
    }
}

/// The cluster of all tests: their engines are their own.
pub(crate) const CLUSTER: &str = "test";

/// The id that an engine has to report for the workload's image.
pub(crate) fn image_id(name: &str) -> String {
    let image = workload_image();
    assert_eq!(name, image.name);
    image.config
}

fn workload_image() -> Image {
    let binary = fs::read(workload()).expect("the workload");
    image::pack(&binary).expect("it is static")
}

/// What happened in a run.
pub(crate) struct Story {
    pub(crate) records: Vec<(Time, Record)>,
    pub(crate) played: Played,
}

impl Story {
    /// What the control plane heard, with the times in seconds.
    pub(crate) fn facts(&self) -> Vec<(f64, Fact)> {
        let fact = |(at, record): &(Time, Record)| match record {
            Record::Heard(fact) => Some((at.secs_f64(), *fact)),
            _ => None,
        };
        self.records.iter().filter_map(fact).collect()
    }

    /// What happened, with the times in seconds.
    pub(crate) fn truths(&self) -> Vec<(f64, Truth)> {
        let truth = |(at, record): &(Time, Record)| match record {
            Record::Truth(truth) => Some((at.secs_f64(), *truth)),
            _ => None,
        };
        self.records.iter().filter_map(truth).collect()
    }

    /// Times of the facts for which this holds.
    pub(crate) fn when(&self, holds: impl Fn(&Fact) -> bool) -> Vec<f64> {
        let facts = self.facts().into_iter();
        facts
            .filter(|(_, fact)| holds(fact))
            .map(|(at, _)| at)
            .collect()
    }

    /// Pods that are believed to run and to be ready at the end.
    pub(crate) fn ready(&self) -> usize {
        let pods = self.played.control.cluster().pods().iter();
        pods.filter(|(_, pod)| pod.active() && pod.ready).count()
    }

    /// Everything, for a person to read.
    pub(crate) fn told(&self) -> String {
        let lines = self.records.iter().filter(|(_, record)| {
            matches!(
                record,
                Record::Truth(_) | Record::Heard(_) | Record::Ordered(_)
            ) && !matches!(
                record,
                Record::Truth(Truth::Traffic { .. } | Truth::NodeUse { .. })
            )
        });
        lines
            .map(|(at, record)| format!("{:.3} {record:?}\n", at.secs_f64()))
            .collect()
    }
}

/// Waits until something holds, at most a minute.
pub(crate) fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        pause(std::time::Duration::from_millis(100));
    }
    panic!("{what} has not come to be");
}

/// Lets so many seconds pass.
pub(crate) fn rest(seconds: f64) {
    pause(std::time::Duration::from_secs_f64(seconds));
}

/// The ids of the running containers on an engine whose names have this in them.
pub(crate) fn running(machine: &Machine, name: &str) -> Vec<String> {
    let list = docker(
        machine,
        &format!("ps --no-trunc --quiet --filter name={name}"),
    );
    list.lines().map(str::to_owned).collect()
}

impl Drop for Rig {
    fn drop(&mut self) {
        let removed = self.sandbox.remove();
        let _ = fs::remove_dir_all(&self.dir);
        if !std::thread::panicking() {
            removed.expect("nothing is left");
        }
    }
}

/// Runs the docker command on an engine, and returns what it prints.
pub(crate) fn docker(machine: &Machine, line: &str) -> String {
    let Endpoint::Unix(socket) = machine.endpoint() else {
        panic!("private engines listen on sockets");
    };
    let host = format!("unix://{}", socket.display());
    let output = Command::new("docker")
        .arg("--host")
        .arg(host)
        .args(line.split_whitespace())
        .output();
    let output = output.expect("the docker command");
    assert!(
        output.status.success(),
        "docker {line}: {}",
        text(&output.stderr)
    );
    text(&output.stdout).trim_end().to_owned()
}

/// Runs plimsoll in a folder.
pub(crate) fn plimsoll(dir: &Path, line: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let command = command.args(line.split_whitespace()).current_dir(dir);
    command.output().expect("plimsoll runs")
}

/// Its stdout, if it went well.
pub(crate) fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The static workload, linked once.
pub(crate) fn workload() -> &'static Path {
    static LINKED: OnceLock<PathBuf> = OnceLock::new();
    LINKED.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plimsoll-workload");
        let output = Command::new("bash")
            .arg(root.join("scripts/workload.sh"))
            .arg(&file)
            .output();
        let output = output.expect("bash runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
        file
    })
}
