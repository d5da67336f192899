//! The profile of a case.

use plimsoll::cluster::labels::Labels;
use plimsoll::policy::scheduler::kube::inter_pod_affinity::score::Args;
use plimsoll::policy::scheduler::kube::profile::{Filter, Profile, Scorer, Ties, Weighted};
use plimsoll::policy::scheduler::kube::resources::{Counted, Ignored, Strategy};
use plimsoll::policy::scheduler::kube::topology_spread::Defaults;
use plimsoll::report::reasons;
use plimsoll::units::Resource;

use crate::catalogue::Builder;
use crate::json::{self, PluginConfig};

/// Nodes are all scored unless a case says otherwise.
const ALL: u32 = 100;

impl Builder<'_> {
    /// The default profile, with what the case says of it.
    pub(crate) fn profile(&mut self) -> Profile {
        let case = self.case;
        let mut profile = Profile {
            percentage_of_nodes_to_score: case.options.percentage_of_nodes_to_score.unwrap_or(ALL),
            ties: Ties::Name,
            ..Profile::kube_1_34()
        };
        if let Some(stated) = &case.profile {
            for config in &stated.plugin_config {
                self.configure(&mut profile, config);
            }
            choose(&mut profile.scorers, &stated.plugins.score);
        }
        profile
    }

    fn configure(&mut self, profile: &mut Profile, config: &PluginConfig) {
        match config {
            PluginConfig::NodeResourcesFit(args) => {
                let names = args.ignored_resources.iter();
                let extended = names.map(|name| self.catalog.extended.intern(name));
                let ignored = Ignored {
                    extended: extended.collect(),
                };
                for filter in &mut profile.filters {
                    if let Filter::NodeResourcesFit(args) = filter {
                        *args = ignored.clone();
                    }
                }
                if let Some(strategy) = &args.scoring_strategy {
                    let scorer = self.fit(strategy);
                    replace(profile, scorer);
                }
            }
            PluginConfig::NodeResourcesBalancedAllocation(args) => {
                let resources = args.resources.iter().map(|one| {
                    assert_eq!(one.weight, 1, "all resources are balanced alike");
                    self.counted(&one.name)
                });
                let scorer = Scorer::NodeResourcesBalancedAllocation(resources.collect());
                replace(profile, scorer);
            }
            PluginConfig::PodTopologySpread(args) => {
                let constraints = args.default_constraints.iter();
                let none = Labels::default();
                profile.spread_defaults = match args.defaulting_type.as_str() {
                    "System" => Defaults::System,
                    "List" => {
                        Defaults::List(constraints.map(|one| self.spread(&none, one)).collect())
                    }
                    other => panic!("defaulting type {other}"),
                };
            }
            PluginConfig::InterPodAffinity(args) => {
                let unsaid = Args::default();
                let args = Args {
                    hard_weight: args.hard_pod_affinity_weight.unwrap_or(unsaid.hard_weight),
                    ignore_others: args.ignore_preferred_terms_of_existing_pods,
                };
                replace(profile, Scorer::InterPodAffinity(args));
            }
            PluginConfig::NodeAffinity(args) => {
                profile.added_affinity = self.node_affinity(&args.added_affinity);
            }
        }
    }

    fn fit(&mut self, strategy: &json::ScoringStrategy) -> Scorer {
        let resources = strategy.resources.iter();
        let resources = resources.map(|one| (self.counted(&one.name), one.weight));
        Scorer::NodeResourcesFit {
            resources: resources.collect(),
            strategy: match (
                strategy.kind.as_str(),
                &strategy.requested_to_capacity_ratio,
            ) {
                ("LeastAllocated", None) => Strategy::LeastAllocated,
                ("MostAllocated", None) => Strategy::MostAllocated,
                ("RequestedToCapacityRatio", Some(ratio)) => {
                    // Stated in tenths (`MaxCustomPriorityScore`).
                    let points = ratio.shape.iter();
                    let points = points.map(|point| (point.utilization, 10 * point.score));
                    Strategy::RequestedToCapacityRatio(points.collect())
                }
                (other, _) => panic!("scoring strategy {other}"),
            },
        }
    }

    fn counted(&mut self, name: &str) -> Counted {
        match name {
            "cpu" => Counted::Plain(Resource::Cpu),
            "memory" => Counted::Plain(Resource::Memory),
            other => Counted::Extended(self.catalog.extended.intern(other)),
        }
    }
}

fn replace(profile: &mut Profile, scorer: Scorer) {
    let mut scorers = profile.scorers.iter_mut();
    let one = scorers.find(|one| one.scorer.plugin() == scorer.plugin());
    one.expect("a scorer of the default profile").scorer = scorer;
}

/// Drops what is disabled; what is enabled again comes back with its weight.
fn choose(scorers: &mut Vec<Weighted>, stated: &json::PluginSet) {
    let named =
        |one: &Weighted, plugin: &json::Plugin| reasons::plugin(one.scorer.plugin()) == plugin.name;
    let default = scorers.clone();
    let find = |plugin| default.iter().find(|one| named(one, plugin));
    for plugin in &stated.disabled {
        assert!(find(plugin).is_some(), "no scorer {}", plugin.name);
        assert_eq!(plugin.weight, None);
    }
    scorers.retain(|one| !stated.disabled.iter().any(|plugin| named(one, plugin)));
    for plugin in &stated.enabled {
        let one = find(plugin).unwrap_or_else(|| panic!("no scorer {}", plugin.name));
        assert!(!scorers.contains(one), "{} is enabled twice", plugin.name);
        scorers.push(Weighted {
            weight: plugin.weight.expect("a weight"),
            ..one.clone()
        });
    }
}
