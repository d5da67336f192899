//! What becomes of a scenario that is changed from outside.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use toml::de::{DeTable, DeValue};

use super::{EVERY_KEY, TABLE_FILES, TABLES, registry, rendered, shipped};
use crate::scenario::files::Content;
use crate::scenario::problem::Problems;
use crate::scenario::{Edits, Loaded, Scenario, Setting, Source, changed};

const SHOP: &str = r#"# Does the shop stay up?
duration = "1h"

[policy]
scheduler = "spread"

[[nodes]]
name = "worker"
count = 3
cpu = "4"
memory = "8Gi"
zones = ["a", "b"]
labels = { disk = "ssd" }

[[nodes]]
name = "edge"
cpu = "2"
memory = "4Gi"

[[services]]
name = "web.v2"
requests = { cpu = "1", memory = "1Gi" }
work = { cpu = "1ms" }
load = { diurnal = { mean = 10, amplitude = 0.5, peak_at = "30m" } }
startup = { uniform = { low = "1s", high = "2s" } }

[[jobs]]
name = "batch"
every = "1h"
sizes = [{ cpu = "1", memory = "1Gi" }, { cpu = "2", memory = "1Gi" }]
duration = "1m"

[[failures]]
zones = "a"
after = "1h"
down = "5m"

[[objectives]]
metric = "pending.p99"
at_most = "60s"
"#;

fn load(text: &str, edits: &Edits, files: &[(&str, &str)]) -> Result<Loaded, Problems> {
    let read = |path: &Path| {
        let file = files.iter().find(|(name, _)| path == Path::new(name));
        let found = file.map(|(_, text)| text.as_bytes().to_vec());
        let content = found.map(|bytes| Arc::new(Content::new(bytes)));
        content.ok_or(io::ErrorKind::NotFound.into())
    };
    changed(Path::new("dir/shop.toml"), text, edits, &read, &registry())
}

fn settings<T: AsRef<str>>(settings: &[T]) -> Edits {
    let settings = settings.iter().map(|text| Setting::parse(text.as_ref()));
    Edits {
        overlays: Vec::new(),
        settings: settings.collect::<Result<_, _>>().unwrap(),
    }
}

fn meant(loaded: Result<Loaded, Problems>) -> Scenario {
    loaded
        .map_err(|problems| rendered(&problems))
        .unwrap()
        .scenario
}

/// All of a scenario but that it was changed.
fn input(scenario: Scenario) -> String {
    let scenario = Scenario {
        hash: String::new(),
        changes: Vec::new(),
        ..scenario
    };
    format!("{scenario:#?}")
}

