//! Where things stand in plots of a small result whose numbers are made up.

use std::sync::Arc;

use expect_test::{Expect, expect};

use super::chart::{Body, Chart};
use super::draw::{Form, draw};
use super::drawing::{Anchor, Drawing, FINE, Place, Shape};
use super::{charts, file, font, heat, inline};
use crate::ids::{Arena, ServiceId, ShapeId};
use crate::metrics::measured::{HeatCell, HeatRow, Incident, Series};
use crate::report::tests::Case;
use crate::script::jobs::{Job, Jobs};
use crate::time::{Duration, Time};

const FORMS: [Form; 3] = [Form::File, Form::Page, Form::Phone];

fn chart(case: &Case, name: &str) -> Chart {
    let mut charts = charts(&case.stored()).into_iter();
    charts.find(|chart| chart.name == name).unwrap()
}

/// The shapes in pixels, one a line.
fn outline(drawing: &Drawing) -> String {
    let place = |&(x, y): &Place| {
        let pixels = |n: i32| f64::from(n) / f64::from(FINE);
        format!("{},{}", pixels(x), pixels(y))
    };
    let places = |points: &[Place]| points.iter().map(place).collect::<Vec<_>>().join(" ");
    let shape = |shape: &Shape| match shape {
        Shape::Box { from, to, color } => {
            format!("box {} to {} {color:?}", place(from), place(to))
        }
        Shape::Area { points, color, .. } => format!("area {} {color:?}", places(points)),
        Shape::Line { points, color, .. } => format!("line {} {color:?}", places(points)),
        Shape::Text {
            text, at, anchor, ..
        } => format!("text {} {anchor:?} {text:?}", place(at)),
    };
    let lines = drawing.shapes.iter().map(shape);
    let (width, height) = (drawing.width, drawing.height);
    format!(
        "{width} x {height}\n{}\n",
        lines.collect::<Vec<_>>().join("\n")
    )
}

fn check(drawing: &Drawing, expected: &Expect) {
    expected.assert_eq(&outline(drawing).replace("RGBColor", ""));
}

