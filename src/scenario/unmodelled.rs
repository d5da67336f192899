//! Fields of Kubernetes' objects that a scenario cannot have, and why: a pod that uses them is refused
//! by name, never placed as if it did not.

/// Fields, as keys of a scenario, and what they would change.
const FIELDS: [(&str, &str); 13] = [
    (
        "containers",
        "one container is simulated, of which `requests` and `limits` of the service, or `sizes` of the \
         jobs, speak: the others are `further_containers` of `pod`",
    ),
    (
        "limits",
        "only the container of a service that is simulated has limits: other containers and jobs are \
         taken to use what they request",
    ),
    (
        "image",
        "only the image of the container of a service that is simulated is pulled",
    ),
    (
        "volumes",
        "a pod can only go where its volumes can be mounted",
    ),
    (
        "volume_claim_templates",
        "a pod can only go where its volumes can be mounted",
    ),
    (
        "resource_claims",
        "a pod can only go where its devices can be allocated (dynamic resource allocation); GPUs are \
         asked for with `gpu` of `requests`",
    ),
    (
        "scheduling_gates",
        "a pod with gates is not placed before they are removed",
    ),
    (
        "scheduler_name",
        "there is one scheduler a run, `policy.scheduler`",
    ),
    ("extenders", "an extender is a program of its own"),
    (
        "runtime_class_name",
        "a runtime class adds overhead and node labels: say them as `overhead` and `node_selector`",
    ),
    (
        "node_name",
        "a pod with a node of its own passes the scheduler by: ask for the node with `node_affinity` and \
         `match_fields`",
    ),
    (
        "toleration_seconds",
        "pods of nodes that cannot be reached are evicted after `unreachable_toleration` of the healer, \
         the same for all",
    ),
    (
        "unhealthy_pod_eviction_policy",
        "evictions by the eviction API are not modelled, only preemption",
    ),
];

/// What a field of Kubernetes would change that is not modelled, if the key is one.
pub(super) fn why(key: &str) -> Option<&'static str> {
    let field = FIELDS.iter().find(|(field, _)| *field == key);
    field.map(|&(_, why)| why)
}
