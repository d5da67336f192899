use super::filter::{Filter, too_far_ahead};
use super::score::{Score, crowd, points, weight};
use super::*;
use crate::cluster::change::Change;
use crate::cluster::pod::Deletion;
use crate::cluster::rules::Rules;
use crate::cluster::rules::{Effect, Taint};
use crate::ids::KeyId;
use crate::policy::scheduler::explanation::{Code, Reason};
use crate::policy::scheduler::kube::testing::{
    APP, CACHE, WEB, all, each_node, label, node_in, pending, selector, world_of, zones,
};
use crate::policy::scheduler::testing::World;

/// Over zones, at most 1 ahead, of pods labelled web.
fn over_zones(required: bool) -> SpreadConstraint {
    SpreadConstraint {
        max_skew: 1,
        topology_key: well_known::ZONE,
        required,
        selector: Some(selector(APP, WEB)),
        min_domains: None,
        honor_affinity: true,
        honor_taints: false,
    }
}

/// A pod labelled web with these constraints.
fn web(spread: Vec<SpreadConstraint>) -> Rules {
    Rules {
        labels: label(APP, WEB),
        spread,
        ..Rules::default()
    }
}

/// Why each node refuses a new pod of the first shape.
fn refusals(world: &mut World, defaults: &Defaults) -> Vec<Option<Reason>> {
    let pod = pending(world, 0);
    let cycle = Cycle::new(&world.cluster, pod);
    let filter = Filter::new(&cycle, defaults, &all(world)).expect("a constraint is required");
    each_node(&cycle, |info| {
        let rejection = filter.refuses(&cycle, info)?;
        let hopeless = rejection.code == Code::UnschedulableAndUnresolvable;
        assert_eq!(
            hopeless,
            rejection.reasons == [Reason::TopologySpreadLabelMissing]
        );
        Some(rejection.reasons[0])
    })
}

/// The points of each node for a new pod of the first shape.
fn scores(world: &mut World, defaults: &Defaults) -> Option<Vec<i64>> {
    let pod = pending(world, 0);
    let cycle = Cycle::new(&world.cluster, pod);
    let nodes = all(world);
    let score = Score::new(&cycle, defaults, &nodes, &nodes)?;
    let mut sums = each_node(&cycle, |info| score.of(&cycle, info));
    score.normalize(&mut sums);
    Some(sums)
}

const FULL: Option<Reason> = Some(Reason::TopologySpread);
const UNLABELLED: Option<Reason> = Some(Reason::TopologySpreadLabelMissing);

#[test]
fn a_domain_may_be_ahead_by_max_skew_and_no_more() {
    for (pods, is_one, fewest, max_skew, too_far) in [
        (1, true, 0, 1, true),
        (1, false, 0, 1, false),
        (1, true, 1, 1, false),
        (4, true, 2, 3, false),
        (5, true, 2, 3, true),
    ] {
        assert_eq!(too_far_ahead(pods, is_one, fewest, max_skew), too_far);
    }
    let rules = vec![web(vec![over_zones(true)])];
    let mut world = zones(&[Some(0), Some(0), Some(1), None], rules);
    world.put(0, 0);
    let refused = refusals(&mut world, &Defaults::System);
    assert_eq!(refused, [FULL, FULL, None, UNLABELLED]);
    world.put(0, 2);
    let refused = refusals(&mut world, &Defaults::System);
    assert_eq!(refused, [None, None, None, UNLABELLED]);
}

#[test]
fn a_pod_that_is_not_selected_does_not_crowd_a_domain() {
    let cache = Rules {
        labels: label(APP, CACHE),
        ..web(vec![over_zones(true)])
    };
    let mut world = zones(&[Some(0), Some(1)], vec![cache, web(vec![])]);
    world.put(0, 0);
    world.put(0, 0);
    world.put(1, 1);
    assert_eq!(refusals(&mut world, &Defaults::System), [None, None]);
    world.put(1, 1);
    assert_eq!(refusals(&mut world, &Defaults::System), [None, FULL]);
}

