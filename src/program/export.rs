//! Programs as files for other solvers: free MPS, and the LP format that people read.
//!
//! Names are made safe for both formats (`x[3,5,0]` becomes `x_3_5_0`) and unique: one that is taken already gets the number
//! of its row or column behind it. Numbers are written in full, and are read back as the same bits.

use super::{Name, Program};
use std::collections::HashSet;
use std::io::{self, Write};

/// What counts as infinite.
const INFINITE: f64 = 1e20;

/// Writes the program in free MPS format, to be minimised.
///
/// # Errors
///
/// What the writer says; or a row's lower side is above its upper one, which the format cannot say.
pub fn write_mps(program: &Program, mut out: impl Write) -> io::Result<()> {
    if let Some(row) = program.rows.iter().find(|row| row.lower > row.upper) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("row {} asks for more than it allows", row.name)));
    }
    let (rows, columns) = names(program);
    writeln!(out, "NAME pleach\nROWS\n N cost")?;
    for (row, name) in program.rows.iter().zip(&rows) {
        writeln!(out, " {} {name}", Sense::of(row.lower, row.upper).letter())?;
    }
    writeln!(out, "COLUMNS")?;
    let mut whole = false;
    for (at, (column, name)) in program.columns.iter().zip(&columns).enumerate() {
        if column.whole != whole {
            whole = column.whole;
            writeln!(out, " MARKER{at} 'MARKER' '{}'", if whole { "INTORG" } else { "INTEND" })?;
        }
        // Even a cost of 0, as a column without entries would not be known otherwise.
        writeln!(out, " {name} cost {}", column.cost)?;
        for (row, value) in program.entries(at) {
            writeln!(out, " {name} {} {value}", rows[row as usize])?;
        }
    }
    if whole {
        writeln!(out, " MARKER{} 'MARKER' 'INTEND'", columns.len())?;
    }
    write_sides(program, &rows, &mut out)?;
    writeln!(out, "BOUNDS")?;
    for (column, name) in program.columns.iter().zip(&columns) {
        write_mps_bound(column.lower, column.upper, name, &mut out)?;
    }
    writeln!(out, "ENDATA")
}

/// Right-hand sides, and the ranges of rows with two.
fn write_sides(program: &Program, names: &[String], out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "RHS")?;
    for (row, name) in program.rows.iter().zip(names) {
        match Sense::of(row.lower, row.upper) {
            Sense::Free => {}
            Sense::AtMost => writeln!(out, " rhs {name} {}", row.upper)?,
            Sense::Equal | Sense::AtLeast | Sense::Between => writeln!(out, " rhs {name} {}", row.lower)?,
        }
    }
    writeln!(out, "RANGES")?;
    for (row, name) in program.rows.iter().zip(names) {
        if Sense::of(row.lower, row.upper) == Sense::Between {
            writeln!(out, " rng {name} {}", row.upper - row.lower)?;
        }
    }
    Ok(())
}

/// Always both bounds: what is left out is read in different ways, above all for whole columns.
fn write_mps_bound(lower: f64, upper: f64, name: &str, out: &mut impl Write) -> io::Result<()> {
    match Sense::of(lower, upper) {
        Sense::Free => writeln!(out, " FR bnd {name}"),
        Sense::Equal => writeln!(out, " FX bnd {name} {lower}"),
        Sense::AtLeast => writeln!(out, " LO bnd {name} {lower}\n PL bnd {name}"),
        Sense::AtMost => writeln!(out, " MI bnd {name}\n UP bnd {name} {upper}"),
        Sense::Between => writeln!(out, " LO bnd {name} {lower}\n UP bnd {name} {upper}"),
    }
}

