//! What the whole of traffic promises, tested on the stream that deployments see.

mod counts;
mod goodness;
mod laws;
mod log;
mod processes;
mod rates;
mod schedule;
mod streams;

use jiff::civil::date;
use jiff::tz::TimeZone;

use super::counts::{Align, CountTable, Counts};
use super::open::{Arrivals, Audience, Burst, CalendarRange, Level, Open, Stage};
use super::profile::{Interpolation, Profile};
use super::statistics::{Observer, Statistics};
use super::{Flow, Source, Traffic, Uncertainty};
use crate::application::program::Body;
use crate::application::retry::Retry;
use crate::application::telemetry::Telemetry;
use crate::application::{Application, Class, Entry, Request, Service};
use crate::kernel::distribution::Distribution;
use crate::units::{Bytes, Nanos};

const SECOND: u64 = 1_000_000_000;
const HOUR: u64 = 3_600 * SECOND;

fn class(name: &str, weight: f64) -> Class {
    Class {
        name: name.to_owned(),
        weight,
        cpu: Distribution::constant(1e6),
        io: Distribution::constant(0.0),
        threads: 1.0,
        memory: Bytes(0),
        request_bytes: Distribution::constant(0.0),
        response_bytes: Distribution::constant(0.0),
        timeout: None,
        entry: Entry::default(),
        retry: Retry::default(),
    }
}

fn application() -> Application {
    let nothing = Distribution::constant(0.0);
    let service = Service {
        name: "api".to_owned(),
        base_memory: Bytes(0),
        image: Bytes(0),
        runtime_start: None,
        init: nothing,
        body: Body::default(),
        telemetry: Telemetry::default(),
    };
    Application::single(vec![class("read", 3.0), class("write", 1.0), class("never", 0.0)], service)
}

fn source(name: &str, flow: Flow) -> Source {
    Source { name: name.to_owned(), mix: Vec::new(), flow }
}

fn open(open: Open) -> Source {
    source("web", Flow::Open(Box::new(open)))
}

/// Traffic from Monday 2026-01-05 00:00 UTC.
fn traffic(sources: Vec<Source>, seconds: u64) -> Traffic {
    let start = date(2026, 1, 5).to_zoned(TimeZone::UTC).expect("a day");
    let duration = Nanos(seconds * SECOND);
    Traffic { sources, start, warmup: Nanos::ZERO, duration, uncertainty: Uncertainty::default() }
}

fn played(traffic: &Traffic, seed: u64, replication: u32, limit: usize) -> Vec<Request> {
    let mut play = traffic.play(&application(), seed, replication);
    let (mut all, mut batch) = (Vec::new(), Vec::new());
    loop {
        play.fill(&mut batch, limit);
        assert!(batch.len() <= limit);
        if batch.is_empty() {
            return all;
        }
        all.extend_from_slice(&batch);
    }
}

fn requests(traffic: &Traffic, replication: u32) -> Vec<Request> {
    played(traffic, 1, replication, 1024)
}

/// Requests per cell of `width` nanoseconds.
fn histogram(requests: &[Request], width: u64, cells: usize) -> Vec<f64> {
    let mut counts = vec![0.0; cells];
    for request in requests {
        counts[usize::try_from(request.at / width).expect("small")] += 1.0;
    }
    counts
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, squares / (values.len() - 1) as f64)
}

fn observed(traffic: &Traffic) -> Statistics {
    let mut observer = Observer::new(traffic.warmup, traffic.duration);
    for batch in requests(traffic, 0).chunks(7) {
        observer.observe(batch);
    }
    observer.finish()
}

/// A school-like day for tests of shapes.
fn day() -> [f64; 24] {
    std::array::from_fn(|hour| if (8..20).contains(&hour) { 2.0 + hour as f64 / 10.0 } else { 0.5 })
}

fn daily(rate: f64, interpolation: Interpolation) -> Open {
    let profile = Profile::weekly(&day(), None, None, interpolation).expect("valid");
    Open { profile, ..Open::constant(rate) }
}
