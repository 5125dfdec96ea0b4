//! Policies as they are given: selectors, relations, conditions and rules (contract, section 2).
//!
//! Only the shapes and their decoding stand here; what they mean for pairs of nodes is compiled by the policy floor, and
//! read a second time, independently, by `verify`.

mod form;
mod rule;

pub use rule::{Decimal, Distinct, NodeRate, Rule};

use crate::instance::document::{LinkState, Scalar};
use schemars::JsonSchema;
use serde::Serialize;
use smol_str::SmolStr;

/// One policy.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Policy {
    /// Unique among policies.
    pub id: SmolStr,
    /// Who set it.
    #[schemars(default)]
    pub owner: Owner,
    /// 1 matters most.
    #[schemars(range(min = 1), default = "first")]
    pub rank: u32,
    /// May be broken for a request that would get nothing otherwise.
    #[schemars(default)]
    pub relaxable: bool,
    /// When it is in force; absent: always.
    #[serde(skip_serializing_if = "When::is_always")]
    #[schemars(default)]
    pub when: When,
    /// Senders it concerns.
    #[serde(skip_serializing_if = "Selector::is_all")]
    #[schemars(default)]
    pub source: Selector,
    /// Receivers it concerns.
    #[serde(skip_serializing_if = "Selector::is_all")]
    #[schemars(default)]
    pub destination: Selector,
    /// Contents it concerns.
    #[serde(skip_serializing_if = "Selector::is_all")]
    #[schemars(default)]
    pub content: Selector,
    /// The flow's route has a link that matches; absent: any route, also an empty one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crosses: Option<Selector>,
    /// What must hold between source and destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// What it asks.
    pub rule: Rule,
}

/// The rank of a policy that names none.
pub(super) fn first() -> u32 {
    1
}

/// Who set a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// An operator of networks.
    Network,
    /// A provider of contents; where a file names no owner it is this one.
    #[default]
    Provider,
    /// A node or its administrator.
    Client,
}

impl Owner {
    /// Every word of the file format with its value.
    pub const WORDS: &'static [(&'static str, Owner)] =
        &[("network", Owner::Network), ("provider", Owner::Provider), ("client", Owner::Client)];
}

/// A conjunction of tests; without any it matches everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selector {
    /// All of them must hold.
    pub tests: Vec<Test>,
}

impl Selector {
    /// Matches everything.
    pub fn is_all(&self) -> bool {
        self.tests.is_empty()
    }
}

/// One key of a selector.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// A field (as it is spelled in the file) has a value that matches.
    Field(SmolStr, Matcher),
    /// The inner selector does not match.
    Not(Selector),
    /// One of them matches.
    Any(Vec<Selector>),
}

/// What a field's value must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Matcher {
    /// Any of these values.
    OneOf(Vec<Scalar>),
    /// An address inside any of these prefixes (field `ip` only).
    Prefixes(Vec<ipnet::IpNet>),
    /// Between the two, inclusive; an absent side is open.
    Between(Option<f64>, Option<f64>),
    /// Present, or not.
    Present(bool),
}

/// What must hold between source and destination.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// All of them must hold.
    pub tests: Vec<RelationTest>,
}

/// One key of a relation.
#[derive(Clone, Debug, PartialEq)]
pub enum RelationTest {
    /// All these fields are equal, none missing.
    Same(Vec<SmolStr>),
    /// All these fields differ, none missing.
    Different(Vec<SmolStr>),
    /// There is an affinity group in common, or (false) none.
    SharesAffinity(bool),
    /// The inner relation does not hold.
    Not(Relation),
    /// One of them holds.
    Any(Vec<Relation>),
}

/// When a policy or a route is in force; all its keys must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct When {
    /// Hours of the week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
    /// A link is in one of some states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_state: Option<LinkStateIs>,
    /// The month-to-date volume of a link is above or below a threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_volume_gb: Option<LinkVolume>,
}

impl When {
    /// Holds at every instant.
    pub fn is_always(&self) -> bool {
        *self == When::default()
    }
}

/// Hours of the week; `from` <= t < `to`, and a window past midnight belongs to the day it starts.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Hours {
    /// Default: all days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<Day>>,
    /// `HH:MM`; default `00:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<ClockTime>,
    /// `HH:MM`, up to `24:00`; default `24:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<ClockTime>,
    /// IANA name; default `UTC`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl Day {
    /// Monday first.
    pub const ALL: [(&'static str, Day); 7] = [
        ("mon", Day::Mon),
        ("tue", Day::Tue),
        ("wed", Day::Wed),
        ("thu", Day::Thu),
        ("fri", Day::Fri),
        ("sat", Day::Sat),
        ("sun", Day::Sun),
    ];
}

/// Minutes since midnight, 0 to 1440; written `HH:MM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime(pub u16);

/// A link is in one of some states.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LinkStateIs {
    /// The link.
    pub link: SmolStr,
    /// Any of these.
    pub is: Vec<LinkState>,
}

/// The month-to-date volume of a link is strictly above or below a threshold.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct LinkVolume {
    /// The link.
    pub link: SmolStr,
    /// Strictly more than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Strictly less than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
}
