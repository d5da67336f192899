//! What stands for one node: it carries out orders on the node's engine, and hears what happens there.
//!
//! Everything it knows is its own: tasks that wait for the engine tell it what came of them.

mod link;
pub(super) mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, interval_at, sleep, timeout};

use super::clock::{Clock, now};
use super::container::Spec;
use super::dial::Network;
use super::engine::{Engine, Happened, Listed, Used};
use super::fault::{EngineFault, Hardship};
use super::http::Place;
use super::ledger::{End, Held, Ledger, State, Told};
use super::probe;
use super::routes::Routes;
use super::sandbox::{Machine, Signal, process_of, send};
use super::trouble::Trouble;
use crate::control::command::CommandId;
use crate::control::fact::Fact;
use crate::ids::{NodeId, PodId, ServiceId};
use crate::record::{Cause, Truth};
use link::Link;
use tasks::Fate;
pub(super) use tasks::clear;

/// Time between two lists of everything, whatever is heard meanwhile.
const RELIST: Duration = Duration::from_secs(30);
/// Time between two looks for an engine that does not answer.
const RETRY: Duration = Duration::from_millis(250);
/// Longest time for one reading of use: later it is of another interval.
const READING: Duration = Duration::from_secs(3);

/// What a node is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Create and start a container.
    Start(Box<Start>),
    /// Stop and remove a pod's container, which serves for so long yet.
    Stop {
        pod: PodId,
        incarnation: u32,
        after: Duration,
    },
    /// Kill the main process of a pod's container.
    CrashPod { pod: PodId, incarnation: u32 },
    /// Kill the main processes of all containers of a service.
    CrashService(ServiceId),
    /// Do something to a service's containers, or undo it, as the n-th fault says.
    Trouble {
        number: u32,
        service: ServiceId,
        what: Hardship,
        on: bool,
    },
    /// End the machine with everything on it.
    CutPower(Cause),
    /// Boot the machine again.
    Boot,
    /// Do something to the engine alone, or undo it, as the n-th fault says.
    Engine {
        number: u32,
        fault: EngineFault,
        on: bool,
    },
    /// Tell what the containers have used, in this round of readings.
    Use(u64),
    /// Remove everything of the cluster, and end.
    Finish(mpsc::Sender<Result<(), Trouble>>),
    /// Leave everything as it is, and end.
    Leave,
}

/// A container to be started.
#[derive(Debug)]
pub(super) struct Start {
    pub(super) command: CommandId,
    pub(super) pod: PodId,
    pub(super) incarnation: u32,
    pub(super) service: Option<ServiceId>,
    /// Time between readiness probes.
    pub(super) period: Option<Duration>,
    /// Whether the control plane hears of its readiness by a probe alone.
    pub(super) probed: bool,
    pub(super) spec: Spec,
}

/// What a node tells.
#[derive(Debug)]
pub(super) enum News {
    /// What happened and what is heard of it.
    Told { at: Instant, told: Told },
    /// What containers have used so far.
    Used {
        at: Instant,
        round: u64,
        node: NodeId,
        pods: Vec<PodUse>,
    },
    /// A pod's container was not started, for what the engine said.
    NotStarted { pod: PodId, said: String },
    /// There was something that the n-th fault could be done to.
    Struck(u32),
    /// It cannot go on.
    Broken(Trouble),
}

/// What a pod's container has used so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct PodUse {
    pub(super) pod: PodId,
    pub(super) incarnation: u32,
    pub(super) service: Option<ServiceId>,
    pub(super) ready: bool,
    pub(super) used: Used,
    /// When the engine said so: readings of one node may lie a second apart.
    pub(super) at: Instant,
}

/// What the agent's tasks tell it.
#[derive(Debug)]
pub(super) enum Inner {
    Serves {
        pod: PodId,
        incarnation: u32,
    },
    Judged {
        pod: PodId,
        incarnation: u32,
        ready: bool,
    },
    Started {
        start: Box<Start>,
        outcome: Result<tasks::Fate, Trouble>,
    },
    Died {
        pod: PodId,
        incarnation: u32,
        end: End,
    },
    NotStopped {
        pod: PodId,
        incarnation: u32,
    },
    Event(Happened),
    /// The stream of events began or broke: what there is must be listed.
    Adrift,
    Listed {
        asked: Instant,
        list: Vec<Listed>,
    },
    /// The engine answers again, and this is what there is.
    Back {
        asked: Instant,
        list: Vec<Listed>,
    },
    Pinged {
        due: bool,
        outcome: Result<(), Trouble>,
    },
    /// The machine or its engine was started, after so many power cuts.
    Booted {
        cuts: u32,
        outcome: Result<(), Trouble>,
    },
    /// A container is reached elsewhere.
    Moved {
        pod: PodId,
        incarnation: u32,
        address: SocketAddr,
    },
}

