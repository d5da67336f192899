//! A plan from what was written.

use std::path::Path;
use std::sync::Arc;

use super::raw::{Grid, PlanFile, Point, Trade};
use super::{CELLS_MAX, CHUNK, Key, Literal, Pareto, Places, Plan};
use crate::metrics::dictionary::Better;
use crate::metrics::quantity::Quantity;
use crate::scenario::decode::{At, Field, List};
use crate::scenario::edits::Page;
use crate::scenario::policies::PolicyKind;
use crate::scenario::problem::{Problem, Problems, Span};
use crate::scenario::{question, suggest};

/// The plan, or everything that is wrong with it.
pub(super) fn plan(
    file: PlanFile,
    path: &Path,
    text: &str,
    problems: &mut Problems,
) -> Option<Plan> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let scenario = file.scenario.given();
    let replications = positive(file.replications.given(), "replications", problems);
    let seed = file.seed.or(1);
    let chunk = file.chunk.or(u64::from(CHUNK));
    let chunk = positive(chunk, "chunk", problems);
    let metrics = metrics(file.metrics, problems);
    let axes = axes(file.grid, file.cells, problems);
    let pareto = match (&metrics, file.pareto.optional()) {
        (Some((metrics, _)), Some(Some(trade))) => {
            trade_of(trade.value, metrics, problems).map(Some)
        }
        (Some((metrics, _)), Some(None)) => Some(obvious(metrics)),
        (None, _) | (_, None) => None,
    };
    let (scenario, metrics, axes) = (scenario?, metrics?, axes?);
    let (metrics, listed) = (metrics.0, metrics.1);
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    Some(Plan {
        name: name.into_owned(),
        question: question(text),
        scenario: folder.join(scenario.value),
        replications: replications?,
        seed: seed?.value,
        metrics,
        places: Places {
            scenario: scenario.span,
            metrics: listed,
            keys: axes.keys.iter().map(|key| key.span).collect(),
        },
        page: Arc::new(Page {
            name: path.display().to_string(),
            text: text.to_owned(),
        }),
        keys: axes.keys.into_iter().map(|key| key.value).collect(),
        pareto: pareto?,
        chunk: chunk?,
        points: axes.points,
        lists: axes.lists,
    })
}

fn positive(given: Option<At<u64>>, key: &str, problems: &mut Problems) -> Option<u32> {
    let given = given?;
    let number = u32::try_from(given.value).ok().filter(|&number| number > 0);
    if number.is_none() {
        let wrong = format!("`{key}` must be a whole number from 1 to {}", u32::MAX);
        problems.push(Problem::error(wrong).at(given.span, ""));
    }
    number
}

/// What is kept, and where each is listed.
fn metrics(
    given: Field<List<String>>,
    problems: &mut Problems,
) -> Option<(Vec<Quantity>, Vec<Span>)> {
    let given = given.given()?;
    if given.value.complete && given.value.items.is_empty() {
        let wrong = Problem::error("`metrics` is empty: nothing would be kept");
        let note = "`plimsoll metrics` lists them, such as \"availability.requests\" and \"cost\"";
        problems.push(wrong.at(given.span, "").note(note));
        return None;
    }
    let mut seen: Vec<Quantity> = Vec::new();
    let mut places = Vec::new();
    let read = given.value.read(|text| {
        let quantity = quantity(&text, problems)?;
        if seen.contains(&quantity) {
            let wrong = format!("`{}` is listed twice", text.value);
            problems.push(Problem::error(wrong).at(text.span, ""));
            return None;
        }
        seen.push(quantity.clone());
        places.push(text.span);
        Some(quantity)
    });
    Some((read?, places))
}

fn quantity(text: &At<String>, problems: &mut Problems) -> Option<Quantity> {
    match text.value.parse::<Quantity>() {
        Ok(quantity) => Some(quantity),
        Err(wrong) => {
            let (word, known) = wrong.choices();
            let meant = suggest::did_you_mean(word, known.iter().copied());
            let known = suggest::known(known.iter().copied());
            let problem = Problem::error(wrong.to_string()).at(text.span, meant);
            problems.push(problem.note(known));
            None
        }
    }
}

