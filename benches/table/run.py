#!/usr/bin/env python3
"""The table of both engines: seconds, memory, and by how much rates are off, from one run on one machine.

    cargo build --release && python3 benches/table/run.py [target/release/simulate] [--years]

Each case is played twice with one replication and one thread, once request by request and once by rates; the time of the audit is
part of the latter. `--years` adds years of three deployments, which are played by rates alone. Needs nothing but Python.
"""

import json
import os
import sys
import tempfile
import time

WEB = 'cpu = "0ms", io = { dist = "lognormal", median = "72.6ms", sigma = 0.8 }'
CPU = 'cpu = { dist = "lognormal", median = "72.6ms", sigma = 0.8 }'
FIXED = 'platform = "vm", instance.vcpu = 4.0, fleet.slots = 4, autoscaler = { kind = "fixed", replicas = %d }'
HPA = (
    'platform = "kubernetes", instance.vcpu = 4.0, fleet = { slots = 4, start = "30s" }, autoscaler = '
    '{ kind = "hpa", min = 2, max = 5000, metrics = [{ cpu_utilization = "70%" }] }'
)
POOL = (
    'platform = "faas", fleet = { slots = 1, reuse = "most-recent", keep_alive = "10m", start = "250ms", '
    'initial = "stationary" }, autoscaler.kind = "per-request"'
)

# Name, traffic, class, deployments. The last three are those in which rates lose: in time, and in what they say.
CASES = [
    ("fixed fleet, a day at 1,000/s", 'duration = "1d", source.rate = "1000/s"', WEB, [FIXED % 30]),
    ("HPA, a day's curve at 1,000/s", 'duration = "1d", source = { rate = "1000/s", profile = "web-weekday" }', CPU, [HPA]),
    ("functions, a day's curve at 1,000/s", 'duration = "1d", source = { rate = "1000/s", profile = "web-weekday" }', WEB, [POOL]),
    ("HPA, a year at 0.1/s", 'duration = "365d", source = { rate = "0.1/s", profile = "web-weekday" }', CPU, [HPA]),
    ("one server, constant work, a day at 8/s", 'duration = "1d", source.rate = "8/s"', 'cpu = "0ms", io = "100ms"',
     ['platform = "vm", autoscaler = { kind = "fixed", replicas = 1 }']),
    ("HPA, a spike of 2.5 for 10 min in 6 h at 50/s",
     'duration = "6h", source = { rate = "50/s", event = { at = "2h", multiplier = 2.5, hold = "10m" } }', CPU, [HPA]),
]
YEARS = [
    (f"two fixed fleets and functions, a year at {rate:,}/s", f'duration = "365d", source = {{ rate = "{rate}/s", profile = "web-weekday" }}',
     WEB, [FIXED % (rate // 28 + 2), 'name = "spare", ' + FIXED % (rate // 20 + 2), POOL])
    for rate in (100, 10_000, 1_000_000)
] + [
    ("Lambda, EKS and EC2 as they are, a year at 100/s", 'duration = "365d", source = { rate = "100/s", profile = "web-weekday" }',
     'cpu = { dist = "lognormal", mean = "20ms", sigma = 0.8 }, io = "10ms"',
     ['platform = "aws-lambda"', 'platform = "eks"', 'platform = "ec2", autoscaler.kind = "target-tracking"']),
    ("App Engine on F4, a year at 200/s", 'duration = "365d", source = { rate = "200/s", profile = "web-weekday" }',
     'cpu = { dist = "lognormal", mean = "20ms", sigma = 0.8 }, io = "10ms"', ['platform = "app-engine-standard", instance.class = "F4"']),
]


def play(binary, case, fidelity):
    """Seconds, peak memory in MiB, and the result."""
    name, traffic, work, deployments = case
    listed = ",\n  ".join("{ %s }" % one for one in deployments)
    with tempfile.NamedTemporaryFile("w", suffix=".toml", delete=False) as file:
        path = file.name
        file.write(
            f'scenario = {{ seed = 11, replications = 1, fidelity = "{fidelity}" }}\nclass = {{ {work} }}\n'
            f'traffic = {{ warmup = "30m", {traffic} }}\ndeployment = [\n  {listed}\n]\n'
        )
    out = path + ".json"
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
        os.execv(binary, [binary, path, "--format", "json", "--threads", "1", "--quiet"])
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - began
    os.unlink(path)
    with open(out) as file:
        result = json.load(file) if os.waitstatus_to_exitcode(status) == 0 else None
    os.unlink(out)
    if result is None:
        sys.exit(f"{name}: {fidelity} failed")
    return seconds, usage.ru_maxrss / 1024, result


def off(exact, tick):
    """By how much the first deployment is off: instances, p95, p99, p99.9."""
    def of(result, group, key):
        return result["deployments"][0][group][key]
    figures = [("instances", "instances", "mean"), ("p95", "latency_ms", "p95"), ("p99", "latency_ms", "p99"),
               ("p99.9", "latency_ms", "p999")]
    pairs = [(label, of(exact, group, key), of(tick, group, key)) for label, group, key in figures]
    return ", ".join(f"{label} {100 * (b / a - 1):+.1f} %" for label, a, b in pairs if a)


def audited(result):
    """What became of the audits."""
    audits = [one["audit"] for one in result["deployments"]]
    told = [one["passed"] for one in audits if one["windows"]]
    if not told:
        return "too dear to audit"
    if not all(told):
        return f"{told.count(False)} of {len(told)} audits failed"
    left_out = len(audits) - len(told)
    return "audits passed" + (f", {left_out} too dear" if left_out else "")


def main():
    arguments = [one for one in sys.argv[1:] if not one.startswith("--")]
    binary = os.path.abspath(arguments[0] if arguments else "target/release/simulate")
    print("| case | requests | exact | tick | tick is off by | memory, exact and tick |\n|---|---|---|---|---|---|")
    for case in CASES:
        slow, of_slow, exact = play(binary, case, "exact")
        fast, of_fast, tick = play(binary, case, "tick")
        count = exact["traffic"]["requests"]
        print(f"| {case[0]} | {count:,} | {slow:.2f} s | {fast:.2f} s | {off(exact, tick)} "
              f"| {of_slow:.0f} and {of_fast:.0f} MiB |", flush=True)
    if "--years" in sys.argv:
        for case in YEARS:
            fast, of_fast, tick = play(binary, case, "tick")
            count = tick["traffic"]["requests"]
            print(f"| {case[0]} | {count:.1e} | | {fast:.1f} s | {audited(tick)} | {of_fast:.0f} MiB |", flush=True)


main()
