//! The files that a scenario names, and the fingerprint of all of them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::decode::At;
use super::problem::{Problem, Problems};
use crate::rng;

/// Largest file, in bytes: names in it are counted in 32 bits.
const SIZE_MAX: usize = u32::MAX as usize;

/// Reads a file.
pub(super) type Read<'a> = dyn Fn(&Path) -> io::Result<Vec<u8>> + 'a;

/// The files that a scenario names.
pub(super) struct Files<'a> {
    /// Where the scenario file is: names are relative to it.
    folder: &'a Path,
    read: &'a Read<'a>,
    /// Hashes of what was read, by name.
    hashes: BTreeMap<String, u128>,
}

/// A file that was read.
pub(super) struct Text {
    /// What it is called in problems.
    pub(super) shown: String,
    pub(super) bytes: Vec<u8>,
}

impl<'a> Files<'a> {
    pub(super) fn new(folder: &'a Path, read: &'a Read<'a>) -> Files<'a> {
        Files {
            folder,
            read,
            hashes: BTreeMap::new(),
        }
    }

    /// Reads a file; `None` once it has been reported that it cannot be read.
    pub(super) fn open(&mut self, name: &At<String>, problems: &mut Problems) -> Option<Text> {
        let path = self.folder.join(&name.value);
        match (self.read)(&path) {
            Ok(bytes) if bytes.len() > SIZE_MAX => {
                let message = format!("{} is larger than 4 GiB", path.display());
                problems.push(Problem::error(message).at(name.span, ""));
                None
            }
            Ok(bytes) => {
                let hash = rng::fnv1a_128(&bytes);
                self.hashes.insert(name.value.clone(), hash);
                let shown = path.display().to_string();
                Some(Text { shown, bytes })
            }
            Err(error) => {
                let message = unreadable(&path, &error);
                problems.push(Problem::error(message).at(name.span, ""));
                None
            }
        }
    }

    /// The fingerprint of the scenario: that of its text alone where it names no other file, else
    /// that of its text and the fingerprints of all files in order of name.
    pub(super) fn hash(&self, text: &str) -> String {
        let mut all = text.as_bytes().to_vec();
        for hash in self.hashes.values() {
            all.extend_from_slice(&hash.to_be_bytes());
        }
        format!("{:032x}", rng::fnv1a_128(&all))
    }
}

/// What is said of a file that cannot be read.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {path}"),
        io::ErrorKind::PermissionDenied => format!("no permission to read {path}"),
        io::ErrorKind::IsADirectory => format!("{path} is a folder, not a file"),
        _ => format!("cannot read {path}: {error}"),
    }
}
