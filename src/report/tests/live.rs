//! What is said of live runs.

use super::*;
use crate::report::beside;

/// A case of one run on real engines of a scenario that simulated is exact.
fn lived() -> Case {
    let mut case = lossy_services(&[("cart", [0.0, 0.0, 30.0]), ("search", [0.0, 10.0, 10.0])]);
    let still = SCENARIO.replace("rate = \"36/h\"", "every = \"100s\"");
    let unread = |path: &Path| panic!("{} is not named", path.display());
    let loaded = scenario::parse(Path::new("pair.toml"), &still, &unread).unwrap();
    case.scenario = loaded.scenario;
    assert!(case.scenario.is_exact());
    case.scenario.lived = Some("plimsoll live pair.toml --sandbox 2".to_owned());
    case
}

#[test]
fn a_live_run_says_nothing_on_the_terminal_that_is_true_only_of_simulated_ones() {
    let effort = Effort {
        wall_seconds: 1004.0,
        cpu_seconds: None,
        peak_memory_bytes: None,
        events: 3702,
        threads: 1,
    };
    let written = Written {
        dir: Path::new("out"),
        files: &[],
    };
    check(
        &text::summary(&lived().results(), &effort, written, PLAIN),
        &expect![[r#"
            pair · 16 m 40 s on real engines · 2 nodes · 1 service, 2 replicas · 12 jobs ·
            scheduler least-allocated, autoscaler fixed, healer none
            one live run in 16 m 44 s

            availability   share of time with enough replicas
              cart         97.0 % · lost at slow, stuck or full replicas
              search       98.0 % · lost: 1.0 % at slow, stuck or full replicas, 1.0 % at dead replicas
            jobs           12 in all · 7 finished · 1 running · 0 starting · 0 lost · 1 never placed ·
                           3 left out: duration unknown
              as believed  6 finished · 2 running · 0 starting · 0 lost · 1 never placed

            note: no pod was created while measuring: there are no waiting times, and no plot of them
            note: one live run has no intervals; `plimsoll fidelity` makes several

            out/   
        "#]],
    );
}

#[test]
fn the_folder_of_a_live_run_says_so_and_how_it_is_run_again() {
    let stored = lived().stored();
    assert!(stored.lived && !Case::new().stored().lived);
    assert_eq!(stored.command, "plimsoll live pair.toml --sandbox 2");
    let page = html::of(&stored);
    assert!(page.contains("<h2>To run it again</h2>"), "{page}");
    assert!(!page.contains("byte for byte"), "{page}");
    let mut case = Case::new();
    case.scenario.lived = Some("plimsoll live pair.toml".to_owned());
    let charts = plots::charts(&case.stored());
    let labels: Vec<&str> = charts.iter().map(|chart| chart.x_label.as_str()).collect();
    assert!(labels.contains(&"time, minutes"), "{labels:?}");
    let said: Vec<&&str> = labels.iter().filter(|one| one.contains("simul")).collect();
    assert!(said.is_empty(), "{said:?}");
    let beside = beside::page(&[case.stored(), Case::new().stored()]);
    assert!(beside.contains("<h2>To run them again</h2>"), "{beside}");
    assert!(beside.contains("No two live runs are alike."), "{beside}");
    let names = beside::names(&[case.stored(), Case::new().stored()]);
    assert_eq!(names, ["live", "simulated"]);
}
