#!/bin/sh
# Prints where npm's oidc-provider lies, an identity provider to sign in with; installs it below .cache the first time.
set -e
place="$(cd "$(dirname "$0")/../.." && pwd)/.cache/oidc"
if [ ! -d "$place/node_modules/oidc-provider" ]; then
	command -v npm >/dev/null || { echo "npm is not there: apt-get install npm" >&2; exit 1; }
	npm install --silent --no-fund --no-audit --prefix "$place" oidc-provider@9 >&2
fi
echo "$place"
