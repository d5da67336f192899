//! A comparison on the terminal: the metrics with verdicts first, then what else a reader asks after,
//! what it rests on, and the answer in one sentence.

use super::cells::{self, Row};
use super::{Asked, Compared, summary, words};
use crate::experiment::compare::{self, Chance};
use crate::experiment::verdict::Verdict;
use crate::metrics::measured::Entity;
use crate::metrics::quantity::Quantity;
use crate::report::figure::{self, Unit};
use crate::report::run_json::Effort;
use crate::report::text::layout::Page;
use crate::report::text::{Look, Written, count};
use crate::units;

/// What is shown besides what always is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Every metric.
    pub all: bool,
    /// What common random numbers save, for every metric shown.
    pub variance: bool,
}

/// Metrics of the cluster that a reader asks after, with words for those whose names say little.
const TOLD: [(&str, &str); 19] = [
    ("availability.requests", "requests answered"),
    ("allocated.cpu", "cpu requested"),
    ("used.cpu", "cpu used"),
    ("allocated.memory", "memory requested"),
    ("allocated.gpu", "gpu requested"),
    ("stranded.gpu", "gpu stranded"),
    ("fragmentation", "fragmentation"),
    ("nodes.used", "nodes used"),
    ("pending.p50", "pending p50"),
    ("pending.p99", "pending p99"),
    ("pending.never", "pods never placed"),
    ("time_to_ready.p99", "ready after, p99"),
    ("evictions", "evictions"),
    ("preemptions", "preemptions"),
    ("oom_kills", "killed for memory"),
    ("headroom.node.displaced", "a lost node fits again"),
    ("headroom.zone.displaced", "a lost zone fits again"),
    ("cost", "cost"),
    ("cost.per_million_requests", "per million requests"),
];

/// Of these, zero everywhere says nothing.
const SILENT_AT_ZERO: [&str; 5] = [
    "pending.never",
    "evictions",
    "preemptions",
    "oom_kills",
    "stranded.gpu",
];

/// The comparison for a terminal.
pub fn page(
    compared: &Compared<'_>,
    effort: &Effort,
    written: Option<Written<'_>>,
    shown: Shown,
    look: Look,
) -> String {
    let mut page = Page::new(look);
    page.facts(&headline(compared));
    page.text(&effort_line(compared, effort));
    page.gap();
    let rows = rows(compared, shown, &page);
    let names = compared
        .variants
        .iter()
        .map(|variant| variant.name.as_str());
    let names: Vec<&str> = names.collect();
    cells::write(&mut page, &names, &rows, look);
    page.gap();
    for sentence in footer(compared) {
        page.text(&sentence);
    }
    if let Some(sentence) = summary::sentence(compared) {
        page.gap();
        page.hanging("In short: ", &sentence);
    }
    page.gap();
    for note in compared.notes(false) {
        page.hanging("note: ", &note);
    }
    page.gap();
    match written {
        Some(written) => {
            let dir = written.dir.display();
            let head = format!("{dir}{}   ", std::path::MAIN_SEPARATOR);
            page.names(&head, written.files);
        }
        None => page.text("Nothing was written: the folder keeps the results that it has."),
    }
    page.text(&next(compared, shown));
    page.finish()
}

/// What was run, fact by fact.
pub(super) fn headline(compared: &Compared<'_>) -> Vec<String> {
    let scenario = &compared.baseline().scenario;
    let scenarios = || compared.variants.iter().map(|variant| &variant.scenario);
    let mut facts = vec![scenario.name.clone()];
    if scenarios().all(|other| other.end == scenario.end) {
        let end = figure::number(scenario.end.secs_f64(), Unit::Seconds);
        facts.push(format!("{end} simulated"));
    }
    let nodes = scenario.catalog.nodes.len();
    if scenarios().all(|other| other.catalog.nodes.len() == nodes) {
        facts.push(count(nodes as u64, "node"));
    }
    let services = scenario.catalog.services.len();
    if services > 0 && scenarios().all(|other| other.catalog.services.len() == services) {
        facts.push(count(services as u64, "service"));
    }
    facts
}

fn effort_line(compared: &Compared<'_>, effort: &Effort) -> String {
    let variants = compared.variants.len();
    let replications = u64::from(compared.comparison.replications);
    let why = match compared.asked {
        Asked::Default if compared.comparison.chance == Chance::Random => {
            " (30, unless --reps or --precision says otherwise)"
        }
        Asked::Default | Asked::Number | Asked::Precision { .. } => "",
    };
    format!(
        "{} of each of {variants} variants in {}{why}",
        count(replications, "replication"),
        figure::number(effort.wall_seconds, Unit::Seconds),
    )
}

