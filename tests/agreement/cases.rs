//! The cases: what comes to which deployment, and where a bound is not met, by how much and why.

/// A case: traffic and deployment as they are written, how often it is played, and where a bound is not met, how far off it
/// may be (what was found, rounded up: it may get no worse) and why.
pub struct Case {
    pub name: &'static str,
    pub traffic: &'static str,
    pub class: &'static str,
    pub deployment: &'static str,
    pub replications: u32,
    pub beyond: &'static [(&'static str, f64, &'static str)],
}

/// Log-normal of mean 100 ms, as in many measurements of web services.
const WEB: &str = r#"class = { cpu = "0ms", io = { dist = "lognormal", median = "72.6ms", sigma = 0.8 } }"#;
/// Of mean 400 ms: half of it CPU, and all of it.
const HALF: &str = r#"class = { cpu = { dist = "lognormal", median = "145ms", sigma = 0.8 }, io = { dist = "lognormal", median = "145ms", sigma = 0.8 } }"#;
const CPU: &str = r#"class = { cpu = { dist = "lognormal", median = "290ms", sigma = 0.8 } }"#;

/// Of mean 70 ms, 50 ms of it CPU.
pub const SHOP: &str = r#"class = { cpu = { dist = "lognormal", median = "36.3ms", sigma = 0.8 }, io = { dist = "exponential", mean = "20ms" } }"#;

/// A page asks two services at once and then a third, which takes its time; one in four answers waits for a partner.
const GRAPH: &str = r#"class = { entry = "page", cpu = { dist = "lognormal", median = "15ms", sigma = 0.5 } }
service = [
  { name = "page", steps = [{ cpu = "class" }, { parallel = [{ call = "price" }, { call = "stock" }] }, { call = "order", size = "4KiB" }] },
  { name = "price", steps = [{ cpu = { dist = "exponential", mean = "10ms" } }, { io = "10ms" }] },
  { name = "stock", steps = [{ cpu = "5ms" }, { io = { dist = "lognormal", median = "20ms", sigma = 0.8 } }] },
  { name = "order", steps = [{ cpu = { dist = "lognormal", median = "20ms", sigma = 0.6 } }, { io = { dist = "exponential", mean = "60ms" }, p = 0.25 }] },
]"#;

/// Of mean 310 ms, 10 ms of it CPU.
const WAITING: &str = r#"class = { cpu = { dist = "lognormal", median = "7.26ms", sigma = 0.8 }, io = { dist = "lognormal", median = "218ms", sigma = 0.8 } }"#;
/// Lambda behind a throttle of 200/s with room for 400.
const BURST_400: &str = r#"platform = "aws-lambda", instance = { memory = "1769MiB" }, edge = { kind = "aws-http-api", throttle = { rate = "200/s", burst = 400 } }"#;
/// Lambda behind a throttle of 200/s with room for 50.
const BURST_50: &str = r#"platform = "aws-lambda", instance = { memory = "1769MiB" }, edge = { kind = "aws-http-api", throttle = { rate = "200/s", burst = 50 } }"#;
const APP_ENGINE: &str = r#"platform = "app-engine-standard""#;

/// Two orders are read and every other time one is written.
const ORDERS: &str = r#"class = { cpu = { dist = "lognormal", median = "20ms", sigma = 0.6 } }
service = [{ name = "shop", steps = [
  { query = "orders", size = { dist = "lognormal", median = "3KiB", sigma = 1.0 }, repeat = 2 }, { cpu = "class" },
  { query = "orders", op = "write", size = "2500B", p = 0.5 },
] }]
store = [{ name = "orders", stored = "20GiB", latency = { read = { dist = "lognormal", median = "4ms", sigma = 0.5 }, write = "8ms" } }]"#;

/// The same of a database whose CPU queries share.
const TABLES: &str = r#"class = { cpu = { dist = "lognormal", median = "20ms", sigma = 0.6 } }
service = [{ name = "shop", steps = [
  { query = "orders", size = "12KiB", repeat = 2 }, { cpu = "class" },
  { query = "orders", op = "write", size = "2KiB", p = 0.25 },
] }]
store = [{ name = "orders", kind = "relational", stored = "50GiB", latency = { read = { dist = "lognormal", median = "6ms", sigma = 0.8 }, write = { dist = "exponential", mean = "8ms" } } }]"#;

