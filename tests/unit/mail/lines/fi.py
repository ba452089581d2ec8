"""Finnish as people write it first, and what their mail programs add; see __init__.py."""

# ruff: noqa: E501 (a line is easier to read as it was written)

from __future__ import annotations

LINES: dict[str, tuple[str, ...]] = {
    "a": (
        "Hyväksyn",
        "hyväksytty",
        "HYVÄKSYTTY",
        "Hyvaksytty",
        "Hyväksyn, kiitos",
        "Hei,\nHyväksytty.\nTerveisin Liisa",
        "Hei Matti,\n\nhyväksyn, voitte viedä tuotantoon.",
        "Hyväksyn, ei huomautettavaa",
        "Hyväksyn. Ei ongelmia.",
        "Hyväksytty, testit menivät läpi",
        "Hyväksytty, näyttää hyvältä",
        "Hyväksytty, kävin muutoksen läpi tiimin kanssa",
        "Hyväksyn, en näe riskejä",
        "Hyväksyn, ongelmia ei havaittu",
        "Hyväksytty, kertokaa, kun on valmista",
        "Hyväksyn, soittakaa jos tulee ongelmia",
        "Hyväksyn, minulla ei ole mitään lisättävää",
        "Hyväksytty, kyseessä on vain pieni korjaus",
        "Hyväksyn ilman muuta",
        "Hyväksytty puolestani",
        "Hyväksyn julkaisun 2.3.1",
        "Hyväksyn, varmuuskopio on otettu",
        "Hyväksyn, mitään ei puutu",
        "Hyväksyn\nRollback-suunnitelma luettu",
    ),
    "r": (
        "Hylkään",
        "HYLÄTTY",
        "Hylatty",
        "Hylätty, testit eivät menneet läpi",
        "En hyväksy, varmuuskopio puuttuu",
        "Hylkään. Voin hyväksyä, kun virhe on korjattu.",
    ),
    "?": (
        "Hyväksyn, jos varmuuskopio on valmis",
        "Hyväksytty\nEi sittenkään, odottakaa vielä",
        "Hyväksyn kunhan testit menevät läpi",
        "Hyväksyn, mutta vasta varmuuskopion jälkeen",
        "Hyväksytty lukuun ottamatta tietokantaa",
        "Hyväksyn ehdolla että QA on valis",
        "Hyväksyn kun QA on valmis",
        "Hyväksyn QA:n valmistuttua",
        "Hyväksyn testien mentyä läpi",
        "Hyväksyn, luulisin",
        "Hyväksyn?",
        "Hyväksytäänkö? Hyväksyn",
        "Hyväksytty, ei kuitenkaan ennen maanantaita",
        "Hyväksytty perjantaina klo 22",
        "Hyväksyn varauksin",
        "Hyväksytty osittain",
        "Hyväksyn, en ole ihan varma",
        "Hyväksytty, älkää viekö vielä tuotantoon",
        "Hyväksytty koskematta tietokantaan",
        "Hyväksyn, paitsi maksumoduuli",
        "Hyväksyn mikali testit menevat lapi",
        "Hyväksyn, tietokantamuutos jätetään pois",
        "Hyväksyn vain testiympäristöön",
        "Hyväksyn. Tai hylkään?",
        "Hyväksytty\nodottakaa, tämä oli toiselle tiketille",
        "Hyväksytty. Hups, väärä viesti.",
        "Hylätty, vahingossa",
        "Hyväksyn edellyttäen että Pekka on samaa mieltä",
        "Hyväksyn siihen saakka",
        "Hyväksyn, emme tosin ole testanneet",
        "Kyllä",
        "Hyväksyisin",
        "Hyväksytty, Pekan pitäisi vielä katsoa tämä",
    ),
}
ANSWERS = (
    "Hyväksyn",
    "Hylkään",
)
DOUBTS = ("kunhan varmuuskopio on valmis",)
QUOTES: dict[str, str] = {
    "gmail": "pe 20. marrask. 2026 klo 10.15 flexmaild ({own}) kirjoitti:",
    "apple": "flexmaild <{own}> kirjoitti 20.11.2026 kello 10.15:",
    "thunderbird": "flexmaild kirjoitti 20.11.2026 klo 10:15:",
    "outlook": "Lähettäjä: flexmaild <{own}>\nLähetetty: perjantai 20. marraskuuta 2026 10.15\nVastaanottaja: Ann Approver\nAihe: {subject}\n",
    "original message": "-----Alkuperäinen viesti-----\nLähettäjä: flexmaild <{own}>\nPäivämäärä: 20.11.2026 10.15\nVastaanottaja: Ann Approver\nKopio: Bob <bob@corp.test>\nAihe: {subject}\n",
}
ENDINGS = (
    "Ystävällisin terveisin\nAnn",
    "Terveisin\nAnn Approver\nTuotantopäällikkö, tietohallinto\nPuh. +358 40 123 4567",
    "Lähetetty iPhonesta",
    "Lähetetty Galaxy-älypuhelimestani",
    "Hanki Outlook for Android",
    "Tämä sähköposti on tarkistettu virusten varalta Avast antivirus ohjelmalla",
    "Tämä viesti ja sen liitteet ovat luottamuksellisia ja tarkoitettu vain vastaanottajalle. Jos olet saanut viestin vahingossa, ilmoita siitä lähettäjälle ja poista viesti. Kopiointi ja levittäminen on kielletty.",
)
BANNERS: tuple[str, ...] = ()
AUTOMATIC = (
    "Automaattinen vastaus: x",
    "Poissaoloviesti: x",
    "Olen lomalla: x",
    "Luettu: Hyväksyntäsi tarvitaan",
)
