//! What access lines can send: quantiles of a published panel.
//!
//! Measured mean uplinks over 24 hours of the panel of 2014 behind the UK regulator's report on fixed broadband performance
//! (1,971 lines; `instances/README.md` names source and treatment). Between two quantiles the uplink is linear, so
//! that a drawn uplink is a continuous figure and not one of a few classes.

use super::draw::{self, Draw, Lottery};
use crate::units::Kbps;

/// Where the quantiles of the tables stand.
pub const QUANTILES: [f64; 15] = [0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0];

/// A kind of access line.
#[derive(Debug)]
pub struct Access {
    /// Its word in `nodes[].access`.
    pub word: &'static str,
    /// Uplinks at [`QUANTILES`], kbps.
    pub uplinks: [u64; 15],
}

/// ADSL and ADSL2+: 679 lines.
pub const ADSL: Access =
    Access { word: "adsl", uplinks: [57, 334, 357, 374, 405, 607, 702, 749, 827, 890, 979, 1056, 1130, 1221, 1400] };

/// Fibre to the cabinet: 878 lines.
pub const FTTC: Access = Access {
    word: "fttc",
    uplinks: [736, 1845, 2177, 5704, 7807, 9275, 9595, 12939, 16771, 17276, 18300, 18578, 18602, 18878, 21349],
};

/// Cable: 343 lines.
pub const CABLE: Access = Access {
    word: "cable",
    uplinks: [1955, 1967, 1979, 2911, 3057, 3460, 6094, 10707, 11449, 11867, 12101, 12314, 12728, 12758, 12791],
};

/// Fibre to the home: 71 lines.
pub const FTTP: Access = Access {
    word: "fttp",
    uplinks: [2743, 6681, 8775, 9357, 13398, 18592, 20614, 20734, 21273, 21348, 21481, 31355, 31530, 31550, 31567],
};

/// Mobile: an assumption, no panel. Seven in ten send nothing, because applications spare a data plan.
pub const MOBILE: Access = Access { word: "mobile", uplinks: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 2500, 5000, 8000, 12_000] };

impl Access {
    /// The uplink below which a share `p` in [0, 1] of the lines stay.
    pub fn uplink(&self, p: f64) -> Kbps {
        Kbps(draw::quantile(&self.uplinks.map(|uplink| uplink as f64), p).round() as u64)
    }
}

/// Draws lines of a mix of kinds, each with its uplink.
pub(super) fn lines(mix: &[(&'static Access, f64)], draw: &mut Draw, count: usize) -> Vec<(&'static Access, Kbps)> {
    let kinds = Lottery::new(mix.iter().map(|(_, share)| *share));
    let mut line = || {
        let (access, _) = mix[kinds.row(draw.unit())];
        (access, access.uplink(draw.unit()))
    };
    (0..count).map(|_| line()).collect()
}