/// What was asked to be traded.
fn trade_of(trade: Trade, metrics: &[Quantity], problems: &mut Problems) -> Option<Pareto> {
    let [cost, value] = [trade.cost.given(), trade.value.given()].map(|given| {
        let given = given?;
        let quantity = quantity(&given, problems)?;
        if !metrics.contains(&quantity) {
            let listed: Vec<String> = metrics.iter().map(Quantity::to_string).collect();
            let wrong = format!("`{quantity}` is not among the plan's metrics");
            let listed = suggest::known(listed.iter().map(String::as_str));
            problems.push(Problem::error(wrong).at(given.span, "").note(listed));
            return None;
        }
        if quantity.metric.better == Better::Neither {
            let wrong = format!("neither more nor less of `{quantity}` is better by itself");
            problems.push(Problem::error(wrong).at(given.span, "nothing to trade"));
            return None;
        }
        Some(At {
            value: quantity,
            span: given.span,
        })
    });
    let (cost, value) = (cost?, value?);
    if cost.value == value.value {
        let wrong = "`cost` and `value` are the same metric";
        problems.push(Problem::error(wrong).at(value.span, "").at(cost.span, ""));
        return None;
    }
    Some(Pareto {
        cost: cost.value,
        value: value.value,
    })
}

/// What is traded where nothing was asked: cost against availability, where both are kept.
fn obvious(metrics: &[Quantity]) -> Option<Pareto> {
    let kept = |name| {
        let quantity = Quantity::of_cluster(name);
        metrics.contains(&quantity).then_some(quantity)
    };
    Some(Pareto {
        cost: kept("cost")?,
        value: kept("availability.requests")?,
    })
}

struct Axes {
    keys: Vec<At<Key>>,
    points: Vec<Vec<At<Literal>>>,
    lists: Vec<Vec<At<Literal>>>,
}

fn axes(grid: Field<Grid>, cells: Field<List<Point>>, problems: &mut Problems) -> Option<Axes> {
    let place = cells.place();
    let points = cells.elements();
    let is_complete = points.complete;
    let points: Vec<At<Point>> = points.items;
    let grid = grid.optional();
    let before = problems.iter().count();
    let mut keys: Vec<At<Key>> = Vec::new();
    if let Some(first) = points.first() {
        for (key, _) in &first.value.0 {
            add_key(&mut keys, key, problems);
        }
    }
    let fixed = keys.len();
    let rows: Vec<Vec<At<Literal>>> = points
        .iter()
        .map(|point| row(point, &keys, problems))
        .collect();
    let mut lists = Vec::new();
    for (key, list) in grid.iter().flatten().flat_map(|grid| &grid.value.0) {
        add_key(&mut keys, key, problems);
        lists.push(values(key, list, problems));
    }
    once(&points, &rows, problems);
    let grid = grid?;
    if keys.is_empty() && is_complete && problems.iter().count() == before {
        let wrong = Problem::error("nothing is varied");
        let wrong = match place.or(grid.map(|grid| grid.span)) {
            Some(span) => wrong.at(span, ""),
            None => wrong,
        };
        let note = "give [grid] lists of values by path in the scenario, such as \
                    \"nodes.worker.count\" = [8, 10, 12], or [[cells]] with one value each";
        problems.push(wrong.note(note));
    }
    let total = lists
        .iter()
        .try_fold(rows.len().max(1) as u64, |total, list| {
            total.checked_mul(list.len() as u64)
        });
    if total.is_none_or(|total| total > CELLS_MAX) {
        let wrong = format!("a plan has at most {CELLS_MAX} cells");
        let span = keys.get(fixed).map(|key| key.span);
        let wrong = Problem::error(wrong);
        problems.push(match span {
            Some(span) => wrong.at(span, "this grid is larger"),
            None => wrong,
        });
    }
    (is_complete && problems.iter().count() == before).then(|| Axes {
        keys,
        points: if rows.is_empty() { vec![vec![]] } else { rows },
        lists,
    })
}

