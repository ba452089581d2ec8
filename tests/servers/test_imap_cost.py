"""What a poll costs in trips and bytes, however large the mails and the folder are."""

import base64
import os
from dataclasses import replace
from email import message_from_bytes

from tests.support.dovecot import Dovecot
from tests.support.inboxes import (
    Proxied,
    inbox_at,
    inbox_of,
    mail,
    nobody_is_known,
)
from tests.support.scripted import Dialogue, ImapServer, Serving

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
    assert found.partial and not found.is_cut and found.size >= len(raw)
    message = message_from_bytes(found.data or b"")
    assert [part.get_payload() for part in message.walk() if not part.is_multipart()] == ["Approve", ""]
    inbox.close()


def test_a_mail_of_300_mb_is_not_fetched_and_does_not_stop_the_others(
    dovecot: Dovecot, proxied: Proxied
) -> None:
    """A sparse file stands for it; the server believes its size."""
    user = dovecot.user()
    dovecot.deliver(user, [mail("before")])
    folder = dovecot.root / "mail" / user.name / "Maildir" / "new"
    huge = folder / "2000000000.M1P1.host"
    huge.write_bytes(reply_with_attachment(0))
    os.truncate(huge, 300_000_000)
    os.chown(huge, folder.stat().st_uid, folder.stat().st_gid)
    proxy = proxied(dovecot.imap)
    inbox = inbox_of(user, proxy.port)
    inbox.open()
    before = proxy.down
    fetched = inbox.fetch(10, nobody_is_known)
    assert [m.size >= 300_000_000 for m in fetched] == [False, True]
    assert fetched[1].partial and b"Approve" in (fetched[1].data or b"")
    assert proxy.down - before < 100_000
    assert inbox.delete([m.uid for m in fetched]) == 2
    inbox.close()


def test_an_unparsable_structure_costs_the_mail_its_structure_only(serving: Serving) -> None:
    """Its beginning is read instead; the other large mail of the batch loses nothing."""
    large = mail("large", b"x" * 300_000 + b"\r\n")

    def structures(talk: Dialogue) -> None:
        tag, _, rest = server.heard[-1].partition(" ")
        if "BODYSTRUCTURE" not in rest:
            part = rest.partition("[")[2].partition("]")[0]
            data = large[: 64 << 10]
            talk.raw(b"* 1 FETCH (UID 1 BODY[%s]<0> {%d}\r\n%s)\r\n" % (part.encode(), len(data), data))
        else:
            talk.say("* 1 FETCH (UID 1 BODYSTRUCTURE " + "(" * 3000 + ")" * 3000 + ")")
        talk.say(f"{tag} OK done")

    server = serving(ImapServer({"UID FETCH": structures}, (large,)))
    inbox = inbox_at(server)
    inbox.open()
    (found,) = inbox.fetch(10, nobody_is_known)
    assert found.partial and found.is_cut and found.data == large[: 64 << 10]
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
        assert inbox.delete([m.uid for m in fetched]) == 10
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
    assert inbox.delete([m.uid for m in inbox.fetch(100, nobody_is_known)]) == 100
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


def test_a_look_does_not_get_wider_by_what_was_deleted_in_the_same_poll(dovecot: Dovecot) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail(f"s{n}") for n in range(20)])
    said: list[str] = []
    inbox = inbox_of(user, dovecot.imap, trace=said.append)
    inbox.open()
    while fetched := inbox.fetch(4, nobody_is_known):
        assert inbox.delete([m.uid for m in fetched]) == len(fetched)
    inbox.close()
    looks = [line for line in said if "FETCH 1:" in line and "RFC822.SIZE" in line]
    assert len(looks) == 5
    assert all("FETCH 1:4 " in line for line in looks)


def test_what_an_earlier_poll_left_costs_one_trip_more_and_no_mail_is_fetched_for_it(
    dovecot: Dovecot, proxied: Proxied
) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail("s", b"x" * 50_000 + b"\r\n")] * 20)
    proxy = proxied(dovecot.imap)
    first = inbox_of(user, proxy.port)
    first.open()
    left = {one.uid: one.identity for one in first.fetch(20, nobody_is_known)}
    first.close()
    inbox = inbox_of(user, proxy.port)
    inbox.open()
    trips, down = proxy.trips, proxy.down
    assert inbox.fetch(100, lambda marks: left) == []
    assert proxy.trips - trips == 2
    assert proxy.down - down < 20_000
    assert inbox.delete(()) == 20
    inbox.close()


def test_of_what_was_left_in_the_folder_nothing_is_fetched_but_the_list(
    dovecot: Dovecot, proxied: Proxied
) -> None:
    user = dovecot.user()
    dovecot.deliver(user, [mail(f"s{number}") for number in range(20)])
    first = inbox_of(user, dovecot.imap)
    first.open()
    left = {one.uid: replace(one.identity, is_left=True) for one in first.fetch(20, nobody_is_known)}
    first.close()
    proxy = proxied(dovecot.imap)
    inbox = inbox_of(user, proxy.port)
    inbox.open()
    before = proxy.down
    assert inbox.fetch(10, lambda marks: left) == []
    assert proxy.down - before < 20 * 150
    inbox.close()