/// The edits make of the shop what is made by replacing parts of its text.
fn check(edits: &Edits, files: &[(&str, &str)], replacements: &[(&str, &str)]) {
    let mut text = SHOP.to_owned();
    for (from, to) in replacements {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let edited = meant(load(SHOP, edits, files));
    let written = meant(load(&text, &Edits::default(), files));
    assert_eq!(input(edited), input(written), "{:?}", edits.changes());
}

fn set(texts: &[&str], replacements: &[(&str, &str)]) {
    check(&settings(texts), &[], replacements);
}

/// An overlay does the same as replacing parts of the text.
fn overlay(text: &str, replacements: &[(&str, &str)]) {
    check(&with("over.toml"), &[("over.toml", text)], replacements);
}

fn with(path: &str) -> Edits {
    Edits {
        overlays: vec![PathBuf::from(path)],
        settings: Vec::new(),
    }
}

#[test]
fn a_setting_says_what_the_file_could_say() {
    set(
        &["duration=12h"],
        &[("duration = \"1h\"", "duration = \"12h\"")],
    );
    set(&["nodes.worker.count = 10"], &[("count = 3", "count = 10")]);
    set(
        &["nodes.1.cpu=500m"],
        &[("cpu = \"2\"\n", "cpu = \"500m\"\n")],
    );
    set(
        &["nodes.worker.zones=[a,\"c\"]"],
        &[("[\"a\", \"b\"]", "[\"a\", \"c\"]")],
    );
    set(&["nodes.worker.zones.1='c'"], &[("\"b\"]", "\"c\"]")]);
    set(&["nodes.worker.labels.disk=hdd"], &[("ssd", "hdd")]);
    set(
        &["jobs.batch.sizes.1.cpu=3"],
        &[("{ cpu = \"2\"", "{ cpu = 3")],
    );
    set(
        &["objectives.\"pending.p99\".at_most=30s"],
        &[("\"60s\"", "\"30s\"")],
    );
    set(&["failures.0.down=forever"], &[("\"5m\"", "\"forever\"")]);
    set(&["failures.\"zones a\".down=6m"], &[("\"5m\"", "\"6m\"")]);
    set(
        &["services.\"web.v2\".load.diurnal.mean=20"],
        &[("mean = 10", "mean = 20")],
    );
}

#[test]
fn a_setting_opens_the_tables_that_the_schema_knows() {
    set(
        &["warm_up=5m"],
        &[("duration = \"1h\"", "duration = \"1h\"\nwarm_up = \"5m\"")],
    );
    set(
        &["delays.boot=1m"],
        &[("[[jobs]]", "[delays]\nboot = \"1m\"\n[[jobs]]")],
    );
    let slo = "slo = { availability = 0.9, window = \"30d\" }\n";
    set(
        &[
            "services.0.slo.availability=0.9",
            "services.0.slo.window=30d",
        ],
        &[("work = ", &format!("{slo}work = "))],
    );
    set(
        &["nodes.worker.labels.\"example.com/rack\"=r1"],
        &[("disk = ", "\"example.com/rack\" = \"r1\", disk = ")],
    );
}

#[test]
fn a_setting_of_another_choice_takes_the_place_of_the_first() {
    let hpa = "scheduler = \"spread\"\n[policy.autoscaler.hpa]\n";
    set(
        &["policy.scheduler=binpack"],
        &[("\"spread\"", "\"binpack\"")],
    );
    set(
        &["policy.scheduler.binpack={}"],
        &[("\"spread\"", "\"binpack\"")],
    );
    set(
        &[
            "policy.autoscaler.hpa.sync=30s",
            "policy.autoscaler.hpa.steps=2",
        ],
        &[(
            "scheduler = \"spread\"",
            &format!("{hpa}sync = \"30s\"\nsteps = 2"),
        )],
    );
    set(
        &["policy.autoscaler=hpa", "policy.autoscaler.hpa.steps=2"],
        &[("scheduler = \"spread\"", &format!("{hpa}steps = 2"))],
    );
    let diurnal = "{ diurnal = { mean = 10, amplitude = 0.5, peak_at = \"30m\" } }";
    set(
        &[
            "services.0.load.ramp.from=1",
            "services.0.load.ramp.to=9",
            "services.0.load.ramp.start=0s",
            "services.0.load.ramp.end=1h",
        ],
        &[(
            diurnal,
            "{ ramp = { from = 1, to = 9, start = \"0s\", end = \"1h\" } }",
        )],
    );
    set(&["services.0.load=7"], &[(diurnal, "7")]);
    set(
        &["services.0.startup.constant=3s"],
        &[("{ uniform = { low = \"1s\", high = \"2s\" } }", "\"3s\"")],
    );
}

#[test]
fn an_overlay_merges_tables_and_replaces_choices_and_values() {
    overlay(
        "duration = \"2h\"",
        &[("duration = \"1h\"", "duration = \"2h\"")],
    );
    overlay(
        "[[nodes]]\nname = \"edge\"\ncount = 2\n[[nodes]]\nname = \"worker\"\nlabels = { disk = \"hdd\" }",
        &[("ssd", "hdd"), ("\"edge\"", "\"edge\"\ncount = 2")],
    );
    overlay(
        "[[nodes]]\nname = \"worker\"\nzones = [\"a\", \"c\"]\nlabels = { rack = \"r\" }",
        &[
            ("[\"a\", \"b\"]", "[\"a\", \"c\"]"),
            ("disk = ", "rack = \"r\", disk = "),
        ],
    );
    overlay(
        "policy.scheduler.binpack = {}",
        &[("\"spread\"", "\"binpack\"")],
    );
    overlay(
        "[[services]]\nname = \"web.v2\"\nload.constant = 5\nstartup.uniform.high = \"9s\"",
        &[
            (
                "{ diurnal = { mean = 10, amplitude = 0.5, peak_at = \"30m\" } }",
                "5",
            ),
            ("high = \"2s\"", "high = \"9s\""),
        ],
    );
    overlay(
        "[[jobs]]\nname = \"batch\"\nsizes = [{ cpu = \"3\", memory = \"1Gi\" }]",
        &[(
            "[{ cpu = \"1\", memory = \"1Gi\" }, { cpu = \"2\", memory = \"1Gi\" }]",
            "[{ cpu = \"3\", memory = \"1Gi\" }]",
        )],
    );
}

#[test]
fn an_overlay_adds_entries_with_new_names_and_knows_those_that_go_by_a_default() {
    let failure = "[[failures]]\nnodes = \"edge\"\nat = \"20m\"\ndown = \"1m\"\n";
    overlay(
        failure,
        &[("down = \"5m\"\n", &format!("down = \"5m\"\n{failure}"))],
    );
    overlay(
        "[[objectives]]\nmetric = \"pending.p99\"\nat_most = 5",
        &[("\"60s\"", "5")],
    );
    overlay(
        "[[failures]]\nzones = [\"a\"]\ndown = \"6m\"",
        &[("\"5m\"", "\"6m\"")],
    );
}

#[test]
fn settings_are_made_after_overlays_and_a_later_overlay_lies_on_top() {
    let files = [
        ("one.toml", "duration = \"2h\"\nwarm_up = \"1m\""),
        ("two.toml", "duration = \"3h\"\nwarm_up = \"2m\""),
    ];
    let edits = Edits {
        overlays: files.map(|(path, _)| PathBuf::from(path)).into(),
        ..settings(&["duration=4h"])
    };
    let both = "duration = \"4h\"\nwarm_up = \"2m\"";
    check(&edits, &files, &[("duration = \"1h\"", both)]);
}

#[test]
fn changes_are_told_in_the_words_of_the_command_line() {
    let edits = Edits {
        overlays: vec![PathBuf::from("some/where/peak.toml")],
        ..settings(&[" nodes.worker.count = 10 "])
    };
    let expected = ["--with peak.toml", "--set nodes.worker.count=10"];
    let files = [("some/where/peak.toml", "")];
    assert_eq!(meant(load(SHOP, &edits, &files)).changes, expected);
    assert!(
        meant(load(SHOP, &Edits::default(), &files))
            .changes
            .is_empty()
    );
}

#[test]
fn the_hash_is_of_the_file_and_of_what_was_changed() {
    let files = [
        ("a.toml", "duration = \"2h\""),
        ("b.toml", "duration = \"3h\""),
    ];
    let edits = [
        Edits::default(),
        with("a.toml"),
        with("b.toml"),
        settings(&["duration=2h"]),
        settings(&["duration=3h"]),
    ];
    let hashes = edits
        .each_ref()
        .map(|edits| meant(load(SHOP, edits, &files)).hash);
    for (index, hash) in hashes.iter().enumerate() {
        assert_eq!(hashes.iter().position(|other| other == hash), Some(index));
        assert_eq!(*hash, meant(load(SHOP, &edits[index], &files)).hash);
    }
}

#[test]
fn files_named_in_an_overlay_are_beside_it_and_those_of_a_setting_beside_the_scenario() {
    let rates = |rate: u32| format!("time_s,rate_per_s\n0,{rate}\n");
    let (near, far, over) = (
        rates(1),
        rates(2),
        "[[services]]\nname = \"web.v2\"\nload.csv = \"load.csv\"",
    );
    let files = [
        ("dir/load.csv", near.as_str()),
        ("far/load.csv", &far),
        ("far/over.toml", over),
    ];
    let load_of = |edits: &Edits| {
        let scenario = meant(load(SHOP, edits, &files));
        format!("{:?}", scenario.outline.services.as_slice()[0].load)
    };
    assert!(load_of(&with("far/over.toml")).contains("2.0"));
    assert!(load_of(&settings(&["services.0.load.csv=load.csv"])).contains("1.0"));
}

#[test]
fn a_source_reads_each_file_once_and_serves_many_threads() {
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reads);
    let read = move |path: &Path| {
        counted.fetch_add(1, Ordering::Relaxed);
        let file = TABLE_FILES.iter().find(|(name, _)| path == Path::new(name));
        Ok(file.unwrap().1.as_bytes().to_vec())
    };
    let text = format!("duration = \"1h\"\n{TABLES}");
    let source = Source::new(Path::new("dir/shop.toml"), text, read);
    std::thread::scope(|scope| {
        for hours in 1..=4 {
            let source = &source;
            scope.spawn(move || {
                let edits = settings(&[format!("duration={hours}h")]);
                let scenario = meant(source.load(&edits));
                assert_eq!(scenario.end.nanos(), hours * 3_600_000_000_000);
            });
        }
    });
    assert_eq!(reads.load(Ordering::Relaxed), TABLE_FILES.len());
}

