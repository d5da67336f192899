//! What holds for every scheduler of the registry, on random clusters with churn.

mod gpu;
mod research;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::testing::{
    Step, World, asking_gpus, cases, chosen, node, shape, variants, with_gpus, world,
};
use super::{Chosen, Placement};
use crate::cluster::gpu::{GpuModels, GpuSet};
use crate::ids::{Id, NodeId, PodId, ShapeId, ZoneId};
use crate::policy::View;
use crate::policy::params::{Kind, Params, Value};
use crate::policy::registry;
use crate::rng::Seed;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_plan_overcommits_a_node(case in cases()) {
        for (entry, params) in variants() {
            let mut scheduler = (entry.build)(&params);
            let mut world = World::new(case.catalog.clone());
            for (n, &step) in case.steps.iter().enumerate() {
                let Some(pod) = world.step(step) else { continue };
                let fitting = fitting(&world, pod);
                match world.schedule(&mut *scheduler, pod) {
                    Placement::Bind { node, .. } => prop_assert!(fitting.contains(&node)),
                    Placement::Wait { .. } | Placement::Preempt { .. } => prop_assert_eq!(fitting, vec![]),
                }
                if n % 16 == 0 {
                    world.cluster.check();
                }
            }
            world.cluster.check();
        }
    }

    #[test]
    fn forget_changes_no_decision(case in cases()) {
        for (entry, params) in variants() {
            let mut remembers = (entry.build)(&params);
            let mut forgets = (entry.build)(&params);
            let mut world = World::new(case.catalog.clone());
            for &step in &case.steps {
                if matches!(step, Step::Forget) {
                    forgets.forget();
                }
                let Some(pod) = world.step(step) else { continue };
                let placement = forgets.place(&world.view(), pod);
                prop_assert_eq!(world.schedule(&mut *remembers, pod), placement, "{}", entry.name);
            }
        }
    }

    #[test]
    fn planning_twice_changes_nothing(case in cases()) {
        for (entry, params) in variants() {
            let mut scheduler = (entry.build)(&params);
            let mut world = World::new(case.catalog.clone());
            for &step in &case.steps {
                let Some(pod) = world.step(step) else { continue };
                let first = scheduler.place(&world.view(), pod);
                prop_assert_eq!(world.schedule(&mut *scheduler, pod), first, "{}", entry.name);
            }
        }
    }

    #[test]
    fn only_declared_dice_make_another_seed_decide_differently(case in cases()) {
        for (entry, params) in variants() {
            if (entry.dice)(&params) {
                continue;
            }
            let mut scheduler = (entry.build)(&params);
            let mut world = World::new(case.catalog.clone());
            for &step in &case.steps {
                let Some(pod) = world.step(step) else { continue };
                let seed = Seed { seed: 4711, replication: 9 };
                let other = View { seed, ..world.view() };
                let placement = scheduler.place(&other, pod);
                prop_assert_eq!(world.schedule(&mut *scheduler, pod), placement, "{}", entry.name);
            }
        }
    }

    #[test]
    fn place_agrees_with_explain(case in cases()) {
        for (entry, params) in variants() {
            let mut scheduler = (entry.build)(&params);
            let mut world = World::new(case.catalog.clone());
            for &step in &case.steps {
                if matches!(step, Step::Forget) {
                    scheduler.forget();
                }
                let Some(pod) = world.step(step) else { continue };
                let mut told = scheduler.explain(&world.view(), pod);
                let fitting = fitting(&world, pod);
                let made = match world.schedule(&mut *scheduler, pod) {
                    Placement::Bind { node, .. } => Some(node),
                    Placement::Wait { .. } | Placement::Preempt { .. } => None,
                };
                prop_assert_eq!(made, told.chosen, "{} {:?}", entry.name, params);
                prop_assert!(made.is_none_or(|node| told.best.contains(&node)));
                prop_assert_eq!(made.is_none(), told.best.is_empty());
                // A pod is nominated to a node only where there are priorities, and there are none.
                prop_assert_eq!(told.evaluated, world.cluster.nodes_present());
                prop_assert_eq!(told.evaluated as usize, told.feasible.len() + told.rejected.len());
                told.feasible.sort();
                prop_assert_eq!(&told.feasible, &fitting, "{}", entry.name);
            }
        }
    }

    #[test]
    fn every_search_finds_the_node_and_the_gpus_of_the_plain_rule(case in cases()) {
        for (entry, params) in variants().into_iter().filter(|(entry, _)| has_rule(entry.name)) {
            let mut scheduler = (entry.build)(&params);
            let mut world = World::new(case.catalog.clone());
            for &step in &case.steps {
                let Some(pod) = world.step(step) else { continue };
                let expected = plain(&world, entry.name, &params, pod);
                let made = match world.schedule(&mut *scheduler, pod) {
                    Placement::Bind { node, gpus, .. } => Some((node, gpus)),
                    Placement::Wait { .. } | Placement::Preempt { .. } => None,
                };
                prop_assert_eq!(made, expected, "{} {:?}", entry.name, params);
            }
        }
    }
}

