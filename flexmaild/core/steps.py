"""One step of a diagnosis: what was tried, what came back, what to do. The nouns of `doctor`.

Made by the adapters (`transports`, `net`), shown by `daemon` and `cli`. Holds no secret and no mail body.
"""

from dataclasses import dataclass

from flexmaild.core.documents import diagnosis
from flexmaild.core.redacted import without_known


@dataclass(frozen=True, slots=True)
class Step:
    """name: a short word for the step ("token"). tried: what was done, with the server's name.

    answer: the other side's own words. cure: what to do about it, empty when `ok` and nothing is near its
    end. seconds: how long it took.
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
        """As callers see it. A cure beside what went well is a warning."""
        return diagnosis.Step(
            name=self.name,
            result="failed" if not self.ok else "warning" if self.cure else "ok",
            tried=self.tried,
            answer=self.answer,
            cure=self.cure,
            seconds=round(self.seconds, 3),
        )
