//! What is known of the containers of one node. Whatever is heard twice, late, or of a container that
//! is not the pod's present one changes nothing.

use std::collections::BTreeMap;

use crate::cluster::pod::Exit;
use crate::control::command::CommandId;
use crate::control::fact::Fact;
use crate::ids::{NodeId, PodId, ServiceId};
use crate::record::Truth;

/// Truths and facts, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Told {
    pub(super) truth: Vec<Truth>,
    pub(super) facts: Vec<Fact>,
}

/// The newest container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) incarnation: u32,
    /// The service; `None` for a job's.
    pub(super) service: Option<ServiceId>,
    pub(super) name: String,
    /// Its id, once it is created.
    pub(super) id: Option<String>,
    pub(super) state: State,
    /// Whether the control plane hears of its readiness by a probe alone.
    pub(super) probed: bool,
    /// Whether the control plane was told that it is ready.
    pub(super) ready: bool,
    /// Whether it has been found able to serve.
    pub(super) serves: bool,
    /// Whether it was ordered to stop.
    pub(super) stopping: bool,
    /// Whether it is dead in truth: plimsoll killed it, and the engine has not said so yet.
    pub(super) killed: bool,
}

/// How far a container is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It is being created and started.
    Starting,
    /// It runs.
    Running,
    /// It is dead.
    Dead,
}

/// How a container's process ended, as far as its engine knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    pub(super) code: i64,
    pub(super) out_of_memory: bool,
}

/// The containers of one node.
#[derive(Debug)]
pub(super) struct Ledger {
    node: NodeId,
    held: BTreeMap<PodId, Held>,
}

impl Ledger {
    pub(super) const fn new(node: NodeId) -> Ledger {
        Ledger {
            node,
            held: BTreeMap::new(),
        }
    }

    /// The newest container of every pod, dead ones included.
    pub(super) fn all(&self) -> impl Iterator<Item = (PodId, &Held)> {
        self.held.iter().map(|(&pod, held)| (pod, held))
    }

    /// The pod whose newest container is called so, and that container.
    pub(super) fn named(&self, name: &str) -> Option<(PodId, &Held)> {
        self.all().find(|(_, held)| held.name == name)
    }

    /// The pod's container, if it is this one and not dead.
    pub(super) fn living(&self, pod: PodId, incarnation: u32) -> Option<&Held> {
        let held = self.held.get(&pod)?;
        (held.incarnation == incarnation && held.state != State::Dead).then_some(held)
    }

    fn living_mut(&mut self, pod: PodId, incarnation: u32) -> Option<&mut Held> {
        let held = self.held.get_mut(&pod)?;
        (held.incarnation == incarnation && held.state != State::Dead).then_some(held)
    }

    /// A container was ordered; `None` when it is not newer than the pod's last.
    pub(super) fn order(&mut self, pod: PodId, held: Held) -> Option<Told> {
        if let Some(last) = self.held.get(&pod)
            && last.incarnation >= held.incarnation
        {
            return None;
        }
        let mut told = Told::default();
        if let Some(last) = self.held.get(&pod).filter(|last| last.state != State::Dead) {
            // The control plane gave that one up.
            told = self.end(pod, last.incarnation, Exit::Stopped);
        }
        told.truth.push(Truth::ContainerStarting {
            pod,
            incarnation: held.incarnation,
            node: self.node,
        });
        self.held.insert(pod, held);
        Some(told)
    }

    /// The container runs under this id.
    pub(super) fn started(&mut self, pod: PodId, incarnation: u32, id: &str) -> Told {
        let mut told = Told::default();
        let Some(held) = self.living_mut(pod, incarnation) else {
            return told;
        };
        held.id = Some(id.to_owned());
        if held.state == State::Running {
            return told;
        }
        held.state = State::Running;
        let is_job = held.service.is_none();
        held.ready = is_job;
        held.serves = is_job;
        told.truth
            .push(Truth::ContainerStarted { pod, incarnation });
        if is_job {
            told.truth.push(Truth::ContainerReady { pod, incarnation });
        }
        told.facts.push(Fact::ContainerStarted {
            pod,
            incarnation,
            ready: is_job,
        });
        told
    }

