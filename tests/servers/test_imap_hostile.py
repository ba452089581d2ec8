"""IMAP with scripted servers: silence, lies, junk, refusals, ways that lack."""

import pytest

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from tests.support.inboxes import (
    failure_of,
    inbox_at,
    mail,
    nobody_is_known,
    subjects,
)
from tests.support.scripted import Behaviour, Dialogue, ImapServer, Serving, drip, flood, hang_up, silent

# Servers without the ways we need, and Gmail.


def test_a_server_without_uidplus_and_move_is_refused_before_anything_is_done(serving: Serving) -> None:
    server = serving(ImapServer({}, (mail("s0"),), capabilities="IMAP4rev1 AUTH=PLAIN"))
    error = failure_of(inbox_at(server))
    assert isinstance(error, GiveUp) and "UIDPLUS" in error.text and error.cure
    assert not any("STORE" in line for line in server.heard)


def test_a_server_without_move_is_not_asked_to_move(serving: Serving) -> None:
    server = serving(ImapServer({}, (mail("s0"),), capabilities="IMAP4rev1 UIDPLUS AUTH=PLAIN"))
    assert isinstance(failure_of(inbox_at(server, move_to="Done")), GiveUp)
    assert not any("COPY" in line for line in server.heard)


def test_at_gmail_mails_go_through_the_trash(serving: Serving) -> None:
    """Gmail only archives what is expunged from a folder."""
    server = serving(
        ImapServer(
            {"LIST": '* LIST () "/" "INBOX"\n* LIST (\\Trash) "/" "[Gmail]/Papierkorb"\n{tag} OK done'},
            (mail("s0"),),
            capabilities="IMAP4rev1 UIDPLUS MOVE X-GM-EXT-1 AUTH=PLAIN",
        )
    )
    inbox = inbox_at(server)
    inbox.open()
    inbox.delete([m.uid for m in inbox.fetch(10, nobody_is_known)])
    inbox.close()
    assert any('UID MOVE 1 "[Gmail]/Papierkorb"' in line for line in server.heard)
    assert not any("EXPUNGE" in line for line in server.heard)


# Hostile and broken answers.


def bye(talk: Dialogue) -> None:
    talk.say("* BYE overloaded")
    hang_up(talk)


STEPS = [
    "greeting",
    "CAPABILITY",
    "AUTHENTICATE",
    "SELECT",
    "FETCH",
    "UID FETCH",
    "UID STORE",
    "UID EXPUNGE",
    "UID SEARCH",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("behaviour", [silent, drip, hang_up])
def test_a_server_that_fails_to_answer_costs_no_more_than_its_time(
    serving: Serving, step: str, behaviour: Behaviour
) -> None:
    server = serving(ImapServer({step: behaviour}, (mail("s0"),)))
    inbox = inbox_at(server)
    if step == "UID FETCH" and behaviour is hang_up:
        # May be this mail's fault: it is left in the folder and does not stop the poll.
        inbox.open()
        assert inbox.fetch(10, nobody_is_known) == []
        inbox.close()
        return
    error = failure_of(inbox)
    assert isinstance(error, TryLater)
    assert error.reason is (Reason.NETWORK if behaviour is hang_up else Reason.TIMEOUT)


@pytest.mark.parametrize("step", ["greeting", "SELECT", "FETCH", "UID FETCH"])
def test_a_server_that_sends_without_end_is_dropped(serving: Serving, step: str) -> None:
    server = serving(ImapServer({step: flood}, (mail("s0"),)))
    inbox = inbox_at(server, read_timeout=10.0)
    try:
        inbox.open()
        assert inbox.fetch(10, nobody_is_known) == []
    except TryLater as error:
        assert error.reason is Reason.SERVER
    inbox.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (UID 1 BODY[] {99999999999}\r\n",
        b"* 1 FETCH (UID 1 BODY[] {5}\r\nApprove and more)\r\n",
        b'* 1 FETCH (UID 1 BODY[] "open\r\n',
        b"* 1 FETCH ((((\r\n",
        b"* 1 FETCH (UID BODY[] 1)\r\n",
        b"\xff\xfe\x00 junk\r\n",
        b"* BYE we are closing\r\n",
        b"* 1 FETCH (UID 1 BODY[] NIL)\r\nX OK\r\n",
    ],
    ids=[
        "long literal",
        "short literal",
        "open quote",
        "open lists",
        "not pairs",
        "junk",
        "bye",
        "foreign tag",
    ],
)
def test_one_mail_that_cannot_be_read_does_not_stop_the_others(serving: Serving, answer: bytes) -> None:
    """It stays in the folder; the mails behind it are read, each on its own if need be."""

    def lie(talk: Dialogue) -> None:
        tag, _, rest = server.heard[-1].partition(" ")
        uids = rest.split(" ")[2].split(",")
        if "1" not in uids:
            server.answer(talk, tag, "UID FETCH", rest)
            return
        talk.raw(answer)
        talk.say(f"{tag} OK done")

    server = serving(ImapServer({"UID FETCH": lie}, (mail("bad"), mail("good"))))
    inbox = inbox_at(server)
    inbox.open()
    assert subjects(inbox.fetch(10, nobody_is_known)) == ["good"]
    inbox.close()
    assert set(server.folder) == {1, 2}


