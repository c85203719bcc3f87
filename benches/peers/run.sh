#!/usr/bin/env bash
# The same workloads with peers and with `simulate`, in one run on one core, and the ratios. Installs SimFaaS from PyPI into
# target/peers, and builds the simcore crate there. What is compared is seconds of CPU, start and report of ours included.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
peers="$PWD/target/peers"
ours="${SIMULATE:-$PWD/target/release/simulate}"

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

# compare NAME "THEIRS" "OURS": requests and seconds come first in each.
compare() {
  python3 - "$@" <<'PYTHON'
import sys

name, theirs, ours = sys.argv[1], *(list(map(float, text.split())) for text in sys.argv[2:4])
rate = lambda figures: figures[0] / figures[1]
print(f"{name}: {rate(theirs):,.0f} requests/s, simulate {rate(ours):,.0f}: {rate(ours) / rate(theirs):,.1f} times")
print(f"    found: {theirs[2:]}, simulate {ours[2:]}")
PYTHON
}

for rate in 10 50; do
  seconds=$((200000 / rate))
  theirs="$("$peers/venv/bin/python" benches/peers/simfaas_peer.py "$rate" "$seconds")"
  # A hundred times the same, so that start and report count little.
  mine="$(play functions --set "traffic.source.rate=$rate/s" --set "traffic.duration=${seconds}s" --replications 100)"
  compare "SimFaaS 0.2.2 at $rate/s" "$theirs" "$mine"
done
theirs="$("$peers/simcore/release/peer-simcore" 5000000)"
compare "simcore 0.1, M/M/1" "$theirs" "$(play queue)"
compare "the order that dslab-faas states" "1000000 1" "$(play plain-functions)"
