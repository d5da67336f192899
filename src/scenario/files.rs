//! The files that a scenario names, and the fingerprint of all of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decode::At;
use super::edits::Edits;
use super::problem::{Problem, Problems, Span};
use super::unlived::without_live;
use crate::rng;

/// Largest file, in bytes: names in it are counted in 32 bits.
const SIZE_MAX: usize = u32::MAX as usize;

/// Reads a file.
pub(super) type Read<'a> = dyn Fn(&Path) -> io::Result<Arc<Content>> + 'a;

/// What is in a file.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// Its fingerprint.
    hash: u128,
}

/// The files that a scenario names.
pub(super) struct Files<'a> {
    /// The scenario file, and what was laid over it.
    homes: &'a [Home<'a>],
    read: &'a Read<'a>,
    /// Hashes of what was read, by name and by the file that names it.
    hashes: BTreeMap<(String, usize), u128>,
}

/// A file that was read.
pub(super) struct Text {
    /// What it is called in problems.
    pub(super) shown: String,
    pub(super) content: Arc<Content>,
}

/// A file that can name others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home<'a> {
    /// Its text.
    pub(super) whole: Span,
    /// Where it is: the names in it are relative to that.
    pub(super) folder: &'a Path,
}

impl<'a> Home<'a> {
    /// The file of that path, whose text is there.
    pub(super) fn new(whole: Span, path: &'a Path) -> Home<'a> {
        let folder = path.parent().unwrap_or(Path::new(""));
        Home { whole, folder }
    }
}

impl Content {
    pub(super) fn new(bytes: Vec<u8>) -> Content {
        let hash = rng::fnv1a_128(&bytes);
        Content { bytes, hash }
    }
}

impl Text {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.content.bytes
    }
}

impl<'a> Files<'a> {
    /// Those of the scenario file, which comes first, and of what was laid over it.
    pub(super) fn new(homes: &'a [Home<'a>], read: &'a Read<'a>) -> Files<'a> {
        Files {
            homes,
            read,
            hashes: BTreeMap::new(),
        }
    }

    /// Reads a file; `None` once it has been reported that it cannot be read.
    pub(super) fn open(&mut self, name: &At<String>, problems: &mut Problems) -> Option<Text> {
        let by = self.named_by(name.span);
        let path = self.path(name);
        match (self.read)(&path) {
            Ok(content) if content.bytes.len() > SIZE_MAX => {
                let message = format!("{} is larger than 4 GiB", path.display());
                problems.push(Problem::error(message).at(name.span, ""));
                None
            }
            Ok(content) => {
                self.hashes.insert((name.value.clone(), by), content.hash);
                let shown = path.display().to_string();
                Some(Text { shown, content })
            }
            Err(error) => {
                let message = unreadable(&path, &error);
                problems.push(Problem::error(message).at(name.span, ""));
                None
            }
        }
    }

    /// Where the file of that name is.
    pub(super) fn path(&self, name: &At<String>) -> PathBuf {
        let by = self.named_by(name.span);
        self.homes[by].folder.join(&name.value)
    }

    /// Which file a name stands in; what is set stands for a line of the scenario file.
    fn named_by(&self, name: Span) -> usize {
        let mut files = self.homes.iter();
        files.position(|file| file.whole.beside(name)).unwrap_or(0)
    }

    /// The fingerprint of the scenario: that of its text alone where it names no other file and is not
    /// changed, else that of its text, the fingerprints of all files in order of name, and the texts of
    /// the changes, set apart by zeros, which no text holds. Nothing of the table `live` is in it.
    pub(super) fn hash(&self, text: &str, overlays: &[&str], edits: &Edits) -> String {
        let mut all = without_live(text).as_bytes().to_vec();
        for hash in self.hashes.values() {
            all.extend_from_slice(&hash.to_be_bytes());
        }
        let asks = |(text, rest): &(&str, Cow<'_, str>)| {
            let says = |line: &str| !(line.trim().is_empty() || line.starts_with('#'));
            text.len() == rest.len() || rest.lines().any(says)
        };
        let overlays = overlays.iter().map(|&text| (text, without_live(text)));
        let overlays = overlays.filter(asks).map(|(_, rest)| ("\0with\0", rest));
        let settings = edits.settings.iter().filter(|set| !set.is_live());
        let settings = settings.map(|set| ("\0set\0", Cow::Borrowed(set.text())));
        for (kind, text) in overlays.chain(settings) {
            all.extend_from_slice(kind.as_bytes());
            all.extend_from_slice(text.as_bytes());
        }
        format!("{:032x}", rng::fnv1a_128(&all))
    }
}

/// The text of a file that was read.
///
/// # Errors
/// That it cannot be read, or is no text.
pub(super) fn text(path: &Path, read: &Read<'_>) -> Result<String, Problem> {
    let content = read(path).map_err(|error| Problem::error(unreadable(path, &error)))?;
    let text = str::from_utf8(&content.bytes);
    let text = text.map_err(|_| Problem::error(format!("{} is not UTF-8 text", path.display())))?;
    Ok(text.to_owned())
}

/// What is said of a file that cannot be read.
fn unreadable(path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => format!("there is no file {path}"),
        io::ErrorKind::PermissionDenied => format!("no permission to read {path}"),
        io::ErrorKind::IsADirectory => format!("{path} is a folder, not a file"),
        _ => format!("cannot read {path}: {error}"),
    }
}
