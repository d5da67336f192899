use std::sync::Arc;

use super::{Arguments, hint};
use crate::cluster::catalog::{Catalog, NodeSpec, Shape};
use crate::cluster::gpu::{GpuModels, GpuRequest};
use crate::cluster::queue::{Group, RejectedBy};
use crate::cluster::rules::{
    Effect, HostPort, NodeAffinity, NodeTerm, PodAffinity, PodTerm, Protocol, Rules,
    SpreadConstraint, Taint, Toleration, Traits, well_known,
};
use crate::ids::{
    ExtendedId, GpuModelId, KeyId, NamespaceId, NodeId, PodId, RevisionId, RulesId, ShapeId,
    ValueId,
};
use crate::policy::queue::{Event, Face};
use crate::policy::scheduler::explanation::Plugin;
use crate::policy::scheduler::kube::testing::{APP, CACHE, WEB, label, node_in, selector};
use crate::policy::scheduler::kube::topology_spread::Defaults;
use crate::policy::scheduler::testing::{World, node, with_gpus, world};
use crate::units::{Bytes, MilliCpu, Resources};

/// A node that takes pods, as the catalogue has it.
const UP: Face = Face {
    revision: None,
    ready: true,
    cordoned: false,
    tainted: false,
};

/// The same node after its only update.
const UPDATED: Face = Face {
    revision: Some(RevisionId(0)),
    ..UP
};

const CORDONED: Face = Face {
    cordoned: true,
    ..UP
};

/// A node and what it becomes; the pod that waits; and another one, on the node.
struct Hints {
    world: World,
    other: PodId,
}

impl Hints {
    fn new(nodes: [NodeSpec; 2], shapes: [Shape; 2], rules: [Rules; 2]) -> Hints {
        let [node, revision] = nodes;
        let mut next = 0;
        let shapes = shapes.map(|shape| {
            next += 1;
            let rules = RulesId(next - 1);
            Shape { rules, ..shape }
        });
        let plain = world(vec![node], shapes.into());
        let mut world = World::new(Arc::new(Catalog {
            revisions: [revision].into_iter().collect(),
            rules: rules.into_iter().collect(),
            ..plain.cluster.catalog().clone()
        }));
        let other = world.put(1, 0);
        Hints { world, other }
    }

    /// Of a pod with these rules.
    fn of(rules: Rules, nodes: [NodeSpec; 2]) -> Hints {
        Hints::beside(rules, Rules::default(), nodes)
    }

    fn beside(rules: Rules, other: Rules, nodes: [NodeSpec; 2]) -> Hints {
        Hints::new(nodes, [Shape::default(), Shape::default()], [rules, other])
    }

    /// Whether a pod that the plugins refused is woken.
    fn wake(&self, plugins: &[Plugin], event: Event) -> bool {
        let by = plugins.iter();
        let by = by.fold(RejectedBy::default(), |by, plugin| by.with(plugin.bit()));
        let (shape, added) = (ShapeId(0), NodeAffinity::default());
        self.with(&added, Group { shape, by }, event)
    }

    fn with(&self, added_affinity: &NodeAffinity, group: Group, event: Event) -> bool {
        let spread = &Defaults::System;
        let arguments = Arguments {
            added_affinity,
            spread,
        };
        hint(&self.world.cluster, arguments, &event, group)
    }

    /// The answers to: the node is added, is updated, is changed back, is removed.
    fn to_node(&self, plugin: Plugin) -> [bool; 4] {
        let events = [
            added(UP),
            changed(UP, UPDATED),
            changed(UPDATED, UP),
            removed(UP),
        ];
        events.map(|event| self.wake(&[plugin], event))
    }

    /// The answers to: the other pod is bound, is gone, is nominated no more.
    fn to_pod(&self, plugin: Plugin) -> [bool; 3] {
        let pod = self.other;
        let events = [
            Event::PodBound(pod),
            Event::PodGone(pod),
            Event::PodUnnominated(pod),
        ];
        events.map(|event| self.wake(&[plugin], event))
    }
}

