//! The pending events of the simulator: taken by time, and among equal times in order of insertion.
//!
//! A radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, "Faster Algorithms for the Shortest Path
//! Problem", Journal of the ACM, 1990) with 64 buckets per level. Write an entry's time and the
//! queue's clock as numbers of eleven digits in base 64. The place of the highest digit in which they
//! differ is the entry's level; its own digit there is its bucket. No entry lies before the clock,
//! so that every entry of a level comes before all of the levels above, and every entry of a bucket
//! before all of the buckets after it.
//!
//! To take the earliest entry, the clock jumps to its time. The other entries of its bucket now
//! agree with the clock in more digits than before and move to lower levels; all others stay where
//! they are. So an entry moves at most eleven times, whatever the distribution of times. Moves keep
//! the order within a bucket, and entries of equal time are always in the same one: equal times need
//! no sequence number.

use std::collections::VecDeque;
use std::{array, mem};

use crate::time::Time;

/// Bits of one digit of a time; 64 buckets are what one word can mark as occupied.
const DIGIT_BITS: u32 = 6;
/// Values of one digit, and so buckets of one level.
const BUCKETS: usize = 1 << DIGIT_BITS;
/// Digits of a time, and so levels.
const LEVELS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;
/// The most entries an emptied buffer may have room for and be kept: a burst's memory is given back.
const KEPT: usize = 64;

/// Entries to be taken in order of time, and first in, first out among equal times.
pub struct Queue<T> {
    /// Time of the last entry taken.
    clock: Time,
    len: usize,
    /// The entries at `clock`.
    due: VecDeque<T>,
    /// One bit for each level that holds an entry.
    occupied: u64,
    levels: Box<[Level<T>; LEVELS]>,
}

/// Entries that agree with the clock in all digits above one place and are later in that digit.
struct Level<T> {
    /// One bit for each bucket that holds an entry.
    occupied: u64,
    buckets: [Bucket<T>; BUCKETS],
}

/// Entries that agree in all digits down to one place, in order of insertion.
struct Bucket<T> {
    /// The earliest time among the entries; [`Time::MAX`] if there are none.
    earliest: Time,
    entries: Vec<(Time, T)>,
}

impl<T: Copy> Queue<T> {
    /// No entries, and the clock at the start of the run.
    pub fn new() -> Self {
        Queue {
            clock: Time::ZERO,
            len: 0,
            due: VecDeque::new(),
            occupied: 0,
            levels: Box::new(array::from_fn(|_| Level::new())),
        }
    }

    /// Number of entries.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no entries.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an entry behind all others of the same time. Panics if `at` is before the last entry
    /// taken: what has happened stays as it was.
    pub fn push(&mut self, at: Time, item: T) {
        assert!(
            at >= self.clock,
            "an entry at {at} s is before the clock, at {} s",
            self.clock
        );
        self.len += 1;
        self.place(at, item);
    }

    /// The time of the earliest entry.
    pub fn next_time(&self) -> Option<Time> {
        if !self.due.is_empty() {
            return Some(self.clock);
        }
        let (level, bucket) = self.first_bucket()?;
        Some(self.levels[level].buckets[bucket].earliest)
    }

    /// Takes the earliest entry if its time has come.
    pub fn pop_due(&mut self, now: Time) -> Option<(Time, T)> {
        if self.next_time()? <= now {
            self.pop()
        } else {
            None
        }
    }

    /// Takes the earliest entry.
    pub fn pop(&mut self) -> Option<(Time, T)> {
        if self.due.is_empty() {
            self.advance();
        }
        let item = self.due.pop_front()?;
        self.len -= 1;
        Some((self.clock, item))
    }

    /// Sets the clock to the earliest time there is an entry for, if any, and makes those of that
    /// time due.
    fn advance(&mut self) {
        if self.due.capacity() > KEPT {
            self.due = VecDeque::new();
        }
        let Some((level, bucket)) = self.first_bucket() else {
            return;
        };
        let (earliest, mut entries) = self.levels[level].take(bucket);
        if self.levels[level].occupied == 0 {
            self.occupied &= !(1 << level);
        }
        self.clock = earliest;
        for &(at, item) in &entries {
            self.place(at, item);
        }
        if entries.capacity() <= KEPT {
            entries.clear();
            self.levels[level].buckets[bucket].entries = entries;
        }
    }

    /// Level and bucket of the earliest entry that is not due.
    const fn first_bucket(&self) -> Option<(usize, usize)> {
        if self.occupied == 0 {
            return None;
        }
        let level = self.occupied.trailing_zeros() as usize;
        Some((level, self.levels[level].occupied.trailing_zeros() as usize))
    }

