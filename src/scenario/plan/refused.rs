//! What is wrong with the cells of a plan: told once, however many cells have it.

use std::collections::BTreeMap;

use super::Plan;
use crate::scenario::problem::{Problem, Problems, Severity};

/// Most errors that are told one by one.
const TOLD: usize = 20;

/// Collects the problems of cells.
#[derive(Debug)]
pub struct Refusals<'a> {
    plan: &'a Plan,
    sources: Problems,
    /// What cells have, by the problem without its notes: they may tell of values of one cell.
    seen: BTreeMap<Problem, (Problem, Cells)>,
}

/// Cells that have a problem.
#[derive(Clone, Copy, Debug)]
struct Cells {
    first: u32,
    count: u32,
}

impl<'a> Refusals<'a> {
    /// None yet.
    pub fn new(plan: &'a Plan) -> Refusals<'a> {
        let mut sources = Problems::default();
        plan.add_to(&mut sources);
        Refusals {
            plan,
            sources,
            seen: BTreeMap::new(),
        }
    }

    /// Adds those of a cell; cells come in their order.
    pub fn add(&mut self, cell: u32, problems: &Problems) {
        for problem in problems.iter() {
            let problem = self.sources.adopted(problem, problems);
            let none = Cells {
                first: cell,
                count: 0,
            };
            let seen = self.seen.entry(problem.without_notes());
            seen.or_insert((problem, none)).1.count += 1;
        }
    }

    /// All of them, errors before warnings and each in order of place, with the cells that have it.
    pub fn told(self) -> Problems {
        let Refusals {
            plan,
            sources: mut all,
            seen,
        } = self;
        let mut list: Vec<(Problem, Cells)> = seen.into_values().collect();
        list.sort_by_key(|(problem, cells)| {
            let is_warning = problem.severity() == Severity::Warning;
            (is_warning, problem.place(), cells.first)
        });
        let mut errors = 0;
        for (problem, cells) in list {
            let is_error = problem.severity() == Severity::Error;
            errors += usize::from(is_error);
            if is_error && errors > TOLD {
                continue;
            }
            all.push(match cells.of(plan) {
                Some(note) => problem.note(note),
                None => problem,
            });
        }
        all.leave_out(errors.saturating_sub(TOLD));
        all
    }
}

impl Cells {
    /// Which cells these are; nothing where they are all.
    fn of(self, plan: &Plan) -> Option<String> {
        let Cells { first, count } = self;
        let point = plan.describe(first);
        match count {
            count if count == plan.cells() => None,
            1 => Some(format!("cell {first}: {point}")),
            count => Some(format!("cell {first}: {point}; and {} more", count - 1)),
        }
    }
}
