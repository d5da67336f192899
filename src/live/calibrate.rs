//! How long real engines take to create, start, stop and remove containers, to say that one died, and
//! to boot: what a simulation of them has to be told.

use std::ops::ControlFlow;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{Stream, StreamExt};
use tokio::time::{sleep, timeout};

use super::agent::tasks::{self, Fate, Up};
use super::clock::{date, now};
use super::container::{self, Identity};
use super::engine::Happened;
use super::engine::network::Wanted;
use super::http::{Place as Reached, is_well};
use super::image::Image;
use super::probe;
use super::sandbox::{Signal, process_of, send};
use super::trouble::{Kind, Trouble};
use super::world::{Met, Place, meet};
use crate::cluster::catalog::{NodeSpec, Shape};

/// Time between two looks whether a container serves: much shorter than what is measured.
const LOOK: Duration = Duration::from_millis(2);
/// Longest time until a container serves, or is heard to have died.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is to be measured.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The engines.
    pub places: Vec<Place>,
    /// Whether they share one machine: then it counts how many containers start on all of them, else how
    /// many on one.
    pub shared_machine: bool,
    /// Names everything that is made.
    pub cluster: String,
    /// Names this run.
    pub run: String,
    /// The workload's image.
    pub image: Image,
    /// Names of the engines' nodes, in their order.
    pub names: Vec<String>,
    /// Whether containers listen on a port of 127.0.0.1 too.
    pub publish: bool,
    /// What containers are made like.
    pub shape: Shape,
    /// What the nodes are like.
    pub node: NodeSpec,
    /// How many containers are started at once, one number after the other.
    pub at_once: Vec<u32>,
    /// Containers to be measured for each of these numbers, at least.
    pub samples: u32,
    /// How often a private engine's machine is to boot.
    pub boots: u32,
}

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Delays {
    /// Versions of the engines, each once.
    pub versions: Vec<String>,
    /// One for each number of containers that were started at once.
    pub levels: Vec<Level>,
    /// From when a machine was told to boot until its engine had said what is there.
    pub boots: Vec<Duration>,
}

/// Containers of which so many were started at once.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// So many.
    pub at_once: u32,
    /// To create a container.
    pub create: Vec<Duration>,
    /// To start it, and to learn where it is.
    pub start: Vec<Duration>,
    /// Both together, of each container.
    pub created_and_started: Vec<Duration>,
    /// From then until it served.
    pub ready: Vec<Duration>,
    /// To read what all containers of an engine have used.
    pub readings: Vec<Duration>,
    /// From the death of a main process until it was heard of, with its cause.
    pub detect: Vec<Duration>,
    /// To stop a container.
    pub stop: Vec<Duration>,
    /// To remove one that has ended.
    pub remove: Vec<Duration>,
}

/// How far it is: rounds that are done, of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Done.
    pub done: u32,
    /// Of so many.
    pub all: u32,
}

/// Measures engines, and leaves nothing on them. `watch` is told how far it is; its break ends it, and
/// comes back.
///
/// # Errors
/// When an engine does not do what it is told.
pub fn measure(
    setup: &Setup,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<ControlFlow<(), Delays>, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.map_err(|error| Trouble::refused("threads", error))?;
    runtime.block_on(async {
        let mut met: Vec<Met> = Vec::new();
        for (place, node) in setup.places.iter().zip(&setup.names) {
            let wanted = Wanted {
                cluster: setup.cluster.clone(),
                run: setup.run.clone(),
                node: node.clone(),
                open: setup.publish,
            };
            met.push(meet(place, &setup.image, &wanted).await?);
        }
        let measured = rounds(setup, &met, watch).await;
        let cleared = met
            .iter()
            .map(|met| tasks::clear(&met.engine, &setup.cluster));
        let cleared: Result<(), Trouble> = join_all(cleared).await.into_iter().collect();
        let measured = measured?;
        cleared?;
        Ok(measured)
    })
}

/// One round: containers that start at once, on these engines in turn.
#[derive(Clone, Copy)]
struct Round<'a> {
    engines: &'a [Met],
    /// Among all rounds.
    number: u32,
    /// Among those of these engines with as many containers.
    repeat: u32,
    at_once: u32,
}