#[test]
fn other_namespaces_and_pods_that_leave_are_not_counted() {
    let other = Rules {
        namespace: NamespaceId(1),
        ..web(vec![])
    };
    let mut world = zones(
        &[Some(0), Some(1)],
        vec![web(vec![over_zones(true)]), other],
    );
    world.put(1, 0);
    let leaving = world.put(0, 0);
    world.apply(Change::PodDeleting {
        pod: leaving,
        deletion: Deletion::Preempted,
    });
    assert_eq!(refusals(&mut world, &Defaults::System), [None, None]);
    world.put(0, 0);
    assert_eq!(refusals(&mut world, &Defaults::System), [FULL, None]);
}

#[test]
fn missing_domains_are_empty_ones() {
    let two = SpreadConstraint {
        min_domains: Some(2),
        ..over_zones(true)
    };
    let three = SpreadConstraint {
        min_domains: Some(3),
        ..over_zones(true)
    };
    for (constraint, expected) in [(two, [None, None]), (three, [FULL, FULL])] {
        let mut world = zones(&[Some(0), Some(1)], vec![web(vec![constraint])]);
        world.put(0, 0);
        world.put(0, 1);
        assert_eq!(refusals(&mut world, &Defaults::System), expected);
    }
}

#[test]
fn a_selector_that_asks_for_nothing_counts_no_pod_but_matches_each() {
    let of_all = SpreadConstraint {
        selector: Some(Selector::default()),
        ..over_zones(true)
    };
    let mut world = zones(&[Some(0), Some(1)], vec![web(vec![of_all])]);
    world.put(0, 0);
    world.put(0, 0);
    assert_eq!(refusals(&mut world, &Defaults::System), [None, None]);
    let pod = pending(&mut world, 0);
    let cycle = Cycle::new(&world.cluster, pod);
    let mut filter = Filter::new(&cycle, &Defaults::System, &all(&world)).expect("required");
    filter.add(&cycle, PodId(0), NodeId(0));
    // 1 added in thought, the pod itself, none in the other zone: 2 > 1.
    let refused = each_node(&cycle, |info| filter.refuses(&cycle, info).is_some());
    assert_eq!(refused, [true, false]);
}

#[test]
fn nodes_that_the_pod_cannot_use_are_counted_as_the_policies_say() {
    const DISK: KeyId = KeyId(101);
    let taint = Taint {
        key: KeyId(102),
        value: well_known::EMPTY,
        effect: Effect::NoSchedule,
    };
    let nodes = || {
        let mut nodes = [0, 1, 2].map(|zone| node_in(Some(zone), zone));
        for node in &mut nodes[..2] {
            let labels = node.traits.labels.iter().chain([(DISK, WEB)]);
            node.traits.labels = labels.collect();
        }
        nodes[1].traits.taints = vec![taint];
        nodes.to_vec()
    };
    // Zone 0 has a pod. Zone 1 is tainted, zone 2 has no such disk; both are empty.
    for (honor_affinity, honor_taints, expected) in [
        (false, false, FULL),
        (false, true, FULL),
        (true, false, FULL),
        (true, true, None),
    ] {
        let constraint = SpreadConstraint {
            honor_affinity,
            honor_taints,
            ..over_zones(true)
        };
        let rules = Rules {
            node_selector: label(DISK, WEB),
            ..web(vec![constraint])
        };
        let mut world = world_of(nodes(), vec![rules]);
        world.put(0, 0);
        assert_eq!(refusals(&mut world, &Defaults::System)[0], expected);
    }
}

#[test]
fn a_zone_that_is_lost_counts_unless_taints_are_honoured() {
    for (honor_taints, expected) in [(false, FULL), (true, None)] {
        let constraint = SpreadConstraint {
            honor_taints,
            ..over_zones(true)
        };
        let mut world = zones(&[Some(0), Some(1)], vec![web(vec![constraint])]);
        world.put(0, 0);
        world.apply(Change::NodeNotReady(NodeId(1)));
        assert_eq!(refusals(&mut world, &Defaults::System)[0], expected);
    }
}

