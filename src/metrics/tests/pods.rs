//! Waiting, jobs, and the account of every job.

use super::world::{World, catalog, check, cluster, near, node, part, service, shape};
use crate::cluster::change::Change;
use crate::cluster::pod::{Deletion, Exit, Outcome, Owner};
use crate::cluster::queue::RejectedBy;
use crate::ids::{JobId, NodeId, PodId, ServiceId};
use crate::metrics::fold::Options;
use crate::metrics::measured::{Fates, Measured, PodRow};
use crate::policy::Plan;
use crate::policy::scheduler::{Chosen, Nomination, Placement, Refused};
use crate::record::{Cause, Truth};
use crate::time::Time;

fn world(nodes: &[&str]) -> World {
    let nodes = nodes.iter().map(|name| node(name)).collect();
    World::new(catalog(
        nodes,
        vec![shape(1000, 1)],
        vec![service("s", 1, 0)],
    ))
}

#[test]
fn a_pod_that_is_never_bound_waits_for_ever() {
    let mut world = world(&["x"]);
    let pods: Vec<_> = (0..4).map(|_| world.job(10.0, 0, 1e6)).collect();
    world.bind(10.0, pods[0], 0);
    world.bind(14.0, pods[1], 0);
    world.bind(19.0, pods[2], 0);
    let measured = world.measure(0.0, 100.0);
    // Waits 0, 4, 9, ∞: ranks ⌈4 · 0.5⌉ = 2, ⌈4 · 0.95⌉ = 4.
    check(
        &measured,
        &[
            ("pending.p50", 4.0),
            ("pending.p95", f64::INFINITY),
            ("pending.p99", f64::INFINITY),
            ("pending.max", f64::INFINITY),
            ("pending.never", 1.0),
        ],
    );
}

#[test]
fn waits_count_for_pods_created_in_the_window() {
    let mut world = world(&["x"]);
    let early = world.job(9.0, 0, 1e6);
    let pod = world.job(10.0, 0, 1e6);
    world.bind(30.0, early, 0);
    world.bind(35.0, pod, 0);
    let measured = world.measure(10.0, 100.0);
    check(
        &measured,
        &[
            ("pending.p50", 25.0),
            ("pending.max", 25.0),
            ("pending.never", 0.0),
        ],
    );
    // Their wait until now is a level over time all the same: 2 pods until 30 s, 1 until 35 s.
    let series = measured
        .series
        .iter()
        .find(|s| s.metric == "pods.pending")
        .unwrap();
    let sum: f64 = series.values.iter().flatten().sum();
    near(
        Some(sum / 500.0),
        Some((2.0 * 20.0 + 5.0) / 90.0),
        "pods.pending",
    );
}

#[test]
fn waits_are_told_by_size_with_the_number_of_pods_of_each_group() {
    let mut world = World::new(catalog(
        vec![node("x")],
        vec![shape(100, 1), shape(200, 1), shape(300, 1), shape(2000, 1)],
        vec![],
    ));
    let pods: Vec<_> = (0..4).map(|shape| world.job(0.0, shape, 1e6)).collect();
    for (pod, wait) in pods.into_iter().zip([1.0, 2.0, 3.0, 40.0]) {
        world.bind(wait, pod, 0);
    }
    let measured = world.measure(0.0, 100.0);
    // 1 GiB of 8 is the dominant share of the first three, which are one size. Cuts at 0, 3 and 4 of 4
    // pods: nearest to the first quartile is 0, to the others 3.
    for (metric, wait) in [("p50", 2.0), ("p95", 3.0), ("p99", 3.0)] {
        let metric = format!("pending.by_size.{metric}");
        near(part(&measured, &metric, "2"), Some(wait), "small");
        near(part(&measured, &metric, "4 (largest)"), Some(40.0), "large");
        assert_eq!(part(&measured, &metric, "3"), None);
    }
    for (group, pods) in [
        ("1 (smallest)", None),
        ("2", Some(3.0)),
        ("4 (largest)", Some(1.0)),
    ] {
        let found = part(&measured, "pending.by_size.pods", group);
        near(found, pods, group);
    }
}

