//! What Kubernetes' scheduler is told of pods: from the words of a PodSpec to [`Rules`].
//!
//! What the API server and the scheduler resolve is resolved here: a term without namespaces means
//! the pod's own, a namespace selector the namespaces it selects, and `matchLabelKeys` the values of
//! the pod's own labels (Kubernetes v1.34, "Assigning Pods to Nodes", "Pod Topology Spread
//! Constraints").

use super::Builder;
use super::parts::Beside;
use super::selectors::Asked;
use crate::cluster::catalog::Namespace;
use crate::cluster::labels::{Labels, Requirement, Selector, Test};
use crate::cluster::rules::{
    Effect, HostPort, NodeAffinity, NodeTerm, PodAffinity, PodTerm, Protocol, Rules,
    SpreadConstraint, Taint, Toleration, well_known,
};
use crate::ids::{ExtendedId, Id, NamespaceId, RulesId};
use crate::scenario::decode::{At, Field, List};
use crate::scenario::problem::{Problem, Span};
use crate::scenario::raw::pod as raw;
use crate::scenario::values::{Amounts, Name, Texts};

/// What a pod is told, beside what its main container requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) rules: Rules,
    pub(super) priority: Option<i32>,
    pub(super) extended: Vec<(ExtendedId, u64)>,
    pub(super) beside: Beside,
}

