//! The cheapest mix, for people and for programs.

mod page;

use std::collections::BTreeMap;
use std::fs;
use std::path::{MAIN_SEPARATOR, Path};

use serde::Serialize;

use super::text::{bounds, runs, shown};
use super::{JSON, TABLE, json, sentences};
use crate::experiment::capacity::cheapest::{Cheapest, Counts, price};
use crate::experiment::capacity::confirm::Verdict;
use crate::experiment::capacity::trials::{Condition, Phase};
use crate::folder::{Folder, FolderError};
use crate::report::csv::Csv;
use crate::report::figure::{self, Unit};
use crate::report::json::written;
use crate::report::pages::REPORT;
use crate::report::text::Look;
use crate::report::text::layout::Page;
use crate::scenario::Scenario;
use crate::units;

/// Most mixes of the table.
const ROWS: usize = 16;

/// What is told of a mix.
#[derive(Clone, Copy, Debug)]
pub struct ToldMix<'a> {
    /// The scenario as it stands.
    pub scenario: &'a Scenario,
    /// The keys whose values were varied.
    pub keys: &'a [String],
    /// What is counted, in the same order.
    pub groups: &'a [String],
    /// The seed of all runs.
    pub seed: u64,
    /// What was found.
    pub found: &'a Cheapest,
}

impl ToldMix<'_> {
    /// `3 g2 and 2 t4 nodes`.
    fn mix(&self, counts: &Counts) -> String {
        let parts = self.groups.iter().zip(counts);
        let parts: Vec<String> = parts
            .map(|(name, count)| format!("{count} {name}"))
            .collect();
        match parts.split_last() {
            Some((last, rest)) if !rest.is_empty() => {
                format!("{} and {last} nodes", rest.join(", "))
            }
            Some(_) | None => parts.join(""),
        }
    }

    fn price(&self, counts: &Counts) -> String {
        let price = price(&self.found.kinds, counts);
        figure::number(price, Unit::Money(&self.scenario.currency))
    }

    fn said(&self) -> Vec<String> {
        let found = self.found;
        let Some(answer) = &found.answer else {
            return vec![self.none()];
        };
        let mut said = vec![format!(
            "{}, {} an hour: {}",
            self.mix(answer),
            self.price(answer),
            self.met(answer)
        )];
        said.extend(self.left_out());
        for (counts, verdict) in &found.less {
            let (_, trials) = &found.seen[counts];
            said.push(match verdict {
                Verdict::Refuted => format!(
                    "{} do not: {}.",
                    self.mix(counts),
                    sentences::missed(self.scenario, trials, &Condition::AsWritten)
                ),
                Verdict::Confirmed | Verdict::Open => format!(
                    "{} could not be ruled out: {} of {} runs meet every objective.",
                    self.mix(counts),
                    trials.tally.good,
                    trials.tally.runs
                ),
            });
        }
        let worse = found
            .more
            .iter()
            .filter(|(_, said)| *said != Verdict::Confirmed);
        for (counts, _) in worse {
            let (_, trials) = &found.seen[counts];
            said.push(format!(
                "More is not always better here: {} meet every objective in {} of {} runs. What is found \
                 need not be the cheapest of all.",
                self.mix(counts),
                trials.tally.good,
                trials.tally.runs
            ));
        }
        said
    }

    /// Which mixes were not among those that could be chosen; nothing where all were.
    fn left_out(&self) -> Option<String> {
        let kinds = &self.found.kinds;
        let all = |counts: &[u32]| counts.iter().copied().eq(1..=counts.len() as u32);
        if kinds.iter().all(|kind| all(&kind.counts)) {
            return None;
        }
        let parts = self.groups.iter().zip(kinds);
        let parts: Vec<String> = parts
            .map(|(name, kind)| format!("{} {name}", some(&kind.counts)))
            .collect();
        Some(format!(
            "That is the cheapest of mixes of {} nodes, as nodes are dealt to zones in turn: a mix between \
             them may be cheaper (--from 1 --step 1 tries all).",
            units::and(&parts)
        ))
    }

    fn met(&self, answer: &Counts) -> String {
        let claim = self.found.claim;
        let (_, trials) = &self.found.seen[answer];
        let length = figure::number(self.scenario.end.secs_f64(), Unit::Seconds);
        if self.found.is_exact {
            return format!(
                "this one run (of {length}) meets every objective. Nothing in the scenario is random; other \
                 weeks may differ."
            );
        }
        format!(
            "with {} confidence at least {} of runs (of {length}) meet every objective ({} of {} runs, fresh \
             seeds).",
            figure::exact_percent(claim.confidence.level()),
            figure::exact_percent(claim.quantile),
            trials.tally.good,
            trials.tally.runs
        )
    }

    /// That no mix is enough.
    fn none(&self) -> String {
        let mut largest = Counts::default();
        for (count, kind) in largest.iter_mut().zip(&self.found.kinds) {
            *count = kind.counts[kind.counts.len() - 1];
        }
        match self.found.seen.get(&largest) {
            Some((_, trials)) if trials.tally.good < trials.tally.runs => format!(
                "Even {} do not meet every objective: {}. --to tries more.",
                self.mix(&largest),
                sentences::missed(self.scenario, trials, &Condition::AsWritten)
            ),
            Some(_) | None => format!(
                "No mix could be confirmed: the {} cheapest that looked as if they were enough are not \
                 surely so.",
                self.found.dropped.len()
            ),
        }
    }

    /// How it was found; with the seconds that it took, where they are told.
    fn note(&self, seconds: Option<f64>) -> String {
        let (tried, all) = self.found.tried;
        format!(
            "{tried} of {} mixes were run: a mix is run only where that does not follow from another, as \
             more nodes of any group never hurt (branch and bound; exact if that holds). Every group keeps \
             a node. {}; seed {}",
            figure::thousands(all),
            runs(self.found.runs, seconds),
            self.seed
        )
    }

    /// What is said of the runs of a mix: `59 % (47–70)`.
    fn figures(&self, counts: &Counts) -> String {
        let (phase, trials) = &self.found.seen[counts];
        match (self.found.is_exact, trials.tally.good) {
            (true, 0) => "no".to_owned(),
            (true, _) => "yes".to_owned(),
            (false, _) => shown(trials.tally, *phase, self.found.claim.confidence),
        }
    }

    /// The mixes near the answer: those with fresh runs, else the cheapest that were tried.
    fn rows(&self) -> Vec<&Counts> {
        let fresh = |counts: &&Counts| self.found.seen[*counts].0 == Phase::Fresh;
        let mut rows: Vec<&Counts> = self.found.seen.keys().filter(fresh).collect();
        if rows.is_empty() {
            rows = self.found.seen.keys().collect();
        }
        let price = |counts: &Counts| price(&self.found.kinds, counts);
        rows.sort_by(|a, b| price(a).total_cmp(&price(b)).then(a.cmp(b)));
        rows.truncate(ROWS);
        rows
    }
}

