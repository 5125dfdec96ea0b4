//! Who connects to whom, over which links, how far apart: sections 1 and 4 of the contract on names and lists.

use super::matching::{in_force, network_of};
use pleach::instance::document::NodeRow;
use pleach::instance::{Document, LinkState, Nat};
use smol_str::SmolStr;
use std::cmp::Ordering;

/// Section 1, "Connectivity".
pub fn connects(document: &Document, parent: &NodeRow, child: &NodeRow) -> bool {
    let enterprise = network_of(document, parent).kind.as_deref() == Some("enterprise");
    if parent.network == child.network && enterprise {
        return true;
    }
    let easy = |nat: Nat| matches!(nat, Nat::Open | Nat::FullCone | Nat::RestrictedCone);
    match (parent.nat.unwrap_or(Nat::Open), child.nat.unwrap_or(Nat::Open)) {
        (Nat::Blocked, _) => false,
        (parent, Nat::Blocked) => parent == Nat::Open,
        (parent, child) if easy(parent) || easy(child) => true,
        (parent, child) => parent == Nat::PortRestricted && child == Nat::PortRestricted,
    }
}

/// The links from one network to another, as places in the document's list; `None`: unreachable.
pub fn route(document: &Document, from: &SmolStr, to: &SmolStr) -> Option<Vec<usize>> {
    let up = |link: usize| document.links[link].state != Some(LinkState::Down);
    let place = |id: &SmolStr| document.links.iter().position(|link| link.id == *id).expect("routes name links that exist");
    if from == to {
        let inner: Vec<usize> =
            (0..document.links.len()).filter(|&l| document.links[l].from == *from && document.links[l].to == *from).collect();
        return inner.iter().all(|&l| up(l)).then_some(inner);
    }
    for route in document.routes.iter().filter(|route| route.from == *from && route.to == *to) {
        let links: Vec<usize> = route.links.iter().map(place).collect();
        if in_force(document, &route.when) && links.iter().all(|&l| up(l)) {
            return Some(links);
        }
    }
    let mut paths = Vec::new();
    list_paths(document, vec![from.clone()], Vec::new(), to, &mut paths);
    paths.into_iter().min_by(|a, b| shorter(document, a, b))
}

/// Every path over links that are not down and that visits no network twice.
fn list_paths(document: &Document, seen: Vec<SmolStr>, path: Vec<usize>, to: &SmolStr, paths: &mut Vec<Vec<usize>>) {
    let here = seen.last().expect("a path starts somewhere");
    if here == to {
        paths.push(path);
        return;
    }
    for (l, link) in document.links.iter().enumerate() {
        if link.from == *here && link.state != Some(LinkState::Down) && !seen.contains(&link.to) {
            let further = [seen.clone(), vec![link.to.clone()]].concat();
            list_paths(document, further, [path.clone(), vec![l]].concat(), to, paths);
        }
    }
}

/// Least weight, then fewest links, then the list of ids.
fn shorter(document: &Document, a: &[usize], b: &[usize]) -> Ordering {
    let weight = |path: &[usize]| path.iter().map(|&l| document.links[l].weight.unwrap_or(1)).sum::<u64>();
    let ids = |path: &[usize]| path.iter().map(|&l| document.links[l].id.clone()).collect::<Vec<_>>();
    weight(a).cmp(&weight(b)).then(a.len().cmp(&b.len())).then_with(|| ids(a).cmp(&ids(b)))
}

/// Great circle between two nodes; where one has no position: 0 inside one network, else 1000.
pub fn distance_km(document: &Document, a: &NodeRow, b: &NodeRow) -> f64 {
    let place = |node: &NodeRow| {
        let network = network_of(document, node);
        node.lat.zip(node.lon).or(network.lat.zip(network.lon)).map(|(lat, lon)| (lat.to_radians(), lon.to_radians()))
    };
    match (place(a), place(b)) {
        (Some((lat1, lon1)), Some((lat2, lon2))) => {
            // The angle between two unit vectors, by its cross and dot product.
            let vector = |lat: f64, lon: f64| [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()];
            let (u, v) = (vector(lat1, lon1), vector(lat2, lon2));
            let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
            let length = cross.iter().map(|x| x * x).sum::<f64>().sqrt();
            6371.0088 * length.atan2(u[0] * v[0] + u[1] * v[1] + u[2] * v[2])
        }
        _ if a.network == b.network => 0.0,
        _ => 1000.0,
    }
}
