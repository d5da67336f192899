//! A plan whose cells have all been loaded once: what is run later was understood before.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::metrics::measured::Entity;
use crate::scenario::plan::{Plan, Refusals};
use crate::scenario::problem::Problems;
use crate::scenario::{Scenario, Source};

/// A sweep that can be run.
#[derive(Debug)]
pub struct Sweep {
    /// What was asked for.
    pub plan: Plan,
    /// Fingerprint (the first half of a SHA-256, hexadecimal) of all that its results follow from:
    /// points, replications, seed, metrics and size of chunks of the plan, the inputs of every cell,
    /// and the version. Comments and `[pareto]` are not in it.
    pub hash: String,
    /// The scenario's name.
    pub scenario: String,
    /// The currency of all prices.
    pub currency: String,
    /// Warnings and notes of the scenarios, each with the number of cells that have it.
    pub notes: Vec<(String, u32)>,
    /// Cells in which nothing is random: these are run once.
    pub exact: u32,
    /// The scenario file and those it names, as they were when they were checked.
    source: Source,
}

/// What a cell told when it was loaded.
struct Look {
    hash: String,
    notes: Vec<String>,
    is_exact: bool,
}

impl Sweep {
    /// Loads every cell once, on all threads. `loaded` is called after each.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn check(plan: Plan, loaded: &(dyn Fn() + Sync)) -> Result<Sweep, Problems> {
        let source = plan.source()?;
        let census = Census::default();
        let first: Mutex<Option<(String, String)>> = Mutex::new(None);
        let look = |cell: u32| -> Result<Look, Problems> {
            let scenario = plan.load(&source, cell)?;
            census.add(&scenario);
            if cell == 0 {
                let names = (scenario.name.clone(), scenario.currency.clone());
                *first.lock().expect("nobody panics with it") = Some(names);
            }
            loaded();
            let notes = scenario.warnings.iter().chain(&scenario.notes);
            Ok(Look {
                hash: scenario.hash.clone(),
                notes: notes.cloned().collect(),
                is_exact: scenario.is_exact(),
            })
        };
        let looks: Vec<_> = (0..plan.cells()).into_par_iter().map(look).collect();
        let looks = all(&plan, looks)?;
        census.check(&plan)?;
        let inputs: Vec<String> = looks.iter().map(|look| look.hash.clone()).collect();
        let names = first.into_inner().expect("nobody panicked with it");
        let (scenario, currency) = names.expect("there is a first cell");
        Ok(Sweep {
            hash: hash(&plan, &inputs, env!("CARGO_PKG_VERSION")),
            notes: counted(&looks),
            exact: looks.iter().filter(|look| look.is_exact).count() as u32,
            plan,
            scenario,
            currency,
            source,
        })
    }

    /// The scenario of a cell.
    pub fn load(&self, cell: u32) -> Scenario {
        let scenario = self.plan.load(&self.source, cell);
        scenario.unwrap_or_else(|why| panic!("a cell that was checked is refused: {why}"))
    }
}

/// Results, or all that is wrong with the cells.
fn all(plan: &Plan, looks: Vec<Result<Look, Problems>>) -> Result<Vec<Look>, Problems> {
    if looks.iter().all(Result::is_ok) {
        return Ok(looks.into_iter().flatten().collect());
    }
    let mut refusals = Refusals::new(plan);
    for (cell, look) in (0..).zip(&looks) {
        if let Err(problems) = look {
            refusals.add(cell, problems);
        }
    }
    Err(refusals.told())
}

fn counted(looks: &[Look]) -> Vec<(String, u32)> {
    let mut notes: Vec<(String, u32)> = Vec::new();
    for look in looks {
        let mut own: Vec<&String> = look.notes.iter().collect();
        own.sort_unstable();
        own.dedup();
        for note in own {
            match notes.iter_mut().find(|(known, _)| known == note) {
                Some((_, cells)) => *cells += 1,
                None => notes.push((note.clone(), 1)),
            }
        }
    }
    notes
}

