#!/bin/sh
# Installs the Debian package of the browser that the tests in the browser need. Needs root; safe to run twice; starts no service.
set -eu

packages='chromium'

missing=''
for package in $packages; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "browser: all installed"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "browser: run as root to install$missing" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
install() {
  # The names are split on purpose: one word per package.
  # shellcheck disable=SC2086
  apt-get install --yes --quiet --quiet --no-install-recommends -o DPkg::Lock::Timeout=300 $missing
}
# The package index may be absent or older than the mirror: fetch it only when the first try fails.
if ! install; then
  apt-get update --quiet --quiet -o DPkg::Lock::Timeout=300
  install
fi
echo "browser: installed$missing"
