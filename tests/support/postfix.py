"""A private Postfix on loopback ports that delivers by LMTP into the kit's Dovecot and logs in through it.

Needs root, as Postfix does. Its configuration is back-dated: Postfix sleeps until the files are over a
second old.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.dovecot import DOMAIN, Dovecot
from tests.support.pki import Pki
from tests.support.process import end, free_ports, greeted, private_directory, require

_DAEMONS = "/usr/lib/postfix/sbin"


class Postfix:
    """smtp: STARTTLS offered, no login. submission: STARTTLS and login demanded. smtps: TLS from the
    start and login. Mail to a user of the Dovecot is delivered there, to `discard.test` swallowed, to
    `later.test` kept."""

    def __init__(self, pki: Pki, dovecot: Dovecot) -> None:
        if os.geteuid() != 0:
            pytest.fail(
                "Postfix runs as root only: run these tests as root, as in a container", pytrace=False
            )
        require(f"{_DAEMONS}/master", "postfix")
        self.root = private_directory("postfix")
        self.smtp, self.submission, self.smtps = free_ports(3)
        self._process: subprocess.Popen[bytes] | None = None
        _write(self, pki, dovecot)

    def start(self) -> Postfix:
        log = (self.root / "stderr").open("ab")
        etc = str(self.root / "etc")
        with log:
            subprocess.run(
                [require("postfix", "postfix"), "-c", etc, "check"], check=True, stdout=log, stderr=log
            )
            command = [f"{_DAEMONS}/master", "-d", "-c", etc]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        if not greeted(self.smtp, b"220", self._process):
            pytest.fail(f"Postfix did not start:\n{self.log()[-4000:]}", pytrace=False)
        return self

    def remove(self) -> None:
        if self._process:
            end(self._process)
        shutil.rmtree(self.root, ignore_errors=True)

    def log(self) -> str:
        return "".join(
            path.read_text(errors="replace")
            for path in (self.root / "stderr", self.root / "maillog")
            if path.exists()
        )


@pytest.fixture(scope="session")
def postfix(pki: Pki, dovecot: Dovecot) -> Iterator[Postfix]:
    server = Postfix(pki, dovecot).start()
    yield server
    server.remove()


def _write(server: Postfix, pki: Pki, dovecot: Dovecot) -> None:
    root, etc = server.root, server.root / "etc"
    for path in (etc, root / "spool", root / "data"):
        path.mkdir()
    os.chown(root / "data", pwd.getpwnam("postfix").pw_uid, -1)
    (etc / "users").write_text(f"/^user[0-9]+@{DOMAIN.replace('.', '[.]')}$/ yes\n")
    (etc / "transport").write_text("discard.test discard:\nlater.test retry:4.0.0 later\n")
    main = _MAIN.format(
        root=root,
        etc=etc,
        domain=DOMAIN,
        lmtp=dovecot.lmtp,
        sasl=dovecot.sasl,
        pki=pki.chain(),
        key=pki.key(),
        daemons=_DAEMONS,
    )
    (etc / "main.cf").write_text(main)
    (etc / "master.cf").write_text(
        _MASTER.format(smtp=server.smtp, submission=server.submission, smtps=server.smtps)
    )
    for path in etc.iterdir():
        _back_date(path)


def _back_date(path: Path) -> None:
    then = time.time() - 60
    os.utime(path, (then, then))


_MAIN = """
compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
daemon_directory = {daemons}
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {root}
maillog_file = {root}/maillog
myhostname = mail.test
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = {domain}
virtual_mailbox_maps = regexp:{etc}/users
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
transport_maps = texthash:{etc}/transport
relay_domains = discard.test, later.test
default_transport = error:5.7.1 no outside mail from the tests
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_cert_file = {pki}
smtpd_tls_key_file = {key}
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{sasl}
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
smtputf8_enable = yes
message_size_limit = 20480000
in_flow_delay = 0
"""

_MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{smtps} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - 10 lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
