//! Utilization, waste, cost, and what packing stakes.

use super::world::{
    World, catalog, check, cluster, gpu_node, gpu_shape, near, node, node_in, service, shape,
};
use crate::cluster::change::Change;
use crate::ids::{GroupId, NodeId};
use crate::metrics::measured::{Amount, Entity, Measured};
use crate::record::{Cause, Truth};

fn group(measured: &Measured, metric: &str, name: &str) -> Option<f64> {
    measured
        .get(metric, &Entity::Group(name.to_owned()))
        .map(Amount::value)
}

fn job(world: &mut World, at: f64, shape: u32, node: u32) {
    let pod = world.job(at, shape, 1e6);
    world.place(at, pod, node);
}

#[test]
fn a_pod_that_fills_one_of_two_nodes_half_of_the_time_allocates_a_quarter() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(4000, 4)],
        vec![],
    ));
    let pod = world.job(20.0, 0, 50.0);
    world.place(20.0, pod, 0);
    world.finish(70.0, pod);
    let measured = world.measure(0.0, 100.0);
    // CPU: 4 of 8 cores for 50 of 100 s; memory: 4 of 16 GiB for 50 of 100 s.
    check(
        &measured,
        &[("allocated.cpu", 0.25), ("allocated.memory", 0.125)],
    );
    // One node holds a pod for 50 of 100 s; two nodes are up: 2 · 100 s.
    check(
        &measured,
        &[
            ("nodes.used", 0.5),
            ("nodes.up", 2.0),
            ("node_hours", 200.0 / 3600.0),
        ],
    );
    // By cells of 0.2 s: nothing before 20 s, half of the CPU from then on.
    let series = measured.series.iter();
    let series = series.filter(|s| s.metric == "allocated.cpu" && s.entity == Entity::Cluster);
    let values = &series.clone().next().unwrap().values;
    assert_eq!(
        (values[99], values[100], values[349], values[350]),
        (Some(0.0), Some(0.5), Some(0.5), Some(0.0))
    );
}

#[test]
fn only_the_window_counts() {
    let mut world = World::new(catalog(vec![node("x")], vec![shape(2000, 4)], vec![]));
    let pod = world.job(0.0, 0, 50.0);
    world.place(0.0, pod, 0);
    world.finish(60.0, pod);
    // Half of the node in [40, 60) of [40, 140).
    check(
        &world.measure(40.0, 140.0),
        &[("allocated.cpu", 0.5 * 20.0 / 100.0)],
    );
}

#[test]
fn what_is_bound_to_a_dead_node_is_paid_for_and_not_allocated() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(4000, 4)],
        vec![],
    ));
    job(&mut world, 0.0, 0, 0);
    world.fail_node(50.0, NodeId(0), Cause::Node);
    world.truth(75.0, Truth::NodeReleased(NodeId(0)));
    let measured = world.measure(0.0, 100.0);
    // Bound to an up node for 50 s: 4 · 50; provisioned 4 · 75 + 4 · 100 core-seconds.
    check(
        &measured,
        &[("allocated.cpu", 200.0 / 700.0), ("nodes.up", 1.5)],
    );
    // Belief still has both nodes ready: 4 · 100 of 8 · 100.
    check(&measured, &[("allocated.schedulable.cpu", 0.5)]);
    check(&measured, &[("node_hours", 175.0 / 3600.0)]);
}

#[test]
fn nodes_that_take_no_pods_are_not_schedulable() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y"), node("z")],
        vec![shape(2000, 4)],
        vec![],
    ));
    job(&mut world, 0.0, 0, 0);
    job(&mut world, 0.0, 0, 1);
    world.believe(20.0, Change::NodeCordoned(NodeId(1)));
    world.believe(40.0, Change::NodeTainted(NodeId(2)));
    world.believe(60.0, Change::NodeNotReady(NodeId(2)));
    world.believe(70.0, Change::NodeUncordoned(NodeId(1)));
    world.believe(80.0, Change::NodeReady(NodeId(2)));
    world.believe(90.0, Change::NodeUntainted(NodeId(2)));
    let measured = world.measure(0.0, 100.0);
    // x is open all the time, y but for [20, 70), z but for [40, 90): 100 + 50 + 50 node-seconds
    // of 4 cores, of which x and y have 2 bound.
    check(
        &measured,
        &[("allocated.schedulable.cpu", 2.0 * 150.0 / (4.0 * 200.0))],
    );
    check(
        &measured,
        &[
            ("allocated.cpu", 4.0 / 12.0),
            ("allocated.schedulable.memory", 0.5 * 150.0 / 200.0),
        ],
    );
}

