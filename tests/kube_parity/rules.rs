//! Where the pods of a case may and should go.

use plimsoll::cluster::labels::{Labels, Requirement, Selector, Test};
use plimsoll::cluster::rules::{
    HostPort, NameRequirement, NodeAffinity, NodeTerm, PodAffinity, PodTerm, Protocol, Rules,
    SpreadConstraint, Toleration,
};
use plimsoll::ids::{KeyId, NamespaceId, ValueId};

use crate::catalogue::{Builder, DEFAULT, effect, is_sidecar};
use crate::json::{self, Expression, LabelSelector, Object, Texts};

impl Builder<'_> {
    /// What the pod asks of nodes and other pods.
    pub(crate) fn rules(&mut self, pod: &json::Pod) -> Rules {
        let spec = &pod.spec;
        let asked = Asked {
            namespace: self.namespace_of(&pod.metadata),
            labels: self.labels(&pod.metadata.labels),
        };
        let containers = || spec.init_containers.iter().chain(&spec.containers);
        let images = containers().filter_map(|one| one.image.as_ref());
        let running = spec.init_containers.iter().filter(|one| is_sidecar(one));
        let ports = running.chain(&spec.containers).flat_map(|one| &one.ports);
        let spread = spec.topology_spread_constraints.iter();
        Rules {
            node_selector: self.labels(&spec.node_selector),
            node_affinity: self.node_affinity(&spec.affinity.node_affinity),
            tolerations: spec
                .tolerations
                .iter()
                .map(|one| self.toleration(one))
                .collect(),
            affinity: self.pod_affinity(&asked, &spec.affinity.pod_affinity),
            anti_affinity: self.pod_affinity(&asked, &spec.affinity.pod_anti_affinity),
            spread: spread.map(|one| self.spread(&asked.labels, one)).collect(),
            default_selector: self.default_selector(pod),
            host_ports: ports.map(|port| self.port(port)).collect(),
            images: images.map(|name| self.image(name, 0)).collect(),
            further_containers: u32::try_from(containers().count() - 1).unwrap(),
            never_preempts: match spec.preemption_policy.as_deref() {
                None | Some("PreemptLowerPriority") => false,
                Some("Never") => true,
                Some(other) => panic!("preemption policy {other}"),
            },
            node_name: None,
            namespace: asked.namespace,
            labels: asked.labels,
        }
    }

    fn expressions(&mut self, expressions: &[Expression]) -> Vec<Requirement> {
        expressions.iter().map(|one| self.expression(one)).collect()
    }

    fn expression(&mut self, one: &Expression) -> Requirement {
        let bound = || match one.values.as_slice() {
            [value] => value.parse().expect("a number"),
            _ => panic!("one number to compare with"),
        };
        let test = match one.operator.as_str() {
            "In" => Test::In(self.all_values(&one.values)),
            "NotIn" => Test::NotIn(self.all_values(&one.values)),
            "Exists" => Test::Exists,
            "DoesNotExist" => Test::DoesNotExist,
            "Gt" => Test::Above(bound()),
            "Lt" => Test::Below(bound()),
            other => panic!("operator {other}"),
        };
        let key = self.catalog.keys.intern(&one.key);
        Requirement { key, test }
    }

    fn all_values(&mut self, values: &[String]) -> Vec<ValueId> {
        values.iter().map(|value| self.value(value)).collect()
    }

    /// What a selector of labels asks for.
    pub(crate) fn selector(&mut self, selector: &LabelSelector) -> Selector {
        let mut asked = self.labels(&selector.match_labels).selector();
        asked
            .0
            .extend(self.expressions(&selector.match_expressions));
        asked
    }

    /// What pods ask of nodes, or what is added to that.
    pub(crate) fn node_affinity(&mut self, affinity: &json::NodeAffinity) -> NodeAffinity {
        let required = affinity.required.as_ref().map(|required| {
            let terms = required.node_selector_terms.iter();
            terms.map(|term| self.node_term(term)).collect()
        });
        let preferred = affinity.preferred.iter();
        let preferred = preferred.map(|one| (one.weight, self.node_term(&one.preference)));
        NodeAffinity {
            preferred: preferred.collect(),
            required,
        }
    }

    fn node_term(&mut self, term: &json::NodeTerm) -> NodeTerm {
        let fields = term.match_fields.iter();
        NodeTerm {
            fields: fields.map(|field| self.field(field)).collect(),
            expressions: self.expressions(&term.match_expressions),
        }
    }

    fn field(&mut self, field: &Expression) -> NameRequirement {
        assert_eq!(field.key, "metadata.name");
        NameRequirement {
            among: match field.operator.as_str() {
                "In" => true,
                "NotIn" => false,
                other => panic!("operator {other}"),
            },
            names: self.all_values(&field.values),
        }
    }

    fn toleration(&mut self, one: &json::Toleration) -> Toleration {
        let value = one.value.as_deref().unwrap_or("");
        let has_key = one.key.as_ref().filter(|key| !key.is_empty());
        Toleration {
            key: has_key.map(|key| self.catalog.keys.intern(key)),
            value: match one.operator.as_deref() {
                None | Some("Equal") => Some(self.value(value)),
                Some("Exists") => None,
                Some(other) => panic!("operator {other}"),
            },
            effect: one.effect.as_deref().map(effect),
        }
    }

    fn pod_affinity(&mut self, asked: &Asked, affinity: &json::PodAffinity) -> PodAffinity {
        let required = affinity.required.iter();
        let required = required.map(|term| self.pod_term(asked, term)).collect();
        let preferred = affinity.preferred.iter();
        let preferred =
            preferred.map(|one| (one.weight, self.pod_term(asked, &one.pod_affinity_term)));
        PodAffinity {
            preferred: preferred.collect(),
            required,
        }
    }

    fn pod_term(&mut self, asked: &Asked, term: &json::PodTerm) -> PodTerm {
        let selector = term.label_selector.as_ref().map(|selector| {
            let mut selector = self.selector(selector);
            for (keys, same) in [
                (&term.match_label_keys, true),
                (&term.mismatch_label_keys, false),
            ] {
                selector.0.extend(self.of_pod(&asked.labels, keys, same));
            }
            selector
        });
        PodTerm {
            selector,
            namespaces: self.namespaces(asked, term),
            topology_key: self.catalog.keys.intern(&term.topology_key),
        }
    }

    /// The values that the pod itself has, where it has any, are asked for or ruled out.
    fn of_pod(&mut self, labels: &Labels, keys: &[String], same: bool) -> Vec<Requirement> {
        let keys: Vec<KeyId> = keys
            .iter()
            .map(|key| self.catalog.keys.intern(key))
            .collect();
        let known = keys
            .into_iter()
            .filter_map(|key| Some((key, labels.get(key)?)));
        let asked = known.map(|(key, value)| Requirement {
            key,
            test: match same {
                true => Test::In(vec![value]),
                false => Test::NotIn(vec![value]),
            },
        });
        asked.collect()
    }

    fn namespaces(&mut self, asked: &Asked, term: &json::PodTerm) -> Vec<NamespaceId> {
        let named = term.namespaces.iter();
        let mut ids: Vec<NamespaceId> = named.map(|name| self.namespace_named(name)).collect();
        if let Some(selector) = &term.namespace_selector {
            let selector = self.selector(selector);
            let known = self.catalog.namespaces.iter();
            let selected =
                known.filter(|(_, one)| selector.met_by(&one.labels, &self.catalog.values));
            ids.extend(selected.map(|(id, _)| id));
        } else if ids.is_empty() {
            ids.push(asked.namespace);
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// A constraint of a pod with these labels. The labels of `matchLabelKeys` are asked for even
    /// where there is no selector (`mergeLabelSetWithSelector`).
    pub(crate) fn spread(
        &mut self,
        labels: &Labels,
        one: &json::SpreadConstraint,
    ) -> SpreadConstraint {
        let more = self.of_pod(labels, &one.match_label_keys, true);
        let stated = one.label_selector.as_ref().map(|one| self.selector(one));
        let selector = match (stated, more.is_empty()) {
            (stated, true) => stated,
            (None, false) => Some(Selector(more)),
            (Some(Selector(stated)), false) => {
                Some(Selector(more.into_iter().chain(stated).collect()))
            }
        };
        let honors = |policy: &Option<String>, unsaid| match policy.as_deref() {
            None => unsaid,
            Some("Honor") => true,
            Some("Ignore") => false,
            Some(other) => panic!("policy {other}"),
        };
        SpreadConstraint {
            max_skew: one.max_skew,
            topology_key: self.catalog.keys.intern(&one.topology_key),
            required: match one.when_unsatisfiable.as_str() {
                "DoNotSchedule" => true,
                "ScheduleAnyway" => false,
                other => panic!("whenUnsatisfiable {other}"),
            },
            selector,
            min_domains: one.min_domains,
            honor_affinity: honors(&one.node_affinity_policy, true),
            honor_taints: honors(&one.node_taints_policy, false),
        }
    }

    /// The labels by which services select the pod, and what its owner selects its pods by
    /// (`helper.DefaultSelector`).
    fn default_selector(&mut self, pod: &json::Pod) -> Option<Selector> {
        let case = self.case;
        let namespace = |metadata: &json::Metadata| {
            let namespace = metadata.namespace.as_deref();
            namespace.unwrap_or(DEFAULT).to_owned()
        };
        let here = |other: &json::Metadata| namespace(other) == namespace(&pod.metadata);
        let has = |(key, value): (&String, &String)| pod.metadata.labels.get(key) == Some(value);
        let mut labels = Texts::new();
        let mut owned = Vec::new();
        for object in &case.objects {
            match object {
                Object::Service(one) => {
                    assert_eq!(one.api_version, "v1");
                    if here(&one.metadata) && one.spec.selector.iter().all(has) {
                        labels.extend(one.spec.selector.clone());
                    }
                }
                Object::ReplicaSet(one) | Object::StatefulSet(one) => {
                    assert_eq!(one.api_version, "apps/v1");
                    let kind = match object {
                        Object::ReplicaSet(_) => "ReplicaSet",
                        _ => "StatefulSet",
                    };
                    let owns = pod.metadata.owner_references.iter().any(|owner| {
                        owner.controller
                            && owner.api_version == "apps/v1"
                            && owner.kind == kind
                            && owner.name == one.metadata.name
                    });
                    if owns && here(&one.metadata) {
                        owned.extend(self.selector(&one.spec.selector).0);
                    }
                }
                Object::Namespace(_) | Object::PodDisruptionBudget(_) => {}
            }
        }
        let mut selector = self.labels(&labels).selector();
        selector.0.extend(owned);
        (!selector.0.is_empty()).then_some(selector)
    }

    fn port(&mut self, port: &json::Port) -> HostPort {
        let address = port.host_ip.as_deref();
        let address = address.filter(|address| !["", "0.0.0.0"].contains(address));
        HostPort {
            address: address.map(|address| self.value(address)),
            protocol: match port.protocol.as_deref() {
                None | Some("TCP") => Protocol::Tcp,
                Some("UDP") => Protocol::Udp,
                Some("SCTP") => Protocol::Sctp,
                Some(other) => panic!("protocol {other}"),
            },
            port: port.host_port,
        }
    }
}

/// The pod that asks.
struct Asked {
    namespace: NamespaceId,
    labels: Labels,
}
