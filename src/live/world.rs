//! The runtime: real engines, on the wall clock.

mod adopt;
mod calendar;
pub mod making;
mod start;
mod usage;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration as Real;

use tokio::sync::mpsc::UnboundedSender;

use super::agent::{News, Order, Start};
use super::clock::{Clock, now, real};
use super::fault::Fault;
use super::image::Image;
use super::labels;
use super::load::Generator;
use super::load::tally::{Requests, Tally};
use super::routes::Routes;
use super::trouble::Trouble;
use crate::cluster::catalog::Catalog;
use crate::cluster::pod::Owner;
use crate::control::command::Command;
use crate::control::fact::Fact;
use crate::ids::{Arena, JobId, NodeId, PodId, ServiceId};
use crate::record::Truth;
use crate::runtime::{Passed, Runtime, Stop};
use crate::script::Script;
use crate::script::strikes::{self, Strikes};
use crate::time::{Duration, Time};
use calendar::{Calendar, Due};
use making::{Making, Specified};
pub(super) use start::{Met, meet};
pub use start::{Place, Setup};
use usage::Samples;

/// Longest time in one wait, so that whoever watches the run is asked now and then.
const PULSE: Real = Real::from_millis(200);

/// Most notes of containers that were not started: engines may say each time something else.
const REFUSALS_MAX: usize = 5;

/// Real engines.
pub struct Live {
    catalog: Arc<Catalog>,
    script: Script,
    clock: Clock,
    cluster: String,
    run: String,
    image: Image,
    publish: bool,
    grace: Duration,
    news: Receiver<News>,
    nodes: Arena<NodeId, Node>,
    thread: Option<JoinHandle<()>>,
    generator: Option<Generator>,
    routes: Arc<Routes>,
    tally: Arc<Tally>,
    calendar: Calendar,
    strikes: Strikes,
    faults: Vec<Fault>,
    /// Which of them struck something.
    struck: BTreeSet<u32>,
    samples: Samples,
    began: bool,
    /// Whether it goes on with what another run left.
    took_over: bool,
    last: Time,
    end: Time,
    /// When traffic was added up last.
    added_up: Time,
    events: u64,
    /// What engines said of containers that were not started, and what is to be said of each.
    refusals: Vec<(String, String)>,
    facts: Vec<Fact>,
    truth: Vec<(Time, Truth)>,
}

/// A node, as the runtime reaches it.
struct Node {
    orders: UnboundedSender<Order>,
    /// Which of the script's failures keep it down.
    holds: BTreeSet<u32>,
    provisioned: bool,
}

impl Live {
    /// What became of the requests so far, by service.
    pub fn requests(&self) -> Vec<Requests> {
        self.tally.all()
    }

    /// Pieces of news so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// What a reader of the results must know.
    pub fn notes(&self) -> Vec<String> {
        let refusals = self.refusals.iter().map(|(_, note)| note.clone());
        let faults = (0..).zip(&self.faults).filter_map(|(number, fault)| {
            let is_done = self.struck.contains(&number);
            fault.note(&self.catalog, is_done, self.end)
        });
        refusals.chain(faults).collect()
    }

    /// Ends the run: the load stops, and everything of the cluster is removed.
    ///
    /// # Errors
    /// When something is left on an engine.
    pub fn finish(mut self) -> Result<(), Trouble> {
        self.generator = None;
        let mut answers = Vec::new();
        for node in self.nodes.as_slice() {
            let (done, answer) = mpsc::channel();
            // One whose agent is gone has nothing to say.
            drop(node.orders.send(Order::Finish(done)));
            answers.push(answer);
        }
        let answers = answers.into_iter().filter_map(|answer| answer.recv().ok());
        answers.collect::<Result<Vec<()>, _>>().map(drop)
    }

    fn happened(&mut self, at: Time, truth: Truth) {
        // News may be older than what was handed up already.
        self.truth.push((at.max(self.last), truth));
    }

    fn take(&mut self, news: News) -> Result<(), Stop> {
        self.events += 1;
        match news {
            News::Told { at, told } => {
                let at = self.clock.at(at);
                for truth in told.truth {
                    self.follow(at, truth);
                    self.happened(at, truth);
                }
                self.facts.extend(told.facts);
            }
            News::Used {
                at,
                round,
                node,
                pods,
            } => self.used(self.clock.at(at), round, node, &pods),
            News::NotStarted { pod, said } => self.note(pod, said),
            News::Struck(number) => drop(self.struck.insert(number)),
            News::Broken(trouble) => {
                return Err(Stop {
                    reason: trouble.to_string(),
                });
            }
        }
        Ok(())
    }

