//! The layering law: a room of `src/` names only what ARCHITECTURE.md allows it.
//!
//! Sources are read token by token, so that comments and literals do not count, while paths that
//! are broken over lines, grouped in braces or written inside macros do.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

mod law;
mod scanner;

use law::Law;
use scanner::{Code, Mention};

/// The rooms that may excuse a lint against clock and sleep, or allow one.
const EXCUSED: [&str; 3] = ["live", "cli", "experiment"];
/// The lints against clock and sleep, and the groups they are in.
const GUARDED: [&str; 4] = ["disallowed_methods", "disallowed_types", "style", "all"];
/// What would hide a dependency from the scan, or lets an order leak into results.
const HIDING: &str = "extern crate, macro_use, include !, [ path =, HashMap, HashSet";
/// Most lines of a file, its `#[cfg(test)]` items aside.
const LINES_MAX: usize = 800;

/// Everything in one file that breaks the law: its line, and what is wrong there.
fn violations(law: &Law, path: &str, source: &str) -> Vec<(usize, String)> {
    let code = &Code::new(source);
    let room = match path.split('/').nth(1).expect("a file of src/") {
        "main.rs" | "bin" => "cli",
        name => name.trim_end_matches(".rs"),
    };
    let is_root = path == format!("src/{room}.rs") || path == format!("src/{room}/mod.rs");
    let file = File {
        law,
        room,
        is_root,
        code,
    };
    let mut found = match room {
        "lib" => file.says("use, {"),
        room if law.rooms.contains_key(room) => file.names(),
        _ => vec![(1, "exist without a row".into())],
    };
    found.extend([file.says(HIDING), file.excuses(), file.length()].concat());
    found.sort();
    for (_, what) in &mut found {
        *what = format!("{room} may not {what}");
    }
    found
}

/// One file of a room.
struct File<'a> {
    law: &'a Law,
    room: &'a str,
    /// Whether the parent of this file's module is the root of the library.
    is_root: bool,
    code: &'a Code<'a>,
}

impl File<'_> {
    /// Names and re-exports of what is not this room's.
    fn names(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for mention in self.code.mentions() {
            let (line, path) = (self.code.line(mention.at), mention.path.join("::"));
            if !self.may_name(&mention) {
                found.push((line, format!("name {path}")));
            } else if mention.is_public && !self.owns(&mention.path) {
                found.push((line, format!("re-export {path}")));
            }
        }
        found
    }

    fn may_name(&self, mention: &Mention) -> bool {
        match mention.path[..] {
            ["crate", room, ..] if room == self.room => true,
            ["crate", ref below @ ..] => {
                let allowed = &self.law.rooms[self.room];
                allowed.iter().any(|entry| starts_with(below, entry))
            }
            ["std"] | ["std", "*"] => false,
            ["super", "super", ..] | ["self", "super", "super", ..] => false,
            ["super", ..] | ["self", "super", ..] => !self.is_root || self.code.nested(mention.at),
            _ => self.may_name_foreign(mention),
        }
    }

    fn may_name_foreign(&self, mention: &Mention) -> bool {
        let mut foreign = self.law.foreign.iter();
        let Some((name, rooms)) = foreign.find(|(name, _)| starts_with(&mention.path, name)) else {
            return true;
        };
        let in_test = self.code.in_test(mention.at);
        rooms.iter().any(|room| room == self.room) || in_test && self.law.dev.contains(name)
    }

    /// Whether what the path names belongs to this room.
    fn owns(&self, path: &[&str]) -> bool {
        let mut foreign = self.law.foreign.keys().map(|name| name.split("::").next());
        match path {
            ["crate", room, ..] => *room == self.room,
            _ => !foreign.any(|head| head == path.first().copied()),
        }
    }

    /// The places of forbidden words, given with commas between.
    fn says(&self, words: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for word in words.split(", ") {
            let places = self.code.find(word).into_iter();
            found.extend(places.map(|at| (self.code.line(at), format!("say {word}"))));
        }
        found
    }

    /// Lints excused in the wrong room or without a reason.
    fn excuses(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for attribute in self.code.attributes() {
            let line = self.code.line(attribute.start);
            let has = |word: &str| attribute.clone().any(|at| self.code.text(at) == word);
            let guarded = has("allow") || has("expect") && GUARDED.into_iter().any(has);
            if guarded && !EXCUSED.contains(&self.room) {
                found.push((line, "excuse such a lint".into()));
            } else if (has("allow") || has("expect")) && !has("reason") {
                found.push((line, "excuse a lint without a reason".into()));
            }
        }
        found
    }

    fn length(&self) -> Vec<(usize, String)> {
        let line = |at| self.code.line(at);
        let tests = self.code.tests().into_iter();
        let test_lines = tests.map(|item| line(item.end - 1) + 1 - line(item.start));
        let lines = self.code.lines - test_lines.sum::<usize>();
        let found = (lines > LINES_MAX).then(|| (1, format!("fill {lines} lines")));
        found.into_iter().collect()
    }
}