    /// The container has been found able to serve for the first time.
    pub(super) fn serves(&mut self, pod: PodId, incarnation: u32) -> Told {
        let mut told = Told::default();
        let Some(held) = self.living_mut(pod, incarnation) else {
            return told;
        };
        if held.state != State::Running || held.serves {
            return told;
        }
        held.serves = true;
        let tell = !held.probed && !held.ready;
        held.ready |= tell;
        told.truth.push(Truth::ContainerReady { pod, incarnation });
        if tell {
            told.facts.push(Fact::ProbeChanged {
                pod,
                incarnation,
                ready: true,
            });
        }
        told
    }

    /// The container's readiness is judged like this.
    pub(super) fn judged(&mut self, pod: PodId, incarnation: u32, ready: bool) -> Told {
        let mut told = match ready {
            // What passes a probe serves, whatever was found before.
            true => self.serves(pod, incarnation),
            false => Told::default(),
        };
        let Some(held) = self.living_mut(pod, incarnation) else {
            return told;
        };
        if held.state == State::Running && held.ready != ready {
            held.ready = ready;
            told.facts.push(Fact::ProbeChanged {
                pod,
                incarnation,
                ready,
            });
        }
        told
    }

    /// The container is to stop; says whether that is new.
    pub(super) fn stop(&mut self, pod: PodId, incarnation: u32) -> bool {
        let held = self.living_mut(pod, incarnation);
        held.is_some_and(|held| !std::mem::replace(&mut held.stopping, true))
    }

    /// The container could not be stopped: it may be ordered again.
    pub(super) fn not_stopping(&mut self, pod: PodId, incarnation: u32) {
        if let Some(held) = self.living_mut(pod, incarnation) {
            held.stopping = false;
        }
    }

    /// The container's process has ended.
    pub(super) fn died(&mut self, pod: PodId, incarnation: u32, end: End) -> Told {
        let Some(held) = self.living(pod, incarnation) else {
            return Told::default();
        };
        let exit = match (held.stopping, end.out_of_memory, end.code) {
            (true, _, _) => Exit::Stopped,
            (false, true, _) => Exit::OutOfMemory,
            // A service's container is not to end by itself.
            (false, false, 0) if held.service.is_none() => Exit::Completed,
            (false, false, _) => Exit::Crashed,
        };
        let mut told = match held.state {
            // It was over before it was known to run.
            State::Starting => {
                let id = held.id.clone().unwrap_or_default();
                self.started(pod, incarnation, &id)
            }
            State::Running | State::Dead => Told::default(),
        };
        let ended = self.end(pod, incarnation, exit);
        told.truth.extend(ended.truth);
        told.facts.extend(ended.facts);
        told
    }

    /// The container's process was killed, which nobody has heard of.
    pub(super) fn killed(&mut self, pod: PodId, incarnation: u32) -> Told {
        let held = self.living_mut(pod, incarnation);
        let is_news = held.is_some_and(|held| !std::mem::replace(&mut held.killed, true));
        let exited = Truth::ContainerExited {
            pod,
            incarnation,
            exit: Exit::Crashed,
        };
        Told {
            truth: is_news.then_some(exited).into_iter().collect(),
            facts: Vec::new(),
        }
    }

    /// The container could not be started.
    pub(super) fn failed(&mut self, pod: PodId, incarnation: u32, command: CommandId) -> Told {
        let mut told = Told::default();
        let Some(held) = self.living_mut(pod, incarnation) else {
            return told;
        };
        let exit = match held.stopping {
            true => Exit::Stopped,
            false => Exit::Crashed,
        };
        told = self.end(pod, incarnation, exit);
        if exit == Exit::Crashed {
            told.facts = vec![Fact::CommandFailed {
                command,
                pod,
                incarnation,
            }];
        }
        told
    }

