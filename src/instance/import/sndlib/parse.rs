//! The native format of SNDlib: sections of lines in brackets.
//!
//! ```text
//! META ( name = text ... )
//! NODES ( ID [( X Y )] ... )
//! LINKS ( ID ( FROM TO ) PRE_INSTALLED PRE_INSTALLED_COST ROUTING_COST SETUP_COST ( {CAPACITY COST}* ) ... )
//! DEMANDS ( ID ( FROM TO ) ROUTING_UNIT VALUE MAX_PATH_LENGTH ... )
//! ADMISSIBLE_PATHS ( skipped )
//! ```

use super::super::super::fault::Code;
use super::super::located::Located;
use rustc_hash::FxHashMap;

/// A whole file; ends are positions in `nodes`.
#[derive(Debug, Default)]
pub struct Network {
    /// `META`, by name.
    pub meta: FxHashMap<String, String>,
    pub nodes: Vec<Node>,
    pub links: Vec<Link>,
    pub demands: Vec<Demand>,
}

#[derive(Debug)]
pub struct Node {
    pub id: String,
    /// Longitude and latitude, or a place on a drawing.
    pub at: Option<(f64, f64)>,
}

#[derive(Debug)]
pub struct Link {
    pub ends: (usize, usize),
    pub installed: f64,
    pub routing_cost: f64,
    /// Capacity and cost of what may be installed.
    pub modules: Vec<(f64, f64)>,
}

#[derive(Debug)]
pub struct Demand {
    pub ends: (usize, usize),
    /// Capacity that it takes.
    pub volume: f64,
}

/// No capacity, cost or demand is larger.
const MOST: f64 = 1e12;

const HEADER: &str = "?SNDlib native format";

/// Reads the text line by line; a line with a fault is left out.
pub fn parse(text: &str, located: &mut Located) -> Network {
    let mut reader = Reader { network: Network::default(), rows: FxHashMap::default() };
    if !text.trim_start().starts_with(HEADER) {
        located.fault(1, Code::WrongFormat, "this is not SNDlib's native format", format!("begin the file with {HEADER:?}"));
        return reader.network;
    }
    let mut section: Option<(&str, usize)> = None;
    let mut depth = 0;
    for (line, text) in text.lines().enumerate().map(|(row, text)| (row + 1, text.trim())) {
        match section {
            _ if text.is_empty() || text.starts_with(['#', '?']) => {}
            None => section = opened(text, line, located),
            // Here alone brackets stand open over several lines.
            Some(("ADMISSIBLE_PATHS", _)) if depth > 0 || text != ")" => depth = nested(depth, text),
            Some(_) if text == ")" => section = None,
            Some((name, _)) => reader.line(name, text, line, located),
        }
    }
    if let Some((name, line)) = section {
        located.fault(line, Code::Syntax, format!("the section {name} is never closed"), "write ) on a line of its own");
    }
    reader.network
}

/// How many brackets are open after a line.
fn nested(depth: usize, line: &str) -> usize {
    let count = |sign: char| line.chars().filter(|c| *c == sign).count();
    (depth + count('(')).saturating_sub(count(')'))
}

/// The section that a line opens.
fn opened<'t>(text: &'t str, line: usize, located: &mut Located) -> Option<(&'t str, usize)> {
    let name = text.strip_suffix('(').map(str::trim);
    if !matches!(name, Some("META" | "NODES" | "LINKS" | "DEMANDS" | "ADMISSIBLE_PATHS")) {
        let remedy = "open a section: META, NODES, LINKS, DEMANDS or ADMISSIBLE_PATHS and (";
        located.fault(line, Code::Syntax, format!("{text:?} stands outside of every section"), remedy);
    }
    name.map(|name| (name, line))
}

struct Reader {
    network: Network,
    /// Position and line of each node.
    rows: FxHashMap<String, (usize, usize)>,
}

