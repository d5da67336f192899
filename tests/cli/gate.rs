//! `plimsoll gate` as CI meets it: exit codes, what it writes, and what it refuses.

mod study;

use std::fs;

use crate::shared::Scratch;

const BATCH: &str = r#"
duration = "1h"
warm_up = "10m"

[policy]
scheduler = "spread"
autoscaler = "fixed"
healer = "none"

[[nodes]]
name = "worker"
count = 4
cpu = "4"
memory = "16Gi"

[[jobs]]
name = "job"
rate = "120/h"
sizes = [{ cpu = "1", memory = "1Gi" }, { cpu = "2", memory = "1Gi" }]
duration = { exponential = { mean = "4m" } }

[[objectives]]
metric = "balance.cov.cpu"
at_most = 1
tolerance = "10%"
"#;

/// Nothing is random.
const EXACT: &str = r#"
duration = "1h"

[policy]
scheduler = "spread"
autoscaler = "fixed"
healer = "none"

[[nodes]]
name = "worker"
count = 4
cpu = "4"
memory = "16Gi"

[[services]]
name = "web"
replicas = 4
requests = { cpu = "1", memory = "1Gi" }
work = { cpu = "10ms" }
load = 30

[[objectives]]
metric = "balance.cov.cpu"
at_most = 1
tolerance = "10"
"#;

/// With both scenarios, and a baseline of them.
pub(crate) fn gated(name: &str) -> Scratch {
    let scratch = Scratch::with(name, "batch.toml", BATCH);
    scratch.write("exact.toml", EXACT);
    let (code, _, err) = scratch.gate("batch.toml exact.toml --update --reps 8");
    assert_eq!((code, err.as_str()), (0, ""));
    scratch
}

impl Scratch {
    /// Exit code, stdout and stderr.
    pub(crate) fn gate(&self, args: &str) -> (i32, String, String) {
        let (code, out, err) = self.said(&format!("gate --baseline b.json {args}"));
        (code.unwrap(), out, err)
    }

    /// That the command is refused with these words, and writes nothing.
    #[track_caller]
    fn refuses(&self, args: &str, words: &[&str]) {
        let before = fs::read(self.0.join("b.json")).ok();
        let (code, out, err) = self.gate(args);
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        for word in words {
            assert!(err.contains(word), "{word}: {err}");
        }
        assert_eq!(fs::read(self.0.join("b.json")).ok(), before);
    }
}

#[test]
fn what_has_not_changed_is_identical_and_passes() {
    let scratch = gated("same");
    let before = scratch.read("b.json");
    let (code, out, _) = scratch.gate("batch.toml exact.toml");
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("batch   ok         1 metric identical in 8 runs"),
        "{out}"
    );
    assert!(
        out.contains("exact   ok         1 metric identical in the one run"),
        "{out}"
    );
    assert_eq!(scratch.read("b.json"), before);
    // To accept what is the same changes nothing, with any number of threads.
    assert_eq!(
        scratch.gate("batch.toml exact.toml --update --threads 1").0,
        0
    );
    assert_eq!(scratch.read("b.json"), before);
}

#[test]
fn a_policy_that_is_worse_fails_the_gate() {
    let scratch = gated("worse");
    let (code, out, _) = scratch.gate("batch.toml --scheduler binpack --output junit=gate.xml");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("batch   REGRESSED  balance.cov.cpu"), "{out}");
    assert!(out.contains("Worse than accepted: batch."), "{out}");
    assert!(
        out.contains("note: not asked for, though there is a baseline: exact"),
        "{out}"
    );
    assert!(
        scratch
            .read("gate.xml")
            .contains("<failure type=\"REGRESSED\"")
    );
    // An absolute tolerance that is larger than what an even and an uneven load differ by.
    assert_eq!(scratch.gate("exact.toml --scheduler binpack").0, 0);
}

