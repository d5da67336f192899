//! What was decided, written down before it is done: a plimsoll that was killed is followed by one that
//! knows how large the services were to be.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::trouble::Trouble;
use crate::cluster::Cluster;
use crate::cluster::catalog::Catalog;
use crate::cluster::change::Change;
use crate::control::command::Command;
use crate::ids::Id;
use crate::record::{Record, Recorder};
use crate::time::Time;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// A service is to have so many replicas.
    Scaled {
        /// Its name.
        service: String,
        /// How many.
        replicas: u32,
    },
    /// A container is to be started.
    Start {
        /// The number of its pod in the run.
        pod: u64,
        /// Which of the pod's containers.
        incarnation: u32,
        /// On which node.
        node: String,
    },
    /// A container is to be stopped.
    Stop {
        /// The number of its pod in the run.
        pod: u64,
        /// Which of the pod's containers.
        incarnation: u32,
    },
}

/// A file of lines, each in it before what it says is done.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    catalog: Arc<Catalog>,
    /// The first line that could not be written.
    failed: Option<Trouble>,
}

/// How large the services were to be when a journal ended, by name; nothing where there is none. A last
/// line that was not written whole says nothing.
///
/// # Errors
/// When it is there and cannot be read.
pub fn sizes(path: &Path) -> Result<BTreeMap<String, u32>, Trouble> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        other => other.map_err(Trouble::of_file(path))?,
    };
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let sizes = lines.filter_map(|line| match line {
        Line::Scaled { service, replicas } => Some((service, replicas)),
        Line::Start { .. } | Line::Stop { .. } => None,
    });
    Ok(sizes.collect())
}

impl Journal {
    /// Goes on with a journal, or begins one. A last line that was not written whole is ended.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn open(path: &Path, catalog: Arc<Catalog>) -> Result<Journal, Trouble> {
        let mut options = File::options();
        let file = options.create(true).read(true).append(true).open(path);
        let mut file = file.map_err(Trouble::of_file(path))?;
        end_line(&mut file).map_err(Trouble::of_file(path))?;
        Ok(Journal {
            file,
            path: path.to_owned(),
            catalog,
            failed: None,
        })
    }

    /// Whether every line was written; the run is to be over.
    ///
    /// # Errors
    /// When one was not.
    pub fn finish(self) -> Result<(), Trouble> {
        self.failed.map_or(Ok(()), Err)
    }

    fn line(&self, record: &Record) -> Option<Line> {
        match *record {
            Record::Believed(Change::ServiceScaled { service, replicas }) => Some(Line::Scaled {
                service: self.catalog.services[service].name.clone(),
                replicas,
            }),
            Record::Ordered(Command::Start {
                pod,
                incarnation,
                node,
                ..
            }) => Some(Line::Start {
                pod: pod.index() as u64,
                incarnation,
                node: self.catalog.nodes[node].name.clone(),
            }),
            Record::Ordered(Command::Stop {
                pod, incarnation, ..
            }) => Some(Line::Stop {
                pod: pod.index() as u64,
                incarnation,
            }),
            _ => None,
        }
    }
}

/// Ends the last line of a file that is appended to.
fn end_line(file: &mut File) -> io::Result<()> {
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    match last {
        [b'\n'] => Ok(()),
        _ => file.write_all(b"\n"),
    }
}

impl Recorder for Journal {
    fn record(&mut self, _at: Time, record: Record) {
        let Some(line) = self.line(&record) else {
            return;
        };
        let mut text = serde_json::to_string(&line).unwrap_or_default();
        text.push('\n');
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            self.failed
                .get_or_insert_with(|| Trouble::of_file(&self.path)(error));
        }
    }

    /// A run whose journal cannot be written ends: what it did next could not be taken over.
    fn turn(&mut self, _now: Time, _belief: &Cluster) -> ControlFlow<()> {
        match self.failed {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::command::CommandId;
    use crate::ids::{NodeId, PodId};

    #[test]
    fn the_last_size_counts_and_half_a_line_says_nothing() {
        let dir = std::env::temp_dir().join(format!("plimsoll-journal-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder");
        let path = dir.join("journal");
        assert_eq!(sizes(&path), Ok(BTreeMap::new()));
        let line = |replicas| {
            let service = "cart".to_owned();
            serde_json::to_string(&Line::Scaled { service, replicas }).expect("JSON")
        };
        let whole = format!("{}\n{}\n{}", line(3), line(5), &line(7)[..20]);
        fs::write(&path, whole).expect("a file");
        assert_eq!(sizes(&path), Ok(BTreeMap::from([("cart".to_owned(), 5)])));

        // What follows half a line is not part of it, and whole lines stay as they are.
        for replicas in [9, 11] {
            drop(Journal::open(&path, Arc::default()).expect("it goes on"));
            let mut text = fs::read_to_string(&path).expect("a file");
            text.push_str(&format!("{}\n", line(replicas)));
            fs::write(&path, text).expect("a file");
            let sized = BTreeMap::from([("cart".to_owned(), replicas)]);
            assert_eq!(sizes(&path), Ok(sized));
        }
        let text = fs::read_to_string(&path).expect("a file");
        assert_eq!(text.lines().count(), 5, "{text}");
        fs::remove_dir_all(&dir).expect("it is removed");
    }

    #[test]
    fn a_journal_that_cannot_be_written_ends_the_run_and_says_which() {
        let name = format!("plimsoll-journal-read-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, "").expect("a file");
        let catalog = Arc::new(Catalog::default());
        let mut journal = Journal {
            // Nothing can be written to it.
            file: File::open(&path).expect("it is there"),
            path: path.clone(),
            catalog: Arc::clone(&catalog),
            failed: None,
        };
        let cluster = Cluster::new(catalog);
        assert!(journal.turn(Time::ZERO, &cluster).is_continue());
        let stop = Command::Stop {
            id: CommandId(0),
            pod: PodId(0),
            incarnation: 1,
            node: NodeId(0),
        };
        journal.record(Time::ZERO, Record::Ordered(stop));
        assert!(journal.turn(Time::ZERO, &cluster).is_break());
        let trouble = journal.finish().expect_err("it was not written");
        assert_eq!(trouble.what, path.display().to_string());
        fs::remove_file(&path).expect("it is removed");
    }
}
