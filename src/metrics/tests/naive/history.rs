//! Random histories of a small world.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::END;
use crate::cluster::change::Change;
use crate::cluster::pod::{Deletion, Exit, Outcome, Phase};
use crate::ids::{NodeId, PodId, ServiceId};
use crate::metrics::tests::world::{World, catalog, node_in, service, shape};
use crate::record::{Cause, Flow, Truth};

/// Something that happens, to the n-th of those it can happen to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Job(u32),
    Replica(u32),
    Bind(usize, usize),
    Run(usize),
    Die(usize, Exit),
    Notice(usize),
    Restart(usize),
    Evict(usize, Deletion),
    Fail(usize, bool),
    Recover(usize),
    Believe(usize, u8),
    Release(usize),
    Traffic(u32, u8, u8),
    Scale(u32, u32),
}

pub(super) fn op() -> impl Strategy<Value = Op> {
    let n = 0..100_usize;
    let exits = [
        Exit::Completed,
        Exit::Crashed,
        Exit::Stopped,
        Exit::OutOfMemory,
    ];
    let deletions = [
        Deletion::ScaledDown,
        Deletion::Drained,
        Deletion::Unreachable,
    ];
    prop_oneof![
        3 => (0..3_u32).prop_map(Op::Job),
        3 => (0..2_u32).prop_map(Op::Replica),
        8 => (n.clone(), n.clone()).prop_map(|(pod, node)| Op::Bind(pod, node)),
        8 => n.clone().prop_map(Op::Run),
        3 => (n.clone(), prop::sample::select(exits.to_vec())).prop_map(|(pod, exit)| Op::Die(pod, exit)),
        3 => n.clone().prop_map(Op::Notice),
        2 => n.clone().prop_map(Op::Restart),
        1 => (n.clone(), prop::sample::select(deletions.to_vec())).prop_map(|(pod, why)| Op::Evict(pod, why)),
        1 => (n.clone(), any::<bool>()).prop_map(|(node, zone)| Op::Fail(node, zone)),
        1 => n.clone().prop_map(Op::Recover),
        2 => (n.clone(), any::<u8>()).prop_map(|(node, change)| Op::Believe(node, change)),
        1 => n.prop_map(Op::Release),
        3 => (0..2_u32, any::<u8>(), any::<u8>()).prop_map(|(service, rate, lost)| Op::Traffic(service, rate, lost)),
        1 => (0..2_u32, 0..5_u32).prop_map(|(service, replicas)| Op::Scale(service, replicas)),
    ]
}

fn small_world() -> World {
    let mut nodes = vec![
        node_in("u", 0),
        node_in("v", 0),
        node_in("w", 1),
        node_in("x", 1),
    ];
    for (price, node) in nodes.iter_mut().enumerate() {
        node.price_per_hour = Some(1.0 + price as f64);
        node.max_pods = 5;
    }
    nodes[3].allocatable.cpu.0 = 8000;
    let shapes = vec![shape(700, 2), shape(1500, 1), shape(300, 3)];
    let services = vec![service("s", 2, 1), service("t", 3, 2)];
    World::new(catalog(nodes, shapes, services))
}

/// The world after these, each so many seconds after the one before.
pub(super) fn history(ops: &[(u64, Op)]) -> World {
    let mut world = small_world();
    let mut stage = Stage::default();
    let mut now = 0;
    for &(pause, op) in ops {
        now += pause;
        if now >= END {
            break;
        }
        stage.act(&mut world, now as f64, op);
    }
    world
}

/// The n-th of those, if there are any.
fn nth<T: Copy>(of: impl IntoIterator<Item = T>, n: usize) -> Option<T> {
    let all: Vec<T> = of.into_iter().collect();
    (!all.is_empty()).then(|| all[n % all.len()])
}

/// What only the generator of histories has to know.
#[derive(Default)]
struct Stage {
    running: BTreeSet<PodId>,
    down: BTreeSet<NodeId>,
    released: BTreeSet<NodeId>,
}

impl Stage {
    fn pods(&self, world: &World, wanted: impl Fn(PodId, Phase) -> bool) -> Vec<PodId> {
        let pods = world.belief.pods().iter();
        pods.filter(|(id, pod)| wanted(*id, pod.phase))
            .map(|(id, _)| id)
            .collect()
    }

