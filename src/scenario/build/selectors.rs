//! Selectors of labels, and what is chosen by name: priority classes and disruption budgets.

use super::Builder;
use crate::cluster::labels::{Labels, Requirement, Selector, Test};
use crate::cluster::rules::{Allowance, Budget, NameRequirement};
use crate::ids::NamespaceId;
use crate::scenario::decode::{At, Field, List};
use crate::scenario::problem::Problem;
use crate::scenario::raw::pod as raw;
use crate::scenario::values::{IntOrPercent, Name};

/// The key of disruption budgets.
pub(super) const BUDGETS: &str = "disruption_budgets";

/// The pod whose terms are read.
pub(super) struct Asked {
    pub(super) namespace: NamespaceId,
    pub(super) labels: Labels,
}

/// What a priority class says.
#[derive(Clone, Copy, Debug)]
pub(super) struct PriorityClass {
    value: i32,
    never_preempts: bool,
}

impl Builder<'_> {
    /// A selector, if there is one; an empty one is met by everything.
    pub(super) fn selector(&mut self, raw: Field<raw::LabelSelector>) -> Option<Option<Selector>> {
        let Some(raw) = raw.optional()? else {
            return Some(None);
        };
        let labels = raw.value.match_labels.optional()?;
        let labels = labels.map_or_else(Labels::default, |labels| self.labels(&labels.value));
        let mut selector = labels.selector();
        let more = self.expressions(raw.value.match_expressions, false)?;
        selector.0.extend(more);
        Some(Some(selector))
    }

    /// What is asked of labels, of nodes also numbers.
    pub(super) fn expressions(
        &mut self,
        raw: Field<List<raw::Expression>>,
        of_nodes: bool,
    ) -> Option<Vec<Requirement>> {
        raw.elements().read(|At { value: raw, span }| {
            let key = raw.key.given();
            let operator = raw.operator.given()?;
            let values = raw.values.elements().read(|value| Some(value.value))?;
            let test = match self.test(operator.value, &values, of_nodes) {
                Ok(test) => test,
                Err(wrong) => {
                    self.problems.push(Problem::error(wrong).at(span, ""));
                    return None;
                }
            };
            let key = self.catalog.keys.intern(&key?.value);
            Some(Requirement { key, test })
        })
    }

    fn test(
        &mut self,
        operator: raw::Operator,
        values: &[String],
        of_nodes: bool,
    ) -> Result<Test, &'static str> {
        use raw::Operator;
        let known = &mut self.catalog.values;
        let interned = values.iter().map(|value| known.intern(value)).collect();
        let bound = match values {
            [one] => one.parse::<i64>().ok(),
            _ => None,
        };
        let bound = bound.ok_or("operators Gt and Lt take one whole number");
        match operator {
            Operator::In | Operator::NotIn if values.is_empty() => {
                Err("operators In and NotIn need `values`")
            }
            Operator::In => Ok(Test::In(interned)),
            Operator::NotIn => Ok(Test::NotIn(interned)),
            Operator::Exists | Operator::DoesNotExist if !values.is_empty() => {
                Err("operators Exists and DoesNotExist take no `values`")
            }
            Operator::Exists => Ok(Test::Exists),
            Operator::DoesNotExist => Ok(Test::DoesNotExist),
            Operator::Gt | Operator::Lt if !of_nodes => {
                Err("operators Gt and Lt are for labels of nodes only")
            }
            Operator::Gt => bound.map(Test::Above),
            Operator::Lt => bound.map(Test::Below),
        }
    }

    /// What is asked of the name of a node.
    pub(super) fn name_requirement(&mut self, raw: At<raw::Expression>) -> Option<NameRequirement> {
        let key = raw.value.key.given();
        let operator = raw.value.operator.given();
        let values = raw.value.values.elements().read(|value| Some(value.value));
        let (key, operator, values) = (key?, operator?, values?);
        let among = match operator.value {
            raw::Operator::In => Some(true),
            raw::Operator::NotIn => Some(false),
            raw::Operator::Exists
            | raw::Operator::DoesNotExist
            | raw::Operator::Gt
            | raw::Operator::Lt => None,
        };
        let wrong = match (key.value.as_str(), among, values.as_slice()) {
            ("metadata.name", Some(among), [_]) => {
                let known = &mut self.catalog.values;
                let names = values.iter().map(|name| known.intern(name)).collect();
                return Some(NameRequirement { among, names });
            }
            ("metadata.name", _, _) => "a field is asked for with In or NotIn and one value",
            _ => "the only field of a node is \"metadata.name\"",
        };
        self.problems.push(Problem::error(wrong).at(raw.span, ""));
        None
    }

    /// Adds the priority classes of the file.
    pub(super) fn priority_classes(&mut self, raw: Field<List<raw::PriorityClass>>) {
        let read = raw.elements().read(|At { value: raw, span }| {
            let name = raw.name.given();
            let value = self.priority(raw.value.given().map_or(Field::Broken, Field::Given));
            let default = raw.global_default.or(false)?;
            let policy = raw
                .preemption_policy
                .or(raw::PreemptionPolicy::PreemptLowerPriority)?;
            let class = PriorityClass {
                value: value?,
                never_preempts: policy.value == raw::PreemptionPolicy::Never,
            };
            let name = name?.map(|name| name.0);
            let free = self.classes.add(&name, class, self.problems);
            if default.value && self.default_class.replace(class).is_some() {
                let problem = Problem::error("two priority classes are the global default");
                self.problems.push(problem.at(span, ""));
                return None;
            }
            free.then_some(())
        });
        self.classes.complete = read.is_some();
    }

    /// The priority that a class gives, if any, and whether pods of it never take the place of others.
    pub(super) fn priority_class(
        &mut self,
        name: Field<Name>,
        policy: Field<raw::PreemptionPolicy>,
    ) -> Option<(Option<i32>, bool)> {
        let class = match name.optional()? {
            Some(name) => {
                let name = name.map(|name| name.0);
                Some(self.classes.find(&name, self.problems)?)
            }
            None => self.default_class,
        };
        let never = class.is_some_and(|class| class.never_preempts);
        let policy = policy.optional()?;
        let never = policy.map_or(never, |at| at.value == raw::PreemptionPolicy::Never);
        Some((class.map(|class| class.value), never))
    }

    /// Adds the disruption budgets.
    pub(super) fn budgets(&mut self, raw: Field<List<raw::DisruptionBudget>>) {
        self.ask(BUDGETS, raw.place());
        raw.elements().read(|At { value: raw, span }| {
            let name = raw.name.given();
            let namespace = self.namespace_of(raw.namespace);
            let selector = self.selector(raw.selector);
            let (least, most) = (
                raw.min_available.optional()?,
                raw.max_unavailable.optional()?,
            );
            let allowance = match (least, most) {
                (Some(least), None) => available(least.value),
                (None, Some(most)) => unavailable(most.value),
                _ => {
                    let message = "give one of `min_available` and `max_unavailable`";
                    self.problems.push(Problem::error(message).at(span, ""));
                    return None;
                }
            };
            self.catalog.budgets.push(Budget {
                name: name?.value.0,
                namespace: namespace?,
                selector: selector?,
                allowance,
            });
            Some(())
        });
    }
}

fn available(least: IntOrPercent) -> Allowance {
    match least {
        IntOrPercent::Count(count) => Allowance::MinAvailable(saturated(count)),
        IntOrPercent::Percent(percent) => Allowance::MinAvailablePercent(percent),
    }
}

fn unavailable(most: IntOrPercent) -> Allowance {
    match most {
        IntOrPercent::Count(count) => Allowance::MaxUnavailable(saturated(count)),
        IntOrPercent::Percent(percent) => Allowance::MaxUnavailablePercent(percent),
    }
}

/// There are never more pods than that.
fn saturated(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
