//! A small reader of Rust: which paths does a file name, and where?

use std::ops::Range;

/// A path that code names.
pub(crate) struct Mention<'a> {
    /// Its parts; `*` for everything below.
    pub(crate) path: Vec<&'a str>,
    /// The token that ends it.
    pub(crate) at: usize,
    /// Whether it is imported for others too.
    pub(crate) is_public: bool,
}

impl<'a> Mention<'a> {
    fn new(path: Vec<&'a str>, at: usize, is_public: bool) -> Self {
        Mention {
            path,
            at,
            is_public,
        }
    }
}

/// A file as its tokens.
pub(crate) struct Code<'a> {
    /// Each with its line.
    tokens: Vec<(&'a str, usize)>,
    /// Number of lines.
    pub(crate) lines: usize,
}

impl<'a> Code<'a> {
    /// The code of a file.
    pub(crate) fn new(source: &'a str) -> Self {
        let (tokens, lines) = (tokens(source), source.lines().count());
        Code { tokens, lines }
    }

    /// The token at a place, or nothing past the end.
    pub(crate) fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.0)
    }

    /// The line of the token at a place.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.tokens[at].1
    }

    /// Where a run of tokens begins, given with spaces between.
    pub(crate) fn find(&self, run: &str) -> Vec<usize> {
        let run: Vec<&str> = run.split(' ').collect();
        let stands = |&at: &usize| (at..).zip(&run).all(|(at, text)| self.text(at) == *text);
        (0..self.tokens.len()).filter(stands).collect()
    }

    /// All paths of two parts or more, and every import.
    pub(crate) fn mentions(&self) -> Vec<Mention<'a>> {
        let (mut found, mut at) = (Vec::new(), 0);
        while at < self.tokens.len() {
            if self.text(at) == "use" && self.text(at + 1) != "<" {
                let is_public = at > 0 && ["pub", ")"].contains(&self.text(at - 1));
                at = self.import(at + 1, &[], is_public, &mut found);
                continue;
            }
            let mut path = Vec::new();
            while is_name(self.text(at)) && self.text(at + 1) == "::" {
                path.push(self.text(at));
                at += 2;
            }
            if is_name(self.text(at)) && !path.is_empty() {
                path.push(self.text(at));
            }
            if path.len() > 1 {
                found.push(Mention::new(path, at, false));
            }
            at += 1;
        }
        found
    }

    /// Finds every path of the import tree that begins at `at`; returns where the tree ends.
    fn import(
        &self,
        mut at: usize,
        prefix: &[&'a str],
        is_public: bool,
        found: &mut Vec<Mention<'a>>,
    ) -> usize {
        let mut path = prefix.to_vec();
        loop {
            match self.text(at) {
                "" | ";" | "," | "}" | "as" => break,
                "{" => {
                    while !["", ";", "}"].contains(&self.text(at)) {
                        at += 1;
                        if self.text(at) != "}" {
                            at = self.import(at, &path, is_public, found);
                        }
                    }
                    return at + 1;
                }
                "::" => {}
                "self" if !path.is_empty() => {}
                name => path.push(name),
            }
            at += 1;
        }
        found.push(Mention::new(path, at - 1, is_public));
        if self.text(at) == "as" { at + 2 } else { at }
    }

    /// Items under `#[cfg(test)]`, none within another.
    pub(crate) fn tests(&self) -> Vec<Range<usize>> {
        let mut found: Vec<Range<usize>> = Vec::new();
        for at in self.find("# [ cfg ( test ) ]") {
            if found.last().is_none_or(|item| item.end <= at) {
                found.push(at..self.item_end(at));
            }
        }
        found
    }

    /// Whether the token stands in an item under `#[cfg(test)]`.
    pub(crate) fn in_test(&self, at: usize) -> bool {
        self.tests().iter().any(|item| item.contains(&at))
    }

    /// Whether the token stands in a module written in braces.
    pub(crate) fn nested(&self, at: usize) -> bool {
        let mut modules = self.find("mod").into_iter();
        modules.any(|start| (start..self.item_end(start)).contains(&at))
    }

    /// Every attribute, from bracket to bracket.
    pub(crate) fn attributes(&self) -> Vec<Range<usize>> {
        let opens = |at: &usize| self.text(*at) == "[" && self.text(at - 1).starts_with('#');
        let opened = (1..self.tokens.len()).filter(opens);
        opened.map(|at| at..self.closed(at)).collect()
    }

    /// Behind the item that begins at `at`, attributes first.
    fn item_end(&self, mut at: usize) -> usize {
        loop {
            match self.text(at) {
                "" => return at,
                ";" => return at + 1,
                "{" => return self.closed(at),
                "(" | "[" => at = self.closed(at),
                _ => at += 1,
            }
        }
    }

    /// Behind the bracket that closes the one at `at`.
    fn closed(&self, at: usize) -> usize {
        let mut depth = 0;
        for end in at..self.tokens.len() {
            match self.text(end) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return end + 1;
            }
        }
        self.tokens.len()
    }
}

