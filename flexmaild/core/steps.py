"""One step of a diagnosis: what was tried, the answer, what to do. Apart from `documents.diagnosis`, since it
redacts the answer.

Made by the adapters (`transports`, `net`), shown by `daemon` and `cli`. Holds no secret and no mail body.
"""

from dataclasses import dataclass

from flexmaild.core.documents import diagnosis
from flexmaild.core.redacted import without_known


@dataclass(frozen=True, slots=True)
class Step:
    """name: a short word for the step ("token"). tried: what was done, with the server's name.

    answer: the server's own words. cure: what to do about it, empty when `ok` and nothing is about to
    expire. seconds: how long it took.
    """

    name: str
    ok: bool
    tried: str
    answer: str = ""
    cure: str = ""
    seconds: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "answer", without_known(self.answer))

    def document(self) -> diagnosis.Step:
        """The step as callers see it. A successful step with a cure is a warning."""
        return diagnosis.Step(
            name=self.name,
            result="failed" if not self.ok else "warning" if self.cure else "ok",
            tried=self.tried,
            answer=self.answer,
            cure=self.cure,
            seconds=round(self.seconds, 3),
        )
