//! Compaction of cells small enough to be checked by hand.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;

use proptest::prelude::*;

use super::search::Found;
use super::*;
use crate::experiment::replicate::with_threads;
use crate::run::explain::{Reached, until};
use crate::run::snapshot::Taken;
use crate::scenario::policies::PolicyKind;
use crate::scenario::{Scenario, parse};
use crate::time::Time;

/// So many nodes of one kind with so many cores.
fn nodes(name: &str, count: u32, cores: u32) -> String {
    format!("[[nodes]]\nname = \"{name}\"\ncount = {count}\ncpu = {cores}\nmemory = \"64Gi\"\n")
}

/// A service of so many pods of so many cores.
fn service(name: &str, pods: u32, cores: u32) -> String {
    format!(
        "[[services]]\nname = \"{name}\"\nreplicas = {pods}\nrequests = {{ cpu = {cores}, memory = \"1Gi\" \
         }}\nstartup = \"1s\"\n"
    )
}

/// The same, never two of them on one node.
fn apart(name: &str, pods: u32, cores: u32) -> String {
    let affinity = "services.pod.affinity.pod_anti_affinity.required_during_scheduling_ignored_during_execution";
    format!(
        "{}[services.pod]\nlabels = {{ app = \"{name}\" }}\n[[{affinity}]]\ntopology_key = \
         \"kubernetes.io/hostname\"\nlabel_selector = {{ match_labels = {{ app = \"{name}\" }} }}\n",
        service(name, pods, cores)
    )
}

fn scenario(parts: &[String]) -> Scenario {
    let head = "name = \"cell\"\nduration = \"10m\"\n[policy]\nscheduler = \"kube\"\nautoscaler = \
                \"fixed\"\nhealer = \"none\"\n";
    let text = head.to_owned() + &parts.concat();
    let read = |_: &Path| Err(io::ErrorKind::NotFound.into());
    match parse(Path::new("cell.toml"), &text, &read) {
        Ok(loaded) => loaded.scenario,
        Err(problems) => panic!("{problems:?}"),
    }
}

fn snapshot(parts: &[String]) -> Snapshot {
    Snapshot::of(reached(&scenario(parts)).control.cluster(), Taken::All)
}

fn reached(scenario: &Scenario) -> Reached {
    let seed = Seed {
        seed: 1,
        replication: 1,
    };
    let mut watch = |_| ControlFlow::Continue(());
    until(scenario, seed, Time::from_secs_f64(300.0), &mut watch).unwrap()
}

fn named(name: &str) -> Named {
    let scenario = scenario(&[nodes("any", 1, 1)]);
    scenario
        .with_policy(PolicyKind::Scheduler, name)
        .unwrap()
        .policy
        .scheduler
}

const PLAN: Plan = Plan {
    seed: 1,
    trials: 11,
    quantile: 0.9,
    picky: 0.002,
    handful: 5,
    soft_over: 0.5,
    copies: 4,
    confirm: 4,
    order: Order::Random,
};

fn compacted(parts: &[String], schedulers: &[&str], plan: &Plan) -> Result<Compaction, Failed> {
    let schedulers: Vec<Named> = schedulers.iter().map(|name| named(name)).collect();
    compact(&snapshot(parts), &schedulers, plan, &|_| {
        ControlFlow::Continue(())
    })
}

/// What each trial of the only scheduler needed.
fn sizes(parts: &[String], scheduler: &str, plan: &Plan) -> Vec<Option<u32>> {
    let compaction = compacted(parts, &[scheduler], plan).unwrap();
    compaction.schedulers[0]
        .sizes()
        .map(|size| size.nodes)
        .collect()
}

#[test]
fn ten_pods_of_half_a_node_need_five_nodes() {
    // Under any scheduler: full nodes have no room, and half-full ones have.
    let parts = [nodes("worker", 8, 2), service("web", 10, 1)];
    let schedulers = [
        "kube",
        "spread",
        "least-allocated",
        "first-fit",
        "random",
        "nomad",
        "swarm",
    ];
    let compaction = compacted(&parts, &schedulers, &PLAN).unwrap();
    for packed in &compaction.schedulers {
        let needs: Vec<Option<u32>> = packed.sizes().map(|size| size.nodes).collect();
        assert_eq!(needs, [Some(5); 11], "{}", packed.scheduler.name);
    }
    assert!(compaction.floor.iter().all(|floor| floor.nodes == Some(5)));
    let spread = compaction.nodes(compaction.floor.iter().copied());
    assert_eq!((spread.least, spread.answer, spread.most), (5.0, 5.0, 5.0));
    let cpu = compaction.share(compaction.floor.iter().copied(), Resource::Cpu);
    // Five of eight equal nodes.
    assert_eq!(cpu.unwrap().answer, 0.625);
}

