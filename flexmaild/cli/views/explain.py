"""An explanation on a terminal: the verdict first, then the lines it was read from, then what the store
knows.

Used by `flexmaild explain`; pure. Every text of the mail is escaped, and its lines stand behind a bar, so
that no mail can imitate a line of ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from flexmaild.cli.escapes import cut_to_width, escaped

_Document = Mapping[str, Any]

# Lines shown of a block that no person typed; of typed lines only the middle of a very long block is left
# out.
_MOST, _HEAD, _TAIL = 6, 3, 1
_MOST_TYPED = 100
_LABEL_WIDTH = 12

_HEADLINES: Mapping[str, str] = {
    "unauthenticated": "SET ASIDE",
    "unknown_reference": "NOTHING OF OURS",
    "auto_reply": "NO PERSON'S ANSWER",
    "bounce": "A DELIVERY REPORT",
    "loop": "OUR OWN MAIL",
    "oversize": "SET ASIDE, not read",
    "unparsable": "SET ASIDE, not read",
    "foreign": "ANOTHER INSTALLATION'S, left in the folder",
    "store_older": "OURS, BUT THE STORE IS TOO OLD, left in the folder",
}
_PROOFS: Mapping[str, str] = {
    "reference": "only by the reference that was sent there",
    "dmarc": "by DMARC",
    "dkim": "by DKIM",
    "internal": "by your own Exchange organisation",
    "auth": "by signing in to your own server",
}


def lines(document: _Document, width: int) -> Iterator[str]:
    """The explanation, line by line; those that hold lines of the mail are cut to the terminal's width."""
    if "not_parsed" in document:
        yield f"{escaped(document['file'])}: NOT PARSED: {escaped(document['not_parsed'])}"
        return
    yield f"{escaped(document['file'])}: {_headline(document)}"
    for name, text in _facts(document):
        yield cut_to_width(f"  {name:<{_LABEL_WIDTH}}  {escaped(text)}", width)
    yield from _renderings(document["looks"], width)
    yield ""
    for text in _context(document):
        yield escaped(text)


def _headline(document: _Document) -> str:
    verdict, reply = document["verdict"], document["reading"]
    if not verdict["certain"]:
        answer = verdict["answer"].upper() or f"UNDECIDED: {reply['why'] or 'it has no answer'}"
        return f"reads as {escaped(answer)} (without the words sent)"
    if verdict["answer"]:
        return escaped(verdict["answer"].upper())
    because = escaped(verdict["because"])
    if verdict["outcome"] == "undecided":
        return f"UNDECIDED: {reply['why'] or because}"
    return f"{_HEADLINES.get(verdict['outcome'], verdict['outcome'].upper())}: {because}"


def _facts(document: _Document) -> Iterator[tuple[str, str]]:
    """Names and values, the most important first."""
    if document["note"]:
        yield "note", document["note"]
    if document["verdict"]["if_dkim"]:
        yield (
            "but",
            f"if its DKIM signature is good, which is not verified here: {document['verdict']['if_dkim']}",
        )
    yield from _reasons(document)
    yield from _comment(document["reading"]["comment"])
    if document["reading"]["subject"]:
        yield "subject", document["reading"]["subject"]
    yield from _sender(document["sender"])
    yield from _references(document["references"])


def _reasons(document: _Document) -> Iterator[tuple[str, str]]:
    """The word that decided, or what kept the mail from deciding."""
    reply, renderings = document["reading"], document["looks"]
    deciding = next(
        (
            rendering
            for rendering in renderings
            if rendering["unclear"] and rendering["unclear"] == reply["unclear"]
        ),
        None,
    )
    rendering = deciding or (renderings[0] if renderings else None)
    if rendering is None:
        return
    if rendering["word"]:
        yield "the word in", rendering["word"]
    if deciding and deciding["cause"]:
        whole = f"  in: {deciding['sentence']}" if deciding["sentence"] != deciding["cause"] else ""
        yield "because of", deciding["cause"] + whole
    elif deciding and deciding["sentence"]:
        yield "because of", deciding["sentence"]
    if reply["unclear"] and not deciding and rendering["answer"]:
        yield "else", f"what was typed says {rendering['answer']}"


