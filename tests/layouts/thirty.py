"""Further ways in which reading a reply could fail, one mail each.

Found by asking of each promise of the contract which real program, gateway or habit could
make it untrue. An `Item` says what may come of its mail:

* DECIDES: this answer, with this comment (None: any)
* UNDECIDED: nothing is decided
* KEPT: undecided, or decided with the sentence in the comment
* CLEAN: undecided, or decided with no word in the comment that the person did not type
"""

from collections.abc import Callable
from dataclasses import dataclass

from flexmaild.core.model import MailKind
from tests.layouts.adapter import Read, read
from tests.layouts.expectations import squeezed
from tests.layouts.mime import CRLF, alternative, escape, mail, multipart, part
from tests.layouts.model import Original
from tests.layouts.request import REFERENCE, TEXT, request

DECIDES, UNDECIDED, KEPT, CLEAN = "decides", "undecided", "kept", "clean"
DOUBT = "not before Tuesday"
WROTE = "On Fri, Nov 20, 2026 at 10:15 AM flexmaild <approvals@corp.test> wrote:"
OTHER = "FM1-" + "ZYXWVUTSRQPONMLKJIHGFEDCBA765432ZYXWVUTSRQPON"
Make = Callable[[Original], bytes]


@dataclass(frozen=True, slots=True)
class Item:
    title: str
    make: Make
    expects: str
    answer: str = "approve"
    says: str | None = None
    asked: tuple[bytes, ...] = ()
    quotes: tuple[str, ...] = ()

    @property
    def mails(self) -> tuple[bytes, ...]:
        return self.asked or (request(),)

    def reply(self) -> bytes:
        return self.make(Original.of(self.mails[0]))

    def fault(self) -> str:
        """What is wrong with how the reader takes it; "" for nothing."""
        said: Read = read(self.reply(), *self.mails, quotes=self.quotes)
        answer, _, comment = said
        mine = squeezed(self.says or "")
        if self.expects == UNDECIDED:
            fine = answer is None
        elif self.expects == KEPT:
            fine = answer is None or (answer == self.answer and mine in squeezed(comment))
        elif self.expects == CLEAN:
            fine = answer is None or (answer == self.answer and squeezed(comment) == mine)
        else:
            fine = answer == self.answer and (self.says is None or squeezed(comment) == mine)
        wanted = self.expects if self.expects == UNDECIDED else f"{self.expects} {self.answer} {self.says!r}"
        return "" if fine else f"{said} instead of {wanted}"


# ------------------------------------------------------------------------------------------------ builders


def marked(original: Original) -> list[str]:
    return [f"> {line}".rstrip() for line in original.text]


def text(*lines: str, quote: bool = True, below: tuple[str, ...] = (), **how: str) -> Make:
    """A plain reply: typed lines, the usual quote, typed lines below."""

    def make(original: Original) -> bytes:
        rows = [*lines, ""]
        if quote:
            rows += [WROTE, "", *marked(original), *below, ""]
        return mail(original, part("\n".join(rows), **how))  # type: ignore[arg-type]

    return make


def changed(change: Callable[[list[str]], list[str]], top: str = "Approve") -> Make:
    """A plain reply whose quoted lines somebody has worked on."""

    def make(original: Original) -> bytes:
        return mail(original, part("\n".join([top, "", WROTE, "", *change(marked(original)), ""])))

    return make


def page(typed: str, end: str = "", inside: Callable[[str], str] = str) -> Make:
    """An HTML-only reply with a quote as Gmail writes it. end: below all."""

    def make(original: Original) -> bytes:
        quote = (
            f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{inside(original.body)}</blockquote>'
        )
        attr = f'<div class="gmail_attr">{escape(WROTE)}<br></div>'
        return mail(
            original,
            part(
                f'<div dir="ltr">{typed}</div><br><div class="gmail_quote">{attr}{quote}</div>{end}', "html"
            ),
        )

    return make


def both(plain: str, html: str) -> Make:
    """Both parts, with the usual quotes."""

    def make(original: Original) -> bytes:
        quote = f'<blockquote type="cite">{original.body}</blockquote>'
        shown = "\n".join([plain, "", WROTE, "", *marked(original), ""])
        return mail(original, alternative(shown, f"<div>{html}</div><div>{escape(WROTE)}</div>{quote}"))

    return make


