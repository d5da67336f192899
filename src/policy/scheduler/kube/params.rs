//! What can be set of kube-scheduler: parts of its configuration, and how ties are broken.
//!
//! Source: kube-scheduler v1.34, `KubeSchedulerConfiguration` v1 (documentation, "Scheduler
//! Configuration", "Resource Bin Packing", "Scheduler Performance Tuning").

use super::fast::Fast;
use super::profile::{CPU_AND_MEMORY, Profile, Scorer, Ties};
use super::resources::{Counted, Strategy};
use super::topology_spread::Defaults;
use crate::policy::params::{Kind, Param, Params, Shape};
use crate::policy::queue::Waking;
use crate::policy::scheduler::Scheduler;
use crate::policy::scheduler::explanation::Plugin;
use crate::units::Resource;

/// The strategy that has a shape.
const RATIO: &str = "requested-to-capacity-ratio";

/// Which use of resources is best.
pub const SCORING: Param = Param {
    name: "scoring",
    kind: Kind::Choice(&["least-allocated", "most-allocated", RATIO]),
    default: "least-allocated",
    doc: "which use of a node's resources is best (NodeResourcesFit, `scoringStrategy.type`, default \
          LeastAllocated)",
};

/// What each use is worth.
pub const SHAPE: Param = Param {
    name: "shape",
    kind: Kind::Shape {
        of: SCORING.name,
        choice: RATIO,
    },
    default: "0=0, 100=10",
    doc: "with `scoring` requested-to-capacity-ratio, and only then: use in per cent = what it is worth \
          from 0 to 10, on a broken line through these points (NodeResourcesFit, \
          `requestedToCapacityRatio.shape`, which has no default)",
};

/// The resources that count in that.
pub const RESOURCES: Param = Param {
    name: "resources",
    kind: Kind::Choice(&["cpu", "memory", "cpu,memory"]),
    default: "cpu,memory",
    doc: "the resources that count in `scoring`, all with weight 1 (NodeResourcesFit, \
          `scoringStrategy.resources`, default cpu and memory)",
};

/// How many nodes are looked at.
pub const PERCENTAGE: Param = Param {
    name: "percentage_of_nodes_to_score",
    kind: Kind::Integer { min: 0, max: 100 },
    default: "0",
    doc: "in clusters of 100 nodes and more, how many per cent of the nodes that fit are enough to look \
          no further; 0: 50 less one for every 125 nodes, at least 5 (`percentageOfNodesToScore`, \
          default 0)",
};

/// Constraints of pods that have none.
pub const DEFAULT_SPREAD: Param = Param {
    name: "default_spread",
    kind: Kind::Choice(&["system", "none"]),
    default: "system",
    doc: "what pods of services ask for that have no topology spread constraints: `system`, to be \
          spread over nodes and zones where possible, or `none` (PodTopologySpread, `defaultingType`, \
          default System; or List without constraints)",
};

/// Which of equally good nodes is taken.
pub const TIES: Param = Param {
    name: "ties",
    kind: Kind::Choice(&["random", "name"]),
    default: "random",
    doc: "which of equally good nodes is taken: any by lot, as kube-scheduler does (`selectHost`), or \
          the first by name",
};

/// Which waiting pods are tried again.
pub const WAKING: Param = Param {
    name: "waking",
    kind: Kind::Choice(&["hints", "room"]),
    default: "hints",
    doc: "which waiting pods are tried again when something happens: `hints`, all that a queueing hint \
          says it for, as kube-scheduler does; or `room`, as many of each shape as a changed node has \
          room for, which is faster with crowds of waiting pods",
};