/// Half a SHA-256 over all fields, each after its length.
fn hash(plan: &Plan, inputs: &[String], version: &str) -> String {
    let mut sha = Sha256::new();
    let mut field = |text: &str| {
        sha.update((text.len() as u64).to_le_bytes());
        sha.update(text);
    };
    field("plimsoll sweep");
    field(version);
    for number in [
        u64::from(plan.replications),
        plan.seed,
        u64::from(plan.chunk),
    ] {
        field(&number.to_string());
    }
    field(&plan.metrics.len().to_string());
    plan.metrics
        .iter()
        .for_each(|metric| field(&metric.to_string()));
    field(&plan.keys.len().to_string());
    plan.keys.iter().for_each(|key| field(&key.path));
    for (cell, input) in (0..).zip(inputs) {
        plan.point(cell)
            .iter()
            .for_each(|value| field(value.toml()));
        field(input);
    }
    hex(&sha.finalize()[..16])
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What the scenarios of all cells have that metrics can be of.
#[derive(Default)]
struct Census {
    seen: Mutex<BTreeMap<&'static str, std::collections::BTreeSet<String>>>,
    added: AtomicU32,
}

impl Census {
    fn add(&self, scenario: &Scenario) {
        let catalog = &scenario.catalog;
        let mut seen = self.seen.lock().expect("nobody panics with it");
        let mut add = |kind, name: &str| {
            let names = seen.entry(kind).or_default();
            if !names.contains(name) {
                names.insert(name.to_owned());
            }
        };
        let services = catalog.services.as_slice().iter();
        services.for_each(|service| add("service", &service.name));
        catalog
            .groups
            .as_slice()
            .iter()
            .for_each(|group| add("group", group));
        catalog
            .zones
            .as_slice()
            .iter()
            .for_each(|zone| add("zone", zone));
        let nodes = catalog.nodes.as_slice().iter();
        nodes.for_each(|node| add("node", &node.name));
        self.added.fetch_add(1, Ordering::Relaxed);
    }

    /// That what metrics are kept of exists in some cell.
    fn check(&self, plan: &Plan) -> Result<(), Problems> {
        let seen = self.seen.lock().expect("nobody panicked with it");
        for quantity in &plan.metrics {
            let (kind, name) = match &quantity.entity {
                // What parts there are is known once they are measured.
                Entity::Cluster | Entity::Part(_) => continue,
                Entity::ServicePart { service, .. } => ("service", service.as_str()),
                entity @ (Entity::Group(_)
                | Entity::Zone(_)
                | Entity::Service(_)
                | Entity::Node(_)) => (entity.kind(), entity.name()),
            };
            let known = seen.get(kind);
            if known.is_none_or(|known| !known.contains(name)) {
                let known: Vec<String> = known.into_iter().flatten().cloned().collect();
                return Err(plan.nobody(quantity, &known));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::plan::parse;

    fn hash_of(text: &str, version: &str) -> String {
        let plan = parse(Path::new("p.toml"), text).unwrap();
        let inputs = vec!["aa".to_owned(); plan.cells() as usize];
        hash(&plan, &inputs, version)
    }

    #[test]
    fn results_of_other_plans_inputs_or_versions_are_kept_apart() {
        let text = "scenario = \"s\"\nreplications = 2\nmetrics = [\"cost\"]\n[grid]\nx = [1, 2]\n";
        let base = hash_of(text, "1.0.0");
        assert_eq!(base.len(), 32);
        let commented = format!("# Why?\n{text}");
        assert_eq!(
            hash_of(&commented, "1.0.0"),
            base,
            "a comment changes nothing"
        );
        assert_ne!(hash_of(text, "1.0.1"), base);
        for (old, new) in [
            ("= 2", "= 3"),
            ("\"cost\"", "\"cost\", \"evictions\""),
            ("[1, 2]", "[1, 3]"),
            ("[1, 2]", "[1, 2, 3]"),
            ("x =", "y ="),
            ("[grid]", "chunk = 1\n[grid]"),
            ("[grid]", "seed = 2\n[grid]"),
        ] {
            assert_ne!(
                hash_of(&text.replace(old, new), "1.0.0"),
                base,
                "{old} {new}"
            );
        }
        let plan = parse(Path::new("p.toml"), text).unwrap();
        let other = ["aa".to_owned(), "ab".to_owned()];
        assert_ne!(hash(&plan, &other, "1.0.0"), base, "another input");
    }
}
