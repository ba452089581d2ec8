"""Templates of a webhook: an event's values in the path, query and body of a call to a foreign API.

Used by `sinks.webhook.sink`, and by its settings to find mistakes. Each value is escaped for its place, so
that no title, comment or metadata can leave
it: percent-encoded in the URL, as the content type wants it in the body. Pure.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus, unquote
from xml.sax.saxutils import escape

from jinja2 import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flexmaild.core.errors import GiveUp, Reason
from flexmaild.mail.compose.render import RENDER_ERRORS, environment, rendered

_CURE = "Correct the template, or what the request's metadata holds; then `flexmailctl delivery retry`."


class EventTemplates:
    """url: everything behind its host may hold expressions. body: empty for the event itself."""

    def __init__(self, url: str, body: str, content_type: str) -> None:
        self._host, self._path = _split(url)
        self._url = _environment("url", self._path, lambda value: quote(value, safe=""))
        kind = media_type(content_type)
        self._has_body, self._is_json = bool(body), kind.endswith("json")
        self._body = _environment("body", body, escape_for(kind) or str, is_json=self._is_json)

    def fill(self, event: Mapping[str, Any]) -> tuple[str, str]:
        """URL and body (empty where there is no template) for this event. Raises GiveUp."""
        values = context(event)
        path = _rendered(self._url, "url", values)
        if _climbs(path):
            raise _failure("a value in the path of the URL is . or .., which leads to another path")
        if _empty_segments(path) > _empty_segments(self._path):
            raise _failure("a value in the path of the URL is empty, which leads to another path")
        body = _rendered(self._body, "body", values) if self._has_body else ""
        if body and self._is_json:
            try:
                json.loads(body)
            except (ValueError, RecursionError) as error:
                raise _failure(f"the body is not JSON: {error}") from None
        return self._host + path, body


def context(event: Mapping[str, Any]) -> dict[str, Any]:
    """What expressions may name: the event's data by its fields, and what most calls need of it."""
    data = event["data"]
    verdicts = [verdict for verdict in data.get("verdicts", ()) if not verdict["replaced"]]
    return {
        "decided_by": [], "decided_at": "", "because": "", "quorum": "",
        **data,
        "verdicts": verdicts,
        "event_id": event["id"],
        "approved": data["state"] == "approved",
        "comment": "\n".join(verdict["comment"] for verdict in verdicts if verdict["comment"]),
        "event": event,
    }  # fmt: skip


def escape_for(media_type: str) -> Callable[[str], str] | None:
    """How a text is written inside a body of this type; None for a type that is not known."""
    if media_type.endswith("json"):
        return lambda text: json.dumps(text)[1:-1]
    if media_type.endswith("xml"):
        return lambda text: escape(text, {'"': "&quot;", "'": "&apos;"})
    if media_type == "application/x-www-form-urlencoded":
        return quote_plus
    return str if media_type == "text/plain" else None


def media_type(content_type: str) -> str:
    """The type without its parameters (RFC 9110 section 8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


def _climbs(path: str) -> bool:
    """Whether a server could take a part of it for "." or "..": some decode %2F first, some cut at ";"."""
    parts = re.split(r"[/\\]", unquote(path.partition("?")[0]))
    return any(part.partition(";")[0] in (".", "..") for part in parts)


def _empty_segments(path: str) -> int:
    """How many there are between or behind slashes: some servers merge the slashes around one."""
    return path.partition("?")[0].split("/").count("")


def _split(url: str) -> tuple[str, str]:
    """Scheme with host, and the rest."""
    scheme, _, rest = url.partition("://")
    end = min((at for at in map(rest.find, "/?#") if at >= 0), default=len(rest))
    return f"{scheme}://{rest[:end]}", rest[end:]


class _Json(str):
    """What `tojson` made. Jinja's own makes Markup, as `safe` and `e` do of any text."""


def _environment(
    name: str, source: str, escaped: Callable[[str], str], *, is_json: bool = False
) -> ImmutableSandboxedEnvironment:
    def finalize(value: Any) -> str:
        if isinstance(value, _Json):
            return str(value) if is_json else escaped(value)
        if isinstance(value, str | Undefined):  # whose text is an error
            return escaped(str(value))
        return json.dumps(value) if is_json else escaped(json.dumps(value))

    made = environment({name: source})
    made.finalize = finalize
    made.filters["tojson"] = lambda value: _Json(json.dumps(value))
    return made


def _rendered(templates: ImmutableSandboxedEnvironment, name: str, values: Mapping[str, Any]) -> str:
    try:
        return rendered(templates, name, values)
    except RENDER_ERRORS as error:
        raise _failure(f"the template of the {name} fails: {' '.join(str(error).split())[:300]}") from None


def _failure(text: str) -> GiveUp:
    return GiveUp(Reason.CLIENT, text, step="template", cure=_CURE)
