"""Doubt is looked for in what a person sees, and every listed word of doubt counts."""

import pytest

from flexmaild.languages.load import LANGUAGES
from flexmaild.mail.understand.labels.label import Labelled
from flexmaild.mail.understand.verdict import decide
from flexmaild.mail.understand.words.doubt import doubt_in, doubts_in
from flexmaild.mail.understand.words.language_guess import ClauseLanguage, OwnWords
from flexmaild.mail.understand.words.normalised import sentences, visible_form
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.mail.understand.words.spelling import unaccented
from tests.unit.mail.costs import grows_with_size, least

RULES = Rules.of("approvals@corp.test")


def undecided(*lines: str) -> bool:
    return decide(Labelled((), lines, (), ()), RULES).answer is None


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "ja"])
def test_every_listed_doubt_counts_beside_an_approval_of_its_language(tag: str) -> None:
    doubt, word = LANGUAGES[tag].doubt, LANGUAGES[tag].decide.approve[0]
    entries = (*doubt.negations, *doubt.conditions, *doubt.phrases, *doubt.retractions)
    lines = [entry.replace("^", "").replace("#", "5").strip() for entry in entries]
    assert [line for line in lines if not undecided(f"{word} {line}")] == []


@pytest.mark.parametrize("tag", LANGUAGES)
def test_what_is_harmless_hides_no_doubt_in_the_next_sentence(tag: str) -> None:
    doubt, word = LANGUAGES[tag].doubt, LANGUAGES[tag].decide.approve[0]
    for entry in (*doubt.harmless, *doubt.harmless_pieces):
        assert undecided(f"{word}. {entry}. Unless it is red."), entry
        assert undecided(f"{word}. {entry}, unless it is red."), entry


@pytest.mark.parametrize(
    "hidden",
    [
        "n\u00adot", "n\u200bot", "no\u2060t", "no\ufefft", "n\u034fot", "n\u200eot", "n\u0336o\u0336t\u0336",
        "ＮＯＴ", "𝗻𝗼𝘁", "ɴᴏᴛ", "ⓃⓄⓉ", "🅽🅾🆃", "nоt", "NОT", "nοt", "ᵒⁿˡʸ", "ﬁrst", "don´t", "don‘t", "donʼt",
        "don′t", "don＇t", "don`t", "don‛t", "don t", "hasnt", "mustn't", "donot", "needn´t", "Ｎｏ！",
        "DBはＮＧ", "ﾀﾞﾒ", "👎", "🆖", "un\u00adless", "a\u200cfter",
    ],
)  # fmt: skip
def test_doubt_is_looked_for_in_what_a_person_sees(hidden: str) -> None:
    assert undecided("Approve", f"please {hidden} deploy")
    assert undecided(f"Approve, {hidden} deploy")


def test_a_word_counts_in_the_languages_the_text_may_be_in() -> None:
    assert doubt_in("Termin im Mai passt", ClauseLanguage(["termin", "im", "mai"], "de")) is None
    assert doubt_in("mai più", ClauseLanguage(["mai", "più"], "it"))
    assert doubt_in("si les tests passent", ClauseLanguage(["si", "les", "tests"], "en"))
    assert (
        doubt_in(
            "everything falls into place", ClauseLanguage(["everything", "falls", "into", "place"], "en")
        )
        is None
    )
    assert doubt_in(
        "falls die Tests grün sind", ClauseLanguage(["falls", "die", "tests", "grün", "sind"], "en")
    )


def test_a_date_is_no_doubt_of_the_labelling_and_everything_else_is() -> None:
    assert doubts_in("15. Mai 2026") == set()
    assert doubts_in("15. Mai 2026, nicht") == {"nicht"}
    assert "mai" in doubts_in("mai più")


def test_sentences_end_at_their_marks_and_at_short_lines() -> None:
    assert list(sentences("One. Two 2.3.1!\nNo\nissues")) == ["One.", "Two 2.3.1!", "No", "issues"]
    wrapped = "This line is long enough that a mail program has wrapped it, no\nissues were found"
    assert list(sentences(wrapped)) == [wrapped]
    assert list(sentences("承認。問題なし！次")) == ["承認。", "問題なし！", "次"]


