"""Replies of this suite that are not read as they should be, and why; one that is has to leave this list.

Nobody's doubt is among them. "undecided": the writer is asked again; "untidy": decided, and a line of a
program or a gateway stays in the comment; "LOST": a word is missing from the comment of a rejection.
"""

_WEEKDAY = "a banner parts the attribution, whose weekday may be a term, from the quote"
_TITLE = "the title of the page, which this suite's request has, stays in the comment"

REPLIES = {
    "button-iphone-glued.pre.plain.es": "the phone's line is glued to our last one",
    "gmx.plain.plain.en.banner-seldom": "a line of the banner that is not known stays in the comment",
    "horde.quote-start.rejection.en": "the first word of the reason stands at the start of a quoted line",
    "notes-block-html.plain.plain.en.banner": "a rule of the banner stays in the comment",
    "notes-block-html.plain.plain.en.banner-de": "a rule of the banner stays in the comment",
    "notes-block-html.plain.plain.en.banner-seldom": "a rule of the banner stays in the comment",
    "outlook-ios-no-header.plain.plain.en.banner": "a banner within a quote without any header",
    "outlook-ios-no-header.plain.plain.en.banner-de": "a banner within a quote without any header",
    "outlook-ios-no-header.plain.plain.en.banner-seldom": "a banner within a quote without any header",
    "s-nail.plain.plain.en.banner": "a banner within a quote that is only indented",
    "s-nail.plain.plain.en.banner-de": "a banner within a quote that is only indented",
    "s-nail.plain.plain.en.banner-seldom": "a banner within a quote that is only indented",
    "thunderbird-bare.plain.plain.de": _TITLE,
    "thunderbird-bare.plain.plain.en.cut": _TITLE,
    "thunderbird-bare.plain.plain.es": _TITLE,
    "thunderbird-bare.plain.plain.fr": _TITLE,
    "thunderbird-bare.plain.plain.it": _TITLE,
    "thunderbird-bare.plain.plain.ja": _TITLE,
    "thunderbird-bare.plain.plain.ja-en": _TITLE,
    "thunderbird-bare.plain.plain.nl": _TITLE,
    "thunderbird-bare.plain.plain.pl": _TITLE,
    "thunderbird-bare.plain.plain.pt": _TITLE,
    "thunderbird-html.plain.plain.de": _TITLE,
    "thunderbird-html.plain.plain.en.cut": _TITLE,
    "thunderbird-html.plain.plain.es": _TITLE,
    "thunderbird-html.plain.plain.fr": _TITLE,
    "thunderbird-html.plain.plain.it": _TITLE,
    "thunderbird-html.plain.plain.ja": _TITLE,
    "thunderbird-html.plain.plain.nl": _TITLE,
    "thunderbird-html.plain.plain.pl": _TITLE,
    "thunderbird-html.plain.plain.pt": _TITLE,
    "thunderbird-html.plain.plain.pt-en": _TITLE,
    "thunderbird-signature-below.plain.plain.de": _TITLE,
    "thunderbird-signature-below.plain.plain.en.cut": _TITLE,
    "thunderbird-signature-below.plain.plain.es": _TITLE,
    "thunderbird-signature-below.plain.plain.fr": _TITLE,
    "thunderbird-signature-below.plain.plain.it": _TITLE,
    "thunderbird-signature-below.plain.plain.ja": _TITLE,
    "thunderbird-signature-below.plain.plain.nl": _TITLE,
    "thunderbird-signature-below.plain.plain.pl": _TITLE,
    "thunderbird-signature-below.plain.plain.pt": _TITLE,
    "thunderbird-signature-below.plain.plain.pt-en": _TITLE,
    "yahoo-android.plain.plain.en.banner": _WEEKDAY,
    "yahoo-android.plain.plain.en.banner-de": _WEEKDAY,
    "yahoo-android.plain.plain.en.banner-seldom": _WEEKDAY,
}

ITEMS = {
    "A client's translation of our mail is quoted: not our words, nor hers": "decides with it in the comment",
    "A list's footer within the quote": "decides, with the footer in the comment",
    "The whole body is in the mail twice": "decides, with the second answer in the comment",
    "A quoted line struck out": "that a line was struck out is not seen in a quote",
    "The draft sent with our two lines deleted but for the reference": "the reference was cut",
    "Ruby above the letters of a refusal": "the letters and their reading are read one after the other",
    "A doubt that may be invisible is a doubt": "a condition of size 0 is not read",
}