/// A page that knows its session, asks for prices and stock at once, and for an order every fourth time.
const STORED: &str = r#"class = { entry = "page", cpu = { dist = "lognormal", median = "15ms", sigma = 0.5 } }
service = [
  { name = "page", steps = [{ cpu = "class" }, { query = "session", size = "1KiB" }, { parallel = [{ call = "price" }, { call = "stock" }] }, { call = "order", p = 0.25, size = "4KiB" }] },
  { name = "price", steps = [{ cpu = { dist = "exponential", mean = "10ms" } }, { query = "session", size = "2KiB" }] },
  { name = "stock", steps = [{ cpu = "5ms" }, { query = "tables", size = "8KiB" }] },
  { name = "order", steps = [{ cpu = { dist = "lognormal", median = "20ms", sigma = 0.6 } }, { query = "tables", op = "write", size = "4KiB", repeat = 3 }] },
]
store = [
  { name = "session", kind = "cache", stored = "1GiB", latency = { read = "1ms", write = "1ms" } },
  { name = "tables", kind = "relational", stored = "50GiB", latency = { read = { dist = "lognormal", median = "6ms", sigma = 0.8 }, write = { dist = "exponential", mean = "8ms" } } },
]"#;
/// A payment that is waited for, and every other time a parcel that is not.
const FLOWS: &str = r#"class = { entry = "front", cpu = { dist = "lognormal", median = "15ms", sigma = 0.5 } }
service = [
  { name = "front", steps = [{ cpu = "class" }, { start = "pay" }, { start = "send", await = false, p = 0.5 }] },
  { name = "bank", steps = [{ cpu = { dist = "exponential", mean = "5ms" } }, { io = { dist = "exponential", mean = "40ms" } }] },
  { name = "post", steps = [{ cpu = "10ms" }, { io = { dist = "lognormal", median = "50ms", sigma = 0.6 } }] },
]
workflow = [
  { name = "pay", steps = [{ call = "bank" }, { call = "bank", p = 0.25 }] },
  { name = "send", steps = [{ wait = { dist = "exponential", mean = "2s" } }, { call = "post" }] },
]"#;
/// Lambda, and a table whose capacity is bought and follows what is taken.
const BOUGHT: &str = r#"platform = "aws-lambda", instance = { memory = "1769MiB" }, bind = { orders = { kind = "aws-dynamodb", mode = "provisioned", provisioned_throughput = { read_capacity_units = 100, write_capacity_units = 100 }, read_auto_scaling = { min = 20, max = 400 }, write_auto_scaling = { min = 20, max = 400 } } }"#;
const LAMBDA_AURORA: &str = r#"platform = "aws-lambda", instance = { memory = "1769MiB" }, bind = { orders = { kind = "aws-aurora", class = "db.r6g.xlarge" } }"#;

const TWENTY: &str = r#"platform = "vm", autoscaler = { kind = "fixed", replicas = 20 }"#;
pub const HPA: &str = r#"platform = "kubernetes", instance = { vcpu = 4.0 }, fleet = { slots = 4, start = "30s" }, autoscaler = { kind = "hpa", min = 2, max = 200, metrics = [{ cpu_utilization = "70%" }] }"#;
const POOL: &str = r#"platform = "faas", fleet = { slots = 1, reuse = "most-recent", keep_alive = "10m", start = "250ms", initial = "stationary" }, autoscaler = { kind = "per-request" }"#;
const SHORT_POOL: &str = r#"platform = "faas", fleet = { slots = 1, reuse = "most-recent", keep_alive = "60s", start = "250ms", initial = "stationary" }, autoscaler = { kind = "per-request" }"#;

