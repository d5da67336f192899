//! The simulator's event queue against std's `BinaryHeap` of (time, sequence number, payload).
//!
//! Both sides do the same work in alternating slices, so that what else the machine does slows both
//! alike, and must take the same entries in the same order. Beside criterion's figures, each case
//! prints how many times the throughput of `BinaryHeap` the queue reaches.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Duration as WallDuration;

use criterion::measurement::{Measurement, WallTime};
use criterion::{Criterion, criterion_group, criterion_main};
use plimsoll::rng::{Purpose, Seed, Stream, stream, unit};
use plimsoll::sim::queue::Queue;
use plimsoll::time::{Duration, Time};

/// What an entry carries: 16 bytes.
type Payload = [u64; 2];

/// Waits are drawn before the measurement and used in turn.
const WAITS: usize = 1 << 16;
/// Events of the hold model that one side handles before it is the other side's turn.
const SLICE: u64 = 10_000;

criterion_group! {
    name = event_queue;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(WallDuration::from_secs(1))
        .measurement_time(WallDuration::from_secs(3));
    targets = hold_sizes, hold_distributions, load_and_drain
}
criterion_main!(event_queue);

/// The hold model with exponential waits: one event is one pop and one push.
fn hold_sizes(criterion: &mut Criterion) {
    for pending in [1, 2, 4, 10, 100, 1_000, 100_000, 1_000_000] {
        let name = format!("hold, exponential waits, {pending} pending");
        hold(criterion, &name, pending, |dice| exponential(dice, 1.0));
    }
}

/// The hold model with 100,000 pending and waits that are hard on some kind of queue.
fn hold_distributions(criterion: &mut Criterion) {
    let mut case = |name: &str, wait: fn(&mut Stream) -> Duration| {
        hold(
            criterion,
            &format!("hold, {name}, 100000 pending"),
            100_000,
            wait,
        );
    };
    case("equal waits", |_| Duration::from_secs(1));
    case("whole seconds", |dice| {
        Duration::from_secs((unit(dice) * 60.0) as u64)
    });
    case("no wait for 9 in 10", |dice| {
        Duration::from_secs(u64::from(unit(dice) < 0.1))
    });
    case("1 ms or 1 h", |dice| {
        let mean = if unit(dice) < 0.1 { 3_600.0 } else { 0.001 };
        exponential(dice, mean)
    });
    case("1 s or a year", |dice| {
        let mean = if unit(dice) < 0.01 { 31_536_000.0 } else { 1.0 };
        exponential(dice, mean)
    });
    case("1 ns to 18 min, log-uniform", |dice| {
        Duration::from_nanos((unit(dice) * 40.0).exp2() as u64)
    });
    case("two values per digit", |dice| {
        Duration::from_nanos(two_values_per_digit(dice, 8))
    });
}

/// 100,000 entries pushed, then all taken.
fn load_and_drain(criterion: &mut Criterion) {
    const ENTRIES: u64 = 100_000;
    let mut case = |name: &str, time: fn(u64, &mut Stream) -> u64| {
        let mut dice = dice(name);
        let times: Vec<Time> = (0..ENTRIES)
            .map(|index| Time::from_nanos(time(index, &mut dice)))
            .collect();
        let ours = |rounds| (0..rounds).fold(0, |sum, _| sum ^ drain::<Queue<Payload>>(&times));
        let std = |rounds| (0..rounds).fold(0, |sum, _| sum ^ drain::<Heap>(&times));
        duel(
            criterion,
            &format!("load and drain, {name}, {ENTRIES} entries"),
            1,
            ours,
            std,
        );
    };
    case("ascending", |index, _| index * 1_000_000);
    case("descending", |index, _| (ENTRIES - index) * 1_000_000);
    case("one time", |_, _| 1_000_000_000);
    case("never", |_, _| u64::MAX);
    case("uniform over all times", |_, dice| {
        (unit(dice) * u64::MAX as f64) as u64
    });
    case("log-uniform over all times", |_, dice| {
        (unit(dice) * 64.0).exp2() as u64
    });
    case("two values per digit", |_, dice| {
        two_values_per_digit(dice, 11)
    });
}

/// An exponential wait of so many seconds in the mean.
fn exponential(dice: &mut Stream, mean: f64) -> Duration {
    Duration::from_secs_f64(-mean * (1.0 - unit(dice)).ln())
}

/// Each of the lowest `digits` digits in base 64 is 0 or 1: what the queue has to move most often.
fn two_values_per_digit(dice: &mut Stream, digits: u32) -> u64 {
    (0..digits)
        .map(|digit| u64::from(unit(dice) < 0.5) << (6 * digit))
        .sum()
}

fn dice(name: &str) -> Stream {
    let seed = Seed {
        seed: 1,
        replication: 1,
    };
    stream(seed, Purpose::Delays, name, 0)
}

/// A queue under test.
trait Pending {
    fn new() -> Self;
    fn push(&mut self, at: Time, payload: Payload);
    fn pop(&mut self) -> Option<(Time, Payload)>;
}

