//! The folder of a sweep's chunks: one file each, whole or not there.
//!
//! A chunk is written under a name of its own beside its place, forced to disk, renamed and the folder
//! forced to disk. Two processes that make the same chunk write the same bytes; the second rename
//! changes nothing.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

use super::chunk::{self, Bad, Cell};
use super::plan::Sweep;

/// Where the chunks of one sweep are: `DIR/<hash>/`.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
    folder: PathBuf,
}

/// Why a chunk cannot be taken from the folder.
#[derive(Debug)]
pub enum Unusable {
    /// There is none.
    Missing,
    /// There is one, and it is wrong.
    Bad(Bad),
    /// There is one, and the system does not let it be read.
    Unread(io::Error),
}

/// The system refused to write.
#[derive(Debug)]
pub struct WriteError {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

/// Chunks of another sweep in the same place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// The name of their folder.
    pub hash: String,
    /// How many there are.
    pub chunks: u32,
    /// The version that made them, where the first one says so.
    pub version: Option<String>,
}

impl Store {
    /// The chunks of `sweep` below `dir`. Nothing is made yet.
    pub fn new(dir: &Path, sweep: &Sweep) -> Store {
        Store {
            dir: dir.to_owned(),
            folder: dir.join(&sweep.hash),
        }
    }

    /// The folder of the chunks.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of a chunk.
    pub fn path(&self, chunk: u32) -> PathBuf {
        self.folder.join(format!("chunk-{chunk:06}.csv"))
    }

    /// Makes the folder, and removes what those left who died while they wrote a chunk.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn prepare(&self) -> Result<(), WriteError> {
        fs::create_dir_all(&self.folder).map_err(WriteError::of(&self.folder))?;
        if let Some(parent) = self.dir.parent().filter(|dir| !dir.as_os_str().is_empty()) {
            sync(parent)?;
        }
        sync(&self.dir)?;
        let entries = fs::read_dir(&self.folder).map_err(WriteError::of(&self.folder))?;
        for entry in entries {
            let path = entry.map_err(WriteError::of(&self.folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(".chunk-") && name.contains(PARTIAL) && is_abandoned(&path) {
                // Whoever came first has removed it.
                let _ = fs::remove_file(&path);
            }
        }
        Ok(())
    }

    /// Reads and verifies a chunk.
    ///
    /// # Errors
    /// When it is missing or wrong.
    pub fn read(&self, sweep: &Sweep, chunk: u32) -> Result<Vec<Cell>, Unusable> {
        let bytes = fs::read(self.path(chunk)).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => Unusable::Missing,
            _ => Unusable::Unread(error),
        })?;
        let text = String::from_utf8(bytes).map_err(|_| Unusable::Bad(Bad::Checksum))?;
        chunk::read(sweep, chunk, &text).map_err(Unusable::Bad)
    }

    /// Puts the text of a chunk in its place, whole.
    ///
    /// # Errors
    /// When the system refuses; the place is then as it was.
    pub fn write(&self, chunk: u32, text: &str) -> Result<(), WriteError> {
        let place = self.path(chunk);
        for _ in 0..ATTEMPTS {
            let (path, mut file) = self.partial(chunk)?;
            let written = file
                .write_all(text.as_bytes())
                .and_then(|()| file.sync_all());
            if let Err(error) = written {
                // The error that led here is the one to report.
                let _ = fs::remove_file(&path);
                return Err(WriteError { path: place, error });
            }
            match fs::rename(&path, &place) {
                Ok(()) => return sync(&self.folder),
                // Somebody took it for abandoned before it was held.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let _ = fs::remove_file(&path);
                    return Err(WriteError { path: place, error });
                }
            }
        }
        let error = io::Error::other("it was removed while it was written, again and again");
        Err(WriteError { path: place, error })
    }

    /// A new file beside a chunk's place, held until it is dropped.
    fn partial(&self, chunk: u32) -> Result<(PathBuf, File), WriteError> {
        for n in 0.. {
            let name = format!(".chunk-{chunk:06}.csv{PARTIAL}{}-{n}", process::id());
            let path = self.folder.join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    // Where files cannot be held, none is taken for abandoned.
                    let _ = file.try_lock();
                    return Ok((path, file));
                }
                // A process of another machine may have the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(WriteError { path, error }),
            }
        }
        unreachable!("numbers do not end")
    }

    /// Chunks of other sweeps that are in the same folder, in order of name.
    pub fn others(&self) -> Vec<Other> {
        let Ok(entries) = fs::read_dir(&self.dir) else {
            return Vec::new();
        };
        let folders = entries.flatten().map(|entry| entry.path());
        let folders = folders.filter(|path| *path != self.folder);
        let mut others: Vec<Other> = folders.filter_map(|path| other(&path)).collect();
        others.sort_by(|a, b| a.hash.cmp(&b.hash));
        others
    }
}

const PARTIAL: &str = ".partial-";
/// How often a chunk is written before something is wrong.
const ATTEMPTS: u32 = 4;
/// Digits of a hash.
const HASH: usize = 32;

fn other(folder: &Path) -> Option<Other> {
    let hash = folder.file_name()?.to_string_lossy().into_owned();
    let is_hash = hash.len() == HASH && hash.chars().all(|c| c.is_ascii_hexdigit());
    let entries = is_hash.then(|| fs::read_dir(folder))?.ok()?;
    let mut chunks: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("chunk-")
        })
        .collect();
    chunks.sort();
    let text = chunks
        .first()
        .and_then(|path| fs::read_to_string(path).ok());
    Some(Other {
        hash,
        chunks: chunks.len() as u32,
        version: text.and_then(|text| chunk::version(&text).map(str::to_owned)),
    })
}

/// Whether nobody holds a file any more.
fn is_abandoned(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| file.try_lock().is_ok())
}

/// Forces the entries of a folder to disk.
#[cfg(unix)]
fn sync(folder: &Path) -> Result<(), WriteError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    match synced {
        // Some file systems cannot, and keep their own order.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced.map_err(WriteError::of(folder)),
    }
}

/// Forces the entries of a folder to disk: the system offers no way.
#[cfg(not(unix))]
fn sync(_folder: &Path) -> Result<(), WriteError> {
    Ok(())
}

impl WriteError {
    fn of(path: &Path) -> impl Fn(io::Error) -> WriteError + '_ {
        |error| WriteError {
            path: path.to_owned(),
            error,
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let WriteError { path, error } = self;
        write!(f, "{}: cannot be written: {error}", path.display())
    }
}

impl std::error::Error for WriteError {}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Missing => f.write_str("missing"),
            Unusable::Bad(bad) => bad.fmt(f),
            Unusable::Unread(error) => write!(f, "it cannot be read: {error}"),
        }
    }
}
