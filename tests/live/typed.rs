//! Faults that are typed: each does what it says, and all is well again afterwards.

use std::fs;

use plimsoll::live::sandbox::process_of;

use crate::Test;
use crate::rig::{Rig, rest, running, service, shop, until};

pub(crate) const TESTS: &[Test] = &[
    (
        "containers_that_are_paused_or_cut_off_serve_again_afterwards",
        containers_that_are_paused_or_cut_off_serve_again_afterwards,
    ),
    (
        "engines_that_hang_are_killed_or_stopped_do_as_they_are_done_to",
        engines_that_hang_are_killed_or_stopped_do_as_they_are_done_to,
    ),
    (
        "an_engine_that_is_stopped_for_a_moment_is_started_again",
        an_engine_that_is_stopped_for_a_moment_is_started_again,
    ),
];

/// The cells of a table of the results, less its head.
fn table(rig: &Rig, name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(rig.dir.join("out").join(name)).expect(name);
    let cells = |row: &str| row.split(',').map(str::to_owned).collect();
    text.lines().skip(1).map(cells).collect()
}

/// The values of a time series from one time to another, in seconds.
fn series(rig: &Rig, entity: &str, metric: &str, from: f64, until: f64) -> Vec<f64> {
    let number = |text: &str| text.parse::<f64>().expect("a number");
    let rows = table(rig, "timeseries.csv").into_iter();
    let rows = rows.filter(|row| row[2] == entity && row[3] == metric);
    let rows = rows.filter(|row| (from..until).contains(&number(&row[1])));
    let values: Vec<f64> = rows.map(|row| number(&row[5])).collect();
    assert!(!values.is_empty(), "{entity} {metric}");
    values
}

/// Requests of a service that were answered per second, on average.
fn served(rig: &Rig, service: &str, from: f64, until: f64) -> f64 {
    let entity = format!("service:{service}");
    let values = series(rig, &entity, "requests.served", from, until);
    values.iter().sum::<f64>() / values.len() as f64
}

fn containers_that_are_paused_or_cut_off_serve_again_afterwards() {
    let rig = Rig::cold("pause", &[]);
    let load = "load = { constant = 20 }";
    let services = service("web", 2, load) + &service("api", 2, load) + &service("calm", 1, load);
    let faults = "--fault 8s:pause:web:4s --fault 8s:cut:api:4s";
    let mut run = rig.begin(&shop(18, "", &services), &format!("--sandbox 2 {faults}"));
    assert_eq!(run.code(), Some(0));
    let requests = table(&rig, "requests.csv");
    let timed_out = |n: usize| requests[n][6].parse::<u32>().expect("a number");
    // 20 a second go to them for a second and more, until three probes in a row have failed.
    assert!(timed_out(0) > 10 && timed_out(1) > 10, "{requests:?}");
    assert!(timed_out(2) < 5, "{requests:?}");
    for (service, during) in [
        ("web", -1e-6..0.1),
        ("api", -1e-6..0.1),
        ("calm", 8.0..40.0),
    ] {
        let rate = served(&rig, service, 10.3, 11.7);
        assert!(during.contains(&rate), "{service} {rate}");
        let rate = served(&rig, service, 16.0, 18.0);
        assert!((8.0..40.0).contains(&rate), "{service} {rate}");
        let entity = format!("service:{service}");
        let all = series(&rig, &entity, "requests.served", 0.0, 18.0);
        assert!(all.iter().all(|&rate| rate > -1e-6), "{service} {all:?}");
        // Those of the last second too.
        let row = requests.iter().find(|row| row[0] == service);
        let answered = row.map(|row| row[2].parse::<f64>().expect("a number"));
        let told = served(&rig, service, 0.0, 18.1) * 18.0;
        let missing = answered.map(|answered| (answered - told).abs());
        assert!(
            missing.is_some_and(|missing| missing < 3.0),
            "{service} {told} {requests:?}"
        );
    }
    // Nobody died of it.
    let pods = table(&rig, "pods.csv");
    let is_first = |pod: &Vec<String>| pod[8].is_empty() && pod[11] == "0";
    assert!(pods.len() == 5 && pods.iter().all(is_first), "{pods:?}");
    rig.has_left_nothing();
}

