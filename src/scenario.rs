//! Scenario files: what was written, and what it means.
//!
//! A file is decoded into raw tables, from which a [`Scenario`] is built that nothing
//! checks again. Everything that is wrong is reported at once, each with its place.

pub mod drill;
pub mod loss;
pub mod objective;
pub mod plan;
pub mod policies;
pub mod problem;
pub mod quantity;
pub mod resample;

mod build;
mod decode;
mod document;
mod edits;
mod files;
mod merge;
mod names;
mod put;
mod raw;
mod rows;
mod schema;
mod source;
mod suggest;
mod unlived;
mod unmodelled;
mod values;

#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::cluster::catalog::Catalog;
use crate::live::config::Given;
use crate::policy::registry::{self, Choice};
use crate::rng;
use crate::script::Outline;
use crate::sim::config::Config;
use crate::time::Time;
use decode::Decode;
use document::Document;
use drill::Drilled;
pub use edits::{Edits, Setting};
use files::{Content, Home, Read};
use objective::Objective;
use policies::{PolicyKind, Registry, WrongPolicy};
use problem::{Problems, Severity};
pub use source::Source;
pub(crate) use values::is_name;

/// A scenario, valid by construction.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name: also the folder of its results.
    pub name: String,
    /// The name of its file, without the folder.
    pub file: String,
    /// The question it answers: the comment at the head of its file, up to its first question mark or
    /// its first empty line.
    pub question: String,
    /// Fingerprint (128-bit FNV-1a, hexadecimal) of the file, of every file it names, of what was
    /// changed, and of a drill or a resampling: two scenarios with one hash are the same input. The
    /// engines of the table `live` are no part of it.
    pub hash: String,
    /// What was changed of the file, in the words of the command line, overlays by the names of their
    /// files: `--with peak.toml`, `--set duration=12h`.
    pub changes: Vec<String>,
    /// The end of the run: runs cover [0, end).
    pub end: Time,
    /// Metrics are measured over [warm_up, end).
    pub warm_up: Time,
    /// Whether loads, arrivals and failures are said to follow the same laws all the time: only then
    /// is there a warm-up to be judged.
    pub stationary: bool,
    /// How many times the load and the arrivals of jobs that its file states there are.
    pub load_factor: f64,
    /// The currency of all prices.
    pub currency: String,
    /// The policies under test.
    pub policy: Choice,
    /// What is promised: the objectives of the file, then those of its services.
    pub objectives: Vec<Objective>,
    /// What nodes, shapes and services are.
    pub catalog: Arc<Catalog>,
    /// What the outside world does.
    pub outline: Outline,
    /// How the simulated world behaves.
    pub sim: Config,
    /// What the scheduler must obey beyond room, by key: only some look at it.
    pub rules_asked: Vec<&'static str>,
    /// Rows of a trace that were left out when it was imported, by reason.
    pub excluded: Vec<(String, u64)>,
    /// The warnings of validation, without their places.
    pub warnings: Vec<String>,
    /// What else a reader of any result must know.
    pub notes: Vec<String>,
    /// What every run loses, where this is a drill.
    pub drill: Option<Drilled>,
    /// The engines that nodes are in a live run. They are no part of what is asked: neither the hash nor
    /// any result knows of them.
    pub live: Given,
    /// The command that ran it on real engines, where one did.
    pub lived: Option<String>,
}

impl Scenario {
    /// Whether nothing can come out differently, however the two are written and called: the same
    /// world under the same policies, measured and judged alike.
    pub fn is_alike(&self, other: &Scenario) -> bool {
        let plain = |scenario: &Scenario| (scenario.end, scenario.warm_up, scenario.stationary);
        let same_input = self.hash == other.hash
            || plain(self) == plain(other)
                && self.currency == other.currency
                && self.objectives == other.objectives
                && self.drill == other.drill
                && self.sim == other.sim
                && self.catalog == other.catalog
                && self.outline == other.outline;
        same_input && self.policy.is_alike(&other.policy)
    }
}

/// A scenario, and what deserves a second look.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// Only warnings.
    pub warnings: Problems,
}

/// Reads a scenario file and the files it names.
///
/// # Errors
/// Everything that is wrong with them.
pub fn load(path: &Path) -> Result<Loaded, Problems> {
    Source::read(path)?.load(&Edits::default())
}

