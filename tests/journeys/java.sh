#!/bin/sh
# Apache Spark 4 needs Java 17 or newer. Installs Debian's package where that can be done without asking, and says its name elsewhere.
set -eu
package=openjdk-17-jre-headless
version=$(java -version 2>&1 | sed -n 's/^[^"]* version "\([0-9]*\).*/\1/p')
[ "${version:-0}" -ge 17 ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $package for Apache Spark …"
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$package" >/dev/null && exit 0
fi
echo "Apache Spark 4 needs Java 17 or newer, and this is ${version:-no Java}: apt-get install $package" >&2
exit 1
