"""OpenSMTPD with filter-rspamd, which puts rspamd's results above OpenSMTPD's Received."""

from pathlib import Path

from tests.borders import machine
from tests.borders.border import Border, Started
from tests.borders.kinds.postfix_rspamd import MILTER_HEADERS, start_rspamd
from tests.borders.names import BORDER

_FILE = "/etc/smtpd.conf"


def start(border: Border) -> Started:
    start_rspamd(border.shown["/etc/rspamd/local.d/milter_headers.conf"], 11333)
    machine.write({_FILE: border.shown[_FILE] + _REST, "/etc/mailname": "mail.example.test\n"})
    machine.write({"/etc/aliases": "approvals: approvals\n"})
    for path in ("/var/lib/opensmtpd/empty", "/run/opensmtpd", "/var/empty"):
        machine.directory(path)
    machine.directory("/var/spool/smtpd", mode=0o711)
    with Path("/etc/passwd").open("a") as people:
        people.write("approvals:x:5000:5000::/var/mail/replies:/bin/sh\n")
    machine.start("smtpd", "-d", "-f", _FILE, ready=(BORDER, 25))
    return Started("/var/mail/replies/approvals", BORDER)


_REST = """
table aliases file:/etc/aliases
action "folder" maildir "/var/mail/replies/approvals" alias <aliases>
match from any for domain "example.test" action "folder"
"""

OPENSMTPD = Border(
    name="opensmtpd",
    title="OpenSMTPD with filter-rspamd",
    packages=("opensmtpd", "opensmtpd-filter-rspamd", "rspamd"),
    shown={
        _FILE: """\
filter "rspamd" proc-exec "filter-rspamd -url http://127.0.0.1:11333"
listen on 203.0.113.25 hostname mail.example.test filter "rspamd"
listen on 127.0.0.1 hostname mail.example.test filter "rspamd"
listen on socket filter "rspamd"
""",
        "/etc/rspamd/local.d/milter_headers.conf": MILTER_HEADERS,
    },
    settings="""\
require: dmarc
borders:
  - {id: mail.example.test, results: above}
""",
    start=start,
    odd_envelopes=True,
)