/// What an agent is made of.
pub(super) struct Setup {
    pub(super) node: NodeId,
    pub(super) cluster: String,
    pub(super) engine: Engine,
    pub(super) network: Network,
    pub(super) machine: Option<Machine>,
    pub(super) heartbeat: Duration,
    /// When in each interval it pings.
    pub(super) phase: Duration,
    pub(super) clock: Clock,
    pub(super) routes: Arc<Routes>,
    pub(super) news: mpsc::Sender<News>,
}

/// What asks a pod's container, and what for.
struct Probe {
    subject: probe::Subject,
    task: AbortHandle,
}

/// One node's agent.
pub(super) struct Agent {
    setup: Setup,
    tell: UnboundedSender<Inner>,
    ledger: Ledger,
    link: Link,
    /// What asks each pod's container.
    probes: BTreeMap<PodId, Probe>,
    /// What is being done about pods.
    tasks: JoinSet<()>,
    /// Ends with the last task about each pod: the next one waits for it.
    last: BTreeMap<PodId, oneshot::Receiver<()>>,
    /// When each pod's container was found to run: an older list does not know it.
    born: BTreeMap<PodId, Instant>,
    /// Ids of containers that ran out of memory.
    out_of_memory: BTreeSet<String>,
    /// Containers that died under the names of those that are being started, and what they ended with: they
    /// are the same, or those of an earlier run.
    early: BTreeMap<PodId, (String, i64)>,
    /// Faults of the engine alone that last, and how often the machine had lost its power when they began.
    struck: BTreeMap<u32, u32>,
    /// Threads that boot the machine or its engine: a machine is not left half up.
    boots: Vec<thread::JoinHandle<()>>,
}

