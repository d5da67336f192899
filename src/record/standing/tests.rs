//! Records made by hand, and what a board shows of them.

use std::sync::Arc;

use super::*;
use crate::cluster::catalog::{Catalog, NodeSpec, ServiceSpec, Shape};
use crate::cluster::gpu::GpuSet;
use crate::cluster::rules::Traits;
use crate::ids::{GroupId, ShapeId, ZoneId};
use crate::policy::autoscaler::{Scaling, WhyScaled};
use crate::policy::scheduler::Chosen;
use crate::units::Resources;

const NODE: NodeId = NodeId(0);
const WEB: ServiceId = ServiceId(0);

/// Two nodes and a service.
fn catalog() -> Arc<Catalog> {
    let mut catalog = Catalog::default();
    for name in ["worker-0", "worker-1"] {
        catalog.nodes.push(NodeSpec {
            name: name.to_owned(),
            group: GroupId(0),
            zone: ZoneId(0),
            allocatable: Resources::NONE,
            gpus: 0,
            gpu_model: None,
            max_pods: 10,
            price_per_hour: None,
            at_start: true,
            traits: Traits::default(),
        });
    }
    catalog.zones.push(String::new());
    let shape = catalog.shapes.push(Shape::default());
    catalog.services.push(ServiceSpec {
        name: "web".to_owned(),
        shape,
        replicas: 2,
        min_available: 1,
        slo: None,
        hpa: None,
    });
    Arc::new(catalog)
}

/// A belief, and a recorder that follows what becomes of it.
struct Rig<'a> {
    belief: Cluster,
    follow: Follow<'a>,
}

impl Rig<'_> {
    fn believe(&mut self, at: u64, change: Change) {
        self.belief.apply(Time::from_secs(at), change);
        self.record(at, Record::Believed(change));
    }

    fn record(&mut self, at: u64, record: Record) {
        self.follow.record(Time::from_secs(at), record);
    }

    fn create(&mut self, pod: u32, owner: Owner, index: u32) {
        let pod = PodId(pod);
        self.believe(
            1,
            Change::PodCreated {
                pod,
                owner,
                shape: ShapeId(0),
                index,
                replace: true,
            },
        );
    }

    fn turn(&mut self, at: u64) {
        let flow = self.follow.turn(Time::from_secs(at), &self.belief);
        assert!(flow.is_continue());
    }
}

