//! The folder an import writes, and what may be replaced by one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::folder::{self, FolderError};
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
pub(crate) struct Folder(folder::Folder);

impl Folder {
    /// Starts a folder that will be `target` and hold only `files`.
    pub(crate) fn begin(
        target: &Path,
        existing: Existing,
        files: &[&str],
    ) -> Result<Folder, ImportError> {
        let in_the_way = target.file_name().is_some() && fs::symlink_metadata(target).is_ok();
        if in_the_way && existing == Existing::Refuse {
            return Err(ImportError::Exists {
                dir: target.to_owned(),
            });
        }
        let is_known = |name: &Path| files.iter().any(|&file| name == Path::new(file));
        folder::check_replaceable(target, is_known)?;
        Ok(Folder(folder::Folder::begin(target)?))
    }

    /// Where to write the file called `name`.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.file(name)
    }

    /// Puts the folder in its place.
    pub(crate) fn finish(self) -> Result<(), ImportError> {
        Ok(self.0.finish()?)
    }
}

/// An error of writing `path`.
pub(crate) fn write_error(path: &Path, error: io::Error) -> ImportError {
    ImportError::Write {
        path: path.to_owned(),
        error,
    }
}

impl From<FolderError> for ImportError {
    fn from(error: FolderError) -> ImportError {
        match error {
            FolderError::NoName { dir } => ImportError::NoName { dir },
            FolderError::Foreign { found } => ImportError::Foreign { found },
            FolderError::Write { path, error } => ImportError::Write { path, error },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::testing::Scratch;

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
        let scratch = Scratch::new("import-whole");
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
        let scratch = Scratch::new("import-replace");
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
        let scratch = Scratch::new("import-foreign");
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
