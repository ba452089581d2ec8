"""The words that keep an approval from being one: negations, conditions, changes of mind, by language.

Read by `mail.understand.verdict` only. Lower case, composed, as tokens or as phrases of tokens; Japanese as pieces of
text, since it writes no blanks. All languages are looked for in every answer, because people comment in
another language than the word they were offered, except where a language uses the very word harmlessly
(HARMLESS_IN). Adding a language is adding an entry to each table.
"""

from __future__ import annotations

from collections.abc import Mapping


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NEGATIONS: Mapping[str, frozenset[str]] = {
    "en": _set(
        "not no never nothing none neither nor nope nah cannot can't cant won't wont don't dont doesn't"
        " doesnt didn't isn't isnt aren't wasn't shouldn't shouldnt wouldn't couldn't mustn't ain't"
        " disapprove disapproved unapproved decline declined deny denied refuse refused refusing veto"
        " vetoed"
    ),
    "de": _set(
        "nicht nichts nein nö nee kein keine keinen keiner keinem keines keinesfalls keineswegs nie"
        " niemals mitnichten ungenehmigt verweigere verweigert"
    ),
    "fr": _set("ne pas non jamais rien aucun aucune aucunement nullement refuse refusé refusée refuser"),
    "es": _set("no nunca jamás jamas nada ningún ningun ninguna ninguno ni tampoco niego denegado denegar"),
    "it": _set("non mai niente nulla nessun nessuno nessuna nemmeno neanche neppure nego rifiuto"),
    "pt": _set("não nao nunca jamais nada nenhum nenhuma nem tampouco nego recuso recusado negado"),
    "nl": _set("niet niets nee neen geen nooit nimmer noch weiger geweigerd"),
    "pl": _set("nie nigdy nic żaden żadna żadne ani odmawiam"),
}

CONDITIONS: Mapping[str, frozenset[str]] = {
    "en": _set(
        "if iff once when whenever unless until till til after before except excepting excluding excl"
        " exclude but however although though tho albeit only provided providing assuming presuming"
        " supposing pending conditional conditionally conditions condition conditioned contingent"
        " depending depends dependent without wait waiting hold holding later tomorrow maybe perhaps"
        " possibly probably presumably tentative tentatively partial partially partly or either whether"
        " instead otherwise yet first eventually someday almost nearly unsure doubt doubts doubtful"
        " reluctantly caveat caveats reservation reservations minus besides stop cancel cancelled abort"
        " revoke retract undo withdraw postpone delay delayed defer rather least afterwards meanwhile"
        " temporarily provisionally"
    ),
    "de": _set(
        "wenn falls sobald sofern solange soweit nachdem nach erst außer ausser ausgenommen ausnahme"
        " aber jedoch allerdings nur bedingung bedingt vorbehalt vorbehaltlich vorausgesetzt bis bevor"
        " ehe vielleicht eventuell evtl ggf gegebenenfalls möglicherweise später morgen warten warte"
        " abwarten noch sondern oder teilweise teils vorläufig ausstehend obwohl wann ansonsten unsicher"
        " zweifel anschließend danach stopp widerrufe zurückziehen doch ohne"
    ),
    "fr": _set(
        "si s'il s'ils quand lorsque lorsqu'il dès après avant sauf mais seulement uniquement condition"
        " conditions réserve réserves pourvu jusqu'à jusque jusqu'au peut-être demain attendre attendez"
        " attends excepté hormis provisoirement partiellement ou sinon tant toutefois cependant"
        " néanmoins sans éventuellement ensuite peut-etre apres"
    ),
    "es": _set(
        "si cuando después despues tras salvo excepto menos pero sólo solo solamente únicamente"
        " condición condicion hasta antes quizás quizas quizá luego mañana espera esperar pendiente"
        " aunque mientras siempre sin o parcialmente provisionalmente"
    ),
    "it": _set(
        "se quando appena dopo salvo eccetto tranne ma però solo soltanto solamente unicamente purché"
        " purche condizione finché finche fino prima forse domani aspetta aspettare attendere attesa"
        " qualora caso senza oppure o parzialmente provvisoriamente dopodiché"
    ),
    "pt": _set(
        "se quando depois após apos logo salvo exceto menos mas porém porem só so somente apenas desde"
        " contanto até ate antes sem talvez amanhã espera esperar aguardar aguarde pendente condição"
        " caso ou parcialmente enquanto embora"
    ),
    "nl": _set(
        "als indien zodra wanneer mits tenzij behalve maar alleen slechts nadat na pas misschien wacht"
        " wachten morgen totdat tot voordat voorwaarde voorlopig uitgezonderd zonder of gedeeltelijk"
        " eerst nog echter"
    ),
    "pl": _set(
        "jeśli jesli jeżeli jezeli gdy kiedy dopiero po warunkiem warunek chyba wyjątkiem oprócz oprocz"
        " ale tylko wyłącznie dopóki dopoki zanim bez może moze później pozniej jutro czekaj poczekaj"
        " czekać albo lub częściowo gdyby skoro przed jednak ile pod"
    ),
}