def _comment(comment: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(comment.split("\n") if comment else ()):
        yield "" if number else "comment", line


def _sender(sender: _Document) -> Iterator[tuple[str, str]]:
    if sender["fault"] or not sender["address"]:
        yield "from", sender["fault"] or "no sender"
        return
    yield "from", f"{sender['address']}, proven {_PROOFS.get(sender['proof'], sender['proof'])}"
    if sender["in_the_name_of_another"]:
        yield "sent by", f"{sender['in_the_name_of_another']}, in that name"
    if sender["required"] != "reference":
        yield "required", sender["required"]
    for result in sender["results"]:
        yield (
            "said by",
            f"{result['server']}: {result['method']}={result['result']} {result['domain']}".rstrip(),
        )
    if sender["dkim"] != "no signature":
        yield "DKIM", sender["dkim"]


def _references(places: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    names = {
        "text": "in the text",
        "header": "in the header",
        "addresses": "in an address",
        "elsewhere": "elsewhere",
    }
    found: dict[str, list[str]] = {}
    for place, references in places.items():
        for reference in references:
            found.setdefault(reference, []).append(names.get(place, place))
    for reference, where in found.items():
        yield "reference", f"{reference} {', '.join(where)}"


def _renderings(renderings: Sequence[_Document], width: int) -> Iterator[str]:
    """The lines of the first rendering, and of each that says something else."""
    for number, rendering in enumerate(renderings):
        says = rendering["answer"] or f"undecided ({rendering['unclear']})"
        is_alike = number > 0 and (rendering["answer"], rendering["unclear"]) == (
            renderings[0]["answer"],
            renderings[0]["unclear"],
        )
        yield ""
        yield f"The {rendering['of']} says: {says}{', as above' if is_alike else ''}"
        if not is_alike:
            yield from _blocks(rendering["lines"], width)
        if rendering["lines_left_out"]:
            yield f"  ({rendering['lines_left_out']} more lines are not shown)"


def _blocks(rows: Sequence[_Document], width: int) -> Iterator[str]:
    """Neighbouring lines with one label and rule under one head; blank lines belong to the block above."""
    named: list[tuple[str, _Document]] = []
    last = max((n for n, row in enumerate(rows, 1) if row["label"] != "blank"), default=0)
    for row in rows[:last]:
        name = _name(row) if row["label"] != "blank" or not named else named[-1][0]
        named.append((name, row))
    for name, block in groupby(named, key=lambda pair: pair[0]):
        shown = [row for _, row in block]
        while shown[-1]["label"] == "blank" and len(shown) > 1:
            shown.pop()
        yield f"  {name}"
        most, head = (_MOST_TYPED, _MOST_TYPED - _TAIL) if name.startswith("typed") else (_MOST, _HEAD)
        if len(shown) <= most:
            head = len(shown)
        yield from (text for row in shown[:head] for text in _line(row, width))
        if head < len(shown):
            yield f"    ⋮ {len(shown) - head - _TAIL} more"
            yield from (text for row in shown[-_TAIL:] for text in _line(row, width))


def _name(row: _Document) -> str:
    rule = "" if row["rule"] == "nothing else" else row["rule"]
    return escaped(f"{row['label']}: {rule}" if rule else row["label"])


def _line(row: _Document, width: int) -> Iterator[str]:
    yield cut_to_width(f"    │ {escaped(row['text'])}".rstrip(), width)
    if row.get("left_out"):
        yield f"    ⋮ {row['left_out']} characters more"
    if row.get("typed") is not None and row["typed"].strip() != row["text"].strip():
        yield cut_to_width(f"    └ typed: {escaped(row['typed'].strip())}", width)


def _context(document: _Document) -> Iterator[str]:
    """The settings used, and what the store knows of the mail."""
    settings, words, now = document["settings"], document["words_sent"], document["now"]
    if settings["used"] == "file":
        yield f"Settings: {settings['file']}, comments: {settings['comments']}"
    else:
        yield "Settings: the defaults, not yours, since these have faults:"
        yield from (f"  {fault}" for fault in settings["faults"])
    if not words["known"]:
        yield f"Read without the words sent, so the daemon may read it otherwise: {words['without']}"
    if now.get("request"):
        request = now["request"]
        decided = f" by {', '.join(request['decided_by'])}" if request["decided_by"] else ""
        when = f" at {request['decided_at']}" if request["decided_at"] else ""
        replaces = request.get("would_replace")
        would = f"; this mail would replace the earlier {replaces}" if replaces else ""
        stands = f"{request['state']}{decided}{when}{would}"
        yield f"In the store now: {request['id']} ({request['title']}) is {stands}"
    if now.get("mail"):
        mail = now["mail"]
        same = "" if mail["same_bytes"] else ", with other bytes"
        yield f"The daemon read this mail at {mail['read_at']}{same}: {mail['outcome']}, {mail['because']}"
