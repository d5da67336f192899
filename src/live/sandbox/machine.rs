//! One private engine, and the namespaces that are its machine.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::process::{self, Signal};
use crate::live::clock::{now, pause};
use crate::live::config::Endpoint;
use crate::live::labels;
use crate::live::trouble::Trouble;

/// Longest time until an engine answers, or until what was killed is gone. Engines took 1.5 s on two
/// idle cores.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Most lines of a log that an error quotes.
const QUOTED: usize = 5;

/// What starts the first process of a machine, in namespaces of its own.
const UNSHARE: [&str; 8] = [
    "unshare",
    "--pid",
    "--net",
    "--mount",
    "--propagation",
    "private",
    "--fork",
    "--mount-proc",
];
/// The first process of a machine: it waits, and reaps what others leave. The machine's folder follows, which
/// tells it from all others.
const INIT: [&str; 3] = ["sh", "-c", "while :; do sleep 2147483647 & wait $!; done"];
/// Which process is the first of a machine that is up.
const RECORD: &str = "init";
/// Folders of the system in which daemons leave things: sockets of containers that were killed (containerd,
/// `runtime/v2/shim`), of plugins, and the key of an engine (moby, `daemon/daemon.go`).
const COVERED: [&str; 3] = ["/run/containerd", "/run/docker", "/etc/docker"];
/// Which of them were not there, and were made to be covered.
const MADE: &str = "made";
/// Which was it before the machine was ended.
const ENDED: &str = "init.ended";

/// What the engine of a machine is told, in the machine's folder: the first file that is written there.
const ENGINE_CONFIG: &str = "dockerd.json";

/// Whether a folder is that of a machine.
pub fn is_machine(dir: &Path) -> bool {
    dir.join(ENGINE_CONFIG).is_file()
}

/// The folder of the machine whose first process this is, if it is one.
fn machine_of(pid: u32) -> Option<PathBuf> {
    let words = process::words_of_ours(pid)?;
    let first = [INIT.join("\0").as_bytes(), b"\0"].concat();
    let dir = words.strip_prefix(&first[..])?.strip_suffix(b"\0")?;
    let dir = PathBuf::from(OsStr::from_bytes(dir));
    is_machine(&dir).then_some(dir)
}

/// Whether the machine with this first process has laid a folder of its own over that place.
fn has_covered(init: u32, place: &str) -> bool {
    let mounts = fs::read_to_string(format!("/proc/{init}/mounts")).unwrap_or_default();
    mounts.contains(&format!("plimsoll {place} tmpfs"))
}

/// Notes in the folder of a machine that the place was made to be covered, and goes with the machine.
fn note_made(dir: &Path, place: &str) -> Result<(), Trouble> {
    let path = dir.join(MADE);
    let file = File::options().create(true).append(true).open(&path);
    let noted = file.and_then(|mut file| writeln!(file, "{place}"));
    noted.map_err(Trouble::of_file(&path))
}

/// A private engine with its namespaces. The value is a name: the machine may or may not be up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The node that it is.
    node: String,
    dir: PathBuf,
    /// Where the containers' control groups are, below each hierarchy's root.
    cgroup: PathBuf,
}

impl Machine {
    pub(super) fn new(dir: &Path, cluster: &str, node: &str) -> Machine {
        // Two clusters of one name in different folders are two.
        let place = crate::rng::fnv1a_128(dir.as_os_str().as_encoded_bytes());
        let group = format!("{cluster}-{:08x}", place as u32);
        Machine {
            node: node.to_owned(),
            dir: dir.join(node),
            cgroup: Path::new("plimsoll").join(group).join(node),
        }
    }

