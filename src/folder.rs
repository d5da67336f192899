//! A folder that appears whole or not at all; and single files that do ([`mod@file`]).
//!
//! It is built beside its place and swapped in by one rename. Whoever is killed in between leaves
//! either the old folder or the new one, and a hidden sibling that the next one to write there
//! removes. Where the system cannot swap two folders at once (neither Linux nor macOS), there is a
//! moment in which the old one stands aside; the next one to write there puts it back.

pub mod file;
#[cfg(test)]
pub(crate) mod testing;

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::thread;

/// A folder being written beside its place. Dropped before [`Folder::finish`], it leaves nothing.
#[derive(Debug)]
pub struct Folder {
    target: PathBuf,
    partial: PathBuf,
    /// Parents that were made for it, outermost first.
    made: Vec<PathBuf>,
    /// Held while it is written: a hidden sibling that nobody holds was left by one who died.
    held: Option<File>,
}

/// Why a folder cannot be written.
#[derive(Debug)]
pub enum FolderError {
    /// The path to write to does not end in a name: `/` or `..`.
    NoName {
        /// The path.
        dir: PathBuf,
    },
    /// What would be replaced holds something that its writer does not know.
    Foreign {
        /// What was found.
        found: PathBuf,
    },
    /// The system refused.
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl Folder {
    /// Starts a folder that will be `target`, or take its place.
    pub fn begin(target: &Path) -> Result<Folder, FolderError> {
        let target = real(target)?;
        let made = make_parents(&target)?;
        sweep(&target)?;
        let partial = sibling(&target, PARTIAL);
        let mut folder = Folder {
            target,
            partial,
            made,
            held: None,
        };
        folder.held = create_held(&folder.partial).map_err(FolderError::of(&folder.partial))?;
        Ok(folder)
    }

    /// Where to write the file called `name`.
    pub fn file(&self, name: impl AsRef<Path>) -> PathBuf {
        self.partial.join(name)
    }

    /// Puts the folder in its place.
    pub fn finish(self) -> Result<(), FolderError> {
        if !exists(&self.target) {
            return move_to(&self.partial, &self.target);
        }
        if exchange(&self.partial, &self.target).map_err(FolderError::of(&self.target))? {
            return remove(&self.partial);
        }
        let old = sibling(&self.target, OLD);
        let _held = hold(&self.target);
        move_to(&self.target, &old)?;
        if let Err(error) = move_to(&self.partial, &self.target) {
            move_to(&old, &self.target)?;
            return Err(error);
        }
        remove(&old)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Gone after a finish; otherwise the error that led here is the one to report.
        let _ = fs::remove_dir_all(&self.partial);
        for parent in self.made.iter().rev() {
            // Stays if anything is in it.
            let _ = fs::remove_dir(parent);
        }
    }
}

/// Whether `target` may be replaced: a folder in which `is_known` holds for the path of every file,
/// relative to it. A mistyped path must not cost a home folder.
pub fn check_replaceable(
    target: &Path,
    is_known: impl Fn(&Path) -> bool,
) -> Result<(), FolderError> {
    let target = real(target)?;
    if !exists(&target) {
        return Ok(());
    }
    if !target.is_dir() {
        return Err(FolderError::Foreign { found: target });
    }
    let mut pending = vec![PathBuf::new()];
    while let Some(inner) = pending.pop() {
        let dir = target.join(&inner);
        for entry in fs::read_dir(&dir).map_err(FolderError::of(&dir))? {
            let entry = entry.map_err(FolderError::of(&dir))?;
            let name = inner.join(entry.file_name());
            let kind = entry.file_type().map_err(FolderError::of(&dir))?;
            if kind.is_dir() {
                pending.push(name);
            } else if !is_known(&name) {
                return Err(FolderError::Foreign {
                    found: entry.path(),
                });
            }
        }
    }
    Ok(())
}

const PARTIAL: &str = "partial";
const OLD: &str = "old";

/// How often a folder is created anew that others take for abandoned: each time they are about to
/// remove it.
const ATTEMPTS: u32 = 10_000;

/// The path that is meant: a link is followed, so that what it points to is replaced.
fn real(target: &Path) -> Result<PathBuf, FolderError> {
    if target.file_name().is_none() {
        return Err(FolderError::NoName {
            dir: target.to_owned(),
        });
    }
    if exists(target) {
        fs::canonicalize(target).map_err(FolderError::of(target))
    } else {
        Ok(target.to_owned())
    }
}

/// Makes the parents of `target`, and lists those that were not there, outermost first.
fn make_parents(target: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let parents = target.ancestors().skip(1);
    let mut made: Vec<PathBuf> = parents
        .take_while(|parent| !parent.as_os_str().is_empty() && !exists(parent))
        .map(Path::to_owned)
        .collect();
    made.reverse();
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent).map_err(FolderError::of(parent))?;
    }
    Ok(made)
}

