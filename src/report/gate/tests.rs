//! What is said of made-up outcomes, in every format.

use std::path::Path;

use expect_test::expect;

use super::{Gate, Held, github, html, json, junit, markdown, text, word};
use crate::experiment::gate::decide::{Found, Verdict, Why};
use crate::experiment::gate::{Against, Checked, Line, Side};
use crate::metrics::quantity::Quantity;
use crate::report::plots::Body;
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
            hash: "0123456789abcdef",
            seed: 1,
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
    expect![[r#"
        web-shop      ok         2 metrics within tolerance, 1 of them identical in 80 runs
                                 no worse than the anchor of 0.1.0 either
        zone-outage   REGRESSED  availability.requests@service:cart 99.87 % → 99.71 %
                                 (−0.16 points ± 0.04, tolerance 0.05 points; 40 runs)
                                 UNDECIDED: packing 50.00 % → 49.95 % (−0.05 points ± 0.04,
                                 tolerance 0.05 points; 40 runs; about 160 would decide)
                                 better: fragmentation 10 % → 8 % (−2 points ± 1, tolerance
                                 0.05 points)
                                 against the anchor of 0.1.0: availability.requests@service:cart
                                 99.90 % → 99.71 % (−0.19 points ± 0.04, tolerance 0.05 points;
                                 40 runs)

        Worse than accepted: zone-outage.
        The verdicts on 7 comparisons hold together with 95 % confidence, over all looks at the
        runs.
        note: not asked for, though there is a baseline: gpu|batch
    "#]]
    .assert_eq(&with(&all(), false, |gate| text::page(gate, LOOK)));
}

#[test]
fn a_comment_shows_a_table() {
    expect![[r#"
        ### plimsoll gate: failed

        Worse than accepted: zone-outage.

        | scenario | verdict | metric | was | is | difference | tolerance |
        |---|---|---|---:|---:|---:|---:|
        | web-shop | ok | 2 metrics within tolerance, 1 of them identical in 80 runs; no worse than the anchor of 0.1.0 either | | | | |
        | zone-outage | **REGRESSED** | `availability.requests@service:cart` | 99.87 % | 99.71 % | −0.16 points ± 0.04 | 0.05 points |
        | zone-outage | **UNDECIDED** | `packing` | 50.00 % | 49.95 % | −0.05 points ± 0.04 | 0.05 points |
        | zone-outage | better | `fragmentation` | 10 % | 8 % | −2 points ± 1 | 0.05 points |
        | zone-outage | **REGRESSED** | `availability.requests@service:cart` against the anchor of 0.1.0 | 99.90 % | 99.71 % | −0.19 points ± 0.04 | 0.05 points |

        - zone-outage: `availability.requests@service:cart`: 40 runs
        - zone-outage: `packing`: 40 runs; about 160 would decide
        - zone-outage: `fragmentation`: run with --update to keep it
        - zone-outage: `availability.requests@service:cart` against the anchor: 40 runs

        The verdicts on 7 comparisons hold together with 95 % confidence, over all looks at the runs.

        Note: not asked for, though there is a baseline: gpu\|batch.
    "#]].assert_eq(&with(&all(), false, markdown::page));
}

#[test]
fn annotations_stand_at_the_objective_and_are_escaped() {
    expect![[r#"
        ::error file=scenarios/a%2Cb.toml,line=9,title=zone-outage%3A REGRESSED::availability.requests@service:cart 99.87 %25 → 99.71 %25 (−0.16 points ± 0.04, tolerance 0.05 points; 40 runs)
        ::warning file=scenarios/a%2Cb.toml,line=12,title=zone-outage%3A UNDECIDED::packing 50.00 %25 → 49.95 %25 (−0.05 points ± 0.04, tolerance 0.05 points; 40 runs; about 160 would decide)
        ::notice file=scenarios/a%2Cb.toml,line=1,title=zone-outage%3A better::fragmentation 10 %25 → 8 %25 (−2 points ± 1, tolerance 0.05 points): run with --update to keep it
        ::error file=scenarios/a%2Cb.toml,line=9,title=zone-outage%3A REGRESSED::against the anchor of 0.1.0: availability.requests@service:cart 99.90 %25 → 99.71 %25 (−0.19 points ± 0.04, tolerance 0.05 points; 40 runs)
        ::error title=plimsoll gate::Worse than accepted: zone-outage.
    "#]].assert_eq(&with(&all(), true, github::page));
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

/// The rows of the tables of a page, each cell after a bar.
fn rows(html: &str) -> Vec<String> {
    let rows = html.split("<tr>").skip(1);
    let row = |row: &str| {
        let row = row.split("</tr>").next().unwrap_or_default();
        let cells = row.split("<td").skip(1).map(|cell| {
            let (_, text) = cell.split_once('>').unwrap();
            let text = text.replace("<code>", "").replace("</code>", "");
            text.split('<').next().unwrap_or_default().to_owned()
        });
        cells.collect::<Vec<_>>().join(" | ")
    };
    rows.map(row).filter(|row| !row.is_empty()).collect()
}

#[test]
fn a_page_has_every_comparison_with_its_difference_and_tolerance() {
    let checked = all();
    let page = with(&checked, false, |gate| {
        html::page(gate, "plimsoll gate a.toml")
    });
    let shown = rows(&page);
    for held in &checked {
        for line in &held.lines {
            let metric = line.quantity.to_string();
            let verdict = format!(" | {} | {} | ", held.name, word(line.overall()));
            let has = |row: &&String| row.starts_with(&metric) && row.contains(&verdict);
            assert!(
                shown.iter().any(|row| has(&row)),
                "{metric}{verdict}in {shown:#?}"
            );
        }
    }
    let nbsp = '\u{a0}';
    let regressed = format!(
        "availability.requests@service:cart | zone-outage | REGRESSED | 99.87{nbsp}% | 99.71{nbsp}% | \
         −0.16 points ± 0.04 | 0.05 points"
    );
    assert!(shown.contains(&regressed), "{regressed} in {shown:#?}");
    // 0.16 of 0.05 points are 3.2 tolerances of harm, to the right.
    let chart = with(&checked, false, |gate| html::chart(gate).unwrap());
    let Body::Ranges { rows, limit, .. } = &chart.panels[0].body else {
        panic!("harm is a range");
    };
    let near = |one: f64, other: f64| (one - other).abs() < 1e-9;
    assert!(near(rows[0].mark, 3.2) && near(rows[0].from, 2.4) && near(rows[0].to, 4.0));
    assert!(near(*limit, 1.0));
    assert_eq!(chart.panels.len(), 4, "what is not as it was");
    assert!(page.contains("Worse than accepted: zone-outage."));
}