#[test]
fn a_pod_is_ready_when_it_is_first_believed_ready() {
    let mut world = world(&["x"]);
    let pods: Vec<_> = (0..3).map(|_| world.replica(0.0, 0)).collect();
    world.bind(0.0, pods[0], 0);
    world.bind(0.0, pods[1], 0);
    world.run(3.0, pods[0]);
    world.run(8.0, pods[1]);
    world.believe(20.0, Change::PodUnready(pods[0]));
    world.believe(30.0, Change::PodReady(pods[0]));
    let measured = world.measure(0.0, 100.0);
    // 3, 8, ∞.
    check(
        &measured,
        &[
            ("time_to_ready.p50", 8.0),
            ("time_to_ready.p95", f64::INFINITY),
            ("time_to_ready.p99", f64::INFINITY),
        ],
    );
}

#[test]
fn attempts_are_counted_with_those_in_vain_and_those_that_preempt() {
    let mut world = world(&["x"]);
    let pod = world.job(0.0, 0, 1.0);
    let wait = Placement::Wait {
        why: Refused::NoNodeFits { nodes: 1 },
        by: RejectedBy::default(),
        nomination: Nomination::Kept,
        remember: None,
    };
    let bind = Placement::Bind {
        node: NodeId(0),
        gpus: Default::default(),
        why: Chosen::First,
        remember: None,
    };
    let preempt = Placement::Preempt {
        node: NodeId(0),
        victims: [PodId(7), PodId(8)].into(),
        cleared: [].into(),
        why: Refused::NoNodeFits { nodes: 1 },
        by: RejectedBy::default(),
        remember: None,
    };
    let placements = [wait.clone(), wait, preempt, bind];
    for (at, placement) in [1.0, 11.0, 12.0, 13.0].into_iter().zip(placements) {
        world.plan(at, Plan::Place { pod, placement });
    }
    let expected = [
        ("scheduling.attempts", 3.0),
        ("scheduling.unschedulable", 2.0),
        ("preemptions", 1.0),
    ];
    check(&world.measure(10.0, 100.0), &expected);
}

#[test]
fn evictions_are_counted_by_cause_and_per_pod_hour() {
    let mut world = world(&["x", "y"]);
    let all = [
        Deletion::Drained,
        Deletion::Drained,
        Deletion::Unreachable,
        Deletion::NodeRemoved,
        Deletion::Preempted,
        Deletion::ScaledDown,
    ];
    let pods = all.map(|_| world.replica(0.0, 0));
    for pod in pods {
        world.place(0.0, pod, pod.0 % 2);
    }
    for (pod, deletion) in pods.into_iter().zip(all) {
        world.delete(1800.0, pod, deletion);
        world.gone(1800.0, pod, Outcome::Deleted);
    }
    let measured = world.measure(0.0, 3600.0);
    // 6 pods for half an hour are 3 pod-hours; a replica that is not wanted is no eviction.
    check(&measured, &[("evictions", 5.0), ("churn", 5.0 / 3.0)]);
    let causes = [
        ("drained", 2.0),
        ("unreachable", 1.0),
        ("node removed", 1.0),
        ("preempted", 1.0),
    ];
    for (cause, count) in causes {
        near(part(&measured, "evictions", cause), Some(count), cause);
    }
}

