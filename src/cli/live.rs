//! `plimsoll live`.

mod image;

use crate::cli::Failure;
use crate::cli::args::Live;
use crate::live::config::{Endpoint, Engine};
use crate::live::trouble::Trouble;

pub(super) fn run(args: Live) -> Result<(), Failure> {
    let engines = engines(&args.engines)?;
    if args.build_image {
        return image::build(&args, &engines);
    }
    Err(Failure::Input(
        "nothing to do\n  = give --build-image".to_owned(),
    ))
}

/// The engines that were typed.
fn engines(typed: &[String]) -> Result<Vec<Engine>, Failure> {
    let engine = |text: &String| {
        let wrong = |said: String| Failure::Input(format!("--engine {text}: {said}"));
        let parts = text.split_once('=');
        let (node, endpoint) = parts.ok_or_else(|| wrong("write NODE=ENDPOINT".to_owned()))?;
        let endpoint = Endpoint::parse(endpoint).map_err(|bad| wrong(bad.to_string()))?;
        let node = node.to_owned();
        Ok(Engine { node, endpoint })
    };
    typed.iter().map(engine).collect()
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        Failure::Environment(trouble.to_string())
    }
}
