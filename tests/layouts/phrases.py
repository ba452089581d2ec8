"""The words of mail programs in nine languages: dates, attributions, header labels, mobile lines."""

from datetime import datetime

from tests.layouts.model import Original

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ja")

_DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "pl": "poniedziałek wtorek środa czwartek piątek sobota niedziela",
    "ja": "月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日",
}
_SHORT_DAYS = {
    "en": "Mon Tue Wed Thu Fri Sat Sun",
    "de": "Mo. Di. Mi. Do. Fr. Sa. So.",
    "fr": "lun. mar. mer. jeu. ven. sam. dim.",
    "es": "lun mar mié jue vie sáb dom",
    "it": "lun mar mer gio ven sab dom",
    "pt": "seg. ter. qua. qui. sex. sáb. dom.",
    "nl": "ma di wo do vr za zo",
    "pl": "pon. wt. śr. czw. pt. sob. niedz.",
    "ja": "月 火 水 木 金 土 日",
}
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada "
    "grudnia",
    "ja": "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
}
_SHORT_MONTHS = {
    "en": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "de": "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
    "fr": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es": "ene feb mar abr may jun jul ago sept oct nov dic",
    "it": "gen feb mar apr mag giu lug ago set ott nov dic",
    "pt": "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
    "nl": "jan feb mrt apr mei jun jul aug sep okt nov dec",
    "pl": "sty lut mar kwi maj cze lip sie wrz paź lis gru",
    "ja": "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
}

