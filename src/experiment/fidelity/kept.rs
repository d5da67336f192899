//! Live runs that are done, each in a file: they take minutes, and are not made twice.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::observed::Observed;
use crate::folder::file;

/// Stands for what the values of a kept run mean. Another number where that changes: runs of both are not to be
/// mixed.
const MEANING: u32 = 2;

/// A run as it is kept.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// The version of plimsoll that made it.
    plimsoll: String,
    /// Its [`MEANING`].
    #[serde(default)]
    meaning: u32,
    /// What it is a run of.
    of: Of,
    values: BTreeMap<String, f64>,
    decisions: Vec<String>,
    decided_at_s: Vec<f64>,
    #[serde(default)]
    notes: Vec<String>,
}

/// What a run is one of.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Of {
    /// The scenario, as it was changed, by its hash.
    pub scenario: String,
    /// The policies.
    pub policies: String,
    /// The seed.
    pub seed: u64,
    /// The replication, from 1.
    pub replication: u32,
    /// Whether the scenario's failures were left out.
    pub without_failures: bool,
    /// What it was made on, and how: engines, image, and how long answers were waited for.
    pub on: String,
}

/// Keeps a run, whole or not at all.
///
/// # Errors
/// What the system says.
pub fn keep(path: &Path, of: &Of, seen: &Observed) -> Result<(), String> {
    let kept = Kept {
        plimsoll: env!("CARGO_PKG_VERSION").to_owned(),
        meaning: MEANING,
        of: of.clone(),
        values: seen.values.clone(),
        decisions: seen.decisions.clone(),
        decided_at_s: seen.decided_at.clone(),
        notes: seen.notes.clone(),
    };
    let text = serde_json::to_string_pretty(&kept).expect("text and numbers are JSON");
    file::write(path, text.as_bytes()).map_err(|error| format!("{}: {error}", path.display()))
}

/// The run that is kept there; `None` where none is.
///
/// # Errors
/// When it is not what this version keeps of such a run.
pub fn find(path: &Path, of: &Of) -> Result<Option<Observed>, String> {
    let wrong = |said: &str| format!("{}: {said}", path.display());
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(&error.to_string())),
    };
    let kept: Kept = serde_json::from_str(&text).map_err(|error| wrong(&error.to_string()))?;
    if kept.plimsoll != env!("CARGO_PKG_VERSION") {
        return Err(wrong(&format!("it was made by plimsoll {}", kept.plimsoll)));
    }
    if kept.meaning != MEANING {
        let said = "it was measured in another way than this plimsoll does\n  = remove it, or give another --out";
        return Err(wrong(said));
    }
    if kept.of != *of {
        return Err(wrong(
            "it is a run of another scenario, seed or policy, or was made on other engines\n  = remove it, or \
             give another --out",
        ));
    }
    let mut notes = kept.notes;
    for (_, said) in failures(path).into_iter().filter(|(other, _)| other == of) {
        notes.push(format!("this run was made again, for it failed: {said}"));
    }
    Ok(Some(Observed {
        values: kept.values,
        decisions: kept.decisions,
        decided_at: kept.decided_at_s,
        notes,
    }))
}

/// Writes down that a run failed: it is made again, and that is told of it.
///
/// # Errors
/// What the system says.
pub fn fail(path: &Path, of: &Of, said: &str) -> Result<(), String> {
    let mut all = failures(path);
    all.push((of.clone(), said.to_owned()));
    let (path, text) = (beside(path), serde_json::to_string_pretty(&all));
    let text = text.expect("text is JSON");
    file::write(&path, text.as_bytes()).map_err(|error| format!("{}: {error}", path.display()))
}

/// How runs that were to be kept there failed.
fn failures(path: &Path) -> Vec<(Of, String)> {
    let text = fs::read_to_string(beside(path)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

/// Where it is written down how a run failed.
fn beside(path: &Path) -> PathBuf {
    path.with_extension("failed.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::testing::Scratch;

    fn of(replication: u32) -> Of {
        Of {
            scenario: "abc".to_owned(),
            policies: "spread-hpa-kubernetes".to_owned(),
            seed: 1,
            replication,
            without_failures: false,
            on: "private engines".to_owned(),
        }
    }

    #[test]
    fn a_run_is_found_as_it_was_kept_and_never_taken_for_another() {
        let scratch = Scratch::new("kept");
        let path = scratch.0.join("runs/live-001.json");
        assert_eq!(find(&path, &of(1)), Ok(None));
        let seen = Observed {
            values: [("detect.node".to_owned(), 5.25)].into(),
            decisions: vec!["web-0 on n-0".to_owned()],
            decided_at: vec![0.5],
            notes: vec!["n-0 did not start web-1: no".to_owned()],
        };
        keep(&path, &of(1), &seen).expect("it can be written");
        assert_eq!(find(&path, &of(1)), Ok(Some(seen)));
        let other = find(&path, &of(2)).expect_err("it is another");
        assert!(
            other.contains("another scenario, seed or policy"),
            "{other}"
        );
        let text = fs::read_to_string(&path).expect("it is there");
        let meaning = format!("\"meaning\": {MEANING},");
        assert!(text.contains(&meaning), "{text}");
        fs::write(&path, text.replace(&meaning, "")).expect("it can be written");
        let older = find(&path, &of(1)).expect_err("it means something else");
        assert!(older.contains("in another way"), "{older}");
        fs::write(&path, &text[..text.len() / 2]).expect("it can be written");
        assert!(find(&path, &of(1)).is_err());
    }

    #[test]
    fn a_run_that_was_made_again_says_how_it_failed_before() {
        let scratch = Scratch::new("kept-failed");
        let path = scratch.0.join("runs/live-001.json");
        fail(&path, &of(1), "node-0 is gone").expect("it can be written");
        fail(&path, &of(2), "not this one").expect("it can be written");
        assert_eq!(find(&path, &of(1)), Ok(None));
        fail(&path, &of(1), "no space").expect("it can be written");
        keep(&path, &of(1), &Observed::default()).expect("it can be written");
        let found = find(&path, &of(1)).expect("it is one");
        let notes = ["node-0 is gone", "no space"]
            .map(|said| format!("this run was made again, for it failed: {said}"));
        assert_eq!(found.expect("it is there").notes, notes);
    }

    #[test]
    fn a_run_that_was_kept_without_notes_has_none() {
        let scratch = Scratch::new("kept-plain");
        let path = scratch.0.join("live-001.json");
        keep(&path, &of(1), &Observed::default()).expect("it can be written");
        let text = fs::read_to_string(&path).expect("it is there");
        let mut kept: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let notes = kept.as_object_mut().expect("an object").remove("notes");
        assert_eq!(notes, Some(serde_json::json!([])));
        fs::write(&path, kept.to_string()).expect("it can be written");
        assert_eq!(find(&path, &of(1)), Ok(Some(Observed::default())));
    }
}
