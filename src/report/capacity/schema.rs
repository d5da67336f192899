//! The JSON Schema of `capacity.json`, which holds one of three answers.

use serde_json::Value;

use super::json::VERSION;
use crate::report::schema::{
    any_of, document, flag, head, items, list, map, number, object, one_of, or_null, reference,
    text, texts, whole,
};

/// The schema (JSON Schema, draft 2020-12), with a line break at its end. Every key that is written
/// is in it, and no other is allowed.
pub fn schema() -> String {
    let answers = ["fewest", "mix", "runway"].map(reference);
    document(
        "capacity.json",
        any_of(&answers),
        &[
            ("fewest", fewest()),
            ("mix", mix()),
            ("runway", runway()),
            ("during_loss", during_loss()),
            ("levers", levers()),
            ("lever", lever()),
            ("times", times()),
            ("size", size()),
            ("case", case()),
            ("tried", tried()),
            ("growth", growth()),
        ],
    )
}

/// What all three begin with.
fn asked() -> Vec<(&'static str, Value)> {
    let mut keys = head(VERSION);
    keys.extend([
        ("scenario", text("its name")),
        ("hash", text("fingerprint of its input")),
        ("seed", whole("of everything random")),
        ("quantile", number("share of runs that is to meet all")),
        ("confidence", number("how sure that is")),
        ("exact", flag("whether nothing is random: one run says all")),
        ("said", texts("the answer in sentences")),
        ("runs", whole("all that were made")),
    ]);
    keys
}

fn fewest() -> Value {
    let mut keys = asked();
    keys.extend([
        ("vary", text("the key whose value was varied")),
        ("group", text("the nodes that were counted")),
        ("from", whole("the smallest number of the search")),
        ("to", whole("the largest number of the search")),
        ("step", whole("from number to number")),
        ("objectives", texts("what a run is to meet")),
        ("enough", enough(SETTLED)),
        ("more_cannot_help", more_cannot_help(SETTLED)),
        ("verdicts", verdicts()),
        ("sizes", list("from the smallest", "size")),
    ]);
    object(
        &keys,
        &[
            ("during_loss", reference("during_loss")),
            ("levers", reference("levers")),
            ("times", reference("times")),
        ],
    )
}

/// What the answer of the document itself is for.
const SETTLED: &str = "for the scenario as it is, and once each loss has been made good";
/// What the answer beside it is for.
const STRUCK: &str = "also while each loss is being made good";

fn enough(when: &str) -> Value {
    or_null(whole(&format!(
        "nodes that are enough {when}; null where no number is"
    )))
}

fn more_cannot_help(when: &str) -> Value {
    flag(&format!(
        "whether no number that was tried is any better {when}"
    ))
}

fn verdicts() -> Value {
    map("by number of nodes", verdict())
}

fn verdict() -> Value {
    one_of(
        &["confirmed", "refuted", "open"],
        "whether it is enough, by fresh runs",
    )
}

fn during_loss() -> Value {
    object(
        &[
            ("enough", enough(STRUCK)),
            ("more_cannot_help", more_cannot_help(STRUCK)),
            ("verdicts", verdicts()),
        ],
        &[],
    )
}

fn levers() -> Value {
    object(
        &[
            ("nodes", whole("with which they were tried")),
            ("loss", or_null(text("what is lost"))),
            ("objective", text("the one that is missed most")),
            ("runs", whole("made without a lever, and with each")),
            ("missed", whole("runs that missed it without any")),
            ("missed_by", missed_by("without any")),
            ("levers", list("each tried alone", "lever")),
        ],
        &[],
    )
}

fn lever() -> Value {
    object(
        &[
            (
                "lever",
                one_of(
                    &["detection", "eviction", "replicas"],
                    "half the time until a loss is known, half the time until pods are evicted, or twice the \
                     replicas",
                ),
            ),
            ("missed", whole("runs that missed the objective")),
            ("missed_by", missed_by("with it")),
            ("met", whole("runs that met every objective")),
            (
                "helps",
                flag("whether it is missed by less than 90 % of what it was"),
            ),
        ],
        &[],
    )
}

