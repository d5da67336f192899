//! The explanation of one pod on a terminal: the answer first, then how the nodes compare, then who
//! refused the others.

use super::amounts::{self, Short};
use super::choice::{self, Columns};
use super::groups::{self, Group};
use super::{Moment, Nodes, Story};
use crate::cluster::pod::{Deletion, Outcome, Phase, Pod, Queued};
use crate::control::watch::Decision;
use crate::ids::NodeId;
use crate::policy::scheduler::explanation::{Explanation, Obstacle, Preemption, WhyNoPreemption};
use crate::report::figure::{self, Unit};
use crate::report::reasons;
use crate::report::text::layout::{Page, Tone};
use crate::report::text::{Look, count};
use crate::time::Time;

/// Most of the nodes that fit that are listed unless all are.
const FEW: usize = 5;

/// Everything there is to say, on a page of so many columns.
pub fn page(story: &Story<'_>, nodes: Nodes, look: Look) -> String {
    let mut page = Page::new(look);
    answer(story, &mut page);
    if let Some(drill) = story.moment.drilled() {
        page.text(&drill);
    }
    page.gap();
    facts(story, &mut page);
    if let Some(decision) = story.decision {
        compared(story, decision, nodes, &mut page);
        refused(story, decision, nodes, &mut page);
    }
    page.finish()
}

/// The pod as it is, and why.
fn answer(story: &Story<'_>, page: &mut Page) {
    let moment = &story.moment;
    let pod = &moment.belief.pods()[story.pod];
    let name = moment.name(story.pod);
    let mut sentences = vec![state(story, pod, &name, page)];
    match story.decision {
        None => sentences.push("The scheduler has not come to it yet.".to_owned()),
        Some(decision) => {
            let told = &decision.explanation;
            sentences.extend(choice::sentence(moment, decision));
            sentences.extend(made_room(moment, decision));
            sentences.extend(none_fits(decision));
            sentences.extend(
                told.preemption
                    .as_ref()
                    .map(|found| preemption(story, found)),
            );
        }
    }
    page.text(&sentences.join(" "));
}

/// What became of the pod: `cart-7 waits since 20:00:47.`
fn state(story: &Story<'_>, pod: &Pod, name: &str, page: &Page) -> String {
    let moment = &story.moment;
    let clock = |at: Time| moment.clock(at);
    let good = |word: &str| page.paint(word, Tone::Good);
    let bad = |word: &str| page.paint(word, Tone::Bad);
    let place = match (pod.node, pod.nominated) {
        (Some(node), _) => format!("on {}, placed at {}", moment.node(node), clock(pod.bound)),
        (None, None) => format!("since {}", clock(pod.created)),
        (None, Some(node)) => {
            let since = clock(pod.created);
            format!("since {since} and is nominated to {}", moment.node(node))
        }
    };
    if let (Some(deletion), false) = (pod.deletion, pod.gone()) {
        let on = pod.node.map(|node| format!(" on {}", moment.node(node)));
        return format!(
            "{name} {}{}: {}.",
            bad("is being deleted"),
            on.unwrap_or_default(),
            why_deleted(story, deletion)
        );
    }
    match pod.phase {
        Phase::Pending => format!("{name} {} {place}.", bad("waits")),
        Phase::Starting => format!("{name} {} {place}.", good("starts")),
        Phase::Running if pod.ready || pod.service().is_none() => {
            format!("{name} {} {place}.", good("runs"))
        }
        Phase::Running => format!("{name} {} {place} and is not ready.", good("runs")),
        Phase::Crashed => {
            let again = pod
                .restart_at
                .map(|at| format!(", to be restarted at {}", clock(at)));
            let again = again.unwrap_or_default();
            format!("{name} {} {place}{again}.", bad("has crashed"))
        }
        Phase::Gone(outcome) => {
            let end = match outcome {
                Outcome::Succeeded => good("has succeeded"),
                Outcome::Failed => bad("has failed"),
                Outcome::Deleted => bad("was deleted"),
                Outcome::Lost => bad("was lost"),
            };
            let why = pod
                .deletion
                .map(|why| format!(" ({})", why_deleted(story, why)));
            let why = why.unwrap_or_default();
            match pod.node {
                Some(node) => {
                    let node = moment.node(node);
                    format!(
                        "{name} {end}{why}; it went to {node} at {}.",
                        clock(pod.bound)
                    )
                }
                None => format!("{name} {end}{why}; it never had a node."),
            }
        }
    }
}

