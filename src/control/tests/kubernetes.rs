//! The node lifecycle controller. Leases are renewed every 10 s; passes are at multiples of 5 s; a
//! node is not ready 50 s after the pass that saw its last renewal.

use super::rig::{Rig, at};
use crate::cluster::pod::{Deletion, Exit};
use crate::control::fact::Fact;
use crate::ids::{NodeId, PodId};
use crate::policy::healer::lifecycle::EVICTION_RATE;
use crate::policy::params::Value;
use crate::time::Duration;

/// What is done about nodes and zones.
const NODES: &[&str] = &[" n", " z"];

fn kubernetes(zones: &[u32]) -> Rig {
    Rig::new("kubernetes", zones)
}

#[test]
fn a_node_is_not_ready_40_to_55_seconds_after_its_death() {
    // Renewed at the pass at 100, dead just before the renewal at 110: not ready at 100 + 50, 40 s
    // after its death.
    let mut rig = kubernetes(&[4]);
    rig.lose(100.0, [0]);
    assert_eq!(rig.log_of(200.0, &["not ready"]), ["150 n0 not ready"]);

    // Renewed just after the pass at 100 and dead at once: seen at 105, not ready at 155, 55 s less
    // a nanosecond after its death.
    let mut rig = kubernetes(&[4]);
    rig.lose(100.000_000_001, [0]);
    assert_eq!(rig.log_of(200.0, &["not ready"]), ["155 n0 not ready"]);
}

#[test]
fn a_node_heard_within_its_grace_period_stays_ready() {
    let mut rig = kubernetes(&[4]);
    rig.lose(100.0, [0]);
    rig.back(149.0, [0]);
    assert_eq!(rig.log(1000.0), Vec::<String>::new());
}

#[test]
fn a_lost_nodes_pods_lose_their_traffic_at_once_and_are_replaced_300_seconds_later() {
    let mut rig = kubernetes(&[4]).service();
    rig.lose(100.0, [1]);
    assert_eq!(
        rig.log(1000.0),
        [
            "150 n1 not ready",
            "150 n1 tainted",
            "150 p1 unrouted",
            "450 p1 evicted",
            "450 p4 created",
            "450 p4 bound to n0",
            "450 p4 routed",
        ]
    );
    // Its container cannot confirm its death: the pod stays until the node is back and lists none.
    assert_eq!(
        rig.cluster().pods()[PodId(1)].deletion,
        Some(Deletion::Unreachable)
    );
    assert!(!rig.cluster().pods()[PodId(1)].gone());
    rig.back(1001.0, [1]);
    assert_eq!(
        rig.log(2000.0),
        ["1001 p1 gone", "1005 n1 untainted", "1005 n1 ready"]
    );
}

#[test]
fn a_crashed_pod_deleted_on_a_lost_node_stays_until_the_node_lists_its_containers() {
    let mut rig = kubernetes(&[4]).service();
    // The seventh crash waits 300 s for its restart; the node is lost and drained before.
    for crash in [100.0, 101.0, 112.0, 133.0, 174.0, 255.0, 416.0] {
        rig.crash(crash, 1, Exit::Crashed);
    }
    rig.lose(410.0, [1]);
    assert_eq!(
        rig.log_of(499.0, &["n1 ", "p1 restart 7"]),
        [
            "416 p1 restart 7 at 716",
            "460 n1 not ready",
            "460 n1 tainted"
        ]
    );
    rig.tell(at(500.0), [Fact::NodeDrained(NodeId(1))]);
    rig.back(801.0, [1]);
    assert_eq!(
        rig.log_of(900.0, &["p1"]),
        ["500 p1 drained", "801 p1 gone"]
    );
}

#[test]
fn nodes_of_a_zone_are_tainted_10_seconds_apart() {
    let mut rig = kubernetes(&[10]);
    rig.lose(100.0, [4, 2, 7]);
    assert_eq!(
        rig.log_of(1000.0, &["tainted"]),
        ["150 n2 tainted", "160 n4 tainted", "170 n7 tainted"]
    );
}

