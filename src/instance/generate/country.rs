//! A country that does not exist: cities, internet providers, and who lives where on which line.

use super::access::{ADSL, Access, CABLE, FTTC, FTTP, MOBILE};
use super::draw::{Draw, Lottery, Part, zipf};
use crate::units::Kbps;

/// A place.
pub(super) struct City {
    pub(super) lat: f64,
    pub(super) lon: f64,
}

/// An internet provider.
pub(super) struct Isp {
    /// Share of the country's users, per cent.
    pub(super) users: f64,
    /// Its lines: kind and share of its customers, the slow kind first.
    lines: &'static [(&'static Access, f64)],
    /// It serves the largest cities only, so many of 24.
    cities: usize,
    /// It reaches the others over this provider, and over no exchange of its own.
    pub(super) upstream: Option<usize>,
}

/// Five shares as published for the UK in 2020, seven smaller ones assumed for the rest (`instances/README.md`). Lines are
/// assumed so that some providers lack capacity (ADSL, mobile) and others have too much (cable, fibre).
pub(super) const ISPS: [Isp; 12] = [
    Isp { users: 19.8, lines: &[(&ADSL, 0.80), (&FTTC, 0.20)], cities: 24, upstream: None },
    Isp { users: 19.7, lines: &[(&ADSL, 0.15), (&CABLE, 0.85)], cities: 24, upstream: None },
    Isp { users: 17.0, lines: &[(&ADSL, 0.72), (&FTTC, 0.26), (&FTTP, 0.02)], cities: 24, upstream: None },
    Isp { users: 6.8, lines: &[(&MOBILE, 1.0)], cities: 24, upstream: None },
    Isp { users: 6.0, lines: &[(&ADSL, 0.90), (&FTTC, 0.10)], cities: 24, upstream: None },
    Isp { users: 5.5, lines: &[(&MOBILE, 1.0)], cities: 24, upstream: None },
    Isp { users: 5.0, lines: &[(&ADSL, 0.90), (&FTTC, 0.10)], cities: 24, upstream: None },
    Isp { users: 4.2, lines: &[(&ADSL, 0.70), (&FTTC, 0.30)], cities: 24, upstream: None },
    Isp { users: 3.5, lines: &[(&ADSL, 0.25), (&FTTC, 0.40), (&FTTP, 0.35)], cities: 16, upstream: None },
    Isp { users: 3.0, lines: &[(&ADSL, 0.50), (&CABLE, 0.50)], cities: 16, upstream: None },
    Isp { users: 2.5, lines: &[(&ADSL, 1.0)], cities: 12, upstream: Some(0) },
    Isp { users: 2.0, lines: &[(&MOBILE, 1.0)], cities: 12, upstream: Some(2) },
];

impl Isp {
    /// How many of the country's cities it serves.
    pub(super) fn reach(&self, cities: usize) -> usize {
        (cities * self.cities).div_ceil(24)
    }

    /// Its lines in one city. Fast lines are a fifth more common in the largest city, and a third as common in the smallest;
    /// over all customers the shares are those of the table.
    fn lines_in(&self, city: usize, cities: usize) -> Lottery {
        let tilt = 1.2 - 0.9 * city as f64 / cities as f64;
        let fast: f64 = self.lines[1..].iter().map(|(_, share)| share).sum();
        let fast_here = (fast * tilt).min(0.95);
        let factor = if fast > 0.0 { fast_here / fast } else { 0.0 };
        let rest = self.lines[1..].iter().map(|(_, share)| share * factor);
        Lottery::new(std::iter::once(1.0 - fast_here).chain(rest))
    }
}

/// Cities in order of size (Zipf), in a box of middle latitude, none of two closer than 30 km where that can be had.
pub(super) fn cities(seed: u64, count: usize) -> Vec<City> {
    let mut draw = Draw::new(seed, Part::Places);
    let mut cities: Vec<City> = Vec::with_capacity(count);
    while cities.len() < count {
        let mut city = City { lat: 0.0, lon: 0.0 };
        for _ in 0..20 {
            let (lat, lon) = (draw.between(46.0, 54.0), draw.between(2.0, 14.0));
            city = City { lat: (lat * 1e3).round() / 1e3, lon: (lon * 1e3).round() / 1e3 };
            if cities.iter().all(|other| km(other, &city) > 30.0) {
                break;
            }
        }
        cities.push(city);
    }
    cities
}

/// Kilometres between two cities, near enough to give links a length.
pub(super) fn km(a: &City, b: &City) -> f64 {
    let across = (a.lon - b.lon) * (0.5 * (a.lat + b.lat)).to_radians().cos();
    111.2 * (a.lat - b.lat).hypot(across)
}

/// One customer: provider, city, line and its uplink.
pub(super) struct Customer {
    pub(super) isp: usize,
    pub(super) city: usize,
    pub(super) access: &'static Access,
    pub(super) uplink: Kbps,
}

/// Draws customers: a provider by its share of users, a city by its size, a line, a place among the lines of its kind.
pub(super) fn customers(seed: u64, count: usize, cities: usize) -> Vec<Customer> {
    let isps = Lottery::new(ISPS.iter().map(|isp| isp.users));
    let homes: Vec<Lottery> = ISPS.iter().map(|isp| Lottery::new(zipf(isp.reach(cities)))).collect();
    let lines: Vec<Vec<Lottery>> = ISPS.iter().map(|isp| (0..cities).map(|city| isp.lines_in(city, cities)).collect()).collect();
    let (mut home, mut line) = (Draw::new(seed, Part::Homes), Draw::new(seed, Part::Uplinks));
    let customer = |_| {
        let isp = isps.row(home.unit());
        let city = homes[isp].row(home.unit());
        let (access, _) = ISPS[isp].lines[lines[isp][city].row(line.unit())];
        Customer { isp, city, access, uplink: access.uplink(line.unit()) }
    };
    (0..count).map(customer).collect()
}
