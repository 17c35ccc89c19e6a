#!/bin/sh
# Prints where Prometheus lies; unpacks Debian's package below .cache the first time, and installs nothing.
set -eu
place="$(cd "$(dirname "$0")/../.." && pwd)/.cache/prometheus"
if found="$(command -v prometheus)"; then echo "$found" && exit 0; fi
if [ ! -x "$place/usr/bin/prometheus" ]; then
	part="$(mktemp -d)"
	trap 'rm -rf "$part"' EXIT
	cd "$part"
	apt-get download prometheus >&2 || { apt-get -qq update >&2 && apt-get download prometheus >&2; }
	dpkg -x prometheus_*.deb unpacked
	mkdir -p "$place"
	cp -r unpacked/usr "$place/"
fi
echo "$place/usr/bin/prometheus"
