#!/bin/sh
# Prints where npm's Prism and oidc-provider lie, a carrier's APIs and its sign-in to test with; installs them below .cache the first time.
set -e
place="$(cd "$(dirname "$0")/../.." && pwd)/.cache/camara"
if [ ! -x "$place/node_modules/.bin/prism" ] || [ ! -d "$place/node_modules/oidc-provider" ]; then
	command -v npm >/dev/null || { echo "npm is not there: apt-get install npm" >&2; exit 1; }
	npm install --loglevel=error --no-fund --no-audit --ignore-scripts --prefix "$place" @stoplight/prism-cli@5.14.2 oidc-provider@9.13.3 >&2
fi
echo "$place"