#[test]
fn zones_do_not_wait_for_each_other() {
    let mut rig = kubernetes(&[10, 10]);
    rig.lose(100.0, [0, 1, 10, 11]);
    assert_eq!(
        rig.log_of(1000.0, &["tainted"]),
        [
            "150 n0 tainted",
            "150 n10 tainted",
            "160 n1 tainted",
            "160 n11 tainted"
        ]
    );
}

#[test]
fn the_node_that_is_not_ready_for_longer_is_tainted_first() {
    let mut rig = kubernetes(&[10]);
    rig.lose(100.0, [5, 9]);
    rig.lose(104.0, [1]);
    assert_eq!(
        rig.log_of(1000.0, &["tainted"]),
        ["150 n5 tainted", "160 n9 tainted", "170 n1 tainted"]
    );
}

#[test]
fn a_zone_that_rested_does_not_save_taints_up() {
    let mut rig = kubernetes(&[10]);
    rig.lose(1000.0, [0, 1]);
    rig.lose(1100.0, [2, 3]);
    assert_eq!(
        rig.log_of(2000.0, &["tainted"]),
        [
            "1050 n0 tainted",
            "1060 n1 tainted",
            "1150 n2 tainted",
            "1160 n3 tainted"
        ]
    );
}

#[test]
fn the_pods_of_the_kth_node_are_evicted_10_seconds_after_those_of_the_one_before() {
    let mut rig = kubernetes(&[10]).service();
    rig.lose(100.0, [0, 1, 2]);
    assert_eq!(
        rig.log_of(1000.0, &["evicted"]),
        ["450 p0 evicted", "460 p1 evicted", "470 p2 evicted"]
    );
}

#[test]
fn a_small_zone_with_55_percent_and_more_than_2_nodes_lost_evicts_nothing() {
    // 11 of 20 are exactly 55 %.
    let mut rig = kubernetes(&[20]);
    rig.lose(100.0, 0..11);
    let lines = rig.log_of(5000.0, &["tainted", " z"]);
    assert_eq!(lines, ["150 z0 Halted"]);
    // 10 of 20 are 50 %.
    let mut rig = kubernetes(&[20]);
    rig.lose(100.0, 0..10);
    assert_eq!(rig.log_of(5000.0, &["tainted", " z"]).len(), 10);
    // 2 of 3 are 67 %, but only 2.
    let mut rig = kubernetes(&[3]);
    rig.lose(100.0, 0..2);
    let lines = rig.log_of(5000.0, &["tainted", " z"]);
    assert_eq!(lines, ["150 n0 tainted", "160 n1 tainted"]);
}

#[test]
fn a_halted_zone_goes_on_10_seconds_after_enough_nodes_are_back() {
    let mut rig = kubernetes(&[5]);
    rig.lose(100.0, [0, 1, 2]);
    rig.back(201.0, [1]);
    assert_eq!(
        rig.log_of(1000.0, NODES),
        [
            "150 n0 not ready",
            "150 n1 not ready",
            "150 n2 not ready",
            "150 z0 Halted",
            "205 n1 ready",
            "205 z0 None",
            "215 n0 tainted",
            "225 n2 tainted",
        ]
    );
}

#[test]
fn a_taint_already_made_stays_when_a_zone_is_halted() {
    let mut rig = kubernetes(&[5]).service();
    rig.lose(100.0, [0]);
    rig.lose(110.0, [1, 2]);
    assert_eq!(
        rig.log_of(1000.0, &["tainted", " z", "evicted"]),
        ["150 n0 tainted", "160 z0 Halted", "450 p0 evicted"]
    );
}

