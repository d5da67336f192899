//! What the process used, and what the terminal takes.

use std::env;
use std::io::{self, IsTerminal};

use crate::report::text::{Colors, Look};

/// Columns of a page: more are hard to read.
const PAGE: usize = 100;
/// Columns below which text becomes a column of words.
const NARROW: usize = 40;

/// How text on stdout is to look.
pub(super) fn look() -> Look {
    let colors = match colors_on(io::stdout().is_terminal()) {
        true => Colors::Ansi,
        false => Colors::None,
    };
    let columns = columns();
    Look { colors, columns }
}

/// Columns of text on stdout: a page's, or those of a terminal that has fewer.
pub(super) fn columns() -> usize {
    terminal_columns().map_or(PAGE, |columns| columns.clamp(NARROW, PAGE))
}

/// Columns of the terminal, if stdout is one.
fn terminal_columns() -> Option<usize> {
    columns_of(io::stdout())
}

/// Columns of a terminal.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(super) fn columns_of(terminal: impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(terminal).ok()?;
    Some(usize::from(size.ws_col)).filter(|&columns| columns > 0)
}

/// Columns of a terminal: not known here.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn columns_of<T>(_terminal: T) -> Option<usize> {
    None
}

/// Whether to write colours to a stream: only to a terminal that takes them, never with `NO_COLOR`
/// (no-color.org).
pub(super) fn colors_on(is_terminal: bool) -> bool {
    let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    is_terminal && !refused && !dumb
}

/// CPU time of the process so far, in seconds.
#[cfg(any(target_os = "linux", target_os = "macos"))]
pub(super) fn cpu_seconds() -> Option<f64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Some(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
}

/// CPU time of the process so far: not known here.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
pub(super) fn cpu_seconds() -> Option<f64> {
    None
}

/// Most memory the process has held, in bytes, where Linux tells.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kib)
}
