#!/bin/sh
# Executes results.ipynb from top to bottom on one result folder: run.sh [FOLDER], by default the
# sample run. The executed notebook, with its plots, is target/notebooks/results.ipynb.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
folder=$(cd "${1:-$root/results/sample}" && pwd)
work=$root/target/notebooks
mkdir -p "$work"
if ! cmp -s "$here/requirements.txt" "$work/requirements.txt"; then
    python3 -m venv --clear "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/requirements.txt"
fi
PLIMSOLL_RESULTS=$folder "$work/venv/bin/python" "$here/execute.py" "$here/results.ipynb" "$work/results.ipynb"
