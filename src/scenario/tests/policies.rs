//! Policies by name and parameter.

use std::io;
use std::path::Path;

use expect_test::expect;

use super::{EVERY_KEY, meaning, refusal, registry};
use crate::policy::params::Params;
use crate::scenario::parse;
use crate::scenario::policies::{PolicyKind, Registry};

#[test]
fn parameters_are_checked_against_what_the_policy_declares() {
    let text = r#"
duration = "1h"

[policy]
scheduler = { sprad = {} }

[policy.autoscaler.hpa]
tolerance = 2
snc = "1s"
sync = 5
lag = "0s"
steps = 10
metric = "disk"
"#;
    expect![[r#"
        error: unknown scheduler `sprad`
          ┌─ shop.toml:5:15
          │
        5 │ scheduler = { sprad = {} }
          │               ^^^^^ did you mean `spread`?
          │
          = known: binpack, least-allocated, spread

        error: `tolerance` must be a number from 0 to 1
          ┌─ shop.toml:8:13
          │
        8 │ tolerance = 2
          │             ^
          │
          = tolerance: Ratios this near to 1 change nothing.

        error: `hpa` has no parameter `snc`
          ┌─ shop.toml:9:1
          │
        9 │ snc = "1s"
          │ ^^^ did you mean `sync`?
          │
          = known: tolerance, sync, lag, steps, metric

        error: `sync` must be a length of time such as "5m"
           ┌─ shop.toml:10:8
           │
        10 │ sync = 5
           │        ^
           │
           = sync: Time between decisions.

        error: `lag` must be a length of time above zero such as "5m"
           ┌─ shop.toml:11:7
           │
        11 │ lag = "0s"
           │       ^^^^
           │
           = lag: Age of what is measured

        error: `steps` must be a whole number from 1 to 9
           ┌─ shop.toml:12:9
           │
        12 │ steps = 10
           │         ^^
           │
           = steps: Most replicas at once.

        error: `metric` must be one of: cpu, memory
           ┌─ shop.toml:13:10
           │
        13 │ metric = "disk"
           │          ^^^^^^
           │
           = metric: What is measured.

        error: there are no nodes
         = a cluster is [[nodes]] with a count above zero, or [trace] nodes

        error: nothing runs on the nodes
         = give at least one of [[services]], [[jobs]] and [trace] pods

        9 errors in shop.toml. Nothing was run.
    "#]]
    .assert_eq(&refusal(text));
}

#[test]
fn defaults_of_all_policies_are_values_of_their_parameters() {
    let registry = Registry::built_in();
    for kind in [
        PolicyKind::Scheduler,
        PolicyKind::Autoscaler,
        PolicyKind::Healer,
    ] {
        for known in registry.known(kind) {
            let chosen = registry.with_defaults(kind, known.name).unwrap();
            assert_eq!(chosen.params.iter().count(), known.params.len());
        }
        registry.default(kind);
    }
}

#[test]
fn another_policy_has_its_defaults_and_the_same_one_keeps_its_parameters() {
    let registry = registry();
    let mut choice = meaning(EVERY_KEY, &[]).policy;
    let mut replace = |kind, name| registry.replace(&mut choice, kind, name).cloned();
    let hpa = replace(PolicyKind::Autoscaler, "hpa").unwrap();
    assert_eq!(hpa.params.number("tolerance"), 0.2);
    let fixed = replace(PolicyKind::Autoscaler, "fixed").unwrap();
    assert_eq!(fixed.params, Params::default());
    let hpa = replace(PolicyKind::Autoscaler, "hpa").unwrap();
    assert_eq!(hpa.params.number("tolerance"), 0.1);
    let unknown = replace(PolicyKind::Scheduler, "spred")
        .unwrap_err()
        .to_string();
    expect!["unknown scheduler `spred` (known: binpack, least-allocated, spread): did you mean `spread`?"].assert_eq(&unknown);
}

#[test]
fn a_scheduler_that_looks_away_cannot_take_the_place_of_one_that_obeys() {
    let read = |_: &Path| Err(io::ErrorKind::NotFound.into());
    let text = include_str!("../../../scenarios/zone-rules.toml");
    let scenario = parse(Path::new("zone-rules.toml"), text, &read)
        .unwrap()
        .scenario;
    let under = |name| scenario.clone().with_policy(PolicyKind::Scheduler, name);
    assert!(under("kube-binpack").is_ok());
    let refused = under("spread").unwrap_err().to_string();
    expect!["the scheduler `spread` does not look at `affinity`, `taints`, `topology_spread_constraints` (these do: kube, kube-1.34, kube-binpack)"].assert_eq(&refused);
}
