"""flexmailctl in this process against a real control server whose API answers as scripted by a test."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from flexmaild.api.call import Answer, CommandRequest, Run
from flexmaild.api.server import ControlServer
from flexmaild.cli.flexmailctl import cli
from flexmaild.net.http_server import EventLoop
from flexmaild.net.listen import ListenAddress, listen

NOW = "2026-03-01T10:00:00Z"


def approval(state: str = "pending", **more: Any) -> dict[str, Any]:
    """An approval as the daemon shows it."""
    return {"id": "ap-1", "state": state, "title": "Release 4.2", "created_at": NOW, "expires_at": NOW} | more


@dataclass
class ScriptedApi:
    """`script` maps a command to an answer's body, to an error to raise, or to a function of the call."""

    script: dict[str, Any] = field(default_factory=dict)
    calls: list[tuple[str, CommandRequest]] = field(default_factory=list)

    def handle(self, command: str, call: CommandRequest) -> Answer:
        self.calls.append((command, call))
        then = self.script[command]
        if isinstance(then, Exception):
            raise then
        return Answer(body=then(call) if callable(then) else then)

    async def wait(self, command: str, call: CommandRequest, run: Run) -> Answer:
        return await run(self.handle, command, call)

    @property
    def commands(self) -> list[str]:
        return [command for command, _ in self.calls]

    def body(self, index: int = -1) -> dict[str, Any]:
        """What was sent with a call, as JSON, without what was left out."""
        model = self.calls[index][1].body
        assert model is not None
        return model.model_dump(mode="json", exclude_unset=True, by_alias=True)


@dataclass
class Terminal:
    """Runs flexmailctl; `api` is at the other end of its socket."""

    api: ScriptedApi
    path: Path
    serve: Callable[[], ControlServer]

    def run(self, *arguments: str, stdin: str | bytes | None = None) -> Result:
        environment = {"FLEXMAILD_SOCKET": str(self.path)}
        return CliRunner().invoke(cli, arguments, input=stdin, env=environment, prog_name="flexmailctl")


def serve(path: Path, api: ScriptedApi) -> ControlServer:
    """A running server on the path."""

    def crash(error: BaseException) -> None:
        raise error

    loop = EventLoop("http", crash)
    loop.start()
    server = ControlServer(
        loop,
        listen(ListenAddress(path), {}),
        api,
        on_request=lambda *_: None,
        on_refused=lambda *_: None,
        on_crash=crash,
    )
    server.start()
    return server
