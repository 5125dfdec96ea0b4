//! Figures on a terminal: tables without lines, bars; the words are those of reports.

use super::terminal::Terminal;
use comfy_table::{Cell, CellAlignment, Table, presets};
pub use pleach::report::figures::{count, number, percent, share, times};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_full_only_where_nothing_is_missing() {
        let filled = |part| bar(part).content().chars().filter(|cell| *cell == '█').count();
        assert_eq!([filled(0.0), filled(0.001), filled(0.5), filled(0.999), filled(1.0), filled(7.0)], [0, 1, 10, 19, 20, 20]);
    }
}
