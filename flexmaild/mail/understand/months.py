"""The names of the months in the languages we read, whole and as mail programs shorten them.

For `doubt`: beside numbers they make a date, in which no word doubts.
"""

import re

from flexmaild.mail.understand.rules import normal_word, spellings

_NAMES = """
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
_FORMS = {form for name in _NAMES.split() for form in spellings(normal_word(name))}
MONTH = f"(?:{'|'.join(sorted(map(re.escape, _FORMS), key=lambda form: (-len(form), form)))})"