fn rows(compared: &Compared<'_>, shown: Shown, page: &Page) -> Vec<Row> {
    let mut rows = Vec::new();
    let all = compared.comparison.rows.iter();
    let (primary, others): (Vec<_>, Vec<_>) = all.partition(|row| row.primary.is_some());
    for row in primary {
        rows.push(values(compared, row, row.quantity.to_string()));
        rows.push(against(compared, row, page));
        rows.extend(variance(row, shown));
    }
    let others: Vec<(&compare::Row, String)> = match shown.all {
        true => others
            .into_iter()
            .map(|row| (row, row.quantity.to_string()))
            .collect(),
        false => told(compared, &others),
    };
    if !rows.is_empty() {
        rows.push(Row {
            label: String::new(),
            cells: vec![Vec::new(); compared.variants.len()],
        });
    }
    for (row, label) in others {
        rows.push(values(compared, row, label));
        rows.extend(variance(row, shown));
    }
    rows
}

/// The rows that a reader asks after, with their labels.
pub(super) fn told<'a>(
    compared: &Compared<'_>,
    others: &[&'a compare::Row],
) -> Vec<(&'a compare::Row, String)> {
    let find = |quantity: &Quantity| others.iter().copied().find(|row| row.quantity == *quantity);
    let is_silent = |row: &compare::Row| {
        let estimates = row.cells.iter().filter_map(|cell| cell.estimate);
        SILENT_AT_ZERO.contains(&row.quantity.metric.name)
            && estimates
                .map(|estimate| estimate.value)
                .all(|value| value == 0.0)
    };
    let mut rows = Vec::new();
    for (metric, words) in TOLD {
        let row = find(&Quantity::of_cluster(metric)).filter(|row| !is_silent(row));
        rows.extend(row.map(|row| (row, words.to_owned())));
        if metric == "availability.requests" {
            rows.extend(services(compared, &find));
        }
    }
    rows
}

/// Most services that have a row each.
const MOST_SERVICES: usize = 6;

/// What few services answered, one row each.
fn services<'a>(
    compared: &Compared<'_>,
    find: &dyn Fn(&Quantity) -> Option<&'a compare::Row>,
) -> Vec<(&'a compare::Row, String)> {
    let services = compared.baseline().scenario.catalog.services.as_slice();
    if services.len() > MOST_SERVICES {
        return Vec::new();
    }
    let row = |name: &String| {
        let entity = Entity::Service(name.clone());
        let row = find(&Quantity::of("availability.requests", entity))?;
        Some((row, format!("answered, {name}")))
    };
    services
        .iter()
        .filter_map(|service| row(&service.name))
        .collect()
}

/// What each variant measured.
fn values(compared: &Compared<'_>, row: &compare::Row, label: String) -> Row {
    let unit = compared.unit(&row.quantity);
    let cell = |cell: &compare::Cell| match &cell.estimate {
        Some(estimate) => parts(&figure::estimate(estimate, unit)),
        None => vec!["none".to_owned()],
    };
    Row {
        label,
        cells: row.cells.iter().map(cell).collect(),
    }
}

/// An estimate and an interval that is not symmetric, which may stand below each other.
fn parts(estimate: &str) -> Vec<String> {
    match estimate.split_once(" (") {
        Some((value, interval)) => vec![value.to_owned(), format!("({interval}")],
        None => vec![estimate.to_owned()],
    }
}

/// Names of baselines that are longer would make the column of labels too wide.
const LONG: usize = 16;

/// How far each variant lies from the first, and the verdict.
fn against(compared: &Compared<'_>, row: &compare::Row, page: &Page) -> Row {
    let cell = |cell: &compare::Cell| {
        let Some(against) = &cell.against else {
            return vec!["no value to compare".to_owned()];
        };
        let Some(verdict) = against.verdict else {
            return Vec::new();
        };
        let words = words::verdict(compared, row, verdict);
        let mut parts = match verdict {
            Verdict::Identical { .. } => Vec::new(),
            Verdict::Better { .. }
            | Verdict::Worse { .. }
            | Verdict::Different { .. }
            | Verdict::Equivalent
            | Verdict::Undecided { .. } => words::difference(compared, row, against),
        };
        parts.push(match words.tone {
            Some(tone) => page.paint(&words.word, tone),
            None => words.word,
        });
        parts.extend(Some(words.detail).filter(|detail| !detail.is_empty()));
        parts
    };
    let mut cells: Vec<Vec<String>> = row.cells.iter().skip(1).map(cell).collect();
    cells.insert(0, Vec::new());
    Row {
        label: match compared.baseline().name.as_str() {
            long if long.chars().count() > LONG => "  against the first".to_owned(),
            name => format!("  against {name}"),
        },
        cells,
    }
}

/// What common random numbers save.
fn variance(row: &compare::Row, shown: Shown) -> Option<Row> {
    if !shown.variance {
        return None;
    }
    let ratio = |cell: &compare::Cell| {
        let ratio = cell.against.as_ref()?.variance_ratio?;
        Some(vec![figure::number(ratio, Unit::Plain(""))])
    };
    let cells: Vec<Vec<String>> = row
        .cells
        .iter()
        .map(|cell| ratio(cell).unwrap_or_default())
        .collect();
    let is_any = cells.iter().any(|cell| !cell.is_empty());
    is_any.then(|| Row {
        label: "  variance, paired ÷ not".to_owned(),
        cells,
    })
}

