//! Fleets of a fixed size: waits, losses and processor sharing.

use breakeven::kernel::queueing::{Mmc, erlang_b, mg1_mean_wait, mg1_ps_mean_sojourn, mmck};

use crate::system::{Span, System, exact, percentile};

/// Laws of service with a mean of one second.
pub const EXPONENTIAL: (&str, &str) = ("exponential", r#"{ dist = "exponential", mean = "1s" }"#);
pub const CONSTANT: (&str, &str) = ("constant", r#""1s""#);
pub const LOGNORMAL: (&str, &str) = ("lognormal", r#"{ dist = "lognormal", mean = "1s", cv = 2.0 }"#);
const GAMMA_HALF: (&str, &str) = ("gamma cv .5", r#"{ dist = "gamma", mean = "1s", cv = 0.5 }"#);
const GAMMA_TWO: (&str, &str) = ("gamma cv 2", r#"{ dist = "gamma", mean = "1s", cv = 2.0 }"#);

const MS: f64 = 1e3;

/// All of them.
pub fn systems() -> Vec<System> {
    [waits(), losses(), single_servers(), stepped(), bounded(), sharing()].concat()
}

/// A class that waits without CPU on a fixed number of one-slot instances.
fn servers(servers: u32, law: &str, fleet: &str) -> String {
    format!(
        "class = {{ io = {law}, timeout = \"none\" }}\n\
         deployment = {{ platform = \"vm\", autoscaler = {{ kind = \"fixed\", replicas = {servers} }}, fleet = {{ {fleet} }} }}"
    )
}

/// M/M/c.
fn waits() -> Vec<System> {
    let rows = [(1, 0.8, 4e6), (2, 1.5, 4e6), (5, 4.0, 4e6), (10, 9.0, 6e6), (20, 18.0, 6e6)];
    let full_length =
        |(c, rate, full)| System { span: Span::Customers { quick: 2e5, full, warmup: 4_000.0 }, ..waits_of(c, rate) };
    rows.map(full_length).to_vec()
}

/// M/M/c at `rate` requests a second that take a second each.
pub fn waits_of(c: u32, rate: f64) -> System {
    let theory = Mmc { servers: c, arrival_rate: rate, mean_service: 1.0 };
    let mut facts = vec![
        exact("queue_wait_ms.mean", theory.mean_wait() * MS),
        exact("queue_wait_ms.share_waiting", theory.wait_probability()),
        exact("instances.mean_busy", rate),
        exact("instances.utilization", rate / f64::from(c)),
    ];
    if c == 1 {
        // With one server the whole time in the system is exponential with mean 1 / (1 - rate).
        facts.push(percentile("latency_ms.p50", 2.0_f64.ln() / (1.0 - rate) * MS));
        facts.push(percentile("latency_ms.p99", 100.0_f64.ln() / (1.0 - rate) * MS));
    }
    System {
        name: format!("M/M/{c} at {rate}"),
        rate,
        source: None,
        span: Span::Customers { quick: 2e5, full: 4e6, warmup: 4_000.0 },
        body: servers(c, EXPONENTIAL.1, ""),
        facts,
    }
}

/// M/G/c/c: what finds no server is lost, in the same share whatever the law. Requests in service at the end are left out
/// of the availability, which raises the share of losses by as much as there are of them per request: 0.2 % of it with
/// 1 000 servers, a fifth of the standard error.
fn losses() -> Vec<System> {
    let rows = [
        (1, 0.5, 1e5, 2e6),
        (5, 3.0, 1e5, 2e6),
        (10, 8.0, 1e5, 2e6),
        (100, 90.0, 1e5, 2e6),
        (1_000, 1_000.0, 4e5, 4e6),
    ];
    let systems = rows.iter().flat_map(|&(c, offered, quick, full)| {
        [EXPONENTIAL, CONSTANT, LOGNORMAL].map(|(law, service)| {
            let loss = erlang_b(c, offered);
            lossy(System {
                name: format!("M/G/{c}/{c} at {offered}, {law}"),
                rate: offered,
                // Of the log-normal law's time in service, one thousandth comes later than 100 s.
                source: None,
                span: Span::Customers { quick, full, warmup: 200.0 },
                body: servers(c, service, "queue = 0"),
                facts: vec![exact("availability", 1.0 - loss), exact("instances.mean_busy", offered * (1.0 - loss))],
            })
        })
    });
    systems.collect()
}

/// M/G/1 by Pollaczek and Khinchine. The exponential rows are among the M/M/c.
fn single_servers() -> Vec<System> {
    let rows = [
        (0.8, CONSTANT, 0.0, 2e5, 4e6),
        (0.8, GAMMA_HALF, 0.25, 2e5, 4e6),
        (0.8, GAMMA_TWO, 4.0, 4e5, 6e6),
        (0.9, CONSTANT, 0.0, 4e5, 6e6),
        (0.9, LOGNORMAL, 4.0, 1e6, 1e7),
        (0.5, EXPONENTIAL, 1.0, 1e5, 2e6),
    ];
    rows.map(|(rate, (law, service), cv2, quick, full)| System {
        name: format!("M/G/1 at {rate}, {law}"),
        rate,
        source: None,
        span: Span::Customers { quick, full, warmup: 20_000.0 },
        body: servers(1, service, ""),
        facts: vec![
            exact("queue_wait_ms.mean", mg1_mean_wait(rate, 1.0, cv2) * MS),
            exact("queue_wait_ms.share_waiting", rate),
        ],
    })
    .to_vec()
}

/// M/G/1 where the service time is what steps add up to: 0.5 s; in a quarter of the cases an exponential time of mean
/// 1.2 s; twice, with probability a half each time, 0.2 s. Its mean is 1 s, its variance
/// 2 * 1.2^2 / 4 - 0.3^2 + 2 * 0.2^2 / 4 = 0.65.
fn stepped() -> Vec<System> {
    let steps = "service = { name = \"app\", steps = [ { io = \"500ms\" }, \
        { branch = [ { p = 0.25, steps = [ { io = { dist = \"exponential\", mean = \"1200ms\" } } ] } ] }, \
        { io = \"200ms\", p = 0.5, repeat = 2 } ] }\n";
    let rows = [(0.5, 2e5, 2e6), (0.8, 2e5, 4e6)];
    rows.map(|(rate, quick, full)| System {
        name: format!("M/G/1 at {rate}, steps"),
        rate,
        source: None,
        span: Span::Customers { quick, full, warmup: 20_000.0 },
        body: format!("{steps}{}", servers(1, CONSTANT.1, "")),
        facts: vec![
            exact("queue_wait_ms.mean", mg1_mean_wait(rate, 1.0, 0.65) * MS),
            exact("latency_ms.mean", (mg1_mean_wait(rate, 1.0, 0.65) + 1.0) * MS),
            exact("instances.mean_busy", rate),
        ],
    })
    .to_vec()
}

/// M/M/c/K.
fn bounded() -> Vec<System> {
    let rows = [(9.0, 10, 20), (12.0, 10, 20), (1.0, 1, 5)];
    rows.map(|(rate, c, places)| {
        let theory = mmck(rate, 1.0, c, places);
        lossy(System {
            name: format!("M/M/{c}/{places} at {rate}"),
            rate,
            source: None,
            span: Span::Customers { quick: 2e5, full: 3e6, warmup: 1_000.0 },
            body: servers(c, EXPONENTIAL.1, &format!("queue = {}", places - c)),
            facts: vec![
                exact("availability", 1.0 - theory.loss),
                exact("queue_wait_ms.mean", theory.mean_wait * MS),
                exact("instances.mean_busy", rate * (1.0 - theory.loss)),
            ],
        })
    })
    .to_vec()
}

/// Asks for the availability.
fn lossy(mut system: System) -> System {
    system.body.push_str("\nslo = { availability = \"50%\", require = \"none\" }");
    system
}

/// CPU demand shared equally inside one instance: insensitive to the law.
fn sharing() -> Vec<System> {
    let one = |rate: f64, (law, demand): (&str, &str)| shared(1, rate, law, demand, mg1_ps_mean_sojourn(rate, 1.0));
    // Two CPUs of which a request can use one: also insensitive, so the mean is that of M/M/2.
    let two = |rate: f64, (law, demand): (&str, &str)| {
        let queue = Mmc { servers: 2, arrival_rate: rate, mean_service: 1.0 };
        shared(2, rate, law, demand, queue.mean_wait() + 1.0)
    };
    vec![
        one(0.8, EXPONENTIAL),
        one(0.8, CONSTANT),
        one(0.8, LOGNORMAL),
        one(0.5, LOGNORMAL),
        two(1.5, EXPONENTIAL),
        two(1.5, LOGNORMAL),
    ]
}

fn shared(vcpu: u32, rate: f64, law: &str, demand: &str, sojourn: f64) -> System {
    let load = rate / f64::from(vcpu);
    System {
        name: format!("M/G/{vcpu} sharing at {rate}, {law}"),
        rate,
        source: None,
        span: Span::Customers { quick: 2e5, full: 3e6, warmup: 10_000.0 },
        body: format!(
            "class = {{ cpu = {demand}, timeout = \"none\" }}\n\
             deployment = {{ platform = \"vm\", instance = {{ vcpu = {vcpu} }}, \
             autoscaler = {{ kind = \"fixed\", replicas = 1 }}, \
             fleet = {{ slots = \"unbounded\", sharing = \"processor\" }} }}"
        ),
        facts: vec![exact("latency_ms.mean", sojourn * MS), exact("instances.cpu_utilization", load)],
    }
}
