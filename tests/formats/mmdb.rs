//! A tiny writer of MaxMind databases, so that a fixture need not be a binary file.
//!
//! A search tree of 24-bit records over the bits of an address, 16 zero bytes, the records, a marker, and metadata.

/// A value of a record.
pub enum Value {
    Text(&'static str),
    Number(u32),
    Short(u16),
    Map(Vec<(&'static str, Value)>),
}

/// A database of IPv4 prefixes; each prefix, as its bits, has a record.
pub fn database(rows: &[(&str, Value)]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut tree: Vec<[Cell; 2]> = vec![[Cell::Empty; 2]];
    for (bits, value) in rows {
        let offset = data.len() as u32;
        encode(value, &mut data);
        grow(&mut tree, bits, offset);
    }
    let count = tree.len() as u32;
    let mut bytes = Vec::new();
    for cell in tree.iter().flatten() {
        let record = match *cell {
            Cell::Empty => count,
            Cell::Node(node) => node,
            Cell::Data(offset) => count + 16 + offset,
        };
        bytes.extend(&record.to_be_bytes()[1..]);
    }
    bytes.extend([0; 16]);
    bytes.extend(data);
    bytes.extend(b"\xab\xcd\xefMaxMind.com");
    let metadata = [
        ("node_count", Value::Number(count)),
        ("record_size", Value::Short(24)),
        ("ip_version", Value::Short(4)),
        ("database_type", Value::Text("Test-ASN")),
        ("binary_format_major_version", Value::Short(2)),
        ("binary_format_minor_version", Value::Short(0)),
        ("description", Value::Map(Vec::new())),
    ];
    bytes.push(0xe0 | (metadata.len() as u8 + 2));
    for (name, value) in &metadata {
        encode(&Value::Text(name), &mut bytes);
        encode(value, &mut bytes);
    }
    encode(&Value::Text("languages"), &mut bytes);
    bytes.extend([0x00, 0x04]); // an empty array
    encode(&Value::Text("build_epoch"), &mut bytes);
    bytes.extend([0x01, 0x02, 7]); // 64 bits, one byte long
    bytes
}

#[derive(Clone, Copy)]
enum Cell {
    Empty,
    Node(u32),
    Data(u32),
}

fn grow(tree: &mut Vec<[Cell; 2]>, bits: &str, offset: u32) {
    let mut node = 0;
    let (last, path) = bits.as_bytes().split_last().unwrap();
    for bit in path {
        let side = usize::from(*bit == b'1');
        node = match tree[node][side] {
            Cell::Node(next) => next as usize,
            _ => {
                let next = tree.len();
                tree.push([Cell::Empty; 2]);
                tree[node][side] = Cell::Node(next as u32);
                next
            }
        };
    }
    tree[node][usize::from(*last == b'1')] = Cell::Data(offset);
}

/// A control byte holds type and size; all sizes here are below 29.
fn encode(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) => {
            out.push(2 << 5 | text.len() as u8);
            out.extend(text.bytes());
        }
        Value::Short(number) => {
            out.push(5 << 5 | 2);
            out.extend(number.to_be_bytes());
        }
        Value::Number(number) => {
            out.push(6 << 5 | 4);
            out.extend(number.to_be_bytes());
        }
        Value::Map(rows) => {
            out.push(7 << 5 | rows.len() as u8);
            for (name, value) in rows {
                encode(&Value::Text(name), out);
                encode(value, out);
            }
        }
    }
}
