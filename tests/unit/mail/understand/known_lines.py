"""Lines that mail programs, scanners, gateways, lists and firms really write, by what writes them."""

from __future__ import annotations

# Below the text: what a phone, an app or the writer's own taste adds.
DEVICES = """\
Sent from my iPhone
Sent from my iPad
Sent from my Apple Watch
Sent from my Apple Vision Pro
Sent from my Verizon, Samsung Galaxy smartphone
Sent from my Galaxy
Sent from my Samsung Galaxy smartphone.
Sent via the Samsung Galaxy S8, an AT&T 5G Evolution capable smartphone
Sent from my T-Mobile 4G LTE Device
Sent from my BlackBerry 10 smartphone on the Rogers network.
Sent from my BlackBerry® wireless device
Sent via BlackBerry from T-Mobile
Sent from my Huawei phone
Sent from my Xiaomi
Sent from my Windows Phone
Sent from my mobile device
Sent from my phone
Sent from my mobile.
Sent from Mail for Windows 10
Sent from Mail<https://go.microsoft.com/fwlink/?LinkId=550986> for Windows
Sent from Outlook for iOS
Sent from Outlook Mobile
Get Outlook for Android<https://aka.ms/AAb9ysg>
Get Outlook for iOS
Get Outlook for Mac
Sent from Yahoo Mail on Android
Sent from Yahoo Mail for iPhone
Yahoo Mail: Search, Organize, Conquer
Sent from AOL Mobile Mail
Sent from the all new AOL app for iOS
Sent from my Android device with K-9 Mail. Please excuse my brevity.
Sent from my Android phone with K-9 Mail
Sent from Thunderbird Mobile
Sent from Proton Mail for iOS
Sent with Proton Mail secure email.
Sent from ProtonMail mobile
Sent with FairEmail
Sent from Gmail Mobile
Sent via Superhuman iOS
Sent via Superhuman ( https://sprh.mn/?vip=ann@tb.test )
Sent from Spark
Sent from Edison Mail
Sent from BlueMail
Get BlueMail for Android
Sent with BlueMail
Get TypeApp for Android
Sent from Nine
Sent from HEY for iOS
Sent from Front
Sent from Polymail
Sent from Missive
Sent with Airmail
Sent from Mailspring
Sent from Canary (https://canarymail.io)
Sent from my Palm Pre
Sent from my Nokia phone
Sent from my Sony Xperia™ smartphone
Sent from myMail for Android
Sent from Workspace ONE Boxer
Sent from Mail.ru app for Android
Sent from Yandex.Mail for mobile
Sent from eM Client
Sent using Zoho Mail
Securely sent with Tutanota. Get your own encrypted, ad-free mailbox: https://tutanota.com
Sent with Tuta; enjoy secure & ad-free emails: https://tuta.com
Sent from my iPhone 📱
Sent from my iPhone. Please excuse any typos.
Sent from my iPhone - please excuse brevity and typos
Sent from my mobile device. Please excuse brevity and autocorrect.
Please excuse any typos
Please excuse my brevity and any autocorrect errors.
Apologies for any typos
Dictated, not read.
Dictated but not read
Dictated using Siri
Typed with thumbs
Von meinem iPhone gesendet
Von meinem iPad gesendet
Von meinem Samsung Galaxy Smartphone gesendet.
Von meinem/meiner Galaxy gesendet
Gesendet von meinem Windows Phone
Gesendet von Mail für Windows 10
Gesendet von Outlook für Android
Gesendet von Yahoo Mail auf Android
Gesendet mit der GMX Mail App
Gesendet mit der WEB.DE iPad App
Gesendet mit der Telekom Mail App
Gesendet mit der freenet Mail App
Gesendet von meinem Mobiltelefon
Gesendet mit Proton Mail sichere E-Mail.
Diese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.
Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.
Holen Sie sich Outlook für iOS
Outlook für Android herunterladen
Outlook für iOS beziehen
Von unterwegs gesendet
Diktiert, nicht gelesen
Bitte entschuldigen Sie Tippfehler
Envoyé de mon iPhone
Envoyé depuis mon iPad
Envoyé de mon Galaxy
Envoyé à partir de mon smartphone Samsung Galaxy.
Envoyé à partir de Outlook pour Android
Envoyé à partir de Courrier pour Windows
Envoyé depuis l'application Mail Orange
Envoyé depuis Yahoo Mail pour iPhone
Envoyé avec la messagerie sécurisée Proton Mail.
Envoyé depuis mon téléphone
Télécharger Outlook pour iOS
Obtenez Outlook pour Android
Dicté, non relu
Enviado desde mi iPhone
Enviado desde mi Samsung Galaxy
Enviado desde Yahoo Mail para Android
Enviado desde Correo para Windows
Enviado desde Outlook para iOS
Enviado desde mi móvil
Obtener Outlook para Android
Obtén Outlook para iOS
Descargar Outlook para iOS
Inviato da iPhone
Inviato dal mio iPad
Inviato da Outlook per Android
Inviato da Yahoo Mail su Android
Inviato da Posta per Windows
Inviato dal mio telefono Huawei
Inviato dal mio dispositivo Samsung
Inviato dalla mia Libero Mail
Scarica Outlook per iOS
Ottieni Outlook per Android
Enviado do meu iPhone
Enviado do meu iPad
Enviado do meu smartphone Samsung Galaxy.
Enviado do Outlook para iOS
Enviado do Yahoo Mail no Android
Enviado do Email para Windows
Enviado a partir do meu telemóvel
Obter o Outlook para Android
Obtenha o Outlook para iOS
Baixar o Outlook para Android
Verstuurd vanaf mijn iPhone
Verzonden vanaf mijn iPad
Verzonden vanaf mijn Galaxy
Verzonden vanuit Mail voor Windows
Verzonden via Outlook voor Android
Verstuurd met Proton Mail beveiligde e-mail.
Download Outlook voor iOS
Outlook voor Android downloaden
Wysłane z iPhone'a
Wysłano z iPhone’a
Wysłane z mojego iPhone'a
Wysłano z telefonu Samsung Galaxy.
Wysłane z aplikacji Outlook dla systemu iOS
Wysłane z Poczty dla systemu Windows
Wysłano z programu Outlook dla systemu Android
Wysłano z telefonu
Pobierz program Outlook dla systemu iOS
Uzyskaj program Outlook dla systemu Android
Pobierz aplikację Outlook dla systemu Android
iPhoneから送信
私のiPhoneから送信
iPadから送信
Androidから送信
Galaxyから送信
スマートフォンから送信
Outlook for iOS を入手
Outlook for Androidを取得
iOS 版 Outlook を取得
Android版Outlookを入手
Windows 版のメールから送信
Yahoo!メール for iPhoneから送信
Skickat från min iPhone
Skickat från min Samsung Galaxy-smartphone.
Skickat från Outlook för iOS
Hämta Outlook för iOS
Sendt fra min iPhone
Sendt fra min iPad
Sendt fra Outlook til Android
Hent Outlook til iOS
Få Outlook for iOS
Lähetetty iPhonesta
Lähetetty puhelimesta
Hanki Outlook for iOS
Odesláno z iPhonu
Odesláno z mého telefonu Samsung Galaxy.
Odesláno z aplikace Outlook pro iOS
Odesláno z mobilu
Získat Outlook pro iOS
Získejte Outlook pro Android
Odoslané z iPhonu
iPhone'umdan gönderildi
iPhone'dan gönderildi
Samsung Galaxy akıllı telefonumdan gönderildi.
iOS için Outlook'u edinin
发自我的 iPhone
发自我的iPad
发自我的华为手机
发自我的小米手机
发自我的手机
来自小米手机
来自我的华为手机
从我的iPhone发送
從我的 iPhone 傳送
獲取 Outlook for iOS
获取 Outlook for Android
发送自 Windows 10 版邮件应用
发自网易邮箱大师
发自 QQ邮箱
나의 iPhone에서 보냄
내 iPhone에서 보냄
내 Galaxy에서 보냄
iOS용 Outlook 받기
Android용 Outlook 다운로드
Отправлено с iPhone
Отправлено с моего iPad
Отправлено из Почты для Windows
Отправлено из мобильной Яндекс.Почты
Отправлено из мобильной Почты Mail
Скачать Outlook для iOS
Надіслано з iPhone
Надіслано з мого iPhone
iPhone-ról küldve
iPhone-omról küldve
Az Outlook iOS rendszerű verziójának beszerzése
Trimis de pe iPhone
Trimis de pe iPhone-ul meu
Obțineți Outlook pentru iOS
Στάλθηκε από το iPhone μου
Εστάλη από το iPhone
Λήψη του Outlook για iOS
נשלח מה-iPhone שלי
נשלח מ-iPhone
أُرسلت من الـ iPhone
أرسلت من iPhone
احصل على Outlook لـ iOS
Đã gửi từ iPhone của tôi
Gửi từ iPhone của tôi
Dikirim dari iPhone saya
Dapatkan Outlook untuk iOS""".split("\n")

