//! `plimsoll import`.

use std::num::NonZeroU32;

use crate::cli::Failure;
use crate::cli::args::{Import, Openb};
use crate::cli::out::print;
use crate::import::error::ImportError;
use crate::import::folder::Existing;
use crate::import::openb;
use crate::import::openb::options::{Mode, Options};
use crate::scenario::quantity;
use crate::time::Duration;

pub(super) fn run(args: Import) -> Result<(), Failure> {
    match args {
        Import::Openb(args) => run_openb(args),
    }
}

fn run_openb(args: Openb) -> Result<(), Failure> {
    let mode = if args.arrivals_only {
        Mode::ArrivalsOnly { fill: args.fill }
    } else {
        times(args.copies, args.assume_duration.as_deref())?
    };
    let options = Options {
        mode,
        nodes: args.nodes,
        seed: args.seed,
        existing: if args.replace {
            Existing::Replace
        } else {
            Existing::Refuse
        },
    };
    let imported = openb::import(&args.nodes_file, &args.pods_file, &args.out, &options)?;
    let scenario = imported.dir.join("scenario.toml");
    let scenario = scenario.display();
    print(&format!(
        "{imported}\n\n{scenario}\nTry: plimsoll run {scenario}\n"
    ))
}

fn times(copies: NonZeroU32, assume: Option<&str>) -> Result<Mode, Failure> {
    let duration = |text: &str| -> Result<Duration, Failure> {
        let wrong = |_| {
            Failure::Input(format!(
                "--assume-duration `{text}` is not a length of time, such as `1h`"
            ))
        };
        quantity::duration(text).map_err(wrong)
    };
    Ok(Mode::Times {
        copies,
        assume_duration: assume.map(duration).transpose()?,
    })
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Failure {
        if error.is_environment() {
            Failure::Environment(error.to_string())
        } else {
            Failure::Input(error.to_string())
        }
    }
}
