//! Availability, outages, scaling.

use std::sync::Arc;

use super::world::{
    World, catalog, check, cluster, near, node, node_in, of_service, part, secs, service, shape,
};
use crate::cluster::catalog::{Hpa, Slo};
use crate::cluster::change::Change;
use crate::cluster::pod::{Deletion, Exit, Outcome};
use crate::ids::{NodeId, PodId, ServiceId, ZoneId};
use crate::metrics::measured::{Amount, Entity, Incident};
use crate::policy::Plan;
use crate::policy::autoscaler::{Scaling, WhyScaled};
use crate::record::{Cause, Flow, Truth};
use crate::time::Duration;

/// A service that needs `min_available` replicas; they run on nodes x, y, z in zones a, a, b.
fn world(replicas: u32, min_available: u32) -> World {
    let nodes = vec![node_in("x", 0), node_in("y", 0), node_in("z", 1)];
    let services = vec![service("s", replicas, min_available)];
    World::new(catalog(nodes, vec![shape(1000, 1)], services))
}

fn replicas(world: &mut World, at: f64, nodes: &[u32]) -> Vec<PodId> {
    let mut place = |&node| {
        let pod = world.replica(at, 0);
        world.place(at, pod, node);
        pod
    };
    nodes.iter().map(&mut place).collect()
}

/// 100 requests per second, of which some are lost at dead endpoints.
fn stale(lost: f64) -> Flow {
    Flow {
        offered: 100.0,
        served: 100.0 - lost,
        stale_endpoint: lost,
        capacity: 200.0 - lost,
        per_replica: 50.0,
        ..Flow::default()
    }
}

#[test]
fn requests_are_lost_by_cause() {
    let mut world = world(1, 0);
    world.traffic(
        0.0,
        0,
        Flow {
            offered: 100.0,
            no_endpoint: 100.0,
            ..Flow::default()
        },
    );
    world.traffic(
        10.0,
        0,
        Flow {
            offered: 100.0,
            served: 60.0,
            stale_endpoint: 30.0,
            over_capacity: 10.0,
            ..Flow::default()
        },
    );
    world.traffic(
        20.0,
        0,
        Flow {
            offered: 100.0,
            served: 100.0,
            ..Flow::default()
        },
    );
    let measured = world.measure(5.0, 105.0);
    // In [5, 105): 500 without endpoint, 300 stale, 100 over capacity, of 10,000.
    check(
        &measured,
        &[("availability.requests", 0.91), ("requests.lost", 0.09)],
    );
    near(of_service(&measured, "requests.lost", "s"), Some(0.09), "s");
    for (cause, lost) in [
        ("no endpoint", 0.05),
        ("stale endpoint", 0.03),
        ("over capacity", 0.01),
    ] {
        near(part(&measured, "requests.lost", cause), Some(lost), cause);
    }
}

#[test]
fn requests_are_lost_by_cause_of_each_service() {
    let services = ["s", "t", "u"].map(|name| service(name, 1, 0));
    let mut world = World::new(catalog(
        vec![node("x")],
        vec![shape(1000, 1)],
        services.into(),
    ));
    let flow = |offered, [no_endpoint, stale_endpoint, over_capacity]: [f64; 3]| Flow {
        offered,
        no_endpoint,
        stale_endpoint,
        over_capacity,
        ..Flow::default()
    };
    world.traffic(0.0, 0, flow(100.0, [0.0, 30.0, 10.0]));
    world.traffic(0.0, 1, flow(300.0, [60.0, 0.0, 0.0]));
    world.traffic(0.0, 2, flow(0.0, [0.0; 3]));
    let measured = world.measure(0.0, 10.0);
    let lost = |service: &str| {
        ["no endpoint", "stale endpoint", "over capacity"].map(|part| {
            let (service, part) = (service.to_owned(), part.to_owned());
            let amount = measured.get("requests.lost", &Entity::ServicePart { service, part });
            amount.map(Amount::value)
        })
    };
    assert_eq!(lost("s"), [Some(0.0), Some(0.3), Some(0.1)]);
    assert_eq!(lost("t"), [Some(0.2), Some(0.0), Some(0.0)]);
    assert_eq!(lost("u"), [None; 3]);
    // Of all 400: 60, 30 and 10.
    check(&measured, &[("requests.lost", 0.25)]);
    let part = |cause| part(&measured, "requests.lost", cause);
    near(part("no endpoint"), Some(0.15), "no endpoint");
    near(part("stale endpoint"), Some(0.075), "stale endpoint");
}

