"""Postfix with a content filter that hands each mail back through localhost, as amavis does.

The filter is a stand-in of a few lines: it adds the Received that amavis adds and changes nothing else.
"""

import smtplib
from email.utils import format_datetime, localtime

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.borders.border import Border, Started
from tests.borders.kinds import postfix
from tests.borders.kinds.postfix_milters import POSTFIX_OPENDMARC, start_both

_MASTER = "/etc/postfix/master.cf"


class _Filter:
    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        received = (
            "Received: from mail.example.test ([127.0.0.1])\r\n"
            "\tby localhost (mail.example.test [127.0.0.1]) (amavisd-new, port 10024)\r\n"
            f"\twith ESMTP id 0F-{id(envelope):x}\r\n"
            f"\tfor <{envelope.rcpt_tos[0]}>; {format_datetime(localtime())}\r\n"
        )
        assert isinstance(envelope.content, bytes)
        with smtplib.SMTP("127.0.0.1", 10025, "localhost") as back:
            back.sendmail(envelope.mail_from or "", envelope.rcpt_tos, received.encode() + envelope.content)
        return "250 OK"


def start(border: Border) -> Started:
    start_both(border)
    Controller(_Filter(), hostname="127.0.0.1", port=10024, data_size_limit=0).start()
    return postfix.run(border.shown, master=border.shown[_MASTER])


REINJECTION = Border(
    name="reinjection",
    title="Postfix with a content filter (amavis)",
    packages=POSTFIX_OPENDMARC.packages,
    shown={
        **POSTFIX_OPENDMARC.shown,
        "/etc/postfix/main.cf": POSTFIX_OPENDMARC.shown["/etc/postfix/main.cf"]
        + "content_filter = smtp:[127.0.0.1]:10024\n",
        _MASTER: """\
127.0.0.1:10025 inet n - n - - smtpd
  -o content_filter=
  -o smtpd_milters=
  -o receive_override_options=no_header_body_checks,no_unknown_recipient_checks
""",
    },
    settings=POSTFIX_OPENDMARC.settings,
    start=start,
    unproven=POSTFIX_OPENDMARC.unproven,
)
