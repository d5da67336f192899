//! Problems with their places in numbers, for programs.

use codespan_reporting::files::Files;

use super::{Problem, Problems, Severity, Span};

/// A problem with its places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: &'a str,
    /// Where, and what is said there; the first is the place of the problem.
    pub places: Vec<Place<'a>>,
    /// What else is said: the valid choices, or what to do.
    pub notes: &'a [String],
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// The file, as it was named; of what is typed, the option.
    pub file: &'a str,
    /// Its line, from 1.
    pub line: usize,
    /// Its column, in characters from 1.
    pub column: usize,
    /// What is said of it; may be empty.
    pub label: &'a str,
}

impl Problems {
    /// All problems, in order of place.
    pub fn located(&self) -> impl Iterator<Item = Located<'_>> {
        self.list.iter().map(|problem| self.locate(problem))
    }

    fn locate<'a>(&'a self, problem: &'a Problem) -> Located<'a> {
        let places = problem.labels.iter();
        Located {
            severity: problem.severity,
            message: &problem.message,
            places: places
                .map(|(span, label)| self.place_of(*span, label))
                .collect(),
            notes: &problem.notes,
        }
    }

    fn place_of<'a>(&'a self, span: Span, label: &'a str) -> Place<'a> {
        let source = &self.sources[span.source as usize];
        let at = self.location(span.source, span.start as usize);
        let at = at.expect("a span lies inside its source");
        Place {
            file: source.file.name(),
            line: at.line_number,
            column: at.column_number,
            label,
        }
    }
}
