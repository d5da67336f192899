//! Traces and manifests of others, turned into plimsoll's own scenarios.
//!
//! An import reads foreign files and writes one folder: `scenario.toml`, which says in its first
//! lines where everything comes from and what was done to it, and the tables it names.

pub mod error;
pub mod folder;
pub mod openb;
mod table;
