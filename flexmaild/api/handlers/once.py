"""Carries out a command with an Idempotency-Key once; a repeated request gets the first answer.

The answer is kept in the transaction that carries the command out.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flexmaild.api.call import Answer, CommandRequest
from flexmaild.api.problems import Fault, invalid
from flexmaild.core.documents import as_json
from flexmaild.core.work import Idempotent
from flexmaild.engine.changes import Changes
from flexmaild.engine.services import Services
from flexmaild.store import Transaction
from flexmaild.store.queries import Queries


class AnsweredBefore(Exception):
    """Holds the first answer, which `api.commands` returns again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("answered before")
        self.answer = answer


def once(
    services: Services,
    call: CommandRequest,
    status: int,
    decide: Callable[[Transaction], tuple[Changes, Any]],
) -> Answer:
    """Carry it out in one transaction. decide: what changes, and the document to answer.

    Raises AnsweredBefore where another call with this key was quicker.
    """

    def decided(transaction: Transaction) -> Changes:
        refuse_repeated(transaction, call)
        changes, document = decide(transaction)
        body = as_json(document)
        answers.append(document)
        changes.idempotent = _record(call, status, body, transaction.now)
        return changes

    answers: list[Any] = []
    services.transactions.run(decided)
    return Answer(status, answers[-1])


def refuse_repeated(store: Queries, call: CommandRequest) -> None:
    """Raises AnsweredBefore, and Problem 422 when the key came with another body."""
    if not call.idempotency_key:
        return
    earlier = store.idempotent(_key_of_caller(call))
    if earlier is None:
        return
    if earlier.body_sha256 != call.fingerprint:
        detail = "this Idempotency-Key was used before with another request"
        raise invalid([Fault("Idempotency-Key", detail, "use a new key for each new request")])
    headers = {"Idempotent-Replayed": "true"}
    raise AnsweredBefore(Answer(int(earlier.answer["status"]), dict(earlier.answer["body"]), headers))


def _record(call: CommandRequest, status: int, body: dict[str, Any], now: datetime) -> Idempotent | None:
    if not call.idempotency_key:
        return None
    return Idempotent(_key_of_caller(call), call.fingerprint, {"status": status, "body": body}, now)


def _key_of_caller(call: CommandRequest) -> str:
    """The stored key. It includes the user, so that no caller gets another user's answer."""
    return f"{call.peer.uid}/{call.idempotency_key}"