impl Builder<'_> {
    /// What the pods of something are told. `own` are its labels where none are given, by which it
    /// also selects them.
    pub(super) fn told(&mut self, raw: Field<raw::Pod>, own: Option<&str>) -> Option<Told> {
        let raw = raw.or_blank()?;
        self.ask("node_selector", raw.node_selector.place());
        self.ask("affinity", raw.affinity.place());
        let spread = raw.topology_spread_constraints.place();
        self.ask("topology_spread_constraints", spread);
        self.ask("host_ports", raw.host_ports.place());
        let beside = self.beside(&raw);
        let namespace = self.namespace_of(raw.namespace);
        let labels = raw.labels.optional()?.map(|labels| labels.value);
        let labels = match (labels, own) {
            (Some(labels), _) => self.labels(&labels),
            (None, Some(app)) => self.labels(&Texts(vec![("app".to_owned(), app.to_owned())])),
            (None, None) => Labels::default(),
        };
        let pod = Asked {
            namespace: namespace?,
            labels,
        };
        let selector = raw.node_selector.optional()?.map(|labels| labels.value);
        let affinity = raw.affinity.or_blank()?;
        let node_affinity = self.node_affinity(affinity.node_affinity);
        let near = self.pod_affinity(affinity.pod_affinity, &pod);
        let far = self.pod_affinity(affinity.pod_anti_affinity, &pod);
        let tolerations = self.tolerations(raw.tolerations);
        let spread = self.spread(raw.topology_spread_constraints, &pod);
        let ports = raw.host_ports.elements();
        let ports = ports.read(|port| self.host_port(port));
        let class = self.priority_class(raw.priority_class_name, raw.preemption_policy);
        let extended = self.amounts(raw.resources);
        let (priority, never_preempts) = class?;
        Some(Told {
            rules: Rules {
                namespace: pod.namespace,
                default_selector: own.map(|_| pod.labels.selector()),
                labels: pod.labels,
                node_selector: selector.map_or_else(Labels::default, |labels| self.labels(&labels)),
                node_affinity: node_affinity?,
                tolerations: tolerations?,
                affinity: near?,
                anti_affinity: far?,
                spread: spread?,
                host_ports: ports?,
                never_preempts,
                ..Rules::default()
            },
            priority,
            extended: extended?,
            beside: beside?,
        })
    }

    /// The id of rules: equal rules are one.
    pub(super) fn rules(&mut self, rules: Rules) -> RulesId {
        if rules == Rules::default() {
            return RulesId::default();
        }
        if let Some(&id) = self.known_rules.get(&rules) {
            return id;
        }
        let id = self.catalog.rules.push(rules.clone());
        self.known_rules.insert(rules, id);
        id
    }

    /// Adds the namespaces that stand in the file.
    pub(super) fn namespaces(&mut self, raw: Field<List<raw::Namespace>>) {
        raw.elements().read(|namespace| {
            let name = namespace.value.name.given()?;
            let labels = namespace.value.labels.optional()?;
            let labels = labels.map_or_else(Labels::default, |labels| self.labels(&labels.value));
            let id = self.namespace(&name.value.0);
            self.catalog.namespaces[id].labels = labels;
            Some(())
        });
    }

    /// The id of a namespace, which is new the first time it is named.
    pub(super) fn namespace(&mut self, name: &str) -> NamespaceId {
        let known = self.catalog.namespaces.iter();
        let known = known.filter(|(_, known)| known.name == name);
        if let Some(id) = known.map(|(id, _)| id).next() {
            return id;
        }
        self.catalog.namespaces.push(Namespace {
            name: name.to_owned(),
            labels: Labels::default(),
        })
    }

    pub(super) fn namespace_of(&mut self, raw: Field<Name>) -> Option<NamespaceId> {
        let name = raw.optional()?;
        Some(name.map_or(NamespaceId::from_index(0), |name| {
            self.namespace(&name.value.0)
        }))
    }

    /// Labels, interned.
    pub(super) fn labels(&mut self, labels: &Texts) -> Labels {
        let (keys, values) = (&mut self.catalog.keys, &mut self.catalog.values);
        let labels = labels.0.iter();
        labels
            .map(|(key, value)| (keys.intern(key), values.intern(value)))
            .collect()
    }

    /// Amounts of extended resources by id; what is zero is left out.
    pub(super) fn amounts(&mut self, raw: Field<Amounts>) -> Option<Vec<(ExtendedId, u64)>> {
        let amounts = raw
            .optional()?
            .map_or(Vec::new(), |amounts| amounts.value.0);
        let mut amounts: Vec<_> = amounts
            .into_iter()
            .filter(|&(_, amount)| amount > 0)
            .map(|(name, amount)| (self.catalog.extended.intern(&name), amount))
            .collect();
        amounts.sort_unstable();
        Some(amounts)
    }

    /// The taints of a node.
    pub(super) fn taints(&mut self, raw: Field<List<raw::Taint>>) -> Option<Vec<Taint>> {
        self.ask("taints", raw.place());
        raw.elements().read(|taint| {
            let key = taint.value.key.given()?;
            let value = taint.value.value.or(String::new())?;
            Some(Taint {
                key: self.catalog.keys.intern(&key.value),
                value: self.catalog.values.intern(&value.value),
                effect: effect(taint.value.effect.given()?.value),
            })
        })
    }

    fn tolerations(&mut self, raw: Field<List<raw::Toleration>>) -> Option<Vec<Toleration>> {
        raw.elements().read(|At { value: raw, span }| {
            let key = raw.key.optional()?;
            let operator = raw.operator.or(raw::TolerationOperator::Equal)?.value;
            let value = raw.value.optional()?;
            let effect = raw.effect.optional()?.map(|at| effect(at.value));
            let exists = operator == raw::TolerationOperator::Exists;
            let wrong = match (exists, &key, &value) {
                (false, None, _) => Some("a toleration without `key` needs operator Exists"),
                (true, _, Some(_)) => Some("operator Exists takes no `value`"),
                _ => None,
            };
            if let Some(wrong) = wrong {
                self.problems.push(Problem::error(wrong).at(span, ""));
                return None;
            }
            let value = value.map_or(String::new(), |value| value.value);
            let toleration = Toleration {
                key: key.map(|key| self.catalog.keys.intern(&key.value)),
                value: (!exists).then(|| self.catalog.values.intern(&value)),
                effect,
            };
            self.leaves(&toleration, span).then_some(toleration)
        })
    }

    /// Whether pods with the toleration are evicted like others from nodes that cannot be reached;
    /// that some are not is not modelled.
    fn leaves(&mut self, toleration: &Toleration, span: Span) -> bool {
        let evicting = |key| Taint {
            key,
            value: well_known::EMPTY,
            effect: Effect::NoExecute,
        };
        let keys = [well_known::UNREACHABLE, well_known::NOT_READY];
        let bears = keys
            .map(evicting)
            .iter()
            .any(|taint| toleration.tolerates(taint));
        if bears {
            let message = "pods that stay on nodes that cannot be reached are not modelled";
            let note = "this toleration bears the taint node.kubernetes.io/unreachable:NoExecute: name \
                        another key, or effect NoSchedule; the healer's `unreachable_toleration` says \
                        how long all pods stay";
            let problem = Problem::error(message).at(span, "");
            self.problems.push(problem.note(note));
        }
        !bears
    }

    fn node_affinity(&mut self, raw: Field<raw::NodeAffinity>) -> Option<NodeAffinity> {
        let raw = raw.or_blank()?;
        let required = raw.required_during_scheduling_ignored_during_execution;
        let required = required.if_given(|selector| {
            let terms = selector.value.node_selector_terms.given()?.value;
            terms.read(|term| self.node_term(term.value))
        });
        let preferred = raw.preferred_during_scheduling_ignored_during_execution;
        let preferred = preferred.elements().read(|one| {
            let weight = self.within("weight", one.value.weight.given(), 1, 100);
            let term = self.node_term(one.value.preference.given()?.value);
            Some((weight? as i64, term?))
        });
        Some(NodeAffinity {
            required: required?,
            preferred: preferred?,
        })
    }

    fn node_term(&mut self, raw: raw::NodeTerm) -> Option<NodeTerm> {
        let expressions = self.expressions(raw.match_expressions, true);
        let fields = raw.match_fields.elements();
        let fields = fields.read(|field| self.name_requirement(field));
        Some(NodeTerm {
            expressions: expressions?,
            fields: fields?,
        })
    }

    fn pod_affinity(&mut self, raw: Field<raw::PodAffinity>, pod: &Asked) -> Option<PodAffinity> {
        let raw = raw.or_blank()?;
        let required = raw.required_during_scheduling_ignored_during_execution;
        let required = required
            .elements()
            .read(|term| self.pod_term(term.value, pod));
        let preferred = raw.preferred_during_scheduling_ignored_during_execution;
        let preferred = preferred.elements().read(|one| {
            let weight = self.within("weight", one.value.weight.given(), 1, 100);
            let term = self.pod_term(one.value.pod_affinity_term.given()?.value, pod);
            Some((weight? as i64, term?))
        });
        Some(PodAffinity {
            required: required?,
            preferred: preferred?,
        })
    }

    fn pod_term(&mut self, raw: raw::PodTerm, pod: &Asked) -> Option<PodTerm> {
        let selector = self.selector(raw.label_selector);
        let key = raw.topology_key.given();
        let names = raw.namespaces.elements();
        let named = names.read(|name| Some(self.namespace(&name.value.0)));
        let by_labels = self.selector(raw.namespace_selector);
        let same = self.own_labels(raw.match_label_keys, pod, |value| Test::In(vec![value]));
        let other = self.own_labels(raw.mismatch_label_keys, pod, |value| {
            Test::NotIn(vec![value])
        });
        let (mut namespaces, by_labels) = (named?, by_labels?);
        match by_labels {
            Some(selector) => namespaces.extend(self.selected_namespaces(&selector)),
            None if namespaces.is_empty() => namespaces.push(pod.namespace),
            None => {}
        }
        namespaces.sort_unstable();
        namespaces.dedup();
        let (same, other) = (same?, other?);
        let selector = selector?.map(|mut selector| {
            selector.0.extend(same.into_iter().chain(other));
            selector
        });
        Some(PodTerm {
            selector,
            namespaces,
            topology_key: self.catalog.keys.intern(&key?.value),
        })
    }

    /// The namespaces with these labels. All namespaces of the file are known by now.
    fn selected_namespaces(&self, selector: &Selector) -> Vec<NamespaceId> {
        let values = &self.catalog.values;
        let namespaces = self.catalog.namespaces.iter();
        let selected = namespaces.filter(|(_, one)| selector.met_by(&one.labels, values));
        selected.map(|(id, _)| id).collect()
    }

    /// What is asked of labels whose keys are given by the values the pod itself has.
    fn own_labels(
        &mut self,
        raw: Field<List<String>>,
        pod: &Asked,
        test: impl Fn(crate::ids::ValueId) -> Test,
    ) -> Option<Vec<Requirement>> {
        let keys = raw.elements().read(|key| Some(key.value))?;
        let keys = keys.iter().map(|key| self.catalog.keys.intern(key));
        let keys: Vec<_> = keys.collect();
        let own = keys.into_iter().filter_map(|key| {
            let test = test(pod.labels.get(key)?);
            Some(Requirement { key, test })
        });
        Some(own.collect())
    }

    fn spread(
        &mut self,
        raw: Field<List<raw::SpreadConstraint>>,
        pod: &Asked,
    ) -> Option<Vec<SpreadConstraint>> {
        raw.elements().read(|At { value: raw, span }| {
            let max_skew = self.within("max_skew", raw.max_skew.given(), 1, i32::MAX as u64);
            let key = raw.topology_key.given();
            let unsatisfiable = raw.when_unsatisfiable.given();
            let selector = self.selector(raw.label_selector);
            let min_domains = raw
                .min_domains
                .if_given(|least| self.within("min_domains", Some(least), 1, i32::MAX as u64));
            let same = self.own_labels(raw.match_label_keys, pod, |value| Test::In(vec![value]));
            let affinity = raw.node_affinity_policy.or(raw::InclusionPolicy::Honor)?;
            let taints = raw.node_taints_policy.or(raw::InclusionPolicy::Ignore)?;
            let required = unsatisfiable?.value == raw::WhenUnsatisfiable::DoNotSchedule;
            let (min_domains, same) = (min_domains?, same?);
            if min_domains.is_some() && !required {
                let problem = Problem::error("`min_domains` goes with DoNotSchedule only");
                self.problems.push(problem.at(span, ""));
                return None;
            }
            Some(SpreadConstraint {
                max_skew: max_skew? as i64,
                topology_key: self.catalog.keys.intern(&key?.value),
                required,
                selector: selector?.map(|mut selector| {
                    selector.0.extend(same);
                    selector
                }),
                min_domains: min_domains.map(|least| least as i64),
                honor_affinity: affinity.value == raw::InclusionPolicy::Honor,
                honor_taints: taints.value == raw::InclusionPolicy::Honor,
            })
        })
    }

    fn host_port(&mut self, raw: At<raw::HostPort>) -> Option<HostPort> {
        let port = self.within("host_port", raw.value.host_port.given(), 1, u16::MAX.into());
        let address = raw.value.host_ip.optional()?;
        let address = address.filter(|address| address.value != "0.0.0.0");
        let protocol = raw.value.protocol.or(raw::PortProtocol::Tcp)?;
        Some(HostPort {
            address: address.map(|address| self.catalog.values.intern(&address.value)),
            protocol: match protocol.value {
                raw::PortProtocol::Tcp => Protocol::Tcp,
                raw::PortProtocol::Udp => Protocol::Udp,
                raw::PortProtocol::Sctp => Protocol::Sctp,
            },
            port: port? as u16,
        })
    }

    /// The labels of a node: those given, its name and its zone.
    pub(super) fn node_labels(&mut self, given: &Labels, name: &str, zone: &str) -> Labels {
        let values = &mut self.catalog.values;
        let mut own = vec![(well_known::HOSTNAME, values.intern(name))];
        if !zone.is_empty() {
            own.push((well_known::ZONE, values.intern(zone)));
        }
        own.into_iter().chain(given.iter()).collect()
    }
}

fn effect(raw: raw::TaintEffect) -> Effect {
    match raw {
        raw::TaintEffect::NoSchedule => Effect::NoSchedule,
        raw::TaintEffect::PreferNoSchedule => Effect::PreferNoSchedule,
        raw::TaintEffect::NoExecute => Effect::NoExecute,
    }
}
