//! What can be wrong with a plan, by name.

use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal,)*) => {
        /// What is broken; a policy's rule is broken under the rule's own name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ViolationKind { $($(#[$doc])* $variant,)* }

        impl ViolationKind {
            /// Every kind.
            pub const ALL: &'static [ViolationKind] = &[$(ViolationKind::$variant),*];

            /// The name that is printed.
            pub fn word(self) -> &'static str {
                match self { $(ViolationKind::$variant => $word),* }
            }
        }
    };
}

kinds! {
    /// The plan was made for another instance, other policies or another topology in force.
    OtherInstance = "other_instance",
    /// A name or number that the instance does not know.
    UnknownId = "unknown_id",
    /// Not one cell for each substream, or protocols in another shape than parents.
    BadShape = "bad_shape",
    /// A request stands nowhere.
    MissingRequest = "missing_request",
    /// A request, relay, link or policy stands twice.
    DuplicateRow = "duplicate_row",
    /// A row about something that nobody requested, and that is no relay.
    NotRequested = "not_requested",
    /// A request in `assignments` has fewer substreams than count as served.
    TooFewSubstreams = "too_few_substreams",
    /// A substream with another number of parents than is asked for.
    ParentCount = "parent_count",
    /// The same parent twice for one substream.
    DuplicateParent = "duplicate_parent",
    /// A node that sends to itself.
    SelfParent = "self_parent",
    /// Somebody sends a substream that the child holds.
    HeldSubstreamSent = "held_substream_sent",
    /// A parent neither holds nor is given what it sends.
    ParentLacksSubstream = "parent_lacks_substream",
    /// Parents that go round in a circle.
    Cycle = "cycle",
    /// A node sends more than its uplink.
    Uplink = "uplink",
    /// A node receives more than its downlink.
    Downlink = "downlink",
    /// A node has more distinct children than it may.
    MaxChildren = "max_children",
    /// A relay that requests or holds the content, waits, or is exempt from a policy.
    Relay = "relay",
    /// A node relays more contents than it may.
    RelayContents = "relay_contents",
    /// The plan puts more on a node than it can store.
    Storage = "storage",
    /// The plan fills a link beyond its capacity.
    LinkCapacity = "link_capacity",
    /// A flow between networks that no usable route joins.
    NoRoute = "no_route",
    /// Parent and child cannot connect through their address translators.
    NotConnected = "not_connected",
    /// A flow that a policy forbids.
    Forbid = "forbid",
    /// Matching flows carry more than a policy allows.
    LimitRate = "limit_rate",
    /// Matching flows carry more than the volume that is left allows.
    LimitVolume = "limit_volume",
    /// A node sends more in matching flows than a policy allows.
    LimitNodeRate = "limit_node_rate",
    /// A substream enters a network more often than a policy allows.
    LimitCopies = "limit_copies",
    /// A substream does not enter a network over a link where a policy requires it.
    RequireCopies = "require_copies",
    /// A substream without the parents that a policy asks for, or parents that are too much alike.
    Redundancy = "redundancy",
    /// A receiver sits deeper than a policy allows.
    MaxDepth = "max_depth",
    /// A receiver sits further below a holder, in ms, than a policy allows.
    MaxDelay = "max_delay",
    /// A flow that carries another protocol than the policies say.
    Protocol = "protocol",
    /// A policy is named as relaxed that cannot be relaxed.
    Relaxed = "relaxed",
    /// A child that is ahead of its parent, or a delay that is another number.
    Delay = "delay",
    /// An unserved request that is served by what it holds.
    Unserved = "unserved",
    /// A reason that does not apply, or not first.
    WrongReason = "wrong_reason",
    /// A pending request that has enough to be served.
    Pending = "pending",
    /// Service, relaxation or cost is another number.
    WrongValue = "wrong_value",
    /// A bound that the plan itself beats, or a gap that does not follow from it.
    WrongBound = "wrong_bound",
    /// The load of a link is another number.
    WrongLinks = "wrong_links",
    /// The use of a policy is another number.
    WrongPolicies = "wrong_policies",
    /// The changes against the topology in force are other numbers.
    WrongChanges = "wrong_changes",
    /// The statistics are other numbers.
    WrongStatistics = "wrong_statistics",
}

/// One thing that is wrong with a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What is broken.
    pub kind: ViolationKind,
    /// Where: a request (`node/content`), a node, a link, a policy, or a field of the plan.
    pub place: String,
    /// A sentence with the numbers.
    pub text: String,
}

impl Violation {
    /// A violation at a place.
    pub(crate) fn new(kind: ViolationKind, place: impl Into<String>, text: impl Into<String>) -> Violation {
        Violation { kind, place: place.into(), text: text.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.kind.word(), self.place, self.text)
    }
}
