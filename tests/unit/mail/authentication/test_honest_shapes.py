"""Header blocks that real software writes are read; the same blocks brought along by an outsider are not."""

import pytest

from flexmaild.core.approval.proof import proof_of
from flexmaild.mail.authentication.arrivals import results_fields
from flexmaild.mail.authentication.borders import Border
from flexmaild.mail.parse.header import parse_header
from flexmaild.mail.understand.words.rules import Rules
from tests.unit.mail.mails import OWN, mail, read

OK = (
    "dkim=pass header.d=corp.test header.s=s1 header.b=BBBB; spf=pass smtp.mailfrom=corp.test;"
    " dmarc=pass header.from=corp.test"
)
SIGNED = "DKIM-Signature: v=1; a=rsa-sha256; d=corp.test; s=s1; h=from:to:subject:date; bh=x; b=BBBBxx"
OUT = "from out.corp.test (out.corp.test [192.0.2.9])"
EVIL = "from evil.test (evil.test [198.51.100.6])"


def results(name: str, said: str = OK) -> str:
    return f"Authentication-Results: {name}; {said}"


def received(text: str) -> str:
    return f"Received: {text}; Fri, 20 Nov 2026 10:15:00 +0000"


def judged(border: Border, *fields: str) -> tuple[str, bool]:
    """The proof, and whether something speaks against the mail."""
    reading = read(mail(*fields, SIGNED), Rules.of(OWN, borders=[border]))
    return proof_of(reading), bool(reading.auth_faults)


GOOGLE = "mx.google.com"
INTERNAL = received("by 2002:a05:6a10:1234:b0:1a2:3b4c:5d6e with SMTP id x1csp1")
AT_GOOGLE = received(f"{OUT} by mx.google.com with ESMTPS id y7si1 for <a@b.test> (version=TLS1_3)")
SPF = "Received-SPF: pass (google.com: domain of ann@corp.test designates 192.0.2.9) client-ip=192.0.2.9;"
ARC = ("ARC-Seal: i=1; b=x", "ARC-Message-Signature: i=1; b=x")
GMAIL = (INTERNAL, "X-Received: by 2002:a05:6000:1 with SMTP id a", *ARC, "Return-Path: <ann@corp.test>")


@pytest.mark.parametrize("host", [GOOGLE, ""])
@pytest.mark.parametrize("top", [GMAIL, (INTERNAL, INTERNAL), ()])
def test_google_s_results_stand_behind_other_fields_below_its_received(
    host: str, top: tuple[str, ...]
) -> None:
    border = Border(GOOGLE, host, "below")
    assert judged(border, *top, AT_GOOGLE, SPF, results(GOOGLE)) == ("dmarc", False)


@pytest.mark.parametrize("host", [GOOGLE, ""])
def test_google_s_block_that_an_outsider_brings_is_not_google_s(host: str) -> None:
    border = Border(GOOGLE, host, "below")
    brought = (*GMAIL, AT_GOOGLE, SPF, results(GOOGLE))
    own = received(f"{EVIL} by mx.google.com with ESMTPS id z")
    failed = results(GOOGLE, "dmarc=fail header.from=corp.test")
    assert judged(border, *GMAIL, own, SPF, failed, *brought)[0] == "reference"
    assert judged(border, *GMAIL, own, SPF, failed, results(GOOGLE)) == ("reference", True)
    assert judged(border, *GMAIL, own, SPF, failed, "X-Y: z", results(GOOGLE)) == ("reference", True)
    assert judged(border, *GMAIL, own, SPF, failed, "Subject: z", results(GOOGLE)) == ("reference", True)
    assert judged(border, *GMAIL, own, SPF, "Subject: z", results(GOOGLE)) == ("reference", True)
    assert judged(border, *GMAIL, own, SPF, results("other.test"), results(GOOGLE)) == ("reference", True)
    assert judged(border, received(f"{EVIL} by mx.test (Postfix) with ESMTP"), *brought)[0] == "reference"


