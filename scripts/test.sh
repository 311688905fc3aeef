#!/usr/bin/env bash
# Runs every test. Installs what the tests need, pinned, into a folder of its own.
#
#   bash scripts/test.sh          what every change must pass; tools that cannot be installed are skipped, by name
#   bash scripts/test.sh --full   everything: slow tests, a real browser, a real node; a missing tool is a failure
set -euo pipefail
cd "$(dirname "$0")/.."

full=0
for argument in "$@"; do
  case "$argument" in
    --full) full=1 ;;
    -h|--help) sed -n '2,6p' "$0" | sed 's/^# \{0,1\}//'; exit 0 ;;
    *) echo "error: unknown argument $argument (try --help)" >&2; exit 2 ;;
  esac
done

# A build folder outside the checkout is reused when somebody keeps one there.
cache="${XDG_CACHE_HOME:-$HOME/.cache}"
if [ -z "${CARGO_TARGET_DIR:-}" ] && [ -d "$cache/stakewright-target" ]; then
  export CARGO_TARGET_DIR="$cache/stakewright-target"
fi
tools="${STAKEWRIGHT_TOOLS:-$cache/stakewright-tools}"
mkdir -p "$tools"

step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }
missing() {
  if [ "$full" = 1 ]; then echo "error: $1" >&2; exit 1; fi
  echo "skipped: $1"
}

step "Python packages (pinned)"
if python3 -m venv "$tools/venv" && "$tools/venv/bin/pip" install -q --disable-pip-version-check -r notebooks/requirements.txt; then
  export STAKEWRIGHT_PYTHON="$tools/venv/bin/python"
else
  missing "the notebooks' Python packages could not be installed"
fi

step "node packages (pinned): a local Ethereum node and a Solidity compiler"
if [ -f tests/node/package-lock.json ]; then
  if npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund >/dev/null; then
    :
  else
    missing "the packages of tests/node could not be installed"
  fi
fi

step "a browser"
if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } || true
  fi
fi
STAKEWRIGHT_BROWSER="${STAKEWRIGHT_BROWSER:-$(command -v chromium || command -v google-chrome || true)}"
if [ -n "$STAKEWRIGHT_BROWSER" ]; then export STAKEWRIGHT_BROWSER; else missing "no Chromium to open the report in"; fi

step "a counter of instructions"
if ! command -v valgrind >/dev/null; then
  if [ "$full" = 1 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    { apt-get update -qq && apt-get install -y -qq valgrind >/dev/null; } || true
  fi
fi
command -v valgrind >/dev/null || missing "no valgrind to count instructions with"

if [ "$full" = 1 ]; then export STAKEWRIGHT_FULL=1; fi

step "formatting"
cargo fmt --all --check
step "clippy, without a warning"
cargo clippy --release --all-targets --quiet -- -D warnings
step "the core alone, with overflow checks"
cargo test --no-default-features --lib --quiet

step "everything, as it ships"
cargo build --release --quiet
cargo test --release
if [ "$full" = 1 ]; then
  # The slow tests that fit a test run, by name; the others are run by hand (see their reasons).
  cargo test --release --test it -- --ignored --nocapture \
    slow_the_report_opens_in_a_browser slow_embedded_loads slow_certified_claims_hold slow_a_large_chain \
    slow_the_engine_is_the_reference_on_many_plans slow_the_engine_executes_no_more_than_it_did slow_every_searched_knob \
    slow_a_thousand_random_deployments_do_not_revert
fi

step "licences, bans, sources"
if command -v cargo-deny >/dev/null; then
  cargo deny check licenses bans sources
else
  # Built once into the tools' folder: it takes some minutes.
  if [ "$full" = 1 ]; then
    [ -x "$tools/bin/cargo-deny" ] || cargo install cargo-deny --locked --version 0.20.2 --root "$tools" --quiet
    "$tools/bin/cargo-deny" check licenses bans sources
  else
    echo "skipped: cargo-deny is not installed (cargo install cargo-deny --locked)"
  fi
fi
step "done"
