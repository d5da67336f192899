//! What the tests of all commands share: scenarios, and a folder of its own for each test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

/// A shop on three nodes, with jobs by chance: how long a run lasts, how many replicas of it are too few,
/// what else runs, and how a node fails.
macro_rules! shop {
    ($duration:literal, $min_available:literal, $others:literal, $failure:literal) => {
        concat!(
            r#"# Does the shop outlive a node?
name = "small"
duration = ""#,
            $duration,
            r#""
warm_up = "5m"
currency = "USD"

[policy]
scheduler = "least-allocated"
autoscaler = "fixed"
healer = "kubernetes"

[[nodes]]
name = "worker"
count = 3
cpu = "4"
memory = "16Gi"
zones = ["a", "b", "c"]
price_per_hour = 0.192

[[services]]
name = "web"
replicas = 3
requests = { cpu = "500m", memory = "512Mi" }
work = { cpu = "10ms" }
min_available = "#,
            $min_available,
            r#"
slo = { availability = 0.999, window = "30d" }
load = 30
"#,
            $others,
            r#"
[[jobs]]
name = "report"
rate = "60/h"
sizes = [{ cpu = "1", memory = "2Gi" }]
duration = { lognormal = { median = "5m", sigma = 1.0 } }

[[failures]]
nodes = "worker"
"#,
            $failure,
        )
    };
}

/// Two services on three nodes, one of which dies: something of everything that is reported.
pub(crate) const SMALL: &str = shop!(
    "1h",
    3,
    r#"
[[services]]
name = "store"
replicas = 2
requests = { cpu = "1", memory = "1Gi" }
work = { cpu = "5ms" }
startup = { lognormal = { median = "10s", sigma = 0.5 } }
readiness = { period = "5s" }
load = { diurnal = { mean = 40, amplitude = 0.6, peak_at = "30m", period = "1h" } }
"#,
    r#"at = "20m"
count = 1
down = "20m"
"#
);

/// A shop that loses a node: under `binpack` half of it is on one node.
pub(crate) const SHOP: &str = shop!(
    "30m",
    2,
    "",
    r#"after = { uniform = { low = "10m", high = "20m" } }
down = "5m"
"#
);

/// Nothing in it is random.
pub(crate) const EXACT: &str = r#"
duration = "1h"

[policy]
scheduler = "binpack"
autoscaler = "fixed"
healer = "kubernetes"

[[nodes]]
name = "worker"
count = 2
cpu = "4"
memory = "8Gi"

[trace]
pods = "pods.csv"
"#;

pub(crate) const PODS: &str = "name,arrival_s,duration_s,cpu_milli,memory_mib
a,10,600,1000,100
b,400,600,1000,100
c,700,600,1000,100
d,1600,600,1000,100
";

/// What would steer the command from outside.
const STEERING: [&str; 4] = [
    "RAYON_NUM_THREADS",
    "HQ_TASK_ID",
    "SLURM_ARRAY_TASK_ID",
    "JOB_COMPLETION_INDEX",
];

/// A fresh folder for one test, gone at its end.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    /// An empty one. Tests run side by side: the name is for people, the number sets it apart.
    pub(crate) fn new(name: &str) -> Scratch {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let own = format!("plimsoll-{name}-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(own);
        fs::create_dir_all(&dir).unwrap();
        Scratch(dir)
    }

    /// One with a file in it.
    pub(crate) fn with(name: &str, file: &str, text: &str) -> Scratch {
        let scratch = Scratch::new(name);
        scratch.write(file, text);
        scratch
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// The names of all that is in it, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.0)
    }

    /// The command in this folder; arguments are what lies between spaces.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(args.split_whitespace()).current_dir(&self.0);
        for name in STEERING {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, args: &str) -> Output {
        self.command(args).output().unwrap()
    }

    /// Exit code, stdout and stderr.
    pub(crate) fn said(&self, args: &str) -> Said {
        said(self.run(args))
    }

    /// Stdout of a command that goes well and has nothing to warn of.
    #[track_caller]
    pub(crate) fn fine(&self, args: &str) -> String {
        let (code, stdout, stderr) = self.said(args);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{args}");
        stdout
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Exit code, stdout and stderr.
pub(crate) type Said = (Option<i32>, String, String);

pub(crate) fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let code = output.status.code();
    (code, text(output.stdout), text(output.stderr))
}

pub(crate) fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The bytes of every file below a folder, but `run.json`.
pub(crate) fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut pending = vec![dir.to_owned()];
    while let Some(dir) = pending.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else if path.file_name().unwrap() != "run.json" {
                let bytes = fs::read(&path).unwrap();
                files.insert(path, bytes);
            }
        }
    }
    let strip = |path: PathBuf| path.strip_prefix(dir).unwrap().to_owned();
    files
        .into_iter()
        .map(|(path, bytes)| (strip(path), bytes))
        .collect()
}
