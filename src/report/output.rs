//! The result folder: one exporter per file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::folder::{Folder, FolderError};
use crate::report::results::Results;
use crate::report::run_json::{self, Effort};
use crate::report::tables::{self, Detail};
use crate::report::{html, plots, summary_json};

/// What is written besides the summary and the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How much the detailed tables cover.
    pub detail: Detail,
    /// Whether plots are drawn.
    pub plots: Plots,
}

/// Whether plots are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Plots {
    /// As files, and on the page.
    #[default]
    Drawn,
    /// Nowhere.
    None,
}

const SUMMARY: &str = "summary.json";
const METRICS: &str = "metrics.csv";
const TIMESERIES: &str = "timeseries.csv";
const PODS: &str = "pods.csv";
const INCIDENTS: &str = "incidents.csv";
const REPORT: &str = "report.html";
const RUN: &str = "run.json";
const PLOTS: &str = "plots";

/// Whether a result folder may hold a file of this name, relative to it: what an earlier run wrote
/// may be replaced, and nothing else.
pub fn is_result(name: &Path) -> bool {
    let files = [SUMMARY, METRICS, TIMESERIES, PODS, INCIDENTS, REPORT, RUN];
    let is_plot = name.parent() == Some(Path::new(PLOTS))
        && name
            .extension()
            .is_some_and(|kind| kind == "svg" || kind == "png" || kind == "csv");
    is_plot || files.iter().any(|&file| name == Path::new(file))
}

/// Writes all files into `folder`, and says which ones a reader opens first.
pub fn write(
    folder: &Folder,
    results: &Results<'_>,
    effort: &Effort,
    options: Options,
) -> Result<Vec<String>, FolderError> {
    let detail = options.detail;
    file(folder, SUMMARY, |out| {
        summary_json::write(results, io::BufWriter::new(out))
    })?;
    file(folder, METRICS, |out| tables::metrics(results, out))?;
    file(folder, TIMESERIES, |out| {
        tables::timeseries(results, detail, out)
    })?;
    file(folder, PODS, |out| tables::pods(results, detail, out))?;
    file(folder, INCIDENTS, |out| {
        tables::incidents(results, detail, out)
    })?;
    file(folder, RUN, |out| run_json::write(effort, out))?;
    let charts = match options.plots {
        Plots::Drawn => plots::charts(results),
        Plots::None => Vec::new(),
    };
    let page = html::page(results, &charts, options);
    file(folder, REPORT, |mut out| out.write_all(page.as_bytes()))?;
    let mut first = [REPORT, SUMMARY, METRICS].map(str::to_owned).to_vec();
    if !charts.is_empty() {
        let dir = folder.file(PLOTS);
        fs::create_dir(&dir).map_err(FolderError::of(&dir))?;
        let table = dir.join(plots::heat::TABLE);
        let written = File::create(&table).and_then(|out| plots::heat::table(results, out));
        written.map_err(FolderError::of(&table))?;
        for chart in &charts {
            let path = dir.join(format!("{}.svg", chart.name));
            fs::write(&path, plots::file(chart)).map_err(FolderError::of(&path))?;
            let path = dir.join(format!("{}.png", chart.name));
            plots::write_png(chart, &path).map_err(FolderError::of(&path))?;
        }
        first.push(match charts.len() {
            1 => "1 plot".to_owned(),
            plots => format!("{plots} plots"),
        });
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
