"""Reading and deleting over Graph, against a Graph that is strict where the real one is.

Order, bounds, immutable ids, four requests a mailbox, twenty in a batch, and every answer it is known for.
"""

import base64
from collections.abc import Iterator, Sequence
from contextlib import suppress

import pytest

from flexmaild.core.errors import GiveUp, Reason, TryLater
from flexmaild.core.identity import Identity
from flexmaild.core.parsed_reply import MailNature
from flexmaild.core.ports import Fetched, MessageUid
from flexmaild.mail.understand.reply import understand
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.transports.graph.inbox import GraphInbox
from tests.support.fake_microsoft import Answer, FakeMicrosoft, GraphError, Mailbox
from tests.support.fake_microsoft.bench import USER, api, mail
from tests.support.fake_microsoft.web import Request

pytestmark = pytest.mark.servers


@pytest.fixture
def fake() -> Iterator[FakeMicrosoft]:
    with FakeMicrosoft() as microsoft:
        microsoft.add_user(USER)
        yield microsoft


@pytest.fixture
def box(fake: FakeMicrosoft) -> Mailbox:
    return fake.post.box(USER)


def inbox(fake: FakeMicrosoft, folder: str = "INBOX", **more: object) -> GraphInbox:
    return GraphInbox(api(fake), folder, **more)  # type: ignore[arg-type]


def none_known(_: Sequence[MessageUid]) -> dict[MessageUid, Identity]:
    return {}


def poll(graph_inbox: GraphInbox, limit: int = 30) -> list[Fetched]:
    graph_inbox.open()
    mails = graph_inbox.fetch(limit, none_known)
    graph_inbox.delete([m.uid for m in mails])
    graph_inbox.rest()
    return mails


def subjects(mails: Sequence[Fetched]) -> list[str]:
    return [
        line[15:].decode()
        for m in mails
        for line in (m.data or b"").split(b"\r\n")
        if line[:8] == b"Subject:"
    ]


# Order, bounds, identity.


def test_mails_come_oldest_first_whole_and_at_most_as_many_as_asked(
    fake: FakeMicrosoft, box: Mailbox
) -> None:
    raws = [box.put(mail(n)).raw for n in range(55)]
    fake.graph.page_limit = 10
    graph_inbox = inbox(fake)
    assert [m.data for m in poll(graph_inbox, 25)] == raws[:25]
    assert [m.data for m in poll(graph_inbox, 25)] == raws[25:50]
    assert [m.data for m in poll(graph_inbox, 25)] == raws[50:]
    assert poll(graph_inbox, 25) == []


def test_every_request_asks_for_immutable_ids(fake: FakeMicrosoft, box: Mailbox) -> None:
    box.put(mail())
    box.add_folder("Done")
    poll(inbox(fake, move_to="Done"))
    assert fake.graph.missing_ideal == []


