//! How long the present nodes will do, for people and for programs.

mod page;

use std::fs;
use std::path::{MAIN_SEPARATOR, Path};

use serde::Serialize;

use super::text::{bounds, runs, shown};
use super::{JSON, TABLE, json, sentences};
use crate::experiment::capacity::growth::{Date, MONTH_DAYS};
use crate::experiment::capacity::runway::{Growth, Runway, Source, Step, factor, months};
use crate::experiment::capacity::trials::{Condition, Phase, Trials};
use crate::folder::{Folder, FolderError};
use crate::report::csv::Csv;
use crate::report::figure::{self, Unit};
use crate::report::json::written;
use crate::report::pages::REPORT;
use crate::report::text::layout::Page;
use crate::report::text::{Look, count};
use crate::scenario::Scenario;
use crate::stats::Confidence;

/// What is told of a runway.
#[derive(Clone, Copy, Debug)]
pub struct ToldRunway<'a> {
    /// The scenario as it stands.
    pub scenario: &'a Scenario,
    /// The seed of all runs.
    pub seed: u64,
    /// How sure the answer is, growth included.
    pub confidence: Confidence,
    /// Growth of the load.
    pub growth: &'a Growth,
    /// The day on which the load is that of the scenario, where it is given.
    pub start: Option<Date>,
    /// How many months are looked ahead.
    pub horizon: f64,
    /// How much the load may grow.
    pub runway: &'a Runway,
    /// What was seen of each factor.
    pub seen: &'a [(Step, Phase, Trials)],
}

