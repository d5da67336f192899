//! Whether a node's engine answers, and what follows from that.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use super::{Agent, Inner, News, State};
use crate::control::fact::Fact;
use crate::live::clock::now;
use crate::live::engine::Listed;
use crate::live::fault::EngineFault;
use crate::live::sandbox::Signal;
use crate::live::trouble::{Kind, Trouble};
use crate::record::{Cause, Truth};

/// Longest time for the answer to a ping: a tenth of a second is much for an idle engine, one whose
/// cores are all busy took up to one.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of the way to an engine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    answers: bool,
    /// When it last answered.
    last: Instant,
    /// Whether the control plane was told of its silence.
    missed: bool,
    /// Whether it is told to be down in truth.
    down: bool,
    /// Whether its machine was ended by plimsoll, and not booted since.
    off: bool,
    /// How often it was ended so: what was begun before the last time is of no matter.
    cuts: u32,
    /// Whether a look for it is under way.
    looking: bool,
}

impl Link {
    pub(super) const fn new(now: Instant) -> Link {
        Link {
            answers: true,
            last: now,
            missed: false,
            down: false,
            off: false,
            cuts: 0,
            looking: false,
        }
    }

    pub(super) const fn answers(&self) -> bool {
        self.answers
    }

    pub(super) const fn is_off(&self) -> bool {
        self.off
    }

    /// Notes that its machine is ended.
    const fn cut(&mut self) {
        self.answers = false;
        self.off = true;
        self.cuts += 1;
    }

    /// Whether the machine has had power since so many cuts.
    const fn had_power_since(&self, cuts: u32) -> bool {
        !self.off && self.cuts == cuts
    }

    /// Notes that it is down in truth; says whether that is new.
    pub(super) const fn note_down(&mut self) -> bool {
        !std::mem::replace(&mut self.down, true)
    }
}

impl Agent {
    /// Asks the engine for a sign of life; `due` when its heartbeat is.
    pub(super) fn ping(&self, due: bool) {
        let patience = PATIENCE.min(self.setup.heartbeat);
        let (engine, tell) = (self.setup.engine.clone(), self.tell.clone());
        tokio::spawn(async move {
            let outcome = engine.ping(patience).await;
            drop(tell.send(Inner::Pinged { due, outcome }));
        });
    }

    /// Looks again for an engine that does not answer.
    pub(super) fn retry(&mut self) {
        if !self.link.answers && !self.link.off && !self.link.looking {
            self.link.looking = true;
            self.ping(false);
        }
    }

    pub(super) fn pinged(&mut self, due: bool, outcome: Result<(), Trouble>) {
        self.link.looking &= due;
        match outcome {
            Ok(()) if self.link.answers => self.link.last = now(),
            // A machine that was ended meanwhile answered before.
            Ok(()) if self.link.off => {}
            Ok(()) => self.ask_what_is_left(),
            Err(trouble) => self.unanswered(due, &trouble),
        }
    }

    fn unanswered(&mut self, due: bool, trouble: &Trouble) {
        self.link.answers = false;
        if trouble.kind == Kind::Unreachable {
            let told = self.down(Cause::Node);
            self.report(told);
        }
        if due && !std::mem::replace(&mut self.link.missed, true) {
            let node = self.setup.node;
            let last = self.setup.clock.at(self.link.last);
            self.report_fact(Fact::HeartbeatMissed { node, last });
        }
    }

    fn report_fact(&self, fact: Fact) {
        let mut told = super::Told::default();
        told.facts.push(fact);
        self.report(told);
    }

    fn ask_what_is_left(&self) {
        let (engine, tell) = (self.setup.engine.clone(), self.tell.clone());
        let (cluster, asked) = (self.setup.cluster.clone(), now());
        tokio::spawn(async move {
            if let Ok(list) = engine.list(&cluster).await {
                drop(tell.send(Inner::Back { asked, list }));
            }
        });
    }

    /// The engine answers again.
    pub(super) fn back(&mut self, asked: Instant, list: &[Listed]) {
        if self.link.answers || self.link.off {
            return;
        }
        let node = self.setup.node;
        let running = list.iter().filter(|one| one.runs);
        let running: BTreeMap<String, String> = running
            .map(|one| (one.name.clone(), one.id.clone()))
            .collect();
        let was_down = std::mem::take(&mut self.link.down);
        let mut told = super::Told::default();
        if was_down {
            told = self.ledger.lost_but(&running);
            told.truth.push(Truth::NodeUp(node));
        }
        if std::mem::take(&mut self.link.missed) {
            told.facts.push(Fact::HeartbeatSeen(node));
        }
        told.facts.extend(self.ledger.relist());
        self.forget_dead();
        self.link.answers = true;
        self.link.last = now();
        self.report(told);
        self.listed(asked, list);
    }

