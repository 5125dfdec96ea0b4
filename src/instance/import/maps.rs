//! `topology-zoo` and `sndlib`: maps of backbones as instances, with an audience if one is asked for.
//!
//! Several files stand side by side in one instance: ids then begin with the name of their network and a slash.

use super::super::document::Document;
use super::super::fault::Faults;
use super::super::generate::audience::Audience;
use super::backbone::{Laid, Wiring, unique};
use super::{Complaints, Made, Source, sndlib, topology_zoo};
use rustc_hash::FxHashMap;

/// The format of the maps.
#[derive(Clone, Debug)]
pub enum Format {
    /// GML as the Internet Topology Zoo writes it.
    TopologyZoo,
    /// SNDlib's native format.
    Sndlib(sndlib::Reading),
}

/// What may be asked of maps.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the files are written.
    pub format: Format,
    /// How cables become links.
    pub wiring: Wiring,
    /// Who watches.
    pub audience: Option<Audience>,
}

/// Networks and links of all files.
pub fn import(sources: &[Source], options: &Options) -> Result<Made, Faults> {
    let mut faults = Complaints::default();
    let mut document = Document::default();
    let mut notes = Vec::new();
    let mut entrances = Vec::new();
    let mut names = FxHashMap::default();
    for source in sources {
        let mut prefix = |name: &str| match sources.len() {
            1 => String::new(),
            _ => format!("{}/", unique(name.into(), &mut names)),
        };
        let laid: Laid = match &options.format {
            Format::TopologyZoo => {
                let backbone = topology_zoo::read(source, &mut faults);
                let prefix = prefix(&backbone.name);
                backbone.rows(&options.wiring, &prefix)
            }
            Format::Sndlib(reading) => sndlib::read(source, reading, &options.wiring, &prefix(source.stem()), &mut faults),
        };
        document.time = std::mem::take(&mut document.time).max(laid.time);
        document.networks.extend(laid.networks);
        document.links.extend(laid.links);
        entrances.extend(laid.entrances);
        notes.extend(laid.notes);
    }
    document.name = match sources.len() {
        1..=3 => sources.iter().map(Source::stem).collect::<Vec<_>>().join("+"),
        many => format!("{many}-maps"),
    };
    notes.extend(options.audience.as_ref().map(|audience| audience.seat(&mut document, &entrances)));
    faults.verdict(Made { document, notes })
}