    /// All containers died with their node, unheard.
    pub(super) fn lost(&mut self) -> Told {
        self.lose(|_| true)
    }

    /// The containers that are not among these died with their node, unheard.
    pub(super) fn lost_but(&mut self, running: &BTreeMap<String, String>) -> Told {
        self.lose(|held| !running.contains_key(&held.name))
    }

    fn lose(&mut self, is_lost: impl Fn(&Held) -> bool) -> Told {
        let mut told = Told::default();
        for (&pod, held) in &mut self.held {
            if held.state == State::Dead || !is_lost(held) {
                continue;
            }
            held.state = State::Dead;
            if !held.killed {
                told.truth.push(Truth::ContainerExited {
                    pod,
                    incarnation: held.incarnation,
                    exit: Exit::NodeLost,
                });
            }
        }
        told
    }

    /// The list of what is there, for a control plane that may have missed something.
    pub(super) fn relist(&self) -> Vec<Fact> {
        let living = self
            .held
            .iter()
            .filter(|(_, held)| held.state != State::Dead);
        let listed = living.map(|(&pod, held)| Fact::ContainerListed {
            pod,
            incarnation: held.incarnation,
            running: held.state == State::Running,
            ready: held.ready,
        });
        let mut facts = vec![Fact::RelistBegun(self.node)];
        facts.extend(listed);
        facts.push(Fact::RelistEnded(self.node));
        facts
    }