def test_untagged_junk_between_answers_is_passed_over(serving: Serving) -> None:
    def chatty(talk: Dialogue) -> None:
        talk.say("* OK still here\n* 1 FETCH (FLAGS (\\Seen))\n* FLAGS (x)\n* 2 EXISTS\n* X-SOMETHING (a b)")
        server.answer(talk, *server.heard[-1].split(" ")[:1], "FETCH", server.heard[-1].partition(" ")[2])

    server = serving(ImapServer({"FETCH": chatty}, (mail("s0"), mail("s1"))))
    inbox = inbox_at(server)
    inbox.open()
    assert subjects(inbox.fetch(10, nobody_is_known)) == ["s0", "s1"]
    inbox.close()


@pytest.mark.parametrize(
    ("step", "answer", "kind", "reason"),
    [
        ("AUTHENTICATE", "{tag} NO [AUTHENTICATIONFAILED] no", GiveUp, Reason.AUTH),
        ("AUTHENTICATE", "{tag} NO [UNAVAILABLE] backend away", TryLater, Reason.SERVER),
        ("AUTHENTICATE", "{tag} NO [LIMIT] too many connections", TryLater, Reason.THROTTLED),
        ("AUTHENTICATE", bye, TryLater, Reason.NETWORK),
        ("UID STORE", bye, TryLater, Reason.NETWORK),
        ("SELECT", "{tag} NO [INUSE] locked", TryLater, Reason.SERVER),
        ("SELECT", "{tag} NO [NOPERM] no", GiveUp, Reason.AUTH),
        ("SELECT", "{tag} BAD User is authenticated but not connected.", GiveUp, Reason.AUTH),
        ("SELECT", "{tag} NO [NONEXISTENT] what?", GiveUp, Reason.CLIENT),
        ("UID STORE", "{tag} NO [OVERQUOTA] full", TryLater, Reason.SERVER),
        ("UID EXPUNGE", "{tag} NO not today", TryLater, Reason.SERVER),
    ],
)
def test_kinds_of_refusal_are_distinguished(
    serving: Serving, step: str, answer: Behaviour, kind: type[Failure], reason: Reason
) -> None:
    server = serving(ImapServer({step: answer}, (mail("s0"),)))
    error = failure_of(inbox_at(server))
    assert isinstance(error, kind) and error.reason is reason
    assert error.cure or kind is TryLater


def test_an_expunge_that_did_nothing_is_not_believed(serving: Serving) -> None:
    server = serving(ImapServer({"UID EXPUNGE": "{tag} OK Expunge completed"}, (mail("s0"),)))
    inbox = inbox_at(server)
    inbox.open()
    assert inbox.delete([m.uid for m in inbox.fetch(10, nobody_is_known)]) == 0
    inbox.close()
