//! Fleets that follow their requests: instances at work, cold starts, and the size of pools kept alive.

use breakeven::kernel::queueing::single_instance_cold_share;

use crate::queues::{CONSTANT, EXPONENTIAL, LOGNORMAL};
use crate::system::{Fact, Span, System, about, exact};

/// Those with a closed form.
pub fn systems() -> Vec<System> {
    let mut systems: Vec<System> = [EXPONENTIAL, CONSTANT, LOGNORMAL].map(at_work).to_vec();
    systems.extend([0.5, 2.0].map(one_large_instance));
    systems.extend(
        [0.6, 3.333_333_333]
            .map(|seconds| one_kept_instance(&format!("\"{seconds}s\""), single_instance_cold_share(1.0, seconds))),
    );
    // Random times are a mixture: the cold share is the Laplace transform of their law at the arrival rate. The uniform
    // law has a least time, after which it is drawn how long an instance is kept; the exponential one has none.
    let (low, high) = (0.6_f64, 3.4_f64);
    let uniform = ((-low).exp() - (-high).exp()) / (high - low);
    systems.extend([
        one_kept_instance(&format!("{{ dist = \"uniform\", low = \"{low}s\", high = \"{high}s\" }}"), uniform),
        one_kept_instance("{ dist = \"exponential\", mean = \"2s\" }", 1.0 / (1.0 + 2.0)),
    ]);
    systems
}

/// M/G/inf: an instance for each request.
fn at_work((law, service): (&str, &str)) -> System {
    let rate = 20.0;
    System {
        name: format!("M/G/inf at {rate}, {law}"),
        rate,
        source: None,
        span: Span::Customers { quick: 1e5, full: 1e6, warmup: 500.0 },
        body: format!(
            "class = {{ io = {service}, timeout = \"none\" }}\n\
             deployment = {{ platform = \"faas\", fleet = {{ keep_alive = \"0s\" }} }}"
        ),
        facts: vec![exact("instances.mean_busy", rate), exact("instances.mean", rate)],
    }
}

/// M/G/inf inside one instance without a limit of slots: it is idle with probability exp(-a).
fn one_large_instance(rate: f64) -> System {
    System {
        name: format!("M/G/inf at {rate}, share of time at work"),
        rate,
        source: None,
        span: Span::Customers { quick: 1e5, full: 1e6, warmup: 500.0 },
        body: format!(
            "class = {{ io = {}, timeout = \"none\" }}\n\
             deployment = {{ platform = \"vm\", autoscaler = {{ kind = \"fixed\", replicas = 1 }}, \
             fleet = {{ slots = \"unbounded\" }} }}",
            LOGNORMAL.1
        ),
        facts: vec![exact("instances.mean_busy", 1.0 - (-rate).exp()), exact("latency_ms.mean", 1e3)],
    }
}

/// One instance whose requests take no time, kept alive for `keep_alive`: the gaps longer than that are cold.
/// A microsecond to start makes a cold start something that is waited for.
pub fn one_kept_instance(keep_alive: &str, cold: f64) -> System {
    System {
        name: format!("one instance kept for {keep_alive}"),
        rate: 1.0,
        source: None,
        span: Span::Customers { quick: 1e5, full: 1e6, warmup: 100.0 },
        body: format!(
            "class = {{ timeout = \"none\" }}\n\
             deployment = {{ platform = \"faas\", autoscaler = {{ kind = \"per-request\", max = 1 }}, \
             fleet = {{ start = \"1us\", keep_alive = {keep_alive} }} }}"
        ),
        facts: vec![exact("cold_starts.fraction", cold), exact("instances.mean", 1.0 - cold)],
    }
}

/// Those whose steady state an independent event-exact simulator found, with its standard errors.
pub fn simulated() -> Vec<System> {
    [steady_state(), what_if(), orders(), low_load()].concat()
}

/// A fleet of the kind that `SimFaaS` studies (Mahmoudi and Khazaei, 2021): an instance per request, the start and the
/// first work measured as one, times exponential.
struct Study {
    rate: f64,
    warm: f64,
    cold: f64,
    keep_alive: f64,
    fleet: String,
}

impl Study {
    fn system(&self, name: String, span: Span, facts: Vec<Fact>) -> System {
        let Self { rate, warm, cold, keep_alive, fleet } = self;
        System {
            name,
            rate: *rate,
            source: None,
            span,
            body: format!(
                "class = {{ io = {{ dist = \"exponential\", mean = \"{warm}s\" }}, timeout = \"none\" }}\n\
                 deployment = {{ platform = \"faas\", autoscaler = {{ kind = \"per-request\", max = 1000 }}, \
                 fleet = {{ cold_service = {{ dist = \"exponential\", mean = \"{cold}s\" }}, \
                 keep_alive = \"{keep_alive}s\", queue = 0, initial = 0, {fleet} }} }}"
            ),
            facts,
        }
    }
}