impl ToldRunway<'_> {
    /// The sentences of the answer.
    fn said(&self) -> Vec<String> {
        let runway = self.runway;
        let Some(holds) = runway.holds else {
            return self.nothing();
        };
        let mut said = vec![self.when(holds)];
        said.push(self.how_much(holds));
        if let Some(why) = runway.breaks.and_then(|breaks| self.missed(breaks)) {
            said.push(format!(
                "What breaks: {why}, at {} times the load.",
                times(runway.breaks.unwrap_or(holds))
            ));
        }
        said
    }

    /// That not even the load as it is could be confirmed: it is ruled out, or neither can be said.
    fn nothing(&self) -> Vec<String> {
        let missed = self.missed(0);
        if self.runway.breaks == Some(0) {
            let why = missed.unwrap_or_else(|| "too few runs meet all of them".to_owned());
            return vec![format!(
                "Objectives are missed already by the load as it is: {why}."
            )];
        }
        let tally = self.seen.iter().find(|(step, ..)| *step == 0);
        let seen = tally.map_or_else(String::new, |(_, _, trials)| {
            format!(
                ": {} of {} runs meet every objective, {} are asked for with {} confidence on this side",
                trials.tally.good,
                trials.tally.runs,
                figure::exact_percent(self.runway.claim.quantile),
                figure::exact_percent(self.runway.claim.confidence.level())
            )
        });
        let why = missed.map_or_else(String::new, |why| format!(" ({why})"));
        let mut said = vec![format!(
            "Whether the load as it is is carried could be neither confirmed nor ruled out{seen}{why}. So when \
             an objective first breaks cannot be said; a lower --quantile or --confidence asks for less."
        )];
        said.extend(self.broken());
        said
    }

    /// What breaks at which load, and by when; nothing where no load is ruled out.
    fn broken(&self) -> Option<String> {
        let breaks = self.runway.breaks?;
        let late = months(factor(breaks), self.growth.low);
        let at = match late.is_finite() {
            true => format!(", which is reached at the latest {}", self.at(late)),
            false => String::new(),
        };
        let why = self.missed(breaks)?;
        Some(format!(
            "What breaks: {why}, at {} times the load{at}.",
            times(breaks)
        ))
    }

    /// When an objective first breaks.
    fn when(&self, holds: Step) -> String {
        let growth = self.growth;
        let nodes = count(self.scenario.catalog.nodes.len() as u64, "node");
        let early = months(factor(holds), growth.high);
        let late = self
            .runway
            .breaks
            .map(|breaks| months(factor(breaks), growth.low));
        let late = late.filter(|late| late.is_finite());
        let exact = self.growth.from == Source::Exactly;
        if early >= self.horizon {
            return format!(
                "{nodes} are enough for all of the next {}{}.",
                span(self.horizon),
                if exact {
                    format!(", if growth is exactly {} a month", percent(growth.value))
                } else {
                    String::new()
                }
            );
        }
        if exact {
            return format!(
                "If growth is exactly {} a month, {nodes} are enough {}.",
                percent(growth.value),
                self.until(early)
            );
        }
        let sure = figure::exact_percent(self.confidence.level());
        match late {
            Some(late) => format!(
                "{nodes}: an objective first breaks {} (with {sure} confidence{}).",
                self.between(early, late),
                match growth.from {
                    Source::Range => ", if growth is within its range",
                    Source::Exactly | Source::Fit { .. } => "",
                }
            ),
            None => format!(
                "{nodes}: with {sure} confidence no objective breaks before {}; when one does at the latest \
                 cannot be said.",
                self.at(early)
            ),
        }
    }

    /// How much the load may grow, and how sure that is.
    fn how_much(&self, holds: Step) -> String {
        let runway = self.runway;
        let quantile = figure::exact_percent(runway.claim.quantile);
        let length = figure::number(self.scenario.end.secs_f64(), Unit::Seconds);
        let up_to = match runway.is_exact {
            true => format!(
                "Up to {} times the load the one run (of {length}) meets every objective",
                times(holds)
            ),
            false => format!(
                "Up to {} times the load at least {quantile} of runs (of {length}) meet every objective",
                times(holds)
            ),
        };
        match runway.breaks {
            Some(breaks) => format!("{up_to}; at {} times they do not.", times(breaks)),
            None => format!("{up_to}; more than that could not be ruled out."),
        }
    }

    /// What is said of the runs of a factor: `59 % (47–70)`.
    fn figures(&self, phase: Phase, trials: &Trials) -> String {
        match (self.runway.is_exact, trials.tally.good) {
            (true, 0) => "no".to_owned(),
            (true, _) => "yes".to_owned(),
            (false, _) => shown(trials.tally, phase, self.runway.claim.confidence),
        }
    }

    fn missed(&self, step: Step) -> Option<String> {
        let (_, _, trials) = self.seen.iter().find(|(seen, ..)| *seen == step)?;
        (trials.tally.good < trials.tally.runs)
            .then(|| sentences::missed(self.scenario, trials, &Condition::AsWritten))
    }

    /// A time from now: a date where the first day is known.
    fn at(&self, months: f64) -> String {
        match self.date(months) {
            Some(date) => date.to_string(),
            None => format!("{} from now", span(months)),
        }
    }

    fn until(&self, months: f64) -> String {
        match self.date(months) {
            Some(date) => format!("until {date} ({})", span(months)),
            None => format!("for {}", span(months)),
        }
    }

    fn between(&self, early: f64, late: f64) -> String {
        match (self.date(early), self.date(late)) {
            (Some(early), Some(late)) => format!("between {early} and {late}"),
            _ => format!("{} to {} from now", bare(early), span(late)),
        }
    }

    fn date(&self, months: f64) -> Option<Date> {
        let days = (months * MONTH_DAYS).floor();
        // Beyond a thousand years a date says nothing.
        let days = (days < 365_250.0).then_some(days as u32)?;
        Some(Date::of_days(self.start?.days() + days))
    }

    /// What is to be known; with the seconds that it took, where they are told.
    fn notes(&self, seconds: Option<f64>) -> Vec<String> {
        let growth = self.growth;
        let mut notes = Vec::new();
        match growth.from {
            Source::Exactly => notes.push(
                "growth was given as one number, so there is no interval; --growth 3%..5%/month or \
                 --growth-fit loads.csv gives one"
                    .to_owned(),
            ),
            Source::Range => {}
            Source::Fit {
                values,
                months,
                autocorrelation,
                lag,
            } => {
                notes.push(format!(
                    "growth fitted to {} over {}: {} a month ({} to {}), by a line through the logarithms; its \
                     interval takes up to {} to be alike (Newey and West)",
                    count(values as u64, "value"),
                    span(months),
                    percent(growth.value),
                    percent(growth.low),
                    percent(growth.high),
                    count(lag as u64, "neighbour")
                ));
                if autocorrelation > 0.5 {
                    notes.push(format!(
                        "each residual is much like the one before it (autocorrelation {autocorrelation:.2}): \
                         the interval of growth may be too narrow; means over whole weeks are better"
                    ));
                }
            }
        }
        notes.push(
            "growth multiplies the load of all services and the arrivals of all [[jobs]] (`load_factor`), \
             and nothing else"
                .to_owned(),
        );
        notes.push(format!(
            "{}; factors are a per cent apart; seed {}",
            runs(self.runway.runs, seconds),
            self.seed
        ));
        notes
    }
}

