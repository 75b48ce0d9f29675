#!/usr/bin/env bash
# Make an empty virtual environment, or say in one sentence why it cannot be made.
# usage: PYTHON=python3 scripts/make_venv.sh DIRECTORY
set -euo pipefail

python=${PYTHON:-python3}
venv=$1

if ! command -v "$python" >/dev/null; then
    echo "cscs-domain needs Python 3.11 or newer and there is no '$python' here;" \
        "name one with PYTHON=, as in: make setup PYTHON=python3.12" >&2
    exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "cscs-domain needs Python 3.11 or newer and '$python' is $("$python" --version 2>&1);" \
        "name another with PYTHON=, as in: make setup PYTHON=python3.12" >&2
    exit 1
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "'$python' cannot make virtual environments: its modules venv and ensurepip are missing;" \
        "install them (Debian: the package python3-venv) or name another with PYTHON=" >&2
    exit 1
fi

echo "Making $venv with $("$python" --version) ..."
# --clear: a run that was interrupted leaves a directory that looks whole and has no pip.
"$python" -m venv --clear "$venv"
