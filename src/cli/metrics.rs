//! `plimsoll metrics`.

use crate::cli::Failure;
use crate::cli::args::{Format, Named};
use crate::cli::list::{paragraph, unknown};
use crate::cli::out::print;
use crate::metrics::dictionary::{Basis, Better, METRICS, Metric};
use crate::report::lists::metrics::json;

/// A name stands for itself and for all that begin with it and a dot.
pub(super) fn run(args: Named) -> Result<(), Failure> {
    let wanted = |metric: &&Metric| match &args.name {
        None => true,
        Some(name) => {
            let rest = metric.name.strip_prefix(name.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        }
    };
    let chosen: Vec<&Metric> = METRICS.iter().filter(wanted).collect();
    if let (Some(name), []) = (&args.name, chosen.as_slice()) {
        let names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
        return Err(unknown("metric", name, &names));
    }
    match args.printed.format {
        Format::Text => print(&page(&chosen)),
        Format::Json => print(&json(&chosen)),
    }
}

/// Each metric with its unit, its better side, its basis and its formula.
fn page(metrics: &[&Metric]) -> String {
    let mut out = String::new();
    for metric in metrics {
        if !out.is_empty() {
            out.push('\n');
        }
        let better = match metric.better {
            Better::Up => "more is better",
            Better::Down => "less is better",
            Better::Neither => "neither is better",
        };
        let basis = match metric.basis {
            Basis::Truth => "measured on the truth",
            Basis::Belief => "measured on belief",
        };
        out.push_str(&format!(
            "{}   {} · {better} · {basis}\n",
            metric.name,
            unit(metric.unit)
        ));
        paragraph(&mut out, 4, metric.formula);
    }
    out
}

fn unit(unit: &str) -> &str {
    match unit {
        "1" => "a pure number",
        "s" => "seconds",
        "h" => "hours",
        "1/h" => "per hour",
        other => other,
    }
}
