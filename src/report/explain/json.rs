//! The same as JSON: complete, every node and every number.

use std::collections::BTreeMap;

use serde::Serialize;

use super::list::{self, Outlook};
use super::{Drill, Moment, Story, names};
use crate::cluster::Cluster;
use crate::cluster::pod::{Phase, Pod, Queued};
use crate::control::watch::Decision;
use crate::ids::{NodeId, PodId};
use crate::policy::scheduler::explanation::{Better, Explanation, Preemption, Rejection, TieBreak};
use crate::report::json::written;
use crate::report::reasons;
use crate::report::results::{deletion_name, outcome_name};
use crate::time::{Duration, Time};
use crate::units::{Resource, Resources};

/// The number of the format: raised when a program that reads the last one would go wrong.
pub const VERSION: u32 = 1;

/// One pod.
pub fn pod(story: &Story<'_>) -> String {
    let moment = &story.moment;
    written(&Explained {
        head: Head::of(moment),
        pod: PodNow::of(moment, story.pod),
        evicted_for: story.evicted_for.map(|pod| names::of(moment, pod)),
        decision: story
            .decision
            .map(|decision| DecisionOf::of(moment, decision)),
    })
}

/// The pods that wait.
pub fn waiting(moment: &Moment<'_>, outlook: &Outlook) -> String {
    let groups = list::grouped(moment, outlook).into_iter();
    let groups = groups.map(|group| {
        let shape = moment.belief.pods()[group.pods[0]].shape;
        let pods = group.pods.iter();
        Group {
            why: group.words.clone(),
            kubernetes: reasons::line(moment.belief.catalog(), &outlook[&shape]),
            pods: pods.map(|&pod| PodNow::of(moment, pod)).collect(),
        }
    });
    written(&List {
        head: Head::of(moment),
        waiting: groups.collect(),
    })
}

#[derive(Serialize)]
struct Explained<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    pod: PodNow<'a>,
    /// The pod of higher priority that needs its place.
    evicted_for: Option<String>,
    /// Nothing where the scheduler has not come to the pod.
    decision: Option<DecisionOf<'a>>,
}

#[derive(Serialize)]
struct List<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    waiting: Vec<Group<'a>>,
}

#[derive(Serialize)]
struct Group<'a> {
    why: String,
    kubernetes: Option<String>,
    pods: Vec<PodNow<'a>>,
}

#[derive(Serialize)]
struct Head<'a> {
    version: u32,
    plimsoll: &'static str,
    scenario: &'a str,
    hash: &'a str,
    /// What was changed of the file, in the words of the command line.
    changes: &'a [String],
    seed: u64,
    scheduler: &'static str,
    autoscaler: &'static str,
    healer: &'static str,
    at_s: f64,
    drill: Option<DrillOf<'a>>,
}

/// What the drill takes away.
#[derive(Serialize)]
struct DrillOf<'a> {
    lost: &'static str,
    /// Nothing where none was up.
    name: Option<&'a str>,
    at_s: Option<f64>,
    /// Nothing where it is for good.
    down_s: Option<f64>,
}

#[derive(Serialize)]
struct PodNow<'a> {
    name: String,
    kind: &'static str,
    owner: &'a str,
    index: u32,
    state: &'static str,
    ready: bool,
    being_deleted: Option<&'static str>,
    queue: Option<&'static str>,
    node: Option<&'a str>,
    nominated: Option<&'a str>,
    created_s: f64,
    bound_s: Option<f64>,
    tried_again_s: Option<f64>,
    failed_attempts: u32,
    priority: i32,
    requests: Amounts,
}

/// In thousandths of a core, bytes, and thousandths of a GPU.
#[derive(Serialize)]
struct Amounts {
    cpu_milli: u64,
    memory_bytes: u64,
    gpu_milli: u64,
}

#[derive(Serialize)]
struct DecisionOf<'a> {
    at_s: f64,
    attempt: u32,
    chosen: Option<&'a str>,
    best: Vec<&'a str>,
    tie_break: &'static str,
    kubernetes: Option<String>,
    nodes: u32,
    evaluated: u32,
    feasible: Vec<Feasible<'a>>,
    drawn: Option<Vec<&'a str>>,
    measures: Vec<MeasureOf>,
    rejected: Vec<Rejected<'a>>,
    preemption: Option<PreemptionOf<'a>>,
    made_room: Option<MadeRoomOf<'a>>,
}