#[test]
fn rounding_of_shares_is_no_loss() {
    let mut world = world(1, 0);
    let flow = Flow {
        offered: 100.0,
        served: 100.0,
        over_capacity: 1e-13,
        ..Flow::default()
    };
    world.traffic(0.0, 0, flow);
    assert_eq!(
        cluster(&world.measure(0.0, 10.0), "requests.lost"),
        Some(0.0)
    );
}

#[test]
fn services_are_weighted_by_their_requests() {
    let services = vec![service("s", 1, 1), service("t", 1, 1)];
    let mut world = World::new(catalog(vec![node("x")], vec![shape(1000, 1)], services));
    let pod = world.replica(0.0, 0);
    world.place(0.0, pod, 0);
    let calm = |rate, capacity| Flow {
        offered: rate,
        served: rate,
        capacity,
        ..Flow::default()
    };
    world.traffic(0.0, 0, calm(300.0, 300.0));
    world.traffic(0.0, 1, calm(100.0, 50.0));
    let measured = world.measure(0.0, 10.0);
    // s has its replica and its capacity all the time, t never: 3 of 4 requests are of s.
    check(
        &measured,
        &[("availability.time", 0.75), ("availability.capacity", 0.75)],
    );
    near(
        of_service(&measured, "availability.time", "t"),
        Some(0.0),
        "t",
    );
    near(
        of_service(&measured, "availability.capacity", "s"),
        Some(1.0),
        "s",
    );
}

#[test]
fn services_that_nobody_asks_weigh_the_same() {
    let services = vec![service("s", 1, 1), service("t", 1, 1)];
    let mut world = World::new(catalog(vec![node("x")], vec![shape(1000, 1)], services));
    let pod = world.replica(0.0, 0);
    world.place(0.0, pod, 0);
    let measured = world.measure(0.0, 10.0);
    check(&measured, &[("availability.time", 0.5)]);
    assert_eq!(cluster(&measured, "availability.requests"), None);
    assert_eq!(cluster(&measured, "availability.capacity"), None);
}

#[test]
fn an_objective_is_met_or_burns_its_budget() {
    let slo = |availability| Slo {
        availability,
        window: Duration::from_secs(1000),
    };
    let mut services = vec![service("s", 1, 0), service("t", 1, 0)];
    services[0].slo = Some(slo(0.9));
    services[1].slo = Some(slo(0.999));
    let mut world = World::new(catalog(vec![node("x")], vec![shape(1000, 1)], services));
    world.traffic(0.0, 0, stale(5.0));
    world.traffic(0.0, 1, stale(1.0));
    let measured = world.measure(0.0, 100.0);
    near(
        of_service(&measured, "slo.met", "s"),
        Some(1.0),
        "5 % of 10 % allowed",
    );
    near(
        of_service(&measured, "slo.met", "t"),
        Some(0.0),
        "1 % of 0.1 % allowed",
    );
    check(&measured, &[("slo.met", 0.0)]);
    // A tenth of the objective's window: 0.05 · 0.1 ÷ 0.1 and 0.01 · 0.1 ÷ 0.001.
    near(
        of_service(&measured, "slo.budget_burned", "s"),
        Some(0.05),
        "s",
    );
    near(
        of_service(&measured, "slo.budget_burned", "t"),
        Some(1.0),
        "t",
    );
    check(&measured, &[("slo.budget_burned", (0.05 + 1.0) / 2.0)]);
}

/// Two replicas, both needed; x with one of them fails at 100 s, is marked not ready at 147.5 s, and
/// a new replica is ready at 460 s.
fn node_failure(world: &mut World) -> Vec<PodId> {
    let pods = replicas(world, 0.0, &[0, 2]);
    world.traffic(0.0, 0, stale(0.0));
    world.fail_node(100.0, NodeId(0), Cause::Node);
    world.traffic(100.0, 0, stale(50.0));
    world.believe(147.5, Change::NodeNotReady(NodeId(0)));
    world.traffic(147.5, 0, stale(0.0));
    world.delete(447.5, pods[0], Deletion::Unreachable);
    world.gone(447.5, pods[0], Outcome::Deleted);
    let pod = world.replica(447.5, 0);
    world.place(460.0, pod, 1);
    pods
}

