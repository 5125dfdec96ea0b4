//! The engine against the program over peers, in one run on one machine: `cargo bench --bench compare -- --nodes 10000`.
//!
//! Opponents: the peer-level program of [`peer`] in the same solver, dual simplex with presolve on one thread, as LP to
//! its optimum and as MIP to half a percent of its own bound. Clocks start when the instance is read; the opponents'
//! exclude stating the program, which is told apart. An LP serves fractions of requests, which are of no use to anybody: what
//! it serves in whole is told beside its service.

mod peer;

use pleach::engine::{self, Cancel, MethodChoice, Options, Silent};
use pleach::instance::Instance;
use pleach::instance::generate::{Knobs, Links, NatMix, Scenario};
use pleach::parameters::Model;
use pleach::policy::{self, Cells};
use pleach::program::Status;
use pleach::program::session::{self, Limits, Method};
use std::error::Error;
use std::time::{Duration, Instant};

/// Relative gap at which the MIP may stop.
const MIP_GAP: f64 = 0.005;
const USAGE: &str = "usage: compare [--nodes N] [--regime scarce|ample|links] [--opponent lp|mip] [--cap SECONDS]";

/// What is scarce in an instance: its name, supply over demand, and how links are sized.
const REGIMES: [(&str, f64, Links); 3] =
    [("scarce", 0.93, Links::Free), ("ample", 1.3, Links::Free), ("links", 0.93, Links::Binding)];
/// Who runs against the engine: name, whole numbers, and the most peers it is given unless asked.
const OPPONENTS: [(&str, bool, usize); 2] = [("lp", false, 10_000), ("mip", true, 5_000)];

/// What is asked for; `None`: all.
struct Wish {
    nodes: Vec<usize>,
    regime: Option<String>,
    opponent: Option<String>,
    cap: Duration,
    /// Sizes were asked for: no opponent is spared.
    explicit: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let wish = wish()?;
    println!("  peers  regime  method      seconds  (to state)     service    in whole  against the engine");
    for nodes in &wish.nodes {
        for (regime, supply, links) in chosen(&REGIMES, wish.regime.as_deref(), |row| row.0)? {
            let instance = instance(*nodes, supply, links)?;
            let ours = engine(&instance)?;
            println!("{nodes:>7}  {regime:<6}  {:<8} {:>10.3}  {:>10}  {:>10.2}", "engine", ours.seconds, "", ours.service);
            for (opponent, whole, most) in chosen(&OPPONENTS, wish.opponent.as_deref(), |row| row.0)? {
                if *nodes <= most || wish.explicit {
                    let line = against(&instance, whole, wish.cap, &ours);
                    println!("{nodes:>7}  {regime:<6}  {opponent:<8} {line}");
                }
            }
        }
    }
    Ok(())
}

/// Seconds that the engine takes, and the service it reaches.
struct Ours {
    seconds: f64,
    service: f64,
}

fn engine(instance: &Instance) -> Result<Ours, Box<dyn Error>> {
    let model = Model::shipped("live").ok_or("the model live is shipped")?;
    let options = Options { method: MethodChoice::Optimized, ..Options::new(model) };
    let start = Instant::now();
    let outcome = engine::solve(instance, &options, &mut Silent, &Cancel::default());
    Ok(Ours { seconds: start.elapsed().as_secs_f64(), service: outcome.plan.service.value })
}

/// One opponent's line: its seconds, service, and how the engine compares.
fn against(instance: &Instance, whole: bool, cap: Duration, ours: &Ours) -> String {
    let start = Instant::now();
    let model = Options::new(Model::shipped("live").expect("it is shipped")).model;
    let rules = policy::compile(instance, model.weights);
    let cells = Cells::of(instance, &rules);
    let program = peer::program(instance, &rules, &cells, whole);
    let stated = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let limits = Limits { deadline: Some(start + cap), method: Method::DualSimplex, gap: MIP_GAP, ..Limits::default() };
    let answer = session::run(&program, &limits);
    let seconds = start.elapsed().as_secs_f64();
    let services = answer.point.as_ref().map(|point| peer::service(&program, point));
    let service = services.map(|(all, _)| all);
    let told = services.map_or(format!("{:>10}  {:>10}", "-", "-"), |(all, whole)| format!("{all:>10.2}  {whole:>10.2}"));
    let times = seconds / ours.seconds;
    let verdict = match (&answer.status, service) {
        (Status::Optimal, Some(service)) => {
            format!("{times:.0} times its time; its service is {:.4} of this", ours.service / service)
        }
        (Status::Stopped, Some(service)) => {
            format!("more than {times:.0} times its time (cut off); its service is {:.4} of this", ours.service / service)
        }
        (Status::Stopped, None) => format!("more than {times:.0} times its time (cut off without a point)"),
        (Status::Failed(why), _) if seconds >= cap.as_secs_f64() => {
            format!("more than {times:.0} times its time (cut off: {why})")
        }
        (status, _) => format!("{status:?}"),
    };
    format!("{seconds:>10.3}  {stated:>10.3}  {told}  {verdict}")
}

fn instance(nodes: usize, supply: f64, links: Links) -> Result<Instance, Box<dyn Error>> {
    let scenario = Scenario::named("national-final").ok_or("the scenario is there")?;
    let knobs =
        Knobs { nodes: Some(nodes), supply: Some(supply), links: Some(links), nat: Some(NatMix::OPEN), ..Knobs::default() };
    let (instance, _) = Instance::from_document(scenario.make(&knobs)?.document).map_err(|faults| faults.to_string())?;
    Ok(instance)
}

/// The row of that name, or all.
fn chosen<T: Copy>(rows: &[T], name: Option<&str>, of: fn(&T) -> &str) -> Result<Vec<T>, String> {
    let found: Vec<T> = rows.iter().filter(|row| name.is_none_or(|name| of(row) == name)).copied().collect();
    if found.is_empty() { Err(USAGE.to_owned()) } else { Ok(found) }
}

fn wish() -> Result<Wish, Box<dyn Error>> {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    // Cargo says `--bench` when benchmarks are run, and nothing when all targets are tested.
    let benching = words.iter().any(|word| word == "--bench");
    words.retain(|word| word != "--bench");
    let nodes = if benching { vec![1_000, 5_000, 10_000] } else { vec![200] };
    let mut wish = Wish { nodes, regime: None, opponent: None, cap: Duration::from_secs(120), explicit: false };
    for pair in words.chunks(2) {
        let [key, value] = pair else { return Err(USAGE.into()) };
        match key.as_str() {
            "--nodes" => (wish.nodes, wish.explicit) = (vec![value.parse()?], true),
            "--regime" => wish.regime = Some(value.clone()),
            "--opponent" => wish.opponent = Some(value.clone()),
            "--cap" => wish.cap = Duration::from_secs(value.parse()?),
            _ => return Err(USAGE.into()),
        }
    }
    Ok(wish)
}
