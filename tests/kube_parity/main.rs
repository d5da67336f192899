//! Decisions of kube-scheduler v1.34.1, one by one, against those of the `kube` profile.
//!
//! The files are no part of the package: `PLIMSOLL_KUBE_GOLDEN` names their folder, `../shared/reference/kube`
//! unless set. Its README explains their format. Compared is everything that is said of a decision; a
//! field that is not understood fails the test.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

mod catalogue;
mod json;
mod profile;
mod quantity;
mod queue;
mod replay;
mod rules;
mod told;
mod world;

use json::Case;
use replay::Compared;

/// The version whose decisions are compared.
const VERSION: &str = "v1.34.1";

/// Most differing decisions of a family that are shown.
const SHOWN: usize = 3;

/// All cases of the folder by file name. Without the folder that is looked for unless another one is
/// named there are none, and a line says so, past the capture of the test runner.
fn cases() -> Vec<Case> {
    let named = std::env::var_os("PLIMSOLL_KUBE_GOLDEN").map(PathBuf::from);
    let folder = named.clone().unwrap_or("../shared/reference/kube".into());
    if named.is_none() && !folder.exists() {
        let missing = folder.display();
        let mut stderr = io::stderr();
        writeln!(stderr, "skipped: kube_parity, there is no {missing}").unwrap();
        return Vec::new();
    }
    let entries = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "json"));
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {}", folder.display());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let case: Case =
            serde_json::from_str(&text).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        assert_eq!(case.kube_version, VERSION, "{}", case.name);
        case
    };
    paths.into_iter().map(read).collect()
}

#[test]
fn decisions_are_those_of_kube_scheduler() {
    compare(|case| case.events.is_empty(), replay::replay);
}

#[test]
fn retries_are_those_of_kube_scheduler() {
    compare(|case| !case.events.is_empty(), queue::replay);
}

fn compare(wanted: impl Fn(&Case) -> bool, replay: impl Fn(&Case) -> Compared) {
    let mut families: BTreeMap<String, Compared> = BTreeMap::new();
    for case in cases().iter().filter(|case| wanted(case)) {
        let compared = replay(case);
        let family = families.entry(case.family.clone()).or_default();
        family.decisions += compared.decisions;
        family.differing.extend(compared.differing);
    }
    let (mut decisions, mut differing) = (0, 0);
    for (family, compared) in &families {
        let (all, other) = (compared.decisions, compared.differing.len());
        println!("family {family}: {all} decisions compared, {other} differ");
        for text in compared.differing.iter().take(SHOWN) {
            println!("{text}");
        }
        decisions += all;
        differing += other;
    }
    println!("{decisions} decisions compared, {differing} differ");
    assert_eq!(differing, 0, "decisions differ");
}
