//! What tests that write files need.

use std::fs;
use std::path::PathBuf;
use std::process;

/// A fresh folder for one test, gone at its end.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    /// The folder for the test of this name; no two tests share one.
    pub(crate) fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("plimsoll-{name}-{}", process::id()));
        fs::create_dir_all(&dir).unwrap();
        Scratch(fs::canonicalize(dir).unwrap())
    }

    /// The names of all that is in it, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
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