fn missed_by(when: &str) -> Value {
    number(&format!(
        "by how much {when}, in the mean over runs, in its unit"
    ))
}

fn times() -> Value {
    object(
        &[
            ("peak_s", number("when most is asked for")),
            ("peak_cores", number("how much that is")),
            (
                "early_loss_s",
                number("when a loss comes that is to be made good"),
            ),
            ("settled_s", number("from when on it must be made good")),
            ("judged_until_s", number("until when that is looked at")),
            ("loss_s", number("when a loss comes at the worst time")),
        ],
        &[],
    )
}

fn size() -> Value {
    object(
        &[
            ("nodes", whole("how many")),
            ("cases", list("what was tried with so many", "case")),
        ],
        &[],
    )
}

fn case() -> Value {
    object(
        &[
            (
                "condition",
                one_of(
                    &["as written", "after loss", "during loss"],
                    "what happens to the nodes",
                ),
            ),
            ("loss", or_null(text("what is lost"))),
            (
                "seeds",
                one_of(&["search", "fresh"], "whether the search saw these runs"),
            ),
            ("runs", whole("how many")),
            ("met", whole("those that met everything")),
            ("low", number("of the share that meets everything")),
            ("high", number("of the share that meets everything")),
            (
                "missed",
                items("runs that missed each objective", whole("")),
            ),
            (
                "missed_by",
                items(
                    "by how much each is missed in the mean over runs, in its unit",
                    number(""),
                ),
            ),
            (
                "absent",
                items("runs in which each had nothing to measure", whole("")),
            ),
            (
                "left_over",
                whole("runs in which a pod of a service found no node, where that counts"),
            ),
            (
                "short",
                map(
                    "by what nodes lacked",
                    whole("runs in which pods waited at the end"),
                ),
            ),
        ],
        &[],
    )
}

fn mix() -> Value {
    let mut keys = asked();
    keys.extend([
        ("vary", texts("the keys whose values were varied")),
        ("cheapest", or_null(reference("tried"))),
        ("less", list("one step less of one group", "tried")),
        ("more", list("one step more of one group", "tried")),
        (
            "dropped",
            list("those that looked enough and were not confirmed", "tried"),
        ),
        ("mixes_run", whole("how many were run")),
        ("mixes", whole("how many there are")),
    ]);
    object(&keys, &[])
}

fn tried() -> Value {
    object(
        &[
            ("nodes", map("by group", whole("how many"))),
            ("price_per_hour", number("of all of them")),
            ("verdict", verdict()),
            ("runs", whole("how many")),
            ("met", whole("those that met everything")),
        ],
        &[],
    )
}

fn runway() -> Value {
    let mut keys = asked();
    keys.extend([
        (
            "confidence_of_factor",
            number("of each side of the factor alone"),
        ),
        ("growth_per_month", reference("growth")),
        (
            "growth_from",
            one_of(&["exactly", "range", "fit"], "what growth is known from"),
        ),
        ("horizon_months", number("how far was looked ahead")),
        (
            "start",
            or_null(text("the day on which the load is that of the scenario")),
        ),
        (
            "holds",
            or_null(number("the largest factor of the load that is confirmed")),
        ),
        ("breaks", or_null(number("the smallest that is ruled out"))),
        (
            "earliest_months",
            or_null(number("from when on an objective may be broken")),
        ),
        (
            "latest_months",
            or_null(number("when one is broken at the latest")),
        ),
        (
            "earliest_date",
            or_null(text("the same as a day, where there is a start")),
        ),
        (
            "latest_date",
            or_null(text("the same as a day, where there is a start")),
        ),
    ]);
    object(&keys, &[])
}

fn growth() -> Value {
    object(
        &[
            ("low", number("a share in a month")),
            ("value", number("a share in a month")),
            ("high", number("a share in a month")),
        ],
        &[],
    )
}