#[test]
fn a_large_zone_with_too_many_nodes_lost_is_slowed_to_one_taint_in_100_seconds() {
    // 29 of 51 are 57 %, and 51 are more than 50. No taint was waited for: the first comes at once.
    let mut rig = kubernetes(&[51]);
    rig.lose(100.0, 0..29);
    assert_eq!(
        rig.log_of(351.0, &["tainted", " z"]),
        [
            "150 z0 Slowed",
            "150 n0 tainted",
            "250 n1 tainted",
            "350 n2 tainted"
        ]
    );
    // 28 of 50 are 56 %, but 50 are not more than 50.
    let mut rig = kubernetes(&[50]);
    rig.lose(100.0, 0..28);
    assert_eq!(rig.log_of(1000.0, &["tainted", " z"]), ["150 z0 Halted"]);
}

#[test]
fn a_change_of_rate_makes_a_zone_that_waits_wait_anew() {
    // The taint at 150 made the zone wait until 160; slowed at 155, it waits until 255. With n0 back
    // at 200, 28 of 51 are 54.9 %: normal again, and the next taint comes 10 s later.
    let mut rig = kubernetes(&[51]);
    rig.lose(100.0, [0]);
    rig.lose(104.0, 1..29);
    rig.back(199.0, [0]);
    assert_eq!(
        rig.log_of(221.0, &["tainted", " z"]),
        [
            "150 n0 tainted",
            "155 z0 Slowed",
            "200 n0 untainted",
            "200 z0 None",
            "210 n1 tainted",
            "220 n2 tainted",
        ]
    );
}

#[test]
fn a_lost_zone_evicts_at_the_normal_rate_while_another_lives() {
    let mut rig = kubernetes(&[3, 1]);
    rig.lose(100.0, 0..3);
    assert_eq!(
        rig.log_of(1000.0, &["tainted", " z"]),
        [
            "150 z0 Full",
            "150 n0 tainted",
            "160 n1 tainted",
            "170 n2 tainted"
        ]
    );
}

#[test]
fn a_halted_zone_that_is_lost_altogether_goes_on_10_seconds_later() {
    let mut rig = kubernetes(&[4, 1]);
    rig.lose(100.0, 0..3);
    rig.lose(110.0, [3]);
    assert_eq!(
        rig.log_of(181.0, &["tainted", " z"]),
        [
            "150 z0 Halted",
            "160 z0 Full",
            "170 n0 tainted",
            "180 n1 tainted"
        ]
    );
}

#[test]
fn when_every_zone_is_lost_taints_are_taken_back_and_nothing_is_evicted() {
    let mut rig = kubernetes(&[2, 1]).service();
    rig.lose(100.0, 0..2);
    rig.lose(200.0, [2]);
    assert_eq!(
        rig.log_of(5000.0, &["tainted", " z", "evicted"]),
        [
            "150 z0 Full",
            "150 n0 tainted",
            "160 n1 tainted",
            "250 n0 untainted",
            "250 n1 untainted",
            "250 z0 Blackout",
            "250 z1 Blackout",
        ]
    );
}

#[test]
fn a_blackout_ends_when_a_node_is_back_and_the_others_wait_10_seconds_and_300_more() {
    let mut rig = kubernetes(&[2, 1]).service();
    rig.lose(100.0, 0..3);
    rig.back(302.0, [0]);
    assert_eq!(
        rig.log_of(5000.0, &["n0", "n1", "n2", " z", "evicted"]),
        [
            "150 n0 not ready",
            "150 n1 not ready",
            "150 n2 not ready",
            "150 z0 Blackout",
            "150 z1 Blackout",
            "305 n0 ready",
            "305 z0 None",
            "305 z1 Full",
            "315 n1 tainted",
            "315 n2 tainted",
            "615 p1 evicted",
            "615 p2 evicted",
            "615 p3 bound to n0",
            "615 p4 bound to n0",
        ]
    );
}

#[test]
fn a_node_that_is_back_before_its_pods_are_evicted_keeps_them() {
    let mut rig = kubernetes(&[4]).service();
    rig.lose(100.0, [1]);
    rig.back(446.0, [1]);
    assert_eq!(
        rig.log_of(1000.0, &["n1", "p1"]),
        [
            "150 n1 not ready",
            "150 n1 tainted",
            "150 p1 unrouted",
            "446 p1 restart 1 at 446",
            "446 p1 restarted",
            "450 n1 untainted",
            "450 n1 ready",
            "450 p1 routed",
        ]
    );
}