fn added(now: Face) -> Event {
    let node = NodeId(0);
    Event::NodeAdded { node, now }
}

fn changed(before: Face, now: Face) -> Event {
    let node = NodeId(0);
    Event::NodeChanged { node, before, now }
}

fn removed(before: Face) -> Event {
    let node = NodeId(0);
    Event::NodeRemoved { node, before }
}

fn plain() -> [NodeSpec; 2] {
    [node(4000, 4096), node(4000, 4096)]
}

fn in_zones(before: Option<u32>, now: Option<u32>) -> [NodeSpec; 2] {
    [node_in(before, 0), node_in(now, 0)]
}

const NEVER_OF_NODE: [bool; 4] = [false; 4];
const NEVER_OF_POD: [bool; 3] = [false; 3];

#[test]
fn only_plugins_that_refused_are_asked_and_one_is_enough() {
    let hints = Hints::of(Rules::default(), plain());
    let gone = Event::PodGone(hints.other);
    let (fit, taints) = (Plugin::NodeResourcesFit, Plugin::TaintToleration);
    assert!(hints.wake(&[fit, taints], gone));
    assert!(!hints.wake(&[taints], gone));
}

#[test]
fn a_pod_that_no_plugin_refused_is_woken_by_all_that_happens_but_pods_it_does_not_want() {
    let hints = Hints::of(Rules::default(), plain());
    assert!(hints.wake(&[], removed(UP)));
    assert!(hints.wake(&[], Event::PodGone(hints.other)));
    assert!(!hints.wake(&[], Event::PodBound(hints.other)));
}

#[test]
fn a_cordon_helps_when_it_is_lifted() {
    let hints = Hints::of(Rules::default(), plain());
    let plugin = Plugin::NodeUnschedulable;
    let events = [
        added(UP),
        added(CORDONED),
        changed(CORDONED, UP),
        changed(UP, CORDONED),
        changed(UP, UPDATED),
    ];
    let answers = events.map(|event| hints.wake(&[plugin], event));
    assert_eq!(answers, [true, false, true, false, false]);
    assert_eq!(hints.to_pod(plugin), NEVER_OF_POD);
}

#[test]
fn every_new_node_may_be_the_one_that_is_named() {
    let hints = Hints::of(Rules::default(), plain());
    assert_eq!(hints.to_node(Plugin::NodeName), [true, false, false, false]);
    assert_eq!(hints.to_pod(Plugin::NodeName), NEVER_OF_POD);
}

#[test]
fn taints_help_when_all_are_tolerated_that_were_not() {
    let key = KeyId(30);
    let taint = Taint {
        key,
        value: well_known::EMPTY,
        effect: Effect::NoSchedule,
    };
    let tainted = |taints| NodeSpec {
        traits: Traits {
            taints,
            ..Traits::default()
        },
        ..node(4000, 4096)
    };
    let nodes = || [tainted(vec![taint]), tainted(vec![])];
    let plugin = Plugin::TaintToleration;
    let hints = Hints::of(Rules::default(), nodes());
    assert_eq!(hints.to_node(plugin), [false, true, false, false]);
    assert_eq!(hints.to_pod(plugin), NEVER_OF_POD);
    let tolerant = Rules {
        tolerations: vec![Toleration {
            key: Some(key),
            value: None,
            effect: None,
        }],
        ..Rules::default()
    };
    let hints = Hints::of(tolerant, nodes());
    assert_eq!(hints.to_node(plugin), [true, false, false, false]);
}

#[test]
fn a_node_that_is_ready_again_has_lost_a_taint() {
    let hints = Hints::of(Rules::default(), plain());
    let silent = Face { ready: false, ..UP };
    assert!(hints.wake(&[Plugin::TaintToleration], changed(silent, UP)));
    assert!(!hints.wake(&[Plugin::TaintToleration], changed(UP, silent)));
}

