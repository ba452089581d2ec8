"""An explanation on a terminal: the verdict first, then what it was read from, then what else is known.

Used by `flexmaild explain`; pure. Every text of the mail passes `escaped`, and its lines stand behind a bar,
so that no mail can write a line of ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from flexmaild.cli.escapes import escaped, fitted

Document = Mapping[str, Any]

# Lines shown of a block that is not the person's; of one that is, only what nobody would read is left out.
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


def lines(document: Document, width: int) -> Iterator[str]:
    """The explanation, line by line; those that hold lines of the mail are cut to the terminal's width."""
    if "not_parsed" in document:
        yield f"{escaped(document['file'])}: NOT PARSED: {escaped(document['not_parsed'])}"
        return
    yield f"{escaped(document['file'])}: {_headline(document)}"
    for name, text in _facts(document):
        yield fitted(f"  {name:<{_LABEL_WIDTH}}  {escaped(text)}", width)
    yield from _looks(document["looks"], width)
    yield ""
    for text in _about(document):
        yield escaped(text)


def _headline(document: Document) -> str:
    verdict, reading = document["verdict"], document["reading"]
    if not verdict["certain"]:
        answer = verdict["answer"].upper() or f"UNDECIDED: {reading['why'] or 'it has no answer'}"
        return f"reads as {escaped(answer)} (without the words sent)"
    if verdict["answer"]:
        return escaped(verdict["answer"].upper())
    because = escaped(verdict["because"])
    if verdict["outcome"] == "undecided":
        return f"UNDECIDED: {reading['why'] or because}"
    return f"{_HEADLINES.get(verdict['outcome'], verdict['outcome'].upper())}: {because}"


def _facts(document: Document) -> Iterator[tuple[str, str]]:
    """Names and values, the important ones first."""
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


def _reasons(document: Document) -> Iterator[tuple[str, str]]:
    """What decided, or kept it from deciding."""
    reading, looks = document["reading"], document["looks"]
    decisive = next(
        (look for look in looks if look["unclear"] and look["unclear"] == reading["unclear"]), None
    )
    look = decisive or (looks[0] if looks else None)
    if look is None:
        return
    if look["word"]:
        yield "the word in", look["word"]
    if decisive and decisive["cause"]:
        whole = f"  in: {decisive['sentence']}" if decisive["sentence"] != decisive["cause"] else ""
        yield "because of", decisive["cause"] + whole
    elif decisive and decisive["sentence"]:
        yield "because of", decisive["sentence"]
    if reading["unclear"] and not decisive and look["answer"]:
        yield "else", f"what was typed says {look['answer']}"


def _comment(comment: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(comment.split("\n") if comment else ()):
        yield "" if number else "comment", line


def _sender(sender: Document) -> Iterator[tuple[str, str]]:
    if sender["fault"] or not sender["address"]:
        yield "from", sender["fault"] or "nobody"
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


def _looks(looks: Sequence[Document], width: int) -> Iterator[str]:
    """The lines of the first way of seeing the mail, and of those that say something else."""
    for number, look in enumerate(looks):
        says = look["answer"] or f"undecided ({look['unclear']})"
        is_alike = number > 0 and (look["answer"], look["unclear"]) == (
            looks[0]["answer"],
            looks[0]["unclear"],
        )
        yield ""
        yield f"The {look['of']} says: {says}{', as above' if is_alike else ''}"
        if not is_alike:
            yield from _blocks(look["lines"], width)
        if look["lines_left_out"]:
            yield f"  ({look['lines_left_out']} lines more are not shown)"


def _blocks(rows: Sequence[Document], width: int) -> Iterator[str]:
    """Neighbours of one label and rule under one head; blank lines go with what is above them."""
    named: list[tuple[str, Document]] = []
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


def _name(row: Document) -> str:
    rule = "" if row["rule"] == "nothing else" else row["rule"]
    return escaped(f"{row['label']}: {rule}" if rule else row["label"])


def _line(row: Document, width: int) -> Iterator[str]:
    yield fitted(f"    │ {escaped(row['text'])}".rstrip(), width)
    if row.get("left_out"):
        yield f"    ⋮ {row['left_out']} characters more"
    if row.get("typed") is not None and row["typed"].strip() != row["text"].strip():
        yield fitted(f"    └ typed: {escaped(row['typed'].strip())}", width)


def _about(document: Document) -> Iterator[str]:
    """Where this comes from, and what the store knows of it."""
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
        moment = f" at {request['decided_at']}" if request["decided_at"] else ""
        replaces = request.get("would_replace")
        would = f"; this mail would replace the {replaces} of before" if replaces else ""
        stands = f"{request['state']}{decided}{moment}{would}"
        yield f"In the store now: {request['id']} ({request['title']}) is {stands}"
    if now.get("mail"):
        mail = now["mail"]
        same = "" if mail["same_bytes"] else ", with other bytes"
        yield f"The daemon read this mail at {mail['read_at']}{same}: {mail['outcome']}, {mail['because']}"
