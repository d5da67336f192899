//! Makes the chunks of a shard.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use super::chunk::{self, Cell, Kept};
use super::deal::{Dealer, Run};
use super::plan::Sweep;
use super::shard::Shard;
use super::store::{Store, Unusable, WriteError};
use crate::experiment::summary::{Summary, summarize};
use crate::metrics::fold::Options;
use crate::metrics::measured::Measured;
use crate::rng::Seed;
use crate::run::{Ended, simulate};

/// Who is told how far it is.
pub trait Watch: Sync {
    /// Whether to stop.
    fn is_stopped(&self) -> bool;
    /// A cell is done.
    fn cell(&self);
    /// A chunk with so many cells was there already, and was good.
    fn kept(&self, cells: u32);
    /// A chunk was there and cannot be used: it is made again.
    fn again(&self, chunk: u32, why: &Unusable);
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Chunks made.
    pub made: u32,
    /// Chunks that were there already.
    pub kept: u32,
}

/// Why a shard did not come to its end. Chunks that were done by then are kept.
#[derive(Debug)]
pub enum Broken {
    /// Whoever watches stopped it.
    Interrupted(Done),
    /// A chunk could not be written.
    Write(WriteError, Done),
    /// A run could not go on.
    Stopped(String),
}

/// Makes those chunks of a shard that are not in the folder yet, on all threads.
///
/// # Errors
/// Why it did not come to its end.
pub fn work(sweep: &Sweep, store: &Store, shard: Shard, watch: &dyn Watch) -> Result<Done, Broken> {
    store
        .prepare()
        .map_err(|error| Broken::Write(error, Done::default()))?;
    let bench = Bench {
        sweep,
        store,
        watch,
        dealer: Mutex::new(Dealer::new(shard.chunks(sweep.plan.chunks()))),
        broken: Mutex::new(None),
        made: AtomicU32::new(0),
        kept: AtomicU32::new(0),
    };
    // Disks take their time to say that a chunk is safe; meanwhile runs go on.
    let (finished, waiting) = mpsc::sync_channel(WAITING);
    thread::scope(|scope| {
        scope.spawn(|| bench.write(waiting));
        // Moved in, so that the writer ends with the last run.
        let finished = finished;
        // One loop for each thread: the pool's own stealing would let one cell wait within another.
        rayon::broadcast(|_| bench.toil(&finished));
    });
    let done = bench.done();
    match bench.broken.into_inner().expect("nobody panicked with it") {
        None => Ok(done),
        Some(Why::Interrupted) => Err(Broken::Interrupted(done)),
        Some(Why::Write(error)) => Err(Broken::Write(error, done)),
        Some(Why::Stopped(reason)) => Err(Broken::Stopped(reason)),
    }
}

/// Most finished chunks that wait for the disk.
const WAITING: usize = 4;

/// A finished chunk: its number and its text.
type Finished = (u32, String);

/// What the threads share.
struct Bench<'a, I> {
    sweep: &'a Sweep,
    store: &'a Store,
    watch: &'a dyn Watch,
    dealer: Mutex<Dealer<I>>,
    broken: Mutex<Option<Why>>,
    made: AtomicU32,
    kept: AtomicU32,
}

enum Why {
    Interrupted,
    Write(WriteError),
    Stopped(String),
}

