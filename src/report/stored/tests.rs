//! Result folders written, read back, and damaged in between.

use std::fs;
use std::path::{Path, PathBuf};

use super::Stored;
use crate::folder::Folder;
use crate::folder::testing::Scratch;
use crate::metrics::measured::Entity;
use crate::report::output::{self, Options, Plots};
use crate::report::results::Numbers as _;
use crate::report::run_json::Effort;
use crate::report::tables::Detail;
use crate::report::tests::Case;
use crate::report::{beside, html};

/// The folder that a run of the case writes.
fn written(scratch: &Scratch, name: &str, case: &Case, options: Options) -> PathBuf {
    let dir = scratch.0.join(name);
    let folder = Folder::begin(&dir).unwrap();
    let effort = Effort {
        wall_seconds: 1.0,
        cpu_seconds: None,
        peak_memory_bytes: None,
        events: 1,
        threads: 1,
    };
    output::write(&folder, &case.results(), &effort, options).unwrap();
    folder.finish().unwrap();
    dir
}

const BRIEF: Options = Options {
    detail: Detail::Brief,
    plots: Plots::Drawn,
};

#[test]
fn a_page_made_again_is_the_one_that_the_run_wrote() {
    let scratch = Scratch::new("stored-again");
    let case = Case::new();
    for (name, detail, plots) in [
        ("brief", Detail::Brief, Plots::Drawn),
        ("all", Detail::Nodes, Plots::Drawn),
        ("bare", Detail::Brief, Plots::None),
    ] {
        let dir = written(&scratch, name, &case, Options { detail, plots });
        let page = fs::read_to_string(dir.join("report.html")).unwrap();
        let stored = Stored::read(&dir).unwrap();
        assert!(html::of(&stored) == page, "{name}");
        assert_eq!(page.contains("<svg"), plots == Plots::Drawn, "{name}");
    }
}

#[test]
fn what_was_measured_is_read_back_to_the_last_bit() {
    let case = Case::new();
    let (results, stored) = (case.results(), case.stored());
    assert_eq!(stored.lines(), results.lines());
    let run = &results.runs[0];
    assert_eq!(stored.heat, run.heat);
    assert_eq!(stored.cells, run.cells);
    for series in &run.series {
        let values = stored.series(&series.entity, &series.metric);
        assert_eq!(values, Some(series.values.as_slice()), "{}", series.metric);
    }
    let (incident, told) = (&run.incidents[0], &stored.incidents[0]);
    assert_eq!(
        (told.start, told.detected, told.recovered),
        (incident.start, incident.detected, incident.recovered)
    );
    assert_eq!((&told.causes, told.lost), (&incident.causes, incident.lost));
    // 100 pods in each of three runs.
    assert_eq!(stored.waits[&Entity::Cluster].count(), 300);
}

/// What is said of a folder after `damage`.
fn refused(name: &str, damage: impl Fn(&Path)) -> String {
    let scratch = Scratch::new(&format!("stored-{name}"));
    let dir = written(&scratch, name, &Case::new(), BRIEF);
    damage(&dir);
    let said = Stored::read(&dir).unwrap_err().to_string();
    said.replace(&format!("{}/", scratch.0.display()), "")
}

fn edit(dir: &Path, file: &str, change: impl Fn(String) -> String) {
    let path = dir.join(file);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, change(text)).unwrap();
}

#[test]
fn what_is_no_result_or_damaged_is_refused_by_name() {
    let said = [
        refused("empty", |dir| {
            fs::remove_file(dir.join("summary.json")).unwrap()
        }),
        refused("cut", |dir| {
            edit(dir, "summary.json", |text| {
                text[..text.len() / 2].to_owned()
            });
        }),
        refused("old", |dir| {
            edit(dir, "summary.json", |text| {
                text.replacen("\"version\": 2", "\"version\": 1", 1)
            });
        }),
        refused("other", |dir| {
            edit(dir, "summary.json", |_| "{\"scenario\": 3}".to_owned());
        }),
        refused("unknown", |dir| {
            edit(dir, "summary.json", |text| {
                text.replacen("\"pending.max\"", "\"pending.most\"", 1)
            });
        }),
        refused("short", |dir| {
            edit(dir, "timeseries.csv", |text| {
                text[..text.len() - 20].to_owned()
            });
        }),
        refused("changed", |dir| {
            edit(dir, "timeseries.csv", |text| text.replacen("0.5", "0.6", 1));
        }),
        refused("gone", |dir| {
            fs::remove_file(dir.join("plots/pending.csv")).unwrap();
        }),
    ];
    for (said, words) in said.iter().zip([
        "empty: no result of `plimsoll run`: there is no summary.json in it",
        "cut/summary.json: damaged: EOF",
        "old/summary.json: written by plimsoll 0.1.0 in format 1, and this one, 0.1.0, reads format 2",
        "other/summary.json: no summary of a run: missing field `version`",
        "unknown/summary.json: metric `pending.most` is none of plimsoll",
        "short/timeseries.csv: cut short: ",
        "changed/timeseries.csv: not what was written with summary.json",
        "gone/plots/pending.csv: missing: summary.json says that it was written",
    ]) {
        assert!(said.starts_with(words), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let nowhere = Stored::read(Path::new("/nowhere/at/all")).unwrap_err();
    assert_eq!(
        nowhere.to_string(),
        "/nowhere/at/all: there is no such folder"
    );
}

#[test]
fn runs_are_named_by_what_they_differ_in() {
    let stored = Case::new().stored();
    let mut other = stored.clone();
    other.policies[0].name = "binpack".to_owned();
    let names = |runs: &[&Stored]| {
        let runs: Vec<Stored> = runs.iter().map(|&run| run.clone()).collect();
        beside::names(&runs)
    };
    assert_eq!(names(&[&stored, &other]), ["least-allocated", "binpack"]);
    let mut seeded = other.clone();
    seeded.seed = 7;
    assert_eq!(
        names(&[&stored, &other, &seeded]),
        [
            "least-allocated, seed 1",
            "binpack, seed 1",
            "binpack, seed 7"
        ]
    );
    let mut twin = stored.clone();
    twin.dir = PathBuf::from("twin");
    let names = names(&[&stored, &twin]);
    assert!(names[0] != names[1] && names[1] == "twin", "{names:?}");
}

#[test]
fn side_by_side_shows_what_differs_and_judges_nothing() {
    let stored = Case::new().stored();
    let mut other = stored.clone();
    other.policies[0].name = "binpack".to_owned();
    other.hash = "0123456789abcdef".to_owned();
    other.seed = 2;
    let page = beside::page(&[stored.clone(), other]);
    for words in [
        "<h1>Is one spare node enough?</h1>",
        "2 runs side by side: what each measured, without a verdict on their differences.",
        "the runs are not of the same input",
        "seeds or numbers of replications differ",
        "<code>plimsoll compare</code>",
        "<td class=\"marked\" data-label=\"least-allocated, seed 1\">least-allocated</td>",
    ] {
        assert!(page.contains(words), "{words}");
    }
    for verdict in ["better<", "worse<", "equivalent", "undecided"] {
        assert!(!page.contains(verdict), "{verdict}");
    }
    // Availability, CPU and waiting times, each in two widths.
    assert_eq!(page.matches("<svg ").count(), 6);
    let alike = beside::page(&[stored.clone(), stored]);
    assert!(!alike.contains("differ:") && alike.contains("the same policies"));
}
