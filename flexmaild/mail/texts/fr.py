"""French."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str | tuple[str, ...]] = {
    "subject.request": "Approbation demandée : {title}",
    "subject.reminder": "Rappel : approbation demandée : {title}",
    "subject.test": "Message de test de {product}",
    "subject.notification": "Notification de {product}",
    # Lines above the title, and headings
    "lead.approval_request": "Votre approbation est demandée",
    "lead.reminder": "Rappel : votre approbation est toujours attendue",
    "lead.accepted.approve": "Votre approbation est enregistrée",
    "lead.accepted.reject": "Votre refus est enregistré",
    "lead.noted.approve": "Votre approbation est prise en compte",
    "lead.noted.reject": "Votre refus est pris en compte",
    "lead.already_decided": "La décision a déjà été prise",
    "lead.expired": "Cette demande a expiré",
    "lead.cancelled": "Cette demande a été retirée",
    "lead.unclear": "Votre réponse n’a pas pu être comprise",
    "lead.comment_needed": "Un refus doit être motivé ici",
    "lead.not_entitled": "Votre réponse n’a pas été comptée",
    "lead.no_longer_needed": "Votre réponse n’est plus nécessaire",
    "lead.notification": "Notification",
    "lead.test": "L’envoi de messages fonctionne",
    # Sentences
    "accepted.text": "La décision est prise et transmise. Vous n’avez plus rien à faire.",
    "noted.text": "La demande est encore ouverte ; approbations reçues : {noted} sur {needed}. Jusqu’à la"
    " décision, vous pouvez changer d’avis en répondant de nouveau.",
    "already_decided.text": "Votre réponse est arrivée après la décision et n’y change rien.",
    "already_decided.voice": "Une réponse a déjà été comptée à votre place ; la vôtre n’y change rien.",
    "expired.text": "Personne n’a décidé à temps. Aucune réponse n’est plus nécessaire, et aucune ne sera"
    " comptée.",
    "cancelled.text": "Aucune réponse n’est plus nécessaire, et aucune ne sera comptée.",
    "unclear.text": "Rien n’a été décidé, la demande reste ouverte.",
    "comment_needed.text": "Votre refus n’a pas été compté, car cette demande exige un motif.",
    "comment_needed.how": "Veuillez répondre de nouveau à ce message : d’abord le mot {reject}, puis le"
    " motif.",
    "not_entitled.text": "Vous ne faites pas partie des personnes interrogées ; votre réponse ne décide"
    " donc rien.",
    "no_longer_needed.text": "La demande a été décidée sans vous. Vous n’avez plus rien à faire.",
    "test.text": "Ce message a été envoyé par {product} à {address} pour vérifier les réglages du"
    " courrier sortant.",
    # How to answer
    "how.text": "Pour décider, répondez à ce message en commençant par le mot {approve} ou le mot"
    " {reject}. Vous pouvez ajouter un commentaire à la suite.",
    "how.html": "Chaque bouton ouvre une réponse qu’il ne reste plus qu’à envoyer. Vous pouvez aussi"
    " répondre vous-même à ce message : commencez par le mot {approve} ou {reject}, puis ajoutez un"
    " commentaire si vous le souhaitez.",
    "how.private": "Ce message n’est destiné qu’à vous. Les réponses venant d’autres adresses ne comptent"
    " pas.",
    "how.on_behalf_of": "Vous êtes sollicité au nom de {address}.",
    "how.escalation": "Vous êtes sollicité parce que personne d’autre n’a encore décidé.",
    "button.approve": "Approuver la demande",
    "button.reject": "Rejeter la demande",
    # Why an answer was unclear
    "why.empty": "Il n’y avait aucun texte au-dessus du message cité.",
    "why.no_action_word": "Elle ne commençait pas par le mot {approve} ou {reject}.",
    "why.both_words": "Elle contenait les deux mots, celui qui approuve et celui qui rejette.",
    "why.negated": "Elle contenait une négation, comme « ne … pas ».",
    "why.question": "Elle avait la forme d’une question.",
    "why.condition": "Elle contenait une condition ou une réserve.",
    "why.parts_disagree": "Son texte brut et son texte mis en forme disaient des choses différentes.",
    "why.ambiguous": "Elle pouvait se lire de plusieurs façons.",
    "why.stray_characters": "Elle contenait des caractères qui ressemblent à des lettres mais n’en sont pas.",
    "why.too_long": "Sa première ligne était trop longue.",
    "why.other": "On ne pouvait savoir si elle approuve ou rejette.",
    # Labels of the small table
    "label.requester": "Demandé par",
    "label.until": "Réponse avant le",
    "label.rule": "Il faut",
    "label.group": "Vous répondez pour",
    "label.attachments": "Pièces jointes",
    "label.decision": "Décision",
    "label.by": "Par",
    "label.at": "Le",
    "label.reason": "Motif",
    "label.comment": "Votre commentaire",
    "label.request": "Demande",
    "state.pending": "ouverte",
    "state.approved": "approuvée",
    "state.rejected": "rejetée",
    "state.expired": "expirée",
    "state.cancelled": "retirée",
    "rule.any": "une approbation",
    "rule.all": "l’approbation de toutes les personnes interrogées",
    "rule.each_group": "une approbation de chaque groupe",
    "rule.number": ("{n} approbation", "{n} approbations"),
    "in.days": ("dans {n} jour", "dans {n} jours"),
    "in.hours": ("dans {n} heure", "dans {n} heures"),
    "in.minutes": ("dans {n} minute", "dans {n} minutes"),
    # Below everything
    "foot.sent": "Envoyé par {product} à {address}.",
    "foot.reference": "Veuillez laisser cette ligne dans votre réponse.",
}