fn why_deleted(story: &Story<'_>, deletion: Deletion) -> String {
    let why = match deletion {
        Deletion::ScaledDown => "its service is to have fewer replicas",
        Deletion::Requested => "a user asked for it",
        Deletion::Unreachable => "its node has been unreachable for too long",
        Deletion::Drained => "its node is being drained",
        Deletion::NodeRemoved => "its node leaves the cluster",
        Deletion::Preempted => {
            let other = story.evicted_for.map(|pod| story.moment.name(pod));
            let other = other.as_deref().unwrap_or("a pod");
            return format!("{other}, of higher priority, needs its place");
        }
    };
    why.to_owned()
}

/// `0 of 12 nodes fit: 4 not ready (zone b), 6 insufficient cpu (most free: worker-3, 310m of 500m).`
fn none_fits(decision: &Decision) -> Option<String> {
    let (belief, told) = (&decision.belief, &decision.explanation);
    if !told.feasible.is_empty() {
        return None;
    }
    let shape = belief.shape(decision.pod);
    let counted = groups::of(belief, told).into_iter().map(|group| {
        let detail = group.detail(belief, shape);
        let detail = detail.map(|detail| format!(" ({detail})"));
        format!("{}{}", group.counted(), detail.unwrap_or_default())
    });
    let counted: Vec<String> = counted.collect();
    Some(match counted.as_slice() {
        [] => "There are no nodes.".to_owned(),
        all => format!(
            "0 of {} fit: {}.",
            nodes(told.rejected.len()),
            all.join(", ")
        ),
    })
}

fn nodes(number: usize) -> String {
    count(number as u64, "node")
}

/// The preemption that came before: `At 12:01:00 it took the place of …`.
fn made_room(moment: &Moment<'_>, decision: &Decision) -> Option<String> {
    let (at, found) = decision.made_room.as_ref()?;
    let took = format!("At {} it took", moment.clock(*at));
    Some(takes_place(
        moment,
        found,
        found.nominated?,
        [&took, "It was"],
    ))
}

/// `It takes the place of 2 pods of lower priority on worker-5: batch-3-0, batch-7-0.`
fn takes_place(
    moment: &Moment<'_>,
    found: &Preemption,
    node: NodeId,
    [takes, is]: [&str; 2],
) -> String {
    let victims = found.victims.iter().map(|&pod| moment.name(pod));
    let victims: Vec<String> = victims.collect();
    let protected = match found.budget_violations {
        0 => String::new(),
        1 => ", one of them against a disruption budget".to_owned(),
        some => format!(", {some} of them against a disruption budget"),
    };
    let others = match (found.candidates.len() as u64, found.tied.len() as u64) {
        (0 | 1, _) => String::new(),
        (all, 0 | 1) => format!(" {is} the best of {} where that helps.", count(all, "node")),
        (all, tied) => {
            format!(" {is} one of {tied} equally good of the {all} nodes where that helps.")
        }
    };
    format!(
        "{takes} the place of {} of lower priority on {}: {}{protected}.{others}",
        count(victims.len() as u64, "pod"),
        moment.node(node),
        victims.join(", ")
    )
}

