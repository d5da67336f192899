//! `plimsoll schema`.

use crate::cli::Failure;
use crate::cli::args::{Described, Schema};
use crate::cli::out::print;
use crate::report::{
    capacity, compaction, compare, explain, fidelity, gate, lists, summary_json, sweep, validation,
};
use crate::scenario::{self, plan};

pub(super) fn run(args: Schema) -> Result<(), Failure> {
    print(&match args.of {
        Described::Scenario => format!("{}\n", scenario::schema()),
        Described::Plan => format!("{}\n", plan::schema()),
        Described::Run => summary_json::schema(),
        Described::Compare => compare::schema(),
        Described::Explain => explain::schema(),
        Described::Capacity => capacity::schema(),
        Described::Compact => compaction::schema(),
        Described::Fidelity => fidelity::schema(),
        Described::Gate => gate::schema(),
        Described::Sweep => sweep::json::schema(),
        Described::Validate => validation::schema(),
        Described::Policies => lists::policies::schema(),
        Described::Metrics => lists::metrics::schema(),
    })
}
