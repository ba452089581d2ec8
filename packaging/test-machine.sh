#!/usr/bin/env bash
# Have every program that the tests (or with "bench" the benchmarks, with "borders" the border
# mail servers) run in addition to Python. Run by the Makefile.
set -eu
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin:/sbin

programs="
    /usr/sbin/dovecot            dovecot-core
    /usr/lib/dovecot/imap        dovecot-imapd
    /usr/lib/dovecot/lmtp        dovecot-lmtpd
    /usr/sbin/postfix            postfix
    /usr/sbin/opendkim           opendkim
    /usr/bin/strace              strace
    /usr/bin/systemd-analyze     systemd
    /usr/bin/curl                curl
"
if [ "${1:-}" = bench ]; then
    programs="$programs
    /usr/bin/fetchmail           fetchmail
    /usr/bin/getmail             getmail6
"
fi

if [ "${1:-}" = borders ]; then
    programs="$programs
    /usr/bin/unshare             util-linux
    /sbin/ip                     iproute2
    /usr/bin/python3             python3
"
fi

missing=$(echo "$programs" | while read -r program package; do
    if [ -n "$program" ] && [ ! -x "$program" ]; then echo "$package"; fi
done)
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086  # one word for each package
    ./apt.sh $missing
fi