fn with_rig(test: impl FnOnce(&mut Rig<'_>, &Board)) {
    let catalog = catalog();
    let board = Board::new(&catalog);
    let mut rig = Rig {
        belief: Cluster::new(catalog),
        follow: Follow::new(&board),
    };
    test(&mut rig, &board);
}

#[test]
fn belief_is_shown_as_of_the_last_turn() {
    with_rig(|rig, board| {
        rig.believe(0, Change::NodeAdded(NODE));
        rig.believe(0, Change::NodeAdded(NodeId(1)));
        rig.believe(
            0,
            Change::ServiceScaled {
                service: WEB,
                replicas: 3,
            },
        );
        for index in 0..3 {
            rig.create(index, Owner::Service(WEB), index);
        }
        assert_eq!(board.look().services[WEB].desired, 0);
        for pod in [PodId(0), PodId(1)] {
            let gpus = GpuSet::NONE;
            let node = NODE;
            rig.believe(1, Change::PodBound { pod, node, gpus });
            rig.believe(1, Change::ContainerOrdered(pod));
        }
        rig.believe(2, Change::ContainerStarted(PodId(0)));
        rig.believe(2, Change::PodReady(PodId(0)));
        rig.believe(2, Change::NodeNotReady(NodeId(1)));
        rig.turn(3);
        let shown = board.look();
        assert_eq!(shown.now, Time::from_secs(3));
        let web = &shown.services[WEB];
        assert_eq!((web.desired, web.existing, web.ready), (3, 3, 1));
        // One waits for a node, one for its container to start.
        assert_eq!(shown.pending, 2);
        assert_eq!(shown.queued, BTreeMap::from([(Queue::Active, 1)]));
        let ready = shown.nodes.as_slice().iter().map(|node| node.ready);
        assert_eq!(ready.collect::<Vec<_>>(), [true, false]);
    });
}

#[test]
fn containers_are_counted_by_what_they_belong_to() {
    with_rig(|rig, board| {
        rig.create(0, Owner::Service(WEB), 0);
        rig.create(1, Owner::Job(crate::ids::JobId(0)), 0);
        for (pod, exit) in [(0, Exit::Crashed), (0, Exit::Stopped), (1, Exit::Completed)] {
            let (pod, incarnation) = (PodId(pod), 1);
            let started = Truth::ContainerStarted { pod, incarnation };
            rig.record(2, Record::Truth(started));
            let exited = Truth::ContainerExited {
                pod,
                incarnation,
                exit,
            };
            rig.record(3, Record::Truth(exited));
        }
        rig.turn(4);
        let shown = board.look();
        let web = &shown.services[WEB].containers;
        assert_eq!(web.started, 2);
        let exits = BTreeMap::from([(Exit::Crashed, 1), (Exit::Stopped, 1)]);
        assert_eq!(web.exited, exits);
        assert_eq!(shown.jobs.started, 1);
        assert_eq!(shown.jobs.exited, BTreeMap::from([(Exit::Completed, 1)]));
    });
}

#[test]
fn a_failure_is_counted_for_the_command_that_it_names() {
    with_rig(|rig, board| {
        rig.create(0, Owner::Service(WEB), 0);
        let (pod, incarnation, node) = (PodId(0), 1, NODE);
        let start = |id| Command::Start {
            id: CommandId(id),
            pod,
            incarnation,
            owner: Owner::Service(WEB),
            index: 0,
            shape: ShapeId(0),
            node,
            gpus: GpuSet::NONE,
        };
        let stop = Command::Stop {
            id: CommandId(3),
            pod,
            incarnation,
            node,
        };
        for command in [start(1), start(2), stop] {
            rig.record(2, Record::Ordered(command));
        }
        let failed = Fact::CommandFailed {
            command: CommandId(2),
            pod,
            incarnation,
        };
        // Told twice, it failed once.
        rig.record(3, Record::Heard(failed));
        rig.record(3, Record::Heard(failed));
        let last = Time::from_secs(2);
        rig.record(4, Record::Heard(Fact::HeartbeatMissed { node, last }));
        rig.turn(4);
        let shown = board.look();
        let ordered = BTreeMap::from([(Verb::Start, 2), (Verb::Stop, 1)]);
        assert_eq!(shown.ordered, ordered);
        assert_eq!(shown.failed, BTreeMap::from([(Verb::Start, 1)]));
        assert_eq!(shown.nodes[NODE].missed, 1);
    });
}

#[test]
fn the_last_decision_of_each_kind_is_kept_with_what_it_is_about() {
    with_rig(|rig, board| {
        rig.create(0, Owner::Service(WEB), 4);
        let placement = Placement::on_gpus(NODE, GpuSet::NONE, Chosen::First);
        let place = Plan::Place {
            pod: PodId(0),
            placement,
        };
        let scale = |from, to| Plan::Scale {
            service: WEB,
            scaling: Scaling {
                from,
                to,
                recommended: None,
                why: WhyScaled::NoMetrics,
            },
        };
        rig.record(2, Record::Planned(place.clone()));
        rig.record(3, Record::Planned(scale(1, 2)));
        // A look that changes nothing is counted, and is no decision to tell.
        rig.record(4, Record::Planned(scale(2, 2)));
        let ill = Plan::HealNode {
            node: NODE,
            action: NodeAction::NotReady,
        };
        rig.record(5, Record::Planned(ill.clone()));
        rig.turn(5);
        let shown = board.look();
        let decided = |at, plan, pod| {
            let at = Time::from_secs(at);
            Some(Decision { at, plan, pod })
        };
        let about = Some((Owner::Service(WEB), 4));
        assert_eq!(shown.last_placing, decided(2, place, about));
        assert_eq!(shown.last_scaling, decided(3, scale(1, 2), None));
        assert_eq!(shown.last_healing, decided(5, ill, None));
        let scaled = BTreeMap::from([(Scaled::Up, 1), (Scaled::Unchanged, 1)]);
        assert_eq!(shown.services[WEB].scaled, scaled);
        assert_eq!(shown.placed, BTreeMap::from([(Placed::Scheduled, 1)]));
        assert_eq!(shown.healed, BTreeMap::from([(Healed::NotReady, 1)]));
    });
}
