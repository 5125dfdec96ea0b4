//! Networks into which every substream has to come over several links (`require_copies`).

use super::matching;
use crate::ids::{ContentId, Id, LinkId, NetworkId, PolicyId};
use crate::instance::Instance;
use crate::instance::policy::{Policy, Rule};

/// A network that is fed over several links at once, or not at all.
#[derive(Clone, Debug)]
pub struct Required {
    /// Who says so.
    pub policy: PolicyId,
    /// Where copies enter.
    pub network: NetworkId,
    /// Over each of them.
    pub links: Vec<LinkId>,
    contents: Vec<bool>,
}

impl Required {
    /// It concerns this content.
    pub fn concerns(&self, content: ContentId) -> bool {
        self.contents[content.index()]
    }
}

/// Those among the policies in force.
pub(super) fn of(instance: &Instance, policies: &[(PolicyId, &Policy)]) -> Vec<Required> {
    let required = |(id, policy): &(PolicyId, &Policy)| match &policy.rule {
        Rule::RequireCopies { network, links } => Some(Required {
            policy: *id,
            network: instance.network(network)?,
            links: links.iter().filter_map(|link| instance.link(link)).collect(),
            contents: matching::contents(&policy.content, instance),
        }),
        _ => None,
    };
    policies.iter().filter_map(required).collect()
}
