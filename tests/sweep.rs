//! Sweeps as a user meets them: whatever makes the chunks, the merged files are the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const SHOP: &str = r#"
name = "small"
duration = "1h"
warm_up = "5m"

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
min_available = 3
load = 30

[[jobs]]
name = "report"
rate = "60/h"
sizes = [{ cpu = "1", memory = "2Gi" }]
duration = { lognormal = { median = "5m", sigma = 1.0 } }

[[failures]]
nodes = "worker"
after = { exponential = { mean = "2h" } }
down = "10m"
"#;

/// 24 cells in 8 chunks.
const PLAN: &str = r#"
# How many nodes, and which scheduler?
scenario = "shop.toml"
replications = 4
metrics = ["cost", "availability.requests", "availability.requests@service:web", "pending.p99"]
chunk = 3
[grid]
"nodes.worker.count" = [2, 3, 4, 5, 6, 8]
scheduler = ["spread", "binpack", "kube", "random"]
"#;

/// A fresh folder for one test with scenario and plan, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir =
            std::env::temp_dir().join(format!("plimsoll-sweep-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let scratch = Scratch(dir);
        scratch.write("shop.toml", SHOP);
        scratch.write("plan.toml", PLAN);
        scratch
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command.args(args.split_whitespace()).current_dir(&self.0);
        for name in [
            "RAYON_NUM_THREADS",
            "HQ_TASK_ID",
            "SLURM_ARRAY_TASK_ID",
            "JOB_COMPLETION_INDEX",
        ] {
            command.env_remove(name);
        }
        command
    }

    fn start(&self, args: &str) -> Child {
        let mut command = self.command(args);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Exit code, stdout and stderr.
    fn said(&self, args: &str) -> (Option<i32>, String, String) {
        said(self.command(args).output().unwrap())
    }

    /// Stdout of a command that goes well and has nothing to warn of.
    #[track_caller]
    fn fine(&self, args: &str) -> String {
        let (code, stdout, stderr) = self.said(args);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{args}");
        stdout
    }

    /// The folder of the chunks below `out`.
    fn chunks(&self, out: &str) -> PathBuf {
        let entries = fs::read_dir(self.0.join(out)).unwrap();
        let mut folders = entries.map(|entry| entry.unwrap().path());
        let hash = |path: &PathBuf| path.file_name().unwrap().len() == 32;
        folders.find(hash).expect("a folder of chunks")
    }

    fn chunk(&self, out: &str, number: u32) -> PathBuf {
        self.chunks(out).join(format!("chunk-{number:06}.csv"))
    }

    /// All that was merged below `out`, name by name.
    fn merged(&self, out: &str) -> Vec<(String, Vec<u8>)> {
        let merged = self.0.join(out).join("merged");
        let mut files = Vec::new();
        for dir in [merged.clone(), merged.join("plots")] {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let name = path.strip_prefix(&merged).unwrap().display().to_string();
                    files.push((name, fs::read(path).unwrap()));
                }
            }
        }
        files.sort();
        files
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn said(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    (output.status.code(), stdout, stderr)
}

/// Waits until there is a file.
#[expect(clippy::disallowed_methods, reason = "the test waits for a process")]
fn wait_for(path: &Path) {
    let start = Instant::now();
    while !path.exists() {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "no {}",
            path.display()
        );
        sleep(Duration::from_millis(1));
    }
}

/// The first chunk of a sweep that was just started below `out`.
#[expect(clippy::disallowed_methods, reason = "the test waits for a process")]
fn wait_for_first_chunk(scratch: &Scratch, out: &str) {
    let out_dir = scratch.0.join(out);
    let start = Instant::now();
    while fs::read_dir(&out_dir).map_or(0, Iterator::count) == 0 {
        assert!(start.elapsed() < Duration::from_secs(120), "no folder");
        sleep(Duration::from_millis(1));
    }
    wait_for(&scratch.chunk(out, 0));
}

fn count_chunks(scratch: &Scratch, out: &str) -> usize {
    let names = fs::read_dir(scratch.chunks(out)).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("chunk-")).count()
}

