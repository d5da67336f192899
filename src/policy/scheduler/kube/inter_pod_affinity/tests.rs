use super::filter::Filter;
use super::score::{Args, Score, points};
use crate::cluster::rules::{PodAffinity, PodTerm, Rules, well_known};
use crate::ids::{KeyId, NamespaceId, NodeId, ValueId};
use crate::policy::scheduler::explanation::{Code, Reason};
use crate::policy::scheduler::kube::cycle::Cycle;
use crate::policy::scheduler::kube::testing::{
    APP, CACHE, WEB, all, each_node, label, pending, selector, zones,
};
use crate::policy::scheduler::testing::World;

/// Pods of the default namespace with that label in the same zone.
fn in_zone_of(app: ValueId) -> PodTerm {
    near(app, well_known::ZONE)
}

fn near(app: ValueId, topology_key: KeyId) -> PodTerm {
    PodTerm {
        selector: Some(selector(APP, app)),
        namespaces: vec![NamespaceId(0)],
        topology_key,
    }
}

fn required(terms: Vec<PodTerm>) -> PodAffinity {
    PodAffinity {
        required: terms,
        preferred: vec![],
    }
}

fn preferred(weight: i64, term: PodTerm) -> PodAffinity {
    PodAffinity {
        required: vec![],
        preferred: vec![(weight, term)],
    }
}

fn pod(app: ValueId) -> Rules {
    Rules {
        labels: label(APP, app),
        ..Rules::default()
    }
}

/// Why each node refuses a new pod of the first shape.
fn refusals(world: &mut World) -> Vec<Option<Reason>> {
    let pod = pending(world, 0);
    let cycle = Cycle::new(&world.cluster, pod);
    let filter = Filter::new(&cycle, &all(world)).expect("something is required");
    each_node(&cycle, |info| {
        let rejection = filter.refuses(&cycle, info)?;
        let hopeless = rejection.code == Code::UnschedulableAndUnresolvable;
        assert_eq!(hopeless, rejection.reasons == [Reason::PodAffinity]);
        Some(rejection.reasons[0])
    })
}

/// The sum of each node for a new pod of the first shape.
fn sums(world: &mut World, args: Args) -> Option<Vec<i64>> {
    let pod = pending(world, 0);
    let cycle = Cycle::new(&world.cluster, pod);
    let score = Score::new(&cycle, &args, &all(world))?;
    Some(each_node(&cycle, |info| score.of(info)))
}

const FAR: Option<Reason> = Some(Reason::PodAffinity);

#[test]
fn a_pod_must_be_near_in_the_sense_of_every_term() {
    let both = Rules {
        affinity: required(vec![in_zone_of(WEB), near(WEB, well_known::HOSTNAME)]),
        ..pod(CACHE)
    };
    let mut world = zones(&[Some(0), Some(0), Some(1)], vec![both, pod(WEB)]);
    assert_eq!(refusals(&mut world), [FAR; 3]);
    world.put(1, 0);
    assert_eq!(refusals(&mut world), [None, FAR, FAR]);
}

#[test]
fn terms_that_speak_of_different_pods_are_met_by_none() {
    let both = Rules {
        affinity: required(vec![in_zone_of(WEB), in_zone_of(CACHE)]),
        ..pod(WEB)
    };
    let mut world = zones(&[Some(0)], vec![both, pod(CACHE)]);
    world.put(0, 0);
    world.put(1, 0);
    assert_eq!(refusals(&mut world), [FAR]);
}

#[test]
fn the_first_of_a_group_goes_where_the_labels_are() {
    let group = Rules {
        affinity: required(vec![in_zone_of(WEB)]),
        ..pod(WEB)
    };
    let mut world = zones(&[Some(0), Some(1), None], vec![group]);
    assert_eq!(refusals(&mut world), [None, None, FAR]);
    world.put(0, 1);
    assert_eq!(refusals(&mut world), [FAR, None, FAR]);
}

#[test]
fn a_member_that_is_nowhere_by_the_label_leaves_the_next_one_first() {
    let group = Rules {
        affinity: required(vec![in_zone_of(WEB)]),
        ..pod(WEB)
    };
    let mut world = zones(&[Some(0), None], vec![group]);
    world.put(0, 1);
    assert_eq!(refusals(&mut world), [None, FAR]);
}

#[test]
fn pods_that_avoid_each_other_do_so_both_ways() {
    let avoids = Rules {
        anti_affinity: required(vec![in_zone_of(CACHE)]),
        ..pod(WEB)
    };
    let nodes = [Some(0), Some(0), Some(1), None];
    let mut world = zones(&nodes, vec![avoids.clone(), pod(CACHE)]);
    world.put(1, 0);
    world.put(1, 3);
    let anti = Some(Reason::PodAntiAffinity);
    assert_eq!(refusals(&mut world), [anti, anti, None, None]);
    let mut world = zones(&nodes, vec![pod(CACHE), avoids]);
    world.put(1, 0);
    world.put(1, 3);
    let unwelcome = Some(Reason::ExistingPodAntiAffinity);
    assert_eq!(refusals(&mut world), [unwelcome, unwelcome, None, None]);
}