#[test]
fn a_cell_of_unlike_nodes_keeps_those_that_its_pods_need() {
    // Four pods of 3 cores fit on the four large nodes alone, one on each: the cell holds until the
    // first of those would leave. Small nodes that leave later are still there.
    let parts = [
        nodes("large", 4, 4),
        nodes("small", 6, 1),
        service("web", 4, 3),
    ];
    let compaction = compacted(&parts, &["best-fit"], &PLAN).unwrap();
    let trials = &compaction.schedulers[0].trials;
    for trial in trials {
        let small = trial.size.nodes.unwrap() - 4;
        assert_eq!(trial.size.room.cpu.0, 16_000 + 1000 * u64::from(small));
    }
    let answer = compaction.nodes(compaction.schedulers[0].sizes());
    assert!(
        4.0 <= answer.least && answer.least < answer.most && answer.most <= 10.0,
        "{answer:?}"
    );
}

#[test]
fn only_picky_pods_may_wait_and_only_so_many() {
    // One pod fits on the large node alone, five on any. A quarter of six pods is one.
    let parts = [
        nodes("large", 1, 4),
        nodes("small", 9, 1),
        service("big", 1, 4),
        service("web", 5, 1),
    ];
    let generous = Plan {
        picky: 0.25,
        handful: 1,
        ..PLAN
    };
    let allowed = compacted(&parts, &["first-fit"], &generous).unwrap();
    assert_eq!((allowed.workload.picky, allowed.workload.may_wait), (1, 1));
    let allowed = &allowed.schedulers[0].trials;
    // The five alone need five nodes, or two where the large one is among them and the big one waits.
    assert!(allowed.iter().all(|trial| trial.size.nodes <= Some(6)));
    assert!(
        allowed
            .iter()
            .any(|trial| trial.waiting == 1 && trial.size.nodes == Some(5))
    );
    for plan in [
        Plan {
            picky: 0.16,
            ..generous.clone()
        },
        Plan {
            handful: 0,
            ..generous.clone()
        },
    ] {
        let strict = compacted(&parts, &["first-fit"], &plan).unwrap();
        assert_eq!(strict.workload.may_wait, 0);
        for trial in &strict.schedulers[0].trials {
            let small = u64::from(trial.size.nodes.unwrap()) - 1;
            assert_eq!(
                trial.size.room.cpu.0,
                4000 + 1000 * small,
                "the large node is needed"
            );
            assert_eq!(trial.waiting, 0);
        }
    }
}

#[test]
fn rules_are_soft_for_services_larger_than_half_the_cell() {
    // Five pods of 1 core, never two on one of the eight nodes of 4 cores: five nodes. More than four
    // pods are more than half of the cell, and then two nodes do.
    let parts = [nodes("worker", 8, 4), apart("web", 5, 1)];
    assert_eq!(
        sizes(
            &parts,
            "kube",
            &Plan {
                soft_over: 0.7,
                ..PLAN
            }
        ),
        [Some(5); 11]
    );
    let soft = compacted(&parts, &["kube"], &PLAN).unwrap();
    assert_eq!(soft.workload.softened, ["web"]);
    assert!(soft.schedulers[0].sizes().all(|size| size.nodes == Some(2)));
    // Four are not more than half.
    let parts = [nodes("worker", 8, 4), apart("web", 4, 1)];
    assert_eq!(sizes(&parts, "kube", &PLAN), [Some(4); 11]);
}

#[test]
fn the_cell_is_copied_where_it_is_too_small() {
    // Ten pods of 1 core on nodes of 2 need five nodes; there are three, so that four pods wait.
    let parts = [nodes("worker", 3, 2), service("web", 10, 1)];
    let compaction = compacted(&parts, &["kube"], &PLAN).unwrap();
    assert_eq!(
        (compaction.workload.pods, compaction.workload.waiting),
        (10, 4)
    );
    assert!(
        compaction.schedulers[0]
            .sizes()
            .all(|size| size.nodes == Some(5))
    );
    let alone = Plan { copies: 1, ..PLAN };
    assert_eq!(sizes(&parts, "kube", &alone), [None; 11]);
    let compaction = compacted(&parts, &["kube"], &alone).unwrap();
    let answer = compaction.nodes(compaction.schedulers[0].sizes());
    assert_eq!(answer.answer, f64::INFINITY);
}

