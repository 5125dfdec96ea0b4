//! What two hundred policies cost: `cargo bench --bench policies -- --nodes 10000 --policies 200 --seed 0 --write DIR`.
//!
//! A national final whose viewers have a country, a city, an address, a contract and friends, and policies of every kind over
//! them. Told are the times of the phases, the share of compiling in the solve, and what is proved. With `--write` the
//! instance and the policies are put into a folder, for the command line.

mod rules;
mod viewers;

use pleach::engine::{self, Cancel, MethodChoice, Options, Silent};
use pleach::instance::generate::{Knobs, Links, NatMix, Scenario};
use pleach::instance::{Document, read};
use pleach::parameters::Model;
use pleach::plan::Value;
use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let toy = !std::env::args().any(|word| word == "--bench");
    let (nodes, count) = (number("--nodes")?.unwrap_or(if toy { 300 } else { 10_000 }), number("--policies")?.unwrap_or(200));
    let seed = number("--seed")?.unwrap_or(0);
    let scratch = std::env::temp_dir().join(format!("pleach-policies-{}", std::process::id()));
    let folder = given("--write").map_or(scratch.clone(), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    let (instance, policies) = (folder.join("instance.json"), folder.join("policies.json"));
    let document = document(nodes, seed as u64)?;
    read::write(&instance, &document)?;
    std::fs::write(&policies, rules::draw(&document, count, seed as u64).to_string())?;
    for beside in [None, Some(&*policies)] {
        measure(&instance, beside)?;
    }
    if folder == scratch {
        std::fs::remove_dir_all(scratch)?;
    }
    Ok(())
}

/// Solves without and with the policies, and tells what it took and gave.
fn measure(instance: &Path, policies: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let (instance, warnings) = read::read(instance, policies)?;
    let model = Model::shipped("live").ok_or("the model live is shipped")?;
    let options = Options { method: MethodChoice::Optimized, ..Options::new(model) };
    let outcome = engine::solve(&instance, &options, &mut Silent, &Cancel::default());
    let (plan, seconds) = (&outcome.plan, &outcome.plan.statistics.seconds);
    println!("{} requests, {} policies, {} in force", instance.requests.len(), instance.policies.len(), plan.policies.len());
    let (compile, total) = (seconds.compile, seconds.total);
    println!("  compile {compile:.3} s of {total:.3} s: {:.1} %", 100.0 * compile / total);
    println!("  solve {:.3} s, place {:.3} s, verify {:.3} s", seconds.solve, seconds.place, seconds.verify);
    let told = |value: &Value| match value.bound.zip(value.gap) {
        Some((bound, gap)) => format!("{:.3}, proved {bound:.3}, gap {:.2} %", value.value, 100.0 * gap),
        None => format!("{:.3}, nothing proved", value.value),
    };
    println!("  service {}", told(&plan.service));
    println!("  relaxation {}", told(&plan.relaxation));
    println!("  cost {}", told(&plan.cost));
    println!("  {} binding, {} warnings", plan.policies.iter().filter(|policy| policy.binding).count(), warnings.len());
    outcome.warnings.iter().for_each(|warning| println!("  {warning}"));
    Ok(())
}

/// The national final, with viewers that selectors can tell apart.
fn document(nodes: usize, seed: u64) -> Result<Document, Box<dyn Error>> {
    let scenario = Scenario::named("national-final").ok_or("the scenario is there")?;
    let links = given("--links").map_or(Ok(Links::Free), |word| word.parse())?;
    let knobs = Knobs { nodes: Some(nodes), seed, links: Some(links), nat: Some(NatMix::MIXED), ..Knobs::default() };
    let mut document = scenario.make(&knobs)?.document;
    viewers::describe(&mut document, seed);
    Ok(document)
}

/// What follows a word on the command line.
fn given(word: &str) -> Option<String> {
    let mut rest = std::env::args().skip_while(|argument| argument != word).skip(1);
    rest.next()
}

fn number(word: &str) -> Result<Option<usize>, Box<dyn Error>> {
    Ok(given(word).map(|text| text.parse()).transpose()?)
}
