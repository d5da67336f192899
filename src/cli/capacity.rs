//! `plimsoll capacity`.

mod compact;

use crate::cli::Failure;
use crate::cli::args::Capacity;

pub(super) use compact::Compact;

pub(super) fn run(args: Capacity) -> Result<(), Failure> {
    match args.compact {
        true => compact::run(args.compaction),
        false => Err(Failure::Input(
            "`capacity` is to be told what to look for\n  = there is --compact: into how few nodes \
             the pods of a moment can be packed"
                .to_owned(),
        )),
    }
}
