"""The rules between sections of the settings; a section's own rules are in its `findings`.

Called by `settings.load` once every section is built and its fallbacks are in place.
"""

from collections.abc import Iterator
from dataclasses import replace

from flexmaild.settings.faults import Finding
from flexmaild.settings.mail import Incoming, Outgoing
from flexmaild.settings.schema import Settings


def findings_between(settings: Settings) -> Iterator[Finding]:
    """What is wrong between sections; the paths begin at the whole file."""
    outgoing, incoming = settings.outgoing, settings.incoming
    yield from _application("outgoing", outgoing, settings, is_inherited=False)
    is_inherited = incoming.oauth_application == outgoing.oauth_application
    yield from _application("incoming", incoming, settings, is_inherited=is_inherited)
    if incoming.enabled:
        yield from _user(settings)
        if incoming.sender_authentication.require == "reference":
            yield Finding(
                ("incoming", "sender_authentication", "require"),
                "is reference, which is weak for mail from outside: anyone who reads an approver's mail "
                "can answer in their name; dmarc is stronger",
                grave=False,
            )
    for name in ("comments", "addresses"):
        if getattr(settings.retention, name) < incoming.keep_raw:
            text = "is shorter than incoming.keep_raw, and the raw mails hold them as well"
            yield Finding(("retention", name), text, grave=False)


def _application(
    name: str, section: Outgoing | Incoming, settings: Settings, *, is_inherited: bool
) -> Iterator[Finding]:
    """is_inherited: a name that does not exist is reported where it was written."""
    wanted, there = section.oauth_application, settings.oauth_applications
    if wanted in there:
        for finding in section.application_findings(there[wanted]):
            yield replace(finding, path=(name, *finding.path))
    elif wanted and not is_inherited:
        text = f"is not under oauth_applications (there: {', '.join(there) or 'none'})"
        yield Finding((name, "oauth_application"), text)


def _user(settings: Settings) -> Iterator[Finding]:
    """An application keeps the tokens of the one user who signed in."""
    outgoing, incoming = settings.outgoing, settings.incoming
    name = incoming.oauth_application
    application = settings.oauth_applications.get(name)
    both = name == outgoing.oauth_application and incoming.uses_oauth and outgoing.uses_oauth
    if not both or application is None or application.flow == "client_credentials":
        return
    if incoming.username.casefold() != outgoing.username.casefold():
        text = "differs from outgoing.username, but one application holds one user's authorisation"
        yield Finding(("incoming", "username"), f"{text}: give incoming an oauth_application of its own")