#[test]
fn an_outage_lasts_from_the_failure_until_enough_replicas_are_ready_again() {
    let mut world = world(2, 2);
    node_failure(&mut world);
    let measured = world.measure(50.0, 1050.0);
    check(
        &measured,
        &[
            ("outages", 1.0),
            ("outages.unseen", 0.0),
            ("outage.time_to_detect", 47.5),
            ("outage.time_to_recover", 360.0),
            ("outage.time_between", 640.0),
            ("availability.time", 0.64),
            // 50 of 100 requests per second for 47.5 s of 1,000 s.
            ("availability.requests", 1.0 - 0.5 * 0.0475),
            ("detection.p50", 47.5),
        ],
    );
    let expected = Incident {
        service: ServiceId(0),
        start: secs(100.0),
        detected: Some(secs(147.5)),
        recovered: Some(secs(460.0)),
        causes: vec!["node x".to_owned()],
        censored: false,
        lost: 50.0 * 47.5,
    };
    assert_eq!(measured.incidents, [expected]);
}

#[test]
fn outages_that_reach_out_of_the_window_are_censored() {
    let mut world = world(2, 2);
    node_failure(&mut world);
    // The window opens in the middle: nothing begins, 640 − 100 … of the time is up.
    let late = world.measure(200.0, 1000.0);
    check(
        &late,
        &[
            ("outages", 0.0),
            ("outages.censored", 1.0),
            ("availability.time", 540.0 / 800.0),
        ],
    );
    assert_eq!(cluster(&late, "outage.time_to_recover"), None);
    assert!(late.incidents[0].censored && late.incidents.len() == 1);
    // It closes in the middle: an outage begins, its end is not known.
    let mut cut = World::empty((*world.catalog).clone());
    cut.records = world
        .records
        .iter()
        .filter(|(at, _)| *at < secs(400.0))
        .cloned()
        .collect();
    let early = cut.measure(0.0, 400.0);
    check(
        &early,
        &[
            ("outages", 1.0),
            ("outages.censored", 1.0),
            ("outage.time_to_detect", 47.5),
        ],
    );
    assert_eq!(cluster(&early, "outage.time_to_recover"), None);
    assert_eq!(
        (
            early.incidents.last().unwrap().recovered,
            early.incidents.last().unwrap().censored
        ),
        (None, true)
    );
    // It opens after the end: nothing to tell.
    assert_eq!(world.measure(500.0, 1000.0).incidents, []);
}

#[test]
fn lost_requests_of_an_outage_count_within_it_and_within_the_window() {
    let mut world = world(2, 2);
    let pods = replicas(&mut world, 0.0, &[0, 2]);
    // 20 per second are lost before the outage from 100 s to 150 s, 50 during it.
    world.traffic(0.0, 0, stale(20.0));
    world.fail_node(100.0, NodeId(0), Cause::Node);
    world.traffic(100.0, 0, stale(50.0));
    world.truth(150.0, Truth::NodeUp(NodeId(0)));
    world.order(150.0, pods[0]);
    world.run(150.0, pods[0]);
    for (opens, lost) in [(0.0, 50.0 * 50.0), (120.0, 50.0 * 30.0)] {
        let measured = world.measure(opens, 1000.0);
        let incident = measured.incidents.last().unwrap();
        near(Some(incident.lost), Some(lost), "lost");
        assert_eq!(incident.start, secs(100.0));
    }
}

#[test]
fn an_outage_that_is_over_before_anybody_knows_is_unseen() {
    let mut world = world(1, 1);
    let pods = replicas(&mut world, 0.0, &[0]);
    world.die(100.0, pods[0], Exit::Crashed);
    let second = world.replica(110.0, 0);
    world.place(110.0, second, 1);
    world.notice(120.0, pods[0], Exit::Crashed);
    let measured = world.measure(50.0, 1000.0);
    check(
        &measured,
        &[
            ("outages", 1.0),
            ("outages.unseen", 1.0),
            ("outage.time_to_recover", 10.0),
        ],
    );
    assert_eq!(cluster(&measured, "outage.time_to_detect"), None);
    let incident = &measured.incidents[0];
    assert_eq!(
        (incident.causes.as_slice(), incident.detected),
        (&["container".to_owned()][..], Some(secs(120.0)))
    );
}

