"""Whatever a client calls itself, its server's Received says of it what the server saw, or nothing."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flexmaild.mail.authentication.received import Hop, hop
from tests.support.examples import examples

HOST, CLIENT = "mx.corp.test", "192.0.2.7"
# How servers write it, with the greeting as it came: not all of them look at its letters.
SERVERS = {
    "Postfix": f"from {{}} (out.test [{CLIENT}])\tby {HOST} (Postfix) with ESMTP id 4F for <a@b.test>; now",
    "Postfix, to several": f"from {{}} (unknown [{CLIENT}])\tby {HOST} (Postfix) with ESMTP id 4F; now",
    "sendmail": f"from {{}} (out.test [{CLIENT}]) by {HOST} (8.17.1/8.17.1) with ESMTP id 4F; now",
    "OpenSMTPD": f"from {{}} (out.test [{CLIENT}]) by {HOST} (OpenSMTPD) with ESMTP id 4F; now",
    "Exim": f"from out.test ([{CLIENT}] helo={{}}) by {HOST} with esmtp (Exim 4.96) id 1a; now",
    "Exim, no name": f"from [{CLIENT}] (helo={{}}) by {HOST} with esmtp (Exim 4.96) id 1a; now",
    "Exim, ident": f"from [{CLIENT}] (port=1 helo={{0}} ident={{0}}) by {HOST} with esmtp (Exim 4); now",
    "Exchange": f"from {{}} ({CLIENT}) by {HOST} (10.1.2.4) with Microsoft SMTP Server id 15.1; now",
    "qmail": f"from unknown (HELO {{}}) ({CLIENT}) by {HOST} with SMTP; now",
    "Courier": f"from {{}} ([::ffff:{CLIENT}]) (TLS: TLSv1.3,256bits) by {HOST} with ESMTPS id 4F; now",
    "plain": f"from {{}} ([{CLIENT}]) by {HOST}; now",
}
WORDS = (
    "x", "from", "by", "via", "with", "id", "for", HOST, "gw.test", "127.0.0.1", "[127.0.0.1]", "localhost",
    "(localhost [127.0.0.1])", "(127.0.0.1)", "(HELO x)", "(Postfix)", "(Exim 4.96)", "(8.17.1/8.17.1)",
    "(LMTPProxy)", "(gw.test [203.0.113.24])", "(port=1)", "(port=1", "helo=x)", "LMTP", "ESMTPSA", "SMTP",
    "POP3", ";", "; now", "(", ")", '"', "\\", "(qmail 1 invoked from network)", "[::1]", "10.0.0.1",
    "gw.test [203.0.113.24]",
)  # fmt: skip
# The same with the name that the client's address leads to, which its owner chooses.
NAMES = {
    "OpenSMTPD": f"from x ({{}} [{CLIENT}]) by {HOST} (OpenSMTPD) with ESMTP id 4F; now",
    "Exim": f"from {{}} ([{CLIENT}] helo=x) by {HOST} with esmtp (Exim 4.96) id 1a; now",
    "qmail": f"from {{}} (HELO x) ({CLIENT}) by {HOST} with SMTP; now",
}
greetings = st.lists(st.sampled_from(WORDS), min_size=1, max_size=10).map(" ".join)


def is_the_servers(found: Hop) -> bool:
    """Nothing of it can be the client's word. A `by` that is none makes the field one that says nothing."""
    return (
        set(found.addresses) <= {CLIENT}
        and set(found.names) <= {"out.test", "unknown"}
        and not found.is_local_step
        and not found.is_authenticated
        and found.by in ("", HOST)
    )


@pytest.mark.parametrize("server", SERVERS)
@given(greeting=greetings)
@examples(300)
def test_a_greeting_of_clauses_and_comments_says_nothing_of_its_own(server: str, greeting: str) -> None:
    assert is_the_servers(hop(SERVERS[server].format(greeting).encode())), greeting


@pytest.mark.parametrize("server", NAMES)
@given(name=greetings)
@example(name="[127.0.0.1] helo=x")
@examples(300)
def test_nor_does_a_name_that_the_owner_of_an_address_gave_it(server: str, name: str) -> None:
    found = hop(NAMES[server].format(name).encode())
    assert not found.names
    assert not found.addresses or CLIENT in found.addresses, name
    assert is_the_servers(replace(found, addresses=())), name
