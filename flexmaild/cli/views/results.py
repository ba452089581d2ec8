"""Results fields of mails, and settings that would trust them, on a terminal.

Used by `flexmailctl doctor`, `self-test` and `quarantine show`, and by `flexmaild doctor`. All of it comes
from mails, so everything passes `output.safe`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import click

from flexmaild.cli import output

_MARKS = {"ok": "ok", "warning": "WARN", "failed": "FAILED", "skipped": "skipped"}
_RESULTS = {"counted": "COUNTS", "set_aside": "set aside"}


def diagnosis(body: Mapping[str, Any]) -> None:
    """Prints the steps, then the fields that they are based on."""
    for step in body["steps"]:
        tried = f"  {output.safe(step['tried'])}" if step.get("tried") else ""
        click.echo(f"{_MARKS.get(step['result'], '?'):<8} {output.safe(step['name'])}{tried}")
        if step.get("answer"):
            click.echo(f"         said: {output.safe(step['answer'])}")
        if step.get("cure"):
            click.echo(f"         cure: {output.safe(step['cure'])}")
    _spellings(body.get("spellings") or [])
    if body.get("fields"):
        click.echo("Fields of the servers on the path:")
        lines(body["fields"])
    _mails(body.get("mails") or [])
    proposals(body.get("proposals") or [])
    click.echo("Healthy." if body["healthy"] else "Not healthy; see above.")


def lines(fields: Iterable[Mapping[str, Any]]) -> None:
    for one in fields:
        click.echo(f"  {output.safe(one['text'])}")


def proposals(found: Iterable[Mapping[str, Any]]) -> None:
    """Prints the settings as YAML, each below its note."""
    found = list(found)
    if not found:
        return
    click.echo("To have these count, in place of trusted_authserv_ids:")
    click.echo("  incoming:\n    sender_authentication:\n      borders:")
    for one in found:
        if one.get("note"):
            click.echo(f"        # {output.safe(one['note'])}")
        mails = f"  # in {one['mails']} mails" if one.get("mails", 0) > 1 else ""
        click.echo(f"        {output.safe(one['settings'])}{mails}")


def _spellings(tried: Iterable[Mapping[str, Any]]) -> None:
    tried = list(tried)
    if tried:
        click.echo("The forged result, spelling by spelling:")
    for one in tried:
        result = _RESULTS.get(one["result"], one["result"])
        click.echo(f"  {output.safe(result):<10} {output.safe(one['name'])}: {output.safe(one['said'])}")


def _mails(mails: Iterable[Mapping[str, Any]]) -> None:
    mails = list(mails)
    if mails:
        click.echo("Results fields of the last mails, newest first:")
    for one in mails:
        outcome = one["outcome"] or "not read yet"
        click.echo(f"  {output.safe(one['at'])}  {output.safe(one['domain'])}  {output.safe(outcome)}")
        for field in one["fields"]:
            click.echo(f"    {output.safe(field['text'])}")
        if not one["fields"]:
            received = "" if one.get("has_received", True) else ", and no Received"
            click.echo(f"    no Authentication-Results field{received}")
