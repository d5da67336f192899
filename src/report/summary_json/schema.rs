//! The JSON Schema of `summary.json`.

use serde_json::Value;

use super::VERSION;
use crate::report::schema::{
    document, flag, head, interval, list, map, method, number, object, of_metric, one_of, or_null,
    reference, text, texts, values, whole,
};

/// The schema (JSON Schema, draft 2020-12), with a line break at its end. Every key that is written
/// is in it, and no other is allowed.
pub fn schema() -> String {
    document(
        "summary.json",
        root(),
        &[
            ("scenario", scenario()),
            ("objective", objective()),
            ("metric", metric()),
            ("rare_outages", rare_outages()),
            ("drill", drill()),
            ("loss", loss()),
            ("jobs", jobs()),
            ("fates", fates()),
            ("assumption", assumption()),
            ("effect", effect()),
            ("estimate", estimate()),
            ("file", file()),
        ],
    )
}

fn root() -> Value {
    let mut keys = head(VERSION);
    keys.extend([
        ("scenario", reference("scenario")),
        ("seed", whole("of everything random")),
        ("replications", whole("that were made")),
        (
            "command",
            text("what makes the same files, where the scenario's file is; another run, where it was live"),
        ),
        ("plots", flag("whether they are there")),
        ("headline", texts("what was run, fact by fact")),
        ("answer", text("in one sentence")),
        (
            "why",
            texts("why objectives were missed, as far as the data say"),
        ),
        ("objectives", list("of the scenario", "objective")),
        ("policies", reference("policies")),
        ("confidence", number("of all intervals, each by itself")),
        ("metrics", list("every metric of every entity", "metric")),
        ("notes", texts("what else is to be known")),
        (
            "files",
            map("the tables that the page is made of", reference("file")),
        ),
    ]);
    object(
        &keys,
        &[
            (
                "rare_outages",
                list("where at most half of the runs had one", "rare_outages"),
            ),
            ("drill", reference("drill")),
            ("jobs", list("replication by replication", "jobs")),
            ("assumptions", list("one changed at a time", "assumption")),
        ],
    )
}

fn scenario() -> Value {
    object(
        &[
            ("name", text("its name")),
            ("file", text("the name of its file")),
            ("question", text("the question at the head of the file")),
            ("hash", text("fingerprint of its input")),
            ("changes", texts("of the file, as they were typed")),
            (
                "mix_hash",
                text("what \"fits\" means is the same where it is equal"),
            ),
            ("duration_s", number("the end of a run")),
            ("warm_up_s", number("what is not measured at its start")),
            ("currency", text("of all prices")),
            ("nodes", whole("how many")),
            ("zones", whole("how many")),
            ("services", whole("how many")),
            ("service_names", texts("their names")),
            (
                "only_arrivals",
                flag("whether all pods are jobs of a trace that stay"),
            ),
        ],
        &[(
            "lived",
            flag("whether it was run on real engines; else absent"),
        )],
    )
}

fn bounds() -> [(&'static str, Value); 2] {
    [
        ("at_least", number("the objective")),
        ("at_most", number("the objective")),
    ]
}

fn objective() -> Value {
    object(
        &[
            ("quantity", quantity()),
            ("runs_met", whole("runs that met it")),
            ("runs_judged", whole("runs that have such a value")),
        ],
        &bounds(),
    )
}

fn quantity() -> Value {
    text("a metric, with its entity after an @")
}

fn metric() -> Value {
    let mut keys = of_metric();
    keys.extend([
        ("estimate", reference("number")),
        ("interval", interval()),
        ("method", method()),
        ("values", values()),
    ]);
    object(&keys, &[])
}

fn rare_outages() -> Value {
    object(
        &[
            ("entity", reference("entity")),
            ("runs_with_outage", whole("how many")),
            (
                "runs_censored",
                whole("runs that opened or ended in an outage"),
            ),
            ("probability", number("share of runs with an outage")),
            ("probability_interval", interval()),
            (
                "loss_given_outage",
                or_null(number("share of requests lost in a run with an outage")),
            ),
            (
                "rate_below_per_second",
                or_null(number("no outage seen: there are fewer than this")),
            ),
        ],
        &[],
    )
}

fn drill() -> Value {
    object(
        &[
            (
                "lost",
                one_of(&["node", "zone"], "what is lost in every run"),
            ),
            ("drills", whole("runs with a loss")),
            ("failures_per_year", or_null(number("where that is known"))),
            (
                "stated_by",
                or_null(one_of(&["scenario", "user"], "who says so")),
            ),
            ("losses", list("what that costs", "loss")),
        ],
        &[],
    )
}

fn loss() -> Value {
    let kinds = ["requests", "outage_equivalent", "job_run_time"];
    object(
        &[
            ("loss", one_of(&kinds, "what is lost")),
            ("entity", reference("entity")),
            ("unit", text("of all its numbers")),
            ("per_failure", reference("number")),
            ("per_failure_interval", interval()),
            ("method", method()),
            ("share", number("of drills that lose anything")),
            ("share_interval", interval()),
            ("per_year", or_null(reference("number"))),
            ("per_year_interval", interval()),
        ],
        &[],
    )
}

fn jobs() -> Value {
    object(
        &[
            ("replication", whole("which, from 1")),
            ("total", whole("all jobs")),
            ("excluded", map("by reason", whole("jobs left out"))),
            ("not_arrived", whole("jobs that would come after the end")),
            ("truth", reference("fates")),
            ("belief", reference("fates")),
        ],
        &[],
    )
}

fn fates() -> Value {
    object(
        &[
            ("finished", whole("jobs at the end")),
            ("running", whole("jobs at the end")),
            ("starting", whole("jobs at the end")),
            ("lost", whole("jobs at the end")),
            ("never_placed", whole("jobs at the end")),
        ],
        &[],
    )
}

fn assumption() -> Value {
    let names = [
        "load",
        "work",
        "startup",
        "failures",
        "repairs",
        "detection",
        "metrics",
    ];
    object(
        &[
            ("assumption", one_of(&names, "what is made worse")),
            ("effects", list("on what is to be met", "effect")),
        ],
        &[],
    )
}

fn effect() -> Value {
    object(
        &[
            ("quantity", quantity()),
            ("runs", whole("that were repeated")),
            ("runs_met_before", whole("as the scenario is")),
            ("runs_met_after", whole("with the assumption changed")),
            ("before", reference("estimate")),
            ("after", reference("estimate")),
            ("difference", or_null(reference("estimate"))),
            (
                "size",
                or_null(number(
                    "of the difference, in tolerances, half widths of the interval before, or values before",
                )),
            ),
        ],
        &bounds(),
    )
}

fn estimate() -> Value {
    object(
        &[
            ("estimate", reference("number")),
            ("interval", interval()),
            ("method", method()),
        ],
        &[],
    )
}

fn file() -> Value {
    object(
        &[
            ("bytes", whole("its length")),
            (
                "hash",
                text("its fingerprint: FNV-1a of 128 bits, hexadecimal"),
            ),
        ],
        &[],
    )
}
