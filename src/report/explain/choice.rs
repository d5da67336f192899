//! How the nodes that fit compare, and what made one of them the chosen one.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Moment;
use crate::control::watch::Decision;
use crate::ids::NodeId;
use crate::policy::scheduler::explanation::{Better, Explanation, Measure, TieBreak};
use crate::report::reasons;
use crate::report::text::count;

/// The sum of points of all scorers.
const TOTAL: Measure = Measure {
    name: "total",
    unit: "",
    parts: 1,
    better: Better::More,
};

/// What nodes were compared by, column by column, what stands first being decisive.
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
    /// How many of them decide; the others are the parts of the first.
    decisive: usize,
}

/// One thing nodes were compared by.
pub(super) struct Column {
    measure: Measure,
    /// For each feasible node in order.
    values: Vec<i64>,
}

impl Columns {
    pub(super) fn of(told: &Explanation) -> Columns {
        let column = |measure, values: &Vec<i64>| Column {
            measure,
            values: values.clone(),
        };
        if told.totals.is_empty() {
            let order = told.order.iter();
            let columns: Vec<Column> = order.map(|one| column(one.measure, &one.values)).collect();
            return Columns {
                decisive: columns.len(),
                columns,
            };
        }
        let scores = told.scores.iter().map(|scorer| {
            let name = reasons::head(scorer.plugin);
            column(Measure { name, ..TOTAL }, &scorer.points)
        });
        Columns {
            columns: std::iter::once(column(TOTAL, &told.totals))
                .chain(scores)
                .collect(),
            decisive: 1,
        }
    }

    /// Places of the nodes that were compared among the feasible ones: the chosen one, its equals,
    /// then the others, the better ones first.
    pub(super) fn ranked(&self, told: &Explanation) -> Vec<usize> {
        let mut places: Vec<usize> = match &told.drawn {
            None => (0..told.feasible.len()).collect(),
            Some(drawn) => drawn.iter().filter_map(|node| place(told, *node)).collect(),
        };
        places.sort_by_key(|&at| {
            let ranks = self.columns[..self.decisive]
                .iter()
                .map(|column| column.rank(at));
            let is_chosen = told.chosen == Some(told.feasible[at]);
            (ranks.collect::<Vec<_>>(), Reverse(is_chosen))
        });
        places
    }

    /// Why the chosen node and no other: `it has the fewest replicas in zone (2, the next has 3)`.
    fn reason(&self, told: &Explanation) -> Option<String> {
        let ranked = self.ranked(told);
        let (&first, rest) = ranked.split_first()?;
        let is_best = |at: usize| told.best.contains(&told.feasible[at]);
        let next = *rest.iter().find(|&&at| !is_best(at))?;
        let decisive = &self.columns[..self.decisive];
        let at = decisive
            .iter()
            .position(|column| column.values[first] != column.values[next])?;
        let column = &decisive[at];
        let mut text = format!(
            "the {} ({}, the next {})",
            most(&column.measure),
            column.show(first, &ranked),
            column.show(next, &ranked)
        );
        let before = decisive[..at]
            .iter()
            .filter(|column| !column.is_alike(&ranked));
        let before = before.map(|column| {
            format!(
                "the {} ({})",
                most(&column.measure),
                column.show(first, &ranked)
            )
        });
        let before: Vec<String> = before.collect();
        if !before.is_empty() {
            text.push_str(&format!(" of those with {}", before.join(" and ")));
        }
        Some(text)
    }
}

impl Column {
    /// The head of the column.
    pub(super) fn head(&self) -> &'static str {
        self.measure.name
    }

    /// The value of the feasible node at that place, in as many digits as tell those at `among`
    /// apart.
    pub(super) fn show(&self, at: usize, among: &[usize]) -> String {
        let number = self.number(at, self.digits(among));
        match self.measure.unit {
            "" => number,
            unit => format!("{number} {unit}"),
        }
    }

    fn number(&self, at: usize, digits: usize) -> String {
        let value = self.values[at] as f64 / self.measure.parts as f64;
        let sign = if self.values[at] < 0 { "−" } else { "" };
        format!("{sign}{:.digits$}", value.abs())
    }

    /// Whether all nodes at these places have the same value.
    pub(super) fn is_alike(&self, among: &[usize]) -> bool {
        among
            .iter()
            .all(|&at| self.values[at] == self.values[among[0]])
    }

    fn rank(&self, at: usize) -> i64 {
        self.measure.better.rank(self.values[at])
    }

    /// Digits behind the point: two if there are as many, and as many more as tell values apart.
    fn digits(&self, among: &[usize]) -> usize {
        let most = self.measure.parts.ilog10() as usize;
        let different = |digits: usize| {
            let numbers = among.iter().map(|&at| self.number(at, digits));
            numbers.collect::<BTreeSet<String>>().len()
        };
        let enough = (most.min(2)..most).find(|&digits| different(digits) == different(most));
        enough.unwrap_or(most)
    }
}

/// The better end of a measure: `fewest replicas in zone`, `most left`.
fn most(measure: &Measure) -> String {
    let word = match measure.better {
        Better::More => "most",
        Better::Less if measure.parts == 1 && measure.unit.is_empty() => "fewest",
        Better::Less => "least",
    };
    let name = if *measure == TOTAL {
        "points"
    } else {
        measure.name
    };
    format!("{word} {name}")
}

