//! Engines of plimsoll's own: one private dockerd per node, each on what it takes for a machine.
//!
//! A machine is a process that is the first of its own PID, network and mount namespaces. Killing it
//! ends everything that runs there at once, as a power cut would: engine, containers, mounts and
//! networks. On disk it leaves its folder, from which it boots again.

mod machine;
mod process;

use std::fs;
use std::path::{Path, PathBuf};

use super::trouble::Trouble;
pub use machine::{Machine, is_machine};
pub use process::{Signal, process_of, send};

/// Longest path of a Unix socket on Linux (unix(7), `sun_path`, less the zero at its end).
const SOCKET_PATH_MAX: usize = 107;
/// What must be installed.
const PROGRAMS: [&str; 6] = [
    "unshare",
    "nsenter",
    "mount",
    "dockerd",
    "containerd",
    "runc",
];

/// The private engines of one cluster.
#[derive(Debug)]
pub struct Sandbox {
    dir: PathBuf,
    machines: Vec<Machine>,
}

impl Sandbox {
    /// The machines of a cluster, with a folder each under `dir`; nothing is started.
    ///
    /// # Errors
    /// When they could not be started here.
    pub fn new(dir: &Path, cluster: &str, nodes: &[String]) -> Result<Sandbox, Trouble> {
        if let Some(why) = impossible() {
            return Err(Trouble::refused("--sandbox", why));
        }
        fs::create_dir_all(dir).map_err(Trouble::of_file(dir))?;
        let dir = fs::canonicalize(dir).map_err(Trouble::of_file(dir))?;
        let machine = |node: &String| Machine::new(&dir, cluster, node);
        let machines: Vec<Machine> = nodes.iter().map(machine).collect();
        let longest = machines.iter().map(|machine| machine.longest_socket());
        if let Some(length) = longest.max().filter(|&length| length > SOCKET_PATH_MAX) {
            // Unless somebody else's things are in it.
            let _ = fs::remove_dir(&dir);
            let said = format!(
                "its sockets would have paths of {length} bytes, {SOCKET_PATH_MAX} are possible"
            );
            return Err(Trouble::refused(dir.display().to_string(), said));
        }
        Ok(Sandbox { dir, machines })
    }

    /// One machine per node, in their order.
    pub fn machines(&self) -> &[Machine] {
        &self.machines
    }

    /// Boots every machine that is not up.
    ///
    /// # Errors
    /// When one does not come up.
    pub fn boot(&self) -> Result<(), Trouble> {
        self.machines.iter().try_for_each(Machine::boot)
    }

    /// Ends all machines and removes what they leave.
    ///
    /// # Errors
    /// When something is left.
    pub fn remove(&self) -> Result<(), Trouble> {
        self.machines.iter().for_each(Machine::kill);
        let removed = self.machines.iter().map(Machine::remove);
        // Every one is tried, whatever became of those before.
        let removed: Vec<Result<(), Trouble>> = removed.collect();
        // Stays if anything is in it.
        let _ = fs::remove_dir(&self.dir);
        removed.into_iter().collect()
    }
}

/// Why private engines cannot be started here, if they cannot.
pub fn impossible() -> Option<String> {
    if !cfg!(target_os = "linux") {
        return Some("private engines need Linux".to_owned());
    }
    if !rustix::process::geteuid().is_root() {
        return Some("private engines are to be started by root".to_owned());
    }
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &&str| {
        let mut paths = std::env::split_paths(&paths);
        !paths.any(|dir| dir.join(name).is_file())
    };
    let missing: Vec<&str> = PROGRAMS.into_iter().filter(is_there).collect();
    match missing.as_slice() {
        [] => None,
        missing => Some(format!("there is no {}", missing.join(", no "))),
    }
}
