"""A mail gateway's own line is named to the operator once it stood in the replies to three requests."""

from tests.kit.house import House, reply_bytes

ALICE = "alice@corp.test"
FOOTER = "Scrubbed by Acme MailWasher, nothing was found"


def warned(house: House) -> list[str]:
    return [text for text in house.call("status")["warnings"] if "ignore_lines" in text]


def answered(house: House, text: str, footer: str = FOOTER) -> str:
    """The outcome for a reply with the gateway's line below its quote."""
    earlier = len(house.mails(ALICE, "approval_request"))
    asked = house.request(ALICE)
    mail = house.mail(ALICE, "approval_request", earlier + 1)
    house.deliver(reply_bytes(mail, text) + f"\r\n{footer}\r\n".encode())
    house.process_replies()
    return str(house.show(asked["id"])["replies"][0]["outcome"])


def test_a_gateway_s_line_is_named_at_the_third_request_and_is_never_learned(house: House) -> None:
    house.start()
    assert answered(house, "Approve") == "undecided"
    assert answered(house, "Approve") == "undecided"
    assert warned(house) == []
    assert answered(house, "Approve") == "undecided"
    (warning,) = warned(house)
    assert f'"{FOOTER}" stood in the replies to 3 requests' in warning
    assert answered(house, "Approve") == "undecided"
    house.write_settings({"approvals": {"ignore_lines": [FOOTER]}})
    house.call("reload")
    assert warned(house) == []
    assert answered(house, "Approve") == "decision"


def test_lines_that_are_ignored_take_no_place_from_others(house: House) -> None:
    """Nor does a row of stars in one of them cost any time."""
    block = [
        f"{'*' * 12} Scrubbed by Acme MailWasher, part {'abcdefghijkl'[n]} {'*' * 12}" for n in range(10)
    ]
    house.start()
    for _ in range(4):
        answered(house, "Approve", "\r\n".join(block))
    assert len(warned(house)) == 10
    house.write_settings({"approvals": {"ignore_lines": block}})
    house.call("reload")
    assert warned(house) == []
    for _ in range(3):
        assert answered(house, "Approve") == "undecided"
    assert len(warned(house)) == 1
    assert answered(house, "Approve", "\r\n".join(block)) == "decision"
