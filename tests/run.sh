#!/usr/bin/env bash
# The test command: installs what the tests need, then formatting, lints, documentation and every test.
# The last line is the sum of all test binaries: `N passed, N failed, N skipped`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CARGO_TERM_COLOR=never
# Everything is built once, and what is built in few pieces runs faster.
export CARGO_INCREMENTAL=0
venv="$PWD/target/venv"
log="$PWD/target/tests.log"

say() { printf '\n== %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Debian packages for tools that are missing: a browser that renders the report, Python that executes the notebook,
# valgrind that counts instructions.
install_tools() {
  local missing=()
  command -v chromium >/dev/null || missing+=(chromium)
  command -v valgrind >/dev/null || missing+=(valgrind)
  python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3 python3-venv)
  if [ "${#missing[@]}" -gt 0 ]; then
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  fi
  if ! "$venv/bin/python" -c 'import ipykernel, matplotlib, nbclient, pandas' 2>/dev/null; then
    mkdir -p target
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check pandas matplotlib nbclient ipykernel
  fi
}

# Charts are drawn without the system's fonts, so that they are the same everywhere and no C library is needed.
no_font_libraries() {
  local crates
  crates=$(cargo tree --locked --prefix none)
  if grep '^freetype-sys ' <<<"$crates"; then
    say "freetype-sys is a dependency"
    return 1
  fi
}

say "tools"
install_tools
# One profile for all, so that what the crate depends on is built once. Tests of the whole program play billions of requests:
# it is nearly a release, and the program that is built with it is the one whose instructions are counted. Unit tests are
# themselves not optimised, which would take them three times as long to build, and check each sum for overflows.
profile=(--locked --profile gate)
unit=(
  --config profile.gate.package.breakeven.opt-level=0
  --config profile.gate.package.breakeven.overflow-checks=true
  --config profile.gate.package.breakeven.debug-assertions=true
)
say "formatting"
cargo fmt --check
say "lints"
cargo clippy "${profile[@]}" --all-targets -- -D warnings
say "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc "${profile[@]}" --no-deps
say "dependencies"
no_font_libraries
say "tests"
export SIMULATE_GATE="$PWD/target/gate/simulate"
status=0
: >"$log"
cargo test "${profile[@]}" "${unit[@]}" --no-fail-fast --lib 2>&1 | tee -a "$log" || status=$?
cargo test "${profile[@]}" --no-fail-fast --test '*' 2>&1 | tee -a "$log" || status=$?
cargo test "${profile[@]}" --no-fail-fast --doc 2>&1 | tee -a "$log" || status=$?
if [ -z "${SIMULATE_TRACES:-}" ]; then
  printf 'SKIPPED: SIMULATE_TRACES is not set, tests on recorded traffic read nothing\n' >&2
fi
# Without recorded traffic the tests of tests/traces.rs say "ok" and have read nothing: they are counted as skipped.
awk -v traces="${SIMULATE_TRACES:-}" '
  /Running / { blind = traces == "" && /tests\/traces\.rs/ }
  /^test result:/ { if (blind) skipped += $4; else passed += $4; failed += $6; skipped += $8 }
  END { printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped }' "$log"
exit "$status"