/// Weights of the scorers, by the name of each parameter.
const WEIGHTS: [(Plugin, Param); 7] = [
    (
        Plugin::TaintToleration,
        weight(
            "taint_toleration_weight",
            "3",
            "weight of few taints that would rather keep the pod off (TaintToleration, default 3); 0 \
             leaves it out",
        ),
    ),
    (
        Plugin::NodeAffinity,
        weight(
            "node_affinity_weight",
            "2",
            "weight of preferred labels of the node (NodeAffinity, default 2); 0 leaves it out",
        ),
    ),
    (
        Plugin::PodTopologySpread,
        weight(
            "pod_topology_spread_weight",
            "2",
            "weight of preferred topology spread (PodTopologySpread, default 2); 0 leaves it out",
        ),
    ),
    (
        Plugin::InterPodAffinity,
        weight(
            "inter_pod_affinity_weight",
            "2",
            "weight of preferred affinity between pods (InterPodAffinity, default 2); 0 leaves it out",
        ),
    ),
    (
        Plugin::NodeResourcesFit,
        weight(
            "node_resources_fit_weight",
            "1",
            "weight of `scoring` (NodeResourcesFit, default 1); 0 leaves it out",
        ),
    ),
    (
        Plugin::NodeResourcesBalancedAllocation,
        weight(
            "balanced_allocation_weight",
            "1",
            "weight of CPU and memory used in equal shares (NodeResourcesBalancedAllocation, default \
             1); 0 leaves it out",
        ),
    ),
    (
        Plugin::ImageLocality,
        weight(
            "image_locality_weight",
            "1",
            "weight of images that are on the node already (ImageLocality, default 1); 0 leaves it out",
        ),
    ),
];

/// All parameters of `kube`, beginning with which use of resources is best.
pub const KUBE: &[Param] = &[
    SCORING,
    SHAPE,
    RESOURCES,
    WEIGHTS[0].1,
    WEIGHTS[1].1,
    WEIGHTS[2].1,
    WEIGHTS[3].1,
    WEIGHTS[4].1,
    WEIGHTS[5].1,
    WEIGHTS[6].1,
    PERCENTAGE,
    DEFAULT_SPREAD,
    TIES,
    WAKING,
];

/// All parameters of `kube-binpack`: those of `kube`, but for which use of resources is best.
pub const BINPACK: &[Param] = KUBE.split_at(2).1;

const fn weight(name: &'static str, default: &'static str, doc: &'static str) -> Param {
    Param {
        name,
        kind: Kind::Integer { min: 0, max: 1000 },
        default,
        doc,
    }
}

/// kube-scheduler with these parameters of [`KUBE`].
pub fn kube(params: &Params) -> Box<dyn Scheduler> {
    scheduler(strategy(params), params)
}

/// kube-scheduler that packs, with these parameters of [`BINPACK`].
pub fn kube_binpack(params: &Params) -> Box<dyn Scheduler> {
    scheduler(Strategy::MostAllocated, params)
}

fn scheduler(strategy: Strategy, params: &Params) -> Box<dyn Scheduler> {
    let waking = match params.choice(WAKING.name) {
        "hints" => Waking::Hints,
        "room" => Waking::Room,
        other => panic!("`{other}` is no way of waking"),
    };
    Box::new(Fast::new(profile(strategy, params), waking))
}

fn strategy(params: &Params) -> Strategy {
    match params.choice(SCORING.name) {
        "least-allocated" => Strategy::LeastAllocated,
        "most-allocated" => Strategy::MostAllocated,
        RATIO => Strategy::RequestedToCapacityRatio(points(params.shape(SHAPE.name))),
        other => panic!("`{other}` is no scoring strategy"),
    }
}

/// Points worth 0 to 10 as points of the scheduler, 0 to 100.
fn points(shape: &Shape) -> Vec<(i64, i64)> {
    let points = shape.points().iter();
    points
        .map(|&(used, worth)| (i64::from(used), i64::from(worth) * 10))
        .collect()
}

/// Whether these parameters leave ties, and the node at which preemption begins, to the dice.
pub fn ties_by_lot(params: &Params) -> bool {
    params.choice(TIES.name) == "random"
}

