"""Turkish as people write it first, and what their mail programs add; see __init__.py."""

# ruff: noqa: E501 (a line is easier to read as it was written)

from __future__ import annotations

APPROVE = (
    "Onaylıyorum",
    "ONAYLIYORUM",
    "onayliyorum",
    "Onaylandı",
    "ONAYLANDI.",
    "onaylandi, tesekkurler",
    "Onaylıyorum, sorun yok",
    "Merhaba Ayşe,\nonaylandı, testler hatasız geçti.\nİyi çalışmalar",
    "Ahmet Bey,\n\nonaylıyorum. Kolay gelsin.",
    "Sayın İbrahim Bey,\nOnaylanmıştır.",
    "İYİ GÜNLER,\nONAYLIYORUM",
    "Onaylıyorum. İtirazım yok.",
    "Onaylandı, herhangi bir sorun görmedim",
    "Onaylıyorum, testler başarılı, ellerinize sağlık",
    "Onaylıyorum, ekiple birlikte inceledik",
    "Onaylandı, geçebilirsiniz",
    "Uygundur, iyi çalışmalar",
    "Onaylıyorum, eklemek istediğim bir şey yok",
    "Onaylıyorum, hiçbir risk görmüyorum",
    "Onaylandı, bir sorun olursa beni arayın",
    "Onaylıyorum, sadece küçük bir düzeltme",
    "Onaylıyorum\nGeri dönüş planını okudum, her şey hazır.",
    "Onaylandı, bitince haber verir misiniz?",
    "Onaylıyorum, hata çıkmadı",
    "Kabul ediyorum, hayırlı olsun",
    "Onay verildi",
)
REJECT = (
    "Reddediyorum",
    "REDDEDİLDİ",
    "reddedildi",
    "Reddedildi, testler geçmedi",
    "Onaylamıyorum, yedek alınmamış",
    "ONAYLAMIYORUM",
    "Uygun değil, geri dönüş planı eksik",
    "Reddediyorum. Düzeltilirse onaylarım.",
)
UNDECIDED = (
    "Onaylıyorum, güvenlik ekibi de kabul ederse",
    "Onaylıyorum, yedek alındıysa",
    "Onaylıyorum ama önce yedek alınsın",
    "Onaylıyorum, ancak veritabanı hariç",
    "Onaylandı mı?",
    "Onaylandı mı",
    "Onaylıyorum değil",
    "Onaylıyorum, yedekler tamamlandıktan sonra",
    "Onaylıyorum, QA bitirdiğinde değil mi",
    "Onaylıyorum, QA tamamsa",
    "ONAYLIYORUM AMA YARIN",
    "Onayliyorum, yedek alinmissa",
    "Onaylıyorum, testler geçmek şartıyla",
    "Onaylıyorum, sanırım",
    "Onaylıyorum, veritabanına dokunmadan",
    "Onaylıyorum, henüz canlıya almayın",
    "Onaylandı, sadece test ortamı için",
    "Onaylıyorum\nBekleyin, bu başka bir talep içindi",
    "Onaylandı, yanlışlıkla bastım",
    "Reddediyorum, yanlışlıkla",
    "Onaylıyorum veya reddediyorum",
    "Onaylıyorum, yedek alınmadıkça geçilmesin",
    "Onaylıyorum, cuma günü yapılmalı",
    "Onaylıyorum, ödeme modülü dışında",
    "Onaylıyorum, Mehmet onay verirse",
    "Onaylıyorum, emin değilim",
    "Onaylıyorum, olurmu",
    "ONAYLIYORUM, YEDEK ALINIRSA",
    "ONAYLIYORUM, DEĞİŞİKLİK İPTAL",
    "Onaylıyorum. Onaylamıyorum.",
    "Evet",
    "Onaylanabilir",
    "Onaylıyorum, veritabanı değişikliği yapılmasın",
)
# A word that approves, and a condition typed below the quote.
BELOW = ("Onaylıyorum", "yedek alındıysa")
# What mail programs write above a quote: attributions, and header blocks as Outlook writes them.
QUOTES = (
    "flexmaild <{own}>, 20 Kas 2026 Cum, 10:15 tarihinde şunu yazdı:",
    "flexmaild <{own}> şunları yazdı (20 Kas 2026 10:15):",
    "20.11.2026 10:15 tarihinde flexmaild yazdı:",
    "Kimden: flexmaild <{own}>\nGönderildi: 20 Kasım 2026 Cuma 10:15\nKime: Ann Approver\nKonu: Approval needed: Deploy billing 2.3.1 to production\n",
    "-----Özgün İleti-----\nGönderen: flexmaild <{own}>\nTarih: 20 Kasım 2026 10:15\nKime: Ann Approver\nBilgi: Bob <bob@corp.test>\nKonu: Approval needed: Deploy billing 2.3.1 to production\n",
)
# Closings, devices, scanners and disclaimers.
ENDINGS = (
    "Saygılarımla\nAnn",
    "İYİ ÇALIŞMALAR\nAnn Approver\nBilgi Sistemleri Müdürü\nTel: +90 212 333 44 55",
    "iPhone'umdan gönderildi",
    "Samsung Galaxy akıllı telefonumdan gönderildi.",
    "Android için Outlook'u edinin",
    "Bu e-posta Avast antivirüs yazılımı tarafından denetlenmiştir",
    "Bu e-posta ve ekleri gizlidir ve yalnızca alıcısının kullanımı içindir. E-postayı yanlışlıkla aldıysanız lütfen göndereni bilgilendirin ve e-postayı siliniz. Kopyalanması ve dağıtılması yasaktır.",
)
# How the subjects of automatic replies and receipts begin.
AUTOMATIC = (
    "Otomatik yanıt: x",
    "OTOMATİK YANIT: x",
    "Ofis dışında: x",
    "İzindeyim: x",
    "Okundu: Onayınız gerekiyor",
)
