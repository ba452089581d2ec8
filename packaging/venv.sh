#!/usr/bin/env bash
# Make .venv with a Python of 3.11 or newer, where there is none that works yet. Run by the Makefile.
# $PYTHON names the interpreter; otherwise the first suitable one of python3, python3.11 and later is taken.
set -eu
cd "$(dirname "$0")/.."

new_enough='import sys; sys.exit(sys.version_info < (3, 11))'

if .venv/bin/python -c "$new_enough" 2>/dev/null && .venv/bin/python -m pip --version >/dev/null 2>&1; then
    exit 0
fi

python=
for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13 python3.14}; do
    if "$candidate" -c "$new_enough" 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "flexmaild needs Python 3.11 or newer; found: $(${PYTHON:-python3} --version 2>&1 || true)." >&2
    echo "Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi

# Debian keeps venv's pip in a package of its own; without it, venv fails half-way.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    packaging/apt.sh "python$version-venv"
fi
rm -rf .venv
"$python" -m venv .venv
