"""A text part that stands in for the HTML part disagrees with nothing; any other does."""

import pytest

from tests.unit.mail.mails import mail, parts, read, said

SUBJECT = "Subject: Re: Approval needed: Deploy billing 2.3.1 to production"
STANDS_IN = [
    "",
    "-",
    "--\n",
    "\xa0",
    ".",
    "[image: image.png]",
    "[cid:image001.png@01D9]\n[Logo]",
    "<image001.png>",
    "Your email client does not support HTML.",
    "This message requires an HTML capable mail client.",
    "This is an HTML message. Please use an HTML capable client to view it!",
    "Your mail program does not support HTML emails",
    "To view this message, please use an HTML-enabled email client.",
    "This is a multi-part message in HTML format",
    "Ihr E-Mail-Programm unterstützt leider keine HTML-E-Mails.",
    "Dies ist eine HTML-Nachricht.",
    "Votre messagerie ne prend pas en charge le format HTML.",
    "Su cliente de correo electrónico no soporta HTML.",
    "Il tuo programma di posta non supporta HTML.",
    "Seu leitor de email não suporta mensagem em HTML.",
    "Dit bericht is in HTML-opmaak.",
    "Twój program pocztowy nie obsługuje wiadomości HTML.",
    "Diese Nachricht enthält HTML.",
    "Questo messaggio è in formato HTML",
    "Váš e-mailový klient nepodporuje HTML",
    "Ваш почтовый клиент не поддерживает HTML.",
    "Ditt e-postprogram stöder inte HTML.",
    "このメールはHTML形式です。",
    "此邮件是HTML格式的",
    "Re: Approval needed: Deploy billing 2.3.1 to production",
    "Approval needed: Deploy billing 2.3.1 to production",
    "See the picture",
    "HTML",
]
DISAGREES = [
    "Reject",
    "Approve unless it fails",
    "No",
    "not today",
    "Please wait",
    "Is HTML mail broken?",
    "HTML mail is broken, wait for Bob",
    "Your client does not support HTML. Ask Bob first.",
    "👎",
    "?",
    "looks bad",
    "[image: image.png] no",
    "Approval needed: Deploy billing 2.3.2 to production",
    "x" * 300,
]


def both(text: str, page: str = "<p>Approve</p><p>See the picture</p>", subject: str = SUBJECT) -> bytes:
    return parts("alternative", ("text/plain; charset=utf-8", text), ("text/html", page), fields=(subject,))


@pytest.mark.parametrize("text", STANDS_IN)
def test_a_part_that_stands_in_for_the_page_says_nothing(text: str) -> None:
    assert said(both(text)) == "approve"
    assert said(both(text, "<p>Reject</p><p>See the picture</p>")) == "reject"


@pytest.mark.parametrize("text", DISAGREES)
def test_any_other_text_is_an_answer_of_its_own(text: str) -> None:
    assert read(both(text)).answer is None


def test_a_placeholder_alone_is_no_answer_and_hides_no_doubt() -> None:
    assert read(mail(body=STANDS_IN[8])).answer is None
    assert said(both(STANDS_IN[8], "<p>Approve unless it fails</p>")) == "condition"


def test_a_subject_that_decides_is_no_placeholder() -> None:
    assert said(both("Reject", subject="Subject: Reject")) == "parts_disagree"