#[test]
fn pods_that_waited_can_be_left_out() {
    // The six that had a node fit into three.
    let scenario = scenario(&[nodes("worker", 3, 2), service("web", 10, 1)]);
    let reached = reached(&scenario);
    let snapshot = Snapshot::of(reached.control.cluster(), Taken::Placed);
    assert_eq!((snapshot.tasks.len(), snapshot.left_waiting), (6, 4));
    let compaction = compact(&snapshot, &[named("kube")], &PLAN, &|_| {
        ControlFlow::Continue(())
    });
    let packed = &compaction.unwrap().schedulers[0];
    assert!(packed.sizes().all(|size| size.nodes == Some(3)));
}

#[test]
fn pods_tied_to_a_node_are_left_out() {
    let host = "[services.pod]\nnode_selector = { \"kubernetes.io/hostname\" = \"worker-1\" }\n";
    let parts = [
        nodes("worker", 4, 2),
        service("web", 2, 1),
        service("agent", 1, 1) + host,
    ];
    let snapshot = snapshot(&parts);
    assert_eq!((snapshot.tasks.len(), snapshot.tied), (2, 1));
}

#[test]
fn a_copy_of_a_node_is_another_node() {
    // Five pods on five different nodes, of which there are three.
    let parts = [nodes("worker", 3, 4), apart("web", 5, 1)];
    let hard = Plan {
        soft_over: 9.0,
        ..PLAN
    };
    assert_eq!(sizes(&parts, "kube", &hard), [Some(5); 11]);
}

#[test]
fn pods_that_wait_for_company_get_it() {
    // Half of `near` must be beside a pod of `web`, which may be placed later.
    let affinity =
        "services.pod.affinity.pod_affinity.required_during_scheduling_ignored_during_execution";
    let near = format!(
        "{}[services.pod]\nlabels = {{ app = \"near\" }}\n[[{affinity}]]\ntopology_key = \
         \"kubernetes.io/hostname\"\nlabel_selector = {{ match_labels = {{ app = \"web\" }} }}\n",
        service("near", 4, 1)
    );
    let web = format!(
        "{}[services.pod]\nlabels = {{ app = \"web\" }}\n",
        service("web", 4, 1)
    );
    let parts = [nodes("worker", 6, 8), near, web];
    assert_eq!(sizes(&parts, "kube", &PLAN), [Some(1); 11]);
}

#[test]
fn pods_that_fit_nowhere_are_told_unless_they_may_wait() {
    let parts = [
        nodes("worker", 4, 2),
        service("web", 4, 1),
        service("huge", 1, 3),
    ];
    assert_eq!(
        compacted(&parts, &["kube"], &PLAN),
        Err(Failed::Homeless {
            pods: 1,
            may_wait: 0
        })
    );
    let generous = Plan {
        picky: 0.2,
        handful: 0,
        ..PLAN
    };
    assert_eq!(sizes(&parts, "kube", &generous), [Some(2); 11]);
}

#[test]
fn nothing_to_pack_is_told() {
    let parts = [nodes("worker", 4, 2)];
    let nothing = Failed::Nothing { pods: 0, nodes: 4 };
    assert_eq!(compacted(&parts, &["kube"], &PLAN), Err(nothing));
}

#[test]
fn a_break_ends_the_work() {
    let parts = [nodes("worker", 8, 2), service("web", 10, 1)];
    let broken = compact(&snapshot(&parts), &[named("kube")], &PLAN, &|_| {
        ControlFlow::Break(())
    });
    assert_eq!(broken, Err(Failed::Interrupted));
}

