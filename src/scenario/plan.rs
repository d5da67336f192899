//! Plans of sweeps: which values of a scenario are varied, how often each cell is run, and what is
//! kept of it.
//!
//! A plan is checked like a scenario: everything that is wrong is reported at once, each with its
//! place. Whether the paths and values suit the scenario shows when its cells are loaded.

mod build;
mod cells;
mod raw;
mod refused;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decode::{At, Decode};
use super::document::Document;
use super::edits::Page;
use super::files::{self, Content};
use super::policies::Registry;
use super::problem::{Problems, Severity, Span};
use crate::metrics::quantity::Quantity;
pub use refused::Refusals;

/// A sweep as it is asked for: points, each run several times, and what is kept of each.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The name of its file, without folder and ending.
    pub name: String,
    /// The question it answers: the comment at the head of its file.
    pub question: String,
    /// The scenario file.
    pub scenario: PathBuf,
    /// Replications of each cell.
    pub replications: u32,
    /// The seed of all cells: replication n of each meets the same world.
    pub seed: u64,
    /// What is kept of each run.
    pub metrics: Vec<Quantity>,
    /// What is varied, in the order in which it was written.
    pub keys: Vec<Key>,
    /// What trades for what; absent where nothing was asked and nothing is obvious.
    pub pareto: Option<Pareto>,
    /// Cells of one chunk.
    pub chunk: u32,
    /// The points of `[[cells]]`, of the first keys each; one without values where there are none.
    points: Vec<Vec<At<Literal>>>,
    /// The values of `[grid]`, of the other keys each.
    lists: Vec<Vec<At<Literal>>>,
    /// Its file, for telling what is wrong with a value once a cell is loaded.
    page: Arc<Page>,
    places: Places,
}

/// Where the parts of a plan stand in its file.
#[derive(Clone, Debug)]
struct Places {
    scenario: Span,
    /// Of each metric.
    metrics: Vec<Span>,
    /// Of each key, where it stands first.
    keys: Vec<Span>,
}

/// Something that is varied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// As it was written: the name of its column.
    pub name: String,
    /// The path in the scenario.
    pub path: String,
}

/// A value, as TOML.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Literal {
    toml: String,
    shown: String,
}

/// Two metrics of which one is paid with the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Pareto {
    /// What is paid.
    pub cost: Quantity,
    /// What it buys.
    pub value: Quantity,
}

/// Most cells of a plan: their chunks are numbered in six digits.
pub const CELLS_MAX: u64 = 1_000_000;
/// Cells of a chunk where the plan does not say: small enough to lose little, large enough to leave
/// few files.
pub const CHUNK: u32 = 16;

/// The JSON Schema (draft 2020-12) of plans, for editors.
pub fn schema() -> String {
    let mut schema = super::schema::json(&raw::PlanFile::schema(), &Registry::built_in());
    schema["title"] = "plimsoll plan of a sweep".into();
    format!("{schema:#}")
}

/// Reads a plan.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(path: &Path) -> Result<Plan, Problems> {
    let read = |path: &Path| Ok(Arc::new(Content::new(std::fs::read(path)?)));
    let text = files::text(path, &read).map_err(|problem| {
        let mut problems = Problems::default();
        problems.push(problem);
        problems
    })?;
    parse(path, &text)
}

/// Reads the text of a plan.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(path: &Path, text: &str) -> Result<Plan, Problems> {
    let mut problems = Problems::default();
    let shown = path.display().to_string();
    let document = Document::new(&shown, text, &mut problems);
    let (file, lossy) = document.decode::<raw::PlanFile>(&mut problems);
    let plan = match file {
        Some(file) if !lossy => build::plan(file, path, text, &mut problems),
        _ => None,
    };
    problems.sort();
    plan.ok_or_else(|| {
        assert!(
            problems.count(Severity::Error) > 0,
            "a plan is refused for a reason"
        );
        problems
    })
}

impl Plan {
    /// Number of cells, at least one.
    pub fn cells(&self) -> u32 {
        let lists = self.lists.iter().map(Vec::len);
        let cells = self.points.len() * lists.product::<usize>();
        u32::try_from(cells).expect("at most CELLS_MAX cells")
    }

    /// The value of each key in a cell, counted from 0: `[[cells]]` in the order of the file, for each
    /// the grid with its last key fastest.
    pub fn point(&self, cell: u32) -> Vec<&Literal> {
        let values = self.values(cell).into_iter();
        values.map(|value| &value.value).collect()
    }

    fn values(&self, cell: u32) -> Vec<&At<Literal>> {
        let mut rest = cell as usize;
        let mut grid: Vec<&At<Literal>> = Vec::with_capacity(self.lists.len());
        for list in self.lists.iter().rev() {
            grid.push(&list[rest % list.len()]);
            rest /= list.len();
        }
        let fixed = self.points[rest].iter();
        fixed.chain(grid.into_iter().rev()).collect()
    }

    /// Number of chunks, at least one.
    pub fn chunks(&self) -> u32 {
        self.cells().div_ceil(self.chunk)
    }

    /// The cells of a chunk, both counted from 0.
    pub fn cells_of(&self, chunk: u32) -> std::ops::Range<u32> {
        let first = chunk * self.chunk;
        first..(first + self.chunk).min(self.cells())
    }

    /// A cell for readers: `nodes.worker.count = 8, scheduler = spread`.
    pub fn describe(&self, cell: u32) -> String {
        let pairs = self.keys.iter().zip(self.point(cell));
        let pairs: Vec<String> = pairs
            .map(|(key, value)| format!("{} = {value}", key.name))
            .collect();
        pairs.join(", ")
    }

    /// Where a metric stands among those kept. Panics when it is not kept: the plan was checked.
    pub fn place(&self, quantity: &Quantity) -> usize {
        let place = self.metrics.iter().position(|kept| kept == quantity);
        place.expect("a plan trades what it keeps")
    }
}

impl Literal {
    /// As TOML writes it.
    pub fn toml(&self) -> &str {
        &self.toml
    }

    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        (self.toml != self.shown).then_some(&self.shown)
    }

    /// The number at its start, and its unit after that: of `8`, `"500m"` and `"64Gi"`.
    pub fn number(&self) -> Option<(f64, &str)> {
        let digits = |c: char| c.is_ascii_digit() || "+-._eE".contains(c);
        let whole: Option<f64> = self.shown.parse().ok();
        if let Some(number) = whole {
            return number.is_finite().then_some((number, ""));
        }
        let end = self.shown.find(|c| !digits(c))?;
        let (number, unit) = self.shown.split_at(end);
        let unit = unit.trim_start();
        let is_unit = unit.chars().all(|c| c.is_alphabetic() || c == '%');
        let number: f64 = number.parse().ok()?;
        (is_unit && number.is_finite()).then_some((number, unit))
    }
}

/// Texts without their quotes.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}
