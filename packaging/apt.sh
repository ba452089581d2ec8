#!/usr/bin/env bash
# Install Debian packages: apt.sh PACKAGE... As root or with a sudo that asks nothing; otherwise say what is
# missing and fail. No service starts by it: the tests run private instances of the servers they need.
set -eu

if ! command -v apt-get >/dev/null; then
    echo "missing: $* (Debian's names). Install them with this system's package manager." >&2
    exit 1
fi
as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "missing Debian packages: $*" >&2
        echo "Install them, then run this again: sudo apt-get install --no-install-recommends $*" >&2
        exit 1
    fi
    as_root="sudo -n"
fi

# invoke-rc.d(8): exit status 101 of this file forbids a package's scripts to start or stop services.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
    trap '$as_root rm -f "$guard"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$guard" >/dev/null
    $as_root chmod 755 "$guard"
fi
echo "postfix postfix/main_mailer_type select No configuration" | $as_root debconf-set-selections
$as_root apt-get -q update
$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "$@"
