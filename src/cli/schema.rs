//! `plimsoll schema`.

use crate::cli::Failure;
use crate::cli::out::print;
use crate::scenario;

pub(super) fn run() -> Result<(), Failure> {
    print(&format!("{}\n", scenario::schema()))
}
