#!/bin/sh
# Apache Spark needs Java 17. Installs Debian's package where that can be done without asking, and says its name elsewhere.
set -eu
package=openjdk-17-jre-headless
java -version >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "installing $package for Apache Spark …"
    apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$package" >/dev/null && exit 0
fi
echo "Apache Spark needs Java 17: apt-get install $package" >&2
exit 1
