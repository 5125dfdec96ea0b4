//! An audience behind a few transit links, as figures: where it is, what home lacks, what the links decide.

use super::{balances, make, most_copies, peers};
use pleach::instance::document::Document;
use pleach::instance::generate::{Knobs, Links};

fn crunch(links: Option<Links>) -> Document {
    make("transit-crunch", Knobs { links, ..Knobs::default() })
}

/// Share of the peers in networks whose name begins so.
fn share(document: &Document, start: &str) -> f64 {
    peers(document).filter(|node| node.network.starts_with(start)).count() as f64 / peers(document).count() as f64
}

#[test]
fn the_audience_is_where_the_logs_saw_it() {
    let document = crunch(None);
    for (code, per_cent) in [("ma", 60.4), ("fr", 9.8), ("es", 4.9), ("de", 4.2), ("it", 2.7), ("dz", 2.5), ("ae", 0.9)] {
        let here = share(&document, code);
        assert!((here - per_cent / 95.7).abs() < 0.012, "{code}: {here}");
    }
    for (provider, logged) in [("ma-isp01", 0.657), ("ma-isp02", 0.127), ("ma-isp03", 0.117), ("ma-isp04", 0.099)] {
        let here = share(&document, provider) / share(&document, "ma");
        assert!((here - logged).abs() < 0.012, "{provider}: {here}");
    }
}

#[test]
fn a_quarter_of_all_copies_must_enter_home_from_abroad() {
    let document = crunch(None);
    let balances = balances(&document);
    let home = balances.iter().filter(|(network, _)| network.starts_with("ma-"));
    let (supply, demand) = home.fold((0, 0), |(s, d), (_, (supply, demand))| (s + supply, d + demand));
    let all: u64 = balances.values().map(|(_, demand)| demand).sum();
    let entering = (demand - supply) as f64 / all as f64;
    // Of the bytes between the peers of that day 24.2 % entered Morocco.
    assert!((0.20..0.27).contains(&entering), "{entering}");
}

#[test]
fn each_home_provider_has_one_transit_link_each_way() {
    let document = crunch(None);
    for network in document.networks.iter().filter(|network| network.id.starts_with("ma-isp")) {
        let of = |end: fn(&pleach::instance::document::LinkRow) -> &str| {
            document.links.iter().filter(|link| link.kind.as_deref() == Some("transit") && end(link) == network.id).count()
        };
        assert_eq!((of(|link| &link.from), of(|link| &link.to)), (1, 1), "{}", network.id);
    }
}

#[test]
fn caps_on_the_links_decide_who_is_served() {
    let free = most_copies(&crunch(Some(Links::Free)));
    let shares = [0.25, 0.5, 1.0].map(|ratio| most_copies(&crunch(Some(Links::Ratio(ratio)))) / free);
    assert!(shares[0] < 0.87 && shares[0] + 0.03 < shares[1] && shares[1] + 0.05 < shares[2], "{shares:?}");
    assert!(shares[2] > 0.995, "{shares:?}");
    let binding = most_copies(&crunch(None)) / free;
    assert!((0.93..0.96).contains(&binding), "{binding}");
}
