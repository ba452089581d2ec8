"""Postfix with the milters that write results above its own Received: opendkim, opendmarc, dkimpy-milter."""

from tests.borders import machine
from tests.borders.border import Border, Started
from tests.borders.kinds import postfix

_COLLEAGUES = "a colleague who logs in: these milters write nothing of logins"

_MAIN_CF = """\
header_checks = regexp:/etc/postfix/strip_results
smtpd_milters = {milters}
milter_default_action = tempfail
"""

OPENDKIM_CONF = """\
Mode          v
Socket        inet:8891@127.0.0.1
AuthservID    {host}
"""

OPENDMARC_CONF = """\
Socket                      inet:8893@127.0.0.1
AuthservID                  {host}
TrustedAuthservIDs          {host}
SPFSelfValidate             true
SPFIgnoreResults            true
IgnoreAuthenticatedClients  true
"""


# Its resolver, libunbound, knows by itself that nothing below "test" exists (RFC 6761) and asks no loopback.
RESOLVER = """\
server:
  local-zone: "test." nodefault
  do-not-query-localhost: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{port}
"""


def _opendkim(border: Border) -> None:
    conf = border.shown["/etc/opendkim.conf"] + "ResolverConfiguration /etc/opendkim-resolver\n"
    machine.write({"/etc/opendkim.conf": conf, "/etc/opendkim-resolver": RESOLVER.format(port=53)})
    postfix.milter("opendkim", 8891, "opendkim", "-f", "-x", "/etc/opendkim.conf")


def start_opendkim(border: Border) -> Started:
    _opendkim(border)
    return postfix.run(border.shown)


def start_opendmarc(border: Border) -> Started:
    start_both(border)
    return postfix.run(border.shown)


def start_both(border: Border) -> None:
    _opendkim(border)
    machine.write({"/etc/opendmarc.conf": border.shown["/etc/opendmarc.conf"]})
    postfix.milter("opendmarc", 8893, "opendmarc", "-f", "-c", "/etc/opendmarc.conf")


def start_dkimpy(border: Border) -> Started:
    path = "/etc/dkimpy-milter/dkimpy-milter.conf"
    machine.write({path: border.shown[path] + "UserID root\nSyslog no\n"})
    postfix.milter("dkimpy-milter", 8892, "/usr/bin/python3", "/usr/bin/dkimpy-milter", path)
    return postfix.run(border.shown)


def start_gateway(border: Border) -> Started:
    start_both(border)
    return postfix.run_gateway(border.shown)


def start_lmtp(border: Border) -> Started:
    start_both(border)
    return postfix.run(border.shown, "lmtp:inet:127.0.0.1:24")


POSTFIX_OPENDKIM = Border(
    name="postfix-opendkim",
    title="Postfix with opendkim",
    packages=("opendkim",),
    shown={
        "/etc/postfix/main.cf": _MAIN_CF.format(milters="inet:127.0.0.1:8891"),
        "/etc/postfix/strip_results": postfix.STRIP,
        "/etc/opendkim.conf": OPENDKIM_CONF.format(host="mail.example.test"),
    },
    settings="""\
require: dkim
borders:
  - {id: mail.example.test, results: above}
""",
    start=start_opendkim,
    unproven={"honest-alice": _COLLEAGUES},
)

_TWO = {
    "/etc/postfix/main.cf": _MAIN_CF.format(milters="inet:127.0.0.1:8891, inet:127.0.0.1:8893"),
    "/etc/postfix/strip_results": postfix.STRIP,
    "/etc/opendkim.conf": OPENDKIM_CONF.format(host="mail.example.test"),
    "/etc/opendmarc.conf": OPENDMARC_CONF.format(host="mail.example.test"),
}

POSTFIX_OPENDMARC = Border(
    name="postfix-opendmarc",
    title="Postfix with opendkim and opendmarc",
    packages=("opendkim", "opendmarc"),
    shown=_TWO,
    settings="""\
require: dmarc
borders:
  - {id: mail.example.test, results: above}
""",
    start=start_opendmarc,
    unproven={"honest-alice": _COLLEAGUES},
)

POSTFIX_DKIMPY = Border(
    name="postfix-dkimpy",
    title="Postfix with dkimpy-milter",
    packages=("dkimpy-milter",),
    shown={
        "/etc/postfix/main.cf": _MAIN_CF.format(milters="inet:127.0.0.1:8892"),
        "/etc/postfix/strip_results": postfix.STRIP,
        "/etc/dkimpy-milter/dkimpy-milter.conf": """\
Mode        v
Socket      inet:8892@127.0.0.1
AuthservID  mail.example.test
""",
    },
    settings="""\
require: dkim
borders:
  - {id: mail.example.test, results: above}
""",
    start=start_dkimpy,
    unproven={"honest-alice": _COLLEAGUES},
)

GATEWAY = Border(
    name="gateway",
    title="Gateway before a plain inner server",
    packages=("opendkim", "opendmarc"),
    shown={
        **_TWO,
        "/etc/opendkim.conf": OPENDKIM_CONF.format(host="gw.example.test"),
        "/etc/opendmarc.conf": OPENDMARC_CONF.format(host="gw.example.test"),
    },
    settings="""\
require: dmarc
borders:
  - {id: gw.example.test, host: gw.example.test, results: above}
""",
    start=start_gateway,
)

LMTP = Border(
    name="postfix-dovecot",
    title="Postfix that delivers to Dovecot by LMTP",
    packages=("opendkim", "opendmarc"),
    shown=_TWO,
    settings=POSTFIX_OPENDMARC.settings,
    start=start_lmtp,
    unproven={"honest-alice": _COLLEAGUES},
)
