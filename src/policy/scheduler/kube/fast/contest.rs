//! A tournament tree that also knows how many keys are the greatest, so that one of them can be
//! drawn.

/// Children of one node of the tree.
const WIDTH: usize = 32;

/// Keys, and of every block of keys, of every block of such blocks, and so on, the greatest one with
/// how often it occurs. Key zero stands for "does not take part".
#[derive(Clone, Debug, Default)]
pub(super) struct Contest {
    keys: Vec<u32>,
    /// How many keys take part.
    entries: usize,
    /// The winners of each round; all but the last padded to whole blocks.
    rounds: Vec<Vec<Winner>>,
}

/// The greatest key of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Winner {
    key: u32,
    times: u32,
}

impl Contest {
    /// About how many bytes a contest of that many keys takes.
    pub(super) const fn bytes(keys: usize) -> usize {
        keys * size_of::<u32>() + keys / (WIDTH - 2) * size_of::<Winner>()
    }

    /// Starts over with these keys.
    pub(super) fn refill(&mut self, keys: impl Iterator<Item = u32>) {
        self.keys.clear();
        self.keys.extend(keys);
        self.entries = self.keys.iter().filter(|&&key| key > 0).count();
        self.keys
            .resize(self.keys.len().next_multiple_of(WIDTH).max(WIDTH), 0);
        let mut round = 0;
        let mut blocks = self.keys.len() / WIDTH;
        loop {
            if self.rounds.len() == round {
                self.rounds.push(Vec::new());
            }
            let (below, above) = self.rounds.split_at_mut(round);
            let winners = &mut above[0];
            winners.clear();
            match below.last() {
                None => winners.extend(self.keys.chunks_exact(WIDTH).map(of_keys)),
                Some(below) => winners.extend(below.chunks_exact(WIDTH).map(of_winners)),
            }
            round += 1;
            if blocks == 1 {
                break;
            }
            winners.resize(blocks.next_multiple_of(WIDTH), Winner::default());
            blocks = winners.len() / WIDTH;
        }
        self.rounds.truncate(round);
    }

    /// Changes one key.
    pub(super) fn set(&mut self, at: usize, key: u32) {
        self.entries -= usize::from(self.keys[at] > 0);
        self.entries += usize::from(key > 0);
        let once = |key| Winner { key, times: 1 };
        let mut old = once(std::mem::replace(&mut self.keys[at], key));
        let mut new = once(key);
        let mut at = at;
        for round in 0..self.rounds.len() {
            if old == new {
                return;
            }
            at /= WIDTH;
            let before = self.rounds[round][at];
            let after = match before.with(old, new) {
                Some(after) => after,
                None => self.winner_of(round, at),
            };
            self.rounds[round][at] = after;
            (old, new) = (before, after);
        }
    }

    fn winner_of(&self, round: usize, at: usize) -> Winner {
        let block = at * WIDTH..(at + 1) * WIDTH;
        match round.checked_sub(1) {
            None => of_keys(&self.keys[block]),
            Some(below) => of_winners(&self.rounds[below][block]),
        }
    }

    /// All keys, and some that are zero.
    pub(super) fn keys(&self) -> &[u32] {
        &self.keys
    }

    /// How many keys take part.
    pub(super) const fn entries(&self) -> usize {
        self.entries
    }

    /// The greatest key and how often it occurs; `None` when no key takes part.
    pub(super) fn best(&self) -> Option<(u32, u32)> {
        let winner = self.rounds.last()?.first()?;
        (winner.key > 0).then_some((winner.key, winner.times))
    }
}

/// The `nth` place, from 0, at which a contest has its key. The contests are of equal size.
pub(super) fn nth(contests: &[(&Contest, u32)], nth: u32) -> usize {
    let mut left = nth;
    let (first, _) = contests.first().expect("there is a contest");
    let mut at = 0;
    for round in (0..first.rounds.len().saturating_sub(1)).rev() {
        let times = |at: usize| {
            let winners = contests
                .iter()
                .map(|(one, key)| (one.rounds[round][at], *key));
            winners.map(|(winner, key)| winner.times_of(key)).sum()
        };
        at = child(at, &mut left, times);
    }
    child(at, &mut left, |at| {
        let keys = contests.iter();
        keys.map(|(one, key)| u32::from(one.keys[at] == *key)).sum()
    })
}

