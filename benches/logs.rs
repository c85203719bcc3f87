//! Bytes per second of reading access logs, unpacked.

#[path = "support/access_log.rs"]
mod access_log;

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use breakeven::traffic::log::read::{Format, Reading, read};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const LINES: u32 = 25_000;

fn nginx() -> String {
    let mut text = String::new();
    for line in 0..LINES {
        let _ = writeln!(
            text,
            "{{\"msec\":\"{}.125\",\"request_time\":\"0.025\",\"status\":\"200\",\"body_bytes_sent\":\"512\",\
             \"request_method\":\"GET\",\"uri\":\"/articles/{line}\",\"http_user_agent\":\"Mozilla/5.0 (X11; Linux x86_64)\"}}",
            1_431_857_103 + line / 100
        );
    }
    text
}

fn parsing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read log");
    group.measurement_time(Duration::from_secs(3)).sample_size(20);
    for (name, format, text) in
        [("combined", Format::Combined, access_log::combined(4 * LINES)), ("nginx-json", Format::NginxJson, nginx())]
    {
        group.throughput(Throughput::Bytes(text.len() as u64));
        let reading = Reading { format: Some(format), ..Reading::default() };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut sum = 0_i64;
                let summary = read(text.as_bytes(), name, &reading, &mut |entry| sum = sum.wrapping_add(entry.at));
                (black_box(sum), summary.map(|summary| summary.requests))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, parsing);
criterion_main!(benches);
