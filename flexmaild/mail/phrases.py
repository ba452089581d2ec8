"""The words of banners, footers and disclaimers, in nine languages.

Read by `mail.understand.notices` only. In lower case; all are looked for in every mail, because they are the firm's and
not the writer's. Adding a shape is adding words here.
"""

from __future__ import annotations


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# A whole line of this, give or take brackets and stars, is a gateway's tag.
BANNER_TAGS = frozenset(
    (
        *("external", "external email", "external e-mail", "external mail", "external sender", "ext"),
        *("external message", "caution", "caution external email", "caution: external email", "extern"),
        *("warning: external email", "warning external email", "externe e-mail", "externe mail", "externer"),
        *("externer absender", "externe nachricht", "externe", "e-mail externe", "courriel externe"),
        *("message externe", "expéditeur externe", "externo", "correo externo", "mensaje externo"),
        *("remitente externo", "esterno", "e-mail esterna", "mail esterna", "messaggio esterno"),
        *("mittente esterno", "e-mail externo", "email externo", "mensagem externa", "remetente externo"),
        *("externe afzender", "extern bericht", "zewnętrzny", "zewnętrzna", "wiadomość zewnętrzna"),
        *("nadawca zewnętrzny", "外部", "外部メール", "社外", "社外メール"),
        *("zjqcmqryfpfptbannerstart", "zjqcmqryfpfptbannerend"),
    )
)

# What only a banner says; one of these must stand in it.
BANNER_TELLS = (
    *("originated outside", "originated from outside", "originates from outside", "came from outside"),
    *("comes from outside", "coming from outside", "sent from outside", "received from outside"),
    *("from an external sender", "from an external source", "from external sender", "is from outside"),
    *("external email - ", "external email: ", "external email. ", "external sender - ", "external sender."),
    *("don't often get email from", "don’t often get email from", "you have not previously corresponded"),
    *("von außerhalb", "von ausserhalb", "von einem externen absender", "von extern", "externe e-mail"),
    *("provient de l'extérieur", "provient de l’extérieur", "provient d'un expéditeur externe"),
    *("envoyé depuis l'extérieur", "proviene de fuera", "proviene del exterior", "procede de fuera"),
    *("de un remitente externo", "proviene dall'esterno", "proviene dall’esterno", "da un mittente esterno"),
    *("de fora da", "de um remetente externo", "van buiten de", "van een externe afzender", "spoza"),
    *("od zewnętrznego nadawcy",),
)

# … and the mail it speaks of must be named too.
BANNER_NOUNS = (
    *("mail", "message", "sender", "nachricht", "absender", "courriel", "expéditeur", "correo", "mensaje"),
    *("remitente", "messaggio", "mittente", "mensagem", "remetente", "bericht", "afzender", "wiadomość"),
    *("nadawc",),
)

# The words banners consist of. A line of others is a person's, and ends the banner.
BANNER_WORDS = _set(
    "caution warning attention alert notice external externally email e-mail mail message this the that"
    " was is has been it originated originates originating came comes coming sent received from outside of"
    " our your organization organisation company network firm sender source an a to be careful please"
    " exercise use when do not don't click on links link or open opening attachments attachment unless you"
    " recognize recognise trust know and verify content contents safe expecting expected were with and/or"
    " any in clicking reply responding provide password passwords credentials information report"
    " suspicious phishing it's its some people who often get don’t learn why important at have previously"
    " corresponded achtung vorsicht warnung hinweis externe externer externen extern diese dieser"
    " nachricht stammt kommt wurde von außerhalb ausserhalb unserer der des unternehmens gesendet klicken"
    " sie nicht auf anhänge öffnen keine wenn dem den absender kennen bekannt ist vertrauen und oder nur"
    " bitte ce cet courriel provient de l'extérieur l’extérieur la l'entreprise l'organisation votre notre"
    " ne cliquez pas sur les liens et ni n'ouvrez pièces jointes si vous connaissez l'expéditeur"
    " expéditeur prudence soyez prudent êtes sûr sauf du precaución atención advertencia este correo"
    " electrónico mensaje proviene procede fuera exterior nuestra su organización empresa no abra haga"
    " clic en enlaces archivos adjuntos abrir conoce al remitente menos que reconozca el y sepa contenido"
    " es seguro externo los las o attenzione questa questo dall'esterno dall’esterno dell'organizzazione"
    " dell’organizzazione dell'azienda non cliccare sui sul aprire gli allegati se conosce il mittente"
    " meno che riconosca esterno esterna da un atenção cuidado mensagem foi enviado enviada fora"
    " organização não clique em anexos reconheça remetente conhece conheça seja um uma os let op deze komt"
    " verzonden van buiten organisatie klik niet bijlagen geen tenzij u afzender kent herkent vertrouwt"
    " het bericht bedrijf uwaga ostrzeżenie ta wiadomość pochodzi została wysłana spoza organizacji firmy"
    " nie klikaj w linki łącza ani otwieraj załączników jeśli znasz nadawcy chyba że rozpoznajesz nadawcę"
    " i wiesz zewnętrzna zewnętrznego"
)

