//! The JSON Schema of what explains a pod, or lists those that wait.

use serde_json::Value;

use super::json::VERSION;
use crate::report::schema::{
    any_of, document, flag, head, items, list, map, number, object, one_of, or_null, reference,
    signed, text, texts, whole,
};

/// The schema (JSON Schema, draft 2020-12), with a line break at its end. Every key that is written
/// is in it, and no other is allowed.
pub fn schema() -> String {
    let answers = ["explained", "waiting"].map(reference);
    document(
        "explain --format json",
        any_of(&answers),
        &[
            ("explained", explained()),
            ("waiting", waiting()),
            ("drill", drill()),
            ("group", group()),
            ("pod", pod()),
            ("decision", decision()),
            ("feasible", feasible()),
            ("measure", measure()),
            ("rejected", rejected()),
            ("preemption", object(&preemption(), &[])),
            ("made_room", made_room()),
            ("candidate", candidate()),
        ],
    )
}

/// What both begin with.
fn moment() -> Vec<(&'static str, Value)> {
    let mut keys = head(VERSION);
    keys.extend([
        ("scenario", text("its name")),
        ("hash", text("fingerprint of its input")),
        ("changes", texts("of the file, as they were typed")),
        ("seed", whole("of everything random")),
        ("scheduler", text("of the registry")),
        ("autoscaler", text("of the registry")),
        ("healer", text("of the registry")),
        ("at_s", number("the moment that is looked at")),
        ("drill", or_null(reference("drill"))),
    ]);
    keys
}

fn explained() -> Value {
    let mut keys = moment();
    keys.extend([
        ("pod", reference("pod")),
        (
            "evicted_for",
            or_null(text("the pod of higher priority that needs its place")),
        ),
        ("decision", or_null(reference("decision"))),
    ]);
    object(&keys, &[])
}

fn waiting() -> Value {
    let mut keys = moment();
    keys.push(("waiting", list("by the reason", "group")));
    object(&keys, &[])
}

fn drill() -> Value {
    object(
        &[
            ("lost", one_of(&["node", "zone"], "what is lost")),
            ("name", or_null(text("which; null where none was up"))),
            ("at_s", or_null(number("when"))),
            (
                "down_s",
                or_null(number("how long; null where it is for good")),
            ),
        ],
        &[],
    )
}

fn group() -> Value {
    object(
        &[
            ("why", text("the reason")),
            ("kubernetes", kubernetes()),
            ("pods", list("those that wait for it", "pod")),
        ],
        &[],
    )
}

fn kubernetes() -> Value {
    or_null(text("in the words of the kube-scheduler"))
}

fn pod() -> Value {
    let states = [
        "pending",
        "starting",
        "running",
        "crashed",
        "succeeded",
        "failed",
        "deleted",
        "lost",
    ];
    let deletions = [
        "scaled down",
        "requested",
        "unreachable",
        "drained",
        "node removed",
        "preempted",
    ];
    object(
        &[
            ("name", text("as in pods.csv")),
            ("kind", one_of(&["service", "job"], "what owns it")),
            ("owner", text("its service or job")),
            ("index", whole("its number there")),
            ("state", one_of(&states, "as the control plane believes")),
            ("ready", flag("whether it gets requests")),
            ("being_deleted", or_null(one_of(&deletions, "why"))),
            (
                "queue",
                or_null(one_of(
                    &["active", "backoff", "unschedulable"],
                    "the part of the queue it is in",
                )),
            ),
            ("node", or_null(text("its node"))),
            (
                "nominated",
                or_null(text("the node where others make room")),
            ),
            ("created_s", number("when it was created")),
            ("bound_s", or_null(number("when it got its node"))),
            ("tried_again_s", or_null(number("when back-off ends"))),
            ("failed_attempts", whole("to find a node")),
            ("priority", signed("the larger the more important")),
            ("requests", reference("amounts")),
        ],
        &[],
    )
}

fn decision() -> Value {
    let ties = [
        "first in the scenario",
        "first drawn",
        "lot",
        "first by name",
    ];
    object(
        &[
            ("at_s", number("when")),
            ("attempt", whole("which, from 1")),
            ("chosen", or_null(text("the node"))),
            ("best", texts("nodes that are equally good")),
            ("tie_break", one_of(&ties, "which of them is taken")),
            ("kubernetes", kubernetes()),
            ("nodes", whole("all that were there")),
            ("evaluated", whole("those that were looked at")),
            ("feasible", list("nodes that fit", "feasible")),
            (
                "drawn",
                or_null(texts(
                    "those that were drawn, where a scheduler looks at a few",
                )),
            ),
            ("measures", list("what decides among them", "measure")),
            ("rejected", list("nodes that do not fit", "rejected")),
            ("preemption", or_null(reference("preemption"))),
            ("made_room", or_null(reference("made_room"))),
        ],
        &[],
    )
}

fn feasible() -> Value {
    object(
        &[
            ("node", text("its name")),
            (
                "points",
                map("by plugin; points times weight", signed("points")),
            ),
            ("total", or_null(signed("of all points"))),
            (
                "values",
                items("one for each measure", signed("in its parts")),
            ),
            ("free", reference("amounts")),
        ],
        &[],
    )
}

fn measure() -> Value {
    object(
        &[
            ("name", text("what is measured")),
            ("unit", text("of a whole one")),
            ("parts", whole("of a whole one, in which values are given")),
            ("better", one_of(&["more", "less"], "which side is better")),
        ],
        &[],
    )
}

fn rejected() -> Value {
    let codes = ["Unschedulable", "UnschedulableAndUnresolvable"];
    object(
        &[
            ("node", text("its name")),
            ("plugin", text("the filter that refused it")),
            ("code", one_of(&codes, "whether eviction may help")),
            ("reasons", texts("in the words of the kube-scheduler")),
            ("free", reference("amounts")),
            ("pods", whole("those on it")),
        ],
        &[],
    )
}

fn preemption() -> Vec<(&'static str, Value)> {
    vec![
        ("nominated", or_null(text("the node where room is made"))),
        ("victims", texts("the pods that are evicted")),
        (
            "budget_violations",
            whole("evictions that a disruption budget forbids"),
        ),
        ("why_not", or_null(text("why it would not help"))),
        ("candidates", list("nodes where it would help", "candidate")),
        ("tied", texts("nodes that are equally good")),
        (
            "cleared_nominations",
            texts("pods of lower priority that lose their nominated node"),
        ),
    ]
}

/// An earlier attempt, with which others were evicted for the pod.
fn made_room() -> Value {
    let mut keys = vec![("at_s", number("when"))];
    keys.extend(preemption());
    object(&keys, &[])
}

fn candidate() -> Value {
    object(
        &[
            ("node", text("its name")),
            ("victims", texts("the pods that would be evicted")),
            (
                "budget_violations",
                whole("evictions that a disruption budget forbids"),
            ),
        ],
        &[],
    )
}