/// A million seconds of the steady-state example, from an empty start; 20 runs of the reference.
fn steady_state() -> Vec<System> {
    let study =
        Study { rate: 0.9, warm: 1.991, cold: 2.244, keep_alive: 600.0, fleet: "reuse = \"newest\"".to_owned() };
    vec![study.system(
        "steady state".to_owned(),
        Span::Protocol { seconds: 1e6 },
        vec![
            about("cold_starts.fraction", 0.001_335, 0.000_031 / 20_f64.sqrt()),
            about("instances.mean", 7.690, 0.026 / 20_f64.sqrt()),
            about("instances.mean_busy", 1.7922, 0.0027 / 20_f64.sqrt()),
            about("instances.mean_idle", 5.898, 0.025 / 20_f64.sqrt()),
            about("latency_ms.mean", 1_990.74, 0.5),
        ],
    )]
}

/// The what-if on keep-alive, 100 000 seconds from an empty start; 10 runs of the reference.
fn what_if() -> Vec<System> {
    let rows = [
        (10.0, (0.023_878, 0.000_161), (28.775, 0.054), 8.579),
        (60.0, (0.003_678, 0.000_062), (33.060, 0.060), 12.894),
        (600.0, (0.000_328, 0.000_018), (37.561, 0.18), 17.400),
        (1_200.0, (0.000_171, 0.000_014), (38.716, 0.22), 18.555),
        (1_800.0, (0.000_122, 0.000_007), (39.335, 0.22), 19.174),
    ];
    rows.map(|(keep_alive, (cold, cold_sd), (total, total_sd), idle)| {
        let study = Study { rate: 10.0, warm: 2.016, cold: 2.163, keep_alive, fleet: "reuse = \"newest\"".to_owned() };
        let runs = 10_f64.sqrt();
        study.system(
            format!("what-if, keep-alive {keep_alive}"),
            Span::Protocol { seconds: 1e5 },
            vec![
                about("cold_starts.fraction", cold, cold_sd / runs),
                about("instances.mean", total, total_sd / runs),
                about("instances.mean_idle", idle, total_sd / runs),
            ],
        )
    })
    .to_vec()
}

/// The order in which idle instances are used again, 1 000 000 seconds from an empty start; 20 runs of the reference.
fn orders() -> Vec<System> {
    let pool = 0.026 / 20_f64.sqrt();
    // Pools that never shrink end at the largest concurrency of the run, whose spread between runs is about 1.
    let largest = 1.0 / 20_f64.sqrt();
    let rows = [
        ("oldest", "last-use", (0.001_335, 7e-6), (7.690, pool), 5.898),
        ("most-recent", "last-use", (0.001_339, 7e-6), (7.688, pool), 5.896),
        ("least-recent", "last-use", (0.000_013, 4e-7), (11.60, largest), 9.81),
        ("random", "last-use", (0.000_013, 4e-7), (11.60, largest), 9.81),
        ("newest", "start", (0.011_831, 9e-6), (6.414, pool), 4.620),
    ];
    rows.map(|(reuse, from, (cold, cold_error), (total, total_error), idle)| {
        let fleet = format!("reuse = \"{reuse}\", keep_alive_from = \"{from}\"");
        // The reference counts a window that is not renewed from the end of the first request (its instances live for
        // 602.4 s); we count from the start of the instance, which is one mean first request earlier.
        let keep_alive = if from == "start" { 602.244 } else { 600.0 };
        let study = Study { rate: 0.9, warm: 1.991, cold: 2.244, keep_alive, fleet };
        study.system(
            format!("{reuse} first, kept from {from}"),
            Span::Protocol { seconds: 1e6 },
            vec![
                about("cold_starts.fraction", cold, cold_error),
                about("instances.mean", total, total_error),
                about("instances.mean_idle", idle, total_error),
            ],
        )
    })
    .to_vec()
}

/// The same at low load, where the orders differ most; in the steady state, 5 runs of the reference.
fn low_load() -> Vec<System> {
    let rows = [
        (0.05, "newest", 0.010_689, 3e-5),
        (0.05, "random", 0.000_141, 5e-6),
        (0.01, "newest", 0.019_863, 4e-5),
        (0.01, "random", 0.016_215, 3e-5),
        (0.01, "least-recent", 0.010_261, 3.5e-5),
    ];
    rows.map(|(rate, reuse, cold, cold_error)| {
        let fleet = format!("reuse = \"{reuse}\"");
        let study = Study { rate, warm: 2.0, cold: 2.5, keep_alive: 600.0, fleet };
        study.system(
            format!("low load {rate}, {reuse} first"),
            Span::Customers { quick: 1e5, full: 1e6, warmup: 1e5 },
            vec![about("cold_starts.fraction", cold, cold_error)],
        )
    })
    .to_vec()
}