impl Agent {
    /// Works until it is told to end.
    pub(super) async fn run(setup: Setup, mut orders: UnboundedReceiver<Order>) {
        let (tell, mut told) = unbounded_channel();
        let stream = tokio::spawn(tasks::follow(
            setup.engine.clone(),
            setup.cluster.clone(),
            tell.clone(),
        ));
        let first = tokio::time::Instant::from_std(now() + setup.phase);
        let mut beats = interval_at(first, setup.heartbeat);
        let (mut retries, mut relists) = (interval(RETRY), interval(RELIST));
        for ticks in [&mut beats, &mut retries, &mut relists] {
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let mut agent = Agent::new(setup, tell);
        loop {
            tokio::select! {
                // A list that is older than an order must not be taken for news.
                biased;
                order = orders.recv() => match order {
                    Some(Order::Finish(done)) => {
                        agent.abort_all();
                        // Whoever asked may be gone.
                        drop(done.send(agent.clear().await));
                        break;
                    }
                    Some(Order::Leave) | None => break,
                    Some(order) => agent.obey(order),
                },
                Some(inner) = told.recv() => agent.hear(inner),
                _ = beats.tick() => agent.ping(true),
                _ = retries.tick() => agent.retry(),
                _ = relists.tick() => agent.list(),
            }
        }
        agent.abort_all();
        stream.abort();
        agent.wait_for_boots();
    }

    fn new(setup: Setup, tell: UnboundedSender<Inner>) -> Agent {
        Agent {
            ledger: Ledger::new(setup.node),
            setup,
            tell,
            link: Link::new(now()),
            probes: BTreeMap::new(),
            tasks: JoinSet::new(),
            last: BTreeMap::new(),
            born: BTreeMap::new(),
            out_of_memory: BTreeSet::new(),
            early: BTreeMap::new(),
            struck: BTreeMap::new(),
            boots: Vec::new(),
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Start(start) => self.start(start),
            Order::Stop {
                pod,
                incarnation,
                after,
            } => self.stop(pod, incarnation, after),
            Order::CrashPod { pod, incarnation } => {
                self.crash(|other, held| other == pod && held.incarnation == incarnation)
            }
            Order::CrashService(service) => self.crash(|_, held| held.service == Some(service)),
            Order::Trouble {
                number,
                service,
                what,
                on,
            } => self.trouble(number, service, what, on),
            Order::CutPower(cause) => self.cut_power(cause),
            Order::Boot => self.boot(),
            Order::Engine { number, fault, on } => self.engine_fault(number, fault, on),
            Order::Use(round) => self.tell_use(round),
            Order::Finish(_) | Order::Leave => {}
        }
    }

    fn hear(&mut self, inner: Inner) {
        match inner {
            Inner::Serves { pod, incarnation } => {
                let told = self.ledger.serves(pod, incarnation);
                self.report(told);
            }
            Inner::Judged {
                pod,
                incarnation,
                ready,
            } => {
                let told = self.ledger.judged(pod, incarnation, ready);
                self.report(told);
            }
            Inner::Started { start, outcome } => self.started(&start, outcome),
            Inner::Died {
                pod,
                incarnation,
                end,
            } => self.died(pod, incarnation, end),
            Inner::NotStopped { pod, incarnation } => self.ledger.not_stopping(pod, incarnation),
            Inner::Event(event) => self.event(&event),
            Inner::Adrift => self.list(),
            Inner::Listed { asked, list } => self.listed(asked, &list),
            Inner::Back { asked, list } => self.back(asked, &list),
            Inner::Pinged { due, outcome } => self.pinged(due, outcome),
            Inner::Booted { cuts, outcome } => self.booted(cuts, outcome),
            Inner::Moved {
                pod,
                incarnation,
                address,
            } => self.moved(pod, incarnation, address),
        }
    }

    fn report(&self, told: Told) {
        if told != Told::default() {
            // Nobody listens any more when the run is over.
            drop(self.setup.news.send(News::Told { at: now(), told }));
        }
    }

    /// A node that is down does not hear it.
    fn start(&mut self, start: Box<Start>) {
        if self.link.is_off() {
            return;
        }
        let held = Held {
            incarnation: start.incarnation,
            service: start.service,
            name: start.spec.name.clone(),
            id: None,
            state: State::Starting,
            probed: start.probed,
            ready: false,
            serves: false,
            stopping: false,
            killed: false,
        };
        let Some(told) = self.ledger.order(start.pod, held) else {
            return;
        };
        self.forget(start.pod);
        self.report(told);
        let (engine, tell) = (self.setup.engine.clone(), self.tell.clone());
        let cluster = self.setup.cluster.clone();
        self.then(start.pod, async move {
            let outcome = tasks::start(&engine, &cluster, &start.spec).await;
            drop(tell.send(Inner::Started { start, outcome }));
        });
    }

    fn started(&mut self, start: &Start, outcome: Result<tasks::Fate, Trouble>) {
        let &Start {
            pod, incarnation, ..
        } = start;
        match outcome {
            Ok(Fate::Ended(end)) => self.died(pod, incarnation, end),
            Ok(Fate::Up(up)) => {
                if self.ledger.living(pod, incarnation).is_none() {
                    return self.discard(up.id);
                }
                self.born.insert(pod, now());
                let told = self.ledger.started(pod, incarnation, &up.id);
                let place = self.reach(pod, up.address);
                self.report(told);
                if start.service.is_some() {
                    let subject = probe::Subject {
                        pod,
                        incarnation,
                        period: start.period.filter(|_| start.probed),
                    };
                    self.probe(subject, place);
                }
                let early = self.early.remove(&pod);
                if let Some((id, code)) = early.filter(|(id, _)| *id == up.id) {
                    self.examine(pod, &id, code);
                }
            }
            // Whether a silent engine has it is seen when it is back.
            Err(trouble) if trouble.was_unheard() && !self.link.answers() => {}
            Err(trouble) => {
                let told = self.ledger.failed(pod, incarnation, start.command);
                self.report(told);
                let said = trouble.said;
                drop(self.setup.news.send(News::NotStarted { pod, said }));
                self.discard(start.spec.name.clone());
            }
        }
    }

    /// The pod's container is at this address.
    fn reach(&self, pod: PodId, address: SocketAddr) -> Place {
        let network = self.setup.network.clone();
        let place = Place { network, address };
        self.setup.routes.set_place(pod, Some(place.clone()));
        place
    }

    /// Asks the pod's container, and nothing else for the pod's sake.
    fn probe(&mut self, subject: probe::Subject, place: Place) {
        let task = tokio::spawn(probe::watch(subject, place, self.tell.clone()));
        let task = task.abort_handle();
        let before = self.probes.insert(subject.pod, Probe { subject, task });
        if let Some(before) = before {
            before.task.abort();
        }
    }

    /// The pod's container may be at another address than before.
    fn moved(&mut self, pod: PodId, incarnation: u32, address: SocketAddr) {
        let held = self.ledger.living(pod, incarnation);
        if held.is_some_and(|held| held.state == State::Running) {
            let place = self.reach(pod, address);
            if let Some(&Probe { subject, .. }) = self.probes.get(&pod) {
                self.probe(subject, place);
            }
        }
    }

    fn stop(&mut self, pod: PodId, incarnation: u32, after: Duration) {
        if self.link.is_off() || !self.ledger.stop(pod, incarnation) {
            return;
        }
        let Some(held) = self.ledger.living(pod, incarnation) else {
            return;
        };
        let (id, name) = (held.id.clone(), held.name.clone());
        let (engine, tell) = (self.setup.engine.clone(), self.tell.clone());
        let cluster = self.setup.cluster.clone();
        self.then(pod, async move {
            sleep(after).await;
            // By now its name may be somebody else's.
            let stopped = match id {
                Some(id) => engine.stop(&id).await,
                None => tasks::stop_ours(&engine, &cluster, &name).await,
            };
            let told = match stopped {
                Ok(()) => Inner::Died {
                    pod,
                    incarnation,
                    end: End::default(),
                },
                Err(_) => Inner::NotStopped { pod, incarnation },
            };
            drop(tell.send(told));
        });
    }

    /// Does something about a pod once what is being done about it is over.
    fn then(&mut self, pod: PodId, task: impl Future<Output = ()> + Send + 'static) {
        while self.tasks.try_join_next().is_some() {}
        let (ends, ended) = oneshot::channel();
        let before = self.last.insert(pod, ended);
        self.tasks.spawn(async move {
            let _ends: oneshot::Sender<()> = ends;
            if let Some(before) = before {
                // Nothing is ever sent: it ends as it may.
                drop(before.await);
            }
            task.await;
        });
    }

    fn died(&mut self, pod: PodId, incarnation: u32, end: End) {
        let Some(held) = self.ledger.living(pod, incarnation) else {
            return;
        };
        let name = held.name.clone();
        let id = held.id.as_ref();
        let end = End {
            out_of_memory: end.out_of_memory || id.is_some_and(|id| self.out_of_memory.remove(id)),
            ..end
        };
        let told = self.ledger.died(pod, incarnation, end);
        self.forget(pod);
        self.report(told);
        self.discard(name);
    }

    /// Nothing is asked of the pod's container any more, and no request goes to it.
    fn forget(&mut self, pod: PodId) {
        self.setup.routes.set_place(pod, None);
        self.born.remove(&pod);
        self.early.remove(&pod);
        if let Some(probe) = self.probes.remove(&pod) {
            probe.task.abort();
        }
    }

    /// Removes a container that nobody wants any more. What cannot be removed now is found again by
    /// the next list.
    fn discard(&self, id: String) {
        let (engine, cluster) = (self.setup.engine.clone(), self.setup.cluster.clone());
        tokio::spawn(async move { drop(tasks::remove_ours(&engine, &cluster, &id).await) });
    }

    fn event(&mut self, event: &Happened) {
        let Some(name) = event.attributes.get("name") else {
            return;
        };
        let Some((pod, held)) = self.ledger.named(name) else {
            return;
        };
        let is_known = held.id.is_some();
        if held.id.as_ref().is_some_and(|id| *id != event.id) {
            // An earlier run's, which had the same name.
            return;
        }
        match event.action.as_str() {
            "oom" => drop(self.out_of_memory.insert(event.id.clone())),
            "die" => {
                let code = event.attributes.get("exitCode");
                let code = code.and_then(|code| code.parse().ok()).unwrap_or(-1);
                match is_known {
                    true => self.examine(pod, &event.id, code),
                    false => drop(self.early.insert(pod, (event.id.clone(), code))),
                }
            }
            _ => {}
        }
    }

    /// Finds out how a pod's container ended; `code` is what it ended with if that cannot be said.
    fn examine(&self, pod: PodId, id: &str, code: i64) {
        let held = self.ledger.all().find(|&(other, _)| other == pod);
        let Some((_, held)) = held else { return };
        let incarnation = held.incarnation;
        let (engine, tell, id) = (self.setup.engine.clone(), self.tell.clone(), id.to_owned());
        tokio::spawn(async move {
            let end = tasks::end_of(&engine, &id, code).await;
            drop(tell.send(Inner::Died {
                pod,
                incarnation,
                end,
            }));
        });
    }

    fn list(&self) {
        if self.link.answers() {
            let (engine, tell) = (self.setup.engine.clone(), self.tell.clone());
            let (cluster, asked) = (self.setup.cluster.clone(), now());
            tokio::spawn(async move {
                // A list that cannot be had, or not be understood, says nothing.
                if let Ok(list) = engine.list(&cluster).await {
                    drop(tell.send(Inner::Listed { asked, list }));
                }
            });
        }
    }

    /// Compares what there is with what is known.
    fn listed(&mut self, asked: Instant, list: &[Listed]) {
        let known: BTreeMap<&str, &Listed> =
            list.iter().map(|one| (one.name.as_str(), one)).collect();
        let mut dead = Vec::new();
        for (pod, held) in self
            .ledger
            .all()
            .filter(|(_, held)| held.state == State::Running)
        {
            if self.born.get(&pod).is_none_or(|&born| born < asked) {
                match known.get(held.name.as_str()) {
                    Some(one) if one.runs => {}
                    Some(one) => self.examine(pod, &one.id, -1),
                    None => dead.push((pod, held.incarnation)),
                }
            }
        }
        for (pod, incarnation) in dead {
            let end = End {
                code: -1,
                out_of_memory: false,
            };
            self.died(pod, incarnation, end);
        }
        self.discard_strays(list);
    }

    /// Removes what is there and not known to be alive.
    fn discard_strays(&self, list: &[Listed]) {
        let living = self
            .ledger
            .all()
            .filter(|(_, held)| held.state != State::Dead);
        let living: BTreeSet<&str> = living.map(|(_, held)| held.name.as_str()).collect();
        for one in list
            .iter()
            .filter(|one| !living.contains(one.name.as_str()))
        {
            self.discard(one.id.clone());
        }
    }

    fn crash(&mut self, is_struck: impl Fn(PodId, &Held) -> bool) {
        let struck = self
            .ledger
            .all()
            .filter(|&(pod, held)| held.state == State::Running && is_struck(pod, held));
        let struck = struck.filter_map(|(pod, held)| {
            let id = held.id.clone()?;
            Some((pod, held.incarnation, id))
        });
        for (pod, incarnation, id) in struck.collect::<Vec<_>>() {
            if process_of(&id).is_some_and(|process| send(process, Signal::Kill)) {
                let told = self.ledger.killed(pod, incarnation);
                self.report(told);
            } else {
                // Its process is out of reach: the engine has to do it.
                let engine = self.setup.engine.clone();
                tokio::spawn(async move { drop(engine.kill(&id, "SIGKILL").await) });
            }
        }
    }

    fn trouble(&self, number: u32, service: ServiceId, what: Hardship, on: bool) {
        let struck = self
            .ledger
            .all()
            .filter(|(_, held)| held.state == State::Running && held.service == Some(service));
        let struck =
            struck.filter_map(|(pod, held)| Some((pod, held.incarnation, held.id.clone()?)));
        for (pod, incarnation, id) in struck {
            let (engine, cluster) = (self.setup.engine.clone(), self.setup.cluster.clone());
            let (tell, news) = (self.tell.clone(), self.setup.news.clone());
            tokio::spawn(async move {
                let done = match what {
                    Hardship::Pause => engine.freeze(&id, on).await,
                    Hardship::Cut => engine.cut_off(&cluster, &id, on).await,
                };
                // One that has died meanwhile, or came later, is as it is.
                if on && done.is_ok() {
                    drop(news.send(News::Struck(number)));
                }
                if what == Hardship::Cut
                    && !on
                    && let Some(address) = tasks::address_of(&engine, &cluster, &id).await
                {
                    drop(tell.send(Inner::Moved {
                        pod,
                        incarnation,
                        address,
                    }));
                }
            });
        }
    }

    fn tell_use(&self, round: u64) {
        let running = self
            .ledger
            .all()
            .filter(|(_, held)| held.state == State::Running);
        let asked = running.filter_map(|(pod, held)| {
            let (engine, id) = (self.setup.engine.clone(), held.id.clone()?);
            let (incarnation, service, ready) = (held.incarnation, held.service, held.ready);
            Some(async move {
                let used = timeout(READING, engine.used(&id)).await.ok()?.ok()?;
                Some(PodUse {
                    pod,
                    incarnation,
                    service,
                    ready,
                    used,
                    at: now(),
                })
            })
        });
        let all = futures_util::future::join_all(asked.collect::<Vec<_>>());
        let (news, node) = (self.setup.news.clone(), self.setup.node);
        tokio::spawn(async move {
            let pods = all.await.into_iter().flatten().collect();
            drop(news.send(News::Used {
                at: now(),
                round,
                node,
                pods,
            }));
        });
    }

    fn abort_all(&mut self) {
        for (_, probe) in std::mem::take(&mut self.probes) {
            probe.task.abort();
        }
        self.tasks.abort_all();
        self.last.clear();
    }

    /// The truth that the node is down, told once.
    fn down(&mut self, cause: Cause) -> Told {
        let node = self.setup.node;
        Told {
            truth: match self.link.note_down() {
                true => vec![Truth::NodeDown { node, cause }],
                false => Vec::new(),
            },
            facts: Vec::<Fact>::new(),
        }
    }
}
