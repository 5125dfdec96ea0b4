//! Policies: whom they concern, and their one rule.

use super::fields::{Fields, unknown_field};
use super::scalar::{Read, Wrong, amount, excerpt, finite, id, kbps, kind, small, truth, weight, word};
use super::selector::{Side, relation, selector};
use super::when::when;
use super::{At, Row, time};
use crate::instance::fault::{Code, Fault};
use crate::instance::policy::{Decimal, Distinct, NodeRate, Owner, Policy, Rule, first};

/// Rules of the format.
const RULES: [&str; 14] = [
    "forbid",
    "limit_rate",
    "limit_volume",
    "limit_node_rate",
    "limit_copies",
    "require_copies",
    "prefer",
    "priority",
    "delay",
    "redundancy",
    "max_depth",
    "max_delay",
    "degrade",
    "protocol",
];

impl Row for Policy {
    fn read(fields: &mut Fields<'_, '_>) -> Policy {
        let id = fields.required("id", id).unwrap_or_default();
        let owner = fields.optional("owner", word(Owner::WORDS)).unwrap_or_default();
        let rank = fields.optional("rank", small(1, u32::MAX)).unwrap_or_else(first);
        let relaxable = fields.optional("relaxable", truth).unwrap_or_default();
        let when = fields.object("when", when).unwrap_or_default();
        let source = fields.object("source", |inner| selector(inner, Side::Node, 0)).unwrap_or_default();
        let destination = fields.object("destination", |inner| selector(inner, Side::Node, 0)).unwrap_or_default();
        let content = fields.object("content", |inner| selector(inner, Side::Content, 0)).unwrap_or_default();
        let crosses = fields.object("crosses", |inner| selector(inner, Side::Link, 0));
        let relation = fields.object("relation", |inner| relation(inner, 0));
        let given = match fields.object("rule", rule) {
            Some(rule) => rule,
            None => {
                fields.missing("rule");
                None
            }
        };
        let policy = Policy {
            id,
            owner,
            rank,
            relaxable,
            when,
            source,
            destination,
            content,
            crosses,
            relation,
            rule: given.clone().unwrap_or(Rule::Forbid {}),
        };
        if given.is_some() {
            fits(&policy, fields);
        }
        policy
    }
}

/// Reports what the rule of a policy cannot use.
fn fits(policy: &Policy, fields: &mut Fields<'_, '_>) {
    let rule = &policy.rule;
    if policy.relaxable && !rule.is_relaxable() {
        fields.fault("relaxable", Code::NotRelaxable, format!("{:?} is never relaxed", rule.name()), "remove it");
    }
    let (takes, kept) = match rule {
        Rule::RequireCopies { .. } => ("concerns the requests of its network: it takes content only", false),
        rule if rule.concerns_receivers() => ("concerns receivers: it takes destination and content only", true),
        _ => return,
    };
    let given = [
        ("source", !policy.source.is_all()),
        ("destination", !kept && !policy.destination.is_all()),
        ("crosses", policy.crosses.is_some()),
        ("relation", policy.relation.as_ref().is_some_and(|relation| !relation.tests.is_empty())),
    ];
    for (name, _) in given.into_iter().filter(|(_, given)| *given) {
        fields.fault(name, Code::BadSelector, format!("{:?} {takes}", rule.name()), format!("remove {name:?}"));
    }
}

/// The one rule of a policy; `None` after a fault.
fn rule(fields: &mut Fields<'_, '_>) -> Option<Rule> {
    let named: Vec<_> = fields.rest().into_iter().filter(|(name, _)| !name.starts_with("x-")).collect();
    if named.len() != 1 {
        let what = format!("{} rules stand where one belongs", named.len());
        fields.faults.push(Fault::new(Code::BadRule, fields.at, what, "write one policy for each rule"));
    }
    let mut rules = Vec::new();
    for (name, raw) in &named {
        let at = fields.at.field(name);
        rules.push(match RULES.iter().find(|known| *known == name) {
            Some(name) => limits(name, raw, at, fields.faults),
            None => {
                let wrong = unknown_field(name, RULES.into_iter());
                fields.faults.push(Fault::new(wrong.code, at, wrong.what, wrong.remedy));
                None
            }
        });
    }
    rules.pop().flatten().filter(|_| named.len() == 1)
}

