//! `report.html` of a comparison: the answer, the verdicts with their differences, what else was
//! measured, and what it rests on.

use super::summary;
use super::{Compared, text, words};
use crate::experiment::compare::{Against, Row};
use crate::experiment::verdict::Verdict;
use crate::metrics::measured::Entity;
use crate::report::figure::{self, Unit};
use crate::report::page::{Cell, Column, Figure, Kind, Narrow, Page, Table, Tone};
use crate::report::pages;
use crate::report::plots::differences;
use crate::report::results::policy_name;
use crate::report::text::layout;
use crate::report::text::{capitalized, count};
use crate::units;

/// Most differences that are set large.
const LARGE: usize = 4;

/// The page; `command` makes the same again.
pub(super) fn of(compared: &Compared<'_>, command: &str) -> String {
    let question = question(compared);
    let mut page = Page::new(&format!(
        "{}: {question}",
        compared.baseline().scenario.name
    ));
    let mut facts = vec!["comparison".to_owned()];
    facts.extend(text::headline(compared));
    let runs = u64::from(compared.comparison.replications);
    facts.push(format!("{} of each", count(runs, "replication")));
    let answer = summary::sentence(compared).map(|sentence| capitalized(&sentence));
    let answer = answer.unwrap_or_else(|| "No verdict was asked for.".to_owned());
    let asks = pages::asks("scenario", &compared.baseline().scenario.question);
    page.head(&facts, &question, &answer, &Vec::from_iter(asks));
    page.figures(&figures(compared));
    if let Some(more) = judged(compared)
        .len()
        .checked_sub(LARGE)
        .filter(|more| *more > 0)
    {
        page.text(&format!(
            "And {} below.",
            count(more as u64, "more verdict")
        ));
    }
    verdicts(&mut page, compared);
    for chart in differences::charts(compared) {
        page.chart(&chart);
    }
    others(&mut page, compared);
    page.notes("What to know about these numbers", &notes(compared));
    variants(&mut page, compared);
    let scenario = &compared.baseline().scenario;
    let origin = pages::origin(scenario, "`compare.json` and `metrics.csv`");
    page.reproduce(&[command.to_owned()], &origin);
    page.finish()
}

fn question(compared: &Compared<'_>) -> String {
    let others = compared.variants[1..].iter().map(|one| one.name.clone());
    let others: Vec<String> = others.collect();
    let or = units::and(&others).replace(" and ", " or ");
    format!("Is {or} better than {}?", compared.baseline().name)
}

/// A difference that there is a verdict on.
struct Judged<'a> {
    row: &'a Row,
    variant: usize,
    against: &'a Against,
    verdict: Verdict,
}

impl Judged<'_> {
    /// The difference with its interval, or in how many runs it is there; empty where there is none.
    fn difference(&self, compared: &Compared<'_>) -> String {
        match self.verdict {
            Verdict::Identical { .. } => String::new(),
            Verdict::Better { .. }
            | Verdict::Worse { .. }
            | Verdict::Different { .. }
            | Verdict::Equivalent
            | Verdict::Undecided { .. } => {
                let parts = words::difference(compared, self.row, self.against);
                parts.join(" ").trim_end_matches(',').to_owned()
            }
        }
    }

    /// The verdict in words, and how it is meant.
    fn verdict(&self, compared: &Compared<'_>) -> (String, Tone) {
        let words = words::verdict(compared, self.row, self.verdict);
        let tone = match words.tone {
            Some(layout::Tone::Good) => Tone::Good,
            Some(layout::Tone::Bad) => Tone::Bad,
            None => Tone::Marked,
        };
        let said = format!("{} {}", words.word, words.detail);
        (said.trim_end().to_owned(), tone)
    }
}

fn judged<'a>(compared: &Compared<'a>) -> Vec<Judged<'a>> {
    let of_row = |row: &'a Row| {
        let cells = row.cells.iter().enumerate();
        cells.filter_map(move |(variant, cell)| {
            let against = cell.against.as_ref()?;
            Some(Judged {
                row,
                variant,
                verdict: against.verdict?,
                against,
            })
        })
    };
    compared.comparison.rows.iter().flat_map(of_row).collect()
}