#[test]
fn what_runs_do_not_tell_fails_unless_it_is_allowed() {
    let scratch = gated("undecided");
    // `first-fit` has about 1.7 ± 0.7 points more of it in eight runs.
    let asked =
        "--metric fragmentation --tolerance fragmentation=1.7% --tolerance balance.cov.cpu=1";
    assert_eq!(scratch.gate(&format!("batch.toml --update {asked}")).0, 0);
    let (code, out, _) = scratch.gate("batch.toml --scheduler first-fit");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("batch   UNDECIDED  fragmentation"), "{out}");
    let (code, out, _) =
        scratch.gate("batch.toml --scheduler first-fit --allow-undecided --format github");
    assert_eq!(code, 0);
    assert!(
        out.starts_with("::warning file=batch.toml,line=1,title=batch%3A UNDECIDED::"),
        "{out}"
    );
}

#[test]
fn options_of_a_baseline_stay_with_it() {
    let scratch = gated("options");
    let asked = "--metric fragmentation --tolerance fragmentation=5%";
    assert_eq!(scratch.gate(&format!("batch.toml --update {asked}")).0, 0);
    let before = scratch.read("b.json");
    assert!(before.contains("\"asked_by\": \"options\""));
    assert_eq!(scratch.gate("batch.toml --update").0, 0);
    assert_eq!(scratch.read("b.json"), before);
    scratch.refuses(
        "batch.toml --reps 9",
        &["--reps is part of the baseline", "--update"],
    );
    // More replications begin with those that are there.
    assert_eq!(scratch.gate("batch.toml --update --reps 9").0, 0);
    assert!(scratch.read("b.json").contains("\"replications\": 9"));
}

#[test]
fn updates_do_not_move_the_anchor() {
    let scratch = gated("anchor");
    assert_eq!(scratch.gate("batch.toml --set-anchor").0, 0);
    let (code, out, _) = scratch.gate("batch.toml --scheduler binpack --update");
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("against the anchor"), "{out}");
    // Held against the baseline alone it would pass now.
    let (code, out, _) = scratch.gate("batch.toml --scheduler binpack");
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("against the anchor"), "{out}");
    assert!(out.contains("1 metric identical in 8 runs"), "{out}");
    assert_eq!(
        scratch
            .gate("batch.toml --scheduler binpack --set-anchor")
            .0,
        0
    );
    let (code, out, _) = scratch.gate("batch.toml --scheduler binpack");
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("no worse than the anchor"), "{out}");
}

#[test]
fn a_changed_scenario_is_held_against_nothing_until_it_is_accepted() {
    let scratch = gated("changed");
    scratch.write("batch.toml", &BATCH.replace("120/h", "110/h"));
    let words = [
        "scenario `batch` is not what its baseline is of: its file",
        "--rebase",
    ];
    scratch.refuses("batch.toml exact.toml", &words);
    scratch.refuses("batch.toml --update", &words);
    let (code, out, _) = scratch.gate("batch.toml --rebase");
    assert_eq!(code, 0);
    assert!(
        out.contains("batch: accepted as it is now\n  balance.cov.cpu 0.2"),
        "{out}"
    );
    assert_eq!(scratch.gate("batch.toml exact.toml").0, 0);
}

