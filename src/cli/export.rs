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
use pleach::program::session::{Limits, run as solve};
use pleach::program::supply::Supply;
use pleach::program::{Program, Status};
use std::path::PathBuf;

/// Service that the row leaves to rounding, relative.
const SLACK: f64 = 1e-9;

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
    if arguments.level == Level::Peer {
        return Err(Failure::usage("--level", "this version does not export flows between single nodes", "use --level group"));
    }
    let instance = arguments.given.instance(&[])?;
    let weights = Model::shipped("live").map_or_else(Weights::default, |model| model.weights);
    let rules = policy::compile(&instance, weights);
    let program = group(&instance, &rules, arguments.objective)?;
    output::write(arguments.output.as_deref(), |out| match arguments.format {
        Format::Mps => write_mps(&program, out),
        Format::Lp => write_lp(&program, out),
    })
}

/// The whole group program, none of its flows left out. For cost it asks for the most service that its relaxation has.
fn group(instance: &Instance, rules: &Rules, objective: Objective) -> Result<Program, Failure> {
    let cells = Cells::of(instance, rules);
    let supply = Supply::of(instance, rules, &cells);
    let group = GroupProgram::of(instance, rules, &cells, &supply).with_all_arcs();
    let mut program = group.program.clone();
    set_costs(&mut program, group.objective(0.0, 1.0));
    if objective == Objective::Cost {
        program.rows[group.service_row() as usize].lower = -least(&program)? * (1.0 - SLACK);
        set_costs(&mut program, group.objective(1.0, 0.0));
    }
    Ok(program)
}

fn set_costs(program: &mut Program, costs: Vec<f64>) {
    program.columns.iter_mut().zip(costs).for_each(|(column, cost)| column.cost = cost);
}

/// The optimum.
fn least(program: &Program) -> Result<f64, Failure> {
    let answer = solve(program, &Limits::default());
    match (answer.status, answer.point) {
        (Status::Optimal, Some(point)) => Ok(point.objective),
        (status, _) => {
            let message =
                format!("the most service is not known, as the solver says {status:?}; --objective service needs no solver");
            Err(Failure::new(Kind::Internal, message, Vec::new()))
        }
    }
}
