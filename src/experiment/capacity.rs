//! How much is enough: fewest nodes, cheapest mix, and how long what is there will do.

pub mod confirm;
pub mod mix;
pub mod search;
