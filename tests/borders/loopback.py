"""Postfix with opendkim on loopback ports, for `make test`: no namespace, nothing unpacked.

Where a mail comes from and who has logged in is told by XCLIENT (Postfix's own means for tests), so that
everybody can come from an address of the invented world. Needs root, as Postfix does.
"""

from __future__ import annotations

import dataclasses
import os
import pwd
import shutil
import smtplib
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.borders import names
from tests.borders.border import Border, Started
from tests.borders.kinds import authserv_id
from tests.borders.kinds.postfix import MASTER, main_cf
from tests.borders.kinds.postfix_milters import POSTFIX_OPENDKIM, RESOLVER
from tests.borders.machine import MAIL_UID
from tests.borders.mails import Mail, mails
from tests.borders.send import greeting, handed_over
from tests.support.daemon import until
from tests.support.process import end, free_ports, greeted, private_directory, require

_DAEMONS = "/usr/lib/postfix/sbin"


class Loopback:
    """The border of the docs, with its ports and paths changed, and what it left in the folder."""

    def __init__(self, strips: bool) -> None:
        if os.geteuid() != 0:
            pytest.fail(
                "Postfix runs as root only: run these tests as root, as in a container", pytrace=False
            )
        require(f"{_DAEMONS}/master", "postfix")
        self._opendkim = require("/usr/sbin/opendkim", "opendkim")
        self.border: Border = POSTFIX_OPENDKIM if strips else POSTFIX_OPENDKIM.bare()
        self.root = private_directory("border")
        self.smtp, self._milter = free_ports(2)
        self.folder = self.root / "mail" / "approvals"
        self._names = names.NameServer("127.0.0.1", 0)
        self._processes: list[subprocess.Popen[bytes]] = []
        self.sent = list(mails(self.border, Started("", submission="by XCLIENT"), authserv_id(self.border)))

    def start(self) -> Loopback:
        etc = self.root / "etc"
        self._write(etc)
        with (self.root / "stderr").open("ab") as log:
            milter = [self._opendkim, "-f", "-x", str(etc / "opendkim.conf")]
            self._processes.append(subprocess.Popen(milter, stdout=log, stderr=log, start_new_session=True))
            until(lambda: names.reachable("127.0.0.1", self._milter), f"opendkim; {self.log()}")
            subprocess.run(["postfix", "-c", str(etc), "check"], check=True, stdout=log, stderr=log)
            master = [f"{_DAEMONS}/master", "-d", "-c", str(etc)]
            self._processes.append(subprocess.Popen(master, stdout=log, stderr=log, start_new_session=True))
        if not greeted(self.smtp, b"220", self._processes[-1]):
            pytest.fail(f"Postfix did not start:\n{self.log()}", pytrace=False)
        return self

    def left(self) -> Mapping[str, bytes]:
        """Send everything; what came into the folder, by name."""
        accepted = {mail.name for mail in self.sent if not self.send(mail)}
        found = (path.read_bytes() for path in self.came(len(accepted)))
        return {data.partition(b"\nSubject: ")[2].partition(b"\n")[0].decode(): data for data in found}

    def came(self, number: int) -> list[Path]:
        """So many mails in the folder, once they are there."""
        folder = self.folder / "new"
        until(lambda: len(list(folder.glob("*"))) >= number, f"{number} mails; {self.log()}")
        return list(folder.iterdir())

    def remove(self) -> None:
        for process in reversed(self._processes):
            end(process)
        self._names.close()
        shutil.rmtree(self.root, ignore_errors=True)

    def log(self) -> str:
        files = [path for path in (self.root / "stderr", self.root / "maillog") if path.exists()]
        return "\n".join(path.read_text(errors="replace")[-4000:] for path in files)

    def send(self, mail: Mail) -> str:
        """The answer of a server that refused it, empty where it was taken."""
        with smtplib.SMTP("127.0.0.1", self.smtp, greeting(mail), timeout=60) as client:
            if mail.way != "localhost":
                client.ehlo()
                name = _HOSTS.get(mail.source, "[UNAVAILABLE]")
                login = f" LOGIN={mail.login}" if mail.login else ""
                code, answer = client.docmd(f"XCLIENT NAME={name} ADDR={mail.source}{login}")
                assert code == 220, answer
                client.ehlo()
            return handed_over(client, dataclasses.replace(mail, login=""))

    def _write(self, etc: Path) -> None:
        for path in (etc, self.root / "spool", self.root / "data", self.root / "mail"):
            path.mkdir()
        os.chown(self.root / "data", pwd.getpwnam("postfix").pw_uid, -1)
        os.chown(self.root / "mail", MAIL_UID, MAIL_UID)
        base = main_cf(
            "loopback-only", f"{self.root}/spool", f"{self.root}/data", f"{self.root}/mail",
            f"{self.root}/maillog",
        )  # fmt: skip
        own = "myhostname = mail.example.test\nsmtpd_authorized_xclient_hosts = 127.0.0.1\n"
        resolver = f"ResolverConfiguration {etc}/opendkim-resolver\n"
        shown = {Path(path).name: text for path, text in self.border.shown.items()}
        files = shown | {
            "main.cf": base + own + shown["main.cf"],
            "master.cf": f"127.0.0.1:{self.smtp} inet n - n - - smtpd\n{MASTER}",
            "opendkim.conf": shown["opendkim.conf"] + resolver,
            "opendkim-resolver": RESOLVER.format(port=self._names.port),
        }
        for name, text in files.items():
            file = etc / name
            file.write_text(self._moved(text, etc))
            # Postfix sleeps until its files are over a second old.
            os.utime(file, (file.stat().st_mtime - 60,) * 2)

    def _moved(self, text: str, etc: Path) -> str:
        """The docs' lines with the ports and paths of this instance."""
        here = text.replace("/etc/postfix/", f"{etc}/").replace(
            "inet:127.0.0.1:8891", f"inet:127.0.0.1:{self._milter}"
        )
        return here.replace("inet:8891@", f"inet:{self._milter}@")


_HOSTS = {
    names.PARTNER: "mx.partner.test",
    names.NODMARC: "mx.nodmarc.test",
    names.ATTACKER: "mx.attacker.test",
    names.COLLEAGUE: "desk.example.test",
}