/// Whether the token can be part of a path.
fn is_name(text: &str) -> bool {
    let never = "as break const dyn else for if impl in let match move mut return use where while";
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && !never.split(' ').any(|keyword| keyword == text)
}

/// The source without comments, texts, and the `$` and `r#` of names.
fn tokens(source: &str) -> Vec<(&str, usize)> {
    let (mut tokens, mut line, mut rest) = (Vec::new(), 1, source);
    while let Some(first) = rest.chars().next() {
        let (skip, length) = match skipped(rest) {
            Some(length) => (true, length),
            None if rest.starts_with("::") || rest.starts_with("#!") => (false, 2),
            None if word(rest) > 0 => (false, word(rest)),
            None => (first.is_whitespace() || first == '$', first.len_utf8()),
        };
        if !skip {
            tokens.push((&rest[..length], line));
        }
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    tokens
}

/// The length of the name or number that `rest` begins with.
fn word(rest: &str) -> usize {
    rest.find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(rest.len())
}

/// The length of what is left out, if `rest` begins with it.
fn skipped(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        Some(rest.find('\n').unwrap_or(rest.len()))
    } else if rest.starts_with("/*") {
        Some(block_comment(rest))
    } else if rest.starts_with('\'') {
        Some(quote(rest))
    } else {
        string(rest).or(rest.starts_with("r#").then_some(2))
    }
}

/// The length of a block comment; they nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest.as_bytes().get(at..at + 2) {
            Some(b"/*") => (depth, at) = (depth + 1, at + 2),
            Some(b"*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of a char literal, or of the quote before a lifetime.
fn quote(rest: &str) -> usize {
    let mut chars = rest.chars().skip(1);
    match (chars.next(), chars.next()) {
        (Some('\\'), _) => rest[3..].find('\'').map_or(rest.len(), |end| end + 4),
        (Some(c), Some('\'')) => c.len_utf8() + 2,
        _ => 1,
    }
}

/// The length of a string literal: plain, of bytes, for C, and each of these raw.
fn string(rest: &str) -> Option<usize> {
    let plain = rest.trim_start_matches(['b', 'c']);
    let raw = plain.strip_prefix('r');
    let hashes = raw.map_or(0, |raw| raw.len() - raw.trim_start_matches('#').len());
    let body = raw.unwrap_or(plain)[hashes..].strip_prefix('"')?;
    let closing = format!("\"{}", "#".repeat(hashes));
    let is_escaped = |end: usize| {
        let backslashes = end - body[..end].trim_end_matches('\\').len();
        raw.is_none() && backslashes % 2 == 1
    };
    let mut ends = body.match_indices(&closing).map(|(end, _)| end);
    let end = ends.find(|&end| !is_escaped(end))?;
    Some(rest.len() - body.len() + end + closing.len())
}

/// The paths found in `source`.
fn paths(source: &str) -> String {
    let mentions = Code::new(source).mentions().into_iter();
    let paths: Vec<_> = mentions.map(|mention| mention.path.join("::")).collect();
    paths.join(" ")
}

#[test]
fn comments_and_literals_hold_no_code() {
    for text in [
        "// a::b",
        "/// a::b",
        "/* /* */ a::b */",
        r#""\" a::b \\""#,
        r##"r#"" a::b"#"##,
        r##"br#"\" a::b \"#"##,
        r#"c"a::b""#,
        "\"\n a::b\n\"",
        "'\"' /* a::b ' */",
    ] {
        assert_eq!(paths(text), "", "{text}");
    }
}

#[test]
fn code_behind_comments_and_literals_is_seen() {
    for text in [
        "// \"\n",
        "/* \" /* */ \" */",
        r#""\\""#,
        r##"r#"\"#"##,
        r#"r"\""#,
        r#"cr"\""#,
        r#"b"\"""#,
        r#"'\"'"#,
        r"'\''",
        r"'\\'",
        r"'\u{22}'",
        "'\"'",
        "b'\"'",
        "['é','\"']",
        "<'x>",
        "1.5e-3_f64",
    ] {
        assert_eq!(paths(&format!("{text} a::b \"\"")), "a::b", "{text}");
    }
}

#[test]
fn paths_are_seen_in_every_form() {
    let check = |source, expected| assert_eq!(paths(source), expected);
    check(
        "use a::{b, c::{self, d as e}, f::*,};",
        "a::b a::c a::c::d a::f::*",
    );
    check("use ::a as b; use {c, d::e};", "a c d::e");
    check(
        "fn f() -> impl X + use<'a, T> { a :: /* */ b\n::c::<T>() }",
        "a::b::c",
    );
    check(
        "macro_rules! m { ($x:ident) => { return ::a::r#b::<u8>($crate::$x!()) } }",
        "a::b crate::x",
    );
}

#[test]
fn lines_are_counted_through_comments_and_literals() {
    let code = Code::new("\"\n\n\"; /*\n\n*/ use a::{\n    b,\n    c,\n};");
    let lines: Vec<_> = code
        .mentions()
        .iter()
        .map(|mention| code.line(mention.at))
        .collect();
    assert_eq!(lines, [6, 7]);
}
