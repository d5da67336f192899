//! The pods that wait at a moment, grouped by what keeps them waiting.

use std::collections::BTreeMap;

use super::{Moment, groups, text};
use crate::cluster::pod::Queued;
use crate::ids::{PodId, ShapeId};
use crate::policy::scheduler::explanation::Explanation;
use crate::report::figure::{self, Unit};
use crate::report::text::layout::Page;
use crate::report::text::{Look, count};
use crate::time::{Duration, Time};

/// What the scheduler would say now of pods that wait, by what they ask for.
pub type Outlook = BTreeMap<ShapeId, Explanation>;

/// Most groups of pods that are listed.
const GROUPS: usize = 8;

/// How to ask about one pod.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// The command, without pod and moment.
    pub command: &'a str,
    /// The moment as it was typed.
    pub at: Option<&'a str>,
}

/// Pods that wait for the same reason.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// Why, in few words.
    pub(super) words: String,
    /// The pods, in order of creation.
    pub(super) pods: Vec<PodId>,
}

/// One pod of each shape that waits, the first that was created: what the scheduler is to be asked
/// about.
pub fn examples(moment: &Moment<'_>) -> BTreeMap<ShapeId, PodId> {
    let mut examples = BTreeMap::new();
    for pod in waiting(moment) {
        let shape = moment.belief.pods()[pod].shape;
        examples.entry(shape).or_insert(pod);
    }
    examples
}

/// All pods that wait for a node, in order of creation.
pub(super) fn waiting<'a>(moment: &Moment<'a>) -> impl Iterator<Item = PodId> + use<'a> {
    let pods = moment.belief.pods().iter();
    pods.filter(|(_, state)| state.queued != Queued::No)
        .map(|(pod, _)| pod)
}

/// All pods that wait, the largest group first.
pub(super) fn grouped(moment: &Moment<'_>, outlook: &Outlook) -> Vec<Waiting> {
    let mut groups: BTreeMap<String, Vec<PodId>> = BTreeMap::new();
    for pod in waiting(moment) {
        let told = &outlook[&moment.belief.pods()[pod].shape];
        groups.entry(words(moment, told)).or_default().push(pod);
    }
    let groups = groups
        .into_iter()
        .map(|(words, pods)| Waiting { words, pods });
    let mut groups: Vec<Waiting> = groups.collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.pods.len()));
    groups
}

/// What keeps pods waiting: `insufficient cpu on 6 nodes, not ready 4`.
fn words(moment: &Moment<'_>, told: &Explanation) -> String {
    match told.feasible.len() as u64 {
        0 => {
            let counted = groups::of(moment.belief, told).into_iter();
            let counted: Vec<String> = counted.map(|group| group.counted()).collect();
            match counted.as_slice() {
                [] => "there are no nodes".to_owned(),
                all => format!("no node fits: {}", all.join(", ")),
            }
        }
        fit => format!("{} fit by now; not tried since", count(fit, "node")),
    }
}

/// The page that says which pods wait, or that none does, and what to ask next.
pub fn page(moment: &Moment<'_>, outlook: &Outlook, ask: Ask<'_>, look: Look) -> String {
    let mut page = Page::new(look);
    let command = ask.command;
    let groups = grouped(moment, outlook);
    let at = moment.clock(moment.at);
    let waiting: usize = groups.iter().map(|group| group.pods.len()).sum();
    let pods = moment.belief.pods().as_slice().iter();
    let alive = pods.filter(|pod| !pod.gone()).count() as u64;
    let scheduler = moment.scenario.policy.scheduler.name;
    let waits = if waiting == 1 { "waits" } else { "wait" };
    page.text(&match waiting {
        0 if alive == 0 => format!("At {at}, there are no pods."),
        0 => format!(
            "At {at}, every pod has a node: {} on {}.",
            count(alive, "pod"),
            used(moment)
        ),
        some => format!(
            "At {at}, {some} of {} {waits} for a node under {scheduler}.",
            count(alive, "pod")
        ),
    });
    if let Some(drill) = moment.drilled() {
        page.text(&drill);
    }
    page.gap();
    for group in groups.iter().take(GROUPS) {
        page.hanging(&format!("  {:>5}  ", group.pods.len()), &group.words);
        let names: Vec<String> = group.pods.iter().map(|&pod| moment.name(pod)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        page.hanging("         ", &text::some_of(&names, |name| name));
    }
    if let Some(rest) = groups.get(GROUPS..).filter(|rest| !rest.is_empty()) {
        let pods: usize = rest.iter().map(|group| group.pods.len()).sum();
        page.hanging(
            &format!("  {pods:>5}  "),
            "for other reasons: --format json tells all",
        );
    }
    page.gap();
    if let Some(group) = groups.first() {
        let at = ask.at.map(|at| format!(" --at {at}")).unwrap_or_default();
        let name = moment.name(group.pods[0]);
        page.line(&format!("Try: {command}{at} --pod {name}"));
    } else if let Some((pod, waited)) = longest(moment) {
        let name = moment.name(pod);
        page.text(&format!(
            "The longest wait until then was that of {name}: {}.",
            figure::number(waited.secs_f64(), Unit::Seconds)
        ));
        let before = just_before(moment.belief.pods()[pod].bound);
        page.line(&format!("Try: {command} --pod {name} --at {before}"));
    }
    page.finish()
}

/// The last whole second before a time that is not the start, as it is typed: `20:00:04`.
fn just_before(at: Time) -> String {
    let whole = at.saturating_sub(Duration::from_nanos(1)).secs_f64() as u64;
    format!(
        "{:02}:{:02}:{:02}",
        whole / 3600,
        whole / 60 % 60,
        whole % 60
    )
}

fn used(moment: &Moment<'_>) -> String {
    let nodes = moment.belief.nodes().as_slice().iter();
    count(
        nodes.filter(|node| !node.pods.is_empty()).count() as u64,
        "node",
    )
}

/// The pod that waited longest for the node it got, if any waited.
fn longest(moment: &Moment<'_>) -> Option<(PodId, Duration)> {
    let pods = moment.belief.pods().iter();
    let bound = pods.filter(|(_, state)| state.node.is_some());
    let waits = bound.map(|(pod, state)| (state.bound.since(state.created), pod));
    let (waited, pod) = waits.max_by_key(|&(waited, pod)| (waited, std::cmp::Reverse(pod)))?;
    (!waited.is_zero()).then_some((pod, waited))
}