#[test]
fn node_affinity_is_helped_by_nodes_that_match_and_did_not() {
    let wants = Rules {
        node_selector: label(well_known::ZONE, ValueId(11)),
        ..Rules::default()
    };
    let plugin = Plugin::NodeAffinity;
    let hints = Hints::of(wants.clone(), in_zones(Some(0), Some(1)));
    assert_eq!(hints.to_node(plugin), [false, true, false, false]);
    assert_eq!(hints.to_pod(plugin), NEVER_OF_POD);
    let hints = Hints::of(wants.clone(), in_zones(Some(1), Some(1)));
    assert_eq!(hints.to_node(plugin), [true, false, false, false]);
}

#[test]
fn what_the_profile_adds_must_match_before_node_affinity_is_asked() {
    let hints = Hints::of(Rules::default(), in_zones(Some(0), Some(1)));
    let by = RejectedBy::default().with(Plugin::NodeAffinity.bit());
    let group = Group {
        shape: ShapeId(0),
        by,
    };
    let answers = [10, 11].map(|zone| {
        let term = NodeTerm {
            expressions: label(well_known::ZONE, ValueId(zone)).selector().0,
            fields: vec![],
        };
        let added_affinity = NodeAffinity {
            required: Some(vec![term]),
            preferred: vec![],
        };
        hints.with(&added_affinity, group, added(UP))
    });
    assert_eq!(answers, [true, false]);
}

#[test]
fn a_port_helps_when_a_pod_that_took_it_is_gone() {
    let taking = |port| Rules {
        host_ports: vec![HostPort {
            address: None,
            protocol: Protocol::Tcp,
            port,
        }],
        ..Rules::default()
    };
    let plugin = Plugin::NodePorts;
    let same = Hints::beside(taking(80), taking(80), plain());
    assert_eq!(same.to_pod(plugin), [false, true, true]);
    assert_eq!(same.to_node(plugin), [true, false, false, false]);
    let other = Hints::beside(taking(80), taking(81), plain());
    assert_eq!(other.to_pod(plugin), NEVER_OF_POD);
}

const TAPE: ExtendedId = ExtendedId(0);

fn asking(cpu: u64, tapes: u64) -> Shape {
    Shape {
        requests: Resources::new(MilliCpu(cpu), Bytes(0)),
        extended: vec![(TAPE, tapes)],
        ..Shape::default()
    }
}

fn having(cpu: u64, mib: u64, tapes: u64) -> NodeSpec {
    NodeSpec {
        traits: Traits {
            extended: vec![(TAPE, tapes)],
            ..Traits::default()
        },
        ..node(cpu, mib)
    }
}

fn fitting(nodes: [NodeSpec; 2]) -> [bool; 4] {
    let (shapes, rules) = ([asking(1000, 1), Shape::default()], Default::default());
    Hints::new(nodes, shapes, rules).to_node(Plugin::NodeResourcesFit)
}

#[test]
fn resources_are_helped_by_nodes_that_suffice_empty_and_have_more_of_what_is_asked_for() {
    let fits = having(1000, 1, 1);
    let cases = [
        // Too little of one, and then enough: it is helped once.
        (
            [having(999, 1, 1), fits.clone()],
            [false, true, false, false],
        ),
        (
            [having(1000, 1, 0), fits.clone()],
            [false, true, false, false],
        ),
        // Enough already, and more of the same.
        (
            [fits.clone(), having(1001, 1, 1)],
            [true, true, false, false],
        ),
        (
            [fits.clone(), having(1000, 1, 2)],
            [true, true, false, false],
        ),
        // More of what is not asked for.
        (
            [fits.clone(), having(1000, 2, 1)],
            [true, false, false, false],
        ),
        // More of one and too little of another.
        ([having(1000, 1, 0), having(1001, 1, 0)], NEVER_OF_NODE),
    ];
    for (nodes, answers) in cases {
        assert_eq!(fitting(nodes.clone()), answers, "{nodes:?}");
    }
}

