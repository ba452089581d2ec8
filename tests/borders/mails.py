"""The mails that are sent through every border: honest ones, and forged ones with results they brought along.

Every forged mail claims more than its sender may: it counts as believed when flexmaild finds any proof
better than the reference for the address in its From field.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime, localtime
from typing import Literal

import dkim

from tests.borders import names
from tests.borders.border import REPLIES, Border, Started

BOB, NORA, ALICE = "bob@partner.test", "nora@nodmarc.test", "alice@example.test"
MALLORY = "mallory@example.test"
OUTSIDER = "x@attacker.test"

# The envelope sender that closes the border's comment and goes on with a result of its own.
ODD_SENDER = '"x) smtp.mailfrom=a; dkim=pass header.d=nodmarc.test (y"@attacker.test'
ODD_SENDER_DMARC = '"x; dmarc=pass header.from=nodmarc.test header.x=y"@attacker.test'
ODD_COLLEAGUE = '"x; auth=pass smtp.auth=alice@example.test (y"@example.test'

_HOPS = ("with-a-hop", "below-a-hop")

Way = Literal["smtp", "submission", "localhost", "past the gateway"]


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail and the way it goes.

    source, helo: the address it comes from, and what that host calls itself. login: who logs in.
    """

    name: str
    honest: bool
    sender: str
    envelope: str
    data: bytes
    source: str
    way: Way = "smtp"
    login: str = ""
    helo: str = ""


def mails(border: Border, started: Started, authserv_id: str) -> Iterator[Mail]:
    """All that are sent through this border."""
    yield from _honest(started)
    yield from _outside(authserv_id)
    yield from _identities()
    yield from _greetings_with_results()
    yield from _sent_again()
    yield from _from_localhost(authserv_id)
    if started.submission:
        yield from _colleague(authserv_id)
    if started.past_the_gateway:
        yield from _past_the_gateway(authserv_id)
    if border.odd_envelopes:
        yield _odd("odd-envelope-odd-signature", "d=a(.attacker.test")
        yield _odd("odd-envelope-no-signature", "")
        yield _odd("odd-envelope-dmarc", "", ODD_SENDER_DMARC)
        if started.submission:
            name = "odd-envelope-of-a-colleague"
            data = plain(name, ALICE)
            yield Mail(name, False, ALICE, ODD_COLLEAGUE, data, names.COLLEAGUE, "submission", MALLORY)


def plain(name: str, sender: str, brought: bytes = b"") -> bytes:
    """A reply that approves, below the fields that its sender brings along."""
    date = format_datetime(localtime())
    domain = sender.rpartition("@")[2]
    fields = (
        f"From: {sender}\r\nTo: {REPLIES}\r\nSubject: {name}\r\nDate: {date}\r\n"
        f"Message-ID: <{name}@{domain}>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n"
    )
    return brought + fields.encode() + b"\r\nApprove looks good to me\r\n"


