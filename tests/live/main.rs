//! plimsoll on real Docker engines, each a private one in a folder of its own.
//!
//! They run where private engines can be started. Elsewhere they are skipped: one line says why, and they count
//! as ignored; with PLIMSOLL_REQUIRE_LIVE=1 that is a failure. They take minutes and the whole machine:
//! PLIMSOLL_REQUIRE_LIVE=0 skips them as visibly.
//!
//! Engines keep the clock of the wall, and a machine that is busy otherwise makes them late. So one that fails
//! is tried again when no other runs, up to [`TRIES`] times in all, and a line says so: what fails each time fails.

mod adopt;
mod command;
mod ends;
mod fake;
mod faults;
mod fidelity;
mod given;
mod image;
mod proxy;
mod rig;
mod safety;
#[path = "../cli/schema/subset.rs"]
mod subset;
mod typed;
mod watch;

use std::io::Write as _;
use std::panic;
use std::sync::{PoisonError, RwLock};

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};
use plimsoll::live::sandbox;

/// A test, and its name, which is the rule that it holds.
type Test = (&'static str, fn());

/// How often a test may be tried.
const TRIES: u32 = 3;

/// Read while a test runs beside others, written while one runs by itself.
static MACHINE: RwLock<()> = RwLock::new(());

fn main() {
    let mut arguments = Arguments::from_args();
    // Every test has engines of its own, which share the cores.
    arguments.test_threads.get_or_insert(2);
    let asked = std::env::var("PLIMSOLL_REQUIRE_LIVE").unwrap_or_default();
    let why = sandbox::impossible().or_else(missing);
    let skipped = match (asked.as_str(), &why) {
        ("1", _) => None,
        ("0", _) => Some("PLIMSOLL_REQUIRE_LIVE=0"),
        (_, why) => why.as_deref(),
    };
    if let Some(why) = skipped {
        // Not to be captured: whoever runs the tests is to see it.
        let _ = writeln!(std::io::stderr(), "skipped: tests on Docker engines, {why}");
    }
    let is_skipped = skipped.is_some();
    let trial = |&(name, test): &Test| {
        let why = why.clone();
        Trial::test(name, move || match why {
            Some(why) => Err(Failed::from(why)),
            None => {
                hold(name, test);
                Ok(())
            }
        })
    };
    let all = [
        image::TESTS,
        fake::TESTS,
        proxy::TESTS,
        faults::TESTS,
        safety::TESTS,
        adopt::TESTS,
        command::TESTS,
        typed::TESTS,
        ends::TESTS,
        fidelity::TESTS,
        given::TESTS,
        watch::TESTS,
    ];
    let trials = all.into_iter().flatten().map(trial);
    let trials = trials
        .map(|trial| trial.with_ignored_flag(is_skipped))
        .collect();
    let conclusion: Conclusion = libtest_mimic::run(&arguments, trials);
    conclusion.exit();
}

/// Runs a test, and again by itself where it fails.
fn hold(name: &str, test: fn()) {
    let beside_others = {
        let _shared = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
        panic::catch_unwind(test)
    };
    let again = |so_far: std::thread::Result<()>, tries: u32| {
        so_far.or_else(|_| {
            let _ = writeln!(
                std::io::stderr(),
                "{name} failed and is tried again ({tries} of {TRIES})"
            );
            let _alone = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
            panic::catch_unwind(test)
        })
    };
    if let Err(why) = (2..=TRIES).fold(beside_others, again) {
        panic::resume_unwind(why);
    }
}

/// What the tests themselves need and is not there, if anything.
fn missing() -> Option<String> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &str| std::env::split_paths(&paths).any(|dir| dir.join(name).is_file());
    let missing = ["docker", "openssl"]
        .into_iter()
        .find(|&name| !is_there(name));
    missing.map(|name| format!("there is no {name}"))
}
