//! The words and free values that stand in an instance file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Free attributes: text, numbers or truth values by name.
pub type Attributes = BTreeMap<SmolStr, Scalar>;

/// A value that a selector can name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Scalar {
    /// True or false.
    Truth(bool),
    /// A finite number.
    Number(f64),
    /// Text.
    Text(SmolStr),
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }

        impl $name {
            /// Every word of the file format with its value.
            pub const WORDS: &'static [(&'static str, $name)] = &[$(($word, $name::$variant)),*];

            /// The word that stands in files.
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
        }
    )*};
}

words! {
    /// What a content is.
    ContentKind {
        /// A live channel.
        Live = "live",
        /// A file, usually with many holders.
        File = "file",
    }
    /// What a content carries.
    Media {
        /// Moving pictures.
        Video = "video",
        /// Sound.
        Audio = "audio",
        /// Anything else.
        Data = "data",
    }
    /// What a node is for.
    Role {
        /// Where contents come from.
        Origin = "origin",
        /// A CDN server.
        Server = "server",
        /// A machine that passes on what it neither wants nor holds.
        Waypoint = "waypoint",
        /// A viewer's machine.
        Peer = "peer",
    }
    /// How a node's address translator behaves.
    Nat {
        /// No translation.
        Open = "open",
        /// Endpoint-independent mapping and filtering.
        FullCone = "full_cone",
        /// Address-dependent filtering.
        RestrictedCone = "restricted_cone",
        /// Address- and port-dependent filtering.
        PortRestricted = "port_restricted",
        /// A mapping of its own per destination.
        Symmetric = "symmetric",
        /// Nothing gets in.
        Blocked = "blocked",
    }
    /// Whether a link carries traffic.
    LinkState {
        /// Carries traffic.
        Up = "up",
        /// Carries traffic, and is loaded: conditions may react.
        Congested = "congested",
        /// Carries nothing.
        Down = "down",
    }
}