# Who wrote when, in the form of each program. Keys without a language are used for all.
ATTRIBUTIONS: dict[str, dict[str, str]] = {
    "gmail": {
        "en": "On {day3}, {mon} {d}, {y} at {h12}:{mm}\u202f{ap} {name} <{addr}> wrote:",
        "de": "Am {day3}, {d}. {mon} {y} um {hh}:{mm} Uhr schrieb {name} <{addr}>:",
        "fr": "Le {day3} {d} {mon} {y} à {hh}:{mm}, {name} <{addr}> a écrit :",
        "es": "El {day3}, {d} {mon} {y} a las {hh}:{mm}, {name} (<{addr}>) escribió:",
        "it": "Il giorno {day3} {d} {mon} {y} alle ore {hh}:{mm} {name} <{addr}> ha scritto:",
        "pt": "Em {day3}, {d} de {mon} de {y} às {hh}:{mm}, {name} <{addr}> escreveu:",
        "nl": "Op {day3} {d} {mon} {y} om {hh}:{mm} schreef {name} <{addr}>:",
        "pl": "{day3}, {d} {mon} {y} o {hh}:{mm} {name} <{addr}> napisał(a):",
        "ja": "{y}年{m}月{d}日({day3}) {hh}:{mm} {name} <{addr}>:",
    },
    "apple": {
        "en": "On {d} {mon} {y}, at {hh}:{mm}, {name} <{addr}> wrote:",
        "de": "Am {d}.{m}.{y} um {hh}:{mm} schrieb {name} <{addr}>:",
        "fr": "Le {d} {mon} {y} à {hh}:{mm}, {name} <{addr}> a écrit :",
        "es": "El {d} {mon} {y}, a las {hh}:{mm}, {name} <{addr}> escribió:",
        "it": "Il giorno {d} {mon} {y}, alle ore {hh}:{mm}, {name} <{addr}> ha scritto:",
        "pt": "No dia {d}/{m}/{y}, às {hh}:{mm}, {name} <{addr}> escreveu:",
        "nl": "Op {d} {mon} {y}, om {hh}:{mm} heeft {name} <{addr}> het volgende geschreven:",
        "pl": "Wiadomość napisana przez {name} <{addr}> w dniu {d}.{m}.{y}, o godz. {hh}:{mm}:",
        "ja": "{y}/{m}/{d} {hh}:{mm}、{name} <{addr}>のメール:",
    },
    "iphone": {
        "en": "On {d} {mon} {y}, at {h12}:{mm}\u202f{ap}, {name} <{addr}> wrote:",
        "de": "Am {d}.{m}.{y} um {hh}:{mm} schrieb {name} <{addr}>:",
        "fr": "Le {d} {mon} {y} à {hh}:{mm}, {name} <{addr}> a écrit :",
        "es": "El {d} {mon} {y}, a la(s) {hh}:{mm}, {name} <{addr}> escribió:",
        "it": "Il giorno {d} {mon} {y}, alle ore {hh}:{mm}, {name} <{addr}> ha scritto:",
        "pt": "Em {d} de {mon} de {y}, à(s) {hh}:{mm}, {name} <{addr}> escreveu:",
        "nl": "Op {d} {mon} {y} om {hh}:{mm} heeft {name} <{addr}> het volgende geschreven:",
        "pl": "Wiadomość napisana przez {name} <{addr}> w dniu {d} {mon} {y}, o godz. {hh}:{mm}:",
        "ja": "{y}/{m}/{d} {hh}:{mm}、{name} <{addr}>のメール:",
    },
    "thunderbird": {
        "en": "On {m}/{d}/{yy} {hh}:{mm}, {name} wrote:",
        "de": "Am {d}.{m}.{yy} um {hh}:{mm} schrieb {name}:",
        "fr": "Le {d}/{m}/{y} à {hh}:{mm}, {name} a écrit :",
        "es": "El {d}/{m}/{yy} a las {hh}:{mm}, {name} escribió:",
        "it": "Il {d}/{m}/{yy} {hh}:{mm}, {name} ha scritto:",
        "pt": "Em {d}/{m}/{y} {hh}:{mm}, {name} escreveu:",
        "nl": "Op {d}-{m}-{y} om {hh}:{mm} schreef {name}:",
        "pl": "W dniu {d}.{m}.{y} o {hh}:{mm}, {name} pisze:",
        "ja": "On {y}/{m}/{d} {hh}:{mm}, {name} wrote:",
    },
    "roundcube": {
        "en": "On {y}-{m}-{d} {hh}:{mm}, {name} wrote:",
        "de": "Am {d}.{m}.{y} {hh}:{mm}, schrieb {name}:",
        "fr": "Le {y}-{m}-{d} {hh}:{mm}, {name} a écrit :",
        "es": "El {y}-{m}-{d} {hh}:{mm}, {name} escribió:",
        "it": "Il {d}-{m}-{y} {hh}:{mm} {name} ha scritto:",
        "pt": "Em {y}-{m}-{d} {hh}:{mm}, {name} escreveu:",
        "nl": "{name} schreef op {y}-{m}-{d} {hh}:{mm}:",
        "pl": "Dnia {y}-{m}-{d} {hh}:{mm} {name} napisał(a):",
        "ja": "{y}-{m}-{d} {hh}:{mm} に {name} さんは書きました:",
    },
    "evolution": {
        "en": "On {day3}, {y}-{m}-{d} at {hh}:{mm} +0000, {name} wrote:",
        "de": "Am {day}, dem {d}.{m}.{y} um {hh}:{mm} +0000 schrieb {name}:",
        "fr": "Le {day} {d} {month} {y} à {hh}:{mm} +0000, {name} a écrit :",
        "es": "El {day3}, {d}-{m}-{y} a las {hh}:{mm} +0000, {name} escribió:",
        "it": "Il giorno {day3}, {d}/{m}/{y} alle {hh}:{mm} +0000, {name} ha scritto:",
        "pt": "Em {day3}, {y}-{m}-{d} às {hh}:{mm} +0000, {name} escreveu:",
        "nl": "{name} schreef op {day3} {d}-{m}-{y} om {hh}:{mm} [+0000]:",
        "pl": "W dniu {day3}, {d}.{m}.{y} o godzinie {hh}:{mm} +0000, użytkownik {name} napisał:",
        "ja": "{y}年{m}月{d}日({day3})の{hh}:{mm} +0000に{name}さんは書きました:",
    },
    "yahoo": {
        "en": "On {day}, {month} {d}, {y} at {h12}:{mm}:00 {ap} GMT, {name} <{addr}> wrote:",
        "de": "Am {day}, {d}. {month} {y} um {hh}:{mm}:00 MEZ hat {name} <{addr}> Folgendes geschrieben:",
        "fr": "Le {day} {d} {month} {y} à {hh}:{mm}:00 UTC+1, {name} <{addr}> a écrit :",
        "es": "En {day}, {d} de {month} de {y}, {hh}:{mm}:00 CET, {name} <{addr}> escribió:",
        "it": "Il {day} {d} {month} {y} alle ore {hh}:{mm}:00 CET, {name} <{addr}> ha scritto:",
        "pt": "Em {day}, {d} de {month} de {y} {hh}:{mm}:00 GMT, {name} <{addr}> escreveu:",
        "nl": "Op {day} {d} {month} {y} om {hh}:{mm}:00 CET schreef {name} <{addr}>:",
        "pl": "{day}, {d} {month} {y} {hh}:{mm}:00 CET, {name} <{addr}> napisał(a):",
        "ja": "{y}年{m}月{d}日{day} {hh}:{mm}:00 JST、{name} <{addr}> さんが書きました:",
    },
    "proton": {
        "en": "On {day}, {month} {d}th, {y} at {h12}:{mm} {ap}, {name} <{addr}> wrote:",
        "de": "{name} <{addr}> schrieb am {day}, {d}. {month} {y} um {hh}:{mm}:",
        "fr": "Le {day} {d} {month} {y} à {hh}:{mm}, {name} <{addr}> a écrit :",
        "es": "El {day}, {d} de {month} de {y} a las {hh}:{mm}, {name} <{addr}> escribió:",
        "it": "Il {day} {d} {month} {y} alle {hh}:{mm}, {name} <{addr}> ha scritto:",
        "pt": "{day}, {d} de {month} de {y} às {hh}:{mm}, {name} <{addr}> escreveu:",
        "nl": "Op {day} {d} {month} {y} om {hh}:{mm} schreef {name} <{addr}>:",
        "pl": "{day}, {d} {month} {y} {hh}:{mm}, {name} <{addr}> napisał(a):",
        "ja": "{y}年{m}月{d}日{day} {hh}:{mm}に {name} <{addr}> は書きました:",
    },
    "zoho": {
        "en": "---- On {day3}, {d} {mon} {y} {hh}:{mm}:00 +0100 {name} <{addr}> wrote ---",
        "de": "---- Am {day3}, {d} {mon} {y} {hh}:{mm}:00 +0100 {name} <{addr}> schrieb ---",
        "fr": "---- Le {day3}, {d} {mon} {y} {hh}:{mm}:00 +0100 {name} <{addr}> a écrit ---",
        "es": "---- El {day3}, {d} {mon} {y} {hh}:{mm}:00 +0100 {name} <{addr}> escribió ---",
    },
    "fastmail": {"en": "On {day3}, {d} {mon} {y}, at {h12}:{mm} {ap}, {name} wrote:"},
    "spark": {"en": "On {d} {mon} {y} at {hh}:{mm} +0100, {name} <{addr}>, wrote:"},
    "mailspring": {"en": "On {mon} {d} {y}, at {h12}:{mm} {ap}, {name} <{addr}> wrote:"},
    "k9": {
        "en": "On {d} {month} {y} {hh}:{mm}:00 CET, {name} <{addr}> wrote:",
        "de": "Am {d}. {month} {y} {hh}:{mm}:00 MEZ schrieb {name} <{addr}>:",
        "fr": "Le {d} {month} {y} {hh}:{mm}:00 GMT+01:00, {name} <{addr}> a écrit :",
        "es": "El {d} de {month} de {y} {hh}:{mm}:00 CET, {name} <{addr}> escribió:",
        "pl": "{name} <{addr}> napisał(a) dnia {d} {month} {y} {hh}:{mm}:00 CET:",
    },
    "fairemail": {"en": "{mon} {d}, {y} {h12}:{mm}:00 {ap} {name} <{addr}>:"},
    "tuta": {"en": "{mon} {d}, {y}, {hh}:{mm} by {addr}:", "de": "{d}. {mon} {y}, {hh}:{mm} von {addr}:"},
    "claws": {"": "On {day3e}, {d} {mone} {y} {hh}:{mm}:00 +0000\n{name} <{addr}> wrote:"},
    "kmail": {
        "en": "On {day}, {month} {d}, {y} {h12}:{mm}:00 {ap} UTC {name} wrote:",
        "de": "Am {day}, {d}. {month} {y}, {hh}:{mm}:00 MEZ schrieb {name}:",
        "fr": "Le {day} {d} {month} {y}, {hh}:{mm}:00 CET {name} a écrit :",
    },
    "mutt": {"": "On {day3e}, {mone} {d}, {y} at {hh}:{mm}:00{ap} +0000, {name} wrote:"},
    "mutt-article": {"": "In message {id} you wrote:"},
    "gnus": {"": "{name} <{addr}> writes:"},
    "nmh": {"": "{name} writes:"},
    "s-nail": {"": "{name} <{addr}> wrote:"},
    "alot": {"": "Quoting {name} ({y}-{m}-{d} {hh}:{mm}:00)"},
    "aerc": {"": "On {day3e} {mone} {d}, {y} at {h12}:{mm} {ap} UTC, {name} wrote:"},
    "notmuch": {"": "On {day3e}, {d} {mone} {y} {hh}:{mm}:00 +0000, {name} <{addr}> wrote:"},
    "alpine": {"": "On {day3e}, {d} {mone} {y}, {name} wrote:"},
    "supercite": {"": '>>>>> "{name}" == {name}  <{addr}> writes:'},
    "horde": {
        "en": "Quoting {name} <{addr}>:",
        "de": "Zitat von {name} <{addr}>:",
        "fr": "{name} <{addr}> a écrit :",
    },
    "sogo": {
        "en": "On {day}, {month} {d}, {y} {hh}:{mm} CET, {name} <{addr}> wrote:",
        "de": "Am {day}, {d}. {month} {y} {hh}:{mm} CET, schrieb {name} <{addr}>:",
        "fr": "Le {day}, {month} {d}, {y} {hh}:{mm} CET, {name} <{addr}> a écrit:",
    },
    "openxchange": {
        "en": "On {m}/{d}/{y} {h12}:{mm} {ap} CET {name} <{addr}> wrote:",
        "de": "{name} <{addr}> hat am {d}.{m}.{y} {hh}:{mm} CET geschrieben:",
        "it": "Il {d}/{m}/{y} {hh}:{mm} CET {name} <{addr}> ha scritto:",
        "fr": "Le {d}/{m}/{y} {hh}:{mm} CET, {name} <{addr}> a écrit :",
    },
    "yandex": {"": '{d}.{m}.{y}, {hh}:{mm}, "{name}" <{addr}>:'},
}

