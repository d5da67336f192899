//! Text in columns, and what to say about a name that is not known.

use crate::cli::Failure;
use crate::cli::usage::columns;

/// `text` indented by so many columns, and wrapped where stdout ends.
pub(super) fn paragraph(out: &mut String, indent: usize, text: &str) {
    wrapped(out, indent, text, columns());
}

fn wrapped(out: &mut String, indent: usize, text: &str, columns: usize) {
    let margin = " ".repeat(indent);
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > columns {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.push_str(&margin);
            column = indent;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
}

/// A name that is none of `known`.
pub(super) fn unknown(what: &str, name: &str, known: &[&str]) -> Failure {
    let meant = nearest(name, known)
        .map(|known| format!(", did you mean `{known}`?"))
        .unwrap_or_default();
    Failure::Input(format!(
        "unknown {what} `{name}`{meant}\n  = known: {}",
        known.join(", ")
    ))
}

/// The name that differs from this one in two letters at most, and least.
pub(super) fn nearest<'a, T: AsRef<str>>(name: &str, known: &'a [T]) -> Option<&'a str> {
    let known = known.iter().map(AsRef::as_ref);
    let near = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    let near = near.filter(|&(distance, _)| distance <= 2).min();
    near.map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_keeps_its_margin() {
        let mut out = String::new();
        let text = format!("{} {} end", "a".repeat(60), "b".repeat(40));
        wrapped(&mut out, 4, &text, 100);
        assert_eq!(
            out,
            format!("    {}\n    {} end\n", "a".repeat(60), "b".repeat(40))
        );
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let Failure::Input(message) = unknown("policy", "spred", &["binpack", "spread"]) else {
            panic!("a wrong name is the user's")
        };
        let expected = "unknown policy `spred`, did you mean `spread`?\n  = known: binpack, spread";
        assert_eq!(message, expected);
    }
}
