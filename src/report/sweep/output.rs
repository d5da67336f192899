//! The folder of a merged sweep: one exporter per file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::tables::{self, Runs};
use super::{curves, json, page, text, trade};
use crate::experiment::sweep::merge::{Gap, Merged, merge};
use crate::experiment::sweep::plan::Sweep;
use crate::experiment::sweep::store::{Store, Unusable};
use crate::folder::{Folder, FolderError};
use crate::report::pages::REPORT;
use crate::report::plots::{self, Chart};

/// The folder, within that of the chunks.
pub const FOLDER: &str = "merged";

const RUNS: &str = "sweep.csv";
const JSON: &str = "sweep.json";
const RESPONSE: &str = "response.csv";
const TEXT: &str = "report.txt";
const PLOTS: &str = "plots";
const PARETO: &str = "pareto";

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// What all cells say.
    pub merged: Merged,
    /// The files that a reader opens first.
    pub files: Vec<String>,
}

/// Why nothing was written.
#[derive(Debug)]
pub enum Unwritten {
    /// These chunks are missing or wrong.
    Chunks(Vec<(u32, Unusable)>),
    /// The system refused.
    Folder(FolderError),
}

/// Whether the folder may hold a file of this name, relative to it.
pub fn is_result(name: &Path) -> bool {
    let is_plot = name.parent() == Some(Path::new(PLOTS))
        && name
            .extension()
            .is_some_and(|kind| kind == "svg" || kind == "png" || kind == "csv");
    is_plot
        || [REPORT, JSON, RUNS, RESPONSE, TEXT]
            .iter()
            .any(|&file| name == Path::new(file))
}

/// Reads all chunks and writes all files into `folder`; `command` makes the same again.
///
/// # Errors
/// When a chunk is missing or wrong, or the system refuses.
pub fn write(
    folder: &Folder,
    sweep: &Sweep,
    store: &Store,
    command: &str,
) -> Result<Written, Unwritten> {
    let merged = runs(folder, sweep, store)?;
    let files = rest(folder, sweep, &merged, command).map_err(Unwritten::Folder)?;
    Ok(Written { merged, files })
}

fn runs(folder: &Folder, sweep: &Sweep, store: &Store) -> Result<Merged, Unwritten> {
    let path = folder.file(RUNS);
    let refused = |error| Unwritten::Folder(FolderError::of(&path)(error));
    let mut table = File::create(&path)
        .and_then(|out| Runs::new(sweep, out))
        .map_err(refused)?;
    let merged = merge(sweep, store, |number, cell| table.cell(number, cell));
    let merged = merged.map_err(|gap| match gap {
        Gap::Chunks(chunks) => Unwritten::Chunks(chunks),
        Gap::Write(error) => refused(error),
    })?;
    table.finish().map_err(refused)?;
    Ok(merged)
}

fn rest(
    folder: &Folder,
    sweep: &Sweep,
    merged: &Merged,
    command: &str,
) -> Result<Vec<String>, FolderError> {
    file(&folder.file(RESPONSE), |out| {
        tables::response(sweep, merged, out)
    })?;
    let all = json::json(sweep, merged);
    file(&folder.file(JSON), |mut out| out.write_all(all.as_bytes()))?;
    let page = text::plain(sweep, merged);
    file(&folder.file(TEXT), |mut out| out.write_all(page.as_bytes()))?;
    let mut charts: Vec<(String, Chart)> = curves::charts(sweep, merged);
    let front = merged.front(sweep);
    if let Some(front) = &front
        && let Some(chart) = trade::chart(sweep, merged, front)
    {
        charts.push((PARETO.to_owned(), chart));
    }
    let drawn: Vec<&Chart> = charts.iter().map(|(_, chart)| chart).collect();
    let page = page::of(sweep, merged, &drawn, command);
    file(&folder.file(REPORT), |mut out| {
        out.write_all(page.as_bytes())
    })?;
    let mut first = [REPORT, JSON, RUNS, RESPONSE].map(str::to_owned).to_vec();
    if charts.is_empty() {
        return Ok(first);
    }
    let dir = folder.file(PLOTS);
    fs::create_dir(&dir).map_err(FolderError::of(&dir))?;
    for (name, chart) in &charts {
        file(&dir.join(format!("{name}.svg")), |mut out| {
            out.write_all(plots::file(chart).as_bytes())
        })?;
        let path = dir.join(format!("{name}.png"));
        plots::write_png(chart, &path).map_err(FolderError::of(&path))?;
    }
    if let Some(front) = &front {
        file(&dir.join(format!("{PARETO}.csv")), |out| {
            tables::pareto(sweep, merged, front, out)
        })?;
    }
    first.push(match charts.len() {
        1 => "1 plot".to_owned(),
        plots => format!("{plots} plots"),
    });
    Ok(first)
}

fn file(path: &Path, write: impl FnOnce(File) -> io::Result<()>) -> Result<(), FolderError> {
    let written = File::create(path).and_then(write);
    written.map_err(FolderError::of(path))
}
