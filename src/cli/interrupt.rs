//! Ctrl-C.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::Failure;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C only sets a flag; the second one ends the process at once.
pub(super) fn listen() -> Result<(), Failure> {
    let heard = ctrlc::set_handler(|| {
        if ASKED.swap(true, Ordering::Relaxed) {
            process::exit(130);
        }
    });
    heard.map_err(|error| Failure::Environment(format!("Ctrl-C cannot be caught: {error}")))
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
