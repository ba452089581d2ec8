"""A mail gateway's own line is named to the operator once it stood in the replies to three requests."""

from tests.support.daemon import Daemon, reply_bytes

ALICE = "alice@corp.test"
FOOTER = "Scrubbed by Acme MailWasher, nothing was found"


def warned(daemon: Daemon) -> list[str]:
    return [text for text in daemon.call("status")["warnings"] if "ignore_lines" in text]


def answered(daemon: Daemon, text: str, footer: str = FOOTER) -> str:
    """The outcome for a reply with the gateway's line below its quote."""
    earlier = len(daemon.mails(ALICE, "approval_request"))
    asked = daemon.request(ALICE)
    mail = daemon.mail(ALICE, "approval_request", earlier + 1)
    daemon.deliver(reply_bytes(mail, text) + f"\r\n{footer}\r\n".encode())
    daemon.process_replies()
    return str(daemon.show(asked["id"])["replies"][0]["outcome"])


def test_a_gateway_s_line_is_named_at_the_third_request_and_is_never_learned(daemon: Daemon) -> None:
    daemon.start()
    assert answered(daemon, "Approve") == "undecided"
    assert answered(daemon, "Approve") == "undecided"
    assert warned(daemon) == []
    assert answered(daemon, "Approve") == "undecided"
    (warning,) = warned(daemon)
    assert f'"{FOOTER}" stood in the replies to 3 requests' in warning
    assert answered(daemon, "Approve") == "undecided"
    daemon.write_settings({"approvals": {"ignore_lines": [FOOTER]}})
    daemon.call("reload")
    assert warned(daemon) == []
    assert answered(daemon, "Approve") == "decision"


def test_lines_that_are_ignored_take_no_place_from_others(daemon: Daemon) -> None:
    """Nor does a row of stars in one of them cost any time."""
    block = [
        f"{'*' * 12} Scrubbed by Acme MailWasher, part {'abcdefghijkl'[n]} {'*' * 12}" for n in range(10)
    ]
    daemon.start()
    for _ in range(4):
        answered(daemon, "Approve", "\r\n".join(block))
    assert len(warned(daemon)) == 10
    daemon.write_settings({"approvals": {"ignore_lines": block}})
    daemon.call("reload")
    assert warned(daemon) == []
    for _ in range(3):
        assert answered(daemon, "Approve") == "undecided"
    assert len(warned(daemon)) == 1
    assert answered(daemon, "Approve", "\r\n".join(block)) == "decision"