impl Reader {
    fn line(&mut self, section: &str, text: &str, line: usize, located: &mut Located) {
        if section == "META" {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            self.network.meta.insert(name.trim().to_owned(), value.trim().to_owned());
            return;
        }
        let spaced = text.replace('(', " ( ").replace(')', " ) ");
        let words: Vec<&str> = spaced.split_whitespace().collect();
        match section {
            "NODES" => self.node(&words, line, located),
            "LINKS" => self.link(&words, line, located),
            "DEMANDS" => self.demand(&words, line, located),
            _ => {}
        }
    }

    fn node(&mut self, words: &[&str], line: usize, located: &mut Located) {
        let (id, at) = match words {
            [id] => (*id, None),
            [id, "(", x, y, ")"] => (*id, number(x, line, located).zip(number(y, line, located))),
            _ => return located.fault(line, Code::Syntax, "this is no node", "write ID ( LONGITUDE LATITUDE )"),
        };
        if let Some((_, first)) = self.rows.insert(id.to_owned(), (self.network.nodes.len(), line)) {
            let what = format!("a second node {id:?}, after line {first}");
            located.fault(line, Code::DuplicateId, what, "rename or remove one of them");
        }
        self.network.nodes.push(Node { id: id.to_owned(), at });
    }

    fn link(&mut self, words: &[&str], line: usize, located: &mut Located) {
        let [_, "(", from, to, ")", installed, _, routing_cost, _, "(", modules @ .., ")"] = words else {
            let remedy = "write ID ( FROM TO ) PRE_INSTALLED ITS_COST ROUTING_COST SETUP_COST ( CAPACITY COST ... )";
            return located.fault(line, Code::Syntax, "this is no link", remedy);
        };
        let ends = self.ends(from, to, line, located);
        let amounts = amount(installed, line, located).zip(amount(routing_cost, line, located));
        if modules.len() % 2 == 1 {
            located.fault(line, Code::Syntax, "a module without a cost", "write a capacity and a cost for each module");
        }
        let module = |pair: &[&str]| amount(pair[0], line, located).zip(amount(pair[1], line, located));
        let modules = modules.chunks_exact(2).filter_map(module).collect();
        if let Some((ends, (installed, routing_cost))) = ends.zip(amounts) {
            self.network.links.push(Link { ends, installed, routing_cost, modules });
        }
    }

    fn demand(&mut self, words: &[&str], line: usize, located: &mut Located) {
        let [_, "(", from, to, ")", unit, value, _] = words else {
            let remedy = "write ID ( FROM TO ) ROUTING_UNIT VALUE MAX_PATH_LENGTH";
            return located.fault(line, Code::Syntax, "this is no demand", remedy);
        };
        let ends = self.ends(from, to, line, located);
        let volume = amount(unit, line, located).zip(amount(value, line, located)).map(|(unit, value)| unit * value);
        self.network.demands.extend(ends.zip(volume).map(|(ends, volume)| Demand { ends, volume }));
    }

    fn ends(&self, from: &str, to: &str, line: usize, located: &mut Located) -> Option<(usize, usize)> {
        let mut row = |id: &str| {
            let row = self.rows.get(id).map(|(row, _)| *row);
            if row.is_none() {
                located.fault(
                    line,
                    Code::DanglingReference,
                    format!("no node above is called {id:?}"),
                    "add it, or mend the name",
                );
            }
            row
        };
        let (from, to) = (row(from), row(to));
        from.zip(to)
    }
}

/// A number from 0 to 10^12.
fn amount(word: &str, line: usize, located: &mut Located) -> Option<f64> {
    let number = number(word, line, located)?;
    if !(0.0..=MOST).contains(&number) {
        located.fault(line, Code::OutOfRange, format!("{word} is out of range"), "write 0 to 10^12");
    }
    Some(number)
}

fn number(word: &str, line: usize, located: &mut Located) -> Option<f64> {
    let number = word.parse::<f64>().ok().filter(|number| number.is_finite());
    if number.is_none() {
        located.fault(line, Code::WrongType, format!("{word:?} is no number"), "write digits");
    }
    number
}