#[test]
fn groups_are_told_where_there_are_several() {
    let mut y = node("y");
    y.group = GroupId(1);
    let mut world = World::new(catalog(vec![node("x"), y], vec![shape(1000, 1)], vec![]));
    job(&mut world, 0.0, 0, 1);
    let measured = world.measure(0.0, 10.0);
    near(group(&measured, "allocated.cpu", "g0"), Some(0.0), "g0");
    near(group(&measured, "allocated.cpu", "g1"), Some(0.25), "g1");
    near(cluster(&measured, "allocated.cpu"), Some(0.125), "all");
    near(group(&measured, "nodes.used", "g1"), Some(1.0), "g1");
}

#[test]
fn use_is_told_when_every_node_that_held_a_pod_told_it() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(2000, 4)],
        vec![],
    ));
    job(&mut world, 0.0, 0, 0);
    let used = |node, cpu, gib: f64| Truth::NodeUse {
        node: NodeId(node),
        cpu,
        memory: Some(gib * f64::from(1 << 30)),
    };
    world.truth(0.0, used(0, 1.0, 6.0));
    world.truth(50.0, used(0, 3.0, 6.0));
    let measured = world.measure(0.0, 100.0);
    // 1 core for 50 s and 3 for 50 s of 8 cores; 6 of 16 GiB. Requested: 2 cores, 4 GiB.
    check(
        &measured,
        &[("used.cpu", 200.0 / 800.0), ("used.memory", 6.0 / 16.0)],
    );
    check(
        &measured,
        &[("slack.cpu", 0.0), ("slack.memory", 1.0 - 6.0 / 4.0)],
    );
    // y holds a pod and never tells what it uses.
    job(&mut world, 60.0, 0, 1);
    let measured = world.measure(0.0, 100.0);
    assert_eq!(
        (
            cluster(&measured, "used.cpu"),
            cluster(&measured, "slack.cpu")
        ),
        (None, None)
    );
}

#[test]
fn memory_whose_use_is_not_known_on_one_node_is_not_told() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(2000, 4)],
        vec![],
    ));
    let used = |node, memory| Truth::NodeUse {
        node: NodeId(node),
        cpu: 1.0,
        memory,
    };
    for place in [0, 1] {
        job(&mut world, 0.0, 0, place);
        world.truth(0.0, used(place, Some(1e9)));
    }
    world.truth(50.0, used(1, None));
    world.truth(60.0, used(1, Some(1e9)));
    let measured = world.measure(0.0, 100.0);
    check(&measured, &[("used.cpu", 0.25)]);
    for metric in ["used.memory", "slack.memory"] {
        assert_eq!(cluster(&measured, metric), None, "{metric}");
    }
    // Once it is known again, a window that opens then tells it: 2 · 10⁹ of 16 GiB.
    let share = 2e9 / (16.0 * f64::from(1 << 30));
    check(&world.measure(70.0, 100.0), &[("used.memory", share)]);
    assert_eq!(cluster(&world.measure(55.0, 100.0), "used.memory"), None);
}

#[test]
fn a_dead_node_uses_nothing() {
    let mut world = World::new(catalog(vec![node("x")], vec![shape(2000, 4)], vec![]));
    job(&mut world, 0.0, 0, 0);
    world.truth(
        0.0,
        Truth::NodeUse {
            node: NodeId(0),
            cpu: 2.0,
            memory: Some(0.0),
        },
    );
    world.fail_node(25.0, NodeId(0), Cause::Node);
    world.truth(50.0, Truth::NodeUp(NodeId(0)));
    // 2 of 4 cores for 25 of 100 s: after its return it runs nothing.
    check(&world.measure(0.0, 100.0), &[("used.cpu", 0.125)]);
}

