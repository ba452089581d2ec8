"""What every flexmailctl command shares: --json and --socket in any position, the client, errors, exit codes.

A command gets a `Console`, calls the API through it and shows the answer; it handles no error itself. Nothing
heavy is imported here, so that a command starts in a tenth of a second.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import click

from flexmaild.cli import output
from flexmaild.cli.escapes import escaped
from flexmaild.client import Client, Refused, Unreachable, default_socket
from flexmaild.core import exit_codes


class Console:
    """What a command needs: the client of the daemon, and how to show an answer."""

    def __init__(self) -> None:
        self.as_json = False
        self.socket = default_socket()

    @cached_property
    def client(self) -> Client:
        """The client of the socket on the command line, which click has parsed by now."""
        return Client(self.socket)

    def ask(self, command: str, **given: Any) -> Any:
        """The body of the daemon's answer; see `Client.call`."""
        return self.client.call(command, **given).body

    def show(self, body: Any, human: Callable[[Any], None] = output.fields) -> None:
        """Prints the answer as JSON with --json, otherwise by `human`."""
        if self.as_json:
            click.echo(json.dumps(body, ensure_ascii=False, indent=2))
        else:
            human(body)


def fail(text: str, code: int, document: Mapping[str, Any] | None = None) -> NoReturn:
    """Ends the program with a message on stderr, and the problem document, if any, on stdout."""
    if document is not None:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    click.echo(f"flexmailctl: {text}", err=True)
    raise click.exceptions.Exit(code)


def _set_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.ensure_object(Console).as_json |= value


def _set_socket(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        context.ensure_object(Console).socket = value


def _strings(value: object) -> Iterator[str]:
    """The texts that a parameter holds; a repeated one or a pair holds several."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from _strings(one)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes that the system could not decode
        return False
    return True


def _common() -> list[click.Parameter]:
    show_json = click.Option(
        ["--json"], is_flag=True, expose_value=False, callback=_set_json, help="Answer as JSON on stdout."
    )
    socket = click.Option(
        ["--socket"],
        type=click.Path(path_type=Path, readable=False),  # not permitted is exit code 77, not click's 2
        expose_value=False,
        callback=_set_socket,
        help="The daemon's control socket. Default: $FLEXMAILD_SOCKET or /run/flexmaild/control.sock",
    )
    return [show_json, socket]


class Command(click.Command):
    """A command with the common options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _common()

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuses a text that is not UTF-8, which JSON requires; file names may be any bytes."""
        rest = super().parse_args(ctx, args)
        for parameter in self.get_params(ctx):
            if not all(map(_is_text, _strings(ctx.params.get(parameter.name or "")))):
                raise click.BadParameter("this is not UTF-8", ctx, parameter)
        return rest


class Group(click.Group):
    """A group of such commands; the outermost one turns errors into messages and exit codes."""

    command_class = Command
    group_class = type

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += _common()

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Unreachable as error:
            _fail_unreachable(ctx.ensure_object(Console), error)
        except Refused as refused:
            _fail_refused(ctx.ensure_object(Console), refused)
        except (TypeError, ValueError, LookupError, AttributeError):
            console = ctx.ensure_object(Console)
            misfit = _schema_fault(console.client)
            if misfit is None:  # a bug of ours
                raise
            _fail_unreachable(console, misfit)


def _schema_fault(client: Client) -> Unreachable | None:
    """The error to report if the last answer, on which a command failed, does not match its schema. Not
    checked for every answer, since that takes longer than the rest of a command."""
    from flexmaild.api import routes, validation

    if client.last is None:
        return None
    command, body = client.last
    route = routes.BY_COMMAND[command]
    if route.outline and not validation.misfit(route.outline, body):
        return None
    fault = validation.misfit(route.answer, body) if route.answer else None
    return client.strange(f"{fault.path} of its answer {fault.detail}") if fault else None


pass_console = click.make_pass_decorator(Console, ensure=True)


def _fail_unreachable(console: Console, error: Unreachable) -> NoReturn:
    code = exit_codes.NOT_PERMITTED if error.permission else exit_codes.UNREACHABLE
    document = {"type": "about:blank", "title": "Not reachable", "detail": str(error), "cure": error.cure}
    fail(f"{escaped(str(error))}\n  {error.cure}", code, document if console.as_json else None)


def _fail_refused(console: Console, refused: Refused) -> NoReturn:
    document = refused.document
    faults = document.get("errors") or []
    lines = [output.safe(document.get("title")) if faults else output.safe_lines(str(refused))]
    for fault in faults:
        place = f"{fault['path']}: " if fault.get("path") else ""
        cure = f" ({fault['cure']})" if fault.get("cure") else ""
        lines.append(output.safe(f"{place}{fault.get('detail', '')}{cure}"))
    if document.get("cure"):
        lines.append(output.safe(document["cure"]))
    code = exit_codes.of_problem(refused.status, refused.kind)
    fail("\n  ".join(lines), code, document if console.as_json else None)
