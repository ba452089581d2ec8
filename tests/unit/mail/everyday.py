"""Answers as people in companies really send them: the data of test_everyday.py.

Each is (name, kind, body, what it says, comment). kind: "plain", "flowed" or "html"; `{quote}` in a body is
our request as that kind of mail program quotes it. Sender: Ann Approver <ann.approver@corp.test>. All names,
firms and texts are ours, the shapes are those of the common mail programs and mail gateways.
"""

# ruff: noqa: E501 (a mail is easier to read on one line)

from tests.unit.mail.mails import MARKER, OWN, REFERENCE, REQUEST

MARKED = f"On Fri, Nov 20, 2026 at 10:15 AM flexmaild <{OWN}> wrote:\n\n" + "\n".join(
    f"> {line}".rstrip() for line in REQUEST
)
OUTLOOK = (
    f"From: flexmaild <{OWN}>\nSent: Friday, 20 November 2026 10:15\nTo: Ann Approver\n"
    "Subject: Approval needed: Deploy billing 2.3.1\n\n" + "\n".join(REQUEST)
)
RULED = "________________________________\n" + OUTLOOK
PREFILLED = (
    "******* You may add a comment after the word [Approve] on the line above. *******\n"
    "******* Please DO NOT modify below this line. *******\n"
    f"Reference {REFERENCE}"
)
HTML_OUTLOOK = (
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal">'
    f"<b>From:</b> flexmaild &lt;{OWN}&gt;<br><b>Sent:</b> Friday, 20 November 2026 10:15<br>"
    "<b>To:</b> Ann Approver<br><b>Subject:</b> Approval needed</p></div>"
    + "".join(f'<p class="MsoNormal">{line}</p>' for line in REQUEST)
)
HTML_GMAIL = (
    f'<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Fri, Nov 20, 2026 flexmaild &lt;{OWN}'
    '&gt; wrote:<br></div><blockquote class="gmail_quote">' + "<br>".join(REQUEST) + "</blockquote></div>"
)

CAUTION = (
    "CAUTION: This email originated from outside of the organization. Do not click links or open attachments"
    " unless you recognize the sender and know the content is safe."
)
CONFIDENTIAL = (
    "This e-mail and any files transmitted with it are confidential and intended solely for the use of the"
    " individual or entity to whom they are addressed. If you are not the intended recipient, please notify"
    " the sender and delete it. You must not copy it or disclose its contents."
)
HELD = (
    "The information transmitted is intended only for the person to which it is addressed and may contain"
    " confidential or privileged material. If you received this in error, please contact the sender and"
    " delete the material, unless otherwise agreed."
)
REGISTERED = (
    "Corp Ltd is registered in England and Wales No. 0123456. Registered office: 1 High Street, York."
)

Case = tuple[str, str, str, str, str]

