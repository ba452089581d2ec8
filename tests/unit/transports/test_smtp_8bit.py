"""allow8bitmime: the same words in fewer bytes, and everything else untouched."""

import email
import email.policy
from email.message import EmailMessage

from flexmaild.transports.smtp.eight_bit import as_8bit


def mail(text: str, cte: str) -> EmailMessage:
    made = EmailMessage(policy=email.policy.SMTP)
    made["From"], made["To"], made["Subject"] = "a@x.test", "b@x.test", "Grüße"
    made.set_content(text, cte=cte)
    return made


def test_encoded_text_is_sent_as_it_is() -> None:
    for cte in ("quoted-printable", "base64"):
        data = mail("Grüße aus Köln\n.\nfrom here\n", cte).as_bytes()
        sent = as_8bit(data)
        assert "Grüße aus Köln\r\n.\r\nfrom here\r\n".encode() in sent
        assert sent.partition(b"\r\n\r\n")[0].count(b"8bit") == 1
        assert sent.count(b"\n") == sent.count(b"\r\n")
        parsed = email.message_from_bytes(sent, policy=email.policy.default)
        assert (
            parsed.get_content() == "Grüße aus Köln\r\n.\r\nfrom here\r\n" or "Köln" in parsed.get_content()
        )


def test_long_lines_attachments_and_plain_mails_stay_as_they_are() -> None:
    long = mail("ü" * 1200, "base64").as_bytes()
    assert as_8bit(long) == long
    envelope = mail("Grüße\nFrom here\n", "quoted-printable").as_bytes()
    assert as_8bit(envelope) == envelope
    plain = mail("plain", "7bit").as_bytes()
    assert as_8bit(plain) == plain
    both = mail("ü\n", "base64")
    both.add_attachment("ü", filename="log.txt", cte="base64")
    sent = email.message_from_bytes(as_8bit(both.as_bytes()), policy=email.policy.default)
    assert [p["Content-Transfer-Encoding"] for p in sent.walk() if not p.is_multipart()] == ["8bit", "base64"]
