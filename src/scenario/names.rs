//! Names given to things, and references to them.

use std::collections::BTreeMap;

use super::decode::At;
use super::problem::{Problem, Problems, Span};
use super::suggest;

/// The names of one kind of thing.
#[derive(Debug)]
pub(super) struct Names<T> {
    /// The kind: `service`.
    what: &'static str,
    known: BTreeMap<String, (T, Option<Span>)>,
    /// Whether all names are known: where one could not be read, a reference may be to it.
    pub(super) complete: bool,
}

impl<T: Copy> Names<T> {
    pub(super) const fn new(what: &'static str) -> Names<T> {
        Names {
            what,
            known: BTreeMap::new(),
            complete: true,
        }
    }

    /// Adds the name of a thing; whether it was free: one that is taken is reported.
    pub(super) fn add(&mut self, name: &At<String>, thing: T, problems: &mut Problems) -> bool {
        if let Some(&(_, first)) = self.known.get(&name.value) {
            let message = format!("there is a {} `{}` already", self.what, name.value);
            let problem = Problem::error(message).at(name.span, "");
            problems.push(match first {
                Some(first) => problem.at(first, "here"),
                None => problem,
            });
            return false;
        }
        let entry = (thing, Some(name.span));
        self.known.insert(name.value.clone(), entry);
        true
    }

    /// Adds a name that does not stand in the scenario file; whether it was free.
    pub(super) fn add_unplaced(&mut self, name: &str, thing: T) -> bool {
        let free = !self.known.contains_key(name);
        if free {
            self.known.insert(name.to_owned(), (thing, None));
        }
        free
    }

    /// The thing of that name.
    pub(super) fn get(&self, name: &str) -> Option<T> {
        self.known.get(name).map(|&(thing, _)| thing)
    }

    /// The thing that is referred to; an unknown name is reported.
    pub(super) fn find(&self, name: &At<String>, problems: &mut Problems) -> Option<T> {
        let found = self.get(&name.value);
        if found.is_none() && self.complete {
            let message = format!("there is no {} `{}`", self.what, name.value);
            problems.push(
                Problem::error(message)
                    .at(name.span, suggest::did_you_mean(&name.value, self.words()))
                    .note(suggest::known(self.words())),
            );
        }
        found
    }

    /// All names, in order; the zone without one aside.
    fn words(&self) -> impl Iterator<Item = &str> {
        self.words_of(|_| true)
    }

    /// The names of some things, in order; the zone without one aside.
    pub(super) fn words_of(
        &self,
        is_meant: impl Fn(T) -> bool + Clone,
    ) -> impl Iterator<Item = &str> + Clone {
        let known = self.known.iter();
        let meant = known.filter(move |(word, (thing, _))| !word.is_empty() && is_meant(*thing));
        meant.map(|(word, _)| word.as_str())
    }
}
