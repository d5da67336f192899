//! Wrong input, and what the system refuses: exit codes, what is told, and that nothing is written.

use std::fs;

use crate::shared::{SMALL, Scratch, names};

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
fn an_option_that_would_have_no_effect_is_refused() {
    let scratch = Scratch::with("idle", "small.toml", SMALL);
    scratch.write("plan.toml", crate::sweep::PLAN);
    for args in [
        "capacity small.toml --to 3 --growth 3%/month",
        "capacity small.toml --survive node --start 2026-01-01",
        "capacity small.toml --step 1 --horizon 3mo",
        "compare small.toml --scheduler spread,binpack --reps 3 --max-reps 40",
        "run small.toml --reps 3 --max-reps 40",
        "sweep plan.toml --shard 0/2 --shards 5",
        "sweep plan.toml --image plimsoll:1",
        "sweep plan.toml --first-index 1",
        "sweep plan.toml --submit slurm --shards 2 --image plimsoll:1",
    ] {
        let (code, stdout, stderr) = scratch.said(args);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args}: {stderr}");
    }
}

#[cfg(feature = "live")]
#[test]
fn a_cluster_is_never_another_folder_and_what_is_cleaned_is_no_scenario() {
    let scratch = Scratch::new("cluster");
    scratch.write("small.toml", SMALL);
    // What a cluster called `..` would take for its own.
    fs::create_dir_all(scratch.0.join("state/engines/precious")).unwrap();
    scratch.write("state/journal", "precious");
    let refused = [
        (
            "live --clean --cluster .. --state state/sub",
            "cannot be the name of a cluster",
        ),
        (
            "live --clean --cluster . --state state",
            "cannot be the name of a cluster",
        ),
        (
            "live --clean --cluster small small.toml",
            "cannot be used with",
        ),
        (
            "live --clean --cluster small --sandbox 3",
            "cannot be used with",
        ),
        ("live --build-image small.toml", "cannot be used with"),
        (
            "live small.toml --engine a=unix://x",
            "unix:///path/of/a.sock",
        ),
        ("live small.toml --archive image.tar", "cannot be used with"),
        (
            "live small.toml --sandbox 1 --dry-run --archive image.tar",
            "cannot be used with",
        ),
        (
            "live --clean --cluster small --fault 1s:pause:web:1s",
            "cannot be used with",
        ),
        (
            "live --build-image --scheduler nonsense",
            "cannot be used with",
        ),
        ("live --build-image --out /etc", "cannot be used with"),
        (
            "live --build-image --fault 1s:pause:web:1s",
            "cannot be used with",
        ),
        (
            "live small.toml --sandbox 1 --request-timeout 0s",
            "give 1ms or more",
        ),
        (
            "fidelity small.toml --sandbox 1 --request-timeout 1ns",
            "give 1ms or more",
        ),
        ("calibrate", "give --sandbox N"),
        ("calibrate --sandbox 1 --out state", "it is a folder"),
        (
            "calibrate --engine a=unix:///a.sock --boots 3",
            "cannot be used with",
        ),
        (
            "calibrate --sandbox 1 --shared-machine",
            "cannot be used with",
        ),
        (
            "fidelity small.toml --sandbox 3 --threads 0",
            "--threads <N>",
        ),
        ("live small.toml", "cannot be run live"),
        ("fidelity small.toml", "cannot be run live"),
    ];
    for (line, wanted) in refused {
        let (code, stdout, stderr) = scratch.said(line);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{line}: {stderr}");
        assert!(stderr.contains(wanted), "{line}: {stderr}");
        assert!(!stderr.contains("--tls-dir"), "{line}: {stderr}");
    }
    assert!(scratch.0.join("state/engines/precious").is_dir());
    assert!(scratch.0.join("state/journal").is_file());
    // A cluster's own folder may hold what is no machine: it stays.
    fs::create_dir_all(scratch.0.join("state/mine/engines/precious")).unwrap();
    let (code, _, stderr) = scratch.said("live --clean --cluster mine --state state");
    assert_eq!(code, Some(0), "{stderr}");
    assert!(scratch.0.join("state/mine/engines/precious").is_dir());
}
