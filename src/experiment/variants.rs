//! Variants of one scenario: every combination of what is to be tried, each named by what sets it
//! apart.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::policy::registry::Choice;
use crate::scenario::policies::PolicyKind;
use crate::scenario::{Edits, Scenario, Setting};

/// The name of a scenario as it stands, beside variants that are not told by their policies.
pub const UNCHANGED: &str = "unchanged";

/// One thing that is changed of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The policy of a kind.
    Policy(PolicyKind, String),
    /// A file laid over it.
    Overlay(PathBuf),
    /// One value.
    Setting(Setting),
}

/// What is tried of one thing, one at least; the first belongs to the baseline.
pub type Dimension = Vec<Change>;

/// The variants of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// By variant, the baseline first: all that is changed.
    pub variants: Vec<Vec<Change>>,
    /// By variant: those of its changes that set it apart, or what takes the place of each.
    apart: Vec<Vec<Apart>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Apart {
    /// It is changed so.
    Changed(Change),
    /// Others change this, it does not.
    Standing(Change),
}

impl Plan {
    /// Every combination of what is tried, the last dimension fastest. What is tried in one way alone
    /// is so for all; if all is, it makes a second variant, and the scenario as it stands is the
    /// first. Without anything to try there is one variant.
    pub fn new(dimensions: &[Dimension]) -> Plan {
        if !dimensions.is_empty() && dimensions.iter().all(|dimension| dimension.len() == 1) {
            let all: Vec<Change> = dimensions.concat();
            let standing = all.iter().cloned().map(Apart::Standing).collect();
            let changed = all.iter().cloned().map(Apart::Changed).collect();
            return Plan {
                variants: vec![Vec::new(), all],
                apart: vec![standing, changed],
            };
        }
        let mut plan = Plan {
            variants: vec![Vec::new()],
            apart: vec![Vec::new()],
        };
        for dimension in dimensions {
            plan = plan.times(dimension);
        }
        plan
    }

    fn times(&self, dimension: &Dimension) -> Plan {
        let (mut variants, mut apart) = (Vec::new(), Vec::new());
        for (so_far, told) in self.variants.iter().zip(&self.apart) {
            for change in dimension {
                let mut all = so_far.clone();
                all.push(change.clone());
                variants.push(all);
                let mut told = told.clone();
                if dimension.len() > 1 {
                    told.push(Apart::Changed(change.clone()));
                }
                apart.push(told);
            }
        }
        Plan { variants, apart }
    }

    /// What each variant is called, from the scenarios that they became. No two have one name.
    pub fn names(&self, scenarios: &[Scenario]) -> Vec<String> {
        let names = |written: bool| -> Vec<String> {
            let variants = self.apart.iter().zip(scenarios);
            variants
                .map(|(apart, scenario)| name(apart, &scenario.policy, written))
                .collect()
        };
        let short = names(false);
        let names = match is_unique(&short) {
            true => short,
            false => names(true),
        };
        numbered(names)
    }
}

/// The changes of a file among `changes`.
pub fn edits(changes: &[Change]) -> Edits {
    let mut edits = Edits::default();
    for change in changes {
        match change {
            Change::Policy(..) => {}
            Change::Overlay(path) => edits.overlays.push(path.clone()),
            Change::Setting(setting) => edits.settings.push(setting.clone()),
        }
    }
    edits
}

/// By pairs: scenarios that are the same input under the same policies, however they are written.
pub fn twins(scenarios: &[Scenario]) -> Vec<(usize, usize)> {
    let found = scenarios
        .iter()
        .enumerate()
        .filter_map(|(place, scenario)| {
            let first = scenarios[..place].iter();
            let first = first.clone().position(|other| other.is_alike(scenario))?;
            Some((first, place))
        });
    found.collect()
}

fn is_unique(names: &[String]) -> bool {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

/// Names of which no two are equal.
fn numbered(names: Vec<String>) -> Vec<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let number = |name: String| {
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        match *count {
            1 => name,
            n => format!("{name} ({n})"),
        }
    };
    names.into_iter().map(number).collect()
}

/// What is apart, in few words; settings of a whole policy by the policy's name unless `written`.
fn name(apart: &[Apart], policies: &Choice, written: bool) -> String {
    let parts = apart.iter().filter_map(|apart| match apart {
        Apart::Changed(Change::Policy(kind, _)) | Apart::Standing(Change::Policy(kind, _)) => {
            Some(policy(policies, *kind).to_owned())
        }
        Apart::Changed(Change::Overlay(path)) => {
            let stem = path.file_stem().unwrap_or(path.as_os_str());
            Some(stem.to_string_lossy().into_owned())
        }
        Apart::Changed(Change::Setting(setting)) => Some(match sets_policy(setting) {
            Some(kind) if !written => policy(policies, kind).to_owned(),
            Some(_) | None => setting.to_string(),
        }),
        Apart::Standing(Change::Setting(setting)) => sets_policy(setting)
            .filter(|_| !written)
            .map(|kind| policy(policies, kind).to_owned()),
        Apart::Standing(Change::Overlay(_)) => None,
    });
    let parts: Vec<String> = parts.collect();
    match parts.is_empty() {
        true => UNCHANGED.to_owned(),
        false => parts.join(" + "),
    }
}

