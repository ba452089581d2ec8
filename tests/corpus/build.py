"""Writes the reply mails of this folder and expected.json: `python tests/corpus/build.py`.

Each mail is what a common client makes of a reply to one request mail of ours, in its language, with its own
way of quoting, encoding and charset. All texts are ours. Run again after a change and look at the diff.
"""

import base64
import json
import quopri
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
REFERENCE = "FM1-" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLM"
OWN = "approvals@corp.test"
THREAD = f"<{REFERENCE.lower()}.approval_request.1@corp.test>"
MARKER = "##- Please type your answer above this line -##"
REQUEST = [
    MARKER,
    "",
    "Your approval is needed",
    "",
    "Deploy billing 2.3.1 to production",
    "",
    "Requested by: pipeline@corp.test",
    "",
    "To decide, answer this mail and begin with the word Approve or the word Reject.",
    "",
    f"Reference {REFERENCE}",
]
HINT = "******* You may add a comment after the word [{}] on the line above. *******"
GUARD = "******* Please DO NOT modify below this line. *******"

OUTLOOK = {
    "en": ("From", "Sent", "To", "Subject", "Friday, 20 November 2026 10:15"),
    "de": ("Von", "Gesendet", "An", "Betreff", "Freitag, 20. November 2026 10:15"),
    "fr": ("De", "Envoyé", "À", "Objet", "vendredi 20 novembre 2026 10:15"),
    "es": ("De", "Enviado", "Para", "Asunto", "viernes, 20 de noviembre de 2026 10:15"),
    "it": ("Da", "Inviato", "A", "Oggetto", "venerdì 20 novembre 2026 10:15"),
    "pt": ("De", "Enviada em", "Para", "Assunto", "sexta-feira, 20 de novembro de 2026 10:15"),
    "nl": ("Van", "Verzonden", "Aan", "Onderwerp", "vrijdag 20 november 2026 10:15"),
    "pl": ("Od", "Wysłane", "Do", "Temat", "piątek, 20 listopada 2026 10:15"),
    "ja": ("差出人", "送信日時", "宛先", "件名", "2026年11月20日 10:15"),
}
GMAIL = {
    "en": "On Fri, Nov 20, 2026 at 10:15 AM flexmaild <{}> wrote:",
    "de": "Am Fr., 20. Nov. 2026 um 10:15 Uhr schrieb flexmaild <{}>:",
    "fr": "Le ven. 20 nov. 2026 à 10:15, flexmaild <{}> a écrit :",
    "es": "El vie, 20 nov 2026 a las 10:15, flexmaild (<{}>) escribió:",
    "it": "Il giorno ven 20 nov 2026 alle ore 10:15 flexmaild <{}> ha scritto:",
    "pt": "Em sex., 20 de nov. de 2026 às 10:15, flexmaild <{}> escreveu:",
    "nl": "Op vr 20 nov 2026 om 10:15 schreef flexmaild <{}>:",
    "pl": "pt., 20 lis 2026 o 10:15 flexmaild <{}> napisał(a):",
    "ja": "2026年11月20日(金) 10:15 flexmaild <{}>:",
}
APPLE = {
    "en": "On 20 Nov 2026, at 10:15, flexmaild <{}> wrote:",
    "de": "Am 20.11.2026 um 10:15 schrieb flexmaild <{}>:",
    "fr": "Le 20 nov. 2026 à 10:15, flexmaild <{}> a écrit :",
    "es": "El 20 nov 2026, a las 10:15, flexmaild <{}> escribió:",
    "it": "Il giorno 20 nov 2026, alle ore 10:15, flexmaild <{}> ha scritto:",
    "pt": "No dia 20/11/2026, às 10:15, flexmaild <{}> escreveu:",
    "nl": "Op 20 nov. 2026, om 10:15 heeft flexmaild <{}> het volgende geschreven:",
    "pl": "Wiadomość napisana przez flexmaild <{}> w dniu 20.11.2026, o godz. 10:15:",
    "ja": "2026/11/20 10:15、flexmaild <{}>のメール:",
}
PHONE = {
    "en": "Sent from my iPhone",
    "de": "Von meinem iPhone gesendet",
    "fr": "Envoyé de mon iPhone",
    "es": "Enviado desde mi iPhone",
    "it": "Inviato da iPhone",
    "pt": "Enviado do meu iPhone",
    "nl": "Verstuurd vanaf mijn iPhone",
    "pl": "Wysłane z iPhone'a",
    "ja": "iPhoneから送信",
}
WORDS = {
    "en": ("Approve", "Looks good to me"),
    "de": ("Genehmigt", "Sieht gut aus, viel Glück"),
    "fr": ("Approuvé", "Très bien, merci"),
    "es": ("Aprobado", "Todo está bien, gracias"),
    "it": ("Approvato", "Va bene così, grazie"),
    "pt": ("Aprovado", "Está tudo bem, obrigado"),
    "nl": ("Goedgekeurd", "Ziet er goed uit, bedankt"),
    "pl": ("Zatwierdzam", "Wygląda dobrze, dziękuję"),
    "ja": ("承認", "問題ありません。進めてください"),
}
Expectation = dict[str, object]
Case = tuple[str, bytes, Expectation]