# Tokens with a space around each, looked for in " token token ".
PHRASES: tuple[str, ...] = (
    *(
        " as soon as ",
        " as long as ",
        " so long as ",
        " subject to ",
        " on condition ",
        " in case ",
        " given that ",
    ),
    *(" other than ", " apart from ", " aside from ", " just the ", " in principle ", " with the exception "),
    *(
        " on second thought ",
        " second thoughts ",
        " just kidding ",
        " never mind ",
        " nevermind ",
        " scrap that ",
    ),
    *(" next week ", " next month ", " on monday ", " on tuesday ", " on wednesday ", " on thursday "),
    *(
        " on friday ",
        " on saturday ",
        " on sunday ",
        " from monday ",
        " i mean ",
        " i meant ",
        " by mistake ",
    ),
    *(" my mistake ", " am montag ", " am dienstag ", " am mittwoch ", " am donnerstag ", " am freitag "),
    *(" nächste woche ", " mal sehen ", " im prinzip ", " grundsätzlich ", " unter der bedingung "),
    *(" une fois ", " plus tard ", " la semaine prochaine ", " en attente ", " en principe ", " una vez "),
    *(
        " más tarde ",
        " tal vez ",
        " a lo mejor ",
        " en principio ",
        " una volta ",
        " più tardi ",
        " a patto ",
    ),
    *(" in linea di massima ", " uma vez ", " assim que ", " mais tarde ", " em princípio ", " zodra als "),
    *(" in principe ", " jak tylko ", " o ile ", " co do zasady ", " i think ", " i guess ", " i suppose "),
    " not sure ",
)

# Changes of mind: they undo a rejection as well as an approval.
RETRACTIONS: tuple[str, ...] = (
    *(
        " oops ",
        " kidding ",
        " jk ",
        " just joking ",
        " on second thought ",
        " second thoughts ",
        " my mistake ",
    ),
    *(" by mistake ", " ignore this ", " ignore that ", " ignore my ", " disregard ", " scrap that "),
    *(
        " never mind ",
        " nevermind ",
        " i meant ",
        " wait no ",
        " versehentlich ",
        " aus versehen ",
        " vertippt ",
    ),
    *(
        " par erreur ",
        " je plaisante ",
        " por error ",
        " es broma ",
        " per errore ",
        " scherzo ",
        " por engano ",
    ),
    *(" vergissing ", " grapje ", " przez pomyłkę ", " żartuję "),
)

# Said with an approval every day although a word of the tables above is in them; taken out first.
HARMLESS: tuple[str, ...] = (
    *(" no objections ", " no objection ", " no problems ", " no problem ", " no concerns ", " no concern "),
    *(" no issues ", " no issue ", " no comments ", " no comment ", " no worries ", " no questions "),
    *(" no remarks ", " no reservations ", " no doubts ", " no doubt ", " no further comments "),
    *(" no further questions ", " no further remarks ", " nothing to add ", " nothing to object "),
    *(" without objections ", " without objection ", " without reservations ", " without reservation "),
    *(" without comments ", " without comment ", " sorry for the delay ", " sorry for the delayed answer "),
    *(" without problems ", " without any problems ", " without issues ", " without any issues "),
    *(" without errors ", " without any errors ", " no errors ", " no regressions ", " no blockers "),
    *(" no failures ", " no conflicts ", " no findings ", " no complaints ", " nothing else "),
    *(
        " let me know if you need anything ",
        " let me know if anything comes up ",
        " call me if anything comes up ",
    ),
    *(" let me know if you have questions ", " let me know if you have any questions "),
    *(" let me know if there are any problems ", " let me know if there are any issues "),
    *(" let me know when done ", " let me know when it is done ", " let me know when it's done "),
    *(" let me know once it is done ", " let me know once it's done ", " let me know when it is live "),
    *(" apologies for the delay ", " thanks for waiting ", " not a problem ", " not a single problem "),
    *(" keine einwände ", " kein einwand ", " keine bedenken ", " kein problem ", " keine probleme "),
    *(" keine anmerkungen ", " keine fragen ", " keine kommentare ", " ohne einwände ", " ohne bedenken "),
    *(
        " ohne anmerkungen ",
        " ohne vorbehalt ",
        " nichts hinzuzufügen ",
        " guten morgen ",
        " spricht nichts dagegen ",
    ),
    *(
        " nichts dagegen ",
        " aucune objection ",
        " pas d'objection ",
        " pas d'objections ",
        " sans objection ",
    ),
    *(" aucun problème ", " pas de problème ", " pas de souci ", " aucun souci ", " sans réserve "),
    *(" sans réserves ", " sans commentaire ", " rien à ajouter ", " rien à signaler ", " aucune remarque "),
    *(" aucune réserve ", " sin objeciones ", " sin objeción ", " sin problemas ", " sin problema "),
    *(" sin comentarios ", " sin reservas ", " no hay problema ", " no hay objeciones ", " ningún problema "),
    *(" ninguna objeción ", " no tengo objeciones ", " nada que añadir ", " nada que objetar "),
    *(
        " nessuna obiezione ",
        " nessun problema ",
        " senza obiezioni ",
        " senza riserve ",
        " niente da aggiungere ",
    ),
    *(" nulla da eccepire ", " nulla osta ", " nessun commento ", " sem objeções ", " sem objeção "),
    *(" sem problemas ", " sem problema ", " sem comentários ", " sem reservas ", " nada a acrescentar "),
    *(" nenhuma objeção ", " nada a opor ", " geen bezwaar ", " geen bezwaren ", " geen probleem "),
    *(
        " geen problemen ",
        " geen opmerkingen ",
        " geen vragen ",
        " niets aan toe te voegen ",
        " zonder bezwaar ",
    ),
    *(" bez zastrzeżeń ", " bez uwag ", " nie mam uwag ", " nie mam zastrzeżeń ", " brak uwag "),
    *(" nie ma problemu ", " bez problemu ", " nie ma sprawy ", " nie widzę przeszkód ", " po prostu "),
)