/// The default profile with another strategy and these parameters.
pub fn profile(strategy: Strategy, params: &Params) -> Profile {
    let counted = match params.choice(RESOURCES.name) {
        "cpu" => vec![Counted::Plain(Resource::Cpu)],
        "memory" => vec![Counted::Plain(Resource::Memory)],
        "cpu,memory" => CPU_AND_MEMORY.to_vec(),
        other => panic!("`{other}` are no resources"),
    };
    let mut profile = Profile {
        percentage_of_nodes_to_score: params.integer(PERCENTAGE.name) as u32,
        spread_defaults: match params.choice(DEFAULT_SPREAD.name) {
            "system" => Defaults::System,
            "none" => Defaults::List(Vec::new()),
            other => panic!("`{other}` are no default constraints"),
        },
        ties: match params.choice(TIES.name) {
            "random" => Ties::Lot,
            "name" => Ties::Name,
            other => panic!("`{other}` breaks no ties"),
        },
        ..Profile::kube_1_34()
    };
    for weighted in &mut profile.scorers {
        let plugin = weighted.scorer.plugin();
        let weight = WEIGHTS.iter().find(|(other, _)| *other == plugin);
        let (_, weight) = weight.expect("every scorer has a weight");
        weighted.weight = params.integer(weight.name) as i64;
        if let Scorer::NodeResourcesFit { .. } = weighted.scorer {
            weighted.scorer = Scorer::NodeResourcesFit {
                strategy: strategy.clone(),
                resources: counted.iter().map(|&resource| (resource, 1)).collect(),
            };
        }
    }
    profile.scorers.retain(|weighted| weighted.weight > 0);
    profile
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::params::Value;

    fn params(declared: &[Param], set: &[(&'static str, Value)]) -> Params {
        let defaults = declared.iter().map(|param| {
            let text = param.default;
            let value = match param.kind {
                Kind::Integer { .. } => Value::Integer(text.parse().unwrap()),
                Kind::Choice(_) => Value::Choice(text.to_owned()),
                Kind::Shape { .. } => Value::Shape(text.parse().unwrap()),
                Kind::Number { .. } | Kind::Duration | Kind::Period => {
                    unreachable!("there is none")
                }
            };
            (param.name, value)
        });
        Params::new(defaults.chain(set.iter().cloned()))
    }

    fn made(set: &[(&'static str, Value)]) -> Profile {
        let params = params(KUBE, set);
        profile(strategy(&params), &params)
    }

    #[test]
    fn the_defaults_are_those_of_kubernetes() {
        assert_eq!(made(&[]), Profile::kube_1_34());
        let params = params(BINPACK, &[]);
        let binpack = profile(Strategy::MostAllocated, &params);
        assert_eq!(binpack, Profile::kube_binpack());
    }

    #[test]
    fn a_scorer_without_weight_is_left_out() {
        let set = [
            ("image_locality_weight", Value::Integer(0)),
            ("node_affinity_weight", Value::Integer(7)),
        ];
        let profile = made(&set);
        let weight = |plugin| {
            let mut scorers = profile.scorers.iter();
            let scorer = scorers.find(|weighted| weighted.scorer.plugin() == plugin);
            scorer.map(|weighted| weighted.weight)
        };
        assert_eq!(weight(Plugin::ImageLocality), None);
        assert_eq!(weight(Plugin::NodeAffinity), Some(7));
        assert_eq!(weight(Plugin::TaintToleration), Some(3));
    }

    #[test]
    fn a_shape_is_worth_ten_times_as_many_points() {
        let shape = "0=10, 50=3".parse().unwrap();
        let set = [
            ("scoring", Value::Choice(RATIO.into())),
            ("shape", Value::Shape(shape)),
        ];
        let line = Strategy::RequestedToCapacityRatio(vec![(0, 100), (50, 30)]);
        let made = made(&set);
        let scorers = made.scorers.iter();
        let mut strategies = scorers.filter_map(|weighted| match &weighted.scorer {
            Scorer::NodeResourcesFit { strategy, .. } => Some(strategy),
            _ => None,
        });
        assert_eq!(strategies.next(), Some(&line));
    }
}