#[test]
fn outages_are_shaded_and_marked_where_they_became_known_and_were_over() {
    // The window is [200 s, 1000 s); the outage [700 s, 800 s), known at 710 s.
    let chart = chart(&Case::new(), "availability");
    check(
        &draw(&chart, Form::Phone),
        &expect![[r#"
            360 x 218
            box 0,9 to 12,21 (252, 228, 214)
            text 20,15 Start "fewer ready than min_available"
            area 244,19 239.5,12 248.5,12 (213, 94, 0)
            text 258,15 Start "failure known"
            area 6,33 1.5,40 10.5,40 (0, 158, 115)
            text 20,37 Start "enough again"
            text 0,74 Start "web"
            text 352,74 End "outage: known after 10 s, over after 1 m 40 s"
            box 244,92 to 280,168 (252, 228, 214)
            line 247.5,92 247.5,168 (213, 94, 0)
            line 64,168 352,168 (148, 157, 170)
            text 56,168 End "98.5 %"
            line 64,142.75 352,142.75 (229, 232, 237)
            text 56,142 End "99.0 %"
            line 64,117.25 352,117.25 (229, 232, 237)
            text 56,117 End "99.5 %"
            line 64,92 352,92 (229, 232, 237)
            text 56,92 End "100.0 %"
            line 208,168 352,168 (0, 114, 178)
            area 247.5,92 243,85 252,85 (213, 94, 0)
            area 280,168 275.5,175 284.5,175 (0, 158, 115)
            line 78,168 78,173 (148, 157, 170)
            text 78,184 Middle "4"
            line 122,168 122,173 (148, 157, 170)
            text 122,184 Middle "6"
            line 165,168 165,173 (148, 157, 170)
            text 165,184 Middle "8"
            line 208,168 208,173 (148, 157, 170)
            text 208,184 Middle "10"
            line 251,168 251,173 (148, 157, 170)
            text 251,184 Middle "12"
            line 294,168 294,173 (148, 157, 170)
            text 294,184 Middle "14"
            line 338,168 338,173 (148, 157, 170)
            text 338,184 Middle "16"
            text 208,204 Middle "simulated time, minutes"
        "#]],
    );
}

#[test]
fn each_node_is_a_row_and_grey_where_it_was_down() {
    let chart = chart(&Case::new(), "heatmap");
    assert_eq!(
        (chart.title.as_str(), chart.keys.len()),
        (
            "2 nodes: on average the fullest one had 42 % of its CPU requested, the emptiest 33 %",
            2
        )
    );
    check(
        &draw(&chart, Form::Page),
        &expect![[r#"
            872 x 134
            box 0,9 to 12,21 (242, 244, 246)
            box 12,9 to 24,21 (221, 235, 246)
            box 24,9 to 36,21 (186, 212, 234)
            box 36,9 to 48,21 (151, 190, 222)
            box 48,9 to 60,21 (116, 168, 209)
            box 60,9 to 72,21 (79, 145, 197)
            box 72,9 to 84,21 (35, 123, 183)
            box 84,9 to 96,21 (0, 102, 161)
            box 96,9 to 108,21 (0, 83, 132)
            box 108,9 to 120,21 (0, 65, 105)
            box 120,9 to 132,21 (0, 47, 79)
            text 140,15 Start "0 to 100 % of CPU requested"
            box 345,9 to 357,21 (190, 194, 200)
            line 345,15 357,15 (148, 157, 170)
            text 365,15 Start "down or absent"
            box 74,52 to 469,67 (151, 190, 222)
            box 74,68 to 469,83 (151, 190, 222)
            box 469,52 to 864,67 (190, 194, 200)
            box 469,68 to 864,83 (190, 194, 200)
            line 469,59.5 864,59.5 (148, 157, 170)
            line 469,75.5 864,75.5 (148, 157, 170)
            text 66,76 End "worker-1"
            text 66,60 End "worker-0"
            line 114,84 114,89 (148, 157, 170)
            text 114,100 Middle "4"
            line 232,84 232,89 (148, 157, 170)
            text 232,100 Middle "6"
            line 351,84 351,89 (148, 157, 170)
            text 351,100 Middle "8"
            line 469,84 469,89 (148, 157, 170)
            text 469,100 Middle "10"
            line 588,84 588,89 (148, 157, 170)
            text 588,100 Middle "12"
            line 706,84 706,89 (148, 157, 170)
            text 706,100 Middle "14"
            line 825,84 825,89 (148, 157, 170)
            text 825,100 Middle "16"
            text 469,120 Middle "simulated time, minutes"
        "#]],
    );
}

#[test]
fn the_same_data_give_the_same_bytes() {
    let written = |case: &Case| -> Vec<String> {
        let charts = charts(&case.stored());
        let written = |chart: &Chart| file(chart) + &inline(chart, Form::Phone, "narrow");
        charts.iter().map(written).collect()
    };
    assert_eq!(written(&Case::new()), written(&Case::new()));
}

#[test]
fn the_data_of_the_heat_map_stand_beside_it() {
    let mut out = Vec::new();
    heat::table(&Case::new().results(), &mut out).unwrap();
    expect![[r#"
        time_s,zone,first_node,last_node,nodes,fewest_up,cpu_requested_mcpu_s,cpu_up_mcpu_s,cpu_requested_of_up
        200,,worker-0,worker-0,1,1,400000,1600000,0.25
        600,,worker-0,worker-0,1,0,400000,800000,0.5
        200,,worker-1,worker-1,1,1,400000,1600000,0.25
        600,,worker-1,worker-1,1,0,600000,800000,0.75
    "#]]
    .assert_eq(&String::from_utf8(out).unwrap());
}

/// A case with so many nodes in a row, of these zones, each with so many rows.
fn with_rows(zones: &[(&str, usize)], nodes: u32) -> Case {
    let mut case = Case::new();
    let row = |zone: &str, n: usize| {
        let cell = |share: f64| HeatCell {
            bound: 4000.0 * share,
            capacity: 4000.0,
            fewest_up: nodes,
        };
        HeatRow {
            zone: zone.to_owned(),
            first: format!("a-rather-long-name-of-a-node-in-some-cloud-{n}"),
            last: format!("{n}-last"),
            nodes,
            cells: vec![cell(0.5), cell(0.1)],
        }
    };
    let rows = |&(zone, count): &(&str, usize)| {
        let zone = zone.to_owned();
        (0..count).map(move |n| row(&zone, n))
    };
    case.runs[0].heat = zones.iter().flat_map(rows).collect();
    case
}

#[test]
fn many_nodes_are_said_to_share_rows_and_few_zones_have_a_panel_each() {
    let said = |zones: &[(&str, usize)], nodes| {
        let chart = chart(&with_rows(zones, nodes), "heatmap");
        let panels = chart.panels.iter().map(|panel| {
            let (rows, label) = (panel.y.to, &panel.label);
            let ticks = panel.y.ticks.len();
            format!(
                "  {label:?}: {rows} rows, {ticks} with a label, {} px\n",
                panel.height
            )
        });
        format!(
            "{}\n{}\n{}",
            chart.title,
            chart.subtitle,
            panels.collect::<String>()
        )
    };
    let many: Vec<String> = (0..7).map(|n| format!("z{n}")).collect();
    let many: Vec<(&str, usize)> = many.iter().map(|zone| (zone.as_str(), 2)).collect();
    let all = [
        said(&[("", 1)], 1),
        said(&[("", 64)], 1),
        said(&[("a", 20), ("b", 20), ("c", 10)], 200),
        said(&many, 1),
    ];
    expect![[r#"
        On average the node had 30 % of its CPU requested
        Each row is a node; the share is of what nodes that were up could give. Replication 1 of 3.
          "": 1 rows, 1 with a label, 16 px
        64 nodes, with 30 % of their CPU requested on average
        Each row is a node; the share is of what nodes that were up could give. Replication 1 of 3.
          "": 64 rows, 32 with a label, 448 px
        10,000 nodes in rows of up to 200, with 30 % of their CPU requested on average
        Each row is a band of neighbouring nodes; the share is of what nodes that were up could give. Replication 1 of 3.
          "Zone a": 20 rows, 10 with a label, 200 px
          "Zone b": 20 rows, 10 with a label, 200 px
          "Zone c": 10 rows, 5 with a label, 100 px
        14 nodes, with 30 % of their CPU requested on average
        Each row is a node; the share is of what nodes that were up could give. Replication 1 of 3.
          "": 14 rows, 7 with a label, 224 px
    "#]].assert_eq(&all.concat());
}

#[test]
fn many_outages_are_shaded_and_counted_but_not_marked() {
    let case = |count: u64| {
        let mut case = Case::new();
        let at = |n: u64, later: u64| Time::from_secs(250 + (700 / count.max(1)) * n + later);
        let outage = |n: u64| Incident {
            service: ServiceId(0),
            start: at(n, 0),
            detected: Some(at(n, 2)),
            recovered: (count > 1).then(|| at(n, 4)),
            causes: Vec::new(),
            censored: false,
            lost: 0.0,
        };
        case.runs[0].incidents = (0..count).map(outage).collect();
        case
    };
    let said = |count| {
        let chart = chart(&case(count), "availability");
        let keys: Vec<&str> = chart.keys.iter().map(|key| key.label).collect();
        let boxes = draw(&chart, Form::Page).shapes;
        let shades = boxes
            .iter()
            .filter(|shape| matches!(shape, Shape::Box { .. }));
        let note = &chart.panels[0].note;
        format!(
            "{count}: {note:?}, {} boxes, keys {keys:?}\n",
            shades.count()
        )
    };
    // One is not over; 300 are so near each other that the eye sees one.
    let all: String = [0, 1, 2, 24, 25, 300].map(said).concat();
    expect![[r#"
        0: "", 0 boxes, keys []
        1: "outage: known after 2 s, not over at the end", 2 boxes, keys ["fewer ready than min_available", "failure known"]
        2: "2 outages, the longest 4 s", 3 boxes, keys ["fewer ready than min_available", "failure known", "enough again"]
        24: "24 outages, the longest 4 s", 25 boxes, keys ["fewer ready than min_available", "failure known", "enough again"]
        25: "25 outages, the longest 4 s", 26 boxes, keys ["fewer ready than min_available"]
        300: "300 outages, the longest 4 s", 2 boxes, keys ["fewer ready than min_available"]
    "#]].assert_eq(&all);
}

/// The corners of a text, in units of the drawing.
fn corners(shape: &Shape) -> Option<(String, [i32; 4])> {
    let Shape::Text {
        text,
        at,
        font,
        anchor,
        ..
    } = shape
    else {
        return None;
    };
    let width = FINE * font::width(*font, text);
    let left = match anchor {
        Anchor::Start => at.0,
        Anchor::Middle => at.0 - width / 2,
        Anchor::End => at.0 - width,
    };
    // From the top of a capital to the base line.
    let half = FINE * font.size() * 7 / 20;
    Some((text.clone(), [left, at.1 - half, left + width, at.1 + half]))
}

/// The case as a trace of one pod that stays, without services; in the second half more waits for CPU
/// than there is.
fn filling() -> Case {
    let mut case = Case::new();
    let outline = &mut case.scenario.outline;
    let mut trace = Jobs::default();
    trace.push(Job {
        name: "stays",
        arrival: Time::ZERO,
        duration: Duration::MAX,
        shape: ShapeId(0),
        replace: false,
    });
    (outline.trace, outline.sources, outline.services) = (trace.into(), vec![], Arena::new());
    let series = &mut case.runs[0].series;
    let waiting = Series {
        metric: "waiting.cpu".to_owned(),
        values: vec![Some(0.0), Some(0.75)],
        ..series[0].clone()
    };
    series.push(waiting);
    case
}

#[test]
fn where_pods_only_arrive_it_is_shown_how_the_cluster_fills() {
    let drawn = |case: &Case| charts(&case.stored()).iter().any(|c| c.name == "filling");
    assert!(!drawn(&Case::new()));
    let mut case = filling();
    let chart = chart(&case, "filling");
    // Half is allocated all the time, of half and then of 125 % that was asked for.
    assert_eq!(
        chart.title,
        "50.0 % of CPU allocated when all had been asked for, 50.0 % in the end"
    );
    assert_eq!(chart.x.ticks.last().unwrap().1, "140 %");
    assert_eq!(chart.panels.len(), 1);
    let Body::Lines { lines, .. } = &chart.panels[0].body else {
        panic!("lines");
    };
    let points = |y: [f64; 3]| [0.5, 1.25, 1.25].into_iter().zip(y.map(Some));
    assert!(points([0.5, 1.0, 1.0]).eq(lines[0].points.iter().copied()));
    assert!(points([0.5, 0.5, 0.5]).eq(lines[1].points.iter().copied()));
    // A pod that leaves, or a service, and it is no filling any more.
    Arc::make_mut(&mut case.scenario.outline.trace).durations[0] = Duration::from_secs(1);
    assert!(!drawn(&case));
}

#[test]
fn no_text_stands_on_another_or_beyond_the_edge() {
    let cases = [
        Case::new(),
        with_rows(&[("", 64)], 1),
        with_rows(&[("", 36)], 1),
        with_rows(&[("eu-central-1a", 3), ("eu-central-1b", 3)], 500),
        with_rows(
            &[
                ("a", 9),
                ("b", 9),
                ("c", 9),
                ("d", 9),
                ("e", 9),
                ("f", 9),
                ("g", 9),
            ],
            1,
        ),
    ];
    for case in &cases {
        for chart in charts(&case.stored()) {
            for form in FORMS {
                let drawing = draw(&chart, form);
                let texts: Vec<_> = drawing.shapes.iter().filter_map(corners).collect();
                for (n, (text, here)) in texts.iter().enumerate() {
                    let (width, height) = (FINE * drawing.width, FINE * drawing.height);
                    let [left, top, right, bottom] = *here;
                    let name = chart.name;
                    assert!(
                        left >= -FINE && top >= 0 && right <= width + FINE && bottom <= height,
                        "{name}, {form:?}: {text:?} at {here:?} of {width} x {height}"
                    );
                    for (other, there) in &texts[n + 1..] {
                        let apart = right <= there[0]
                            || there[2] <= left
                            || bottom <= there[1]
                            || there[3] <= top;
                        assert!(apart, "{name}, {form:?}: {text:?} and {other:?}");
                    }
                }
            }
        }
    }
}
