//! What the summary of a run says where there is little to say.

use std::fs;

use crate::shared::Scratch;

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

/// Stdout and stderr of a run of this scenario.
fn said(scratch: &Scratch, file: &str, text: &str) -> (String, String) {
    scratch.write(file, text);
    let (code, stdout, stderr) = scratch.said(&format!("run {file}"));
    assert_eq!(code, Some(0), "{stderr}");
    (stdout, stderr)
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
