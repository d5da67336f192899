//! The autoscaler. Each pod requests 100 thousandths of a core, and that is the target too unless it
//! says otherwise. Pods older than 300 s count as soon as they are ready.

use super::rig::{Rig, at};
use crate::cluster::catalog::Hpa;
use crate::cluster::pod::Exit;
use crate::policy::autoscaler::hpa::params::{BEHAVIOR, SCALE_UP_PODS, SYNC_PERIOD};
use crate::policy::params::Value;
use crate::time::Duration;

/// Changes of size.
const SIZES: &[&str] = &["web"];

const TARGET: Hpa = Hpa {
    min: 1,
    max: 100,
    cpu_percent: 100,
};

fn scaled(replicas: u32) -> Rig {
    Rig::scaled(replicas, TARGET, &[])
}

#[test]
fn a_service_follows_its_use_at_the_next_multiple_of_15_seconds() {
    // 4 · 200 ÷ 100 = 8.
    let mut rig = scaled(4);
    rig.uses(1001.0, 4, 800);
    assert_eq!(rig.log_of(1010.0, SIZES), ["1005 web 4 to 8: use"]);
    assert_eq!(rig.next_deadline(), Some(at(1020.0)));
    // 10 · 109 ÷ 100 = 10.9, but 1.09 is within the tolerance of 0.1.
    let mut rig = scaled(10);
    rig.uses(1001.0, 10, 1090);
    assert_eq!(rig.log_of(1010.0, SIZES), Vec::<String>::new());
}

#[test]
fn a_service_shrinks_when_no_recommendation_of_300_seconds_is_higher() {
    // 4 · 50 ÷ 100 = 2. The size it was found at, at 15 s, holds it until 315 s.
    let mut rig = scaled(4);
    rig.uses(16.0, 4, 200);
    assert_eq!(rig.log_of(600.0, SIZES), ["315 web 4 to 2: use"]);
    // A recommendation of 4 at 1005 s holds it once more until 1305 s.
    let mut rig = scaled(4);
    rig.uses(16.0, 4, 400);
    rig.uses(1006.0, 4, 200);
    assert_eq!(rig.log_of(1600.0, SIZES), ["1305 web 4 to 2: use"]);
}

#[test]
fn pods_that_are_not_ready_yet_count_as_idle_while_a_service_grows() {
    let mut rig = scaled(4);
    rig.until(at(1000.0));
    rig.unready();
    rig.uses(1001.0, 4, 600);
    // 4 · 150 ÷ 100 = 6, of which 2 have not been ready yet. Then 4 · 200 over 6 pods are 133 %, and
    // 6 · 1.33 = 7.98; over 8 pods they are 100 %.
    rig.uses(1006.0, 4, 800);
    assert_eq!(
        rig.log_of(1200.0, SIZES),
        ["1005 web 4 to 6: use", "1020 web 6 to 8: use"]
    );
}

#[test]
fn a_young_pod_counts_once_it_was_ready_for_a_whole_sample() {
    let mut rig = scaled(4);
    rig.until(at(1000.0));
    rig.uses(1001.0, 4, 800);
    assert_eq!(rig.log_of(1006.0, SIZES), ["1005 web 4 to 8: use"]);
    // The new four became ready at 1005: a sample of 1019 covers less than 15 s of them, so that
    // they count as idle: 4 · 200 over 8 pods are 100 %.
    rig.uses(1019.0, 8, 1600);
    assert_eq!(rig.log_of(1021.0, SIZES), Vec::<String>::new());
    // One of 1021 covers a second more than 15: 8 · 200 ÷ 100 = 16.
    rig.uses(1021.0, 8, 1600);
    assert_eq!(rig.log_of(1036.0, SIZES), ["1035 web 8 to 16: use"]);
}

#[test]
fn pods_missing_from_a_sample_count_as_using_their_request_while_a_service_shrinks() {
    // Two of four died unnoticed; the others use 60 each: (120 + 200) ÷ 400 are 80 %, and
    // 4 · 0.8 = 3.2, so it stays at 4.
    let mut rig = scaled(4);
    rig.uses(16.0, 2, 120);
    assert_eq!(rig.log_of(1000.0, SIZES), Vec::<String>::new());
    // With 40 each: 280 ÷ 400 are 70 %, and 4 · 0.7 = 2.8.
    let mut rig = scaled(4);
    rig.uses(16.0, 2, 80);
    assert_eq!(rig.log_of(600.0, SIZES), ["315 web 4 to 3: use"]);
}

