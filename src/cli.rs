//! The command line: what was typed, and what is said in return. The result goes to stdout,
//! progress and warnings to stderr.

mod args;
#[cfg(feature = "live")]
mod calibrate;
mod capacity;
mod command;
mod compact;
mod compare;
mod completions;
#[cfg(feature = "live")]
mod engines;
mod explain;
#[cfg(feature = "live")]
mod fidelity;
mod gate;
mod import;
mod init;
mod interrupt;
mod list;
#[cfg(feature = "live")]
mod live;
mod merge;
mod metrics;
mod out;
mod outside;
mod policies;
mod precision;
mod progress;
mod report;
mod run;
mod schema;
mod status;
mod sweep;
mod usage;
mod validate;

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, Error};
use clap::{ColorChoice, CommandFactory, FromArgMatches};

use crate::cli::args::{Args, Command};
use crate::cli::usage::colors_on;
use crate::folder::FolderError;

/// Reads the command line, does what it says, and gives the exit code: 0 fine, 1 a gate failed, 2
/// the input is wrong, 3 the environment failed, 130 interrupted.
pub fn main() -> ExitCode {
    let args = match typed() {
        Ok(args) => args,
        Err(error) => {
            // Help and version go to stdout and are no errors; a closed pipe is nobody's fault.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { INPUT } else { 0 });
        }
    };
    let done = match args.command {
        Command::Run(args) => run::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Capacity(args) => capacity::run(args),
        Command::Compact(args) => compact::run(args),
        Command::Gate(args) => gate::run(args),
        Command::Report(args) => report::run(args),
        Command::Validate(args) => validate::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Init(args) => init::run(args),
        Command::Policies(args) => policies::run(args),
        Command::Metrics(args) => metrics::run(args),
        Command::Import(args) => import::run(args),
        #[cfg(feature = "live")]
        Command::Live(args) => live::run(args),
        #[cfg(feature = "live")]
        Command::Calibrate(args) => calibrate::run(args),
        #[cfg(feature = "live")]
        Command::Fidelity(args) => fidelity::run(args),
        Command::Sweep(args) => sweep::run(args),
        Command::Merge(args) => merge::run(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

/// What was typed.
fn typed() -> Result<Args, Error> {
    // Left to itself, clap colours what a dumb terminal gets wherever `CI` is set.
    let colors = match colors_on(true) {
        true => ColorChoice::Auto,
        false => ColorChoice::Never,
    };
    let mut command = Args::command().color(colors);
    let matches = command.try_get_matches_from_mut(env::args_os());
    let matches = matches.map_err(without_far_fetched)?;
    Args::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The error without a suggestion that is unlike what was typed: clap finds `explain` similar to `x`.
fn without_far_fetched(mut error: Error) -> Error {
    let kinds = [
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
        (
            ContextKind::InvalidSubcommand,
            ContextKind::SuggestedSubcommand,
        ),
    ];
    for (typed, suggested) in kinds {
        let Some(ContextValue::String(typed)) = error.get(typed) else {
            continue;
        };
        let is_near = |word: &str| {
            let begins = typed.len() >= 3 && word.starts_with(typed);
            begins || list::nearest(typed, &[word]).is_some()
        };
        let are_near = match error.get(suggested) {
            Some(ContextValue::String(word)) => is_near(word),
            Some(ContextValue::Strings(words)) => words.iter().any(|word| is_near(word)),
            _ => true,
        };
        if !are_near {
            error.remove(suggested);
        }
    }
    error
}

/// Why a command ended before its end.
#[derive(Debug)]
enum Failure {
    /// The input is wrong, and this is what to say.
    Input(String),
    /// The input is wrong, and everything has been said.
    Told,
    /// A gate failed, and everything has been said.
    Gate,
    /// The environment failed, and this is what to say.
    Environment(String),
    /// The user stopped it.
    Interrupted,
    /// The user stopped it, and what was done by then has been told.
    Cut,
    /// The user stopped it, and this is what was kept.
    Paused(String),
    /// Nobody reads stdout any more.
    Closed,
}

const GATE: u8 = 1;
const INPUT: u8 = 2;
const ENVIRONMENT: u8 = 3;
const INTERRUPTED: u8 = 130;

impl Failure {
    /// That a file cannot be written.
    fn unwritable(path: &Path) -> impl Fn(io::Error) -> Failure + '_ {
        move |error| Failure::Environment(format!("{}: cannot be written: {error}", path.display()))
    }

    /// Says what there is to say and gives the exit code.
    fn tell(self) -> ExitCode {
        // Without a stderr there is nobody to tell.
        let say = |message: String| drop(writeln!(io::stderr(), "error: {message}"));
        let code = match self {
            Failure::Input(message) => {
                say(message);
                INPUT
            }
            Failure::Told => INPUT,
            Failure::Gate => GATE,
            Failure::Environment(message) => {
                say(message);
                ENVIRONMENT
            }
            Failure::Interrupted => {
                say("interrupted; nothing was written".to_owned());
                INTERRUPTED
            }
            Failure::Cut => INTERRUPTED,
            Failure::Paused(message) => {
                say(message);
                INTERRUPTED
            }
            Failure::Closed => 0,
        };
        ExitCode::from(code)
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Failure {
        match error {
            FolderError::NoName { .. } | FolderError::Foreign { .. } => {
                Failure::Input(error.to_string())
            }
            FolderError::Write { .. } => Failure::Environment(error.to_string()),
        }
    }
}
