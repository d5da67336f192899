//! plimsoll on real Docker engines, each a private one in a folder of its own.
//!
//! They take minutes and the whole machine, so they run with PLIMSOLL_REQUIRE_LIVE=1 alone. Without it they
//! are skipped, one line says why, and they count as ignored; with it, a machine on which private engines
//! cannot be started (no dockerd, not root) is a failure.

mod adopt;
mod command;
mod fake;
mod faults;
mod fidelity;
mod given;
mod image;
mod rig;
mod safety;
mod watch;

use std::io::Write as _;

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};
use plimsoll::live::sandbox;

/// A test, and its name, which is the rule that it holds.
type Test = (&'static str, fn());

fn main() {
    let mut arguments = Arguments::from_args();
    // Every test has engines of its own, which share the cores.
    arguments.test_threads.get_or_insert(2);
    let required = std::env::var_os("PLIMSOLL_REQUIRE_LIVE").is_some_and(|value| value == "1");
    let why = sandbox::impossible();
    if !required {
        let why = why
            .as_deref()
            .unwrap_or("which PLIMSOLL_REQUIRE_LIVE=1 asks for");
        // Not to be captured: whoever runs the tests is to see it.
        let _ = writeln!(std::io::stderr(), "skipped: tests on Docker engines, {why}");
    }
    let trial = |&(name, test): &Test| {
        let why = why.clone();
        Trial::test(name, move || match why {
            Some(why) => Err(Failed::from(why)),
            None => {
                test();
                Ok(())
            }
        })
    };
    let all = [
        image::TESTS,
        fake::TESTS,
        faults::TESTS,
        safety::TESTS,
        adopt::TESTS,
        command::TESTS,
        fidelity::TESTS,
        given::TESTS,
        watch::TESTS,
    ];
    let trials = all.into_iter().flatten().map(trial);
    let trials = trials
        .map(|trial| trial.with_ignored_flag(!required))
        .collect();
    let conclusion: Conclusion = libtest_mimic::run(&arguments, trials);
    conclusion.exit();
}
