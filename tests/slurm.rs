//! A sweep of 2,000 cells on a real Slurm: controller and two daemons of its own on this machine, one of
//! which dies with what it runs. Each chunk is made at least once and counts once.
//!
//! Slurm is Debian's (packages slurm-wlm and munge). Without it the test says so and passes;
//! with PLIMSOLL_REQUIRE_SLURM=1 it fails.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Shards, which are tasks of the array.
const SHARDS: usize = 4;
/// Longest time that anything here may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Set in every process that the test has Slurm start.
const MARK: &str = "PLIMSOLL_SLURM_TEST";

#[test]
fn an_array_that_loses_a_daemon_gives_the_same_file_as_one_machine() {
    let programs = [
        "munged",
        "slurmctld",
        "slurmd",
        "sbatch",
        "squeue",
        "sinfo",
        "scontrol",
    ];
    let missing: Vec<&str> = programs
        .into_iter()
        .filter(|name| which(name).is_none())
        .collect();
    if !missing.is_empty() || !is_root() {
        let why = match missing.as_slice() {
            [] => "its daemons are to run as root".to_owned(),
            missing => format!("there is no {}", missing.join(", ")),
        };
        assert!(
            std::env::var_os("PLIMSOLL_REQUIRE_SLURM").is_none_or(|value| value != "1"),
            "{why}: install slurm-wlm and munge"
        );
        writeln!(std::io::stderr(), "skipped: slurm, {why}").unwrap();
        return;
    }
    let mut slurm = Slurm::start();
    let dir = slurm.dir.clone();
    let local = plimsoll(&dir, "sweep plan.toml --out local");
    assert!(local.0, "{}", local.1);
    assert!(local.1.contains("2,000 cells"), "{}", local.1);

    let text = plimsoll(
        &dir,
        &format!("sweep plan.toml --out cluster --submit slurm --shards {SHARDS}"),
    );
    assert!(text.0, "{}", text.1);
    let script = dir.join("job.sh");
    fs::write(&script, &text.1).unwrap();
    let submitted = slurm
        .client("sbatch")
        .arg("--parsable")
        .arg(&script)
        .output()
        .unwrap();
    assert!(submitted.status.success(), "{submitted:?}");

    // Both daemons run a task, and one of these has not finished: it dies with its daemon.
    let victims = slurm.wait_for("tasks on both nodes", || {
        let on = |node| processes(&dir, node);
        let (first, second) = (on("node1"), on("node2"));
        let is_sweep = |pids: &[u32]| pids.iter().any(|&pid| name_of(pid) == "plimsoll");
        (is_sweep(&first) && is_sweep(&second)).then_some(second)
    });
    slurm.kill_second(&victims);
    slurm.wait_for("the end of all tasks", || {
        let queue = slurm.queue();
        // A task that lost its node waits two minutes before it may begin again.
        for [task, _, why] in &queue {
            if why == "BeginTime" {
                let mut hurry = slurm.client("scontrol");
                hurry.args(["update", &format!("JobId={task}"), "StartTime=now"]);
                let _ = hurry.stderr(Stdio::null()).status();
            }
        }
        let is_over = queue.iter().all(|[_, state, _]| state == "CG");
        is_over.then_some(())
    });
    let restarted = slurm.log().contains("requeue job");
    assert!(
        restarted,
        "the task of the dead daemon ran again: {}",
        slurm.log()
    );

    let merged = plimsoll(&dir, "merge plan.toml cluster");
    assert!(merged.0, "{}\n{}", merged.1, slurm.log());
    for file in ["sweep.csv", "response.csv"] {
        let of = |out: &str| fs::read(dir.join(out).join("merged").join(file)).unwrap();
        assert_eq!(of("cluster"), of("local"), "{file}");
    }
}

/// Slurm's daemons in a folder of their own.
struct Slurm {
    dir: PathBuf,
    /// munged, slurmctld, and the daemons of node1 and node2.
    daemons: Vec<Child>,
}