#[test]
fn merged_files_are_the_same_from_any_threads_shards_and_after_a_kill() {
    let scratch = Scratch::new("same");
    let text = scratch.fine("sweep plan.toml --out one --threads 1");
    assert!(text.contains(" of 24 cells "), "{text}");
    let expected = scratch.merged("one");
    let names: Vec<&str> = expected.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        names.contains(&"sweep.csv") && names.contains(&"plots/pareto.svg"),
        "{names:?}"
    );
    // 24 cells, 4 replications and 4 metrics, all of which exist, and a head.
    let table = String::from_utf8(
        expected
            .iter()
            .find(|file| file.0 == "sweep.csv")
            .unwrap()
            .1
            .clone(),
    );
    assert_eq!(table.unwrap().lines().count(), 24 * 4 * 4 + 1);

    scratch.fine("sweep plan.toml --out two --threads 2");
    assert_eq!(scratch.merged("two"), expected, "two threads");

    for shard in 0..7 {
        scratch.fine(&format!("sweep plan.toml --out seven --shard {shard}/7"));
    }
    scratch.fine("merge plan.toml seven");
    assert_eq!(scratch.merged("seven"), expected, "seven shards");

    let mut child = scratch.start("sweep plan.toml --out killed --threads 1");
    wait_for_first_chunk(&scratch, "killed");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !scratch.0.join("killed/merged").exists(),
        "it was killed too late"
    );
    let first = fs::metadata(scratch.chunk("killed", 0)).unwrap();
    scratch.fine("sweep plan.toml --out killed");
    assert_eq!(scratch.merged("killed"), expected, "killed and resumed");
    let again = fs::metadata(scratch.chunk("killed", 0)).unwrap();
    assert_eq!(
        first.modified().unwrap(),
        again.modified().unwrap(),
        "what was done is kept"
    );
    let names = fs::read_dir(scratch.chunks("killed")).unwrap().count();
    assert_eq!(names, 8, "nothing is left of what was under way");
}

#[test]
fn two_processes_on_one_folder_do_not_disturb_each_other() {
    let scratch = Scratch::new("twice");
    let children = [(); 2].map(|()| scratch.start("sweep plan.toml --out out --threads 1"));
    for child in children {
        let (code, _, stderr) = said(child.wait_with_output().unwrap());
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
    }
    scratch.fine("sweep plan.toml --out alone");
    assert_eq!(scratch.merged("out"), scratch.merged("alone"));
}

#[test]
fn ctrl_c_keeps_finished_chunks_and_says_how_to_go_on() {
    let scratch = Scratch::new("stopped");
    let child = scratch.start("sweep plan.toml --out out --threads 1");
    wait_for_first_chunk(&scratch, "out");
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let (code, _, stderr) = said(child.wait_with_output().unwrap());
    assert_eq!(code, Some(130), "{stderr}");
    assert!(
        stderr.contains("of 8 chunks are done and kept in out/"),
        "{stderr}"
    );
    assert!(
        stderr.contains("the same command goes on from there"),
        "{stderr}"
    );
    let left = count_chunks(&scratch, "out");
    assert!((1..8).contains(&left), "{left} chunks");
    assert!(!scratch.0.join("out/merged").exists());
}

#[test]
fn chunks_that_were_changed_or_cut_off_are_made_again() {
    let scratch = Scratch::new("corrupt");
    scratch.fine("sweep plan.toml --out out");
    let expected = scratch.merged("out");
    let (changed, cut, other) = (
        scratch.chunk("out", 1),
        scratch.chunk("out", 2),
        scratch.chunk("out", 5),
    );
    let text = fs::read_to_string(&changed).unwrap();
    let at = text.rfind("0.").unwrap() + 2;
    let digit = if text.as_bytes()[at] == b'7' {
        "8"
    } else {
        "7"
    };
    fs::write(
        &changed,
        format!("{}{digit}{}", &text[..at], &text[at + 1..]),
    )
    .unwrap();
    let text = fs::read_to_string(&cut).unwrap();
    fs::write(&cut, &text[..text.len() / 2]).unwrap();
    fs::copy(scratch.chunk("out", 6), &other).unwrap();

    let (code, stdout, stderr) = scratch.said("merge plan.toml out");
    assert_eq!((code, stdout.as_str()), (Some(3), ""));
    assert!(
        stderr.contains("error: 3 of 8 chunks cannot be used, so nothing was merged"),
        "{stderr}"
    );
    assert!(
        stderr.contains("chunk-000001.csv: its checksum is wrong"),
        "{stderr}"
    );
    assert!(
        stderr.contains("chunk-000002.csv: it says 60 rows and has "),
        "{stderr}"
    );
    assert!(
        stderr.contains("chunk-000005.csv: it belongs to another"),
        "{stderr}"
    );
    assert_eq!(
        scratch.merged("out"),
        expected,
        "what was merged before stays"
    );

    let (code, _, stderr) = scratch.said("sweep plan.toml --out out");
    assert_eq!(code, Some(0));
    assert!(stderr.contains("warning: out/"), "{stderr}");
    assert_eq!(stderr.matches("it is made again").count(), 3, "{stderr}");
    assert_eq!(scratch.merged("out"), expected);
}

