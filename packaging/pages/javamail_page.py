"""`docs/javamail-properties.md`, made from the table of JavaMail's properties."""

from collections.abc import Mapping

from flexmaild.settings.javamail.table import Property, known_properties


def javamail_page() -> str:
    """`docs/javamail-properties.md`: what becomes of each Java property."""
    parts = [_JAVAMAIL_HEAD]
    for family, other in (("smtp", "smtps"), ("imap", "imaps")):
        table = known_properties(family)
        heading = f"## mail.{family}.* ({len(table)})\n\nFor `mail.{other}.*` the same.\n\n"
        parts.append(heading + _property_rows(family, table))
    parts.append(f"## Without a protocol\n\n{_property_rows('', known_properties('general'))}")
    return "\n".join(parts)


def _property_rows(family: str, table: Mapping[str, Property]) -> str:
    prefix = f"mail.{family}." if family else "mail."
    rows = (f"| `{prefix}{p.name}` | {p.kind} | {p.treatment} | {p.note} |\n" for p in table.values())
    return "| property | value | treatment | note |\n|---|---|---|---|\n" + "".join(rows)


_JAVAMAIL_HEAD = """\
# Java mail properties

This page is generated from `flexmaild/settings/javamail/table.toml` (`packaging/regenerate.py`). It says what
becomes of each property of JavaMail in `outgoing.properties` and `incoming.properties`.

* *honoured*: does what JavaMail documents, but for what the note says.
* *no effect*: accepted, and named once by `flexmaild check`, with the reason in the note.
* *refused*: a fault, with the reason in the note.

Every other name that begins with `mail.` is a fault. A line whose name does not begin with `mail.` defines a
variable for `${{NAME}}`; built in are `SMTP_HOST_NAME`, `SMTP_HOST_PORT`, `SMTP_ENABLE_TLS`,
`IMAP_HOST_NAME`, `IMAP_HOST_PORT` and `IMAP_ENABLE_STARTTLS`, fed by the fields; `PROTOCOL` chooses between
`smtp` and `smtps`, `imap` and `imaps`. The block wins over the fields; where it is silent, the fields count.

Where JavaMail fails in silence, there is a fault with line and column: a boolean that is not exactly `true`
or `false`, a number that is none, a blank at the end of a value, a character that copy and paste left behind,
port 465 or 993 without TLS from the start (JavaMail hangs), TLS from the start on 25, 143 or 587.
"""