#[test]
fn pods_added_and_taken_away_in_thought_are_as_if_they_were() {
    let over_nodes = SpreadConstraint {
        topology_key: well_known::HOSTNAME,
        ..over_zones(true)
    };
    let rules = vec![web(vec![over_zones(true), over_nodes])];
    let mut world = zones(&[Some(0), Some(0), Some(1), None], rules);
    world.put(0, 0);
    let pod = pending(&mut world, 0);
    let before = world.cluster.clone();
    let nodes = all(&world);
    let added = [0, 0, 1, 2, 3].map(|node| (world.put(0, node), NodeId(node)));
    let (before, after) = (Cycle::new(&before, pod), Cycle::new(&world.cluster, pod));
    let filter = |cycle| Filter::new(cycle, &Defaults::System, &nodes).expect("required");
    let mut thought = filter(&before);
    for &(pod, node) in &added {
        thought.add(&after, pod, node);
    }
    assert_eq!(thought, filter(&after));
    for &(pod, node) in &added {
        thought.remove(&after, pod, node);
    }
    assert_eq!(thought, filter(&before));
}

#[test]
fn a_pod_that_leaves_and_was_not_counted_is_taken_away_all_the_same() {
    let mut world = zones(&[Some(0), Some(1)], vec![web(vec![over_zones(true)])]);
    let leaving = world.put(0, 0);
    world.apply(Change::PodDeleting {
        pod: leaving,
        deletion: Deletion::Preempted,
    });
    let pod = pending(&mut world, 0);
    let cycle = Cycle::new(&world.cluster, pod);
    let mut filter = Filter::new(&cycle, &Defaults::System, &all(&world)).expect("required");
    filter.remove(&cycle, leaving, NodeId(0));
    // Zone 0 has -1, so the other one would be ahead: 0 + 1 - -1 = 2.
    let refused = each_node(&cycle, |info| filter.refuses(&cycle, info).is_some());
    assert_eq!(refused, [false, true]);
}

#[test]
fn the_emptier_a_domain_the_more_points() {
    let rules = vec![web(vec![over_zones(false)])];
    let mut world = zones(&[Some(0), Some(0), Some(1), Some(2), None], rules);
    for node in [0, 0, 0, 1, 2] {
        world.put(0, node);
    }
    // Three zones: ln 5 = 1.609. 4 pods: 6.44 = 6; 1 pod: 1.61 = 2; none: 0.
    // 100 x (6 + 0 - 2) / 6 = 66.
    let expected = vec![0, 0, 66, 100, 0];
    assert_eq!(scores(&mut world, &Defaults::System), Some(expected));
}

#[test]
fn the_formula() {
    assert_eq!(weight(0), 2.0_f64.ln());
    assert_eq!(crowd(3, 5, 2.0), 10.0);
    assert_eq!(points(0, 0, 0), 100);
    assert_eq!([7, 8, 10].map(|sum| points(sum, 7, 10)), [100, 90, 70]);
}

#[test]
fn defaults_are_for_pods_with_a_selector_and_no_constraints() {
    let plain = || web(vec![]);
    let selected = || Rules {
        default_selector: Some(selector(APP, WEB)),
        ..web(vec![])
    };
    let list = Defaults::List(vec![over_zones(false)]);
    let nodes = [Some(0), Some(1), None];
    let score = |rules, defaults| {
        let mut world = zones(&nodes, vec![rules]);
        for node in [0, 0, 0, 2] {
            world.put(0, node);
        }
        scores(&mut world, defaults)
    };
    assert_eq!(score(plain(), &Defaults::System), None);
    assert_eq!(score(plain(), &list), None);
    // Two zones: ln 4 = 1.386, 3 pods 4.16 = 4. The node without a zone gets nothing.
    assert_eq!(score(selected(), &list), Some(vec![0, 100, 0]));
    // Three nodes, and three zones as well, for none is one: ln 5 = 1.609.
    // 3 x 1.609 + 2 + 3 x 1.609 + 4 = 15.66 = 16; 2 + 4 = 6; 1 x 1.609 + 2 = 3.6 = 4.
    // 100 x (16 + 4 - 16) / 16 = 25; (20 - 6) / 16 = 87; (20 - 4) / 16 = 100.
    let system = score(selected(), &Defaults::System);
    assert_eq!(system, Some(vec![25, 87, 100]));
    let required = Defaults::List(vec![over_zones(true)]);
    let mut world = zones(&nodes, vec![selected()]);
    world.put(0, 0);
    assert_eq!(refusals(&mut world, &required), [FULL, None, UNLABELLED]);
    assert_eq!(scores(&mut world, &required), None);
}