# Below everything: scanners, lists, the sentences of firms and laws. One entry may have several lines.
FOOTERS = r"""Virus-free.www.avast.com
Virus-free. www.avg.com
Virenfrei. www.avast.com
Sans virus.www.avast.com
Libre de virus. www.avast.com
Privo di virus. www.avast.com
Não contém vírus. www.avast.com
Livre de vírus. www.avast.com
Virusvrij. www.avast.com
Wolny od wirusów. www.avast.com
Nie zawiera wirusów. www.avast.com
Virusfritt. www.avast.com
Virusfri. www.avast.com
Neobsahuje žádné viry. www.avast.com
Без вирусов. www.avast.com
Virüs bulunmuyor. www.avast.com
ウイルス フリー。 www.avast.com
无病毒。www.avast.com
Vírusmentes. www.avast.com
This email has been checked for viruses by Avast antivirus software.
This email has been checked for viruses by AVG.
This email has been checked for viruses by Avast antivirus software.\nwww.avast.com
This email is free from viruses and malware because avast! Antivirus protection is active.
Diese E-Mail wurde von Avast Antivirus auf Viren geprüft.
Diese E-Mail wurde von Avast Antivirus-Software auf Viren geprüft.
Diese E-Mail ist frei von Viren und Malware, denn der avast! Antivirus Schutz ist aktiv.
L'absence de virus dans ce courrier électronique a été vérifiée par le logiciel antivirus Avast.
Ce courrier électronique ne contient aucun virus ou logiciel malveillant parce que la protection avast! Antivirus est active.
El software de antivirus Avast ha analizado este correo electrónico en busca de virus.
Questa e-mail è stata controllata per individuare virus con Avast antivirus.
Este e-mail foi verificado em termos de vírus pelo software antivírus Avast.
Deze e-mail is gecontroleerd op virussen door Avast.
Ta wiadomość e-mail została sprawdzona pod kątem wirusów przez oprogramowanie AVG.
このメールはアバスト アンチウイルスによりウイルス チェックされています。
No virus found in this message.\nChecked by AVG - www.avg.com\nVersion: 2016.0.7998 / Virus Database: 4757/14114 - Release Date: 03/10/17
No virus found in this incoming message.\nChecked by AVG Free Edition.\nVersion: 7.5.516 / Virus Database: 269.17.13/1213 - Release Date: 07/01/2008 09:14
Internal Virus Database is out of date.
Es wurde kein Virus in dieser Nachricht gefunden.\nVon AVG überprüft - www.avg.com
In dieser Nachricht wurden keine Viren gefunden.
Aucun virus trouvé dans ce message.\nAnalyse effectuée par AVG - www.avg.fr
No se encontraron virus en este mensaje.\nComprobado por AVG - www.avg.com
Nessun virus nel messaggio.\nControllato da AVG - www.avg.com
Nenhum vírus encontrado nessa mensagem.\nVerificado por AVG - www.avgbrasil.com.br
Geen virus gevonden in dit bericht.\nGecontroleerd door AVG - www.avg.com
Nie znaleziono wirusów w tej wiadomości.\nSprawdzone przez AVG - www.avg.com
This message has been scanned for viruses and\ndangerous content by MailScanner, and is\nbelieved to be clean.
This message has been scanned for viruses and dangerous content by\nMailScanner, and is believed to be clean.
Diese Nachricht wurde auf Viren und andere gefährliche Inhalte untersucht\nund ist - aktuelle Virenscanner vorausgesetzt - sauber.
Ce message a été vérifié par MailScanner\npour des virus ou des polluriels et rien de\nsuspect n'a été trouvé.
Questo messaggio è stato analizzato con MailScanner\ned è risultato non infetto.
Este mensaje ha sido analizado por MailScanner\nen busca de virus y otros contenidos peligrosos,\ny se considera que está limpio.
Esta mensagem foi verificada pelo sistema de antivírus e\nacredita-se estar livre de perigo.
Dit bericht is gescanned op virussen en andere gevaarlijke\ninhoud door MailScanner en lijkt schoon te zijn.
__________ Information from ESET Endpoint Antivirus, version of detection engine 31234 (20261127) __________\n\nThe message was checked by ESET Endpoint Antivirus.
__________ Hinweis von ESET Endpoint Antivirus, Signaturdatenbank-Version 31234 (20261127) __________
The message was checked by ESET Mail Security.
E-Mail wurde geprüft mit ESET Endpoint Antivirus.
This email was scanned by Bitdefender
This email has been scanned by the Symantec Email Security.cloud service.\nFor more information please visit http://www.symanteccloud.com
This email has been scanned by the MessageLabs Email Security System.
This email has been scanned for viruses and malware, and may have been automatically archived by Mimecast Ltd.
This message has been scanned by Proofpoint.
Diese E-Mail wurde von Kaspersky geprüft. Es wurden keine Bedrohungen gefunden.
Virus-geprüft von G DATA AntiVirus. Es wurde kein Virus gefunden.
Virus checked by G DATA MailSecurity
Diese Nachricht wurde auf Viren überprüft und enthält keine bekannten Viren.
Dit bericht is gescand en bevat geen virussen.
Ce message ne contient pas de virus. Vérifié par le serveur de messagerie.
This e-mail has been scanned for viruses and no threats were found. www.avg.com
Click here<https://filter.tb.test/c/?x=1> to report this email as spam.
Click here to report this email as spam.
BEGIN-ANTISPAM-VOTING-LINKS\n------------------------------------------------------\n\nTeach CanIt if this mail (ID 0123) is spam:\nSpam:        https://spam.tb.test/b.php?c=s&i=0123\nNot spam:    https://spam.tb.test/b.php?c=n&i=0123\nForget vote: https://spam.tb.test/b.php?c=f&i=0123\n------------------------------------------------------\nEND-ANTISPAM-VOTING-LINKS
I am using the free version of SPAMfighter.
You received this message because you are subscribed to the Google Groups "Approvals" group.
You received this message because you are subscribed to the Google Groups "ops-approvals" group.\nTo unsubscribe from this group and stop receiving emails from it, send an email to approvals+unsubscribe@tb.test.\nTo view this discussion on the web visit https://groups.google.com/d/msgid/approvals/x.\nFor more options, visit https://groups.google.com/d/optout.
Sie erhalten diese Nachricht, weil Sie in Google Groups E-Mails von der Gruppe "Approvals" abonniert haben.\nWenn Sie sich von dieser Gruppe abmelden und keine E-Mails mehr von dieser Gruppe erhalten möchten, senden Sie eine E-Mail an approvals+unsubscribe@tb.test.
Vous recevez ce message, car vous êtes abonné au groupe Google Groupes "Approvals".\nPour vous désabonner de ce groupe et ne plus recevoir d'e-mails le concernant, envoyez un e-mail à l'adresse approvals+unsubscribe@tb.test.
Has recibido este mensaje porque estás suscrito al grupo "Approvals" de Grupos de Google.\nPara cancelar la suscripción a este grupo y dejar de recibir sus mensajes, envía un correo electrónico a approvals+unsubscribe@tb.test.
Hai ricevuto questo messaggio perché sei iscritto al gruppo "Approvals" di Google Gruppi.\nPer annullare l'iscrizione a questo gruppo e non ricevere più le sue email, invia un'email a approvals+unsubscribe@tb.test.
Você recebeu essa mensagem porque está inscrito no grupo "Approvals" dos Grupos do Google.\nPara cancelar inscrição nesse grupo e parar de receber e-mails dele, envie um e-mail para approvals+unsubscribe@tb.test.
Je hebt dit bericht ontvangen omdat je je hebt aangemeld bij de groep 'Approvals' van Google Groepen.\nAls je je wilt afmelden bij deze groep en geen e-mails van deze groep meer wilt ontvangen, stuur je een e-mail naar approvals+unsubscribe@tb.test.
Otrzymujesz tę wiadomość, ponieważ subskrybujesz grupę dyskusyjną Google o nazwie „Approvals”.\nAby anulować subskrypcję tej grupy i przestać otrzymywać z niej e-maile, wyślij e-mail na adres approvals+unsubscribe@tb.test.
このメールは Google グループのグループ「Approvals」に登録しているユーザーに送られています。\nこのグループから退会し、グループからのメールの配信を停止するには approvals+unsubscribe@tb.test にメールを送信してください。
_______________________________________________\nApprovals mailing list\napprovals@tb.test\nhttps://lists.tb.test/mailman/listinfo/approvals
_______________________________________________\nApprovals mailing list -- approvals@tb.test\nTo unsubscribe send an email to approvals-leave@tb.test
########################################################################\n\nTo unsubscribe from the APPROVALS list, click the following link:\nhttps://lists.tb.test/cgi-bin/wa?SUBED1=APPROVALS&A=1
-=-=-=-=-=-=-=-=-=-=-=-\nGroups.io Links: You receive all messages sent to this group.\nView/Reply Online (#12): https://groups.io/g/approvals/message/12\nMute This Topic: https://groups.io/mt/1/2
------------------------------------------\nTB: Approvals\nPermalink: https://tb.topicbox.test/groups/approvals/T1-M1\nDelivery options: https://tb.topicbox.test/groups/approvals/subscription
You're receiving this message because you're a member of the Approvals group from TB. To take part in this conversation, reply all to this message.
You're receiving this message because you're a member of the Approvals group. If you don't want to receive any messages or events from this group, stop following it in your inbox.
View group files   |   Leave group   |   Learn more about Microsoft 365 Groups
You are receiving this because you are a member. To stop, reply with unsubscribe.
Please consider the environment before printing this email.
Please consider the environment before printing this e-mail 🌳
Think before you print
Please do not print this email unless you really need to.
Do you really need to print this email?
Save paper. Don't print this email.
Bitte denken Sie an die Umwelt, bevor Sie diese E-Mail ausdrucken.
Bitte prüfen Sie, ob diese Mail wirklich ausgedruckt werden muss.
Pensez à l'environnement avant d'imprimer ce message.
N'imprimez ce message que si nécessaire.
Merci de n'imprimer ce courriel qu'en cas de nécessité
Antes de imprimir este correo, piense en el medio ambiente.
Por favor, no imprima este correo si no es necesario.
Prima di stampare, pensa all'ambiente.
Non stampare questa mail se non è necessario.
Antes de imprimir, pense no meio ambiente.
Não imprima este e-mail sem necessidade.
Denk aan het milieu voordat u deze e-mail print.
Print deze mail alleen als het nodig is.
Pomyśl o środowisku, zanim wydrukujesz tę wiadomość.
Nie drukuj tego maila, jeśli nie musisz.
環境保護のため、このメールの印刷はお控えください。
Nothing in this email is intended to be legally binding unless confirmed in writing.
Subject to contract. Without prejudice.
Emails to and from this address may be monitored. We do not accept liability for viruses.
This email does not constitute a contract.
Kein Zugang für elektronisch signierte sowie für verschlüsselte elektronische Dokumente.
Kein Zugang für elektronisch signierte Dokumente
Informationen zum Datenschutz finden Sie unter https://tb.test/datenschutz.
Irrtümer und Änderungen vorbehalten.
Ce message n'engage pas la société.
Aan dit bericht kunnen geen rechten worden ontleend.
Op al onze overeenkomsten zijn onze algemene voorwaarden van toepassing.
Aan deze e-mail kunnen geen rechten worden ontleend.
本メールにお心当たりのない場合は、お手数ですが破棄してください。
My working hours may not be your working hours. Please do not feel obliged to reply outside of your normal working hours.
I work flexibly, so whilst it suits me to email now, I do not expect a response or action outside of your own working hours.
We support flexible working, so please do not feel obliged to respond outside your working hours.
Meine Arbeitszeiten müssen nicht Ihre sein. Ich erwarte keine Antwort außerhalb Ihrer Arbeitszeiten.
TB Ltd is registered in England and Wales, company number 01234567
Registered in England No. 1234567
Registered office: 1 High Street, London EC1A 1AA
Sitz der Gesellschaft: Berlin
Amtsgericht Charlottenburg, HRB 12345 B
Geschäftsführer: Ann Maier, Bob Schulz
Vorstand: Ann Maier (Vorsitzende), Bob Schulz
USt-IdNr.: DE123456789
Siège social : 1 rue de la Paix, Paris
RCS Paris 123 456 789
Sede legale: Via Roma 1, Milano
P.IVA 01234567890
KvK 12345678
KRS: 0000123456, NIP: 123-456-78-90
CONFIDENTIALITY NOTICE
Disclaimer:""".split("\n")

