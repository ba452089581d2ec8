"""The recipes of `config/recipes/ask/`: their shell parts, taken out of their files, ask a real daemon."""

import os
import re
import subprocess
import sysconfig
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests.support.daemon import ROOT, Daemon, text_of

ASK = ROOT / "config" / "recipes" / "ask"
ANNA, BEN = "anna@corp.test", "ben@corp.test"
TITLE = 'Deploy "4.2" $(id) `id` \\ *'
ASKED = {"APPROVAL_TITLE": TITLE, "APPROVAL_APPROVERS": f"{ANNA}\n {BEN}", "APPROVAL_KEY": "run 17"}


def plain() -> str:
    text = (ASK / "ask.sh").read_text()
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("#"))


def github() -> str:
    (step,) = _action()["runs"]["steps"]
    assert step["shell"] == "sh" and "${{" not in step["run"]
    return str(step["run"])


def gitlab() -> str:
    return "\n".join(_gitlab_job()["script"])


def jenkins() -> str:
    (script,) = re.findall(r"script: '''\n(.*?)'''", _groovy(), re.DOTALL)
    assert "\\" not in script  # which Groovy would read
    return textwrap.dedent(script.rstrip(" "))


def _action() -> Any:
    return yaml.safe_load((ASK / "action.yml").read_text())


def _gitlab_job() -> Any:
    return yaml.safe_load((ASK / "gitlab-ci.yml").read_text())[".ask-approval"]


def _groovy() -> str:
    return (ASK / "vars" / "askApproval.groovy").read_text()


class Step:
    """One of the shell parts, running as its pipeline runs it."""

    def __init__(self, script: str, daemon: Daemon, **more: str) -> None:
        path = f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}"
        socket = str(daemon.root / "control.sock")
        env = {**os.environ, **ASKED, "PATH": path, "FLEXMAILD_SOCKET": socket, **more}
        self._process = subprocess.Popen(
            ["sh", "-e", "-c", script], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def ended(self) -> tuple[int, str]:
        said, _ = self._process.communicate(timeout=60)
        return self._process.returncode, said.decode()


@pytest.fixture(params=[plain, github, gitlab, jenkins], ids=lambda take: take.__name__)
def script(request: pytest.FixtureRequest) -> str:
    text: str = request.param()
    return text


Start = Callable[..., Step]


@pytest.fixture
def start(daemon: Daemon, script: str) -> Iterator[Start]:
    """Starts the step with further variables; those that still run are killed at the end."""
    steps = list[Step]()

    def started(**more: str) -> Step:
        steps.append(Step(script, daemon, **more))
        return steps[-1]

    yield started
    for step in steps:
        step.kill()


def request_id(daemon: Daemon) -> str:
    (one,) = daemon.call("approval.list")["items"]
    return str(one["id"])


@pytest.mark.parametrize(("answer", "code"), [("Approve", 0), ("Reject too late today", 3)])
def test_it_ends_as_the_approver_answers(daemon: Daemon, start: Start, answer: str, code: int) -> None:
    daemon.start()
    step = start(APPROVAL_TEXT="Tests passed;\nrm -rf nothing")
    mail = daemon.mail(BEN, "approval_request")
    assert TITLE in str(mail["Subject"]) and "Tests passed;" in text_of(mail)
    daemon.answer(mail, answer)
    daemon.process_replies()
    ended, said = step.ended()
    assert ended == code, said


def test_it_ends_with_4_when_the_request_is_cancelled(daemon: Daemon, start: Start) -> None:
    daemon.start()
    step = start()
    daemon.mail(ANNA, "approval_request")
    daemon.call("approval.cancel", path={"id": request_id(daemon)})
    ended, said = step.ended()
    assert ended == 4, said


def test_it_ends_with_4_when_the_request_expires(daemon: Daemon, start: Start) -> None:
    daemon.start()
    step = start(APPROVAL_EXPIRES_IN="1h")
    daemon.mail(ANNA, "approval_request")
    daemon.advance(2 * 3600)
    ended, said = step.ended()
    assert ended == 4, said


def test_after_its_time_it_ends_with_5_and_the_next_run_waits_for_the_same_request(
    daemon: Daemon, start: Start
) -> None:
    daemon.start()
    ended, said = start(APPROVAL_TIMEOUT="1s", APPROVAL_QUORUM="all").ended()
    assert ended == 5, said
    again = start(APPROVAL_QUORUM="all")
    for approver in (ANNA, BEN):
        daemon.answer(daemon.mail(approver, "approval_request"), "Approve")
    daemon.process_replies()
    ended, said = again.ended()
    assert ended == 0, said
    assert request_id(daemon) and daemon.kinds(ANNA).count("approval_request") == 1


def test_it_ends_with_69_where_no_daemon_is(start: Start) -> None:
    ended, said = start().ended()
    assert ended == 69, said


def test_all_have_the_same_shell_part_and_give_it_all_that_it_reads() -> None:
    text = plain()
    assert github() == gitlab() == jenkins() == text
    read = set(re.findall(r"APPROVAL_\w+", text))
    (step,) = _action()["runs"]["steps"]
    assert step["env"].keys() == read
    assert set(re.findall(r"inputs\.([\w-]+)", str(step["env"]))) == _action()["inputs"].keys()
    assert set(re.findall(r'"(APPROVAL_\w+)=', _groovy())) == read
    assert _needed(text) <= _gitlab_job()["variables"].keys() <= read | {"GIT_STRATEGY"}
    page = (ASK / "README.md").read_text()
    assert all(name in page for name in read)


def _needed(text: str) -> set[str]:
    """Without which the shell ends by `set -u`."""
    return set(re.findall(r"\$(APPROVAL_\w+)", text)) - set(re.findall(r"\{(APPROVAL_\w+):-\}", text))
