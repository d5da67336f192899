//! A scenario file that is loaded more than once, each time changed in another way.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::edits::Edits;
use super::files::{self, Content};
use super::policies::Registry;
use super::problem::Problems;
use super::{Loaded, changed};

/// Reads a file.
type Read = dyn Fn(&Path) -> io::Result<Vec<u8>> + Send + Sync;

/// A scenario file as it was read. The files it names, and those laid over it, are read once, when they
/// are first needed: however often it is loaded, and from however many threads, it is of the same files.
pub struct Source {
    path: PathBuf,
    text: String,
    read: Box<Read>,
    /// What was read so far.
    known: Mutex<BTreeMap<PathBuf, Arc<Content>>>,
}

impl Source {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(path: &Path) -> Result<Source, Problems> {
        let read = |path: &Path| Ok(Arc::new(Content::new(std::fs::read(path)?)));
        let text = files::text(path, &read)?;
        Ok(Source::new(path, text, |path| std::fs::read(path)))
    }

    /// The text of a scenario file; `read` reads the files it names.
    pub fn new(
        path: &Path,
        text: String,
        read: impl Fn(&Path) -> io::Result<Vec<u8>> + Send + Sync + 'static,
    ) -> Source {
        Source {
            path: path.to_owned(),
            text,
            read: Box::new(read),
            known: Mutex::default(),
        }
    }

    /// Where the scenario file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The scenario, changed. The same changes give the same scenario.
    ///
    /// # Errors
    /// Everything that is wrong with the file, with those it names, and with the changes.
    pub fn load(&self, edits: &Edits) -> Result<Loaded, Problems> {
        let read = |path: &Path| self.content(path);
        changed(&self.path, &self.text, edits, &read, &Registry::built_in())
    }

    /// What is in a file. One that could not be read is tried again.
    fn content(&self, path: &Path) -> io::Result<Arc<Content>> {
        // What is known is whole at any time: a thread that panicked took nothing away.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(content) = known.get(path) {
            return Ok(Arc::clone(content));
        }
        let content = Arc::new(Content::new((self.read)(path)?));
        known.insert(path.to_owned(), Arc::clone(&content));
        Ok(content)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
