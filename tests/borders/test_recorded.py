"""Of the mails that real borders left in the folder, those of honest senders are proven and no other."""

import pytest

from tests.borders.kinds import BORDERS, settings
from tests.borders.proof import NOT_PROVEN, proof
from tests.borders.recorded import Recorded, recorded

RECORDED = recorded()
# Whom the recorded borders prove by more than a domain.
BY_LOGIN = {("postfix-rspamd", "honest-alice"), ("exim", "honest-alice")}


def found(mail: Recorded) -> str:
    border = next(border for border in BORDERS if border.name == mail.border)
    return proof(mail.data, mail.sender, settings(border)["borders"])


def test_every_border_is_recorded_but_the_one_that_runs_here() -> None:
    assert {mail.border for mail in RECORDED} == {b.name for b in BORDERS} - {"postfix-opendkim"}


@pytest.mark.parametrize("mail", RECORDED, ids=[f"{m.border}-{m.name}" for m in RECORDED])
def test_who_is_proven(mail: Recorded) -> None:
    border = next(border for border in BORDERS if border.name == mail.border)
    if mail.honest and mail.name not in border.unproven:
        expected = {"auth"} if (mail.border, mail.name) in BY_LOGIN else {"dmarc", "dkim"}
        assert found(mail) in expected
    else:
        assert found(mail) == NOT_PROVEN