/// Why the chosen node, in a sentence or two; nothing where none was chosen.
pub(super) fn sentence(moment: &Moment<'_>, decision: &Decision) -> Option<String> {
    let told = &decision.explanation;
    let chosen = moment.node(told.chosen?);
    if told.evaluated == 0 {
        return Some("It had been nominated to the node: no other was looked at.".to_owned());
    }
    let fit = fit(told, decision.belief.nodes_present());
    let columns = Columns::of(told);
    let picked = match told.tie_break {
        TieBreak::First => "the first in the scenario",
        TieBreak::FirstDrawn => "the first drawn",
        TieBreak::Lot => "one by lot",
        TieBreak::Name => "the first by name",
    };
    let equal = told.best.len();
    Some(match columns.reason(told) {
        _ if told.feasible.len() == 1 => format!("{fit}."),
        Some(reason) if equal == 1 => format!("{fit}: {chosen} has {reason}."),
        Some(reason) => format!(
            "{fit}: {chosen} has {reason}. {equal} nodes are equal in that, and {picked} was taken."
        ),
        None if columns.columns.is_empty() => format!("{fit}: {picked} was taken."),
        None => format!("{fit}, all equally well: {picked} was taken."),
    })
}

/// How many nodes fit: `11 of 12 nodes fit`.
fn fit(told: &Explanation, nodes: u32) -> String {
    let (fit, looked_at) = (told.feasible.len(), told.evaluated);
    let all = match looked_at < nodes {
        true => format!(
            "{} looked at, of {nodes},",
            count(u64::from(looked_at), "node")
        ),
        false => count(u64::from(looked_at), "node"),
    };
    let mut text = match fit {
        1 if looked_at > 1 => format!("Of {all} it alone fits"),
        _ if fit == looked_at as usize => format!("All {all} fit"),
        _ => format!("{fit} of {all} fit"),
    };
    match &told.drawn {
        Some(drawn) if drawn.len() < fit => text.push_str(&format!(", {} drawn", drawn.len())),
        Some(_) | None => {}
    }
    text
}

/// The place of a node among the feasible ones.
pub(super) fn place(told: &Explanation, node: NodeId) -> Option<usize> {
    told.feasible.iter().position(|&other| other == node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::scheduler::explanation::{Plugin, Points};

    const PODS: Measure = Measure {
        name: "pods on node",
        better: Better::Less,
        ..TOTAL
    };
    const LEFT: Measure = Measure {
        name: "left",
        unit: "%",
        parts: 10_000,
        better: Better::More,
    };

    /// Nodes 0, 1, … compared by these values.
    fn by(measures: &[Measure], values: &[&[i64]]) -> Explanation {
        let told = Explanation {
            feasible: (0..values.len() as u32).map(NodeId).collect(),
            evaluated: values.len() as u32,
            ..Explanation::default()
        };
        told.compared(measures, |node| values[node.0 as usize].to_vec())
    }

    fn reason(told: &Explanation) -> Option<String> {
        Columns::of(told).reason(told)
    }

    #[test]
    fn what_decides_is_told_with_the_next_and_what_it_decides_among() {
        let told = by(
            &[PODS, LEFT],
            &[&[3, 900_000], &[2, 640_000], &[2, 612_500]],
        );
        assert_eq!(told.chosen, Some(NodeId(1)));
        let expected = "the most left (64.00 %, the next 61.25 %) of those with the fewest pods on \
                        node (2)";
        assert_eq!(reason(&told).as_deref(), Some(expected));
        let told = by(&[PODS, LEFT], &[&[3, 0], &[2, 0]]);
        let expected = "the fewest pods on node (2, the next 3)";
        assert_eq!(reason(&told).as_deref(), Some(expected));
        assert_eq!(reason(&by(&[PODS], &[&[1], &[1]])), None);
    }

    #[test]
    fn digits_tell_values_apart() {
        let told = by(&[LEFT], &[&[645_001], &[645_000]]);
        let expected = "the most left (64.5001 %, the next 64.5000 %)";
        assert_eq!(reason(&told).as_deref(), Some(expected));
        let told = by(&[LEFT], &[&[-5000], &[-20_000]]);
        let expected = "the most left (−0.50 %, the next −2.00 %)";
        assert_eq!(reason(&told).as_deref(), Some(expected));
    }

    #[test]
    fn points_of_scorers_are_told_by_their_sum() {
        let points = |plugin, points: [i64; 2]| Points {
            plugin,
            points: points.to_vec(),
        };
        let told = Explanation {
            feasible: vec![NodeId(0), NodeId(1)],
            scores: vec![
                points(Plugin::TaintToleration, [300, 300]),
                points(Plugin::NodeResourcesFit, [60, 75]),
            ],
            totals: vec![360, 375],
            best: vec![NodeId(1)],
            chosen: Some(NodeId(1)),
            ..Explanation::default()
        };
        let expected = "the most points (375, the next 360)";
        assert_eq!(reason(&told).as_deref(), Some(expected));
        let columns = Columns::of(&told);
        assert_eq!(columns.ranked(&told), [1, 0]);
        let heads: Vec<&str> = columns.columns.iter().map(Column::head).collect();
        assert_eq!(heads, ["total", "taints", "resources"]);
    }

    #[test]
    fn nodes_that_were_not_drawn_do_not_compete() {
        let mut told = by(&[PODS], &[&[0], &[2], &[1]]);
        told.drawn = Some(vec![NodeId(1), NodeId(2)]);
        let told = told.compared(&[PODS], |node| vec![[0, 2, 1][node.0 as usize]]);
        assert_eq!(told.chosen, Some(NodeId(2)));
        let expected = "the fewest pods on node (1, the next 2)";
        assert_eq!(reason(&told).as_deref(), Some(expected));
        assert_eq!(fit(&told, 4), "All 3 nodes looked at, of 4, fit, 2 drawn");
    }
}
