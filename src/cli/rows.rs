//! JSON with one row of a list on one line: short to read, easy to compare line by line.

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use std::io::{self, Write};

/// Writes an object of lists, ending with a line break.
pub fn write(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Rows { depth: 0 }))?;
    out.write_all(b"\n")
}

/// Breaks lines between the fields of the outermost object and between the rows of its lists, and nowhere else.
struct Rows {
    depth: usize,
}

/// The fields of the outermost object stand at this depth, and the rows of its lists one deeper.
const FIELDS: usize = 1;

impl Rows {
    fn before<W: ?Sized + Write>(&self, out: &mut W, depth: usize, first: bool) -> io::Result<()> {
        out.write_all(match (first, self.depth == depth) {
            (true, false) => b"",
            (false, false) => b", ",
            (true, true) => b"\n ",
            (false, true) => b",\n ",
        })
    }
}

impl Formatter for Rows {
    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        out.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        out.write_all(if self.depth < FIELDS { b"\n}" } else { b"}" })
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth += 1;
        out.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.depth -= 1;
        out.write_all(b"]")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.before(out, FIELDS, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(b": ")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.before(out, FIELDS + 1, first)?;
        out.write_all(if self.depth == FIELDS + 1 { b" " } else { b"" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn rows_stand_on_lines_of_their_own_and_mean_the_same() {
        let value = json!({"a": [], "b": [{"x": [1, 2], "y": {}}, {"x": null}], "c": "two\nlines"});
        let mut text = Vec::new();
        write(&mut text, &value).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), value);
        let text = String::from_utf8(text).unwrap();
        let lines = [
            "{",
            " \"a\": [],",
            " \"b\": [",
            "  {\"x\": [1, 2], \"y\": {}},",
            "  {\"x\": null}],",
            " \"c\": \"two\\nlines\"",
            "}",
            "",
        ];
        assert_eq!(text.split('\n').collect::<Vec<_>>(), lines);
    }
}
