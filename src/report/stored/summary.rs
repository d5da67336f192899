//! `summary.json`, read back.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Policy, Stored, Unreadable};
use crate::experiment::assumptions::{self, Assumption, Varied};
use crate::experiment::drill::Lost;
use crate::experiment::summary::Line;
use crate::metrics::dictionary;
use crate::metrics::measured;
use crate::metrics::quantity::{NoQuantity, Quantity};
use crate::report::objectives::Judged;
use crate::report::output::SUMMARY;
use crate::report::summary_json::{FileLine, VERSION};
use crate::scenario::objective::Bound;
use crate::stats::{self, Estimate, Method};
use crate::time::Time;

/// The tables of a folder, as they were written, by name.
pub(super) type Files = BTreeMap<String, FileLine>;

/// What has to be right before anything else is looked at.
#[derive(Deserialize)]
struct Head {
    version: u32,
    plimsoll: String,
}

#[derive(Deserialize)]
struct Summary {
    plimsoll: String,
    scenario: Scenario,
    seed: u64,
    replications: usize,
    command: String,
    plots: bool,
    headline: Vec<String>,
    answer: String,
    why: Vec<String>,
    objectives: Vec<Objective>,
    policies: Policies,
    metrics: Vec<Metric>,
    #[serde(default)]
    assumptions: Vec<Assumed>,
    drill: Option<Drill>,
    notes: Vec<String>,
    files: Files,
}

#[derive(Deserialize)]
struct Scenario {
    name: String,
    file: String,
    question: String,
    changes: Vec<String>,
    hash: String,
    mix_hash: String,
    duration_s: f64,
    warm_up_s: f64,
    currency: String,
    service_names: Vec<String>,
    only_arrivals: bool,
    #[serde(default)]
    lived: bool,
}

#[derive(Deserialize)]
struct Objective {
    quantity: String,
    at_least: Option<f64>,
    at_most: Option<f64>,
    runs_met: usize,
    runs_judged: usize,
}

#[derive(Deserialize)]
struct Policies {
    scheduler: Named,
    autoscaler: Named,
    healer: Named,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    parameters: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Metric {
    metric: String,
    entity: Entity,
    #[serde(flatten)]
    estimated: Estimated,
    values: Vec<Option<Number>>,
}

#[derive(Deserialize)]
struct Drill {
    lost: String,
    drills: u32,
    failures_per_year: Option<f64>,
    stated_by: Option<String>,
    losses: Vec<DrillLoss>,
}

#[derive(Deserialize)]
struct DrillLoss {
    loss: String,
    entity: Entity,
    per_failure: Number,
    per_failure_interval: Option<Interval>,
    method: String,
    per_year: Option<Number>,
    per_year_interval: Option<Interval>,
}

#[derive(Deserialize)]
struct Assumed {
    assumption: String,
    effects: Vec<Effect>,
}

#[derive(Deserialize)]
struct Effect {
    quantity: String,
    at_least: Option<f64>,
    at_most: Option<f64>,
    runs: usize,
    runs_met_before: usize,
    runs_met_after: usize,
    before: Estimated,
    after: Estimated,
    difference: Option<Estimated>,
    size: Option<f64>,
}

#[derive(Deserialize)]
struct Estimated {
    estimate: Number,
    interval: Option<Interval>,
    method: String,
}

#[derive(Deserialize)]
struct Entity {
    kind: String,
    #[serde(default)]
    service: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Interval {
    low: Number,
    high: Number,
}

/// A number, or `"inf"` or `"-inf"`.
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text == "inf" => Ok(Number(f64::INFINITY)),
            Value::String(text) if text == "-inf" => Ok(Number(f64::NEG_INFINITY)),
            other => match other.as_f64() {
                Some(number) => Ok(Number(number)),
                None => Err(serde::de::Error::custom("a number was expected")),
            },
        }
    }
}

