//! Failures, their detection, and what healers do.

use super::world::{World, catalog, check, cluster, node, node_in, secs, service, shape};
use crate::cluster::change::Change;
use crate::cluster::pod::{Deletion, Exit, Outcome};
use crate::control::fact::Fact;
use crate::ids::{NodeId, PodId};
use crate::metrics::dictionary::METRICS;
use crate::policy::Plan;
use crate::policy::healer::{NodeAction, PodAction};
use crate::record::{Cause, Flow, Record, Truth};

fn world() -> World {
    let nodes = vec![node("x"), node("y")];
    World::new(catalog(
        nodes,
        vec![shape(1000, 1)],
        vec![service("s", 1, 0)],
    ))
}

fn replica(world: &mut World, node: u32) -> PodId {
    let pod = world.replica(0.0, 0);
    world.place(0.0, pod, node);
    pod
}

fn heal_node(node: u32, action: NodeAction) -> Plan {
    Plan::HealNode {
        node: NodeId(node),
        action,
    }
}

#[test]
fn failures_in_the_window_are_counted_and_detected() {
    let mut world = world();
    let pod = replica(&mut world, 1);
    world.fail_node(5.0, NodeId(0), Cause::Node);
    world.truth(8.0, Truth::NodeUp(NodeId(0)));
    world.fail_node(20.0, NodeId(0), Cause::Trace);
    world.believe(65.0, Change::NodeNotReady(NodeId(0)));
    world.die(70.0, pod, Exit::Crashed);
    world.notice(73.0, pod, Exit::Crashed);
    let measured = world.measure(10.0, 100.0);
    // The failure at 5 s came before the window. Detected after 45 and 3 s.
    check(
        &measured,
        &[("failures.node", 1.0), ("failures.container", 1.0)],
    );
    check(
        &measured,
        &[("detection.p50", 3.0), ("detection.p99", 45.0)],
    );
}

#[test]
fn a_node_that_lists_its_containers_anew_tells_of_its_absence() {
    let mut world = world();
    world.fail_node(20.0, NodeId(0), Cause::Node);
    world.truth(50.0, Truth::NodeUp(NodeId(0)));
    world.record(51.0, Record::Heard(Fact::RelistBegun(NodeId(0))));
    let measured = world.measure(0.0, 100.0);
    check(&measured, &[("detection.p50", 31.0), ("heals.missed", 0.0)]);
}

#[test]
fn what_is_never_detected_takes_for_ever() {
    let mut world = world();
    world.fail_node(20.0, NodeId(0), Cause::Node);
    let measured = world.measure(0.0, 100.0);
    check(
        &measured,
        &[("detection.p50", f64::INFINITY), ("heals.missed", 1.0)],
    );
}

#[test]
fn a_node_that_is_taken_away_has_not_failed() {
    let mut world = world();
    world.fail_node(20.0, NodeId(0), Cause::Trace);
    world.truth(20.0, Truth::NodeReleased(NodeId(0)));
    world.believe(20.0, Change::NodeRemoved(NodeId(0)));
    let measured = world.measure(0.0, 100.0);
    check(&measured, &[("failures.node", 0.0), ("heals.missed", 0.0)]);
    assert_eq!(cluster(&measured, "detection.p50"), None);
}

#[test]
fn a_failed_node_that_is_taken_away_later_has_failed() {
    let mut world = world();
    world.fail_node(20.0, NodeId(0), Cause::Node);
    world.truth(30.0, Truth::NodeReleased(NodeId(0)));
    check(&world.measure(0.0, 100.0), &[("failures.node", 1.0)]);
}

#[test]
fn restarts_are_counted_with_the_time_they_are_put_off() {
    let mut world = world();
    let pod = replica(&mut world, 0);
    for (at, until) in [(10.0, 10.0), (20.0, 30.0), (40.0, 60.0)] {
        world.die(at, pod, Exit::Crashed);
        world.notice(at, pod, Exit::Crashed);
        world.believe(
            at,
            Change::RestartPlanned {
                pod,
                at: secs(until),
                step: 1,
            },
        );
        world.order(until, pod);
        world.run(until, pod);
    }
    world.die(80.0, pod, Exit::Crashed);
    world.notice(80.0, pod, Exit::Crashed);
    world.believe(
        80.0,
        Change::RestartPlanned {
            pod,
            at: secs(160.0),
            step: 4,
        },
    );
    // In [25, 100): ordered at 30 and 60; put off for 5, 20, and 20 s until the end.
    check(
        &world.measure(25.0, 100.0),
        &[("restarts", 2.0), ("backoff_time", 45.0)],
    );
    world.delete(90.0, pod, Deletion::ScaledDown);
    world.gone(90.0, pod, Outcome::Deleted);
    check(&world.measure(25.0, 100.0), &[("backoff_time", 35.0)]);
}

