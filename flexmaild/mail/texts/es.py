"""Spanish."""

from __future__ import annotations

from collections.abc import Mapping

TEXTS: Mapping[str, str | tuple[str, ...]] = {
    "subject.request": "Se solicita aprobación: {title}",
    "subject.reminder": "Recordatorio: se solicita aprobación: {title}",
    "subject.test": "Correo de prueba de {product}",
    "subject.notification": "Notificación de {product}",
    # Lines above the title, and headings
    "lead.approval_request": "Se necesita su aprobación",
    "lead.reminder": "Recordatorio: aún se necesita su aprobación",
    "lead.accepted.approve": "Su aprobación ha quedado registrada",
    "lead.accepted.reject": "Su rechazo ha quedado registrado",
    "lead.noted.approve": "Se ha anotado su aprobación",
    "lead.noted.reject": "Se ha anotado su rechazo",
    "lead.already_decided": "Esto ya estaba decidido",
    "lead.expired": "Esta solicitud ha caducado",
    "lead.cancelled": "Esta solicitud se ha retirado",
    "lead.unclear": "No se ha podido entender su respuesta",
    "lead.comment_needed": "Aquí un rechazo necesita un motivo",
    "lead.not_entitled": "Su respuesta no se ha contado",
    "lead.no_longer_needed": "Ya no se necesita su respuesta",
    "lead.notification": "Notificación",
    "lead.test": "El correo saliente funciona",
    # Sentences
    "accepted.text": "La decisión está tomada y comunicada. No tiene que hacer nada más.",
    "noted.text": "La solicitud sigue abierta; aprobaciones recibidas: {noted} de {needed}. Hasta que se"
    " decida, puede cambiar de opinión respondiendo de nuevo.",
    "already_decided.text": "Su respuesta llegó después de la decisión y no cambia nada.",
    "already_decided.voice": "Ya se había contado una respuesta en su lugar; la suya no cambia nada.",
    "expired.text": "Nadie decidió a tiempo. Ya no hace falta ninguna respuesta y no se contará ninguna.",
    "cancelled.text": "Ya no hace falta ninguna respuesta y no se contará ninguna.",
    "unclear.text": "No se ha decidido nada y la solicitud sigue abierta.",
    "comment_needed.text": "Su rechazo no se ha contado, porque esta solicitud exige indicar un motivo.",
    "comment_needed.how": "Responda de nuevo a este correo: primero la palabra {reject} y después el motivo.",
    "not_entitled.text": "Usted no es una de las personas consultadas, así que su respuesta no decide nada.",
    "no_longer_needed.text": "La solicitud se ha decidido sin usted. No tiene que hacer nada más.",
    "test.text": "{product} ha enviado este correo a {address} para probar la configuración del correo"
    " saliente.",
    # How to answer
    "how.text": "Para decidir, responda a este correo y empiece con la palabra {approve} o la palabra"
    " {reject}. Después puede añadir un comentario.",
    "how.html": "Cada botón abre una respuesta que solo tiene que enviar. También puede responder usted"
    " mismo a este correo: empiece con la palabra {approve} o {reject} y añada después un comentario si"
    " lo desea.",
    "how.private": "Este correo es solo para usted. Las respuestas desde otras direcciones no cuentan.",
    "how.on_behalf_of": "Se le consulta en nombre de {address}.",
    "how.escalation": "Se le consulta porque nadie más ha decidido todavía.",
    "button.approve": "Aprobar solicitud",
    "button.reject": "Rechazar solicitud",
    # Why an answer was unclear
    "why.empty": "No había texto por encima del correo citado.",
    "why.no_action_word": "No empezaba con la palabra {approve} ni con {reject}.",
    "why.both_words": "Contenía las dos palabras, la que aprueba y la que rechaza.",
    "why.negated": "Contenía una negación, como «no».",
    "why.question": "Parecía una pregunta.",
    "why.condition": "Contenía una condición o una excepción.",
    "why.parts_disagree": "El texto sin formato y el texto con formato decían cosas distintas.",
    "why.ambiguous": "Podía leerse de más de una manera.",
    "why.stray_characters": "Contenía caracteres que parecen letras pero son otros.",
    "why.too_long": "La primera línea era demasiado larga.",
    "why.other": "No quedaba claro si aprueba o rechaza.",
    # Labels of the small table
    "label.requester": "Solicitado por",
    "label.until": "Responder antes del",
    "label.rule": "Se necesita",
    "label.group": "Usted responde por",
    "label.attachments": "Adjuntos",
    "label.decision": "Decisión",
    "label.by": "Por",
    "label.at": "El",
    "label.reason": "Motivo",
    "label.comment": "Su comentario",
    "label.request": "Solicitud",
    "state.pending": "abierta",
    "state.approved": "aprobada",
    "state.rejected": "rechazada",
    "state.expired": "caducada",
    "state.cancelled": "retirada",
    "rule.any": "una aprobación",
    "rule.all": "la aprobación de todas las personas consultadas",
    "rule.each_group": "una aprobación de cada grupo",
    "rule.number": ("{n} aprobación", "{n} aprobaciones"),
    "in.days": ("en {n} día", "en {n} días"),
    "in.hours": ("en {n} hora", "en {n} horas"),
    "in.minutes": ("en {n} minuto", "en {n} minutos"),
    # Below everything
    "foot.sent": "Enviado por {product} a {address}.",
    "foot.reference": "Deje esta línea en su respuesta, por favor.",
}
