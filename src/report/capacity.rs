//! How many nodes are enough, for people and for programs.

mod buy;
mod curve;
mod json;
pub mod mix;
mod page;
pub mod runway;
mod schema;
mod sentences;
mod tables;
mod text;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use crate::experiment::capacity::answer::Capacity;
use crate::experiment::capacity::survive::NoLoss;
use crate::folder::{Folder, FolderError};
use crate::report::figure::{self, Unit};
use crate::report::pages::REPORT;
use crate::report::plots;
use crate::scenario::Scenario;
pub use schema::schema;
pub use text::text;

/// What is told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The scenario as it stands.
    pub scenario: &'a Scenario,
    /// The key whose value was varied.
    pub key: &'a str,
    /// What is counted: `worker`.
    pub group: &'a str,
    /// The seed of all runs.
    pub seed: u64,
    /// What was found.
    pub capacity: &'a Capacity,
}

const JSON: &str = "capacity.json";
const TABLE: &str = "capacity.csv";
const CURVE: &str = "capacity";

/// Whether a result folder may hold a file of this name: what an earlier search wrote may be replaced,
/// and nothing else.
pub fn is_result(name: &Path) -> bool {
    let files = [REPORT, JSON, TABLE].map(Path::new);
    let plots = ["svg", "png"].map(|kind| Path::new(CURVE).with_extension(kind));
    files.contains(&name) || plots.iter().any(|plot| plot == name)
}

/// Writes all files into `folder`, and says which ones a reader opens first; `command` makes the same
/// again.
///
/// # Errors
/// When the system refuses.
pub fn write(folder: &Folder, told: &Told<'_>, command: &str) -> Result<Vec<String>, FolderError> {
    let path = folder.file(REPORT);
    fs::write(&path, page::of(told, command)).map_err(FolderError::of(&path))?;
    let path = folder.file(JSON);
    fs::write(&path, json(told)).map_err(FolderError::of(&path))?;
    let path = folder.file(TABLE);
    let written = File::create(&path).and_then(|mut out| {
        tables::sizes(told, &mut out)?;
        out.flush()
    });
    written.map_err(FolderError::of(&path))?;
    let chart = curve::chart(told);
    let svg = format!("{CURVE}.svg");
    let path = folder.file(&svg);
    fs::write(&path, plots::file(&chart)).map_err(FolderError::of(&path))?;
    let path = folder.file(format!("{CURVE}.png"));
    plots::write_png(&chart, &path).map_err(FolderError::of(&path))?;
    Ok([REPORT, svg.as_str(), JSON, TABLE]
        .map(str::to_owned)
        .to_vec())
}

/// `capacity.json`, with a line break at its end.
pub fn json(told: &Told<'_>) -> String {
    json::json(told)
}

/// Why no loss can be judged.
pub fn no_loss(no: &NoLoss) -> String {
    match no {
        NoLoss::Nothing(kind) => format!(
            "there is no {} to lose: the scenario's nodes have none\n  = give `zones` in [[nodes]], or \
             --survive node",
            kind.name()
        ),
        NoLoss::NoPeak => {
            "nothing is ever asked for, so there is no busiest time for a loss".to_owned()
        }
        NoLoss::TooShort { needs } => format!(
            "the run is too short for a loss to be made good: that may take {}\n  = make `duration` longer",
            figure::number(needs.secs_f64(), Unit::Seconds)
        ),
    }
}
