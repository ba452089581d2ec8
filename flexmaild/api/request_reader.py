"""From the bytes of a request to a checked value: limits first, then JSON, then the route's model.

Used by `api.request`. Everything here raises `Problem` and nothing else for bad input, names all faults
at once, and never repeats what was sent, since bodies hold what people write to each other.
"""

import hashlib
import json
import math
import re
import urllib.parse
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers

from flexmaild.api import validation
from flexmaild.api.problems import Fault, Problem, invalid
from flexmaild.api.routes import IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_FORM, Parameter, Route

# A file is one value; 35 MiB of "[]," would become a gigabyte of lists. Commas in texts count too.
_MAX_VALUES = 1_000_000


def declared_length(headers: Headers, route: Route) -> int:
    """How long the body is, in bytes, before a byte of it is read. Raises Problem 400, 411, 413, 501."""
    if "Transfer-Encoding" in headers and "Content-Length" in headers:  # RFC 9112 section 6.3: an attack
        raise Problem(400, detail="Content-Length and Transfer-Encoding exclude each other.")
    if "Transfer-Encoding" in headers and not route.is_file:
        raise Problem(411, detail="Transfer-Encoding is not taken here.", cure="Send a Content-Length.")
    if headers.get("Transfer-Encoding", "chunked").strip().lower() != "chunked":  # what is kept is the file
        raise Problem(501, detail="Of transfer encodings only chunked is taken.")
    given = {value.strip() for value in headers.getlist("Content-Length")}
    if len(given) > 1:
        raise Problem(400, detail="There are several Content-Length fields that disagree.")
    text = given.pop() if given else "0"
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise Problem(400, detail="Content-Length is not a number.")
    length = int(text)
    if length > route.max_body and not route.is_file:  # of a file a setting says it
        detail = f"The body has {length} bytes; {route.path} takes at most {route.max_body}."
        raise Problem(413, "The body is too large", detail, kind="too-large", extra={"limit": route.max_body})
    return length


def check_media_type(headers: Headers) -> None:
    """JSON, or nothing said. Raises Problem 415.

    What `curl --data` declares when told nothing is taken too, for curl is a ready-made client of ours, and
    no browser that could be tricked into a form reaches a Unix socket.
    """
    declared = headers.get("Content-Type", "application/json")
    kind, *parameters = (part.strip().lower() for part in declared.split(";"))
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    charset = next((p[8:].strip('"') for p in parameters if p.startswith("charset=")), "utf-8")
    if not (is_json or kind == "application/x-www-form-urlencoded") or charset not in ("utf-8", "us-ascii"):
        cure = "Send JSON in UTF-8 with Content-Type: application/json."
        raise Problem(415, detail="The body is not declared as JSON.", cure=cure)


def parsed(raw: bytes) -> Any:
    """The body as JSON (RFC 8259, without its freedoms). Raises Problem 400 with the place, 413."""
    if sum(raw.count(sign) for sign in (b"{", b"[", b",")) > _MAX_VALUES:
        detail = f"The body may hold more than {_MAX_VALUES} values."
        raise Problem(413, "The body is too large", detail, kind="too-large")
    try:
        return json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise _not_json(f"byte {error.start + 1} is not UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _not_json(f"{where}: {error.msg}", line=error.lineno, column=error.colno) from None
    except ValueError as error:
        raise _not_json(str(error)) from None
    except RecursionError:
        raise _not_json("it is nested too deeply") from None


def fingerprint(route: Route, path: Mapping[str, str], document: Any) -> str:
    """SHA-256 of command, path and body, the same however the JSON is spelt. Raises Problem 400."""
    try:
        text = json.dumps(
            [route.command, dict(path), document], sort_keys=True, ensure_ascii=False, allow_nan=False
        )
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError:
        raise _not_json("a text in it holds half of a surrogate pair (\\ud800 to \\udfff)") from None
    except ValueError:
        raise _not_json("a number in it is too large") from None
    except RecursionError:
        raise _not_json("it is nested too deeply") from None


def checked(route: Route, document: Any) -> BaseModel | None:
    """The body as the route's model; None where there is none to be. Raises Problem 400 or 422."""
    if not route.body:
        if document not in (None, {}):
            raise invalid([Fault("", f"{route.method} {route.path} takes no body")])
        return None
    if document is None:
        if route.body_required:
            raise Problem(400, "The body is missing", f"{route.path} takes a JSON object.", kind="not-json")
        return None
    model = validation.body(route.body)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise invalid(validation.faults(error, model)) from None


def query_of(route: Route, raw: bytes) -> dict[str, Any]:
    """The query parameters with defaults filled in. Raises Problem 422 with every fault."""
    try:
        given = urllib.parse.parse_qs(
            raw.decode("latin-1"), keep_blank_values=True, max_num_fields=20, errors="strict"
        )
    except ValueError:
        raise invalid([Fault("query", "is not readable")]) from None
    known = {parameter.name: parameter for parameter in route.query}
    values = {name: p.default for name, p in known.items() if p.default is not None}
    faults = []
    for name, found in given.items():
        if name not in known:
            faults.append(Fault(name, "is not a parameter here", validation.did_you_mean(name, list(known))))
        elif len(found) > 1:
            faults.append(Fault(name, "is given more than once"))
        else:
            value, fault = _parameter(known[name], found[0])
            faults.extend([fault] if fault else [])
            values[name] = value
    if faults:
        raise invalid(faults)
    return values


def idempotency_key(headers: Headers) -> str:
    """The caller's key without the quotes a structured field has; empty for none. Raises Problem 400."""
    key: str = headers.get("Idempotency-Key", "").strip()
    key = key[1:-1] if len(key) > 1 and key[0] == key[-1] == '"' else key
    if key and not IDEMPOTENCY_KEY.fullmatch(key):
        cure = f"Use {IDEMPOTENCY_KEY_FORM}."
        raise Problem(400, detail="The Idempotency-Key is not readable.", cure=cure)
    return key


def _parameter(parameter: Parameter, text: str) -> tuple[Any, Fault | None]:
    if parameter.kind == "text":
        if parameter.choices and text not in parameter.choices:
            return text, Fault(parameter.name, f"must be one of {', '.join(parameter.choices)}")
        too_long = Fault(parameter.name, "must be 1 to 200 printable characters")
        return text, None if 0 < len(text) <= 200 and text.isprintable() else too_long
    try:
        number: float = int(text) if parameter.kind == "integer" else float(text)
    except ValueError:
        number = math.nan
    if parameter.least <= number <= parameter.most:
        return number, None
    return text, Fault(parameter.name, f"must be a number from {parameter.least:g} to {parameter.most:g}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the name {twice[:60]!r} stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _not_json(detail: str, **place: int) -> Problem:
    return Problem(
        400, "The body is not JSON", f"The body is not JSON: {detail}.", kind="not-json", extra=place
    )
