#!/usr/bin/env bash
# The same workloads with peers and with `simulate`, in one run on one core, and the ratios. Installs SimFaaS from PyPI into
# target/peers, and builds the simcore crate there. What is compared is seconds of CPU, start and report of ours included.
# Both play in turn, ROUNDS times (5), and the best of each counts: a machine that has other things to do slows both down.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
peers="$PWD/target/peers"
ours="${SIMULATE:-$PWD/target/release/simulate}"
rounds="${ROUNDS:-5}"

if [ -z "${SIMULATE:-}" ]; then
  cargo build --locked --quiet --release --bin simulate
fi
if ! "$peers/venv/bin/python" -c 'import simfaas' 2>/dev/null; then
  python3 -m venv --clear "$peers/venv"
  "$peers/venv/bin/python" -m pip install --quiet --disable-pip-version-check simfaas==0.2.2
fi
cargo build --locked --quiet --release --manifest-path benches/peers/simcore/Cargo.toml --target-dir "$peers/simcore"

# ours SCENARIO [--set ...]: requests, seconds of CPU, share of cold starts, mean instances, mean wait in seconds.
play() {
  local scenario="$1" time result
  shift
  result="$(mktemp)"
  time="$({ TIMEFORMAT='%U'; time "$ours" run "benches/peers/scenarios/$scenario.toml" --threads 1 --quiet --format json "$@" >"$result"; } 2>&1)"
  python3 - "$result" "$time" <<'PYTHON'
import json
import sys

result = json.load(open(sys.argv[1]))
one = result["deployments"][0]
wait = one["queue_wait_ms"]["mean"] or 0.0
print(one["requests"]["offered"], sys.argv[2], one["cold_starts"]["fraction"], one["instances"]["mean"], wait / 1e3)
PYTHON
  rm "$result"
}

# compare NAME THEIRS OURS: commands that print a line each, requests and seconds first.
compare() {
  local name="$1" theirs="$2" mine="$3" round lines
  lines="$(mktemp)"
  for ((round = 0; round < rounds; round++)); do
    $theirs
    $mine
  done >"$lines"
  python3 - "$name" "$lines" <<'PYTHON'
import sys

name, lines = sys.argv[1:]
figures = [list(map(float, line.split())) for line in open(lines)]
theirs, ours = (min(figures[first::2], key=lambda one: one[1] / one[0]) for first in (0, 1))
rate = lambda one: one[0] / one[1]
print(f"{name}: {rate(theirs):,.0f} requests/s, simulate {rate(ours):,.0f}: {rate(ours) / rate(theirs):,.1f} times")
print(f"    found: {theirs[2:]}, simulate {ours[2:]}")
PYTHON
  rm "$lines"
}

for rate in 10 50; do
  seconds=$((200000 / rate))
  # A hundred times the same, so that start and report count little.
  compare "SimFaaS 0.2.2 at $rate/s" \
    "$peers/venv/bin/python benches/peers/simfaas_peer.py $rate $seconds" \
    "play functions --set traffic.source.rate=$rate/s --set traffic.duration=${seconds}s --replications 100"
done
compare "simcore 0.1, M/M/1" "$peers/simcore/release/peer-simcore 5000000" "play queue"
compare "the order that dslab-faas states" "echo 1000000 1" "play plain-functions"
