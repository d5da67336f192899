//! How well simulated runs foretold live ones, for people and for programs.

mod json;
mod schema;

use std::fmt::Write as _;

use crate::experiment::fidelity::observed::Observed;
use crate::experiment::fidelity::{self, Note, Order, Row, Verdict};
use crate::report::figure::{self, Unit};
use crate::report::text::count;
use crate::scenario::Scenario;

pub use json::{csv, json};
pub use schema::schema;

/// What was compared.
#[derive(Clone, Copy, Debug)]
pub struct Fidelity<'a> {
    /// The scenario, without the delays that were measured.
    pub scenario: &'a Scenario,
    /// The seed of all runs.
    pub seed: u64,
    /// Live runs, in order of replication.
    pub live: &'a [Observed],
    /// Simulated runs, in order of replication.
    pub simulated: &'a [Observed],
    /// The control: runs without failures, live and simulated, replication by replication.
    pub control: &'a [(Observed, Observed)],
    /// The measures.
    pub rows: &'a [Row],
    /// Where the delays of the simulated runs are from.
    pub delays: &'a str,
}

impl Fidelity<'_> {
    /// Whether each run of the control decided as the simulation did.
    pub fn orders(&self) -> Vec<Order> {
        let control = self.control.iter();
        control
            .map(|(live, simulated)| Order::of(live, simulated))
            .collect()
    }

    /// All live runs, those of the control first.
    fn all_live(&self) -> impl Iterator<Item = &Observed> {
        let control = self.control.iter().map(|(live, _)| live);
        control.chain(self.live)
    }

    /// What is to be known of the engines, and of how many live runs.
    fn notes(&self) -> Vec<Note<'_>> {
        fidelity::notes(self.all_live())
    }

    /// Whether every measure that is held to something agrees, and every control; what was not compared
    /// does not agree.
    pub fn agrees(&self) -> bool {
        let mut verdicts = self.rows.iter().filter_map(Row::verdict);
        let orders = self.orders();
        let held = self.rows.iter().any(|row| row.tolerance.is_some());
        held && verdicts.all(|verdict| verdict == Verdict::Agrees)
            && !orders.is_empty()
            && orders.iter().all(|order| order.parting.is_none())
    }
}

/// Columns of the table, two blanks apart: what it is, live, simulated, difference.
const WIDTHS: [usize; 4] = [31, 15, 20, 18];

/// The comparison as text.
pub fn text(told: &Fidelity<'_>) -> String {
    let mut text = String::new();
    order(&mut text, told);
    let [label, live, simulated, difference] = WIDTHS;
    let _ = writeln!(
        text,
        "\n{:<label$}  {:>live$}  {:>simulated$}  {:>difference$}",
        "",
        format!("live ({})", count(told.live.len() as u64, "run")),
        format!("simulated ({})", count(told.simulated.len() as u64, "run")),
        "difference"
    );
    for row in told.rows {
        row_text(&mut text, row);
    }
    let _ = writeln!(
        text,
        "\nMeans with 95 % intervals. A measure agrees where the whole interval of the difference (Welch), or where\n\
         most runs are alike the difference of every two runs, lies within 15 % of the live mean, or within 1 s where\n\
         it is a time, and no run lacks it. The others are held to nothing. Delays: {}",
        told.delays
    );
    notes(&mut text, told);
    text
}

fn notes(text: &mut String, told: &Fidelity<'_>) {
    let notes = told.notes();
    if notes.is_empty() {
        return;
    }
    let of = told.all_live().count();
    text.push_str("\nNotes on the engines, of live runs with and without failures:\n");
    for Note { said, runs } in notes {
        let _ = writeln!(text, "  {runs} of {of} runs: {said}");
    }
}

fn order(text: &mut String, told: &Fidelity<'_>) {
    let orders = told.orders();
    if orders.is_empty() {
        text.push_str("No control: no live run without failures was made.\n");
        return;
    }
    let alike = orders.iter().filter(|order| order.parting.is_none());
    let (alike, all) = (alike.count(), orders.len());
    let decisions: usize = orders.iter().map(|order| order.live).sum();
    let _ = writeln!(
        text,
        "Without failures, {alike} of {all} live runs decided the same as simulated, in the same order: which pod goes\n\
         to which node, and how many replicas a service has ({}).",
        count(decisions as u64, "decision")
    );
    for (number, order) in orders.iter().enumerate() {
        let Some(parting) = &order.parting else {
            continue;
        };
        let what = |what: &Option<String>| match what {
            Some(what) => what.clone(),
            None => "nothing more".to_owned(),
        };
        let _ = writeln!(
            text,
            "  run {}: alike up to decision {} of {}; then live {}, simulated {}",
            number + 1,
            parting.place,
            order.live,
            what(&parting.live),
            what(&parting.simulated)
        );
    }
}

fn row_text(text: &mut String, row: &Row) {
    let unit = unit(row);
    let [label, live, simulated, difference] = WIDTHS;
    let none = || "–".to_owned();
    let means = [row.live.mean, row.simulated.mean].into_iter().flatten();
    let size = means.fold(0.0, |size: f64, mean| size.max(mean.value.abs()));
    let verdict = match row.verdict() {
        Some(Verdict::Agrees) => "  agrees",
        Some(Verdict::Differs) => "  DIFFERS",
        Some(Verdict::Undecided) => "  UNDECIDED",
        None => "",
    };
    let _ = writeln!(
        text,
        "{:<label$}  {:>live$}  {:>simulated$}  {:>difference$}{verdict}",
        row.measure.about,
        row.live
            .mean
            .map_or_else(none, |mean| figure::estimate(&mean, unit)),
        row.simulated
            .mean
            .map_or_else(none, |mean| figure::estimate(&mean, unit)),
        row.difference.map_or_else(none, |difference| {
            let difference = figure::beyond_rounding(&difference, size);
            figure::difference(&difference, unit)
        }),
    );
    for (what, side) in [("live", &row.live), ("simulated", &row.simulated)] {
        if side.lacks() {
            let _ = writeln!(
                text,
                "  only {} of {} {what} runs have it",
                side.runs, side.of
            );
        }
    }
}

