"""Czech as people write it first, and what their mail programs add; see __init__.py."""

# ruff: noqa: E501 (a line is easier to read as it was written)

from __future__ import annotations

LINES: dict[str, tuple[str, ...]] = {
    "a": (
        "Schvaluji",
        "schváleno",
        "SCHVÁLENO",
        "Schvaleno",
        "Schvaluju, díky",
        "Dobrý den,\nSchvaluji",
        "Ahoj Petře,\nschváleno, můžete nasadit.\nHezký den\nJana",
        "Schváleno. Bez připomínek.",
        "Schvaluji, nemám námitky",
        "Schvaluji, bez problémů",
        "Schváleno, vypadá to dobře",
        "Schváleno, všechny testy jsou zelené",
        "Schvaluji, prošel jsem to s týmem",
        "Schváleno - nevidím žádné riziko",
        "Schvaluji. Problémy nevidím.",
        "Schvaluji, dejte mi vědět, až bude hotovo",
        "Schváleno, kdyby něco, volejte",
        "Schváleno, testy na CI prošly",
        "Schváleno\nZáloha proběhla v noci, v logu nic podezřelého",
        "Schváleno, jde jen o drobnou opravu",
        "Schvaluji, není co dodat",
        "Souhlasím, pusťte to",
        "Schváleno, plán obnovy jsem četl",
        "Schvaluji nasazení nejnovější verze",
    ),
    "r": (
        "Zamítám",
        "ZAMÍTNUTO",
        "Zamitam",
        "Zamítnuto, testy neprošly",
        "Neschvaluji, chybí plán obnovy",
        "Odmítám. Schválím, až bude opravena chyba.",
    ),
    "?": (
        "Schvaluji, pokud je záloha hotová",
        "Schvaluji, ale až po záloze",
        "Schváleno, jen prosím bez databáze",
        "Schváleno s výhradou",
        "Schvaluji za předpokladu, že QA souhlasí",
        "Schváleno, je-li záloha v pořádku",
        "Schváleno s výjimkou databáze",
        "Schvaluji, až QA skončí",
        "Schváleno, až dokončí testy",
        "Schvaluji, myslím",
        "Schváleno?",
        "Schvaluji, dokud to nezasáhne fakturaci",
        "Schváleno, nasadit v pátek",
        "Schváleno, ale počkejte na Petra",
        "Schváleno, nenasazujte ještě",
        "Schvaluji, jen pro testovací prostředí",
        "Schváleno, migraci vynechte",
        "Schvaleno, pokud testy projdou",
        "Schvaluji, asi to bude v pořádku",
        "Schváleno\nMigraci databáze prosím neprovádějte",
        "Schvaluji kromě modulu plateb",
        "Schváleno, nejsem si jistý",
        "Schvaluji. Nebo zamítám?",
        "Schváleno\npočkat, to bylo k jinému ticketu",
        "Schváleno, omylem jsem klikl",
        "Zamítám, omylem",
        "Schvaluji první část",
        "Schvaluji, jakmile dorazí potvrzení od QA",
        "Schválím, až to uvidím",
        "Schváleno po obědě",
        "Neschváleno? Schvaluji",
        "Ano",
        "Schvaluji, nedělejte to dnes",
    ),
}
ANSWERS = (
    "Schvaluji",
    "Zamítám",
)
DOUBTS = ("pokud je záloha hotová",)
QUOTES: dict[str, str] = {
    "gmail": "ne 22. 11. 2026 v 10:15 odesílatel flexmaild <{own}> napsal:",
    "gmail, Monday": "po 23. 11. 2026 v 10:15 odesílatel flexmaild <{own}> napsal:",
    "gmail, Friday": "pá 20. 11. 2026 v 10:15 odesílatel flexmaild <{own}> napsal:",
    "apple": "20. 11. 2026 v 10:15, flexmaild <{own}>:",
    "thunderbird": "Dne 20. 11. 2026 v 10:15 flexmaild napsal(a):",
    "kmail": "Dne pátek 20. listopadu 2026 10:15:00 CET, flexmaild <{own}> napsal:",
    "outlook": "Od: flexmaild <{own}>\nOdesláno: pátek 20. listopadu 2026 10:15\nKomu: Ann Approver\nPředmět: {subject}\n",
    "original message": "-----Původní zpráva-----\nOd: flexmaild <{own}>\nDatum: 20. 11. 2026 10:15\nKomu: Ann Approver\nKopie: Bob <bob@corp.test>\nPředmět: {subject}\n",
}
ENDINGS = (
    "S pozdravem\nAnn",
    "Děkuji a přeji hezký den\nAnn Approver\nVedoucí oddělení provozu\nTel: +420 222 333 444",
    "Odesláno z iPhonu",
    "Odesláno z mého mobilního telefonu Samsung Galaxy",
    "Získat Outlook pro Android",
    "Tato zpráva byla zkontrolována na viry programem Avast antivirus",
    "Tato zpráva a všechny připojené soubory jsou důvěrné a určené výlučně adresátovi. Pokud jste zprávu obdrželi omylem, informujte prosím odesílatele a zprávu vymažte. Kopírování a šíření je zakázáno.",
)
BANNERS: tuple[str, ...] = ()
AUTOMATIC = (
    "Automatická odpověď: Žádost",
    "Mimo kancelář: x",
    "Nepřítomnost: x",
    "Přečteno: Žádost o schválení",
)
