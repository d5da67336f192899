//! `plimsoll report`.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::cli::args::Report;
use crate::cli::out::print;
use crate::folder::file;
use crate::report::output::REPORT;
use crate::report::stored::Stored;
use crate::report::{beside, html, page};

/// Where several results are laid side by side.
const BESIDE: &str = "results/side-by-side.html";

pub(super) fn run(args: Report) -> Result<(), Failure> {
    let read = |dir: &PathBuf| Stored::read(dir).map_err(|error| Failure::Input(error.to_string()));
    let runs: Vec<Stored> = args.dirs.iter().map(read).collect::<Result<_, _>>()?;
    let (html, default, said) = match (runs.as_slice(), args.dirs.as_slice()) {
        ([one], [dir]) => (
            html::of(one),
            dir.join(REPORT),
            format!("{}\n", one.answer()),
        ),
        (runs, _) => (beside::page(runs), PathBuf::from(BESIDE), answers(runs)),
    };
    let out = match args.out {
        Some(out) => {
            check_replaceable(&out)?;
            out
        }
        None => {
            if args.dirs.len() > 1 {
                check_replaceable(&default)?;
            }
            default
        }
    };
    file::write(&out, html.as_bytes())
        .map_err(|error| Failure::Environment(format!("{}: {error}", out.display())))?;
    print(&format!("{said}\n{}\n", out.display()))
}

fn answers(runs: &[Stored]) -> String {
    let names = beside::names(runs);
    let said = names
        .iter()
        .zip(runs)
        .map(|(name, run)| format!("{name}: {}\n", run.answer()));
    said.collect()
}

/// Whether the file may be written: one that exists must be a page of ours.
fn check_replaceable(path: &Path) -> Result<(), Failure> {
    let mut beginning = Vec::new();
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::Environment(format!("{}: {error}", path.display()))),
        Ok(file) => {
            let read = file.take(1024).read_to_end(&mut beginning);
            read.map_err(|error| Failure::Environment(format!("{}: {error}", path.display())))?;
        }
    }
    match page::is_page(&String::from_utf8_lossy(&beginning)) {
        true => Ok(()),
        false => Err(Failure::Input(format!(
            "{} is no page of plimsoll and would be replaced; give another --out",
            path.display()
        ))),
    }
}