#[test]
fn missing_chunks_are_listed_with_the_command_that_makes_them() {
    let scratch = Scratch::new("missing");
    scratch.fine("sweep plan.toml --out out --shard 0/3");
    let (code, stdout, stderr) = scratch.said("merge plan.toml out");
    assert_eq!((code, stdout.as_str()), (Some(3), ""));
    // Of chunks 0 to 7, shard 0 of 3 makes 0, 3 and 6.
    assert_eq!(
        stderr,
        "error: 5 of 8 chunks cannot be used, so nothing was merged\n  missing: 1-2, 4-5, 7\n\
         Try: plimsoll sweep plan.toml --out out\n(it makes these alone)\n"
    );
    assert!(!scratch.0.join("out/merged").exists());
    scratch.fine("sweep plan.toml --out out");
    scratch.fine("merge plan.toml out");
}

#[test]
fn chunks_of_another_version_or_input_do_not_count() {
    let scratch = Scratch::new("other");
    scratch.fine("sweep plan.toml --out out");
    let old = scratch.chunks("out");
    let text = fs::read_to_string(old.join("chunk-000000.csv")).unwrap();
    let version = format!("version={}", env!("CARGO_PKG_VERSION"));
    fs::write(
        old.join("chunk-000000.csv"),
        text.replace(&version, "version=0.0.9"),
    )
    .unwrap();
    let (code, _, stderr) = scratch.said("merge plan.toml out");
    assert_eq!(code, Some(3));
    assert!(
        stderr.contains("chunk-000000.csv: it belongs to another sweep"),
        "{stderr}"
    );

    scratch.write("shop.toml", &SHOP.replace("load = 30", "load = 31"));
    let (code, _, stderr) = scratch.said("merge plan.toml out");
    assert_eq!(code, Some(3));
    assert!(stderr.contains("missing: 0-7"), "{stderr}");
    let hash = old.file_name().unwrap().to_str().unwrap();
    let expected = format!(
        "  {hash}: 8 chunks of another sweep (made by plimsoll 0.0.9, this is {})",
        env!("CARGO_PKG_VERSION")
    );
    assert!(stderr.contains(&expected), "{stderr}");
}

#[test]
fn what_is_wrong_with_any_cell_is_told_before_anything_runs() {
    let scratch = Scratch::new("wrong");
    let refused = |old: &str, new: &str| {
        scratch.write("plan.toml", &PLAN.replace(old, new));
        let (code, stdout, stderr) = scratch.said("sweep plan.toml --out out");
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        assert!(!scratch.0.join("out").exists(), "nothing is written");
        stderr
    };
    let path = refused("nodes.worker.count", "nodes.worker.cuont");
    assert!(
        path.contains("cuont") && path.contains("did you mean `count`"),
        "{path}"
    );
    assert!(path.contains("and 23 more for the same reason"), "{path}");
    let value = refused("5, 6, 8]", "5, 6, 0]");
    assert!(
        value.contains("cell 20 (nodes.worker.count = 0, scheduler = spread)"),
        "{value}"
    );
    let policy = refused("\"random\"]", "\"randon\"]");
    assert!(policy.contains("unknown scheduler `randon`"), "{policy}");
    let entity = refused("@service:web", "@service:wbe");
    assert!(
        entity.contains("no cell has a service `wbe` (known: web)"),
        "{entity}"
    );
    let missing = refused("shop.toml", "shpo.toml");
    assert!(missing.contains("there is no file shpo.toml"), "{missing}");
}

