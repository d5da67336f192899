//! `plimsoll schema`.

use crate::cli::Failure;
use crate::cli::args::{Described, Schema};
use crate::cli::out::print;
use crate::report::compare;
use crate::scenario;

pub(super) fn run(args: Schema) -> Result<(), Failure> {
    print(&match args.of {
        Described::Scenario => format!("{}\n", scenario::schema()),
        Described::Compare => compare::schema(),
    })
}
