//! The rows of the instance's lists, but for policies.

use super::Row;
use super::fields::{Fields, keep, values};
use super::scalar::{Wrong, address, amount, id, kbps, number, scalar, small, text, weight, whole, word};
use super::when::when;
use crate::instance::document::*;
use crate::instance::fault::{Code, Fault};
use crate::units::Kbps;

/// The largest weight of a link: the length of any path stays far below 2^64.
const LONGEST_LINK: u64 = 1_000_000_000_000_000;

impl Row for ContentRow {
    fn read(fields: &mut Fields<'_, '_>) -> ContentRow {
        let row = ContentRow {
            id: fields.required("id", id).unwrap_or_default(),
            kind: fields.optional("kind", word(ContentKind::WORDS)),
            bitrate_kbps: fields.required("bitrate_kbps", whole(1, Kbps::LARGEST.0)).map_or(Kbps(1), Kbps),
            substreams: fields.required("substreams", small(1, 64)).unwrap_or(64),
            min_substreams: fields.optional("min_substreams", small(1, 64)),
            size_mb: fields.optional("size_mb", amount),
            category: fields.optional("category", text),
            media: fields.optional("media", word(Media::WORDS)),
            attributes: attributes(fields),
        };
        if row.min_substreams.is_some_and(|least| least > row.substreams) {
            let what = format!("more than the {} substreams of the content", row.substreams);
            fields.fault("min_substreams", Code::OutOfRange, what, format!("write 1 to {}", row.substreams));
        }
        row
    }
}

impl Row for NodeRow {
    fn read(fields: &mut Fields<'_, '_>) -> NodeRow {
        let (lat, lon) = place(fields);
        NodeRow {
            id: fields.required("id", id).unwrap_or_default(),
            role: fields.required("role", word(Role::WORDS)).unwrap_or(Role::Peer),
            network: fields.required("network", id).unwrap_or_default(),
            uplink_kbps: fields.required("uplink_kbps", kbps).unwrap_or_default(),
            downlink_kbps: fields.optional("downlink_kbps", kbps),
            nat: fields.optional("nat", word(Nat::WORDS)),
            access: fields.optional("access", text),
            country: fields.optional("country", text),
            region: fields.optional("region", text),
            lat,
            lon,
            ip: fields.optional("ip", address),
            affinity: fields.list("affinity", text).unwrap_or_default(),
            clusters: fields.list("clusters", id).unwrap_or_default(),
            max_children: fields.optional("max_children", small(0, u32::MAX)),
            relay_contents: fields.optional("relay_contents", small(0, u32::MAX)),
            storage_mb: fields.optional("storage_mb", amount),
            loss: fields.optional("loss", number(0.0, 1.0)),
            availability: fields.optional("availability", number(0.0, 1.0)),
            cost: fields.optional("cost", amount),
            attributes: attributes(fields),
        }
    }
}

impl Row for HoldingRow {
    fn read(fields: &mut Fields<'_, '_>) -> HoldingRow {
        HoldingRow {
            node: fields.required("node", id).unwrap_or_default(),
            content: fields.required("content", id).unwrap_or_default(),
            substreams: fields.list("substreams", small(0, 63)),
        }
    }
}

impl Row for RequestRow {
    fn read(fields: &mut Fields<'_, '_>) -> RequestRow {
        RequestRow {
            node: fields.required("node", id).unwrap_or_default(),
            content: fields.required("content", id).unwrap_or_default(),
            weight: fields.optional("weight", weight),
        }
    }
}

impl Row for NetworkRow {
    fn read(fields: &mut Fields<'_, '_>) -> NetworkRow {
        let (lat, lon) = place(fields);
        NetworkRow {
            id: fields.required("id", id).unwrap_or_default(),
            kind: fields.optional("kind", text),
            asn: fields.optional("as", small(0, u32::MAX)),
            country: fields.optional("country", text),
            lat,
            lon,
        }
    }
}

