"""What people and their mail programs write in the Nordic languages: the data of test_nordic.py."""

# ruff: noqa: E501 (a mail is easier to read on one line)

from __future__ import annotations

from tests.unit.mail.mails import OWN, REQUEST

NAME = f"flexmaild <{OWN}>"
SUBJECT = "Approval needed: Deploy billing 2.3.1 to production"
QUOTED = "\n".join(f"> {line}".rstrip() for line in REQUEST)
PLAIN = "\n".join(REQUEST)

# By language: what stands above a quote, as the programs write it, and the quote in their way.
QUOTES: dict[str, dict[str, str]] = {
    "sv": {
        "gmail": f"Den fre 20 nov. 2026 kl 10:15 skrev {NAME}:\n\n{QUOTED}",
        "apple": f"20 nov. 2026 kl. 10:15 skrev {NAME}:\n\n{QUOTED}",
        "iphone": f"Skickat från min iPhone\n\n20 nov. 2026 kl. 10:15 skrev {NAME}:\n\n{QUOTED}",
        "thunderbird": f"Den 2026-11-20 kl. 10:15, skrev flexmaild:\n{QUOTED}",
        "roundcube": f"Den 2026-11-20 10:15, flexmaild skrev:\n{QUOTED}",
        "yahoo": f"Den fredag 20 november 2026 10:15:00 CET, {NAME} skrev:\n\n{QUOTED}",
        "outlook": f"Från: {NAME}\nSkickat: den 20 november 2026 10:15\nTill: Ann Approver <ann@corp.test>\n"
        f"Ämne: {SUBJECT}\n\n{PLAIN}",
        "outlook for mac": f"Från: {NAME}\nDatum: fredag, 20 november 2026 10:15\nTill: Ann Approver\n"
        f"Kopia: Bob\nÄmne: {SUBJECT}\n\n{PLAIN}",
        "outlook for the phone": "Hämta Outlook för iOS\n________________________________\n"
        f"Från: {NAME}\nSkickat: Friday, November 20, 2026 10:15:00 AM\nTill: Ann\nÄmne: {SUBJECT}\n\n{PLAIN}",
        "samsung": "Skickat från min Galaxy\n\n-------- Originalmeddelande --------\n"
        f"Från: {NAME}\nDatum: 2026-11-20 10:15 (GMT+01:00)\nTill: ann@corp.test\nÄmne: {SUBJECT}\n\n{PLAIN}",
        "original message": f"-----Ursprungligt meddelande-----\nFrån: {NAME}\n"
        f"Skickat: den 20 november 2026 10:15\nTill: Ann\nÄmne: {SUBJECT}\n\n{PLAIN}",
    },
}
# An approval and a rejection with their comments, and a condition.
ANSWERS: dict[str, tuple[str, str, str]] = {
    "sv": ("Godkänt, ser bra ut", "Avvisas, testerna är röda", "men först efter säkerhetskopieringen")
}
SIGNATURES: dict[str, tuple[str, ...]] = {
    "sv": (
        "Med vänliga hälsningar\nAnn Approver\nDriftchef, IT-avdelningen\nTfn: 08-123 456",
        "Mvh\nAnn",
        "Hälsningar\nAnn\n\nJobbar inte på fredagar",
        "Skickat från min iPhone",
        "Skickat från Outlook för Android",
        "Hämta Outlook för iOS",
        "Skickat från min Samsung Galaxy-telefon. Ursäkta eventuella stavfel",
        "Inga virus hittades i det här meddelandet",
        "Tänk på miljön innan du skriver ut detta mejl",
        "--\nAnn\n\nDetta meddelande är konfidentiellt och endast avsett för mottagaren. Om du har fått det av "
        "misstag, radera meddelandet och meddela avsändaren.",
    ),
}
BANNERS: dict[str, tuple[str, ...]] = {
    "sv": (
        "Du får inte ofta e-post från approvals@corp.test. Läs om varför det här är viktigt",
        "VARNING: Detta e-postmeddelande kommer från en extern avsändare. Klicka inte på länkar och öppna inte "
        "bilagor om du inte känner igen avsändaren.",
        "EXTERN",
        "Klassificering: Intern",
    ),
}
AUTOMATIC: dict[str, tuple[str, ...]] = {
    "sv": ("Automatiskt svar: {}", "Autosvar: {}", "Frånvaromeddelande: {}", "Läst: {}", "Ej på plats: {}"),
}

