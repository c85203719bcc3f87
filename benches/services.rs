//! Five services that call each other: a front that computes and calls two at once, then a chain of two. Nanoseconds per
//! attempt at a service, on one core.
//!
//! `ONCE=functions cargo bench --bench services` plays one case once, `ONCE=all` each of them.

mod support;

/// What the services do.
#[derive(Clone, Copy)]
struct Graph {
    /// What is said of every call.
    call: &'static str,
    /// Steps before those of every service.
    before: &'static str,
    /// CPU time of the front and of the one that it calls last.
    cpu: &'static str,
    /// What the three at the ends do.
    end: &'static str,
}

/// Little work, and waiting at the ends.
const WAITING: Graph =
    Graph { call: "", before: "", cpu: "5ms", end: r#"io = { dist = "lognormal", mean = "40ms", sigma = 0.8 }"# };
/// Work only.
const WORKING: Graph =
    Graph { cpu: "33ms", end: r#"cpu = { dist = "lognormal", mean = "33ms", sigma = 0.8 }"#, ..WAITING };
/// A timeout on every call.
const TIMEOUT: &str = r#", timeout = "60s""#;
/// A step that waits.
const WAITS: &str = r#"{ io = { dist = "lognormal", mean = "10ms", sigma = 0.8 } },"#;

/// The application at `rate` requests a second on one deployment.
fn services(rate: f64, seconds: f64, graph: Graph, deployment: &str) -> String {
    let Graph { call, before, cpu, end } = graph;
    let cpu = format!(r#"{{ cpu = {{ dist = "lognormal", mean = "{cpu}", sigma = 0.8 }} }}"#);
    let end = format!("steps = [{before} {{ {end} }}]");
    format!(
        r#"
traffic = {{ duration = "{seconds}s", source = {{ rate = "{rate}/s" }} }}
class = {{ entry = "front", timeout = "none" }}
[[service]]
name = "front"
steps = [{before} {cpu}, {{ parallel = [{{ call = "a"{call} }}, {{ call = "b"{call} }}] }}, {{ call = "c"{call} }}]
[[service]]
name = "a"
{end}
[[service]]
name = "b"
{end}
[[service]]
name = "c"
steps = [{before} {cpu}, {{ call = "d"{call} }}]
[[service]]
name = "d"
{end}
[[deployment]]
{deployment}
"#
    )
}

/// One-slot instances that follow their requests.
const FUNCTIONS: &str = r#"platform = "faas"
fleet = { keep_alive = "600s" }
"#;

/// So many processor-sharing instances of each service, with ten slots and two vCPUs.
fn pods(each: u32, routing: &str) -> String {
    format!(
        r#"
platform = "vm"
instance = {{ vcpu = 2.0 }}
autoscaler = {{ kind = "fixed", replicas = {each} }}
fleet = {{ slots = 10, queue_at = "instance", routing = "{routing}" }}
"#
    )
}

/// A hundred pods of each service on so many nodes of 16 vCPUs.
fn on_nodes(nodes: u32) -> String {
    format!(
        r#"
platform = "kubernetes"
instance = {{ vcpu = 0.1, vcpu_limit = 2.0, memory = "64MiB" }}
autoscaler = {{ kind = "fixed", replicas = 100 }}
fleet = {{ slots = 10, queue_at = "instance" }}
placement = {{ kind = "fixed", nodes = [{{ type = "m6i.4xlarge", min = {nodes}, max = {nodes} }}] }}
"#
    )
}

fn cases() -> Vec<(&'static str, String)> {
    // About a thousand attempts in flight.
    let functions = |graph| services(4_000.0, 100.0, graph, FUNCTIONS);
    let pods = |graph, routing| services(4_000.0, 50.0, graph, &pods(100, routing));
    // About a hundred thousand.
    let long = Graph { end: r#"io = { dist = "lognormal", mean = "3.5s", sigma = 0.8 }"#, ..WAITING };
    vec![
        ("functions", functions(WAITING)),
        ("functions-timeouts", functions(Graph { call: TIMEOUT, ..WAITING })),
        ("functions-io", functions(Graph { before: WAITS, ..WAITING })),
        ("functions-100k", services(5_000.0, 60.0, long, FUNCTIONS)),
        ("pods", pods(WORKING, "least-busy")),
        ("pods-two-choices", pods(WORKING, "two-choices")),
        ("pods-random", pods(WORKING, "random")),
        ("pods-round-robin", pods(WORKING, "round-robin")),
        ("pods-timeouts", pods(Graph { call: TIMEOUT, ..WORKING }, "least-busy")),
        ("pods-io", pods(Graph { before: WAITS, ..WORKING }, "least-busy")),
        ("pods-100k", services(5_000.0, 60.0, long, &self::pods(10_000, "least-busy"))),
        // 667 vCPUs are asked for: 704 make the nodes 95 % busy, 896 75 %.
        ("nodes-95", services(4_000.0, 50.0, WORKING, &on_nodes(44))),
        ("nodes-75", services(4_000.0, 50.0, WORKING, &on_nodes(56))),
    ]
}

fn main() {
    support::measure("services", cases());
}
