//! The command as a user meets it: what it prints, what it writes, and its exit codes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::expect;

/// Two services on three nodes, one of which dies: something of everything that is reported.
const SMALL: &str = r#"# Does the shop outlive a node?
name = "small"
duration = "1h"
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
min_available = 3
slo = { availability = 0.999, window = "30d" }
load = 30

[[services]]
name = "store"
replicas = 2
requests = { cpu = "1", memory = "1Gi" }
work = { cpu = "5ms" }
startup = { lognormal = { median = "10s", sigma = 0.5 } }
readiness = { period = "5s" }
load = { diurnal = { mean = 40, amplitude = 0.6, peak_at = "30m", period = "1h" } }

[[jobs]]
name = "report"
rate = "60/h"
sizes = [{ cpu = "1", memory = "2Gi" }]
duration = { lognormal = { median = "5m", sigma = 1.0 } }

[[failures]]
nodes = "worker"
at = "20m"
count = 1
down = "20m"
"#;

/// A fresh folder for one test, gone at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("plimsoll-cli-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        Scratch(dir)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }

    /// The names of all that is in it, sorted.
    fn names(&self) -> Vec<String> {
        names(&self.0)
    }

    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll"));
        command
            .args(args.split_whitespace())
            .current_dir(&self.0)
            .env_remove("RAYON_NUM_THREADS");
        command
    }

    fn run(&self, args: &str) -> Output {
        self.command(args).output().unwrap()
    }

    /// Exit code, stdout and stderr.
    fn said(&self, args: &str) -> (Option<i32>, String, String) {
        let output = self.run(args);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The bytes of every file below a folder, but `run.json`.
fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
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

#[test]
fn a_run_says_what_came_of_it_and_writes_one_folder() {
    let scratch = Scratch::new("run");
    scratch.write("small.toml", SMALL);
    let (code, stdout, stderr) = scratch.said("run small.toml --reps 2");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let dir = "results/small/least-allocated-fixed-kubernetes-1";
    let last = stdout.lines().last().unwrap();
    assert!(
        last.starts_with(dir) && last.contains("report.html"),
        "{stdout}"
    );
    assert!(
        stdout.starts_with("small · 1 h simulated · 3 nodes in 3 zones"),
        "{stdout}"
    );
    assert!(!stdout.contains('\u{1b}'), "no colours but on a terminal");
    assert!(stdout.contains("\n  web "), "each service has a row");
    let expected = [
        "incidents.csv",
        "metrics.csv",
        "plots",
        "pods.csv",
        "report.html",
        "run.json",
        "summary.json",
        "timeseries.csv",
    ];
    assert_eq!(names(&scratch.0.join(dir)), expected);
    assert_eq!(
        scratch.names(),
        ["results", "small.toml"],
        "and nothing else"
    );
    let svgs = names(&scratch.0.join(dir).join("plots"));
    assert!(svgs.contains(&"utilization.svg".to_owned()), "{svgs:?}");
    assert!(svgs.contains(&"utilization.png".to_owned()), "{svgs:?}");
    for kind in ["svg", "png", "csv"] {
        assert!(svgs.contains(&format!("heatmap.{kind}")), "{svgs:?}");
    }
}

#[test]
fn the_command_on_the_page_makes_the_same_files() {
    let scratch = Scratch::new("again");
    fs::create_dir(scratch.0.join("sub")).unwrap();
    // The file has another name than the scenario, and a policy with a parameter.
    let choice = "scheduler = \"least-allocated\"";
    let text = SMALL.replace(choice, "scheduler = { spread = { search = \"scan\" } }");
    assert_ne!(text, SMALL);
    scratch.write("sub/the-shop.toml", &text);
    scratch.write("sub/peak.toml", "[[services]]\nname = \"web\"\nload = 90\n");
    for (n, options) in [
        "",
        "--seed 7 --reps 2 --detail nodes",
        "--reps 2 --scheduler binpack --healer restart --no-plots --detail all",
        "--no-plots --with sub/peak.toml --set nodes.worker.zones=[a,b] --set warm_up=6m",
        "--reps 3 --drill node --frequency node=1.5/month --no-plots",
    ]
    .iter()
    .enumerate()
    {
        let out = format!("first-{n}");
        let done = scratch.run(&format!(
            "run sub/the-shop.toml {options} --quiet --out {out}"
        ));
        assert!(done.status.success());
        let first = files(&scratch.0.join(&out));
        let page = String::from_utf8(first[Path::new("report.html")].clone()).unwrap();
        let (_, rest) = page.split_once("<pre><code>plimsoll ").unwrap();
        let (printed, _) = rest.split_once("</code>").unwrap();
        // The test runs no shell that would take the quotes away.
        let printed = printed.replace('\'', "");
        let mut again = scratch.command(&format!("{printed} --quiet --out again-{n}"));
        let done = again.current_dir(scratch.0.join("sub")).status().unwrap();
        assert!(done.success(), "{printed}");
        let second = files(&scratch.0.join(format!("sub/again-{n}")));
        assert!(first == second, "{printed}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_with_any_number_of_threads() {
    let scratch = Scratch::new("bytes");
    scratch.write("small.toml", SMALL);
    let run = |threads: &str, out: &str| {
        let args = format!("run small.toml --reps 3 --detail all --quiet --out {out}");
        let done = scratch
            .command(&args)
            .env("RAYON_NUM_THREADS", threads)
            .status()
            .unwrap();
        assert!(done.success());
        files(&scratch.0.join(out))
    };
    let (one, again, two) = (run("1", "one"), run("1", "again"), run("2", "two"));
    assert!(one.len() >= 8, "{:?}", one.keys());
    for (name, bytes) in &one {
        assert!(
            again[name] == *bytes,
            "{} differs from run to run",
            name.display()
        );
        assert!(
            two[name] == *bytes,
            "{} differs with two threads",
            name.display()
        );
    }
    assert_eq!((again.len(), two.len()), (one.len(), one.len()));
}

#[test]
fn a_changed_scenario_says_so_and_leaves_the_results_of_the_other_alone() {
    let scratch = Scratch::new("changed");
    scratch.write("small.toml", SMALL);
    scratch.write("peak.toml", "services = [{ name = \"web\", load = 90 }]\n");
    let run = "run small.toml --no-plots";
    assert_eq!(scratch.said(run).0, Some(0));
    let changes = "--with peak.toml --set nodes.worker.count=4";
    let (code, stdout, stderr) = scratch.said(&format!("{run} {changes}"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let note = "note: changed: `--with peak.toml`, `--set nodes.worker.count=4`";
    assert!(stdout.contains(note), "{stdout}");
    assert!(stdout.contains("4 nodes in 3 zones"), "{stdout}");
    let folders = names(&scratch.0.join("results/small"));
    let [plain, changed] = &folders[..] else {
        panic!("{folders:?}");
    };
    assert_eq!(plain, "least-allocated-fixed-kubernetes-1");
    let json = |folder: &str| {
        let path = scratch.0.join("results/small").join(folder);
        let text = fs::read_to_string(path.join("summary.json")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["scenario"].take()
    };
    assert_eq!(json(plain)["changes"], serde_json::json!([]));
    let scenario = json(changed);
    let expected = ["--with peak.toml", "--set nodes.worker.count=4"];
    assert_eq!(scenario["changes"], serde_json::json!(expected));
    let hash = &scenario["hash"].as_str().unwrap()[..8];
    assert_eq!(*changed, format!("{plain}-changed-{hash}"));
    assert_ne!(json(plain)["hash"], scenario["hash"]);
    // The same changes give the same folder.
    assert_eq!(scratch.said(&format!("{run} {changes}")).0, Some(0));
    assert_eq!(names(&scratch.0.join("results/small")), folders);
}

#[test]
fn wrong_changes_are_told_by_every_command_that_takes_them() {
    let scratch = Scratch::new("unchanged");
    scratch.write("small.toml", SMALL);
    scratch.write("peak.toml", "[[services]]\nname = \"web\"\nlaod = 90\n");
    for command in ["run", "validate", "explain"] {
        let wrong = "small.toml --with peak.toml --set nodes.wroker.count=4";
        let (code, stdout, stderr) = scratch.said(&format!("{command} {wrong}"));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        for said in [
            "peak.toml:3:1",
            "did you mean `load`?",
            "--set:1:7",
            "did you mean `worker`?",
            "2 errors in small.toml as changed by peak.toml and --set. Nothing was run.",
        ] {
            assert!(stderr.contains(said), "{said}:\n{stderr}");
        }
        let (code, _, stderr) = scratch.said(&format!("{command} small.toml --with nowhere.toml"));
        assert_eq!(code, Some(2));
        assert!(stderr.contains("there is no file nowhere.toml"), "{stderr}");
    }
    assert_eq!(scratch.names(), ["peak.toml", "small.toml"]);
}

#[test]
fn another_seed_gives_other_numbers() {
    let scratch = Scratch::new("seed");
    scratch.write("small.toml", SMALL);
    for seed in ["1", "2"] {
        let done = scratch.run(&format!(
            "run small.toml --no-plots --seed {seed} --out {seed}"
        ));
        assert!(done.status.success());
    }
    let pods = |seed: &str| fs::read(scratch.0.join(seed).join("pods.csv")).unwrap();
    assert_ne!(pods("1"), pods("2"));
}

/// The lines of what a run says from the one that starts so on, up to an empty line.
fn part<'a>(said: &'a str, first: &str) -> Vec<&'a str> {
    let lines = said.lines().skip_while(|line| !line.starts_with(first));
    lines.take_while(|line| !line.is_empty()).collect()
}

#[test]
fn a_drill_says_what_a_lost_node_costs_and_both_factors_of_a_year() {
    let scratch = Scratch::new("drill");
    scratch.write("small.toml", SMALL);
    let (code, said, _) = scratch.said("run small.toml --reps 8 --drill node --no-plots");
    assert_eq!(code, Some(0));
    let told = part(&said, "a lost node");
    expect![[r#"
        a lost node    1,021 ± 524 requests · 14 s ± 7 s of full outage ·
                       8 m ± 5 m 20 s of jobs' run time in vain · lost something in 8 of 8 drills
          web          483 ± 31 requests · 16 s ± 1 s of full outage · lost something in 8 of 8 drills
          store        537 ± 525 requests · 13 s ± 12 s of full outage · lost something in 4 of 8 drills
          in a year    how often a node is lost is not stated: --frequency node=2/year would say so"#]].assert_eq(&told.join("\n"));
    assert!(
        scratch
            .0
            .join("results/small/least-allocated-fixed-kubernetes-1-drill-node")
            .exists()
    );
    let asked =
        "run small.toml --reps 8 --drill node --frequency node=40/year --no-plots --format json";
    let (_, json, _) = scratch.said(asked);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let drill = &json["drill"];
    assert_eq!(
        (&drill["lost"], &drill["drills"]),
        (&"node".into(), &8.into())
    );
    assert_eq!(drill["failures_per_year"], 40.0);
    let losses = drill["losses"].as_array().unwrap();
    let of_web = |loss: &&serde_json::Value| loss["entity"]["name"] == "web" && loss["unit"] == "s";
    let loss = losses.iter().find(of_web).unwrap();
    let number = |key: &str| loss[key].as_f64().unwrap();
    assert!(number("per_failure") > 0.0);
    assert!((number("per_year") - 40.0 * number("per_failure")).abs() < 1e-9);
}

#[test]
fn an_impossible_outside_world_is_refused() {
    let scratch = Scratch::new("outside");
    scratch.write("small.toml", SMALL);
    scratch.write(
        "one.toml",
        &SMALL.replace("zones = [\"a\", \"b\", \"c\"]\n", ""),
    );
    for (args, told) in [
        (
            "run one.toml --drill zone",
            "error: there is no zone to lose",
        ),
        (
            "run small.toml --drill rack",
            "[possible values: node, zone]",
        ),
        ("run small.toml --frequency node=1/year", "--drill <WHAT>"),
        (
            "run small.toml --drill zone --frequency node=1/year",
            "the drill takes a zone",
        ),
        (
            "run small.toml --drill zone --frequency zone=1",
            "such as `node=40/year`",
        ),
        ("run small.toml --resample=1h", "has no trace of pods"),
        ("run small.toml --resample=1x", "is not a length of time"),
    ] {
        let (code, said, error) = scratch.said(args);
        assert_eq!((code, said.as_str()), (Some(2), ""), "{args}");
        assert!(error.contains(told), "{args}: {error}");
    }
    assert_eq!(scratch.names(), ["one.toml", "small.toml"]);
}

/// Nothing in it is random.
const EXACT: &str = r#"
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

const PODS: &str = "name,arrival_s,duration_s,cpu_milli,memory_mib
a,10,600,1000,100
b,400,600,1000,100
c,700,600,1000,100
d,1600,600,1000,100
";

#[test]
fn an_exact_scenario_is_run_once_and_says_so() {
    let scratch = Scratch::new("exact");
    scratch.write("exact.toml", EXACT);
    scratch.write("pods.csv", PODS);
    let (code, said, _) = scratch.said("run exact.toml --reps 20 --no-plots");
    assert_eq!(code, Some(0));
    assert!(said.contains("1 replication in "), "{said}");
    let notes = said.lines().skip_while(|line| !line.starts_with("note: "));
    let notes = notes
        .take_while(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    expect![[r#"
        note: nothing here is random, and the policies throw no dice: one run says all, and more would
              repeat it; other weeks may differ, and --resample draws some from the trace"#]].assert_eq(&notes);
}

#[test]
fn a_resampled_trace_is_another_one_in_every_replication() {
    let scratch = Scratch::new("resample");
    scratch.write("exact.toml", EXACT);
    scratch.write("pods.csv", PODS);
    let (code, said, error) = scratch.said("run exact.toml --reps 3 --resample --no-plots");
    assert_eq!((code, said.as_str()), (Some(2), ""));
    expect![[r#"
        error: the trace lasts 1601 s, less than 10 days: say how long the blocks are in which it is drawn anew, such as --resample=6h; longer than what belongs together, and many to the trace
    "#]].assert_eq(&error);
    let (code, said, _) =
        scratch.said("run exact.toml --reps 3 --resample=5m --no-plots --detail all");
    assert_eq!(code, Some(0));
    assert!(said.contains("3 replications in "), "{said}");
    let note = part(&said, "note: the pods of the trace");
    expect![[r#"
        note: the pods of the trace are drawn anew for every replication, in blocks of 5 m, each from any
              time of it (block bootstrap); node events and load of the trace stay as they are"#]].assert_eq(&note.join("\n"));
    let dir = scratch
        .0
        .join("results/exact/binpack-fixed-kubernetes-1-resample");
    let pods = fs::read_to_string(dir.join("pods.csv")).unwrap();
    assert!(pods.contains("@0,"), "{pods}");
}

#[test]
fn json_on_stdout_is_summary_json() {
    let scratch = Scratch::new("json");
    scratch.write("small.toml", SMALL);
    let (code, stdout, stderr) = scratch.said("run small.toml --format json --quiet --out out");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_eq!(
        stdout,
        fs::read_to_string(scratch.0.join("out/summary.json")).unwrap()
    );
    let (code, stdout, _) = scratch.said("run small.toml --quiet --out out");
    assert_eq!(
        (code, stdout.as_str()),
        (Some(0), ""),
        "quiet says nothing but what was asked for"
    );
}

#[test]
fn report_makes_the_same_page_again_and_lays_several_side_by_side() {
    let scratch = Scratch::new("report");
    scratch.write("small.toml", SMALL);
    for (scheduler, out) in [("spread", "a"), ("binpack", "b")] {
        let done = scratch.run(&format!(
            "run small.toml --reps 2 --quiet --scheduler {scheduler} --out {out}"
        ));
        assert!(done.status.success());
    }
    let page = |path: &str| fs::read_to_string(scratch.0.join(path)).unwrap();
    let before = page("a/report.html");
    fs::remove_file(scratch.0.join("a/report.html")).unwrap();
    let (code, stdout, stderr) = scratch.said("report a");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.ends_with("\na/report.html\n"), "{stdout}");
    assert!(page("a/report.html") == before);

    let (code, stdout, _) = scratch.said("report a b");
    assert_eq!(code, Some(0));
    assert!(
        stdout.starts_with("spread: ") && stdout.contains("\nbinpack: "),
        "{stdout}"
    );
    assert!(page("results/side-by-side.html").contains("2 runs side by side"));
    // A page of ours may be replaced, and nothing else.
    let (code, ..) = scratch.said("report a b --out results/side-by-side.html");
    assert_eq!(code, Some(0));
    let (code, _, stderr) = scratch.said("report a b --out small.toml");
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("small.toml is no page of plimsoll"),
        "{stderr}"
    );
    assert_eq!(page("small.toml"), SMALL);
    let (code, _, stderr) = scratch.said("report a nowhere");
    assert_eq!(
        (code, stderr.as_str()),
        (Some(2), "error: nowhere: there is no such folder\n")
    );
}

#[test]
fn assumptions_are_tried_on_request_and_told_with_how_they_were_found() {
    let scratch = Scratch::new("assumptions");
    scratch.write("small.toml", SMALL);
    let (code, stdout, _) = scratch.said("run small.toml --reps 3 --assumptions --out out");
    assert_eq!(code, Some(0));
    assert!(stdout.contains("\nassumptions    "), "{stdout}");
    let page = fs::read_to_string(scratch.0.join("out/report.html")).unwrap();
    // Load, work, startup, repairs and detection; nothing recurs, and nothing scales.
    assert!(
        page.contains("Found by 15 runs more: each of 5 assumptions"),
        "{page}"
    );
    assert!(page.contains("--assumptions</code>"));
    let (code, stdout, _) = scratch.said("run small.toml --reps 3 --out out");
    assert!(code == Some(0) && !stdout.contains("assumptions"));
}

#[test]
fn plots_and_detail_are_written_on_request() {
    let scratch = Scratch::new("options");
    scratch.write("small.toml", SMALL);
    let run = |options: &str| {
        let done = scratch.run(&format!(
            "run small.toml --reps 2 --quiet --out out {options}"
        ));
        assert!(done.status.success());
        files(&scratch.0.join("out"))
    };
    let plain = run("--no-plots");
    assert!(
        plain.keys().all(|name| !name.starts_with("plots")),
        "earlier plots are gone"
    );
    let text = |files: &BTreeMap<PathBuf, Vec<u8>>, name: &str| {
        String::from_utf8(files[Path::new(name)].clone()).unwrap()
    };
    let series = text(&plain, "timeseries.csv");
    assert!(
        series.contains(",zone:a,") && !series.contains(",node:"),
        "no single nodes"
    );
    assert!(
        text(&plain, "pods.csv")
            .lines()
            .skip(1)
            .all(|row| row.starts_with("1,"))
    );
    let nodes = text(&run("--no-plots --detail nodes"), "timeseries.csv");
    assert!(nodes.contains(",node:worker-0,"), "single nodes");
    let all = text(&run("--no-plots --detail all"), "pods.csv");
    assert!(
        all.lines().any(|row| row.starts_with("2,")),
        "every replication"
    );
}

#[test]
fn wrong_input_is_told_on_stderr_and_nothing_is_written() {
    let scratch = Scratch::new("wrong");
    let without_failures = SMALL.split("[[failures]]").next().unwrap();
    let wrong = without_failures
        .replace("least-allocated", "least-alocated")
        .replace("\"16Gi\"", "\"16Gb\"")
        .replace("load = 30", "load = -30")
        .replace("duration = \"1h\"", "duration = \"-1h\"")
        .replace("replicas = 2", "replica = 2");
    scratch.write("wrong.toml", &wrong);
    for command in ["run", "validate"] {
        let (code, stdout, stderr) = scratch.said(&format!("{command} wrong.toml"));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{stderr}");
        for (place, what) in [
            ("wrong.toml:3:", "-1h"),
            ("wrong.toml:8:", "least-alocated"),
            ("wrong.toml:16:", "16Gb"),
            ("wrong.toml:27:", "-30"),
            ("wrong.toml:31:", "replica"),
        ] {
            assert!(
                stderr.contains(place) && stderr.contains(what),
                "{place} {what}:\n{stderr}"
            );
        }
        assert!(
            stderr.contains("5 errors in wrong.toml. Nothing was run."),
            "{stderr}"
        );
    }
    assert_eq!(scratch.names(), ["wrong.toml"]);
}

#[test]
fn what_is_missing_or_unknown_is_input_too() {
    let scratch = Scratch::new("missing");
    scratch.write("small.toml", SMALL);
    let cases = [
        ("run nowhere.toml", "nowhere.toml"),
        ("run small.toml --scheduler spred", "spred"),
        ("run small.toml --reps 0", "--reps"),
        ("run small.toml --speed 9", "--speed"),
        ("policies spred", "unknown policy `spred`"),
        (
            "metrics availabilty.requests",
            "did you mean `availability.requests`?",
        ),
        ("import openb a.csv b.csv -o out", "a.csv"),
    ];
    for (args, expected) in cases {
        let (code, stdout, stderr) = scratch.said(args);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args}: {stderr}");
        assert!(stderr.contains(expected), "{args}: {stderr}");
    }
    assert_eq!(scratch.names(), ["small.toml"]);
}

#[test]
fn a_folder_that_holds_anything_else_is_not_replaced() {
    let scratch = Scratch::new("foreign");
    scratch.write("small.toml", SMALL);
    fs::create_dir(scratch.0.join("home")).unwrap();
    scratch.write("home/thesis.txt", "three years");
    let (code, stdout, stderr) = scratch.said("run small.toml --no-plots --out home");
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert!(
        stderr.contains("thesis.txt: not written by plimsoll"),
        "{stderr}"
    );
    assert_eq!(names(&scratch.0.join("home")), ["thesis.txt"]);
}

#[test]
fn what_the_system_refuses_is_the_environment() {
    let scratch = Scratch::new("refused");
    scratch.write("small.toml", SMALL);
    scratch.write("file", "");
    let (code, stdout, stderr) = scratch.said("run small.toml --no-plots --out file/out");
    assert_eq!((code, stdout.as_str()), (Some(3), ""), "{stderr}");
    assert!(stderr.starts_with("error: file"), "{stderr}");
    assert_eq!(scratch.names(), ["file", "small.toml"]);
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let scratch = Scratch::new("pipe");
    scratch.write("small.toml", SMALL);
    for args in [
        "metrics",
        "schema",
        "policies",
        "run small.toml --no-plots --format json",
    ] {
        let mut child = scratch
            .command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), stderr.as_str()),
            (Some(0), ""),
            "{args}"
        );
    }
}

#[test]
fn init_writes_a_scenario_that_serves_its_load_and_never_replaces_one() {
    let scratch = Scratch::new("init");
    assert_eq!(scratch.said("init").0, Some(0));
    let (code, stdout, stderr) = scratch.said("validate scenario.toml");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(
        stdout.starts_with("scenario.toml: ok: 3 nodes, 1 service"),
        "{stdout}"
    );
    let (code, stdout, _) = scratch.said("run scenario.toml --no-plots");
    assert_eq!(code, Some(0));
    assert!(stdout.contains("\navailability   99."), "{stdout}");
    scratch.write("scenario.toml", "mine");
    let (code, _, stderr) = scratch.said("init");
    assert_eq!(
        (code, stderr.as_str()),
        (
            Some(2),
            "error: scenario.toml: exists already and was left alone\n",
        )
    );
    assert_eq!(
        fs::read_to_string(scratch.0.join("scenario.toml")).unwrap(),
        "mine"
    );
}

#[test]
fn the_lists_name_everything_once() {
    let scratch = Scratch::new("lists");
    let (code, all, _) = scratch.said("policies");
    assert_eq!(code, Some(0));
    for heading in [
        "schedulers\n",
        "autoscalers\n",
        "healers\n",
        "  least-allocated\n",
    ] {
        assert_eq!(all.matches(heading).count(), 1, "{heading}");
    }
    let (_, one, _) = scratch.said("policies least-allocated");
    assert!(
        one.starts_with("schedulers\n\n  least-allocated\n") && one.len() < all.len(),
        "{one}"
    );
    let (code, metrics, _) = scratch.said("metrics pending");
    assert_eq!(code, Some(0));
    assert!(
        metrics.starts_with("pending.p50   seconds · less is better"),
        "{metrics}"
    );
    assert!(
        metrics.lines().all(|line| line.chars().count() <= 100),
        "{metrics}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupted_run_writes_nothing() {
    let scratch = Scratch::new("interrupt");
    // A hundred years: far longer than the test waits.
    let without_jobs = SMALL.split("[[jobs]]").next().unwrap();
    scratch.write(
        "long.toml",
        &without_jobs.replace("duration = \"1h\"", "duration = \"876000h\""),
    );
    let child = scratch
        .command("run long.toml")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while !catches_interrupts(child.id()) {
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{stderr}");
    assert_eq!(stderr, "error: interrupted; nothing was written\n");
    assert_eq!(scratch.names(), ["long.toml"]);
}

/// Whether the process has a handler for signal 2.
#[cfg(target_os = "linux")]
fn catches_interrupts(pid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << 1) != 0
}

/// A service that is never ready within the run, on one node that fails shortly before the end.
const DOWN: &str = r#"# Is it ever up? No.
name = "down"
duration = "1h"
warm_up = "10m"

[policy]
scheduler = "spread"
autoscaler = "hpa"
healer = "kubernetes"

[[nodes]]
name = "worker"
cpu = "4"
memory = "16Gi"
zones = ["a", "b", "c"]

[[services]]
name = "slow"
requests = { cpu = "1", memory = "1Gi" }
startup = "2h"
load = 10
work = { cpu = "1ms" }

[[failures]]
nodes = "worker"
at = "3595s"
down = "1h"
"#;

fn said(scratch: &Scratch, file: &str, text: &str) -> (String, String) {
    scratch.write(file, text);
    let output = scratch.command(&format!("run {file}")).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_service_that_is_never_up_is_not_said_to_have_had_no_outage() {
    let scratch = Scratch::new("down");
    let (said, _) = said(&scratch, "down.toml", DOWN);
    for words in [
        "down all the time",
        "at replicas believed ready that could not serve",
        "1 node ·",
        "hpa (no service has one)",
        "1 node failed",
        "no pod was created while measuring",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    for words in ["no outage", "zones", "nobody healed"] {
        assert!(!said.contains(words), "{words}: {said}");
    }
    let metrics = fs::read_to_string(
        scratch
            .0
            .join("results/down/spread-hpa-kubernetes-1/metrics.csv"),
    );
    let metrics = metrics.unwrap();
    assert!(!metrics.contains("used.memory"), "{metrics}");
    assert!(metrics.contains("used.cpu"), "{metrics}");
}

#[test]
fn without_requests_only_the_time_up_is_told() {
    let scratch = Scratch::new("idle");
    let text = DOWN
        .replace("\"1h\"", "\"70m\"")
        .replace("3595s", "3h")
        .replace("load = 10", "load = 0")
        .replace("\"2h\"", "\"1s\"");
    let (said, _) = said(&scratch, "idle.toml", &text);
    for words in ["nothing was asked; ", " 1 node used", " 1 node-hour\n"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("of requests"), "{said}");
}

#[test]
fn a_warning_is_said_once() {
    let scratch = Scratch::new("once");
    let text = DOWN.replace("\"3595s\"", "\"5m\"");
    let (out, err) = said(&scratch, "once.toml", &text);
    let words = "lies inside the warm-up";
    assert_eq!(
        (out.matches(words).count(), err.matches(words).count()),
        (0, 1)
    );
    let summary = scratch
        .0
        .join("results/down/spread-hpa-kubernetes-1/summary.json");
    assert!(fs::read_to_string(summary).unwrap().contains(words));
}

#[test]
fn waits_are_drawn_where_nobody_waited() {
    let scratch = Scratch::new("prompt");
    let text = DOWN.replace("warm_up = \"10m\"\n", "");
    let (said, _) = said(&scratch, "prompt.toml", &text);
    assert!(said.contains("5 plots"), "{said}");
    let plot = scratch
        .0
        .join("results/down/spread-hpa-kubernetes-1/plots/pending.svg");
    let plot = fs::read_to_string(plot).unwrap();
    assert!(plot.contains("Every pod had a node at once"), "{plot}");
}

/// Seven replicas of a service and two of another on five nodes, two of which are lost.
const CROWD: &str = r#"# Where do pods go when half of the nodes are lost?
name = "crowd"
duration = "1h"

[policy]
scheduler = "spread"
healer = "kubernetes"

[[nodes]]
name = "worker"
count = 4
cpu = "4"
memory = "8Gi"
zones = ["a", "b"]

[[nodes]]
name = "tiny"
cpu = "4"
memory = "8Gi"
zones = ["a"]
max_pods = 1

[[services]]
name = "web"
replicas = 7
requests = { cpu = "1", memory = "1Gi" }
work = { cpu = "10ms" }
load = 30

[[services]]
name = "store"
replicas = 2
requests = { cpu = "1900m", memory = "2Gi" }
work = { cpu = "5ms" }
load = 10

[[failures]]
zones = "b"
at = "20m"
down = "20m"
"#;

/// What `explain` says of the crowd.
fn explained(test: &str, args: &str) -> (Option<i32>, String, String) {
    let scratch = Scratch::new(test);
    scratch.write("crowd.toml", CROWD);
    scratch.said(&format!("explain crowd.toml {args}"))
}

#[test]
fn explain_lists_the_pods_that_wait_and_says_what_to_ask_next() {
    let (code, stdout, stderr) = explained("explain-list", "--at 26m");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        At 00:26:00, 2 of 13 pods wait for a node under spread.

              2  no node fits: 2 not ready, 2 insufficient cpu, 1 max pods
                 web-8, web-9

        Try: plimsoll explain crowd.toml --at 26m --pod web-8
    "#]]
    .assert_eq(&stdout);
    let (_, stdout, _) = explained("explain-none", "");
    expect![[r#"
        At 01:00:00, every pod has a node: 9 pods on 5 nodes.

        The longest wait until then was that of web-8: 14 m 5 s.
        Try: plimsoll explain crowd.toml --pod web-8 --at 00:39:59
    "#]]
    .assert_eq(&stdout);
}

#[test]
fn explain_says_why_a_pod_waits() {
    let (code, stdout, stderr) = explained("explain-waits", "--at 0:26:00 --pod web-8");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        web-8 waits since 00:25:55. 0 of 5 nodes fit: 2 not ready (zone b), 2 insufficient cpu (most free:
        worker-0, 100m of 1 core), 1 max pods (1).

        asks for       cpu 1 core · memory 1 GiB
        decided        00:25:55, when it was created · tried again when something changes in its favour
        scheduler      spread
        in Kubernetes  0/5 nodes are available: 1 Too many pods, 2 Insufficient cpu, 2 node(s) had
                       untolerated taint {node.kubernetes.io/unreachable: }.

          5 nodes refuse it
              2  not ready: worker-1, worker-3 (TaintToleration)
              2  insufficient cpu: worker-0, worker-2 (NodeResourcesFit)
              1  max pods: tiny-0 (NodeResourcesFit)
    "#]].assert_eq(&stdout);
}

#[test]
fn explain_says_why_a_pod_is_where_it_is() {
    let (code, stdout, stderr) = explained("explain-placed", "--at 10m --pod web-3");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        web-3 runs on worker-3, placed at 00:00:00. All 5 nodes fit: worker-3 has the fewest replicas on
        node (0, the next 1) of those with the fewest replicas in zone (1).

        asks for       cpu 1 core · memory 1 GiB
        decided        00:00:00, when it was created
        scheduler      spread

          5 nodes that fit  replicas in zone  replicas on node  left
          worker-3                         1                 0  81 %  chosen
          worker-1                         1                 1  62 %
          tiny-0                           2                 0  81 %
          worker-0                         2                 1  62 %
          worker-2                         2                 1  62 %
    "#]].assert_eq(&stdout);
    let (_, stdout, _) = explained("explain-kube", "--at 26m --pod web-8 --scheduler kube -v");
    expect![[r#"
        web-8 runs on worker-2, placed at 00:25:45. 2 of 5 nodes fit: worker-2 has the most points (602, the
        next 562).

        asks for       cpu 1 core · memory 1 GiB
        decided        00:25:45, when it was created
        scheduler      kube

          2 nodes that fit  total  spread  resources  balance
          worker-2            602     200         26       76  chosen
          worker-0            562     162         25       75
          the same on all: taints 300, images 0

          3 nodes refuse it
          worker-1  TaintToleration   not ready
          worker-3  TaintToleration   not ready
          tiny-0    NodeResourcesFit  max pods
    "#]].assert_eq(&stdout);
}

#[test]
fn explain_gives_all_of_it_as_json() {
    let (code, stdout, stderr) = explained("explain-json", "--at 26m --pod web-8 --format json");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    let stdout = stdout.replace(env!("CARGO_PKG_VERSION"), "(this version)");
    expect![[r#"
        {
          "version": 1,
          "plimsoll": "(this version)",
          "scenario": "crowd",
          "hash": "d02fcbc21b675e82296e14d46f59b551",
          "changes": [],
          "seed": 1,
          "scheduler": "spread",
          "at_s": 1560.0,
          "pod": {
            "name": "web-8",
            "kind": "service",
            "owner": "web",
            "index": 8,
            "state": "pending",
            "ready": false,
            "being_deleted": null,
            "queue": "unschedulable",
            "node": null,
            "nominated": null,
            "created_s": 1555.0,
            "bound_s": null,
            "tried_again_s": null,
            "failed_attempts": 1,
            "priority": 0,
            "requests": {
              "cpu_milli": 1000,
              "memory_bytes": 1073741824,
              "gpu_milli": 0
            }
          },
          "evicted_for": null,
          "decision": {
            "at_s": 1555.0,
            "attempt": 1,
            "chosen": null,
            "best": [],
            "tie_break": "first in the scenario",
            "kubernetes": "0/5 nodes are available: 1 Too many pods, 2 Insufficient cpu, 2 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.",
            "nodes": 5,
            "evaluated": 5,
            "feasible": [],
            "drawn": null,
            "measures": [
              {
                "name": "replicas in zone",
                "unit": "",
                "parts": 1,
                "better": "less"
              },
              {
                "name": "replicas on node",
                "unit": "",
                "parts": 1,
                "better": "less"
              },
              {
                "name": "left",
                "unit": "%",
                "parts": 1,
                "better": "more"
              }
            ],
            "rejected": [
              {
                "node": "worker-0",
                "plugin": "NodeResourcesFit",
                "code": "Unschedulable",
                "reasons": [
                  "Insufficient cpu"
                ],
                "free": {
                  "cpu_milli": 100,
                  "memory_bytes": 4294967296,
                  "gpu_milli": 0
                },
                "pods": 3
              },
              {
                "node": "worker-1",
                "plugin": "TaintToleration",
                "code": "UnschedulableAndUnresolvable",
                "reasons": [
                  "node(s) had untolerated taint {node.kubernetes.io/unreachable: }"
                ],
                "free": {
                  "cpu_milli": 2000,
                  "memory_bytes": 6442450944,
                  "gpu_milli": 0
                },
                "pods": 2
              },
              {
                "node": "worker-2",
                "plugin": "NodeResourcesFit",
                "code": "Unschedulable",
                "reasons": [
                  "Insufficient cpu"
                ],
                "free": {
                  "cpu_milli": 100,
                  "memory_bytes": 4294967296,
                  "gpu_milli": 0
                },
                "pods": 3
              },
              {
                "node": "worker-3",
                "plugin": "TaintToleration",
                "code": "UnschedulableAndUnresolvable",
                "reasons": [
                  "node(s) had untolerated taint {node.kubernetes.io/unreachable: }"
                ],
                "free": {
                  "cpu_milli": 1100,
                  "memory_bytes": 5368709120,
                  "gpu_milli": 0
                },
                "pods": 2
              },
              {
                "node": "tiny-0",
                "plugin": "NodeResourcesFit",
                "code": "Unschedulable",
                "reasons": [
                  "Too many pods"
                ],
                "free": {
                  "cpu_milli": 3000,
                  "memory_bytes": 7516192768,
                  "gpu_milli": 0
                },
                "pods": 1
              }
            ],
            "preemption": null,
            "made_room": null
          }
        }
    "#]].assert_eq(&stdout);
    let (_, stdout, _) = explained("explain-json-list", "--at 26m --format json");
    assert!(stdout.contains("\"waiting\": ["), "{stdout}");
    assert!(stdout.contains("\"name\": \"web-9\""), "{stdout}");
}

#[test]
fn explain_refuses_pods_and_times_that_there_are_not() {
    let errors = [
        "--pod web-99",
        "--pod wen-3",
        "--pod nobody",
        "--at 61m",
        "--at soon",
        "--at 10:75",
        "--scheduler spred",
    ];
    let said = errors.map(|args| {
        let (code, stdout, stderr) = explained("explain-errors", args);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args}");
        stderr
    });
    expect![[r#"
        error: no pod `web-99` until 01:00:00
          = there were web-0 to web-9 until then
        error: no pod `wen-3` until 01:00:00
          = did you mean `web-3`?
        error: no pod `nobody` until 01:00:00
          = a pod is named by its service or job and its number, as in pods.csv: `web-0`; without --pod those that wait are listed
        error: --at `61m` is after the end of the run
          = crowd ends after 3600 s, and that is 3660 s
        error: --at `soon` is not a moment of the run
          = write a clock such as `20:00:52` (hours go on beyond 24), or the time since the start such as `20h52s`
        error: --at `10:75` is not a moment of the run
          = write a clock such as `20:00:52` (hours go on beyond 24), or the time since the start such as `20h52s`
        error: unknown scheduler `spred` (known: least-allocated, most-allocated, binpack, spread, first-fit, best-fit, worst-fit, borg-stranded, tetris, power-of-two, fgd, gpu-bestfit, gpu-dotprod, gpu-packing, gpu-clustering, gpu-random, swarm, nomad, kube, kube-1.34, kube-binpack, random): did you mean `spread`?
    "#]].assert_eq(&said.concat());
}

#[test]
fn explain_tells_who_makes_room_for_whom() {
    let scratch = Scratch::new("explain-preempts");
    let report = r#"
[[jobs]]
name = "report"
rate = "20/h"
priority = 1000
sizes = [{ cpu = "2", memory = "2Gi" }]
duration = "5m"
"#;
    let text = CROWD.replace("\"spread\"", "\"kube\"");
    let text = text.replace("replicas = 7", "replicas = 14\nshutdown = \"30s\"");
    scratch.write("crowd.toml", &format!("{text}{report}"));
    let (code, stdout, stderr) = scratch.said("explain crowd.toml --at 150s --pod report-0");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        report-0-0 waits since 00:02:22 and is nominated to worker-1. 0 of 5 nodes fit: 4 insufficient cpu
        (most free: worker-0, 1 core of 2 cores), 1 max pods (1). It takes the place of 1 pod of lower
        priority on worker-1: web-9. It is one of 4 equally good of the 5 nodes where that helps.

        asks for       cpu 2 cores · memory 2 GiB
        decided        00:02:22, when it was created · tried again when something changes in its favour
        scheduler      kube · priority 1000
        in Kubernetes  0/5 nodes are available: 1 Too many pods, 4 Insufficient cpu.

          5 nodes refuse it
              4  insufficient cpu: worker-0, worker-1, worker-2, worker-3 (NodeResourcesFit)
              1  max pods: tiny-0 (NodeResourcesFit)
    "#]].assert_eq(&stdout);
    let later = ["--at 150s --pod web-9", "--at 200s --pod report-0"];
    let told = later.map(|args| {
        let (_, stdout, _) = scratch.said(&format!("explain crowd.toml {args}"));
        stdout.split("\n\n").next().unwrap().to_owned() + "\n"
    });
    expect![[r#"
        web-9 is being deleted on worker-1: report-0-0, of higher priority, needs its place. 4 of 5 nodes
        fit: worker-1 has the most points (624, the next 600). 2 nodes are equal in that, and one by lot was
        taken.
        report-0-0 runs on worker-1, placed at 00:02:52. It had been nominated to the node: no other was
        looked at. At 00:02:22 it took the place of 1 pod of lower priority on worker-1: web-9. It was one
        of 4 equally good of the 5 nodes where that helps.
    "#]].assert_eq(&told.concat());
    let (_, json, _) = scratch.said("explain crowd.toml --at 150s --pod web-9 --format json");
    assert!(json.contains("\"evicted_for\": \"report-0-0\""), "{json}");
    let (_, json, _) = scratch.said("explain crowd.toml --at 200s --pod report-0 --format json");
    assert!(json.contains("\"made_room\": {"), "{json}");
}

#[test]
fn what_happens_in_the_shipped_scenarios_is_explained() {
    let scratch = Scratch::new("explain-shipped");
    let (shop, zones) = ("shop-and-batch", "zone-rules");
    let front = "--at 2:10 --pod front-9";
    let told = [
        (shop, "--pod shop-75", "it took the place of 1 pod of lower"),
        (
            shop,
            "--pod batch-428-0",
            "(shop-75, of higher priority, needs",
        ),
        (zones, front, "6 topology spread not met: worker-1"),
        (zones, front, "3 untolerated taint dedicated=storage: "),
        (
            zones,
            "--at 2:10 --pod database-3",
            "6 node affinity or selector",
        ),
        (
            zones,
            "--at 2:10 --pod cache-6",
            "4 pod anti-affinity not met: ",
        ),
    ];
    for (scenario, args, expected) in told {
        let file = format!("{}/scenarios/{scenario}.toml", env!("CARGO_MANIFEST_DIR"));
        let (_, stdout, _) = scratch.said(&format!("explain {file} {args}"));
        let words: Vec<&str> = stdout.split_whitespace().collect();
        let has_it = words.join(" ").contains(expected);
        assert!(has_it, "{scenario} {args}:\n{stdout}");
    }
}

/// Six replicas of a core each, two on a node, are asked for 5 cores: three nodes are needed.
const CAPACITY: &str = r#"# How many nodes does the shop need?
name = "shop"
duration = "1h"
warm_up = "10m"

[policy]
scheduler = "spread"
autoscaler = "fixed"
healer = "kubernetes"

[[nodes]]
name = "worker"
count = 4
cpu = "2"
memory = "16Gi"
zones = ["a", "b"]

[[services]]
name = "web"
replicas = 6
requests = { cpu = "1", memory = "1Gi" }
limits = { cpu = "1", memory = "1Gi" }
work = { cpu = "10ms" }
startup = { uniform = { low = "4s", high = "6s" } }
slo = { availability = 0.99, window = "30d" }
load = 500
"#;

/// What `capacity` says of the shop, without the seconds that it took.
fn capacity(test: &str, text: &str, args: &str) -> (Option<i32>, String, String) {
    let scratch = Scratch::new(test);
    scratch.write("shop.toml", text);
    let (code, stdout, stderr) = scratch.said(&format!("capacity shop.toml {args}"));
    let timeless = |line: &str| match line.split_once(" runs in ") {
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c != ':' && c != ';');
            format!("{before} runs in …{after}\n")
        }
        None => format!("{line}\n"),
    };
    (code, stdout.lines().map(timeless).collect(), stderr)
}

#[test]
fn capacity_says_how_many_are_enough_how_sure_that_is_and_why_fewer_are_not() {
    let (code, stdout, stderr) = capacity("capacity", CAPACITY, "--step 1");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        3 worker nodes: with 95 % confidence at least 95 % of runs (of 1 h) meet every objective (72 of
        72 runs, fresh seeds).
        2 do not: web misses 99 % in 100 % of runs (insufficient cpu).

          nodes   meets all objectives (95 % interval)
              1   ▏ 0 % (0–17) of 20
              2   ▏ 0 % (0–5)
              3   ██████████ 100 % (95–100)         ← enough, and so is every larger number tried (4, 5)
              4   ██████████ 100 % (95–100)
              5   ██████████ 100 % (95–100)

        note: 1 objective; 368 runs in …: searched with 20 a size (of 20), confirmed with fresh ones,
              all sizes meeting the same worlds; seed 1

        results/shop/capacity-spread-fixed-kubernetes-1/   capacity.svg  capacity.json  capacity.csv
    "#]].assert_eq(&stdout);
}

#[test]
fn capacity_without_anything_random_claims_no_confidence() {
    let exact = CAPACITY.replace("{ uniform = { low = \"4s\", high = \"6s\" } }", "\"5s\"");
    let (code, stdout, stderr) = capacity("capacity-exact", &exact, "");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        4 worker nodes: this one run (of 1 h) meets every objective. Nothing in the scenario is random;
        other weeks may differ.
        2 do not: web misses 99 % in 100 % of runs (insufficient cpu). Numbers between were not tried: nodes
        are dealt to zones in turn, 2 at a time (--step 1 tries all).

          nodes   meets all objectives
              2   ▏ no
              4   ██████████ yes                    ← enough, and so is every larger number tried (5, 6)
              5   ██████████ yes
              6   ██████████ yes

        note: 1 objective; 4 runs

        results/shop/capacity-spread-fixed-kubernetes-1/   capacity.svg  capacity.json  capacity.csv
    "#]].assert_eq(&stdout);
}

#[test]
fn capacity_judges_losses_when_they_are_made_good_and_while_they_last() {
    let long = CAPACITY
        .replace("duration = \"1h\"", "duration = \"4h\"")
        .replace("replicas = 6", "replicas = 4")
        .replace("load = 500", "load = 380");
    let (code, stdout, stderr) = capacity("capacity-survive", &long, "--survive zone");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        4 worker nodes: with 95 % confidence at least 95 % of runs (of 4 h) meet every objective; and once
        any one of 2 zones has been lost for good, all pods of services have a node and the load of the
        busiest time, 02:20, is served (72 of 72 runs of each case, fresh seeds).
        2 do not: web misses 99 % in 100 % of runs, pods find no node in 100 % of runs once zone a is lost
        (insufficient cpu). Numbers between were not tried: nodes are dealt to zones in turn, 2 at a time
        (--step 1 tries all).
        Until a loss is made good, more nodes cannot help: web misses 99 % in 100 % of runs with zone a lost
        at 02:20, even with 16 worker nodes. Shorten the time until pods are replaced (healer kubernetes:
        node_monitor_grace_period, unreachable_toleration), or add replicas, so that fewer of them are lost
        at once.

        Runs that meet all objectives (95 % interval):
          nodes   as it is               after a loss           during a loss
              2   100 % (95–100)         0 % (0–5) zone a       –
              4   100 % (95–100)         100 % (95–100)         0 % (0–17) of 20 zone a   ← enough but for the time of a loss
              5   100 % (95–100)         100 % (95–100)         –
              6   100 % (95–100)         100 % (95–100)         0 % (0–17) of 20 zone a
              8   100 % (83–100) of 20   100 % (83–100) of 20   0 % (0–17) of 20 zone a
             10   100 % (83–100) of 20   100 % (83–100) of 20   0 % (0–17) of 20 zone a
             16   100 % (83–100) of 20   100 % (83–100) of 20   0 % (0–17) of 20 zone a

        note: busiest at 02:20: 3.80 cores asked for. After a loss: it comes at 01:49, and from 02:20 to
              03:20 no pod of a service may wait and every objective must hold. During a loss: it comes at
              02:20, and every objective must hold over the run. Lost is lost for good; the scenario's own
              failures of nodes and zones are left out of runs with a loss.
        note: 1 objective; 1,232 runs in …: searched with 20 a size (of 20), confirmed with fresh ones,
              all sizes meeting the same worlds; seed 1

        results/shop/capacity-survive-zone-spread-fixed-kubernetes-1/   capacity.svg  capacity.json
            capacity.csv
    "#]].assert_eq(&stdout);
}

#[test]
fn runway_says_when_an_objective_breaks() {
    let args = "--runway --growth 3%..5%/month --start 2026-11-28";
    let (code, stdout, stderr) = capacity("runway", CAPACITY, args);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    expect![[r#"
        4 nodes: an objective first breaks between 2027-03-25 and 2027-06-20 (with 95 % confidence, if
        growth is within its range).
        Up to 1.21 times the load at least 95 % of runs (of 1 h) meet every objective; at 1.22 times they do
        not.
        What breaks: web misses 99 % in 100 % of runs, at 1.22 times the load.

           load   reached after   meets all objectives (97.5 % interval)
          ×1.00      0.0 months   100 % (80–100) of 20
          ×1.01      0.3 months   100 % (80–100) of 20
          ×1.03      0.8 months   100 % (80–100) of 20
          ×1.07      1.8 months   100 % (80–100) of 20
          ×1.16      3.8 months   100 % (95–100)
          ×1.18      4.3 months   100 % (95–100)
          ×1.20      4.6 months   100 % (95–100)
          ×1.21      4.8 months   100 % (95–100)   ← holds
          ×1.22      5.1 months   0 % (0–5)   ← breaks
          ×1.23      5.3 months   0 % (0–5)
          ×1.26      5.8 months   0 % (0–5)
          ×1.31      6.9 months   0 % (0–5)
          ×1.36      7.9 months   0 % (0–20) of 20
          ×1.42      8.9 months   0 % (0–5)
          ×1.66       13 months   0 % (0–5)

        note: growth multiplies the load of all services and the arrivals of all [[jobs]] (`load_factor`),
              and nothing else
        note: 1,060 runs in …; factors are a per cent apart; seed 1

        results/shop/runway-spread-fixed-kubernetes-1/   capacity.json  capacity.csv
    "#]].assert_eq(&stdout);
    let (_, stdout, _) = capacity("runway-exactly", CAPACITY, "--runway --growth 2%/month");
    let first: Vec<&str> = stdout.lines().take(3).collect();
    expect![[r#"
        If growth is exactly 2 % a month, 4 nodes are enough for 9.5 months.
        Up to 1.21 times the load at least 95 % of runs (of 1 h) meet every objective; at 1.22 times they do
        not."#]].assert_eq(&first.join("\n"));
}

#[test]
fn capacity_refuses_what_it_cannot_answer() {
    let nothing = CAPACITY.replace("slo = { availability = 0.99, window = \"30d\" }\n", "");
    let two = format!("{CAPACITY}\n[[nodes]]\nname = \"large\"\ncpu = \"8\"\nmemory = \"16Gi\"\n");
    let no_zones = CAPACITY.replace("zones = [\"a\", \"b\"]\n", "");
    let cases = [
        (nothing.as_str(), ""),
        (&two, ""),
        (&two, "--vary nodes.worker.count --vary nodes.large.count"),
        (CAPACITY, "--vary nodes.small.count"),
        (CAPACITY, "--from 9 --to 5"),
        (&no_zones, "--survive zone --set duration=4h"),
        (CAPACITY, "--runway"),
        (CAPACITY, "--runway --growth 4%"),
        (CAPACITY, "--runway --growth 4%/month --start tomorrow"),
        (CAPACITY, "--runway --growth 4%/month --horizon soon"),
        (CAPACITY, "--runway --growth-fit nowhere.csv"),
    ];
    let said = cases.map(|(text, args)| {
        let (code, stdout, stderr) = capacity("capacity-refused", text, args);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args}");
        format!("{args}\n{stderr}")
    });
    expect![[r#"

        error: shop.toml promises nothing, so nothing is too little
          = write what every run is to keep: [[objectives]] with metric = "pending.p99" and at_most = "60s", or slo = { availability = 0.999, window = "30d" } in a service


        error: the scenario has 2 groups of nodes: which is to be varied?
          = --vary nodes.worker.count, --vary nodes.large.count; several of them for the cheapest mix

        --vary nodes.worker.count --vary nodes.large.count
        error: the group `worker` has no price, so no mix is the cheapest
          = write price_per_hour in its [[nodes]], or --set nodes.worker.price_per_hour=0.768

        --vary nodes.small.count
        error: --vary nodes.small.count is no number of nodes
          = there are --vary nodes.worker.count

        --from 9 --to 5
        error: nothing lies between 9 (--from) and 5 (--to)

        --survive zone --set duration=4h
        error: there is no zone to lose: the scenario's nodes have none
          = give `zones` in [[nodes]], or --survive node

        --runway
        error: how does the load grow?
          = write --growth 3%..5%/month, or --growth-fit loads.csv

        --runway --growth 4%
        error: `4%` is no growth: write a share and a length of time, such as 4%/month or 3%..5%/month; there are year, month, week and day

        --runway --growth 4%/month --start tomorrow
        error: --start tomorrow is no day: write it as 2026-11-28

        --runway --growth 4%/month --horizon soon
        error: --horizon soon is no length of time up to a hundred years: write 24mo, 2y, 26w or 90d

        --runway --growth-fit nowhere.csv
        error: cannot read nowhere.csv: No such file or directory (os error 2)
    "#]].assert_eq(&said.join("\n"));
}

#[test]
fn compact_packs_the_pods_of_a_moment_and_writes_what_it_found() {
    let scratch = Scratch::new("compact");
    scratch.write("small.toml", SMALL);
    let args = "compact small.toml --at 10m --scheduler first-fit,least-allocated --out out";
    let (code, stdout, stderr) = scratch.said(args);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(
        stdout.contains(" needs ") && stdout.contains(" for the "),
        "{stdout}"
    );
    for told in [
        "requests alone",
        "--picky",
        "--handful",
        "--soft-over",
        "--copies",
        "--confirm",
    ] {
        assert!(stdout.contains(told), "{told} in {stdout}");
    }
    let files = [
        "compaction.csv",
        "compaction.json",
        "compaction.png",
        "compaction.svg",
    ];
    assert_eq!(names(&scratch.0.join("out")), files);
    let written = fs::read_to_string(scratch.0.join("out/compaction.json")).unwrap();
    let (_, json, _) = scratch.said(&format!("{args} --format json --threads 1"));
    assert_eq!(json, written, "the same with one thread");
    let csv = fs::read_to_string(scratch.0.join("out/compaction.csv")).unwrap();
    // Eleven trials of two schedulers and of the requests, and the header.
    assert_eq!(csv.lines().count(), 3 * 11 + 1);
}

#[test]
fn compact_refuses_what_it_cannot_do() {
    let scratch = Scratch::new("compact-wrong");
    scratch.write("small.toml", SMALL);
    for (args, said) in [
        ("--scheduler spred", "unknown scheduler `spred`"),
        ("--scheduler spread,spread", "names `spread` twice"),
        ("--at 2h", "after the end of the run"),
        ("--picky 101%", "at most 1"),
        ("--trials 0", "--trials"),
    ] {
        let (code, stdout, stderr) = scratch.said(&format!("compact small.toml {args}"));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args}");
        assert!(stderr.contains(said), "{args}: {stderr}");
    }
    assert_eq!(scratch.names(), ["small.toml"], "nothing was written");
}
