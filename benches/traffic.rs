//! Nanoseconds per arrival of every process alone, per request of traffic generation, and of its observer.
//!
//! `ONCE="daily steps" cargo bench --bench traffic` draws ten million arrivals of that process once, for instruction counters
//! and profilers.

use std::hint::black_box;
use std::time::Duration;

use breakeven::application::program::Body;
use breakeven::application::retry::Retry;
use breakeven::application::telemetry::Telemetry;
use breakeven::application::{Application, Class, Entry, NOBODY, Request, Service};
use breakeven::kernel::distribution::{Distribution, Law};
use breakeven::traffic::counts::{CountTable, Counts, Within};
use breakeven::traffic::open::{Arrivals, Burst, Open};
use breakeven::traffic::process::{Hawkes, State, Switching};
use breakeven::traffic::profile::{Interpolation, Profile};
use breakeven::traffic::statistics::Observer;
use breakeven::traffic::{Flow, Play, Source, Traffic, Uncertainty};
use breakeven::units::{Bytes, Nanos};
use criterion::{Criterion, Throughput, criterion_group};

const REQUESTS: u64 = 1_000_000;
const BATCH: usize = 1024;

fn application(classes: usize, cpu: &Distribution) -> Application {
    let zero = Distribution::constant(0.0);
    let class = |index: usize| Class {
        name: format!("class-{index}"),
        weight: 1.0 + index as f64,
        cpu: cpu.clone(),
        io: zero.clone(),
        threads: 1.0,
        memory: Bytes(0),
        request_bytes: zero.clone(),
        response_bytes: zero.clone(),
        timeout: None,
        entry: Entry::default(),
        retry: Retry::default(),
    };
    let service = Service {
        name: "api".to_owned(),
        base_memory: Bytes(0),
        image: Bytes(0),
        runtime_start: None,
        init: zero.clone(),
        body: Body::default(),
        telemetry: Telemetry::default(),
    };
    Application::single((0..classes).map(class).collect(), service)
}

fn traffic(sources: &[Open]) -> Traffic {
    of_flows(sources.iter().map(|open| Flow::Open(Box::new(open.clone()))).collect())
}

fn of_flows(flows: Vec<Flow>) -> Traffic {
    let source = |(index, flow)| Source { name: format!("source-{index}"), mix: Vec::new(), flow };
    Traffic {
        sources: flows.into_iter().enumerate().map(source).collect(),
        start: jiff::civil::date(2026, 1, 5).to_zoned(jiff::tz::TimeZone::UTC).expect("a day"),
        warmup: Nanos::ZERO,
        duration: Nanos(u64::MAX / 4),
        uncertainty: Uncertainty::default(),
    }
}

fn daily(interpolation: Interpolation) -> Open {
    let day: Vec<f64> = (0..24).map(|hour| 1.0 + f64::from(hour % 12)).collect();
    Open { profile: Profile::weekly(&day, None, None, interpolation).expect("valid"), ..Open::constant(200.0) }
}

/// Every process, in the long run at 200 arrivals per second.
fn processes() -> Vec<(&'static str, Flow)> {
    let open = |open: Open| Flow::Open(Box::new(open));
    let burst = Some(Burst { cv: 0.3, window: Nanos(60 * Nanos::SECOND.0) });
    let state = |rate, mean| State { rate, lasts: Distribution::new(Law::Exponential { mean }) };
    let switching = Switching { states: [state(600.0, 10e9), state(100.0, 40e9)] };
    let table = CountTable { first: 0, period: Nanos(60 * Nanos::SECOND.0), counts: vec![12_000.0; 1440] };
    let counts = |within| Flow::Counts(Counts { within, repeat: true, ..Counts::new(table.clone()) });
    vec![
        ("poisson", open(Open::constant(200.0))),
        ("daily steps", open(daily(Interpolation::Step))),
        ("daily lines", open(daily(Interpolation::Linear))),
        ("daily lines with bursts", open(Open { burst, ..daily(Interpolation::Linear) })),
        ("gamma spacings", open(Open { arrivals: Arrivals::Gamma { cv: 2.0 }, ..Open::constant(200.0) })),
        ("mmpp", Flow::Switching(Box::new(switching))),
        ("hawkes", Flow::Hawkes(Hawkes { rate: 200.0, branching: 0.7, decay: Nanos::SECOND })),
        ("counts, uniform", counts(Within::Uniform)),
        ("counts, bmodel", counts(Within::Bmodel { p: 0.7 })),
    ]
}

