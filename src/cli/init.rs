//! `plimsoll init`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use crate::cli::Failure;
use crate::cli::args::Init;
use crate::cli::out::print;
use crate::scenario;

pub(super) fn run(args: Init) -> Result<(), Failure> {
    let path = args.file.display();
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.file);
    let written = opened.and_then(|mut file| file.write_all(scenario::starter().as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::Input(format!("{path}: exists already and was left alone"))
        }
        _ => Failure::unwritable(&args.file)(error),
    })?;
    print(&format!("{path}\nTry: plimsoll run {path}\n"))
}