#[test]
fn declared_dice_are_thrown() {
    for (entry, params) in variants() {
        let mut scheduler = (entry.build)(&params);
        let mut world = world(vec![node(10_000, 10_000); 8], vec![shape(1000, 1000)]);
        let pod = world.job(ShapeId(0));
        let decided: BTreeSet<Option<u32>> = (0..16)
            .map(|seed| {
                let seed = Seed {
                    seed,
                    replication: 1,
                };
                let view = View {
                    seed,
                    ..world.view()
                };
                chosen(scheduler.place(&view, pod)).map(|(node, _)| node)
            })
            .collect();
        // Eight nodes that are alike: 16 throws agree once in 8^15 times.
        let throws = (entry.dice)(&params);
        assert_eq!(decided.len() > 1, throws, "{} {params:?}", entry.name);
    }
}

/// The nodes on which the pod fits, by asking each one.
fn fitting(world: &World, pod: PodId) -> Vec<NodeId> {
    let shape = world.cluster.shape(pod);
    let nodes = world.cluster.nodes().ids();
    nodes
        .filter(|&node| world.cluster.fits(shape, node))
        .collect()
}

/// Whether the policy's rule is here: those of Kubernetes are held to theirs elsewhere.
fn has_rule(policy: &str) -> bool {
    !policy.starts_with("kube")
}

/// Each policy's rule written down as plainly as can be, from pods and catalogue alone.
fn plain(world: &World, policy: &str, params: &Params, pod: PodId) -> Option<(NodeId, GpuSet)> {
    let fitting = fitting(world, pod);
    let rule = Plain {
        world,
        resources: choice(params, "resources"),
        pod,
    };
    let node = plain_node(&rule, policy, params, fitting.clone())?;
    Some((node, gpu::devices(&rule, policy, &fitting, node)))
}

/// The node of those on which the pod fits, which are in order.
fn plain_node(rule: &Plain, policy: &str, params: &Params, fitting: Vec<NodeId>) -> Option<NodeId> {
    let (world, pod) = (rule.world, rule.pod);
    let nodes = fitting.iter().copied();
    let least = |node| Reverse(rule.least_allocated(node, 100));
    let most = |node, parts| Reverse(rule.most_allocated(node, parts));
    match policy {
        "least-allocated" => nodes.min_by_key(|&node| least(node)),
        "most-allocated" => nodes.min_by_key(|&node| most(node, 100)),
        "binpack" => nodes.min_by_key(|&node| (most(node, 100), most(node, 1_000_000))),
        "first-fit" => nodes.min(),
        "spread" => {
            let (zones, hosts) = siblings(world, pod);
            let zone = |node| world.cluster.catalog().nodes[node].zone;
            nodes.min_by_key(|node| (zones.get(&zone(*node)), hosts.get(node), least(*node)))
        }
        "random" | "gpu-random" => gpu::lot(&fitting, &mut world.view().dice(pod)),
        _ => research::plain(rule, policy, params, fitting),
    }
}

/// What was chosen for the parameter; nothing where the policy has no such parameter.
fn choice<'a>(params: &'a Params, name: &str) -> &'a str {
    match params.iter().find(|(known, _)| *known == name) {
        Some((_, Value::Choice(chosen))) => chosen,
        _ => "",
    }
}

/// Replicas of the pod's service that are bound and stay, by zone and by node.
fn siblings(world: &World, pod: PodId) -> (BTreeMap<ZoneId, u32>, BTreeMap<NodeId, u32>) {
    let (mut zones, mut hosts) = (BTreeMap::new(), BTreeMap::new());
    let pods = world.cluster.pods();
    let service = pods[pod].service();
    for other in pods.as_slice().iter().filter(|other| other.active()) {
        if let (Some(node), true) = (other.node, service.is_some() && other.service() == service) {
            let zone = world.cluster.catalog().nodes[node].zone;
            *zones.entry(zone).or_default() += 1;
            *hosts.entry(node).or_default() += 1;
        }
    }
    (zones, hosts)
}