def test_one_fetch_does_not_hold_everything_in_memory_and_the_next_goes_on(
    fake: FakeMicrosoft, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flexmaild.transports.graph.inbox._FETCH_BYTES", 250_000)
    for n in range(5):
        box.put(mail(n, "x" * 100_000))
    graph_inbox = inbox(fake)
    graph_inbox.open()
    assert [subjects(graph_inbox.fetch(30, none_known)) for _ in range(4)] == [
        ["0", "1"],
        ["2", "3"],
        ["4"],
        [],
    ]


def test_a_message_uid_stays_valid_when_the_mail_is_moved(fake: FakeMicrosoft, box: Mailbox) -> None:
    message = box.put(mail())
    graph_inbox = inbox(fake)
    first = graph_inbox.fetch(5, none_known)[0].uid
    box.move(message, "archive")
    box.move(message, "inbox")
    graph_inbox.rest()
    assert graph_inbox.fetch(5, none_known)[0].uid == first


def test_nothing_is_deleted_that_was_not_disposed_of(fake: FakeMicrosoft, box: Mailbox) -> None:
    box.put(mail(1))
    box.put(mail(2))
    graph_inbox = inbox(fake)
    uids = [m.uid for m in graph_inbox.fetch(30, none_known)]
    assert graph_inbox.delete(uids[:1]) == 1
    graph_inbox.rest()
    assert [m.uid for m in graph_inbox.fetch(30, none_known)] == uids[1:]
    assert len(box.listing("inbox")) == 1


def test_what_was_committed_before_is_not_read_again_but_deleted(fake: FakeMicrosoft, box: Mailbox) -> None:
    for n in range(3):
        box.put(mail(n))
    graph_inbox = inbox(fake)
    old = {m.uid: m.identity for m in graph_inbox.fetch(2, none_known)}
    again = inbox(fake)
    fresh = again.fetch(30, lambda uids: old)
    assert subjects(fresh) == ["2"]
    assert again.delete([m.uid for m in fresh]) == 3
    assert box.listing("inbox") == []


def test_a_thousand_mails_cost_few_round_trips(fake: FakeMicrosoft, box: Mailbox) -> None:
    """Issue: at least 5 times fewer than one request a message (2,000 for reading and deleting)."""
    for n in range(1000):
        box.put(mail(n))
    assert len(poll(inbox(fake), 1000)) == 1000
    assert box.listing("inbox") == []
    assert len(fake.api.log) * 5 < 2000
    assert box.peak <= 4


# Folders.


@pytest.mark.parametrize(
    "name",
    ["Approvals", "approvals", "Inbox/Prod", "INBOX/Prod", "Approvals/Deep/Deeper", "Posteingang", "A/B"],
)
def test_a_folder_is_found_by_name_by_path_and_in_any_language(fake: FakeMicrosoft, name: str) -> None:
    box = fake.add_user("de@example.com", inbox="Posteingang", sentitems="Gesendet")
    assert box
    places = {
        "approvals": box.add_folder("Approvals"),
        "inbox/prod": box.add_folder("Prod", "inbox"),
        "a/b": box.add_folder("A/B"),
        "posteingang": "inbox",
    }
    deep = box.add_folder("Deep", places["approvals"])
    places["approvals/deep/deeper"] = box.add_folder("Deeper", deep)
    box.put(mail(7), places[name.casefold()])
    graph_inbox = GraphInbox(api(fake, "de@example.com"), name)
    assert graph_inbox.open().messages == 1
    assert subjects(graph_inbox.fetch(5, none_known)) == ["7"]


def test_a_well_known_name_works_whatever_the_folder_is_called(fake: FakeMicrosoft) -> None:
    box = fake.add_user("de@example.com", archive="Archiv")
    assert box
    box.put(mail(), "archive")
    assert GraphInbox(api(fake, "de@example.com"), "Archive").open().messages == 1


def test_a_missing_folder_is_reported_with_the_existing_ones(fake: FakeMicrosoft, box: Mailbox) -> None:
    box.add_folder("Genehmigungen")
    with pytest.raises(GiveUp, match="'Aprovals'") as error:
        inbox(fake, "Aprovals").open()
    assert "'Genehmigungen'" in error.value.cure


def test_a_folder_is_resolved_once_and_again_when_it_is_gone(fake: FakeMicrosoft, box: Mailbox) -> None:
    first = box.add_folder("Approvals")
    graph_inbox = inbox(fake, "Approvals")
    for _ in range(3):
        graph_inbox.open()
    assert fake.api.count("GET .*/mailFolders$") == 1
    del box.folders[first]
    with pytest.raises(GiveUp):
        graph_inbox.open()
    box.add_folder("Approvals")
    graph_inbox.open()


# Deleting.


def test_what_is_already_gone_counts_as_done(fake: FakeMicrosoft, box: Mailbox) -> None:
    """404 for one that vanished, 403 ErrorCannotDeleteObject for deleting an immutable id once more."""
    messages = [box.put(mail(n)) for n in range(30)]
    graph_inbox = inbox(fake)
    uids = [m.uid for m in graph_inbox.fetch(30, none_known)]
    for message in messages[3:25:2]:
        del box.messages[message.immutable_id]
    box.move(messages[4], "recoverableitemsdeletions")
    assert graph_inbox.delete(uids) == 30
    assert box.listing("inbox") == []


def test_deleted_mails_can_be_recovered_unless_deletion_is_permanent(
    fake: FakeMicrosoft, box: Mailbox
) -> None:
    box.put(mail(1))
    poll(inbox(fake))
    assert len(box.listing("recoverableitemsdeletions")) == 1
    box.put(mail(2))
    poll(inbox(fake, permanent=True))
    assert len(box.messages) == 1


def test_a_sign_in_that_may_not_delete_is_reported(fake: FakeMicrosoft, box: Mailbox) -> None:
    box.put(mail())
    graph_inbox = inbox(fake)
    uids = [m.uid for m in graph_inbox.fetch(30, none_known)]

    def refuse(_: Request) -> Answer:
        raise GraphError(403, "ErrorAccessDenied")

    fake.graph.before_part = refuse
    with pytest.raises(TryLater, match="ErrorAccessDenied") as error:
        graph_inbox.delete(uids)
    assert error.value.reason is Reason.AUTH
    assert len(box.listing("inbox")) == 1


def test_processed_mails_can_be_moved(fake: FakeMicrosoft, box: Mailbox) -> None:
    done = box.add_folder("Done")
    box.put(mail())
    poll(inbox(fake, move_to="Done"))
    assert (len(box.listing("inbox")), len(box.listing(done))) == (0, 1)


def test_a_batch_throttled_half_way_resumes_at_the_next_poll(fake: FakeMicrosoft, box: Mailbox) -> None:
    for n in range(30):
        box.put(mail(n))
    graph_inbox = inbox(fake)
    uids = [m.uid for m in graph_inbox.fetch(30, none_known)]
    deleted = []

    def throttle(request: Request) -> Answer | None:
        if request.method == "DELETE":
            deleted.append(request)
            if len(deleted) > 7:
                raise GraphError(429, "ApplicationThrottled", Retry_After="7")
        return None

    fake.graph.before_part = throttle
    assert graph_inbox.delete(uids) == 7
    assert len(deleted) == 8
    with pytest.raises(TryLater) as error:
        graph_inbox.fetch(30, none_known)
    assert error.value.reason is Reason.THROTTLED
    assert error.value.retry_after is not None and 5 < error.value.retry_after <= 7
    fake.graph.before_part = lambda _: None
    assert inbox(fake).delete(uids) == 30


# One bad mail.


def test_one_mail_that_cannot_be_read_does_not_stop_the_others(fake: FakeMicrosoft, box: Mailbox) -> None:
    messages = [box.put(mail(n)) for n in range(8)]
    fake.graph.poison[messages[2].immutable_id] = 500
    assert subjects(inbox(fake).fetch(30, none_known)) == ["0", "1", "3", "4", "5", "6", "7"]


def test_it_is_reported_and_tried_less_and_less_often(fake: FakeMicrosoft, box: Mailbox) -> None:
    messages = [box.put(mail(n)) for n in range(3)]
    fake.graph.poison[messages[1].immutable_id] = 500
    graph_inbox = inbox(fake)
    assert subjects(poll(graph_inbox)) == ["0", "2"]
    assert (told := graph_inbox.unreadable()) is not None
    assert (told.number, told.folder) == (1, f"INBOX of {USER}")
    tried = []
    for number in range(1, 9):
        before = fake.api.count("value")
        assert poll(graph_inbox) == []
        if fake.api.count("value") > before:
            tried.append(number)
    assert tried == [1, 3, 7]
    fake.graph.poison.clear()
    while not (read := poll(graph_inbox)):
        assert graph_inbox.unreadable() is not None
    assert subjects(read) == ["1"] and graph_inbox.unreadable() is None


def test_what_exchange_made_up_is_not_the_mail(fake: FakeMicrosoft, box: Mailbox) -> None:
    made_up = b'From: "Microsoft Exchange Server"\r\nSubject: Retrieval failed: 3\r\n\r\nSorry.\r\n'
    message = box.put(made_up)
    box.put(mail(1))
    graph_inbox = inbox(fake)
    assert subjects(poll(graph_inbox)) == ["1"]
    assert (told := graph_inbox.unreadable()) is not None and "a text of its own" in told.said
    assert message.immutable_id in box.messages


def test_a_mail_graph_cannot_turn_into_mime_is_rebuilt(fake: FakeMicrosoft, box: Mailbox) -> None:
    message = box.put(mail(3, "Approve\r\nfine by me"))
    fake.graph.poison[message.immutable_id] = 400
    (one,) = inbox(fake).fetch(30, none_known)
    assert one.partial and one.data is not None
    assert b"Subject: reply 3" in one.data
    assert b"fine by me" in base64.b64decode(one.data.partition(b"\r\n\r\n")[2])


def test_a_mail_that_vanishes_while_being_read_is_left_out(fake: FakeMicrosoft, box: Mailbox) -> None:
    messages = [box.put(mail(n)) for n in range(6)]

    def vanish(request: Request) -> None:
        box.messages.pop(messages[1].immutable_id, None)

    fake.graph.before_part = vanish
    assert subjects(inbox(fake).fetch(30, none_known)) == ["0", "2", "3", "4", "5"]


def test_of_a_mail_over_the_limit_header_and_text_are_read(fake: FakeMicrosoft, box: Mailbox) -> None:
    big = mail(1).replace(b"Subject:", b"Content-Type: multipart/mixed; boundary=b\r\nSubject:").replace(
        b"\r\n\r\nApprove", b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nApprove\r\n--b\r\n"
        b"Content-Type: application/octet-stream\r\n\r\n" + b"x" * 200_000 + b"\r\n--b--"
    )  # fmt: skip
    box.put(big)
    box.put(mail(2))
    first, second = inbox(fake, max_size=100_000).fetch(30, none_known)
    assert (first.partial, first.size, second.partial) == (True, len(big), False)
    assert first.data is not None and len(first.data) < 2000
    assert b"In-Reply-To" not in first.data and b"Message-ID: <1@example.com>" in first.data
    assert base64.b64decode(first.data.partition(b"\r\n\r\n")[2]).strip() == b"Approve"


def test_a_mail_whose_text_is_over_the_limit_is_reported_without_data(
    fake: FakeMicrosoft, box: Mailbox
) -> None:
    box.put(mail(1, "y" * 500_000))
    (one,) = inbox(fake, max_size=100_000).fetch(30, none_known)
    assert one.data is None and one.size > 100_000


def test_a_header_from_graph_cannot_make_further_header_lines(fake: FakeMicrosoft, box: Mailbox) -> None:
    box.put(mail(1, "z" * 150_000))
    forged = [{"name": "Subject", "value": "a\r\nX-Forged: 1"}, {"name": "Bad Name:", "value": "x"}]
    fake.api.fail(
        "GET .*/messages/[^/$]*$", 200, {"internetMessageHeaders": forged, "body": {"content": "t"}}
    )
    (one,) = inbox(fake, max_size=100_000).fetch(30, none_known)
    assert one.data is not None
    assert b"\r\nX-Forged" not in one.data and b"Bad Name" not in one.data


# A batch's parts, as they are told.


@pytest.mark.parametrize("form", ["base64", "base64url without padding", "text", "damaged text"])
def test_mime_in_a_batch_is_read_in_every_form_it_is_known_to_come(
    fake: FakeMicrosoft, box: Mailbox, form: str
) -> None:
    raw = box.put(mail(1, "Genehmigt ü?>")).raw
    box.put(mail(2))
    bodies = {
        "base64": base64.b64encode(raw).decode(),
        "base64url without padding": base64.urlsafe_b64encode(raw).rstrip(b"=").decode(),
        "text": raw.decode(),
        "damaged text": raw.decode().replace("ü", "\ufffd"),
    }
    second = base64.b64encode(mail(2)).decode()
    responses = [{"id": "0", "status": 200, "body": bodies[form]}, {"id": "1", "status": 200, "body": second}]
    fake.api.fail("POST .*batch", 200, {"responses": responses})
    assert [m.data for m in inbox(fake).fetch(30, none_known)] == [raw, mail(2)]


# Faults of the service: the poll fails, nothing is lost, the next one goes on.


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_fault_is_tried_later_and_names_mailbox_and_request_id(
    fake: FakeMicrosoft, box: Mailbox, status: int
) -> None:
    box.put(mail())
    fake.api.fail("GET .*/messages", status, {"error": {"code": "x", "message": "m"}}, request_id="rid-1")
    graph_inbox = inbox(fake)
    with pytest.raises(TryLater, match=rf"mailbox {USER}, request-id rid-1"):
        graph_inbox.fetch(30, none_known)
    graph_inbox.rest()
    assert len(graph_inbox.fetch(30, none_known)) == 1


@pytest.mark.parametrize(("wait", "least", "most"), [("7", 6, 7), ("99999", 899, 900), (None, 25, 30)])
def test_throttling_is_obeyed_within_bounds(
    fake: FakeMicrosoft, wait: str | None, least: float, most: float
) -> None:
    headers = {"Retry_After": wait} if wait else {}
    fake.api.fail("GET", 429, {"error": {"code": "ApplicationThrottled", "message": "m"}}, **headers)
    graph_inbox = inbox(fake)
    with pytest.raises(TryLater) as first:
        graph_inbox.open()
    with pytest.raises(TryLater) as second:
        graph_inbox.open()
    assert first.value.reason is second.value.reason is Reason.THROTTLED
    assert second.value.retry_after is not None and least < second.value.retry_after <= most
    assert len(fake.api.log) == 1


@pytest.mark.parametrize("kind", ["drop", "truncate"])
def test_a_broken_answer_is_tried_later(fake: FakeMicrosoft, box: Mailbox, kind: str) -> None:
    box.put(mail())
    fake.api.fail("GET .*/messages", 200 if kind == "truncate" else 0, {"value": []}, kind=kind)
    with pytest.raises(TryLater):
        inbox(fake).fetch(30, none_known)


def test_a_page_of_html_is_tried_later(fake: FakeMicrosoft) -> None:
    fake.api.html("GET")
    with pytest.raises(TryLater, match="not a JSON object") as error:
        inbox(fake).open()
    assert "proxy" in error.value.cure


def test_pages_that_repeat_end(fake: FakeMicrosoft, box: Mailbox) -> None:
    box.put(mail())
    fake.graph.loop_pages = True
    with pytest.raises(TryLater, match="repeat"):
        inbox(fake).fetch(30, none_known)


def test_empty_pages_with_ever_new_links_end(fake: FakeMicrosoft) -> None:
    for n in range(99):
        link = f"{fake.graph_url}/users/{USER}/mailFolders/inbox/messages?$skip={n}"
        fake.api.fail("GET .*/messages", 200, {"value": [], "@odata.nextLink": link})
    with pytest.raises(TryLater, match="repeat"):
        inbox(fake).fetch(30, none_known)


def test_a_next_link_cannot_lead_the_token_to_another_host(fake: FakeMicrosoft, box: Mailbox) -> None:
    link = f"{fake.uploads.url}/v1.0/users/x/messages"
    fake.api.fail("GET .*/messages", 200, {"value": [], "@odata.nextLink": link})
    with pytest.raises(GiveUp, match="away from Graph"):
        inbox(fake).fetch(30, none_known)
    assert fake.uploads.log == []


# Tokens and rights.


def test_a_refused_token_is_renewed_once_and_no_more(fake: FakeMicrosoft, box: Mailbox) -> None:
    asked: list[bool] = []
    old, new = fake.graph_token(USER, life=-60), fake.graph_token(USER)

    def token(renew: bool) -> str:
        asked.append(renew)
        return new if renew else old

    assert GraphInbox(api(fake, token=token), "INBOX").open().messages == 0
    assert asked == [False, True]
    with pytest.raises(TryLater) as error:
        GraphInbox(api(fake, token=lambda _: old), "INBOX").open()
    assert error.value.reason is Reason.AUTH
    assert len(fake.api.log) == 4


@pytest.mark.parametrize(
    ("scp", "code"), [("Mail.Send", "ErrorAccessDenied"), ("Mail.ReadWrite.Shared", "ErrorAccessDenied")]
)
def test_a_missing_permission_is_an_auth_fault_with_a_cure(fake: FakeMicrosoft, scp: str, code: str) -> None:
    with pytest.raises(TryLater, match=code) as error:
        GraphInbox(api(fake, scp=scp), "INBOX").open()
    assert error.value.reason is Reason.AUTH
    assert "consent" in error.value.cure
    assert error.value.retry_after


def test_a_mailbox_without_licence_is_named(fake: FakeMicrosoft, box: Mailbox) -> None:
    box.enabled = False
    with pytest.raises(TryLater, match="MailboxNotEnabledForRESTAPI") as error:
        inbox(fake).open()
    assert "licence" in error.value.cure


def test_a_shared_mailbox_is_read_with_the_shared_permission(fake: FakeMicrosoft) -> None:
    shared = fake.add_user("team@example.com")
    assert shared
    shared.put(mail())
    graph_inbox = GraphInbox(api(fake, scp="Mail.ReadWrite.Shared", mailbox="team@example.com"), "INBOX")
    with pytest.raises(TryLater):
        graph_inbox.open()
    fake.graph.shared.add((USER, "team@example.com"))
    assert len(poll(graph_inbox)) == 1


def test_an_application_by_itself_reads_any_mailbox_it_may(fake: FakeMicrosoft, box: Mailbox) -> None:
    box.put(mail())
    token = fake.graph_token(scp="Mail.ReadWrite")
    assert len(poll(GraphInbox(api(fake, token=lambda _: token), "INBOX"))) == 1
    fake.graph.blocked_apps.add("app")
    with pytest.raises(TryLater, match="policy"):
        GraphInbox(api(fake, token=lambda _: token), "INBOX").open()


def test_whether_it_may_delete_is_seen_from_the_token(fake: FakeMicrosoft, box: Mailbox) -> None:
    token = fake.graph_token(USER, "Mail.Read")
    graph_inbox = GraphInbox(api(fake), "INBOX", token=lambda _: token)
    assert graph_inbox.open().can_delete is False


def test_a_closed_inbox_can_be_used_again(fake: FakeMicrosoft, box: Mailbox) -> None:
    graph_inbox = inbox(fake)
    graph_inbox.open()
    graph_inbox.close()
    graph_inbox.close()
    assert graph_inbox.open().messages == 0


def test_the_dialogue_is_traced_without_token_and_body(fake: FakeMicrosoft, box: Mailbox) -> None:
    lines: list[str] = []
    box.put(mail(1, "a very private comment"))
    box.put(mail(2))
    poll(GraphInbox(api(fake, trace=lines.append), "INBOX"))
    text = "\n".join(lines)
    assert "POST /$batch -> 200" in text and "request-id" in text
    assert "private" not in text and "eyJ" not in text


def test_a_large_delivery_report_stays_a_machines_mail(fake: FakeMicrosoft, box: Mailbox) -> None:
    """Its structure is lost with its size, and the mail it returns may begin with "Approve"."""
    head = b"From: relay@example.com\r\nTo: bot@example.com\r\nMIME-Version: 1.0\r\n"
    kind = b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    text = b"--b\r\nContent-Type: text/plain\r\n\r\nApprove\r\n"
    box.put(head + kind + text + b"--b\r\n\r\n" + b"x" * 5000 + b"\r\n--b--\r\n")
    (found,) = poll(inbox(fake, max_size=2000))
    assert found.partial and found.data
    reading = understand(found.data, found.size, Rules.of(USER), partial=True)
    assert reading.nature is not MailNature.HUMAN


@pytest.mark.parametrize("position", [0, 1, 9, 18, 19])
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "ErrorItemNotFound"), (403, "ErrorCannotDeleteObject"), (403, "ErrorAccessDenied"), (429, "x"),
        (500, "x"), (503, "x"), (504, "x"), (424, "x"), (200, "x"),
    ],
)  # fmt: skip
def test_a_deletion_that_fails_anywhere_in_a_batch_costs_no_other(
    fake: FakeMicrosoft, box: Mailbox, position: int, status: int, code: str
) -> None:
    for number in range(20):
        box.put(mail(number))
    graph_inbox = inbox(fake)
    graph_inbox.open()
    mails = graph_inbox.fetch(20, none_known)
    bad = mails[position].uid.uid
    fake.graph.before_part = lambda part: (
        Answer(status, {"error": {"code": code}}) if part.method == "DELETE" and bad in part.path else None
    )
    with suppress(GiveUp, TryLater):
        graph_inbox.delete([m.uid for m in mails])
    graph_inbox.rest()
    fake.graph.before_part = lambda _: None
    left = len(box.listing("inbox"))
    busy = status in (429, 503, 504)
    assert left <= (20 - position if busy else 1)
    again = inbox(fake)
    known = {m.uid: m.identity for m in mails}
    for _ in range(2):
        again.open()
        assert again.fetch(30, lambda uids: known) == []
        again.delete(())
    gone = status == 200 or code in ("ErrorItemNotFound", "ErrorCannotDeleteObject")
    assert len(box.listing("inbox")) == 0 or gone


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("Content-Type: application/pdf; name=x.pdf", False),
        ("Content-Type: text/plain; name=build.log\r\nContent-Disposition: attachment", False),
        ("Content-Type: text/plain", True),
        ("Content-Type: text/plain; name=ATT00001.txt", True),
        ("Content-Type: text/html; name=att00002.htm\r\nContent-Disposition: attachment", True),
        ("Content-Type: text/html; name=ATT2.png.htm\r\nContent-Disposition: attachment", False),
        ("Content-Type: text/plain; name=Attic.txt", False),
    ],
)
def test_a_text_that_exchange_made_a_file_is_missing(
    fake: FakeMicrosoft, box: Mailbox, fields: str, expected: bool
) -> None:
    """What a person writes below a picture, on some telephones."""
    head = b"From: ann@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    texts = f"\r\n--b\r\n{fields}\r\n\r\nif the tests pass\r\n--b--\r\n".encode()
    box.put(
        head
        + b"Content-Type: text/plain\r\n\r\nApprove\r\n--b\r\nContent-Type: image/png; name=a.png\r\n\r\n"
        + b"x" * 5000
        + texts
    )
    (found,) = poll(inbox(fake, max_size=2000))
    assert found.partial and found.data and found.is_cut is expected