/// Removes what those left who died while they wrote `target`, and puts back what stood aside.
fn sweep(target: &Path) -> Result<(), FolderError> {
    let parent = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    for entry in fs::read_dir(parent).map_err(FolderError::of(parent))? {
        let path = entry.map_err(FolderError::of(parent))?.path();
        let is = |what| is_sibling(&path, target, what);
        if !is(PARTIAL) && !is(OLD) || hold(&path).is_none() {
            continue;
        }
        if is(OLD) && !exists(target) {
            move_to(&path, target)?;
        } else {
            remove(&path)?;
        }
    }
    Ok(())
}

fn sibling(target: &Path, what: &str) -> PathBuf {
    target.with_file_name(format!("{}{}", prefix(target, what), process::id()))
}

fn is_sibling(path: &Path, target: &Path, what: &str) -> bool {
    let prefix = prefix(target, what);
    let name = path.file_name().map(|name| name.to_string_lossy());
    let number = name.as_deref().and_then(|name| name.strip_prefix(&prefix));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

fn prefix(target: &Path, what: &str) -> String {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.{what}-")
}

/// Creates a folder and takes hold of it; `None` where folders cannot be held. Between the two another
/// writer may take it for abandoned and remove it: then it is created anew.
fn create_held(dir: &Path) -> io::Result<Option<File>> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let created = fs::create_dir(dir).and_then(|()| File::open(dir));
        let held = created.and_then(|file| match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(TryLockError::Error(_)) => Ok(None),
        });
        match held {
            Err(error) if is_swept(&error) && attempts < ATTEMPTS => thread::yield_now(),
            held => return held,
        }
    }
}

/// Whether another writer is removing the folder, or has just done so.
fn is_swept(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
    )
}

