"""Text parts that only stand in for an HTML part: "Your email client does not support HTML".

Called by `answer`. A program that writes one says nothing by it, and the person never saw it. It is known by
what it cannot say: it is short, and it speaks of HTML with no other words than those of mail programs, or has
no words but those of the subject, or none that the page has not as well. Pure.
"""

import re
from collections.abc import Sequence

from flexmaild.mail.parse.all_text import page_text
from flexmaild.mail.parse.message import Text
from flexmaild.mail.parse.shown import words
from flexmaild.mail.understand.lines import compared_text, has_meaning
from flexmaild.mail.understand.words.doubt import doubts_in
from flexmaild.mail.understand.words.rules import Rules
from flexmaild.mail.understand.words.spelling import normal_word

_LONGEST = 200
# What a program writes for a picture: "[image: image.png]", "[cid:image001.png@01D9]", "<image001.png>".
_PICTURE = re.compile(
    r"\[(?:inline )?(?:image|cid|logo|bild|imagen|immagine|afbeelding|obraz|画像)\b[^\]\n]{0,100}\]"
    r"|<[\w.@-]{1,80}\.(?:png|jpe?g|gif|bmp|svg|webp)>|\ufffc",
    re.IGNORECASE,
)
_REPLY_MARK = re.compile(
    r"^(?:\s*(?:re|aw|antw|sv|vs|rif|res|odp|fwd?|wg|tr|回复|答复|返信)\s*[:：])+", re.IGNORECASE
)
# The words of such sentences, by language. They can say something about mail programs and nothing else.
_WORDS = frozenset(
    words(
        "a an and any are as be best can cannot capable client clients compatible contains content "
        "contents could display displayed does doesn don e email emails enable enabled for format "
        "formatted formatting has have if in is isn it mail mails message messages multi multipart not of "
        "only or our part please program programs reader render requires rich see sent show shows shown "
        "software support supported supports t text that the this to turn use using version view viewed "
        "viewer viewing was with you your html htm als am angezeigt anzeigen bitte darstellen das dem den "
        "der die dies diese dieser dieses ein eine einem einen formatiert ihr ihre im ist kann kein keine "
        "keinen können leider lesen mailprogramm nachricht nachrichten nicht nur programm sie um "
        "unterstützt unterstützung verwenden von wird wurde zu zum affichage afficher au avec ce cet "
        "cette contient courriel courrier de des du en est et la le les logiciel messagerie n ne pas peut "
        "pour pris prend charge s veuillez votre un une uniquement cliente con contenido correo del el "
        "electrónico es esta este formato lo mensaje no para por favor programa puede se soporta su tiene "
        "ver visualizar vea utilice di il messaggio non per posta può programma questo questa richiede si "
        "suo supporta tuo una visualizzare elettronica vostro o os uma seu sua em não mensagem suporta "
        "leitor exibir aan bericht berichten dit een gebruikt geen het niet ondersteunt opmaak uw van "
        "voor wordt weergeven bekijken mailclient aby formacie jest nie obsługuje poczty pocztowy ten ta "
        "twój wiadomość wiadomości w z wyświetlić klient seem seems unable able alternative plain body "
        "some reading include includes supporting enthält aktivieren aktiviert aktivierte hat liegt vor "
        "scheint offenbar fähiges fähigen webmail öffnen sehen inhalt supporte supportent lire lisible "
        "activer activez mode ouvrir électronique está visualice lector activar mensajes contiene è "
        "leggere lettore abilitare abilitato messaggi usare mensagens leia ativar suportar lezen schakel "
        "leesbaar ondersteund deze odczytać włącz czytnik klienta ditt din postprogram stöder inte detta "
        "meddelande är och i för att visa denne meddelelse er understøtter ikke besked vises epostprogram "
        "støtter meldingen viser váš mailový nepodporuje tato zpráva je ve formátu ваш почтовый клиент не "
        "поддерживает это письмо сообщение в формате для просмотра программа ön levelezője nem támogatja "
        "formátumú üzenet"
    )
)
_SIGNS = frozenset(
    "このメールメッセージは形式ですお使いのソフトでは表示できません対応してしていません。、をにご覧くださいのため"
    "此邮件郵件是格式的您客户端不支持请使用查看信"
)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+")


def without_placeholders(texts: Sequence[Text], subject: str, rules: Rules) -> tuple[Text, ...]:
    """The texts without those that only stand in for an HTML part."""
    pages = [content for text in texts for style, content in text.segments if style == "html"]
    if not pages:
        return tuple(texts)
    return tuple(text for text in texts if not _is_placeholder(text, subject, pages, rules))


def _is_placeholder(text: Text, subject: str, pages: Sequence[str], rules: Rules) -> bool:
    if any(style == "html" for style, _ in text.segments):
        return False
    said = "\n".join(content for _, content in text.segments).strip()
    if len(said) > _LONGEST or rules.vocabulary.begins(normal_word(said)):
        return False
    said = _PICTURE.sub(" ", said)
    if _speaks_of_html(said) or not has_meaning(said):
        return True
    if doubts_in(said) or any(mark in said for mark in "?？"):
        return False
    norm = compared_text(_REPLY_MARK.sub("", said))
    if norm and norm == compared_text(_REPLY_MARK.sub("", subject)):
        return True
    # "Sent from my phone" alone: the page has it too, and more.
    return bool(norm) and any(norm in compared_text(page_text(page).text) for page in pages)


def _speaks_of_html(text: str) -> bool:
    low = text.casefold()
    if "html" not in low:
        return False
    others = set(_WORD.findall(_CJK.sub(" ", low))) - _WORDS
    return not others and _SIGNS.issuperset(_CJK.findall(low))