@pytest.mark.parametrize(
    "handed_in",
    [
        "by mx.google.com (Postfix, from userid 33) id A",
        "(from www-data@localhost) by mx.google.com (8.14/8.14/Submit) id A",
        "from www-data by mx.google.com with local (Exim 4.96)",
        "by mx.google.com with SMTP id A",
        "by 2002:zz with SMTP id A",
        "by 2002:a05:6a10:1234:b0:1a2:3b4c:5d6e id A",
        "by 2002:a05:6a10:1234:b0:1a2:3b4c:5d6e (x) with SMTP with x id A",
        "(from www-data@localhost) by 192.0.2.25 with SMTP id A",
        "by 192.0.2.25 (x) with SMTP id A",
        "",
    ],
)
def test_a_step_within_a_server_is_one_without_any_name(handed_in: str) -> None:
    brought = (AT_GOOGLE, results(GOOGLE))
    assert judged(Border(GOOGLE, "", "below"), received(handed_in), *brought)[0] == "reference"


MIMECAST = Border("relay.mimecast.com", "relay.mimecast.com", via=("195.130.217.1",))
AT_MIMECAST = (
    results("relay.mimecast.com"),
    received(f"{OUT} by relay.mimecast.com with ESMTP with STARTTLS (version=TLSv1.3) id uk-mta-1-abc-1"),
)


def test_a_protocol_may_be_said_in_two_clauses() -> None:
    inner = received("from m.mimecast.com (m.mimecast.com [195.130.217.1]) by in.test (Postfix) with ESMTPS")
    assert judged(MIMECAST, inner, *AT_MIMECAST) == ("dmarc", False)
    past = inner.replace("195.130.217.1", "198.51.100.6")
    assert judged(MIMECAST, past, *AT_MIMECAST) == ("reference", False)
    for text in ("with ESMTP id 1 with ESMTPSA", "with ESMTP with ESMTPSA", "id 1 id 2"):
        twice = received(f"{OUT} by relay.mimecast.com {text}")
        assert judged(Border("relay.mimecast.com"), AT_MIMECAST[0], twice) == ("reference", True), text


LOGGED_IN = "auth=pass smtp.auth=ann@corp.test smtp.mailfrom=ann@corp.test"
LOGIN = Border("mail.test", results="below", submission=True)


@pytest.mark.parametrize(
    "client",
    [
        "from webmail.test (localhost [127.0.0.1]) by mail.test (Postfix)",
        "from localhost (localhost [127.0.0.1]) (Authenticated sender: ann@corp.test) by mail.test (Postcow)",
        "from [::1] (localhost [IPv6:::1]) by mail.test (Postfix)",
    ],
)
def test_a_colleague_at_the_server_s_own_webmail_has_logged_in(client: str) -> None:
    below = results("mail.test", LOGGED_IN)
    assert judged(LOGIN, received(f"{client} with ESMTPSA id 1"), below) == ("auth", False)
    # Who did not log in brings such a block in vain, and so does who did.
    brought = (received(f"{client} with ESMTPSA id 1"), below)
    assert (
        judged(LOGIN, received(f"{EVIL} by mail.test (Postfix) with ESMTP id 2"), *brought)[0] == "reference"
    )
    assert judged(LOGIN, received(f"{client} with ESMTPSA id 2"), *brought)[0] == "reference"
    assert judged(LOGIN, received(f"{client} with ESMTPSA id 2"), below, below) == ("reference", True)
    assert judged(LOGIN, received(f"{client} with ESMTP id 2"), below)[0] == "reference"


