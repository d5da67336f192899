//! The kubelet's restarts.

use super::rig::{Rig, at};
use crate::cluster::pod::Exit;

#[test]
fn a_crashed_replica_gets_no_traffic_until_it_is_restarted() {
    let mut rig = Rig::new("restart", &[1]).service();
    rig.crash(100.0, 0, Exit::Crashed);
    rig.crash(101.0, 0, Exit::OutOfMemory);
    assert_eq!(
        rig.log(200.0),
        [
            "100 p0 restart 1 at 100",
            "100 p0 restarted",
            "100 p0 unrouted",
            "100 p0 routed",
            "101 p0 restart 2 at 111",
            "101 p0 unrouted",
            "111 p0 restarted",
            "111 p0 routed",
        ]
    );
}

#[test]
fn restarts_wait_0_10_20_40_80_160_and_then_always_300_seconds() {
    let mut rig = Rig::new("restart", &[1]).service();
    let mut crash = 1000;
    for delay in [0, 10, 20, 40, 80, 160, 300, 300, 300] {
        rig.crash(f64::from(crash), 0, Exit::Crashed);
        let restart = crash + delay;
        let lines = rig.log_of(f64::from(restart), &["restarted"]);
        assert_eq!(lines, [format!("{restart} p0 restarted")]);
        crash = restart + 1;
    }
}

#[test]
fn a_container_that_ran_for_ten_minutes_is_restarted_at_once_again() {
    let mut rig = Rig::new("restart", &[1]).service();
    rig.crash(100.0, 0, Exit::Crashed);
    rig.crash(110.0, 0, Exit::Crashed);
    // Restarted at 120; 599 s of health are not enough, 600 s from the next restart are.
    rig.crash(719.0, 0, Exit::Crashed);
    rig.crash(1339.0, 0, Exit::Crashed);
    rig.crash(1340.0, 0, Exit::Crashed);
    assert_eq!(
        rig.log_of(2000.0, &["restarted"]),
        [
            "100 p0 restarted",
            "120 p0 restarted",
            "739 p0 restarted",
            "1339 p0 restarted",
            "1350 p0 restarted"
        ]
    );
}

#[test]
fn a_job_that_is_never_restarted_fails() {
    let mut rig = Rig::new("restart", &[1]).job(false);
    rig.crash(100.0, 0, Exit::Crashed);
    assert_eq!(rig.log(200.0), ["100 p0 failed", "100 p0 gone"]);
}

#[test]
fn a_job_that_ends_is_not_restarted() {
    let mut rig = Rig::new("restart", &[1]).job(true);
    rig.crash(100.0, 0, Exit::Completed);
    assert_eq!(rig.log(200.0), ["100 p0 gone"]);
}

#[test]
fn a_node_that_is_back_restarts_its_containers_at_once_whatever_their_back_off() {
    let mut rig = Rig::new("restart", &[1]).service();
    for crash in [100.0, 101.0, 112.0] {
        rig.crash(crash, 0, Exit::Crashed);
    }
    rig.log(200.0);
    rig.lose(200.0, [0]);
    rig.back(230.0, [0]);
    assert_eq!(
        rig.log(1000.0),
        [
            "230 p0 restart 1 at 230",
            "230 p0 restarted",
            "230 p0 unrouted",
            "230 p0 routed"
        ]
    );
}

#[test]
fn a_restart_is_ordered_on_a_node_that_is_silent_and_found_lost_when_it_is_back() {
    let mut rig = Rig::new("restart", &[1]).service();
    rig.crash(100.0, 0, Exit::Crashed);
    rig.crash(101.0, 0, Exit::Crashed);
    rig.lose(105.0, [0]);
    rig.back(150.0, [0]);
    assert_eq!(
        rig.log_of(1000.0, &["restarted"]),
        ["100 p0 restarted", "111 p0 restarted", "150 p0 restarted"]
    );
}

#[test]
fn nothing_is_due_while_nothing_is_amiss_or_nodes_are_silent() {
    let mut rig = Rig::new("restart", &[2]).service();
    assert_eq!(rig.next_deadline(), None);
    rig.lose(100.0, [0]);
    assert_eq!(rig.next_deadline(), None);
    rig.crash(200.0, 1, Exit::Crashed);
    rig.crash(201.0, 1, Exit::Crashed);
    assert_eq!(rig.next_deadline(), Some(at(211.0)));
}
