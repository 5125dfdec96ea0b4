//! Each phase of a solve by itself, at a thousand, ten thousand and a hundred thousand peers.
//!
//! The instance is a national final in which everything binds: supply is scarce, links decide, translators are mixed.
//! Phases get what the phases before them made, made outside the clock.

use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput};
use pleach::engine::{self, Cancel, MethodChoice, Options, Select, Silent};
use pleach::instance::Instance;
use pleach::instance::generate::{Knobs, Links, NatMix, Scenario};
use pleach::parameters::{Effort, Model};
use pleach::placement::{self, Wish, improve};
use pleach::policy::{self, Cells};
use pleach::program::bound::{self, Objective};
use pleach::program::group::GroupProgram;
use pleach::program::outlets::Outlets;
use pleach::program::relaxation::{Guidance, Relaxation};
use pleach::program::session::Limits;
use pleach::program::supply::Supply;
use pleach::verify;
use std::time::Duration;

const PEERS: [usize; 3] = [1_000, 10_000, 100_000];

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for peers in PEERS {
        phases(&mut criterion, peers);
    }
    criterion.final_summary();
}

fn phases(criterion: &mut Criterion, peers: usize) {
    let text = text(peers);
    let model = Model::shipped("live").expect("it is shipped");
    let (instance, _) = Instance::from_json(text.clone()).expect("scenarios have no faults");
    let rules = policy::compile(&instance, model.weights);
    let cells = Cells::of(&instance, &rules);
    let supply = Supply::of(&instance, &rules, &cells);
    let limits = Limits::default();
    let open = || Relaxation::open(&instance, &rules, &cells, &supply);
    let stage = open().service(&limits).expect("the program is sound");
    let options = Options { method: MethodChoice::Greedy, ..Options::new(model.clone()) };
    let plan = engine::solve(&instance, &options, &mut Silent, &Cancel::default()).plan;
    // One placement: restarts would be what is measured on the smallest instance.
    let once = Effort { restarts: 0, guided: 0, ..model.effort };
    let outlets = Outlets::of(&instance, &rules);
    let place = |guidance: Option<&Guidance>| {
        let wish = Wish {
            select: Select::Parents,
            effort: &once,
            seed: 0,
            outlets: &outlets,
            most: f64::INFINITY,
            loose: None,
            guidance,
            stop: &|| false,
        };
        placement::place(&instance, &rules, &cells, wish)
    };

    let mut group = criterion.benchmark_group("phases");
    group.sampling_mode(SamplingMode::Flat).throughput(Throughput::Elements(peers as u64));
    let at = |phase: &str| BenchmarkId::new(phase, peers);
    group.bench_function(at("read"), |bench| {
        bench.iter_batched(
            || text.clone(),
            |text| Instance::from_json(text).expect("it was read before"),
            BatchSize::PerIteration,
        )
    });
    group.bench_function(at("compile"), |bench| {
        bench.iter_with_large_drop(|| {
            let rules = policy::compile(&instance, model.weights);
            (Cells::of(&instance, &rules), rules)
        })
    });
    group.bench_function(at("formulate"), |bench| {
        bench.iter(|| {
            let supply = Supply::of(&instance, &rules, &cells);
            GroupProgram::of(&instance, &rules, &cells, &supply).program.columns.len()
        })
    });
    group.bench_function(at("solve"), |bench| {
        bench.iter_batched_ref(open, |relaxation| relaxation.service(&limits), BatchSize::PerIteration)
    });
    group.bench_function(at("place-greedy"), |bench| bench.iter_with_large_drop(|| place(None)));
    group.bench_function(at("place-guided"), |bench| bench.iter_with_large_drop(|| place(Some(&stage.guidance))));
    group.bench_function(at("swap"), |bench| {
        bench.iter_batched_ref(|| place(None), |forest| improve(forest, &cells, 1, &|| false), BatchSize::PerIteration)
    });
    group.bench_function(at("bound"), |bench| {
        bench.iter(|| bound::evaluate(&instance, &rules, &cells, &supply, &stage.prices, Objective::Service))
    });
    group.bench_function(at("verify"), |bench| bench.iter(|| verify::examine(&instance, &plan).violations.len()));
    group.finish();
}

/// The instance as its file has it.
fn text(peers: usize) -> Vec<u8> {
    let scenario = Scenario::named("national-final").expect("the scenario is there");
    let knobs = Knobs { nodes: Some(peers), links: Some(Links::Binding), nat: Some(NatMix::MIXED), ..Knobs::default() };
    let made = scenario.make(&knobs).expect("the knobs are in range");
    serde_json::to_vec(&made.document).expect("documents are JSON")
}
