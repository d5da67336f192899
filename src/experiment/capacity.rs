//! How much is enough: fewest nodes, cheapest mix, and how long what is there will do.

pub mod answer;
pub mod cheapest;
pub mod confirm;
pub mod fewest;
pub mod growth;
pub mod lever;
pub mod mix;
pub mod runway;
pub mod search;
pub mod survive;
pub mod trials;

#[cfg(test)]
mod tests;
