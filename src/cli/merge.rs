//! `plimsoll merge`.

use crate::cli::args::sweep::Merge;
use crate::cli::{Failure, interrupt, sweep};
use crate::experiment::sweep::store::Store;

pub(super) fn run(args: Merge) -> Result<(), Failure> {
    interrupt::listen()?;
    let checked = sweep::check(&args.plan, args.quiet)?;
    if !args.dir.is_dir() {
        return Err(Failure::Input(format!(
            "there is no folder {}\n  = give the one in which `plimsoll sweep --out` keeps its chunks",
            args.dir.display()
        )));
    }
    let store = Store::new(&args.dir, &checked);
    sweep::merged(
        &checked,
        &store,
        &args.plan,
        &args.dir,
        (args.format, args.quiet),
    )
}
