//! Processes of this machine, as `/proc` tells of them (proc(5)).

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, kill_process};

/// A signal to a process (signal(7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: it is to end.
    Term,
    /// SIGKILL: it ends at once.
    Kill,
    /// SIGSTOP: it is stopped.
    Stop,
    /// SIGCONT: it goes on.
    Continue,
}

/// Sends a signal to a process; says whether there was one.
pub fn send(pid: u32, signal: Signal) -> bool {
    let signal = match signal {
        Signal::Term => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
        Signal::Stop => rustix::process::Signal::STOP,
        Signal::Continue => rustix::process::Signal::CONT,
    };
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, signal).is_ok())
}

/// The main process of a container, by the number that it has here: its control group is named after
/// the container. `None` when it runs on another machine.
pub fn process_of(container: &str) -> Option<u32> {
    // Any shorter text may be in the name of a group that has nothing to do with it.
    if container.len() != 64 || !container.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let is_in_it = |&pid: &u32| {
        let groups = fs::read_to_string(format!("/proc/{pid}/cgroup"));
        groups.is_ok_and(|groups| groups.contains(container)) && !is_dead(pid)
    };
    all()
        .into_iter()
        .filter(is_in_it)
        .min_by_key(|&pid| started(pid))
}

/// All processes there are.
pub(super) fn all() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    entries.filter_map(number).collect()
}

/// The parent of a process.
pub(super) fn parent(pid: u32) -> Option<u32> {
    field(pid, 1)?.parse().ok()
}

/// When a process was started, in ticks since the kernel was: with its number it names one process
/// for ever.
pub(super) fn started(pid: u32) -> Option<u64> {
    field(pid, 19)?.parse().ok()
}

/// Whether a process has ended and only its parent has yet to hear of it.
pub(super) fn is_dead(pid: u32) -> bool {
    field(pid, 0).is_none_or(|state| state == "Z" || state == "X")
}

/// The name of a process's program.
pub(super) fn program(pid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// The words that a process was started with, each with a zero at its end; `None` when it is not of the
/// user that plimsoll is run by: anybody can choose the words. None are left of one that ends.
pub(super) fn words_of_ours(pid: u32) -> Option<Vec<u8>> {
    let file = PathBuf::from(format!("/proc/{pid}/cmdline"));
    let owner = fs::metadata(&file).ok()?.uid();
    let is_ours = owner == rustix::process::geteuid().as_raw();
    fs::read(file).ok().filter(|_| is_ours)
}

/// What names the PID namespace of a process.
pub(super) fn space(pid: u32) -> Option<PathBuf> {
    fs::read_link(Path::new("/proc").join(pid.to_string()).join("ns/pid")).ok()
}

/// The n-th field of `/proc/PID/stat` after the name of the program, which may hold blanks itself.
fn field(pid: u32, n: usize) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split_ascii_whitespace().nth(n).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_id_names_a_process() {
        // Every control group's line has this in it.
        assert_eq!(process_of("/"), None);
        assert_eq!(process_of(""), None);
        assert_eq!(process_of(&"0".repeat(63)), None);
    }
}