#[test]
fn a_term_speaks_of_its_namespaces_only() {
    let elsewhere = PodTerm {
        namespaces: vec![NamespaceId(1)],
        ..in_zone_of(WEB)
    };
    let no_pod = PodTerm {
        selector: None,
        ..in_zone_of(WEB)
    };
    for term in [elsewhere, no_pod] {
        let avoids = Rules {
            anti_affinity: required(vec![term]),
            ..pod(WEB)
        };
        let mut world = zones(&[Some(0), Some(1)], vec![avoids, pod(WEB)]);
        world.put(1, 0);
        assert_eq!(refusals(&mut world), [None, None]);
    }
}

#[test]
fn nothing_required_by_anybody_is_nothing_to_do() {
    let avoids = Rules {
        anti_affinity: required(vec![in_zone_of(CACHE)]),
        ..pod(WEB)
    };
    let mut world = zones(&[Some(0), None], vec![pod(WEB), avoids.clone(), pod(CACHE)]);
    world.put(1, 0);
    let pod = pending(&mut world, 0);
    let cycle = Cycle::new(&world.cluster, pod);
    assert_eq!(Filter::new(&cycle, &all(&world)), None);
}

#[test]
fn pods_added_and_taken_away_in_thought_are_as_if_they_were() {
    let asks = Rules {
        affinity: required(vec![in_zone_of(WEB)]),
        anti_affinity: required(vec![near(WEB, well_known::HOSTNAME)]),
        ..pod(WEB)
    };
    let mut world = zones(&[Some(0), Some(0), Some(1), None], vec![asks]);
    world.put(0, 0);
    let pod = pending(&mut world, 0);
    let before = world.cluster.clone();
    let nodes = all(&world);
    let added = [0, 0, 1, 2, 3].map(|node| (world.put(0, node), NodeId(node)));
    let (before, after) = (Cycle::new(&before, pod), Cycle::new(&world.cluster, pod));
    let filter = |cycle| Filter::new(cycle, &nodes).expect("required");
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
fn preferences_count_both_ways_and_requirements_as_liking() {
    let likes = Rules {
        affinity: preferred(10, in_zone_of(CACHE)),
        anti_affinity: preferred(3, near(CACHE, well_known::HOSTNAME)),
        ..pod(WEB)
    };
    let needs = Rules {
        affinity: required(vec![in_zone_of(WEB)]),
        anti_affinity: preferred(20, near(WEB, well_known::HOSTNAME)),
        ..pod(CACHE)
    };
    let mut world = zones(&[Some(0), Some(0), Some(1)], vec![likes, needs]);
    world.put(1, 0);
    world.put(1, 2);
    // Zone: 10 and the requirement's weight; the node itself: -3 - 20.
    let args = Args::default();
    assert_eq!(sums(&mut world, args), Some(vec![-12, 11, -12]));
    let heavy = Args {
        hard_weight: 100,
        ..args
    };
    assert_eq!(sums(&mut world, heavy), Some(vec![87, 110, 87]));
    let none = Args {
        hard_weight: 0,
        ..args
    };
    assert_eq!(sums(&mut world, none), Some(vec![-13, 10, -13]));
}

#[test]
fn without_a_match_there_is_nothing_to_score() {
    let needs = Rules {
        affinity: required(vec![in_zone_of(WEB)]),
        ..pod(CACHE)
    };
    let mut world = zones(&[Some(0), None], vec![pod(WEB), needs]);
    world.put(1, 1);
    assert_eq!(sums(&mut world, Args::default()), None);
    world.put(1, 0);
    assert_eq!(sums(&mut world, Args::default()), Some(vec![1, 0]));
    let ignored = Args {
        ignore_others: true,
        ..Args::default()
    };
    assert_eq!(sums(&mut world, ignored), None);
}

#[test]
fn weights_that_cancel_are_still_weights() {
    let torn = Rules {
        affinity: preferred(5, in_zone_of(WEB)),
        anti_affinity: preferred(5, in_zone_of(WEB)),
        ..pod(WEB)
    };
    let mut world = zones(&[Some(0), Some(1)], vec![torn, pod(WEB)]);
    world.put(1, 0);
    assert_eq!(sums(&mut world, Args::default()), Some(vec![0, 0]));
}

#[test]
fn points_are_shares_of_the_span_rounded_down() {
    assert_eq!([-2, -1, 1].map(|sum| points(sum, -2, 1)), [0, 33, 100]);
    assert_eq!(points(4, 4, 4), 0);
}