/// The kind of policy that a setting sets as a whole.
fn sets_policy(setting: &Setting) -> Option<PolicyKind> {
    let kinds = [
        PolicyKind::Scheduler,
        PolicyKind::Autoscaler,
        PolicyKind::Healer,
    ];
    let key = setting.key();
    kinds
        .into_iter()
        .find(|kind| key.strip_prefix("policy.") == Some(kind.name()))
}

fn policy(policies: &Choice, kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Scheduler => policies.scheduler.name,
        PolicyKind::Autoscaler => policies.autoscaler.name,
        PolicyKind::Healer => policies.healer.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const FILE: &str = r#"
        duration = "1h"
        nodes = [{ name = "n", count = 2, cpu = "4", memory = "8Gi" }]
        jobs = [{ name = "j", rate = "1/min", sizes = [{ cpu = "1", memory = "1Gi" }], duration = "1m" }]
        policy = { scheduler = "spread", autoscaler = "fixed", healer = "restart" }
    "#;

    fn scheduler(name: &str) -> Change {
        Change::Policy(PolicyKind::Scheduler, name.to_owned())
    }

    fn set(text: &str) -> Change {
        Change::Setting(Setting::parse(text).unwrap())
    }

    fn scenarios(plan: &Plan) -> Vec<Scenario> {
        let source =
            crate::scenario::Source::new(Path::new("a.toml"), FILE.to_owned(), |_| Ok(Vec::new()));
        let load = |changes: &Vec<Change>| {
            let mut scenario = source.load(&edits(changes)).unwrap().scenario;
            for change in changes {
                if let Change::Policy(kind, name) = change {
                    scenario = scenario.with_policy(*kind, name).unwrap();
                }
            }
            scenario
        };
        plan.variants.iter().map(load).collect()
    }

    fn names(dimensions: &[Dimension]) -> Vec<String> {
        let plan = Plan::new(dimensions);
        plan.names(&scenarios(&plan))
    }

    #[test]
    fn every_combination_is_a_variant_named_by_what_differs() {
        let schedulers = vec![scheduler("kube"), scheduler("binpack")];
        let counts = vec![set("nodes.n.count=2"), set("nodes.n.count=3")];
        let seed = vec![set("duration=2h")];
        assert_eq!(
            names(&[schedulers, counts, seed]),
            [
                "kube + nodes.n.count=2",
                "kube + nodes.n.count=3",
                "binpack + nodes.n.count=2",
                "binpack + nodes.n.count=3",
            ]
        );
    }

    #[test]
    fn what_is_given_once_makes_a_second_variant_against_the_file() {
        assert_eq!(names(&[vec![scheduler("binpack")]]), ["spread", "binpack"]);
        let healer = Change::Policy(PolicyKind::Healer, "none".to_owned());
        assert_eq!(
            names(&[vec![scheduler("binpack")], vec![healer]]),
            ["spread + restart", "binpack + none"]
        );
        let two = [vec![scheduler("binpack")], vec![set("nodes.n.count=3")]];
        assert_eq!(names(&two), ["spread", "binpack + nodes.n.count=3"]);
        let one = [vec![set("nodes.n.count=3")]];
        assert_eq!(names(&one), [UNCHANGED, "nodes.n.count=3"]);
        assert_eq!(Plan::new(&[]).variants.len(), 1);
    }

    #[test]
    fn a_policy_that_is_set_goes_by_its_name_where_that_tells_them_apart() {
        let set = |values: [&str; 2]| {
            let of = |value| set(&format!("policy.scheduler={value}"));
            names(&[values.map(of).to_vec()])
        };
        let room = "{ kube = { waking = \"room\" } }";
        assert_eq!(set([room, "spread"]), ["kube", "spread"]);
        assert_eq!(
            set([room, "kube"]),
            [
                "policy.scheduler={ kube = { waking = \"room\" } }",
                "policy.scheduler=kube"
            ]
        );
    }

    #[test]
    fn twins_are_found_and_have_names_of_their_own() {
        let plan = Plan::new(&[vec![scheduler("kube"), scheduler("kube")]]);
        let scenarios = scenarios(&plan);
        assert_eq!(plan.names(&scenarios), ["kube", "kube (2)"]);
        assert_eq!(twins(&scenarios), [(0, 1)]);
        let plan = Plan::new(&[vec![scheduler("kube"), scheduler("spread")]]);
        assert_eq!(twins(&self::scenarios(&plan)), []);
    }

    #[test]
    fn twins_are_found_by_what_they_mean() {
        let found = |dimensions: &[Dimension]| twins(&scenarios(&Plan::new(dimensions)));
        // The file has two nodes, one hour.
        assert_eq!(found(&[vec![set("nodes.n.count=2")]]), [(0, 1)]);
        let lengths = ["duration=1h", "duration=60m", "duration=2h"];
        assert_eq!(found(&[lengths.map(set).to_vec()]), [(0, 1)]);
        assert_eq!(found(&[vec![set("name=a"), set("name=b")]]), [(0, 1)]);
        assert_eq!(
            found(&[vec![scheduler("kube"), scheduler("kube-1.34")]]),
            [(0, 1)]
        );
        // Jobs of another name arrive at other times, and nodes of another price cost something else.
        for other in ["jobs.j.name=k", "nodes.n.price_per_hour=1", "warm_up=1m"] {
            assert_eq!(found(&[vec![set(other)]]), [], "{other}");
        }
    }
}
