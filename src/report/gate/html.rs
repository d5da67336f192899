//! The gate as a page: the outcome, what is not as it was, how that lies within its tolerance, and every
//! comparison.

use crate::experiment::gate::{Against, Line, Overall, Side};
use crate::report::gate::{Gate, Held, KEEP, word};
use crate::report::page::{Cell, Column, Figure, Kind, Narrow, Page, Table, Tone};
use crate::report::plots::chart::{Body, Chart, Key, Panel, Range, Sample};
use crate::report::plots::ranges::ROW;
use crate::report::plots::{Axis, Scale};
use crate::report::text::count;

/// The whole of it; `command` makes the same again.
pub fn page(gate: &Gate<'_>, command: &str) -> String {
    let verdict = if gate.fails() { "failed" } else { "passed" };
    let mut page = Page::new(&format!("gate {verdict}"));
    let scenarios = count(gate.scenarios.len() as u64, "scenario");
    let lines = gate.scenarios.iter().map(|held| held.checked.lines.len());
    let comparisons = count(lines.sum::<usize>() as u64, "comparison");
    let facts = [
        "gate".to_owned(),
        verdict.to_owned(),
        scenarios,
        comparisons,
    ];
    let question = "Is anything worse than what was accepted?";
    page.head(
        &facts,
        question,
        &gate.sentence(),
        &Vec::from_iter(gate.how_sure()),
    );
    page.figures(&counts(gate));
    scenarios_table(&mut page, gate);
    striking(&mut page, gate);
    if let Some(chart) = chart(gate) {
        page.chart(&chart);
    }
    everything(&mut page, gate);
    let tested = gate.scenarios.iter();
    let tested = tested.filter_map(|held| Some((held, held.policies()?)));
    let notes = tested.map(|(held, policies)| format!("{}: {policies}.", held.checked.name));
    let omitted = gate.omitted();
    let omitted = omitted.map(|omitted| format!("{}.", crate::report::text::capitalized(&omitted)));
    let notes: Vec<String> = notes.chain(omitted).collect();
    page.notes("What to know about these verdicts", &notes);
    reproduce(&mut page, gate, command);
    page.finish()
}

/// How many scenarios came out how.
fn counts(gate: &Gate<'_>) -> Vec<Figure> {
    let such = |overall: Overall| {
        let scenarios = gate.scenarios.iter();
        scenarios.filter(move |held| held.checked.overall() == overall)
    };
    let all = [
        Overall::Regressed,
        Overall::Undecided,
        Overall::Better,
        Overall::Ok,
    ];
    let figure = |overall: Overall| {
        let names: Vec<&str> = such(overall)
            .map(|held| held.checked.name.as_str())
            .collect();
        Figure {
            label: word(overall).to_owned(),
            value: count(names.len() as u64, "scenario"),
            interval: names.join(", "),
        }
    };
    all.map(figure).into()
}

const fn tone(overall: Overall) -> Tone {
    match overall {
        Overall::Ok => Tone::Plain,
        Overall::Better => Tone::Good,
        Overall::Undecided | Overall::Regressed => Tone::Bad,
    }
}

/// What is said of each scenario.
fn scenarios_table(page: &mut Page, gate: &Gate<'_>) {
    page.heading("The scenarios");
    let row = |held: &Held<'_>| {
        let overall = held.checked.overall();
        let striking = held.striking().count() as u64;
        let listed = (striking > 0).then(|| match striking {
            1 => "1 metric listed below".to_owned(),
            several => format!("{several} metrics listed below"),
        });
        let said: Vec<String> = listed
            .into_iter()
            .chain(held.rest())
            .chain(held.anchored())
            .collect();
        vec![
            Cell::new(held.checked.name.clone()),
            Cell::toned(word(overall), tone(overall)),
            Cell::new(said.join("; ")),
            Cell::new(count(held.checked.replications.into(), "run")),
        ]
    };
    page.table(&Table {
        columns: vec![
            Column::new("scenario", Kind::Text),
            Column::new("verdict", Kind::Text),
            Column::new("what is said", Kind::Text),
            Column::new("replications", Kind::Number),
        ],
        rows: gate.scenarios.iter().map(row).collect(),
        narrow: Narrow::List,
    });
}

/// Every metric that is not as it was, in full.
fn striking(page: &mut Page, gate: &Gate<'_>) {
    let held = gate.scenarios.iter();
    let lines = held.flat_map(|held| held.striking().map(move |line| (held, line)));
    let rows = lines.map(|(held, line)| {
        let why = match line.overall() {
            Overall::Better => Some(KEEP.to_owned()),
            Overall::Ok | Overall::Undecided | Overall::Regressed => held.because(line),
        };
        let mut row = row(held, line);
        row.push(Cell::new(why.unwrap_or_default()));
        row
    });
    let rows: Vec<Vec<Cell>> = rows.collect();
    if rows.is_empty() {
        return;
    }
    page.heading("What is not as it was");
    let mut columns = columns();
    columns.push(Column::new("what decided", Kind::Quiet));
    page.table(&Table {
        columns,
        rows,
        narrow: Narrow::List,
    });
}