/// Numbers that were tried, the long list cut: `2, 4, 6`, `3, 6, …, 12`.
fn some(counts: &[u32]) -> String {
    let shown = |counts: &[u32]| {
        let counts: Vec<String> = counts.iter().map(u32::to_string).collect();
        counts.join(", ")
    };
    match counts {
        [first, second, .., last] if counts.len() > 4 => format!("{first}, {second}, …, {last}"),
        few => shown(few),
    }
}

/// The page: the answer, the mixes near it, how it was found, and where the files are.
pub fn mix_text(
    told: &ToldMix<'_>,
    dir: &Path,
    files: &[String],
    seconds: f64,
    look: Look,
) -> String {
    let mut page = Page::new(look);
    for sentence in told.said() {
        page.text(&sentence);
    }
    page.gap();
    let currency = &told.scenario.currency;
    let price_head = format!("{currency}/h");
    let heads = told.groups.iter().map(|name| format!("{name:>8}"));
    let heads: Vec<String> = heads.collect();
    page.line(&format!(
        "  {}   {price_head:>8}   meets all objectives ({} interval)",
        heads.join(""),
        figure::exact_percent(told.found.claim.confidence.level())
    ));
    for counts in told.rows() {
        let cells = told.groups.iter().zip(counts);
        let cells =
            cells.map(|(name, count)| format!("{count:>width$}", width = name.len().max(8)));
        let cells: Vec<String> = cells.collect();
        let figures = told.figures(counts);
        let mark = match told.found.answer == Some(*counts) {
            true => match told.left_out() {
                None => "   ← the cheapest that is enough",
                Some(_) => "   ← the cheapest of these that is enough",
            },
            false => "",
        };
        let price = figure::number(price(&told.found.kinds, counts), Unit::Plain(""));
        page.line(&format!(
            "  {}   {price:>8}   {figures}{mark}",
            cells.join("")
        ));
    }
    page.gap();
    page.hanging("note: ", &told.note(Some(seconds)));
    page.gap();
    page.names(&format!("{}{MAIN_SEPARATOR}   ", dir.display()), files);
    page.finish()
}