#[test]
fn kills_for_want_of_memory_are_counted_by_whose() {
    let mut world = world(&["x"]);
    let exits = [
        Exit::OutOfMemory,
        Exit::OutOfMemory,
        Exit::NodeOutOfMemory,
        Exit::Crashed,
    ];
    let pods = exits.map(|_| world.replica(0.0, 0));
    for pod in pods {
        world.place(0.0, pod, 0);
    }
    for (pod, exit) in pods.into_iter().zip(exits) {
        world.die(5.0, pod, exit);
        world.notice(5.0, pod, exit);
    }
    let measured = world.measure(0.0, 10.0);
    check(
        &measured,
        &[("oom_kills", 3.0), ("failures.container", 4.0)],
    );
    near(
        part(&measured, "oom_kills", "container limit"),
        Some(2.0),
        "limit",
    );
    near(
        part(&measured, "oom_kills", "node memory"),
        Some(1.0),
        "node",
    );
}

#[test]
fn jobs_wait_slow_down_and_finish() {
    let mut world = world(&["x"]);
    let first = world.job(10.0, 0, 20.0);
    world.place(10.0, first, 0);
    let second = world.job(20.0, 0, 4.0);
    world.finish(30.0, first);
    world.place(40.0, second, 0);
    world.finish(44.0, second);
    let measured = world.measure(0.0, 100.0);
    // Waits 0 and 20; slowdowns 20/20 = 1 and (20 + 4)/10 = 2.4; from 10 to 44.
    check(
        &measured,
        &[
            ("jobs.wait", 10.0),
            ("jobs.bounded_slowdown", 1.7),
            ("jobs.makespan", 34.0),
            ("jobs.goodput", 1.0),
        ],
    );
}

#[test]
fn there_is_no_makespan_until_all_jobs_are_done() {
    let mut world = world(&["x"]);
    let first = world.job(10.0, 0, 500.0);
    let second = world.job(10.0, 0, 5.0);
    world.place(10.0, first, 0);
    world.place(10.0, second, 0);
    world.finish(15.0, second);
    assert_eq!(cluster(&world.measure(0.0, 100.0), "jobs.makespan"), None);
}

#[test]
fn a_job_that_does_not_run_waits_at_least_until_the_end() {
    let mut world = world(&["x"]);
    world.job(10.0, 0, 30.0);
    let measured = world.measure(0.0, 100.0);
    // 90 s so far; as if it began at 100: (90 + 30)/30.
    check(
        &measured,
        &[("jobs.wait", 90.0), ("jobs.bounded_slowdown", 4.0)],
    );
    assert_eq!(
        cluster(&measured, "jobs.makespan"),
        None,
        "it did not finish"
    );
    assert_eq!(cluster(&measured, "jobs.goodput"), None, "nothing ran");
}

#[test]
fn work_that_is_lost_is_not_useful() {
    let mut world = world(&["x", "y"]);
    let lost = world.job(0.0, 0, 100.0);
    world.place(0.0, lost, 0);
    world.fail_node(30.0, NodeId(0), Cause::Node);
    world.delete(60.0, lost, Deletion::Unreachable);
    world.gone(60.0, lost, Outcome::Lost);
    let again = world.pod(60.0, Owner::Job(JobId(0)), 0);
    world.place(60.0, again, 1);
    let forever = world.job(60.0, 0, 1e6);
    world.place(60.0, forever, 1);
    world.finish(160.0, again);
    let measured = world.measure(10.0, 200.0);
    // In the window: 20 s lost, 100 s done, 140 s still under way.
    check(&measured, &[("jobs.goodput", 240.0 / 260.0)]);
    // The first arrived before the window; the second runs at once, for 1e6 s.
    check(
        &measured,
        &[("jobs.wait", 0.0), ("jobs.bounded_slowdown", 1.0)],
    );
    let from_start = world.measure(0.0, 200.0);
    // The first one's last run began 60 s after its arrival: (60 + 100)/100.
    check(&from_start, &[("jobs.bounded_slowdown", (1.6 + 1.0) / 2.0)]);
}

