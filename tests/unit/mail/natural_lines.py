"""Answers as people write them, in nine languages: a clear one, or one with a doubt. Data of test_verdict.py.

400 lines were written before the rules, shuffled, and halved; the files say what the halves are for.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

Line = tuple[str, str, str]


def _read(name: str) -> list[Line]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    lines = [line.split(" ", 2) for line in text.splitlines() if line and not line.startswith("#")]
    return [(language, meant, line.replace(" / ", "\n")) for language, meant, line in lines]


SEEN = _read("natural_lines_seen.txt")
UNSEEN = _read("natural_lines_unseen.txt")
LATER = _read("natural_lines_later.txt")
MIXED = _read("mixed_languages.txt")
SEVENTEEN_SEEN = _read("seventeen_languages_seen.txt")
SEVENTEEN_UNSEEN = _read("seventeen_languages_unseen.txt")

# Lines of LATER that are read otherwise than they are meant, and why that stays so.
EXCEPTIONS = {
    "Approved. It's not the prettiest solution but it does the job.": "but: too often a condition",
    "Approve. Not my favourite design, still fine.": "not: a statement like any other negated one",
    "Aprobado, nadie echará de menos la pantalla antigua.": "menos: says except as well",
    "Genehmigt. Ich informiere den Kunden, sobald ihr fertig seid.": "sobald: as in a condition",
}


def rates(lines: Sequence[Line], say: Callable[[str], str]) -> tuple[float, float, int]:
    """How many of the doubts decide, how many of the clear answers do not, and how many say the opposite."""
    doubts = [line for _, meant, line in lines if meant == "?"]
    clear = [(meant, line) for _, meant, line in lines if meant != "?"]
    decided = sum(say(line) in ("a", "r") for line in doubts)
    refused = sum(say(line) != meant for meant, line in clear)
    opposite = sum(say(line) == ("r" if meant == "a" else "a") for meant, line in clear)
    return decided / len(doubts), refused / len(clear), opposite