/// What `summary.json` says, and what it says of the tables beside it, which are still to be read.
pub(super) fn read(dir: &Path) -> Result<(Stored, Files), Unreadable> {
    let path = dir.join(SUMMARY);
    let wrong = |what: String| Unreadable::new(&path, what);
    let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if dir.is_dir() => {
            let what = format!("no result of `plimsoll run`: there is no {SUMMARY} in it");
            Unreadable::new(dir, what)
        }
        io::ErrorKind::NotFound => Unreadable::new(dir, "there is no such folder"),
        io::ErrorKind::NotADirectory => {
            Unreadable::new(dir, "a file; name the folder that a run wrote")
        }
        io::ErrorKind::InvalidData => wrong("damaged: it is not UTF-8 text".to_owned()),
        _ => wrong(error.to_string()),
    })?;
    let damaged = |error: serde_json::Error| match error.classify() {
        serde_json::error::Category::Data => wrong(format!("no summary of a run: {error}")),
        _ => wrong(format!("damaged: {error}")),
    };
    let head: Head = serde_json::from_str(&text).map_err(damaged)?;
    if head.version != VERSION {
        return Err(wrong(format!(
            "written by plimsoll {} in format {}, and this one, {}, reads format {VERSION}: run the \
             scenario again",
            head.plimsoll,
            head.version,
            env!("CARGO_PKG_VERSION")
        )));
    }
    let summary: Summary = serde_json::from_str(&text).map_err(damaged)?;
    summary.stored(dir).map_err(wrong)
}

impl Summary {
    fn stored(self, dir: &Path) -> Result<(Stored, Files), String> {
        let plimsoll = self.plimsoll;
        let unknown = |metric: &str| {
            format!(
                "metric `{metric}` is none of plimsoll {}; plimsoll {plimsoll} wrote the folder: run \
                 the scenario again",
                env!("CARGO_PKG_VERSION")
            )
        };
        let assumptions = self.assumptions.into_iter().map(Assumed::varied);
        let objectives = self.objectives.into_iter().map(Objective::judged);
        let lines = self.metrics.into_iter().map(|metric| metric.line(&unknown));
        let Scenario {
            duration_s,
            warm_up_s,
            ..
        } = self.scenario;
        let stored = Stored {
            dir: dir.to_owned(),
            name: self.scenario.name,
            file: self.scenario.file,
            question: self.scenario.question,
            changes: self.scenario.changes,
            hash: self.scenario.hash,
            mix_hash: self.scenario.mix_hash,
            currency: self.scenario.currency,
            end: time(duration_s)?,
            warm_up: time(warm_up_s)?,
            services: self.scenario.service_names,
            only_arrivals: self.scenario.only_arrivals,
            lived: self.scenario.lived,
            seed: self.seed,
            replications: self.replications,
            plots: self.plots,
            command: self.command,
            headline: self.headline,
            answer: self.answer,
            why: self.why,
            notes: self.notes,
            objectives: objectives.collect::<Result<_, _>>()?,
            assumptions: assumptions.collect::<Result<_, _>>()?,
            drill: self.drill.map(Drill::stored).transpose()?,
            policies: [
                self.policies.scheduler.policy("scheduler"),
                self.policies.autoscaler.policy("autoscaler"),
                self.policies.healer.policy("healer"),
            ],
            lines: lines.collect::<Result<_, _>>()?,
            plimsoll,
            cells: Vec::new(),
            series: BTreeMap::new(),
            incidents: Vec::new(),
            heat_cells: Vec::new(),
            heat: Vec::new(),
            waits: BTreeMap::new(),
        };
        Ok((stored, self.files))
    }
}

fn time(seconds: f64) -> Result<Time, String> {
    match (0.0..=MOST_SECONDS).contains(&seconds) {
        true => Ok(Time::from_secs_f64(seconds)),
        false => Err(format!("damaged: {seconds} is no time")),
    }
}

/// The latest time there is, about.
pub(super) const MOST_SECONDS: f64 = 1.9e10;

impl Objective {
    fn judged(self) -> Result<Judged, String> {
        let bound = bound(self.at_least, self.at_most);
        Ok(Judged {
            bound: bound.ok_or_else(|| format!("damaged: no bound on `{}`", self.quantity))?,
            quantity: quantity(&self.quantity)?,
            met: self.runs_met,
            judged: self.runs_judged,
        })
    }
}

fn bound(at_least: Option<f64>, at_most: Option<f64>) -> Option<Bound> {
    at_least.map(Bound::AtLeast).or(at_most.map(Bound::AtMost))
}

fn quantity(text: &str) -> Result<Quantity, String> {
    text.parse().map_err(|wrong: NoQuantity| wrong.to_string())
}

