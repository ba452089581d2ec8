"""A private Dovecot on loopback ports: IMAP with and without TLS, LMTP, and SASL for Postfix.

Runs as root or not, from a directory of its own, one for each test process. Every test takes fresh users
from it.
"""

from __future__ import annotations

import grp
import imaplib
import itertools
import os
import pwd
import shutil
import smtplib
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pytest

from tests.support.pki import Pki
from tests.support.process import end, free_ports, greeted, kill, private_directory, require

DOMAIN = "mail.test"
_USERS = 400
# Debian's own vmail users start here; no passwd entry is needed for it.
_MAIL_UID = 5000


@dataclass(frozen=True)
class User:
    """A mailbox of the kit."""

    name: str
    password: str

    @property
    def address(self) -> str:
        return f"{self.name}@{DOMAIN}"


class Dovecot:
    """One server. `start` and `kill` keep its ports and its mail."""

    def __init__(self, pki: Pki, extra: str = "") -> None:
        self.program = require("dovecot", "dovecot-imapd dovecot-lmtpd")
        self.root = private_directory("dovecot")
        self.imap, self.imaps, self.lmtp, self.sasl = free_ports(4)
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        _write(self, pki, extra)

    def start(self) -> Dovecot:
        log = (self.root / "stderr").open("ab")
        with log:
            command = [self.program, "-F", "-c", str(self.root / "dovecot.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        if not greeted(self.imap, b"* OK", self._process):
            said = (self.root / "stderr").read_text()[-2000:] + self.log()[-2000:]
            pytest.fail(f"Dovecot did not start:\n{said}", pytrace=False)
        return self

    def stop(self) -> None:
        if self._process:
            end(self._process)
            self._process = None

    def kill(self) -> None:
        """As if the power had gone."""
        assert self._process
        kill(self._process)
        (self.root / "run" / "master.pid").unlink(missing_ok=True)

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def log(self) -> str:
        path = self.root / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def user(self) -> User:
        """A user nobody had before, with an empty mailbox."""
        name = f"user{next(self._numbers):03d}"
        return User(name, f"pw-{name}")

    def deliver(self, user: User, mails: Sequence[bytes]) -> None:
        """Put mails into the user's INBOX as an MTA would."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as lmtp:
            for mail in mails:
                lmtp.sendmail("sender@example.org", [user.address], mail)

    def client(self, user: User, folder: str = "INBOX") -> imaplib.IMAP4:
        """A client of its own, to look at and change the mailbox behind the back of the tested one."""
        client = imaplib.IMAP4("127.0.0.1", self.imap)
        client.login(user.name, user.password)
        client.select(folder)
        return client

    def subjects(self, user: User, folder: str = "INBOX") -> list[str]:
        """The subjects of all mails in the folder, the oldest first."""
        client = self.client(user, folder)
        try:
            _, lines = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            return [line[1].decode().strip()[9:] for line in lines if isinstance(line, tuple)]
        except imaplib.IMAP4.error:
            return []  # 1:* of an empty folder
        finally:
            client.logout()


@pytest.fixture(scope="session")
def new_dovecot(pki: Pki) -> Iterator[Callable[..., Dovecot]]:
    """Makes further servers, for tests that end one or need other settings."""
    made: list[Dovecot] = []

    def make(extra: str = "") -> Dovecot:
        made.append(Dovecot(pki, extra).start())
        return made[-1]

    yield make
    for server in made:
        server.remove()


@pytest.fixture(scope="session")
def dovecot(new_dovecot: Callable[..., Dovecot]) -> Dovecot:
    return new_dovecot()


def _write(server: Dovecot, pki: Pki, extra: str) -> None:
    root = server.root
    is_root = os.geteuid() == 0
    uid, gid = (_MAIL_UID, _MAIL_UID) if is_root else (os.geteuid(), os.getegid())
    me = pwd.getpwuid(os.geteuid()).pw_name
    internal, login = ("dovecot", "dovenull") if is_root else (me, me)
    group = grp.getgrgid(pwd.getpwnam(internal).pw_gid).gr_name
    for name in ("run", "state", "mail", "home"):
        (root / name).mkdir()
    if is_root:
        os.chown(root / "mail", uid, gid)
        os.chown(root / "home", uid, gid)
    names = [f"user{number:03d}" for number in range(_USERS)]
    (root / "users").write_text("".join(f"{name}:{{PLAIN}}pw-{name}::::::\n" for name in names))
    no_chroot = "" if is_root else "service anvil {\n chroot =\n}\nservice stats {\n chroot =\n}\n"
    text = _CONFIGURATION.format(
        root=root,
        internal=internal,
        login=login,
        group=group,
        uid=uid,
        gid=gid,
        chain=pki.chain(),
        key=pki.key(),
        imap=server.imap,
        imaps=server.imaps,
        lmtp=server.lmtp,
        sasl=server.sasl,
        login_chroot="" if is_root else "chroot =",
        extra=no_chroot + extra,
    )
    (root / "dovecot.conf").write_text(text)


# Without the two settings about failed logins Dovecot delays them by 2 s and more.
_CONFIGURATION = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
mail_location = maildir:{root}/mail/%n/Maildir
mail_uid = {uid}
mail_gid = {gid}
mail_plugins = acl
auth_mechanisms = plain login cram-md5
disable_plaintext_auth = no
auth_failure_delay = 0
auth_username_format = %Lu
ssl = yes
ssl_cert = <{chain}
ssl_key = <{key}
ssl_min_protocol = TLSv1.2
mail_max_userip_connections = 50
passdb {{
  driver = passwd-file
  args = username_format=%n {root}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {root}/users
  default_fields = uid={uid} gid={gid} home={root}/home/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
}}
plugin {{
  acl = vfile
}}
protocol imap {{
  mail_plugins = acl imap_acl imap_zlib
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
  service_count = 0
  process_min_avail = 1
  {login_chroot}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  inet_listener {{
    port = {sasl}
  }}
}}
{extra}
"""