#[test]
fn a_node_that_fails_again_gets_a_whole_grace_period_and_toleration_again() {
    let mut rig = kubernetes(&[4]).service();
    rig.lose(100.0, [1]);
    rig.back(202.0, [1]);
    rig.lose(212.0, [1]);
    assert_eq!(
        rig.log_of(1000.0, &["n1 ", "evicted"]),
        [
            "150 n1 not ready",
            "150 n1 tainted",
            "205 n1 untainted",
            "205 n1 ready",
            "265 n1 not ready",
            "265 n1 tainted",
            "565 p1 evicted",
        ]
    );
}

#[test]
fn a_lost_node_that_is_removed_is_neither_tainted_nor_waited_for() {
    let mut rig = kubernetes(&[10]).service();
    rig.lose(100.0, [0, 1, 2]);
    rig.tell(at(155.0), [Fact::NodeRemoved(NodeId(1))]);
    assert_eq!(
        rig.log_of(1000.0, &["tainted", "removed", "evicted"]),
        [
            "150 n0 tainted",
            "155 p1 removed",
            "160 n2 tainted",
            "450 p0 evicted",
            "460 p2 evicted",
        ]
    );
}

#[test]
fn removing_the_last_ready_node_of_a_zone_is_judged_at_the_next_pass() {
    let mut rig = kubernetes(&[4, 1]);
    rig.lose(100.0, 0..3);
    rig.tell(at(201.0), [Fact::NodeRemoved(NodeId(3))]);
    assert_eq!(
        rig.log_of(216.0, &["tainted", " z"]),
        ["150 z0 Halted", "205 z0 Full", "215 n0 tainted"]
    );
}

#[test]
fn a_zone_without_nodes_is_forgotten_at_the_next_pass() {
    // One taint in 1000 s.
    let rate = [(EVICTION_RATE.name, Value::Number(0.001))];
    let mut rig = Rig::with("kubernetes", &[1, 1], &rate);
    rig.lose(100.0, [0]);
    rig.tell(at(152.0), [Fact::NodeRemoved(NodeId(0))]);
    assert_eq!(
        rig.log_of(200.0, &["tainted", " z"]),
        ["150 z0 Full", "150 n0 tainted", "155 z0 None"]
    );
    // Its limiter was forgotten too: the node is there again, lost again, and tainted at once.
    rig.tell(at(200.0), [Fact::NodeAdded(NodeId(0))]);
    rig.lose(210.0, [0]);
    assert_eq!(
        rig.log_of(1000.0, NODES),
        ["260 n0 not ready", "260 z0 Full", "260 n0 tainted"]
    );
}

#[test]
fn losing_a_zone_by_removal_while_another_is_down_does_not_stop_evictions() {
    // Upstream remembers zone 0 as lost, and forgets zone 1 with its last node: no zone was or is
    // ready, so nothing changes.
    let mut rig = kubernetes(&[2, 1]);
    rig.lose(100.0, 0..2);
    rig.tell(at(151.0), [Fact::NodeRemoved(NodeId(2))]);
    assert_eq!(
        rig.log_of(1000.0, &["tainted", " z"]),
        ["150 z0 Full", "150 n0 tainted", "160 n1 tainted"]
    );
}

#[test]
fn a_node_added_to_a_halted_zone_can_make_it_go_on() {
    // 11 of 20 are 55 %, 11 of 21 are 52 %.
    let mut rig = kubernetes(&[21]);
    rig.tell(at(10.0), [Fact::NodeRemoved(NodeId(20))]);
    rig.lose(100.0, 0..11);
    rig.tell(at(301.0), [Fact::NodeAdded(NodeId(20))]);
    assert_eq!(
        rig.log_of(326.0, &["tainted", " z"]),
        [
            "150 z0 Halted",
            "305 z0 None",
            "315 n0 tainted",
            "325 n1 tainted"
        ]
    );
}