/// Writes the program in LP format, to be minimised. A row with two sides becomes two rows, `..._low` and `..._high`.
///
/// # Errors
///
/// What the writer says.
pub fn write_lp(program: &Program, mut out: impl Write) -> io::Result<()> {
    let (rows, columns) = names(program);
    writeln!(out, "Minimize\n cost:")?;
    for (column, name) in program.columns.iter().zip(&columns) {
        writeln!(out, "  {:+} {name}", column.cost)?;
    }
    writeln!(out, "Subject To")?;
    for (row, entries) in by_rows(program).iter().enumerate() {
        let (name, lower, upper) = (&rows[row], program.rows[row].lower, program.rows[row].upper);
        let mut side = |name: &str, relation: &str, side: f64| {
            writeln!(out, " {name}:")?;
            for (column, value) in entries {
                writeln!(out, "  {value:+} {}", columns[*column as usize])?;
            }
            // A row without entries is kept: what it says may be impossible.
            if let (true, Some(column)) = (entries.is_empty(), columns.first()) {
                writeln!(out, "  +0 {column}")?;
            }
            writeln!(out, "  {relation} {side}")
        };
        match Sense::of(lower, upper) {
            Sense::Free => {}
            Sense::Equal => side(name, "=", lower)?,
            Sense::AtLeast => side(name, ">=", lower)?,
            Sense::AtMost => side(name, "<=", upper)?,
            Sense::Between => {
                side(&format!("{name}_low"), ">=", lower)?;
                side(&format!("{name}_high"), "<=", upper)?;
            }
        }
    }
    writeln!(out, "Bounds")?;
    for (column, name) in program.columns.iter().zip(&columns) {
        match Sense::of(column.lower, column.upper) {
            Sense::Free => writeln!(out, " {name} free")?,
            Sense::Equal => writeln!(out, " {name} = {}", column.lower)?,
            Sense::AtLeast => writeln!(out, " {name} >= {}", column.lower)?,
            Sense::AtMost => writeln!(out, " -inf <= {name} <= {}", column.upper)?,
            Sense::Between => writeln!(out, " {} <= {name} <= {}", column.lower, column.upper)?,
        }
    }
    if program.columns.iter().any(|column| column.whole) {
        writeln!(out, "General")?;
        for (_, name) in program.columns.iter().zip(&columns).filter(|(column, _)| column.whole) {
            writeln!(out, " {name}")?;
        }
    }
    writeln!(out, "End")
}

/// Which of two bounds there are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Free,
    Equal,
    AtLeast,
    AtMost,
    Between,
}

impl Sense {
    fn of(lower: f64, upper: f64) -> Sense {
        match (lower > -INFINITE, upper < INFINITE) {
            (false, false) => Sense::Free,
            (true, false) => Sense::AtLeast,
            (false, true) => Sense::AtMost,
            (true, true) if lower == upper => Sense::Equal,
            (true, true) => Sense::Between,
        }
    }

    /// Of a row in MPS; a row with two sides is `G` with a range.
    fn letter(self) -> char {
        match self {
            Sense::Free => 'N',
            Sense::Equal => 'E',
            Sense::AtMost => 'L',
            Sense::AtLeast | Sense::Between => 'G',
        }
    }
}

/// The matrix by rows: columns and values of each.
fn by_rows(program: &Program) -> Vec<Vec<(u32, f64)>> {
    let mut rows = vec![Vec::new(); program.rows.len()];
    for column in 0..program.columns.len() {
        program.entries(column).for_each(|(row, value)| rows[row as usize].push((column as u32, value)));
    }
    rows
}

/// Safe, unique names of rows and columns.
fn names(program: &Program) -> (Vec<String>, Vec<String>) {
    (unique(program.rows.iter().map(|row| row.name)), unique(program.columns.iter().map(|column| column.name)))
}

fn unique(names: impl Iterator<Item = Name>) -> Vec<String> {
    let mut taken = HashSet::from(["cost".to_owned()]);
    let mut number = |(at, name): (usize, Name)| {
        let mut safe = safe(name);
        while !taken.insert(safe.clone()) {
            safe = format!("{safe}_{at}");
        }
        safe
    };
    names.enumerate().map(&mut number).collect()
}

/// A tag in letters that both formats allow, with its numbers behind it. The letter in front keeps it from being read as a
/// number (`e5`) or a keyword (`free`, `st`).
fn safe(name: Name) -> String {
    let tag: String = name.tag.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    let numbers = name.of.iter().filter(|number| **number != Name::NO).map(|number| format!("_{number}"));
    let plain: String = std::iter::once(tag.clone()).chain(numbers).collect();
    let odd =
        !plain.contains('_') || !tag.starts_with(|letter: char| letter.is_ascii_alphabetic() && !matches!(letter, 'e' | 'E'));
    if odd { format!("v_{plain}") } else { plain }
}
