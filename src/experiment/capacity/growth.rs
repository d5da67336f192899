//! Growth of the load: as it is written, or fitted to what was measured.

use super::runway::{Growth, Source};
use crate::stats::{Confidence, trend};

/// Days of a month, and months of a year: the Julian year of 365.25 days in twelve.
pub const MONTH_DAYS: f64 = 365.25 / 12.0;
/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Growth or decline in a month that is taken for a slip: tenfold.
const MOST: f64 = 9.0;

/// A day of the calendar: year, month, day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// The year, from 1 on.
    pub year: u32,
    /// The month, from 1 to 12.
    pub month: u32,
    /// The day of the month, from 1.
    pub day: u32,
}

/// What growth looks like.
const FORM: &str = "write a share and a length of time, such as 4%/month or 3%..5%/month; there are \
                    year, month, week and day";

/// Reads `4%/month` or `3%..5%/month`.
///
/// # Errors
/// What would be right.
pub fn read(text: &str) -> Result<Growth, String> {
    let wrong = || format!("`{text}` is no growth: {FORM}");
    let (shares, unit) = text.rsplit_once('/').ok_or_else(wrong)?;
    let months = match unit.trim() {
        "year" => 12.0,
        "month" => 1.0,
        "week" => 7.0 / MONTH_DAYS,
        "day" => 1.0 / MONTH_DAYS,
        _ => return Err(wrong()),
    };
    let share = |text: &str| -> Result<f64, String> {
        let number = text.trim().strip_suffix('%').ok_or_else(wrong)?;
        let share: f64 = number.trim().parse().map_err(|_| wrong())?;
        // A month's growth from that of another length of time.
        let monthly = ((share / 100.0).ln_1p() / months).exp_m1();
        match share > -100.0 && monthly.is_finite() && monthly <= MOST {
            true => Ok(monthly),
            false => Err(format!(
                "`{text}` is not between a loss of all and tenfold in a month"
            )),
        }
    };
    let (low, high, from) = match shares.split_once("..") {
        None => (share(shares)?, share(shares)?, Source::Exactly),
        Some((low, high)) => (share(low)?, share(high)?, Source::Range),
    };
    match (low <= high, high > 0.0) {
        (false, _) => Err(format!("`{text}`: the smaller share comes first")),
        (true, false) => Err(format!("`{text}`: without growth no objective breaks")),
        (true, true) => Ok(Growth {
            low,
            value: (0.5 * (low.ln_1p() + high.ln_1p())).exp_m1(),
            high,
            from,
        }),
    }
}

/// Growth fitted to a CSV file of loads over time: a column `load`, and `date` (2026-11-28) or `time_s`.
/// With `confidence` it is between its ends.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn fit(text: &str, confidence: Confidence) -> Result<Growth, String> {
    let points = points(text)?;
    let logs: Vec<(f64, f64)> = points
        .iter()
        .map(|&(days, load)| (days / MONTH_DAYS, load.ln()))
        .collect();
    let line = trend(&logs, confidence)
        .ok_or_else(|| "at least three loads at different times are needed".to_owned())?;
    let (first, last) = (logs[0].0, logs[logs.len() - 1].0);
    Ok(Growth {
        low: line.interval.low.exp_m1(),
        value: line.slope.exp_m1(),
        high: line.interval.high.exp_m1(),
        from: Source::Fit {
            values: logs.len(),
            months: last - first,
            autocorrelation: line.autocorrelation,
            lag: line.lag,
        },
    })
}

/// Days and loads, in order of time.
fn points(text: &str) -> Result<Vec<(f64, f64)>, String> {
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let head = rows.headers().map_err(|error| error.to_string())?.clone();
    let column = |name: &str| head.iter().position(|known| known.trim() == name);
    let load = column("load").ok_or("there is no column `load`")?;
    let (time, is_date) = match (column("date"), column("time_s")) {
        (Some(date), None) => (date, true),
        (None, Some(time)) => (time, false),
        (None, None) => return Err("there is neither a column `date` nor one `time_s`".to_owned()),
        (Some(_), Some(_)) => return Err("there are both `date` and `time_s`: keep one".to_owned()),
    };
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (line, row) in (2..).zip(rows.records()) {
        let row = row.map_err(|error| error.to_string())?;
        let cell = |place: usize| row.get(place).unwrap_or_default().trim();
        let text = cell(time);
        let days = match is_date {
            true => Date::read(text).map(|date| f64::from(date.days())),
            false => text.parse().ok().map(|seconds: f64| seconds / DAY),
        };
        let days = days.filter(|days| days.is_finite());
        let days =
            days.ok_or_else(|| format!("line {line}: `{text}` is no {}", head[time].trim()))?;
        let text = cell(load);
        let load = text
            .parse()
            .ok()
            .filter(|load: &f64| load.is_finite() && *load > 0.0);
        let load = load.ok_or_else(|| format!("line {line}: `{text}` is no load above zero"))?;
        if points.last().is_some_and(|(last, _)| *last >= days) {
            return Err(format!("line {line}: times must go up"));
        }
        points.push((days, load));
    }
    Ok(points)
}

