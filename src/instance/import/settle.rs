//! From the part that a format made to a whole document: alone, or merged into an instance that is there already.

use super::super::decode;
use super::super::document::{Document, INSTANCE_FORMAT};
use super::super::fault::{Faults, Severity};

/// The rows of the instance that something is imported into. Whether its names fit together is judged after the merge.
pub fn document(text: &[u8]) -> Result<Document, Faults> {
    let mut faults = Vec::new();
    let document = decode::document(text, &mut faults).map_err(|fault| Faults(vec![fault]))?;
    let refused = faults.iter().any(|fault| fault.severity() == Severity::Error);
    if refused { Err(Faults(faults)) } else { Ok(document) }
}

/// Merges a part into a base, or makes it a document of its own.
///
/// A row of the part takes the place of the base's row with the same key (ids; node and content; the two ends); all
/// routes of a pair are replaced together; other rows are appended. The base keeps its name and time.
pub fn settle(part: Document, base: Option<Document>) -> Document {
    let Some(base) = base else { return Document { format: INSTANCE_FORMAT.into(), ..part } };
    Document {
        contents: merge(base.contents, part.contents, |row| row.id.clone()),
        nodes: merge(base.nodes, part.nodes, |row| row.id.clone()),
        holdings: merge(base.holdings, part.holdings, |row| (row.node.clone(), row.content.clone())),
        requests: merge(base.requests, part.requests, |row| (row.node.clone(), row.content.clone())),
        networks: merge(base.networks, part.networks, |row| row.id.clone()),
        links: merge(base.links, part.links, |row| row.id.clone()),
        routes: merge(base.routes, part.routes, |row| (row.from.clone(), row.to.clone())),
        paths: merge(base.paths, part.paths, |row| (row.from.clone(), row.to.clone())),
        clusters: merge(base.clusters, part.clusters, |row| row.id.clone()),
        policies: merge(base.policies, part.policies, |row| row.id.clone()),
        previous: merge(base.previous, part.previous, |row| (row.node.clone(), row.content.clone())),
        ..base
    }
}

/// The base's rows without those that the part replaces, each new row where the first of its key stood, the rest at the end.
fn merge<T, K: Ord>(base: Vec<T>, part: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut order: std::collections::BTreeMap<K, (usize, Vec<T>)> = std::collections::BTreeMap::new();
    let first = base.len();
    for (at, row) in part.into_iter().enumerate() {
        order.entry(key(&row)).or_insert_with(|| (first + at, Vec::new())).1.push(row);
    }
    let mut placed: Vec<(usize, T)> = Vec::new();
    for (at, row) in base.into_iter().enumerate() {
        match order.get_mut(&key(&row)) {
            Some((place, _)) => *place = (*place).min(at),
            None => placed.push((at, row)),
        }
    }
    placed.extend(order.into_values().flat_map(|(at, rows)| rows.into_iter().map(move |row| (at, row))));
    placed.sort_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_a_known_key_replace_in_place_and_others_are_appended() {
        let base = vec![("a", 1), ("b", 2), ("a", 3), ("c", 4)];
        let part = vec![("d", 5), ("a", 6), ("a", 7)];
        assert_eq!(merge(base, part, |row| row.0), [("a", 6), ("a", 7), ("b", 2), ("c", 4), ("d", 5)]);
    }
}
