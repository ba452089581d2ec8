"""The Postfix that several borders are built on, where Debian has it, with what the docs need not show."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.borders import machine
from tests.borders.border import Started
from tests.borders.machine import MAIL_UID
from tests.borders.names import BORDER, GATEWAY, INNER

STRIP = """\
/^Authentication-Results[[:space:]]*:/ IGNORE
/^Received-SPF[[:space:]]*:/ IGNORE
"""


def run(
    shown: Mapping[str, str], delivery: str = "virtual:", master: str = "", host: str = "mail.example.test"
) -> Started:
    """Start the server on port 25 (and 587, with login). `shown`: /etc/postfix/main.cf and its tables."""
    _logins()
    extra = shown.get("/etc/postfix/main.cf", "") + f"myhostname = {host}\nvirtual_transport = {delivery}\n"
    _start("/etc/postfix", BORDER, shown, extra, _PORTS.format(address=BORDER) + master)
    return Started("/var/mail/replies/approvals", BORDER, BORDER)


def run_gateway(shown: Mapping[str, str]) -> Started:
    """A gateway that hands on to an inner server, which checks nothing and delivers."""
    gateway = shown["/etc/postfix/main.cf"] + "myhostname = gw.example.test\n"
    gateway += f"relay_domains = example.test\nrelay_transport = smtp:[{INNER}]\nrelay_recipient_maps =\n"
    gateway += f"virtual_mailbox_domains =\nsmtp_bind_address = {GATEWAY}\n"
    _start("/etc/postfix", GATEWAY, shown, gateway, _GATEWAY_PORTS)
    inner = "myhostname = inner.example.test\n"
    _start("/etc/postfix-inner", INNER, {}, inner, f"{INNER}:25 inet n - n - - smtpd\n", "-inner")
    return Started("/var/mail/replies/approvals", GATEWAY, past_the_gateway=INNER)


def main_cf(interfaces: str, spool: str, data: str, folders: str, log: str) -> str:
    """What every Postfix here has in main.cf, without its name and its milters."""
    return _MAIN.format(
        interfaces=interfaces, spool=spool, data=data, folders=folders, log=log, uid=MAIL_UID,
        log_prefix=Path(log).parent,
    )  # fmt: skip


def milter(name: str, port: int, *command: str) -> None:
    """Start a milter and wait for its socket."""
    machine.directory(f"/run/{name}", "root", 0o777)
    machine.start(*command, ready=("127.0.0.1", port))


def _start(
    etc: str, address: str, shown: Mapping[str, str], extra: str, services: str, suffix: str = ""
) -> None:
    spool, data = f"/var/spool/postfix-border{suffix}", f"/var/lib/postfix-border{suffix}"
    machine.directory(spool)
    machine.directory(data, "postfix")
    tables = {path: text for path, text in shown.items() if path.startswith("/etc/postfix/")}
    main = main_cf(
        f"127.0.0.1, {address}", spool, data, "/var/mail/replies", f"/var/log/borders/maillog{suffix}"
    )
    machine.write(tables | {f"{etc}/main.cf": main + extra, f"{etc}/master.cf": services + MASTER})
    subprocess.run(["postfix", "-c", etc, "check"], check=True, capture_output=True)
    machine.start("/usr/lib/postfix/sbin/master", "-d", "-c", etc, ready=(address, 25))


def _logins() -> None:
    machine.directory("/run/dovecot-border")
    users = "".join(f"{name}:{{PLAIN}}pw-{name}:5000:5000::/var/mail/{name}::\n" for name in _PEOPLE)
    machine.write({"/etc/dovecot-border.users": users, "/etc/dovecot-border.conf": _DOVECOT})
    machine.start("dovecot", "-F", "-c", "/etc/dovecot-border.conf", ready=("127.0.0.1", 10012))


_PEOPLE = ("alice", "mallory", "approvals")

_DOVECOT = """
base_dir = /run/dovecot-border
state_dir = /run/dovecot-border
log_path = /var/log/borders/dovecot
protocols = lmtp
hostname = mail.example.test
listen = 127.0.0.1
default_internal_user = nobody
default_internal_group = nogroup
default_login_user = nobody
first_valid_uid = 1
mail_location = maildir:/var/mail/replies/%n
mail_uid = 5000
mail_gid = 5000
auth_mechanisms = plain login
auth_username_format = %Lu
disable_plaintext_auth = no
ssl = no
passdb {
  driver = passwd-file
  args = username_format=%n /etc/dovecot-border.users
}
userdb {
  driver = passwd-file
  args = username_format=%n /etc/dovecot-border.users
}
service auth {
  inet_listener {
    port = 10012
  }
}
service lmtp {
  inet_listener lmtp {
    port = 24
  }
}
"""

_MAIN = """
compatibility_level = 3.6
queue_directory = {spool}
data_directory = {data}
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {log_prefix}
maillog_file = {log}
mydestination =
inet_interfaces = {interfaces}
inet_protocols = ipv4
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = example.test
virtual_mailbox_base = {folders}
virtual_mailbox_maps = static:approvals/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
default_transport = error:5.7.1 no outside mail from here
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:10012
smtpd_tls_auth_only = no
broken_sasl_auth_clients = no
smtpd_sasl_local_domain = example.test
smtputf8_enable = yes
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
"""

_PORTS = """
{address}:25 inet n - n - - smtpd
127.0.0.1:25 inet n - n - - smtpd
{address}:587 inet n - n - - smtpd
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
"""

_GATEWAY_PORTS = f"""
{GATEWAY}:25 inet n - n - - smtpd
127.0.0.1:25 inet n - n - - smtpd
"""

MASTER = """
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
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - 10 lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
