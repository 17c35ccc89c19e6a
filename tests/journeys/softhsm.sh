#!/bin/sh
# The tests keep keys in a PKCS#11 token of their own, by SoftHSM2. Installs Debian's package where that can be done without asking, and
# says its name elsewhere. Prints the path of the module.
set -eu
package=softhsm2
find_module() {
    command -v softhsm2-util >/dev/null || return 1
    for module in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so /opt/homebrew/lib/softhsm/libsofthsm2.so; do
        if [ -e "$module" ]; then found=$module; fi
    done
    [ -n "${found:-}" ]
}
find_module && echo "$found" && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $package for the tests on PKCS#11 …" >&2
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$package" >/dev/null
    find_module && echo "$found" && exit 0
fi
echo "the tests on PKCS#11 need SoftHSM 2: apt-get install $package" >&2
exit 1