async fn rounds(
    setup: &Setup,
    met: &[Met],
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<ControlFlow<(), Delays>, Trouble> {
    // Engines that share a machine are one to it; others are measured one after the other.
    let groups: Vec<&[Met]> = match setup.shared_machine {
        true => vec![met],
        false => met.chunks(1).collect(),
    };
    let repeats = |at_once: u32| setup.samples.div_ceil(at_once * groups.len() as u32);
    let machines: Vec<&Met> = met.iter().filter(|met| met.machine.is_some()).collect();
    let boots = setup.boots * u32::from(!machines.is_empty());
    let starts: u32 = setup.at_once.iter().map(|&at_once| repeats(at_once)).sum();
    let all = starts * groups.len() as u32 + boots;
    let mut done = 0;
    let mut step = || {
        done += 1;
        watch(Progress { done, all })
    };
    let mut delays = Delays {
        versions: versions(met).await?,
        ..Delays::default()
    };
    let mut number = 0;
    for &at_once in &setup.at_once {
        let mut level = Level {
            at_once,
            ..Level::default()
        };
        for repeat in 0..repeats(at_once) {
            for &engines in &groups {
                number += 1;
                let round = Round {
                    engines,
                    number,
                    repeat,
                    at_once,
                };
                one_round(setup, round, &mut level).await?;
                if step().is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        delays.levels.push(level);
    }
    for number in 0..boots {
        let met = machines[number as usize % machines.len()];
        delays.boots.extend(boot(setup, met).await?);
        if step().is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(delays))
}

async fn versions(met: &[Met]) -> Result<Vec<String>, Trouble> {
    let mut versions = Vec::new();
    for met in met {
        let version = met.engine.clone().meet().await?.version;
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    Ok(versions)
}

/// Starts containers at once, waits until all serve, kills one half and stops the other, and removes
/// them.
async fn one_round(setup: &Setup, round: Round<'_>, level: &mut Level) -> Result<(), Trouble> {
    let numbers = 0..round.at_once;
    let engine_of = |number: u32| &round.engines[number as usize % round.engines.len()];
    let started = numbers.map(|number| start(setup, round.number, number, engine_of(number)));
    let started = join_all(started).await;
    let containers: Vec<Started> = started.into_iter().collect::<Result<_, _>>()?;
    for one in &containers {
        level.create.push(one.create);
        level.start.push(one.start);
        level.created_and_started.push(one.create + one.start);
        level.ready.push(one.ready);
    }
    for engine in round.engines {
        let theirs = containers
            .iter()
            .filter(|one| std::ptr::eq(one.met, engine));
        let readings = theirs.map(|one| engine.engine.used(&one.up.id));
        let readings: Vec<_> = readings.collect();
        if readings.is_empty() {
            continue;
        }
        let asked = now();
        let read = join_all(readings).await.into_iter();
        read.collect::<Result<Vec<_>, _>>()?;
        level.readings.push(asked.elapsed());
    }
    // One container that starts alone is killed in every other round.
    let is_killed =
        |&(number, _): &(usize, &Started)| (number + round.repeat as usize).is_multiple_of(2);
    let (killed, stopped): (Vec<_>, Vec<_>) = containers.iter().enumerate().partition(is_killed);
    let deaths = killed.iter().map(|(_, one)| die(setup, one));
    let stops = stopped.iter().map(|(_, one)| stop(one));
    let (deaths, stops) = tokio::join!(join_all(deaths), join_all(stops));
    level.detect.extend(all(deaths)?);
    level.stop.extend(all(stops)?);
    let removed = containers.iter().map(|one| remove(setup, one));
    level.remove.extend(all(join_all(removed).await)?);
    Ok(())
}

fn all(measured: Vec<Result<Duration, Trouble>>) -> Result<Vec<Duration>, Trouble> {
    measured.into_iter().collect()
}

/// A container that serves.
struct Started<'a> {
    met: &'a Met,
    up: Up,
    create: Duration,
    start: Duration,
    ready: Duration,
}

async fn start<'a>(
    setup: &Setup,
    round: u32,
    number: u32,
    met: &'a Met,
) -> Result<Started<'a>, Trouble> {
    let identity = Identity {
        cluster: setup.cluster.clone(),
        run: setup.run.clone(),
        service: "calibrate".to_owned(),
        slot: number,
        incarnation: round,
    };
    let spec = container::spec(
        &identity,
        &setup.image,
        Vec::new(),
        &setup.shape,
        &setup.node,
    );
    let spec = match setup.publish {
        true => spec.published(),
        false => spec,
    };
    let ordered = now();
    let up = match tasks::start(&met.engine, &setup.cluster, &spec).await? {
        Fate::Up(up) => up,
        Fate::Ended(end) => {
            let said = format!("it ended at once, with code {}", end.code);
            return Err(Trouble::refused(spec.name, said));
        }
    };
    let started = now();
    let place = Reached {
        network: met.network.clone(),
        address: up.address,
    };
    let serves = async {
        while !is_well(&place, probe::PATH, probe::PATIENCE).await {
            sleep(LOOK).await;
        }
    };
    in_time(&spec.name, "does not serve", serves).await?;
    Ok(Started {
        met,
        create: up.created - ordered,
        start: started - up.created,
        ready: started.elapsed(),
        up,
    })
}

/// Kills its main process, and returns after how long it was known how it had ended.
async fn die(setup: &Setup, one: &Started<'_>) -> Result<Duration, Trouble> {
    let engine = &one.met.engine;
    let events = Box::pin(engine.events(&setup.cluster, date()));
    let mut events = Primed::new(events).await;
    let process = process_of(&one.up.id);
    let killed = now();
    let struck = process.is_some_and(|process| send(process, Signal::Kill));
    if !struck {
        engine.kill(&one.up.id, "SIGKILL").await?;
    }
    let heard = events.died(&one.up.id);
    in_time(&one.up.id, "is not heard to have died", heard).await??;
    tasks::end_of(engine, &one.up.id, -1).await;
    Ok(killed.elapsed())
}

/// A stream of events that the engine has begun to send.
struct Primed<S>(S);

/// Time for an engine to begin a stream of events.
const PRIMING: Duration = Duration::from_millis(50);

impl<S: Stream<Item = Result<Happened, Trouble>> + Unpin> Primed<S> {
    /// Asks for the first event: the request is on its way when nothing has come for a while.
    async fn new(mut events: S) -> Primed<S> {
        // What comes in this time is of before.
        let _ = timeout(PRIMING, events.next()).await;
        Primed(events)
    }

    async fn died(&mut self, id: &str) -> Result<(), Trouble> {
        while let Some(event) = self.0.next().await {
            let event = event?;
            if event.action == "die" && event.id == id {
                return Ok(());
            }
        }
        Err(Trouble::refused("events", "the stream has ended"))
    }
}

async fn stop(one: &Started<'_>) -> Result<Duration, Trouble> {
    let asked = now();
    one.met.engine.stop(&one.up.id).await?;
    Ok(asked.elapsed())
}

async fn remove(setup: &Setup, one: &Started<'_>) -> Result<Duration, Trouble> {
    let asked = now();
    tasks::remove_ours(&one.met.engine, &setup.cluster, &one.up.id).await?;
    Ok(asked.elapsed())
}

/// Cuts the power of an engine's machine, and returns how long it takes to boot.
async fn boot(setup: &Setup, met: &Met) -> Result<Option<Duration>, Trouble> {
    let Some(machine) = met.machine.clone() else {
        return Ok(None);
    };
    machine.kill();
    let gone = async {
        while machine.is_up() {
            sleep(LOOK).await;
        }
    };
    in_time(machine.node(), "does not go down", gone).await?;
    let asked = now();
    let booting = machine.clone();
    let booted = tokio::task::spawn_blocking(move || booting.boot()).await;
    booted.map_err(|error| Trouble::refused(machine.node(), error))??;
    met.engine.list(&setup.cluster).await?;
    Ok(Some(asked.elapsed()))
}

async fn in_time<T>(what: &str, said: &str, work: impl Future<Output = T>) -> Result<T, Trouble> {
    timeout(PATIENCE, work).await.map_err(|_| Trouble {
        what: what.to_owned(),
        kind: Kind::TimedOut,
        said: format!("it {said} within {} s", PATIENCE.as_secs()),
    })
}
