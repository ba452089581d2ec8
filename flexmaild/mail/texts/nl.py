"""Dutch."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str | tuple[str, ...]] = {
    "subject.request": "Goedkeuring gevraagd: {title}",
    "subject.reminder": "Herinnering: goedkeuring gevraagd: {title}",
    "subject.test": "Testbericht van {product}",
    "subject.notification": "Melding van {product}",
    # Lines above the title, and headings
    "lead.approval_request": "Uw goedkeuring is nodig",
    "lead.reminder": "Herinnering: uw goedkeuring is nog nodig",
    "lead.accepted.approve": "Uw goedkeuring is vastgelegd",
    "lead.accepted.reject": "Uw afwijzing is vastgelegd",
    "lead.noted.approve": "Uw goedkeuring is genoteerd",
    "lead.noted.reject": "Uw afwijzing is genoteerd",
    "lead.already_decided": "Hierover is al beslist",
    "lead.expired": "Dit verzoek is verlopen",
    "lead.cancelled": "Dit verzoek is ingetrokken",
    "lead.unclear": "Uw antwoord was niet duidelijk",
    "lead.comment_needed": "Een afwijzing heeft hier een reden nodig",
    "lead.not_entitled": "Uw antwoord is niet meegeteld",
    "lead.no_longer_needed": "Uw antwoord is niet meer nodig",
    "lead.notification": "Melding",
    "lead.test": "De uitgaande mail werkt",
    # Sentences
    "accepted.text": "De beslissing is genomen en doorgegeven. U hoeft niets meer te doen.",
    "noted.text": "Het verzoek staat nog open: {noted} van de {needed} goedkeuringen zijn binnen. Tot de"
    " beslissing kunt u van mening veranderen door opnieuw te antwoorden.",
    "already_decided.text": "Uw antwoord kwam na de beslissing en verandert niets meer.",
    "already_decided.voice": "Er was in uw plaats al een antwoord geteld; het uwe verandert daar niets aan.",
    "expired.text": "Niemand heeft op tijd beslist. Een antwoord is niet meer nodig en wordt niet meer"
    " geteld.",
    "cancelled.text": "Een antwoord is niet meer nodig en wordt niet meer geteld.",
    "unclear.text": "Er is niets beslist en het verzoek staat nog open.",
    "comment_needed.text": "Uw afwijzing is niet meegeteld, omdat dit verzoek om een reden vraagt.",
    "comment_needed.how": "Antwoord nogmaals op deze mail: eerst het woord {reject}, dan de reden.",
    "not_entitled.text": "U bent niet een van de gevraagde personen; uw antwoord beslist daarom niets.",
    "no_longer_needed.text": "Het verzoek is zonder u beslist. U hoeft niets meer te doen.",
    "test.text": "Deze mail is door {product} aan {address} gestuurd om de instellingen voor uitgaande"
    " mail te testen.",
    # How to answer
    "how.text": "Om te beslissen antwoordt u op deze mail en begint u met het woord {approve} of het"
    " woord {reject}. Daarachter mag een opmerking staan.",
    "how.html": "Beide knoppen openen een antwoord dat u alleen nog hoeft te verzenden. U kunt ook zelf"
    " op deze mail antwoorden: begin met het woord {approve} of {reject} en voeg desgewenst een opmerking"
    " toe.",
    "how.private": "Deze mail is alleen voor u bestemd. Antwoorden van andere adressen tellen niet.",
    "how.on_behalf_of": "U wordt gevraagd namens {address}.",
    "how.escalation": "U wordt gevraagd omdat nog niemand anders heeft beslist.",
    "button.approve": "Verzoek goedkeuren",
    "button.reject": "Verzoek afwijzen",
    # Why an answer was unclear
    "why.empty": "Er stond geen tekst boven de geciteerde mail.",
    "why.no_action_word": "Het begon niet met het woord {approve} of {reject}.",
    "why.both_words": "Het bevatte beide woorden, dat voor goedkeuren en dat voor afwijzen.",
    "why.negated": "Het bevatte een ontkenning, zoals ‘niet’.",
    "why.question": "Het las als een vraag.",
    "why.condition": "Het bevatte een voorwaarde of een uitzondering.",
    "why.parts_disagree": "De platte tekst en de opgemaakte tekst zeiden verschillende dingen.",
    "why.ambiguous": "Het kon op meer dan één manier worden gelezen.",
    "why.stray_characters": "Het bevatte tekens die op letters lijken maar andere zijn.",
    "why.too_long": "De eerste regel was te lang.",
    "why.other": "Het was niet duidelijk of het goedkeurt of afwijst.",
    # Labels of the small table
    "label.requester": "Gevraagd door",
    "label.until": "Antwoord vóór",
    "label.rule": "Nodig",
    "label.group": "U antwoordt voor",
    "label.attachments": "Bijlagen",
    "label.decision": "Beslissing",
    "label.by": "Door",
    "label.at": "Op",
    "label.reason": "Reden",
    "label.comment": "Uw opmerking",
    "label.request": "Verzoek",
    "state.pending": "open",
    "state.approved": "goedgekeurd",
    "state.rejected": "afgewezen",
    "state.expired": "verlopen",
    "state.cancelled": "ingetrokken",
    "rule.any": "één goedkeuring",
    "rule.all": "goedkeuring van alle gevraagden",
    "rule.each_group": "één goedkeuring uit elke groep",
    "rule.number": ("{n} goedkeuring", "{n} goedkeuringen"),
    "in.days": ("over {n} dag", "over {n} dagen"),
    "in.hours": ("over {n} uur", "over {n} uur"),
    "in.minutes": ("over {n} minuut", "over {n} minuten"),
    # Below everything
    "foot.sent": "Verzonden door {product} aan {address}.",
    "foot.reference": "Laat deze regel in uw antwoord staan.",
}