# Above the text: what gateways and mail programs add.
BANNERS = r"""[EXTERNAL]
**External Email**
EXT:
External Sender
CAUTION: External email
CAUTION: This email is from an external sender.
CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you recognize the sender and know the content is safe.
CAUTION EXTERNAL EMAIL: This message came from outside the company. DO NOT click links unless you know the sender.
This message was sent from outside of TB. Please do not click links or open attachments unless you recognize the source of this email and know the content is safe.
*** ATTENTION! This email originates from an external sender. Do not open attachments unless you know it is safe. ***
WARNING: This email originated outside of Acme Corp. Please treat hyperlinks and attachments with caution.
[External Email] Please use caution when opening links or attachments.
INX WARNING: external source email.
You don't often get email from ann.approver@tb.test. Learn why this is important<https://aka.ms/LearnAboutSenderIdentification>
Some people who received this message don't often get email from ann.approver@tb.test. Learn why this is important
You don't usually receive emails from this address. Make sure you trust this sender before taking any actions.
Sie erhalten nicht häufig E-Mails von ann.approver@tb.test. Erfahren Sie, warum dies wichtig ist
Vous n’obtenez pas souvent d’e-mail à partir de ann.approver@tb.test. Pourquoi c’est important
Vous ne recevez pas souvent de courriers de ann.approver@tb.test. Découvrez pourquoi cela est important
No suele recibir correo electrónico de ann.approver@tb.test. Descubra por qué esto es importante
Non si ricevono spesso messaggi di posta elettronica da ann.approver@tb.test. Scopri perché è importante
Você não costuma receber emails de ann.approver@tb.test. Saiba por que isso é importante
U ontvangt niet vaak e-mail van ann.approver@tb.test. Meer informatie over waarom dit belangrijk is
Nie otrzymujesz często wiadomości e-mail z ann.approver@tb.test. Dowiedz się, dlaczego jest to ważne
ann.approver@tb.test からのメールを受け取ることはあまりありません。これが重要な理由を確認
Du får inte ofta e-post från ann.approver@tb.test. Läs om varför det här är viktigt
Вы нечасто получаете письма от ann.approver@tb.test. Узнайте, почему это важно
您通常不会收到来自 ann.approver@tb.test 的电子邮件。了解这一点为什么很重要
This Message originated outside your organization.
Be careful with this message. The sender is outside your organization.
External (ann.approver@tb.test)\n\nReport This Email<https://shared.outlook.inky.com/report?id=1> FAQ<https://www.inky.com/banner-faq> Protection by INKY
This Message Is From an External Sender\nThis message came from outside your organization.
ZjQcmQRYFpfptBannerStart\nThis Message Is From an External Sender\nThis message came from outside your organization.\nZjQcmQRYFpfptBannerEnd
This is an external email. Please take care when clicking links or opening attachments.
Think before you click: This email is external
ACHTUNG: Diese E-Mail stammt von außerhalb der Organisation. Klicken Sie nicht auf Links und öffnen Sie keine Anhänge, wenn Sie den Absender nicht kennen.
VORSICHT: Externe E-Mail. Bitte keine Links anklicken oder Anhänge öffnen, wenn der Absender unbekannt ist.
ATTENTION : Ce courriel provient de l'extérieur de l'organisation. Ne cliquez pas sur les liens et n'ouvrez pas les pièces jointes si vous ne connaissez pas l'expéditeur.
ATENCIÓN: Este correo electrónico proviene de fuera de la organización. No haga clic en enlaces ni abra archivos adjuntos a menos que reconozca al remitente.
ATTENZIONE: Questa e-mail proviene dall'esterno dell'organizzazione. Non cliccare sui link o aprire gli allegati se non conosci il mittente.
ATENÇÃO: Este e-mail foi enviado de fora da organização. Não clique em links nem abra anexos, a menos que reconheça o remetente.
LET OP: Deze e-mail is verzonden van buiten de organisatie. Klik niet op links en open geen bijlagen tenzij u de afzender kent.
UWAGA: Ta wiadomość pochodzi spoza organizacji. Nie klikaj w linki ani nie otwieraj załączników, jeśli nie znasz nadawcy.
注意：このメールは組織外から送信されました。送信者を信頼できる場合を除き、リンクをクリックしたり添付ファイルを開いたりしないでください。
UPOZORNĚNÍ: Tento e-mail přišel z vnější sítě. Neklikejte na odkazy.
【外部邮件】此邮件来自组织外部，请勿点击链接。
外部邮件，请谨慎处理
ВНИМАНИЕ: письмо получено от внешнего отправителя. Не переходите по ссылкам.
DİKKAT: Bu e-posta kuruluş dışından gelmiştir. Lütfen bağlantılara tıklamayın.
Varning: Detta mejl kommer från en extern avsändare. Klicka inte på länkar.""".split("\n")

