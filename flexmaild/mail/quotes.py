"""How mail programs introduce the mail they quote, and how people sign off: the words of it.

Read by `mail.understand.trim` only. All words of all languages are looked for in every mail, because the language is
the mail program's, not the writer's. Adding a language is adding words here.
"""

from __future__ import annotations

# The labels of a quoted header block, lower case, without the colon: who wrote it …
FROM_LABELS = frozenset(
    (
        "from",
        "von",
        "de",
        "da",
        "van",
        "od",
        "nadawca",
        "expéditeur",
        "remitente",
        "mittente",
        "remetente",
        "absender",
        "afzender",
        "från",
        "fra",
        "lähettäjä",
        "от",
        "від",
        "feladó",
        "kimden",
        "gönderen",
        "odesílatel",
        "差出人",
        "送信者",
        "from名",
        "发件人",
        "寄件者",
        "보낸 사람",
        "보낸사람",
    )
)

# … and the others: when, to whom, about what.
OTHER_LABELS = frozenset(
    (
        *("sent", "date", "to", "cc", "subject", "reply-to", "importance", "attachments", "sent at"),
        *("gesendet", "datum", "an", "betreff", "kopie", "antwort an", "gesendet am", "wichtigkeit"),
        *("envoyé", "envoyé le", "date", "à", "objet", "cc", "copie à", "pour", "répondre à", "message du"),
        *("enviado", "enviado el", "fecha", "para", "asunto", "cc", "responder a"),
        *("inviato", "data", "a", "oggetto", "per conoscenza", "rispondi a"),
        *("enviada em", "enviado em", "enviada", "data", "para", "assunto", "responder para"),
        *("verzonden", "datum", "aan", "onderwerp", "verstuurd", "antwoord aan"),
        *("wysłano", "wysłane", "data", "do", "dw", "temat", "odpowiedz do"),
        *("送信日時", "日付", "日時", "宛先", "件名", "題名", "cc", "返信先"),
        *("skickat", "till", "ämne", "dato", "til", "emne", "kopi", "lähetetty", "vastaanottaja", "aihe"),
        *("отправлено", "дата", "кому", "тема", "копия", "odesláno", "komu", "předmět", "kopie"),
        *("elküldve", "címzett", "tárgy", "gönderildi", "kime", "konu"),
        *(
            "发送时间",
            "收件人",
            "主题",
            "抄送",
            "日期",
            "寄件日期",
            "收件者",
            "主旨",
            "보낸 날짜",
            "받는 사람",
            "제목",
        ),
    )
)

# The first word (or words) of an attribution such as "On Friday, … wrote:"; a digit does as well.
ATTRIBUTION_STARTS = (
    *(
        "on ",
        "at ",
        "am ",
        "um ",
        "le ",
        "el ",
        "il ",
        "in data ",
        "em ",
        "no dia ",
        "op ",
        "w dniu ",
        "dnia ",
    ),
    *("den ", "d. ", "på ", "pe ", "ma ", "ti ", "ke ", "to ", "la ", "su ", "em:", "vào ", "dne ", "de "),
    *(
        "quoting ",
        "zitat von ",
        "from: ",
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
        "sat",
        "sun",
        "lun",
        "mar",
        "mer",
    ),
    *(
        "jeu",
        "ven",
        "sam",
        "dim",
        "gio",
        "sab",
        "dom",
        "mié",
        "jue",
        "vie",
        "sáb",
        "seg",
        "ter",
        "qua",
        "qui",
    ),
    *(
        "sex",
        "mo",
        "di",
        "mi",
        "do",
        "fr",
        "sa",
        "so",
        "za",
        "zo",
        "wo",
        "vr",
        "pon",
        "wt",
        "śr",
        "czw",
        "pt",
    ),
    *("sob", "niedz", "nie", "tir", "man", "ons", "tor", "fre", "lør", "søn", "пн", "вт", "ср", "чт", "пт"),
    *("сб", "вс", "a ", '"', "'", "<"),
)

# How an attribution ends, before its colon.
ATTRIBUTION_VERBS = (
    *("wrote", "writes", "said", "schrieb", "schreibt", "geschrieben", "a écrit", "écrit", "écrivait"),
    *("escribió", "escribio", "ha escrito", "ha scritto", "scrisse", "scritto", "escreveu", "schreef"),
    *("heeft geschreven", "het volgende geschreven", "napisał", "napisała", "napisał(a)", "napisał/a"),
    *("pisze", "skrev", "kirjoitti", "írta", "yazdı", "napsal", "napsal(a)", "пишет", "написал", "написала"),
    *(
        "のメール",
        "さんは書きました",
        "が書きました",
        "は書きました",
        "写道",
        "寫道",
        "님이 작성",
        "wrote ----",
    ),
)

# The words on a rule of dashes: "-----Original Message-----", "---------- Forwarded message ---------".
RULE_WORDS = (
    *("origin", "forward", "ursprüng", "weitergeleitet", "message", "nachricht", "mensaje", "messaggio"),
    *(
        "mensagem",
        "bericht",
        "wiadomo",
        "besked",
        "meddelande",
        "melding",
        "viesti",
        "сообщени",
        "oprindelig",
    ),
    *(
        "元のメッセージ",
        "転送",
        "原始邮件",
        "原始郵件",
        "转发",
        "원본",
        "wrote",
        "schrieb",
        "reply",
        "antwort",
    ),
)