#[test]
fn a_node_is_idle_as_far_as_its_fullest_resource_leaves_it() {
    let priced = |name, price| {
        let mut spec = node(name);
        spec.price_per_hour = Some(price);
        spec
    };
    let mut world = World::new(catalog(
        vec![priced("x", 2.0), priced("y", 1.0)],
        vec![shape(1000, 6)],
        vec![],
    ));
    job(&mut world, 0.0, 0, 0);
    world.fail_node(1800.0, NodeId(0), Cause::Node);
    let measured = world.measure(0.0, 3600.0);
    // One hour of 2.00 and of 1.00. x: 6 of 8 GiB are the largest share, so a quarter is idle in the
    // first half hour, and all of it in the second; y is idle.
    check(
        &measured,
        &[("cost", 3.0), ("cost.idle", 0.25 * 1.0 + 1.0 + 1.0)],
    );
}

#[test]
fn without_every_price_there_is_no_cost() {
    let mut priced = node("x");
    priced.price_per_hour = Some(2.0);
    let world = World::new(catalog(vec![priced, node("y")], vec![], vec![]));
    assert_eq!(cluster(&world.measure(0.0, 10.0), "cost"), None);
}

#[test]
fn memory_is_stranded_on_a_node_without_cpu_to_go_with_it() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(4000, 2), shape(500, 1)],
        vec![],
    ));
    world.weights = vec![0.0, 1.0];
    let pod = world.job(0.0, 0, 50.0);
    world.place(0.0, pod, 0);
    world.finish(50.0, pod);
    let measured = world.measure(0.0, 100.0);
    // In the first half x has no CPU left and 6 of all 16 GiB; a pod of the mix would fit by memory.
    check(
        &measured,
        &[("stranded.memory", 0.5 * 6.0 / 16.0), ("stranded.cpu", 0.0)],
    );
    // The mean of idle and useless CPU (0 of 8 cores) and memory (6 of 16 GiB), half of the time.
    let fragmented = 0.5 * (0.0 + 6.0 / 16.0) / 2.0;
    check(&measured, &[("fragmentation", fragmented)]);
    // Idle: first 4 of 8 cores and 14 of 16 GiB, then everything.
    let idle = 0.5 * (4.0 / 8.0 + 14.0 / 16.0) / 2.0 + 0.5;
    check(&measured, &[("fragmentation.of_idle", fragmented / idle)]);
}

#[test]
fn gpus_are_fragmented_as_in_the_paper() {
    let mut world = World::new(catalog(
        vec![gpu_node("x", 2)],
        vec![gpu_shape(100, 1, 700), gpu_shape(100, 1, 400)],
        vec![],
    ));
    world.weights = vec![1.0, 1.0];
    job(&mut world, 0.0, 0, 0);
    let measured = world.measure(0.0, 10.0);
    // Left: 300 and 1,000. To a pod of 700 or of 400 thousandths, the first GPU is of no use.
    check(
        &measured,
        &[("fragmentation", 300.0 / 2000.0), ("allocated.gpu", 0.35)],
    );
    check(
        &measured,
        &[
            ("fragmentation.of_idle", 300.0 / 1300.0),
            ("stranded.gpu", 0.0),
        ],
    );
    check(
        &measured,
        &[
            ("allocated.schedulable.gpu", 0.35),
            ("balance.cov.gpu", 0.0),
        ],
    );
}

#[test]
fn packing_compares_with_the_fewest_of_the_largest_nodes() {
    let mut large = node("x");
    large.allocatable.cpu.0 = 8000;
    let mut world = World::new(catalog(
        vec![large, node("y"), node("z")],
        vec![shape(3000, 1)],
        vec![],
    ));
    job(&mut world, 0.0, 0, 1);
    job(&mut world, 0.0, 0, 2);
    // 6 cores fit on x alone; y and z are used.
    check(&world.measure(0.0, 10.0), &[("packing", 0.5)]);
    job(&mut world, 0.0, 0, 0);
    // 9 cores need x and one more; all three are used.
    check(&world.measure(0.0, 10.0), &[("packing", 2.0 / 3.0)]);
}