# Above or below: what classification tools write.
CLASSIFICATIONS = """\
Internal
INTERNAL
[Internal]
*Confidential*
Public
General
Restricted
Strictly Confidential
Highly Confidential
Company Confidential
Orange Restricted
Nokia Internal Use
Internal Use Only
For internal use only
Classification: Internal
Classification : Internal
Classification : Interne
Data Classification: Public
Sensitivity: Internal Use Only
Sensitivity: Confidential
Not classified
C2 General
C1 - Interne
C3 Confidential
TLP:CLEAR
TLP:AMBER
TLP:AMBER+STRICT
[TLP:GREEN]
[AMBER]
OFFICIAL
OFFICIAL-SENSITIVE
OFFICIAL: Sensitive
[SEC=OFFICIAL]
UNCLASSIFIED
UNCLASSIFIED//FOUO
CUI
NATO UNCLASSIFIED
PROTECTED B
COMMERCIAL IN CONFIDENCE
NOT PROTECTIVELY MARKED
Intern
Vertraulich
Streng vertraulich
Klassifizierung: Intern
Nur für den internen Gebrauch
Nur für den Dienstgebrauch
VS-NfD
VS - NUR FÜR DEN DIENSTGEBRAUCH
Interne
Confidentiel
Diffusion restreinte
Usage interne
Usage interne uniquement
Non protégé
Uso interno
Clasificación: Interna
Documento ad uso interno
Riservato
Classificazione: Interno
Uso restrito
Classificação: Confidencial
Vertrouwelijk
Alleen voor intern gebruik
Classificatie: Intern
Do użytku wewnętrznego
Klasyfikacja: poufne
社外秘
関係者外秘
機密性2情報
Intern information
内部资料
대외비
Для служебного пользования
Hizmete özel""".split("\n")

