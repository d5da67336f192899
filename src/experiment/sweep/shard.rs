//! Shards: the share of a sweep's chunks that one of several processes makes.

use std::ops::Range;

/// One of several equal shares: chunk c belongs to shard c mod `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 0.
    index: u32,
    /// Of how many, at least one.
    count: u32,
}

impl Shard {
    /// Everything.
    pub const WHOLE: Shard = Shard { index: 0, count: 1 };

    /// Shard `index` of `count`, if there is one.
    pub fn new(index: u32, count: u32) -> Option<Shard> {
        (index < count).then_some(Shard { index, count })
    }

    /// Which one, from 0.
    pub const fn index(self) -> u32 {
        self.index
    }

    /// Of how many.
    pub const fn count(self) -> u32 {
        self.count
    }

    /// Its chunks among so many, ascending.
    pub fn chunks(self, all: u32) -> std::iter::StepBy<Range<u32>> {
        (self.index..all.max(self.index)).step_by(self.count as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_belongs_to_one_shard() {
        for (all, count) in [(0, 1), (1, 1), (10, 3), (3, 7), (12, 4)] {
            let shards = (0..count).map(|index| Shard::new(index, count).unwrap());
            let mut chunks: Vec<u32> = shards.flat_map(|shard| shard.chunks(all)).collect();
            chunks.sort_unstable();
            assert_eq!(chunks, (0..all).collect::<Vec<_>>(), "{all} in {count}");
        }
        assert_eq!(Shard::new(3, 3), None);
        let second: Vec<u32> = Shard::new(1, 3).unwrap().chunks(8).collect();
        assert_eq!(second, [1, 4, 7]);
    }
}