    /// The node that it is.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// Where its engine listens.
    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Unix(self.dir.join("docker.sock"))
    }

    /// The bytes of its longest socket path.
    pub(super) fn longest_socket(&self) -> usize {
        self.containerd_socket().as_os_str().len() + ".ttrpc".len()
    }

    /// Its network, for a thread that is to reach its containers; `None` while it is not up.
    pub fn network(&self) -> Option<PathBuf> {
        let init = self.init()?;
        Some(PathBuf::from(format!("/proc/{init}/ns/net")))
    }

    /// Whether it is up, or not yet down for good; its engine may be or not.
    pub fn is_up(&self) -> bool {
        self.init().or_else(|| self.dying()).is_some()
    }

    /// Boots it with its engine, unless they are up already. The engine answers when this is over.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn boot(&self) -> Result<(), Trouble> {
        if self.init().is_none() {
            fs::create_dir_all(&self.dir).map_err(Trouble::of_file(&self.dir))?;
            self.configure()?;
            self.end()?;
            self.power_on()?;
        }
        if self.pid_of("containerd").is_none() {
            self.cover()?;
            let config = self.dir.join("containerd.toml");
            let end = self.run_inside("containerd", &["--config".as_ref(), config.as_os_str()])?;
            self.wait_for("containerd", &end, || self.containerd_socket().exists())?;
        }
        self.start_engine()
    }

    /// Ends it and everything on it at once. The kernel takes its time for that: until it is over the
    /// machine is neither up nor can it boot.
    pub fn kill(&self) {
        if let Some(init) = self.init() {
            self.kill_with(init);
            // Should that fail, the record names a process that is about to be none.
            let _ = fs::rename(self.dir.join(RECORD), self.dir.join(ENDED));
        }
    }

    /// Ends it, and waits until that is over: for the first process that was known, and for one of which
    /// nothing is known, as plimsoll was killed before it noted which it is.
    fn end(&self) -> Result<(), Trouble> {
        self.kill();
        let first = self.first_words();
        let starting = [UNSHARE.join("\0").as_bytes(), b"\0", &first].concat();
        self.wait("the end of its first process", || {
            let mut is_over = self.dying().is_none();
            for pid in process::all() {
                let words = process::words_of_ours(pid);
                if words.as_ref() == Some(&first) {
                    process::send(pid, Signal::Kill);
                    is_over = false;
                }
                // It has yet to start that process, or ends with it.
                is_over &= words.as_ref() != Some(&starting);
            }
            is_over
        })
    }

    /// The words of its first process, each with a zero at its end.
    fn first_words(&self) -> Vec<u8> {
        let dir = self.dir.as_os_str().as_encoded_bytes();
        [INIT.join("\0").as_bytes(), b"\0", dir, b"\0"].concat()
    }

    /// Ends the machine with this first process, and those outside who wait for what runs in it: one
    /// of them that is stopped, as its engine was, would keep what is dead from going.
    fn kill_with(&self, init: u32) {
        let space = process::space(init);
        let members = process::all().into_iter();
        let members = members.filter(|&pid| process::space(pid) == space);
        let outside = |pid: u32| {
            let parent = process::parent(pid)?;
            (process::space(parent) != space).then_some(parent)
        };
        for waiting in members.filter_map(outside).collect::<Vec<_>>() {
            let program = process::program(waiting).unwrap_or_default();
            if ["nsenter", "unshare"].contains(&program.as_str()) {
                process::send(waiting, Signal::Kill);
            }
        }
        process::send(init, Signal::Kill);
    }

    /// Starts its engine, unless it runs. The engine answers when this is over.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn start_engine(&self) -> Result<(), Trouble> {
        if self.pid_of("dockerd").is_some() {
            return self.wait("dockerd", || self.answers());
        }
        let config = self.dir.join(ENGINE_CONFIG);
        let end = self.run_inside("dockerd", &["--config-file".as_ref(), config.as_os_str()])?;
        self.wait_for("dockerd", &end, || self.answers())
    }

    /// Starts its engine, which was told to end, once it has ended. The engine answers when this is over.
    ///
    /// # Errors
    /// When it does not in time.
    pub fn start_engine_again(&self) -> Result<(), Trouble> {
        self.wait("the end of dockerd", || self.pid_of("dockerd").is_none())?;
        self.start_engine()
    }

    /// Sends a signal to its engine alone; says whether it runs.
    pub fn signal_engine(&self, signal: Signal) -> bool {
        let pid = self.pid_of("dockerd");
        pid.is_some_and(|pid| process::send(pid, signal))
    }

    /// Ends it, and removes what it leaves: its folder, and its control groups.
    ///
    /// # Errors
    /// When something is left.
    pub fn remove(&self) -> Result<(), Trouble> {
        self.end()?;
        self.wait("its control groups", || {
            let roots = cgroup_roots();
            roots
                .iter()
                .all(|root| remove_groups(&root.join(&self.cgroup)))
        })?;
        for root in cgroup_roots() {
            for parent in self.cgroup.ancestors().skip(1) {
                // Stay if others are in them.
                let _ = fs::remove_dir(root.join(parent));
            }
        }
        let made = fs::read_to_string(self.dir.join(MADE)).unwrap_or_default();
        for place in made.lines() {
            // Another's cover would go with the folder (the kernel detaches mounts of other namespaces). One whose
            // folder is gone by now is over.
            let other = self.other_that_covers(place);
            if other.is_none_or(|other| note_made(&other, place).is_err()) {
                // Where something is in it, it is somebody's.
                let _ = fs::remove_dir(place);
            }
        }
        match fs::remove_dir_all(&self.dir) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Trouble::of_file(&self.dir)(error))
            }
            _ => Ok(()),
        }
    }

    /// Writes what its daemons are told.
    fn configure(&self) -> Result<(), Trouble> {
        let path = |name: &str| self.dir.join(name).display().to_string();
        // No bridge, no rules of a firewall, no way out: its only network is the cluster's own. `vfs`
        // works on any kernel and mounts nothing; the image is small.
        let engine = json!({
            "hosts": [self.endpoint().to_string()],
            "containerd": self.containerd_socket().display().to_string(),
            "data-root": path("data"),
            "exec-root": path("exec"),
            "pidfile": path("dockerd.pid"),
            "storage-driver": "vfs",
            "bridge": "none",
            "iptables": false,
            "ip-forward": false,
            "ip-masq": false,
            "userland-proxy": false,
            "cgroup-parent": format!("/{}", self.cgroup.display()),
            "exec-opts": ["native.cgroupdriver=cgroupfs"],
            "labels": [format!("{}={}", labels::NODE, self.node)],
            "log-level": "warn",
        });
        let socket = self.containerd_socket();
        let containerd = format!(
            "version = 2\nroot = {:?}\nstate = {:?}\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n\n\
             [grpc]\naddress = {:?}\n\n[ttrpc]\naddress = {:?}\n\n[debug]\nlevel = \"warn\"\n",
            path("containerd/root"),
            path("containerd/state"),
            socket.display().to_string(),
            format!("{}.ttrpc", socket.display()),
        );
        self.write(ENGINE_CONFIG, &format!("{engine:#}\n"))?;
        self.write("containerd.toml", &containerd)
    }

    /// Lays folders of its own over those of the system in which daemons leave things behind, whatever
    /// they are told. They go with it.
    fn cover(&self) -> Result<(), Trouble> {
        let init = self.init().unwrap_or_default();
        for place in COVERED {
            if !has_covered(init, place) {
                // Whoever made it may remove it at this moment: once more, then.
                self.lay_over(place).or_else(|_| self.lay_over(place))?;
            }
        }
        Ok(())
    }

    /// The folder of another machine that is up and has covered that place.
    fn other_that_covers(&self, place: &str) -> Option<PathBuf> {
        process::all().into_iter().find_map(|pid| {
            let dir = machine_of(pid).filter(|dir| *dir != self.dir)?;
            has_covered(pid, place).then_some(dir)
        })
    }

    fn lay_over(&self, place: &str) -> Result<(), Trouble> {
        match fs::create_dir(place) {
            Ok(()) => note_made(&self.dir, place)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            // What cannot be made here no daemon makes.
            Err(_) => return Ok(()),
        }
        let words = ["-n", "-t", "tmpfs", "plimsoll", place].map(OsStr::new);
        let end = self.run_inside("mount", &words)?;
        self.wait_for("mount", &end, || end.get().is_some_and(ExitStatus::success))
    }

    /// Starts its first process, and notes which it is.
    fn power_on(&self) -> Result<(), Trouble> {
        for stale in [
            self.dir.join("docker.sock"),
            self.containerd_socket(),
            self.dir.join("dockerd.pid"),
        ] {
            let _ = fs::remove_file(stale);
        }
        let mut command = Command::new(UNSHARE[0]);
        command.args(&UNSHARE[1..]).args(INIT).arg(&self.dir);
        let (unshare, end) = self.spawn(command, "init")?;
        let child = || {
            let mut all = process::all().into_iter();
            all.find(|&pid| {
                process::parent(pid) == Some(unshare)
                    && process::program(pid).as_deref() == Some("sh")
            })
        };
        self.wait_for("init", &end, || child().is_some())?;
        let init = child().and_then(|pid| Some((pid, process::started(pid)?)));
        let (pid, started) =
            init.ok_or_else(|| Trouble::refused(self.what("its first process"), "it died"))?;
        self.write(RECORD, &format!("{pid} {started}\n"))
    }

    /// Its first process, if that lives.
    fn init(&self) -> Option<u32> {
        self.recorded(RECORD)
    }

    /// The first process that it had when it was ended, if the kernel is not through with it.
    fn dying(&self) -> Option<u32> {
        self.recorded(ENDED)
    }

    /// The process that a file of its folder names, if that lives.
    fn recorded(&self, file: &str) -> Option<u32> {
        let text = fs::read_to_string(self.dir.join(file)).ok()?;
        let (pid, started) = text.trim_end().split_once(' ')?;
        let (pid, started) = (pid.parse().ok()?, started.parse().ok()?);
        (process::started(pid) == Some(started) && !process::is_dead(pid)).then_some(pid)
    }

    /// The process of a program on it, by the number that it has outside.
    fn pid_of(&self, program: &str) -> Option<u32> {
        let space = process::space(self.init()?)?;
        let mut all = process::all().into_iter();
        all.find(|&pid| {
            process::space(pid).as_ref() == Some(&space)
                && process::program(pid).as_deref() == Some(program)
                && !process::is_dead(pid)
        })
    }

    fn run_inside(&self, program: &str, args: &[&OsStr]) -> Result<End, Trouble> {
        let down = || Trouble::refused(self.what(program), "the machine is not up");
        let init = self.init().ok_or_else(down)?.to_string();
        let mut command = Command::new("nsenter");
        let spaces = [
            "--target", &init, "--pid", "--net", "--mount", "--", program,
        ];
        command.args(spaces).args(args);
        self.spawn(command, program).map(|(_, end)| end)
    }

    /// Starts a program that outlives plimsoll, with its words in a file.
    fn spawn(&self, mut command: Command, program: &str) -> Result<(u32, End), Trouble> {
        let log = self.dir.join(format!("{program}.log"));
        let log = File::options().create(true).append(true).open(&log);
        let log = log.map_err(Trouble::of_file(&self.dir))?;
        let error = log.try_clone().map_err(Trouble::of_file(&self.dir))?;
        // A Ctrl-C on the terminal is for plimsoll: what it started is ended in order.
        let command = command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(error)
            .process_group(0);
        let child = command.spawn();
        let mut child = child.map_err(|error| Trouble::refused(self.what(program), error))?;
        let (pid, end) = (child.id(), End::default());
        let told = Arc::clone(&end);
        thread::spawn(move || child.wait().map(|status| told.set(status)));
        Ok((pid, end))
    }

    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = UnixStream::connect(self.dir.join("docker.sock"))?;
            stream.set_read_timeout(Some(Duration::from_secs(1)))?;
            stream.write_all(b"GET /_ping HTTP/1.0\r\n\r\n")?;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer)?;
            Ok(answer.ends_with(b" 200"))
        };
        ask().unwrap_or(false)
    }

    fn containerd_socket(&self) -> PathBuf {
        self.dir.join("containerd.sock")
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Trouble> {
        let path = self.dir.join(name);
        fs::write(&path, text).map_err(Trouble::of_file(&path))
    }

    fn what(&self, thing: &str) -> String {
        format!("{thing} of the private engine {}", self.node)
    }

    fn wait(&self, thing: &str, done: impl FnMut() -> bool) -> Result<(), Trouble> {
        self.wait_unless(thing, done, || None)
    }

    /// Waits for something that a program does, which was started and writes a log. When it has failed there
    /// is nothing to wait for; one that a signal ended may be started again meanwhile.
    fn wait_for(
        &self,
        program: &str,
        end: &End,
        done: impl FnMut() -> bool,
    ) -> Result<(), Trouble> {
        let failed = || end.get().filter(|status| status.code() != Some(0));
        let failed = || failed().filter(|status| status.code().is_some() || program == "init");
        let waited = self.wait_unless(program, done, || failed().map(ExitStatus::to_string));
        waited.map_err(|mut trouble| {
            let log = fs::read(self.dir.join(format!("{program}.log"))).unwrap_or_default();
            trouble.said += &quote(&String::from_utf8_lossy(&log));
            trouble
        })
    }

    /// Waits until something is done, unless there is a reason not to, or the machine has ended meanwhile.
    fn wait_unless(
        &self,
        thing: &str,
        mut done: impl FnMut() -> bool,
        why_not: impl Fn() -> Option<String>,
    ) -> Result<(), Trouble> {
        let (from, init) = (now(), self.init());
        while !done() {
            let gone = || (self.init() != init).then(|| "the machine has ended".to_owned());
            let late = || format!("not done after {} s", PATIENCE.as_secs());
            let is_late = now() - from > PATIENCE;
            if let Some(said) = why_not().or_else(gone).or_else(|| is_late.then(late)) {
                return Err(Trouble::refused(self.what(thing), said));
            }
            pause(LOOK);
        }
        Ok(())
    }
}

