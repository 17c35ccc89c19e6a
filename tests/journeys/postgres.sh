#!/bin/sh
# The tests start a PostgreSQL of their own, and need its programs. Installs Debian's package where that can be done without asking, and
# says its name elsewhere. Prints the directory of the programs.
set -eu
package=postgresql
find_programs() {
    for programs in "$(dirname "$(command -v initdb || echo /none/initdb)")" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do
        if [ -x "$programs/initdb" ] && [ -x "$programs/postgres" ]; then found=$programs; fi
    done
    [ -n "${found:-}" ]
}
find_programs && echo "$found" && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $package for the tests on PostgreSQL …" >&2
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$package" >/dev/null
    find_programs && echo "$found" && exit 0
fi
echo "the tests on PostgreSQL need version 15 or newer: apt-get install $package" >&2
exit 1