SIGNATURES: tuple[Case, ...] = (
    (
        "name, post, firm",
        "plain",
        f"Approve\n\nAnn Approver\nHead of Operations | Corp Ltd\n{REGISTERED}\n\n{{}}\n{OUTLOOK}",
        "approve",
        "",
    ),
    (
        "comment, then the name",
        "plain",
        f"Approve\nlooks good\n\nAnn Approver\nIT | Corp\n\n{OUTLOOK}",
        "approve",
        "looks good",
    ),
    ("first name only", "plain", f"Approve, thanks\n\nAnn\n\n{OUTLOOK}", "approve", "thanks"),
    (
        "name with title",
        "plain",
        f"Approve\n\nAnn Approver, MBA\nContact: mornings\n{RULED}",
        "approve",
        "",
    ),
    ("surname first", "plain", f"Approve\n\nApprover, Ann\nIT 3.2 / fax 42\n{RULED}", "approve", ""),
    (
        "name and dash",
        "plain",
        f"Approve\n\nAnn Approver - Release Management\n{RULED}",
        "approve",
        "",
    ),
    (
        "telephone first",
        "plain",
        f"Approve\nok from ops\n\nT: +44 20 7946 0000\nE: ann.approver@corp.test\n{REGISTERED}\n{RULED}",
        "approve",
        "ok from ops",
    ),
    ("own address", "plain", f"Approve\n\nann.approver@corp.test | Corp, software\n{RULED}", "approve", ""),
    (
        "closing with name on it",
        "plain",
        f"Approve\n\nKind regards, Ann\n{RULED}",
        "approve",
        "",
    ),
    (
        "closing thanks",
        "plain",
        f"Approve\n\nThanks,\nAnn Approver\nCorp Ltd\n{RULED}",
        "approve",
        "",
    ),
    ("closing thank you", "plain", f"Approve\n\nThank you!\n\nAnn Approver | Corp\n{RULED}", "approve", ""),
    (
        "closing many thanks",
        "plain",
        f"Approve\n\nMany thanks\nAnn\nCorp, Release Management\n{RULED}",
        "approve",
        "",
    ),
    (
        "german closing",
        "plain",
        f"Genehmigt\n\nMit freundlichem Gruß\ni. A. Ann Approver\nSitz der Gesellschaft: Ulm\n{RULED}",
        "approve",
        "",
    ),
    (
        "german closing with firm",
        "plain",
        f"Genehmigt, danke\n\nViele Grüße\nAnn Approver\nCorp GmbH\n{RULED}",
        "approve",
        "danke",
    ),
    (
        "french closing",
        "plain",
        f"Approuvé\n\nBien à toi,\nAnn\nPensez à l'environnement avant d'imprimer\n{RULED}",
        "approve",
        "",
    ),
    (
        "environment",
        "plain",
        f"Approve\n\nP Please consider the environment before printing this email\n{RULED}",
        "approve",
        "",
    ),
    (
        "environment with a leaf",
        "plain",
        f"Approve\n\n🌳 Think before you print - only print if you must\n{RULED}",
        "approve",
        "",
    ),
    (
        "environment in german",
        "plain",
        f"Genehmigt\n\nBitte denken Sie an die Umwelt, bevor Sie diese E-Mail drucken.\n{RULED}",
        "approve",
        "",
    ),
    (
        "flexible hours",
        "plain",
        f"Approve\n\nMy working hours may not be your working hours. Please do not feel obliged to reply outside of yours.\n{RULED}",
        "approve",
        "",
    ),
    (
        "html office signature",
        "html",
        f'<p class="MsoNormal">Approve</p><p class="MsoNormal">all good</p><p class="MsoAutoSig"><b>Ann Approver</b><br>Head of Operations</p>{HTML_OUTLOOK}',
        "approve",
        "all good",
    ),
    (
        "html outlook on the web",
        "html",
        f'<div class="elementToProof">Approve</div><div id="Signature"><p>Ann Approver<br>Corp Ltd</p></div>{HTML_OUTLOOK}',
        "approve",
        "",
    ),
    (
        "html gmail signature",
        "html",
        f'<div dir="ltr">Approve<div><br></div>-- <br><div class="gmail_signature">Ann<br>Corp Ltd</div></div>{HTML_GMAIL}',
        "approve",
        "",
    ),
    (
        "html logo as signature",
        "html",
        f'<div>Approve</div><br><div>Ann Approver<br><img src="cid:logo"><br>Billing 42</div>{HTML_OUTLOOK}',
        "approve",
        "",
    ),
    (
        "html table signature",
        "html",
        f"<p>Approve</p><p>ship it</p><table><tr><td><img src='cid:1'></td><td>Ann Approver<br>CTO<br>+44 20 7946 0000</td></tr></table>{HTML_OUTLOOK}",
        "approve",
        "ship it",
    ),
    ("iphone", "plain", f"Approve\n\nSent from my iPhone\n\n{MARKED}", "approve", ""),
    (
        "outlook mobile",
        "plain",
        f"Approve\nall good\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n{RULED}",
        "approve",
        "all good",
    ),
    (
        "apology of a phone",
        "plain",
        f"Approve\n\nSent from my mobile. Please excuse typos, if any.\n\n{MARKED}",
        "approve",
        "",
    ),
    (
        "samsung",
        "plain",
        f"Approve\n\nSent from my Galaxy\n\n-------- Original message --------\nFrom: flexmaild <{OWN}>\nDate: 20/11/2026\nTo: Ann\n\n"
        + "\n".join(REQUEST),
        "approve",
        "",
    ),
    (
        "signature in the prefilled mail",
        "plain",
        f"Approve\n\n{PREFILLED}\n\nAnn Approver\nCorp Ltd",
        "approve",
        "",
    ),
    (
        "signature above the prefilled text",
        "plain",
        f"Approve fine with me\n\n{PREFILLED}\n\n-- \nAnn\n{CONFIDENTIAL}",
        "approve",
        "fine with me",
    ),
    (
        "notes",
        "plain",
        f"Approve\n\nAnn Approver\nCorp Ltd\nNo smoking\n\n\n\nFrom:\tflexmaild <{OWN}>\nTo:\tAnn Approver/Corp@Corp\nDate:\t20.11.2026 10:15\nSubject:\tApproval needed\n\n"
        + "\n".join(REQUEST),
        "approve",
        "",
    ),
    (
        "rejection keeps its reason",
        "plain",
        f"Reject\nnot before Monday\n\nAnn Approver\nCorp\n{RULED}",
        "reject",
        "not before Monday",
    ),
)