/// Every comparison, folded away.
fn everything(page: &mut Page, gate: &Gate<'_>) {
    let held = gate.scenarios.iter();
    let lines = held.flat_map(|held| held.checked.lines.iter().map(move |line| (held, line)));
    let rows: Vec<Vec<Cell>> = lines.map(|(held, line)| row(held, line)).collect();
    page.heading("Every comparison");
    let line = count(rows.len() as u64, "comparison");
    page.folded(&line, |page| {
        page.table(&Table {
            columns: columns(),
            rows,
            narrow: Narrow::List,
        });
    });
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("metric", Kind::Text),
        Column::new("scenario", Kind::Text),
        Column::new("verdict", Kind::Text),
        Column::new("was", Kind::Number),
        Column::new("is", Kind::Number),
        Column::new("difference", Kind::Number),
        Column::new("tolerance", Kind::Number),
    ]
}

fn row(held: &Held<'_>, line: &Line) -> Vec<Cell> {
    let [before, after] = held.ends(line);
    let metric = format!("`{}`{}", line.quantity, anchor(held, line));
    vec![
        Cell::new(metric),
        Cell::new(held.checked.name.clone()),
        Cell::toned(word(line.overall()), tone(line.overall())),
        Cell::new(before),
        Cell::new(after),
        Cell::new(held.difference(line).unwrap_or_default()),
        Cell::new(held.tolerance(line)),
    ]
}

/// What a comparison is with, where that is not the baseline.
fn anchor(held: &Held<'_>, line: &Line) -> String {
    match (line.against, held.anchor) {
        (Against::Anchor, Some(version)) => format!(" against the anchor of {version}"),
        (Against::Anchor, None) | (Against::Baseline, _) => String::new(),
    }
}

/// Most comparisons that are drawn.
const DRAWN: usize = 16;

/// Harm in tolerances: what is not as it was, each against what it may be, in a panel under its name.
pub(super) fn chart(gate: &Gate<'_>) -> Option<Chart> {
    let held = gate.scenarios.iter();
    let lines = held.flat_map(|held| held.striking().map(move |line| (held, line)));
    let rows = lines.filter_map(|(held, line)| range(held, line));
    let rows: Vec<(String, Range)> = rows.take(DRAWN).collect();
    if rows.is_empty() {
        return None;
    }
    let ends = rows.iter().flat_map(|(_, range)| [range.from, range.to]);
    let (least, most) = ends.fold((-1.0, 1.0), |(least, most): (f64, f64), end| {
        (least.min(end), most.max(end))
    });
    // Room for words on either side.
    let room = 0.25 * (most - least);
    let key = |sample, label| Key { sample, label };
    let panel = |(label, range): (String, Range)| Panel {
        label,
        note: String::new(),
        y: Axis {
            from: 0.0,
            to: 1.0,
            scale: Scale::Linear,
            ticks: Vec::new(),
        },
        height: ROW,
        body: Body::Ranges {
            rows: vec![range],
            limit: 1.0,
            band: Some((-1.0, 1.0)),
        },
    };
    Some(Chart {
        name: "harm",
        data: String::new(),
        title: "How far each is from what it may be".to_owned(),
        subtitle:
            "Harm as a multiple of the metric's tolerance: right of the line is more than was \
                   accepted, left of zero is better. What has no interval has a mark alone."
                .to_owned(),
        keys: vec![
            key(Sample::Answer, "the harm"),
            key(Sample::Span, "its interval"),
            key(Sample::Limit, "the tolerance"),
            key(Sample::Outage, "within the tolerance"),
        ],
        x: Axis::signed(least - room, most + room, 8),
        x_label: "harm ÷ tolerance".to_owned(),
        panels: rows.into_iter().map(panel).collect(),
    })
}

/// The harm of one comparison; nothing where there is no number or no tolerance to see it against.
fn range(held: &Held<'_>, line: &Line) -> Option<(String, Range)> {
    let difference = line.found.difference.filter(|one| one.value.is_finite())?;
    let sign = match line.better {
        Side::Up => -1.0,
        Side::Down => 1.0,
    };
    let scale = sign / line.amount;
    let interval = difference.interval;
    let finite = interval.filter(|one| one.low.is_finite() && one.high.is_finite());
    let mark = scale * difference.value;
    let (one, other) = finite.map_or((mark, mark), |ends| (scale * ends.low, scale * ends.high));
    let name = format!(
        "{}: {}{}",
        held.checked.name,
        line.quantity,
        anchor(held, line)
    );
    let range = Range {
        from: one.min(other),
        mark,
        to: one.max(other),
        text: word(line.overall()).to_owned(),
        is_faint: finite.is_none(),
    };
    mark.is_finite().then_some((name, range))
}

fn reproduce(page: &mut Page, gate: &Gate<'_>, command: &str) {
    let inputs = gate.scenarios.iter().map(|held| {
        format!(
            "{} has seed {} and the fingerprint `{}`",
            held.checked.name, held.seed, held.hash
        )
    });
    let inputs = inputs.collect::<Vec<_>>().join("; ");
    page.reproduce(
        &[command.to_owned()],
        &format!("With plimsoll {}. {inputs}.", env!("CARGO_PKG_VERSION")),
    );
}
