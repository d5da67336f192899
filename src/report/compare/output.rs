//! The result folder of a comparison.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::{Compared, json, page, tables};
use crate::folder::{Folder, FolderError};
use crate::report::pages::REPORT;
use crate::report::plots;
use crate::report::run_json::{self, Effort};

const COMPARE: &str = "compare.json";
const METRICS: &str = "metrics.csv";
const RUN: &str = "run.json";
const PLOTS: &str = "plots";
const DIFFERENCES: &str = "differences.csv";

/// Whether the folder of a comparison may hold a file of this name, relative to it: what an earlier
/// one wrote may be replaced, and nothing else.
pub fn is_result(name: &Path) -> bool {
    let is_plot = name.parent() == Some(Path::new(PLOTS))
        && name
            .extension()
            .is_some_and(|kind| kind == "svg" || kind == "png" || kind == "csv");
    is_plot
        || [REPORT, COMPARE, METRICS, RUN]
            .iter()
            .any(|&file| name == Path::new(file))
}

/// Writes all files into `folder`, and says which ones a reader opens first; `command` makes the same
/// again.
///
/// # Errors
/// When the system refuses.
pub fn write(
    folder: &Folder,
    compared: &Compared<'_>,
    effort: &Effort,
    command: &str,
) -> Result<Vec<String>, FolderError> {
    let path = folder.file(REPORT);
    fs::write(&path, page::of(compared, command)).map_err(FolderError::of(&path))?;
    let path = folder.file(COMPARE);
    fs::write(&path, json::json(compared)).map_err(FolderError::of(&path))?;
    file(folder, METRICS, |out| tables::metrics(compared, out))?;
    file(folder, RUN, |out| run_json::write(effort, out))?;
    let plots = folder.file(PLOTS);
    fs::create_dir(&plots).map_err(FolderError::of(&plots))?;
    file(folder, &format!("{PLOTS}/{DIFFERENCES}"), |out| {
        tables::differences(compared, out)
    })?;
    let charts = plots::differences::charts(compared);
    for (chart, name) in charts.iter().zip(1..) {
        let svg = plots.join(format!("difference-{name}.svg"));
        fs::write(&svg, plots::file(chart)).map_err(FolderError::of(&svg))?;
        let png = plots.join(format!("difference-{name}.png"));
        plots::write_png(chart, &png).map_err(FolderError::of(&png))?;
    }
    let mut first = [REPORT, COMPARE, METRICS].map(str::to_owned).to_vec();
    match charts.len() {
        0 => {}
        1 => first.push("1 plot".to_owned()),
        plots => first.push(format!("{plots} plots")),
    }
    Ok(first)
}

fn file(
    folder: &Folder,
    name: &str,
    write: impl FnOnce(File) -> io::Result<()>,
) -> Result<(), FolderError> {
    let path = folder.file(name);
    let written = File::create(&path).and_then(write);
    written.map_err(FolderError::of(&path))
}
