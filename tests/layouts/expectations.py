"""What must become of a reply: the contract (PRODUCT section 4) as far as typed text is concerned.

* The plain answer decides, and its comment is empty.
* With a harmless sentence somewhere it decides and the sentence is in the comment, or it is undecided; it
  never decides and loses it.
* With a doubting sentence anywhere an approval never decides. A rejection stands, reasons and all.
"""

from dataclasses import dataclass

from tests.layouts.model import Reply

HARMLESS = {
    "en": "rollback plan read, thanks",
    "de": "Rückfallplan gelesen, danke",
    "fr": "plan de retour lu, merci",
    "es": "plan de reversión leído, gracias",
    "it": "piano di rientro letto, grazie",
    "pt": "plano de retorno lido, obrigado",
    "nl": "terugvalplan gelezen, bedankt",
    "pl": "plan wycofania przeczytany, dziękuję",
    "ja": "切り戻し手順を読みました、ありがとうございます",
}
DOUBTING = {
    "en": ("not before Tuesday", "only after the backup", "please wait for Bob"),
    "de": ("nicht vor Dienstag", "erst nach dem Backup", "bitte noch warten"),
    "fr": ("pas avant mardi", "seulement après la sauvegarde", "attendez Bob"),
    "es": ("no antes del martes", "solo después de la copia", "espera a Bob"),
    "it": ("non prima di martedì", "solo dopo il backup", "aspetta Bob"),
    "pt": ("não antes de terça-feira", "só depois do backup", "aguarde o Bob"),
    "nl": ("niet voor dinsdag", "pas na de back-up", "wacht op Bob"),
    "pl": ("nie przed wtorkiem", "dopiero po kopii", "poczekaj na Boba"),
    "ja": ("火曜日までは実施しないでください", "バックアップの後のみ", "ボブを待ってください"),
}
APPROVE = {
    "en": "Approve",
    "de": "Genehmigt",
    "fr": "Approuvé",
    "es": "Aprobado",
    "it": "Approvato",
    "pt": "Aprovado",
    "nl": "Goedgekeurd",
    "pl": "Zatwierdzam",
    "ja": "承認",
}
REJECT = {
    "en": "Reject",
    "de": "Abgelehnt",
    "fr": "Rejeté",
    "es": "Rechazado",
    "it": "Rifiutato",
    "pt": "Rejeitado",
    "nl": "Afgewezen",
    "pl": "Odrzucam",
    "ja": "却下",
}

# Plain answers of which today's knowledge says that they cannot be decided, by client and place ("" for all).
_LABEL = (
    "a label that the operator's gateway writes on top is told from typed words by approvals.ignore_lines"
)
CANNOT = {
    ("outlook-labelled", ""): _LABEL,
    ("owa-labelled", ""): _LABEL,
    ("mutt-post-indent", ""): "the line below the quote is of the person's own configuration",
}

# Reasons that follow the word directly never make a rejection undecided.
DIRECT = frozenset({"line", "line-dash", "next", "blank", "blanks", "pre-line", "pre-next"})

# A harmless sentence right under the last line of a signature cannot be told from it. A doubt there still
# counts: Ctrl+End and typing puts it there in the programs that have the signature at the end.
UNTOLD = frozenset({"signature-end"})

PLAIN, HARMLESS_EXTRA, DOUBT, REJECTION = "plain", "harmless", "doubt", "rejection"
# What may come out for each kind of reply; the capitals are what nobody may see.
FINE = {
    PLAIN: {"decided"},
    HARMLESS_EXTRA: {"kept", "undecided", "hidden"},
    DOUBT: {"undecided"},
    REJECTION: {"kept", "undecided", "hidden"},
}


@dataclass(frozen=True, slots=True)
class Judged:
    outcome: str
    fine: bool
    said: tuple[str | None, str, str]


def squeezed(text: str) -> str:
    """Without white space, which programs put in and take out."""
    return "".join(text.split()).casefold()


def judge(
    reply: Reply, kind: str, extra: str, said: tuple[str | None, str, str], wanted: str = "approve"
) -> Judged:
    answer, _, comment = said
    if answer is None:
        outcome = "undecided"
    elif answer != wanted:
        outcome = "WRONG"
    elif kind == PLAIN:
        outcome = "untidy" if comment.strip() else "decided"
    elif kind == DOUBT:
        outcome = "DECIDED"
    elif squeezed(extra) in squeezed(comment):
        outcome = "kept"
    else:
        outcome = "hidden" if reply.place in UNTOLD else "LOST"
    fine = outcome in FINE[kind]
    if kind == REJECTION and reply.place in DIRECT:
        fine = outcome == "kept"
    excused = outcome in ("undecided", "untidy") and cannot(reply.client, reply.place)
    return Judged(outcome, fine or bool(excused), said)


def cannot(client: str, place: str) -> str:
    return CANNOT.get((client, place)) or CANNOT.get((client, "")) or ""
