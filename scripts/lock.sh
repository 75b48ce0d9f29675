#!/usr/bin/env bash
# Pin requirements/*.txt from pyproject.toml, with hashes, for every platform from Python 3.11 on.
# Pins that still fit stay; arguments go to uv, e.g. --upgrade.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=${UV:-uv}
if ! command -v "$uv" >/dev/null; then
    echo "make lock needs uv and there is no '$uv' here; install it (pip install uv)" \
        "or name it, as in: make lock UV=/path/to/uv" >&2
    exit 1
fi

# No index and no path of the machine that made them: the files say what, never from where.
pin() {
    local output=requirements/$1
    shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
        --output-file "$output" "$@"
    echo "$output: $(grep -c '^[a-z]' "$output") pins"
}

pin dev.txt --all-extras --group dev "$@" pyproject.toml
# The smaller sets follow the large one, so that all go into one environment together.
pin runtime.txt --constraint requirements/dev.txt --extra all "$@" pyproject.toml
pin build.txt --constraint requirements/dev.txt --group build "$@"