#[derive(Serialize)]
struct Feasible<'a> {
    node: &'a str,
    /// By plugin; points times weight.
    points: BTreeMap<&'static str, i64>,
    total: Option<i64>,
    /// One for each of `measures`, in parts of it.
    values: Vec<i64>,
    free: Amounts,
}

#[derive(Serialize)]
struct MeasureOf {
    name: &'static str,
    unit: &'static str,
    parts: u64,
    better: &'static str,
}

#[derive(Serialize)]
struct Rejected<'a> {
    node: &'a str,
    plugin: &'static str,
    code: &'static str,
    reasons: Vec<String>,
    free: Amounts,
    pods: usize,
}

#[derive(Serialize)]
struct PreemptionOf<'a> {
    nominated: Option<&'a str>,
    victims: Vec<String>,
    budget_violations: u32,
    why_not: Option<String>,
    candidates: Vec<CandidateOf<'a>>,
    tied: Vec<&'a str>,
    cleared_nominations: Vec<String>,
}

/// An earlier attempt, with which others were evicted for the pod.
#[derive(Serialize)]
struct MadeRoomOf<'a> {
    at_s: f64,
    #[serde(flatten)]
    preemption: PreemptionOf<'a>,
}

#[derive(Serialize)]
struct CandidateOf<'a> {
    node: &'a str,
    victims: Vec<String>,
    budget_violations: u32,
}