def raw(body: bytes, kind: str = "plain", charset: str = "utf-8", encoding: str = "8bit") -> Make:
    head = (
        f"Content-Type: text/{kind}; charset={charset}{CRLF}Content-Transfer-Encoding: {encoding}{CRLF}{CRLF}"
    )
    return lambda original: mail(original, head.encode() + body)


def swapped(old: str, new: str) -> Callable[[list[str]], list[str]]:
    return lambda rows: [row.replace(old, new) for row in rows]


def beside(*parts: Callable[[Original], bytes], kind: str = "mixed", more: str = "") -> Make:
    return lambda original: mail(original, multipart(kind, *(each(original) for each in parts), more=more))


def _answer(*lines: str) -> Callable[[Original], bytes]:
    return lambda original: part("\n".join([*lines, "", WROTE, "", *marked(original), ""]))


def _piece(content: str, kind: str = "plain") -> Callable[[Original], bytes]:
    return lambda original: part(content, kind)


def _block(name: str, address: str) -> list[str]:
    return [f"From: {name} <{address}>", "Sent: Friday, November 20, 2026 11:40 AM", "To: Ann Approver "
    "<ann@corp.test>",
            "Subject: RE: Approval needed"]  # fmt: skip


def _forwarded_answer(original: Original) -> bytes:
    """Ann sends on what Bob wrote to her about our mail."""
    rows = ["Approve", "", "_" * 32, *_block("Bob", "bob@corp.test"), "", f"Go ahead, {DOUBT}", "", "_" * 32,
            *_block("flexmaild", "approvals@corp.test"), "", *original.text]  # fmt: skip
    return mail(original, part("\n".join(rows)))


def _own_earlier(original: Original) -> bytes:
    rows = ["Approve", "", "On Fri, Nov 20, 2026 at 11:01 AM Ann Approver <ann@corp.test> wrote:",
            f"> Approve, {DOUBT}", ">", f"> {WROTE}",
            *(f">> {line}".rstrip() for line in original.text)]  # fmt: skip
    return mail(original, part("\n".join(rows)))


def _twice(second: str) -> Make:
    def make(original: Original) -> bytes:
        once = ["Approve", "", WROTE, "", *marked(original), ""]
        return mail(original, part("\n".join([*once, *([second] if second else []), *once])))

    return make


def _two_requests(original: Original) -> bytes:
    other = [line.replace(REFERENCE, OTHER).replace("2.3.1", "2.4.0") for line in marked(original)]
    return mail(
        original, part("\n".join(["Approve", "", WROTE, "", *marked(original), "", WROTE, "", *other, ""]))
    )


def _other_request(original: Original) -> bytes:
    other = [line.replace(REFERENCE, OTHER) for line in marked(original)]
    return mail(original, part("\n".join(["Approve", "", WROTE, "", *other, ""])))


def _draft_and_quote(extra: str = "") -> Make:
    def make(original: Original) -> bytes:
        rows = [*original.drafts[0][:-1], *([extra] if extra else []), "", WROTE, "", *marked(original), ""]
        return mail(original, part("\n".join(rows)))

    return make


def _draft(change: Callable[[list[str]], list[str]], subject: str = "") -> Make:
    def make(original: Original) -> bytes:
        rows = change(list(original.drafts[0]))
        return mail(original, part("\n".join(rows)), threaded=False, subject=subject)

    return make


def _both_drafts(original: Original) -> bytes:
    return mail(original, part("\n".join([*original.drafts[0], *original.drafts[1]])), threaded=False)


def _subject(change: str) -> Make:
    def make(original: Original) -> bytes:
        content = part("\n".join(["Approve", "", WROTE, "", *marked(original), ""]))
        return mail(original, content, subject=f"Re: {original.subject}{change}")

    return make


def _signed(*lines: str, below: tuple[str, ...] = ()) -> Make:
    armour = ["-----BEGIN PGP SIGNED MESSAGE-----", "Hash: SHA512", "", *lines, "-----BEGIN PGP "
    "SIGNATURE-----", "",
              "iHUEARYKAB0WIQTMadeUpForThisTestOnly", "-----END PGP SIGNATURE-----", *below]  # fmt: skip
    return text(*armour)


def _wrapped_reference(original: Original) -> bytes:
    """The quoted-printable writer breaks the reference and a letter of two bytes."""
    body = "\n".join(["Approve", "für alle", "", WROTE, "", *marked(original)]).encode()
    body = (
        body.replace(b"=", b"=3D")
        .replace(b"\xc3\xbc", b"=C3=\r\n=BC")
        .replace(REFERENCE[:20].encode(), REFERENCE[:20].encode() + b"=\r\n")
    )
    return raw(body.replace(b"\n", b"\r\n").replace(b"\r\r", b"\r"), encoding="quoted-printable")(original)


