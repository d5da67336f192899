//! The command as a user meets it: what it prints, what it writes, and its exit codes.

mod capacity;
mod changes;
mod compact;
mod compare;
mod explain;
mod gate;
mod lists;
mod outside;
mod pages;
mod report;
mod run;
mod schema;
mod shared;
mod shell;
mod summary;
mod sweep;
mod wrong;