# First lines: those that approve ("a"), that reject ("r"), and those that decide nothing ("?"). A line may hold a
# newline: the comment below it.
LINES: dict[str, dict[str, tuple[str, ...]]] = {
    "sv": {
        "a": (
            "Godkänn",
            "godkänt",
            "GODKÄND!",
            "Godkant",
            "Jag godkänner",
            "Godkännes",
            "Härmed godkänt.",
            "Godkänner, ser bra ut",
            "Godkänt – tack för bra jobb!",
            "Hej Per,\n\ngodkänt, gick utan problem i staging.\n\n/Eva",
            "Hej Lars,\ngodkänt, gick utan problem i staging.\n/Eva",
            "Godmorgon allihop!\nGodkänt.",
            "Godkänn. Inga invändningar från min sida.",
            "Godkänt, inga synpunkter och inget att tillägga",
            "Godkänd, alla tester är gröna",
            "Godkänt efter genomgång med teamet",
            "Godkänner. Granskat tillsammans med driften igår, allt ser fint ut.",
            "Godkänt, hör av dig om det är något",
            "Godkänn – säg till när det är klart",
            "Godkänt, kör på!",
            "Godkänner releasen 2.3.1 av billing till produktion",
            "Godkänt. Vi har sett inga kända fel i den här versionen.",
            "Godkänd. Inte hittat några fel, ingen påverkan på kunderna förväntas.",
            "Godkänt, meddela gärna supporten när det är gjort.",
            "Godkänner. Bara en liten textändring som jag ser det.",
            "Godkänt utan anmärkningar. Bra jobbat och trevlig helg!",
            "Godkänt, vi har informerat kunden om ändringen",
            "Godkänn\nTestat i staging av både Anna och mig\nÅterställningsplanen finns i ärendet",
            "Tillstyrkes",
            "Godkänt. Kan du meddela mig när det är ute?",
            "Godkänt 👍",
        ),
        "r": (
            "Avvisa",
            "Avvisas",
            "Avvisar, testerna gick inte igenom",
            "Avslås. Det saknas en plan för återställning.",
            "Jag avslår tills säkerhetsgranskningen är gjord",
            "Hej alla,\navvisas tyvärr. Kan godkännas när Q3 är stängt.",
            "Avvisad eftersom ingen har testat",
            "Avslaget - om det här går ut slutar faktureringen fungera",
            "Avvisas, vi väntar till nästa vecka",
            "Underkänd, se kommentarer i ärendet",
        ),
        "?": (
            "Godkänt?",
            "Godkänt, men först efter säkerhetskopieringen",
            "Godkänn om testerna är gröna",
            "Godkänner under förutsättning att någon har jour i natt",
            "Godkänt så länge databasen lämnas orörd",
            "Godkänt när QA är klara",
            "Godkänt utom databasen",
            "Godkänt, förutom migreringen",
            "Godkänner, tror jag",
            "Godkänt, vänta dock på Kalle",
            "Godkänt fast jag hade hellre sett att vi väntade",
            "Godkänns på måndag",
            "Godkänt från och med 1 december",
            "Godkänt nästa vecka",
            "Godkänn bara billing, inte resten",
            "Godkänd endast för testmiljön",
            "Godkänt till viss del",
            "Godkänt i princip",
            "Godkänner såvida inte Anna säger nej",
            "Godkänt med reservation för prestandan",
            "Godkänt. Avvakta till efter helgen.",
            "Godkänt. Är säkerhetskopian tagen?",
            "Godkänt, kan vi skjuta upp till fredag",
            "Godkänt, kanske",
            "Godkänt, jag är lite orolig för migreringen",
            "Godkänner inte än, men snart\nVänta",
            "Godkänn\nÅngrade mig, kör inte",
            "Godkänt. Oj, fel ärende.",
            "Godkänt på egen risk",
            "Godkänt, säkerställ att backupen är tagen",
            "Godkänt, se till att Maria är med",
            "Godkänt - ni bestämmer",
            "Godkanns nar testerna ar klara",
            "Godkänt, inget datum är bestämt dock",
            "Godkänt, jag återkommer om databasen",
            "Godkänt, hoppa över steg 4",
            "Godkänner halva",
            "Godkänt, eller?",
            "Godkänt. Det som skulle godkännas var ett annat ärende.",
            "Avvisa?",
            "Avvisa om testerna är röda",
            "Avvisad. Oj, jag menade det andra",
            "Ej godkänt",
            "Inte godkänt, databasen är inte säkerhetskopierad",
            "Godkänner inte, för många fel i loggen",
            "Godkänns ej: ändringen är för stor för ett servicefönster",
            "Kan inte godkännas i nuläget",
            "Ja, kör",
            "Approve om det är testat",
            "Approve, men det är för tidigt",
        ),
    },
}