#[test]
fn balance_is_the_spread_of_shares_over_their_mean() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(1000, 2), shape(3000, 2)],
        vec![],
    ));
    job(&mut world, 0.0, 0, 0);
    job(&mut world, 0.0, 1, 1);
    let measured = world.measure(0.0, 10.0);
    // CPU shares 0.25 and 0.75: mean 0.5, standard deviation 0.25. Memory is even.
    check(
        &measured,
        &[("balance.cov.cpu", 0.5), ("balance.cov.memory", 0.0)],
    );
}

#[test]
fn the_largest_pod_has_the_proportions_of_the_mix() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(1000, 1), shape(2000, 3)],
        vec![],
    ));
    job(&mut world, 0.0, 1, 0);
    let pod = world.job(0.0, 0, 50.0);
    world.place(0.0, pod, 1);
    world.finish(50.0, pod);
    let measured = world.measure(0.0, 100.0);
    // Mean of the mix: 1.5 cores, 2 GiB. y has (3, 7), so 2 times that, for 50 s, then (4, 8):
    // 4/1.5 = 2.67 times; x has (2, 5): less.
    let (first, second) = (2.0, 4.0 / 1.5);
    let mean = (first + second) / 2.0;
    check(
        &measured,
        &[
            ("largest_pod.cpu", 1.5 * mean),
            ("largest_pod.cpu.min", 3.0),
        ],
    );
    let gib = f64::from(1 << 30);
    check(
        &measured,
        &[
            ("largest_pod.memory", 2.0 * mean * gib),
            ("largest_pod.memory.min", 4.0 * gib),
        ],
    );
}

#[test]
fn the_largest_gpu_pod_has_a_part_of_one_or_whole_ones() {
    let mut world = World::new(catalog(
        vec![gpu_node("x", 2)],
        vec![gpu_shape(100, 1, 500)],
        vec![],
    ));
    job(&mut world, 0.0, 0, 0);
    // One GPU has 500 thousandths left, the other is whole: at most one whole one.
    let measured = world.measure(0.0, 10.0);
    check(
        &measured,
        &[("largest_pod.gpu", 1.0), ("largest_pod.gpu.min", 1.0)],
    );
}

#[test]
fn a_node_that_takes_no_more_pods_has_no_room_for_a_large_one() {
    let mut full = node("x");
    full.max_pods = 1;
    let mut world = World::new(catalog(vec![full, node("y")], vec![shape(1000, 2)], vec![]));
    job(&mut world, 0.0, 0, 0);
    world.believe(0.0, Change::NodeCordoned(NodeId(1)));
    check(&world.measure(0.0, 10.0), &[("largest_pod.cpu", 0.0)]);
}

#[test]
fn headroom_asks_whether_the_worst_node_would_fit_elsewhere() {
    let mut world = World::new(catalog(
        vec![node_in("x", 0), node_in("y", 0), node_in("z", 1)],
        vec![shape(1000, 1)],
        vec![service("s", 2, 2)],
    ));
    for at in [0, 0, 1, 1, 1] {
        job(&mut world, 0.0, 0, at);
    }
    for at in [2, 2] {
        let pod = world.replica(0.0, 0);
        world.place(0.0, pod, at);
    }
    let measured = world.measure(0.0, 10.0);
    // Cores left: x 2, y 1, z 2. Losing y asks for 3 of the 4 on x and z, x or z for 2: all fit.
    check(
        &measured,
        &[("headroom.node", 1.0), ("headroom.node.unplaced", 0.0)],
    );
    // Losing zone a (x and y) asks for 5 of the 2 on z: 3 do not fit.
    check(
        &measured,
        &[("headroom.zone", 0.0), ("headroom.zone.unplaced", 3.0)],
    );
    check(&measured, &[("headroom.samples", 500.0)]);
    // Losing z leaves s without any of the 2 replicas it needs.
    check(
        &measured,
        &[
            ("headroom.node.services", 1.0),
            ("headroom.zone.services", 1.0),
        ],
    );
    // Half of the time two more: losing y asks for 3 of 2, losing z for 2 of 1.
    for at in [0, 2] {
        job(&mut world, 5.0, 0, at);
    }
    let measured = world.measure(0.0, 10.0);
    check(
        &measured,
        &[("headroom.node", 0.5), ("headroom.node.unplaced", 0.5)],
    );
}

