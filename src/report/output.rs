//! The result folder: one exporter per file.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::folder::{Folder, FolderError};
use crate::report::html;
use crate::report::plots::{self, Chart, heat, pending};
use crate::report::results::Results;
use crate::report::run_json::{self, Effort};
use crate::report::stored::Stored;
use crate::report::summary_json::{self, FileLine};
use crate::report::tables::{self, Detail};
use crate::rng::Fnv1a;

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

/// The names of the files.
pub(crate) const SUMMARY: &str = "summary.json";
const METRICS: &str = "metrics.csv";
pub(crate) const TIMESERIES: &str = "timeseries.csv";
const PODS: &str = "pods.csv";
pub(crate) const INCIDENTS: &str = "incidents.csv";
pub(crate) const REPORT: &str = "report.html";
const RUN: &str = "run.json";
pub(crate) const PLOTS: &str = "plots";
/// What became of the requests of a live run.
pub(crate) const REQUESTS: &str = "requests.csv";

/// Whether a result folder may hold a file of this name, relative to it: what an earlier run wrote
/// may be replaced, and nothing else.
pub fn is_result(name: &Path) -> bool {
    let files = [
        SUMMARY, METRICS, TIMESERIES, PODS, INCIDENTS, REPORT, RUN, REQUESTS,
    ];
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
    data(folder, results, options)?;
    file(folder, METRICS, &|out| tables::metrics(results, out))?;
    file(folder, PODS, &|out| {
        tables::pods(results, options.detail, out)
    })?;
    file(folder, RUN, &|out| run_json::write(effort, out))?;
    let plots_dir = folder.file(PLOTS);
    let charts = page(folder)?;
    for chart in &charts {
        let path = plots_dir.join(format!("{}.svg", chart.name));
        fs::write(&path, plots::file(chart)).map_err(FolderError::of(&path))?;
        let path = plots_dir.join(format!("{}.png", chart.name));
        plots::write_png(chart, &path).map_err(FolderError::of(&path))?;
    }
    let mut first = [REPORT, SUMMARY, METRICS].map(str::to_owned).to_vec();
    first.extend(match charts.len() {
        0 => None,
        1 => Some("1 plot".to_owned()),
        plots => Some(format!("{plots} plots")),
    });
    Ok(first)
}

/// Writes what the page is made of.
pub(crate) fn data(
    folder: &Folder,
    results: &Results<'_>,
    options: Options,
) -> Result<(), FolderError> {
    let detail = options.detail;
    let plots_dir = folder.file(PLOTS);
    let mut files = BTreeMap::new();
    let mut table = |name: &str, write: &dyn Fn(&mut Counted) -> io::Result<()>| {
        let line = file(folder, name, write)?;
        files.insert(name.to_owned(), line);
        Ok(())
    };
    table(TIMESERIES, &|out| tables::timeseries(results, detail, out))?;
    table(INCIDENTS, &|out| tables::incidents(results, detail, out))?;
    if options.plots == Plots::Drawn {
        fs::create_dir(&plots_dir).map_err(FolderError::of(&plots_dir))?;
        let inner = |name| format!("{PLOTS}/{name}");
        table(&inner(heat::TABLE), &|out| heat::table(results, out))?;
        table(&inner(pending::TABLE), &|out| pending::table(results, out))?;
    }
    file(folder, SUMMARY, &|out| {
        summary_json::write(results, options, &files, io::BufWriter::new(out))
    })?;
    Ok(())
}

/// Makes the page of what has been written; returns what it draws.
fn page(folder: &Folder) -> Result<Vec<Chart>, FolderError> {
    let path = folder.file(SUMMARY);
    let dir = path.parent().expect("a file is in a folder");
    let stored = Stored::read(dir);
    let stored =
        stored.map_err(|error| FolderError::of(dir)(io::Error::other(error.to_string())))?;
    let charts = plots::charts(&stored);
    let page = html::page(&stored, &charts);
    file(folder, REPORT, &|out| out.write_all(page.as_bytes()))?;
    Ok(charts)
}

fn file(
    folder: &Folder,
    name: &str,
    write: &dyn Fn(&mut Counted) -> io::Result<()>,
) -> Result<FileLine, FolderError> {
    let path = folder.file(name);
    let error = FolderError::of(&path);
    let mut out = Counted {
        file: File::create(&path).map_err(&error)?,
        hash: Fnv1a::EMPTY,
        bytes: 0,
    };
    write(&mut out).map_err(&error)?;
    Ok(FileLine {
        bytes: out.bytes,
        hash: format!("{:032x}", out.hash.number()),
    })
}

/// A file whose bytes are hashed and counted as they are written.
struct Counted {
    file: File,
    hash: Fnv1a,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash = self.hash.and(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
