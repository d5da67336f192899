//! The JSON that commands print is what `plimsoll schema` says.

mod subset;

use serde_json::Value;

use crate::capacity::CAPACITY;
use crate::explain::{CROWD, important};
use crate::gate::gated;
use crate::shared::{SHOP, SMALL, Scratch};
use crate::sweep::{PLAN, planned};
use subset::holds;

fn schema(scratch: &Scratch, of: &str) -> Value {
    let schema = scratch.fine(&format!("schema --of {of}"));
    serde_json::from_str(&schema).unwrap()
}

/// What a command prints as JSON, if that is what the schema says.
#[track_caller]
fn check(scratch: &Scratch, of: &str, args: &str) -> Value {
    let (_, stdout, stderr) = scratch.said(&format!("{args} --format json"));
    let printed: Value = serde_json::from_str(&stdout).expect(&stderr);
    let schema = schema(scratch, of);
    if let Err(wrong) = holds(&schema, &schema, &printed, "") {
        panic!("{args}: {wrong}");
    }
    printed
}

#[test]
fn the_json_is_what_its_schema_says() {
    let scratch = Scratch::with("schema", "small.toml", SHOP);
    let args = "compare small.toml --scheduler binpack,spread --reps 4";
    let plain = check(&scratch, "compare", args);
    let schema = schema(&scratch, "compare");
    // A wrong type, a missing key and one too many are seen.
    for (key, value) in [("seed", Value::from("1")), ("more", Value::from(1))] {
        let mut wrong = plain.clone();
        wrong[key] = value;
        holds(&schema, &schema, &wrong, "").unwrap_err();
    }
    let mut wrong = plain;
    wrong.as_object_mut().unwrap().remove("family");
    holds(&schema, &schema, &wrong, "").unwrap_err();
}

#[test]
fn a_summary_is_what_its_schema_says() {
    let scratch = Scratch::with("schema-run", "small.toml", SMALL);
    let run = "run small.toml --no-plots --quiet";
    let json = check(&scratch, "run", &format!("{run} --reps 3 --assumptions"));
    for part in ["jobs", "assumptions", "rare_outages"] {
        assert!(json[part].is_array(), "{part}");
    }
    let mut live = json;
    live["scenario"]["lived"] = true.into();
    let schema = schema(&scratch, "run");
    holds(&schema, &schema, &live, "").unwrap();
    let drill = "--reps 2 --drill node --frequency node=40/year";
    let json = check(&scratch, "run", &format!("{run} {drill}"));
    assert!(json["drill"]["losses"].is_array());
}

#[test]
fn an_explanation_is_what_its_schema_says() {
    let scratch = Scratch::with("schema-explain", "crowd.toml", CROWD);
    check(&scratch, "explain", "explain crowd.toml --at 26m");
    check(
        &scratch,
        "explain",
        "explain crowd.toml --at 26m --pod web-8",
    );
    let power = "--scheduler power-of-two --at 10m --pod web-3";
    let json = check(&scratch, "explain", &format!("explain crowd.toml {power}"));
    assert!(json["decision"]["drawn"].is_array());
    let drill = "explain crowd.toml --at 26m --drill zone";
    let json = check(&scratch, "explain", drill);
    assert!(json["drill"]["name"].is_string());
    scratch.write("room.toml", &important());
    let room = "explain room.toml --at 200s --pod report-0";
    let json = check(&scratch, "explain", room);
    assert!(json["decision"]["made_room"].is_object());
    let room = "explain room.toml --at 150s --pod report-0";
    let json = check(&scratch, "explain", room);
    assert!(json["decision"]["preemption"].is_object());
}

#[test]
fn a_check_is_what_its_schema_says() {
    let scratch = Scratch::with("schema-validate", "small.toml", SMALL);
    scratch.write("wrong.toml", &SMALL.replace("least-allocated", "least"));
    let (code, ..) = scratch.said("validate small.toml wrong.toml --format json");
    assert_eq!(code, Some(2));
    let json = check(&scratch, "validate", "validate small.toml wrong.toml");
    let [small, wrong] = [&json["files"][0], &json["files"][1]];
    assert_eq!(
        (&small["ok"], &small["scenario"]["name"]),
        (&true.into(), &"small".into())
    );
    assert_eq!(
        (&wrong["ok"], &wrong["scenario"]),
        (&false.into(), &Value::Null)
    );
    let problem = &wrong["problems"][0];
    let line = 1 + SMALL
        .lines()
        .position(|line| line.contains("least-allocated"))
        .unwrap();
    let place = &problem["places"][0];
    assert_eq!(
        (&problem["severity"], &place["line"]),
        (&"error".into(), &line.into())
    );
    assert_eq!(
        (&place["file"], &place["column"]),
        (&"wrong.toml".into(), &13.into())
    );
}

#[test]
fn a_sweep_is_what_its_schema_says() {
    let scratch = planned("schema-sweep");
    let json = check(&scratch, "sweep", "sweep plan.toml --out sweep");
    assert_eq!(json["cells"].as_array().unwrap().len(), 24);
    assert!(json["traded"]["front"].is_array());
    assert_eq!(json, check(&scratch, "sweep", "merge plan.toml sweep"));
    let kept = scratch.read("sweep/merged/sweep.json");
    let again = scratch.fine("merge plan.toml sweep --format json --quiet");
    assert_eq!(kept, again);
}

