"""IMAP with Dovecot: cuts at every point, other clients, rights, folders."""

import pytest

from flexmaild.core.errors import GiveUp, TryLater
from tests.support.dovecot import Dovecot, User
from tests.support.inboxes import (
    NewDovecot,
    Proxied,
    empty,
    inbox_of,
    mail,
    nobody_is_known,
    subjects,
)

# Other clients, other times.


def test_mails_that_another_client_marked_as_deleted_survive(dovecot: Dovecot) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail("canary"), mail("ours")])
    other = dovecot.client(user)
    other.store("1", "+FLAGS", "(\\Deleted)")
    inbox = inbox_of(user, dovecot.imap)
    inbox.open()
    fetched = inbox.fetch(10, nobody_is_known)
    assert inbox.delete([m.uid for m in fetched if subjects([m]) == ["ours"]]) == 1
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
        inbox.delete([m.uid for m in fetched])
    with pytest.raises(TryLater):
        inbox.open()
    server.start()
    committed = {m.uid: m.identity for m in fetched}
    inbox.open()
    assert subjects(inbox.fetch(10, lambda marks: committed)) == ["s3", "s4", "s5"]
    assert inbox.delete([]) == 3
    inbox.close()
    assert server.subjects(user) == ["s3", "s4", "s5"]


def test_a_folder_made_anew_is_read_anew(dovecot: Dovecot) -> None:
    """UIDVALIDITY changed: old marks name nothing, a mail with an old UID is another mail."""
    user = dovecot.user()
    other = dovecot.client(user)
    other.create("Replies")
    other.append("Replies", "", "", mail("before"))
    inbox = inbox_of(user, dovecot.imap, folder="Replies", pause=1.0)
    inbox.open()
    old = inbox.fetch(10, nobody_is_known)
    inbox.rest()
    inbox.close()
    other.delete("Replies")
    other.create("Replies")
    other.append("Replies", "", "", mail("after"))
    inbox.open()
    assert inbox.delete([m.uid for m in old]) == 0
    new = inbox.fetch(10, lambda marks: {m.uid: m.identity for m in old})
    assert subjects(new) == ["after"] and new[0].uid.uid == old[0].uid.uid
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
    assert inbox.delete([fetched[0].uid]) == 0
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
    assert out.delete([m.uid for m in out.fetch(10, nobody_is_known)]) == 1
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
    inbox.delete([m.uid for m in inbox.fetch(10, nobody_is_known)])
    inbox.close()
    sent = [line for line in lines if line.startswith(">")]
    assert not any("A1 UID" in line or "A2 EXP" in line or 'x"' in line for line in sent)