# From, sent, date, to, subject. Outlook for Windows and the web say "sent", Outlook for Mac "date".
LABELS = {
    "en": ("From", "Sent", "Date", "To", "Subject"),
    "de": ("Von", "Gesendet", "Datum", "An", "Betreff"),
    "fr": ("De", "Envoyé", "Date", "À", "Objet"),
    "es": ("De", "Enviado", "Fecha", "Para", "Asunto"),
    "it": ("Da", "Inviato", "Data", "A", "Oggetto"),
    "pt": ("De", "Enviada em", "Data", "Para", "Assunto"),
    "nl": ("Van", "Verzonden", "Datum", "Aan", "Onderwerp"),
    "pl": ("Od", "Wysłane", "Data", "Do", "Temat"),
    "ja": ("差出人", "送信日時", "日付", "宛先", "件名"),
}
ORIGINAL_MESSAGE = {
    "en": "Original Message",
    "de": "Ursprüngliche Nachricht",
    "fr": "Message d'origine",
    "es": "Mensaje original",
    "it": "Messaggio originale",
    "pt": "Mensagem original",
    "nl": "Oorspronkelijk bericht",
    "pl": "Wiadomość oryginalna",
    "ja": "元のメッセージ",
}
SAMSUNG_MESSAGE = {
    **ORIGINAL_MESSAGE,
    "en": "Original message",
    "de": "Ursprüngliche Nachricht",
    "pl": "Oryginalna wiadomość",
}
LONG_DATE = {
    "en": "{day}, {month} {d}, {y} {h12}:{mm} {ap}",
    "de": "{day}, {d}. {month} {y} {hh}:{mm}",
    "fr": "{day} {d} {month} {y} {hh}:{mm}",
    "es": "{day}, {d} de {month} de {y} {hh}:{mm}",
    "it": "{day} {d} {month} {y} {hh}:{mm}",
    "pt": "{day}, {d} de {month} de {y} {hh}:{mm}",
    "nl": "{day} {d} {month} {y} {hh}:{mm}",
    "pl": "{day}, {d} {month} {y} {hh}:{mm}",
    "ja": "{y}年{m}月{d}日 {hh}:{mm}",
}
PHONE = {
    "iphone": {
        "en": "Sent from my iPhone",
        "de": "Von meinem iPhone gesendet",
        "fr": "Envoyé de mon iPhone",
        "es": "Enviado desde mi iPhone",
        "it": "Inviato da iPhone",
        "pt": "Enviado do meu iPhone",
        "nl": "Verstuurd vanaf mijn iPhone",
        "pl": "Wysłane z iPhone'a",
        "ja": "iPhoneから送信",
    },
    "outlook": {
        "en": "Get Outlook for iOS",
        "de": "Outlook für iOS beziehen",
        "fr": "Obtenir Outlook pour iOS",
        "es": "Obtener Outlook para iOS",
        "it": "Ottieni Outlook per iOS",
        "pt": "Obter o Outlook para iOS",
        "nl": "Outlook voor iOS downloaden",
        "pl": "Pobierz aplikację Outlook dla systemu iOS",
        "ja": "Outlook for iOS を入手",
    },
    "samsung": {
        "en": "Sent from my Galaxy",
        "de": "Von meinem/meiner Galaxy gesendet",
        "fr": "Envoyé depuis mon appareil Galaxy",
        "es": "Enviado desde mi Galaxy",
        "it": "Inviato dal mio dispositivo Galaxy",
        "pt": "Enviado do meu Galaxy",
        "nl": "Verzonden vanaf mijn Galaxy",
        "pl": "Wysłano z mojego smartfona Galaxy",
        "ja": "Galaxyから送信",
    },
    "yahoo": {
        "en": "Sent from Yahoo Mail on Android",
        "de": "Von Yahoo Mail auf Android gesendet",
        "fr": "Envoyé à partir de Yahoo Mail sur Android",
        "es": "Enviado desde Yahoo Mail con Android",
        "it": "Inviato da Yahoo Mail su Android",
    },
    "k9": {
        "en": "Sent from my Android device with K-9 Mail. Please excuse my brevity.",
        "de": "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "fr": "Envoyé de mon appareil Android avec Courriel K-9 Mail. Veuillez excuser ma brièveté.",
        "es": "Enviado desde mi dispositivo Android con K-9 Mail. Por favor, disculpa mi brevedad.",
        "pl": "Wysłane za pomocą K-9 Mail.",
    },
    "proton": {
        "en": "Sent with Proton Mail secure email.",
        "de": "Gesendet mit Proton Mail sichere E-Mail.",
        "fr": "Envoyé avec la messagerie sécurisée Proton Mail.",
    },
    "proton-mobile": {"en": "Sent from Proton Mail for iOS"},
    "gmx": {"de": "Gesendet mit der GMX Mail App", "en": "Sent with the GMX Mail app"},
    "windows": {
        "en": "Sent from Mail for Windows",
        "de": "Gesendet von Mail für Windows",
        "fr": "Envoyé à partir de Courrier pour Windows",
        "es": "Enviado desde Correo para Windows",
        "it": "Inviato da Posta per Windows",
        "pt": "Enviado do Email para o Windows",
        "nl": "Verzonden vanuit Mail voor Windows",
        "pl": "Wysłane z aplikacji Poczta dla systemu Windows",
        "ja": "Windows 版のメールから送信",
    },
}
SUBJECT = {
    **dict.fromkeys(("en", "fr", "es", "ja"), "RE:"),
    "de": "AW:",
    "it": "R:",
    "pt": "RES:",
    "nl": "Antw:",
    "pl": "ODP:",
}
SIGNATURE = ("Ann Approver", "Operations, Corp Test Ltd", "Phone +49 30 0555 0100")


