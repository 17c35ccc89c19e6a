#!/bin/sh
# The tests put two hosts behind nginx, as docs/guide/api.md has it. Installs Debian's package where that can be done without asking, and
# says its name elsewhere. Prints the path of the program.
set -eu
package=nginx
find_program() {
    for program in "$(command -v nginx || echo /none)" /usr/sbin/nginx /opt/homebrew/bin/nginx; do
        if [ -x "$program" ]; then found=$program; fi
    done
    [ -n "${found:-}" ]
}
find_program && echo "$found" && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $package for the tests behind nginx …" >&2
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$package" >/dev/null
    find_program && echo "$found" && exit 0
fi
echo "the tests behind nginx need it: apt-get install $package" >&2
exit 1
