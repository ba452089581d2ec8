"""Banners, classifications, footers and disclaimers: known as a whole, never over a person's line."""

from __future__ import annotations

import pytest

from flexmaild.mail.understand import notices
from flexmaild.mail.understand.lines import Line, dressed
from flexmaild.mail.understand.rules import Rules
from tests.unit.mail.understand import known_lines

RULES = Rules.of("approvals@corp.test")

DISCLAIMERS = [
    "This email and any attachments are confidential and intended solely for the addressee. If you have received "
    "it in error, please notify the sender and delete it. Any unauthorised copying or disclosure is prohibited.",
    "This email may be confidential. If you got it by mistake, delete it.",
    "The information contained in this message is privileged. If you are not the intended recipient, you must not "
    "copy or distribute it.\n\nNo liability is accepted for viruses.",
    "NOTICE: This email is confidential. If received in error please delete it.",
    "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind oder diese E-Mail "
    "irrtümlich erhalten haben, informieren Sie bitte sofort den Absender und vernichten Sie diese Mail.",
    "Diese Mail kann vertrauliche Inhalte haben. Falls Sie nicht gemeint sind, bitte löschen.",
    "Ce message et ses pièces jointes sont confidentiels. Si vous n'êtes pas le destinataire, merci de le "
    "détruire et d'avertir l'expéditeur.",
    "Este mensaje es confidencial. Si no es el destinatario, le rogamos que lo borre y avise al remitente.",
    "Questo messaggio è riservato. Se non siete il destinatario, siete pregati di cancellarlo.",
    "Esta mensagem é confidencial. Se não for o destinatário, por favor elimine-a e avise o remetente.",
    "Dit bericht is alleen bestemd voor de geadresseerde. Indien u dit ten onrechte ontvangt, vernietig het dan.",
    "Niniejsza wiadomość jest poufna. Jeśli nie jest Pan jej adresatem, prosimy o jej usunięcie.",
    "Administratorem danych jest TB sp. z o.o. Jeżeli nie jest Pan adresatem, prosimy o usunięcie wiadomości.",
    "このメールには機密情報が含まれている場合があります。誤って受信された場合は、送信者にご連絡の上、削除してください。",
    "本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人。如果您错收了本邮件，请立即通知发件人并删除本邮件。",
    "Это сообщение является конфиденциальным и предназначено только для адресата. Если вы получили его по "
    "ошибке, удалите его и сообщите отправителю.",
]


def lines(text: str) -> list[Line]:
    return [dressed(Line(line)) for line in text.split("\n")]


def footer_length(text: str) -> int:
    """How many lines from the top are notices, one after the other, blank ones between them included."""
    all_lines = lines(text)
    at = 0
    while at < len(all_lines):
        if all_lines[at].is_blank or not all_lines[at].bare.strip("-"):
            at += 1
        elif more := notices.notice_length(all_lines[at:], RULES):
            at += more
        else:
            break
    return at


def banners(text: str) -> list[str]:
    """The lines that are left below the banners."""
    all_lines = lines(text)
    notices.label_banners(all_lines, 0, len(all_lines), RULES)
    return [line.typed or line.text for line in all_lines if not line.is_blank and (not line.label or line.typed)]


@pytest.mark.parametrize("entry", known_lines.FOOTERS)
def test_a_footer_is_known(entry: str) -> None:
    text = "\n".join(known_lines.lines_of(entry))
    assert footer_length(text) == len(lines(text))


@pytest.mark.parametrize("entry", known_lines.FOOTERS)
def test_what_a_person_writes_below_or_behind_a_footer_stays(entry: str) -> None:
    text = "\n".join(known_lines.lines_of(entry))
    for own in ("please wait for Bob", "Reject", "erst nach dem Backup"):
        assert footer_length(f"{text}\n\n{own}") < len(lines(f"{text}\n\n{own}"))
        assert footer_length(f"{text} - {own}") < len(lines(text))