# The line a phone or an app adds. Compared in lower case at the start of a line; the line must be short.
DEVICE_SIGNATURES = (
    *("sent from my ", "sent from mail for ", "sent from outlook", "sent from yahoo", "sent from proton"),
    *("sent with ", "sent via ", "sent using ", "sent from a ", "get outlook for ", "envoyé de mon "),
    *("envoyé depuis ", "envoyé à partir d", "télécharger outlook", "obtenez outlook", "obtenir outlook"),
    *("von meinem ", "gesendet von ", "gesendet mit ", "gesendet über", "diese nachricht wurde von mein"),
    *(
        "outlook für ",
        "holen sie sich outlook",
        "laden sie outlook",
        "enviado desde ",
        "enviado de ",
        "enviado do ",
    ),
    *(
        "enviado a partir d",
        "enviado con ",
        "enviado com ",
        "obtener outlook",
        "obtenha o outlook",
        "obter o outlook",
    ),
    *(
        "inviato da ",
        "inviato dal ",
        "inviato con ",
        "ottieni outlook",
        "scarica outlook",
        "verzonden vanaf ",
    ),
    *("verstuurd vanaf ", "verstuurd met ", "verzonden met ", "outlook voor ", "download outlook"),
    *("wysłane z ", "wysłano z ", "pobierz outlook", "pobierz aplikację outlook", "iphoneから送信"),
    *("ipadから送信", "outlook for ios を", "outlook for android を", "androidから送信", "skickat från min"),
    *("sendt fra min", "lähetetty ", "отправлено с ", "sent from typeapp", "从我的iphone发送", "发自我的"),
    *("sent from ", "yahoo mail:", "get typeapp"),
)

# A line that is only this, give or take punctuation, and what stands below it: name, post, telephone.
CLOSINGS = frozenset(
    (
        *("regards", "kind regards", "best regards", "warm regards", "with kind regards"),
        *("with best regards", "rgds", "kr", "br", "best", "best wishes", "all the best", "sincerely"),
        *("yours sincerely", "cheers", "yours", "yours faithfully", "many thanks and kind regards"),
        *("thanks and regards", "thanks & regards", "mit freundlichen grüßen"),
        *("mit freundlichen grüssen", "freundliche grüße", "freundliche grüsse", "viele grüße"),
        *("viele grüsse", "beste grüße", "schöne grüße", "liebe grüße", "gruß", "grüße", "mfg", "vg"),
        *("lg", "cordialement", "bien cordialement", "bien à vous", "cdlt", "salutations"),
        *("cordialmente", "meilleures salutations", "sincères salutations", "saludos", "un saludo"),
        *("saludos cordiales", "atentamente", "un cordial saludo", "atte", "cordiali saluti"),
        *("distinti saluti", "saluti", "un saluto", "atenciosamente", "cumprimentos"),
        *("com os melhores cumprimentos", "abraços", "abraço", "melhores cumprimentos"),
        *("met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groet"),
        *("vriendelijke groeten", "groet", "groeten", "mvg", "pozdrawiam", "z poważaniem"),
        *("pozdrowienia", "mit freundlichem gruß", "mit freundlichem gruss", "freundlicher gruß"),
        *("mit besten grüßen", "mit vielen grüßen", "herzliche grüße", "bien à toi", "amicalement"),
        *("un abrazo", "kindest regards", "hartelijke groet", "hartelijke groeten", "z pozdrowieniami"),
        *(
            "yours truly",
            "warmly",
            "bw",
            "z wyrazami szacunku",
            "よろしくお願いします",
            "よろしくお願いいたします",
            "以上",
        ),
        *(
            "敬具",
            "宜しくお願いします",
            "宜しくお願い致します",
            "med vänliga hälsningar",
            "med venlig hilsen",
        ),
    )
)

# The first words of a paragraph a mail server or a company adds.
DISCLAIMERS = (
    *("disclaimer", "confidentiality notice", "confidential:", "this e-mail and any", "this email and any"),
    *(
        "this message and any",
        "this e-mail is confidential",
        "this email is confidential",
        "this message is intended",
    ),
    *(
        "the information contained in this",
        "the information in this e",
        "this communication is",
        "important notice",
    ),
    *("this e-mail (", "this email (", "this message contains confidential", "this electronic message"),
    *("if you are not the intended recipient", "please consider the environment", "diese e-mail enthält"),
    *(
        "diese e-mail ist vertraulich",
        "diese nachricht ist vertraulich",
        "diese nachricht enthält",
        "sitz der gesellschaft",
    ),
    *(
        "dieses dokument ist vertraulich",
        "vertraulichkeitshinweis",
        "ce message et",
        "ce message est confidentiel",
    ),
    *(
        "ce courriel",
        "avis de confidentialité",
        "este mensaje y",
        "este mensaje es confidencial",
        "aviso legal",
    ),
    *(
        "este correo electrónico",
        "aviso de confidencialidad",
        "questo messaggio",
        "le informazioni contenute",
    ),
    *("avviso di riservatezza", "esta mensagem", "este e-mail", "aviso de confidencialidade", "dit bericht"),
    *("deze e-mail", "dit e-mailbericht", "ta wiadomość", "niniejsza wiadomość", "treść tej wiadomości"),
    *(
        "このメールには",
        "このメールは機密",
        "本メールは",
        "virus-free",
        "this email has been checked for viruses",
    ),
)