FASTMAIL = Border("mx5.messagingengine.com", "mailmx.phl.internal")
AT_FASTMAIL = (
    received("from compute4.internal (compute4.nyi.internal [10.202.2.44]) by sloti26t01 (Cyrus) with LMTPA"),
    received("from mx5 ([10.202.2.204]) by compute4.internal (LMTPProxy)"),
    received(
        "from mx5.messagingengine.com (localhost [127.0.0.1]) by mailmx.phl.internal (Postfix) with ESMTP"
    ),
    received(
        "from mailmx.phl.internal (localhost [127.0.0.1]) by mx5.messagingengine.com (Milter) with ESMTP"
    ),
)
MX5 = results("mx5.messagingengine.com")
LAST = received(f"{OUT} by mailmx.phl.internal (Postfix) with ESMTPS id 3")


@pytest.mark.parametrize("border", [FASTMAIL, Border("mx5.messagingengine.com")])
def test_lmtp_may_be_the_name_of_the_program_too(border: Border) -> None:
    assert judged(border, *AT_FASTMAIL, MX5, LAST) == ("dmarc", False)
    own = received(f"{EVIL} by mailmx.phl.internal (Postfix) with ESMTPS id 3")
    assert judged(border, *AT_FASTMAIL, own, *AT_FASTMAIL, MX5, LAST)[0] == "reference"
    greeting = received(
        "from x (LMTPProxy) (evil.test [198.51.100.6]) by mailmx.phl.internal (Postfix) with ESMTP"
    )
    assert judged(border, greeting, MX5, LAST)[0] == "reference"


RSPAMD = Border("mail.test", results="below")
AT_RSPAMD = received(f"{OUT} by mail.test (Postfix) with ESMTPS id 4")


@pytest.mark.parametrize(
    "between", [ARC, ("X-Spamd-Result: default: False",), ("X-Spam: Yes", *ARC, "X-Rspamd-Server: x"), (SPF,)]
)
def test_what_a_server_writes_beside_may_stand_between(between: tuple[str, ...]) -> None:
    own = results("mail.test")
    assert judged(RSPAMD, AT_RSPAMD, *between, own) == ("dmarc", False)
    assert judged(RSPAMD, AT_RSPAMD, *between, own, *between, own) == ("reference", True)
    assert judged(RSPAMD, AT_RSPAMD, own, *between, own) == ("reference", True)
    assert judged(RSPAMD, AT_RSPAMD, *between, "Subject: x", own) == ("reference", True)
    assert judged(RSPAMD, AT_RSPAMD, *between, own, "Subject: x", own) == ("reference", True)
    # At an earlier passage it is neither believed nor evidence.
    top = received(f"{EVIL} by mail.test (Postfix) with ESMTPS id 5")
    assert judged(RSPAMD, top, *between, AT_RSPAMD, *between, own) == ("reference", False)


@pytest.mark.parametrize("inside", ["10.31.3.33", "2002:a63:610f::", "2002:a05:6a10:1234:b0:1a2:3b4c:5d6e"])
def test_what_would_believe_google_is_proposed(inside: str) -> None:
    """As in public mails: with `header.i`, and an address of the cluster in each of its spellings."""
    said = "dkim=pass header.i=@corp.test header.s=s1 header.b=BBBB; spf=pass smtp.mailfrom=ann@corp.test"
    own = results(GOOGLE, f"{said}; dmarc=pass (p=NONE sp=NONE dis=NONE) header.from=corp.test")
    fields = (
        received(f"by {inside} with SMTP id 33csp225820vkd"),
        "Return-Path: <ann@corp.test>",
        received(
            "from out.corp.test (out.corp.test. [192.0.2.9]) by mx.google.com with ESMTPS id t79 for <a@b>"
        ),
        SPF,
        own,
        received("by out.corp.test with SMTP id 128so46835715oih.0 for <a@b.test>"),
    )
    (field,) = results_fields(parse_header("\n".join(fields).encode()), (), False, 4096)
    assert field.entry == Border(GOOGLE, results="below")
    assert judged(field.entry, *fields) == ("dmarc", False)
    assert judged(Border(GOOGLE, GOOGLE, "below"), *fields) == ("dmarc", False)