#[test]
fn acting_on_the_healthy_is_needless() {
    let mut world = world();
    let (alive, dead) = (replica(&mut world, 0), replica(&mut world, 1));
    let evict = |pod| Plan::HealPod {
        pod,
        action: PodAction::Evict(Deletion::Unreachable),
    };
    world.plan(10.0, heal_node(0, NodeAction::NotReady));
    world.plan(20.0, evict(alive));
    world.fail_node(30.0, NodeId(1), Cause::Node);
    world.plan(40.0, heal_node(1, NodeAction::NotReady));
    world.plan(50.0, evict(dead));
    world.plan(60.0, heal_node(0, NodeAction::Ready));
    check(
        &world.measure(0.0, 100.0),
        &[("heals.needless", 2.0), ("heals.missed", 0.0)],
    );
}

#[test]
fn a_failure_that_nobody_could_have_healed_yet_is_not_missed() {
    let mut world = world();
    world.healing = crate::time::Duration::from_secs(60);
    world.fail_node(90.0, NodeId(0), Cause::Node);
    check(&world.measure(0.0, 100.0), &[("heals.missed", 0.0)]);
    check(&world.measure(0.0, 149.0), &[("heals.missed", 0.0)]);
    check(&world.measure(0.0, 150.0), &[("heals.missed", 1.0)]);
}

#[test]
fn failures_that_nobody_acts_on_are_missed() {
    let mut world = world();
    let pods: Vec<_> = (0..3).map(|_| replica(&mut world, 0)).collect();
    for &pod in &pods {
        world.die(10.0, pod, Exit::Crashed);
        world.notice(10.0, pod, Exit::Crashed);
    }
    let action = PodAction::RestartAt {
        at: secs(20.0),
        step: 1,
    };
    world.plan(
        10.0,
        Plan::HealPod {
            pod: pods[0],
            action,
        },
    );
    world.gone(30.0, pods[1], Outcome::Failed);
    // The first is to be restarted, the second is over, nothing is done about the third.
    check(
        &world.measure(0.0, 100.0),
        &[("heals.missed", 1.0), ("heals.needless", 0.0)],
    );
}

#[test]
fn every_metric_of_the_dictionary_is_measured() {
    let mut nodes = vec![super::world::gpu_node("x", 2), node_in("y", 1)];
    nodes
        .iter_mut()
        .for_each(|node| node.price_per_hour = Some(1.0));
    let mut spec = service("s", 1, 1);
    spec.slo = Some(crate::cluster::catalog::Slo {
        availability: 0.99,
        window: crate::time::Duration::from_secs(3600),
    });
    spec.hpa = Some(crate::cluster::catalog::Hpa {
        min: 1,
        max: 2,
        cpu_percent: 50,
    });
    let shapes = vec![super::world::gpu_shape(500, 1, 500)];
    let mut world = World::new(catalog(nodes, shapes, vec![spec]));
    world.sync = Some(crate::time::Duration::from_secs(15));
    let job = world.job(0.0, 0, 10.0);
    world.place(0.0, job, 0);
    let pod = replica(&mut world, 0);
    world.truth(
        0.0,
        Truth::NodeUse {
            node: NodeId(0),
            cpu: 1.0,
            memory: Some(1e9),
        },
    );
    let flow = Flow {
        offered: 10.0,
        served: 10.0,
        capacity: 20.0,
        per_replica: 20.0,
        ..Flow::default()
    };
    world.traffic(0.0, 0, flow);
    world.finish(10.0, job);
    world.die(20.0, pod, Exit::Crashed);
    world.notice(21.0, pod, Exit::Crashed);
    world.order(25.0, pod);
    world.run(25.0, pod);
    let measured = world.measure(0.0, 100.0);
    // Nines exist only over replications.
    for metric in METRICS
        .iter()
        .filter(|metric| metric.name != "availability.nines")
    {
        let found = measured.values.iter().any(|value| value.metric == metric);
        assert!(
            found,
            "{} is in the dictionary and not measured",
            metric.name
        );
    }
    let places = measured
        .values
        .iter()
        .map(|value| METRICS.iter().position(|m| m == value.metric));
    assert!(
        places.is_sorted(),
        "values come in the order of the dictionary"
    );
}