def test_of_a_large_mail_the_files_are_asked_for_by_name_and_the_html_as_it_came(
    fake: FakeMicrosoft, box: Mailbox
) -> None:
    box.put(mail(1, "z" * 150_000))
    poll(inbox(fake, max_size=100_000))
    (asked,) = [r for r in fake.api.log if "internetMessageHeaders" in str(r.query)]
    assert "contentBytes" not in asked.query["$expand"]
    assert "outlook.allow-unsafe-html" in asked.headers["prefer"]
    assert 'IdType="ImmutableId"' in asked.headers["prefer"]


def test_files_of_which_graph_says_nothing_may_be_texts(fake: FakeMicrosoft, box: Mailbox) -> None:
    box.put(mail(1, "z" * 150_000))
    fake.api.fail("GET .*/messages/[^/$]*$", 200, {"body": {"content": "Approve"}})
    (one,) = inbox(fake, max_size=100_000).fetch(30, none_known)
    assert one.data is not None and one.is_cut


def polls(graph_inbox: GraphInbox, limit: int, number: int = 20) -> list[list[str]]:
    """What each of so many polls reads; one that fails reads nothing."""
    read: list[list[str]] = []
    for _ in range(number):
        try:
            read.append(subjects(poll(graph_inbox, limit)))
        except TryLater:
            graph_inbox.close()
    return read


@pytest.mark.parametrize("limit", [1, 5])
def test_mails_after_as_many_placeholders_as_a_poll_reads_are_read(
    fake: FakeMicrosoft, box: Mailbox, limit: int
) -> None:
    for _ in range(limit):
        box.put(b'From: "Microsoft Exchange Server"\r\nSubject: Retrieval failed: 3\r\n\r\nSorry.\r\n')
    box.put(mail(1))
    assert ["1"] in polls(inbox(fake), limit)


def test_mails_after_as_many_that_fail_as_a_poll_reads_are_read(fake: FakeMicrosoft, box: Mailbox) -> None:
    for number in range(5):
        fake.graph.poison[box.put(mail(number)).immutable_id] = 500
    box.put(mail(9))
    assert ["9"] in polls(inbox(fake), 5)


def test_one_mail_that_fails_fails_no_poll(fake: FakeMicrosoft, box: Mailbox) -> None:
    """The list was answered: the fault is the mail's."""
    fake.graph.poison[box.put(mail(1)).immutable_id] = 500
    graph_inbox = inbox(fake)
    assert polls(graph_inbox, 30, 3) == [[], [], []]
    withheld = graph_inbox.unreadable()
    assert withheld is not None and withheld.number == 1
