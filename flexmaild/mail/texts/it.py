"""Italian."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str | tuple[str, ...]] = {
    "subject.request": "Approvazione richiesta: {title}",
    "subject.reminder": "Promemoria: approvazione richiesta: {title}",
    "subject.test": "Messaggio di prova di {product}",
    "subject.notification": "Notifica di {product}",
    # Lines above the title, and headings
    "lead.approval_request": "È richiesta la sua approvazione",
    "lead.reminder": "Promemoria: si attende ancora la sua approvazione",
    "lead.accepted.approve": "La sua approvazione è registrata",
    "lead.accepted.reject": "Il suo rifiuto è registrato",
    "lead.noted.approve": "La sua approvazione è stata annotata",
    "lead.noted.reject": "Il suo rifiuto è stato annotato",
    "lead.already_decided": "La decisione era già stata presa",
    "lead.expired": "Questa richiesta è scaduta",
    "lead.cancelled": "Questa richiesta è stata ritirata",
    "lead.unclear": "Non è stato possibile capire la sua risposta",
    "lead.comment_needed": "Qui un rifiuto va motivato",
    "lead.not_entitled": "La sua risposta non è stata conteggiata",
    "lead.no_longer_needed": "La sua risposta non serve più",
    "lead.notification": "Notifica",
    "lead.test": "La posta in uscita funziona",
    # Sentences
    "accepted.text": "La decisione è presa e comunicata. Non deve fare altro.",
    "noted.text": "La richiesta è ancora aperta; approvazioni ricevute: {noted} su {needed}. Fino alla"
    " decisione può cambiare idea rispondendo di nuovo.",
    "already_decided.text": "La sua risposta è arrivata dopo la decisione e non cambia nulla.",
    "already_decided.voice": "Una risposta al suo posto era già stata conteggiata; la sua non cambia nulla.",
    "expired.text": "Nessuno ha deciso in tempo. Non serve più alcuna risposta e nessuna sarà conteggiata.",
    "cancelled.text": "Non serve più alcuna risposta e nessuna sarà conteggiata.",
    "unclear.text": "Non è stato deciso nulla e la richiesta è ancora aperta.",
    "comment_needed.text": "Il suo rifiuto non è stato conteggiato, perché questa richiesta esige una"
    " motivazione.",
    "comment_needed.how": "Risponda di nuovo a questo messaggio: prima la parola {reject}, poi la"
    " motivazione.",
    "not_entitled.text": "Lei non è tra le persone interpellate, quindi la sua risposta non decide nulla.",
    "no_longer_needed.text": "La richiesta è stata decisa senza di lei. Non deve fare altro.",
    "test.text": "Questo messaggio è stato inviato da {product} a {address} per provare le impostazioni"
    " della posta in uscita.",
    # How to answer
    "how.text": "Per decidere, risponda a questo messaggio iniziando con la parola {approve} o la parola"
    " {reject}. Può aggiungere un commento dopo.",
    "how.html": "Ciascun pulsante apre una risposta che deve solo inviare. Può anche rispondere"
    " direttamente a questo messaggio: inizi con la parola {approve} o {reject}, poi aggiunga un commento"
    " se lo desidera.",
    "how.private": "Questo messaggio è destinato solo a lei. Le risposte da altri indirizzi non contano.",
    "how.on_behalf_of": "Viene interpellato per conto di {address}.",
    "how.escalation": "Viene interpellato perché nessun altro ha ancora deciso.",
    "button.approve": "Approva la richiesta",
    "button.reject": "Rifiuta la richiesta",
    # Why an answer was unclear
    "why.empty": "Non c’era testo sopra il messaggio citato.",
    "why.no_action_word": "Non iniziava con la parola {approve} o {reject}.",
    "why.both_words": "Conteneva entrambe le parole, quella che approva e quella che rifiuta.",
    "why.negated": "Conteneva una negazione, come «non».",
    "why.question": "Sembrava una domanda.",
    "why.condition": "Conteneva una condizione o un’eccezione.",
    "why.parts_disagree": "Il testo semplice e quello formattato dicevano cose diverse.",
    "why.ambiguous": "Si poteva leggere in più di un modo.",
    "why.stray_characters": "Conteneva caratteri che sembrano lettere ma sono altri.",
    "why.too_long": "La prima riga era troppo lunga.",
    "why.other": "Non era chiaro se approva o rifiuta.",
    # Labels of the small table
    "label.requester": "Richiesto da",
    "label.until": "Rispondere entro",
    "label.rule": "Occorre",
    "label.group": "Lei risponde per",
    "label.attachments": "Allegati",
    "label.decision": "Decisione",
    "label.by": "Da",
    "label.at": "Il",
    "label.reason": "Motivo",
    "label.comment": "Il suo commento",
    "label.request": "Richiesta",
    "state.pending": "aperta",
    "state.approved": "approvata",
    "state.rejected": "rifiutata",
    "state.expired": "scaduta",
    "state.cancelled": "ritirata",
    "rule.any": "un’approvazione",
    "rule.all": "l’approvazione di tutte le persone interpellate",
    "rule.each_group": "un’approvazione per ogni gruppo",
    "rule.number": ("{n} approvazione", "{n} approvazioni"),
    "in.days": ("tra {n} giorno", "tra {n} giorni"),
    "in.hours": ("tra {n} ora", "tra {n} ore"),
    "in.minutes": ("tra {n} minuto", "tra {n} minuti"),
    # Below everything
    "foot.sent": "Inviato da {product} a {address}.",
    "foot.reference": "Lasci questa riga nella sua risposta.",
}