#[test]
fn more_pods_per_node_help_whatever_is_asked_for() {
    let holding = |max_pods| NodeSpec {
        max_pods,
        ..having(1000, 1, 1)
    };
    assert_eq!(
        fitting([holding(0), holding(1)]),
        [false, true, false, false]
    );
    assert_eq!(
        fitting([holding(1), holding(2)]),
        [true, true, false, false]
    );
}

#[test]
fn resources_are_helped_by_every_pod_that_goes() {
    let hints = Hints::of(Rules::default(), plain());
    let answers = hints.to_pod(Plugin::NodeResourcesFit);
    assert_eq!(answers, [false, true, true]);
}

#[test]
fn a_place_kept_free_for_a_pod_is_no_news_to_more_important_ones() {
    let shape = |priority| Shape {
        priority,
        ..Shape::default()
    };
    let answers = [4, 5, 6].map(|priority| {
        let shapes = [shape(priority), shape(5)];
        let hints = Hints::new(plain(), shapes, Default::default());
        let plugins = [Plugin::NodeResourcesFit];
        hints.wake(&plugins, Event::PodUnnominated(hints.other))
    });
    assert_eq!(answers, [true, true, false]);
}

#[test]
fn gpus_are_helped_by_nodes_that_have_enough_of_the_kind_and_by_pods_that_had_some() {
    let model = GpuModelId(1);
    let with = |count| Shape {
        gpus: GpuRequest {
            count,
            milli: 1000,
            models: GpuModels::ANY.with(model),
        },
        ..Shape::default()
    };
    let asked = |count, model, other| {
        let nodes = plain().map(|node| with_gpus(node, count, Some(model)));
        let hints = Hints::new(nodes, [with(2), other], Default::default());
        (
            hints.to_node(Plugin::GpuDevices),
            hints.to_pod(Plugin::GpuDevices),
        )
    };
    let enough = [true, false, false, false];
    assert_eq!(asked(2, 1, with(1)), (enough, [false, true, true]));
    assert_eq!(asked(2, 0, with(1)).0, NEVER_OF_NODE, "of another kind");
    assert_eq!(asked(1, 1, with(1)).0, NEVER_OF_NODE, "too few");
    assert_eq!(asked(2, 1, Shape::default()).1, NEVER_OF_POD, "it had none");
}

fn spread_over_zones() -> Rules {
    Rules {
        labels: label(APP, WEB),
        spread: vec![SpreadConstraint {
            max_skew: 1,
            topology_key: well_known::ZONE,
            required: true,
            selector: Some(selector(APP, WEB)),
            min_domains: None,
            honor_affinity: true,
            honor_taints: false,
        }],
        ..Rules::default()
    }
}

#[test]
fn spreading_is_helped_by_nodes_that_have_the_labels_before_or_after() {
    let plugin = Plugin::PodTopologySpread;
    let asked = |before, now| {
        let nodes = in_zones(before, now);
        Hints::of(spread_over_zones(), nodes).to_node(plugin)
    };
    assert_eq!(asked(Some(0), Some(0)), [true, false, false, true]);
    assert_eq!(asked(Some(0), Some(1)), [true, true, true, true]);
    assert_eq!(asked(Some(0), None), [true, true, true, true]);
    assert_eq!(asked(None, None), NEVER_OF_NODE);
}

#[test]
fn spreading_is_helped_by_other_taints_on_a_node_with_the_labels() {
    let plugin = [Plugin::PodTopologySpread];
    let silent = Face { ready: false, ..UP };
    let asked = |zone| {
        let hints = Hints::of(spread_over_zones(), in_zones(zone, zone));
        [changed(UP, silent), changed(UP, CORDONED)].map(|event| hints.wake(&plugin, event))
    };
    assert_eq!(asked(Some(0)), [true, false]);
    assert_eq!(asked(None), [false, false]);
}