# Lines of a signature that a person could have meant for this answer: nothing tells them from a condition.
DOUBTFUL = (
    "Not just IT | Corp",
    "Contact: mornings only",
    "In the office before 4 pm",
    "certainly not a robot",
    "all without prejudice",
    "Sitz der Gesellschaft: Ulm, nicht Neu-Ulm",
    "bitte erst denken",
    "Head of nothing but operations",
    "call if in doubt",
)

DISCLAIMERS: tuple[Case, ...] = (
    ("above the quote", "plain", f"Approve\n\n{CONFIDENTIAL}\n\n{RULED}", "approve", ""),
    ("above the quote, other words", "plain", f"Approve\nok\n\n{HELD}\n\n{RULED}", "approve", "ok"),
    ("below the quote", "plain", f"Approve\n\n{MARKED}\n\n{CONFIDENTIAL}\n", "approve", ""),
    ("below the quote, other words", "plain", f"Approve\n\n{MARKED}\n\n{HELD}\n", "approve", ""),
    ("below the quote, ruled", "plain", f"Approve\n\n{MARKED}\n\n----------\n{HELD}\n", "approve", ""),
    (
        "below the quote, starred",
        "plain",
        f"Approve\n\n{MARKED}\n\n*********************\n{HELD}\n*********************\n",
        "approve",
        "",
    ),
    (
        "below the quote, underscored",
        "plain",
        f"Approve\n\n{MARKED}\n\n______________________________________________________________________\n{HELD}\n",
        "approve",
        "",
    ),
    (
        "below the quote, equals",
        "plain",
        f"Approve\n\n{MARKED}\n\n=====================\nNOTICE\n{HELD}\n",
        "approve",
        "",
    ),
    (
        "below the quote, headed",
        "plain",
        f"Approve\n\n{MARKED}\n\nCONFIDENTIALITY\n\n{HELD}\n\n{REGISTERED}\n",
        "approve",
        "",
    ),
    ("firm's facts below the quote", "plain", f"Approve\n\n{MARKED}\n\n{REGISTERED}\n", "approve", ""),
    ("before everything", "plain", f"{CONFIDENTIAL}\n\nApprove\nfine\n\n{RULED}", "approve", "fine"),
    (
        "wrapped",
        "plain",
        "Approve\n\nThe contents of this message may be confidential. If you have\nreceived it in error please do not read it but delete it and\ninform the sender.\n\n"
        + RULED,
        "approve",
        "",
    ),
    (
        "in html",
        "html",
        f"<p>Approve</p><p>ok</p><p style='font-size:8pt'>{HELD}</p>{HTML_OUTLOOK}",
        "approve",
        "ok",
    ),
    ("in html below", "html", f"<p>Approve</p>{HTML_OUTLOOK}<hr><p>{HELD}</p>", "approve", ""),
    (
        "german",
        "plain",
        f"Genehmigt\n\nDer Inhalt dieser E-Mail ist vertraulich und nur für den Adressaten bestimmt. Sollten Sie nicht der vorgesehene Empfänger sein, löschen Sie sie bitte.\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "french",
        "plain",
        f"Approuvé\n\nLes informations contenues dans ce message sont confidentielles. Si vous n'êtes pas le destinataire, merci de le détruire.\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "spanish",
        "plain",
        f"Aprobado\n\nLa información contenida en este correo es confidencial y solo para su destinatario. Si no es el destinatario, elimínelo.\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "italian",
        "plain",
        f"Approvato\n\nIl contenuto di questa e-mail è riservato al solo destinatario. Se non siete il destinatario, vi preghiamo di eliminarla.\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "portuguese",
        "plain",
        f"Aprovado\n\nO conteúdo desta mensagem é confidencial. Se não for o destinatário, por favor elimine-a.\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "dutch",
        "plain",
        f"Goedgekeurd\n\nDe inhoud van dit bericht is vertrouwelijk. Als u niet de geadresseerde bent, verwijder het dan.\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "polish",
        "plain",
        f"Zatwierdzam\n\nInformacje zawarte w tej wiadomości są poufne. Jeżeli nie są Państwo adresatem, prosimy o jej usunięcie.\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "japanese",
        "plain",
        f"承認\n\nこの電子メールには機密情報が含まれている場合があります。宛先でない場合は削除してください。\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "virus scanner",
        "plain",
        f"Approve\n\n{MARKED}\n\nThis email has been scanned by Some Service.\n",
        "approve",
        "",
    ),
    ("virus-free", "plain", f"Approve\n\n{MARKED}\n\nVirus-free.www.avast.com\n", "approve", ""),
    ("classification", "plain", f"Approve\n\nClassification: Internal only\n\n{RULED}", "approve", ""),
    ("classification on top", "plain", f"Classification: Public\n\nApprove\n\n{RULED}", "approve", ""),
)

