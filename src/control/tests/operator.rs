//! What operators and users do to nodes and pods.

use super::rig::{Rig, at};
use crate::control::fact::Fact;
use crate::ids::{JobId, NodeId, PodId, RevisionId, ShapeId};

fn cluster(nodes: u32) -> Rig {
    Rig::new("kubernetes", &[nodes]).service()
}

#[test]
fn a_cordoned_node_keeps_its_pods_and_gets_no_more() {
    let mut rig = cluster(2);
    rig.tell(at(50.0), [Fact::NodeCordoned(NodeId(1))]);
    rig.tell(at(60.0), [Fact::PodDeleted(PodId(0))]);
    rig.tell(at(70.0), [Fact::NodeUndrained(NodeId(1))]);
    rig.tell(at(80.0), [Fact::PodDeleted(PodId(2))]);
    assert_eq!(
        rig.log_of(100.0, &["deleted", "bound", "drained"]),
        [
            "60 p0 deleted",
            "60 p2 bound to n0",
            "80 p2 deleted",
            "80 p3 bound to n0",
        ]
    );
}

#[test]
fn a_pod_that_is_deleted_while_it_waits_is_gone_at_once() {
    let mut rig = cluster(1);
    rig.tell(at(10.0), [Fact::NodeCordoned(NodeId(0))]);
    rig.tell(at(20.0), [job()]);
    rig.tell(
        at(30.0),
        [Fact::PodDeleted(PodId(1)), Fact::PodDeleted(PodId(1))],
    );
    let lines = ["20 p1 created", "30 p1 deleted", "30 p1 gone"];
    assert_eq!(rig.log(100.0), lines);
}

#[test]
fn a_node_that_grew_gets_the_pod_that_waits() {
    let mut rig = cluster(1);
    rig.tell(at(10.0), (0..10).map(|_| job()));
    assert_eq!(rig.cluster().pods()[PodId(10)].node, None);
    let revision = RevisionId(0);
    let node = NodeId(0);
    rig.tell(at(20.0), [Fact::NodeUpdated { node, revision }]);
    rig.log(30.0);
    assert_eq!(rig.cluster().pods()[PodId(10)].node, Some(node));
}

fn job() -> Fact {
    Fact::JobSubmitted {
        job: JobId(0),
        shape: ShapeId(0),
        replace: false,
    }
}
