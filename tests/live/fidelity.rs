//! `plimsoll calibrate` and `plimsoll fidelity` on real engines.

use std::fs;

use serde_json::Value;

use crate::Test;
use crate::rig::{Rig, plimsoll, said, service, shop, text, workload};
use crate::subset::holds;

pub(crate) const TESTS: &[Test] = &[
    (
        "what_is_calibrated_can_be_laid_over_a_scenario",
        what_is_calibrated_can_be_laid_over_a_scenario,
    ),
    (
        "a_simulation_is_held_to_live_runs_which_are_kept",
        a_simulation_is_held_to_live_runs_which_are_kept,
    ),
];

/// One whose containers all die once.
fn dying() -> String {
    let top = "warm_up = \"4s\"\n\n[policy.healer.kubernetes]\nrestart_backoff = \"1s\"\n";
    let web = service(
        "web",
        3,
        "work = { cpu = \"1ms\" }\nload = { constant = 20 }",
    );
    let failure = "\n[[failures]]\ncontainers = \"web\"\nat = \"7s\"\n";
    shop(14, top, &(web + failure))
}

fn what_is_calibrated_can_be_laid_over_a_scenario() {
    let rig = Rig::cold("calibrate", &[]);
    fs::write(rig.dir.join("shop.toml"), dying()).expect("a scenario");
    let line = format!(
        "calibrate --sandbox 2 --at-once 1,3 --samples 4 --boots 1 --cluster {} --state state --workload {}",
        rig.cluster(),
        workload().display()
    );
    let told = said(&plimsoll(&rig.dir, &line));
    assert!(told.contains("2 private engines on one machine"), "{told}");
    rig.has_left_nothing();
    let delays = fs::read_to_string(rig.dir.join("delays.toml")).expect("delays");
    for wanted in ["starting = 1\n", "starting = 3\n", "boot = {", "status = {"] {
        assert!(delays.contains(wanted), "{wanted}: {delays}");
    }
    said(&plimsoll(
        &rig.dir,
        "run shop.toml --set warm_up=0s --out plain",
    ));
    let changed = plimsoll(
        &rig.dir,
        "run shop.toml --set warm_up=0s --with delays.toml --out measured",
    );
    said(&changed);
    let ready = |dir: &str| {
        let metrics = fs::read_to_string(rig.dir.join(dir).join("metrics.csv")).expect("metrics");
        let mut lines = metrics.lines();
        let row = lines.find(|line| line.contains(",time_to_ready.p50,"));
        let value = row.expect("a row").rsplit(',').next().expect("a value");
        value.parse::<f64>().expect("a number")
    };
    // Containers that take their time to be created are ready later.
    assert!(ready("measured") > ready("plain") + 0.02);
}

fn a_simulation_is_held_to_live_runs_which_are_kept() {
    let rig = Rig::cold("fidelity", &[]);
    fs::write(rig.dir.join("shop.toml"), dying()).expect("a scenario");
    fs::write(
        rig.dir.join("delays.toml"),
        "[delays]\ncreate = \"300ms\"\n",
    )
    .expect("delays");
    let line = format!(
        "fidelity shop.toml --sandbox 2 --live 2 --control 1 --simulated 4 --delays delays.toml \
         --cluster {} --state state --out out --workload {}",
        rig.cluster(),
        workload().display()
    );
    let output = plimsoll(&rig.dir, &line);
    let told = text(&output.stdout) + &text(&output.stderr);
    // Of two runs not everything is decided, and a busy machine answers late.
    let falls_short = ["UNDECIDED", "DIFFERS"]
        .iter()
        .any(|&word| told.contains(word));
    assert_eq!(output.status.code(), Some(i32::from(falls_short)), "{told}");
    assert!(told.contains("1 of 1 live runs decided the same"), "{told}");
    assert!(told.contains("(4 decisions)"), "{told}");
    rig.has_left_nothing();
    let json = fs::read_to_string(rig.dir.join("out/fidelity.json")).expect("the comparison");
    assert!(json.contains("\"detect.container\""), "{json}");
    let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    let schema = value(&said(&plimsoll(&rig.dir, "schema --of fidelity")));
    holds(&schema, &schema, &value(&json), "").expect("the JSON is what its schema says");
    let rows = fs::read_to_string(rig.dir.join("out/runs.csv")).expect("the runs");
    let offered = |kind: &str| -> Vec<f64> {
        let lines = rows
            .lines()
            .filter(|line| line.starts_with(&format!("{kind},")));
        let lines = lines.filter(|line| line.contains(",requests.offered,"));
        let value = |line: &str| line.rsplit(',').next()?.parse().ok();
        lines.filter_map(value).collect()
    };
    // 20 a second for 10 s, standard deviation 14; exactly in the simulation.
    assert_eq!(offered("simulated"), [200.0; 4]);
    let live = offered("live");
    assert!(
        live.len() == 2 && live.iter().all(|one| (130.0..270.0).contains(one)),
        "{live:?}"
    );

    // What is there is not made again, and what is missing is.
    let kept = |name: &str| fs::read_to_string(rig.dir.join("out/runs").join(name)).expect(name);
    let (first, second) = (kept("live-001.json"), kept("live-002.json"));
    fs::remove_file(rig.dir.join("out/runs/live-002.json")).expect("it was there");
    let again = plimsoll(&rig.dir, &line);
    let code = again.status.code();
    assert!(matches!(code, Some(0 | 1)), "{}", text(&again.stderr));
    assert_eq!(kept("live-001.json"), first);
    assert_ne!(kept("live-002.json"), second);
    let other = plimsoll(&rig.dir, &format!("{line} --set services.web.replicas=4"));
    let told = text(&other.stderr);
    assert_eq!(other.status.code(), Some(2), "{told}");
    assert!(told.contains("a run of another scenario"), "{told}");
}
