//! `plimsoll policies`.

use crate::cli::Failure;
use crate::cli::args::{Format, Named};
use crate::cli::list::{paragraph, unknown};
use crate::cli::out::print;
use crate::policy::params::{Kind, Param};
use crate::policy::registry::{AUTOSCALERS, Entry, HEALERS, SCHEDULERS};
use crate::report::lists::policies::{Policy, json};

pub(super) fn run(args: Named) -> Result<(), Failure> {
    let wanted = args.name.as_deref();
    let mut lists = Lists {
        wanted,
        ..Lists::default()
    };
    lists.add("scheduler", SCHEDULERS);
    lists.add("autoscaler", AUTOSCALERS);
    lists.add("healer", HEALERS);
    match (wanted, args.printed.format) {
        (Some(name), _) if lists.policies.is_empty() => Err(unknown("policy", name, &lists.names)),
        (_, Format::Text) => print(&lists.page),
        (_, Format::Json) => print(&json(&lists.policies)),
    }
}

/// What is listed so far.
#[derive(Default)]
struct Lists<'a> {
    /// The only name that is listed.
    wanted: Option<&'a str>,
    /// All names, listed or not.
    names: Vec<&'static str>,
    /// For people.
    page: String,
    /// For programs.
    policies: Vec<Policy>,
}

impl Lists<'_> {
    fn add<P: ?Sized>(&mut self, kind: &'static str, entries: &'static [Entry<P>]) {
        self.names.extend(entries.iter().map(|entry| entry.name));
        let chosen = entries
            .iter()
            .filter(|entry| self.wanted.is_none_or(|name| name == entry.name));
        let out = &mut self.page;
        for (index, entry) in chosen.enumerate() {
            if index == 0 {
                let gap = if out.is_empty() { "" } else { "\n" };
                out.push_str(&format!("{gap}{kind}s\n"));
            }
            page(entry, out);
            self.policies.push(Policy::of(kind, entry));
        }
    }
}

/// A policy, where its rules come from, and its parameters.
fn page<P: ?Sized>(entry: &Entry<P>, out: &mut String) {
    out.push_str(&format!("\n  {}\n", entry.name));
    paragraph(out, 6, &sentence(entry.summary));
    paragraph(out, 6, &format!("Source: {}", sentence(entry.source)));
    for param in entry.params {
        out.push_str(&format!("      {}   {}\n", preset(param), range(param)));
        paragraph(out, 10, param.doc);
    }
}

/// A parameter and its default, if it has one.
fn preset(param: &Param) -> String {
    match param.kind {
        Kind::Shape { .. } => param.name.to_owned(),
        Kind::Integer { .. }
        | Kind::Number { .. }
        | Kind::Duration
        | Kind::Period
        | Kind::Choice(_) => format!("{} = {}", param.name, param.default),
    }
}

/// What a parameter may be.
fn range(param: &Param) -> String {
    match param.kind {
        Kind::Integer { min, max: u64::MAX } => format!("(a whole number, at least {min})"),
        Kind::Integer { min, max } => format!("(a whole number, {min} to {max})"),
        Kind::Number {
            min,
            max: f64::INFINITY,
        } => format!("(a number, at least {min})"),
        Kind::Number { min, max } => format!("(a number, {min} to {max})"),
        Kind::Duration => "(a length of time)".to_owned(),
        Kind::Period => "(a length of time above zero)".to_owned(),
        Kind::Choice(words) => format!("(one of {})", words.join(", ")),
        Kind::Shape { .. } => "(points: use in per cent = worth from 0 to 10)".to_owned(),
    }
}

/// The text with a capital at its start and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}
