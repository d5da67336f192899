//! A tournament tree: the greatest of many keys, kept while single keys change.

/// Children of one node of the tree. With 16 or 64 a trace takes up to a tenth longer.
const WIDTH: usize = 32;

/// The greatest key of every block of keys, of every block of such blocks, and so on.
///
/// A changed key costs one comparison per level, unless it was the greatest of its block: then the
/// block is compared anew. `K::default()` is the least key and stands for "does not take part".
#[derive(Debug, Default)]
pub struct Tournament<K> {
    /// The keys, then the winners of each round; all but the last padded to whole blocks.
    rounds: Vec<Vec<K>>,
}

impl<K: Copy + Ord + Default> Tournament<K> {
    /// About how many bytes a tournament of that many keys takes.
    pub fn bytes(keys: usize) -> usize {
        let rounds = keys + keys / WIDTH + 3 * WIDTH;
        rounds * size_of::<K>() + 3 * size_of::<Vec<K>>()
    }

    /// Starts over with these keys.
    pub fn refill(&mut self, keys: impl Iterator<Item = K>) {
        if self.rounds.is_empty() {
            self.rounds.push(Vec::new());
        }
        self.rounds[0].clear();
        self.rounds[0].extend(keys);
        let mut round = 0;
        while self.rounds[round].len() > 1 {
            if round + 1 == self.rounds.len() {
                self.rounds.push(Vec::new());
            }
            let (below, above) = self.rounds.split_at_mut(round + 1);
            pad(&mut below[round]);
            above[0].clear();
            above[0].extend(below[round].chunks_exact(WIDTH).map(greatest));
            round += 1;
        }
        self.rounds.truncate(round + 1);
    }

    /// Changes one key.
    pub fn set(&mut self, at: usize, key: K) {
        let (mut at, mut key) = (at, key);
        for round in 0..self.rounds.len() {
            let keys = &mut self.rounds[round];
            let old = std::mem::replace(&mut keys[at], key);
            let Some(&winner) = self.rounds.get(round + 1).map(|above| &above[at / WIDTH]) else {
                return;
            };
            if key <= winner {
                if old < winner || key == winner {
                    return;
                }
                let block = at / WIDTH * WIDTH;
                key = greatest(&self.rounds[round][block..block + WIDTH]);
                if key == winner {
                    return;
                }
            }
            at /= WIDTH;
        }
    }

    /// The greatest key and the first place where it stands; `None` when no key takes part.
    pub fn best(&self) -> Option<(usize, K)> {
        let (last, below) = self.rounds.split_last()?;
        let &winner = last.first()?;
        if winner == K::default() {
            return None;
        }
        let at = below.iter().rev().fold(0, |at, keys| {
            let block = at * WIDTH;
            let first = keys[block..].iter().position(|&key| key == winner);
            block + first.expect("a winner won its block")
        });
        Some((at, winner))
    }
}

fn pad<K: Copy + Default>(keys: &mut Vec<K>) {
    keys.resize(keys.len().next_multiple_of(WIDTH), K::default());
}

fn greatest<K: Copy + Ord + Default>(keys: &[K]) -> K {
    keys.iter().fold(K::default(), |best, &key| best.max(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(keys: &[u8], tournament: &Tournament<u8>) {
        let greatest = keys.iter().copied().max().filter(|&key| key > 0);
        let first = greatest.map(|key| keys.iter().position(|&other| other == key).unwrap());
        assert_eq!(tournament.best(), first.zip(greatest));
    }

    #[test]
    fn nothing_wins_where_nothing_takes_part() {
        let mut tournament = Tournament::<u8>::default();
        assert_eq!(tournament.best(), None);
        for keys in [0, 1, WIDTH, WIDTH + 1] {
            tournament.refill(std::iter::repeat_n(0, keys));
            assert_eq!(tournament.best(), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_first_greatest_key_wins_after_every_change(
            sizes in prop::collection::vec(
                prop_oneof![1..3 * WIDTH, WIDTH * WIDTH - 1..WIDTH * WIDTH + 2, 1..3000_usize],
                1..3,
            ),
            changes in prop::collection::vec((any::<prop::sample::Index>(), 0..6_u8), 1..200),
        ) {
            let mut tournament = Tournament::default();
            for size in sizes {
                let mut keys: Vec<u8> = (0..size).map(|at| (at * 7 % 5) as u8).collect();
                tournament.refill(keys.iter().copied());
                check(&keys, &tournament);
                for &(at, key) in &changes {
                    let at = at.index(size);
                    keys[at] = key;
                    tournament.set(at, key);
                    check(&keys, &tournament);
                }
            }
        }
    }
}