impl<'a> Head<'a> {
    fn of(moment: &Moment<'a>) -> Head<'a> {
        let scenario = moment.scenario;
        Head {
            version: VERSION,
            plimsoll: env!("CARGO_PKG_VERSION"),
            scenario: &scenario.name,
            hash: &scenario.hash,
            changes: &scenario.changes,
            seed: moment.seed,
            scheduler: scenario.policy.scheduler.name,
            autoscaler: scenario.policy.autoscaler.name,
            healer: scenario.policy.healer.name,
            at_s: moment.at.secs_f64(),
            drill: moment.drill.map(DrillOf::of),
        }
    }
}

impl<'a> DrillOf<'a> {
    fn of(drill: &'a Drill) -> DrillOf<'a> {
        let struck = drill.struck.as_ref();
        DrillOf {
            lost: drill.drill.name(),
            name: struck.map(|struck| struck.name.as_str()),
            at_s: struck.map(|struck| struck.at.secs_f64()),
            down_s: struck
                .and_then(|struck| struck.down)
                .map(Duration::secs_f64),
        }
    }
}

impl<'a> PodNow<'a> {
    fn of(moment: &Moment<'a>, pod: PodId) -> PodNow<'a> {
        let state = &moment.belief.pods()[pod];
        let shape = moment.belief.shape(pod);
        let (kind, owner) = names::owner(moment, pod);
        let queue = queue(state);
        PodNow {
            name: names::of(moment, pod),
            kind,
            owner,
            index: state.index,
            state: phase(state),
            ready: state.ready,
            being_deleted: state.deletion.map(deletion_name),
            queue: queue.map(|(part, _)| part),
            node: state.node.map(|node| name(moment, node)),
            nominated: state.nominated.map(|node| name(moment, node)),
            created_s: state.created.secs_f64(),
            bound_s: state.node.map(|_| state.bound.secs_f64()),
            tried_again_s: queue.and_then(|(_, at)| at).map(Time::secs_f64),
            failed_attempts: state.attempts,
            priority: shape.priority,
            requests: Amounts::of(&shape.requests),
        }
    }
}

impl Amounts {
    fn of(resources: &Resources) -> Amounts {
        Amounts {
            cpu_milli: resources.get(Resource::Cpu),
            memory_bytes: resources.get(Resource::Memory),
            gpu_milli: resources.get(Resource::Gpu),
        }
    }
}

impl<'a> DecisionOf<'a> {
    fn of(moment: &Moment<'a>, decision: &Decision) -> DecisionOf<'a> {
        let (belief, told) = (&decision.belief, &decision.explanation);
        let nodes = |nodes: &[NodeId]| nodes.iter().map(|&node| name(moment, node)).collect();
        let measures = told.order.iter().map(|one| MeasureOf {
            name: one.measure.name,
            unit: one.measure.unit,
            parts: one.measure.parts,
            better: match one.measure.better {
                Better::More => "more",
                Better::Less => "less",
            },
        });
        let feasible = (0..told.feasible.len()).map(|at| Feasible::of(moment, belief, told, at));
        let rejected = told.rejected.iter();
        let rejected = rejected.map(|(node, why)| Rejected::of(moment, belief, *node, why));
        DecisionOf {
            at_s: decision.at.secs_f64(),
            attempt: belief.pods()[decision.pod].attempts + 1,
            chosen: told.chosen.map(|node| name(moment, node)),
            best: nodes(&told.best),
            tie_break: match told.tie_break {
                TieBreak::First => "first in the scenario",
                TieBreak::FirstDrawn => "first drawn",
                TieBreak::Lot => "lot",
                TieBreak::Name => "first by name",
            },
            kubernetes: reasons::line(belief.catalog(), told),
            nodes: belief.nodes_present(),
            evaluated: told.evaluated,
            feasible: feasible.collect(),
            drawn: told.drawn.as_deref().map(nodes),
            measures: measures.collect(),
            rejected: rejected.collect(),
            preemption: told
                .preemption
                .as_ref()
                .map(|found| PreemptionOf::of(moment, belief, found)),
            made_room: decision.made_room.as_ref().map(|(at, found)| MadeRoomOf {
                at_s: at.secs_f64(),
                preemption: PreemptionOf::of(moment, belief, found),
            }),
        }
    }
}

impl<'a> Feasible<'a> {
    fn of(moment: &Moment<'a>, belief: &Cluster, told: &Explanation, at: usize) -> Feasible<'a> {
        let node = told.feasible[at];
        let points = told.scores.iter();
        let points = points.map(|scorer| (reasons::plugin(scorer.plugin), scorer.points[at]));
        Feasible {
            node: name(moment, node),
            points: points.collect(),
            total: told.totals.get(at).copied(),
            values: told.order.iter().map(|one| one.values[at]).collect(),
            free: Amounts::of(&belief.free()[node]),
        }
    }
}

impl<'a> Rejected<'a> {
    fn of(moment: &Moment<'a>, belief: &Cluster, node: NodeId, why: &Rejection) -> Rejected<'a> {
        let texts = why
            .reasons
            .iter()
            .map(|one| reasons::reason(belief.catalog(), one));
        Rejected {
            node: name(moment, node),
            plugin: reasons::plugin(why.plugin),
            code: reasons::code(why.code),
            reasons: texts.collect(),
            free: Amounts::of(&belief.free()[node]),
            pods: belief.nodes()[node].pods.len(),
        }
    }
}

impl<'a> PreemptionOf<'a> {
    fn of(moment: &Moment<'a>, belief: &Cluster, found: &Preemption) -> PreemptionOf<'a> {
        let pods = |pods: &[PodId]| pods.iter().map(|&pod| names::of(moment, pod)).collect();
        let candidates = found.candidates.iter().map(|one| CandidateOf {
            node: name(moment, one.node),
            victims: pods(&one.victims),
            budget_violations: one.budget_violations,
        });
        let why_not = found
            .why_not
            .as_ref()
            .map(|why| reasons::why_no_preemption(belief.catalog(), belief.nodes_present(), why));
        PreemptionOf {
            nominated: found.nominated.map(|node| name(moment, node)),
            victims: pods(&found.victims),
            budget_violations: found.budget_violations,
            why_not,
            candidates: candidates.collect(),
            tied: found.tied.iter().map(|&node| name(moment, node)).collect(),
            cleared_nominations: pods(&found.cleared_nominations),
        }
    }
}

fn name<'a>(moment: &Moment<'a>, node: NodeId) -> &'a str {
    &moment.scenario.catalog.nodes[node].name
}

const fn phase(pod: &Pod) -> &'static str {
    match pod.phase {
        Phase::Pending => "pending",
        Phase::Starting => "starting",
        Phase::Running => "running",
        Phase::Crashed => "crashed",
        Phase::Gone(outcome) => outcome_name(outcome),
    }
}

/// In which part of the queue it is, and until when if that is known.
const fn queue(pod: &Pod) -> Option<(&'static str, Option<Time>)> {
    match pod.queued {
        Queued::No => None,
        Queued::Active => Some(("active", None)),
        Queued::BackOff(until) => Some(("backoff", Some(until))),
        Queued::Unschedulable => Some(("unschedulable", None)),
    }
}
