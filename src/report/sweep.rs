//! What a sweep says: tables, plots, and a page of text.

pub mod json;
pub mod output;
pub mod said;
pub mod submit;
pub mod text;

mod curves;
mod page;
mod tables;
mod trade;

#[cfg(test)]
mod tests;
