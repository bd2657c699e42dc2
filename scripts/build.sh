#!/usr/bin/env bash
# Configures once and builds into the folder given (default: build).
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}
started=$SECONDS
if [ ! -f "$build/build.ninja" ]; then
  echo "build: configuring $build"
  # Debian 12's python3-venv may be what wrote .venv: it is named, not searched for.
  cmake --preset default -B "$build" >"$build.log" 2>&1 || { cat "$build.log" >&2; exit 1; }
  rm -f "$build.log"
fi
if [ -t 1 ]; then
  cmake --build "$build"
else
  # Ninja's progress lines are for a terminal; errors are for everyone.
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  cmake --build "$build" >"$log" 2>&1 || { grep -v '^\[[0-9]*/[0-9]*\] \(Building\|Linking\|Generating\)' "$log" >&2; exit 1; }
fi
echo "build: up to date in $build/bin after $((SECONDS - started)) s"