#[test]
fn several_values_are_several_settings() {
    let each = |text: &str| {
        let settings = Setting::each(text).unwrap();
        settings.iter().map(Setting::to_string).collect::<Vec<_>>()
    };
    assert_eq!(each("a.b=1, 2"), ["a.b=1", "a.b=2"]);
    assert_eq!(each("z=[a,b],['c,d']"), ["z=[a,b]", "z=['c,d']"]);
    assert_eq!(
        each("load={step={at=1,x=2}},5"),
        ["load={step={at=1,x=2}}", "load=5"]
    );
    assert!(Setting::each("a=1,,2").is_err());
    assert!(Setting::each("a=1,").is_err());
}

/// All scenarios of the tests, and all that are shipped as far as their traces are there.
fn scenarios() -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let mut all = vec![
        (EVERY_KEY.to_owned(), Vec::new()),
        (TABLES.to_owned(), TABLE_FILES.to_vec()),
        (SHOP.to_owned(), Vec::new()),
    ];
    let known = ["scheduler = \"", "[policy"];
    for (_, text) in shipped() {
        let has_trace = text.contains("[trace]");
        let has_policy = known.iter().any(|word| text.contains(word));
        if !has_trace && !has_policy {
            all.push((text, Vec::new()));
        }
    }
    all
}

