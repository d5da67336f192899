//! Attempt by attempt, in the order of arrival, with preemption.

use std::collections::VecDeque;

use plimsoll::cluster::change::Change;
use plimsoll::cluster::pod::Deletion;
use plimsoll::ids::PodId;
use plimsoll::policy::queue::Waking;
use plimsoll::policy::scheduler::Scheduler;
use plimsoll::policy::scheduler::explanation::{Explanation, Preemption};
use plimsoll::policy::scheduler::kube::attempt::{attempt, attempt_of};
use plimsoll::policy::scheduler::kube::cycle::{Cycle, Nominations};
use plimsoll::policy::scheduler::kube::fast::Fast;
use plimsoll::policy::scheduler::kube::plain::{next_start, placement};

use crate::json::{Case, Decision};
use crate::told;
use crate::world::World;

/// Decisions compared, and those that differ.
#[derive(Default)]
pub(crate) struct Compared {
    pub(crate) decisions: usize,
    pub(crate) differing: Vec<String>,
}

/// A preemptor that is to be tried again.
struct Retry {
    pod: PodId,
    due: usize,
    attempts: u32,
    victims: Vec<PodId>,
}

struct Replay<'a> {
    case: &'a Case,
    world: World,
    expected: std::slice::Iter<'a, Decision>,
    fast: Fast,
    retries: VecDeque<Retry>,
    compared: Compared,
}

/// Replays all arrivals of a case.
pub(crate) fn replay(case: &Case) -> Compared {
    let world = World::new(case);
    let mut replay = Replay {
        case,
        fast: Fast::new(world.profile.clone(), Waking::Hints),
        world,
        expected: case.decisions.iter(),
        retries: VecDeque::new(),
        compared: Compared::default(),
    };
    let arriving = std::mem::take(&mut replay.world.arriving);
    let last = arriving.len();
    for (arrival, (name, shape)) in arriving.into_iter().enumerate() {
        while replay.retries.front().is_some_and(|one| one.due <= arrival) {
            replay.retry(arrival.wrapping_sub(1));
        }
        let pod = replay.world.create(name, shape);
        replay.attempt(pod, arrival, 1, Vec::new());
    }
    while !replay.retries.is_empty() {
        replay.retry(last);
    }
    for more in replay.expected {
        let text = format!("{}: {} was tried once more", case.name, more.pod);
        replay.compared.differing.push(text);
    }
    replay.compared
}

impl Compared {
    /// Compares one more decision of the case.
    pub(crate) fn add(&mut self, case: &Case, ours: &Decision, theirs: &Decision) {
        self.decisions += 1;
        let lines = told::differences(ours, theirs);
        if !lines.is_empty() {
            let (name, pod) = (&case.name, &theirs.pod);
            let text = format!("{name}: {pod}\n{}", lines.join("\n"));
            self.differing.push(text);
        }
    }
}

/// Attempts of these cases were made without a queue.
fn attempt_outside(world: &World, pod: PodId) -> Explanation {
    let cycle = Cycle {
        nominations: Nominations::Elsewhere,
        ..Cycle::new(&world.cluster, pod)
    };
    attempt_of(&world.profile, &world.view(), cycle)
}

impl Replay<'_> {
    fn retry(&mut self, arrival: usize) {
        let retry = self.retries.pop_front().expect("one is due");
        let mut gone = Vec::new();
        for victim in retry.victims {
            if !self.world.cluster.pods()[victim].gone() {
                self.world.end(victim);
                gone.push(self.world.pod_name(victim));
            }
        }
        self.world.apply(Change::PodActivated(retry.pod));
        self.attempt(retry.pod, arrival, retry.attempts + 1, gone);
    }

    fn attempt(&mut self, pod: PodId, arrival: usize, attempts: u32, gone: Vec<String>) {
        self.world.tick();
        self.decide_fast(pod);
        let told = attempt_outside(&self.world, pod);
        let mut ours = Decision {
            attempt: (attempts > 1).then_some(attempts),
            victims_gone: gone,
            ..told::decision(&self.world, pod, &told)
        };
        ours.chosen = self.carry_out(pod, &told, arrival, attempts);
        self.world.cluster.check();
        let Some(theirs) = self.expected.next() else {
            let text = format!("{}: {} was not tried again", self.case.name, ours.pod);
            self.compared.differing.push(text);
            return;
        };
        self.compared.add(self.case, &ours, theirs);
    }

    /// The scheduler that does not ask every node anew decides as the plain one does.
    fn decide_fast(&mut self, pod: PodId) {
        let view = self.world.view();
        let told = attempt(&self.world.profile, &view, pod);
        let plain = placement(&view, pod, &told);
        let name = &self.case.name;
        assert_eq!(self.fast.place(&view, pod), plain, "{name}");
    }

    /// Binds the pod, or makes room for it; returns where it is bound.
    fn carry_out(
        &mut self,
        pod: PodId,
        told: &Explanation,
        arrival: usize,
        attempts: u32,
    ) -> Option<String> {
        if let Some((slot, value)) = next_start(&self.world.view(), told) {
            self.world.apply(Change::Remembered { slot, value });
        }
        if let Some(node) = told.chosen {
            self.world.bind(pod, node);
            return Some(self.world.node_name(node));
        }
        let by = plimsoll::cluster::queue::RejectedBy::default();
        self.world.apply(Change::PodUnschedulable { pod, by });
        let preemption = told.preemption.as_ref().expect("no node fits");
        let Some(node) = preemption.nominated else {
            self.world.apply(Change::PodUnnominated(pod));
            return None;
        };
        for &other in &preemption.cleared_nominations {
            self.world.apply(Change::PodUnnominated(other));
        }
        self.world.apply(Change::PodNominated { pod, node });
        match self.case.options.preemption_grace {
            0 => Some(self.at_once(pod, preemption)),
            grace => {
                for &victim in &preemption.victims {
                    self.world.delete(victim, Deletion::Preempted);
                }
                self.retries.push_back(Retry {
                    pod,
                    due: arrival + 1 + grace,
                    attempts,
                    victims: preemption.victims.clone(),
                });
                None
            }
        }
    }

    /// The victims go at once, and the pod is tried again.
    fn at_once(&mut self, pod: PodId, preemption: &Preemption) -> String {
        for &victim in &preemption.victims {
            self.world.end(victim);
        }
        self.world.apply(Change::PodActivated(pod));
        let again = attempt_outside(&self.world, pod);
        let node = again.chosen.expect("room was made");
        self.world.bind(pod, node);
        self.world.node_name(node)
    }
}