def _smime_and_footer(*footer: str) -> Make:
    signature = (
        b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=smime.p7s\r\n\r\nMIIGfAYJKoZIhvcNAQcCoIIGbTCCBmk=\r\n"
    )

    def make(original: Original) -> bytes:
        inner = multipart(
            "signed", _answer("Approve")(original), signature, mark="signed-1",
            more='; protocol="application/pkcs7-signature"; micalg=sha-256',
        )  # fmt: skip
        return mail(original, multipart("mixed", inner, *map(part, footer), mark="mixed-1"))

    return make


def _translated(extra: str = "") -> Make:
    german = ["Ihre Freigabe wird gebraucht", "", "Abrechnung 2.3.1 in Produktion bringen", "",
              "Alle Tests sind bestanden.", "Die alte Version bleibt installiert.",
              *([extra] if extra else []), f"Referenz {REFERENCE}"]  # fmt: skip
    rows = [f"> {line}".rstrip() for line in german]
    return lambda original: mail(original, part("\n".join(["Approve", "", WROTE, "", *rows, ""])))


def _middle_only(original: Original) -> bytes:
    rows = [row for row in marked(original) if "tests" in row or "rounding" in row]
    return mail(original, part("\n".join(["Approve", "", WROTE, *rows, ""])))


def _far_below(gap: str, times: int) -> Make:
    return lambda original: mail(
        original,
        part(
            "\n".join(["Approve", "", WROTE, "", *marked(original)]) + gap * times + f"\n{DOUBT}\n",
            encoding="8bit",
        ),
    )


_TRICKY = (
    "On Monday, Carol <carol@corp.test> wrote:\n> Approve\n> but not before Tuesday\n\nFrom: Carol "
    "<carol@corp.test>\n"
    "Sent: Monday\nSubject: not ready yet\n\n-- \nThe build "
    "system\n\n________________________________\nRejected builds: none"
)
_SAYS = "rollback plan read, thanks"
_WITH_SENTENCE = TEXT + f"\n\n{_SAYS}"

# ------------------------------------------------------------------------------------------------ the list

