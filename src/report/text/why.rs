//! Why an objective was missed, as far as the data say: when requests were lost, and what failed.

use crate::cluster::catalog::ServiceSpec;
use crate::ids::ServiceId;
use crate::metrics::measured::{Entity, Incident};
use crate::report::figure::{self, Unit};
use crate::report::results::{Numbers as _, Results};

/// Most services that are explained.
const EXPLAINED: usize = 3;

/// One sentence for each of the services that missed their objective by most.
pub(crate) fn sentences(results: &Results<'_>) -> Vec<String> {
    let mut missed: Vec<(f64, ServiceId, &ServiceSpec)> = results
        .scenario
        .catalog
        .services
        .iter()
        .filter_map(|(id, spec)| {
            let entity = Entity::Service(spec.name.clone());
            let met = results.value("slo.met", &entity)?;
            let burned = results.value("slo.budget_burned", &entity)?;
            (met < 1.0).then_some((burned, id, spec))
        })
        .collect();
    missed.sort_by(|a, b| b.0.total_cmp(&a.0));
    missed.truncate(EXPLAINED);
    missed
        .into_iter()
        .filter_map(|(_, id, spec)| sentence(results, id, spec))
        .collect()
}

fn sentence(results: &Results<'_>, id: ServiceId, spec: &ServiceSpec) -> Option<String> {
    let wanted = figure::exact_percent(spec.slo?.availability);
    let (replication, worst) = worst_time(results, &spec.name)?;
    let end = results.scenario.end.secs_f64();
    let run = match results.runs.len() {
        1 => String::new(),
        _ => format!(" in replication {replication}"),
    };
    let mut text = format!(
        "Why {} missed {wanted}{run}: {} requests were lost, {} of them between {} and {}",
        spec.name,
        figure::thousands(worst.all.round() as u64),
        figure::number(worst.lost / worst.all, Unit::Ratio),
        minute((worst.from / 60.0).floor(), end),
        minute((worst.to / 60.0).ceil(), end)
    );
    let incidents = results.runs[replication - 1].incidents.iter();
    let in_it = incidents.filter(|incident| {
        let over = incident
            .recovered
            .unwrap_or(results.scenario.end)
            .secs_f64();
        incident.service == id && incident.start.secs_f64() < worst.to && over > worst.from
    });
    if let Some(incident) = in_it.max_by(|a, b| a.lost.total_cmp(&b.lost)) {
        text.push_str("; ");
        text.push_str(&outage(incident));
    }
    text.push('.');
    Some(text)
}

/// What happened in an outage, in order of time.
fn outage(incident: &Incident) -> String {
    let after =
        |at: crate::time::Time| figure::number(at.since(incident.start).secs_f64(), Unit::Seconds);
    let cause = match incident.causes.as_slice() {
        [] => String::new(),
        causes => format!(" ({})", causes.join(", ")),
    };
    let detected = match incident.detected {
        Some(at) => format!("known after {}", after(at)),
        None => "never known".to_owned(),
    };
    let recovered = match incident.recovered {
        Some(at) => format!("over after {}", after(at)),
        None => "not over at the end".to_owned(),
    };
    format!("too few replicas were ready then{cause}: {detected}, {recovered}")
}

/// When most of a service's lost requests were lost.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Worst {
    /// In seconds.
    from: f64,
    /// In seconds.
    to: f64,
    /// Requests lost in it.
    lost: f64,
    /// Requests lost in the whole window.
    all: f64,
}

/// The worst time of the first replication that has a time series and lost anything.
fn worst_time(results: &Results<'_>, service: &str) -> Option<(usize, Worst)> {
    let end = results.scenario.end.secs_f64();
    (1..).zip(results.runs).find_map(|(replication, run)| {
        let series = |metric: &str| {
            let own = run.series.iter();
            let mut own = own.filter(|series| series.entity.name() == service);
            own.find(|series| series.metric == metric)
                .map(|series| &series.values)
        };
        let (offered, served) = (series("requests.offered")?, series("requests.served")?);
        let lost: Vec<f64> = offered
            .iter()
            .zip(served)
            .map(|(offered, served)| offered.zip(*served).map_or(0.0, |(all, some)| all - some))
            .collect();
        worst(&run.cells, &lost, end).map(|worst| (replication, worst))
    })
}

/// The stretch of cells with losses in which most was lost; `rates` are requests lost per second.
fn worst(cells: &[f64], rates: &[f64], end: f64) -> Option<Worst> {
    let mut stretches: Vec<Worst> = Vec::new();
    let mut all = 0.0;
    for (index, (&from, &rate)) in cells.iter().zip(rates).enumerate() {
        let to = cells.get(index + 1).copied().unwrap_or(end);
        // Less than one request in a cell is rounding.
        let lost = rate * (to - from);
        if lost < 1.0 {
            continue;
        }
        all += lost;
        match stretches.last_mut().filter(|stretch| stretch.to == from) {
            Some(stretch) => {
                stretch.to = to;
                stretch.lost += lost;
            }
            None => stretches.push(Worst {
                from,
                to,
                lost,
                all: 0.0,
            }),
        }
    }
    let worst = stretches
        .into_iter()
        .max_by(|a, b| a.lost.total_cmp(&b.lost))?;
    Some(Worst { all, ..worst })
}

/// A time of the run: `day 3, 20:00:05`, without the day in runs of one day.
pub(crate) fn clock(at: f64, end: f64) -> String {
    let whole = at.round() as u64;
    let (hour, minute, second) = (whole / 3600, whole / 60 % 60, whole % 60);
    if end > 86_400.0 {
        format!(
            "day {}, {:02}:{minute:02}:{second:02}",
            hour / 24 + 1,
            hour % 24
        )
    } else {
        format!("{hour:02}:{minute:02}:{second:02}")
    }
}

/// A whole minute of the run: `day 3, 20:00`.
fn minute(minutes: f64, end: f64) -> String {
    let text = clock(60.0 * minutes, end);
    text.strip_suffix(":00")
        .expect("a whole minute has no seconds")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_time_is_the_stretch_with_most_losses() {
        let cells = [0.0, 10.0, 20.0, 30.0, 40.0];
        // 30 requests in [0, 10); 20 + 20 in [20, 40); nothing else.
        let found = worst(&cells, &[3.0, 0.0, 2.0, 2.0, 0.0], 50.0);
        assert_eq!(
            found,
            Some(Worst {
                from: 20.0,
                to: 40.0,
                lost: 40.0,
                all: 70.0
            })
        );
        assert_eq!(worst(&cells, &[0.0; 5], 50.0), None);
        let last = worst(&cells, &[0.0, 0.0, 0.0, 0.0, 1.0], 50.0);
        assert_eq!(last.map(|worst| worst.to), Some(50.0));
    }

    #[test]
    fn times_are_told_by_day_only_where_there_are_several() {
        assert_eq!(clock(72_005.0, 86_400.0), "20:00:05");
        assert_eq!(minute(1200.0, 86_400.0), "20:00");
        assert_eq!(clock(86_400.0, 86_400.0), "24:00:00");
        assert_eq!(
            clock(86_400.0 * 2.0 + 72_005.0, 864_000.0),
            "day 3, 20:00:05"
        );
    }
}
