#!/bin/sh
# Prints where wapiti and sqlmap lie, which look for holes in what is served; installs them below .cache the first time, apart from haoma's
# own packages, for they ask for older ones.
set -e
place="$(cd "$(dirname "$0")/../.." && pwd)/.cache/scanners"
if [ ! -x "$place/bin/wapiti" ] || [ ! -x "$place/bin/sqlmap" ]; then
	"${PYTHON:-python3}" -m venv "$place"
	"$place/bin/python" -m pip install --quiet --disable-pip-version-check wapiti3==3.2.3 sqlmap==1.10.10 >&2
fi
echo "$place/bin"
