//! `pleach export`: an instance in, its program out, for any other solver.

use super::errors::{Failure, Kind};
use super::input::Given;
use super::output;
use clap::Args;
use pleach::instance::Instance;
use pleach::parameters::{Model, Weights};
use pleach::policy::{self, Cells, Rules};
use pleach::program::export::{write_lp, write_mps};
use pleach::program::group::GroupProgram;
use pleach::program::peer::{self, PeerProgram};
use pleach::program::session::{Limits, run as solve};
use pleach::program::supply::Supply;
use pleach::program::{Column, Name, Program, Status};
use std::path::PathBuf;

/// Service that the row leaves to rounding, relative.
const SLACK: f64 = 1e-9;
/// Flows between single nodes up to which the program is written.
const MOST_FLOWS: u64 = 5_000_000;

/// As typed.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    given: Given,

    /// Free MPS, or LP as people read it
    #[arg(long, value_enum)]
    format: Format,

    /// Flows between groups of nodes, or between single nodes
    #[arg(long, value_enum, default_value = "group")]
    level: Level,

    /// Most service, or the least cost of that service
    #[arg(long, value_enum, default_value = "service")]
    objective: Objective,

    /// Where the program goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Format {
    Mps,
    Lp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Level {
    Group,
    Peer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Objective {
    Service,
    Cost,
}

/// Reads, states the program, writes it.
pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let instance = arguments.given.instance(&[])?;
    let weights = Model::shipped("live").map_or_else(Weights::default, |model| model.weights);
    let rules = policy::compile(&instance, weights);
    let stated = match arguments.level {
        Level::Group => group(&instance, &rules),
        Level::Peer => peer(&instance, &rules)?,
    };
    let program = match arguments.objective {
        Objective::Service => stated.program,
        Objective::Cost => at_least_cost(stated)?,
    };
    output::write(arguments.output.as_deref(), |out| match arguments.format {
        Format::Mps => write_mps(&program, out),
        Format::Lp => write_lp(&program, out),
    })
}

/// A program that minimises less service, and what turns it into one that minimises cost.
struct Stated {
    program: Program,
    /// Cost of each column.
    cost: Vec<f64>,
    /// The row that counts service.
    service_row: u32,
    /// Service of a unit of that row.
    unit: f64,
}

/// The whole group program, none of its flows left out.
fn group(instance: &Instance, rules: &Rules) -> Stated {
    let cells = Cells::of(instance, rules);
    let supply = Supply::of(instance, rules, &cells);
    let group = GroupProgram::of(instance, rules, &cells, &supply).with_all_arcs();
    let (service, cost, service_row) = (group.objective(0.0, 1.0), group.objective(1.0, 0.0), group.service_row());
    let mut program = group.program;
    set_costs(&mut program, &service);
    Stated { program, cost, service_row, unit: 1.0 }
}

/// The exact program. What requests hold already is served in any plan: a column that is fixed counts it.
fn peer(instance: &Instance, rules: &Rules) -> Result<Stated, Failure> {
    let size = peer::size(instance);
    if size > MOST_FLOWS {
        let what = format!("{size} possible flows between single nodes are too many (at most {MOST_FLOWS})");
        return Err(Failure::usage("--level", what, "use --level group"));
    }
    let peer = PeerProgram::of(instance, rules);
    let scaled = |objective: &peer::Objective, by: f64| -> Vec<f64> {
        objective.numbers.iter().map(|number| number * objective.scale * by).collect()
    };
    let (service, mut cost, unit) = (scaled(&peer.service, -1.0), scaled(&peer.cost, 1.0), peer.service.scale);
    let mut program = peer.program;
    set_costs(&mut program, &service);
    let held = Column { name: Name::new("held", &[]), cost: -peer.standing, lower: 1.0, upper: 1.0, whole: false };
    program.column(held, &[(peer.service_row, peer.standing / unit)]);
    cost.push(0.0);
    Ok(Stated { program, cost, service_row: peer.service_row, unit })
}

/// The least cost at the most service, which has to be found first: by simplex for groups, by a search for single nodes.
fn at_least_cost(stated: Stated) -> Result<Program, Failure> {
    let Stated { mut program, cost, service_row, unit } = stated;
    let most = -least(&program)?;
    program.rows[service_row as usize].lower = most * (1.0 - SLACK) / unit;
    set_costs(&mut program, &cost);
    Ok(program)
}

fn set_costs(program: &mut Program, costs: &[f64]) {
    program.columns.iter_mut().zip(costs).for_each(|(column, cost)| column.cost = *cost);
}

/// The optimum.
fn least(program: &Program) -> Result<f64, Failure> {
    let answer = solve(program, &Limits::default());
    match (answer.status, answer.point) {
        (Status::Optimal, Some(point)) => Ok(point.objective),
        (status, _) => {
            let message =
                format!("the most service is not known: the solver says {status:?}; --objective service needs no solver");
            Err(Failure::new(Kind::Internal, message, Vec::new()))
        }
    }
}
