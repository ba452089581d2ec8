"""Portuguese."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str | tuple[str, ...]] = {
    "subject.request": "Aprovação necessária: {title}",
    "subject.reminder": "Lembrete: aprovação necessária: {title}",
    "subject.test": "Mensagem de teste de {product}",
    "subject.notification": "Notificação de {product}",
    # Lines above the title, and headings
    "lead.approval_request": "A sua aprovação é necessária",
    "lead.reminder": "Lembrete: a sua aprovação ainda é necessária",
    "lead.accepted.approve": "A sua aprovação foi registada",
    "lead.accepted.reject": "A sua rejeição foi registada",
    "lead.noted.approve": "A sua aprovação foi anotada",
    "lead.noted.reject": "A sua rejeição foi anotada",
    "lead.already_decided": "A decisão já tinha sido tomada",
    "lead.expired": "Este pedido expirou",
    "lead.cancelled": "Este pedido foi retirado",
    "lead.unclear": "Não foi possível compreender a sua resposta",
    "lead.comment_needed": "Aqui uma rejeição precisa de um motivo",
    "lead.not_entitled": "A sua resposta não foi contada",
    "lead.no_longer_needed": "A sua resposta já não é necessária",
    "lead.notification": "Notificação",
    "lead.test": "O correio de saída funciona",
    # Sentences
    "accepted.text": "A decisão está tomada e comunicada. Não precisa de fazer mais nada.",
    "noted.text": "O pedido continua em aberto; aprovações recebidas: {noted} de {needed}. Até à decisão,"
    " pode mudar de opinião respondendo de novo.",
    "already_decided.text": "A sua resposta chegou depois da decisão e não altera nada.",
    "already_decided.voice": "Já tinha sido contada uma resposta em seu lugar; a sua não altera nada.",
    "expired.text": "Ninguém decidiu a tempo. Já não é necessária nenhuma resposta e nenhuma será contada.",
    "cancelled.text": "Já não é necessária nenhuma resposta e nenhuma será contada.",
    "unclear.text": "Nada foi decidido e o pedido continua em aberto.",
    "comment_needed.text": "A sua rejeição não foi contada, porque este pedido exige um motivo.",
    "comment_needed.how": "Responda de novo a esta mensagem: primeiro a palavra {reject}, depois o motivo.",
    "not_entitled.text": "Não é uma das pessoas consultadas, por isso a sua resposta não decide nada.",
    "no_longer_needed.text": "O pedido foi decidido sem si. Não precisa de fazer mais nada.",
    "test.text": "Esta mensagem foi enviada por {product} para {address} para testar as definições do"
    " correio de saída.",
    # How to answer
    "how.text": "Para decidir, responda a esta mensagem e comece com a palavra {approve} ou a palavra"
    " {reject}. Depois pode acrescentar um comentário.",
    "how.html": "Cada botão abre uma resposta que só precisa de enviar. Também pode responder diretamente"
    " a esta mensagem: comece com a palavra {approve} ou {reject} e acrescente depois um comentário, se"
    " quiser.",
    "how.private": "Esta mensagem é só para si. As respostas de outros endereços não contam.",
    "how.on_behalf_of": "A pergunta é-lhe feita em nome de {address}.",
    "how.escalation": "A pergunta é-lhe feita porque ainda ninguém decidiu.",
    "button.approve": "Aprovar pedido",
    "button.reject": "Rejeitar pedido",
    # Why an answer was unclear
    "why.empty": "Não havia texto acima da mensagem citada.",
    "why.no_action_word": "Não começava com a palavra {approve} ou {reject}.",
    "why.both_words": "Continha as duas palavras, a que aprova e a que rejeita.",
    "why.negated": "Continha uma negação, como «não».",
    "why.question": "Parecia uma pergunta.",
    "why.condition": "Continha uma condição ou uma exceção.",
    "why.parts_disagree": "O texto simples e o texto formatado diziam coisas diferentes.",
    "why.ambiguous": "Podia ser lida de mais de uma maneira.",
    "why.stray_characters": "Continha caracteres que parecem letras mas são outros.",
    "why.too_long": "A primeira linha era demasiado longa.",
    "why.other": "Não ficou claro se aprova ou rejeita.",
    # Labels of the small table
    "label.requester": "Pedido por",
    "label.until": "Responder até",
    "label.rule": "É preciso",
    "label.group": "Responde por",
    "label.attachments": "Anexos",
    "label.decision": "Decisão",
    "label.by": "Por",
    "label.at": "Em",
    "label.reason": "Motivo",
    "label.comment": "O seu comentário",
    "label.request": "Pedido",
    "state.pending": "em aberto",
    "state.approved": "aprovado",
    "state.rejected": "rejeitado",
    "state.expired": "expirado",
    "state.cancelled": "retirado",
    "rule.any": "uma aprovação",
    "rule.all": "a aprovação de todas as pessoas consultadas",
    "rule.each_group": "uma aprovação de cada grupo",
    "rule.number": ("{n} aprovação", "{n} aprovações"),
    "in.days": ("dentro de {n} dia", "dentro de {n} dias"),
    "in.hours": ("dentro de {n} hora", "dentro de {n} horas"),
    "in.minutes": ("dentro de {n} minuto", "dentro de {n} minutos"),
    # Below everything
    "foot.sent": "Enviado por {product} para {address}.",
    "foot.reference": "Deixe esta linha na sua resposta, por favor.",
}