def written(template: str, original: Original, language: str) -> str:
    """A template of this page, with the date and sender of the quoted mail."""
    when: datetime = original.date

    def pick(table: dict[str, str], key: str, at: int) -> str:
        return table[key].split()[at]

    return template.format(
        name=original.sender_name,
        addr=original.sender,
        id=original.message_id,
        day=pick(_DAYS, language, when.weekday()),
        day3=pick(_SHORT_DAYS, language, when.weekday()),
        day3e=pick(_SHORT_DAYS, "en", when.weekday()),
        month=pick(_MONTHS, language, when.month - 1),
        mon=pick(_SHORT_MONTHS, language, when.month - 1),
        mone=pick(_SHORT_MONTHS, "en", when.month - 1),
        d=when.day,
        m=f"{when.month:02}",
        y=when.year,
        yy=f"{when.year % 100:02}",
        hh=f"{when.hour:02}",
        h12=when.hour % 12 or 12,
        mm=f"{when.minute:02}",
        ap="AM" if when.hour < 12 else "PM",
    )


def attribution(program: str, original: Original, language: str) -> str:
    forms = ATTRIBUTIONS[program]
    known = language if language in forms else "en" if "en" in forms else ""
    return written(forms[known], original, known or "en")


def phone(program: str, language: str) -> str:
    lines = PHONE[program]
    return lines.get(language, lines["en"])


def header_block(
    original: Original, language: str, dated: bool = False, recipients: str = "{name} <{addr}>"
) -> list[tuple[str, str]]:
    """Label and value of the block that Outlook and its kin put above a quoted mail."""
    sender, sent, date, to, subject = LABELS[language]
    return [
        (sender, f"{original.sender_name} <{original.sender}>"),
        (date if dated else sent, written(LONG_DATE[language], original, language)),
        (to, recipients.format(name=original.to_name, addr=original.to)),
        (subject, original.subject),
    ]