    fn end(&mut self, pod: PodId, incarnation: u32, exit: Exit) -> Told {
        let mut was_told = false;
        if let Some(held) = self.living_mut(pod, incarnation) {
            held.state = State::Dead;
            was_told = held.killed;
        }
        let exited = Truth::ContainerExited {
            pod,
            incarnation,
            exit,
        };
        Told {
            truth: (!was_told).then_some(exited).into_iter().collect(),
            facts: vec![Fact::ContainerExited {
                pod,
                incarnation,
                exit,
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: PodId = PodId(7);

    fn held(incarnation: u32, service: Option<ServiceId>) -> Held {
        Held {
            incarnation,
            service,
            name: format!("plimsoll-shop-cart-7-{incarnation}"),
            id: None,
            state: State::Starting,
            probed: true,
            ready: false,
            serves: false,
            stopping: false,
            killed: false,
        }
    }

    /// A ledger with one container of a service, which runs.
    fn running() -> Ledger {
        let mut ledger = Ledger::new(NodeId(0));
        ledger
            .order(POD, held(1, Some(ServiceId(0))))
            .expect("a new container");
        ledger.started(POD, 1, "id");
        ledger
    }

    const CRASH: End = End {
        code: 137,
        out_of_memory: false,
    };

    fn exits(told: &Told) -> Vec<Exit> {
        let exit = |fact: &Fact| match fact {
            Fact::ContainerExited { exit, .. } => Some(*exit),
            _ => None,
        };
        told.facts.iter().filter_map(exit).collect()
    }

    #[test]
    fn news_that_comes_twice_is_told_once() {
        let mut ledger = running();
        assert_eq!(ledger.started(POD, 1, "id"), Told::default());
        assert_eq!(ledger.judged(POD, 1, true).facts.len(), 1);
        assert_eq!(ledger.judged(POD, 1, true), Told::default());
        assert_eq!(exits(&ledger.died(POD, 1, CRASH)), [Exit::Crashed]);
        assert_eq!(ledger.died(POD, 1, CRASH), Told::default());
        assert_eq!(ledger.judged(POD, 1, false), Told::default());
    }

    #[test]
    fn what_plimsoll_killed_is_dead_before_it_is_heard_of() {
        let mut ledger = running();
        let exit = |exit| Truth::ContainerExited {
            pod: POD,
            incarnation: 1,
            exit,
        };
        let killed = ledger.killed(POD, 1);
        assert_eq!(
            (killed.truth, killed.facts),
            (vec![exit(Exit::Crashed)], vec![])
        );
        assert_eq!(ledger.killed(POD, 1), Told::default());
        let heard = ledger.died(POD, 1, CRASH);
        assert_eq!((heard.truth.len(), exits(&heard)), (0, vec![Exit::Crashed]));
        assert_eq!(ledger.killed(POD, 1), Told::default());
        // One that dies with its node meanwhile dies once.
        let mut ledger = running();
        ledger.killed(POD, 1);
        assert_eq!(ledger.lost(), Told::default());
    }

    #[test]
    fn late_news_of_an_earlier_container_is_no_news_of_the_present_one() {
        let mut ledger = running();
        ledger.died(POD, 1, CRASH);
        ledger
            .order(POD, held(2, Some(ServiceId(0))))
            .expect("a newer container");
        assert_eq!(ledger.died(POD, 1, CRASH), Told::default());
        assert_eq!(ledger.started(POD, 1, "id"), Told::default());
        assert_eq!(
            ledger.living(POD, 2).map(|held| held.state),
            Some(State::Starting)
        );
        assert!(ledger.order(POD, held(1, Some(ServiceId(0)))).is_none());
    }

    #[test]
    fn causes_of_death_are_told_apart() {
        let exit = |service, stop, end| {
            let mut ledger = Ledger::new(NodeId(0));
            ledger
                .order(POD, held(1, service))
                .expect("a new container");
            ledger.started(POD, 1, "id");
            if stop {
                assert!(ledger.stop(POD, 1));
            }
            exits(&ledger.died(POD, 1, end))
        };
        let done = End::default();
        let memory = End {
            out_of_memory: true,
            ..CRASH
        };
        let service = Some(ServiceId(0));
        assert_eq!(exit(service, false, CRASH), [Exit::Crashed]);
        assert_eq!(exit(service, false, memory), [Exit::OutOfMemory]);
        assert_eq!(exit(service, true, CRASH), [Exit::Stopped]);
        assert_eq!(exit(service, false, done), [Exit::Crashed]);
        assert_eq!(exit(None, false, done), [Exit::Completed]);
    }

    #[test]
    fn a_container_that_dies_before_it_was_seen_to_run_has_run() {
        let mut ledger = Ledger::new(NodeId(0));
        ledger
            .order(POD, held(1, Some(ServiceId(0))))
            .expect("a new container");
        let told = ledger.died(POD, 1, CRASH);
        let started = Truth::ContainerStarted {
            pod: POD,
            incarnation: 1,
        };
        assert_eq!(told.truth[0], started);
        assert_eq!(exits(&told), [Exit::Crashed]);
        assert_eq!(ledger.started(POD, 1, "id"), Told::default());
    }

    #[test]
    fn what_died_with_its_node_is_not_told_but_missing_from_the_list() {
        let mut ledger = running();
        let told = ledger.lost_but(&BTreeMap::new());
        assert!(told.facts.is_empty());
        assert_eq!(told.truth.len(), 1);
        assert_eq!(ledger.relist().len(), 2);
        let mut ledger = running();
        let name = "plimsoll-shop-cart-7-1".to_owned();
        let told = ledger.lost_but(&BTreeMap::from([(name, "id".to_owned())]));
        assert_eq!(told, Told::default());
        assert_eq!(ledger.relist().len(), 3);
    }

    #[test]
    fn a_service_without_a_probe_is_ready_when_it_serves() {
        let mut ledger = Ledger::new(NodeId(0));
        let plain = Held {
            probed: false,
            ..held(1, Some(ServiceId(0)))
        };
        ledger.order(POD, plain).expect("a new container");
        ledger.started(POD, 1, "id");
        let ready = Fact::ProbeChanged {
            pod: POD,
            incarnation: 1,
            ready: true,
        };
        assert_eq!(ledger.serves(POD, 1).facts, [ready]);
        assert_eq!(ledger.serves(POD, 1), Told::default());
    }
}