/// One job of each fate; the truth and belief agree.
fn one_of_each() -> World {
    let mut world = world(&["x", "y"]);
    let pods: Vec<_> = (0..5).map(|_| world.job(0.0, 0, 4.0)).collect();
    world.place(0.0, pods[0], 0);
    world.place(0.0, pods[3], 1);
    world.bind(2.0, pods[2], 0);
    world.place(3.0, pods[1], 0);
    world.finish(4.0, pods[0]);
    world.fail_node(5.0, NodeId(1), Cause::Node);
    world.truth(6.0, Truth::NodeUp(NodeId(1)));
    world.notice(6.0, pods[3], Exit::NodeLost);
    world
}

#[test]
fn every_job_is_accounted_for_twice() {
    let mut world = one_of_each();
    world.durations.push(crate::time::Duration::from_secs(1));
    let accounting = world.measure(0.0, 20.0).accounting;
    let each = Fates {
        finished: 1,
        running: 1,
        starting: 1,
        lost: 1,
        never_placed: 1,
    };
    assert_eq!((accounting.truth, accounting.belief), (each, each));
    assert_eq!(
        (
            accounting.total,
            accounting.not_arrived,
            accounting.arrived()
        ),
        (6, 1, 5)
    );
    assert_eq!(accounting.truth.total(), 5);
}

#[test]
fn a_lost_job_that_runs_again_runs() {
    let mut world = one_of_each();
    world.gone(7.0, crate::ids::PodId(3), Outcome::Lost);
    let again = world.pod(7.0, Owner::Job(JobId(3)), 0);
    let lost = Fates {
        finished: 1,
        running: 1,
        starting: 1,
        lost: 1,
        never_placed: 1,
    };
    let accounting = world.measure(0.0, 20.0).accounting;
    assert_eq!(
        (accounting.truth, accounting.belief),
        (lost, lost),
        "it waits to be placed again"
    );
    world.place(10.0, again, 0);
    let runs = Fates {
        running: 2,
        lost: 0,
        ..lost
    };
    let accounting = world.measure(0.0, 20.0).accounting;
    assert_eq!((accounting.truth, accounting.belief), (runs, runs));
}

#[test]
fn truth_and_belief_are_counted_apart() {
    let mut world = world(&["x"]);
    let pod = world.job(0.0, 0, 100.0);
    world.place(0.0, pod, 0);
    world.fail_node(5.0, NodeId(0), Cause::Node);
    let accounting = world.measure(0.0, 20.0).accounting;
    assert_eq!((accounting.truth.lost, accounting.belief.running), (1, 1));
}

fn rows(measured: &Measured) -> Vec<PodRow> {
    measured.pods.iter().collect()
}

#[test]
fn pods_are_told_one_by_one_on_request() {
    let mut world = world(&["x"]);
    let pod = world.replica(1.0, 0);
    world.bind(2.0, pod, 0);
    world.run(3.0, pod);
    world.die(4.0, pod, Exit::Crashed);
    world.notice(4.0, pod, Exit::Crashed);
    world.order(5.0, pod);
    world.run(6.0, pod);
    world.delete(7.0, pod, Deletion::ScaledDown);
    world.die(8.0, pod, Exit::Stopped);
    world.gone(9.0, pod, Outcome::Deleted);
    let expected = PodRow {
        pod,
        owner: Owner::Service(ServiceId(0)),
        index: 0,
        created: Time::from_secs(1),
        bound: Some(Time::from_secs(2)),
        node: Some(NodeId(0)),
        ready: Some(Time::from_secs(3)),
        ended: Some(Time::from_secs(9)),
        outcome: Some(Outcome::Deleted),
        deletion: Some(Deletion::ScaledDown),
        restarts: 1,
    };
    assert_eq!(rows(&world.measure(0.0, 20.0)), [expected]);
    let bare = world.measure_with(0.0, 20.0, Options::default());
    assert!(bare.pods.is_empty() && bare.series.is_empty() && bare.cells.is_empty());
    assert_eq!(bare.values, world.measure(0.0, 20.0).values);
}