#[test]
fn a_node_added_to_a_lost_zone_ends_the_blackout() {
    let mut rig = kubernetes(&[2, 2]);
    rig.tell(at(10.0), [Fact::NodeRemoved(NodeId(1))]);
    rig.lose(100.0, [0, 2, 3]);
    rig.tell(at(301.0), [Fact::NodeAdded(NodeId(1))]);
    assert_eq!(
        rig.log_of(326.0, &["tainted", " z"]),
        [
            "150 z0 Blackout",
            "150 z1 Blackout",
            "305 z0 None",
            "305 z1 Full",
            "315 n0 tainted",
            "315 n2 tainted",
            "325 n3 tainted",
        ]
    );
}

#[test]
fn a_node_added_to_a_new_zone_in_a_blackout_leaves_the_lost_zones_stopped() {
    // Upstream leaves a blackout only when every zone it knows was lost; a zone it has not seen
    // before is not, so the limiters of the others stay where they are until their state changes.
    let mut rig = kubernetes(&[2, 1]);
    rig.tell(at(10.0), [Fact::NodeRemoved(NodeId(2))]);
    rig.lose(100.0, 0..2);
    rig.tell(at(301.0), [Fact::NodeAdded(NodeId(2))]);
    rig.back(500.0, [0]);
    assert_eq!(
        rig.log_of(1000.0, &["tainted", " z"]),
        ["150 z0 Blackout", "500 z0 None", "510 n1 tainted"]
    );
}

#[test]
fn a_drained_node_counts_as_ready_and_its_pods_are_not_evicted_twice() {
    let mut rig = kubernetes(&[3]).service();
    rig.tell(at(50.0), [Fact::NodeDrained(NodeId(2))]);
    rig.lose(100.0, [0, 1]);
    rig.tell(at(200.0), [Fact::NodeDrained(NodeId(0))]);
    let lines = rig.log_of(1000.0, &["tainted", " z", "evicted", "drained"]);
    // p3 replaced p2 on node 0; p0 and p3 leave it by the drain, p1 leaves node 1 by its taint.
    assert_eq!(
        lines,
        [
            "50 p2 drained",
            "150 n0 tainted",
            "160 n1 tainted",
            "200 p0 drained",
            "200 p3 drained",
            "460 p1 evicted",
        ]
    );
}

#[test]
fn a_late_control_plane_does_what_was_due_and_counts_from_then() {
    let mut rig = kubernetes(&[4, 1]).late(Duration::from_millis(3)).service();
    rig.lose(100.0, 0..3);
    rig.back(201.0, [0, 1]);
    assert_eq!(
        rig.log_of(1000.0, &["n0 ", "n2 ", " z", "p2 evicted"]),
        [
            "150.003 n0 not ready",
            "150.003 n2 not ready",
            "150.003 z0 Halted",
            "205.003 n0 ready",
            "205.003 z0 None",
            "215.006 n2 tainted",
            "515.009 p2 evicted",
        ]
    );
}

#[test]
fn nothing_is_due_once_everything_has_been_done() {
    let mut rig = kubernetes(&[4]).service();
    assert_eq!(rig.next_deadline(), None);
    rig.lose(100.0, [1]);
    assert_eq!(rig.next_deadline(), Some(at(150.0)));
    rig.until(at(150.0));
    assert_eq!(rig.next_deadline(), Some(at(450.0)));
    rig.until(at(450.0));
    assert_eq!(rig.next_deadline(), None);
}

#[test]
fn forgetting_changes_nothing() {
    let story = |rig: Rig| {
        let mut rig = rig.service();
        rig.lose(100.0, 0..4);
        rig.lose(130.0, [5, 6]);
        rig.tell(at(150.0), [Fact::NodeRemoved(NodeId(2))]);
        rig.back(190.0, [0, 5]);
        rig.crash(300.0, 4, Exit::Crashed);
        rig.log(1000.0)
    };
    let remembered = story(kubernetes(&[4, 2, 3]));
    assert_eq!(remembered, story(kubernetes(&[4, 2, 3]).forgetful()));
}
