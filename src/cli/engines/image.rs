//! The image of the workload: found, packed, loaded.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cli::Failure;
use crate::cli::args::Live;
use crate::cli::out::print;
use crate::live;
use crate::live::config::Engine;
use crate::live::image::{self, Image};

/// What the static workload is called.
const WORKLOAD: &str = "plimsoll-workload";

/// Packs the image, writes it where asked to, and loads it into the engines.
pub(in crate::cli) fn build(args: &Live, engines: &[Engine]) -> Result<(), Failure> {
    let image = packed(args.on.workload.as_deref())?;
    if let Some(path) = &args.archive {
        let written = fs::write(path, &image.archive);
        written.map_err(|error| Failure::Environment(format!("{}: {error}", path.display())))?;
    }
    live::load(engines, &image)?;
    let Image {
        name,
        config,
        manifest,
        ..
    } = &image;
    let mut said = format!("{name}\n  config    {config}\n  manifest  {manifest}\n");
    if let Some(path) = &args.archive {
        let _ = writeln!(said, "  archive   {}", path.display());
    }
    for Engine { node, endpoint } in engines {
        let _ = writeln!(said, "  loaded    {node} ({endpoint})");
    }
    match args.results.quiet {
        true => Ok(()),
        false => print(&said),
    }
}

/// The image of the workload that was typed, or else of the one beside this program.
pub(in crate::cli) fn packed(workload: Option<&Path>) -> Result<Image, Failure> {
    let path = match workload {
        Some(path) => path.to_owned(),
        None => beside()?,
    };
    let wrong = |said: String| Failure::Input(format!("{}: {said}", path.display()));
    let binary = fs::read(&path).map_err(|error| wrong(error.to_string()))?;
    image::pack(&binary).map_err(|unfit| wrong(unfit.to_string()))
}

/// The static workload that `scripts/workload.sh` makes, or that stands beside an installed program.
fn beside() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe().unwrap_or_default();
    let dir = program.parent().unwrap_or(Path::new("."));
    let places = [dir.join("../workload").join(WORKLOAD), dir.join(WORKLOAD)];
    let fits = |path: &&PathBuf| fs::read(path).is_ok_and(|binary| image::pack(&binary).is_ok());
    let found = places.iter().find(fits).cloned();
    found.ok_or_else(|| {
        Failure::Input(format!(
            "no static {WORKLOAD} is beside this program\n  = make it with scripts/workload.sh, or name it \
             with --workload"
        ))
    })
}
