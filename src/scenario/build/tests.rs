//! Scenarios with graphs, as they are built before anything of them is refused as not played yet.

mod graph;
mod mistakes;
mod supply;

use std::path::Path;

use super::*;

/// A shop: everything that the language of graphs has.
const SHOP: &str = r#"
traffic = { source = { rate = "10/s" }, duration = "2h", warmup = "10m" }
[[class]]
name = "browse"
entry = "api"
cpu = { dist = "exponential", mean = "10ms" }
io = "5ms"
timeout = "2s"
retry = { attempts = 3, budget = { share = 0.2 } }
[[class]]
name = "checkout"
entry = "api"
weight = 0.1
cpu = "30ms"
[[class]]
name = "sync"
entry = "store:orders"
[[service]]
name = "api"
steps = [
  { cpu = "class" }, { io = "class" },
  { query = "orders", op = "write", size = "2KiB", repeat = 2 },
  { parallel = [{ call = "price", timeout = "300ms" }, { call = "stock", p = 0.5, retry = { attempts = "unbounded", jitter = "none" } }] },
  { publish = "placed", size = "1KiB", only = ["checkout"] },
  { branch = [{ p = "20%", steps = [{ start = "fulfil", await = false }] }, { p = 0.3, steps = [{ wait = "1s" }] }] },
]
[[service]]
name = "price"
steps = [{ cpu = "5ms" }]
[[service]]
name = "stock"
base_memory = "128MiB"
runtime = "java"
steps = [{ cpu = "7ms" }, { query = "orders" }]
[[service]]
name = "worker"
steps = [{ cpu = "class" }]
[[queue]]
name = "placed"
kind = "topic"
consumers = ["worker", "stock"]
batch = { size = 10, window = "1s" }
[[workflow]]
name = "fulfil"
steps = [{ call = "worker" }, { wait = "2s" }, { call = "price", retry = { attempts = 3 } }]
[[store]]
name = "orders"
stored = "20GiB"
latency = { read = "3ms" }
[[fault]]
kind = "slow"
factor = 5
target = "orders"
at = "1h"
for = "10s"
[[fault]]
name = "release"
kind = "deploy"
target = "k8s"
at = [2026-01-05T01:30:00, "15m"]
[[deployment]]
name = "k8s"
platform = "kubernetes"
bind = { placed = "aws-sns", fulfil = "aws-step-functions" }
instance.memory = "1GiB"
autoscaler = { kind = "hpa", min = 2 }
service.worker = { instance = { vcpu = 0.5 }, autoscaler = { kind = "fixed", replicas = 3 } }
service.price = { autoscaler = { max = 7 } }
"#;

/// A scenario as it is built, or what is said about it: `what is underlined: message|label|help`, in order.
fn built(text: &str) -> Result<Scenario, Vec<String>> {
    let mut document = Document::new("s.toml", text, Path::new("."), "s", &[]);
    let built = build_what(&mut document, |_, _| {});
    let said = |problems: &Diagnostics| -> Vec<String> {
        let mut problems: Vec<&Diagnostic> = problems.iter().collect();
        problems.sort_by_key(|problem| problem.span);
        let shown = problems.into_iter().map(|problem| {
            let at = problem.span.map_or("", |span| &document.sources.text(span.source)[span.start..span.end]);
            format!("{at}: {}|{}|{}", problem.message, problem.label, problem.help.as_deref().unwrap_or(""))
        });
        shown.collect()
    };
    built.map_err(|problems| said(&problems))
}

fn scenario(text: &str) -> Scenario {
    built(text).unwrap_or_else(|said| panic!("{said:#?}"))
}

/// What is said about `text`, warnings included.
fn said(text: &str) -> Vec<String> {
    match built(text) {
        Err(said) => said,
        Ok(scenario) => scenario.warnings.iter().map(|warning| warning.message.clone()).collect(),
    }
}
