//! Drills, resampled traces, and scenarios in which nothing is random.

use std::fs;

use expect_test::expect;

use crate::shared::{EXACT, PODS, SMALL, Scratch};

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
        a lost node    1,020 ± 520 requests · 14 s ± 7 s of full outage ·
                       8 m ± 5 m 20 s of jobs' run time in vain · lost something in 8 of 8 drills
          web          483 ± 31 requests · 16 s ± 1 s of full outage · lost something in 8 of 8 drills
          store        540 ± 530 requests · 13 s ± 12 s of full outage · lost something in 4 of 8 drills
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
        error: after the warm-up the trace lasts 26 m 41 s, less than 10 days: say how long the blocks are in which it is drawn anew, such as --resample=6h; longer than what belongs together, and many to the trace
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