/// Writes all files into `folder`, and says which ones a reader opens first; `command` makes the same
/// again.
///
/// # Errors
/// When the system refuses.
pub fn mix_write(
    folder: &Folder,
    told: &ToldMix<'_>,
    command: &str,
) -> Result<Vec<String>, FolderError> {
    let path = folder.file(REPORT);
    fs::write(&path, page::of(told, command)).map_err(FolderError::of(&path))?;
    let path = folder.file(JSON);
    fs::write(&path, mix_json(told)).map_err(FolderError::of(&path))?;
    let path = folder.file(TABLE);
    let written = table(told).and_then(|table| fs::write(&path, table));
    written.map_err(FolderError::of(&path))?;
    Ok([REPORT, JSON, TABLE].map(str::to_owned).to_vec())
}

fn table(told: &ToldMix<'_>) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let groups = told.groups.iter().map(String::as_str);
    let columns: Vec<&str> = groups
        .chain(["price_per_hour", "seeds", "runs", "met", "low", "high"])
        .collect();
    let mut csv = Csv::new(&mut out, &columns)?;
    for (counts, (phase, trials)) in &told.found.seen {
        for (_, &count) in told.groups.iter().zip(counts) {
            csv.whole(count.into());
        }
        let (low, high) = bounds(trials.tally, told.found.claim.confidence);
        csv.number(price(&told.found.kinds, counts));
        csv.text(json::phase(*phase));
        csv.whole(trials.tally.runs.into());
        csv.whole(trials.tally.good.into());
        csv.number(low);
        csv.number(high);
        csv.end_row()?;
    }
    csv.finish()?;
    Ok(out)
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    plimsoll: &'static str,
    scenario: &'a str,
    hash: &'a str,
    seed: u64,
    vary: &'a [String],
    quantile: f64,
    confidence: f64,
    exact: bool,
    said: Vec<String>,
    cheapest: Option<Entry<'a>>,
    less: Vec<Entry<'a>>,
    more: Vec<Entry<'a>>,
    dropped: Vec<Entry<'a>>,
    mixes_run: usize,
    mixes: u64,
    runs: u64,
}

#[derive(Serialize)]
struct Entry<'a> {
    nodes: BTreeMap<&'a str, u32>,
    price_per_hour: f64,
    verdict: &'static str,
    runs: u32,
    met: u32,
}

/// `capacity.json` of a mix, with a line break at its end.
pub fn mix_json(told: &ToldMix<'_>) -> String {
    let found = told.found;
    let entry = |counts: &Counts, said: Verdict| {
        let nodes = told
            .groups
            .iter()
            .map(String::as_str)
            .zip(counts.iter().copied());
        let tally = found.seen[counts].1.tally;
        Entry {
            nodes: nodes.collect(),
            price_per_hour: price(&found.kinds, counts),
            verdict: json::verdict(said),
            runs: tally.runs,
            met: tally.good,
        }
    };
    let entries = |all: &[(Counts, Verdict)]| {
        let all = all.iter().map(|(counts, said)| entry(counts, *said));
        all.collect::<Vec<_>>()
    };
    let document = Document {
        version: json::VERSION,
        plimsoll: env!("CARGO_PKG_VERSION"),
        scenario: &told.scenario.name,
        hash: &told.scenario.hash,
        seed: told.seed,
        vary: told.keys,
        quantile: found.claim.quantile,
        confidence: found.claim.confidence.level(),
        exact: found.is_exact,
        said: told.said(),
        cheapest: found
            .answer
            .as_ref()
            .map(|counts| entry(counts, Verdict::Confirmed)),
        less: entries(&found.less),
        more: entries(&found.more),
        dropped: entries(&found.dropped),
        mixes_run: found.tried.0,
        mixes: found.tried.1,
        runs: found.runs,
    };
    written(&document)
}