#[test]
fn lists_are_what_their_schemas_say() {
    let scratch = Scratch::new("schema-lists");
    let json = check(&scratch, "metrics", "metrics availability.requests");
    assert_eq!(json["metrics"][0]["better"], "up");
    let all = check(&scratch, "policies", "policies");
    let one = check(&scratch, "policies", "policies kubernetes");
    let kubernetes = all["policies"].as_array().unwrap().iter();
    let kubernetes: Vec<&Value> = kubernetes
        .filter(|one| one["name"] == "kubernetes")
        .collect();
    assert_eq!(
        kubernetes,
        one["policies"]
            .as_array()
            .unwrap()
            .iter()
            .collect::<Vec<_>>()
    );
    let mut parameters = kubernetes[0]["parameters"].as_array().unwrap().iter();
    let grace = parameters
        .find(|one| one["name"] == "node_monitor_grace_period")
        .unwrap();
    assert_eq!(
        (&grace["takes"]["type"], &grace["default"]),
        (&"duration".into(), &"50s".into())
    );
}

#[test]
fn an_answer_on_capacity_is_what_its_schema_says() {
    let scratch = Scratch::with("schema-capacity", "shop.toml", CAPACITY);
    let few = "--step 1 --from 2 --to 4 --quantile 0.5 --confidence 0.5";
    check(&scratch, "capacity", &format!("capacity shop.toml {few}"));
    let growth = "--runway --growth 3%..5%/month --start 2026-11-28";
    let json = check(
        &scratch,
        "capacity",
        &format!("capacity shop.toml {growth} --quantile 0.5 --confidence 0.5"),
    );
    assert!(json["holds"].is_number());
    let exact = CAPACITY.replace("{ uniform = { low = \"4s\", high = \"6s\" } }", "\"5s\"");
    let large =
        "[[nodes]]\nname = \"large\"\ncpu = \"4\"\nmemory = \"16Gi\"\nprice_per_hour = 0.3\n";
    let priced = exact.replace("zones = [\"a\", \"b\"]", "price_per_hour = 0.2");
    scratch.write("mix.toml", &format!("{priced}\n{large}"));
    let mix = "capacity mix.toml --vary nodes.worker.count --vary nodes.large.count --to 4";
    let json = check(&scratch, "capacity", mix);
    assert!(json["cheapest"].is_object());
    // Long enough that a loss can be made good.
    let long = exact.replace("duration = \"1h\"", "duration = \"4h\"");
    scratch.write("long.toml", &long.replace("load = 500", "load = 380"));
    let survive = "capacity long.toml --survive zone --to 8 --quantile 0.5 --confidence 0.5";
    let json = check(&scratch, "capacity", survive);
    assert!(json["during_loss"].is_object() && json["times"].is_object());
}

#[test]
fn a_compaction_is_what_its_schema_says() {
    let scratch = Scratch::with("schema-compact", "small.toml", SMALL);
    let args = "compact small.toml --at 10m --scheduler first-fit,least-allocated --trials 3";
    check(&scratch, "compact", args);
}

#[test]
fn a_gate_says_what_its_schema_says() {
    let scratch = gated("schema-gate");
    let gate = "gate --baseline b.json batch.toml";
    check(&scratch, "gate", &format!("{gate} exact.toml"));
    let json = check(&scratch, "gate", &format!("{gate} --scheduler binpack"));
    assert_eq!(json["passed"], false);
    let asked =
        "--metric fragmentation --tolerance fragmentation=1.7% --tolerance balance.cov.cpu=1";
    assert_eq!(scratch.gate(&format!("batch.toml --update {asked}")).0, 0);
    let json = check(&scratch, "gate", &format!("{gate} --scheduler first-fit"));
    assert_eq!(json["scenarios"][0]["verdict"], "UNDECIDED");
}

#[test]
fn a_plan_is_what_its_schema_says() {
    let scratch = Scratch::new("schema-plan");
    let schema = schema(&scratch, "plan");
    let check = |text: &str| {
        let plan: Value = toml::from_str(text).unwrap();
        holds(&schema, &schema, &plan, "")
    };
    check(PLAN).unwrap();
    let grid = "\"nodes.worker.count\" = [2, 3, 4, 5, 6, 8]";
    assert!(PLAN.contains(grid));
    // Values may be of any kind, and keys parts of paths.
    check(&PLAN.replace(
        grid,
        "nodes = { worker = { zones = [[\"a\"], [\"a\", \"b\"]] } }",
    ))
    .unwrap();
    let cells =
        "[[cells]]\nduration = \"2h\"\n[pareto]\ncost = \"cost\"\nvalue = \"pending.p99\"\n";
    check(&format!("{PLAN}\n{cells}")).unwrap();
    check(&PLAN.replace("chunk", "chunks")).unwrap_err();
    check(&PLAN.replace("replications = 4", "replications = \"4\"")).unwrap_err();
    check(&PLAN.replace(grid, "\"nodes.worker.count\" = 4")).unwrap_err();
}

#[test]
fn a_kind_that_there_is_not_is_answered_with_all_of_them_and_one_that_is_like_it() {
    let scratch = Scratch::new("schema-unknown");
    let (code, _, unlike) = scratch.said("schema --of x");
    assert_eq!(code, Some(2));
    let kinds = "scenario, plan, run, compare, explain, capacity, compact, fidelity, gate";
    assert!(unlike.contains(kinds), "{unlike}");
    assert!(!unlike.contains("similar"), "{unlike}");
    let (_, _, alike) = scratch.said("schema --of comapre");
    assert!(alike.contains("exists: 'compare'"), "{alike}");
    let (_, _, begun) = scratch.said("schema --of scen");
    assert!(begun.contains("exists: 'scenario'"), "{begun}");
}
