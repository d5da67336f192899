//! What is said and drawn of cells made by hand.

use std::fs;
use std::path::Path;

use expect_test::expect;

use super::{curves, page, text, trade};
use crate::experiment::sweep::merge::Merged;
use crate::experiment::sweep::plan::Sweep;
use crate::folder::testing::Scratch;
use crate::report::plots::chart::{Body, Chart, Style};
use crate::report::text::{Colors, Look};
use crate::scenario::plan::load;
use crate::stats::{Estimate, Interval, Method};

const SCENARIO: &str = r#"
    name = "s"
    duration = "1h"
    nodes = [{ name = "n", cpu = "4", memory = "8Gi", price_per_hour = 1.0 }]
    services = [{ name = "web", requests = { cpu = "1", memory = "1Gi" }, load = 1 }]
"#;

const PLAN: &str = r#"
    scenario = "s.toml"
    replications = 20
    metrics = ["cost", "availability.requests"]
    [grid]
    "nodes.n.count" = [2, 4, 3]
    "services.web.requests.memory" = ["1Gi", "2Gi"]
    scheduler = ["spread", "binpack"]
"#;

/// Cost goes by nodes; the third and the fourth node help only with little memory, and binpack never
/// does better.
fn made(scratch: &Scratch) -> (Sweep, Merged) {
    fs::write(scratch.0.join("s.toml"), SCENARIO).unwrap();
    fs::write(scratch.0.join("p.toml"), PLAN).unwrap();
    let sweep = Sweep::check(load(&scratch.0.join("p.toml")).unwrap(), &|| ()).unwrap();
    let cell = |cell: u32| {
        let point = sweep.plan.point(cell);
        let nodes = point[0].number().unwrap().0;
        let lost = match (point[1].to_string().as_str(), point[2].to_string().as_str()) {
            ("1Gi", "spread") => 0.04 / nodes,
            _ => 0.02,
        };
        let value = 1.0 - lost;
        let interval = Interval {
            low: value - 0.001,
            high: value + 0.001,
        };
        vec![
            Some(Estimate {
                value: nodes,
                interval: None,
                method: Method::MostlyConstant,
            }),
            Some(Estimate {
                value,
                interval: Some(interval),
                method: Method::Jackknife,
            }),
        ]
    };
    let cells: Vec<Vec<Option<Estimate>>> = (0..sweep.plan.cells()).map(cell).collect();
    // What a day did to one it did to all, in twenty runs.
    let day = |run: u32| f64::from(run) * 1e-3;
    let runs = |cell: &Vec<Option<Estimate>>| -> Vec<Option<f64>> {
        let value = cell[1].unwrap().value;
        (0..20).map(|run| Some(value - day(run))).collect()
    };
    let bought = cells.iter().map(runs).collect();
    (sweep, Merged { cells, bought })
}