#[test]
fn a_shard_takes_its_number_from_the_engine() {
    let scratch = Scratch::new("auto");
    let with = |vars: &[(&str, &str)], args: &str| {
        let mut command = scratch.command(&format!("sweep plan.toml --out out {args}"));
        command.envs(vars.iter().copied());
        said(command.output().unwrap())
    };
    let slurm = ("SLURM_ARRAY_TASK_ID", "3");
    let (code, text, _) = with(&[slurm, ("JOB_COMPLETION_INDEX", "1")], "--shard auto/8");
    assert_eq!(code, Some(0));
    assert!(
        text.starts_with("plan, shard 3 of 8 (counted from 0): 1 chunk made\n"),
        "{text}"
    );
    assert!(scratch.chunk("out", 3).exists());
    let (_, text, _) = with(
        &[slurm, ("HQ_TASK_ID", "8")],
        "--shard auto/8 --first-index 1",
    );
    assert!(text.starts_with("plan, shard 7 of 8"), "{text}");
    let (code, _, stderr) = with(&[("JOB_COMPLETION_INDEX", "8")], "--shard auto/8");
    assert_eq!(code, Some(2));
    assert_eq!(
        stderr,
        "error: there is no shard 8 (JOB_COMPLETION_INDEX): the 8 shards are 0 to 7; with \
         --first-index 1 they count from 1\n"
    );
    let (code, _, stderr) = with(&[], "--shard 0/8 --first-index 1");
    assert_eq!(
        (code, stderr.as_str()),
        (
            Some(2),
            "error: there is no shard 0: the 8 shards are 1 to 8\n"
        )
    );
    let (code, _, stderr) = with(&[], "--shard auto/8");
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("none of HQ_TASK_ID, SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX is set"),
        "{stderr}"
    );
    assert_eq!(with(&[], "--shard 1/0").0, Some(2));
    assert_eq!(with(&[], "--shard 1").0, Some(2));
}

#[test]
fn submit_prints_what_an_engine_runs_and_runs_nothing() {
    let scratch = Scratch::new("submit");
    let text = scratch.fine("sweep plan.toml --out out --submit slurm --shards 4");
    assert!(
        text.contains("#SBATCH --array=0-3\n") && text.contains("--shard auto/4 --out out"),
        "{text}"
    );
    let last = text.lines().last().unwrap();
    assert_eq!(last, "# When all are done: plimsoll merge plan.toml out");
    assert_eq!(
        scratch.said("sweep plan.toml --submit slurm").0,
        Some(2),
        "how many shards?"
    );
    let image = scratch.said("sweep plan.toml --submit kubernetes --shards 4");
    assert_eq!(image.0, Some(2), "which image?");
    assert!(!scratch.0.join("out").exists());
}

#[test]
fn a_full_disk_is_said_and_costs_no_finished_chunk() {
    let scratch = Scratch::new("full");
    let disk = scratch.0.join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |args: &[&str]| {
        let done = Command::new("mount")
            .args(args)
            .arg(&disk)
            .stderr(Stdio::null())
            .status();
        done.is_ok_and(|status| status.success())
    };
    if !mount(&["-t", "tmpfs", "-o", "size=28k", "tmpfs"]) {
        use std::io::Write as _;
        writeln!(
            std::io::stderr(),
            "skipped: a full disk, for want of the right to mount one"
        )
        .unwrap();
        return;
    }
    let (code, stdout, stderr) = scratch.said("sweep plan.toml --out disk --threads 1");
    let left = count_chunks(&scratch, "disk");
    let partial = fs::read_dir(scratch.chunks("disk")).unwrap().count() - left;
    let umount = Command::new("mount")
        .args(["-o", "remount,size=1m"])
        .arg(&disk)
        .status();
    let grown = umount.is_ok_and(|status| status.success());
    let resumed = grown.then(|| scratch.said("sweep plan.toml --out disk --threads 1"));
    let unmounted = Command::new("umount")
        .arg(&disk)
        .status()
        .unwrap()
        .success();
    assert!(unmounted && grown);
    assert_eq!((code, stdout.as_str()), (Some(3), ""), "{stderr}");
    assert!(
        stderr.contains("cannot be written: No space left on device"),
        "{stderr}"
    );
    assert!(
        stderr.contains(&format!("{left} of 8 chunks are done and kept")),
        "{stderr}"
    );
    assert!(
        (1..8).contains(&left) && partial == 0,
        "{left} and {partial}"
    );
    let (code, _, stderr) = resumed.unwrap();
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}
