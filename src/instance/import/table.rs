//! CSV by the names of its columns: comma-separated, quoted where needed, a header line first.
//!
//! Columns may stand in any order, and columns that nobody asks for are skipped. A line that is broken is told and left
//! out; the reading goes on.

use super::super::fault::Code;
use super::{Complaints, Source};
use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use std::str::FromStr;

/// A table whose header has been read.
pub struct Table<'s, const N: usize> {
    source: &'s Source,
    columns: [(&'static str, usize); N],
    reader: Reader<&'s [u8]>,
}

/// One cell: its column and its text, without blanks around it.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    column: &'static str,
    /// What stands there.
    pub text: &'a str,
}

/// Where a row stands, to tell what is wrong with it.
#[derive(Clone, Copy)]
pub struct Line<'s> {
    source: &'s Source,
    /// Counted from 1, the header included.
    pub number: u64,
}

impl<'s, const N: usize> Table<'s, N> {
    /// Finds the columns in the header, or tells every one that is missing.
    pub fn open(source: &'s Source, columns: [&'static str; N], faults: &mut Complaints) -> Option<Table<'s, N>> {
        let mut reader = ReaderBuilder::new().trim(csv::Trim::All).from_reader(source.text.as_slice());
        let header = match reader.headers() {
            Ok(header) => header.clone(),
            Err(fault) => {
                faults.add(broken(source, 1, &fault));
                return None;
            }
        };
        let mut complete = true;
        let columns = columns.map(|column| {
            let found = header.iter().position(|name| name == column);
            if found.is_none() {
                let remedy = match header.is_empty() {
                    true => "name the columns in the first line; it is empty".to_owned(),
                    false => {
                        format!("name the columns in the first line; it has: {}", header.iter().collect::<Vec<_>>().join(", "))
                    }
                };
                faults.add(source.fault(1, Code::MissingField, format!("there is no column `{column}`"), remedy));
                complete = false;
            }
            (column, found.unwrap_or(0))
        });
        complete.then_some(Table { source, columns, reader })
    }

    /// Calls `each` with every whole line and its cells, in the order of the columns asked for.
    pub fn rows(mut self, faults: &mut Complaints, mut each: impl FnMut(Line<'s>, [Cell<'_>; N], &mut Complaints)) {
        let mut record = StringRecord::new();
        loop {
            let before = self.reader.position().line();
            match self.reader.read_record(&mut record) {
                Ok(false) => return,
                Ok(true) => {
                    let number = record.position().map_or(before, csv::Position::line);
                    let cell = |(column, at)| Cell { column, text: record.get(at).unwrap_or_default() };
                    each(Line { source: self.source, number }, self.columns.map(cell), faults);
                }
                Err(fault) => faults.add(broken(self.source, fault.position().map_or(before, csv::Position::line), &fault)),
            }
        }
    }
}

impl Line<'_> {
    /// Tells that something is wrong with this line.
    pub fn fault(self, faults: &mut Complaints, code: Code, what: impl Into<String>, remedy: impl Into<String>) {
        faults.add(self.source.fault(self.number, code, what, remedy));
    }

    /// The cell as a number, or a fault.
    pub fn number<T: FromStr>(self, cell: Cell<'_>, faults: &mut Complaints) -> Option<T> {
        let number = cell.text.parse().ok();
        if number.is_none() {
            let what = format!("`{}` is {:?}, which is no such number", cell.column, cell.text);
            self.fault(faults, Code::WrongType, what, "write digits");
        }
        number
    }

    /// The cell's text, or a fault if there is none.
    pub fn word<'c>(self, cell: Cell<'c>, faults: &mut Complaints) -> Option<&'c str> {
        if cell.text.is_empty() {
            let what = format!("`{}` is empty", cell.column);
            self.fault(faults, Code::MissingField, what, "fill it in");
        }
        (!cell.text.is_empty()).then_some(cell.text)
    }
}

/// What the reader of CSV stumbled over.
fn broken(source: &Source, line: u64, fault: &csv::Error) -> super::super::fault::Fault {
    let (what, remedy) = match fault.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let what = format!("the line has {len} fields, the header {expected_len}");
            (what, "write one field for each column; quote a text that has a comma")
        }
        ErrorKind::Utf8 { .. } => ("bytes that are not UTF-8".to_owned(), "save the file as UTF-8"),
        _ => (fault.to_string(), "mend the line"),
    };
    source.fault(line, Code::Syntax, what, remedy)
}

#[cfg(test)]
mod tests {
    use super::super::super::fault::Faults;
    use super::*;

    /// Name and number of each row, or the faults as text.
    fn read(text: &[u8]) -> Result<Vec<(String, u32)>, Vec<String>> {
        let source = Source::new("t.csv", text);
        let mut faults = Complaints::default();
        let mut rows = Vec::new();
        if let Some(table) = Table::open(&source, ["name", "n"], &mut faults) {
            table.rows(&mut faults, |line, [name, n], faults| {
                let row = (line.word(name, faults), line.number(n, faults));
                rows.extend(row.0.map(str::to_owned).zip(row.1));
            });
        }
        let told = |Faults(faults)| faults.iter().map(|f| format!("{} {} {}", f.path, f.code.word(), f.what)).collect();
        faults.verdict(rows).map_err(told)
    }

    #[test]
    fn columns_are_found_by_name_and_quotes_are_understood() {
        let rows = read(b"n,x,name\n1,,\"a, b\"\n2, , c \n").unwrap();
        assert_eq!(rows, [("a, b".to_owned(), 1), ("c".to_owned(), 2)]);
    }

    #[test]
    fn every_fault_of_a_file_is_told_with_its_line() {
        let told = read(b"name,n\na,1\nb\nc,x\n,4\n\xff,5\nd,-1\n").unwrap_err();
        let wanted = [
            "t.csv:3 syntax the line has 1 fields, the header 2",
            "t.csv:4 wrong_type `n` is \"x\", which is no such number",
            "t.csv:5 missing_field `name` is empty",
            "t.csv:6 syntax bytes that are not UTF-8",
            "t.csv:7 wrong_type `n` is \"-1\", which is no such number",
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn missing_columns_are_told_together() {
        assert_eq!(read(b"a,b\n1,2\n").unwrap_err().len(), 2);
        assert_eq!(read(b"").unwrap_err().len(), 2);
    }
}
