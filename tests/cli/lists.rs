//! `plimsoll init`, and the lists of policies and metrics.

use std::fs;

use crate::shared::Scratch;

#[test]
fn init_writes_a_scenario_that_serves_its_load_and_never_replaces_one() {
    let scratch = Scratch::new("init");
    assert_eq!(scratch.said("init").0, Some(0));
    let (code, stdout, stderr) = scratch.said("validate scenario.toml");
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(
        stdout.starts_with("scenario.toml: ok: 3 nodes, 1 service"),
        "{stdout}"
    );
    let (code, stdout, _) = scratch.said("run scenario.toml --no-plots");
    assert_eq!(code, Some(0));
    assert!(stdout.contains("\navailability   99."), "{stdout}");
    scratch.write("scenario.toml", "mine");
    let (code, _, stderr) = scratch.said("init");
    assert_eq!(
        (code, stderr.as_str()),
        (
            Some(2),
            "error: scenario.toml: exists already and was left alone\n",
        )
    );
    assert_eq!(
        fs::read_to_string(scratch.0.join("scenario.toml")).unwrap(),
        "mine"
    );
}

#[test]
fn the_lists_name_everything_once() {
    let scratch = Scratch::new("lists");
    let (code, all, _) = scratch.said("policies");
    assert_eq!(code, Some(0));
    for heading in [
        "schedulers\n",
        "autoscalers\n",
        "healers\n",
        "  least-allocated\n",
    ] {
        assert_eq!(all.matches(heading).count(), 1, "{heading}");
    }
    let (_, one, _) = scratch.said("policies least-allocated");
    assert!(
        one.starts_with("schedulers\n\n  least-allocated\n") && one.len() < all.len(),
        "{one}"
    );
    let (code, metrics, _) = scratch.said("metrics pending");
    assert_eq!(code, Some(0));
    assert!(
        metrics.starts_with("pending.p50   seconds · less is better"),
        "{metrics}"
    );
    assert!(
        metrics.lines().all(|line| line.chars().count() <= 100),
        "{metrics}"
    );
}