#[test]
fn the_front_is_told_with_what_it_costs_and_what_is_not_settled() {
    let scratch = Scratch::new("sweep-text");
    let (sweep, merged) = made(&scratch);
    let look = Look {
        colors: Colors::None,
        columns: 100,
    };
    let files = ["sweep.csv".to_owned(), "3 plots".to_owned()];
    let told = text::summary(&sweep, &merged, Path::new("out/merged"), &files, look);
    expect![[r#"
        p · scenario s · 12 cells · 20 replications each · seed 1
        Varied: nodes.n.count: 2, 4, 3; services.web.requests.memory: 1Gi, 2Gi; scheduler: spread, binpack.

        6 of 12 cells are not beaten in both cost and availability.requests, by the estimates:

        cell  nodes.n.count  services.web.requests.memory  scheduler  cost      availability.requests  cells alike
        0     2              1Gi                           spread     2.00 USD  98.0 % ± 0.1           4
        8     3              1Gi                           spread     3.00 USD  98.7 % ± 0.1
        4     4              1Gi                           spread     4.00 USD  99.0 % ± 0.1

        note: `web` has a load but no `work`: its requests cost nothing, it is never overloaded
        note: nothing is random in all cells: one run says all, and other weeks may differ

        out/merged/   sweep.csv  3 plots
    "#]].assert_eq(&told);
}

#[test]
fn gains_are_judged_run_by_run() {
    let scratch = Scratch::new("sweep-gains");
    let (sweep, mut merged) = made(&scratch);
    let front = merged.front(&sweep).unwrap();
    // All of them by the same amount in 20 runs of 20, between intervals that overlap.
    for cell in merged.cells.iter_mut() {
        let estimate = cell[1].as_mut().unwrap();
        estimate.interval = Some(Interval {
            low: 0.9,
            high: 1.0,
        });
    }
    assert_eq!(text::unsettled(&sweep, &merged, &front), None);
    // The same pairs up and down in turn: from 2 to 3 nodes there is no gain.
    let two = merged.bought[0].clone();
    for (run, value) in merged.bought[8].iter_mut().enumerate() {
        let sign = if run % 2 == 0 { 1.0 } else { -1.0 };
        *value = two[run].map(|other| other + sign * 0.01);
    }
    let said = text::unsettled(&sweep, &merged, &front).unwrap();
    assert!(
        said.starts_with("1 of the 2 gains in availability.requests"),
        "{said}"
    );
    // Five runs of five: P = 2 · 2⁻⁵ = 6.2 %.
    let (_, mut merged) = made(&scratch);
    merged.bought.iter_mut().for_each(|runs| runs.truncate(5));
    let said = text::unsettled(&sweep, &merged, &front).unwrap();
    assert!(said.starts_with("2 of the 2 gains"), "{said}");
}

fn lines(chart: &Chart, panel: usize) -> Vec<(String, Style, Vec<f64>)> {
    let Body::Lines { lines, .. } = &chart.panels[panel].body else {
        panic!("curves are lines");
    };
    let line = |line: &crate::report::plots::chart::Line| {
        let at = line.points.iter().map(|&(at, _)| at).collect();
        (line.label.clone(), line.style, at)
    };
    lines.iter().map(line).collect()
}

#[test]
fn curves_go_along_the_first_number_with_a_line_for_each_value_of_the_last_key() {
    let scratch = Scratch::new("sweep-curves");
    let (sweep, merged) = made(&scratch);
    let charts = curves::charts(&sweep, &merged);
    let names: Vec<&str> = charts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["response-cost", "response-availability.requests"]);
    let (_, chart) = &charts[1];
    let ticks: Vec<&str> = chart
        .x
        .ticks
        .iter()
        .map(|(_, label)| label.as_str())
        .collect();
    assert_eq!(
        ticks,
        ["2", "3", "4"],
        "in order of the number, not of the plan"
    );
    let labels: Vec<&str> = chart
        .panels
        .iter()
        .map(|panel| panel.label.as_str())
        .collect();
    assert_eq!(
        labels,
        [
            "services.web.requests.memory 1Gi: availability.requests",
            "services.web.requests.memory 2Gi: availability.requests"
        ]
    );
    // Forth along the upper ends of the intervals and back along the lower ones.
    let around = vec![2.0, 3.0, 4.0, 4.0, 3.0, 2.0, 0.0];
    let along = vec![2.0, 3.0, 4.0];
    let line = |label: &str, style, at: &Vec<f64>| (label.to_owned(), style, at.clone());
    assert_eq!(
        lines(chart, 0),
        [
            line("", Style::Band, &around),
            line("", Style::Band, &around),
            line("spread", Style::Curve, &along),
            line("binpack", Style::Curve, &along),
        ]
    );
}

#[test]
fn the_front_is_drawn_over_all_other_cells() {
    let scratch = Scratch::new("sweep-trade");
    let (sweep, merged) = made(&scratch);
    let front = merged.front(&sweep).unwrap();
    let chart = trade::chart(&sweep, &merged, &front).unwrap();
    let lines = lines(&chart, 0);
    let counts: Vec<(Style, usize)> = lines.iter().map(|line| (line.1, line.2.len())).collect();
    // With 2 nodes all four cells are alike: 0.04 / 2 = 0.02.
    assert_eq!(counts, [(Style::Dots, 6), (Style::Curve, 6)]);
}

#[test]
fn the_page_has_the_front_of_the_text_and_every_cell() {
    let scratch = Scratch::new("sweep-page");
    let (sweep, merged) = made(&scratch);
    let front = merged.front(&sweep).unwrap();
    let chart = trade::chart(&sweep, &merged, &front).unwrap();
    let made = || page::of(&sweep, &merged, &[&chart], "plimsoll sweep p.toml");
    let html = made();
    assert_eq!(html, made(), "the same bytes");
    let html = html.replace('\u{a0}', " ");
    let sentence = text::how_many(&sweep, &front).unwrap();
    assert!(html.contains(&format!("<p class=\"answer\">{sentence}.</p>")));
    let rows = text::front_rows(&sweep, &merged, &front);
    for row in &rows[1..] {
        let start = format!("<td>cell {}</td>", row[0]);
        let of_row = |line: &str| {
            line.contains(&start)
                && row[1..]
                    .iter()
                    .all(|cell| line.contains(&format!(">{cell}</td>")))
        };
        assert!(html.lines().any(of_row), "{row:?}");
    }
    let cells = html.matches("<td>cell ").count();
    assert_eq!(cells, rows.len() - 1 + sweep.plan.cells() as usize);
    // Those with 2 nodes are alike, and one each with 3 and with 4 is better.
    assert_eq!(html.matches(">yes</td>").count(), front.len());
}

#[test]
fn a_plan_without_a_question_asks_what_difference_its_keys_make() {
    let scratch = Scratch::new("sweep-question");
    fs::write(scratch.0.join("s.toml"), SCENARIO).unwrap();
    let asked = |grid: &str| {
        let head = PLAN.split("[grid]").next().unwrap();
        fs::write(scratch.0.join("p.toml"), format!("{head}[grid]\n{grid}")).unwrap();
        let plan = load(&scratch.0.join("p.toml")).unwrap();
        let sweep = Sweep::check(plan, &|| ()).unwrap();
        let cells = (0..sweep.plan.cells()).map(|_| vec![None, None]);
        let merged = Merged {
            cells: cells.collect(),
            bought: vec![vec![None; 20]; sweep.plan.cells() as usize],
        };
        let page = page::of(&sweep, &merged, &[], "plimsoll sweep p.toml");
        let (_, rest) = page.split_once("<h1>").unwrap();
        rest.split_once("</h1>").unwrap().0.to_owned()
    };
    let keys = [
        "\"nodes.n.count\" = [1, 2]",
        "scheduler = [\"spread\", \"binpack\"]",
        "duration = [\"1h\", \"2h\"]",
        "\"nodes.n.cpu\" = [\"4\", \"8\"]",
        "healer = [\"kubernetes\", \"none\"]",
    ];
    let first = |count: usize| asked(&keys[..count].join("\n"));
    assert_eq!(first(1), "What difference does nodes.n.count make in s?");
    assert_eq!(
        first(2),
        "What difference do nodes.n.count and scheduler make in s?"
    );
    assert_eq!(
        first(4),
        "What difference do nodes.n.count, scheduler, duration and nodes.n.cpu make in s?"
    );
    assert_eq!(
        first(5),
        "What difference do nodes.n.count, scheduler, duration and 2 more make in s?"
    );
}
