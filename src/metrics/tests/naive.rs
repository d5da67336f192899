//! The fold against a naive recomputation: the state of every second rebuilt from all records, and
//! every integral a sum over seconds.

use proptest::prelude::*;

use super::world::{World, cluster, near, of_service, part, secs};
use crate::cluster::pod::Phase;
use crate::ids::Id;
use crate::metrics::measured::Measured;
use history::{history, op};
use state::{State, Sums, add_headroom, add_nodes, add_services, add_waste};

mod history;
mod state;

/// The window is [WARM_UP, END): 500 s, so that each sample stands for one second.
const WARM_UP: u64 = 20;
const END: u64 = 520;

/// Outages of one service as runs of seconds: (begin, end if it has one).
fn outages(down: &[bool]) -> Vec<(u64, Option<u64>)> {
    let mut found = Vec::new();
    let mut since = None;
    for (second, &down) in down.iter().enumerate() {
        match (since, down) {
            (None, true) => since = Some(second as u64),
            (Some(begin), false) => {
                found.push((begin, Some(second as u64)));
                since = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    found.extend(since.map(|begin| (begin, None)));
    found
}

fn compare(world: &World, measured: &Measured) {
    let mut sums = Sums::default();
    let mut down = vec![Vec::new(); 2];
    for second in 0..END {
        let state = State::at(world, second);
        for (id, spec) in world.catalog.services.iter() {
            let ready = state.ready_replicas(id.0).len();
            down[id.index()].push(ready < spec.min_available as usize);
        }
        if second >= WARM_UP {
            add_nodes(world, &state, &mut sums);
            add_waste(world, &state, &mut sums);
            add_headroom(world, &state, &mut sums);
            add_services(world, &state, &mut sums);
        }
    }
    let length = (END - WARM_UP) as f64;
    for resource in ["cpu", "memory"] {
        let base = format!("base {resource}");
        let expected = [
            ("allocated", sums.ratio(&format!("bound {resource}"), &base)),
            (
                "stranded",
                sums.ratio(&format!("stranded {resource}"), &base),
            ),
            (
                "allocated.schedulable",
                sums.ratio(
                    &format!("open bound {resource}"),
                    &format!("open base {resource}"),
                ),
            ),
        ];
        for (name, value) in expected {
            let name = format!("{name}.{resource}");
            near(cluster(measured, &name), value, &name);
        }
    }
    let all = [
        ("nodes.up", Some(sums.get("up") / length)),
        ("nodes.used", Some(sums.get("used") / length)),
        ("node_hours", Some(sums.get("provisioned") / 3600.0)),
        (
            "cost",
            (sums.get("provisioned") > 0.0).then(|| sums.get("cost")),
        ),
        (
            "cost.idle",
            (sums.get("provisioned") > 0.0).then(|| sums.get("cost idle")),
        ),
        (
            "fragmentation",
            sums.ratio("fragmented", "looks with nodes"),
        ),
        ("headroom.node", sums.ratio("headroom node", "judged")),
        (
            "headroom.node.displaced",
            sums.ratio("displaced node", "judged"),
        ),
        (
            "headroom.node.unplaced",
            sums.ratio("unplaced node", "judged"),
        ),
        ("headroom.zone", sums.ratio("headroom zone", "judged")),
        (
            "headroom.zone.displaced",
            sums.ratio("displaced zone", "judged"),
        ),
        (
            "headroom.zone.unplaced",
            sums.ratio("unplaced zone", "judged"),
        ),
    ];
    for (name, value) in all {
        near(cluster(measured, name), value, name);
    }
    for (id, spec) in world.catalog.services.iter() {
        compare_service(measured, &spec.name, &sums, &outages(&down[id.index()]));
    }
}

fn compare_service(measured: &Measured, name: &str, sums: &Sums, outages: &[(u64, Option<u64>)]) {
    let length = (END - WARM_UP) as f64;
    let sum = |what: &str| sums.get(&format!("{what} {name}"));
    let ratio =
        |over: &str, under: &str| sums.ratio(&format!("{over} {name}"), &format!("{under} {name}"));
    let begun: Vec<_> = outages
        .iter()
        .filter(|&&(begin, _)| begin > WARM_UP)
        .collect();
    let censored = outages
        .iter()
        .filter(|&&(begin, end)| end.is_none_or(|end| end > WARM_UP && begin <= WARM_UP));
    let lengths: Vec<u64> = begun
        .iter()
        .filter_map(|&&(begin, end)| end.map(|end| end - begin))
        .collect();
    let recover = lengths.iter().sum::<u64>() as f64 / lengths.len() as f64;
    let expected = [
        ("availability.time", Some(sum("enough") / length)),
        ("requests.lost", ratio("lost", "offered")),
        (
            "availability.requests",
            ratio("lost", "offered").map(|lost| 1.0 - lost),
        ),
        (
            "availability.capacity",
            (sum("offered") > 0.0).then(|| sum("capable") / length),
        ),
        ("scaling.under", ratio("under", "needed")),
        ("scaling.over", ratio("over", "needed")),
        ("replica_hours", Some(sum("bound") / 3600.0)),
        ("zone_skew.max", Some(sum("skew"))),
        ("outages", Some(begun.len() as f64)),
        ("outages.censored", Some(censored.count() as f64)),
        (
            "outage.time_to_recover",
            (!lengths.is_empty()).then_some(recover),
        ),
    ];
    for (metric, value) in expected {
        near(
            of_service(measured, metric, name),
            value,
            &format!("{metric} of {name}"),
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_fold_equals_a_naive_recomputation(
        ops in prop::collection::vec((prop_oneof![Just(0_u64), 1..15_u64], op()), 0..150),
    ) {
        let world = history(&ops);
        compare(&world, &world.measure(WARM_UP as f64, END as f64));
    }

    #[test]
    fn pods_are_counted_as_in_belief(
        ops in prop::collection::vec((prop_oneof![Just(0_u64), 1..15_u64], op()), 0..150),
    ) {
        let world = history(&ops);
        let measured = world.measure(WARM_UP as f64, END as f64);
        world.belief.check();
        let rows: Vec<_> = measured.pods.iter().collect();
        for (row, (id, pod)) in rows.iter().zip(world.belief.pods().iter()) {
            let ended = match pod.phase {
                Phase::Gone(outcome) => Some(outcome),
                _ => None,
            };
            prop_assert_eq!((row.pod, row.owner, row.node, row.outcome), (id, pod.owner, pod.node, ended));
            prop_assert_eq!(row.restarts, pod.incarnation.saturating_sub(1));
            prop_assert_eq!((row.created, row.bound.is_some()), (pod.created, pod.node.is_some()));
        }
        prop_assert_eq!(rows.len(), world.belief.pods().len());
        let counted = rows.iter().filter(|row| row.created >= secs(WARM_UP as f64));
        let never = counted.filter(|row| row.bound.is_none()).count() as f64;
        prop_assert_eq!(cluster(&measured, "pending.never"), Some(never));
        prop_assert_eq!(measured.accounting.truth.total(), measured.accounting.arrived());
        prop_assert_eq!(measured.accounting.belief.total(), measured.accounting.arrived());
        let evicted = |cause| part(&measured, "evictions", cause).unwrap();
        let all = evicted("drained") + evicted("unreachable") + evicted("node removed") + evicted("preempted");
        prop_assert_eq!(cluster(&measured, "evictions"), Some(all));
    }
}