/// What one rule asks; `None` after a fault.
fn limits(name: &str, raw: &str, at: At<'_>, faults: &mut Vec<Fault>) -> Option<Rule> {
    let mut fields = Fields::open(raw, at, faults);
    let rule = match name {
        "forbid" => Some(Rule::Forbid {}),
        "limit_rate" => fields.required("max_kbps", kbps).map(|max_kbps| Rule::LimitRate { max_kbps }),
        "limit_volume" => volume(&mut fields),
        "limit_node_rate" => node_rate(&mut fields).map(Rule::LimitNodeRate),
        "limit_copies" => {
            let (network, max) = (fields.required("network", id), fields.required("max", small(0, u32::MAX)));
            network.zip(max).map(|(network, max)| Rule::LimitCopies { network, max })
        }
        "require_copies" => {
            let network = fields.required("network", id);
            let links = fields.required_list("links", id);
            network.map(|network| Rule::RequireCopies { network, links })
        }
        "prefer" => fields.required("cost", finite).map(|cost| Rule::Prefer { cost }),
        "priority" => fields.required("weight", weight).map(|weight| Rule::Priority { weight }),
        "delay" => fields.required("seconds", amount).map(|seconds| Rule::Delay { seconds }),
        "redundancy" => {
            let distinct = fields.optional("distinct", word(Distinct::WORDS)).unwrap_or_default();
            fields.required("parents", small(1, u32::MAX)).map(|parents| Rule::Redundancy { parents, distinct })
        }
        "max_depth" => fields.required("hops", small(0, u32::MAX)).map(|hops| Rule::MaxDepth { hops }),
        "max_delay" => fields.required("ms", amount).map(|ms| Rule::MaxDelay { ms }),
        "degrade" => fields.required("min_substreams", small(1, 64)).map(|min_substreams| Rule::Degrade { min_substreams }),
        "protocol" => fields.required("name", id).map(|name| Rule::Protocol { name }),
        _ => None,
    };
    fields.finish();
    rule
}

fn volume(fields: &mut Fields<'_, '_>) -> Option<Rule> {
    let max_gb = fields.required("max_gb", amount);
    let used_gb = fields.optional("used_gb", amount).unwrap_or_default();
    let period_end = fields.required("period_end", time)?.parse().ok()?;
    max_gb.map(|max_gb| Rule::LimitVolume { max_gb, used_gb, period_end })
}

/// Exactly one of a rate and a share of the uplink.
fn node_rate(fields: &mut Fields<'_, '_>) -> Option<NodeRate> {
    match (fields.take("max_kbps"), fields.take("max_fraction")) {
        (Some(raw), None) => fields.value("max_kbps", raw, kbps).map(NodeRate::MaxKbps),
        (None, Some(raw)) => fields.value("max_fraction", raw, fraction).map(NodeRate::MaxFraction),
        (given, _) => {
            let what = if given.is_some() { "both limits stand here" } else { "a limit is missing" };
            fields.faults.push(Fault::new(Code::BadRule, fields.at, what, "write either max_kbps or max_fraction"));
            None
        }
    }
}

fn fraction(raw: &str) -> Read<Decimal> {
    if kind(raw) != "a number" {
        return Err(Wrong::kind(raw, "a number"));
    }
    let wrong =
        || Wrong::new(Code::OutOfRange, format!("{} is not from 0 to 1", excerpt(raw)), "write 0 to 1, at most 26 decimals");
    Decimal::parse(raw).ok_or_else(wrong)
}