/// What evicting others is worth.
fn preemption(story: &Story<'_>, found: &Preemption) -> String {
    let moment = &story.moment;
    if let Some(node) = found.nominated {
        return takes_place(moment, found, node, ["It takes", "It is"]);
    }
    match &found.why_not {
        None => String::new(),
        Some(WhyNoPreemption::Never) => {
            "It never takes the place of others (preemptionPolicy Never).".to_owned()
        }
        Some(WhyNoPreemption::VictimsLeaving) => {
            "Pods of lower priority are leaving the node it is nominated to.".to_owned()
        }
        Some(WhyNoPreemption::NoCandidate(obstacles)) => {
            let why = obstacles.iter().map(|(one, nodes)| match one {
                Obstacle::Unhelpful => {
                    format!("{nodes} refuse it whatever runs there")
                }
                Obstacle::NoVictims => format!("{nodes} have no pods of lower priority"),
                Obstacle::Still(reason) => {
                    let brief = reasons::brief(&moment.scenario.catalog, reason);
                    format!("{nodes} refuse it even without those ({brief})")
                }
            });
            let why: Vec<String> = why.collect();
            format!("Preemption would not help: {}.", why.join(", "))
        }
    }
}

/// What it asks for, when it was tried, under which policy, and Kubernetes' own words.
fn facts(story: &Story<'_>, page: &mut Page) {
    let moment = &story.moment;
    let pod = &moment.belief.pods()[story.pod];
    let shape = moment.belief.shape(story.pod);
    page.row("asks for", amounts::asked(moment.belief, shape));
    page.row("decided", tried(story, pod));
    let policy = &moment.scenario.policy;
    let mut scheduler = vec![policy.scheduler.name.to_owned()];
    if shape.priority != 0 {
        scheduler.push(format!("priority {}", shape.priority));
    }
    page.row("scheduler", scheduler);
    let line = story
        .decision
        .and_then(|decision| reasons::line(&moment.scenario.catalog, &decision.explanation));
    if let Some(line) = line {
        page.hanging(&format!("{:<15}", "in Kubernetes"), &line);
    }
}

/// When decisions were made, and when the next one will be.
fn tried(story: &Story<'_>, pod: &Pod) -> Vec<String> {
    let moment = &story.moment;
    let mut facts = Vec::new();
    if let Some(decision) = story.decision {
        let failed = decision.belief.pods()[story.pod].attempts;
        let created = pod.created;
        let after = figure::number(decision.at.since(created).secs_f64(), Unit::Seconds);
        facts.push(match decision.at == created {
            true => format!("{}, when it was created", moment.clock(decision.at)),
            false => format!(
                "{}, {after} after it was created",
                moment.clock(decision.at)
            ),
        });
        if failed > 0 {
            facts.push(format!("attempt {}", failed + 1));
        }
    }
    match pod.queued {
        Queued::No => {}
        Queued::Active => facts.push("next in the queue".to_owned()),
        Queued::BackOff(until) => {
            facts.push(format!("tried again at {}", moment.clock(until)));
        }
        Queued::Unschedulable => {
            facts.push("tried again when something changes in its favour".to_owned());
        }
    }
    facts
}

/// The table of the nodes that fit; nothing where there was nothing to compare.
fn compared(story: &Story<'_>, decision: &Decision, shown: Nodes, page: &mut Page) {
    let told = &decision.explanation;
    let columns = Columns::of(told);
    let ranked = columns.ranked(told);
    if ranked.len() < 2 || (columns.columns.is_empty() && shown == Nodes::Few) {
        return;
    }
    let most = match shown {
        Nodes::Few => FEW,
        Nodes::All => ranked.len(),
    };
    let (alike, different): (Vec<_>, Vec<_>) = columns
        .columns
        .iter()
        .partition(|column| column.is_alike(&ranked));
    let mut rows = vec![vec![format!("{} that fit", nodes(told.feasible.len()))]];
    rows[0].extend(different.iter().map(|column| column.head().to_owned()));
    for &at in ranked.iter().take(most) {
        let node = told.feasible[at];
        let mut row = vec![story.moment.node(node).to_owned()];
        row.extend(different.iter().map(|column| column.show(at, &ranked)));
        row.push(if told.chosen == Some(node) {
            "chosen".to_owned()
        } else {
            String::new()
        });
        rows.push(row);
    }
    page.gap();
    aligned(&rows, page);
    let left = ranked.len().saturating_sub(most);
    let undrawn = told.feasible.len() - ranked.len();
    let mut rest = Vec::new();
    if left > 0 {
        rest.push(format!("{left} more, none of them better: --nodes all"));
    }
    if undrawn > 0 {
        rest.push(format!("{undrawn} more fit and were not drawn"));
    }
    let same = alike
        .iter()
        .map(|column| format!("{} {}", column.head(), column.show(ranked[0], &ranked)));
    let same: Vec<String> = same.collect();
    if !same.is_empty() {
        rest.push(format!("the same on all: {}", same.join(", ")));
    }
    if !rest.is_empty() {
        page.hanging("  ", &rest.join("; "));
    }
}

