//! Which text format a scraper asks for (RFC 9110, 12.5.1).

use super::page::Format;

/// OpenMetrics where it is asked for by name, in a version that is spoken, and liked no less than plain
/// text; else Prometheus' own format.
pub(super) fn format(accept: &str) -> Format {
    let (mut plain, mut open) = ((0, 0.0), 0.0_f64);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let parameter = |name: &str| {
            let mut pairs = parts.clone().filter_map(|part| part.split_once('='));
            pairs
                .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().trim_matches('"'))
        };
        let liked = parameter("q").map_or(1.0, |q| q.parse().unwrap_or(0.0));
        let version = parameter("version");
        match kind.as_str() {
            "application/openmetrics-text" if matches!(version, None | Some("1.0.0")) => {
                open = open.max(liked);
            }
            "text/plain" if matches!(version, None | Some("0.0.4")) => {
                plain = better(plain, (3, liked));
            }
            "text/*" => plain = better(plain, (2, liked)),
            "*/*" => plain = better(plain, (1, liked)),
            _ => {}
        }
    }
    match open > 0.0 && open >= plain.1 {
        true => Format::OpenMetrics,
        false => Format::Prometheus,
    }
}

/// The more exact of two wishes, each with how exact it is; of equal ones the stronger.
fn better(one: (u8, f64), other: (u8, f64)) -> (u8, f64) {
    match other.0 > one.0 || other.0 == one.0 && other.1 > one.1 {
        true => other,
        false => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openmetrics_is_for_those_who_ask_for_it() {
        // As Prometheus 3 asks unless it is told otherwise.
        let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
             application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;\
             escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        let cases = [
            (prometheus, Format::OpenMetrics),
            ("", Format::Prometheus),
            ("*/*", Format::Prometheus),
            ("text/html, */*;q=0.8", Format::Prometheus),
            ("application/openmetrics-text", Format::OpenMetrics),
            (
                "Application/OpenMetrics-Text; Version=1.0.0",
                Format::OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=2.0.0",
                Format::Prometheus,
            ),
            ("application/openmetrics-text;q=0", Format::Prometheus),
            (
                "text/plain;q=0.9, application/openmetrics-text;q=0.2",
                Format::Prometheus,
            ),
            (
                "text/plain;q=0.1, */*;q=0.9, application/openmetrics-text;q=0.2",
                Format::OpenMetrics,
            ),
        ];
        for (accept, expected) in cases {
            assert_eq!(format(accept), expected, "{accept}");
        }
    }
}