/// What the verdicts rest on.
pub(super) fn footer(compared: &Compared<'_>) -> Vec<String> {
    let comparison = compared.comparison;
    let mut said = Vec::new();
    said.extend(interrupted(compared));
    said.push(match comparison.chance {
        Chance::Exact => {
            "Nothing in this input is random: one run of each decides, of this input; other \
                          weeks may differ. --resample draws the trace anew for every replication."
                .to_owned()
        }
        Chance::Random => format!(
            "{}, the same arrivals, loads and failures for all variants.",
            count(u64::from(comparison.replications), "paired replication")
        ),
    });
    said.extend(precision(compared));
    let primary = comparison.rows.iter().filter(|row| row.primary.is_some());
    let primary = primary.count();
    let (metrics, against) = (
        count(primary as u64, "metric"),
        count(compared.variants.len() as u64 - 1, "variant"),
    );
    let level = figure::exact_percent(comparison.confidence.level());
    if primary == 0 {
        said.push(
            "No verdict: the scenario promises nothing (no [[objectives]], no slo). --metric NAME, such \
             as --metric cost, asks for one."
                .to_owned(),
        );
        return said;
    }
    let exploratory = "rows without one are exploratory, each with its own interval of 95 %";
    said.push(match comparison.chance {
        Chance::Exact => "Rows without a verdict are exploratory.".to_owned(),
        Chance::Random if comparison.family == 1 => {
            format!("The verdict holds with {level} confidence; {exploratory}.")
        }
        Chance::Random => format!(
            "The verdicts hold together with {level} confidence ({metrics} × {against}); {exploratory}."
        ),
    });
    said.extend(equivalence(compared));
    said.extend(identity(compared));
    said
}

fn interrupted(compared: &Compared<'_>) -> Option<String> {
    let planned = compared.interrupted?;
    Some(format!(
        "Interrupted after {} of {planned} replications: this is what they say.",
        compared.comparison.replications
    ))
}

fn precision(compared: &Compared<'_>) -> Option<String> {
    let Asked::Precision {
        relative,
        cap,
        reached,
    } = compared.asked
    else {
        return None;
    };
    let asked = figure::exact_percent(relative);
    Some(match reached {
        true => format!("Every difference is known to {asked} of the baseline, as asked."),
        false if compared.interrupted.is_some() => return None,
        false => format!(
            "Not every difference is known to {asked} of the baseline, as asked, after {cap} runs \
             (--max-reps)."
        ),
    })
}

/// Which interval stands beside `equivalent`.
fn equivalence(compared: &Compared<'_>) -> Option<String> {
    let against = compared
        .comparison
        .rows
        .iter()
        .flat_map(|row| &row.cells)
        .filter_map(|cell| cell.against.as_ref());
    let mut equivalent = against.filter(|against| against.verdict == Some(Verdict::Equivalent));
    let level = equivalent.next()?.confidence.level();
    Some(format!(
        "Beside \"equivalent\" stands the interval that shows it, of {} (two one-sided tests); beside \
         other verdicts that of which zero must lie outside.",
        figure::exact_percent((1e4 * level).round() / 1e4)
    ))
}

/// What the verdict `identical` says of runs that were not made.
fn identity(compared: &Compared<'_>) -> Option<String> {
    let rows = compared.comparison.rows.iter();
    let mut against = rows
        .flat_map(|row| &row.cells)
        .filter_map(|cell| cell.against.as_ref());
    let by_runs =
        |one: &compare::Against| matches!(one.verdict, Some(Verdict::Identical { runs: Some(_) }));
    against.any(by_runs).then(|| {
        "Beside \"identical\" stands how many runs show it: so many that fewer than 1 run in 10 can differ."
            .to_owned()
    })
}

/// What to do next.
fn next(compared: &Compared<'_>, shown: Shown) -> String {
    let all = match shown.all {
        true => "`plimsoll metrics NAME` says what a metric means.",
        false => "--all lists every metric; `plimsoll metrics NAME` says what one means.",
    };
    format!("{}{all}", more(compared).unwrap_or_default())
}

/// How many runs would decide what is undecided; where that is not known of all of it, of what it is.
fn more(compared: &Compared<'_>) -> Option<String> {
    let done = compared.comparison.replications as usize;
    let (mut decided, mut most, mut rest) = (Vec::new(), None, false);
    for row in &compared.comparison.rows {
        let against = row.cells.iter().filter_map(|cell| cell.against.as_ref());
        let open = against.filter_map(|against| match against.verdict? {
            Verdict::Undecided { runs } => Some(runs.filter(|runs| *runs > done)),
            Verdict::Better { .. }
            | Verdict::Worse { .. }
            | Verdict::Different { .. }
            | Verdict::Equivalent
            | Verdict::Identical { .. } => None,
        });
        let open: Vec<Option<usize>> = open.collect();
        rest |= open.contains(&None);
        most = most.max(open.iter().copied().flatten().max());
        if !open.is_empty() && !open.contains(&None) {
            decided.push(row.quantity.to_string());
        }
    }
    let runs = words::rounded_up(most.filter(|_| !decided.is_empty())?);
    let what = match rest {
        true => format!("{}, but not all that is undecided", units::and(&decided)),
        false => "what is undecided".to_owned(),
    };
    Some(format!("--reps {runs} would probably decide {what}. "))
}
