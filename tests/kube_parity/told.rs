//! What plimsoll tells of an attempt, in the form of the files, and how decisions differ.

use std::collections::BTreeMap;

use plimsoll::ids::{Id, PodId};
use plimsoll::policy::scheduler::explanation::{self, Explanation};
use plimsoll::report::reasons;

use crate::json::{Candidate, Decision, Preemption, Rejected, Scores};
use crate::world::World;

/// What was decided, as the files say it. What is not known from one attempt is left out.
pub(crate) fn decision(world: &World, pod: PodId, told: &Explanation) -> Decision {
    let mut order: Vec<usize> = (0..told.feasible.len()).collect();
    order.sort_unstable_by_key(|&at| told.feasible[at]);
    let in_order = |values: &[i64]| order.iter().map(|&at| values[at]).collect::<Vec<i64>>();
    let scores = told.scores.iter().map(|scorer| {
        let plugin = reasons::plugin(scorer.plugin).to_owned();
        (plugin, Scores::Each(in_order(&scorer.points)))
    });
    let has_choice = told.feasible.len() > 1;
    let nominated = world.cluster.pods()[pod].nominated;
    Decision {
        pod: world.pod_name(pod),
        nominated_before: nominated.map(|node| world.node_name(node)),
        feasible: order.iter().map(|&at| told.feasible[at].index()).collect(),
        rejected: rejected(world, told),
        scores: scores.collect(),
        total: match has_choice {
            true => in_order(&told.totals),
            false => Vec::new(),
        },
        best: told
            .best
            .iter()
            .map(|&node| world.node_name(node))
            .collect(),
        chosen: told.chosen.map(|node| world.node_name(node)),
        preemption: told.preemption.as_ref().map(|one| preemption(world, one)),
        start_index: told.start,
        evaluated: Some(told.evaluated),
        ..Decision::default()
    }
}

fn rejected(world: &World, told: &Explanation) -> Vec<Rejected> {
    let catalog = world.cluster.catalog();
    let each = told.rejected.iter().map(|(node, one)| {
        let texts = one.reasons.iter();
        let mut reasons: Vec<String> = texts.map(|why| reasons::reason(catalog, why)).collect();
        reasons.sort_unstable();
        Rejected {
            plugin: reasons::plugin(one.plugin).to_owned(),
            reasons,
            code: reasons::code(one.code).to_owned(),
            nodes: vec![node.index()],
        }
    });
    grouped(each)
}

/// Groups of nodes that were refused alike, in order.
fn grouped(each: impl IntoIterator<Item = Rejected>) -> Vec<Rejected> {
    let mut groups: BTreeMap<(String, Vec<String>, String), Vec<usize>> = BTreeMap::new();
    for one in each {
        let key = (one.plugin, one.reasons, one.code);
        groups.entry(key).or_default().extend(one.nodes);
    }
    let sorted = groups
        .into_iter()
        .map(|((plugin, reasons, code), mut nodes)| {
            nodes.sort_unstable();
            Rejected {
                plugin,
                reasons,
                code,
                nodes,
            }
        });
    sorted.collect()
}

fn preemption(world: &World, one: &explanation::Preemption) -> Preemption {
    let names = |pods: &[PodId]| pods.iter().map(|&pod| world.pod_name(pod)).collect();
    let candidates = one.candidates.iter().map(|candidate| {
        let told = Candidate {
            victims: names(&candidate.victims),
            pdb_violations: candidate.budget_violations,
        };
        (world.node_name(candidate.node), told)
    });
    let mut tied: Vec<String> = one.tied.iter().map(|&node| world.node_name(node)).collect();
    tied.sort_unstable();
    if tied.len() == 1 {
        tied.clear();
    }
    let (catalog, nodes) = (world.cluster.catalog(), world.cluster.nodes_present());
    let why_not = one.why_not.as_ref();
    Preemption {
        nominated: one.nominated.map(|node| world.node_name(node)),
        message: why_not.map(|why| reasons::why_no_preemption(catalog, nodes, why)),
        victims: names(&one.victims),
        pdb_violations: one.budget_violations,
        candidates: candidates.collect(),
        tied,
        cleared_nominations: names(&one.cleared_nominations),
    }
}

/// Where two decisions differ, a line for each part of them that does.
pub(crate) fn differences(ours: &Decision, theirs: &Decision) -> Vec<String> {
    let mut lines = Vec::new();
    let mut compare = |part: &str, ours: &dyn std::fmt::Debug, theirs: &dyn std::fmt::Debug| {
        let (ours, theirs) = (format!("{ours:?}"), format!("{theirs:?}"));
        if ours != theirs {
            lines.push(format!(
                "  {part}: {ours}\n  {part} of kube-scheduler: {theirs}"
            ));
        }
    };
    let theirs = &in_full(theirs);
    compare("pod", &ours.pod, &theirs.pod);
    compare("attempt", &ours.attempt, &theirs.attempt);
    compare("t", &ours.t, &theirs.t);
    compare(
        "nominated",
        &ours.nominated_before,
        &theirs.nominated_before,
    );
    compare("gone", &ours.victims_gone, &theirs.victims_gone);
    compare("feasible", &ours.feasible, &theirs.feasible);
    compare("rejected", &ours.rejected, &theirs.rejected);
    compare("total", &ours.total, &theirs.total);
    compare("best", &ours.best, &theirs.best);
    compare("chosen", &ours.chosen, &theirs.chosen);
    compare("preemption", &ours.preemption, &theirs.preemption);
    if theirs.evaluated.is_some() {
        compare("start", &ours.start_index, &theirs.start_index);
        compare("evaluated", &ours.evaluated, &theirs.evaluated);
    }
    let plugins = ours.scores.keys().chain(theirs.scores.keys());
    for plugin in plugins.collect::<std::collections::BTreeSet<_>>() {
        compare(plugin, &ours.scores.get(plugin), &theirs.scores.get(plugin));
    }
    lines
}

/// The decision without abbreviations, in our order.
fn in_full(theirs: &Decision) -> Decision {
    let nodes = theirs.feasible.len();
    let scores = theirs.scores.iter().map(|(plugin, scores)| {
        let each = match scores {
            Scores::All(points) => vec![*points; nodes],
            Scores::Each(each) => each.clone(),
        };
        (plugin.clone(), Scores::Each(each))
    });
    Decision {
        scores: scores.collect(),
        rejected: grouped(theirs.rejected.clone()),
        ..theirs.clone()
    }
}
