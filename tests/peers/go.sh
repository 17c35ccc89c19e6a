#!/bin/sh
# Go's own reader of logs (golang.org/x/mod/sumdb) checks ours. Installs Debian's packages where that can be done without asking, and says their names elsewhere.
set -eu
packages="golang-go golang-golang-x-mod-dev golang-golang-x-crypto-dev"
command -v go >/dev/null && [ -d "${GOPATH:-/usr/share/gocode}/src/golang.org/x/mod/sumdb/tlog" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $packages for the tests against Go …"
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $packages >/dev/null && exit 0
fi
echo "the tests against Go are skipped: apt-get install $packages" >&2
