"""The words that decide, by language: action words only, not "yes" or "ok", which people write by habit.

The first word of each tuple is the one we propose in mails of that language. Extended by
`mail.understand.verdict` with what makes an answer undecided (negations, hedges, questions).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionWords:
    approve: tuple[str, ...]
    reject: tuple[str, ...]


ACTION_WORDS: Mapping[str, ActionWords] = {
    "en": ActionWords(("Approve", "Approved"), ("Reject", "Rejected")),
    "de": ActionWords(("Genehmigen", "Genehmigt"), ("Ablehnen", "Abgelehnt")),
    "fr": ActionWords(("Approuver", "Approuvé", "Approuvée"), ("Rejeter", "Rejeté", "Rejetée")),
    "es": ActionWords(("Aprobar", "Aprobado", "Aprobada"), ("Rechazar", "Rechazado", "Rechazada")),
    "it": ActionWords(("Approvare", "Approvato", "Approvata"), ("Rifiutare", "Rifiutato", "Rifiutata")),
    "pt": ActionWords(("Aprovar", "Aprovado", "Aprovada"), ("Rejeitar", "Rejeitado", "Rejeitada")),
    "nl": ActionWords(("Goedkeuren", "Goedgekeurd"), ("Afwijzen", "Afgewezen")),
    "pl": ActionWords(("Zatwierdź", "Zatwierdzam", "Zatwierdzone"), ("Odrzuć", "Odrzucam", "Odrzucone")),
    "ja": ActionWords(("承認", "承認します"), ("却下", "却下します")),
}