impl Row for LinkRow {
    fn read(fields: &mut Fields<'_, '_>) -> LinkRow {
        LinkRow {
            id: fields.required("id", id).unwrap_or_default(),
            from: fields.required("from", id).unwrap_or_default(),
            to: fields.required("to", id).unwrap_or_default(),
            capacity_kbps: fields.optional("capacity_kbps", kbps),
            used_kbps: fields.optional("used_kbps", kbps),
            cost: fields.optional("cost", amount),
            kind: fields.optional("kind", text),
            state: fields.optional("state", word(LinkState::WORDS)),
            month_to_date_gb: fields.optional("month_to_date_gb", amount),
            weight: fields.optional("weight", whole(1, LONGEST_LINK)),
        }
    }
}

impl Row for RouteRow {
    fn read(fields: &mut Fields<'_, '_>) -> RouteRow {
        RouteRow {
            from: fields.required("from", id).unwrap_or_default(),
            to: fields.required("to", id).unwrap_or_default(),
            links: fields.required_list("links", id),
            when: fields.object("when", when).unwrap_or_default(),
        }
    }
}

impl Row for PathRow {
    fn read(fields: &mut Fields<'_, '_>) -> PathRow {
        PathRow {
            from: fields.required("from", id).unwrap_or_default(),
            to: fields.required("to", id).unwrap_or_default(),
            rtt_ms: fields.optional("rtt_ms", amount),
            loss: fields.optional("loss", number(0.0, 1.0)),
        }
    }
}

impl Row for ClusterRow {
    fn read(fields: &mut Fields<'_, '_>) -> ClusterRow {
        ClusterRow {
            id: fields.required("id", id).unwrap_or_default(),
            level: fields.required("level", small(1, 3)).map_or(1, |level| level as u8),
            region: fields.optional("region", text),
        }
    }
}

impl Row for PreviousRow {
    fn read(fields: &mut Fields<'_, '_>) -> PreviousRow {
        PreviousRow {
            node: fields.required("node", id).unwrap_or_default(),
            content: fields.required("content", id).unwrap_or_default(),
            parents: parents(fields),
        }
    }
}

/// `lat` and `lon`, which stand together or not at all.
fn place(fields: &mut Fields<'_, '_>) -> (Option<f64>, Option<f64>) {
    let (lat, lon) = (fields.take("lat"), fields.take("lon"));
    match (lat, lon) {
        (Some(_), None) => fields.missing("lon"),
        (None, Some(_)) => fields.missing("lat"),
        _ => {}
    }
    let lat = lat.and_then(|raw| fields.value("lat", raw, number(-90.0, 90.0)));
    let lon = lon.and_then(|raw| fields.value("lon", raw, number(-180.0, 180.0)));
    (lat, lon)
}

/// Free attributes by name.
fn attributes(fields: &mut Fields<'_, '_>) -> Attributes {
    let read = |inner: &mut Fields<'_, '_>| {
        let mut attributes = Attributes::new();
        for (name, raw) in inner.rest() {
            if let Some(value) = keep(scalar(raw), inner.at.field(&name), inner.faults) {
                attributes.insert(name.as_ref().into(), value);
            }
        }
        attributes
    };
    fields.object("attributes", read).unwrap_or_default()
}

/// For each substream nobody, one node, or several.
fn parents(fields: &mut Fields<'_, '_>) -> Vec<ParentCell> {
    let Some(raw) = fields.take("parents") else {
        fields.missing("parents");
        return Vec::new();
    };
    let cell = |raw, at: super::At<'_>, faults: &mut Vec<Fault>| match str::as_bytes(raw).first() {
        Some(b'n') => Some(ParentCell::Nobody(())),
        Some(b'"') => keep(id(raw), at, faults).map(ParentCell::One),
        Some(b'[') => Some(ParentCell::Several(values(raw, at, faults, |raw, at, faults| keep(id(raw), at, faults)))),
        _ => keep(Err(Wrong::kind(raw, "a node's id, a list of ids, or null")), at, faults),
    };
    values(raw, fields.at.field("parents"), fields.faults, cell)
}