/// Draws so many arrivals.
fn draw(play: &mut Play, arrivals: u64) -> u64 {
    let mut batch = Vec::with_capacity(BATCH);
    let (mut made, mut last) = (0, 0);
    while made < arrivals {
        play.fill(&mut batch, BATCH);
        made += batch.len() as u64;
        last = batch.last().map_or(last, |request| request.at);
    }
    last
}

fn arrivals(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("arrivals");
    group.throughput(Throughput::Elements(REQUESTS)).measurement_time(Duration::from_secs(2)).sample_size(20);
    for (name, flow) in processes() {
        let traffic = of_flows(vec![flow]);
        let mut play = traffic.instants(1, 0);
        group.bench_function(name, |bencher| bencher.iter(|| black_box(draw(&mut play, REQUESTS))));
    }
    group.finish();
}

fn generation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("generate");
    group.throughput(Throughput::Elements(REQUESTS)).measurement_time(Duration::from_secs(2)).sample_size(20);
    let constant = Distribution::constant(2e7);
    let log_normal = Distribution::new(Law::LogNormal { mu: 16.0, sigma: 0.5 });
    let even = Open { arrivals: Arrivals::Even, ..Open::constant(200.0) };
    let poisson = Open::constant(200.0);
    let cases = [
        ("poisson, constant work", vec![poisson.clone()], application(1, &constant)),
        ("poisson, log-normal work", vec![poisson.clone()], application(1, &log_normal)),
        ("poisson, four classes, log-normal", vec![poisson.clone()], application(4, &log_normal)),
        ("daily steps, constant work", vec![daily(Interpolation::Step)], application(1, &constant)),
        ("daily lines, constant work", vec![daily(Interpolation::Linear)], application(1, &constant)),
        ("even, constant work", vec![even], application(1, &constant)),
        ("three sources merged", vec![poisson; 3], application(1, &constant)),
    ];
    for (name, sources, application) in cases {
        let traffic = traffic(&sources);
        group.bench_function(name, |bencher| {
            let mut play = traffic.play(&application, 1, 0);
            let mut batch = Vec::with_capacity(BATCH);
            bencher.iter(|| {
                let mut made = 0;
                while made < REQUESTS {
                    play.fill(&mut batch, BATCH);
                    made += batch.len() as u64;
                    black_box(&batch);
                }
            });
        });
    }
    group.finish();
}

fn observation(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("observe");
    group.throughput(Throughput::Elements(REQUESTS)).measurement_time(Duration::from_secs(1)).sample_size(20);
    for rate in [200, 20_000] {
        let requests: Vec<Request> = (0..REQUESTS)
            .map(|index| Request { at: index * 1_000_000_000 / rate, key: 0, cpu: 0, io: 0, class: 0, caller: NOBODY })
            .collect();
        group.bench_function(format!("{rate} per second"), |bencher| {
            bencher.iter(|| {
                let mut observer = Observer::new(Nanos::ZERO, Nanos::NEVER);
                requests.chunks(BATCH).for_each(|batch| observer.observe(batch));
                black_box(observer.finish())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, arrivals, generation, observation);

fn main() {
    let Ok(name) = std::env::var("ONCE") else {
        benches();
        return Criterion::default().configure_from_args().final_summary();
    };
    let found = processes().into_iter().find(|(process, _)| *process == name);
    let (_, flow) = found.unwrap_or_else(|| panic!("no process is called {name}"));
    black_box(draw(&mut of_flows(vec![flow]).instants(1, 0), 10 * REQUESTS));
}