#[test]
fn overlapping_failures_are_one_outage_with_all_causes() {
    let mut world = world(3, 2);
    let pods = replicas(&mut world, 0.0, &[0, 1, 2]);
    // The first failure leaves enough; the second makes the outage; the third prolongs it.
    world.die(100.0, pods[2], Exit::Crashed);
    world.notice(101.0, pods[2], Exit::Crashed);
    world.fail_node(200.0, NodeId(0), Cause::Zone(ZoneId(0)));
    world.fail_node(200.0, NodeId(1), Cause::Zone(ZoneId(0)));
    world.order(300.0, pods[2]);
    world.run(300.0, pods[2]);
    let again = world.replica(310.0, 0);
    world.place(310.0, again, 2);
    let measured = world.measure(50.0, 1000.0);
    check(
        &measured,
        &[("outages", 1.0), ("outage.time_to_recover", 110.0)],
    );
    let incident = &measured.incidents[0];
    assert_eq!(incident.causes, ["container", "zone a"]);
    // That the container was missing was known before the outage began.
    assert_eq!(
        (incident.start, incident.detected),
        (secs(200.0), Some(secs(200.0)))
    );
    check(
        &measured,
        &[("outage.time_to_detect", 0.0), ("failures.node", 2.0)],
    );
}

#[test]
fn what_was_repaired_before_is_no_cause() {
    let mut world = world(2, 2);
    let pods = replicas(&mut world, 0.0, &[0, 2]);
    world.die(100.0, pods[0], Exit::Crashed);
    world.notice(100.0, pods[0], Exit::Crashed);
    world.order(110.0, pods[0]);
    world.run(110.0, pods[0]);
    world.fail_node(200.0, NodeId(2), Cause::Node);
    let measured = world.measure(50.0, 1000.0);
    let causes: Vec<_> = measured
        .incidents
        .iter()
        .map(|i| i.causes.join(", "))
        .collect();
    assert_eq!(causes, ["container", "node z"]);
}

#[test]
fn what_lasts_no_time_is_no_outage() {
    let mut world = world(1, 1);
    let pods = replicas(&mut world, 0.0, &[0]);
    world.die(100.0, pods[0], Exit::Stopped);
    let next = world.replica(100.0, 0);
    world.place(100.0, next, 1);
    let measured = world.measure(50.0, 1000.0);
    check(&measured, &[("outages", 0.0), ("availability.time", 1.0)]);
    assert_eq!(measured.incidents, []);
}

#[test]
fn replicas_stopped_as_ordered_are_a_cause_that_is_known() {
    let mut world = world(1, 1);
    let pods = replicas(&mut world, 0.0, &[0]);
    world.die(100.0, pods[0], Exit::Stopped);
    let measured = world.measure(50.0, 1000.0);
    assert_eq!(measured.incidents[0].causes, ["stopped as ordered"]);
    assert_eq!(measured.incidents[0].detected, Some(secs(100.0)));
    check(
        &measured,
        &[("failures.container", 0.0), ("outage.time_to_detect", 0.0)],
    );
}

#[test]
fn zone_skew_is_the_largest_difference_that_lasted() {
    let mut world = world(3, 0);
    let pods = replicas(&mut world, 0.0, &[0, 1, 2]);
    // Zone a has 2, b has 1. For no time at all a has none; then a has 1 and b 1.
    world.die(100.0, pods[0], Exit::Crashed);
    world.die(100.0, pods[1], Exit::Crashed);
    let pod = world.replica(100.0, 0);
    world.place(100.0, pod, 0);
    check(&world.measure(0.0, 200.0), &[("zone_skew.max", 1.0)]);
    check(&world.measure(100.0, 200.0), &[("zone_skew.max", 0.0)]);
    near(
        of_service(&world.measure(50.0, 200.0), "zone_skew.max", "s"),
        Some(1.0),
        "s",
    );
}

#[test]
fn one_zone_has_no_skew() {
    let mut world = World::new(catalog(
        vec![node("x")],
        vec![shape(1000, 1)],
        vec![service("s", 1, 0)],
    ));
    replicas(&mut world, 0.0, &[0]);
    assert_eq!(cluster(&world.measure(0.0, 10.0), "zone_skew.max"), None);
}

