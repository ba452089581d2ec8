"""Exim, which checks SPF and DKIM itself and knows who has logged in; Debian's has no DMARC."""

from tests.borders import machine
from tests.borders.border import Border, Started
from tests.borders.names import BORDER

_FILE = "/etc/exim4/exim4.conf"


def start(border: Border) -> Started:
    machine.write({_FILE: _CONFIGURATION.format(address=BORDER, data=border.shown[_FILE])})
    for path in ("/var/spool/exim4", "/var/log/exim4", "/run/exim4"):
        machine.directory(path, "Debian-exim")
    machine.start("exim4", "-bdf", "-q30m", ready=(BORDER, 25))
    return Started("/var/mail/replies/approvals", BORDER, BORDER)


# Around the lines of the docs: the least that takes mail and delivers it.
_CONFIGURATION = """
primary_hostname = mail.example.test
local_interfaces = <; [127.0.0.1]:25; [{address}]:25; [{address}]:587
log_file_path = /var/log/borders/exim-%slog
host_lookup = *
tls_advertise_hosts =
smtp_accept_max_per_host = 50
smtputf8_advertise_hosts =
acl_smtp_rcpt = acl_check_rcpt
acl_smtp_data = acl_check_data
begin acl
acl_check_rcpt:
  accept domains = example.test
  deny
{data}
begin routers
replies:
  driver = accept
  domains = example.test
  transport = folder
begin transports
folder:
  driver = appendfile
  directory = /var/mail/replies/approvals
  maildir_format
  delivery_date_add
  envelope_to_add
  return_path_add
  user = 5000
  group = 5000
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{pw-${{local_part:$auth2}}}}}}
  server_set_id = $auth2
"""

EXIM = Border(
    name="exim",
    title="Exim",
    packages=("exim4-daemon-heavy",),
    shown={
        _FILE: """\
acl_check_data:
  warn    remove_header = Authentication-Results
  warn    spf           = pass : fail : softfail : none : neutral : permerror : temperror
  warn    add_header    = :at_start:${authresults {$primary_hostname}}
  accept
"""
    },
    settings="""\
require: dkim
borders:
  - {id: mail.example.test, results: above}
""",
    start=start,
    odd_envelopes=True,
)
