//! `plimsoll completions`.

use clap::CommandFactory;
use clap_complete::generate;

use crate::cli::Failure;
use crate::cli::args::{Args, Completions};
use crate::cli::out::print;

pub(super) fn run(args: Completions) -> Result<(), Failure> {
    let mut command = Args::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(args.shell, &mut command, name, &mut script);
    print(&String::from_utf8(script).expect("a script is text"))
}