# Below a name: what stands in everybody's mail although a word of it doubts.
SIGNATURES = """\
I do not work on Fridays
I don't work on Fridays.
Not in the office on Fridays
Not working Fridays
Only in the office Monday to Wednesday
No calls on Fridays please
If urgent call +44 20 7946 0000
Until 3 December only reachable by phone.
Not the right contact? See https://tb.test/contacts
Unless otherwise agreed our terms apply.
Without written confirmation nothing is binding.
First Line Support Manager
Second Level Support
First aider, 2nd floor
Holding company: TB Holding Ltd
No paper please
But first, coffee.
Never stop learning.
Stop! Think. Act. - our safety promise
Wait, there is more: https://tb.test/blog
When it matters: TB
Once upon a cloud - the TB podcast
Nicht im Büro: freitags
Freitags nicht im Büro
Ich arbeite freitags nicht
Außer Haus ab 16 Uhr
Nur montags bis mittwochs im Büro
Bitte keine Anrufe am Freitag
Kein Zugang für elektronisch signierte Dokumente
Absent le vendredi
Je ne travaille pas le mercredi
Sans réponse de ma part sous 24 h, appelez le standard
No trabajo los viernes
Fuera de la oficina los viernes
Non in ufficio il venerdì
Non lavoro il mercoledì pomeriggio
Não trabalho às sextas-feiras
Niet aanwezig op vrijdag
Ik werk niet op woensdag
Alleen bereikbaar op maandag en dinsdag
Nie pracuję w piątki
W piątki nie pracuję
金曜日は休み
お急ぎの場合は 03-1234-5678 までお電話ください""".split("\n")


def lines_of(entry: str) -> list[str]:
    """The lines of an entry, as a mail has them."""
    return entry.split("\\n")
