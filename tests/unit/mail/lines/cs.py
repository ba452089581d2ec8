"""Czech as people write it first, and what their mail programs add; see __init__.py."""

# ruff: noqa: E501 (a line is easier to read as it was written)

from __future__ import annotations

APPROVE = (
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
)
REJECT = (
    "Zamítám",
    "ZAMÍTNUTO",
    "Zamitam",
    "Zamítnuto, testy neprošly",
    "Neschvaluji, chybí plán obnovy",
    "Odmítám. Schválím, až bude opravena chyba.",
)
UNDECIDED = (
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
)
# A word that approves, and a condition typed below the quote.
BELOW = ("Schvaluji", "pokud je záloha hotová")
# What mail programs write above a quote: attributions, and header blocks as Outlook writes them.
QUOTES = (
    "ne 22. 11. 2026 v 10:15 odesílatel flexmaild <{own}> napsal:",
    "po 23. 11. 2026 v 10:15 odesílatel flexmaild <{own}> napsal:",
    "pá 20. 11. 2026 v 10:15 odesílatel flexmaild <{own}> napsal:",
    "20. 11. 2026 v 10:15, flexmaild <{own}>:",
    "Dne 20. 11. 2026 v 10:15 flexmaild napsal(a):",
    "Dne pátek 20. listopadu 2026 10:15:00 CET, flexmaild <{own}> napsal:",
    "Od: flexmaild <{own}>\nOdesláno: pátek 20. listopadu 2026 10:15\nKomu: Ann Approver\nPředmět: Approval needed: Deploy billing 2.3.1 to production\n",
    "-----Původní zpráva-----\nOd: flexmaild <{own}>\nDatum: 20. 11. 2026 10:15\nKomu: Ann Approver\nKopie: Bob <bob@corp.test>\nPředmět: Approval needed: Deploy billing 2.3.1 to production\n",
)
# Closings, devices, scanners and disclaimers.
ENDINGS = (
    "S pozdravem\nAnn",
    "Děkuji a přeji hezký den\nAnn Approver\nVedoucí oddělení provozu\nTel: +420 222 333 444",
    "Odesláno z iPhonu",
    "Odesláno z mého mobilního telefonu Samsung Galaxy",
    "Získat Outlook pro Android",
    "Tato zpráva byla zkontrolována na viry programem Avast antivirus",
    "Tato zpráva a všechny připojené soubory jsou důvěrné a určené výlučně adresátovi. Pokud jste zprávu obdrželi omylem, informujte prosím odesílatele a zprávu vymažte. Kopírování a šíření je zakázáno.",
)
# How the subjects of automatic replies and receipts begin.
AUTOMATIC = (
    "Automatická odpověď: Žádost",
    "Mimo kancelář: x",
    "Nepřítomnost: x",
    "Přečteno: Žádost o schválení",
)
