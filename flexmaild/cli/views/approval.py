"""An approval request on a terminal: in one line, as a decision, or in full with its history.

Used by `flexmailctl approval`. Everything shown passes `output.safe`: comments are text from outside.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from flexmaild.cli import output


def state(one: dict[str, Any]) -> None:
    """The request in one line; the title of another user's request may be hidden."""
    title = one["title"] if "title" in one else f"(belongs to {one.get('owner') or 'no owner'})"
    click.echo(f"{output.safe(one['id'])}  {output.safe(one['state'])}  {output.safe(title)}")


def decision(one: dict[str, Any]) -> None:
    """The outcome: the request in one line, the reason, and the answers."""
    state(one)
    if one.get("decided_because"):
        click.echo(f"  because  {output.safe(one['decided_because'])}")
    for verdict in one.get("verdicts", []):
        _verdict(verdict)
    others = [row for row in one.get("replies", []) if row.get("outcome") != "decision"]
    _section("replies that decided nothing", others, reply)


def comment_lines(one: Mapping[str, Any]) -> list[str]:
    """What the approvers wrote, in the order of their answers; replaced answers do not count."""
    verdicts = [v for v in one.get("verdicts", []) if not v.get("replaced")]
    return [line for v in verdicts for line in str(v.get("comment") or "").splitlines()]


def comments(one: dict[str, Any]) -> None:
    """`-o comment`."""
    for line in comment_lines(one):
        click.echo(output.safe(line))


def deciders(one: dict[str, Any]) -> None:
    """`-o approver`: who decided, an address a line."""
    for address in one.get("decided_by") or []:
        click.echo(output.safe(address))


def progress(one: dict[str, Any]) -> None:
    """The progress of an open request, for a waiting caller: who has answered, who has not, and the time
    left."""
    verdicts = [v for v in one.get("verdicts", []) if not v.get("replaced")]
    answered = {v["approver"] for v in verdicts}
    asked = [a for a in one.get("approvers", []) if not a.get("withdrawn")]
    silent = [a["address"] for a in asked if (a.get("on_behalf_of") or a["address"]) not in answered]
    parts = [
        *(f"{v['by']}: {v['answer']}" for v in verdicts),
        f"no answer yet from {', '.join(silent)}" if silent else "",
        f"mail bounced: {', '.join(one['unreachable'])}" if one.get("unreachable") else "",
        f"decides at {one['settles_at']}" if one.get("settles_at") else "",
        f"{_time_left(one['expires_at'])} left" if one.get("expires_at") else "",
    ]
    text = "; ".join(part for part in parts if part)
    click.echo(f"{output.safe(one['id'])} is open: {output.safe(text)}", err=True)


def _time_left(until: str) -> str:
    left = datetime.fromisoformat(until) - datetime.now(UTC)
    hours, minutes = divmod(max(0, round(left.total_seconds() / 60)), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def full(one: dict[str, Any]) -> None:
    """The whole request: terms, approvers, verdicts with their proof, mails sent and received, history."""
    state(one)
    progress = one.get("progress") or {}
    shown = {
        "quorum": one.get("quorum"),
        "approved by": f"{progress['approvals']} of {progress['needed']}" if progress else None,
        "requester": one.get("requester"),
        "owner": one.get("owner"),
        "visible to": one.get("visible_to"),
        "created": one.get("created_at"),
        "expires": one.get("expires_at"),
        "decides at": one.get("settles_at"),
        "decided": one.get("decided_at"),
        "decided by": one.get("decided_by"),
        "because": one.get("decided_because"),
        "purged": ", ".join(_purged(one)),
        "sinks": one.get("sinks"),
        "metadata": output.safe(one.get("metadata")),
    }
    output.fields({name: value for name, value in shown.items() if value not in (None, "", [], "-")}, "  ")
    if not one.get("quorum_reachable", True):
        click.echo("  ! too few approvers can still be reached to decide")
    _section("asked", one.get("approvers", []), _approver)
    _section("verdicts", one.get("verdicts", []), _verdict)
    _section("mails", one.get("mails", []), _mail)
    replies = one.get("replies", [])
    total = one.get("replies_total", len(replies))
    shown_of = f", the last {len(replies)} of {total}" if total > len(replies) else ""
    _section(f"replies{shown_of}", replies, reply)
    _section("history", one.get("history", []), _entry)


def _purged(one: dict[str, Any]) -> list[str]:
    """The parts that were purged; they are not missing by mistake."""
    entries = (row.get("data") or {} for row in one.get("history", []) if row.get("event") == "purged")
    return [str(part) for data in entries for part in data.get("purged", [])]


def _section(name: str, rows: list[dict[str, Any]], show: Any) -> None:
    if rows:
        click.echo(f"  {name}")
    for row in rows:
        show(row)


def _approver(row: dict[str, Any]) -> None:
    notes = [
        f"group {row['group']}" if row.get("group") else "",
        f"for {row['on_behalf_of']}" if row.get("on_behalf_of") else "",
        "escalation" if row.get("escalation") else "",
        "withdrawn" if row.get("withdrawn") else "",
        f"bounced: {row['bounced']}" if row.get("bounced") else "",
        f"explanations used up until {until}" if (until := row.get("explanations_used_up_until")) else "",
    ]
    text = ", ".join(note for note in notes if note)
    click.echo(f"    {output.safe(row['address'])}{f'  ({output.safe(text)})' if text else ''}")


def _verdict(row: dict[str, Any]) -> None:
    replaced = "  (replaced later)" if row.get("replaced") else ""
    line = f"{row['at']}  {row['answer']}  {row['by']}  proof {row.get('proof')}  sha256 {row.get('sha256')}"
    click.echo(f"    {output.safe(line)}{replaced}")
    for text in output.safe_lines(row.get("comment") or "").splitlines():
        click.echo(f"      | {text}")


def _mail(row: dict[str, Any]) -> None:
    error = f"  {row['last_error']}" if row.get("last_error") else ""
    to = output.safe(row.get("to"))
    line = f"{row.get('sent_at') or 'not yet'}  {row['kind']}  {to}  {row['state']}{error}"
    click.echo(f"    {output.safe(line)}")


def reply(row: dict[str, Any], *, err: bool = False) -> None:
    """A mail that came in, in one line."""
    via = f" (in place of {row['via']})" if row.get("via") else ""
    sender = f"{row.get('from') or 'unknown sender'}{via}"
    line = f"{row['at']}  {row['outcome']}  {sender}  sha256 {row.get('sha256')}"
    because = f"  {row['because']}" if row.get("because") else ""
    click.echo(f"    {output.safe(line + because)}", err=err)


def _entry(row: dict[str, Any]) -> None:
    click.echo(f"    {output.safe(row['at'])}  {output.safe(row['event'])}  {output.safe(row.get('data'))}")