@pytest.mark.parametrize("entry", known_lines.BANNERS)
def test_a_banner_is_known_and_the_answer_below_it_stays(entry: str) -> None:
    text = "\n".join(known_lines.lines_of(entry))
    assert banners(f"{text}\n\nApprove\nok") == ["Approve", "ok"]


@pytest.mark.parametrize("entry", known_lines.BANNERS)
def test_what_a_person_adds_to_a_banner_stays(entry: str) -> None:
    first, *_ = known_lines.lines_of(entry)
    for own in ("Do not deploy it!", "please wait for Bob", "Reject"):
        assert own in banners(f"{entry}\n\n{own}\nApprove"), own
    assert banners(f"{first} - but wait for Bob\n\nApprove")[0] != "Approve"


@pytest.mark.parametrize("line", known_lines.CLASSIFICATIONS)
def test_a_classification_is_known(line: str) -> None:
    assert notices.is_classification(line)
    assert banners(f"{line}\nApprove\nok") == ["Approve", "ok"]


@pytest.mark.parametrize("line", known_lines.CLASSIFICATIONS)
def test_a_classification_that_goes_on_is_none(line: str) -> None:
    for more in (": hold until Monday", " - not before the CAB", " until Bob agrees", "?", " 👎"):
        assert not notices.is_classification(line + more)


@pytest.mark.parametrize(
    "line",
    [
        "Classification: major change, needs the CAB",
        "Classification: not before CAB",
        "Klassifizierung: erst testen",
        "Sensitivity: do not deploy before Monday",
        "Public use starts Monday, not today",
        "Internal use only until the CAB agrees",
        "TLP: hold until the CVE is out",
        "TLP: wait for Bob",
        "only internal",
        "internal systems",
        "all green",
        "Access restricted",
        "This mail came from outside, deploy slowly",
        "External mail: do not deploy before Monday",
        "External users first, then the rest",
        "Approve Internal",
        "社外から送信されたファイルは配布しないでください、明日まで待って",
    ],
)
def test_a_persons_first_line_is_no_banner(line: str) -> None:
    assert banners(f"{line}\n\nApprove")[0] == line


@pytest.mark.parametrize("text", DISCLAIMERS)
def test_a_disclaimer_is_known(text: str) -> None:
    assert notices.notice_length(lines(text), RULES) == len(lines(text))


@pytest.mark.parametrize("text", DISCLAIMERS)
def test_what_stands_around_a_disclaimer_stays(text: str) -> None:
    count = len(lines(text))
    for own in ("Please wait for Bob.", "Not before Monday", "Reject", "Bitte nicht ausrollen."):
        assert notices.notice_length(lines(f"{own}\n{text}"), RULES) == 0
        assert notices.notice_length(lines(f"{text} {own}"), RULES) < count
        assert notices.notice_length(lines(f"{text}\n\n{own}"), RULES) <= count
        assert notices.notice_length(lines(f"{text}\n{own}"), RULES) <= count


@pytest.mark.parametrize(
    "text",
    [
        "Disclaimer: I have not looked at the database part.",
        "IMPORTANT NOTICE - only the billing service",
        "The information contained in this request is incomplete, so wait for Bob",
        "The information in this request is wrong, do not deploy",
        "Please delete the confidential file that was sent in error before you deploy",
        "This email and any approval in it count only from Monday",
        "This communication is no approval for the database",
        "Ce message et l'accord ne valent qu'après les tests",
        "This message is confidential: do not deploy until Bob agrees",
        "I sent this mail by mistake, please do not deploy",
        "Confidential and privileged info for the addressee only: please delete the old build first, in error it "
        "was deployed",
        "Diese Nachricht ist vertraulich, bitte nicht vor Montag ausrollen",
    ],
)
def test_a_persons_sentence_is_no_disclaimer(text: str) -> None:
    assert notices.notice_length(lines(text), RULES) == 0
