//! plimsoll on real Docker engines, each a private one in a folder of its own.
//!
//! Where private engines cannot be started (no dockerd, not root) the tests that need one are skipped,
//! one line says why, and they count as ignored; with PLIMSOLL_REQUIRE_LIVE=1 that is a failure.

mod adopt;
mod command;
mod fake;
mod faults;
mod image;
mod rig;
mod safety;

use std::io::Write as _;

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};
use plimsoll::live::sandbox;

/// A test, and its name, which is the rule that it holds.
type Test = (&'static str, fn());

fn main() {
    let mut arguments = Arguments::from_args();
    // Every test has engines of its own, which share the cores.
    arguments.test_threads.get_or_insert(2);
    let why = sandbox::impossible();
    let required = std::env::var_os("PLIMSOLL_REQUIRE_LIVE").is_some_and(|value| value == "1");
    if let (Some(why), false) = (&why, required) {
        // Not to be captured: whoever runs the tests is to see it.
        let _ = writeln!(std::io::stderr(), "skipped: tests on Docker engines, {why}");
    }
    let trial = |&(name, test): &Test| {
        let why = why.clone().filter(|_| required);
        Trial::test(name, move || match why {
            Some(why) => Err(Failed::from(why)),
            None => {
                test();
                Ok(())
            }
        })
    };
    let skipped = why.is_some() && !required;
    let all = [
        image::TESTS,
        fake::TESTS,
        faults::TESTS,
        safety::TESTS,
        adopt::TESTS,
        command::TESTS,
    ];
    let trials = all.into_iter().flatten().map(trial);
    let trials = trials
        .map(|trial| trial.with_ignored_flag(skipped))
        .collect();
    let conclusion: Conclusion = libtest_mimic::run(&arguments, trials);
    conclusion.exit();
}
