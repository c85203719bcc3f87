//! Services that call each other.

use crate::queues::{CONSTANT, EXPONENTIAL, LOGNORMAL};
use crate::system::{Span, System, exact};

const MS: f64 = 1e3;

/// All of them.
pub fn systems() -> Vec<System> {
    let mut systems = [EXPONENTIAL, CONSTANT, LOGNORMAL].map(sharing).to_vec();
    systems.extend([0.5, 0.8].map(forked));
    systems.push(closed());
    systems
}

/// Mean CPU seconds that a request asks of each of three services: 0.2 of the first, which calls the second twice, 0.15
/// each time, and the third, in half of the cases, 0.4.
const DEMANDS: [f64; 3] = [0.2, 0.3, 0.2];

/// The scenario of [`DEMANDS`]: one CPU per service, shared by all who are there. `law` has a mean of one second.
fn three_services(law: &str) -> String {
    let of = |mean: &str| law.replace("1s", mean);
    format!(
        "class = {{ timeout = \"none\", entry = \"front\" }}\n\
         service = [\n\
         {{ name = \"front\", steps = [{{ cpu = {} }}, {{ call = \"twice\", repeat = 2 }}, \
         {{ call = \"half\", p = 0.5 }}] }},\n\
         {{ name = \"twice\", steps = [{{ cpu = {} }}] }},\n\
         {{ name = \"half\", steps = [{{ cpu = {} }}] }}]\n\
         deployment = {{ platform = \"vm\", autoscaler = {{ kind = \"fixed\", replicas = 1 }}, \
         fleet = {{ slots = \"unbounded\" }} }}",
        of("200ms"),
        of("150ms"),
        of("400ms")
    )
}

/// Synchronous calls between processor-sharing services are a network of product form: R = sum of D / (1 - rho), whatever
/// the laws of service (Baskett, Chandy, Muntz and Palacios, "Open, Closed, and Mixed Networks of Queues with Different
/// Classes of Customers", Journal of the ACM 22, 1975).
fn sharing((name, law): (&str, &str)) -> System {
    let rate = 2.0;
    let residence: f64 = DEMANDS.iter().map(|demand| demand / (1.0 - rate * demand)).sum();
    System {
        name: format!("three calling services, {name}"),
        rate,
        source: None,
        span: Span::Customers { quick: 2e5, full: 2e6, warmup: 2_000.0 },
        body: three_services(law),
        facts: vec![
            exact("latency_ms.mean", residence * MS),
            exact("instances.cpu_utilization", rate * DEMANDS.iter().sum::<f64>() / 3.0),
        ],
    }
}

/// A fork to two exponential servers and a join: mean (12 - rho) / 8 times that of one M/M/1 (Nelson and Tantawi,
/// "Approximate Analysis of Fork/Join Synchronization in Parallel Queues", IEEE Transactions on Computers 37, 1988; exact
/// for two).
fn forked(rate: f64) -> System {
    System {
        name: format!("fork and join at {rate}"),
        rate,
        source: None,
        span: Span::Customers { quick: 3e5, full: 4e6, warmup: 5_000.0 },
        body: format!(
            "class = {{ timeout = \"none\", entry = \"front\" }}\n\
             service = [{{ name = \"front\", steps = [{{ parallel = [{{ call = \"a\" }}, {{ call = \"b\" }}] }}] }},\n\
             {{ name = \"a\", steps = [{{ io = {law} }}] }}, {{ name = \"b\", steps = [{{ io = {law} }}] }}]\n\
             deployment = {{ platform = \"vm\", autoscaler = {{ kind = \"fixed\", replicas = 1 }}, \
             service = {{ front = {{ fleet = {{ slots = \"unbounded\" }} }} }} }}",
            law = EXPONENTIAL.1
        ),
        facts: vec![exact("latency_ms.mean", (12.0 - rate) / 8.0 / (1.0 - rate) * MS)],
    }
}

/// Users of the three services, by exact mean value analysis (Reiser and Lavenberg, "Mean-Value Analysis of Closed
/// Multichain Queuing Networks", Journal of the ACM 27, 1980).
fn closed() -> System {
    let (users, think) = (15_u32, 5.0);
    let (residence, throughput) = mean_values(users, think, &DEMANDS);
    System {
        name: format!("{users} users of three calling services"),
        rate: throughput,
        source: Some(format!(
            "{{ kind = \"closed\", users = {users}, think = {{ dist = \"exponential\", mean = \"{think}s\" }} }}"
        )),
        span: Span::Customers { quick: 1e5, full: 1e6, warmup: 500.0 },
        body: three_services(LOGNORMAL.1),
        facts: vec![
            exact("latency_ms.mean", residence * MS),
            exact("instances.cpu_utilization", throughput * DEMANDS.iter().sum::<f64>() / 3.0),
        ],
    }
}

/// What a request takes, and how many come per second, when `users` think for `think` seconds in between.
fn mean_values(users: u32, think: f64, demands: &[f64]) -> (f64, f64) {
    let mut queues = vec![0.0; demands.len()];
    let mut found = (0.0, 0.0);
    for present in 1..=users {
        let residences: Vec<f64> = demands.iter().zip(&queues).map(|(demand, queue)| demand * (1.0 + queue)).collect();
        let residence: f64 = residences.iter().sum();
        let throughput = f64::from(present) / (think + residence);
        queues = residences.iter().map(|residence| throughput * residence).collect();
        found = (residence, throughput);
    }
    found
}
