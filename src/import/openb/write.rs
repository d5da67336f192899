//! The files of an imported folder.

use std::ffi::OsStr;
use std::fmt;
use std::fmt::Write as _;
use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;

use serde::{Serialize, Serializer};

use crate::import::error::ImportError;
use crate::import::folder::write_error;
use crate::import::openb::copies::Arrival;
use crate::import::openb::report::Imported;
use crate::import::openb::rows::{Node, Pod};
use crate::scenario::is_name;
use crate::time::{Duration, Time};

/// The scenario.
pub(crate) const SCENARIO: &str = "scenario.toml";
/// The node table.
pub(crate) const NODES: &str = "nodes.csv";
/// The pod table, in order of arrival.
pub(crate) const PODS: &str = "pods.csv";
/// Everything an imported folder holds.
pub(crate) const FILES: [&str; 3] = [SCENARIO, NODES, PODS];

/// Characters in a line of the scenario's comment.
const COMMENT_WIDTH: usize = 100;

/// How many pods were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// All of them.
    pub(crate) pods: u64,
    /// Those that no node could host even if it were empty.
    pub(crate) fit_nowhere: u64,
}

#[derive(Serialize)]
struct NodeRow<'a> {
    name: &'a str,
    cpu_milli: u64,
    memory_mib: u64,
    gpu: u16,
    gpu_model: &'a str,
}

#[derive(Serialize)]
struct PodRow<'a> {
    name: &'a str,
    arrival_s: Text<Time>,
    duration_s: Option<Text<Duration>>,
    cpu_milli: u64,
    memory_mib: u64,
    gpu: u16,
    gpu_milli: u16,
    gpu_model: &'a str,
}

/// A value written as it is displayed.
struct Text<T>(T);

impl<T: fmt::Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Writes the node table.
pub(crate) fn nodes(path: &Path, nodes: &[&Node]) -> Result<(), ImportError> {
    let mut table = Table::create(path)?;
    for node in nodes {
        table.row(NodeRow {
            name: &node.name,
            cpu_milli: node.cpu.0,
            memory_mib: node.memory_mib,
            gpu: node.gpus,
            gpu_model: &node.model,
        })?;
    }
    table.finish()
}

/// Writes the pod table as the pods arrive. Copy n of pod `p` is called `p@n`, the first `p`.
pub(crate) fn pods(
    path: &Path,
    nodes: &[&Node],
    pods: &[Pod],
    arrivals: impl Iterator<Item = Arrival>,
) -> Result<Written, ImportError> {
    let fits: Vec<bool> = pods
        .iter()
        .map(|pod| nodes.iter().any(|node| node.fits(pod)))
        .collect();
    let mut written = Written::default();
    let mut table = Table::create(path)?;
    let mut name = String::new();
    for arrival in arrivals {
        let pod = &pods[arrival.pod];
        name.clone_from(&pod.name);
        if arrival.copy > 1 {
            write!(name, "@{}", arrival.copy).expect("writing to a string cannot fail");
        }
        table.row(PodRow {
            name: &name,
            arrival_s: Text(arrival.at),
            duration_s: arrival.duration.map(Text),
            cpu_milli: pod.cpu.0,
            memory_mib: pod.memory_mib,
            gpu: pod.gpus,
            gpu_milli: pod.gpu_milli,
            gpu_model: if pod.gpus == 0 { "" } else { &pod.models },
        })?;
        written.pods += 1;
        written.fit_nowhere += u64::from(!fits[arrival.pod]);
    }
    table.finish()?;
    Ok(written)
}

/// Writes the scenario, which says in its comment what was imported and how.
pub(crate) fn scenario(path: &Path, imported: &Imported) -> Result<(), ImportError> {
    let mut text = String::new();
    for paragraph in imported.comment() {
        push_comment(&mut text, &paragraph);
    }
    text += &format!("name = \"{}\"\n", name(&imported.dir));
    if let Some(warm_up) = imported.warm_up() {
        text += &format!("warm_up = \"{warm_up}s\"\n");
    }
    text += "\n[policy]\n";
    text += "scheduler = \"least-allocated\"\n";
    text += "autoscaler = \"fixed\"\n";
    text += "healer = \"kubernetes\"\n\n";
    text += &format!("[trace]\nnodes = \"{NODES}\"\npods = \"{PODS}\"\n");
    if let Some(excluded) = &imported.excluded {
        text += &format!(
            "\n[trace.excluded]\n\"{}\" = {}\n",
            excluded.reason, excluded.pods
        );
    }
    fs::write(path, text).map_err(|error| write_error(path, error))
}

/// The name of the scenario: that of its folder where it can be one, so that the results of two
/// imports lie apart.
fn name(dir: &Path) -> &str {
    let name = dir.file_name().and_then(OsStr::to_str);
    name.filter(|name| is_name(name)).unwrap_or("openb")
}

/// Appends a paragraph as comment lines; all but the first are indented.
fn push_comment(text: &mut String, paragraph: &str) {
    let mut line = "#".to_owned();
    for word in paragraph.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > COMMENT_WIDTH {
            *text += &line;
            *text += "\n";
            line = "#  ".to_owned();
        }
        line += " ";
        line += word;
    }
    *text += &line;
    *text += "\n";
}

/// A CSV file being written.
struct Table<'a> {
    path: &'a Path,
    writer: csv::Writer<File>,
}

impl<'a> Table<'a> {
    fn create(path: &'a Path) -> Result<Table<'a>, ImportError> {
        let file = File::create(path).map_err(|error| write_error(path, error))?;
        let writer = csv::Writer::from_writer(file);
        Ok(Table { path, writer })
    }

    /// Writes a row, before the first of them the header.
    fn row(&mut self, row: impl Serialize) -> Result<(), ImportError> {
        let written = self.writer.serialize(row);
        written.map_err(|error| write_error(self.path, io::Error::from(error)))
    }

    fn finish(mut self) -> Result<(), ImportError> {
        let flushed = self.writer.flush();
        flushed.map_err(|error| write_error(self.path, error))
    }
}
