//! Ctrl-C.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::Failure;

static ASKED: AtomicBool = AtomicBool::new(false);

/// What is said of what a second Ctrl-C leaves behind, where it leaves something.
#[cfg(feature = "live")]
static LEAVES: std::sync::OnceLock<String> = std::sync::OnceLock::new();

/// From now on Ctrl-C only sets a flag; the second one ends the process at once.
pub(super) fn listen() -> Result<(), Failure> {
    let heard = ctrlc::set_handler(|| {
        let is_second = ASKED.swap(true, Ordering::Relaxed);
        #[cfg(feature = "live")]
        if let Some(leaves) = LEAVES.get() {
            say(match is_second {
                false => "ending: what was made is being removed (Ctrl-C again leaves it there)",
                true => leaves,
            });
        }
        if is_second {
            process::exit(130);
        }
    });
    heard.map_err(|error| Failure::Environment(format!("Ctrl-C cannot be caught: {error}")))
}

/// From now on there is something that a second Ctrl-C leaves behind: `text` says how it is removed.
#[cfg(feature = "live")]
pub(super) fn leaves(text: String) {
    // A process has one cluster.
    let _ = LEAVES.set(text);
}

#[cfg(feature = "live")]
fn say(text: &str) {
    use std::io::Write as _;

    // Without a stderr there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "\n{text}");
}

/// Whether Ctrl-C was pressed.
pub(super) fn asked() -> bool {
    ASKED.load(Ordering::Relaxed)
}

/// Ends the command if Ctrl-C was pressed.
pub(super) fn check() -> Result<(), Failure> {
    if asked() {
        Err(Failure::Interrupted)
    } else {
        Ok(())
    }
}
