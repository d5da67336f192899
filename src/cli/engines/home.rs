//! Where a cluster's private engines and its lock are.

use std::env;
use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process;

use crate::cli::args::Engines;
use crate::cli::out::print;
use crate::cli::{Failure, interrupt};
use crate::live;
use crate::live::clock;
use crate::live::config::Engine;
use crate::live::record::Record;
use crate::live::sandbox::{self, Sandbox};

/// A cluster's folder, which one plimsoll at a time may use.
pub(in crate::cli) struct Home {
    dir: PathBuf,
    cluster: String,
    /// The command that removes what is left of it.
    clean: String,
    run: String,
    /// Locked as long as this lives.
    lock: File,
    /// What a run before wrote down that did not end in order.
    before: Option<Record>,
    /// Whether nothing was here before.
    is_fresh: bool,
}

/// A cluster's folder as it is, without taking it.
pub(in crate::cli) struct Glimpse {
    /// Where it is, or would be.
    pub(in crate::cli) dir: PathBuf,
    /// What a run wrote down that did not end in order, or goes on.
    pub(in crate::cli) before: Option<Record>,
    /// Whether another plimsoll uses it now.
    pub(in crate::cli) is_used: bool,
}

impl Home {
    /// Takes a cluster for oneself.
    pub(in crate::cli) fn take(state: Option<&Path>, cluster: &str) -> Result<Home, Failure> {
        let dir = dir(state, cluster)?;
        let failed =
            |error: std::io::Error| Failure::Environment(format!("{}: {error}", dir.display()));
        fs::create_dir_all(&dir).map_err(failed)?;
        let path = dir.join("lock");
        let lock = loop {
            let lock = File::options()
                .create(true)
                .read(true)
                .append(true)
                .open(&path)
                .map_err(failed)?;
            match lock.try_lock() {
                // Whoever had it may have removed it meanwhile: then it is nobody's lock.
                Ok(()) if is_at(&lock, &path) => break lock,
                Ok(()) => fs::create_dir_all(&dir).map_err(failed)?,
                Err(TryLockError::WouldBlock) => {
                    return Err(Failure::Environment(format!(
                        "cluster {cluster} is in use by another plimsoll live\n  = wait for it, or give another --cluster"
                    )));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        };
        let clean = clean_line(state, cluster);
        interrupt::leaves(format!(
            "what is left of cluster {cluster} is removed by {clean}"
        ));
        let before = Record::read(&lock, &path)?;
        let traces = ["journal", "engines"].map(|name| dir.join(name).exists());
        Ok(Home {
            is_fresh: before.is_none() && traces == [false, false],
            before,
            cluster: cluster.to_owned(),
            clean,
            run: format!("{}-{}", clock::date(), process::id()),
            dir,
            lock,
        })
    }

    /// Looks at a cluster's folder and changes nothing.
    pub(in crate::cli) fn glimpse(state: Option<&Path>, cluster: &str) -> Result<Glimpse, Failure> {
        let dir = dir(state, cluster)?;
        let path = dir.join("lock");
        let lock = match File::open(&path) {
            Ok(lock) => lock,
            Err(_) => {
                return Ok(Glimpse {
                    dir,
                    before: None,
                    is_used: false,
                });
            }
        };
        let is_used = matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock));
        Ok(Glimpse {
            dir,
            before: Record::read(&lock, &path)?,
            is_used,
        })
    }

    /// What a run before wrote down that did not end in order.
    pub(in crate::cli) fn before(&self) -> Option<&Record> {
        self.before.as_ref()
    }

    /// Writes down which engine is which node.
    pub(in crate::cli) fn write(&self, record: &Record) -> Result<(), Failure> {
        Ok(record.write(&self.lock, &self.dir.join("lock"))?)
    }

    /// Whether it is written down, so that something may have been made.
    pub(in crate::cli) fn is_written(&self) -> bool {
        !matches!(Record::read(&self.lock, &self.dir.join("lock")), Ok(None))
    }

    pub(in crate::cli) fn cluster(&self) -> &str {
        &self.cluster
    }

    /// The command that removes what is left of the cluster.
    pub(in crate::cli) fn clean_line(&self) -> &str {
        &self.clean
    }

    /// Names this run.
    pub(in crate::cli) fn run(&self) -> &str {
        &self.run
    }

    /// Where the private engines are.
    pub(in crate::cli) fn engines(&self) -> PathBuf {
        self.dir.join("engines")
    }

    /// Where what is decided is written down.
    pub(in crate::cli) fn journal(&self) -> PathBuf {
        self.dir.join("journal")
    }

    /// Gives the cluster up as it was taken: what a run before left stays known.
    pub(in crate::cli) fn give_back(self) {
        if self.is_fresh {
            self.leave();
        }
    }