/// The first differences, large; where there is no interval, the verdict.
fn figures(compared: &Compared<'_>) -> Vec<Figure> {
    let figure = |one: &Judged<'_>| {
        let (verdict, _) = one.verdict(compared);
        let difference = one.difference(compared);
        let label = format!(
            "{}: {}",
            compared.variants[one.variant].name, one.row.quantity
        );
        let (value, interval) = match one.against.estimate.interval {
            Some(_) if !difference.is_empty() => {
                let (value, interval) = figure::apart(&difference);
                (value.to_owned(), format!("{} · {verdict}", interval.trim()))
            }
            Some(_) | None => {
                let words = words::verdict(compared, one.row, one.verdict);
                let detail = [difference, words.detail].join(" ");
                (words.word, detail.trim().to_owned())
            }
        };
        Figure {
            label,
            value,
            interval,
        }
    };
    judged(compared).iter().take(LARGE).map(figure).collect()
}

/// Every metric that was asked about, of every variant.
fn verdicts(page: &mut Page, compared: &Compared<'_>) {
    let primary = compared.comparison.rows.iter();
    let primary: Vec<&Row> = primary.filter(|row| row.primary.is_some()).collect();
    if primary.is_empty() {
        return;
    }
    page.heading("The verdicts");
    let judged = judged(compared);
    let mut rows = Vec::new();
    for row in primary {
        for (variant, cell) in row.cells.iter().enumerate() {
            let mut own = judged.iter();
            let own = own.find(|one| std::ptr::eq(one.row, row) && one.variant == variant);
            let (difference, verdict, tone) = match own {
                Some(one) => {
                    let (verdict, tone) = one.verdict(compared);
                    (one.difference(compared), verdict, tone)
                }
                None if variant == 0 => (String::new(), "the baseline".to_owned(), Tone::Plain),
                None => (
                    String::new(),
                    "no value to compare".to_owned(),
                    Tone::Marked,
                ),
            };
            rows.push(vec![
                Cell::new(format!("`{}`", row.quantity)),
                Cell::new(compared.variants[variant].name.clone()),
                Cell::new(value(compared, row, cell)),
                Cell::new(difference),
                Cell::toned(verdict, tone),
            ]);
        }
    }
    let against = format!("against {}", compared.baseline().name);
    page.table(&Table {
        columns: vec![
            Column::new("metric", Kind::Text),
            Column::new("variant", Kind::Text),
            Column::new("measured", Kind::Number),
            Column::new(&against, Kind::Number),
            Column::new("verdict", Kind::Text),
        ],
        rows,
        narrow: Narrow::List,
    });
}

fn value(compared: &Compared<'_>, row: &Row, cell: &crate::experiment::compare::Cell) -> String {
    let unit = compared.unit(&row.quantity);
    let estimate = cell.estimate.as_ref();
    estimate.map_or_else(
        || "none".to_owned(),
        |estimate| figure::estimate(estimate, unit),
    )
}

/// What else a reader asks after, and everything else folded away.
fn others(page: &mut Page, compared: &Compared<'_>) {
    let rows = compared.comparison.rows.iter();
    let others: Vec<&Row> = rows.filter(|row| row.primary.is_none()).collect();
    let told = text::told(compared, &others);
    page.heading("What else was measured");
    page.text(
        "Without a verdict: each with its own 95 % interval. Intervals that overlap say nothing here, for \
         all variants met the same worlds; `--metric` asks for a verdict.",
    );
    page.table(&side_by_side(compared, &told));
    let is_cluster = |row: &&&Row| row.quantity.entity == Entity::Cluster;
    let all = others.iter().filter(is_cluster);
    let all: Vec<(&Row, String)> = all.map(|row| (*row, row.quantity.to_string())).collect();
    let line = format!("Every metric of the cluster: {}", all.len());
    page.folded(&line, |page| page.table(&side_by_side(compared, &all)));
}

