"""Hand a mail to a border by SMTP, with the envelope exactly as given."""

import smtplib

from tests.borders.border import REPLIES, Started
from tests.borders.mails import Mail

_GREETINGS = {
    "192.0.2.10": "mx.partner.test",
    "192.0.2.20": "mx.nodmarc.test",
    "198.51.100.66": "mx.attacker.test",
    "198.51.100.77": "mx.attacker.test",
    "203.0.113.99": "desk.example.test",
    "127.0.0.1": "localhost",
}


def send(mail: Mail, started: Started) -> str:
    """ "" when it was accepted, else the server's answer."""
    host, port = {
        "smtp": (started.smtp, 25),
        "submission": (started.submission, 587),
        "localhost": ("127.0.0.1", 25),
        "past the gateway": (started.past_the_gateway, 25),
    }[mail.way]
    source = (mail.source, 0)
    with smtplib.SMTP(host, port, greeting(mail), timeout=60, source_address=source) as client:
        return handed_over(client, mail)


def greeting(mail: Mail) -> str:
    """The name that the sending host gives itself."""
    return mail.helo or _GREETINGS[mail.source]


def handed_over(client: smtplib.SMTP, mail: Mail) -> str:
    """The mail over this connection."""
    try:
        client.ehlo_or_helo_if_needed()
        if mail.login:
            client.login(mail.login, f"pw-{mail.login.partition('@')[0]}")
        for command in (f"MAIL FROM:<{mail.envelope}>", f"RCPT TO:<{REPLIES}>"):
            code, answer = client.docmd(command)
            if code >= 300:
                return f"{code} {answer.decode(errors='replace')}"
        code, answer = client.data(mail.data)
    except smtplib.SMTPException as fault:
        return str(fault)
    return "" if code == 250 else f"{code} {answer.decode(errors='replace')}"
