//! Retries over time, as a whole control plane makes them that is told what happens.

use plimsoll::cluster::pod::Exit;
use plimsoll::control::command::Command;
use plimsoll::control::fact::Fact;
use plimsoll::control::{Control, Settings, Step};
use plimsoll::ids::{JobId, PodId};
use plimsoll::policy::Plan;
use plimsoll::policy::params::Params;
use plimsoll::policy::queue::Waking;
use plimsoll::policy::registry::{Choice, Named};
use plimsoll::policy::scheduler::explanation::{Preemption, WhyNoPreemption};
use plimsoll::policy::scheduler::kube::attempt::attempt;
use plimsoll::policy::scheduler::kube::plain::Plain;
use plimsoll::time::{Duration, Time};

use crate::json::{Case, Decision, Event};
use crate::replay::Compared;
use crate::told;
use crate::world::{SEED, World, full_name};

/// What every event, and every attempt, takes.
const TICK: Duration = Duration::from_millis(1);

/// How many seconds are waited after the last event.
const REST: u64 = 400;

struct Replay<'a> {
    case: &'a Case,
    /// What is believed, a step behind while steps are looked at.
    world: World,
    control: Control,
    expected: std::slice::Iter<'a, Decision>,
    compared: Compared,
}

/// Replays everything that happens in a case.
pub(crate) fn replay(case: &Case) -> Compared {
    let world = World::new(case);
    let node_names = case.node_names.as_ref().expect("it is said");
    assert_eq!(
        world.node_names, *node_names,
        "nodes are told apart by place"
    );
    let mut replay = Replay {
        case,
        control: control(&world),
        world,
        expected: case.decisions.iter(),
        compared: Compared::default(),
    };
    let seconds = case.events.iter().map(Event::second);
    let end = seconds.max().expect("something happens") + REST;
    for second in 0..end {
        replay.world.now = Time::from_secs(second);
        for event in case.events.iter().filter(|event| event.second() == second) {
            replay.world.now += TICK;
            replay.happens(event);
        }
        while replay.decide() {}
    }
    replay.finish()
}

/// The control plane that schedules as the case says and does nothing else of its own accord.
fn control(world: &World) -> Control {
    let named = |name| Named {
        name,
        params: Params::new([]),
    };
    let choice = Choice {
        scheduler: named("random"),
        autoscaler: named("fixed"),
        healer: named("none"),
    };
    let settings = Settings { scheduling: TICK };
    let mut control = Control::over(world.cluster.clone(), &choice, settings, SEED);
    control.set_scheduler(Box::new(Plain {
        profile: world.profile.clone(),
        waking: Waking::Hints,
    }));
    control
}

impl Replay<'_> {
    fn happens(&mut self, event: &Event) {
        match event {
            Event::PodAdd { pod, .. } => {
                let (name, shape) = self.world.arriving.pop_front().expect("it is to come");
                assert_eq!(name, full_name(&pod.metadata), "pods come in order");
                let id = self.world.cluster.pods().next_id();
                self.tell(Fact::JobSubmitted {
                    job: JobId(id.0),
                    shape,
                    replace: false,
                });
                self.world.call(id, name);
            }
            Event::PodDelete { name, .. } => {
                let pod = self.world.pod(name);
                self.tell(Fact::PodDeleted(pod));
            }
            Event::NodeAdd { node, .. } => {
                assert!(!node.spec.unschedulable, "a new node takes pods");
                let node = self.world.node(&node.metadata.name);
                self.tell(Fact::NodeAdded(node));
            }
            Event::NodeUpdate { node, .. } => {
                let revision = self.world.updates.pop_front().expect("it is to come");
                let id = self.world.node(&node.metadata.name);
                self.tell(Fact::NodeUpdated { node: id, revision });
                self.tell(match node.spec.unschedulable {
                    true => Fact::NodeCordoned(id),
                    false => Fact::NodeUndrained(id),
                });
            }
            Event::NodeDelete { name, .. } => {
                let node = self.world.node(name);
                self.tell(Fact::NodeRemoved(node));
            }
        }
    }

    fn tell(&mut self, fact: Fact) {
        self.control.observe(self.world.now, fact);
        self.follow();
    }

    /// Lets control decide, on one pod at most. Whether there was one.
    fn decide(&mut self) -> bool {
        self.world.now += TICK;
        let before = self.compared.decisions;
        self.control.decide(self.world.now);
        self.follow();
        self.compared.decisions > before
    }

    /// Takes over what control believes, and does what it says: containers stop at once.
    fn follow(&mut self) {
        let steps: Vec<Step> = self.control.steps().collect();
        let mut stopped = Vec::new();
        for step in steps {
            match step {
                Step::Changed(change) => self.world.apply(change),
                Step::Planned(Plan::Place { pod, .. }) => self.compare(pod),
                Step::Command(Command::Stop {
                    pod, incarnation, ..
                }) => stopped.push(Fact::ContainerExited {
                    pod,
                    incarnation,
                    exit: Exit::Stopped,
                }),
                Step::Planned(_) | Step::Command(_) => {}
            }
        }
        for fact in stopped {
            self.tell(fact);
        }
    }

    /// Compares an attempt with the next one of the case. It is told anew, from what was believed
    /// before it.
    fn compare(&mut self, pod: PodId) {
        let told = attempt(&self.world.profile, &self.world.view(), pod);
        let never = |one: &Preemption| one.why_not == Some(WhyNoPreemption::Never);
        assert!(
            told.preemption.as_ref().is_none_or(never),
            "no pod takes another's place"
        );
        let ours = Decision {
            attempt: Some(self.world.cluster.pods()[pod].attempts + 1),
            t: Some(self.world.now.secs_f64()),
            preemption: None,
            ..told::decision(&self.world, pod, &told)
        };
        let nothing = Decision::default();
        let theirs = self.expected.next().unwrap_or(&nothing);
        self.compared.add(self.case, &ours, theirs);
    }

    fn finish(mut self) -> Compared {
        for theirs in self.expected.by_ref() {
            self.compared.add(self.case, &Decision::default(), theirs);
        }
        let pending = self.case.pending_at_end.as_ref().expect("it is said");
        if self.world.pending() != *pending {
            let (name, ours) = (&self.case.name, self.world.pending());
            let text = format!("{name}: at the end {ours:?} wait, of kube-scheduler {pending:?}");
            self.compared.differing.push(text);
        }
        self.compared
    }
}