#[test]
fn another_version_policy_or_seed_is_a_change() {
    let scratch = gated("version");
    scratch.refuses(
        "batch.toml --update --seed 2",
        &["its seed was 1", "--rebase"],
    );
    assert_eq!(scratch.gate("batch.toml --update --scheduler binpack").0, 0);
    let words = ["the baseline ran binpack, fixed, none, the scenario says spread, fixed, none"];
    scratch.refuses("batch.toml", &words);
    let is = format!("\"plimsoll\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let was = scratch
        .read("b.json")
        .replace(&is, "\"plimsoll\": \"0.0.9\"");
    scratch.write("b.json", &was);
    scratch.refuses(
        "exact.toml",
        &["the baseline is of plimsoll 0.0.9, this is"],
    );
}

#[test]
fn what_cannot_be_read_is_refused_and_left_alone() {
    let scratch = gated("corrupt");
    let good = scratch.read("b.json");
    scratch.write("b.json", &good[..good.len() / 2]);
    scratch.refuses(
        "batch.toml",
        &["b.json: no file of baselines, or a damaged one: EOF"],
    );
    scratch.refuses("batch.toml --update", &["damaged"]);
    scratch.write("b.json", "{ \"format\": 99 }");
    scratch.refuses(
        "batch.toml --update",
        &["format 99 of baselines; this plimsoll reads format 1"],
    );
    fs::remove_file(scratch.0.join("b.json")).unwrap();
    scratch.refuses(
        "batch.toml",
        &["b.json: there is no such file; --update makes it"],
    );
    assert_eq!(scratch.gate("exact.toml --update").0, 0);
    scratch.refuses(
        "batch.toml",
        &["b.json has no baseline of scenario `batch`: it has those of exact; --update adds it"],
    );
}

#[test]
fn a_metric_without_a_tolerance_is_refused_by_name() {
    let scratch = gated("tolerance");
    let slo = "slo = { availability = 0.999, window = \"30d\" }\nload = 30";
    let text = EXACT.replace("load = 30", slo);
    scratch.write("slo.toml", &format!("name = \"slo\"\n{text}"));
    scratch.refuses(
        "slo.toml --update",
        &[
            "scenario `slo`: nobody says how much worse availability.requests@service:web may be",
            "into the `slo` of service `web`",
            "--tolerance 'availability.requests@service:web=0.05%'",
        ],
    );
    scratch.refuses(
        "exact.toml --update --metric cost",
        &["nobody says how much worse cost may be"],
    );
    scratch.refuses(
        "exact.toml --update --tolerance cost=1%",
        &["cost, which is not gated"],
    );
    scratch.refuses(
        "exact.toml --update --metric nodes.up --tolerance nodes.up=1",
        &["neither side"],
    );
    scratch.refuses(
        "exact.toml --update --metric cots",
        &["unknown metric `cots`", "`cost`"],
    );
    scratch.refuses(
        "exact.toml --update --metric pending.p50@service:x --tolerance pending.p50@service:x=1s",
        &["pending.p50@service:x has no value in any run"],
    );
    scratch.refuses(
        "exact.toml --output pdf=x",
        &["--output pdf=x: write FORMAT=FILE"],
    );
}

#[test]
fn an_update_makes_the_folder_of_its_file() {
    let scratch = gated("folder");
    scratch.fine("gate exact.toml --update --baseline new/er/b.json --quiet");
    scratch.fine("gate exact.toml --baseline new/er/b.json --quiet");
}

#[test]
fn a_baseline_is_of_a_scenario_as_it_was_changed() {
    let scratch = gated("edits");
    let with = "exact.toml --set services.web.replicas=5";
    let words = [
        "the baseline is of the file as it stands, this is the file with --set services.web.replicas=5",
        "--set name=NAME",
    ];
    scratch.refuses(with, &words);
    scratch.refuses(&format!("{with} --update"), &words);
    assert_eq!(scratch.gate(&format!("{with} --rebase")).0, 0);
    assert!(
        scratch
            .read("b.json")
            .contains("\"--set services.web.replicas=5\"")
    );
    assert_eq!(scratch.gate(with).0, 0);
    scratch.refuses("exact.toml", &["the baseline is of the file with --set services.web.replicas=5, this is the file as it stands"]);
    let other = "exact.toml --set services.web.replicas=6";
    scratch.refuses(
        other,
        &["this is the file with --set services.web.replicas=6"],
    );
    // Under a name of its own it has a baseline of its own.
    let named = format!("{other} --set name=six");
    assert_eq!(scratch.gate(&format!("{named} --update")).0, 0);
    assert_eq!(scratch.gate(&named).0, 0);
    assert_eq!(scratch.gate(with).0, 0);
}

#[cfg(unix)]
#[test]
fn a_baseline_that_cannot_be_written_is_an_environment_error() {
    let scratch = gated("unwritable");
    // A folder that is not there and cannot be made.
    std::os::unix::fs::symlink("nowhere", scratch.0.join("link")).unwrap();
    let (code, _, stderr) = scratch.said("gate exact.toml --update --baseline link/b.json");
    assert_eq!(code, Some(3), "{stderr}");
    assert!(
        stderr.contains("link/b.json: cannot be written"),
        "{stderr}"
    );
}

#[test]
fn fewer_runs_than_there_were_are_said() {
    let scratch = gated("fewer");
    let (code, out, _) = scratch.gate("batch.toml --update --reps 4");
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("the new baseline is of 4 runs instead of 8"),
        "{out}"
    );
    let (_, out, _) = scratch.gate("batch.toml --update --reps 8");
    assert!(!out.contains("instead of"), "more are no loss: {out}");
    // An anchor alone leaves the baseline what it was.
    let (code, out, _) = scratch.gate("batch.toml --set-anchor --reps 4");
    assert_eq!(code, 0, "{out}");
    assert!(!out.contains("instead of"), "{out}");
}