#[test]
fn spreading_is_helped_by_pods_that_a_constraint_selects_come_and_gone() {
    let plugin = Plugin::PodTopologySpread;
    let beside = |labels, namespace| {
        let other = Rules {
            labels,
            namespace: NamespaceId(namespace),
            ..Rules::default()
        };
        Hints::beside(spread_over_zones(), other, in_zones(None, None)).to_pod(plugin)
    };
    assert_eq!(beside(label(APP, WEB), 0), [true, true, false]);
    assert_eq!(beside(label(APP, CACHE), 0), NEVER_OF_POD);
    assert_eq!(beside(label(APP, WEB), 1), NEVER_OF_POD);
}

/// Pods of the default namespace with each of these labels, in the same zone.
fn near(apps: &[ValueId]) -> PodAffinity {
    let term = |&app: &ValueId| PodTerm {
        selector: Some(selector(APP, app)),
        namespaces: vec![NamespaceId(0)],
        topology_key: well_known::ZONE,
    };
    PodAffinity {
        required: apps.iter().map(term).collect(),
        preferred: vec![],
    }
}

fn wanting(apps: &[ValueId]) -> Rules {
    Rules {
        affinity: near(apps),
        ..Rules::default()
    }
}

fn shunning(apps: &[ValueId]) -> Rules {
    Rules {
        anti_affinity: near(apps),
        ..Rules::default()
    }
}

#[test]
fn affinity_is_helped_by_a_pod_that_all_terms_speak_of_when_it_comes() {
    let plugin = Plugin::InterPodAffinity;
    let beside = |apps: &[ValueId], app| {
        let other = Rules {
            labels: label(APP, app),
            ..Rules::default()
        };
        Hints::beside(wanting(apps), other, plain()).to_pod(plugin)
    };
    assert_eq!(beside(&[WEB], WEB), [true, false, false]);
    assert_eq!(beside(&[WEB], CACHE), NEVER_OF_POD);
    assert_eq!(beside(&[WEB, CACHE], WEB), NEVER_OF_POD);
}

#[test]
fn anti_affinity_is_helped_by_a_pod_that_all_terms_speak_of_when_it_goes() {
    let plugin = Plugin::InterPodAffinity;
    let beside = |apps: &[ValueId], app| {
        let other = Rules {
            labels: label(APP, app),
            ..Rules::default()
        };
        Hints::beside(shunning(apps), other, plain()).to_pod(plugin)
    };
    assert_eq!(beside(&[WEB], WEB), [false, true, false]);
    assert_eq!(beside(&[WEB], CACHE), NEVER_OF_POD);
    assert_eq!(beside(&[WEB, CACHE], WEB), NEVER_OF_POD);
}

#[test]
fn a_pod_that_shunned_the_waiting_one_goes_unnoticed() {
    let waiting = Rules {
        labels: label(APP, WEB),
        ..Rules::default()
    };
    let hints = Hints::beside(waiting, shunning(&[WEB]), plain());
    assert_eq!(hints.to_pod(Plugin::InterPodAffinity), NEVER_OF_POD);
}

#[test]
fn affinity_is_helped_by_nodes_that_get_a_key_and_anti_affinity_by_those_that_lose_it() {
    let plugin = Plugin::InterPodAffinity;
    let asked = |rules: &Rules, before, now| {
        Hints::of(rules.clone(), in_zones(before, now)).to_node(plugin)
    };
    let (wants, shuns) = (wanting(&[WEB]), shunning(&[WEB]));
    assert_eq!(asked(&wants, Some(0), Some(0)), [true, false, false, false]);
    assert_eq!(asked(&wants, Some(0), Some(1)), [true, true, true, false]);
    assert_eq!(asked(&wants, None, Some(0)), [false, true, false, false]);
    assert_eq!(asked(&shuns, Some(0), Some(0)), [true, false, false, false]);
    assert_eq!(asked(&shuns, Some(0), Some(1)), [true, true, true, false]);
    assert_eq!(asked(&shuns, None, Some(0)), [true, false, true, false]);
    let neither = Rules::default();
    assert_eq!(asked(&neither, None, Some(0)), NEVER_OF_NODE);
}
