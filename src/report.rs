//! Reports: what was measured, for people and for programs, one exporter per file.

mod answer;
pub mod capacity;
pub mod compaction;
pub mod compare;
mod csv;
pub mod explain;
mod figure;
pub mod gate;
mod html;
mod notes;
pub mod output;
pub mod outside;
mod plots;
pub mod reasons;
pub mod results;
pub mod run_json;
pub(crate) mod shell;
pub mod summary_json;
pub mod sweep;
pub mod tables;
pub mod text;

#[cfg(test)]
mod tests;
