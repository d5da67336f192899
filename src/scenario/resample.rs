//! Other weeks: the scenario with its trace drawn anew for every replication.

use std::fmt;

use super::Scenario;
use crate::script::resample::Resample;
use crate::time::{Duration, Time};

/// Length of the blocks where the trace is long enough: a day, the season of most load.
pub const BLOCK: Duration = Duration::from_secs(86_400);

/// Fewest blocks of [`BLOCK`] in a trace for which that length is taken without being asked for: with
/// fewer there are few weeks to be drawn from them.
pub const BLOCKS_MIN: u64 = 10;

/// Why a trace cannot be drawn anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrongResample {
    /// There is no trace of pods.
    NoTrace,
    /// The trace is short, and nobody said how long the blocks are.
    NoBlock {
        /// Its length after the warm-up.
        length: Duration,
    },
    /// The blocks have no length.
    Empty,
    /// There are not even two blocks in the trace.
    TooLong {
        /// Of the blocks.
        block: Duration,
        /// Of the trace after the warm-up.
        length: Duration,
    },
}

impl Scenario {
    /// The scenario with the pods of its trace drawn anew, block by block, for every replication
    /// ([`Resample`]); `block`: a day unless given. Pods that arrive during the warm-up stay, and so do
    /// node events and load of the trace. The trace lasts until the end of the second of its last
    /// arrival.
    ///
    /// # Errors
    /// When there is no trace of pods, or the blocks do not fit it.
    pub fn resampled(mut self, block: Option<Duration>) -> Result<Scenario, WrongResample> {
        let last = self.outline.trace.arrivals.last();
        let last = last.ok_or(WrongResample::NoTrace)?;
        let end = Time::from_secs(last.nanos() / 1_000_000_000 + 1);
        let from = self.warm_up.min(end);
        let length = end.since(from);
        let block = match block {
            Some(Duration::ZERO) => return Err(WrongResample::Empty),
            Some(block) if block * 2 > length => {
                return Err(WrongResample::TooLong { block, length });
            }
            Some(block) => block,
            None if length < BLOCK * BLOCKS_MIN => return Err(WrongResample::NoBlock { length }),
            None => BLOCK,
        };
        self.outline.resample = Some(Resample { block, from, end });
        self.made_different_by(&format!("resample {block}"));
        Ok(self)
    }
}

impl fmt::Display for WrongResample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WrongResample::NoTrace => {
                f.write_str("there is nothing to draw anew: the scenario has no trace of pods")
            }
            WrongResample::NoBlock { length } => write!(
                f,
                "after the warm-up the trace lasts {}, less than {BLOCKS_MIN} days: say how long the blocks are \
                 in which it is drawn anew, such as --resample=6h; longer than what belongs together, \
                 and many to the trace",
                length.words()
            ),
            WrongResample::Empty => f.write_str("blocks of no length cannot be drawn"),
            WrongResample::TooLong { block, length } => write!(
                f,
                "blocks of {} are too long: after the warm-up the trace lasts {}, and holds not even two",
                block.words(),
                length.words()
            ),
        }
    }
}

impl std::error::Error for WrongResample {}
