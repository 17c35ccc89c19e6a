#!/bin/sh
# Installs torch into .venv where it is not there, to train a corrector with.
set -e
bin="$(cd "$(dirname "$0")/../.." && pwd)/.venv/bin"
"$bin/python" -c "import importlib.util as u, sys; sys.exit(not u.find_spec('torch'))" ||
	"$bin/python" -m pip install --quiet --disable-pip-version-check torch==2.13.0