/// How a program that was started has ended, once it has.
type End = Arc<OnceLock<ExitStatus>>;

/// The last lines of a log, to follow what is said of a program. The log itself goes with the machine.
fn quote(log: &str) -> String {
    let lines: Vec<&str> = log.lines().filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(QUOTED)..];
    last.iter().map(|line| format!("\n  | {line}")).collect()
}

/// The root of every hierarchy of control groups (cgroups(7)).
fn cgroup_roots() -> Vec<PathBuf> {
    let root = Path::new("/sys/fs/cgroup");
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut roots: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    roots.push(root.to_owned());
    roots
}

/// Removes a control group with all below it; says whether none is left.
fn remove_groups(group: &Path) -> bool {
    let Ok(entries) = fs::read_dir(group) else {
        return true;
    };
    for entry in entries.flatten() {
        if entry.path().is_dir() {
            remove_groups(&entry.path());
        }
    }
    let _ = fs::remove_dir(group);
    !group.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(name: &str) -> Machine {
        let dir = std::env::temp_dir().join(format!("pl-{name}-{}", std::process::id()));
        let machine = Machine::new(&dir, "shop", "node-0");
        fs::create_dir_all(&machine.dir).expect("a folder");
        machine
    }

    #[test]
    fn an_error_quotes_the_last_lines_of_a_log() {
        assert_eq!(quote(""), "");
        assert_eq!(
            quote("1\n2\n\n3\n4\n5\n6\n"),
            "\n  | 2\n  | 3\n  | 4\n  | 5\n  | 6"
        );
    }

    #[test]
    fn a_program_that_failed_is_not_waited_for() {
        let machine = machine("failed");
        let mut command = Command::new("sh");
        command.args(["-c", "echo no space left; exit 3"]);
        let (_, end) = machine.spawn(command, "dockerd").expect("it starts");
        let from = now();
        let trouble = machine.wait_for("dockerd", &end, || false).unwrap_err();
        assert!(now() - from < PATIENCE / 2);
        let wanted = "dockerd of the private engine node-0: exit status: 3\n  | no space left";
        assert_eq!(trouble.to_string(), wanted);
        fs::remove_dir_all(machine.dir.parent().expect("one")).expect("it is ours");
    }

    #[test]
    fn a_first_process_that_was_never_noted_is_found_and_no_other() {
        let (ours, other) = (machine("stray"), machine("stray-other"));
        let first = |machine: &Machine| {
            let mut command = Command::new(INIT[0]);
            command.args(&INIT[1..]).arg(&machine.dir);
            machine.spawn(command, "init").expect("it starts")
        };
        let ((stray, end), (stays, _)) = (first(&ours), first(&other));
        let started = || process::words_of_ours(stray) == Some(ours.first_words());
        ours.wait("its words", started).expect("they are seen");
        ours.end().expect("it ends");
        ours.wait("its end", || end.get().is_some()).expect("seen");
        assert!(!process::is_dead(stays));
        other.end().expect("it ends");
        for pid in [stray, stays] {
            // Outside a machine what it waits for outlives it.
            let group = i32::try_from(pid)
                .ok()
                .and_then(rustix::process::Pid::from_raw);
            let group = group.expect("a process");
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        for machine in [ours, other] {
            fs::remove_dir_all(machine.dir.parent().expect("one")).expect("it is ours");
        }
    }
}