#[test]
fn scaling_is_measured_against_the_fewest_replicas_that_suffice() {
    let mut world = world(2, 0);
    replicas(&mut world, 0.0, &[0, 2]);
    let load = |offered| Flow {
        offered,
        served: offered,
        capacity: 100.0,
        per_replica: 50.0,
        ..Flow::default()
    };
    world.traffic(0.0, 0, load(150.0));
    world.traffic(20.0, 0, load(100.0));
    world.traffic(50.0, 0, load(0.0));
    let measured = world.measure(0.0, 100.0);
    // d: 3 for 20 s, 2 for 30 s, 0 for 50 s; ∫d = 120. s: 2. Short by 1 for 20 s, 2 too many for 50 s.
    check(
        &measured,
        &[
            ("scaling.under", 20.0 / 120.0),
            ("scaling.over", 100.0 / 120.0),
            ("scaling.under_time", 0.2),
            ("scaling.over_time", 0.5),
            ("availability.capacity", 0.8),
            // 2 pods bound for 100 s.
            ("replica_hours", 200.0 / 3600.0),
        ],
    );
    near(
        of_service(&measured, "scaling.over", "s"),
        Some(100.0 / 120.0),
        "s",
    );
}

#[test]
fn without_a_known_demand_scaling_is_not_measured() {
    let mut world = world(2, 0);
    let flow = Flow {
        offered: 10.0,
        served: 10.0,
        per_replica: 0.0,
        ..Flow::default()
    };
    world.traffic(0.0, 0, flow);
    let measured = world.measure(0.0, 100.0);
    assert_eq!(
        (
            cluster(&measured, "scaling.under"),
            cluster(&measured, "scaling.over_time")
        ),
        (None, None)
    );
}

#[test]
fn a_demand_that_is_not_known_is_absent_over_time() {
    let mut world = world(2, 0);
    replicas(&mut world, 0.0, &[0, 2]);
    let load = |offered, per_replica| Flow {
        offered,
        per_replica,
        ..Flow::default()
    };
    // 3 replicas for 4 s, not known for 3 s, nobody asks for 3 s.
    world.traffic(0.0, 0, load(150.0, 50.0));
    world.traffic(4.01, 0, load(150.0, 0.0));
    world.traffic(7.0, 0, load(0.0, 50.0));
    // 500 cells of 20 ms, 50 to the second. In the one from 4 s on it is known for half the time.
    let needed = needed(&world);
    let at = |cells: [usize; 2]| cells.map(|cell| needed[cell]);
    assert_eq!(at([0, 200]), [Some(3.0); 2]);
    assert_eq!(at([201, 349]), [None; 2]);
    assert_eq!(at([350, 499]), [Some(0.0); 2]);
}

#[test]
fn a_service_that_nobody_asks_anything_has_no_demand() {
    let services = vec![service("s", 1, 0), service("t", 3, 0)];
    let mut world = World::new(catalog(vec![node("x")], vec![shape(1000, 1)], services));
    for service in [0, 1, 1, 1] {
        let pod = world.replica(0.0, service);
        world.place(0.0, pod, 0);
    }
    let load = |offered| Flow {
        offered,
        per_replica: 50.0,
        ..Flow::default()
    };
    world.traffic(0.0, 0, load(100.0));
    world.traffic(0.0, 1, load(0.0));
    let measured = world.measure(0.0, 10.0);
    // s has 1 replica and needs 2; t does not count.
    check(
        &measured,
        &[
            ("scaling.under", 0.5),
            ("scaling.over", 0.0),
            ("scaling.under_time", 1.0),
            ("scaling.over_time", 0.0),
        ],
    );
    assert_eq!(of_service(&measured, "scaling.over_time", "t"), None);
    let mut all = measured.series.iter();
    let of_t = Entity::Service("t".to_owned());
    let needed = all.find(|series| series.metric == "replicas.needed" && series.entity == of_t);
    assert_eq!(needed.unwrap().values, [None; 500]);
}

/// The replicas needed over time of the only service, in [0 s, 10 s).
fn needed(world: &World) -> Vec<Option<f64>> {
    let measured = world.measure(0.0, 10.0);
    let mut series = measured.series.into_iter();
    let needed = series.find(|series| series.metric == "replicas.needed");
    needed.unwrap().values
}

/// A world of one service that is scaled every 10 s.
fn scaled() -> World {
    let mut world = world(1, 0);
    let mut scaled = (*world.catalog).clone();
    scaled.services[ServiceId(0)].hpa = Some(Hpa {
        min: 1,
        max: 9,
        cpu_percent: 50,
    });
    world.catalog = Arc::new(scaled);
    world.sync = Some(Duration::from_secs(10));
    world
}