/// The first column to the left, the others to the right, but for a last one that has no head.
fn aligned(rows: &[Vec<String>], page: &mut Page) {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    for row in rows {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            let pad = " ".repeat(width(at) - cell.chars().count());
            line.push_str(&match at {
                0 => format!("  {cell}{pad}"),
                _ if at >= rows[0].len() => format!("  {cell}"),
                _ => format!("  {pad}{cell}"),
            });
        }
        page.line(line.trim_end());
    }
}

/// The nodes that were refused: grouped, or one by one.
fn refused(story: &Story<'_>, decision: &Decision, shown: Nodes, page: &mut Page) {
    let told = &decision.explanation;
    if told.rejected.is_empty() {
        return;
    }
    page.gap();
    let refuse = if told.rejected.len() == 1 {
        "refuses"
    } else {
        "refuse"
    };
    page.line(&format!("  {} {refuse} it", nodes(told.rejected.len())));
    match shown {
        Nodes::Few => {
            for group in groups::of(&decision.belief, told) {
                group_row(story, &group, page);
            }
        }
        Nodes::All => each_refused(story, decision, told, page),
    }
}

fn group_row(story: &Story<'_>, group: &Group<'_>, page: &mut Page) {
    let names = some_of(&group.nodes, |node| story.moment.node(node));
    let filter = reasons::plugin(group.plugin);
    let head = format!("  {:>5}  {}: ", group.nodes.len(), group.words);
    page.hanging(&head, &format!("{names} ({filter})"));
}

fn each_refused(story: &Story<'_>, decision: &Decision, told: &Explanation, page: &mut Page) {
    let belief = &decision.belief;
    let shape = belief.shape(decision.pod);
    let rows = told.rejected.iter().map(|(node, rejection)| {
        let amounts = rejection.reasons.iter().filter_map(Short::of);
        let amounts = amounts.map(|short| short.of_asked(belief, shape, *node));
        let amounts: Vec<String> = amounts.collect();
        let mut why = groups::words(belief.catalog(), &rejection.reasons);
        if !amounts.is_empty() {
            why.push_str(&format!(" ({})", amounts.join(", ")));
        }
        [
            story.moment.node(*node).to_owned(),
            reasons::plugin(rejection.plugin).to_owned(),
            why,
        ]
    });
    let rows: Vec<[String; 3]> = rows.collect();
    let width = |at: usize| {
        rows.iter()
            .map(|row| row[at].chars().count())
            .max()
            .unwrap_or(0)
    };
    let (first, second) = (width(0), width(1));
    for [node, filter, why] in &rows {
        page.line(&format!("  {node:<first$}  {filter:<second$}  {why}"));
    }
}

/// The first few names: `worker-1, worker-4, worker-7 and 3 more`.
pub(super) fn some_of<'a, T: Copy>(all: &[T], name: impl Fn(T) -> &'a str) -> String {
    let names: Vec<&str> = all.iter().take(FEW).map(|&one| name(one)).collect();
    match all.len() {
        more if more > FEW + 1 => format!("{} and {} more", names.join(", "), more - FEW),
        _ => all
            .iter()
            .map(|&one| name(one))
            .collect::<Vec<_>>()
            .join(", "),
    }
}