/// The page: the answer, the factors, how it was found, and where the files are.
pub fn runway_text(
    told: &ToldRunway<'_>,
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
    page.line(&format!(
        "   load   reached after   meets all objectives ({} interval)",
        figure::exact_percent(told.runway.claim.confidence.level())
    ));
    for (step, phase, trials) in told.seen {
        let figures = told.figures(*phase, trials);
        let mark = match *step {
            step if told.runway.holds == Some(step) => "   ← holds",
            step if told.runway.breaks == Some(step) => "   ← breaks",
            _ => "",
        };
        let after = span(months(factor(*step), told.growth.value));
        page.line(&format!(
            "  ×{:>4}   {after:>13}   {figures}{mark}",
            times(*step)
        ));
    }
    page.gap();
    for note in told.notes(Some(seconds)) {
        page.hanging("note: ", &note);
    }
    page.gap();
    page.names(&format!("{}{MAIN_SEPARATOR}   ", dir.display()), files);
    page.finish()
}

/// Writes all files into `folder`, and says which ones a reader opens first; `command` makes the same
/// again.
///
/// # Errors
/// When the system refuses.
pub fn runway_write(
    folder: &Folder,
    told: &ToldRunway<'_>,
    command: &str,
) -> Result<Vec<String>, FolderError> {
    let path = folder.file(REPORT);
    fs::write(&path, page::of(told, command)).map_err(FolderError::of(&path))?;
    let path = folder.file(JSON);
    fs::write(&path, runway_json(told)).map_err(FolderError::of(&path))?;
    let path = folder.file(TABLE);
    let written = table(told).and_then(|table| fs::write(&path, table));
    written.map_err(FolderError::of(&path))?;
    Ok([REPORT, JSON, TABLE].map(str::to_owned).to_vec())
}

fn table(told: &ToldRunway<'_>) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let columns = [
        "load_factor",
        "months",
        "seeds",
        "runs",
        "met",
        "low",
        "high",
    ];
    let mut csv = Csv::new(&mut out, &columns)?;
    for (step, phase, trials) in told.seen {
        let (low, high) = bounds(trials.tally, told.runway.claim.confidence);
        csv.number(factor(*step));
        csv.number(months(factor(*step), told.growth.value));
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
    quantile: f64,
    confidence: f64,
    /// Of each side of the factor alone.
    confidence_of_factor: f64,
    exact: bool,
    said: Vec<String>,
    growth_per_month: Bounds,
    growth_from: &'static str,
    horizon_months: f64,
    start: Option<String>,
    /// The largest factor that is confirmed.
    holds: Option<f64>,
    /// The smallest factor that is ruled out.
    breaks: Option<f64>,
    /// From when on an objective may be broken.
    earliest_months: Option<f64>,
    /// When one is broken at the latest.
    latest_months: Option<f64>,
    /// The same as days, where the first one is given.
    earliest_date: Option<String>,
    latest_date: Option<String>,
    runs: u64,
}

#[derive(Serialize)]
struct Bounds {
    low: f64,
    value: f64,
    high: f64,
}

