//! What plans mean, and what is said of wrong ones.

use std::path::Path;

use expect_test::{Expect, expect};

use super::{Plan, parse};

const HEAD: &str = "scenario = \"shop.toml\"\nreplications = 2\nmetrics = [\"cost\"]\n";

fn plan(rest: &str) -> Plan {
    let text = format!("{HEAD}{rest}");
    parse(Path::new("plans/size.toml"), &text)
        .unwrap_or_else(|wrong| panic!("{}", rendered(&wrong)))
}

fn rendered(problems: &crate::scenario::problem::Problems) -> String {
    let mut out = Vec::new();
    problems.render(&mut out, false).unwrap();
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn check_refused(text: &str, expected: Expect) {
    let wrong = parse(Path::new("size.toml"), text).expect_err("a wrong plan");
    expected.assert_eq(&rendered(&wrong));
}

fn points(plan: &Plan) -> Vec<String> {
    (0..plan.cells()).map(|cell| plan.describe(cell)).collect()
}

#[test]
fn a_grid_is_walked_in_the_order_of_the_file_and_its_last_key_is_fastest() {
    let plan =
        plan("grid.scheduler = [\"spread\", \"kube\"]\n[grid.nodes.worker]\ncount = [8, 10]\n");
    assert_eq!(
        points(&plan),
        [
            "scheduler = spread, nodes.worker.count = 8",
            "scheduler = spread, nodes.worker.count = 10",
            "scheduler = kube, nodes.worker.count = 8",
            "scheduler = kube, nodes.worker.count = 10",
        ]
    );
    let paths: Vec<&str> = plan.keys.iter().map(|key| key.path.as_str()).collect();
    assert_eq!(paths, ["policy.scheduler", "nodes.worker.count"]);
    assert_eq!(plan.scenario, Path::new("plans/shop.toml"));
    assert_eq!((plan.name.as_str(), plan.seed, plan.chunk), ("size", 1, 16));
}

#[test]
fn single_points_are_combined_with_the_whole_grid() {
    let plan = plan(
        "[grid]\n\"nodes.worker.count\" = [8, 10]\n[[cells]]\nscheduler = \"kube\"\n[[cells]]\n\
         scheduler = \"spread\"\n",
    );
    assert_eq!(
        points(&plan),
        [
            "scheduler = kube, nodes.worker.count = 8",
            "scheduler = kube, nodes.worker.count = 10",
            "scheduler = spread, nodes.worker.count = 8",
            "scheduler = spread, nodes.worker.count = 10",
        ]
    );
}

#[test]
fn chunks_are_consecutive_cells_and_the_last_one_has_what_is_left() {
    let plan = plan("chunk = 3\n[grid]\nseed = [1, 2, 3, 4, 5, 6, 7]\n");
    let chunks: Vec<_> = (0..plan.chunks())
        .map(|chunk| plan.cells_of(chunk))
        .collect();
    assert_eq!(chunks, [0..3, 3..6, 6..7]);
}

#[test]
fn values_keep_their_toml_and_are_numbers_with_a_unit_where_they_can() {
    let plan = plan(
        "[grid]\nx = [1_000, 0x10, 1.5, true, \"500m\", \"64 Gi\", \"a b\", { b = [1, \"x\"] }]\n",
    );
    let cells: Vec<_> = (0..plan.cells())
        .map(|cell| plan.point(cell)[0].clone())
        .collect();
    let toml: Vec<&str> = cells.iter().map(|value| value.toml()).collect();
    assert_eq!(
        toml,
        [
            "1000",
            "16",
            "1.5",
            "true",
            "\"500m\"",
            "\"64 Gi\"",
            "\"a b\"",
            "{ b = [1, \"x\"] }"
        ]
    );
    let numbers: Vec<_> = cells.iter().map(|value| value.number()).collect();
    assert_eq!(
        numbers,
        [
            Some((1000.0, "")),
            Some((16.0, "")),
            Some((1.5, "")),
            None,
            Some((500.0, "m")),
            Some((64.0, "Gi")),
            None,
            None
        ]
    );
}

#[test]
fn cost_is_traded_for_availability_where_both_are_kept() {
    let grid = "[grid]\nscheduler = [\"kube\"]\n";
    let pareto = |metrics: &str| {
        let text = format!("scenario = \"s\"\nreplications = 1\nmetrics = {metrics}\n{grid}");
        let plan = parse(Path::new("p.toml"), &text).unwrap();
        plan.pareto
            .map(|pareto| (pareto.cost.to_string(), pareto.value.to_string()))
    };
    let both = Some(("cost".to_owned(), "availability.requests".to_owned()));
    assert_eq!(pareto("[\"availability.requests\", \"cost\"]"), both);
    assert_eq!(pareto("[\"cost\"]"), None);
}

#[test]
fn all_mistakes_of_a_plan_are_told_together() {
    check_refused(
        "scenario = \"shop.toml\"\nreplications = 0\nmetrics = [\"cots\", \"cost@servce:cart\"]\n\
         chunks = 3\n[grid]\nscheduler = [\"kube\", \"kube\"]\n\"policy.scheduler\" = []\n",
        expect![[r#"
            error: `replications` must be a whole number from 1 to 4294967295
              ┌─ size.toml:2:16
              │
            2 │ replications = 0
              │                ^

            error: there is no metric `cots`
              ┌─ size.toml:3:12
              │
            3 │ metrics = ["cots", "cost@servce:cart"]
              │            ^^^^^^ did you mean `cost`?
              │
              = known: availability.requests, availability.time, availability.capacity, availability.nines, slo.met, slo.budget_burned, outages, outages.unseen, outages.censored, outage.time_to_detect, outage.time_to_recover, outage.time_between, requests.lost, allocated.cpu, allocated.memory, allocated.gpu, allocated.schedulable.cpu, allocated.schedulable.memory, allocated.schedulable.gpu, used.cpu, used.memory, slack.cpu, slack.memory, stranded.cpu and 68 more

            error: `servce:cart` is nothing that has metrics: write a kind and a name, such as `service:cart`
              ┌─ size.toml:3:20
              │
            3 │ metrics = ["cots", "cost@servce:cart"]
              │                    ^^^^^^^^^^^^^^^^^^ did you mean `service`?
              │
              = known: cluster, group, zone, service, node, part, service_part

            error: unknown key `chunks`
              ┌─ size.toml:4:1
              │
            4 │ chunks = 3
              │ ^^^^^^ did you mean `chunk`?
              │
              = known: scenario, replications, seed, metrics, chunk, grid, cells, pareto

            error: `scheduler` is given kube twice
              ┌─ size.toml:6:22
              │
            6 │ scheduler = ["kube", "kube"]
              │              ------  ^^^^^^
              │              │        
              │              here first

            error: `policy.scheduler` is varied twice
              ┌─ size.toml:7:1
              │
            6 │ scheduler = ["kube", "kube"]
              │ --------- here first
            7 │ "policy.scheduler" = []
              │ ^^^^^^^^^^^^^^^^^^

            error: `policy.scheduler` has no values
              ┌─ size.toml:7:22
              │
            7 │ "policy.scheduler" = []
              │                      ^^

            7 errors in size.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn points_give_the_same_keys_and_differ() {
    check_refused(
        "scenario = \"shop.toml\"\nreplications = 1\nmetrics = [\"cost\"]\n[[cells]]\nscheduler = \
         \"kube\"\nseed = 1\n[[cells]]\nscheduler = \"kube\"\nhealer = \"none\"\n[[cells]]\nscheduler = \
         \"kube\"\nseed = 1\n",
        expect![[r#"
            error: `seed` is missing
              ┌─ size.toml:7:1
              │
            6 │ seed = 1
              │ ---- the first of [[cells]] gives it
            7 │ [[cells]]
              │ ^^^^^^^^^
              │
              = all of [[cells]] give the same keys

            error: `healer` is missing in the first of [[cells]]
              ┌─ size.toml:9:1
              │
            9 │ healer = "none"
              │ ^^^^^^
              │
              = all of [[cells]] give the same keys

            error: two of [[cells]] are the same
               ┌─ size.toml:10:1
               │
             4 │ [[cells]]
               │ --------- here first
               ·
            10 │ [[cells]]
               │ ^^^^^^^^^

            3 errors in size.toml. Nothing was run.
        "#]],
    );
}

#[test]
fn a_plan_varies_something_and_trades_what_it_keeps() {
    check_refused(
        "scenario = \"shop.toml\"\nreplications = 1\nmetrics = [\"cost\", \"allocated.cpu\"]\n\
         [pareto]\ncost = \"allocated.cpu\"\nvalue = \"availability.requests\"\n",
        expect![[r#"
            error: neither more nor less of `allocated.cpu` is better by itself
              ┌─ size.toml:5:8
              │
            5 │ cost = "allocated.cpu"
              │        ^^^^^^^^^^^^^^^ nothing to trade

            error: `availability.requests` is not among the plan's metrics
              ┌─ size.toml:6:9
              │
            6 │ value = "availability.requests"
              │         ^^^^^^^^^^^^^^^^^^^^^^^
              │
              = known: cost, allocated.cpu

            error: nothing is varied
             = give [grid] lists of values by path in the scenario, such as "nodes.worker.count" = [8, 10, 12], or [[cells]] with one value each

            3 errors in size.toml. Nothing was run.
        "#]],
    );
}
