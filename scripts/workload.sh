#!/usr/bin/env bash
# Links plimsoll-workload static, for the image that `plimsoll live` makes of it. It needs nothing but rustc.
#
# usage: scripts/workload.sh [FILE]        default: target/workload/plimsoll-workload
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-${CARGO_TARGET_DIR:-target}/workload/plimsoll-workload}
mkdir -p "$(dirname "$out")"
partial=$out.$$
trap 'rm -f "$partial"' EXIT
# The path of the sources must not be in the binary: equal sources give equal bytes.
"${RUSTC:-rustc}" --edition 2024 --crate-name plimsoll_workload --crate-type bin \
    -C opt-level=2 -C panic=abort -C strip=symbols -C target-feature=+crt-static \
    -C codegen-units=1 --remap-path-prefix "$PWD=." -A clippy::disallowed-methods \
    -o "$partial" src/bin/plimsoll-workload.rs
mv "$partial" "$out"
echo "$out"