fn engines_that_hang_are_killed_or_stopped_do_as_they_are_done_to() {
    let rig = Rig::cold("engines", &[]);
    let web = shop(18, "", &service("web", 6, "load = { constant = 20 }"));
    let faults = "--fault 8s:hang:node-0:3s --fault 8s:kill:node-1:3s --fault 8s:stop:node-2:3s";
    let line = format!("--sandbox 3 --set nodes.node.count=3 {faults}");
    let mut run = rig.begin(&web, &line);
    let machines = run.machines(&["node-0", "node-1", "node-2"], "web", 6);
    let ids: Vec<Vec<String>> = machines.iter().map(|one| running(one, "web")).collect();
    let lives = |ids: &Vec<String>| ids.iter().filter(|id| process_of(id).is_some()).count();
    let alive = || ids.iter().map(lives).collect::<Vec<usize>>();
    assert_eq!(alive(), [2, 2, 2]);
    until("the end of the stopped engine's", || alive()[2] == 0);
    rest(1.0);
    // The containers of the others go on, whatever their engines do.
    assert_eq!(alive(), [2, 2, 0]);
    assert_eq!(run.code(), Some(0));
    // One that hangs is not down in truth: its containers serve.
    let up = series(&rig, "cluster", "nodes.up", 9.0, 10.5);
    assert!(up.iter().all(|&up| up == 1.0), "{up:?}");
    let up = series(&rig, "cluster", "nodes.up", 15.0, 18.0);
    assert!(up.iter().all(|&up| up == 3.0), "{up:?}");
    let pods = table(&rig, "pods.csv");
    assert_eq!(pods.len(), 6, "{pods:?}");
    for pod in &pods {
        let restarted = pod[11] != "0";
        // What a killed engine left running ends when it is started again.
        assert_eq!(restarted, pod[6] != "node-0", "{pods:?}");
        assert_eq!(pod[8], "", "{pods:?}");
    }
    let ready = series(&rig, "service:web", "replicas.ready", 17.5, 18.0);
    assert!(ready.iter().all(|&ready| ready == 6.0), "{ready:?}");
    rig.has_left_nothing();
}

fn an_engine_that_is_stopped_for_a_moment_is_started_again() {
    let rig = Rig::cold("moment", &[]);
    // Containers may be asked for while it is away: then they are asked for again after a while.
    let top = "\n[policy.healer.kubernetes]\nrestart_backoff = \"1s\"\n";
    let web = shop(18, top, &service("web", 2, "load = { constant = 20 }"));
    // It takes longer to end.
    let line = "--sandbox 1 --set nodes.node.count=1 --fault 6s:stop:node-0:50ms";
    let notable = "--fault 1ms:pause:web:1s --fault 17.9s:hang:node-0:1h";
    let mut run = rig.begin(&web, &format!("{line} {notable}"));
    assert_eq!(run.code(), Some(0));
    let told = fs::read_to_string(rig.dir.join("out/summary.json")).expect("a summary");
    let faults = told.matches("the fault ").count();
    let is_noted = |note| told.contains(note);
    assert!(
        faults == 2
            && is_noted("pause of web at 0.001 s struck nothing")
            && is_noted("hang of node-0 at 17.9 s was cut short"),
        "{told}"
    );
    let pods = table(&rig, "pods.csv");
    let is_back = |pod: &Vec<String>| pod[8].is_empty() && pod[11] != "0";
    assert!(pods.len() == 2 && pods.iter().all(is_back), "{pods:?}");
    let ready = series(&rig, "service:web", "replicas.ready", 17.0, 18.0);
    assert!(ready.iter().all(|&ready| ready == 2.0), "{ready:?}");
    rig.has_left_nothing();
}