    fn forget_dead(&mut self) {
        let dead = self
            .ledger
            .all()
            .filter(|(_, held)| held.state == State::Dead);
        let dead: Vec<_> = dead.map(|(pod, _)| pod).collect();
        dead.into_iter().for_each(|pod| self.forget(pod));
    }

    /// The machine ends with everything on it.
    pub(super) fn cut_power(&mut self, cause: Cause) {
        let Some(machine) = &self.setup.machine else {
            return;
        };
        machine.kill();
        self.abort_all();
        let mut told = self.down(cause);
        told.truth.extend(self.ledger.lost().truth);
        self.forget_dead();
        self.link.cut();
        self.report(told);
    }

    /// The machine boots again: on a thread of its own, for it takes seconds.
    pub(super) fn boot(&mut self) {
        let Some(machine) = self.setup.machine.clone() else {
            return;
        };
        self.link.off = false;
        self.begin(move || machine.boot());
    }

    /// Starts the machine or its engine, on a thread of its own.
    fn begin(&mut self, start: impl FnOnce() -> Result<(), Trouble> + Send + 'static) {
        let (tell, cuts) = (self.tell.clone(), self.link.cuts);
        let before = std::mem::take(&mut self.boots);
        self.boots.push(thread::spawn(move || {
            // Two at once would start the same twice. A thread that panicked has said so.
            before.into_iter().for_each(|boot| drop(boot.join()));
            let outcome = start();
            drop(tell.send(Inner::Booted { cuts, outcome }));
        }));
    }

    /// The machine or its engine is up, or is not. One that lost its power meanwhile need not be.
    pub(super) fn booted(&mut self, cuts: u32, outcome: Result<(), Trouble>) {
        match outcome {
            Ok(()) if self.link.off => {
                // It was ended before there was anything to end.
                if let Some(machine) = &self.setup.machine {
                    machine.kill();
                }
            }
            Ok(()) => self.ping(false),
            Err(trouble) if self.link.had_power_since(cuts) => {
                drop(self.setup.news.send(News::Broken(trouble)));
            }
            Err(_) => {}
        }
    }

    /// Something happens to the engine alone, or is over.
    pub(super) fn engine_fault(&mut self, number: u32, fault: EngineFault, on: bool) {
        let Some(machine) = self.setup.machine.clone() else {
            return;
        };
        let signal = match (fault, on) {
            (EngineFault::Stop, true) => Signal::Term,
            (EngineFault::Kill, true) => Signal::Kill,
            (EngineFault::Hang, true) => Signal::Stop,
            (EngineFault::Hang, false) => Signal::Continue,
            (EngineFault::Stop | EngineFault::Kill, false) => {
                // What was not struck goes on, and what lost its power since starts with its machine.
                let cuts = self.struck.remove(&number);
                if cuts.is_some_and(|cuts| self.link.had_power_since(cuts)) {
                    self.begin(move || machine.start_engine_again());
                }
                return;
            }
        };
        if machine.signal_engine(signal) && on {
            self.struck.insert(number, self.link.cuts);
            drop(self.setup.news.send(News::Struck(number)));
        }
    }

    /// Waits for what boots.
    pub(super) fn wait_for_boots(&mut self) {
        for boot in std::mem::take(&mut self.boots) {
            // A thread that panicked has said so.
            drop(boot.join());
        }
    }

    /// Removes everything of the cluster. A private engine that does not answer keeps it, and its machine
    /// ends: nothing runs there any more.
    pub(super) async fn clear(&mut self) -> Result<(), Trouble> {
        self.wait_for_boots();
        // What is given up is to be over before anything is removed.
        self.tasks.shutdown().await;
        let engine = &self.setup.engine;
        match &self.setup.machine {
            Some(machine) if engine.ping(PATIENCE).await.is_err() => {
                machine.kill();
                Ok(())
            }
            Some(_) | None => super::tasks::clear(engine, &self.setup.cluster).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_that_was_cut_short_is_of_no_matter() {
        let mut link = Link::new(now());
        let first = link.cuts;
        assert!(link.had_power_since(first));
        link.cut();
        assert!(!link.had_power_since(first) && !link.had_power_since(link.cuts));
        // It boots again: only that boot matters.
        link.off = false;
        assert!(!link.had_power_since(first) && link.had_power_since(link.cuts));
    }
}
