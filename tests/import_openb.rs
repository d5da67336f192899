//! The openb import over the published lists, which are optional: `openb/` in the folder named by
//! PLIMSOLL_DATA, or in ../shared/data.
//!
//! The expected figures were computed from the lists by an independent script.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Once;

use plimsoll::import::folder::Existing;
use plimsoll::import::openb;
use plimsoll::import::openb::options::{Fill, Mode, Options, Share};
use plimsoll::import::openb::report::{Filled, Imported, Load, Timed};
use plimsoll::time::Time;
use plimsoll::units::MilliGpu;

/// The folder of the lists; without it says once, past the capture of the test runner, that
/// nothing is tested.
fn lists() -> Option<PathBuf> {
    static SAID: Once = Once::new();
    let data = match std::env::var_os("PLIMSOLL_DATA") {
        Some(data) => PathBuf::from(data),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
    };
    let lists = data.join("openb");
    if lists.is_dir() {
        return Some(lists);
    }
    SAID.call_once(|| {
        let mut stderr = std::io::stderr();
        writeln!(
            stderr,
            "skipped: import_openb, no folder {}",
            lists.display()
        )
        .unwrap();
    });
    None
}

/// What an import said, and the files it wrote.
struct Done {
    imported: Imported,
    nodes: String,
    pods: String,
}

/// Imports the GPU nodes and the default pods, or gives `None` where the lists are missing.
fn import(name: &str, mode: Mode, nodes: Share) -> Option<Done> {
    let lists = lists()?;
    let dir = std::env::temp_dir().join(format!("plimsoll-import-{name}-{}", process::id()));
    let imported = openb::import(
        &lists.join("openb_node_list_gpu_node.csv"),
        &lists.join("openb_pod_list_default.csv"),
        &dir,
        &Options {
            mode,
            nodes,
            seed: 42,
            existing: Existing::Refuse,
        },
    )
    .unwrap();
    let read = |file| fs::read_to_string(dir.join(file)).unwrap();
    let (nodes, pods) = (read("nodes.csv"), read("pods.csv"));
    fs::remove_dir_all(&dir).unwrap();
    Some(Done {
        imported,
        nodes,
        pods,
    })
}

fn times(copies: u32) -> Mode {
    Mode::Times {
        copies: NonZeroU32::new(copies).unwrap(),
        assume_duration: None,
    }
}

fn timed(imported: &Imported) -> Timed {
    match imported.load {
        Load::Times(timed) => timed,
        Load::Arrivals(_) => panic!("a trace with times"),
    }
}

/// The fields of one column of a table without quotes.
fn column<'a>(table: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let mut lines = table.lines();
    let header = lines.next().unwrap();
    let index = header.split(',').position(|field| field == name).unwrap();
    lines.map(move |line| line.split(',').nth(index).unwrap())
}

fn total(table: &str, name: &str) -> u64 {
    column(table, name)
        .map(|field| field.parse::<u64>().unwrap())
        .sum()
}

#[test]
fn the_trace_alone_uses_a_hundredth_of_its_cluster() {
    let Some(done) = import("times", times(1), Share::ALL) else {
        return;
    };
    let imported = &done.imported;
    assert_eq!((imported.rows, imported.written), (8152, 7255));
    let excluded = imported.excluded.unwrap();
    assert_eq!((excluded.reason, excluded.pods), ("duration unknown", 897));
    assert_eq!((imported.fit_nowhere, imported.models_ignored), (0, 0));
    let timed = timed(imported);
    assert_eq!((timed.never_scheduled, timed.censored), (897, 34));
    assert_eq!(timed.end, Time::from_secs(12_902_960));
    assert_eq!(timed.warm_up, None);
    // 65.59 of 6,212 GPUs are 66 rounded up, 1.06 %.
    assert_eq!(timed.recorded_peak, MilliGpu(65_590));
    assert_eq!(timed.offered_peak, MilliGpu(64_590));
    assert!((timed.offered_mean.unwrap() - 0.005_822_333_772_859).abs() < 1e-12);
    let told = imported.to_string();
    assert!(told.contains("to about 1 % at most"), "{told}");
    assert!(told.contains("65.59 of 6,212 GPUs"), "{told}");
    assert!(told.contains("--copies 155"), "{told}");
}

