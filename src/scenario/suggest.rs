//! "Did you mean": the nearest of the words that would have been valid.

/// Most words that are listed.
const LISTED: usize = 24;

/// The candidate that was most probably meant, if any is near enough.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let limit = (word.chars().count() + 1) / 3;
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let begins = word.len() >= 3 && candidate.starts_with(&word);
            let distance = strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
            (begins || distance <= limit).then_some((!begins, distance, candidate))
        })
        .min()
        .map(|(_, _, candidate)| candidate)
}

/// ``did you mean `spread`?``, or nothing.
pub(super) fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> String {
    match nearest(word, candidates) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => String::new(),
    }
}

/// `known: a, b, c`, shortened.
pub(super) fn known<'a>(candidates: impl IntoIterator<Item = &'a str>) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    match candidates.len() {
        0 => "there are none here".to_owned(),
        n if n <= LISTED => format!("known: {}", candidates.join(", ")),
        n => format!(
            "known: {} and {} more",
            candidates[..LISTED].join(", "),
            n - LISTED
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_keyboard_is_near_and_another_word_is_not() {
        let words = ["memory", "count", "spread", "a"];
        assert_eq!(nearest("spred", words), Some("spread"));
        assert_eq!(nearest("SPREAD", words), Some("spread"));
        assert_eq!(nearest("cuont", words), Some("count"));
        assert_eq!(nearest("mem", words), Some("memory"));
        assert_eq!(nearest("disk", words), None);
        assert_eq!(nearest("b", words), None);
        assert_eq!(nearest("", words), None);
    }

    #[test]
    fn long_lists_are_cut() {
        let words: Vec<String> = (0..26).map(|n| n.to_string()).collect();
        let known = known(words.iter().map(String::as_str));
        assert!(known.starts_with("known: 0, 1, "), "{known}");
        assert!(known.ends_with(", 23 and 2 more"), "{known}");
    }
}
