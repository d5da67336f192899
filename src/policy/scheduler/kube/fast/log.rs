//! What happened last, for caches that follow it lazily.

/// A bounded log. Every reader keeps a cursor of its own; one that is too old starts over.
#[derive(Clone, Debug)]
pub(super) struct Log<T> {
    /// A ring once it is full; its length is a power of two then.
    entries: Vec<T>,
    head: u64,
    room: usize,
}

impl<T: Copy> Log<T> {
    /// An empty log that remembers at least that many entries.
    pub(super) fn new(entries: usize) -> Log<T> {
        Log {
            entries: Vec::new(),
            head: 0,
            room: entries.next_power_of_two(),
        }
    }

    /// Adds an entry.
    pub(super) fn push(&mut self, entry: T) {
        if self.entries.len() < self.room {
            self.entries.push(entry);
        } else {
            let at = self.at(self.head);
            self.entries[at] = entry;
        }
        self.head += 1;
    }

    /// The cursor of a reader that has seen everything.
    pub(super) const fn head(&self) -> u64 {
        self.head
    }

    /// The entries since a cursor, oldest first; `None` where some of them are forgotten.
    pub(super) fn since(&self, cursor: u64) -> Option<impl Iterator<Item = T>> {
        let kept = self.head - cursor <= self.room as u64;
        kept.then(|| (cursor..self.head).map(|at| self.entries[self.at(at)]))
    }

    fn at(&self, number: u64) -> usize {
        (number & (self.room as u64 - 1)) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_sees_every_entry_once_or_starts_over() {
        let mut log = Log::new(3);
        (0..6).for_each(|entry| log.push(entry));
        let since = |cursor| log.since(cursor).map(Iterator::collect::<Vec<_>>);
        assert_eq!(since(6), Some(vec![]));
        assert_eq!(since(2), Some(vec![2, 3, 4, 5]));
        assert_eq!(since(1), None);
    }
}