#[test]
fn a_step_of_a_demand_that_is_not_known_is_none() {
    let mut world = scaled();
    let load = |per_replica| Flow {
        offered: 100.0,
        per_replica,
        ..Flow::default()
    };
    // Demand at 0, 10, …, 40: 2, 2, not known, 1, 1; supply: 1, 1, 2, 2, 2.
    world.traffic(0.0, 0, load(50.0));
    replicas(&mut world, 0.0, &[0]);
    world.traffic(15.0, 0, load(0.0));
    replicas(&mut world, 15.0, &[1]);
    world.traffic(25.0, 0, load(100.0));
    check(&world.measure(0.0, 50.0), &[("scaling.instability", 0.0)]);
}

#[test]
fn supply_that_moves_against_demand_is_unstable() {
    let mut world = scaled();
    let load = |offered| Flow {
        offered,
        per_replica: 50.0,
        ..Flow::default()
    };
    world.traffic(0.0, 0, load(50.0));
    let mut pods = replicas(&mut world, 0.0, &[0, 0]);
    // Demand and supply at 0, 10, …, 50: (1, 2), (2, 1), (3, 2), (3, 3), (2, 3), (3, 2).
    world.traffic(5.0, 0, load(100.0));
    world.die(5.0, pods.pop().unwrap(), Exit::Stopped);
    world.traffic(15.0, 0, load(150.0));
    pods.extend(replicas(&mut world, 15.0, &[0]));
    replicas(&mut world, 25.0, &[1]);
    world.traffic(35.0, 0, load(100.0));
    world.traffic(45.0, 0, load(150.0));
    world.die(45.0, pods.pop().unwrap(), Exit::Stopped);
    // Against each other in the first and in the last of 5 steps.
    check(&world.measure(0.0, 60.0), &[("scaling.instability", 0.4)]);
    world.sync = None;
    assert_eq!(
        cluster(&world.measure(0.0, 60.0), "scaling.instability"),
        None
    );
}

#[test]
fn adaptations_are_decisions_that_change_the_size() {
    let mut world = world(1, 0);
    let scale = |from, to| Plan::Scale {
        service: ServiceId(0),
        scaling: Scaling {
            from,
            to,
            recommended: None,
            why: WhyScaled::NoMetrics,
        },
    };
    for (at, plan) in [
        (5.0, scale(1, 2)),
        (15.0, scale(2, 4)),
        (30.0, scale(4, 4)),
        (45.0, scale(4, 3)),
    ] {
        world.plan(at, plan);
    }
    check(&world.measure(10.0, 60.0), &[("scaling.adaptations", 2.0)]);
}

#[test]
fn requests_have_a_price_where_nodes_have_one() {
    let mut spec = node("x");
    spec.price_per_hour = Some(3.6);
    let mut world = World::new(catalog(
        vec![spec],
        vec![shape(1000, 1)],
        vec![service("s", 1, 0)],
    ));
    world.traffic(0.0, 0, stale(50.0));
    // 3.6 an hour for 1,000 s is 1.00; 50 · 1,000 requests are served: 0.05 million.
    check(
        &world.measure(0.0, 1000.0),
        &[("cost.per_million_requests", 20.0)],
    );
}

#[test]
fn services_are_told_over_time() {
    let mut world = world(2, 0);
    replicas(&mut world, 0.0, &[0, 2]);
    world.traffic(0.0, 0, stale(0.0));
    world.traffic(5.0, 0, stale(50.0));
    world.truth(
        5.0,
        Truth::NodeUse {
            node: NodeId(0),
            cpu: 0.0,
            memory: Some(0.0),
        },
    );
    let measured = world.measure(0.0, 10.0);
    let ends = |metric: &str| {
        let series = measured.series.iter().find(|s| s.metric == metric).unwrap();
        (series.values[0].unwrap(), series.values[499].unwrap())
    };
    for (metric, first, last) in [
        ("requests.offered", 100.0, 100.0),
        ("requests.served", 100.0, 50.0),
        ("requests.lost", 0.0, 0.5),
        ("availability.requests", 1.0, 0.5),
        ("replicas.ready", 2.0, 2.0),
        ("replicas.wanted", 2.0, 2.0),
        ("replicas.needed", 2.0, 2.0),
    ] {
        near(Some(ends(metric).0), Some(first), metric);
        near(Some(ends(metric).1), Some(last), metric);
    }
    assert_eq!(
        (measured.cells[0], measured.cells[250], measured.cells.len()),
        (0.0, 5.0, 500)
    );
}