def signed(data: bytes, domain: str, identity: str = "") -> bytes:
    """With the domain's DKIM signature."""
    include = [b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type"]
    selector, key = names.SELECTOR.encode(), names.key(domain).private
    signature: bytes = dkim.sign(
        data,
        selector,
        domain.encode(),
        key,
        identity=identity.encode() or None,
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=include,
    )
    return signature + data


def claims(authserv_id: str, victim: str) -> dict[str, bytes]:
    """Spellings of results that the sender of a forged mail brings along, for this victim."""
    domain = victim.rpartition("@")[2]
    results = (
        f"dmarc=pass (p=reject dis=none) header.from={domain};\r\n"
        f"\tdkim=pass header.d={domain} header.i=@{domain} header.s=s1 header.b=AbCdEfGh;\r\n"
        f"\tspf=pass smtp.mailfrom={victim};\r\n\tauth=pass smtp.auth={victim}"
    )
    name = "Authentication-Results"
    host = authserv_id
    one = f"{name}: {host}; {results}\r\n"
    dmarc = f"{name}: {host}; dmarc=pass header.from={domain}\r\n"
    hop = (
        f"Received: from mx.{domain} (mx.{domain} [{names.PARTNER}])\r\n\tby {host} (Postfix) with ESMTP"
        f" id 4F00000001\r\n\tfor <{REPLIES}>; {format_datetime(localtime())}\r\n"
    )
    texts = {
        "plain": one,
        "dmarc-only": dmarc,
        "auth-only": f"{name}: {host}; auth=pass smtp.auth={victim} smtp.mailfrom={victim}\r\n",
        "comment-first": f"{name}: (checked) {host}; {results}\r\n",
        "quoted": f'{name}: "{host}"; {results}\r\n',
        "version": f"{name}: {host} 1; {results}\r\n",
        "upper": f"{name.upper()}: {host.upper()}; {results}\r\n",
        "dot": f"{name}: {host}.; {results}\r\n",
        "folded": f"{name}:\r\n {host};\r\n {results}\r\n",
        "blank": f"{name} : {host}; {results}\r\n",
        "nul": f"{name}: {host}\0; {results}\r\n",
        "control": f"{name}: {host}\x0b; {results}\r\n",
        "many": one * 30,
        "with-a-hop": dmarc + hop,
        "below-a-hop": hop + dmarc,
        "received-spf": f"Received-SPF: Pass (mail) client-ip={names.PARTNER}; envelope-from={victim};\r\n",
    }
    return {spelling: text.encode("latin-1") for spelling, text in texts.items()}


def _honest(started: Started) -> Iterator[Mail]:
    for sender, source in ((BOB, names.PARTNER), (NORA, names.NODMARC)):
        name = f"honest-{_short(sender)}"
        data = signed(plain(name, sender), sender.rpartition("@")[2])
        yield Mail(name, True, sender, sender, data, source)
    name = "honest-bob-bounce-address"
    yield Mail(
        name, True, BOB, "b+4711=x@partner.test", signed(plain(name, BOB), "partner.test"), names.PARTNER
    )
    for selector in (names.SELECTOR, "old"):
        name = f"honest-bob-signed-twice-{selector}"
        data = _SIGNATURE.format(f"d=partner.test; s={selector}").encode() + signed(
            plain(name, BOB), "partner.test"
        )
        yield Mail(name, True, BOB, BOB, data, names.PARTNER)
    if started.submission:
        name = "honest-alice"
        yield Mail(name, True, ALICE, ALICE, plain(name, ALICE), names.COLLEAGUE, "submission", ALICE)


def _outside(authserv_id: str) -> Iterator[Mail]:
    for victim in (BOB, NORA, ALICE):
        for spelling in claims(authserv_id, victim):
            yield _forged(f"outsider-{_short(victim)}-{spelling}", victim, authserv_id, spelling)
    # Whoever passes over local steps must not take the name in a greeting for an address.
    for number, helo in enumerate(_GREETINGS):
        for source in (names.ATTACKER, names.NAMELESS):
            for spelling in _HOPS:
                kind = "named" if source == names.ATTACKER else "nameless"
                name = f"outsider-bob-greeting-{number}-{kind}-{spelling}"
                data = plain(name, BOB, claims(authserv_id, BOB)[spelling])
                yield Mail(name, False, BOB, OUTSIDER, data, source, helo=helo)
    name = "outsider-bob-signed-by-attacker"
    data = signed(plain(name, BOB, claims(authserv_id, BOB)["plain"]), "attacker.test")
    yield Mail(name, False, BOB, OUTSIDER, data, names.ATTACKER)
    for spelling in ("plain", *_HOPS):
        name = f"outsider-bob-no-envelope-sender-{spelling}"
        yield Mail(name, False, BOB, "", plain(name, BOB, claims(authserv_id, BOB)[spelling]), names.ATTACKER)
    name = "outsider-bob-envelope-of-bob"
    yield Mail(name, False, BOB, BOB, plain(name, BOB, claims(authserv_id, BOB)["plain"]), names.ATTACKER)


_GREETINGS = (
    "localhost",
    "[127.0.0.1]",
    "[IPv6:::1]",
    "localhost (localhost [127.0.0.1])",
    "[127.0.0.1] (localhost [127.0.0.1])",
    "x with LMTP",
)


def _past_the_gateway(authserv_id: str) -> Iterator[Mail]:
    """Straight to the inner server, as if the gateway had handed it on."""
    gateway = f"{authserv_id} ({authserv_id} [{names.GATEWAY}])"
    for number, helo in enumerate(("", authserv_id, f"[{names.GATEWAY}]", gateway, *_GREETINGS)):
        for victim in (BOB, NORA):
            for spelling in ("plain", "with-a-hop"):
                name = f"past-gateway-{_short(victim)}-greeting-{number}-{spelling}"
                data = plain(name, victim, claims(authserv_id, victim)[spelling])
                yield Mail(name, False, victim, OUTSIDER, data, names.ATTACKER, "past the gateway", helo=helo)


def _identities() -> Iterator[Mail]:
    """Signatures of the attacker's whose `i=` has the border write another result into its own field.

    Beside them, signatures that seem to be the victim's to whom reads `D=` as `d=`, or a broken one for one
    that passed: a result counts only for a signature that is there.
    """
    for victim in (BOB, NORA):
        domain = victim.rpartition("@")[2]
        texts = {
            "dkim": f"x; dkim=pass header.d={domain} header.s=s1 header.x=y",
            "dmarc": f"x; dmarc=pass header.from={domain} header.x=y",
        }
        for result, text in texts.items():
            identity = f"{_encoded(text)}@attacker.test"
            beside = {
                "alone": "",
                "capital": f"d=attacker.test; s=s2; D={domain}; S=s1",
                "capital-only": f"D={domain}; S=s1",
                "broken": f"d={domain}; s=s1",
            }
            for kind, tags in beside.items():
                name = f"identity-{_short(victim)}-{result}-{kind}"
                data = signed(plain(name, victim), "attacker.test", identity)
                yield _with_signature(name, victim, data, tags)
            name = f"identity-{_short(victim)}-{result}-not-valid"
            tags = f"d=attacker.test; s=s1; i={identity}; D={domain}; S=s1"
            yield _with_signature(name, victim, plain(name, victim), tags)


def _sent_again() -> Iterator[Mail]:
    """A mail that somebody has, whose signature also covers the names of fields that are not in it, so that
    none can be added. What he adds has a blank before its colon, and so another name to some programs."""
    for victim in (BOB, NORA):
        for added in ("In-Reply-To", "References", "Subject", "Message-ID"):
            for kind, blank in {"blank": " ", "tab": "\t"}.items():
                name = f"again-{_short(victim)}-{added.lower()}-{kind}"
                domain = victim.rpartition("@")[2]
                key = names.key(domain).private
                include = [b"from", b"subject", b"subject", b"date", b"message-id", b"message-id"]
                include += [b"in-reply-to", b"references"]
                data = plain(name, victim)
                signature = dkim.sign(
                    data, names.SELECTOR.encode(), domain.encode(), key, include_headers=include
                )
                field = f"{added}{blank}: <another@{domain}>\r\n".encode()
                end = data.index(b"\r\n\r\n") + 2
                data = signature + data[:end] + field + data[end:]
                yield Mail(name, False, victim, OUTSIDER, data, names.ATTACKER)


def _greetings_with_results() -> Iterator[Mail]:
    """Greetings that write a result into a field in which a border names the host that sent the mail, as
    opendmarc does where the envelope has no sender. Below two equal signatures, so that a third result may
    seem to have one of its own."""
    for victim in (BOB, NORA):
        domain = victim.rpartition("@")[2]
        texts = {
            "blanks": f"x; dkim=pass header.d={domain} header.s=s1",
            "comments": f"x;dkim=pass(a)header.d={domain}(b)header.s=s1",
            "out-of-a-comment": f"x)dkim=pass(a)header.d={domain}(b)header.s=s1(",
            "next": f"x);dkim=pass(a)header.d={domain}(b)header.s=s1(",
            "dmarc": f"x;dmarc=pass(a)header.from={domain}",
            "dmarc-out-of-a-comment": f"x);dmarc=pass(a)header.from={domain}(b",
        }
        for kind, helo in texts.items():
            for envelope in ("", OUTSIDER):
                name = f"helo-{_short(victim)}-{kind}-{'envelope' if envelope else 'null'}"
                data = plain(name, victim)
                data = _SIGNATURE.format(f"d={domain}; s=s1").encode() * 2 + data
                yield Mail(name, False, victim, envelope, data, names.ATTACKER, helo=helo)


def _encoded(text: str) -> str:
    """As dkim-quoted-printable (RFC 6376 section 2.11)."""
    return "".join(c if c.isalnum() or c in ".-" else f"={ord(c):02X}" for c in text)


def _with_signature(name: str, victim: str, data: bytes, tags: str) -> Mail:
    """This mail below a signature with these tags, which is not valid; without tags below none."""
    above = _SIGNATURE.format(tags).encode() if tags else b""
    return Mail(name, False, victim, OUTSIDER, above + data, names.ATTACKER)


_SIGNATURE = (
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; {}; h=from:subject:date;\r\n"
    "\tbh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AbCdEfGhIjKl\r\n"
)


def _from_localhost(authserv_id: str) -> Iterator[Mail]:
    """A web form or a script on the mail server itself."""
    for victim in (BOB, NORA, ALICE):
        for spelling in ("plain", "dmarc-only", "auth-only", *_HOPS):
            name = f"localhost-{_short(victim)}-{spelling}"
            data = plain(name, victim, claims(authserv_id, victim)[spelling])
            yield Mail(name, False, victim, "www@example.test", data, "127.0.0.1", "localhost")


def _colleague(authserv_id: str) -> Iterator[Mail]:
    for victim in (ALICE, BOB, NORA):
        for spelling in ("plain", "dmarc-only", "auth-only", "comment-first", "control", *_HOPS):
            name = f"colleague-{_short(victim)}-{spelling}"
            data = plain(name, victim, claims(authserv_id, victim)[spelling])
            yield Mail(name, False, victim, MALLORY, data, names.COLLEAGUE, "submission", MALLORY)
    name = "colleague-alice-envelope-of-alice"
    data = plain(name, ALICE, claims(authserv_id, ALICE)["plain"])
    yield Mail(name, False, ALICE, ALICE, data, names.COLLEAGUE, "submission", MALLORY)


def _forged(name: str, victim: str, authserv_id: str, spelling: str) -> Mail:
    data = plain(name, victim, claims(authserv_id, victim)[spelling])
    return Mail(name, False, victim, OUTSIDER, data, names.ATTACKER)


def _odd(name: str, domain: str, envelope: str = ODD_SENDER) -> Mail:
    signature = _SIGNATURE.format(f"{domain}; s=s1") if domain else ""
    return Mail(name, False, NORA, envelope, plain(name, NORA, signature.encode()), names.ATTACKER)


def _short(address: str) -> str:
    return address.partition("@")[0]