impl<I: Iterator<Item = u32> + Send> Bench<'_, I> {
    /// Takes run after run until there is none, or something is broken.
    fn toil(&self, finished: &SyncSender<Finished>) {
        while let Some(run) = self.next() {
            if let Err(why) = self.one(&run, finished) {
                return self.give_up(why);
            }
        }
    }

    /// Writes finished chunks until there will be no more.
    fn write(&self, waiting: Receiver<Finished>) {
        let mut is_writing = true;
        for (chunk, text) in waiting {
            // After an error the others are taken all the same: whoever made them must not wait.
            if !is_writing {
                continue;
            }
            match self.store.write(chunk, &text) {
                Ok(()) => drop(self.made.fetch_add(1, Ordering::Relaxed)),
                Err(error) => {
                    is_writing = false;
                    self.give_up(Why::Write(error));
                }
            }
        }
    }

    fn give_up(&self, why: Why) {
        let mut broken = self.broken.lock().expect("nobody panics with it");
        broken.get_or_insert(why);
    }

    fn next(&self) -> Option<Run> {
        if self.broken.lock().expect("nobody panics with it").is_some() {
            return None;
        }
        let mut dealer = self.dealer.lock().expect("nobody panics with it");
        dealer.next(self.sweep, |chunk| self.is_there(chunk))
    }

    /// Whether a chunk need not be made, as of now: another process may just have made it.
    fn is_there(&self, chunk: u32) -> bool {
        match self.store.read(self.sweep, chunk) {
            Ok(cells) => {
                self.kept.fetch_add(1, Ordering::Relaxed);
                self.watch.kept(cells.len() as u32);
                true
            }
            Err(Unusable::Missing) => false,
            Err(why @ (Unusable::Bad(_) | Unusable::Unread(_))) => {
                self.watch.again(chunk, &why);
                false
            }
        }
    }

    fn one(&self, run: &Run, finished: &SyncSender<Finished>) -> Result<(), Why> {
        let cell = run.cell();
        let scenario = run.scenario(|| self.sweep.load(cell));
        let seed = Seed {
            seed: self.sweep.plan.seed,
            replication: run.replication,
        };
        let look = |()| match self.watch.is_stopped() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        if look(()).is_break() {
            return Err(Why::Interrupted);
        }
        // Where nothing is random, the other replications would say the same.
        let is_exact = scenario.is_exact();
        let measured = match is_exact && run.replication > 1 {
            true => Measured::default(),
            false => simulate(&scenario, seed, Options::default(), &mut |_| look(())).map_err(
                |ended| match ended {
                    Ended::Interrupted => Why::Interrupted,
                    Ended::Stopped(stop) => Why::Stopped(stop.reason),
                },
            )?,
        };
        drop(scenario);
        let Some(runs) = run.hand_in(self.kept_of(measured)) else {
            return Ok(());
        };
        let cell = self.summed_up(if is_exact { &runs[..1] } else { &runs });
        self.watch.cell();
        let Some(cells) = run.finish(cell) else {
            return Ok(());
        };
        let text = chunk::text(self.sweep, run.chunk(), &cells);
        let sent = finished.send((run.chunk(), text));
        sent.expect("the writer waits until there is no more");
        Ok(())
    }

    /// What is needed of a run: the rest would fill the memory.
    fn kept_of(&self, measured: Measured) -> Measured {
        let metrics = &self.sweep.plan.metrics;
        let is_kept = |value: &crate::metrics::measured::Value| {
            metrics.iter().any(|kept| {
                let is_basis = kept.metric.name == "availability.nines"
                    && value.metric.name == "availability.requests";
                (is_basis || kept.metric == value.metric) && kept.entity == value.entity
            })
        };
        Measured {
            window: measured.window,
            values: measured.values.into_iter().filter(is_kept).collect(),
            ..Measured::default()
        }
    }

    /// What the runs of a cell say together, as in `plimsoll run`; replications that were not run are
    /// absent.
    fn summed_up(&self, runs: &[Measured]) -> Cell {
        let plan = &self.sweep.plan;
        let summary: Summary = summarize(plan.seed, runs);
        let kept = plan.metrics.iter().map(|quantity| {
            let mut lines = summary.lines.iter();
            let line =
                lines.find(|line| line.metric == quantity.metric && line.entity == quantity.entity);
            match line {
                Some(line) => {
                    let mut values = line.values.clone();
                    values.resize(plan.replications as usize, None);
                    let estimate = Some(line.estimate);
                    Kept { values, estimate }
                }
                None => Kept {
                    values: vec![None; plan.replications as usize],
                    estimate: None,
                },
            }
        });
        Cell {
            metrics: kept.collect(),
        }
    }
}

impl<I> Bench<'_, I> {
    fn done(&self) -> Done {
        Done {
            made: self.made.load(Ordering::Relaxed),
            kept: self.kept.load(Ordering::Relaxed),
        }
    }
}