    /// A pod's container was not started, for what the engine said: the first of each kind is noted.
    fn note(&mut self, pod: PodId, said: String) {
        let is_known = self.refusals.iter().any(|(known, _)| *known == said);
        let Some((owner, index, node)) = self.samples.owner_of(pod) else {
            return;
        };
        if is_known || self.refusals.len() == REFUSALS_MAX {
            return;
        }
        let name = match owner {
            Owner::Service(service) => format!("{}-{index}", self.catalog.services[service].name),
            Owner::Job(JobId(job)) => format!("{}-{job}", labels::JOB),
        };
        let node = &self.catalog.nodes[node].name;
        let note = format!("{node} did not start {name}: {said}");
        self.refusals.push((said, note));
    }

    fn order(&self, node: NodeId, order: Order) {
        // An agent ends only with the run.
        drop(self.nodes[node].orders.send(order));
    }

    fn submit_start(&mut self, command: Command) {
        let Command::Start {
            id,
            pod,
            incarnation,
            owner,
            index,
            shape,
            node,
            ..
        } = command
        else {
            return;
        };
        let Specified {
            spec,
            period,
            probed,
        } = self
            .making()
            .specify(owner, index, incarnation, shape, node);
        let start = Start {
            command: id,
            pod,
            incarnation,
            service: owner_service(owner),
            period: period.map(real),
            probed,
            spec,
        };
        self.samples.owned(pod, owner, index);
        self.order(node, Order::Start(Box::new(start)));
    }

    fn making(&self) -> Making<'_> {
        Making {
            catalog: &self.catalog,
            script: &self.script,
            cluster: &self.cluster,
            run: &self.run,
            image: &self.image,
            publish: self.publish,
        }
    }

    /// How long a service's containers serve once they are to stop.
    fn grace_of(&self, service: Option<ServiceId>) -> Duration {
        let shutdown = |service| self.script.services[service].shutdown;
        service.map_or(Duration::ZERO, shutdown).min(self.grace)
    }
}

/// The service that a pod is a replica of.
const fn owner_service(owner: Owner) -> Option<ServiceId> {
    match owner {
        Owner::Service(service) => Some(service),
        Owner::Job(_) => None,
    }
}

impl Runtime for Live {
    fn wait(&mut self, deadline: Time, passed: &mut Passed) -> Result<Time, Stop> {
        if !std::mem::replace(&mut self.began, true) {
            self.begin();
        }
        let pulse = now() + PULSE;
        loop {
            let time = self.clock.now();
            self.keep_calendar(time);
            while let Ok(news) = self.news.try_recv() {
                self.take(news)?;
            }
            if !self.facts.is_empty() || time >= deadline || now() >= pulse {
                break;
            }
            let next = self.calendar.next().map_or(deadline, |at| at.min(deadline));
            let until = self.clock.moment(next).min(pulse);
            match self
                .news
                .recv_timeout(until.saturating_duration_since(now()))
            {
                Ok(news) => self.take(news)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Stop {
                        reason: "the engines' thread has ended".to_owned(),
                    });
                }
            }
        }
        let time = self.clock.now().max(self.last);
        self.keep_calendar(time);
        self.last = time;
        self.truth.sort_by_key(|&(at, _)| at);
        passed.facts.append(&mut self.facts);
        passed.truth.append(&mut self.truth);
        Ok(self.last)
    }

    fn submit(&mut self, now: Time, command: Command) {
        match command {
            Command::Start { .. } => self.submit_start(command),
            Command::Stop {
                pod,
                incarnation,
                node,
                ..
            } => {
                let after = real(self.grace_of(self.samples.service_of(pod)));
                let stop = Order::Stop {
                    pod,
                    incarnation,
                    after,
                };
                self.order(node, stop);
            }
            Command::Route { service, pod, .. } => self.routes.route(service, pod),
            Command::Unroute { service, pod, .. } => self.routes.unroute(service, pod),
            Command::Sample { service, every, .. } => {
                // Those that are asked for at one time are read at one time.
                self.calendar
                    .add(now + every, Due::Sample { service, every });
            }
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.generator = None;
        for node in self.nodes.as_slice() {
            drop(node.orders.send(Order::Leave));
        }
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}
