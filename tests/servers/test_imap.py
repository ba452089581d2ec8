"""IMAP with Dovecot and with scripted servers: cuts at every point, other clients, hostile answers, cost."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from email import message_from_bytes
from typing import Any

import pytest

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.core.ports import Fetched, Mark
from flexmaild.settings.session import ImapSession
from flexmaild.transports.imap import ImapInbox
from flexmaild.transports.sasl import Credentials
from tests.kit.dovecot import Dovecot, User
from tests.kit.pki import Pki
from tests.kit.proxy import Proxy
from tests.kit.scripted import Behaviour, ImapServer, Talk, drip, flood, hang_up, silent

Serving = Callable[[ImapServer], ImapServer]
Proxied = Callable[[int], Proxy]
NewDovecot = Callable[..., Dovecot]


def mail(subject: str, body: bytes = b"Approve\r\n") -> bytes:
    return f"From: a@mail.test\r\nSubject: {subject}\r\n\r\n".encode() + body


def nobody_is_known(marks: Sequence[Mark]) -> set[Mark]:
    return set()


def inbox_of(user: User, port: int, **more: Any) -> ImapInbox:
    options = {key: more.pop(key) for key in ("folder", "move_to", "most", "pause", "trace") if key in more}
    return ImapInbox(
        ImapSession("localhost", port, user=user.name, **more), Credentials(lambda: user.password), **options
    )


def inbox_at(server: ImapServer, **more: Any) -> ImapInbox:
    return inbox_of(User("user", "canary-secret"), server.port, **({"read_timeout": 0.7} | more))


def subjects(mails: Sequence[Fetched]) -> list[str]:
    return [str(message_from_bytes(m.data or b"")["Subject"]) for m in mails]


def failure_of(inbox: ImapInbox) -> Failure:
    """Of a whole poll, wherever it fails."""
    with pytest.raises(Failure) as caught:
        inbox.open()
        while fetched := inbox.fetch(10, nobody_is_known):
            inbox.dispose([m.mark for m in fetched])
    inbox.close()
    assert "canary-secret" not in str(caught.value)
    return caught.value


def empty(inbox: ImapInbox) -> list[str]:
    """Poll until the folder is empty, through whatever happens; the subjects in the order of their commits."""
    committed: dict[Mark, str] = {}

    def known(marks: Sequence[Mark]) -> set[Mark]:
        return set(marks) & set(committed)

    while True:
        try:
            if inbox.open().messages == 0:
                inbox.close()
                return list(committed.values())
            fetched = inbox.fetch(4, known)
            committed.update(zip([m.mark for m in fetched], subjects(fetched), strict=True))
            inbox.dispose([m.mark for m in fetched])
        except TryLater:
            continue


# Other clients, other times.


def test_mails_that_another_client_marked_as_deleted_survive(dovecot: Dovecot) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail("canary"), mail("ours")])
    other = dovecot.client(user)
    other.store("1", "+FLAGS", "(\\Deleted)")
    inbox = inbox_of(user, dovecot.imap)
    inbox.open()
    fetched = inbox.fetch(10, nobody_is_known)
    assert inbox.dispose([m.mark for m in fetched if subjects([m]) == ["ours"]]) == 1
    inbox.close()
    other.logout()
    assert dovecot.subjects(user) == ["canary"]


@pytest.mark.parametrize(
    "text", [b"UID FETCH", b"FETCH 1:", b"UID STORE", b"UID EXPUNGE", b"SELECT", b"SEARCH"]
)
@pytest.mark.parametrize("knob", ["cut_before", "cut_after"])
def test_a_connection_cut_at_any_command_loses_and_doubles_nothing(
    dovecot: Dovecot, proxied: Proxied, text: bytes, knob: str
) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail(f"s{number}") for number in range(10)])
    proxy = proxied(dovecot.imap)
    setattr(proxy, knob, text)
    assert empty(inbox_of(user, proxy.port)) == [f"s{number}" for number in range(10)]
    assert proxy.cuts == 1


@pytest.mark.parametrize("at", [600, 900, 1300, 2000, 3000])
def test_a_connection_cut_inside_an_answer_loses_and_doubles_nothing(
    dovecot: Dovecot, proxied: Proxied, at: int
) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail(f"s{number}") for number in range(10)])
    proxy = proxied(dovecot.imap)
    proxy.cut_at = at
    assert empty(inbox_of(user, proxy.port)) == [f"s{number}" for number in range(10)]
    assert proxy.cuts == 1


def test_a_server_that_is_killed_in_the_middle_of_a_batch_is_polled_on_when_it_is_back(
    new_dovecot: NewDovecot,
) -> None:
    server = new_dovecot()
    user = server.user()
    server.deliver(user, [mail(f"s{number}") for number in range(6)])
    inbox = inbox_of(user, server.imap, connect_timeout=2.0)
    inbox.open()
    fetched = inbox.fetch(3, nobody_is_known)
    server.kill()
    with pytest.raises(TryLater):
        inbox.dispose([m.mark for m in fetched])
    with pytest.raises(TryLater):
        inbox.open()
    server.start()
    committed = {m.mark for m in fetched}
    inbox.open()
    assert subjects(inbox.fetch(10, lambda marks: committed & set(marks))) == ["s3", "s4", "s5"]
    assert inbox.dispose([]) == 3
    inbox.close()
    assert server.subjects(user) == ["s3", "s4", "s5"]


def test_a_folder_made_anew_is_read_anew(dovecot: Dovecot) -> None:
    """UIDVALIDITY changed: old marks name nothing, a mail with an old UID is another mail."""
    user = dovecot.user()
    other = dovecot.client(user)
    other.create("Replies")
    other.append("Replies", "", "", mail("before"))  # type: ignore[arg-type]
    inbox = inbox_of(user, dovecot.imap, folder="Replies", pause=1.0)
    inbox.open()
    old = inbox.fetch(10, nobody_is_known)
    inbox.rest()
    inbox.close()
    other.delete("Replies")
    other.create("Replies")
    other.append("Replies", "", "", mail("after"))  # type: ignore[arg-type]
    inbox.open()
    assert inbox.dispose([m.mark for m in old]) == 0
    new = inbox.fetch(10, lambda marks: {m.mark for m in old} & set(marks))
    assert subjects(new) == ["after"] and new[0].mark.uid == old[0].mark.uid
    inbox.close()
    other.logout()


def test_a_connection_that_died_while_resting_is_replaced(dovecot: Dovecot, proxied: Proxied) -> None:
    user = dovecot.user()
    proxy = proxied(dovecot.imap)
    inbox = inbox_of(user, proxy.port, pause=1.0)
    inbox.open()
    inbox.rest()
    dovecot.deliver(user, [mail("s0")])
    proxy.cut_before = b"SELECT"
    assert inbox.open().messages == 1
    assert (proxy.cuts, proxy.connections) == (1, 2)
    inbox.rest()
    assert inbox.open().messages == 1
    assert proxy.connections == 2
    inbox.close()


def test_long_pauses_are_not_spent_connected(dovecot: Dovecot, proxied: Proxied) -> None:
    proxy = proxied(dovecot.imap)
    inbox = inbox_of(dovecot.user(), proxy.port, pause=300.0)
    for _ in range(3):
        inbox.open()
        inbox.rest()
    assert proxy.connections == 3


# Rights and folders.


def test_a_folder_that_may_only_be_read_is_read(new_dovecot: NewDovecot) -> None:
    server = new_dovecot()
    user = server.user()
    server.deliver(user, [mail("s0")])
    owner = server.client(user)
    owner.setacl("INBOX", user.name, "lr")
    owner.logout()
    inbox = inbox_of(user, server.imap)
    state = inbox.open()
    assert (state.messages, state.can_delete) == (1, False) and state.detail
    fetched = inbox.fetch(10, nobody_is_known)
    assert subjects(fetched) == ["s0"]
    assert inbox.dispose([fetched[0].mark]) == 0
    inbox.close()


def test_rights_to_flag_but_not_to_expunge_are_noticed(dovecot: Dovecot) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail("s0")])
    owner = dovecot.client(user)
    owner.setacl("INBOX", user.name, "lrwst")
    owner.logout()
    inbox = inbox_of(user, dovecot.imap)
    state = inbox.open()
    assert not state.can_delete and "rights" in state.detail
    inbox.close()


def test_a_folder_that_is_not_there_is_answered_with_those_that_are(dovecot: Dovecot) -> None:
    with pytest.raises(GiveUp) as caught:
        inbox_of(dovecot.user(), dovecot.imap, folder="Aprovals").open()
    assert caught.value.step == "select" and "INBOX" in caught.value.text and "Trash" in caught.value.text


def test_a_folder_with_a_name_beyond_ascii_works(dovecot: Dovecot) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail("s0")])
    out = inbox_of(user, dovecot.imap, move_to='Genehmigt & "geprüft"')
    out.open()
    assert out.dispose([m.mark for m in out.fetch(10, nobody_is_known)]) == 1
    out.close()
    back = inbox_of(user, dovecot.imap, folder='Genehmigt & "geprüft"')
    back.open()
    assert subjects(back.fetch(10, nobody_is_known)) == ["s0"]
    back.close()


@pytest.mark.parametrize("name", ['x"\r\nA1 DELETE INBOX', "x\0y", "x\ny"])
def test_a_name_with_a_line_end_never_reaches_a_server(name: str) -> None:
    with pytest.raises(GiveUp):
        inbox_of(User("u", "p"), 1, folder=name)
    with pytest.raises(GiveUp):
        inbox_of(User("u", "p"), 1, move_to=name)


def test_nothing_of_a_mail_becomes_part_of_a_command(dovecot: Dovecot) -> None:
    user = dovecot.user()
    evil = b'Message-ID: <x"@y>\r\n A1 UID STORE 1:* +FLAGS (\\Deleted)\r\nSubject: s\r\n\r\nA2 EXPUNGE\r\n'
    dovecot.deliver(user, [evil])
    lines: list[str] = []
    inbox = inbox_of(user, dovecot.imap, trace=lines.append)
    inbox.open()
    inbox.dispose([m.mark for m in inbox.fetch(10, nobody_is_known)])
    inbox.close()
    sent = [line for line in lines if line.startswith(">")]
    assert not any("A1" in line or "A2" in line or 'x"' in line for line in sent)


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
    inbox.dispose([m.mark for m in inbox.fetch(10, nobody_is_known)])
    inbox.close()
    assert any('UID MOVE 1 "[Gmail]/Papierkorb"' in line for line in server.heard)
    assert not any("EXPUNGE" in line for line in server.heard)


# Hostile and broken answers.


def bye(talk: Talk) -> None:
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
def test_a_server_that_talks_without_end_is_left(serving: Serving, step: str) -> None:
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

    def lie(talk: Talk) -> None:
        tag, _, rest = server.heard[-1].partition(" ")
        uids = rest.split(" ")[2].split(",")
        if "1" not in uids:
            server._usual(talk, tag, "UID FETCH", rest)
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
    def chatty(talk: Talk) -> None:
        talk.say("* OK still here\n* 1 FETCH (FLAGS (\\Seen))\n* FLAGS (x)\n* 2 EXISTS\n* X-SOMETHING (a b)")
        server._usual(talk, *server.heard[-1].split(" ")[:1], "FETCH", server.heard[-1].partition(" ")[2])

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
def test_refusals_are_told_apart(
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
    assert inbox.dispose([m.mark for m in inbox.fetch(10, nobody_is_known)]) == 0
    inbox.close()


# Logins.


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_every_mechanism_logs_in_to_a_real_server(dovecot: Dovecot, pki: Pki, mechanism: str) -> None:
    user = dovecot.user()
    inbox = inbox_of(user, dovecot.imaps, tls="implicit", ca_file=pki.ca_file, mechanisms=(mechanism,))
    assert inbox.open().messages == 0
    inbox.close()


def test_a_wrong_password_is_an_auth_failure_with_a_cure(dovecot: Dovecot) -> None:
    with pytest.raises(GiveUp) as caught:
        inbox_of(User("user000", "canary-wrong"), dovecot.imap).open()
    assert (caught.value.reason, caught.value.step) == (Reason.AUTH, "login") and caught.value.cure
    assert "canary-wrong" not in str(caught.value)


def test_a_server_with_the_login_command_only_gets_it(serving: Serving) -> None:
    server = serving(ImapServer({}, capabilities="IMAP4rev1 UIDPLUS"))
    inbox_at(server).open()
    assert any(line.endswith('LOGIN user "canary-secret"') for line in server.heard)
    assert failure_of(inbox_of(User("user", "pässwort"), server.port)).reason is Reason.AUTH


def test_a_password_of_any_characters_logs_in(new_dovecot: NewDovecot) -> None:
    server = new_dovecot()
    password = 'pä%s :"\\ €{}'
    (server.root / "users").write_text(
        f"odd:{{PLAIN.b64}}{base64.b64encode(password.encode()).decode()}::::::\n"
    )
    inbox = inbox_of(User("odd", password), server.imap)
    assert inbox.open().messages == 0
    inbox.close()


def oauth_server(serving: Serving, good: str, mechanism: str) -> ImapServer:
    def authenticate(talk: Talk) -> None:
        tag = server.heard[-1].split(" ")[0]
        talk.say("+ ")
        said = base64.b64decode(talk.line()).decode()
        if f"auth=Bearer {good}\x01" in said:
            talk.say(f"{tag} OK in")
            return
        talk.say("+ " + base64.b64encode(b'{"status":"400","scope":"imap"}').decode())
        talk.line()
        talk.say(f"{tag} NO [AUTHENTICATIONFAILED] denied")

    server = serving(
        ImapServer({"AUTHENTICATE": authenticate}, capabilities=f"IMAP4rev1 UIDPLUS AUTH={mechanism}")
    )
    return server


@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
def test_a_refused_token_is_renewed_once(serving: Serving, mechanism: str) -> None:
    server = oauth_server(serving, "new", mechanism)
    asked: list[bool] = []

    def token(renew: bool) -> str:
        asked.append(renew)
        return "new" if renew else "canary-old"

    session = ImapSession("localhost", server.port, user="ann@mail.test", auth_type="oauth")
    inbox = ImapInbox(session, Credentials(lambda: "", token))
    assert inbox.open().messages == 0
    inbox.close()
    assert asked == [False, True]


def test_a_token_refused_twice_ends_with_the_servers_complaint_in_clear(serving: Serving) -> None:
    server = oauth_server(serving, "other", "XOAUTH2")
    session = ImapSession("localhost", server.port, user="ann@mail.test", auth_type="oauth")
    with pytest.raises(GiveUp) as caught:
        ImapInbox(session, Credentials(lambda: "", lambda renew: "canary-token")).open()
    assert "status 400, scope imap" in str(caught.value) and "canary-token" not in str(caught.value)


def test_the_trace_holds_the_dialogue_and_neither_secrets_nor_bodies(dovecot: Dovecot) -> None:
    user, lines = dovecot.user(), list[str]()
    dovecot.deliver(user, [mail("canary-body", b"canary-body\r\n")])
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        inbox = inbox_of(user, dovecot.imap, mechanisms=(mechanism,), trace=lines.append)
        inbox.open()
        inbox.fetch(10, nobody_is_known)
        inbox.close()
    text = "\n".join(lines)
    assert "SELECT" in text and "UID FETCH" in text
    secrets = [
        user.password,
        base64.b64encode(f"\0{user.name}\0{user.password}".encode()).decode(),
        "canary-body",
    ]
    assert not any(secret in text for secret in [*secrets, base64.b64encode(user.password.encode()).decode()])


# Cost.


def reply_with_attachment(megabytes: int) -> bytes:
    line = base64.b64encode(bytes(57)) + b"\r\n"
    return (
        b"From: a@mail.test\r\nSubject: big\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="=-b"\r\n\r\n'
        b"--=-b\r\nContent-Type: text/plain\r\n\r\nApprove\r\n"
        b"--=-b\r\nContent-Type: application/pdf; name=x.pdf\r\nContent-Disposition: attachment\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + line * (megabytes * 1_000_000 // 57) + b"--=-b--\r\n"
    )


def test_a_reply_with_a_10_mb_attachment_costs_less_than_a_thousandth_of_its_bytes(
    dovecot: Dovecot, proxied: Proxied
) -> None:
    user = dovecot.user()
    raw = reply_with_attachment(10)
    dovecot.deliver(user, [raw])
    proxy = proxied(dovecot.imap)
    inbox = inbox_of(user, proxy.port, most=1 << 20)
    inbox.open()
    before = proxy.down
    (found,) = inbox.fetch(10, nobody_is_known)
    assert proxy.down - before < len(raw) / 1000
    assert found.partial and found.size >= len(raw)
    message = message_from_bytes(found.data or b"")
    assert [part.get_payload() for part in message.walk() if not part.is_multipart()] == ["Approve"]
    inbox.close()


def test_a_poll_over_a_full_folder_takes_as_many_trips_and_bytes_as_over_a_small_one(
    dovecot: Dovecot, proxied: Proxied
) -> None:
    costs = []
    for count in (10, 300):
        user = dovecot.user()
        dovecot.deliver(user, [mail("s")] * count)
        proxy = proxied(dovecot.imap)
        inbox = inbox_of(user, proxy.port)
        inbox.open()
        fetched = inbox.fetch(10, nobody_is_known)
        assert inbox.dispose([m.mark for m in fetched]) == 10
        costs.append((proxy.trips, proxy.down))
        inbox.close()
    small, full = costs
    assert full[0] == small[0]
    assert full[1] < small[1] * 1.2


def test_a_batch_is_fetched_and_deleted_in_five_trips(dovecot: Dovecot, proxied: Proxied) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail("s")] * 100)
    proxy = proxied(dovecot.imap)
    inbox = inbox_of(user, proxy.port)
    inbox.open()
    before = proxy.trips
    assert inbox.dispose([m.mark for m in inbox.fetch(100, nobody_is_known)]) == 100
    assert proxy.trips - before == 5
    inbox.close()


def test_compression_that_the_settings_ask_for_is_used(dovecot: Dovecot, proxied: Proxied) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail("s", b"the same words\r\n" * 1000)] * 10)
    costs = {}
    for compress in (False, True):
        proxy = proxied(dovecot.imap)
        inbox = inbox_of(user, proxy.port, compress=compress)
        inbox.open()
        assert len(inbox.fetch(10, nobody_is_known)) == 10
        inbox.close()
        costs[compress] = proxy.down
    assert costs[True] < costs[False] / 5


def test_a_mail_without_the_peek_setting_is_marked_as_seen(dovecot: Dovecot) -> None:
    for peek in (True, False):
        user = dovecot.user()
        dovecot.deliver(user, [mail("s0")])
        inbox = inbox_of(user, dovecot.imap, peek=peek)
        inbox.open()
        inbox.fetch(1, nobody_is_known)
        inbox.close()
        other = dovecot.client(user)
        assert (other.search(None, "SEEN")[1] == [b""]) is peek
        other.logout()