impl Date {
    /// Reads `2026-11-28`.
    pub fn read(text: &str) -> Option<Date> {
        let mut parts = text.split('-').map(|part| part.parse::<u32>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let is_day = parts.next().is_none()
            && (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day);
        is_day.then_some(Date { year, month, day })
    }

    /// Days since the first of January of the year 1, by the rules of the Gregorian calendar.
    pub fn days(self) -> u32 {
        let past = self.year - 1;
        let years = 365 * past + past / 4 - past / 100 + past / 400;
        let months: u32 = (1..self.month).map(|month| days_of(self.year, month)).sum();
        years + months + self.day - 1
    }

    /// The day so many days after the first of January of the year 1.
    pub fn of_days(days: u32) -> Date {
        let start = |year: u32| {
            let date = Date {
                year,
                month: 1,
                day: 1,
            };
            date.days()
        };
        // No year is longer than 366 days: the guess is never too late.
        let mut year = 1 + days / 366;
        while start(year + 1) <= days {
            year += 1;
        }
        let (mut month, mut left) = (1, days - start(year));
        while left >= days_of(year, month) {
            left -= days_of(year, month);
            month += 1;
        }
        Date {
            year,
            month,
            day: left + 1,
        }
    }
}

fn days_of(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_read_in_any_length_of_time() {
        let growth = read("4%/month").unwrap();
        assert!((growth.value - 0.04).abs() < 1e-12);
        assert_eq!(growth.from, Source::Exactly);
        let range = read("3%..5%/month").unwrap();
        assert!((range.low - 0.03).abs() < 1e-12 && (range.high - 0.05).abs() < 1e-12);
        // 1.6010 = 1.04^12.
        let yearly = read("60.103222%/year").unwrap();
        assert!((yearly.value - 0.04).abs() < 1e-8, "{yearly:?}");
        for wrong in [
            "4/month",
            "4%",
            "5%..3%/month",
            "0%/month",
            "4%/moon",
            "1e9%/day",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn steady_growth_is_found_again() {
        // Day n has 100 · 1.04^(n/30.4375).
        let rows = (0..200).map(|day| {
            let load = 100.0 * 1.04_f64.powf(f64::from(day) / MONTH_DAYS);
            format!("{},{load}", f64::from(day) * DAY)
        });
        let text: Vec<String> = std::iter::once("time_s,load".to_owned())
            .chain(rows)
            .collect();
        let growth = fit(&text.join("\n"), Confidence::NINETY_FIVE).unwrap();
        assert!((growth.value - 0.04).abs() < 1e-9 && growth.high - growth.low < 1e-6);
    }

    #[test]
    fn a_wrong_row_is_told_with_its_line() {
        let wrong = |text: &str| fit(text, Confidence::NINETY_FIVE).unwrap_err();
        assert_eq!(
            wrong("day,load\n1,2"),
            "there is neither a column `date` nor one `time_s`"
        );
        assert_eq!(
            wrong("date,load\n2026-02-28,5\n2026-02-29,6"),
            "line 3: `2026-02-29` is no date"
        );
        assert_eq!(
            wrong("time_s,load\n0,0"),
            "line 2: `0` is no load above zero"
        );
        assert_eq!(wrong("time_s,load\n5,1\n5,1"), "line 3: times must go up");
    }

    #[test]
    fn days_and_dates_are_the_same() {
        let date = |text| Date::read(text).unwrap();
        assert_eq!(date("0001-01-01").days(), 0);
        // 1970-01-01 is day 719,162 of the Gregorian calendar.
        assert_eq!(date("1970-01-01").days(), 719_162);
        for days in (0..800_000).step_by(97) {
            assert_eq!(Date::of_days(days).days(), days);
        }
        assert_eq!(
            Date::of_days(date("2028-02-28").days() + 1),
            date("2028-02-29")
        );
        assert_eq!(Date::read("2027-02-29"), None);
        assert_eq!(date("2026-11-28").to_string(), "2026-11-28");
    }
}
