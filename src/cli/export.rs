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
use pleach::program::session::{Limits, Session};
use pleach::program::supply::Supply;
use pleach::program::{Answer, Column, Name, Point, Program, Status};
use std::path::PathBuf;

/// Service and relaxation that their rows leave to rounding, relative.
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

    /// Most service, or the least cost of that service and of the least relaxation that it takes
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
    let program = match arguments.level {
        Level::Group => group(&instance, &rules, arguments.objective)?,
        Level::Peer => peer(&instance, &rules, arguments.objective)?,
    };
    output::write(arguments.output.as_deref(), |out| match arguments.format {
        Format::Mps => write_mps(&program, out),
        Format::Lp => write_lp(&program, out),
    })
}

/// The whole group program, none of its flows left out.
fn group(instance: &Instance, rules: &Rules, objective: Objective) -> Result<Program, Failure> {
    let cells = Cells::of(instance, rules);
    let supply = Supply::of(instance, rules, &cells);
    let mut group = GroupProgram::of(instance, rules, &cells, &supply);
    let least = match objective {
        Objective::Service => f64::NEG_INFINITY,
        Objective::Cost => most_of_groups(&mut group)? * (1.0 - SLACK),
    };
    let group = group.with_all_arcs();
    let costs = match objective {
        Objective::Service => group.objective(0.0, 1.0),
        Objective::Cost => group.objective(1.0, 0.0),
    };
    let row = group.service_row();
    Ok(stated(group.program, &costs, row, least))
}

/// The most service of the group program, found over the flows that it needs for that.
fn most_of_groups(group: &mut GroupProgram<'_>) -> Result<f64, Failure> {
    let mut session = Session::open(&group.program);
    loop {
        session.set_costs(&group.objective(0.0, 1.0));
        let point = optimum(session.solve(&Limits::default()))?;
        let known = group.program.columns.len();
        if group.price_in(&point.duals, 0.0) == 0 {
            return Ok(-point.objective);
        }
        session.add_columns(&group.program, known);
    }
}

/// The exact program. What requests hold already is served in any plan: a column that is fixed counts it.
fn peer(instance: &Instance, rules: &Rules, objective: Objective) -> Result<Program, Failure> {
    let size = peer::size(instance);
    if size > MOST_FLOWS {
        let what = format!("{size} possible flows between single nodes are too many (at most {MOST_FLOWS})");
        return Err(Failure::usage("--level", what, "use --level group"));
    }
    let PeerProgram { mut program, service, relaxation, cost, standing, service_row, relaxation_row, .. } =
        PeerProgram::of(instance, rules);
    let held = Column { name: Name::new("held", &[]), cost: 0.0, lower: 1.0, upper: 1.0, whole: false };
    program.column(held, &[(service_row, standing / service.scale)]);
    let lost: Vec<f64> = service.numbers.iter().map(|number| -number * service.scale).chain([-standing]).collect();
    let mut program = stated(program, &lost, service_row, f64::NEG_INFINITY);
    if objective == Objective::Service {
        return Ok(program);
    }
    let most = -optimum(Session::open(&program).solve(&Limits::default()))?.objective;
    let least = most * (1.0 - SLACK) / service.scale;
    if let Some(row) = relaxation_row {
        let relaxed: Vec<f64> = relaxation.numbers.iter().copied().chain([0.0]).collect();
        program = stated(program, &relaxed, service_row, least);
        let least_relaxed = optimum(Session::open(&program).solve(&Limits::default()))?.objective;
        program.rows[row as usize].upper = least_relaxed * (1.0 + SLACK);
    }
    let costs: Vec<f64> = cost.numbers.iter().map(|number| number * cost.scale).chain([0.0]).collect();
    Ok(stated(program, &costs, service_row, least))
}

/// The program with these costs, and at least so much in its row of service.
fn stated(mut program: Program, costs: &[f64], service_row: u32, least: f64) -> Program {
    program.columns.iter_mut().zip(costs).for_each(|(column, cost)| column.cost = *cost);
    program.rows[service_row as usize].lower = least;
    program
}

/// The point of an answer that is an optimum.
fn optimum(answer: Answer) -> Result<Point, Failure> {
    match (answer.status, answer.point) {
        (Status::Optimal, Some(point)) => Ok(point),
        (status, _) => {
            let message =
                format!("the most service is not known: the solver says {status:?}; --objective service needs no solver");
            Err(Failure::new(Kind::Internal, message, Vec::new()))
        }
    }
}