#[test]
fn nothing_can_be_moved_to_nodes_that_take_no_pods() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(1000, 1)],
        vec![],
    ));
    job(&mut world, 0.0, 0, 0);
    world.believe(0.0, Change::NodeCordoned(NodeId(1)));
    let measured = world.measure(0.0, 10.0);
    check(
        &measured,
        &[("headroom.node", 0.0), ("headroom.node.unplaced", 1.0)],
    );
    assert_eq!(
        cluster(&measured, "headroom.zone"),
        None,
        "there is one zone only"
    );
}

#[test]
fn pods_that_wait_do_not_fit_and_without_pods_there_is_no_headroom() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(1000, 1)],
        vec![],
    ));
    for metric in ["headroom.node", "headroom.node.unplaced"] {
        assert_eq!(cluster(&world.measure(0.0, 10.0), metric), None, "{metric}");
    }
    // Of [5, 10) with a pod, two wait beside it for [5, 7): 2 of 5 s, and 2 · 2 ÷ 5 pods.
    job(&mut world, 5.0, 0, 0);
    let waiting = [world.job(5.0, 0, 1e6), world.job(5.0, 0, 1e6)];
    for pod in waiting {
        world.bind(7.0, pod, 1);
    }
    check(
        &world.measure(0.0, 10.0),
        &[
            ("headroom.node", 0.6),
            ("headroom.node.displaced", 1.0),
            ("headroom.node.unplaced", 0.8),
        ],
    );
}

#[test]
fn headroom_looks_at_single_gpus() {
    let mut world = World::new(catalog(
        vec![gpu_node("x", 1), gpu_node("y", 2)],
        vec![gpu_shape(100, 1, 600)],
        vec![],
    ));
    job(&mut world, 0.0, 0, 0);
    job(&mut world, 0.0, 0, 1);
    job(&mut world, 0.0, 0, 1);
    // On y 400 + 400 thousandths are left: a pod of 600 from x fits on neither GPU.
    // On x 400 are left: neither of y's pods fits.
    check(
        &world.measure(0.0, 10.0),
        &[("headroom.node", 0.0), ("headroom.node.unplaced", 2.0)],
    );
}

#[test]
fn pods_per_node_is_a_percentile_over_nodes_and_samples() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(100, 1)],
        vec![],
    ));
    job(&mut world, 0.0, 0, 0);
    job(&mut world, 90.0, 0, 0);
    job(&mut world, 99.5, 0, 0);
    // Of 1,000 looks at a node (500 samples of 2 nodes), 3 see three pods (from 99.5 s: cells 497.5
    // on, middles 99.5, 99.7 and 99.9), 47 two, 450 one, 500 none: the 990th sees two.
    check(&world.measure(0.0, 100.0), &[("pods_per_node.p99", 2.0)]);
}

#[test]
fn without_a_reference_mix_nothing_is_stranded_or_fragmented() {
    let mut world = World::new(catalog(vec![node("x")], vec![shape(4000, 1)], vec![]));
    world.weights = vec![0.0];
    job(&mut world, 0.0, 0, 0);
    let measured = world.measure(0.0, 10.0);
    assert_eq!(cluster(&measured, "stranded.memory"), None);
    assert_eq!(cluster(&measured, "fragmentation"), None);
}

#[test]
fn nodes_are_told_one_by_one_on_request() {
    let mut world = World::new(catalog(
        vec![node("x"), node("y")],
        vec![shape(1000, 1)],
        vec![],
    ));
    job(&mut world, 5.0, 0, 1);
    let measured = world.measure(0.0, 10.0);
    let of = |name: &str| {
        let entity = Entity::Node(name.to_owned());
        let mut all = measured.series.iter();
        let series = all
            .find(|s| s.entity == entity && s.metric == "allocated.cpu")
            .unwrap();
        (series.values[0], series.values[499])
    };
    assert_eq!(of("x"), (Some(0.0), Some(0.0)));
    assert_eq!(of("y"), (Some(0.0), Some(0.25)));
}
