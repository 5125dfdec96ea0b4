//! Memory of a greedy solve beyond its instance, in bytes per peer: `cargo bench --bench memory -- --nodes 1000000`.
//!
//! The resident set after reading is compared with its peak until the plan is verified. Linux only: the figures are those
//! of `/proc/self/status`. The program starts itself once more with an allocator that gives large blocks back as soon as
//! they are free, so that nothing can hide in what reading has left over.

use pleach::engine::{self, Cancel, MethodChoice, Options, Silent};
use pleach::instance::Instance;
use pleach::instance::generate::{Knobs, Links, NatMix, Scenario};
use pleach::parameters::Model;
use std::process::Command;

/// The environment of the second start, in which glibc maps every block above 64 KiB by itself.
const ALLOCATOR: (&str, &str) = ("MALLOC_MMAP_THRESHOLD_", "65536");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::var(ALLOCATOR.0).is_err() {
        let again =
            Command::new(std::env::current_exe()?).args(std::env::args_os().skip(1)).env(ALLOCATOR.0, ALLOCATOR.1).status()?;
        std::process::exit(again.code().unwrap_or(1));
    }
    let nodes = nodes()?;
    let instance = instance(nodes)?;
    let before = resident("VmRSS:")?;
    std::fs::write("/proc/self/clear_refs", "5")?;
    let model = Model::shipped("live").ok_or("the model live is shipped")?;
    let options = Options { method: MethodChoice::Greedy, ..Options::new(model) };
    let outcome = engine::solve(&instance, &options, &mut Silent, &Cancel::default());
    let (peak, after) = (resident("VmHWM:")?, resident("VmRSS:")?);
    let each = |bytes: u64| bytes.saturating_sub(before) as f64 / nodes as f64;
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    println!("{nodes} peers, service {}", outcome.plan.service.value);
    println!("instance       {:8.1} MiB", mib(before));
    println!("peak of solve  {:8.1} MiB, {:6.1} bytes per peer beyond the instance", mib(peak), each(peak));
    println!("plan kept      {:8.1} MiB, {:6.1} bytes per peer beyond the instance", mib(after), each(after));
    Ok(())
}

/// What `--nodes` says; a million when benchmarks are run, few when tests are.
fn nodes() -> Result<usize, Box<dyn std::error::Error>> {
    let given: Vec<String> = std::env::args().collect();
    match given.iter().position(|word| word == "--nodes").map(|at| given.get(at + 1)) {
        Some(Some(number)) => Ok(number.parse()?),
        Some(None) => Err("--nodes takes a number".into()),
        None if given.iter().any(|word| word == "--bench") => Ok(1_000_000),
        None => Ok(1_000),
    }
}

fn instance(nodes: usize) -> Result<Instance, Box<dyn std::error::Error>> {
    let scenario = Scenario::named("national-final").ok_or("the scenario is there")?;
    let knobs = Knobs { nodes: Some(nodes), links: Some(Links::Free), nat: Some(NatMix::OPEN), ..Knobs::default() };
    let (instance, _) = Instance::from_document(scenario.make(&knobs)?.document).map_err(|faults| faults.to_string())?;
    Ok(instance)
}

/// A line of `/proc/self/status`, in bytes.
fn resident(line: &str) -> Result<u64, Box<dyn std::error::Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let found = status.lines().find_map(|text| text.strip_prefix(line));
    let kibibytes = found.and_then(|text| text.split_whitespace().next()).ok_or("no such line in /proc/self/status")?;
    Ok(kibibytes.parse::<u64>()? * 1024)
}