    /// Puts an entry where its time belongs, seen from the clock.
    fn place(&mut self, at: Time, item: T) {
        let difference = at.nanos() ^ self.clock.nanos();
        if difference == 0 {
            self.due.push_back(item);
            return;
        }
        let level = difference.ilog2() / DIGIT_BITS;
        let bucket = (at.nanos() >> (level * DIGIT_BITS)) as usize % BUCKETS;
        self.occupied |= 1 << level;
        self.levels[level as usize].put(bucket, at, item);
    }
}

impl<T: Copy> Default for Queue<T> {
    fn default() -> Self {
        Queue::new()
    }
}

impl<T> Level<T> {
    fn new() -> Self {
        Level {
            occupied: 0,
            buckets: array::from_fn(|_| Bucket {
                earliest: Time::MAX,
                entries: Vec::new(),
            }),
        }
    }

    fn put(&mut self, bucket: usize, at: Time, item: T) {
        self.occupied |= 1 << bucket;
        let bucket = &mut self.buckets[bucket];
        bucket.earliest = bucket.earliest.min(at);
        bucket.entries.push((at, item));
    }

    /// Empties a bucket: its earliest time and its entries.
    fn take(&mut self, bucket: usize) -> (Time, Vec<(Time, T)>) {
        self.occupied &= !(1 << bucket);
        let bucket = &mut self.buckets[bucket];
        let earliest = mem::replace(&mut bucket.earliest, Time::MAX);
        (earliest, mem::take(&mut bucket.entries))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::time::Duration;

    /// What a simulation does with its queue.
    #[derive(Clone, Debug)]
    enum Op {
        /// Pushes an entry this long after the present.
        Push(Duration),
        /// Pushes an entry at the time of one that is pending.
        Tie(Index),
        /// Takes the earliest entry.
        Pop,
        /// Lets time pass and takes all that is due.
        Wait(Duration),
    }

    /// The queue beside the obviously right one: ordered by time, then by number of insertion, which
    /// is the item.
    struct Pair {
        queue: Queue<u64>,
        model: BTreeSet<(Time, u64)>,
        now: Time,
        pushed: u64,
    }

    impl Pair {
        fn new() -> Pair {
            Pair {
                queue: Queue::new(),
                model: BTreeSet::new(),
                now: Time::ZERO,
                pushed: 0,
            }
        }

        fn apply(&mut self, op: Op) {
            match op {
                Op::Push(delay) => self.push(self.now + delay),
                Op::Tie(_) if self.model.is_empty() => self.push(self.now),
                Op::Tie(index) => {
                    let pending = self.model.iter().nth(index.index(self.model.len()));
                    self.push(pending.unwrap().0);
                }
                Op::Pop => {
                    let taken = self.queue.pop();
                    assert_eq!(taken, self.model.pop_first());
                    self.now = taken.map_or(self.now, |(at, _)| at);
                }
                Op::Wait(delay) => {
                    self.now += delay;
                    while self.model.first().is_some_and(|first| first.0 <= self.now) {
                        assert_eq!(self.queue.pop_due(self.now), self.model.pop_first());
                    }
                    assert_eq!(self.queue.pop_due(self.now), None);
                }
            }
        }

        fn push(&mut self, at: Time) {
            self.queue.push(at, self.pushed);
            self.model.insert((at, self.pushed));
            self.pushed += 1;
        }

        fn check(&self) {
            self.queue.check();
            assert_eq!(
                self.queue.next_time(),
                self.model.first().map(|first| first.0)
            );
            assert_eq!(self.queue.len(), self.model.len());
            assert_eq!(self.queue.is_empty(), self.model.is_empty());
        }
    }

    impl Queue<u64> {
        /// Every entry is where its time belongs, and every mark says what is there.
        fn check(&self) {
            let mut len = self.due.len();
            for (place, level) in self.levels.iter().enumerate() {
                assert_eq!(self.occupied >> place & 1 == 1, level.occupied != 0);
                for (digit, bucket) in level.buckets.iter().enumerate() {
                    let marked = level.occupied >> digit & 1 == 1;
                    assert_eq!(marked, !bucket.entries.is_empty());
                    let earliest = bucket.entries.iter().map(|entry| entry.0).min();
                    assert_eq!(bucket.earliest, earliest.unwrap_or(Time::MAX));
                    for &(at, _) in &bucket.entries {
                        let shift = DIGIT_BITS * place as u32;
                        let (at, clock) = (at.nanos() >> shift, self.clock.nanos() >> shift);
                        assert_eq!(at >> DIGIT_BITS, clock >> DIGIT_BITS);
                        assert!(at > clock);
                        assert_eq!(at as usize % BUCKETS, digit);
                    }
                    len += bucket.entries.len();
                }
            }
            assert_eq!(self.len, len);
        }

        /// Entries that the queue has memory for.
        fn capacity(&self) -> usize {
            let buckets = self.levels.iter().flat_map(|level| &level.buckets);
            self.due.capacity() + buckets.map(|b| b.entries.capacity()).sum::<usize>()
        }
    }

    /// Short and long, often equal, and "for ever".
    fn delays() -> impl Strategy<Value = Duration> {
        prop_oneof![
            2 => Just(Duration::ZERO),
            4 => (0..4_u64).prop_map(Duration::from_nanos),
            4 => (0..4_u64).prop_map(Duration::from_secs),
            8 => (8..64_u32, any::<u64>())
                .prop_map(|(shift, word)| Duration::from_nanos(word >> shift)),
            1 => Just(Duration::MAX),
        ]
    }

    fn ops() -> impl Strategy<Value = Op> {
        prop_oneof![
            6 => delays().prop_map(Op::Push),
            3 => any::<Index>().prop_map(Op::Tie),
            6 => Just(Op::Pop),
            1 => delays().prop_filter("time goes on", |&delay| delay < Duration::MAX)
                .prop_map(Op::Wait),
        ]
    }

    proptest! {
        #[test]
        fn entries_leave_by_time_and_then_by_order_of_insertion(
            ops in prop::collection::vec(ops(), 0..300),
        ) {
            let mut pair = Pair::new();
            for op in ops {
                pair.apply(op);
                pair.check();
            }
            while !pair.model.is_empty() {
                pair.apply(Op::Pop);
                pair.check();
            }
        }
    }

    #[test]
    fn an_entry_pushed_at_the_present_waits_for_those_already_due() {
        let mut queue = Queue::new();
        let noon = Time::from_secs(43_200);
        queue.push(noon, 1);
        queue.push(noon, 2);
        assert_eq!(queue.pop(), Some((noon, 1)));
        queue.push(noon, 3);
        assert_eq!(queue.pop(), Some((noon, 2)));
        assert_eq!(queue.pop(), Some((noon, 3)));
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn looking_ahead_leaves_room_for_earlier_entries() {
        let mut queue = Queue::new();
        let (near, far) = (Time::from_secs(1), Time::from_secs(31_536_000));
        queue.push(far, 1);
        assert_eq!(queue.next_time(), Some(far));
        assert_eq!(queue.pop_due(near), None);
        queue.push(near, 2);
        assert_eq!(queue.pop_due(near), Some((near, 2)));
    }

    #[test]
    #[should_panic(expected = "an entry at 1 s is before the clock, at 2 s")]
    fn the_past_is_refused() {
        let mut queue = Queue::new();
        queue.push(Time::from_secs(2), ());
        queue.pop();
        queue.push(Time::from_secs(1), ());
    }

    #[test]
    fn an_entry_moves_down_at_every_move() {
        // Two values of each of the eleven digits: 2^11 entries. Those with a 1 there are moved once
        // for that digit: half of them for each digit, 11 * 2^10 moves in all.
        let mut queue = Queue::new();
        for item in 0..1_u64 << LEVELS {
            let digits = (0..LEVELS as u32).filter(|digit| item >> digit & 1 == 1);
            let nanos = digits.map(|digit| 1 << (DIGIT_BITS * digit)).sum();
            queue.push(Time::from_nanos(nanos), item);
        }
        assert_eq!(queue.pop(), Some((Time::ZERO, 0)));
        let mut moves = 0;
        while let Some((level, bucket)) = queue.first_bucket() {
            let moved = queue.levels[level].buckets[bucket].entries.len();
            queue.pop();
            let lower = queue.levels[..level]
                .iter()
                .flat_map(|level| &level.buckets);
            assert_eq!(1 + lower.map(|b| b.entries.len()).sum::<usize>(), moved);
            moves += moved;
        }
        assert_eq!(moves, 11 << 10);
    }

    #[test]
    fn the_memory_of_a_burst_is_given_back() {
        const BURST: u64 = 100_000;
        let mut queue = Queue::new();
        // As many at one time as spread over another second, every 10 us.
        for item in 0..BURST {
            queue.push(Time::from_secs(1), item);
            queue.push(
                Time::from_secs(2) + Duration::from_nanos(item * 10_000),
                item,
            );
        }
        assert!(queue.capacity() >= 2 * BURST as usize);
        while queue.pop().is_some() {}
        assert!(queue.capacity() <= (LEVELS * BUCKETS + 1) * KEPT);
    }
}
