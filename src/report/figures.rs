//! Figures for people, in words: grouped digits, shares, times.

use crate::plan::Seconds;

/// `part / whole`; of nothing, nothing.
pub fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// One decimal, and never 100.0 for what is less.
pub fn percent(part: f64) -> String {
    let shown = if part < 1.0 { (part * 100.0).min(99.9) } else { part * 100.0 };
    format!("{shown:.1} %")
}

/// At most three decimals, digits in threes.
pub fn number(value: f64) -> String {
    let text = format!("{:.3}", value.abs());
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let decimals = decimals.trim_end_matches('0');
    let sign = if value < 0.0 { "-" } else { "" };
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{decimals}", in_threes(whole))
}

/// Digits in threes.
pub fn count(number: u64) -> String {
    in_threes(&number.to_string())
}

/// `1 request`, `1,200 requests`.
pub fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// `1 copy`, `1,200 copies`.
pub fn copies(number: u64) -> String {
    if number == 1 { "1 copy".into() } else { format!("{} copies", count(number)) }
}

/// `1234567` becomes `1,234,567`.
fn in_threes(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Milliseconds below a second.
pub fn time(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1000.0) } else { format!("{seconds:.2} s") }
}

/// Where the time of a plan went: seconds in all, and those of each phase that took any; empty where none is told.
pub fn times(seconds: &Seconds) -> String {
    let phases = [
        ("read", seconds.read),
        ("compile", seconds.compile),
        ("solve", seconds.solve),
        ("place", seconds.place),
        ("verify", seconds.verify),
    ];
    let phases: Vec<String> =
        phases.iter().filter(|(_, spent)| *spent > 0.0).map(|(name, spent)| format!("{name} {}", time(*spent))).collect();
    if phases.is_empty() { String::new() } else { format!("{} in all: {}", time(seconds.total), phases.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_and_grouped() {
        let cases = [(0.0, "0"), (12.5, "12.5"), (1234567.0, "1,234,567"), (-1000.1239, "-1,000.124"), (999.9999, "1,000")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn only_all_is_a_hundred_percent() {
        assert_eq!(percent(1.0), "100.0 %");
        assert_eq!(percent(0.99999), "99.9 %");
        assert_eq!(percent(share(1.0, 0.0)), "0.0 %");
    }
}