# Ordinary words of a language that are a condition or a negation in another.
HARMLESS_IN: Mapping[str, frozenset[str]] = {
    "en": _set("falls ma mas o of na po so se solo ate logo salvo caso pod prima ile ale tot"),
    "de": _set("als ma mas si o of na ne se so des solo prima po pas tot logo ale ate"),
    "fr": _set("ma mas se na po of prima als solo logo caso o so des tot ale"),
    "es": _set("se ma mas na po of als logo prima ne des so ale ou"),
    "it": _set("si na po of als logo ni ne des so ou ale mas ate"),
    "pt": _set("si ma na no o of als prima ne des pas po mais ale"),
    "nl": _set("ma mas si o po ne se so des solo prima logo caso ou ale ate"),
    "pl": _set("ma mas si o na ne se so des of als solo prima logo caso ni ou no ate"),
}

# Stems of the opposite word in any form ("rejection", "Ablehnung"): an approval with one of them is none.
OPPOSED_STEMS: tuple[str, ...] = (
    *("reject", "ablehn", "abgelehn", "rejet", "rechaz", "rifiut", "rejeit", "afwijz", "afgewez", "odrzu"),
    *("declin", "disapprov", "zurückgewiesen", "zurückweis"),
)

JAPANESE_HARMLESS = (
    *(
        "問題ありません",
        "問題ないです",
        "問題ない",
        "問題なし",
        "異議ありません",
        "異議なし",
        "異存ありません",
        "異存なし",
    ),
    *("申し訳ありません", "今後", "午後", "最後", "前後", "構いません", "かまいません", "差し支えありません"),
    *("特にありません", "コメントはありません", "質問はありません", "しなければならない"),
)
JAPANESE_NEGATIONS = (
    "ない",
    "ません",
    "却下",
    "否認",
    "不可",
    "未承認",
    "不承認",
    "反対",
    "だめ",
    "駄目",
    "ダメ",
)
JAPANESE_CONDITIONS = (
    *(
        "たら",
        "れば",
        "なら",
        "場合",
        "ただし",
        "但し",
        "が、",
        "後",
        "まで",
        "以外",
        "除",
        "条件",
        "前提",
        "のみ",
    ),
    *(
        "だけ",
        "しかし",
        "けど",
        "けれど",
        "でも",
        "または",
        "もしくは",
        "まだ",
        "待",
        "保留",
        "一部",
        "取り消",
        "取消",
    ),
    *(
        "間違",
        "かも",
        "たぶん",
        "多分",
        "おそらく",
        "明日",
        "仮",
        "とき",
        "時に",
        "もし",
        "次第",
        "撤回",
        "中止",
    ),
)

# A thumb down or a stop sign beside an approval.
REFUSING_SYMBOLS = frozenset("👎❌🚫⛔🛑✋❎✖✗✘🙅⏸⏳⌛🤔🤷")
