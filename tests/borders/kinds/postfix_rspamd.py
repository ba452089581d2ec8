"""Postfix with rspamd, whose results stand below Postfix's Received."""

from tests.borders import machine
from tests.borders.border import Border, Started
from tests.borders.kinds import postfix

ODD_SENDERS = '/[()";[:space:]]/ REJECT\n'

MILTER_HEADERS = """\
use = ["authentication-results"];
skip_local = false;
skip_authenticated = false;
"""

# Nothing of the network, no lists, no learning; the checks that results come from stay.
_LOCAL = {
    "/etc/rspamd/local.d/options.inc": 'dns { nameserver = ["127.0.0.1"]; }\nlocal_addrs = [127.0.0.0/8];\n',
    "/etc/rspamd/local.d/logging.inc": 'type = "file";\nfilename = "/var/log/borders/rspamd";\n',
    "/etc/rspamd/local.d/worker-controller.inc": "enabled = false;\n",
    "/etc/rspamd/local.d/worker-fuzzy.inc": "enabled = false;\n",
    "/etc/rspamd/local.d/worker-normal.inc": 'count = 1;\nbind_socket = "127.0.0.1:11333";\n',
    "/etc/rspamd/local.d/worker-proxy.inc": 'count = 1;\nmilter = yes;\nbind_socket = "127.0.0.1:11332";\n'
    'upstream "local" { default = yes; self_scan = yes; }\n',
    # The mails look like the forgeries they are; they shall arrive nevertheless.
    "/etc/rspamd/override.d/actions.conf": "reject = 9999;\nadd_header = 9998;\ngreylist = 9997;\n",
    "/etc/rspamd/local.d/dkim.conf": 'whitelist = "/dev/null";\n',
} | {
    f"/etc/rspamd/override.d/{module}.conf": "enabled = false;\n"
    for module in (
        "rbl", "surbl", "asn", "fuzzy_check", "greylist", "ratelimit", "neural", "rspamd_update",
        "phishing", "dkim_signing", "arc", "hfilter", "mx_check", "bimi", "history_redis", "redis",
    )
}  # fmt: skip


def start_rspamd(headers: str, ready: int) -> None:
    """rspamd in the foreground, with its proxy (11332) or plain worker (11333) waited for."""
    machine.write({**_LOCAL, "/etc/rspamd/local.d/milter_headers.conf": headers})
    machine.directory("/var/lib/rspamd", "_rspamd")
    machine.directory("/run/rspamd", "_rspamd")
    machine.start("rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", ready=("127.0.0.1", ready))


def start(border: Border) -> Started:
    start_rspamd(border.shown["/etc/rspamd/local.d/milter_headers.conf"], 11332)
    return postfix.run(border.shown)


POSTFIX_RSPAMD = Border(
    name="postfix-rspamd",
    title="Postfix with rspamd",
    packages=("rspamd",),
    shown={
        "/etc/postfix/main.cf": """\
header_checks = regexp:/etc/postfix/strip_results
smtpd_sender_restrictions = check_sender_access regexp:/etc/postfix/odd_senders
smtpd_milters = inet:127.0.0.1:11332
milter_default_action = tempfail
""",
        "/etc/postfix/strip_results": postfix.STRIP,
        "/etc/postfix/odd_senders": ODD_SENDERS,
        "/etc/rspamd/local.d/milter_headers.conf": MILTER_HEADERS,
    },
    settings="""\
require: dmarc
borders:
  - {id: mail.example.test, results: below, submission: true}
""",
    start=start,
    odd_envelopes=True,
)