impl Drill {
    fn stored(self) -> Result<super::Drill, String> {
        let losses = self.losses.into_iter().map(DrillLoss::stored);
        Ok(super::Drill {
            what: self.lost,
            drills: self.drills,
            stated: self.failures_per_year.zip(self.stated_by),
            losses: losses.collect::<Result<_, _>>()?,
        })
    }
}

impl DrillLoss {
    fn stored(self) -> Result<super::Loss, String> {
        let what = Lost::ALL.into_iter().find(|one| one.name() == self.loss);
        let per_failure = Estimated {
            estimate: self.per_failure,
            interval: self.per_failure_interval,
            method: self.method,
        };
        let per_failure = per_failure.estimate()?;
        let yearly = self
            .per_year_interval
            .map(|Interval { low, high }| stats::Interval {
                low: low.0,
                high: high.0,
            });
        Ok(super::Loss {
            what: what.ok_or_else(|| format!("damaged: nobody loses `{}`", self.loss))?,
            entity: self.entity.entity()?,
            per_year: self.per_year.map(|Number(value)| Estimate {
                value,
                interval: yearly,
                method: per_failure.method,
            }),
            per_failure,
        })
    }
}

impl Assumed {
    fn varied(self) -> Result<Varied, String> {
        let mut known = Assumption::ALL.into_iter();
        let assumption = known.find(|one| one.name() == self.assumption);
        let effects = self.effects.into_iter().map(Effect::effect);
        Ok(Varied {
            assumption: assumption
                .ok_or_else(|| format!("there is no assumption `{}`", self.assumption))?,
            effects: effects.collect::<Result<_, _>>()?,
        })
    }
}

impl Effect {
    fn effect(self) -> Result<assumptions::Effect, String> {
        Ok(assumptions::Effect {
            quantity: quantity(&self.quantity)?,
            bound: bound(self.at_least, self.at_most),
            runs: self.runs,
            met_before: self.runs_met_before,
            met_after: self.runs_met_after,
            before: self.before.estimate()?,
            after: self.after.estimate()?,
            difference: self.difference.map(Estimated::estimate).transpose()?,
            size: self.size,
        })
    }
}

impl Estimated {
    fn estimate(self) -> Result<Estimate, String> {
        let method = METHODS.into_iter().find(|&one| one.name() == self.method);
        let interval = |Interval { low, high }| stats::Interval {
            low: low.0,
            high: high.0,
        };
        Ok(Estimate {
            value: self.estimate.0,
            interval: self.interval.map(interval),
            method: method.ok_or_else(|| format!("no interval is made by `{}`", self.method))?,
        })
    }
}

impl Named {
    fn policy(self, kind: &'static str) -> Policy {
        let text = |(name, value): (String, Value)| match value {
            Value::String(text) => (name, text),
            // As parameters are shown: without a fraction where there is none.
            Value::Number(number) if number.is_f64() => {
                (name, number.as_f64().unwrap_or_default().to_string())
            }
            other => (name, other.to_string()),
        };
        Policy {
            kind,
            name: self.name,
            parameters: self.parameters.into_iter().map(text).collect(),
        }
    }
}

impl Metric {
    fn line(self, unknown: &dyn Fn(&str) -> String) -> Result<Line, String> {
        let metric = dictionary::find(&self.metric).ok_or_else(|| unknown(&self.metric))?;
        let values = self.values.into_iter();
        Ok(Line {
            metric,
            entity: self.entity.entity()?,
            estimate: self.estimated.estimate()?,
            values: values.map(|value| value.map(|Number(n)| n)).collect(),
        })
    }
}

/// All methods.
const METHODS: [Method; 12] = [
    Method::StudentT,
    Method::PairedT,
    Method::WelchT,
    Method::Jackknife,
    Method::PairedJackknife,
    Method::Bootstrap,
    Method::PairedBootstrap,
    Method::ClopperPearson,
    Method::PairedExact,
    Method::RuleOfThree,
    Method::TooFew,
    Method::MostlyConstant,
];

impl Entity {
    fn entity(self) -> Result<measured::Entity, String> {
        let Entity {
            kind,
            service,
            name,
        } = self;
        let text = match (service.as_str(), name.as_str()) {
            ("", "") => kind,
            ("", name) => format!("{kind}:{name}"),
            (service, name) => format!("{kind}:{service}/{name}"),
        };
        let entity = text.parse();
        entity.map_err(|()| format!("damaged: `{text}` is nothing that has metrics"))
    }
}