/// The child under which the place is, after `left` places are skipped.
fn child(parent: usize, left: &mut u32, times: impl Fn(usize) -> u32) -> usize {
    for at in parent * WIDTH..(parent + 1) * WIDTH {
        let here = times(at);
        if *left < here {
            return at;
        }
        *left -= here;
    }
    unreachable!("a winner counted its block")
}

impl Winner {
    const fn times_of(self, key: u32) -> u32 {
        if self.key == key { self.times } else { 0 }
    }

    /// After one of the block changed; `None` where it must be compared anew.
    fn with(self, old: Winner, new: Winner) -> Option<Winner> {
        if new.key > self.key {
            return Some(new);
        }
        let times = self.times - old.times_of(self.key) + new.times_of(self.key);
        (times > 0).then_some(Winner { times, ..self })
    }
}

fn of_keys(keys: &[u32]) -> Winner {
    let key = keys.iter().fold(0, |most, &key| most.max(key));
    let times = keys.iter().map(|&other| u32::from(other == key)).sum();
    Winner { key, times }
}

fn of_winners(winners: &[Winner]) -> Winner {
    let key = winners.iter().fold(0, |most, winner| most.max(winner.key));
    let times = winners.iter().map(|winner| winner.times_of(key)).sum();
    Winner { key, times }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(keys: &[u32], contest: &Contest) {
        let most = keys.iter().copied().max().filter(|&key| key > 0);
        let places = |key: u32| (0..keys.len()).filter(move |&at| keys[at] == key);
        let best = most.map(|key| (key, places(key).count() as u32));
        assert_eq!(contest.best(), best);
        assert_eq!(
            contest.entries(),
            keys.iter().filter(|&&key| key > 0).count()
        );
        for (n, at) in most.into_iter().flat_map(places).enumerate() {
            let one = [(contest, most.unwrap())];
            assert_eq!(nth(&one, n as u32), at);
        }
    }

    #[test]
    fn nothing_wins_where_nothing_takes_part() {
        let mut contest = Contest::default();
        assert_eq!(contest.best(), None);
        for keys in [0, 1, WIDTH, WIDTH + 1] {
            contest.refill(std::iter::repeat_n(0, keys));
            assert_eq!(contest.best(), None);
        }
    }

    #[test]
    fn places_of_two_contests_are_counted_together() {
        let mut contests = [Contest::default(), Contest::default()];
        contests[0].refill((0..100).map(|at| if at % 10 == 0 { 7 } else { 1 }));
        contests[1].refill((0..100).map(|at| if at % 10 == 5 { 3 } else { 2 }));
        let both = [(&contests[0], 7), (&contests[1], 3)];
        let places: Vec<usize> = (0..20).map(|n| nth(&both, n)).collect();
        assert_eq!(places, (0..20).map(|n| 5 * n).collect::<Vec<_>>());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_greatest_keys_are_known_and_found_after_every_change(
            sizes in prop::collection::vec(
                prop_oneof![1..3 * WIDTH, WIDTH * WIDTH - 1..WIDTH * WIDTH + 2, 1..3000_usize],
                1..3,
            ),
            changes in prop::collection::vec((any::<prop::sample::Index>(), 0..6_u32), 1..200),
        ) {
            let mut contest = Contest::default();
            for size in sizes {
                let mut keys: Vec<u32> = (0..size).map(|at| (at * 7 % 5) as u32).collect();
                contest.refill(keys.iter().copied());
                check(&keys, &contest);
                for &(at, key) in &changes {
                    let at = at.index(size);
                    keys[at] = key;
                    contest.set(at, key);
                    check(&keys, &contest);
                }
            }
        }
    }
}