/// `capacity.json` of a runway, with a line break at its end.
pub fn runway_json(told: &ToldRunway<'_>) -> String {
    let (runway, growth) = (told.runway, told.growth);
    let finite = |months: f64| months.is_finite().then_some(months);
    let earliest = runway
        .holds
        .and_then(|holds| finite(months(factor(holds), growth.high)));
    let latest = runway
        .breaks
        .and_then(|breaks| finite(months(factor(breaks), growth.low)));
    let date = |months: Option<f64>| told.date(months?).map(|date| date.to_string());
    let document = Document {
        version: json::VERSION,
        plimsoll: env!("CARGO_PKG_VERSION"),
        scenario: &told.scenario.name,
        hash: &told.scenario.hash,
        seed: told.seed,
        quantile: runway.claim.quantile,
        confidence: told.confidence.level(),
        confidence_of_factor: runway.claim.confidence.level(),
        exact: runway.is_exact,
        said: told.said(),
        growth_per_month: Bounds {
            low: growth.low,
            value: growth.value,
            high: growth.high,
        },
        growth_from: match growth.from {
            Source::Exactly => "exactly",
            Source::Range => "range",
            Source::Fit { .. } => "fit",
        },
        horizon_months: told.horizon,
        start: told.start.map(|date| date.to_string()),
        holds: runway.holds.map(factor),
        breaks: runway.breaks.map(factor),
        earliest_months: earliest,
        latest_months: latest,
        earliest_date: date(earliest),
        latest_date: date(latest),
        runs: runway.runs,
    };
    written(&document)
}

/// A factor of the load.
fn times(step: Step) -> String {
    format!("{:.2}", factor(step))
}

/// A length of time in months.
fn span(months: f64) -> String {
    match months {
        months if !months.is_finite() => "for ever".to_owned(),
        months => format!("{} months", bare(months)),
    }
}

fn bare(months: f64) -> String {
    match months {
        months if months >= 10.0 => format!("{months:.0}"),
        months => format!("{months:.1}"),
    }
}

/// Growth in a month.
fn percent(share: f64) -> String {
    let text = format!("{:.2}", 100.0 * share).replace('-', "−");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::capacity::confirm::{Claim, Tally};
    use crate::scenario;

    /// What is said where the load as it is is not confirmed, and this is ruled out.
    fn said(breaks: Option<Step>) -> String {
        let text = include_str!("../../scenario/starter.toml");
        let read = |_: &Path| panic!("no file is named");
        let scenario = scenario::parse(Path::new("a.toml"), text, &read)
            .unwrap()
            .scenario;
        let claim = Claim {
            quantile: 0.95,
            confidence: Confidence::NINETY_FIVE,
        };
        let runway = Runway {
            claim,
            is_exact: false,
            most: 100,
            holds: None,
            breaks,
            runs: 600,
        };
        let trials = |good, runs| Trials {
            tally: Tally { good, runs },
            left_over: runs - good,
            ..Trials::default()
        };
        let seen = [
            (0, Phase::Fresh, trials(280, 288)),
            (30, Phase::Fresh, trials(200, 288)),
        ];
        let growth = Growth {
            low: 0.03,
            value: 0.035,
            high: 0.04,
            from: Source::Range,
        };
        let told = ToldRunway {
            scenario: &scenario,
            seed: 1,
            confidence: Confidence::NINETY_FIVE,
            growth: &growth,
            start: None,
            horizon: 24.0,
            runway: &runway,
            seen: &seen,
        };
        told.said().join("\n")
    }

    #[test]
    fn what_is_not_confirmed_is_not_said_to_be_missed() {
        let open = said(Some(30));
        assert!(
            open.contains("neither confirmed nor ruled out: 280 of 288 runs"),
            "{open}"
        );
        // 1.01^30 = 1.348, and ln 1.348/ln 1.03 = 10.1 months.
        assert!(
            open.contains("at 1.35 times the load, which is reached at the latest 10"),
            "{open}"
        );
        assert!(!open.contains("missed already"), "{open}");
        assert!(said(None).lines().count() == 1);
        assert!(said(Some(0)).starts_with("Objectives are missed already"));
    }
}
