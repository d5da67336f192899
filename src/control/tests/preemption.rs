//! Pods of lower priority make room. Nodes have 1000 thousandths of a core.

use super::rig::{Rig, at};
use crate::cluster::catalog::{Catalog, Shape};
use crate::cluster::labels::Labels;
use crate::cluster::pod::Exit;
use crate::cluster::rules::{Allowance, Budget, Rules};
use crate::control::fact::Fact;
use crate::ids::{NamespaceId, NodeId, PodId, ServiceId, ShapeId};
use crate::policy::params::Value;
use crate::units::{Bytes, MilliCpu, Resources};

/// Half a node.
const LOW: u32 = 1;
/// Nine tenths of a node, before LOW.
const HIGH: u32 = 2;
/// The same, before HIGH.
const HIGHEST: u32 = 3;

fn shapes(catalog: &mut Catalog) {
    for (milli, priority) in [(500, 0), (900, 10), (900, 20)] {
        catalog.shapes.push(Shape {
            requests: Resources::new(MilliCpu(milli), Bytes(0)),
            priority,
            ..Shape::default()
        });
    }
}

/// A node full of two pods of low priority that take their time to stop, and one that needs both
/// their places.
fn waiting_for_victims(waking: &str) -> Rig {
    let waking = [("waking", Value::Choice(waking.into()))];
    let mut rig = Rig::kube(1, &waking, shapes);
    rig.jobs(10.0, LOW, 2);
    rig.linger();
    rig.jobs(20.0, HIGH, 1);
    rig
}

#[test]
fn victims_stop_gracefully_and_the_pod_gets_their_place_when_all_are_gone() {
    for waking in ["hints", "room"] {
        let mut rig = waiting_for_victims(waking);
        let evicted = [
            "20 p2 created",
            "20 p2 nominated to n0",
            "20 p0 preempted",
            "20 p3 created",
            "20 p1 preempted",
            "20 p4 created",
        ];
        assert_eq!(rig.log(25.0)[4..], evicted, "{waking}");
        // Half the node is free: not enough for the pod it is kept for, and nobody else gets it.
        rig.crash(25.0, 0, Exit::Stopped);
        assert_eq!(rig.log(30.0), ["25 p0 gone"], "{waking}");
        rig.crash(30.0, 1, Exit::Stopped);
        assert_eq!(
            rig.log(40.0),
            ["30 p1 gone", "30 p2 bound to n0"],
            "{waking}"
        );
        assert_eq!(rig.cluster().pods()[PodId(2)].nominated, None);
    }
}

#[test]
fn a_more_important_pod_takes_the_place_over() {
    let mut rig = waiting_for_victims("hints");
    rig.log(21.0);
    rig.jobs(22.0, HIGHEST, 1);
    let taken = [
        "22 p5 created",
        "22 p5 nominated to n0",
        "22 p2 unnominated",
    ];
    assert_eq!(rig.log(25.0), taken);
    rig.crash(25.0, 0, Exit::Stopped);
    rig.crash(25.0, 1, Exit::Stopped);
    assert_eq!(rig.log_of(60.0, &["bound"]), ["25 p5 bound to n0"]);
}

#[test]
fn a_nomination_ends_with_its_node() {
    let mut rig = waiting_for_victims("hints");
    rig.tell(at(25.0), [Fact::NodeRemoved(NodeId(0))]);
    assert_eq!(rig.cluster().pods()[PodId(2)].nominated, None);
    rig.tell(at(26.0), [Fact::NodeAdded(NodeId(0))]);
    assert_eq!(rig.log_of(60.0, &["bound to"])[2..], ["26 p2 bound to n0"]);
}

/// A job's pod on the first node, and later a replica of the service on the second.
fn job_and_replica(change: impl FnOnce(&mut Catalog)) -> Rig {
    let mut rig = Rig::kube(2, &[], |catalog| {
        shapes(catalog);
        let web = ServiceId(0);
        catalog.services[web].replicas = 1;
        catalog.services[web].shape = ShapeId(LOW);
        change(catalog);
    });
    rig.jobs(10.0, LOW, 1);
    rig.tell(at(20.0), [Fact::ServiceSubmitted(ServiceId(0))]);
    rig.jobs(30.0, HIGH, 1);
    rig
}

#[test]
fn of_equal_victims_the_one_that_came_last_goes_and_its_service_replaces_it_at_once() {
    let mut rig = job_and_replica(|_| {});
    assert_eq!(
        rig.log_of(60.0, &["30 "]),
        [
            "30 p2 created",
            "30 p2 nominated to n1",
            "30 p1 preempted",
            "30 p3 created",
            "30 p3 bound to n0",
            "30 p1 unrouted",
            "30 p1 gone",
            "30 p2 bound to n1",
            "30 p3 routed",
        ]
    );
}

#[test]
fn a_pod_that_a_budget_protects_is_spared_where_another_will_do() {
    let mut rig = job_and_replica(|catalog| {
        let app = (catalog.keys.intern("app"), catalog.values.intern("web"));
        let labels: Labels = [app].into_iter().collect();
        let rules = catalog.rules.push(Rules {
            labels: labels.clone(),
            ..Rules::default()
        });
        let shape = Shape {
            rules,
            ..catalog.shapes[ShapeId(LOW)].clone()
        };
        let shape = catalog.shapes.push(shape);
        catalog.services[ServiceId(0)].shape = shape;
        catalog.budgets.push(Budget {
            name: "web".into(),
            namespace: NamespaceId(0),
            selector: Some(labels.selector()),
            allowance: Allowance::MinAvailable(1),
        });
    });
    let lines = [
        "30 p2 nominated to n0",
        "30 p0 preempted",
        "30 p2 bound to n0",
    ];
    assert_eq!(
        rig.log_of(60.0, &["nominated", "preempted", "30 p2 bound"]),
        lines
    );
}