JAPANESE_BANNERS = (
    *("組織外から送信", "社外から送信", "外部から送信", "組織外からのメール", "社外からのメール"),
    *("外部からのメール", "外部の送信者"),
)

# Labels that a classification tool writes on top or at the end.
CLASSIFICATIONS = (
    *("classification:", "sensitivity:", "internal use only", "public use", "tlp:", "klassifizierung:"),
    *("klassifikation:", "vertraulichkeit:", "clasificación:", "classificazione:", "classificatie:"),
    *("klasyfikacja:", "classificação:"),
)

# Of these seven, a disclaimer speaks of three at least; people hardly of two in one paragraph.
DISCLAIMER_CONCEPTS: tuple[tuple[str, ...], ...] = (
    (
        *("confidential", "confidentiel", "vertraulich", "confidencia", "riservat", "vertrouwelijk", "poufn"),
        *("機密", "秘密情報"),
    ),
    ("privileged", "protected by law", "rechtlich geschützt", "proprietary", "legalmente protegid"),
    (
        *("intended recipient", "addressee", "is addressed", "are addressed", "named recipient"),
        *("intended only", "intended solely", "intended for the", "empfänger", "adressat", "destinata"),
        *("destinatári", "geadresseerde", "bestemd voor", "adresat", "宛先", "受信者", "名宛人"),
    ),
    (
        *("in error", "irrtümlich", "par erreur", "por error", "per errore", "por engano", "por erro"),
        *("abusievelijk", "per vergissing", "per abuis", "omyłkow", "誤って", "誤送信"),
    ),
    (
        *("delete it", "delete the", "delete this", "destroy", "löschen", "vernichten", "détruire"),
        *("supprimer", "elimin", "elimín", "cancellar", "apagu", "apagá", "verwijder", "usunięci", "usunąć"),
        *("削除", "破棄"),
    ),
    (
        *("unauthori", "disclos", "disseminat", "distribution or copying", "must not copy", "retransmission"),
        *("unbefugt", "weitergabe", "divulg", "diffusione", "difusión", "verspreid", "openbaarmaking"),
        *("rozpowszechni", "kopiowani", "転送", "開示"),
    ),
    (
        *(
            "inform the sender",
            "notify the sender",
            "contact the sender",
            "notify us",
            "absender informieren",
        ),
        *("benachrichtigen", "prévenir l'expéditeur", "avise al remitente", "avvisare il mittente"),
        *("avise o remetente", "de afzender te", "powiadomi"),
    ),
)

# What stands in a line that firms put below everybody's mail.
FOOTERS = (
    *("consider the environment", "before printing this e", "before you print", "before printing this mail"),
    *("umwelt, bevor sie diese", "bevor sie diese e-mail", "bevor sie diese mail", "avant d'imprimer"),
    *("avant d’imprimer", "antes de imprimir", "prima di stampare", "voordat u deze e-mail"),
    *("zanim wydrukujesz", "environnement avant", "registered in england", "registered in scotland"),
    *("registered office:", "company registration", "registered company", "company number", "company no."),
    *("sitz der gesellschaft", "handelsregister", "amtsgericht", "geschäftsführer:", "geschäftsführung:"),
    *("my working hours may", "my working pattern", "outside of your working hours", "flexible working"),
    *("outside your working hours", "outside of your normal working hours", "i work flexibly"),
    *("has been scanned by", "has been scanned for", "was scanned by", "scanned for viruses", "virus-free."),
    *("auf viren geprüft", "virenfrei", "analyse antivirus"),
)

# "T: +44 …": the first line of a signature without a name.
CONTACT_LABELS = _set(
    "t m p f e d tel telephone phone ph mob mobile cell direct office fax telefon mobil handy durchwahl tél"
    " téléphone portable tfno teléfono móvil cel telefono cellulare telefone telemóvel telefoon komórka"
)

# Closings only above a name: people also thank in a comment and go on.
CLOSING_THANKS = frozenset(
    (
        *("thanks", "thank you", "many thanks", "thanks a lot", "thx", "ta", "cheers", "thanks again"),
        *("danke", "vielen dank", "besten dank", "merci", "merci beaucoup", "merci d'avance", "gracias"),
        *("muchas gracias", "grazie", "grazie mille", "obrigado", "obrigada", "muito obrigado", "bedankt"),
        *("dank je", "dank u", "alvast bedankt", "dziękuję", "dzięki", "ありがとうございます"),
        *("ありがとうございました",),
    )
)

# What people put into a phone's line, which makes a sentence of it.
EXCUSES = ("excuse", "typo", "brevity", "tippfehler", "kürze", "fautes", "errores", "errori", "erros")
