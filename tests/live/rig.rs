//! Engines for one test, which leave nothing behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use plimsoll::live::config::Endpoint;
use plimsoll::live::sandbox::{Machine, Sandbox};

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
