//! Jobs by distribution.

use super::gpus::RawGpus;
use super::limits::POD_MEMORY;
use super::parts::Beside;
use super::services::requested;
use super::{Builder, instant};
use crate::cluster::catalog::Shape;
use crate::dist::Distribution;
use crate::ids::ShapeId;
use crate::scenario::decode::{At, Field, List};
use crate::scenario::names::Names;
use crate::scenario::problem::{Problem, Span};
use crate::scenario::raw::curves::Dist;
use crate::scenario::raw::{self, Restart};
use crate::scenario::values::Rate;
use crate::script::jobs::JobSource;
use crate::time::Duration;

impl Builder<'_> {
    /// All sources of jobs; `None` once a problem has been reported.
    pub(super) fn jobs(&mut self, raw: Field<List<raw::JobsTable>>) -> Option<Vec<JobSource>> {
        let mut names = Names::new("[[jobs]] table");
        raw.elements().read(|table| {
            if let Some(name) = table.value.name.clone().given() {
                names.add(&name.map(|name| name.0), (), self.problems);
            }
            self.source(table)
        })
    }

    fn source(&mut self, table: At<raw::JobsTable>) -> Option<JobSource> {
        let (span, raw) = (table.span, table.value);
        let name = raw.name.given().map(|name| name.map(|name| name.0));
        let distance = raw.every.clone().given().map(|every| every.span);
        let distance = distance.unwrap_or(span);
        let interarrival = self.interarrival(raw.every, raw.rate, span);
        let priority = self.priority(raw.priority.clone());
        let told = self.told(raw.pod, None);
        let pod = priority.zip(told).and_then(|(priority, told)| {
            let priority = self.one_priority(raw.priority, priority, told.priority)?;
            let shape = Shape {
                priority,
                extended: told.extended,
                rules: self.rules(told.rules),
                ..Shape::default()
            };
            Some((shape, told.beside))
        });
        let shapes = self.sizes(raw.sizes, &pod.clone().unwrap_or_default(), name.as_ref());
        let duration = raw
            .duration
            .given()
            .and_then(|duration| self.distribution(duration));
        let restart = raw.restart.or(Restart::Always);
        let from = raw.from.or(Duration::ZERO).map(|from| from.map(instant));
        let until = raw
            .until
            .optional()
            .map(|until| until.map(|until| until.map(instant)));
        let (from, until) = (from?, until?);
        if until.is_some_and(|until| until.value <= from.value) {
            let problem = Problem::error("no job arrives: `until` is not later than `from`");
            self.problems.push(problem.at(until?.span, ""));
            return None;
        }
        let source = JobSource {
            name: name?.value,
            interarrival: interarrival?,
            shapes: shapes?,
            duration: duration?,
            replace: restart?.value == Restart::Always,
            from: from.value,
            until: until.map(|until| until.value),
            count: raw.count.optional()?.map(|count| count.value),
        };
        let source = match self.load_factor {
            1.0 => source,
            factor => source.times(factor),
        };
        pod?;
        self.bounded(&source, span, distance).then_some(source)
    }

    fn interarrival(
        &mut self,
        every: Field<Dist>,
        rate: Field<Rate>,
        table: Span,
    ) -> Option<Distribution> {
        match (every.optional()?, rate.optional()?) {
            (Some(every), None) => self.distribution(every),
            (None, Some(rate)) => {
                let mean = Distribution::exponential(1.0 / rate.value.0);
                mean.map_err(|impossible| {
                    let problem = Problem::error(impossible.to_string());
                    self.problems.push(problem.at(rate.span, ""));
                })
                .ok()
            }
            (Some(_), Some(rate)) => {
                let problem = Problem::error("both `every` and `rate`: give one");
                self.problems.push(problem.at(rate.span, ""));
                None
            }
            (None, None) => {
                let problem = Problem::error("when do the jobs arrive?");
                let label = "needs `every` or `rate`";
                self.problems.push(problem.at(table, label));
                None
            }
        }
    }

    /// What the jobs ask for, with weights; at least one. They have in common what their main
    /// containers ask for beside their sizes, and what else is in their pods.
    fn sizes(
        &mut self,
        raw: Field<List<raw::Size>>,
        (common, beside): &(Shape, Beside),
        name: Option<&At<String>>,
    ) -> Option<Vec<(f64, ShapeId)>> {
        let raw = raw.given()?;
        if raw.value.complete && raw.value.items.is_empty() {
            let problem = Problem::error("`sizes` needs at least one size");
            self.problems.push(problem.at(raw.span, ""));
            return None;
        }
        raw.value.read(|At { value: size, span }| {
            let weight = self.weight("weight", size.weight.or(1.0));
            let gpus = self.gpus(RawGpus {
                count: size.gpu,
                milli: size.gpu_milli,
                models: size.gpu_model,
            });
            let (cpu, memory, gpus) = (size.cpu.given()?, size.memory.given()?, gpus?);
            let main = Shape {
                requests: requested(cpu.value, memory.value, gpus),
                gpus,
                ..common.clone()
            };
            let whole = self.whole(main, beside)?;
            let shape = self.shape(whole);
            let value = name.map_or_else(String::new, |name| name.value.clone());
            self.asked.push((At { value, span }, shape));
            Some((weight?, shape))
        })
    }

    /// Whether as many jobs as are expected can be held; `every` is where their distance was given.
    fn bounded(&mut self, source: &JobSource, table: Span, every: Span) -> bool {
        // Arrivals far apart on average may still come in great numbers if that average is infinite.
        let mean = source.interarrival.mean();
        if source.count.is_none() && mean.is_none_or(|mean| mean <= 0.0) {
            let message = match mean {
                Some(_) => "`every` must be above zero on average",
                None => "`every` must have a finite mean",
            };
            let problem = Problem::error(message).at(every, "or give `count`");
            self.problems.push(problem);
            return false;
        }
        let Some((end, _)) = self.window else {
            return true;
        };
        let count = At {
            value: source.expected(end).ceil() as u64,
            span: table,
        };
        // With an infinite mean only `count` bounds them.
        let count = match (mean, source.count) {
            (None, Some(most)) => At {
                value: most,
                ..count
            },
            _ => count,
        };
        self.reserve(count, &format!("jobs `{}`", source.name), POD_MEMORY)
    }
}
