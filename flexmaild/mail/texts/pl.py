"""Polish."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str | tuple[str, ...]] = {
    "subject.request": "Prośba o zatwierdzenie: {title}",
    "subject.reminder": "Przypomnienie: prośba o zatwierdzenie: {title}",
    "subject.test": "Wiadomość testowa z {product}",
    "subject.notification": "Powiadomienie z {product}",
    # Lines above the title, and headings
    "lead.approval_request": "Potrzebne jest Twoje zatwierdzenie",
    "lead.reminder": "Przypomnienie: Twoje zatwierdzenie jest nadal potrzebne",
    "lead.accepted.approve": "Twoje zatwierdzenie zostało zapisane",
    "lead.accepted.reject": "Twoja odmowa została zapisana",
    "lead.noted.approve": "Twoje zatwierdzenie zostało odnotowane",
    "lead.noted.reject": "Twoja odmowa została odnotowana",
    "lead.already_decided": "Decyzja już zapadła",
    "lead.expired": "Ta prośba wygasła",
    "lead.cancelled": "Ta prośba została wycofana",
    "lead.unclear": "Nie udało się zrozumieć Twojej odpowiedzi",
    "lead.comment_needed": "Odmowa wymaga tu uzasadnienia",
    "lead.not_entitled": "Twoja odpowiedź nie została policzona",
    "lead.no_longer_needed": "Twoja odpowiedź nie jest już potrzebna",
    "lead.notification": "Powiadomienie",
    "lead.test": "Poczta wychodząca działa",
    # Sentences
    "accepted.text": "Decyzja zapadła i została przekazana. Nie trzeba robić nic więcej.",
    "noted.text": "Prośba jest nadal otwarta: liczba zatwierdzeń to {noted} z {needed}. Do czasu decyzji"
    " możesz zmienić zdanie, odpowiadając ponownie.",
    "already_decided.text": "Twoja odpowiedź nadeszła po decyzji i niczego nie zmienia.",
    "already_decided.voice": "W Twoim imieniu policzono już inną odpowiedź; Twoja niczego nie zmienia.",
    "expired.text": "Nikt nie podjął decyzji na czas. Odpowiedź nie jest już potrzebna i nie zostanie"
    " policzona.",
    "cancelled.text": "Odpowiedź nie jest już potrzebna i nie zostanie policzona.",
    "unclear.text": "Nic nie zostało postanowione, a prośba pozostaje otwarta.",
    "comment_needed.text": "Twoja odmowa nie została policzona, ponieważ ta prośba wymaga uzasadnienia.",
    "comment_needed.how": "Odpowiedz na tę wiadomość jeszcze raz: najpierw słowo {reject}, potem"
    " uzasadnienie.",
    "not_entitled.text": "Nie należysz do osób poproszonych o decyzję, więc Twoja odpowiedź o niczym nie"
    " decyduje.",
    "no_longer_needed.text": "Decyzja w sprawie prośby zapadła bez Ciebie. Nie trzeba robić nic więcej.",
    "test.text": "Tę wiadomość wysłał {product} na adres {address}, aby sprawdzić ustawienia poczty"
    " wychodzącej.",
    # How to answer
    "how.text": "Aby podjąć decyzję, odpowiedz na tę wiadomość, zaczynając od słowa {approve} albo od"
    " słowa {reject}. Dalej możesz dodać komentarz.",
    "how.html": "Każdy przycisk otwiera odpowiedź, którą wystarczy wysłać. Możesz też samodzielnie"
    " odpowiedzieć na tę wiadomość: zacznij od słowa {approve} lub {reject}, a potem, jeśli chcesz, dodaj"
    " komentarz.",
    "how.private": "Ta wiadomość jest przeznaczona tylko dla Ciebie. Odpowiedzi z innych adresów się nie"
    " liczą.",
    "how.on_behalf_of": "Otrzymujesz to pytanie w zastępstwie za {address}.",
    "how.escalation": "Otrzymujesz to pytanie, ponieważ nikt inny jeszcze nie podjął decyzji.",
    "button.approve": "Zatwierdź prośbę",
    "button.reject": "Odrzuć prośbę",
    # Why an answer was unclear
    "why.empty": "Nad cytowaną wiadomością nie było tekstu.",
    "why.no_action_word": "Nie zaczynała się od słowa {approve} ani {reject}.",
    "why.both_words": "Zawierała oba słowa: zatwierdzające i odrzucające.",
    "why.negated": "Zawierała przeczenie, na przykład „nie”.",
    "why.question": "Brzmiała jak pytanie.",
    "why.condition": "Zawierała warunek lub zastrzeżenie.",
    "why.parts_disagree": "Zwykły tekst i tekst sformatowany mówiły co innego.",
    "why.ambiguous": "Można ją było odczytać na więcej niż jeden sposób.",
    "why.stray_characters": "Zawierała znaki podobne do liter, ale inne.",
    "why.too_long": "Jej pierwszy wiersz był za długi.",
    "why.other": "Nie było jasne, czy zatwierdza, czy odrzuca.",
    # Labels of the small table
    "label.requester": "Prosi",
    "label.until": "Odpowiedź do",
    "label.rule": "Potrzeba",
    "label.group": "Odpowiadasz za",
    "label.attachments": "Załączniki",
    "label.decision": "Decyzja",
    "label.by": "Kto",
    "label.at": "Kiedy",
    "label.reason": "Powód",
    "label.comment": "Twój komentarz",
    "label.request": "Prośba",
    "state.pending": "otwarta",
    "state.approved": "zatwierdzona",
    "state.rejected": "odrzucona",
    "state.expired": "wygasła",
    "state.cancelled": "wycofana",
    "rule.any": "jedno zatwierdzenie",
    "rule.all": "zatwierdzenie przez wszystkie zapytane osoby",
    "rule.each_group": "jedno zatwierdzenie z każdej grupy",
    "rule.number": ("{n} zatwierdzenie", "{n} zatwierdzenia", "{n} zatwierdzeń"),
    "in.days": ("za {n} dzień", "za {n} dni", "za {n} dni"),
    "in.hours": ("za {n} godzinę", "za {n} godziny", "za {n} godzin"),
    "in.minutes": ("za {n} minutę", "za {n} minuty", "za {n} minut"),
    # Below everything
    "foot.sent": "Wysłane przez {product} na adres {address}.",
    "foot.reference": "Prosimy pozostawić ten wiersz w odpowiedzi.",
}
