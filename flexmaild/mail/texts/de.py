"""German."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str | tuple[str, ...]] = {
    "subject.request": "Genehmigung erbeten: {title}",
    "subject.reminder": "Erinnerung: Genehmigung erbeten: {title}",
    "subject.test": "Testmail von {product}",
    "subject.notification": "Benachrichtigung von {product}",
    # Lines above the title, and headings
    "lead.approval_request": "Ihre Genehmigung wird gebraucht",
    "lead.reminder": "Erinnerung: Ihre Genehmigung wird noch gebraucht",
    "lead.accepted.approve": "Ihre Genehmigung ist eingetragen",
    "lead.accepted.reject": "Ihre Ablehnung ist eingetragen",
    "lead.noted.approve": "Ihre Genehmigung ist vermerkt",
    "lead.noted.reject": "Ihre Ablehnung ist vermerkt",
    "lead.already_decided": "Darüber ist schon entschieden",
    "lead.expired": "Diese Anfrage ist abgelaufen",
    "lead.cancelled": "Diese Anfrage wurde zurückgezogen",
    "lead.unclear": "Ihre Antwort war nicht eindeutig",
    "lead.comment_needed": "Eine Ablehnung braucht hier eine Begründung",
    "lead.not_entitled": "Ihre Antwort wurde nicht gezählt",
    "lead.no_longer_needed": "Ihre Antwort wird nicht mehr gebraucht",
    "lead.notification": "Benachrichtigung",
    "lead.test": "Der Postausgang funktioniert",
    # Sentences
    "accepted.text": "Die Entscheidung ist gefallen und weitergegeben. Sie müssen nichts weiter tun.",
    "noted.text": "Die Anfrage ist noch offen: {noted} von {needed} Genehmigungen liegen vor. Bis zur"
    " Entscheidung können Sie Ihre Meinung ändern, indem Sie noch einmal antworten.",
    "already_decided.text": "Ihre Antwort kam nach der Entscheidung und ändert nichts mehr.",
    "already_decided.voice": "An Ihrer Stelle wurde schon eine Antwort gezählt; Ihre ändert daran nichts.",
    "expired.text": "Niemand hat rechtzeitig entschieden. Eine Antwort ist nicht mehr nötig und würde"
    " nicht mehr gezählt.",
    "cancelled.text": "Eine Antwort ist nicht mehr nötig und würde nicht mehr gezählt.",
    "unclear.text": "Es wurde nichts entschieden, die Anfrage ist weiter offen.",
    "comment_needed.text": "Ihre Ablehnung wurde nicht gezählt, weil diese Anfrage eine Begründung dazu"
    " verlangt.",
    "comment_needed.how": "Bitte antworten Sie noch einmal auf diese Mail: zuerst das Wort {reject}, dann"
    " die Begründung.",
    "not_entitled.text": "Sie gehören nicht zu den gefragten Personen, deshalb entscheidet Ihre Antwort"
    " nichts.",
    "no_longer_needed.text": "Die Anfrage wurde ohne Sie entschieden. Sie müssen nichts weiter tun.",
    "test.text": "Diese Mail hat {product} an {address} geschickt, um die Einstellungen für ausgehende"
    " Mails zu prüfen.",
    # How to answer
    "how.text": "Zum Entscheiden antworten Sie auf diese Mail und beginnen mit dem Wort {approve} oder"
    " dem Wort {reject}. Dahinter darf ein Kommentar stehen.",
    "how.html": "Beide Schaltflächen öffnen eine Antwort, die Sie nur noch absenden müssen. Sie können"
    " auch selbst auf diese Mail antworten: Beginnen Sie mit dem Wort {approve} oder {reject}, dahinter"
    " darf ein Kommentar stehen.",
    "how.private": "Diese Mail ist nur für Sie bestimmt. Antworten von anderen Adressen zählen nicht.",
    "how.on_behalf_of": "Sie werden in Vertretung von {address} gefragt.",
    "how.escalation": "Sie werden gefragt, weil bisher niemand anders entschieden hat.",
    "button.approve": "Anfrage genehmigen",
    "button.reject": "Anfrage ablehnen",
    # Why an answer was unclear
    "why.empty": "Über dem zitierten Text stand nichts.",
    "why.no_action_word": "Sie begann nicht mit dem Wort {approve} oder {reject}.",
    "why.both_words": "Sie enthielt beide Wörter, das genehmigende und das ablehnende.",
    "why.negated": "Sie enthielt eine Verneinung, etwa „nicht“.",
    "why.question": "Sie las sich wie eine Frage.",
    "why.condition": "Sie enthielt eine Bedingung oder eine Ausnahme.",
    "why.parts_disagree": "Ihr reiner Text und ihr formatierter Text sagten Verschiedenes.",
    "why.ambiguous": "Sie ließ sich auf mehr als eine Weise lesen.",
    "why.stray_characters": "Sie enthielt Zeichen, die wie Buchstaben aussehen, aber andere sind.",
    "why.too_long": "Ihre erste Zeile war zu lang.",
    "why.other": "Es war nicht klar, ob sie genehmigt oder ablehnt.",
    # Labels of the small table
    "label.requester": "Angefragt von",
    "label.until": "Antwort bis",
    "label.rule": "Nötig",
    "label.group": "Sie antworten für",
    "label.attachments": "Anlagen",
    "label.decision": "Entscheidung",
    "label.by": "Von",
    "label.at": "Am",
    "label.reason": "Grund",
    "label.comment": "Ihr Kommentar",
    "label.request": "Anfrage",
    "state.pending": "offen",
    "state.approved": "genehmigt",
    "state.rejected": "abgelehnt",
    "state.expired": "abgelaufen",
    "state.cancelled": "zurückgezogen",
    "rule.any": "eine Genehmigung",
    "rule.all": "die Genehmigung aller Gefragten",
    "rule.each_group": "eine Genehmigung aus jeder Gruppe",
    "rule.number": ("{n} Genehmigung", "{n} Genehmigungen"),
    "in.days": ("in {n} Tag", "in {n} Tagen"),
    "in.hours": ("in {n} Stunde", "in {n} Stunden"),
    "in.minutes": ("in {n} Minute", "in {n} Minuten"),
    # Below everything
    "foot.sent": "Von {product} an {address} gesendet.",
    "foot.reference": "Bitte lassen Sie diese Zeile in Ihrer Antwort stehen.",
}