ITEMS: tuple[Item, ...] = (
    # Programs and gateways that add, wrap or turn text over
    Item("A client's translation of our mail is quoted: not our words, nor hers", _translated(), CLEAN),
    Item("A doubt typed into the translated quote", _translated(DOUBT), UNDECIDED),
    Item(
        "A writing assistant's line below the answer",
        text("Approve", "", "AI-generated content may be incorrect"),
        KEPT,
        says="AI-generated content may be incorrect",
    ),
    Item(
        "A summary put above the answer by the program",
        text("Summary: Ann approves, but only from Tuesday on.", "", "Approve"),
        UNDECIDED,
    ),
    Item("A chat bridge writes for a person", text("Ann Approver in #deployments: Approve"), UNDECIDED),
    Item(
        "A ticket system's own reply marker, a doubt below it",
        text("Approve", "", "##- Please type your reply above this line -##", "", DOUBT),
        UNDECIDED,
    ),
    Item(
        "A ticket system's marker in other words, a doubt below it",
        text("Approve", "", "--- Reply above this line ---", "", DOUBT),
        UNDECIDED,
    ),
    Item(
        "Text taken from a picture leaves an object character",
        text("Approve \ufffc", f"\ufffc {DOUBT}"),
        UNDECIDED,
    ),
    Item("Dictated punctuation", text("Approve comma but only after the backup period"), UNDECIDED),
    Item("Dictated line end", text(f"Approve new line {DOUBT}"), UNDECIDED),
    Item(
        "A list's footer beside the signed part",
        _smime_and_footer("_______\nops mailing list\nhttps://lists.corp.test/ops"),
        DECIDES,
    ),
    Item("A doubt as a further part beside the signed part", _smime_and_footer(DOUBT), UNDECIDED),
    Item(
        "A list's footer within the quote",
        changed(lambda rows: [*rows, "> " + "_" * 47, "> ops mailing list", "> https://lists.corp.test/ops"]),
        CLEAN,
    ),
    Item(
        "Quoted-printable breaks within our reference and within a letter",
        _wrapped_reference,
        DECIDES,
        says="für alle",
    ),
    Item(
        "The end of the quote is clipped by the program",
        changed(lambda rows: [*rows[:12], "> ...", "> [Message clipped]  View entire message"]),
        CLEAN,
    ),
    Item(
        "A doubt below a hidden quote",
        text("Approve", "", WROTE, "[Quoted text hidden]", "", DOUBT, quote=False),
        UNDECIDED,
    ),
    Item(
        "mbox quoting marks a typed line", text("Approve", ">From Tuesday on, please not earlier"), UNDECIDED
    ),
    Item(
        "An appended second page of HTML holds typed text",
        page("Approve", "</body></html><html><body><p>not before Tuesday</p></body></html>"),
        UNDECIDED,
    ),
    Item(
        "Typed text behind the end of the page",
        page("Approve", "</body></html>\n<p>not before Tuesday</p>"),
        UNDECIDED,
    ),
    Item("The whole body is in the mail twice", _twice(""), CLEAN),
    Item("The whole body is in the mail twice, a doubt between", _twice(DOUBT), UNDECIDED),
    Item(
        "A part for watches says more than the others",
        beside(_answer("Approve"), _piece(f"<p>Approve {DOUBT}</p>", "watch-html"), kind="alternative"),
        UNDECIDED,
    ),
    Item(
        "An enriched part says more than the plain one",
        beside(
            _answer("Approve"), _piece(f"<bold>Approve</bold>\n\n{DOUBT}", "enriched"), kind="alternative"
        ),
        UNDECIDED,
    ),
    Item(
        "Related parts in reverse: the root is the second",
        beside(
            _piece(f"<p>Approve, {DOUBT}</p>", "html"),
            _piece("<p>Approve</p>", "html"),
            kind="related",
            more='; type="text/html"; start="<none@corp.test>"',
        ),
        UNDECIDED,
    ),
    # Whose words they are
    Item("A colleague's conditional answer is sent on under the word", _forwarded_answer, UNDECIDED),
    Item("Her own earlier condition is quoted below the word", _own_earlier, KEPT, says=DOUBT),
    Item(
        "Two of our requests in one quote",
        _two_requests,
        UNDECIDED,
        asked=(request(), request(reference=OTHER)),
    ),
    Item(
        "The quote is of another request than the thread",
        _other_request,
        UNDECIDED,
        asked=(request(), request(reference=OTHER)),
    ),
    Item(
        "An answer to the reminder, which has the request in it",
        text("Approve"),
        DECIDES,
        says="",
        asked=(request(kind=MailKind.REMINDER), request()),
    ),
    Item(
        "An answer to the explanation",
        text("Approve"),
        DECIDES,
        says="",
        asked=(request(kind=MailKind.UNCLEAR), request()),
    ),
    Item(
        "An answer to the explanation with a doubt below its quote",
        text("Approve", below=("", DOUBT)),
        UNDECIDED,
        asked=(request(kind=MailKind.UNCLEAR), request()),
    ),
    Item(
        "A rejection that quotes a confirmation with her own comment in it",
        text("Reject"),
        DECIDES,
        answer="reject",
        says="",
        asked=(request(kind=MailKind.ACCEPTED, comment=DOUBT), request()),
        quotes=(DOUBT,),
    ),
    Item(
        "The request itself holds attributions, headers, a signature and words",
        text("Approve"),
        DECIDES,
        says="",
        asked=(request(text=_TRICKY),),
    ),
    Item(
        "The request holds all that, and a doubt stands below the quote",
        text("Approve", below=("", DOUBT)),
        UNDECIDED,
        asked=(request(text=_TRICKY),),
    ),
    Item(
        "She types a sentence of the request again, outside the quote",
        text("Approve", _SAYS),
        DECIDES,
        says=_SAYS,
        asked=(request(text=_WITH_SENTENCE),),
    ),
    Item(
        "She types a sentence of the request again, below the quote",
        text("Approve", below=("", _SAYS)),
        KEPT,
        says=_SAYS,
        asked=(request(text=_WITH_SENTENCE),),
    ),
    Item(
        "She types our own promise back as a condition",
        text("Approve", "The old version stays installed."),
        KEPT,
        says="The old version stays installed.",
    ),
    # Our quoted words worked on
    Item(
        "One word put into a quoted sentence",
        changed(swapped("stays installed", "stays not installed")),
        UNDECIDED,
    ),
    Item(
        "One word taken out of a quoted sentence",
        changed(swapped("The old version stays", "The version stays")),
        UNDECIDED,
    ),
    Item(
        "A number changed in a quoted table",
        page("Approve", inside=lambda body: body.replace(">2.3.1<", ">2.3.0<")),
        UNDECIDED,
    ),
    Item(
        "A quoted line struck out",
        page(
            "Approve",
            inside=lambda body: body.replace(
                "The old version stays installed.", "<s>The old version stays installed.</s>"
            ),
        ),
        UNDECIDED,
    ),
    Item(
        "A quoted line moved above the word and answered",
        text("> The old version stays installed.", "No, please remove it.", "", "Approve"),
        UNDECIDED,
    ),
    Item("Only the middle of our mail is quoted, as marked by hand", _middle_only, DECIDES, says=""),
    Item(
        "A footnote: its mark on top, its text below the quote",
        text("Approve [1]", below=("", f"[1] {DOUBT}")),
        UNDECIDED,
    ),
    Item(
        "A postscript below the signature",
        text("Approve", "", "-- ", "Ann", "Operations", "", f"PS: {DOUBT}"),
        UNDECIDED,
    ),
    # The opened draft
    Item(
        "A remark added to the subject of the opened draft",
        _draft(list, f"Re: Approval needed: Deploy billing 2.3.1 to production - {DOUBT}"),
        UNDECIDED,
    ),
    Item("A remark added to the subject of a reply", _subject(f" ({DOUBT})"), UNDECIDED),
    Item("A gateway's tag in the subject", _subject(" [checked]"), DECIDES, says=""),
    Item(
        "A condition typed into the brackets of the hint",
        _draft(lambda rows: [row.replace("[Approve]", f"[Approve, {DOUBT}]") for row in rows]),
        UNDECIDED,
    ),
    Item(
        "The guard's negation edited into a remark",
        _draft(
            lambda rows: [
                row.replace("DO NOT modify below", "DO NOT deploy before Tuesday below") for row in rows
            ]
        ),
        UNDECIDED,
    ),
    Item("Both drafts pasted into one answer", _both_drafts, UNDECIDED),
    Item("The draft above a full quote", _draft_and_quote(), DECIDES, says=""),
    Item("The draft above a full quote, a doubt between", _draft_and_quote(DOUBT), UNDECIDED),
    Item(
        "The draft sent with our two lines deleted but for the reference",
        _draft(lambda rows: [rows[0], rows[-2]]),
        DECIDES,
        says="",
    ),
    # How people write
    Item("A numbered list", text("1. Approve", f"2. {DOUBT}"), UNDECIDED),
    Item("An HTML list", page(f"<ol><li>Approve</li><li>{DOUBT}</li></ol>"), UNDECIDED),
    Item(
        "A table drawn with bars",
        text(
            "Approve",
            "+---------+--------------------+",
            f"| billing | {DOUBT} |",
            "+---------+--------------------+",
        ),
        UNDECIDED,
    ),
    Item("Bars around an afterthought", text(f"Approve | {DOUBT} |"), UNDECIDED),
    Item(
        "A pasted table",
        page(
            "Approve<table border=1><tr><td>billing</td><td>yes</td></tr><tr><td>database</td><td>not "
            "yet</td></tr></table>"
        ),
        UNDECIDED,
    ),
    Item("A fenced block", text("Approve", "```", "if tests fail: stop", "```"), UNDECIDED),
    Item("A tab between word and condition", text("Approve\tbut not the database"), UNDECIDED),
    Item("No-break blanks throughout", text(f"Approve\xa0{DOUBT.replace(' ', chr(0xA0))}"), UNDECIDED),
    Item("A quantity", text("Approve 50% of the hosts"), KEPT, says="50% of the hosts"),
    Item("Both words as a form would have them", text("Approve / Reject"), UNDECIDED),
    Item("A mobile line carried on", text("Approve", "", f"Sent from my iPhone, so {DOUBT}"), UNDECIDED),
    Item(
        "A typed line that looks like a header",
        text("Approve", "Subject: to the change board's consent"),
        KEPT,
        says="to the change board's consent",
    ),
    Item("A typed label of a date", text("Approve", "Date: not before Tuesday"), UNDECIDED),
    Item("A dash that is no signature", text("Approve", f"-- {DOUBT}"), UNDECIDED),
    Item("Emoji shortcode of a thumb down", text("Approve :thumbsdown:"), UNDECIDED),
    Item("A gesture that says no", text("Approve \U0001f645\u200d\u2640\ufe0f"), UNDECIDED),
    Item("Old control characters as line ends", text("Approve\x0bnot before\x0cTuesday"), UNDECIDED),
    Item("A next-line character as line end", text("Approve\x85not before Tuesday"), UNDECIDED),
    Item("A NUL before the condition", raw(b"Approve\x00not before Tuesday\r\n"), UNDECIDED),
    Item("Text turned round by an override", text("Approve \u202eyadseuT erofeb ton\u202c"), UNDECIDED),
    Item(
        "Right-to-left text in no list",
        text("Approve", "\u200fלא לפני יום שלישי\u200f"),
        KEPT,
        says="לא לפני יום שלישי",
    ),
    # How pages are written
    Item(
        "Smart tags of Word around the words",
        page(
            '<p class="MsoNormal">Approve, <st1:place w:st="on">not</st1:place> before '
            "<st1:date>Tuesday</st1:date></p>"
        ),
        UNDECIDED,
    ),
    Item(
        "A word in several spans",
        page("Approve <span>n</span><b>o</b><span>t</span> before Tuesday"),
        UNDECIDED,
    ),
    Item(
        "Ruby above the letters of a refusal",
        page("承認 <ruby>不<rt>ふ</rt></ruby><ruby>可<rt>か</rt></ruby>"),
        UNDECIDED,
    ),
    Item("A raised footnote mark", page("Approve<sup>1</sup>", f"<p><sup>1</sup> {DOUBT}</p>"), UNDECIDED),
    Item("A struck-out doubt is not written", page(f"Approve <s>{DOUBT}</s>"), DECIDES, says=""),
    Item(
        "A struck-out word is not written",
        page("<s>Approve</s> Reject, sorry"),
        DECIDES,
        answer="reject",
        says=None,
    ),
    Item(
        "The text part cannot show that it is struck out",
        both(f"Approve {DOUBT}", f"Approve <s>{DOUBT}</s>"),
        UNDECIDED,
    ),
    Item(
        "Typed text for programs other than Word",
        page("Approve<!--[if !mso]><!--><p>not before Tuesday</p><!--<![endif]-->"),
        UNDECIDED,
    ),
    Item(
        "Typed text in a downlevel-revealed comment",
        page("Approve<![if !mso]><p>not before Tuesday</p><![endif]>"),
        UNDECIDED,
    ),
    Item("An empty comment swallows nothing", page("Approve<!--><p>not before Tuesday</p>"), UNDECIDED),
    Item(
        "Text for pages without scripts",
        page("Approve<noscript><p>not before Tuesday</p></noscript>"),
        UNDECIDED,
    ),
    Item(
        "Text in a form's field",
        page('Approve<br><textarea rows="2">not before Tuesday</textarea>'),
        UNDECIDED,
    ),
    Item(
        "A doubt that may be invisible is a doubt",
        page('Approve<div style="font-size:0;color:#fff">not before Tuesday</div>'),
        UNDECIDED,
    ),
    Item(
        "A word that may be invisible decides nothing",
        page('<div style="font-size:0;color:#fff">Approve</div><div>see you</div>'),
        UNDECIDED,
    ),
    Item(
        "A closed disclosure",
        page("Approve<details><summary>more</summary>not before Tuesday</details>"),
        UNDECIDED,
    ),
    # Signatures of PGP
    Item("Text below the signed text", _signed("Approve", below=("", DOUBT)), UNDECIDED),
    Item("A dash-escaped doubt in the signed text", _signed("Approve", f"- - {DOUBT}"), UNDECIDED),
    Item(
        "A dash-escaped signature in the signed text",
        _signed("Approve", "", "- -- ", "Ann Approver", "Operations"),
        DECIDES,
        says="",
    ),
    # Charsets and limits
    Item(
        "UTF-7 that hides a word",
        raw(b"Approve +AG4AbwB0- before Tuesday\r\n", charset="utf-7", encoding="7bit"),
        UNDECIDED,
    ),
    Item("A doubt below many blank lines", _far_below("\n", 30_000), UNDECIDED),
    Item("A doubt below much white space on one line", _far_below(" ", 300_000), UNDECIDED),
    Item(
        "A doubt deep in nested elements", page(f"Approve{'<div>' * 3000}{DOUBT}{'</div>' * 3000}"), UNDECIDED
    ),
)
