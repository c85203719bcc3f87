//! Services that call each other.

use crate::queues::{CONSTANT, EXPONENTIAL, LOGNORMAL};
use crate::system::{Span, System, exact};

const MS: f64 = 1e3;

/// All of them.
pub fn systems() -> Vec<System> {
    let mut systems = [EXPONENTIAL, CONSTANT, LOGNORMAL].map(sharing).to_vec();
    systems.extend([0.5, 0.8].map(forked));
    systems.push(closed());
    systems.push(tandem());
    systems.push(jackson());
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

/// Two exponential servers, the second fed by a queue with what the first is done with: two M/M/1 (Burke, "The Output of
/// a Queuing System", Operations Research 4, 1956).
fn tandem() -> System {
    let (rate, second) = (0.7, 0.6);
    System {
        name: "two servers, one after the other".to_owned(),
        rate,
        source: None,
        span: Span::Customers { quick: 3e5, full: 4e6, warmup: 4_000.0 },
        body: format!(
            "class = {{ timeout = \"none\", entry = \"first\" }}\n\
             queue = {{ name = \"done\", consumer = \"second\", visibility_timeout = \"30d\" }}\n\
             service = [{{ name = \"first\", steps = [{{ io = {} }}, {{ publish = \"done\" }}] }},\n\
             {{ name = \"second\", steps = [{{ io = {} }}] }}]\n\
             deployment = {{ platform = \"vm\", autoscaler = {{ kind = \"fixed\", replicas = 1 }} }}",
            EXPONENTIAL.1,
            EXPONENTIAL.1.replace("1s", &format!("{second}s"))
        ),
        facts: vec![
            exact("latency_ms.mean", 1.0 / (1.0 - rate) * MS),
            exact("services.1.latency_ms.mean", second / (1.0 - rate * second) * MS),
            exact("queues.0.latency_ms.mean", second / (1.0 - rate * second) * MS),
        ],
    }
}

/// Three exponential servers with feedback: each is an M/M/1 at the rate that the traffic equations give it (Jackson,
/// "Networks of Waiting Lines", Operations Research 5, 1957).
fn jackson() -> System {
    let rate = 0.3;
    // a = rate + 0.4 b, b = 0.5 a + 0.5 c, c = 0.3 a.
    let a = rate / (1.0 - 0.4 * (0.5 + 0.5 * 0.3));
    let (b, c) = (0.65 * a, 0.3 * a);
    let sojourn = |service: f64, rate: f64| service / (1.0 - service * rate) * MS;
    let publish = |ways: &str| format!("{{ branch = [{ways}] }}");
    let way = |p: f64, queue: &str| format!("{{ p = {p}, steps = [{{ publish = \"{queue}\" }}] }}");
    let service = |name: &str, mean: &str, ways: &str| {
        let law = EXPONENTIAL.1.replace("1s", mean);
        format!("{{ name = \"{name}\", steps = [{{ io = {law} }}, {}] }}", publish(ways))
    };
    let queue = |name: &str| format!("{{ name = \"to-{name}\", consumer = \"{name}\", visibility_timeout = \"30d\" }}");
    System {
        name: "three servers with feedback".to_owned(),
        rate,
        source: None,
        span: Span::Customers { quick: 2e5, full: 2e6, warmup: 8_000.0 },
        body: format!(
            "class = {{ timeout = \"none\", entry = \"a\" }}\nqueue = [{}]\nservice = [{}]\n\
             deployment = {{ platform = \"vm\", autoscaler = {{ kind = \"fixed\", replicas = 1 }} }}",
            ["a", "b", "c"].map(queue).join(", "),
            [
                service("a", "1s", &[way(0.5, "to-b"), way(0.3, "to-c")].join(", ")),
                service("b", "2s", &way(0.4, "to-a")),
                service("c", "4s", &way(0.5, "to-b")),
            ]
            .join(", ")
        ),
        facts: vec![
            exact("services.0.latency_ms.mean", sojourn(1.0, a)),
            exact("services.1.latency_ms.mean", sojourn(2.0, b)),
            exact("services.2.latency_ms.mean", sojourn(4.0, c)),
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