/// Takes hold of a folder until the file is dropped or the process dies. `None` if somebody else
/// holds it, or where folders cannot be held: then nothing is ever taken for abandoned.
fn hold(dir: &Path) -> Option<File> {
    let file = File::open(dir).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

/// Swaps two folders in one step; `false` where the system cannot.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Swaps two folders in one step; `false` where the system cannot.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_one: &Path, _other: &Path) -> io::Result<bool> {
    Ok(false)
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn move_to(from: &Path, to: &Path) -> Result<(), FolderError> {
    fs::rename(from, to).map_err(FolderError::of(to))
}

fn remove(dir: &Path) -> Result<(), FolderError> {
    fs::remove_dir_all(dir).map_err(FolderError::of(dir))
}

impl FolderError {
    /// Makes the error of writing `path` out of what the system said.
    pub fn of(path: &Path) -> impl Fn(io::Error) -> FolderError + '_ {
        |error| FolderError::Write {
            path: path.to_owned(),
            error,
        }
    }
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FolderError::NoName { dir } => {
                write!(f, "{}: not the name of a new folder", dir.display())
            }
            FolderError::Foreign { found } => write!(
                f,
                "{}: not written by plimsoll, so nothing was replaced",
                found.display()
            ),
            FolderError::Write { path, error } => {
                write!(f, "{}: cannot be written: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for FolderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FolderError::Write { error, .. } => Some(error),
            FolderError::NoName { .. } | FolderError::Foreign { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::Scratch;
    use super::*;

    fn write(target: &Path, text: &str) {
        let folder = Folder::begin(target).unwrap();
        fs::write(folder.file("a.txt"), text).unwrap();
        folder.finish().unwrap();
    }

    fn read(target: &Path) -> String {
        fs::read_to_string(target.join("a.txt")).unwrap()
    }

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let scratch = Scratch::new("folder-whole");
        let target = scratch.0.join("results/run");
        let folder = Folder::begin(&target).unwrap();
        fs::write(folder.file("a.txt"), "half").unwrap();
        assert!(!target.exists());
        drop(folder);
        assert_eq!(scratch.names(), Vec::<String>::new(), "not even its parent");
        write(&target, "whole");
        assert_eq!(read(&target), "whole");
        write(&target, "new");
        assert_eq!(read(&target), "new");
        assert_eq!(fs::read_dir(scratch.0.join("results")).unwrap().count(), 1);
    }

    #[test]
    fn what_the_dead_left_is_removed_and_what_the_living_write_is_not() {
        let scratch = Scratch::new("folder-sweep");
        let target = scratch.0.join("out");
        let (dead, living) = (
            scratch.0.join(".out.partial-1"),
            scratch.0.join(".out.partial-2"),
        );
        let other = scratch.0.join(".other.partial-3");
        for dir in [&dead, &living, &other] {
            fs::create_dir(dir).unwrap();
        }
        let held = hold(&living).unwrap();
        write(&target, "new");
        assert_eq!(
            scratch.names(),
            [".other.partial-3", ".out.partial-2", "out"]
        );
        drop(held);
        write(&target, "newer");
        assert_eq!(scratch.names(), [".other.partial-3", "out"]);
    }

    #[test]
    fn what_stood_aside_when_its_replacer_died_is_put_back() {
        let scratch = Scratch::new("folder-aside");
        let target = scratch.0.join("out");
        write(&target, "old");
        fs::rename(&target, scratch.0.join(".out.old-1")).unwrap();
        drop(Folder::begin(&target).unwrap());
        assert_eq!(read(&target), "old");
        assert_eq!(scratch.names(), ["out"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_its_target_is_replaced() {
        let scratch = Scratch::new("folder-link");
        let (target, link) = (scratch.0.join("real"), scratch.0.join("link"));
        write(&target, "old");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(&link, "new");
        assert_eq!(read(&target), "new");
        assert_eq!(fs::read_link(&link).unwrap(), target);
        assert_eq!(scratch.names(), ["link", "real"]);
    }

    #[test]
    fn only_a_folder_of_known_files_is_replaceable() {
        let scratch = Scratch::new("folder-foreign");
        let check = |path: &Path| {
            check_replaceable(path, |name| name.ends_with("a.txt")).map_err(|e| e.to_string())
        };
        let target = scratch.0.join("out");
        assert_eq!(check(&target), Ok(()), "there is none");
        write(&target, "old");
        fs::create_dir(target.join("plots")).unwrap();
        fs::write(target.join("plots/a.txt"), "").unwrap();
        assert_eq!(check(&target), Ok(()));
        let thesis = target.join("plots/thesis.txt");
        fs::write(&thesis, "three years").unwrap();
        let refused = |path: &Path| {
            let path = path.display();
            Err(format!(
                "{path}: not written by plimsoll, so nothing was replaced"
            ))
        };
        assert_eq!(check(&target), refused(&thesis));
        assert_eq!(check(&thesis), refused(&thesis));
    }

    #[test]
    fn a_path_without_a_name_is_refused() {
        let refused = Folder::begin(Path::new("/")).unwrap_err().to_string();
        assert_eq!(refused, "/: not the name of a new folder");
    }
}
