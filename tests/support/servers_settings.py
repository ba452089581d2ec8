"""Sections of the settings for servers that a test starts, in place of the kit's Maildirs."""

from typing import Any

from tests.support.daemon import merged

# FlexDeploy's default block asks for implicit TLS.
PLAIN_IMAP = """\
PROTOCOL=imap
mail.imap.host=${{IMAP_HOST_NAME}}
mail.imap.port=${{IMAP_HOST_PORT}}
mail.imap.starttls.enable=${{IMAP_ENABLE_STARTTLS}}
"""


def by_smtp(port: int, **more: Any) -> dict[str, Any]:
    """The outgoing section for a scripted server, in place of the kit's Maildir."""
    outgoing = {
        "transport": "smtp",
        "path": None,
        "host": "127.0.0.1",
        "port": port,
        "starttls": False,
        "properties": "PROTOCOL=smtp\n"
        "mail.smtp.host=${{SMTP_HOST_NAME}}\nmail.smtp.port=${{SMTP_HOST_PORT}}\n"
        "mail.smtp.timeout=20000\n",
    }
    return {"outgoing": merged(outgoing, more)}


def by_imap(port: int, **more: Any) -> dict[str, Any]:
    incoming = {
        "transport": "imap",
        "path": None,
        "host": "127.0.0.1",
        "port": port,
        "username": "approvals",
        "password": "kit-password",
        "properties": "PROTOCOL=imap\n"
        "mail.imap.host=${{IMAP_HOST_NAME}}\nmail.imap.port=${{IMAP_HOST_PORT}}\n"
        "mail.imap.timeout=20000\n",
    }
    return {"incoming": merged(incoming, more)}