/// A key of the plan, once. The policies may go without their table's name.
fn add_key(keys: &mut Vec<At<Key>>, name: &At<String>, problems: &mut Problems) {
    let key = key_of(&name.value);
    if let Some(other) = keys.iter().find(|other| other.value.path == key.path) {
        let wrong = format!("`{}` is varied twice", name.value);
        let problem = Problem::error(wrong).at(name.span, "");
        problems.push(problem.at(other.span, "here first"));
    }
    keys.push(name.clone().map(|_| key));
}

fn key_of(name: &str) -> Key {
    let kinds = [
        PolicyKind::Scheduler,
        PolicyKind::Autoscaler,
        PolicyKind::Healer,
    ];
    let first = name.split('.').next();
    let is_policy = kinds.iter().any(|kind| first == Some(kind.name()));
    Key {
        name: name.to_owned(),
        path: match is_policy {
            true => format!("policy.{name}"),
            false => name.to_owned(),
        },
    }
}

/// The values of one of `[[cells]]`, in the order of the keys of the first one.
fn row(point: &At<Point>, keys: &[At<Key>], problems: &mut Problems) -> Vec<At<Literal>> {
    let written: Vec<(Key, &At<Literal>)> = point
        .value
        .0
        .iter()
        .map(|(name, value)| (key_of(&name.value), value))
        .collect();
    for (name, _) in &point.value.0 {
        let path = key_of(&name.value).path;
        if !keys.iter().any(|key| key.value.path == path) {
            let wrong = format!("`{}` is missing in the first of [[cells]]", name.value);
            let problem = Problem::error(wrong).at(name.span, "");
            problems.push(problem.note("all of [[cells]] give the same keys"));
        }
    }
    let value = |key: &At<Key>| {
        let value = written.iter().find(|(own, _)| own.path == key.value.path);
        if value.is_none() {
            let wrong = format!("`{}` is missing", key.value.name);
            let problem = Problem::error(wrong).at(point.span, "");
            let problem = problem.at(key.span, "the first of [[cells]] gives it");
            problems.push(problem.note("all of [[cells]] give the same keys"));
        }
        value.map(|(_, value)| (*value).clone())
    };
    keys.iter().filter_map(value).collect()
}

/// The values of a key of the grid.
fn values(key: &At<String>, list: &At<List<Literal>>, problems: &mut Problems) -> Vec<At<Literal>> {
    let items = &list.value.items;
    if items.is_empty() && list.value.complete {
        let wrong = format!("`{}` has no values", key.value);
        problems.push(Problem::error(wrong).at(list.span, ""));
    }
    for (place, item) in items.iter().enumerate() {
        let twin = items[..place].iter().find(|twin| twin.value == item.value);
        if let Some(twin) = twin {
            let wrong = format!("`{}` is given {} twice", key.value, item.value);
            let problem = Problem::error(wrong).at(item.span, "");
            problems.push(problem.at(twin.span, "here first"));
        }
    }
    items.clone()
}

/// Reports points that are the same.
fn once(points: &[At<Point>], rows: &[Vec<At<Literal>>], problems: &mut Problems) {
    let same = |a: &[At<Literal>], b: &[At<Literal>]| {
        let values =
            |row: &[At<Literal>]| row.iter().map(|at| at.value.clone()).collect::<Vec<_>>();
        values(a) == values(b)
    };
    for (place, row) in rows.iter().enumerate() {
        if let Some(twin) = rows[..place].iter().position(|twin| same(twin, row)) {
            let problem = Problem::error("two of [[cells]] are the same");
            let problem = problem.at(points[place].span, "");
            problems.push(problem.at(points[twin].span, "here first"));
        }
    }
}