def test_what_is_not_latin_stays_what_it_is() -> None:
    assert visible_form("если тесты") == "если тесты"


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["no ", "no problem ", "let x know ", "x", "1. ", "? ", "не ", "はない", "a,", "👎"]
)
def test_the_cost_of_a_long_text_grows_with_its_length_and_not_faster(piece: str) -> None:
    def cost(length: int) -> float:
        text = (piece * length)[:length]
        lines = ["Approve", *(text[i : i + 900] for i in range(0, length, 900))]
        said = Labelled((), tuple(lines), (), ())
        return least([lambda: decide(said, RULES)] * 3)

    assert grows_with_size(cost(3_600), cost(14_400))


def test_a_word_bound_to_its_language_counts_only_where_the_text_may_be_in_it() -> None:
    """No other file has to say that the word is an ordinary one there."""
    own = OwnWords(lambda language: language.doubt.own_conditions)
    for words, tag, applies in ((["the", "two", "men"], "en", False), (["men"], "sv", True)):
        assert own.applies("men", ClauseLanguage(words, tag)) is applies


def test_a_harmless_phrase_may_hold_the_comma_that_its_language_writes() -> None:
    heard = ("giv mig besked, når det er ude", "sig til, hvis der er noget")
    assert [line for line in heard if undecided(f"Godkendt, {line}")] == []
    assert undecided("Godkendt, når det er ude")


@pytest.mark.parametrize(("typed", "plain"), [("først", "forst"), ("længe", "laenge"), ("łódź", "lodz")])
def test_letters_with_a_stroke_are_found_without_it(typed: str, plain: str) -> None:
    assert unaccented(typed) == plain


# Plain doubts beside some English, which people write along because our mail is English.
BESIDE_ENGLISH = [
    "Approve kun frontend please",
    "Approve for me: vent please",
    "Approve måske please",
    "Approve jen frontend please",
    "Approve the release falls Tests grün",
    "Approve backend, tot maandag please",
    "Approve the plan is fine, kun i test",
    "Approve, please kun to the one server",
    "Approve. DB migration yapılmasın please",
]


@pytest.mark.parametrize("line", BESIDE_ENGLISH)
def test_a_word_that_is_ordinary_in_no_other_language_doubts_beside_english_too(line: str) -> None:
    assert undecided(line)


@pytest.mark.parametrize(
    "line",
    [
        "Approved, the fast path is fine",
        "Checked with Ken and Kai",
        "Genehmigt, kein Mensch wird die alte Maske vermissen",
        "Approved, the men in Peru and the dog stands at the dock",
        "Aprobado, vamos a vender mi oro",
        "Approvato, vai in produzione",
        "Approuvé, la pause est finie et tout va bien",
        "Genehmigt, die Pause ist vorbei und Kai hat es geprüft",
        "Approved, Jürgen and Björn checked it and the run was fast",
        "승인합니다. 10만 건 테스트 완료",
        "Approve Grüße, all green",
        "Approved, thanks Jen",
        "Jen,\nApproved",
    ],
)
def test_an_ordinary_word_raises_no_doubt_for_a_letter_or_a_name(line: str) -> None:
    text = line if not line.startswith("Checked") else f"Approve\n{line}"
    assert not undecided(*text.split("\n"))


COMMON = [
    *("Approve. Veritabanını dağıtmayın.", "Approve. DB migration yapılmasın", "Approve, kurulmasın"),
    *("Approve. Veritabanini dagitmayin.", "Onaylıyorum, testler tamamlandığında"),
    *(
        "Approve, 배포하지마",
        "승인, 오늘 배포하지마",
        "승인, DB는 하지마",
        "승인 프론트만",
        "Approve 프론트만",
        "Approve DB만",
    ),
    *(
        "Genehmigt, es sei denn Bob widerspricht",
        "Zatwierdzam, poza migracją",
        "Goedgekeurd, hangt af van QA",
    ),
    *("Approvo in linea di principio", "Approvato, ferma tutto", "Schvaluji, zruš to", "承認 大丈夫ですか"),
    *("承認 先にバックアップを取ってください", "批准，停！", "Approve given green tests", "Approve nvm"),
]


@pytest.mark.parametrize("line", COMMON)
def test_common_words_of_doubt_are_known(line: str) -> None:
    assert undecided(line)


@pytest.mark.parametrize(
    "line",
    ["Zatwierdzam, poza tym wszystko gra", "承認します。お先に失礼します", "承認します。問題ないですから"],
)
def test_what_only_holds_such_a_word_doubts_nothing(line: str) -> None:
    assert not undecided(line)
