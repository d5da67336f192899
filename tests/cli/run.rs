//! `plimsoll run`: what it prints and what it writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::shared::{SMALL, Scratch, files, names};

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