#[test]
fn what_moved_by_less_than_is_usually_shown_is_shown() {
    let scratch = gated("moved");
    let longer = BATCH.replace("\"4m\"", "\"240.05s\"");
    scratch.write("batch.toml", &longer);
    let (code, out, _) = scratch.gate("batch.toml --rebase");
    assert_eq!(code, 0, "{out}");
    let moved = out.lines().find(|line| line.contains("balance.cov.cpu"));
    let (before, after) = moved.unwrap().trim().split_once(" → ").expect(&out);
    assert_ne!(before, format!("balance.cov.cpu {after}"), "{out}");
}

#[test]
fn an_update_says_of_how_many_runs_its_verdicts_are_and_what_is_gated_too() {
    let scratch = gated("more");
    let (code, out, _) = scratch.gate("batch.toml --update --reps 16");
    assert_eq!(code, 0, "{out}");
    assert!(out.contains("1 metric identical in 8 runs"), "{out}");
    let more = "batch.toml --update --metric jobs.wait --tolerance jobs.wait=5s";
    let (code, out, _) = scratch.gate(more);
    assert_eq!(code, 0, "{out}");
    assert!(
        out.contains("batch: from now on gated too: jobs.wait\n"),
        "{out}"
    );
}

#[test]
fn no_output_takes_the_place_of_what_is_read_or_of_another() {
    let scratch = gated("spared");
    for (outputs, what) in [
        ("--output json=b.json", "the baseline"),
        ("--output text=batch.toml", "a scenario"),
        (
            "--output junit=a.xml --output html=./a.xml",
            "another output",
        ),
    ] {
        fs::write(scratch.0.join("a.xml"), "mine").unwrap();
        scratch.refuses(&format!("batch.toml {outputs}"), &[what]);
        assert_eq!(scratch.read("batch.toml"), BATCH);
        assert_eq!(scratch.read("a.xml"), "mine");
    }
}

#[test]
fn an_output_that_cannot_be_written_costs_neither_the_verdict_nor_the_others() {
    let scratch = gated("unwritten");
    scratch.write("file", "no folder");
    let outputs = "--output html=file/a.html --output junit=ok.xml";
    let (code, out, err) = scratch.gate(&format!("batch.toml {outputs}"));
    assert_eq!(code, 3, "{err}");
    assert!(out.contains("batch   ok"), "{out}");
    assert!(err.contains("file/a.html: cannot be written"), "{err}");
    assert!(scratch.read("ok.xml").contains("<testsuite"));
}
