//! `pleach explain`: an instance and a plan in; why requests are served or not, what would help, what limits and policies cost.
//!
//! `requests`: reasons, remedies, parents. `limits`: links and policies, with and without. `lint`: policies without effect.
//! `shortage`: cuts.

mod limits;
mod requests;
mod shortage;

use super::errors::{Failure, Kind};
use super::input::{self, Given};
use super::output;
use super::progress::Bar;
use super::terminal::Terminal;
use clap::Args;
use pleach::engine::explain::{self, Finding};
use pleach::engine::shortage::shortage as find_shortage;
use pleach::engine::{Cancel, MethodChoice, Options};
use pleach::ids::NodeId;
use pleach::instance::Instance;
use pleach::parameters::{Model, Weights};
use pleach::plan::{Method, Plan};
use pleach::{policy, verify};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::PathBuf;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    given: Given,

    /// The plan; - is standard input
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// One node only: why it has its parents, or none, and what would help
    #[arg(long, value_name = "ID")]
    node: Option<String>,

    /// All three values without each policy, and without the limit of each link that binds
    #[arg(long)]
    counterfactual: bool,

    /// The cuts that prove that not all can be served, and bounds beside them
    #[arg(long)]
    shortage: bool,

    /// Policies that can be left out, and policies that fight each other
    #[arg(long)]
    lint: bool,

    /// Answers in JSON
    #[arg(long)]
    json: bool,
}

/// One part of the answer: for programs under a name, and for people.
struct Part {
    name: &'static str,
    machine: Value,
    words: String,
}

/// Examines the plan, and answers what is asked; without a question: unserved requests, links and policies.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let instance = arguments.given.instance(&[&arguments.plan])?;
    let (file, _) = input::plan(&arguments.plan)?;
    let (plan, found) = verify::check(&instance, file);
    if !found.violations.is_empty() {
        let message = format!("{} is no valid plan for this instance; pleach check says why", arguments.plan.display());
        return Err(Failure::new(Kind::Violation, message, Vec::new()));
    }
    let node = match &arguments.node {
        Some(id) => Some(known(&instance, id)?),
        None => None,
    };
    let parts = answers(&arguments, &instance, &plan, node)?;
    let answer = match (arguments.json, &parts[..]) {
        // A question of one part is answered by that part alone.
        (true, [one]) if one.name == "shortage" => format!("{:#}\n", one.machine),
        (true, _) => {
            let all: serde_json::Map<String, Value> =
                parts.into_iter().map(|part| (part.name.to_owned(), part.machine)).collect();
            format!("{:#}\n", Value::Object(all))
        }
        (false, _) => parts.into_iter().map(|part| part.words).collect(),
    };
    output::write(None, |out| out.write_all(answer.as_bytes()))
}

fn known(instance: &Instance, id: &str) -> Result<NodeId, Failure> {
    instance.node(id).ok_or_else(|| Failure::usage("--node", format!("the instance has no node {id:?}"), "give the id of a node"))
}

fn answers(arguments: &Arguments, instance: &Instance, plan: &Plan, node: Option<NodeId>) -> Result<Vec<Part>, Failure> {
    let look = Terminal::stdout();
    let weights = Weights::from_names(&plan.origin.parameters).unwrap_or_default();
    let rules = policy::compile(instance, weights);
    let mut parts = Vec::new();
    if arguments.shortage {
        let short = find_shortage(instance, &policy::compile_strict(instance, weights), plan);
        let (machine, words) = (shortage::machine(instance, plan, &short), shortage::words(instance, plan, &short, look));
        parts.push(Part { name: "shortage", machine, words });
    }
    if arguments.lint {
        let found = explain::lint(instance, &rules);
        parts.push(Part { name: "lint", machine: json!(found), words: lint_words(&found, look) });
    }
    if arguments.counterfactual {
        let answers = counterfactual(instance, plan, weights)?;
        parts.push(Part { name: "without", machine: json!(answers), words: limits::without(plan, &answers, look) });
    }
    if parts.is_empty() || node.is_some() {
        let unserved = explain::unserved(instance, &rules, plan, node);
        let served = node.map(|node| explain::served(instance, &rules, plan, node)).unwrap_or_default();
        if node.is_some() {
            parts.push(Part { name: "served", machine: json!(served), words: requests::served(&served, look) });
        }
        let words = requests::unserved(instance, plan, &unserved, node.is_some(), look);
        parts.push(Part { name: "unserved", machine: json!(unserved), words });
        if node.is_none() {
            parts.push(Part { name: "links", machine: limits::links(instance, plan), words: String::new() });
            let words = limits::words(instance, plan, look);
            parts.push(Part { name: "policies", machine: limits::policies(instance, plan), words });
        }
    }
    Ok(parts)
}

/// Solves the instance again and again, as the plan was made.
fn counterfactual(instance: &Instance, plan: &Plan, weights: Weights) -> Result<Vec<explain::Without>, Failure> {
    let mut model = Model::shipped(&plan.origin.model).or_else(|| Model::shipped("live")).expect("live is shipped");
    model.weights = weights;
    let method = match plan.origin.method {
        Method::Exact => MethodChoice::Exact,
        Method::Greedy => MethodChoice::Greedy,
        _ => MethodChoice::Auto,
    };
    let options = Options { seed: plan.origin.seed, method, ..Options::new(model) };
    let mut bar = Bar::new(Terminal::stderr());
    let answers = explain::without(instance, plan, &options, &mut bar, &Cancel::default());
    bar.clear();
    Ok(answers)
}

fn lint_words(found: &[Finding], look: Terminal) -> String {
    let mut text = format!("\n  {}\n", look.strong("policies to look at again"));
    if found.is_empty() {
        let _ = writeln!(text, "     {}", look.good("✓ every policy in force can matter, and none fights another"));
    }
    for finding in found {
        let word = finding.kind.replace('_', " ");
        let other = finding.other.as_ref().map(|other| format!(" {other}")).unwrap_or_default();
        let _ = writeln!(text, "     {}  {word}{other}: {}", look.notice(&finding.policy), finding.text);
    }
    text.push('\n');
    text
}
