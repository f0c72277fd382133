#!/bin/sh
# Installs the Debian packages that tests need: `peers` that the interop tests drive, `tools` of the crash tests, the `browser`.
# Needs root; safe to run twice; starts no service.
set -eu

what=${1:-}
case $what in
  peers)
    packages='prosody lua-unbound ejabberd dnsmasq-base iproute2 iptables python3-slixmpp python3-aiohttp python3-aioxmpp profanity mcabber go-sendxmpp
      gajim gajim-omemo xvfb dbus-daemon libnss3-tools tmux openssl'
    ;;
  tools) packages='strace mount' ;;
  browser) packages='chromium' ;;
  *)
    echo "usage: $0 peers|tools|browser" >&2
    exit 2
    ;;
esac

missing=''
for package in $packages; do
  status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
if [ -z "$missing" ]; then
  echo "$what: all installed"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "$what: run as root to install$missing" >&2
  exit 1
fi

# Installing a server must not start it: the tests start their own, on free ports and in temporary folders.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
install() {
  # The names are split on purpose: one word per package.
  # shellcheck disable=SC2086
  apt-get install --yes --quiet --quiet --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold $missing
}
# The package index may be absent or older than the mirror: fetch it only when the first try fails.
if ! install; then
  apt-get update --quiet --quiet -o DPkg::Lock::Timeout=300
  install
fi
echo "$what: installed$missing"