impl Pending for Queue<Payload> {
    fn new() -> Self {
        Queue::new()
    }
    fn push(&mut self, at: Time, payload: Payload) {
        self.push(at, payload);
    }
    fn pop(&mut self) -> Option<(Time, Payload)> {
        self.pop()
    }
}

/// The plain way to get the same order.
struct Heap {
    entries: BinaryHeap<Reverse<(Time, u64, Payload)>>,
    pushed: u64,
}

impl Pending for Heap {
    fn new() -> Self {
        Heap {
            entries: BinaryHeap::new(),
            pushed: 0,
        }
    }
    fn push(&mut self, at: Time, payload: Payload) {
        self.entries.push(Reverse((at, self.pushed, payload)));
        self.pushed += 1;
    }
    fn pop(&mut self) -> Option<(Time, Payload)> {
        let Reverse((at, _, payload)) = self.entries.pop()?;
        Some((at, payload))
    }
}

/// A queue whose entries come back after a wait, for ever.
struct Hold<'a, P> {
    pending: P,
    waits: std::iter::Cycle<std::slice::Iter<'a, Duration>>,
}

impl<'a, P: Pending> Hold<'a, P> {
    /// `pending` entries, each of which was taken about once.
    fn new(pending: u64, waits: &'a [Duration]) -> Self {
        let mut hold = Hold {
            pending: P::new(),
            waits: waits.iter().cycle(),
        };
        for index in 0..pending {
            let wait = *hold.waits.next().expect("there are waits");
            hold.pending.push(Time::ZERO + wait, [index; 2]);
        }
        hold.run(pending);
        hold
    }

    /// Handles so many events and returns a digest of their order.
    fn run(&mut self, events: u64) -> u64 {
        let mut digest = 0;
        for _ in 0..events {
            let (at, payload) = self.pending.pop().expect("entries come back");
            let wait = *self.waits.next().expect("there are waits");
            self.pending.push(at + wait, payload);
            digest = add(digest, at, payload);
        }
        digest
    }
}

/// Pushes an entry at each time, takes them all and returns a digest of their order.
fn drain<P: Pending>(times: &[Time]) -> u64 {
    let mut pending = P::new();
    for (index, &at) in times.iter().enumerate() {
        pending.push(at, [index as u64; 2]);
    }
    let mut digest = 0;
    while let Some((at, payload)) = pending.pop() {
        digest = add(digest, at, payload);
    }
    digest
}

/// A digest that depends on the order.
fn add(digest: u64, at: Time, payload: Payload) -> u64 {
    digest.rotate_left(1) ^ at.nanos() ^ payload[1]
}

fn hold(
    criterion: &mut Criterion,
    name: &str,
    pending: u64,
    mut wait: impl FnMut(&mut Stream) -> Duration,
) {
    let mut dice = dice(name);
    let waits: Vec<Duration> = (0..WAITS).map(|_| wait(&mut dice)).collect();
    let mut ours = Hold::<Queue<Payload>>::new(pending, &waits);
    let mut std = Hold::<Heap>::new(pending, &waits);
    duel(
        criterion,
        name,
        SLICE,
        |events| ours.run(events),
        |events| std.run(events),
    );
}

/// Measures both sides at the same work, in alternating slices of so many units of it.
fn duel(
    criterion: &mut Criterion,
    name: &str,
    slice: u64,
    mut ours: impl FnMut(u64) -> u64,
    mut std: impl FnMut(u64) -> u64,
) {
    let mut slices = Vec::new();
    let mut group = criterion.benchmark_group(name);
    for (side, label) in ["Queue", "BinaryHeap"].into_iter().enumerate() {
        group.bench_function(label, |bencher| {
            bencher.iter_custom(|units| {
                let mut spent = WallDuration::ZERO;
                let mut left = units;
                while left > 0 {
                    let now = left.min(slice);
                    left -= now;
                    let (ours_took, ours_digest) = timed(|| ours(now));
                    let (std_took, std_digest) = timed(|| std(now));
                    assert_eq!(ours_digest, std_digest, "{name}: the same order");
                    let took = [ours_took, std_took];
                    spent += took[side];
                    if now == slice {
                        slices.push(took.map(|side| side.as_secs_f64()));
                    }
                }
                spent
            });
        });
    }
    group.finish();
    print_ratio(name, &slices);
}

fn timed(work: impl FnOnce() -> u64) -> (WallDuration, u64) {
    let start = WallTime.start();
    let digest = black_box(work());
    (WallTime.end(start), digest)
}

/// The ratio over all slices together, as rare costly steps count too, and the middle half of the
/// slices' own ratios.
fn print_ratio(name: &str, slices: &[[f64; 2]]) {
    if slices.is_empty() {
        return;
    }
    let [ours, std] = [0, 1].map(|side| slices.iter().map(|took| took[side]).sum::<f64>());
    let mut ratios: Vec<f64> = slices.iter().map(|[ours, std]| std / ours).collect();
    ratios.sort_by(f64::total_cmp);
    let [low, high] = [1, 3].map(|quarter| ratios[(ratios.len() - 1) * quarter / 4]);
    println!(
        "{name}: {:.2} times BinaryHeap (half of the slices {low:.2} to {high:.2})\n",
        std / ours
    );
}