#[test]
fn crashed_pods_are_missing() {
    // Two of four wait for their restart: the others use 120 each, over all four 60 %, which is the
    // other direction, so nothing changes. Were they left out, 2 · 1.2 = 2.4 would ask for 3.
    let mut rig = scaled(4);
    for crash in [1000.0, 1001.0] {
        rig.crash(crash, 0, Exit::Crashed);
        rig.crash(crash, 1, Exit::Crashed);
    }
    rig.uses(1002.0, 2, 240);
    assert_eq!(rig.log_of(1006.0, SIZES), Vec::<String>::new());
}

#[test]
fn without_any_sample_a_service_keeps_its_size() {
    let mut rig = scaled(4);
    assert_eq!(rig.log_of(1000.0, SIZES), Vec::<String>::new());
    rig.uses(1001.0, 0, 0);
    assert_eq!(rig.log_of(2000.0, SIZES), Vec::<String>::new());
}

#[test]
fn a_service_out_of_bounds_is_brought_back_without_any_sample() {
    let bounds = |min, max| Hpa { min, max, ..TARGET };
    let mut rig = Rig::scaled(2, bounds(3, 9), &[]);
    assert_eq!(rig.log_of(100.0, SIZES), ["15 web 2 to 3: OutOfBounds"]);
    let mut rig = Rig::scaled(12, bounds(3, 9), &[]);
    assert_eq!(rig.log_of(100.0, SIZES), ["15 web 12 to 9: OutOfBounds"]);
}

#[test]
fn growth_is_limited_to_4_pods_or_as_many_as_there_are_in_15_seconds() {
    // One pod at 5000 % asks for 50; the new ones count as idle, which leaves 50.
    let mut rig = scaled(1);
    rig.uses(1001.0, 1, 5000);
    assert_eq!(
        rig.log_of(1100.0, SIZES),
        [
            "1005 web 1 to 5: Growth",
            "1020 web 5 to 10: Growth",
            "1035 web 10 to 20: Growth",
            "1050 web 20 to 40: Growth",
            "1065 web 40 to 50: use",
        ]
    );
}

#[test]
fn the_most_replicas_allowed_are_the_most() {
    let target = Hpa { max: 6, ..TARGET };
    let mut rig = Rig::scaled(4, target, &[]);
    rig.uses(1001.0, 4, 800);
    assert_eq!(rig.log_of(1006.0, SIZES), ["1005 web 4 to 6: MostReplicas"]);
}

#[test]
fn what_is_set_counts() {
    let set = [(SCALE_UP_PODS.name, Value::Integer(0))];
    let mut rig = Rig::scaled(1, TARGET, &set);
    rig.uses(1001.0, 1, 5000);
    assert_eq!(rig.log_of(1006.0, SIZES), ["1005 web 1 to 2: Growth"]);
    let set = [(BEHAVIOR.name, Value::Choice("none".into()))];
    let mut rig = Rig::scaled(1, TARGET, &set);
    rig.uses(1001.0, 1, 5000);
    assert_eq!(rig.log_of(1006.0, SIZES), ["1005 web 1 to 4: Growth"]);
    let set = [(SYNC_PERIOD.name, Value::Duration(Duration::from_secs(60)))];
    let mut rig = Rig::scaled(4, TARGET, &set);
    rig.uses(1001.0, 4, 800);
    assert_eq!(rig.log_of(1100.0, SIZES), ["1020 web 4 to 8: use"]);
}

#[test]
fn forgetting_changes_nothing() {
    let story = |rig: Rig| {
        let mut rig = rig;
        rig.uses(16.0, 4, 900);
        rig.crash(100.0, 2, Exit::Crashed);
        rig.lose(400.0, [1]);
        rig.uses(420.0, 7, 300);
        rig.unready();
        rig.uses(800.0, 5, 2000);
        rig.becomes_ready(900.0, 9);
        rig.uses(950.0, 6, 2000);
        rig.log(3000.0)
    };
    let remembered = story(scaled(4));
    assert!(remembered.len() > 20);
    assert_eq!(remembered, story(scaled(4).forgetful()));
}
