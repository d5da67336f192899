//! What compaction found, for people and for programs.

mod json;
mod schema;
mod tables;
mod text;

use std::fs::{self, File};
use std::path::Path;

use crate::experiment::compaction::Compaction;
use crate::folder::{Folder, FolderError};
use crate::report::plots;
use crate::scenario::Scenario;
use crate::time::Time;

pub use json::json;
pub use schema::schema;
pub(crate) use text::percentile;
pub use text::text;

/// What is told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The scenario whose pods were packed.
    pub scenario: &'a Scenario,
    /// The moment they are of.
    pub at: Time,
    /// What was found.
    pub compaction: &'a Compaction,
}

/// What it took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Time on the wall, in seconds, the run up to the moment included.
    pub wall_seconds: f64,
    /// Threads that ran trials.
    pub threads: usize,
}

const JSON: &str = "compaction.json";
const CSV: &str = "compaction.csv";
const PLOTS: [&str; 2] = ["compaction.svg", "compaction.png"];

/// Whether a result folder may hold a file of this name, relative to it.
pub fn is_result(name: &Path) -> bool {
    [JSON, CSV]
        .iter()
        .chain(&PLOTS)
        .any(|&file| name == Path::new(file))
}

/// Writes all files into `folder`, and says which ones a reader opens first.
///
/// # Errors
/// When the system refuses.
pub fn write(folder: &Folder, told: &Told<'_>) -> Result<Vec<String>, FolderError> {
    let path = folder.file(JSON);
    fs::write(&path, json(told)).map_err(FolderError::of(&path))?;
    let path = folder.file(CSV);
    let written = File::create(&path).and_then(|out| tables::trials(told, out));
    written.map_err(FolderError::of(&path))?;
    let chart = plots::ranges::chart(told.compaction);
    let [svg, png] = PLOTS.map(|name| folder.file(name));
    fs::write(&svg, plots::file(&chart)).map_err(FolderError::of(&svg))?;
    plots::write_png(&chart, &png).map_err(FolderError::of(&png))?;
    Ok([JSON, CSV, PLOTS[0], PLOTS[1]].map(str::to_owned).to_vec())
}
