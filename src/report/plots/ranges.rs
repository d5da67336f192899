//! How many nodes each scheduler needs: the answer, and the range over all trials.

use super::axis::{Axis, Scale};
use super::chart::{Body, Chart, Key, Panel, Range, Sample};
use super::draw::{GAP, Label, Pen};
use super::drawing::{Anchor, Font, fine};
use super::font::width;
use super::panel::Frame;
use super::theme;
use crate::experiment::compaction::{Compaction, Spread};
use crate::report::compaction::percentile;
use crate::report::figure;

/// Height of one row.
pub(crate) const ROW: i32 = 30;
/// Half the height of the bar of a range, and of the mark of the answer.
const BAR: i32 = 3;
const MARK: i32 = 9;
/// Least room for the text beside a range.
const TEXT: i32 = 60;

/// One row for each scheduler, the least one above, and one for what none can do without.
pub(crate) fn chart(compaction: &Compaction) -> Chart {
    let mut needs: Vec<(String, Spread, bool)> = compaction
        .schedulers
        .iter()
        .map(|packed| {
            let spread = compaction.nodes(packed.sizes());
            (packed.scheduler.name.to_owned(), spread, true)
        })
        .collect();
    needs.sort_by(|(_, a, _), (_, b, _)| a.answer.total_cmp(&b.answer));
    let title = title(&needs, compaction);
    let floor = compaction.nodes(compaction.floor.iter().copied());
    needs.insert(0, ("requests alone".to_owned(), floor, false));
    let ends = needs
        .iter()
        .flat_map(|(_, spread, _)| [spread.least, spread.most]);
    let ends = ends.chain([f64::from(compaction.workload.nodes)]);
    let ends = ends.filter(|end| end.is_finite());
    let (least, most) = ends.fold((f64::INFINITY, 0.0), |(least, most), end| {
        (end.min(least), end.max(most))
    });
    let all = u64::from(compaction.workload.nodes * compaction.plan.copies);
    let rows = needs.len() as f64;
    let ticks = needs.iter().enumerate().rev();
    let ticks = ticks.map(|(at, (name, ..))| (rows - at as f64 - 0.5, name.clone()));
    let panel = Panel {
        label: String::new(),
        note: String::new(),
        y: Axis {
            from: 0.0,
            to: rows,
            scale: Scale::Linear,
            ticks: ticks.collect(),
        },
        height: ROW * needs.len() as i32,
        body: Body::Ranges {
            rows: needs.iter().map(|need| range(need, all)).collect(),
            limit: f64::from(compaction.workload.nodes),
            band: None,
        },
    };
    Chart {
        name: "compaction",
        data: "compaction.csv".to_owned(),
        title,
        subtitle: format!(
            "Pods packed from scratch into nodes taken away at random, {} trials. Requests alone: what no \
             scheduler can do without.",
            compaction.plan.trials
        ),
        keys: vec![
            Key {
                sample: Sample::Answer,
                label: "the answer",
            },
            Key {
                sample: Sample::Span,
                label: "least to most of all trials",
            },
            Key {
                sample: Sample::Limit,
                label: "nodes of the cell",
            },
        ],
        x: Axis::between(least, most, 8),
        x_label: "nodes".to_owned(),
        panels: vec![panel],
    }
}

fn title(needs: &[(String, Spread, bool)], compaction: &Compaction) -> String {
    let count = |nodes: f64| match nodes.is_finite() {
        true => format!("{} nodes", figure::thousands(nodes as u64)),
        false => "more than all copies of the cell".to_owned(),
    };
    let at = percentile(compaction.plan.quantile);
    match needs {
        [] => String::new(),
        [(name, spread, _)] => format!("{name} needs {} ({at})", count(spread.answer)),
        [(first, least, _), .., (last, most, _)] => format!(
            "{first} needs {}, {last} {} ({at})",
            count(least.answer),
            count(most.answer)
        ),
    }
}

fn range((_, spread, is_scheduler): &(String, Spread, bool), all: u64) -> Range {
    let text = match spread.answer.is_finite() {
        true => figure::thousands(spread.answer as u64),
        false => format!("> {}", figure::thousands(all)),
    };
    Range {
        from: spread.least,
        mark: spread.answer,
        to: spread.most,
        text,
        is_faint: !is_scheduler,
    }
}

/// Shades a band behind the rows.
pub(super) fn shade(frame: &Frame<'_>, pen: &mut Pen, band: Option<(f64, f64)>) {
    if let Some((from, to)) = band {
        let (top, bottom) = (fine(frame.top), fine(frame.top + frame.panel.height));
        let (from, to) = (frame.x(from), frame.x(to));
        pen.rectangle((from, top), (to, bottom), theme::SHADE);
    }
}

/// Draws rows from the top of a panel on, and a line at the limit.
pub(super) fn draw(frame: &Frame<'_>, pen: &mut Pen, rows: &[Range], limit: f64) {
    let (top, bottom) = (frame.top, frame.top + frame.panel.height);
    for (value, _) in &frame.x.ticks {
        let x = frame.x(*value);
        pen.line(vec![(x, fine(top)), (x, fine(bottom))], theme::GRID, 1.0);
    }
    let at = frame.x(limit);
    pen.line(
        vec![(at, fine(top)), (at, fine(bottom))],
        theme::VERMILION,
        1.0,
    );
    pen.line(
        vec![
            (fine(frame.left), fine(bottom)),
            (fine(frame.right), fine(bottom)),
        ],
        theme::BASE,
        1.0,
    );
    for (row, top) in rows.iter().zip((top..).step_by(ROW as usize)) {
        let middle = top + ROW / 2;
        let color = if row.is_faint {
            theme::BASE
        } else {
            theme::BLUE
        };
        let (from, to) = (frame.x(row.from), frame.x(row.to));
        span(pen, (from, to.max(from + fine(1))), middle, color);
        let mark = frame.x(row.mark);
        answer(pen, mark, middle, color);
        // Beside the range, where the text neither leaves the panel nor crosses the limit.
        let room = fine(TEXT.max(width(Font::Label, &row.text) + GAP));
        let end = to + room;
        let has_room = from - room > fine(frame.left);
        let is_left = end > fine(frame.right) || has_room && (to..end).contains(&at);
        let (x, anchor) = match is_left {
            true => (from / fine(1) - 8, Anchor::End),
            false => (to / fine(1) + 8, Anchor::Start),
        };
        pen.write(&row.text, (x, middle), Label::muted(anchor));
    }
}

/// The bar of a range.
pub(super) fn span(pen: &mut Pen, (from, to): (i32, i32), middle: i32, color: theme::Color) {
    let points = [
        (from, middle - BAR),
        (to, middle - BAR),
        (to, middle + BAR),
        (from, middle + BAR),
    ];
    pen.area(points.map(|(x, y)| (x, fine(y))).to_vec(), color, 0.35);
}

/// The mark of an answer.
pub(super) fn answer(pen: &mut Pen, x: i32, middle: i32, color: theme::Color) {
    pen.line(
        vec![(x, fine(middle - MARK)), (x, fine(middle + MARK))],
        color,
        3.0,
    );
}