    fn act(&mut self, world: &mut World, at: f64, op: Op) {
        match op {
            Op::Job(shape) => {
                world.job(at, shape, 50.0);
            }
            Op::Replica(service) => {
                world.replica(at, service);
            }
            Op::Bind(pod, node) => self.bind(world, at, pod, node),
            Op::Run(n) => {
                let starting = |pod| !self.running.contains(&pod);
                if let Some(pod) = nth(world.alive.iter().copied().filter(|&pod| starting(pod)), n)
                {
                    self.running.insert(pod);
                    world.run(at, pod);
                }
            }
            Op::Die(n, exit) => {
                if let Some(pod) = nth(self.running.iter().copied(), n) {
                    self.running.remove(&pod);
                    world.die(at, pod, exit);
                }
            }
            Op::Notice(n) => self.notice(world, at, n),
            Op::Restart(n) => {
                let crashed = self.pods(world, |_, phase| phase == Phase::Crashed);
                let on_up = crashed.into_iter().filter(|&pod| {
                    let node = world.belief.pods()[pod].node.unwrap();
                    !self.down.contains(&node) && !world.alive.contains(&pod)
                });
                if let Some(pod) = nth(on_up, n) {
                    world.order(at, pod);
                }
            }
            Op::Evict(n, deletion) => {
                let bound = self.pods(world, |pod, phase| {
                    !matches!(phase, Phase::Pending | Phase::Gone(_)) && !world.alive.contains(&pod)
                });
                if let Some(pod) = nth(bound, n) {
                    world.delete(at, pod, deletion);
                    world.gone(at, pod, Outcome::Deleted);
                }
            }
            Op::Fail(..) | Op::Recover(_) | Op::Believe(..) | Op::Release(_) => {
                self.nodes(world, at, op);
            }
            Op::Traffic(service, rate, lost) => {
                let offered = f64::from(rate % 4) * 50.0;
                let lost = offered * f64::from(lost % 3) / 4.0;
                let flow = Flow {
                    offered,
                    served: offered - lost,
                    stale_endpoint: lost,
                    capacity: f64::from(rate % 5) * 40.0,
                    per_replica: 40.0,
                    ..Flow::default()
                };
                world.traffic(at, service, flow);
            }
            Op::Scale(service, replicas) => {
                let service = ServiceId(service);
                world.believe(at, Change::ServiceScaled { service, replicas });
            }
        }
    }

    fn bind(&self, world: &mut World, at: f64, n: usize, node: usize) {
        let pending = self.pods(world, |_, phase| phase == Phase::Pending);
        let Some(pod) = nth(pending, n) else { return };
        let fits = world.belief.nodes().ids().filter(|&node| {
            let there = world.belief.nodes()[node].present && !self.down.contains(&node);
            there && world.belief.has_room(world.belief.shape(pod), node)
        });
        if let Some(node) = nth(fits, node) {
            world.bind(at, pod, node.0);
        }
    }

    fn notice(&self, world: &mut World, at: f64, n: usize) {
        let dead = self.pods(world, |pod, phase| {
            matches!(phase, Phase::Starting | Phase::Running) && !world.alive.contains(&pod)
        });
        if let Some(pod) = nth(dead, n) {
            world.notice(at, pod, Exit::Crashed);
            if n.is_multiple_of(2) {
                world.gone(at, pod, Outcome::Failed);
            }
        }
    }

    fn nodes(&mut self, world: &mut World, at: f64, op: Op) {
        let here: Vec<NodeId> = world.catalog.nodes.ids().collect();
        let here = here
            .into_iter()
            .filter(|node| !self.released.contains(node));
        let up = here.clone().filter(|node| !self.down.contains(node));
        match op {
            Op::Fail(n, zone) => {
                let Some(node) = nth(up, n) else { return };
                let cause = match zone {
                    true => Cause::Zone(world.catalog.nodes[node].zone),
                    false => Cause::Node,
                };
                self.down.insert(node);
                world.fail_node(at, node, cause);
                let alive = &world.alive;
                self.running.retain(|pod| alive.contains(pod));
            }
            Op::Recover(n) => {
                let down = self
                    .down
                    .iter()
                    .copied()
                    .filter(|node| !self.released.contains(node));
                if let Some(node) = nth(down, n) {
                    self.down.remove(&node);
                    world.truth(at, Truth::NodeUp(node));
                }
            }
            Op::Believe(n, change) => {
                let present = here.filter(|&node| world.belief.nodes()[node].present);
                let Some(node) = nth(present, n) else { return };
                world.believe(
                    at,
                    match change % 6 {
                        0 => Change::NodeCordoned(node),
                        1 => Change::NodeUncordoned(node),
                        2 => Change::NodeNotReady(node),
                        3 => Change::NodeReady(node),
                        4 => Change::NodeTainted(node),
                        _ => Change::NodeUntainted(node),
                    },
                );
            }
            Op::Release(n) => {
                let empty = here.filter(|&node| world.belief.nodes()[node].pods.is_empty());
                if let Some(node) = nth(empty, n) {
                    self.down.insert(node);
                    self.released.insert(node);
                    world.truth(
                        at,
                        Truth::NodeDown {
                            node,
                            cause: Cause::Trace,
                        },
                    );
                    world.truth(at, Truth::NodeReleased(node));
                    world.believe(at, Change::NodeRemoved(node));
                }
            }
            _ => unreachable!("not about nodes"),
        }
    }
}
