//! The metrics and the policies that there are, for programs.

pub mod metrics;
pub mod policies;

/// The number of the format: raised when a program that reads the last one would go wrong.
const VERSION: u32 = 1;
