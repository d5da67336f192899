//! One file that appears whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf, absolute};
use std::process;

use super::PARTIAL;

/// Writes a file whole or not at all, and makes its folder if there is none. A link is followed.
///
/// # Errors
/// When the system refuses; what was there is there still.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    // A pipe or a device is written to, never replaced.
    if place.exists() && !place.is_file() {
        return File::options().write(true).open(&place)?.write_all(bytes);
    }
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    let partial = Partial::beside(&place)?;
    let mut file = File::create(&partial.0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&partial.0, &place)
}

/// Whether [`write()`] could write there, found out by a file that is gone again. Nothing is made that stays.
///
/// # Errors
/// When the system refuses.
pub fn check(path: &Path) -> io::Result<()> {
    let place = absolute(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))?;
    if place.exists() && !place.is_file() {
        return Ok(());
    }
    let partial = Partial::beside(&place)?;
    let name = partial
        .0
        .file_name()
        .ok_or(io::ErrorKind::InvalidFilename)?;
    let folder = place.ancestors().skip(1).find(|folder| folder.exists());
    let tried = Partial(folder.unwrap_or(Path::new("/")).join(name));
    File::create(&tried.0).map(drop)
}

/// A file beside its place, gone when it did not get there.
struct Partial(PathBuf);

impl Partial {
    fn beside(place: &Path) -> io::Result<Partial> {
        let name = place.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let name = format!(".{}{PARTIAL}{}", name.to_string_lossy(), process::id());
        Ok(Partial(place.with_file_name(name)))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone after a rename; otherwise the error that led here is the one to report.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::testing::Scratch;

    #[test]
    fn a_file_replaces_what_was_there_and_makes_its_folder() {
        let scratch = Scratch::new("file");
        let path = scratch.0.join("deep/er/a.txt");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_could_be_written_is_known_before_and_nothing_is_made() {
        let scratch = Scratch::new("file-check");
        fs::write(scratch.0.join("file"), "").unwrap();
        for path in ["a.txt", "deep/er/a.txt", "file"] {
            check(&scratch.0.join(path)).unwrap();
        }
        assert!(check(&scratch.0.join("file/a.txt")).is_err());
        assert!(check(Path::new("/proc/a.txt")).is_err());
        assert_eq!(scratch.names(), ["file"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_is_written_to_and_not_replaced() {
        let scratch = Scratch::new("file-pipe");
        let path = scratch.0.join("pipe");
        let made = process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let reader = process::Command::new("timeout")
            .arg("10")
            .arg("cat")
            .arg(&path)
            .stdout(process::Stdio::piped())
            .spawn();
        write(&path, b"one").unwrap();
        assert!(!path.is_file());
        assert_eq!(reader.unwrap().wait_with_output().unwrap().stdout, b"one");
    }

    #[test]
    fn what_cannot_take_its_place_leaves_everything_as_it_was() {
        let scratch = Scratch::new("file-refused");
        let path = scratch.0.join("a");
        fs::create_dir(&path).unwrap();
        assert!(write(&path, b"one").is_err());
        assert!(write(Path::new("/"), b"one").is_err());
        assert_eq!(scratch.names(), ["a"]);
    }
}
