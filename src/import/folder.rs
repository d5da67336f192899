//! A folder of results that appears whole or not at all, and what may be replaced by one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use crate::import::error::ImportError;

/// What to do with a folder that is in the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Stop.
    #[default]
    Refuse,
    /// Put the new one in its place, if it holds nothing but an earlier import.
    Replace,
}

/// A folder being written beside its place. Dropped before [`Folder::finish`], it leaves nothing.
pub(crate) struct Folder {
    target: PathBuf,
    partial: PathBuf,
    /// Where the folder in the way goes while the new one takes its place.
    old: PathBuf,
}

impl Folder {
    /// Starts a folder that will be `target` and hold only `files`.
    pub(crate) fn begin(
        target: &Path,
        existing: Existing,
        files: &[&str],
    ) -> Result<Folder, ImportError> {
        let no_name = || ImportError::NoName {
            dir: target.to_owned(),
        };
        let name = target.file_name().ok_or_else(no_name)?.to_string_lossy();
        if fs::symlink_metadata(target).is_ok() {
            match existing {
                Existing::Refuse => {
                    return Err(ImportError::Exists {
                        dir: target.to_owned(),
                    });
                }
                Existing::Replace => check_replaceable(target, files)?,
            }
        }
        let sibling = |what| target.with_file_name(format!(".{name}.{what}-{}", process::id()));
        let folder = Folder {
            target: target.to_owned(),
            partial: sibling("partial"),
            old: sibling("old"),
        };
        fs::create_dir_all(&folder.partial).map_err(|error| write_error(&folder.partial, error))?;
        Ok(folder)
    }

    /// Where to write the file called `name`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.partial.join(name)
    }

    /// Puts the folder in its place.
    pub(crate) fn finish(self) -> Result<(), ImportError> {
        let replaces = fs::symlink_metadata(&self.target).is_ok();
        if replaces {
            move_to(&self.target, &self.old)?;
        }
        if let Err(error) = move_to(&self.partial, &self.target) {
            if replaces {
                move_to(&self.old, &self.target)?;
            }
            return Err(error);
        }
        if replaces {
            fs::remove_dir_all(&self.old).map_err(|error| write_error(&self.old, error))?;
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Gone after a finish; otherwise the error that led here is the one to report.
        let _ = fs::remove_dir_all(&self.partial);
    }
}

/// An error of writing `path`.
pub(crate) fn write_error(path: &Path, error: io::Error) -> ImportError {
    ImportError::Write {
        path: path.to_owned(),
        error,
    }
}

fn move_to(from: &Path, to: &Path) -> Result<(), ImportError> {
    fs::rename(from, to).map_err(|error| write_error(to, error))
}

/// A folder is replaced only if everything in it is something an import writes: a mistyped path
/// must not cost a home folder.
fn check_replaceable(dir: &Path, files: &[&str]) -> Result<(), ImportError> {
    let foreign = |found: PathBuf| Err(ImportError::Foreign { found });
    if !dir.is_dir() {
        return foreign(dir.to_owned());
    }
    let entries = fs::read_dir(dir).map_err(|error| write_error(dir, error))?;
    for entry in entries {
        let entry = entry.map_err(|error| write_error(dir, error))?;
        let name = entry.file_name();
        if !files.iter().any(|&file| name == file) || entry.path().is_dir() {
            return foreign(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fresh folder for one test, gone at its end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let dir = std::env::temp_dir().join(format!("plimsoll-{name}-{}", process::id()));
            fs::create_dir_all(&dir).unwrap();
            Scratch(dir)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<_> = entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn write(target: &Path, existing: Existing, text: &str) -> Result<(), String> {
        let write = || {
            let folder = Folder::begin(target, existing, &["a.txt"])?;
            fs::write(folder.file("a.txt"), text).unwrap();
            folder.finish()
        };
        write().map_err(|error: ImportError| error.to_string())
    }

    #[test]
    fn a_folder_appears_whole_or_not_at_all() {
        let scratch = Scratch::new("whole");
        let target = scratch.0.join("out");
        let folder = Folder::begin(&target, Existing::Refuse, &["a.txt"]).unwrap();
        fs::write(folder.file("a.txt"), "half").unwrap();
        assert!(!target.exists());
        drop(folder);
        assert_eq!(scratch.names(), Vec::<String>::new());
        write(&target, Existing::Refuse, "whole").unwrap();
        assert_eq!(fs::read_to_string(target.join("a.txt")).unwrap(), "whole");
        assert_eq!(scratch.names(), ["out"]);
    }

    #[test]
    fn a_folder_is_replaced_only_on_request() {
        let scratch = Scratch::new("replace");
        let target = scratch.0.join("out");
        write(&target, Existing::Replace, "first").unwrap();
        let refused = write(&target, Existing::Refuse, "second").unwrap_err();
        assert!(refused.ends_with("out: exists already; choose another folder or say --replace"));
        assert_eq!(fs::read_to_string(target.join("a.txt")).unwrap(), "first");
        write(&target, Existing::Replace, "third").unwrap();
        assert_eq!(fs::read_to_string(target.join("a.txt")).unwrap(), "third");
        assert_eq!(scratch.names(), ["out"]);
    }

    #[test]
    fn what_no_import_wrote_is_never_replaced() {
        let scratch = Scratch::new("foreign");
        let target = scratch.0.join("out");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("thesis.txt"), "three years").unwrap();
        let refused = write(&target, Existing::Replace, "new").unwrap_err();
        let found = target.join("thesis.txt");
        let message = "not written by an import, so nothing was replaced";
        assert_eq!(refused, format!("{}: {message}", found.display()));
        assert!(found.exists());
        let refused = write(&found, Existing::Replace, "new").unwrap_err();
        assert_eq!(refused, format!("{}: {message}", found.display()));
    }

    #[test]
    fn a_path_without_a_name_is_refused() {
        let refused = write(Path::new("/"), Existing::Refuse, "").unwrap_err();
        assert_eq!(refused, "/: not the name of a new folder");
    }
}