#[test]
fn the_same_comes_out_with_any_number_of_threads() {
    let parts = [
        nodes("large", 3, 8),
        nodes("small", 9, 3),
        service("web", 9, 2),
        service("job", 4, 3),
    ];
    let snapshot = snapshot(&parts);
    let schedulers = ["kube", "random", "best-fit", "power-of-two"].map(named);
    let with = |count| {
        let work = || {
            compact(
                &snapshot,
                &schedulers,
                &PLAN,
                &|_| ControlFlow::Continue(()),
            )
        };
        with_threads(NonZeroUsize::new(count), work)
            .unwrap()
            .unwrap()
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(5));
    let other = Plan { seed: 2, ..PLAN };
    let other = compact(&snapshot, &schedulers, &other, &|_| {
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_ne!(one.floor, other.floor, "the seed orders the nodes");
}

/// One after the other from the whole cell down, as long as the pods fit: what is obviously right.
fn plainly(bench: &Bench<'_>, deck: &Deck, scheduler: &Named) -> Option<u32> {
    let fits = |size: u32| {
        let catalog = bench.cell.catalog(1);
        let nodes = &deck.nodes[..size as usize];
        pack(
            catalog,
            nodes,
            &deck.tasks,
            &bench.allowance,
            scheduler,
            deck.seed,
        )
        .is_some()
    };
    (0..=bench.cell.nodes())
        .rev()
        .take_while(|&size| fits(size))
        .last()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Where all larger sizes are looked at, bisection finds what plain removal finds; where few are,
    /// a size that holds, below which the next does not.
    #[test]
    fn bisection_agrees_with_plain_removal(
        kinds in prop::collection::vec((1_u32..5, 2_u32..9), 1..4),
        services in prop::collection::vec((1_u32..6, 1_u32..4), 1..5),
        scheduler in prop::sample::select(vec!["kube", "kube-binpack", "best-fit", "spread", "random"]),
        seed in 1_u64..1000,
    ) {
        let kinds = kinds.iter().enumerate();
        let mut parts: Vec<String> = kinds
            .map(|(kind, &(count, cores))| nodes(&format!("kind{kind}"), count, cores))
            .collect();
        let services = services.iter().enumerate();
        parts.extend(services.map(|(at, &(pods, cores))| service(&format!("s{at}"), pods, cores)));
        let plan = Plan { seed, copies: 1, picky: 0.0, trials: 1, ..PLAN };
        let snapshot = snapshot(&parts);
        let scheduler = named(scheduler);
        for confirm in [0, 100] {
            let plan = Plan { confirm, ..plan.clone() };
            let cell = Cell::new(&snapshot, plan.soft_over, 1);
            let bench = Bench::new(cell, &plan, &scheduler);
            let deck = bench.deck(1);
            let found = bench.trial(&deck, &scheduler, &|| ControlFlow::Continue(())).unwrap();
            let plain = plainly(&bench, &deck, &scheduler);
            match (confirm, found.size.nodes, plain) {
                (100, found, plain) => prop_assert_eq!(found, plain),
                (_, found, Some(plain)) => prop_assert!(found.is_some_and(|found| found <= plain)),
                (_, _, None) => {}
            }
        }
    }

    /// Whatever sizes would do: what is found does, so do the next larger ones, and the next smaller
    /// one does not.
    #[test]
    fn what_is_found_is_an_edge(
        does in prop::collection::vec(any::<bool>(), 1..60),
        confirm in 0_u32..70,
    ) {
        let cell = does.len() as u32;
        let fits = |size: u32| size > 0 && does[size as usize - 1];
        let bounds = Bounds { floor: Some(1), cell, copies: 1, confirm };
        let found = smallest(&bounds, &mut |size| Some(fits(size))).unwrap();
        let plain = (1..=cell).rev().take_while(|&size| fits(size)).last();
        if confirm >= cell {
            prop_assert_eq!(found.size, plain);
        }
        let Some(size) = found.size else {
            prop_assert!(!fits(cell));
            return Ok(());
        };
        prop_assert!((size..=cell.min(size + confirm)).all(fits));
        prop_assert!(!fits(size - 1));
    }

    /// Where packing is monotone, the edge is found with few attempts.
    #[test]
    fn an_edge_is_found_with_few_attempts(cell in 1_u32..5000, edge in 1_u32..5000, floor in 1_u32..5000) {
        let (edge, floor) = (edge.min(cell), floor.min(edge).min(cell));
        let bounds = Bounds { floor: Some(floor), cell, copies: 1, confirm: 4 };
        let mut attempts = 0;
        let found = smallest(&bounds, &mut |size| {
            attempts += 1;
            Some(size >= edge)
        });
        prop_assert_eq!(found, Some(Found { size: Some(edge), relapses: 0 }));
        prop_assert!(attempts <= 40, "{attempts}");
    }
}
