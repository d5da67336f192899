//! Writing to a stdout that may be closed, as by `| head`.

use std::io::{self, Write};

use crate::cli::Failure;

/// Writes `text` to stdout.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    written.map_err(failure)
}

/// What a failed write to stdout means.
fn failure(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::Closed,
        _ => Failure::Environment(format!("stdout: {error}")),
    }
}