BANNERS: tuple[Case, ...] = (
    ("caution", "plain", f"{CAUTION}\n\nApprove\nfine\n\n{RULED}", "approve", "fine"),
    (
        "caution, wrapped",
        "plain",
        "CAUTION: This email originated from outside of the\norganization. Do not click links or open attachments unless\nyou recognize the sender and know the content is safe.\n\nApprove\n\n"
        + RULED,
        "approve",
        "",
    ),
    ("caution, no blank line", "plain", f"{CAUTION}\nApprove\n\n{RULED}", "approve", ""),
    ("tag", "plain", f"[EXTERNAL]\n\nApprove\n\n{RULED}", "approve", ""),
    ("tag on the line", "plain", f"[EXTERNAL] Approve fine\n\n{RULED}", "approve", "fine"),
    ("tag in german", "plain", f"[EXTERN]\nGenehmigt\n\n{RULED}", "approve", ""),
    ("external email", "plain", f"EXTERNAL EMAIL\n\nApprove\n\n{RULED}", "approve", ""),
    (
        "starred",
        "plain",
        f"*** EXTERNAL EMAIL - use caution when opening links ***\n\nApprove\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "of a firm",
        "plain",
        f"WARNING: This message came from outside of Corp Holdings plc. Please be careful.\n\nApprove\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "outlook's first contact",
        "plain",
        f"You don't often get email from ann.approver@corp.test. Learn why this is important<https://aka.ms/LearnAboutSenderIdentification>\n\nApprove\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "outlook's first contact in brackets",
        "plain",
        f"[You don't often get email from ann.approver@corp.test. Learn why this is important at https://aka.ms/LearnAboutSenderIdentification ]\n\nApprove\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "some people",
        "plain",
        f"Some people who received this message don't often get email from ann.approver@corp.test. Learn why this is important\n\nApprove\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "proofpoint",
        "plain",
        f"ZjQcmQRYFpfptBannerStart\nThis Message Is From an External Sender\nThis message came from outside your organization.\nZjQcmQRYFpfptBannerEnd\nApprove\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "html table",
        "html",
        f'<table border=0><tr><td bgcolor="#ffeb9c"><b>CAUTION:</b> This email originated from outside of the organization. Do not click links unless you know the content is safe.</td></tr></table><br><div>Approve</div><div>ok</div>{HTML_OUTLOOK}',
        "approve",
        "ok",
    ),
    (
        "html without a break",
        "html",
        f'<div style="background:#ff0">[EXTERNAL]</div><p>Approve</p>{HTML_OUTLOOK}',
        "approve",
        "",
    ),
    (
        "at the top of the quoted part",
        "plain",
        f"Approve\n\n{RULED.replace(MARKER, CAUTION + chr(10) + MARKER)}",
        "approve",
        "",
    ),
    (
        "at the top of the marked quote",
        "plain",
        f"Approve\n\n{MARKED.replace('> ' + MARKER, '> ' + CAUTION + chr(10) + '> ' + MARKER)}",
        "approve",
        "",
    ),
    (
        "german banner",
        "plain",
        f"ACHTUNG: Diese E-Mail stammt von außerhalb der Organisation. Klicken Sie nicht auf Links, wenn Sie den Absender nicht kennen.\n\nGenehmigt\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "french banner",
        "plain",
        f"ATTENTION : Ce message provient de l'extérieur de l'entreprise. Ne cliquez pas sur les liens si vous ne connaissez pas l'expéditeur.\n\nApprouvé\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "spanish banner",
        "plain",
        f"PRECAUCIÓN: Este correo proviene de fuera de la organización. No abra enlaces si no conoce al remitente.\n\nAprobado\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "italian banner",
        "plain",
        f"ATTENZIONE: questa e-mail proviene dall'esterno dell'organizzazione. Non cliccare sui link.\n\nApprovato\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "portuguese banner",
        "plain",
        f"ATENÇÃO: Este e-mail foi enviado de fora da organização. Não clique em links.\n\nAprovado\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "dutch banner",
        "plain",
        f"LET OP: Deze e-mail komt van buiten de organisatie. Klik niet op links.\n\nGoedgekeurd\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "polish banner",
        "plain",
        f"UWAGA: Ta wiadomość pochodzi spoza organizacji. Nie klikaj w linki.\n\nZatwierdzam\n\n{RULED}",
        "approve",
        "",
    ),
    (
        "japanese banner",
        "plain",
        f"【注意】このメールは組織外から送信されました。リンクを開かないでください。\n\n承認\n\n{RULED}",
        "approve",
        "",
    ),
    ("banner and rejection", "plain", f"{CAUTION}\n\nReject\ntoo risky\n\n{RULED}", "reject", "too risky"),
)