def header(*fields: str, sender: str = "Ann Approver <ann@corp.test>", thread: bool = True) -> bytes:
    lines = [
        "Return-Path: <ann@corp.test>",
        "Received: from mail.corp.test (mail.corp.test [192.0.2.7])",
        "\tby mx.corp.test (Postfix) with ESMTPS id 4F0C1; Fri, 20 Nov 2026 10:20:01 +0000 (UTC)",
        f"From: {sender}",
        f"To: flexmaild <{OWN}>",
        "Subject: Re: Approval needed: Deploy billing 2.3.1",
        "Date: Fri, 20 Nov 2026 10:20:00 +0000",
        "Message-ID: <reply-1@client.corp.test>",
    ]
    if thread:
        lines += [f"In-Reply-To: {THREAD}", f"References: {THREAD}"]
    return "\r\n".join([*lines, "MIME-Version: 1.0", *fields, "", ""]).encode()


def text(
    lines: list[str], charset: str = "utf-8", encoding: str = "8bit", more: str = "", kind: str = "plain"
) -> bytes:
    body = "\r\n".join(lines).encode(charset)
    if encoding == "base64":
        body = base64.encodebytes(body).replace(b"\n", b"\r\n")
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    head = (
        f"Content-Type: text/{kind}; charset={charset}{more}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n"


def multipart(kind: str, *parts: bytes, more: str = "") -> bytes:
    mark = f"=_{kind}_boundary"
    head = f'Content-Type: multipart/{kind}; boundary="{mark}"{more}\r\n\r\n'.encode()
    inner = b"".join(b"--" + mark.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return head + inner + b"--" + mark.encode() + b"--\r\n"


def whole(part: bytes, **more: Any) -> bytes:
    return header(**more).removesuffix(b"\r\n") + part


def quoted(lines: list[str]) -> list[str]:
    return [f"> {line}".rstrip() for line in lines]


def escape(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def outlook_block(language: str) -> list[str]:
    sender, sent, to, subject, when = OUTLOOK[language]
    return [
        f"{sender}: flexmaild <{OWN}>",
        f"{sent}: {when}",
        f"{to}: Ann Approver <ann@corp.test>",
        f"{subject}: Approval needed",
    ]


def outlook_desktop_html(language: str, typed: list[str]) -> str:
    body = "".join(f'<p class="MsoNormal">{escape(line) or "<o:p>&nbsp;</o:p>"}</p>\n' for line in typed)
    block = "<br>".join(
        f"<b>{escape(b.split(':')[0])}:</b>{escape(b.split(':', 1)[1])}" for b in outlook_block(language)
    )
    quote = "".join(f'<p class="MsoNormal">{escape(line)}</p>\n' for line in REQUEST)
    style = "<style><!--p.MsoNormal {margin:0cm; font-size:11.0pt;} .MsoChpDefault {mso-x:y;}--></style>"
    rule = '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
    return (
        f'<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>{style}</head><body lang="EN-GB">'
        f'<div class="WordSection1">{body}<div>{rule}<p class="MsoNormal">{block}</p></div></div>'
        f"{quote}</div></body></html>"
    )


def gmail_html(language: str, typed: list[str]) -> str:
    body = "".join(f"<div>{escape(line) or '<br>'}</div>" for line in typed)
    attribution = escape(GMAIL[language].format(OWN))
    quote = "<br>".join(escape(line) for line in REQUEST)
    return (
        f'<div dir="ltr">{body}</div><br><div class="gmail_quote">'
        f'<div dir="ltr" class="gmail_attr">{attribution}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{quote}</blockquote></div>'
    )


def by_language() -> Iterator[Case]:
    for language, (word, comment) in WORDS.items():
        yes: Expectation = {"answer": "approve", "comment": comment, "language": language}
        typed = [word, comment, ""]
        block, request = outlook_block(language), REQUEST
        yield (
            f"outlook-desktop-{language}",
            whole(
                multipart(
                    "alternative",
                    text([*typed, *block, "", *request], encoding="base64"),
                    text(
                        [outlook_desktop_html(language, [word, comment])],
                        encoding="quoted-printable",
                        kind="html",
                    ),
                )
            ),
            yes,
        )
        yield (
            f"outlook-web-{language}",
            whole(text([*typed, "_" * 32, *block, "", *request], encoding="quoted-printable")),
            yes,
        )
        yield (
            f"outlook-mobile-{language}",
            whole(
                text(
                    [*typed, "Get Outlook for iOS<https://aka.ms/o0ukef>", "_" * 32, *block, "", *request],
                    encoding="base64",
                )
            ),
            yes,
        )
        yield (
            f"gmail-{language}",
            whole(
                multipart(
                    "alternative",
                    text([*typed, GMAIL[language].format(OWN), "", *quoted(request)], encoding="base64"),
                    text([gmail_html(language, [word, comment])], encoding="quoted-printable", kind="html"),
                )
            ),
            yes,
        )
        yield (
            f"apple-{language}",
            whole(
                text(
                    [*typed, "", *quoted([APPLE[language].format(OWN), "", *request])],
                    encoding="quoted-printable",
                )
            ),
            yes,
        )
        yield (
            f"iphone-{language}",
            whole(
                text(
                    [word, "", PHONE[language], "", *quoted([APPLE[language].format(OWN), "", *request])],
                    encoding="base64",
                )
            ),
            {**yes, "comment": ""},
        )
        yield (
            f"thunderbird-top-{language}",
            whole(
                text(
                    [*typed, APPLE[language].format(OWN), *quoted(request), "", "-- ", "Ann Approver"],
                    more="; format=flowed",
                )
            ),
            yes,
        )
        yield (
            f"thunderbird-bottom-{language}",
            whole(
                text(
                    [
                        APPLE[language].format(OWN),
                        *quoted(request),
                        "",
                        word,
                        comment,
                        "",
                        "-- ",
                        "Ann Approver",
                    ],
                    more="; format=flowed",
                )
            ),
            yes,
        )
        yield (
            f"html-only-{language}",
            whole(text([outlook_desktop_html(language, [word, comment])], encoding="base64", kind="html")),
            yes,
        )


def flexdeploy() -> Iterator[Case]:
    yes: Expectation = {"answer": "approve", "language": "en", "thread": False}

    def prefilled(*lines: str) -> bytes:
        return whole(text(list(lines), "us-ascii", "7bit"), thread=False)

    line = f"Reference {REFERENCE}"
    yield (
        "flexdeploy-same-line",
        prefilled("Approve This is an optional comment", "", HINT.format("Approve"), GUARD, line),
        {**yes, "comment": "This is an optional comment"},
    )
    old_hint = "******* You may add a comment on the second line above. *******"
    yield (
        "flexdeploy-second-line",
        prefilled("Approve", "This is an optional comment", "", old_hint, GUARD, line),
        {**yes, "comment": "This is an optional comment"},
    )
    hint, guard = HINT.format("Reject"), GUARD
    wrapped = [hint[:70], hint[70:], guard[:46], guard[46:], f"Reference {REFERENCE[:30]}", REFERENCE[30:]]
    yield (
        "flexdeploy-wrapped",
        prefilled("Reject too risky", "", *wrapped),
        {**yes, "answer": "reject", "comment": "too risky"},
    )
    yield "flexdeploy-untouched", prefilled("Approve", "", HINT.format("Approve"), GUARD, line), yes


def encodings() -> Iterator[Case]:
    for charset, word, comment, language in (
        ("iso-8859-1", "Approuvé", "Très bien", "fr"),
        ("windows-1252", "Genehmigt", "für „Prod“ – schön", "de"),
        ("iso-8859-2", "Zatwierdź", "dziękuję", "pl"),
        ("iso-2022-jp", "承認します", "お願いします", "ja"),
        ("shift_jis", "承認します", "お願いします", "ja"),
        ("euc-jp", "却下", "計画がありません", "ja"),
        ("gb18030", "Approve", "看起来不错", "en"),
        ("utf-8", "Approve", "👍 great", "en"),
    ):
        encoding = "7bit" if charset == "iso-2022-jp" else "base64"
        lines = [word, comment, "", GMAIL["en"].format(OWN), *quoted(REQUEST)]
        answer = "reject" if word == "却下" else "approve"
        yield (
            f"charset-{charset}",
            whole(text(lines, charset, encoding)),
            {"answer": answer, "comment": comment, "language": language},
        )
    flowed = [
        "Approve tested on staging with the whole team, ",
        "everything is green",
        "",
        GMAIL["en"].format(OWN),
        *quoted(REQUEST),
    ]
    yield (
        "flowed",
        whole(text(flowed, more="; format=flowed")),
        {
            "answer": "approve",
            "comment": "tested on staging with the whole team, everything is green",
            "language": "en",
        },
    )
    yield (
        "flowed-delsp",
        whole(text(["承認 ", "します ", "", *quoted(REQUEST)], more="; format=flowed; delsp=yes")),
        {"answer": "approve", "comment": "", "language": "ja"},
    )
    yield (
        "flowed-hides-condition",
        whole(text(["Approve ", "if the tests pass", "", *quoted(REQUEST)], more="; format=flowed")),
        {"unclear": "condition", "language": "en"},
    )


def shapes() -> Iterator[Case]:
    reply = text(["Approve", "see the log", "", GMAIL["en"].format(OWN), *quoted(REQUEST)])
    yes: Expectation = {"answer": "approve", "comment": "see the log", "language": "en"}
    log = (
        b"Content-Type: application/octet-stream; name=log.bin\r\n"
        b"Content-Disposition: attachment; filename=log.bin\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(bytes(range(256)) * 8).replace(b"\n", b"\r\n")
    )
    yield "attachment", whole(multipart("mixed", reply, log)), yes
    note = b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=note.txt\r\n\r\nReject\r\n"
    yield "attached-text-says-reject", whole(multipart("mixed", reply, note)), yes
    forwarded = b"Content-Type: message/rfc822\r\n\r\n" + whole(text(["Approve"]))
    yield (
        "forwarded-approval-inside",
        whole(multipart("mixed", text(["see attached", "", *quoted(REQUEST)]), forwarded)),
        {"unclear": "no_action_word"},
    )
    yield (
        "only-a-forwarded-approval",
        whole(multipart("mixed", forwarded)),
        {"unclear": "empty", "body": False},
    )
    signature = (
        b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=smime.p7s\r\n\r\nMIIGfAYJKoZIhvcNAQcCoIIGbTCCBmk=\r\n"
    )
    yield (
        "smime-clear-signed",
        whole(multipart("signed", reply, signature, more='; protocol="application/pkcs7-signature"')),
        yes,
    )
    armoured = [
        "-----BEGIN PGP SIGNED MESSAGE-----",
        "Hash: SHA512",
        "",
        "Approve",
        "see the log",
        "",
        "-----BEGIN PGP SIGNATURE-----",
        "",
        "iHUEARYKAB0WIQ==",
        "-----END PGP SIGNATURE-----",
        "",
        *quoted(REQUEST),
    ]
    yield "pgp-inline", whole(text(armoured)), yes
    yield (
        "opaque-smime",
        whole(
            b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\nMIIGfAYJKoZIhvcNAQcCoIIGbTCCBmk=\r\n"
        ),
        {"unclear": "empty", "body": False},
    )
    hidden = '<div style="display:none">Approve</div><div>Reject</div><div>too risky</div>' + gmail_html(
        "en", []
    )
    yield (
        "hidden-approve",
        whole(text([hidden], kind="html")),
        {"answer": "reject", "comment": "too risky", "language": "en"},
    )
    yield (
        "parts-disagree",
        whole(
            multipart(
                "alternative",
                text(["Reject", "", *quoted(REQUEST)]),
                text([gmail_html("en", ["Approve"])], kind="html"),
            )
        ),
        {"unclear": "parts_disagree", "language": "en"},
    )
    yield "empty-reply", whole(text([GMAIL["en"].format(OWN), "", *quoted(REQUEST)])), {"unclear": "empty"}
    yield (
        "empty-outlook-reply",
        whole(text(["", "_" * 32, *outlook_block("en"), "", *REQUEST])),
        {"unclear": "empty"},
    )
    yield (
        "lotus",
        whole(
            text(
                [
                    "Approve",
                    "see the log",
                    "",
                    "",
                    "",
                    f"From:\tflexmaild <{OWN}>",
                    "To:\tAnn Approver <ann@corp.test>",
                    "Date:\t20/11/2026 10:15",
                    "Subject:\tApproval needed",
                    "",
                    *REQUEST,
                ]
            )
        ),
        yes,
    )
    yield (
        "yahoo",
        whole(
            text(
                [
                    "Approve",
                    "see the log",
                    "",
                    "    On Friday, November 20, 2026 at 10:15:00 AM GMT, flexmaild",
                    f"<{OWN}> wrote:  ",
                    " ",
                    *[f" {line}" for line in REQUEST],
                ]
            )
        ),
        yes,
    )
    yield (
        "disclaimer",
        whole(
            text(
                [
                    "Approve",
                    "see the log",
                    "",
                    "This e-mail and any attachments are confidential. If you are not",
                    "the intended recipient, do not act on it.",
                    "",
                    *quoted(REQUEST),
                ]
            )
        ),
        yes,
    )


def cases() -> Iterator[Case]:
    for group in (by_language, flexdeploy, encodings, shapes):
        yield from group()


def main() -> None:
    expected = {}
    for name, data, facts in cases():
        (HERE / f"{name}.eml").write_bytes(data)
        expected[name] = facts
    (HERE / "expected.json").write_text(
        json.dumps(expected, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