#[test]
fn an_overlay_equal_to_the_file_changes_nothing_but_the_hash() {
    for (text, files) in scenarios() {
        let plain = meant(load(&text, &Edits::default(), &files));
        let mut files = files;
        let leaked: &'static str = text.clone().leak();
        files.push(("dir/same.toml", leaked));
        let same = meant(load(&text, &with("dir/same.toml"), &files));
        assert_ne!(plain.hash, same.hash);
        assert_eq!(input(plain), input(same));
    }
}

/// The settings of all single values, each to what it is.
fn own_values(value: &DeValue<'_>, path: &str, text: &str, found: &mut Vec<String>) {
    let below = |part: &str| match path {
        "" => format!("\"{part}\""),
        path => format!("{path}.\"{part}\""),
    };
    match value {
        DeValue::Table(map) => {
            for (key, value) in map {
                let path = below(key.get_ref());
                match value.get_ref() {
                    DeValue::Table(_) | DeValue::Array(_) => {
                        own_values(value.get_ref(), &path, text, found);
                    }
                    _ => found.push(format!("{path}={}", &text[value.span()])),
                }
            }
        }
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = below(&index.to_string());
                match item.get_ref() {
                    DeValue::Table(_) | DeValue::Array(_) => {
                        own_values(item.get_ref(), &path, text, found);
                    }
                    _ => found.push(format!("{path}={}", &text[item.span()])),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn every_single_value_can_be_set_to_what_it_is() {
    for (text, files) in scenarios() {
        let table = DeTable::parse(&text).unwrap().into_inner();
        let mut all = Vec::new();
        own_values(&DeValue::Table(table), "", &text, &mut all);
        assert!(all.len() >= 5, "{all:?}");
        let plain = input(meant(load(&text, &Edits::default(), &files)));
        for one in &all {
            let same = meant(load(&text, &settings(&[one]), &files));
            assert_eq!(plain, input(same), "{one}");
        }
        all.reverse();
        assert_eq!(plain, input(meant(load(&text, &settings(&all), &files))));
    }
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "duration",
            "nodes",
            "worker",
            "count",
            "services",
            "web.v2",
            "load",
            "diurnal",
            "mean",
            "policy",
            "scheduler",
            "binpack",
            "autoscaler",
            "hpa",
            "sync",
            "failures",
            "0",
            "1",
            "zones a",
            "zones",
            "labels",
            "jobs",
            "batch",
            "sizes",
            "startup",
            "slo",
            "name",
            "trace",
            "excluded",
        ])
        .prop_map(|word| format!("\"{word}\"")),
        "[a-z0-9._]{0,3}",
    ]
}

fn setting() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        prop::sample::select(vec![
            "1",
            "1h",
            "{}",
            "[]",
            "spread",
            "{a = 1}",
            "[a, {b = c}]",
            "\"1Gi\""
        ])
        .prop_map(str::to_owned),
        r#"[-0-9a-z"',=\[\]{}µ. ]{0,6}"#,
    ];
    let key = prop::collection::vec(word(), 1..6).prop_map(|words| words.join("."));
    (key, value).prop_map(|(key, value)| format!("{key}={value}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_is_set_is_accepted_or_refused_for_a_reason(texts in prop::collection::vec(setting(), 1..4)) {
        let edits = match Edits::new(Vec::new(), &texts) {
            Ok(edits) => edits,
            Err(problems) => {
                prop_assert!(rendered(&problems).ends_with("Nothing was run.\n"));
                return Ok(());
            }
        };
        match load(SHOP, &edits, &[]) {
            Ok(loaded) => prop_assert_eq!(loaded.scenario.changes.len(), texts.len()),
            Err(problems) => prop_assert!(rendered(&problems).ends_with("Nothing was run.\n")),
        }
    }

    #[test]
    fn settings_give_the_same_in_any_order(texts in prop::collection::vec(setting(), 2..4)) {
        let Ok(edits) = Edits::new(Vec::new(), &texts) else {
            return Ok(());
        };
        let mut turned = edits.clone();
        turned.settings.reverse();
        if let (Ok(one), Ok(other)) = (load(SHOP, &edits, &[]), load(SHOP, &turned, &[])) {
            prop_assert_eq!(input(one.scenario), input(other.scenario));
        }
    }
}
