//! Policies: whom they concern, and their one rule.

use super::fields::{Fields, unknown_field};
use super::scalar::{Read, Wrong, excerpt, finite, id, kbps, kind, small, truth, weight, word};
use super::selector::{Side, relation, selector};
use super::when::when;
use super::{At, Row};
use crate::instance::fault::{Code, Fault};
use crate::instance::policy::{Decimal, NodeRate, Owner, Policy, Rule, first};

/// Rules of the format; true: built in this version.
const RULES: [(&str, bool); 14] = [
    ("forbid", true),
    ("limit_rate", true),
    ("limit_volume", false),
    ("limit_node_rate", true),
    ("limit_copies", false),
    ("require_copies", false),
    ("prefer", true),
    ("priority", true),
    ("delay", false),
    ("redundancy", false),
    ("max_depth", true),
    ("max_delay", false),
    ("degrade", false),
    ("protocol", true),
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
    if !rule.concerns_receivers() {
        return;
    }
    let given = [
        ("source", !policy.source.is_all()),
        ("crosses", policy.crosses.is_some()),
        ("relation", policy.relation.as_ref().is_some_and(|relation| !relation.tests.is_empty())),
    ];
    for (name, _) in given.into_iter().filter(|(_, given)| *given) {
        let what = format!("{:?} concerns receivers: it takes destination and content only", rule.name());
        fields.fault(name, Code::BadSelector, what, format!("remove {name:?}"));
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
        rules.push(match RULES.iter().find(|(known, _)| known == name) {
            Some((name, true)) => limits(name, raw, at, fields.faults),
            Some((name, false)) => {
                let what = format!("{name:?} is a rule of the format that this version has not built");
                fields.faults.push(Fault::new(Code::RuleNotBuilt, at, what, "remove the policy, or take a later version"));
                None
            }
            None => {
                let wrong = unknown_field(name, RULES.iter().map(|(known, _)| *known));
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
        "limit_node_rate" => node_rate(&mut fields).map(Rule::LimitNodeRate),
        "prefer" => fields.required("cost", finite).map(|cost| Rule::Prefer { cost }),
        "priority" => fields.required("weight", weight).map(|weight| Rule::Priority { weight }),
        "max_depth" => fields.required("hops", small(0, u32::MAX)).map(|hops| Rule::MaxDepth { hops }),
        "protocol" => fields.required("name", id).map(|name| Rule::Protocol { name }),
        _ => None,
    };
    fields.finish();
    rule
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
