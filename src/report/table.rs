//! Tables of the page: the numbers beneath the pictures, and what has no picture.

use super::figures::{count, percent};
use crate::units::Kbps;

/// A table, ready to be written.
pub struct Table {
    /// An id in the page.
    pub id: &'static str,
    /// What it lists.
    pub caption: String,
    /// Its columns.
    pub head: Vec<Head>,
    /// Its rows, each as long as the head.
    pub rows: Vec<Vec<Cell>>,
    /// How many rows are left out.
    pub more: usize,
}

/// The head of a column.
pub struct Head {
    /// For people.
    pub name: &'static str,
    /// The column holds figures.
    pub figures: bool,
}

/// One cell.
#[derive(Default)]
pub struct Cell {
    /// For people.
    pub text: String,
    /// By what the column is sorted, where that is no text.
    pub sort: Option<f64>,
    /// A bar behind the figure, 0 to 100.
    pub bar: Option<f64>,
    /// The bar is at its end.
    pub full: bool,
}

impl Table {
    /// An empty table; names that begin with `#` head columns of figures.
    pub fn new(id: &'static str, caption: impl Into<String>, names: &[&'static str]) -> Table {
        let head = |name: &&'static str| Head { name: name.trim_start_matches('#'), figures: name.starts_with('#') };
        Table { id, caption: caption.into(), head: names.iter().map(head).collect(), rows: Vec::new(), more: 0 }
    }

    /// Fills it with the first rows, and counts the others.
    pub fn fill<T>(mut self, most: usize, items: &[T], row: impl Fn(&T) -> Vec<Cell>) -> Table {
        self.rows = items.iter().take(most).map(row).collect();
        self.more = items.len().saturating_sub(most);
        self
    }
}

impl Cell {
    /// Words.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell { text: text.into(), ..Cell::default() }
    }

    /// A whole number.
    pub fn count(number: u64) -> Cell {
        Cell { text: count(number), sort: Some(number as f64), ..Cell::default() }
    }

    /// A rate.
    pub fn rate(rate: Kbps) -> Cell {
        Cell { text: rate.to_string(), sort: Some(rate.0 as f64), ..Cell::default() }
    }

    /// A number that may be missing.
    pub fn number(value: Option<f64>) -> Cell {
        Cell {
            text: value.map_or_else(|| "–".into(), super::figures::number),
            sort: Some(value.unwrap_or(-1.0)),
            ..Cell::default()
        }
    }

    /// A share, with its bar.
    pub fn share(part: f64) -> Cell {
        Cell { text: percent(part), sort: Some(part), bar: Some((part * 100.0).clamp(0.0, 100.0)), full: part >= 0.95 }
    }

    /// Nothing to say.
    pub fn none() -> Cell {
        Cell { text: "–".into(), sort: Some(-1.0), ..Cell::default() }
    }
}
