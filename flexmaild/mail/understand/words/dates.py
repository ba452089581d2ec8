"""The words of dates in the languages we read, whole and as mail programs shorten them.

For `doubt`: a month next to numbers makes a date, in which no word doubts. For `attributions`: a line of
these words and numbers alone is a date that a mail program wrote. Pure.
"""

import re

from flexmaild.mail.understand.words.spelling import normal_word, spellings

_MONTHS = """
    january february march april may june july august september october november december jan feb mar apr
    jun jul aug sep sept oct nov dec januar februar märz mai juni juli oktober dezember jänner feber mär
    mrz okt dez janvier février mars avril juin juillet août septembre octobre novembre décembre janv févr
    fév avr juil déc enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre
    noviembre diciembre ene abr ago set dic gennaio febbraio aprile maggio giugno luglio settembre ottobre
    dicembre gen mag giu lug sett ott janeiro fevereiro março maio junho julho setembro outubro novembro
    dezembro fev out januari februari maart mei augustus mrt maa stycznia lutego marca kwietnia maja
    czerwca lipca sierpnia września października listopada grudnia styczeń luty marzec kwiecień maj
    czerwiec lipiec sierpień wrzesień październik listopad grudzień sty lut kwi cze lip sie wrz paź lis
    gru augusti marts des ledna února března dubna května června července srpna září října listopadu
    prosince leden únor březen duben květen červen červenec srpen říjen prosinec led úno bře dub kvě čvn
    čvc srp zář říj pro tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta
    elokuuta syyskuuta lokakuuta marraskuuta joulukuuta tammi helmi maalis huhti touko kesä heinä elo syys
    loka marras joulu ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık oca şub
    nis haz tem ağu eyl eki kas ara
"""
# In the form in which text is looked through, and without accents; the longest first.
_FORMS = {form for name in _MONTHS.split() for form in spellings(normal_word(name))}
MONTH = f"(?:{'|'.join(sorted(map(re.escape, _FORMS), key=lambda form: (-len(form), form)))})"

_DAYS = """
    monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
    montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
    lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim
    lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb dom
    lunedì martedì mercoledì giovedì venerdì sabato domenica gio sab
    segunda terça quarta quinta sexta feira seg ter qua qui sex
    maandag dinsdag woensdag donderdag vrijdag zaterdag zondag ma wo vr za zo
    poniedziałek wtorek środa czwartek piątek sobota niedziela pon pn wt śr czw cz pt sob niedz nd
    måndag tisdag onsdag torsdag fredag lördag söndag mån tis ons tors tor fre lör sön
    mandag tirsdag lørdag søndag man tir lør søn
    pondělí úterý středa čtvrtek pátek neděle po út st čt pá ne
    maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai ti ke to pe la su maanantaina tiistaina
    keskiviikkona torstaina perjantaina lauantaina sunnuntaina
    pazartesi salı çarşamba perşembe cuma cumartesi pazar pzt sal çar per cum cmt paz
"""
# What stands between them: "on … at … o'clock GMT".
_BETWEEN = """
    on at the am pm um uhr den der le à il alle ore el a las de del em às no dia op om w dniu dnia godz o d
    kl klo dne v ve i na tarihinde günü saat h t z gmt utc cet cest mez mesz est edt pst pdt cst cdt mst mdt
    bst ist jst kst msk wet west eet eest aest aedt st nd rd th
"""
_WORDS = frozenset(
    form
    for name in (*_MONTHS.split(), *_DAYS.split(), *_BETWEEN.split())
    for form in spellings(normal_word(name))
)
_LETTERS = re.compile(r"[^\W\d_]+")
_DAY = re.compile(r"20\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2}")
_EASTERN = re.compile(
    r"[年月日时時分秒曜火水木金土周星期一二三四五六天上下午前後년월일시분초요화수목금토오전후]+"
)
# What a person types who adds a date has neither a name nor a time of day.
_WRITTEN_BY_PROGRAMS = re.compile(r"\d:\d\d|[^\W\d_]{2}")


def words_outside_dates(text: str) -> list[str]:
    """The words of a text that stand in no date."""
    found = _LETTERS.findall(normal_word(_EASTERN.sub(" ", text)))
    return [word for word in found if word not in _WORDS]


def is_date_line(text: str) -> bool:
    """Whether this is a date as mail programs write it, a day with its name or the time, and nothing else."""
    return bool(
        _DAY.search(text)
        and _WRITTEN_BY_PROGRAMS.search(text)
        and not words_outside_dates(text)
        and all(c.isalnum() or c.isspace() or c in ",.:/+-()[]<>|*'’–年月日" for c in text)
    )