#[test]
fn every_node_is_written_as_listed() {
    let Some(done) = import("nodes", times(1), Share::ALL) else {
        return;
    };
    assert_eq!(done.nodes.lines().count(), 1 + 1213);
    assert_eq!(total(&done.nodes, "cpu_milli"), 107_018_000);
    assert_eq!(total(&done.nodes, "memory_mib"), 503_828_480);
    assert_eq!(total(&done.nodes, "gpu"), 6212);
    let models: Vec<_> = done
        .imported
        .models
        .iter()
        .map(|model| (model.model.as_str(), model.kept))
        .collect();
    let listed = [
        ("G2", 549),
        ("T4", 404),
        ("P100", 134),
        ("V100M16", 55),
        ("G3", 39),
        ("V100M32", 30),
        ("A10", 2),
    ];
    assert_eq!(models, listed);
}

#[test]
fn copies_of_154_offer_nine_tenths_of_the_cluster() {
    let Some(done) = import("copies", times(154), Share::ALL) else {
        return;
    };
    let imported = &done.imported;
    // 154 × 8,152 = 1,255,408 pods, of which 154 × 897 = 138,138 have no duration.
    assert_eq!(imported.written, 1_255_408 - 138_138);
    assert_eq!(imported.excluded.unwrap().pods, 138_138);
    // Unshifted copies would offer 154 × 0.5822 % = 89.7 %.
    let mean = timed(imported).offered_mean.unwrap();
    assert!((mean - 0.897).abs() < 0.01, "{mean}");
    assert_eq!(timed(imported).warm_up, Some(Time::from_secs(10_000_000)));
    let arrivals = column(&done.pods, "arrival_s").map(|at| at.parse::<u64>().unwrap());
    assert!(arrivals.is_sorted());
    assert_eq!(done.pods.lines().count() as u64, 1 + imported.written);
    let names: BTreeSet<_> = column(&done.pods, "name").collect();
    assert_eq!(names.len() as u64, imported.written);
}

#[test]
fn a_hundredth_of_the_nodes_is_loaded_by_the_trace_alone() {
    let Some(done) = import("share", times(1), "1%".parse().unwrap()) else {
        return;
    };
    let kept: Vec<_> = done
        .imported
        .models
        .iter()
        .map(|model| model.kept)
        .collect();
    // Largest remainder of 12: G2 6, T4 4, P100 1, V100M16 1.
    assert_eq!(kept, [6, 4, 1, 1, 0, 0, 0]);
    assert_eq!(done.imported.gpus_listed, MilliGpu(6_212_000));
    assert_eq!(done.imported.gpus.0, 1000 * total(&done.nodes, "gpu"));
    let mean = timed(&done.imported).offered_mean.unwrap();
    let expected = 0.005_822_333_772_859 * 6_212_000.0 / done.imported.gpus.0 as f64;
    assert!((mean - expected).abs() < 1e-9, "{mean}");
}

#[test]
fn arrivals_alone_ask_for_the_published_multiple() {
    let fill = Fill::PUBLISHED;
    let Some(done) = import("fill", Mode::ArrivalsOnly { fill }, Share::ALL) else {
        return;
    };
    let Load::Arrivals(Filled { clones, asked }) = done.imported.load else {
        panic!("arrivals without times");
    };
    assert_eq!(done.imported.excluded, None);
    assert_eq!(done.imported.written, 8152 + clones);
    // 1.3 × 6,212,000 = 8,075,600, of which the list asks for 6,086,800. A pod of the list asks
    // for 746.7 on average, so that 1,988,800 more are about 2,660 clones; the last may end up to
    // one GPU below the target or seven above.
    assert!((8_074_600..=8_082_600).contains(&asked.0), "{asked:?}");
    assert!((2_450..2_850).contains(&clones), "{clones}");
    let list: BTreeSet<_> = column(&done.pods, "name").take(8152).collect();
    assert_eq!(list.len(), 8152);
    assert!(list.iter().all(|name| !name.contains('@')));
    assert!(column(&done.pods, "duration_s").all(str::is_empty));
}
