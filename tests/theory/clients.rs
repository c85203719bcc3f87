//! Clients that react: retries, and users of a closed source.

use breakeven::kernel::queueing::ClosedStation;

use crate::system::{Span, System, exact};

const MS: f64 = 1e3;

/// All of them.
pub fn systems() -> Vec<System> {
    let mut systems = [0.25, 1.0, 4.0].map(orbit).to_vec();
    systems.extend([1, 2, 5].map(amplified));
    systems.extend([(1, 4), (1, 9), (3, 12)].map(repaired));
    systems.push(shared());
    systems
}

/// M/M/1 without waiting places, whose refused customers come back after an exponential time until they are served. Mean
/// number in orbit: rho / (1 - rho) (rho + lambda / nu) (Falin and Templeton, Retrial Queues, 1997, section 1.2). What a
/// customer spends in orbit follows by Little's law; so does the number of attempts.
fn orbit(returns: f64) -> System {
    let rate = 0.6;
    let orbit = rate / (1.0 - rate) * (rate + rate / returns);
    System {
        name: format!("M/M/1 with retrials at {returns}/s"),
        rate,
        source: None,
        span: Span::Customers { quick: 1e5, full: 1e6, warmup: 2_000.0 },
        body: format!(
            "class = {{ io = {{ dist = \"exponential\", mean = \"1s\" }}, timeout = \"none\", retry = {{ \
             attempts = \"unbounded\", base = {{ dist = \"exponential\", mean = \"{}s\" }}, factor = 1.0, \
             jitter = \"none\", cap = \"1d\" }} }}\n\
             deployment = {{ platform = \"vm\", autoscaler = {{ kind = \"fixed\", replicas = 1 }}, fleet = {{ queue = 0 }} }}",
            1.0 / returns
        ),
        facts: vec![exact("latency_ms.mean", (orbit / rate + 1.0) * MS), exact("instances.mean_busy", rate)],
    }
}

/// Attempts that fail independently of each other: each draws its work anew and takes longer than the client waits with
/// probability p. Of k attempts all fail with p^k, and 1 + p + ... + p^(k-1) are made; each works for one second.
fn amplified(attempts: i32) -> System {
    let (rate, timeout) = (5.0, 0.7_f64);
    let failing = (-timeout).exp();
    let made = (1.0 - failing.powi(attempts)) / (1.0 - failing);
    System {
        name: format!("{attempts} independent attempts"),
        rate,
        source: None,
        span: Span::Customers { quick: 1e5, full: 1e6, warmup: 100.0 },
        body: format!(
            "class = {{ io = {{ dist = \"exponential\", mean = \"1s\" }}, timeout = \"{timeout}s\", \
             retry = {{ attempts = {attempts}, base = \"100ms\" }} }}\n\
             slo = {{ availability = 0.5 }}\n\
             deployment = {{ platform = \"faas\", fleet = {{ keep_alive = \"0s\" }} }}"
        ),
        facts: vec![exact("availability", 1.0 - failing.powi(attempts)), exact("instances.mean_busy", rate * made)],
    }
}

/// Machines that break down and are repaired: users who think for an exponential time in front of servers with one queue.
fn repaired((servers, users): (u32, u32)) -> System {
    let (think, service) = (5.0, 1.0);
    let theory = ClosedStation { users, think, service, servers };
    System {
        name: format!("{users} users of {servers} servers"),
        rate: theory.throughput(),
        source: Some(format!(
            "{{ kind = \"closed\", users = {users}, think = {{ dist = \"exponential\", mean = \"{think}s\" }} }}"
        )),
        span: Span::Customers { quick: 1e5, full: 1e6, warmup: 500.0 },
        body: format!(
            "class = {{ io = {{ dist = \"exponential\", mean = \"{service}s\" }}, timeout = \"none\" }}\n\
             deployment = {{ platform = \"vm\", autoscaler = {{ kind = \"fixed\", replicas = {servers} }} }}"
        ),
        facts: vec![
            exact("latency_ms.mean", theory.residence() * MS),
            exact("instances.mean_busy", theory.throughput() * service),
        ],
    }
}

/// Users of one CPU that they share: for any law of thinking and work the same as exponential ones in a queue.
fn shared() -> System {
    let theory = ClosedStation { users: 10, think: 5.0, service: 1.0, servers: 1 };
    System {
        name: "10 users of a shared CPU".to_owned(),
        rate: theory.throughput(),
        source: Some(
            "{ kind = \"closed\", users = 10, think = { dist = \"uniform\", low = \"1s\", high = \"9s\" } }".to_owned(),
        ),
        span: Span::Customers { quick: 1e5, full: 1e6, warmup: 500.0 },
        body: "class = { cpu = { dist = \"lognormal\", mean = \"1s\", cv = 2.0 }, timeout = \"none\" }\n\
               deployment = { platform = \"vm\", autoscaler = { kind = \"fixed\", replicas = 1 }, \
               fleet = { slots = \"unbounded\" } }"
            .to_owned(),
        facts: vec![exact("latency_ms.mean", theory.residence() * MS)],
    }
}
