//! Reports: what was measured, for people and for programs, one exporter per file.

mod answer;
mod assumptions;
pub mod beside;
pub mod capacity;
mod command;
pub mod compaction;
pub mod compare;
mod csv;
pub mod decisions;
pub mod explain;
pub mod fidelity;
mod figure;
pub mod gate;
pub mod html;
mod json;
pub mod lists;
mod managers;
mod notes;
mod objectives;
pub mod output;
pub mod outside;
pub mod page;
mod pages;
mod plots;
pub mod reasons;
pub mod results;
pub mod run_json;
mod schema;
mod settling;
pub(crate) mod shell;
pub mod stored;
pub mod summary_json;
pub mod sweep;
pub mod tables;
pub mod text;
pub mod validation;

#[cfg(test)]
mod tests;
