//! Engines for one test, which leave nothing behind.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
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

    /// A cluster that no other test has.
    pub(crate) fn cluster(&self) -> String {
        let name = self.dir.file_name().expect("a name");
        name.to_string_lossy().into_owned()
    }

    /// `plimsoll live shop.toml` with a cluster and folders of its own in the rig's, and more options.
    pub(crate) fn line(&self, more: &str) -> String {
        let (cluster, workload) = (self.cluster(), workload().display());
        format!(
            "live shop.toml --cluster {cluster} --state state --out out --workload {workload} {more}"
        )
    }

    /// Begins a live run of a scenario file on private engines.
    pub(crate) fn begin(&self, shop: &str, more: &str) -> Run {
        fs::write(self.dir.join("shop.toml"), shop).expect("a scenario");
        Run {
            child: begin(&self.dir, &self.line(&format!("--quiet {more}"))),
            dir: self.dir.clone(),
            cluster: self.cluster(),
        }
    }

    /// What there is on this machine of what was begun in the folder: its state, processes, mounts, and
    /// control groups.
    pub(crate) fn traces(&self) -> Vec<String> {
        let dir = self.dir.to_str().expect("a plain name");
        let mut found = Vec::new();
        if self.dir.join("state").exists() {
            found.push(format!("state {dir}/state"));
        }
        for pid in numbers("/proc") {
            if pid != std::process::id() && is_of(pid, dir) {
                let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
                found.push(format!("process {pid} {}", text(&words).replace('\0', " ")));
            }
        }
        let mounts = fs::read_to_string("/proc/mounts").expect("mounts");
        let mounts = mounts.lines().filter(|line| line.contains(dir));
        found.extend(mounts.map(|line| format!("mount {line}")));
        let root = Path::new("/sys/fs/cgroup");
        let mut roots = folders(root);
        roots.push(root.to_owned());
        let groups = roots
            .iter()
            .flat_map(|root| folders(&root.join("plimsoll")));
        let ours = format!("/plimsoll/{}-", self.cluster());
        let groups = groups.map(|group| format!("group {}", group.display()));
        found.extend(groups.filter(|group| group.contains(&ours)));
        found
    }

    /// Holds that there are none.
    pub(crate) fn has_left_nothing(&self) {
        let traces = self.traces();
        assert!(traces.is_empty(), "left: {traces:#?}");
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
        self.play(&scenario(seconds, text), places, beside)
    }

    /// The same with a scenario.
    pub(crate) fn play(
        &self,
        scenario: &Scenario,
        places: Vec<Place>,
        beside: impl FnOnce() + Send,
    ) -> Story {
        let setup = setup(scenario, places);
        let mut memory = Memory::default();
        let played = std::thread::scope(|scope| {
            scope.spawn(beside);
            live::record(scenario, setup, &mut memory)
        });
        Story {
            records: memory.records,
            played: played.unwrap_or_else(|stop| panic!("{stop}")),
        }
    }
}

/// A scenario file of so many seconds with these services, and two nodes. `top` stands before the first
/// table that is no policy, and more delays may follow the end.
pub(crate) fn shop(seconds: u32, top: &str, services: &str) -> String {
    format!(
        "# Does it hold?\nname = \"shop\"\nduration = \"{seconds}s\"\n{top}{services}{TAIL}\n\
         [delays]\nheartbeat = \"500ms\"\n"
    )
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

/// A live run on private engines. When the test fails it is killed, and what it leaves is removed.
pub(crate) struct Run {
    pub(crate) child: Child,
    dir: PathBuf,
    cluster: String,
}

impl Run {
    /// Its engines, once so many containers of a service run on all of them together.
    pub(crate) fn machines(&self, nodes: &[&str], service: &str, count: usize) -> Vec<Machine> {
        let engines = self.dir.join("state").join(&self.cluster).join("engines");
        let is_up =
            |node: &&str| UnixStream::connect(engines.join(node).join("docker.sock")).is_ok();
        until("the engines", || nodes.iter().all(&is_up));
        let nodes: Vec<String> = nodes.iter().map(|&node| node.to_owned()).collect();
        let sandbox = Sandbox::new(&engines, &self.cluster, &nodes).expect("a sandbox");
        let machines = sandbox.machines().to_vec();
        let counts = || {
            machines
                .iter()
                .map(|machine| running(machine, service).len())
        };
        until("the containers", || counts().sum::<usize>() == count);
        machines
    }

    /// What it ends with, which it does within a minute.
    pub(crate) fn code(&mut self) -> Option<i32> {
        let mut ended = None;
        for _ in 0..600 {
            ended = self.child.try_wait().expect("it is ours");
            if ended.is_some() {
                break;
            }
            rest(0.1);
        }
        ended.expect("it ends").code()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it is gone");
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // The test itself asks whether anything is left.
        drop(self.child.kill());
        drop(self.child.wait());
        if self.dir.join("state").exists() {
            let line = format!("live --clean --cluster {} --state state", self.cluster);
            drop(plimsoll(&self.dir, &line));
        }
    }
}

/// Whether a process has to do with a folder: by its words, its files, or what it sees mounted.
fn is_of(pid: u32, dir: &str) -> bool {
    let proc = PathBuf::from(format!("/proc/{pid}"));
    let says = |file: &str| fs::read(proc.join(file)).is_ok_and(|bytes| text(&bytes).contains(dir));
    let leads =
        |link: &Path| fs::read_link(link).is_ok_and(|to| to.to_string_lossy().contains(dir));
    let files = fs::read_dir(proc.join("fd"))
        .into_iter()
        .flatten()
        .flatten();
    says("cmdline")
        || says("mountinfo")
        || leads(&proc.join("cwd"))
        || files.map(|file| file.path()).any(|file| leads(&file))
}

/// Entries of a folder that are called by a number.
fn numbers(dir: &str) -> Vec<u32> {
    let entries = fs::read_dir(dir).expect(dir).flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// The folders in a folder, if there is one.
fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths.filter(|path| path.is_dir()).collect()
}

/// Begins plimsoll in a folder.
pub(crate) fn begin(dir: &Path, line: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
    let command = command.args(line.split_whitespace()).current_dir(dir);
    command.stdin(Stdio::null()).spawn().expect("plimsoll runs")
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