    /// Gives the cluster up and removes its folder, where nothing else is in it.
    pub(in crate::cli) fn leave(self) {
        // What cannot be removed is in use, or somebody else's.
        let _ = fs::remove_file(self.journal());
        let _ = fs::remove_file(self.dir.join("lock"));
        for node in self.before.iter().flat_map(|record| &record.nodes) {
            // One that is empty is of a machine that never was.
            let _ = fs::remove_dir(self.engines().join(&node.node));
        }
        let _ = fs::remove_dir(self.engines());
        let _ = fs::remove_dir(&self.dir);
        if let Some(state) = self.dir.parent() {
            let _ = fs::remove_dir(state);
        }
        drop(self.lock);
    }
}

/// The command that removes a cluster.
pub(in crate::cli) fn clean_line(state: Option<&Path>, cluster: &str) -> String {
    let state = state.map_or_else(String::new, |dir| format!(" --state {}", dir.display()));
    format!("plimsoll live --clean --cluster {cluster}{state}")
}

/// Whether an open file is the one that stands there.
fn is_at(file: &File, path: &Path) -> bool {
    let number = |data: fs::Metadata| (data.dev(), data.ino());
    let here = file.metadata().map(number);
    let there = fs::metadata(path).map(number);
    here.ok()
        .zip(there.ok())
        .is_some_and(|(here, there)| here == there)
}

/// The folder of a cluster.
fn dir(state: Option<&Path>, cluster: &str) -> Result<PathBuf, Failure> {
    let state = match state {
        Some(state) => state.to_owned(),
        None => default_state()?,
    };
    Ok(state.join(cluster))
}

/// `$XDG_STATE_HOME/plimsoll`, or `~/.local/state/plimsoll` (XDG Base Directory Specification 0.8).
fn default_state() -> Result<PathBuf, Failure> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let home = || Some(absolute("HOME")?.join(".local/state"));
    let state = absolute("XDG_STATE_HOME").or_else(home);
    let state = state.map(|state| state.join("plimsoll"));
    state.ok_or_else(|| Failure::Environment("there is no HOME\n  = give --state".to_owned()))
}

/// Removes everything that carries the cluster's label: on private engines, on those that its lock file
/// names, and on those typed, each of which takes the place of what the file says of its node.
pub(in crate::cli) fn clean(args: &Engines, typed: &[Engine], quiet: bool) -> Result<(), Failure> {
    let cluster = super::cluster(args, "")?;
    let home = Home::take(args.state.as_deref(), &cluster)?;
    let mut engines = typed.to_vec();
    for known in home
        .before()
        .map(Record::engines)
        .transpose()?
        .into_iter()
        .flatten()
    {
        if !typed.iter().any(|engine| engine.node == known.node) {
            engines.push(known);
        }
    }
    let cleared = live::clear(&engines, &cluster);
    let nodes = fs::read_dir(home.engines()).into_iter().flatten().flatten();
    // What is no machine's folder is somebody else's.
    let nodes = nodes.filter(|node| sandbox::is_machine(&node.path()));
    let nodes: Vec<String> = nodes
        .filter_map(|node| node.file_name().into_string().ok())
        .collect();
    if !nodes.is_empty() {
        Sandbox::new(&home.engines(), &cluster, &nodes)?.remove()?;
    }
    if let Err(trouble) = cleared {
        let lock = home.dir.join("lock");
        let advice = match home.is_fresh {
            true => String::new(),
            false => format!(
                "\n  = all else is removed, and this command goes on with the rest\n  = if an engine is gone for \
                 good, remove {}: nothing is known of the cluster then",
                lock.display()
            ),
        };
        home.give_back();
        return Err(Failure::Environment(format!("{trouble}{advice}")));
    }
    let told = match nodes.len() + engines.len() {
        0 if home.is_fresh => nothing_known(&home),
        0 => format!("nothing is left of cluster {cluster}"),
        1 => format!("nothing is left of cluster {cluster} on its engine"),
        count => format!("nothing is left of cluster {cluster} on its {count} engines"),
    };
    home.leave();
    match quiet {
        true => Ok(()),
        false => print(&format!("{told}\n")),
    }
}

/// That there is no such cluster, and which there are.
fn nothing_known(home: &Home) -> String {
    let state = home.dir.parent().unwrap_or(&home.dir);
    let entries = fs::read_dir(state).into_iter().flatten().flatten();
    let others = entries.filter(|entry| entry.path().join("lock").exists());
    let mut others: Vec<String> = others
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| *name != home.cluster)
        .collect();
    others.sort();
    let known = match others.is_empty() {
        true => String::new(),
        false => format!("\n  = known there: {}", others.join(", ")),
    };
    format!(
        "nothing is known of cluster {} in {}, and nothing was removed{known}",
        home.cluster,
        state.display()
    )
}