fn side_by_side(compared: &Compared<'_>, rows: &[(&Row, String)]) -> Table {
    let mut columns = vec![Column::new("metric", Kind::Text)];
    let names = compared.variants.iter();
    columns.extend(names.map(|one| Column::new(&one.name, Kind::Number)));
    let row = |(row, label): &(&Row, String)| {
        let cells = row.cells.iter();
        let cells = cells.map(|cell| Cell::new(value(compared, row, cell)));
        std::iter::once(Cell::new(label.clone()))
            .chain(cells)
            .collect()
    };
    Table {
        columns,
        rows: rows.iter().map(row).collect(),
        narrow: Narrow::List,
    }
}

fn notes(compared: &Compared<'_>) -> Vec<String> {
    let mut notes = text::footer(compared);
    let rows = compared.comparison.rows.iter();
    let mut asked = rows.filter(|row| row.primary.is_some());
    if asked.any(|row| compared.unit(&row.quantity) == Unit::Ratio) {
        let points = capitalized(figure::POINTS);
        notes.push(format!(
            "{points} are percentage points: from 99.0 % to 99.5 % are 0.5 of them."
        ));
    }
    let said = compared.notes(true);
    notes.extend(said.iter().map(|note| capitalized(note)));
    notes
}

/// What each variant is.
fn variants(page: &mut Page, compared: &Compared<'_>) {
    page.heading("The variants");
    let row = |one: &crate::experiment::sample::Variant| {
        let changes = match one.scenario.changes.is_empty() {
            true => "none".to_owned(),
            false => format!("`{}`", one.scenario.changes.join("`, `")),
        };
        vec![
            Cell::new(one.name.clone()),
            Cell::new(policy_name(&one.scenario.policy)),
            Cell::new(changes),
            Cell::new(format!("`{}`", one.scenario.hash)),
        ]
    };
    page.table(&Table {
        columns: vec![
            Column::new("variant", Kind::Text),
            Column::new("scheduler-autoscaler-healer", Kind::Text),
            Column::new("changes of the file", Kind::Text),
            Column::new("fingerprint of the input", Kind::Quiet),
        ],
        rows: compared.variants.iter().map(row).collect(),
        narrow: Narrow::List,
    });
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::experiment::compare::{Chance, Primary, compare};
    use crate::experiment::sample::{Samples, Variant};
    use crate::metrics::dictionary;
    use crate::metrics::measured::{Amount, Measured, Value};
    use crate::metrics::quantity::Quantity;
    use crate::report::compare::Asked;
    use crate::scenario;
    use crate::scenario::objective::Tolerance;
    use crate::stats::Confidence;

    const COMMAND: &str = "plimsoll compare shop.toml --scheduler kube,binpack";

    fn variant(name: &str) -> Variant {
        let text = format!(
            r#"# Which scheduler is cheapest?
            name = "shop"
            duration = "1h"
            policy.scheduler = "{name}"
            nodes = [{{ name = "n", cpu = "4", memory = "8Gi" }}]
            services = [{{ name = "s", requests = {{ cpu = "1", memory = "1Gi" }} }}]
            "#
        );
        let unread = |path: &Path| panic!("{} is not named", path.display());
        let loaded = scenario::parse(Path::new("shop.toml"), &text, &unread).unwrap();
        Variant {
            name: name.to_owned(),
            scenario: loaded.scenario,
        }
    }

    /// A run in which nothing but its cost was measured.
    fn run(cost: f64) -> Measured {
        let cost = Value {
            metric: dictionary::find("cost").unwrap(),
            entity: Entity::Cluster,
            amount: Amount::Number(cost),
        };
        Measured {
            values: vec![cost],
            ..Measured::default()
        }
    }

    /// The page on variants with these costs, the baseline first, without its tags.
    fn page(variants: &[(&str, [f64; 4])], tolerance: Option<f64>, asked: bool) -> String {
        let runs = variants.iter().map(|(_, costs)| costs.map(run).to_vec());
        let samples = Samples::made(7, runs.collect());
        let primary = Primary {
            quantity: Quantity::of_cluster("cost"),
            tolerance: tolerance.map(Tolerance::Absolute),
        };
        let primary: Vec<Primary> = asked.then_some(primary).into_iter().collect();
        let confidence = Confidence::NINETY_FIVE;
        let chance = Chance::Random;
        let comparison = compare(&samples, variants.len(), &[], &primary, chance, confidence);
        let named: Vec<Variant> = variants.iter().map(|(name, _)| variant(name)).collect();
        let compared = Compared {
            variants: &named,
            samples: &samples,
            comparison: &comparison,
            seed: 7,
            asked: Asked::Default,
            interrupted: None,
            twins: &[],
        };
        words(&of(&compared, COMMAND))
    }

    /// What a reader reads: the text of the body, a line for each piece.
    fn words(html: &str) -> String {
        let body = &html[html.find("<body").expect("a body")..];
        let pieces = body.split('<').filter_map(|piece| piece.split_once('>'));
        let texts = pieces.map(|(_, text)| text.trim());
        let texts: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        texts.join("\n")
    }

    #[track_caller]
    fn finds(page: &str, all: &[&str]) {
        let mut rest = page;
        for wanted in all {
            let Some(at) = rest.find(wanted) else {
                panic!("`{wanted}` is not there, or too early:\n{page}");
            };
            rest = &rest[at + wanted.len()..];
        }
    }

    /// Differences 1, 2, 1, 2: mean 1.5, sd 0.577, and t(3) = 3.182 makes ± 0.919 of it.
    const KUBE: (&str, [f64; 4]) = ("kube", [100.0, 300.0, 200.0, 400.0]);
    const BINPACK: (&str, [f64; 4]) = ("binpack", [101.0, 302.0, 201.0, 402.0]);

    #[test]
    fn a_reader_finds_question_answer_verdict_and_command_in_that_order() {
        finds(
            &page(&[KUBE, BINPACK], Some(0.5), true),
            &[
                "4 replications of each",
                "Is binpack better than kube?",
                "Against kube, binpack is worse in cost (+1.5 USD ± 0.9).",
                "Which scheduler is cheapest?",
                "binpack: cost",
                "+1.5 USD",
                "± 0.9 · worse",
                "The verdicts",
                "against kube",
                "cost\nkube",
                "the baseline",
                "cost\nbinpack",
                "+1.5 USD ± 0.9\nworse",
                COMMAND,
            ],
        );
    }

    #[test]
    fn what_lies_within_the_tolerance_is_said_to() {
        let page = page(&[KUBE, BINPACK], Some(5.0), true);
        finds(&page, &["+1.5 USD ± 0.9\nworse within tolerance"]);
    }

    #[test]
    fn several_variants_have_a_row_each_and_what_is_open_says_how_many_runs_it_takes() {
        // Differences −9, 9, −8, 10: nothing is sure.
        let open = ("random", [91.0, 309.0, 192.0, 410.0]);
        let page = page(&[KUBE, BINPACK, open], Some(0.5), true);
        finds(
            &page,
            &[
                "Is binpack or random better than kube?",
                "The verdicts",
                "cost\nbinpack",
                "worse",
                "cost\nrandom",
                "undecided: needs about",
            ],
        );
    }

    #[test]
    fn differences_that_are_not_set_large_are_counted() {
        let more = |others: usize| {
            let mut variants = vec![KUBE];
            variants.extend(std::iter::repeat_n(BINPACK, others));
            page(&variants, Some(0.5), true)
        };
        assert!(!more(4).contains("more verdict"));
        finds(
            &more(5),
            &["binpack: cost", "And 1 more verdict below.", "The verdicts"],
        );
        finds(&more(6), &["And 2 more verdicts below."]);
    }

    #[test]
    fn without_a_question_there_is_no_verdict_but_what_was_measured() {
        let page = page(&[KUBE, BINPACK], None, false);
        finds(
            &page,
            &[
                "No verdict was asked for.",
                "What else was measured",
                "cost",
            ],
        );
        assert!(!page.contains("The verdicts"), "{page}");
    }
}
