#!/bin/sh
# Rendered pages are tested in Debian's Chromium. Installs its package where that can be done without asking, and says its name elsewhere.
# Prints the path of the program.
set -eu
package="chromium fonts-wqy-microhei"  # without a font that has them, pictures show Chinese characters as boxes
find_program() {
    for program in "$(command -v chromium || echo /none)" "$(command -v chromium-browser || echo /none)" /usr/bin/chromium; do
        if [ -x "$program" ]; then found=$program; fi
    done
    [ -n "${found:-}" ]
}
find_program && echo "$found" && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $package for the tests of rendered pages …" >&2
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $package >/dev/null
    find_program && echo "$found" && exit 0
fi
echo "the tests of rendered pages need it: apt-get install $package" >&2
exit 1
