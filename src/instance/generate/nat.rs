//! Which address translators stand before the peers of a scenario.

use super::super::document::Nat;
use super::draw::Draw;
use std::str::FromStr;

/// Shares of the translator types, in the order of [`Nat::WORDS`]; they sum to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NatMix {
    shares: [f64; 6],
}

impl NatMix {
    /// Nobody is behind a translator.
    pub const OPEN: NatMix = NatMix { shares: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0] };

    /// Home and carrier translators together: one peer in four symmetric, one in eight open. Among the others the
    /// proportions are those published for translators in the wild (`instances/README.md`).
    pub const MIXED: NatMix = NatMix { shares: [0.12, 0.16, 0.04, 0.42, 0.25, 0.01] };

    /// Peers of the whole planet: 64 % behind a translator that can be punched, and beside them as many symmetric ones as
    /// thirteen published behaviours have; the rest open, but for a few that let nothing through (`instances/README.md`).
    pub const WILD: NatMix = NatMix { shares: [0.214, 0.164, 0.038, 0.437, 0.127, 0.020] };

    /// Shares in the order of [`Nat::WORDS`], not negative, with the sum 1.
    pub fn new(shares: [f64; 6]) -> Result<NatMix, String> {
        let sum: f64 = shares.iter().sum();
        match shares.iter().all(|share| (0.0..=1.0).contains(share)) && (sum - 1.0).abs() < 1e-6 {
            true => Ok(NatMix { shares }),
            false => Err(format!("shares of translators lie between 0 and 1 and sum to 1, not {sum}")),
        }
    }

    /// The share of one type.
    pub fn share(&self, nat: Nat) -> f64 {
        Nat::WORDS.iter().position(|(_, type_)| *type_ == nat).map_or(0.0, |row| self.shares[row])
    }

    /// One translator; `None` for an open peer, which is the format's default.
    pub(super) fn draw(&self, draw: &mut Draw) -> Option<Nat> {
        let mut left = draw.unit();
        for (row, share) in self.shares.iter().enumerate() {
            if left < *share {
                return Some(Nat::WORDS[row].1).filter(|nat| *nat != Nat::Open);
            }
            left -= share;
        }
        None
    }
}

impl FromStr for NatMix {
    type Err = String;

    /// `open`, `mixed`, `wild`, or shares such as `open=0.5,symmetric=0.5`.
    fn from_str(text: &str) -> Result<NatMix, String> {
        match text {
            "open" => return Ok(NatMix::OPEN),
            "mixed" => return Ok(NatMix::MIXED),
            "wild" => return Ok(NatMix::WILD),
            _ => {}
        }
        let mut shares = [0.0; 6];
        for part in text.split(',') {
            let (word, share) = part.split_once('=').ok_or(format!("`{part}` is not `open`, `mixed`, `wild` or TYPE=SHARE"))?;
            let row = Nat::WORDS.iter().position(|(known, _)| *known == word.trim());
            let row = row.ok_or(format!("`{word}` is no translator type"))?;
            shares[row] = share.trim().parse().map_err(|_| format!("`{share}` is no share"))?;
        }
        NatMix::new(shares)
    }
}
