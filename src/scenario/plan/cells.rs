//! The scenario of a cell, or what is wrong with it: each value at its place in the plan.

use super::{Key, Literal, Plan};
use crate::metrics::quantity::Quantity;
use crate::scenario::decode::At;
use crate::scenario::edits::Written;
use crate::scenario::policies::{PolicyKind, Registry};
use crate::scenario::problem::{Problem, Problems, Span};
use crate::scenario::{Edits, Scenario, Setting, Source, suggest};

/// Policies that are only named, with their places.
type Named<'a> = Vec<(PolicyKind, &'a At<Literal>)>;

impl Plan {
    /// Reads the scenario file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn source(&self) -> Result<Source, Problems> {
        Source::read(&self.scenario).map_err(|wrong| {
            let mut problems = Problems::default();
            let whole = self.add_to(&mut problems);
            for problem in wrong.iter() {
                let place = self.places.scenario;
                problems.push(problem.clone().at(within(whole, place), ""));
            }
            problems
        })
    }

    /// The scenario of a cell. A policy that is only named keeps the parameters that it has in the
    /// file, as with `plimsoll run --scheduler`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(&self, source: &Source, cell: u32) -> Result<Scenario, Problems> {
        let (edits, named) = self.changes(cell)?;
        let (mut scenario, mut problems) = match source.load(&edits) {
            Ok(loaded) => (Some(loaded.scenario), loaded.warnings),
            Err(problems) => (None, problems),
        };
        let mut wrong = Vec::new();
        let registry = Registry::built_in();
        for (kind, name) in named {
            let text = name.value.text().expect("a policy that is named is a text");
            let chosen = match scenario.take() {
                Some(scenario) => scenario.with_policy(kind, text).map(Some),
                None => registry.check_name(kind, text).map(|()| None),
            };
            match chosen {
                Ok(chosen) => scenario = chosen,
                Err(policy) => wrong.push((policy, name.span)),
            }
        }
        match scenario {
            Some(scenario) if wrong.is_empty() => Ok(scenario),
            _ => {
                let whole = self.add_to(&mut problems);
                for (policy, place) in wrong {
                    problems.push(policy.problem(within(whole, place)));
                }
                Err(problems)
            }
        }
    }

    /// What a cell changes.
    fn changes(&self, cell: u32) -> Result<(Edits, Named<'_>), Problems> {
        let (mut named, mut settings) = (Vec::new(), Vec::new());
        let keys = self.keys.iter().zip(&self.places.keys);
        for ((key, place), value) in keys.zip(self.values(cell)) {
            match kind_named(key, &value.value) {
                Some(kind) => named.push((kind, value)),
                None => settings.push(self.setting(key, *place, value)?),
            }
        }
        let edits = Edits {
            settings,
            ..Edits::default()
        };
        Ok((edits, named))
    }

    fn setting(&self, key: &Key, place: Span, value: &At<Literal>) -> Result<Setting, Problems> {
        let at = Written {
            file: self.page.clone(),
            key: place.range(),
            value: value.span.range(),
        };
        let setting = Setting::written(&key.path, value.value.toml(), at);
        setting.map_err(|message| self.refused(Problem::error(message), place))
    }

    /// That a metric is kept of something that no cell has.
    pub fn nobody(&self, quantity: &Quantity, known: &[String]) -> Problems {
        let entity = &quantity.entity;
        let kind = entity.kind().replace("service_part", "service");
        let name = entity.within().unwrap_or(entity.name());
        let known = || known.iter().map(String::as_str);
        let wrong = Problem::error(format!("`{quantity}`: no cell has a {kind} `{name}`"));
        let wrong = wrong.note(suggest::known(known()));
        let place = self.places.metrics[self.place(quantity)];
        let mut problems = Problems::default();
        let whole = self.add_to(&mut problems);
        problems.push(wrong.at(within(whole, place), suggest::did_you_mean(name, known())));
        problems
    }

    /// One problem with what stands there.
    fn refused(&self, problem: Problem, place: Span) -> Problems {
        let mut problems = Problems::default();
        let whole = self.add_to(&mut problems);
        problems.push(problem.at(within(whole, place), ""));
        problems
    }

    /// The plan's text, for its problems to stand in.
    pub(super) fn add_to(&self, problems: &mut Problems) -> Span {
        problems.source(&self.page.name, 0, &self.page.text)
    }
}

/// The place of a plan's part in its text.
fn within(whole: Span, place: Span) -> Span {
    whole.with(place.start, place.end)
}

/// The kind of policy that is named, if one is.
fn kind_named(key: &Key, value: &Literal) -> Option<PolicyKind> {
    let kinds = [
        PolicyKind::Scheduler,
        PolicyKind::Autoscaler,
        PolicyKind::Healer,
    ];
    let path = key.path.strip_prefix("policy.")?;
    let kind = kinds.into_iter().find(|kind| kind.name() == path)?;
    value.text().map(|_| kind)
}
