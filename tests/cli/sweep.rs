//! `plimsoll sweep` and `plimsoll merge`: whatever makes the chunks, the merged files are the same.

mod chunks;
mod shards;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use expect_test::expect;

use crate::shared::{SHOP, Scratch, said};

/// 24 cells in 8 chunks.
pub(crate) const PLAN: &str = r#"
# How many nodes, and which scheduler?
scenario = "shop.toml"
replications = 4
metrics = ["cost", "availability.requests", "availability.requests@service:web", "pending.p99"]
chunk = 3
[grid]
"nodes.worker.count" = [2, 3, 4, 5, 6, 8]
scheduler = ["spread", "binpack", "kube", "random"]
"#;

/// With scenario and plan.
pub(crate) fn planned(name: &str) -> Scratch {
    let scratch = Scratch::with(name, "shop.toml", SHOP);
    scratch.write("plan.toml", PLAN);
    scratch
}

impl Scratch {
    pub(super) fn start(&self, args: &str) -> Child {
        let mut command = self.command(args);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// The folder of the chunks below `out`.
    pub(super) fn chunks(&self, out: &str) -> PathBuf {
        let entries = fs::read_dir(self.0.join(out)).unwrap();
        let mut folders = entries.map(|entry| entry.unwrap().path());
        let hash = |path: &PathBuf| path.file_name().unwrap().len() == 32;
        folders.find(hash).expect("a folder of chunks")
    }

    pub(super) fn chunk(&self, out: &str, number: u32) -> PathBuf {
        self.chunks(out).join(format!("chunk-{number:06}.csv"))
    }

    /// All that was merged below `out`, name by name.
    pub(super) fn merged(&self, out: &str) -> Vec<(String, Vec<u8>)> {
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

/// Waits until there is a file.
#[expect(clippy::disallowed_methods, reason = "the test waits for a process")]
pub(super) fn wait_for(path: &Path) {
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
pub(super) fn wait_for_first_chunk(scratch: &Scratch, out: &str) {
    let out_dir = scratch.0.join(out);
    let start = Instant::now();
    while fs::read_dir(&out_dir).map_or(0, Iterator::count) == 0 {
        assert!(start.elapsed() < Duration::from_secs(120), "no folder");
        sleep(Duration::from_millis(1));
    }
    wait_for(&scratch.chunk(out, 0));
}

pub(super) fn count_chunks(scratch: &Scratch, out: &str) -> usize {
    let names = fs::read_dir(scratch.chunks(out)).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("chunk-")).count()
}

#[test]
fn merged_files_are_the_same_from_any_threads_shards_and_after_a_kill() {
    let scratch = planned("same");
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
    let scratch = planned("twice");
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
    let scratch = planned("stopped");
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
fn what_is_wrong_with_any_cell_is_told_before_anything_runs() {
    let scratch = planned("wrong");
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
    // Every cell has it: none is named.
    expect![[r#"
        error: unknown key `cuont`
          ┌─ plan.toml:8:15
          │
        8 │ "nodes.worker.cuont" = [2, 3, 4, 5, 6, 8]
          │               ^^^^^ did you mean `count`?
          │
          = known: name, count, cpu, memory, gpu, gpu_model, zones, price_per_hour, max_pods, labels, taints, images, resources

        1 error in plan.toml. Nothing was run.
    "#]]
    .assert_eq(&path);
    let value = refused("5, 6, 8]", "5, 6, 0]");
    expect![[r#"
        error: a group has at least one node
          ┌─ plan.toml:8:40
          │
        8 │ "nodes.worker.count" = [2, 3, 4, 5, 6, 0]
          │                                        ^
          │
          = cell 20: nodes.worker.count = 0, scheduler = spread; and 3 more

        1 error in plan.toml. Nothing was run.
    "#]]
    .assert_eq(&value);
    let policy = refused("\"random\"]", "\"randon\"]");
    expect![[r#"
        error: unknown scheduler `randon`
          ┌─ plan.toml:9:43
          │
        9 │ scheduler = ["spread", "binpack", "kube", "randon"]
          │                                           ^^^^^^^^ did you mean `random`?
          │
          = known: least-allocated, most-allocated, binpack, spread, first-fit, best-fit, worst-fit, borg-stranded, tetris, power-of-two, fgd, gpu-bestfit, gpu-dotprod, gpu-packing, gpu-clustering, gpu-random, swarm, nomad, kube, kube-1.34, kube-binpack, random
          = cell 3: nodes.worker.count = 2, scheduler = randon; and 5 more

        1 error in plan.toml. Nothing was run.
    "#]]
    .assert_eq(&policy);
    let entity = refused("@service:web", "@service:wbe");
    expect![[r#"
        error: `availability.requests@service:wbe`: no cell has a service `wbe`
          ┌─ plan.toml:5:45
          │
        5 │ metrics = ["cost", "availability.requests", "availability.requests@service:wbe", "pending.p99"]
          │                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ did you mean `web`?
          │
          = known: web

        1 error in plan.toml. Nothing was run.
    "#]]
    .assert_eq(&entity);
    let missing = refused("shop.toml", "shpo.toml");
    expect![[r#"
        error: there is no file shpo.toml
          ┌─ plan.toml:3:12
          │
        3 │ scenario = "shpo.toml"
          │            ^^^^^^^^^^^

        1 error in plan.toml. Nothing was run.
    "#]]
    .assert_eq(&missing);
    let key = refused("\"nodes.worker.count\"", "\"nodes..count\"");
    expect![[r#"
        error: a part of the key is empty
          ┌─ plan.toml:8:1
          │
        8 │ "nodes..count" = [2, 3, 4, 5, 6, 8]
          │ ^^^^^^^^^^^^^^

        1 error in plan.toml. Nothing was run.
    "#]]
    .assert_eq(&key);
}

#[test]
fn a_warning_of_cells_is_told_once_after_the_errors_and_not_to_the_quiet() {
    // A failure in the warm-up is a warning, of every cell.
    let by_chance = "after = { uniform = { low = \"10m\", high = \"20m\" } }";
    let early = SHOP.replace(by_chance, "at = \"1m\"");
    // Each length of the run leaves another part of the load's period unseen.
    let daily = "load = { diurnal = { mean = 30, amplitude = 0.5, peak_at = \"12h\" } }";
    let early = early.replace("load = 30", daily);
    let scratch = Scratch::with("warned", "shop.toml", &early);
    scratch.write(
        "plan.toml",
        &PLAN.replace("[2, 3, 4, 5, 6, 8]", "[2, 3, 4, 0]").replace(
            "\"kube\", \"random\"]",
            "\"kbue\", \"randon\"]\nduration = [\"30m\", \"40m\"]",
        ),
    );
    let (code, _, loud) = scratch.said("sweep plan.toml");
    assert_eq!(code, Some(2), "{loud}");
    let (errors, warnings) = loud.split_at(loud.find("warning").expect("a warning"));
    assert_eq!(errors.matches("error:").count(), 3, "{loud}");
    assert_eq!(warnings.matches("warning:").count(), 2, "{loud}");
    let (_, _, quiet) = scratch.said("sweep plan.toml -q");
    assert!(!quiet.contains("warning"), "{quiet}");
    assert!(quiet.contains("plan.toml:8:34"), "{quiet}");
}