fn unit(row: &Row) -> Unit<'static> {
    match row.measure.unit {
        "requests" | "restarts" | "replica s" | "replica h" => Unit::Plain(""),
        other => Unit::of(other, ""),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use expect_test::expect;

    use super::*;
    use crate::experiment::fidelity::MEASURES;
    use crate::scenario;
    use crate::stats::Estimate;

    fn run(detect: f64, served: f64, decisions: &[&str]) -> Observed {
        let values = [
            ("failures.node", 1.0),
            ("harmful.node", 1.0),
            ("detect.node", detect),
            ("requests.offered", 2000.0),
            ("requests.served", served),
        ];
        Observed {
            values: values.map(|(name, value)| (name.to_owned(), value)).into(),
            decisions: decisions.iter().map(|&one| one.to_owned()).collect(),
            ..Observed::default()
        }
    }

    #[test]
    fn what_agrees_what_does_not_and_where_decisions_part_are_told() {
        let text_of = "name = \"shop\"\nduration = \"1m\"\n\
                       nodes = [{ name = \"n\", cpu = \"1\", memory = \"1Gi\" }]\n\
                       services = [{ name = \"web\", requests = { cpu = \"1m\", memory = \"1Mi\" } }]";
        let read = |path: &Path| panic!("{} is not to be read", path.display());
        let loaded = scenario::parse(Path::new("shop.toml"), text_of, &read);
        let scenario = loaded.expect("it is a scenario").scenario;
        let mut live = [5.2, 5.3, 5.1].map(|detect| run(detect, 1000.0 + detect, &[]));
        for run in &mut live[1..] {
            run.notes.push("n did not start web-0: no".to_owned());
        }
        let simulated = [5.0, 5.1, 4.9, 5.2].map(|detect| run(detect, 1300.0 + detect, &[]));
        let alike = run(0.0, 0.0, &["web-0 on n-0"]);
        let longer = run(0.0, 0.0, &["web-0 on n-0", "web-1 on n-0"]);
        let control = [(alike.clone(), alike.clone()), (longer, alike)];
        let rows = MEASURES.into_iter();
        let rows: Vec<Row> = rows
            .filter_map(|measure| Row::of(measure, &live, &simulated))
            .collect();
        let told = Fidelity {
            scenario: &scenario,
            seed: 1,
            live: &live,
            simulated: &simulated,
            control: &control,
            rows: &rows,
            delays: "delays.toml",
        };
        assert!(!told.agrees());
        let near = [rows[0].clone()];
        let agreeing = |control| Fidelity {
            rows: &near,
            control,
            ..told
        };
        assert!(agreeing(&control[..1]).agrees());
        // What was not compared does not agree.
        assert!(!agreeing(&[]).agrees());
        let nothing = Fidelity {
            rows: &[],
            control: &control[..1],
            ..told
        };
        assert!(!nothing.agrees());
        expect![[r#"
            Without failures, 1 of 2 live runs decided the same as simulated, in the same order: which pod goes
            to which node, and how many replicas a service has (3 decisions).
              run 2: alike up to decision 1 of 2; then live web-1 on n-0, simulated nothing more

                                               live (3 runs)    simulated (4 runs)          difference
            node lost, until detected          5.2 s ± 0.2 s         5.0 s ± 0.2 s      −0.2 s ± 0.2 s  agrees
            node lost, until all serve                     –                     –                   –  UNDECIDED
              only 0 of 3 live runs have it
              only 0 of 4 simulated runs have it
            requests answered                    1,005 ± < 1           1,305 ± < 1        +299.9 ± 0.2  DIFFERS
            requests asked for                         2,000                 2,000                   0

            Means with 95 % intervals. A measure agrees where the whole interval of the difference (Welch), or where
            most runs are alike the difference of every two runs, lies within 15 % of the live mean, or within 1 s where
            it is a time, and no run lacks it. The others are held to nothing. Delays: delays.toml

            Notes on the engines, of live runs with and without failures:
              2 of 5 runs: n did not start web-0: no
        "#]].assert_eq(&text(&told));
        let json: serde_json::Value = serde_json::from_str(&json(&told)).expect("it is JSON");
        let note =
            serde_json::json!({ "note": "n did not start web-0: no", "runs": 2, "of_runs": 5 });
        assert_eq!(json["notes"], serde_json::json!([note]));
        // However wide a number is, blanks stand before it, and what rounding leaves is none.
        let mut wide = rows[3].clone();
        wide.live.mean = wide.live.mean.map(|mean| Estimate {
            value: 1e18,
            ..mean
        });
        wide.difference = wide.difference.map(|difference| Estimate {
            value: 1e-13,
            ..difference
        });
        let mut line = String::new();
        row_text(&mut line, &wide);
        let cells = line
            .split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty());
        let cells: Vec<&str> = cells.collect();
        let large = "1,000,000,000,000,000,000";
        assert_eq!(cells[1..4], [large, "2,000", "0"], "{line}");
        let csv = csv(&told).expect("it can be written");
        let csv = String::from_utf8(csv).expect("it is text");
        // Three measures of three, four and twice two runs.
        assert_eq!(csv.lines().count(), 1 + 3 * (3 + 4 + 2 + 2), "{csv}");
        assert!(
            csv.contains("\nsimulated,4,requests.served,requests,1305.2\n"),
            "{csv}"
        );
    }
}
