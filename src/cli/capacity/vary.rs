//! Which groups of nodes are varied.

use super::Question;
use crate::cli::{Failure, validate};
use crate::scenario::{Scenario, Setting};

/// Nodes of a group in a scenario that is asked for its zones: more than there are zones.
const MANY: u32 = 100;

/// A group of nodes whose number is varied.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Its key: `nodes.worker.count`.
    pub(super) key: String,
    /// Its name.
    pub(super) name: String,
    /// Its nodes now.
    pub(super) present: u32,
    /// Zones that its nodes are dealt to.
    pub(super) zones: u32,
    /// Price of one node for an hour, where there is one.
    pub(super) price: Option<f64>,
}

/// The groups that are varied: those asked for, or the only one there is.
pub(super) fn groups(question: &Question<'_>) -> Result<Vec<Group>, Failure> {
    let scenario = &question.scenario;
    let all: Vec<String> = scenario
        .catalog
        .groups
        .iter()
        .map(|(_, name)| name.clone())
        .collect();
    let keys = || {
        let keys = all.iter().map(|name| format!("--vary {}", key(name)));
        keys.collect::<Vec<_>>().join(", ")
    };
    let asked = &question.args.vary;
    let names = match (asked.as_slice(), all.as_slice()) {
        ([], [one]) => vec![one.clone()],
        ([], []) => {
            return Err(Failure::Input(
                "the scenario has no group of nodes".to_owned(),
            ));
        }
        ([], _) => {
            return Err(Failure::Input(format!(
                "the scenario has {} groups of nodes: which is to be varied?\n  = {}; several of them for \
                 the cheapest mix",
                all.len(),
                keys()
            )));
        }
        (asked, _) => {
            let mut names: Vec<String> = Vec::new();
            for text in asked {
                let name = named(text).filter(|name| all.contains(name));
                let name = name.ok_or_else(|| {
                    Failure::Input(format!(
                        "--vary {text} is no number of nodes\n  = there are {}",
                        keys()
                    ))
                })?;
                if names.contains(&name) {
                    return Err(Failure::Input(format!("--vary {text} stands there twice")));
                }
                names.push(name);
            }
            names
        }
    };
    names
        .into_iter()
        .map(|name| group(question, name))
        .collect()
}

fn group(question: &Question<'_>, name: String) -> Result<Group, Failure> {
    let key = key(&name);
    not_set(question, &name)?;
    let (present, _, price) = seen(&question.scenario, &name);
    let many = question.with(vec![setting(&key, present.max(MANY))?])?;
    let (_, zones, _) = seen(&many, &name);
    Ok(Group {
        key,
        name,
        present,
        zones,
        price,
    })
}

/// What is varied has no value of its own.
fn not_set(question: &Question<'_>, name: &str) -> Result<(), Failure> {
    let mut settings = question.edits.settings.iter();
    match settings.find(|setting| named(setting.key()).as_deref() == Some(name)) {
        None => Ok(()),
        Some(setting) => Err(Failure::Input(format!(
            "--set {setting}: the number of `{name}` nodes is what is varied, so it cannot be set too\n  \
             = --from and --to say between which numbers to look"
        ))),
    }
}

/// The nodes of a group, its zones, and what a node costs.
fn seen(scenario: &Scenario, name: &str) -> (u32, u32, Option<f64>) {
    let catalog = &scenario.catalog;
    let nodes = catalog.nodes.iter().map(|(_, node)| node);
    let nodes: Vec<_> = nodes
        .filter(|node| catalog.groups[node.group] == name)
        .collect();
    let mut zones: Vec<_> = nodes.iter().map(|node| node.zone).collect();
    zones.sort_unstable();
    zones.dedup();
    let price = nodes.first().and_then(|node| node.price_per_hour);
    (nodes.len() as u32, zones.len() as u32, price)
}

/// That the key has this value.
pub(super) fn setting(key: &str, value: u32) -> Result<Setting, Failure> {
    Setting::new(key, &value.to_string()).map_err(validate::refused)
}

fn key(name: &str) -> String {
    match name.contains('.') {
        true => format!("nodes.\"{name}\".count"),
        false => format!("nodes.{name}.count"),
    }
}

fn named(text: &str) -> Option<String> {
    let name = text.trim().strip_prefix("nodes.")?.strip_suffix(".count")?;
    Some(name.trim_matches(['"', '\'']).to_owned())
}