/// Reads the text of a scenario file; `read` reads the files it names.
///
/// # Errors
/// Everything that is wrong with them.
pub fn parse(
    path: &Path,
    text: &str,
    read: &dyn Fn(&Path) -> io::Result<Vec<u8>>,
) -> Result<Loaded, Problems> {
    parse_with(path, text, read, &Registry::built_in())
}

fn parse_with(
    path: &Path,
    text: &str,
    read: &dyn Fn(&Path) -> io::Result<Vec<u8>>,
    registry: &Registry,
) -> Result<Loaded, Problems> {
    let read = |path: &Path| Ok(Arc::new(Content::new(read(path)?)));
    changed(path, text, &Edits::default(), &read, registry)
}

/// The meaning of a scenario file as it is changed.
fn changed(
    path: &Path,
    text: &str,
    edits: &Edits,
    read: &Read<'_>,
    registry: &Registry,
) -> Result<Loaded, Problems> {
    let overlays: Vec<(&Path, String)> = edits.texts(read)?;
    let texts: Vec<&str> = overlays.iter().map(|(_, text)| text.as_str()).collect();
    let mut problems = Problems::default();
    let mut document = Document::new(&path.display().to_string(), text, &mut problems);
    let mut homes = vec![Home::new(document.whole(), path)];
    for (path, text) in &overlays {
        let shown = path.display().to_string();
        let whole = document.overlay::<raw::File>(&shown, text, &mut problems);
        homes.push(Home::new(whole, path));
    }
    document.set::<raw::File>(&edits.settings, &mut problems);
    let (file, lossy) = document.decode::<raw::File>(&mut problems);
    let context = build::Context {
        path,
        text,
        edits,
        overlays: &texts,
        homes: &homes,
        read,
        registry,
    };
    // What could not be recovered from a damaged file would be reported as missing.
    let scenario = match file {
        Some(file) if !lossy => build::scenario(file, &context, &mut problems),
        _ => None,
    };
    problems.sort();
    match scenario {
        Some(mut scenario) => {
            let warnings = problems.iter().map(|warning| warning.message().to_owned());
            scenario.warnings = warnings.collect();
            Ok(Loaded {
                scenario,
                warnings: problems,
            })
        }
        None => {
            let said = problems.count(Severity::Error) > 0;
            assert!(said, "a scenario is refused for a reason");
            Err(problems)
        }
    }
}

/// The JSON Schema of scenario files, for editors.
pub fn schema() -> String {
    let mut schema = schema::json(&raw::File::schema(), &Registry::built_in());
    schema["title"] = "plimsoll scenario".into();
    format!("{schema:#}")
}

/// A commented scenario file to start from.
pub fn starter() -> &'static str {
    include_str!("scenario/starter.toml")
}

impl Scenario {
    /// Whether every run is the same, whatever the seed: nothing in the outside world is random, and
    /// the policies throw no dice. One run then says all that the scenario can say. No live run does.
    pub fn is_exact(&self) -> bool {
        let services = self.catalog.services.as_slice();
        let scaled = services.iter().any(|service| service.hpa.is_some());
        self.lived.is_none()
            && !self.outline.is_random()
            && !registry::throws_dice(&self.policy, scaled)
    }

    /// The scenario under another policy, with the defaults of its parameters; a policy that is
    /// chosen already keeps the parameters it has.
    ///
    /// # Errors
    /// When there is no such policy, or it does not look at what the scenario asks for.
    pub fn with_policy(mut self, kind: PolicyKind, name: &str) -> Result<Scenario, WrongPolicy> {
        let registry = Registry::built_in();
        registry.replace(&mut self.policy, kind, name)?;
        registry.check_rules(&self.policy, &self.rules_asked)?;
        Ok(self)
    }
}

impl Scenario {
    /// Makes it another input than its files are alone.
    fn made_different_by(&mut self, what: &str) {
        let text = format!("{} {what}", self.hash);
        self.hash = format!("{:032x}", rng::fnv1a_128(text.as_bytes()));
    }
}

/// The question of a scenario: the comment at the head of its file, up to the first sentence that is
/// one, and no further than the first line that is no comment or an empty one.
fn question(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    let comments = text.lines().map_while(|line| line.strip_prefix('#'));
    let words = comments.map(str::trim).take_while(|line| !line.is_empty());
    let paragraph = words.collect::<Vec<_>>().join(" ");
    let end = paragraph
        .find("? ")
        .map_or(paragraph.len(), |mark| mark + 1);
    paragraph[..end].to_owned()
}
