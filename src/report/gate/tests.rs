//! What is said of made-up outcomes, in every format.

use std::path::Path;

use expect_test::expect;

use super::{Gate, Held, github, json, junit, markdown, text};
use crate::experiment::gate::decide::{Found, Verdict, Why};
use crate::experiment::gate::{Against, Checked, Line, Side};
use crate::metrics::quantity::Quantity;
use crate::report::text::{Colors, Look};
use crate::scenario::objective::Tolerance;
use crate::stats::{Estimate, Interval, Method};

const LOOK: Look = Look {
    colors: Colors::None,
    columns: 90,
};

fn line(
    quantity: &str,
    [before, after, half]: [f64; 3],
    against: Against,
    verdict: Verdict,
) -> Line {
    let value = after - before;
    Line {
        quantity: quantity.parse().unwrap(),
        better: Side::Up,
        tolerance: Tolerance::Absolute(0.0005),
        amount: 0.0005,
        against,
        found: Found {
            before: Some(before),
            after: Some(after),
            difference: Some(Estimate {
                value,
                interval: Some(Interval {
                    low: value - half,
                    high: value + half,
                }),
                method: Method::PairedJackknife,
            }),
            harmed: None,
            runs: 40,
            verdict,
        },
    }
}

fn checked(name: &str, lines: Vec<Line>) -> Checked {
    Checked {
        name: name.to_owned(),
        currency: "USD".to_owned(),
        exact: false,
        replications: 80,
        lines,
    }
}

const OUTAGE: &str = "\
name = \"zone-outage\"

[[services]]
name = \"search\"
replicas = 2

[[services]]
name = \"cart\"
slo = { availability = 0.999 }

[[objectives]]
metric = \"packing\"
";

fn all() -> Vec<Checked> {
    let cart = "availability.requests@service:cart";
    let wide = Verdict::Undecided(Why::Wide { runs: Some(160) });
    let (baseline, anchor) = (Against::Baseline, Against::Anchor);
    vec![
        checked(
            "web-shop",
            vec![
                line(cart, [0.9987, 0.9987, 0.0], baseline, Verdict::Identical),
                line("packing", [0.5, 0.5001, 0.0001], baseline, Verdict::Ok),
                line(cart, [0.9987, 0.9987, 0.0], anchor, Verdict::Identical),
            ],
        ),
        checked(
            "zone-outage",
            vec![
                line(cart, [0.9987, 0.9971, 0.0004], baseline, Verdict::Regressed),
                line("packing", [0.5, 0.4995, 0.0004], baseline, wide),
                line(
                    "fragmentation",
                    [0.1, 0.08, 0.01],
                    baseline,
                    Verdict::Better,
                ),
                line(cart, [0.9990, 0.9971, 0.0004], anchor, Verdict::Regressed),
            ],
        ),
    ]
}

fn with<T>(checked: &[Checked], allow_undecided: bool, say: impl FnOnce(&Gate<'_>) -> T) -> T {
    let held: Vec<Held<'_>> = checked
        .iter()
        .map(|checked| Held {
            path: Path::new("scenarios/a,b.toml"),
            text: OUTAGE,
            checked,
            anchor: Some("0.1.0"),
            tested: None,
        })
        .collect();
    say(&Gate {
        scenarios: &held,
        family: 7,
        allow_undecided,
        not_asked: &["gpu|batch".to_owned()],
    })
}

#[test]
fn a_terminal_shows_what_is_not_as_it_was() {
    expect![[""]].assert_eq(&with(&all(), false, |gate| text::page(gate, LOOK)));
}

#[test]
fn a_comment_shows_a_table() {
    expect![[""]].assert_eq(&with(&all(), false, markdown::page));
}

#[test]
fn annotations_stand_at_the_objective_and_are_escaped() {
    expect![[""]].assert_eq(&with(&all(), true, github::page));
}

#[test]
fn junit_counts_what_it_lists() {
    for allow in [false, true] {
        let xml = with(&all(), allow, junit::page);
        let count = |tag: &str| xml.matches(tag).count();
        let (failures, skipped) = if allow { (2, 1) } else { (3, 0) };
        assert_eq!(count("<testcase "), 7);
        assert_eq!(count("<failure "), failures);
        assert_eq!(count("<skipped "), skipped);
        let all = format!("<testsuites name=\"plimsoll gate\" tests=\"7\" failures=\"{failures}\"");
        assert!(xml.contains(&all), "{xml}");
        let suite = format!(
            "<testsuite name=\"zone-outage\" tests=\"4\" failures=\"{failures}\" errors=\"0\" \
             skipped=\"{skipped}\">"
        );
        assert!(xml.contains(&suite), "{xml}");
        let ends =
            count("</testcase>") + count("\"/>\n    <testcase") + count("\"/>\n  </testsuite>");
        assert!(ends >= 7, "every test is closed: {xml}");
    }
}

#[test]
fn names_do_not_break_the_formats() {
    let name = "a\"<&>|`*\n%\u{1}";
    let mut lines = all().remove(1).lines;
    lines[0].quantity = Quantity::of(
        "availability.requests",
        crate::metrics::measured::Entity::Service(name.to_owned()),
    );
    let checked = [checked(name, lines)];
    let xml = with(&checked, false, junit::page);
    assert!(
        xml.contains("a&quot;&lt;&amp;&gt;|`*&#10;%\u{fffd}"),
        "{xml}"
    );
    let lines = xml.lines().count();
    assert_eq!(lines, xml.matches('\n').count());
    let comment = with(&checked, false, markdown::page);
    let row = comment
        .lines()
        .find(|line| line.contains("REGRESSED"))
        .unwrap();
    assert!(row.starts_with("| a\"&lt;&amp;>\\|\\`\\* %"), "{row}");
    let notes = with(&checked, false, github::page);
    assert!(
        notes.contains("title=a\"<&>|`*%0A%25\u{1}%3A REGRESSED::"),
        "{notes}"
    );
    assert_eq!(notes.lines().count(), 5);
}

#[test]
fn programs_get_every_number() {
    let text = with(&all(), false, json::page);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let metric = &value["scenarios"][1]["metrics"][1];
    assert_eq!(metric["verdict"], "UNDECIDED");
    assert_eq!(metric["runs_needed"], 160);
    assert_eq!(metric["was"], 0.5);
    assert_eq!(value["passed"], false);
    assert_eq!(value["scenarios"][0]["verdict"], "ok");
}