pub const CASES: &[Case] = &[
    Case {
        name: "steady, one slot",
        traffic: r#"duration = "3h", source = { rate = "170/s" }"#,
        class: WEB,
        deployment: TWENTY,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "steady, one server, constant work",
        traffic: r#"duration = "24h", source = { rate = "8/s" }"#,
        class: r#"class = { cpu = "0ms", io = "100ms" }"#,
        deployment: r#"platform = "vm", autoscaler = { kind = "fixed", replicas = 1 }"#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "steady, 20 servers, constant work",
        traffic: r#"duration = "6h", source = { rate = "180/s" }"#,
        class: r#"class = { cpu = "0ms", io = "100ms" }"#,
        deployment: TWENTY,
        replications: 1,
        beyond: &[],
    },
    Case {
        name: "steady, two servers, rough work",
        traffic: r#"duration = "1d", source = { rate = "12/s" }"#,
        class: r#"class = { cpu = "0ms", io = { dist = "lognormal", mean = "100ms", sigma = 1.2 } }"#,
        deployment: r#"platform = "vm", autoscaler = { kind = "fixed", replicas = 2 }"#,
        replications: 4,
        beyond: &[("p95", 0.08, ROUGH), ("p99", 0.13, ROUGH)],
    },
    Case {
        name: "steady, many slots",
        traffic: r#"duration = "2h", source = { rate = "280/s" }"#,
        class: WEB,
        deployment: r#"platform = "vm", instance = { vcpu = 8.0 }, fleet = { slots = 8 }, autoscaler = { kind = "fixed", replicas = 4 }"#,
        replications: 1,
        beyond: &[],
    },
    Case {
        name: "steady, 500 slots",
        traffic: r#"duration = "5m", warmup = "1m", source = { rate = "4800/s" }"#,
        class: WEB,
        deployment: r#"platform = "vm", instance = { vcpu = 4.0 }, fleet = { slots = 4 }, autoscaler = { kind = "fixed", replicas = 125 }"#,
        replications: 1,
        beyond: &[],
    },
    Case {
        name: "two classes, one with a timeout",
        traffic: r#"duration = "6h", source = { rate = "60/s" }"#,
        class: r#"class = [
  { name = "short", weight = 4.0, cpu = "0ms", io = { dist = "exponential", mean = "40ms" } },
  { name = "long", cpu = "0ms", io = { dist = "lognormal", median = "250ms", sigma = 0.6 }, timeout = "1s" },
]"#,
        deployment: r#"platform = "vm", autoscaler = { kind = "fixed", replicas = 7 }"#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "overload of ten minutes, fixed",
        traffic: r#"duration = "3h", source = { rate = "100/s", event = { at = "1h", multiplier = 2.5, hold = "10m" } }"#,
        class: WEB,
        deployment: TWENTY,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "bursts of 20 s, fixed",
        traffic: r#"duration = "12h", source = { rate = "140/s", burst = { cv = 0.3, window = "20s" } }"#,
        class: WEB,
        deployment: TWENTY,
        replications: 2,
        beyond: &[("p95", 0.025, BURSTS)],
    },
    Case {
        name: "bursts of 1 s, fixed",
        traffic: r#"duration = "6h", source = { rate = "140/s", burst = { cv = 0.3, window = "1s" } }"#,
        class: WEB,
        deployment: TWENTY,
        replications: 1,
        beyond: &[("p95", 0.04, SHORT_BURSTS)],
    },
    Case {
        name: "hpa, at its floor",
        traffic: r#"duration = "12h", source = { rate = "5/s", profile = "web-weekday" }"#,
        class: CPU,
        deployment: HPA,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "hpa, 25/s",
        traffic: r#"duration = "12h", source = { rate = "25/s", profile = "web-weekday" }"#,
        class: CPU,
        deployment: HPA,
        replications: 24,
        beyond: &[],
    },
    Case {
        name: "hpa, 100/s, half of it waiting",
        traffic: r#"duration = "6h", source = { rate = "100/s", profile = "web-weekday" }"#,
        class: HALF,
        deployment: r#"platform = "kubernetes", instance = { vcpu = 4.0 }, fleet = { slots = 4, start = "30s" }, autoscaler = { kind = "hpa", min = 2, max = 200, metrics = [{ cpu_utilization = "35%" }] }"#,
        replications: 10,
        beyond: &[],
    },
    Case {
        name: "hpa, spike",
        traffic: r#"duration = "6h", source = { rate = "50/s", event = { at = "2h", multiplier = 2.5, hold = "10m" } }"#,
        class: CPU,
        deployment: HPA,
        replications: 60,
        beyond: &[],
    },
    Case {
        name: "hpa, bursts of 20 s",
        traffic: r#"duration = "6h", source = { rate = "50/s", burst = { cv = 0.3, window = "20s" } }"#,
        class: CPU,
        deployment: HPA,
        replications: 60,
        beyond: &[],
    },
    Case {
        name: "hpa on nodes, cluster autoscaler",
        traffic: r#"duration = "12h", source = { rate = "25/s", profile = "web-weekday" }"#,
        class: CPU,
        deployment: r#"platform = "eks", instance = { vcpu = 1.0, memory = "512MiB" }, fleet = { slots = 1, queue_at = "fleet", start = "20s" }, autoscaler = { min = 2, max = 60, metrics = [{ cpu_utilization = "70%" }] }, placement = { nodes = [{ type = "m6i.xlarge", min = 1, max = 30 }] }"#,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "target tracking",
        traffic: r#"duration = "1d", source = { rate = "25/s", profile = "web-weekday" }"#,
        class: CPU,
        deployment: r#"platform = "vm", instance = { vcpu = 4.0 }, fleet = { slots = 4, start = "1m" }, autoscaler = { kind = "target-tracking", min = 2, max = 60, target = 0.6 }"#,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "functions, 20/s",
        traffic: r#"duration = "2d", source = { rate = "20/s", profile = "web-weekday" }"#,
        class: WEB,
        deployment: POOL,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "functions, kept for 60 s",
        traffic: r#"duration = "1d", source = { rate = "50/s", profile = "web-weekday" }"#,
        class: WEB,
        deployment: SHORT_POOL,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "lambda, 20/s",
        traffic: r#"duration = "2d", source = { rate = "20/s", profile = "web-weekday" }"#,
        class: WEB,
        deployment: r#"platform = "aws-lambda", instance = { memory = "1769MiB" }"#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "lambda, hardly any traffic",
        traffic: r#"duration = "30d", source = { rate = "20/min", profile = "web-weekday" }"#,
        class: WEB,
        deployment: r#"platform = "aws-lambda", instance = { memory = "1769MiB" }"#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "lambda, bursts of 20 s",
        traffic: r#"duration = "1d", source = { rate = "100/s", burst = { cv = 0.3, window = "20s" } }"#,
        class: WEB,
        deployment: r#"platform = "aws-lambda", instance = { memory = "1769MiB" }"#,
        replications: 1,
        beyond: &[],
    },
    Case {
        name: "lambda, recycled every ten minutes",
        traffic: r#"duration = "1d", source = { rate = "100/s", profile = "web-weekday" }"#,
        class: WEB,
        deployment: r#"platform = "aws-lambda", instance = { memory = "1769MiB" }, fleet = { lifetime = "10m" }"#,
        replications: 4,
        beyond: &[("instances", 0.012, SELDOM)],
    },
    Case {
        name: "functions, recycled every hour",
        traffic: r#"duration = "2d", source = { rate = "20/s", profile = "web-weekday" }"#,
        class: WEB,
        deployment: r#"platform = "faas", fleet = { slots = 1, reuse = "most-recent", keep_alive = "10m", lifetime = { dist = "uniform", low = "50m", high = "70m" }, start = "250ms", initial = "stationary" }, autoscaler = { kind = "per-request" }"#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "throttle, at half of it",
        traffic: r#"duration = "6h", source = { rate = "100/s" }"#,
        class: WEB,
        deployment: BURST_50,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "throttle, just below it",
        traffic: r#"duration = "6h", source = { rate = "190/s" }"#,
        class: WEB,
        deployment: BURST_50,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "throttle, just as it is",
        traffic: r#"duration = "6h", source = { rate = "200/s" }"#,
        class: WEB,
        deployment: BURST_50,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "throttle, 5 % more than it is",
        traffic: r#"duration = "6h", source = { rate = "210/s" }"#,
        class: WEB,
        deployment: BURST_400,
        replications: 4,
        beyond: &[],
    },
    Case {
        name: "throttle, half as much again",
        traffic: r#"duration = "6h", source = { rate = "300/s" }"#,
        class: WEB,
        deployment: BURST_50,
        replications: 4,
        beyond: &[],
    },
    Case {
        name: "throttle, a day's curve",
        traffic: r#"duration = "1d", source = { rate = "150/s", profile = "web-weekday" }"#,
        class: WEB,
        deployment: BURST_400,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "throttle, bursts of 20 s",
        traffic: r#"duration = "6h", source = { rate = "160/s", burst = { cv = 0.3, window = "20s" } }"#,
        class: WEB,
        deployment: BURST_50,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "throttle, bursts of 2 s",
        traffic: r#"duration = "6h", source = { rate = "160/s", burst = { cv = 0.3, window = "2s" } }"#,
        class: WEB,
        deployment: BURST_50,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "throttle, rare bursts of 2 s",
        traffic: r#"duration = "6h", source = { rate = "160/s", burst = { cv = 0.3, window = "2s" } }"#,
        class: WEB,
        deployment: BURST_400,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "throttle of the provider",
        traffic: r#"duration = "1h", source = { rate = "9600/s", burst = { cv = 0.1, window = "20s" } }"#,
        class: WEB,
        deployment: r#"platform = "aws-lambda", instance = { memory = "1769MiB" }, autoscaler = { account_concurrency = 3000 }"#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "throttle, four services",
        traffic: r#"duration = "3h", source = { rate = "210/s" }"#,
        class: GRAPH,
        deployment: BURST_400,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "two machines of ec2, as they are",
        traffic: r#"duration = "6h", source = { rate = "25/s", profile = "web-weekday" }"#,
        class: SHOP,
        deployment: r#"platform = "ec2""#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "shared CPU, steady, 80 % busy",
        traffic: r#"duration = "3h", source = { rate = "64/s" }"#,
        class: r#"class = { cpu = { dist = "lognormal", median = "36.3ms", sigma = 0.8 } }"#,
        deployment: r#"platform = "vm", instance = { vcpu = 1.0 }, fleet = { slots = "unbounded", queue_at = "instance", routing = "random" }, autoscaler = { kind = "fixed", replicas = 4 }"#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "shared CPU, bursts of 20 s, two choices",
        traffic: r#"duration = "6h", source = { rate = "80/s", burst = { cv = 0.2, window = "20s" } }"#,
        class: SHOP,
        deployment: r#"platform = "vm", instance = { vcpu = 2.0 }, fleet = { slots = 16, queue_at = "instance", routing = "two-choices" }, autoscaler = { kind = "fixed", replicas = 4 }"#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "eks, as it is",
        traffic: r#"duration = "6h", source = { rate = "40/s", profile = "web-weekday" }"#,
        class: SHOP,
        deployment: r#"platform = "eks""#,
        replications: 12,
        beyond: &[],
    },
    Case {
        name: "four services on fixed fleets",
        traffic: r#"duration = "90m", source = { rate = "60/s" }"#,
        class: GRAPH,
        deployment: r#"platform = "vm", instance = { vcpu = 1.0 }, fleet = { slots = "unbounded", queue_at = "instance" }, autoscaler = { kind = "fixed", replicas = 3 }"#,
        replications: 1,
        beyond: &[],
    },
    Case {
        name: "four services on eks",
        traffic: r#"duration = "3h", source = { rate = "60/s", profile = "web-weekday" }"#,
        class: GRAPH,
        deployment: r#"platform = "eks""#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "four services on lambda",
        traffic: r#"duration = "6h", source = { rate = "40/s", profile = "web-weekday" }"#,
        class: GRAPH,
        deployment: r#"platform = "aws-lambda", instance = { memory = "1769MiB" }"#,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "app engine, a day's curve",
        traffic: r#"duration = "1d", source = { rate = "20/s", profile = "web-weekday" }"#,
        class: SHOP,
        deployment: APP_ENGINE,
        replications: 6,
        beyond: &[],
    },
    Case {
        name: "app engine, most of it waiting",
        traffic: r#"duration = "12h", source = { rate = "60/s", profile = "web-weekday" }"#,
        class: WAITING,
        deployment: APP_ENGINE,
        replications: 4,
        beyond: &[],
    },
    Case {
        name: "app engine, bursts of 5 min",
        traffic: r#"duration = "12h", source = { rate = "15/s", burst = { cv = 0.3, window = "5m" } }"#,
        class: SHOP,
        deployment: APP_ENGINE,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "app engine, bursts of 20 s",
        traffic: r#"duration = "12h", source = { rate = "60/s", burst = { cv = 0.3, window = "20s" } }"#,
        class: SHOP,
        deployment: r#"platform = "app-engine-standard", instance = { class = "F4" }"#,
        replications: 6,
        beyond: &[],
    },
    Case {
        name: "app engine, bursts of 20 s, slow",
        traffic: r#"duration = "12h", source = { rate = "15/s", burst = { cv = 0.3, window = "20s" } }"#,
        class: SHOP,
        deployment: APP_ENGINE,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "app engine, launch",
        traffic: r#"duration = "6h", source = { rate = "10/s", event = { at = "1h", multiplier = 4.0, ramp = "20m", hold = "90m" } }"#,
        class: SHOP,
        deployment: APP_ENGINE,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "app engine, spike",
        traffic: r#"duration = "6h", source = { rate = "10/s", event = { at = "2h", multiplier = 2.5, hold = "10m" } }"#,
        class: SHOP,
        deployment: APP_ENGINE,
        replications: 8,
        beyond: &[],
    },
    Case {
        name: "app engine, some of it waiting",
        traffic: r#"duration = "3d", source = { rate = "10/s", burst = { cv = 0.1, window = "20s" } }"#,
        class: r#"class = { entry = "api" }
service = [{ name = "api", steps = [
  { cpu = { dist = "gamma", mean = "15ms", cv = 1.4 } }, { io = { dist = "exponential", mean = "250ms" }, p = 0.3 },
  { cpu = { dist = "gamma", mean = "3ms", cv = 1.4 } },
] }]"#,
        deployment: APP_ENGINE,
        replications: 8,
        beyond: &[("instances", 0.013, SAMPLES), ("cost", 0.016, SAMPLES)],
    },
    Case {
        name: "app engine, four services",
        traffic: r#"duration = "3h", source = { rate = "20/s", profile = "web-weekday" }"#,
        class: GRAPH,
        deployment: APP_ENGINE,
        replications: 24,
        beyond: &[],
    },
    Case {
        name: "store, lambda, on demand",
        traffic: r#"duration = "1d", source = { rate = "40/s", profile = "web-weekday" }"#,
        class: ORDERS,
        deployment: r#"platform = "aws-lambda", instance = { memory = "1769MiB" }"#,
        replications: 3,
        beyond: &[],
    },
    Case {
        name: "store, lambda, capacity is bought",
        traffic: r#"duration = "1d", source = { rate = "40/s", profile = "web-weekday" }"#,
        class: ORDERS,
        deployment: BOUGHT,
        replications: 3,
        beyond: &[],
    },
    Case {
        name: "store, lambda, aurora",
        traffic: r#"duration = "12h", source = { rate = "30/s", profile = "web-weekday" }"#,
        class: TABLES,
        deployment: LAMBDA_AURORA,
        replications: 2,
        beyond: &[],
    },
    Case {
        name: "store, eks, dynamodb, work of the service",
        traffic: r#"duration = "1d", source = { rate = "40/s", profile = "web-weekday" }"#,
        class: r#"class = { entry = "api" }
service = [{ name = "api", steps = [{ cpu = { dist = "lognormal", mean = "15ms", sigma = 0.8 } }, { query = "orders", op = "read", size = "2KiB" }] }]
store = [{ name = "orders", kind = "document" }]"#,
        deployment: r#"platform = "eks", bind = { orders = { kind = "aws-dynamodb" } }"#,
        replications: 6,
        beyond: &[],
    },
    Case {
        name: "store, eks, aurora",
        traffic: r#"duration = "6h", source = { rate = "40/s", profile = "web-weekday" }"#,
        class: TABLES,
        deployment: r#"platform = "eks""#,
        replications: 12,
        beyond: &[],
    },
    Case {
        name: "store, app engine, datastore",
        traffic: r#"duration = "12h", source = { rate = "20/s", profile = "web-weekday" }"#,
        class: ORDERS,
        deployment: APP_ENGINE,
        replications: 6,
        beyond: &[],
    },
    Case {
        name: "store, four services on eks, bursts",
        traffic: r#"duration = "3h", source = { rate = "40/s", burst = { cv = 0.2, window = "1m" } }"#,
        class: STORED,
        deployment: r#"platform = "eks""#,
        replications: 6,
        beyond: &[],
    },
    Case {
        name: "store, four services on lambda",
        traffic: r#"duration = "6h", source = { rate = "40/s", profile = "web-weekday" }"#,
        class: STORED,
        deployment: r#"platform = "aws-lambda", instance = { memory = "1769MiB" }, bind = { tables = { kind = "aws-aurora", class = "db.r6g.xlarge" } }"#,
        replications: 4,
        beyond: &[],
    },
    Case {
        name: "workflows on lambda",
        traffic: r#"duration = "6h", source = { rate = "40/s", profile = "web-weekday" }"#,
        class: FLOWS,
        deployment: r#"platform = "aws-lambda", instance = { memory = "1769MiB" }, bind = { send = "aws-step-functions-express" }"#,
        replications: 4,
        beyond: &[],
    },
    Case {
        name: "workflows on eks",
        traffic: r#"duration = "6h", source = { rate = "60/s", profile = "web-weekday" }"#,
        class: FLOWS,
        deployment: r#"platform = "eks", bind = { pay = "aws-step-functions", send = "aws-step-functions-express" }"#,
        replications: 6,
        beyond: &[],
    },
];

const ROUGH: &str = "of work that is far from exponential three moments do not tell the wait";
const SAMPLES: &str = "the chance of the samples that tell what a scheduler sees is that of all replications";
const BURSTS: &str = "queues that come and go with bursts are told a little too short";
const SELDOM: &str = "high levels of concurrency are crossed a little too seldom";
const SHORT_BURSTS: &str = "in ten service times a queue has not become what the closure makes of it";
