//! Several variants of one scenario, side by side.

mod cells;
pub mod json;
pub mod output;
mod page;
mod pooled;
mod schema;
pub(crate) mod summary;
mod tables;
pub mod text;
pub(crate) mod words;

pub use schema::schema;

use crate::experiment::compare::Comparison;
use crate::experiment::sample::{Samples, Variant};
use crate::metrics::quantity::Quantity;
use crate::report::figure::Unit;
use crate::report::outside;

/// What every exporter of a comparison is given.
#[derive(Clone, Copy, Debug)]
pub struct Compared<'a> {
    /// What was run, the baseline first.
    pub variants: &'a [Variant],
    /// What every run measured.
    pub samples: &'a Samples,
    /// What came of it.
    pub comparison: &'a Comparison,
    /// The user's seed.
    pub seed: u64,
    /// How many replications were asked for.
    pub asked: Asked,
    /// How many replications there would have been, if the user had not stopped it.
    pub interrupted: Option<u32>,
    /// Variants that are the same input under the same policies as an earlier one, in pairs.
    pub twins: &'a [(usize, usize)],
}

/// How many replications were asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    /// Nothing was said.
    Default,
    /// So many.
    Number,
    /// As many as this precision takes.
    Precision {
        /// How far an interval may reach, as a share of the baseline.
        relative: f64,
        /// Most runs.
        cap: u32,
        /// Whether it was reached.
        reached: bool,
    },
}

/// Which variants are the same as others, pair by pair.
pub fn twin_notes(variants: &[Variant], pairs: &[(usize, usize)]) -> Vec<String> {
    let said = |&(first, second): &(usize, usize)| {
        format!(
            "`{}` is the same input under the same policies as `{}`: they cannot differ",
            variants[second].name, variants[first].name
        )
    };
    pairs.iter().map(said).collect()
}

impl Compared<'_> {
    /// The baseline.
    pub(crate) fn baseline(&self) -> &Variant {
        &self.variants[0]
    }

    /// How the numbers of a metric are shown.
    pub(crate) fn unit(&self, quantity: &Quantity) -> Unit<'_> {
        Unit::of(quantity.metric.unit, &self.baseline().scenario.currency)
    }

    /// What a reader must know of any of the variants, each once: what is changed of all of them,
    /// notes of the scenarios; with `warnings`, what a terminal was warned of before anything ran.
    pub(crate) fn notes(&self, warnings: bool) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        let common = self.changed_of_all();
        if !common.is_empty() {
            notes.push(format!(
                "changed in all variants: `{}`",
                common.join("`, `")
            ));
        }
        for variant in self.variants {
            let warned = variant.scenario.warnings.iter().filter(|_| warnings);
            let outside = outside::notes(&variant.scenario);
            for note in warned.chain(&variant.scenario.notes).chain(&outside) {
                if !notes.contains(note) {
                    notes.push(note.clone());
                }
            }
        }
        notes.extend(pooled::notes(self));
        if warnings {
            notes.extend(twin_notes(self.variants, self.twins));
        }
        notes
    }

    /// Changes of the file that all variants have.
    pub(crate) fn changed_of_all(&self) -> Vec<String> {
        let has = |variant: &Variant, change: &String| variant.scenario.changes.contains(change);
        let changes = self.baseline().scenario.changes.iter();
        let common = changes.filter(|change| self.variants.iter().all(|other| has(other, change)));
        common.cloned().collect()
    }
}
