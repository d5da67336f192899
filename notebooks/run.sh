#!/bin/sh
# Executes notebooks from top to bottom: run.sh [FOLDER…]
#
# Each FOLDER is what a command wrote, and is shown by the notebook that reads it: that of `plimsoll run` by
# results.ipynb, of `plimsoll compare` by compare.ipynb, of `plimsoll capacity` and of `plimsoll capacity --runway`,
# both together, by capacity.ipynb. Without any, all notebooks are executed: results.ipynb on the sample run, the
# others on what plimsoll writes about shipped scenarios. That is the plimsoll in PATH or else target/release/plimsoll.
# The executed notebooks, with their plots, are in target/notebooks.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
work=$root/target/notebooks
inputs=$work/inputs

fail() {
    echo "error: $*" >&2
    exit 2
}

# The notebook that shows a folder, by the files in it; of capacity.ipynb, which of its two.
kind() {
    if [ -f "$1/summary.json" ]; then
        echo results
    elif [ -f "$1/compare.json" ]; then
        echo compare
    elif grep -qs '^  "growth_per_month"' "$1/capacity.json"; then
        echo runway
    elif grep -qs '^  "sizes"' "$1/capacity.json"; then
        echo capacity
    fi
}

# Runs every command whose folder a notebook shows by default.
make_inputs() {
    plimsoll=$(command -v plimsoll || echo "$root/target/release/plimsoll")
    [ -x "$plimsoll" ] || fail "there is no plimsoll to make what compare.ipynb and capacity.ipynb show: put it" \
        "into PATH, or run cargo build --release"
    cd "$root"
    "$plimsoll" compare scenarios/zone-outage.toml --scheduler spread,binpack,kube --quiet --out "$inputs/compare" \
        --metric availability.requests --metric nodes.used --tolerance availability.requests=0.01%
    "$plimsoll" capacity scenarios/web-shop.toml --step 1 --quantile 0.9 --quiet --out "$inputs/capacity"
    "$plimsoll" capacity scenarios/web-shop.toml --runway --growth 3%..5%/month --start 2026-11-28 --quantile 0.9 \
        --quiet --out "$inputs/runway"
}

execute() {
    "$work/venv/bin/python" "$here/execute.py" "$here/$1.ipynb" "$work/$1.ipynb"
}

results= compare= capacity= runway=
for folder; do
    [ -d "$folder" ] || fail "there is no folder $folder"
    folder=$(cd "$folder" && pwd)
    case $(kind "$folder") in
    results) results=$folder ;;
    compare) compare=$folder ;;
    capacity) capacity=$folder ;;
    runway) runway=$folder ;;
    *) fail "no notebook shows $folder: it is no result of run, compare, or capacity of one group of nodes" ;;
    esac
done
if [ $# -eq 0 ]; then
    make_inputs
    results=$root/results/sample compare=$inputs/compare capacity=$inputs/capacity runway=$inputs/runway
fi
[ -n "$capacity" ] || [ -z "$runway" ] || fail "capacity.ipynb shows two folders: name one of plimsoll capacity too"
[ -n "$runway" ] || [ -z "$capacity" ] || fail "capacity.ipynb shows two folders: name one of plimsoll capacity" \
    "--runway too"

mkdir -p "$work"
if ! cmp -s "$here/requirements.txt" "$work/requirements.txt"; then
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/requirements.txt"
fi
[ -z "$results" ] || PLIMSOLL_RESULTS=$results execute results
[ -z "$compare" ] || PLIMSOLL_COMPARE=$compare execute compare
[ -z "$capacity" ] || PLIMSOLL_CAPACITY=$capacity PLIMSOLL_RUNWAY=$runway execute capacity