impl Slurm {
    fn start() -> Slurm {
        let dir = std::env::temp_dir().join(format!("plimsoll-slurm-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let mut slurm = Slurm {
            dir: dir.clone(),
            daemons: Vec::new(),
        };
        for folder in ["run", "state", "spool-node1", "spool-node2", "bin"] {
            fs::create_dir(dir.join(folder)).unwrap();
        }
        let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slurm");
        for file in ["shop.toml", "plan.toml"] {
            fs::copy(inputs.join(file), dir.join(file)).unwrap();
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_plimsoll"), dir.join("bin/plimsoll"))
            .unwrap();
        let key = dir.join("munge.key");
        let secret: Vec<u8> = (0..128)
            .map(|n: u32| (n * 37 + std::process::id()) as u8)
            .collect();
        fs::write(&key, secret).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
        fs::write(dir.join("slurm.conf"), config(&dir)).unwrap();
        slurm.munge();
        slurm.daemon("slurmctld", &[]);
        slurm.daemon("slurmd", &["-N", "node1"]);
        slurm.daemon("slurmd", &["-N", "node2"]);
        slurm.wait_for("two idle nodes", || {
            let nodes = slurm
                .client("sinfo")
                .args(["--noheader", "--Node", "--format=%T"])
                .output();
            let nodes = String::from_utf8(nodes.unwrap().stdout).unwrap();
            (nodes == "idle\nidle\n").then_some(())
        });
        slurm
    }

    fn munge(&mut self) {
        let run = self.dir.join("run");
        let socket = run.join("munge.sock");
        let file = |option: &str, path: &Path| format!("--{option}={}", path.display());
        let child = Command::new(which("munged").unwrap())
            .args(["--foreground", "--force"])
            .arg(file("key-file", &self.dir.join("munge.key")))
            .arg(file("socket", &socket))
            .arg(file("pid-file", &run.join("munged.pid")))
            .arg(file("seed-file", &run.join("munge.seed")))
            .arg(file("log-file", &run.join("munged.log")))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.daemons.push(child.unwrap());
        self.wait_for("munged", || socket.exists().then_some(()));
    }

    fn daemon(&mut self, name: &str, args: &[&str]) {
        let log = fs::File::create(
            self.dir
                .join("run")
                .join(format!("{name}{}.out", args.concat())),
        );
        let log = log.unwrap();
        let child = Command::new(which(name).unwrap())
            .arg("-D")
            .arg("-f")
            .arg(self.dir.join("slurm.conf"))
            .args(args)
            .env("SLURM_CONF", self.dir.join("slurm.conf"))
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.daemons.push(child.unwrap());
    }

    /// A command of Slurm, for this cluster.
    fn client(&self, name: &str) -> Command {
        let mut command = Command::new(which(name).unwrap());
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .current_dir(&self.dir)
            .env("SLURM_CONF", self.dir.join("slurm.conf"))
            .env(MARK, &self.dir)
            .env("PATH", format!("{}:{path}", self.dir.join("bin").display()));
        command
    }

    /// Kills the daemon of node2 and all that it runs.
    fn kill_second(&mut self, victims: &[u32]) {
        let daemon = &mut self.daemons[3];
        daemon.kill().unwrap();
        daemon.wait().unwrap();
        // First the steps, which would tell the controller of the death of their tasks.
        let steps = victims.iter().filter_map(|&pid| parent(pid));
        let steps: Vec<u32> = steps
            .filter(|&pid| name_of(pid).starts_with("slurmstepd"))
            .collect();
        assert!(!steps.is_empty(), "tasks have steps");
        kill(&steps);
        kill(victims);
    }

    /// Every task that is not over: its name, its state, and what keeps it waiting.
    fn queue(&self) -> Vec<[String; 3]> {
        let mut queue = self.client("squeue");
        queue.args(["--noheader", "--array", "--format=%i %t %r"]);
        let text = String::from_utf8(queue.output().unwrap().stdout).unwrap();
        let row = |line: &str| {
            let mut words = line.splitn(3, ' ').map(str::to_owned);
            [(); 3].map(|()| words.next().unwrap_or_default())
        };
        text.lines().map(row).collect()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("run/slurmctld.log")).unwrap_or_default()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the daemons of Slurm live by the real clock"
    )]
    fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "no {what}:\n{}", self.log());
            sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        // The steps first, then their daemons, the controller and munged: all of them of this test.
        let mut steps: Vec<u32> = Vec::new();
        for node in ["node1", "node2"] {
            let tasks = processes(&self.dir, node);
            let parents = tasks.iter().filter_map(|&pid| parent(pid));
            steps.extend(parents.filter(|&pid| name_of(pid).starts_with("slurmstepd")));
            steps.extend(tasks);
        }
        kill(&steps);
        for daemon in self.daemons.iter_mut().rev() {
            // One may be dead already.
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn config(dir: &Path) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let host = host.trim().split('.').next().unwrap().to_owned();
    let sockets = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = sockets.map(|socket| socket.local_addr().unwrap().port());
    let (dir, [control, first, second]) = (dir.display(), ports);
    format!(
        "ClusterName=plimsoll\n\
         SlurmctldHost={host}(127.0.0.1)\n\
         SlurmctldPort={control}\n\
         SlurmUser=root\n\
         SlurmdUser=root\n\
         AuthType=auth/munge\n\
         AuthInfo=socket={dir}/run/munge.sock\n\
         CredType=cred/munge\n\
         StateSaveLocation={dir}/state\n\
         SlurmdSpoolDir={dir}/spool-%n\n\
         SlurmctldPidFile={dir}/run/slurmctld.pid\n\
         SlurmdPidFile={dir}/run/slurmd-%n.pid\n\
         SlurmctldLogFile={dir}/run/slurmctld.log\n\
         SlurmdLogFile={dir}/run/slurmd-%n.log\n\
         ProctrackType=proctrack/pgid\n\
         TaskPlugin=task/none\n\
         SwitchType=switch/none\n\
         MpiDefault=none\n\
         SelectType=select/cons_tres\n\
         SelectTypeParameters=CR_Core\n\
         SlurmdTimeout=10\n\
         MessageTimeout=5\n\
         NodeName=node1 NodeHostname={host} NodeAddr=127.0.0.1 Port={first} CPUs=1\n\
         NodeName=node2 NodeHostname={host} NodeAddr=127.0.0.1 Port={second} CPUs=1\n\
         PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP\n"
    )
}

/// Whether a command of plimsoll went well, and what it said.
fn plimsoll(dir: &Path, args: &str) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plimsoll"))
        .args(args.split_whitespace())
        .current_dir(dir)
        .output()
        .unwrap();
    let text = match output.status.success() {
        true => output.stdout,
        false => output.stderr,
    };
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders
        .map(|dir| dir.join(name))
        .find(|file| file.is_file())
}

fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uid.and_then(|uid| uid.split_whitespace().nth(1)) == Some("0")
}

/// The processes that the tasks of this test have on a node.
fn processes(dir: &Path, node: &str) -> Vec<u32> {
    let marks = [
        format!("{MARK}={}", dir.display()),
        format!("SLURMD_NODENAME={node}"),
    ];
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let has = |mark: &String| {
            environment
                .split(|&b| b == 0)
                .any(|word| word == mark.as_bytes())
        };
        marks.iter().all(has)
    })
    .collect()
}

fn name_of(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm"))
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn parent(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

fn kill(pids: &[u32]) {
    for pid in pids {
        // It may be over by now.
        let _ = Command::new("kill")
            .args(["-9", &pid.to_string()])
            .stderr(Stdio::null())
            .status();
    }
}