/// Kubernetes' scores with 128-bit division, requests summed pod by pod.
struct Plain<'a> {
    world: &'a World,
    resources: &'a str,
    pod: PodId,
}

impl Plain<'_> {
    fn least_allocated(&self, node: NodeId, parts: u128) -> u128 {
        self.mean(node, |requested, capacity| {
            (capacity - requested) * parts / capacity
        })
    }

    fn most_allocated(&self, node: NodeId, parts: u128) -> u128 {
        self.mean(node, |requested, capacity| requested * parts / capacity)
    }

    fn mean(&self, node: NodeId, score: impl Fn(u128, u128) -> u128) -> u128 {
        let scores: Vec<u128> = self
            .resources
            .split(',')
            .filter(|resource| self.asked(self.pod, resource) > 0)
            .filter_map(|resource| {
                let capacity = self.capacity(node, resource);
                let requested = self.requested(node, resource).min(capacity);
                (capacity > 0).then(|| score(requested, capacity))
            })
            .collect();
        scores.iter().sum::<u128>() / scores.len().max(1) as u128
    }

    fn capacity(&self, node: NodeId, resource: &str) -> u128 {
        let all = &self.world.cluster.catalog().nodes[node].allocatable;
        u128::from(match resource {
            "cpu" => all.cpu.0,
            "memory" => all.memory.0,
            _ => all.gpu.0,
        })
    }

    /// By the pods on the node and the pod to be placed.
    fn requested(&self, node: NodeId, resource: &str) -> u128 {
        let pods = self.world.cluster.pods().iter();
        let bound = pods.filter(|(_, pod)| pod.node == Some(node) && !pod.gone());
        let before: u128 = bound.map(|(pod, _)| self.asked(pod, resource)).sum();
        before + self.asked(self.pod, resource)
    }

    fn asked(&self, pod: PodId, resource: &str) -> u128 {
        let requests = self.world.cluster.shape(pod).requests;
        u128::from(match (resource, requests.cpu.0, requests.memory.0) {
            ("cpu", 0, _) => 100,
            ("cpu", cpu, _) => cpu,
            ("memory", _, 0) => 200 * 1024 * 1024,
            ("memory", _, memory) => memory,
            _ => requests.gpu.0,
        })
    }
}

#[test]
fn no_scheduler_takes_room_in_sum_for_room_on_one_gpu() {
    for (entry, params) in variants() {
        let mut scheduler = (entry.build)(&params);
        let shapes = [(2, 600), (1, 800), (1, 400)]
            .map(|(count, milli)| asking_gpus(shape(100, 64), count, milli, GpuModels::ANY));
        let node = with_gpus(node(8000, 8192), 2, None);
        let mut world = world(vec![node], shapes.to_vec());
        let mut place = |shape| {
            let pod = world.job(ShapeId(shape));
            world.schedule(&mut *scheduler, pod)
        };
        assert!(matches!(place(0), Placement::Bind { .. }));
        // 400 of 1000 thousandths are left of each device, 800 in sum.
        assert!(matches!(place(1), Placement::Wait { .. }), "{}", entry.name);
        assert!(matches!(place(2), Placement::Bind { .. }));
    }
}

#[test]
fn ties_go_to_the_lowest_node_or_to_any_by_lot() {
    for (entry, params) in variants() {
        let mut scheduler = (entry.build)(&params);
        let nodes = vec![node(4000, 4096); 3];
        let mut world = world(nodes, vec![shape(1000, 1024)]);
        let pod = world.job(ShapeId(0));
        match world.schedule(&mut *scheduler, pod) {
            Placement::Bind {
                why: Chosen::Lot { feasible },
                ..
            } => assert_eq!(feasible, 3),
            Placement::Bind {
                why: Chosen::Sampled { candidates, .. },
                ..
            } => assert!((2..=3).contains(&candidates), "{}", entry.name),
            Placement::Bind { node, .. } => {
                let lot = choice(&params, "ties") == "random";
                assert!(lot || node.index() == 0, "{}", entry.name);
            }
            Placement::Wait { .. } | Placement::Preempt { .. } => {
                panic!("{} finds no node", entry.name)
            }
        }
    }
}

#[test]
fn every_default_is_one_of_the_choices() {
    for entry in registry::SCHEDULERS {
        for param in entry.params {
            if let Kind::Choice(choices) = param.kind {
                assert!(choices.contains(&param.default), "{}", param.name);
            }
        }
    }
}
