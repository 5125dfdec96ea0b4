//! Figures for people: tables without lines, bars, grouped digits.

use super::terminal::Terminal;
use comfy_table::{Cell, CellAlignment, Table, presets};

/// Cells of a bar.
const BAR: usize = 20;

/// A table without lines, coloured only where `look` allows it.
pub fn table(look: Terminal) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    if look.colours {
        table.enforce_styling()
    } else {
        table.force_no_tty()
    };
    table
}

/// A cell of figures.
pub fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// Filled from the left; full only where nothing is missing, empty only where nothing is there.
pub fn bar(part: f64) -> Cell {
    let part = part.clamp(0.0, 1.0);
    let whole = (part * BAR as f64) as usize;
    let filled = if part > 0.0 { whole.max(1) } else { 0 };
    Cell::new(format!("{}{}", "█".repeat(filled), "░".repeat(BAR - filled)))
}

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

    #[test]
    fn a_bar_is_full_only_where_nothing_is_missing() {
        let filled = |part| bar(part).content().chars().filter(|cell| *cell == '█').count();
        assert_eq!([filled(0.0), filled(0.001), filled(0.5), filled(0.999), filled(1.0), filled(7.0)], [0, 1, 10, 19, 20, 20]);
    }
}