/// Whether `path` lies at or below `prefix`.
fn starts_with(path: &[&str], prefix: &str) -> bool {
    let mut path = path.iter();
    prefix.split("::").all(|part| path.next() == Some(&part))
}

/// Cargo runs tests in the folder of the package.
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap()
}

fn real_law() -> Law {
    Law::new(&read("ARCHITECTURE.md"), &read("Cargo.toml"))
}

/// Every Rust file of `src/` by its path.
fn real_sources() -> BTreeMap<String, String> {
    let (mut sources, mut folders) = (BTreeMap::new(), vec!["src".to_string()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path().display().to_string();
            if Path::new(&path).is_dir() {
                folders.push(path);
            } else if path.ends_with(".rs") {
                sources.insert(path.clone(), read(&path));
            }
        }
    }
    sources
}

#[test]
fn every_room_keeps_the_law() {
    let (law, mut found) = (real_law(), Vec::new());
    for (path, source) in real_sources() {
        let violations = violations(&law, &path, &source).into_iter();
        found.extend(violations.map(|(line, what)| format!("{path}:{line}: {what}")));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_violation_planted_in_any_real_file_is_found() {
    let (law, sources) = (real_law(), real_sources());
    assert!(sources.contains_key("src/lib.rs") && sources.contains_key("src/time.rs"));
    for (path, source) in sources {
        let planted = format!("{source}\nuse crate::attic::Box;\n");
        let found = violations(&law, &path, &planted).len();
        assert_eq!(found, violations(&law, &path, &source).len() + 1, "{path}");
    }
}

#[test]
fn the_tables_say_what_they_should() {
    let law = real_law();
    let may = |room: &str, path: &str| {
        violations(&law, &format!("src/{room}/a.rs"), &format!("use {path};")).is_empty()
    };
    assert!(may("sim", "crate::policy::balancer::Share"));
    assert!(!may("sim", "crate::policy::scheduler::Scheduler"));
    assert!(may("scenario", "crate::sim::config::Config"));
    assert!(!may("scenario", "crate::{sim::world::World}"));
    assert!(!may("scenario", "crate::metrics::Summary"));
    assert!(!may("policy", "crate::control::Control"));
    assert!(!may("units", "crate::time::Time"));
    assert!(may("dist", "rand_distr::Exp") && !may("policy", "rand::Rng"));
    assert!(may("stats", "statrs::function") && !may("experiment", "statrs::function"));
    assert!(may("import", "std::fs") && !may("control", "std::{io, fs}"));
    assert!(may("cli", "crate::sim::world::World") && !may("cli", "crate::attic::Box"));
}

#[test]
fn the_page_is_short() {
    assert!(read("ARCHITECTURE.md").lines().count() <= 200);
}

const PAGE: &str = "
| module | what lives there | may use |
|---|---|---|
| `time` `ids` | leaves | nothing of ours |
| `policy` | decisions | `time` |
| `sim` | the world | `policy::balancer` `time` |
| `live` | engines | `time` |
| `cli` | the command | everything |

| foreign crate | may be named in |
|---|---|
| `rand` `rand_chacha` `serde` | `sim` |
| `std::fs` `std::thread` | `cli` |
";

const MANIFEST: &str = "
[dependencies]
rand = '1'
[target.'cfg(unix)'.dependencies]
rand-chacha = '1'
[dev-dependencies]
proptest = '1'
serde = '1'
";

/// Holds a file to the small law above; a comment `//~` says what must be found in its line.
fn check(path: &str, source: &str) {
    let lines = (1..).zip(source.lines());
    let planted = lines.filter_map(|(n, line)| Some((n, line.split_once("//~ ")?.1.to_string())));
    let found = violations(&Law::new(PAGE, MANIFEST), path, source);
    assert_eq!(found, planted.collect::<Vec<_>>(), "{path}");
}

#[test]
fn a_room_names_only_its_rooms() {
    check(
        "src/policy/a.rs",
        r#"
        use crate::time::{self, Time}; use crate::policy::x; pub(crate) fn f() {}
        use crate::{ids}; //~ policy may not name crate::ids
        fn f() -> crate::sim::World { "crate::sim" } //~ policy may not name crate::sim::World
        use crate::{
            time, policy::{x, y as z},
            sim::a::b, //~ policy may not name crate::sim::a::b
        };
        macro_rules! m { () => { $crate::sim::n!() } } //~ policy may not name crate::sim::n
        macro_rules! m { () => { use $crate::sim; } } //~ policy may not name crate::sim
        #[cfg(test)] mod tests { use crate::live; } //~ policy may not name crate::live
        "#,
    );
    check(
        "src/sim/a.rs",
        "
        use crate::policy::balancer::{self, Share};
        use crate::policy::{balancer, View}; //~ sim may not name crate::policy::View
        use crate::policy::*; //~ sim may not name crate::policy::*
        use crate::policy; //~ sim may not name crate::policy
        ",
    );
    check("src/attic/a.rs", "//~ attic may not exist without a row");
    check(
        "src/lib.rs",
        "
        pub mod a;
        pub use a::b; //~ lib may not say use
        mod b {} //~ lib may not say {
        extern crate rand; //~ lib may not say extern crate
        #[macro_use] mod c; //~ lib may not say macro_use
        #![allow(dead_code)] //~ lib may not excuse such a lint
        ",
    );
}

#[test]
fn a_room_names_only_its_foreign_crates() {
    check("src/sim/a.rs", "use rand::Rng; rand_chacha::f()");
    check(
        "src/main.rs",
        "use std::fs; use crate::sim; crate::cli::a()",
    );
    check(
        "src/bin/tool.rs",
        "
        use std::fs; use crate::sim;
        use rand::Rng; //~ cli may not name rand::Rng
        use crate::attic; //~ cli may not name crate::attic
        ",
    );
    check(
        "src/policy/a.rs",
        "
        use {std::io, rand::Rng}; //~ policy may not name rand::Rng
        use ::rand as dice; //~ policy may not name rand
        use std::{fs::File, io}; //~ policy may not name std::fs::File
        fn f() { std::thread::sleep(x) } //~ policy may not name std::thread::sleep
        fn f(rand: u8) -> u8 { self.serde.rand::<u8>() }
        #[cfg(test)] use serde::a; use serde::b; //~ policy may not name serde::b
        #[cfg(test)] #[x] mod tests { use serde::c; fn f() { serde::d() } }
        #[cfg(test)] fn f() -> [u8; 3] { serde::e() }
        #[cfg(test)] mod tests { use rand::Rng; } //~ policy may not name rand::Rng
        ",
    );
}

#[test]
fn nothing_is_named_in_hiding() {
    check(
        "src/policy/a.rs",
        r#"
        use super::x; pub use x::y; pub(crate) use self::y::z; pub use crate::policy::z;
        use super::super::sim; //~ policy may not name super::super::sim
        use self::super::{super::sim, x}; //~ policy may not name self::super::super::sim
        use crate as root; //~ policy may not name crate
        use crate::{self as root}; //~ policy may not name crate
        use crate::*; //~ policy may not name crate::*
        use std as s; //~ policy may not name std
        use std::*; //~ policy may not name std::*
        pub use crate::time::Time; //~ policy may not re-export crate::time::Time
        pub(crate) use std::io; //~ policy may not re-export std::io
        extern crate rand as r; //~ policy may not say extern crate
        include!("x"); include_str!("x"); //~ policy may not say include !
        #[path = "x"] mod y; //~ policy may not say [ path =
        fn f(path: X) { let path = std::collections::HashMap; } //~ policy may not say HashMap
        use std::collections::{BTreeMap, HashSet}; //~ policy may not say HashSet
        "#,
    );
    check(
        "src/sim.rs",
        "pub use rand::Rng; //~ sim may not re-export rand::Rng",
    );
    for path in ["src/policy.rs", "src/policy/mod.rs"] {
        check(
            path,
            "
            mod a { use super::b; }
            use super::b; //~ policy may not name super::b
            fn f() { self::super::b() } //~ policy may not name self::super::b
            ",
        );
    }
}

#[test]
fn excuses_stay_in_their_rooms_and_give_reasons() {
    check(
        "src/policy/a.rs",
        r#"
        #[expect(dead_code, reason = "x")] fn f() { vec![x.expect("allow")] }
        #[expect(dead_code)] fn f() {} //~ policy may not excuse a lint without a reason
        #![allow(dead_code)] //~ policy may not excuse such a lint
        #[cfg_attr(x, allow(y))] fn f() {} //~ policy may not excuse such a lint
        #[expect(clippy::all, reason = "x")] //~ policy may not excuse such a lint
        #[expect(clippy::style, reason = "x")] //~ policy may not excuse such a lint
        #[expect(clippy::disallowed_types, reason = "x")] //~ policy may not excuse such a lint
        #[expect(clippy::disallowed_methods, reason = "x")] //~ policy may not excuse such a lint
        "#,
    );
    check(
        "src/live/a.rs",
        r#"
        #[expect(clippy::disallowed_types, reason = "x")] #[allow(y, reason = "x")]
        #[expect(clippy::disallowed_types)] //~ live may not excuse a lint without a reason
        #[allow(dead_code)] //~ live may not excuse a lint without a reason
        "#,
    );
}

#[test]
fn only_tests_make_a_file_long() {
    let tests = format!(
        "#[cfg(test)]\nmod a {{\n{}#[cfg(test)]\nmod b {{}}\n}}\n",
        "f();\n".repeat(900)
    );
    check("src/policy.rs", &format!("{}{tests}", "f();\n".repeat(800)));
    let long = format!(
        "//~ policy may not fill 801 lines\n{tests}{}",
        "f();\n".repeat(800)
    );
    check("src/policy.rs", &long);
}
