"""`docs/errors-oauth.md`, made from the tables of sign-in and Graph errors."""

from flexmaild.oauth.errors import MEANINGS
from flexmaild.transports.graph.errors import ERRORS

_HEAD = """# Errors of Microsoft 365 and Google: cause and cure

Made from the tables `flexmaild/oauth/errors.toml` and `flexmaild/transports/graph/errors.toml` by
`packaging/regenerate.py`; do not edit. The code decides what flexmaild does, never the text.

None of these errors loses a mail: mail to be sent waits in the outbox, and replies wait in their folder.
*Lasting* means that a user or an administrator must act: `flexmailctl oauth status` shows the application as
dead, and flexmaild asks again every 15 minutes, or at once when a secret or a token changes. *Passing* means
that it tries again by itself.

## Signing in

| code | what | lasts | cure |
|---|---|---|---|
"""

_GRAPH = """
## Microsoft Graph

Every such error in the log names the mailbox and Microsoft's `request-id`, which their support asks for.

| code | what | reason | cure |
|---|---|---|---|
"""


def errors_page() -> str:
    """The page as Markdown."""
    signing = [
        f"| {m.code} | {m.name}: {m.cause} | {'lasting' if m.permanent else 'passing'} | {m.cure} |"
        for m in MEANINGS.values()
    ]
    graph = [f"| {e.code} | {e.cause} | {e.reason.value} | {e.cure} |" for e in ERRORS.values()]
    return _HEAD + "\n".join(signing) + "\n" + _GRAPH + "\n".join(graph) + "\n"