# What looks like one of the above and is a person's word: none of it may be skipped.
SPOKEN: tuple[Case, ...] = (
    ("a doubt above", "plain", f"I do not want this.\n\nApprove\n\n{RULED}", "no_action_word", ""),
    (
        "a doubt below a banner",
        "plain",
        f"{CAUTION}\nI do not want this.\n\nApprove\n\n{RULED}",
        "no_action_word",
        "",
    ),
    ("a doubt above a banner", "plain", f"Not now.\n{CAUTION}\n\nApprove\n\n{RULED}", "no_action_word", ""),
    ("rejection in a banner", "plain", f"{CAUTION}\nReject\n\nApprove\n\n{RULED}", "both_words", ""),
    ("rejection in a disclaimer", "plain", f"{CONFIDENTIAL}\nReject\n\nApprove\n\n{RULED}", "both_words", ""),
    (
        "talk of outside",
        "plain",
        f"Approve only mails from outside the organisation\n\n{RULED}",
        "condition",
        "",
    ),
    (
        "talk of the recipient",
        "plain",
        f"Approve\n\nbut not if the intended recipient is Bob\n\n{RULED}",
        "negated",
        "",
    ),
    (
        "confidential talk",
        "plain",
        f"Approve\n\nThis is confidential: do not deploy it yet.\n\n{RULED}",
        "negated",
        "",
    ),
    (
        "condition before the name",
        "plain",
        f"Approve\n\nonly after the tests\n\nAnn Approver\n{RULED}",
        "condition",
        "",
    ),
    (
        "condition below the quote",
        "plain",
        f"Approve\n\n{MARKED}\n\nonly after the tests\n\n{HELD}\n",
        "condition",
        "",
    ),
    (
        "condition above the disclaimer",
        "plain",
        f"Approve\n\nunless Bob objects\n\n{HELD}\n\n{RULED}",
        "condition",
        "",
    ),
    (
        "condition on the name's line",
        "plain",
        f"Approve\n\nAnn says: only after the tests\n{RULED}",
        "condition",
        "",
    ),
    (
        "thanks with a condition",
        "plain",
        f"Approve\n\nThanks, but wait until Monday\n{RULED}",
        "condition",
        "",
    ),
    ("question tagged external", "plain", f"[EXTERNAL] Approve?\n\n{RULED}", "question", ""),
    ("below the name", "plain", f"Approve\n\nAnn Approver\n\nonly after the tests\n{RULED}", "condition", ""),
    (
        "below the closing",
        "plain",
        f"Approve\n\nKind regards\nAnn\n\nbut please let Bob look\n{RULED}",
        "condition",
        "",
    ),
    (
        "the name and a condition",
        "plain",
        f"Approve\n\nAnn Approver - only after the tests\n{RULED}",
        "condition",
        "",
    ),
    ("the name and a colon", "plain", f"Approve\n\nAnn Approver: tests first\n{RULED}", "condition", ""),
    (
        "the address and a condition",
        "plain",
        f"Approve\n\nask ann.approver@corp.test before you deploy\n{RULED}",
        "condition",
        "",
    ),
    (
        "talk of what came",
        "plain",
        f"This came from outside. Do not do it.\n\nApprove\n\n{RULED}",
        "no_action_word",
        "",
    ),
    (
        "in the midst of the quote",
        "plain",
        "Approve\n\n" + MARKED.replace("> Deploy", "\nonly after the tests\n\n> Deploy"),
        "condition",
        "",
    ),
    ("a postscript", "plain", f"Approve\n\nAnn Approver\nPS: only the database\n{RULED}", "condition", ""),
    (
        "html afterthought",
        "html",
        f"<p>Approve</p><blockquote>{'<br>'.join(REQUEST)}</blockquote><p>but only after the tests</p>",
        "condition",
        "",
    ),
    ("telephone talk", "plain", f"Approve\n\nPhone me first, I am not sure\n{RULED}", "negated", ""),
)
