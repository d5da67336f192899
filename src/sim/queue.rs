//! The pending events of the simulator: taken by time, and among equal times in order of insertion.
//!
//! A radix heap (Ahuja, Mehlhorn, Orlin and Tarjan, "Faster Algorithms for the Shortest Path
//! Problem", Journal of the ACM, 1990) with 64 buckets per level. Write an entry's time and the
//! queue's clock as numbers of eleven base-64 digits. The place of the first digit in which they
//! differ is the entry's level, its own digit there the bucket. As no entry lies before the clock,
//! every entry of a level comes before those of the levels above, and every entry of a bucket before
//! those of the buckets after it.
//!
//! To take the earliest entry, the clock jumps to its time. Only the entries of its own bucket then
//! agree with the clock in more digits than before: they move down, at least one level each. So an
//! entry moves at most eleven times, whatever the distribution of times, and nothing is compared
//! with more than one other entry. Moves keep the order of a bucket, and entries of equal time are
//! always in the same one: that is why no sequence number is needed.

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
            "an entry at {at} s after one at {} s was taken",
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
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::time::Duration;

    /// What a simulation does with its queue.
    #[derive(Clone, Debug)]
    enum Op {
        /// Pushes some entries, all this long after the present.
        Push(Duration, u8),
        /// Takes the earliest.
        Pop,
        /// Lets time pass and takes all that is due.
        Wait(Duration),
    }

    /// Short and long waits, often equal ones, and "never".
    fn delays() -> impl Strategy<Value = Duration> {
        prop_oneof![
            Just(Duration::ZERO),
            (0..4_u64).prop_map(Duration::from_nanos),
            (0..4_u64).prop_map(Duration::from_secs),
            (0..64_u32, any::<u64>()).prop_map(|(shift, word)| Duration::from_nanos(word >> shift)),
            Just(Duration::MAX),
        ]
    }

    fn ops() -> impl Strategy<Value = Op> {
        prop_oneof![
            4 => (delays(), 1..6_u8).prop_map(|(delay, count)| Op::Push(delay, count)),
            6 => Just(Op::Pop),
            2 => delays().prop_map(Op::Wait),
        ]
    }

    /// The obviously right queue: ordered by time, then by number of insertion, which is the item.
    #[derive(Default)]
    struct Model(BTreeMap<(Time, u64), ()>);

    impl Model {
        fn pop_due(&mut self, now: Time) -> Option<(Time, u64)> {
            let first = self.0.first_entry().filter(|first| first.key().0 <= now)?;
            Some(first.remove_entry().0)
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
                    let times = bucket.entries.iter().map(|entry| entry.0);
                    assert_eq!(bucket.earliest, times.clone().min().unwrap_or(Time::MAX));
                    for at in times {
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

    proptest! {
        #[test]
        fn entries_leave_by_time_and_then_by_order_of_insertion(
            ops in prop::collection::vec(ops(), 0..200),
        ) {
            let (mut queue, mut model) = (Queue::new(), Model::default());
            let (mut now, mut pushed) = (Time::ZERO, 0);
            for op in ops {
                match op {
                    Op::Push(delay, count) => {
                        for _ in 0..count {
                            queue.push(now + delay, pushed);
                            model.0.insert((now + delay, pushed), ());
                            pushed += 1;
                        }
                    }
                    Op::Pop => {
                        let taken = queue.pop();
                        prop_assert_eq!(taken, model.pop_due(Time::MAX));
                        now = taken.map_or(now, |(at, _)| at.max(now));
                    }
                    Op::Wait(delay) => {
                        now += delay;
                        while let Some(due) = model.pop_due(now) {
                            prop_assert_eq!(queue.pop_due(now), Some(due));
                        }
                        prop_assert_eq!(queue.pop_due(now), None);
                    }
                }
                queue.check();
                prop_assert_eq!(queue.next_time(), model.0.keys().next().map(|key| key.0));
                prop_assert_eq!(queue.len(), model.0.len());
                prop_assert_eq!(queue.is_empty(), model.0.is_empty());
            }
            while let Some(taken) = queue.pop() {
                prop_assert_eq!(Some(taken), model.pop_due(Time::MAX));
            }
            prop_assert!(model.0.is_empty());
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
    #[should_panic(expected = "an entry at 1 s after one at 2 s was taken")]
    fn the_past_is_refused() {
        let mut queue = Queue::new();
        queue.push(Time::from_secs(2), ());
        queue.pop();
        queue.push(Time::from_secs(1), ());
    }

    #[test]
    fn the_memory_of_a_burst_is_given_back() {
        const BURST: u64 = 100_000;
        let mut queue = Queue::new();
        // As many at one time as spread over another second.
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
        queue.check();
    }

    #[test]
    fn an_entry_moves_at_most_once_per_level() {
        // Two values of every digit: the times that share the most buckets on their way. Whenever
        // one is taken, the others of its bucket must be at a lower level than before.
        let times = (0..1_u64 << LEVELS).map(|bits| {
            let digits = (0..LEVELS).filter(|digit| bits >> digit & 1 == 1);
            Time::from_nanos(digits.map(|digit| 1 << (DIGIT_BITS as usize * digit)).sum())
        });
        let mut queue = Queue::new();
        for (item, at) in times.enumerate() {
            queue.push(at, item as u64);
        }
        let mut before = vec![LEVELS; 1 << LEVELS];
        while queue.pop().is_some() {
            for (place, level) in queue.levels.iter().enumerate() {
                for &(_, item) in level.buckets.iter().flat_map(|bucket| &bucket.entries) {
                    assert!(place <= before[item as usize]);
                    before[item as usize] = place;
                }
            }
        }
    }
}
