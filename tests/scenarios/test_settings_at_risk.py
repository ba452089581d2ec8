"""A settings file that was emptied, cut or switched off: what runs goes on, and what is at risk is told."""

import socket
import urllib.request
from contextlib import suppress
from typing import Any

import pytest
import yaml

from flexmaild.client import Refused
from flexmaild.daemon import wiring
from flexmaild.store import StoreBusy
from tests.support.daemon import Daemon, until

ALICE = "alice@corp.test"
SECTIONS = ("outgoing", "incoming", "sinks")


def at_risk(daemon: Daemon) -> list[str]:
    return [one["subject"] for one in daemon.call("status")["incidents"] if one["kind"] == "settings_at_risk"]


def document(daemon: Daemon) -> dict[str, Any]:
    found = yaml.safe_load(daemon.config.read_text())
    assert isinstance(found, dict)
    return found


def write(daemon: Daemon, text: str) -> None:
    daemon.config.write_text(text)


def refused(daemon: Daemon) -> str:
    with pytest.raises(Refused) as caught:
        daemon.call("reload")
    assert caught.value.status == 422
    return str(caught.value.document)


def test_a_file_without_a_section_that_runs_is_refused_and_all_goes_on(daemon: Daemon) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    whole = document(daemon)
    for name in SECTIONS:
        write(daemon, yaml.safe_dump({key: part for key, part in whole.items() if key != name}))
        assert f"{name} runs and is not in the file any more" in refused(daemon)
        write(daemon, yaml.safe_dump(whole | {name: None}))
        assert f"{name} runs" in refused(daemon)
    write(daemon, "")
    said = refused(daemon)
    assert all(f"{name} runs" in said for name in SECTIONS)
    daemon.answer(daemon.mail(ALICE), "Approve")
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    until(lambda: list(daemon.decisions.glob("*.json")), "the decision file")
    assert daemon.decided(asked["id"])["state"] == "approved"


def test_wherever_the_file_is_cut_nothing_that_runs_is_switched_off_by_it(daemon: Daemon) -> None:
    daemon.start()
    daemon.request(ALICE)
    text = daemon.config.read_text()
    for line in range(len(text.splitlines())):
        write(daemon, "".join(text.splitlines(keepends=True)[:line]))
        with suppress(Refused):
            daemon.call("reload")
        assert at_risk(daemon) == [], line
    daemon.answer(daemon.mail(ALICE), "Approve")
    assert daemon.process_replies()["outcomes"] == {"decision": 1}
    until(lambda: list(daemon.decisions.glob("*.json")), "the decision file")


def test_what_is_switched_off_in_words_is_taken_over_and_told_while_something_needs_it(
    daemon: Daemon,
) -> None:
    daemon.start()
    asked = daemon.request(ALICE)
    whole = document(daemon)
    write(daemon, yaml.safe_dump(whole | {"sinks": {}, "incoming": whole["incoming"] | {"enabled": False}}))
    daemon.call("reload")
    status = daemon.call("status")
    assert not status["ready"]
    assert sorted(at_risk(daemon)) == ["incoming", "sink folder"]
    write(daemon, yaml.safe_dump(whole))
    daemon.call("reload")
    assert (at_risk(daemon), daemon.call("status")["ready"]) == ([], True)
    write(daemon, yaml.safe_dump(whole | {"sinks": {}}))
    daemon.call("reload")
    daemon.call("approval.cancel", path={"id": asked["id"]})
    write(daemon, yaml.safe_dump(whole))
    daemon.call("reload")
    until(lambda: list(daemon.decisions.glob("*.json")), "the delivery that waited")


def test_a_start_on_a_file_that_lost_its_sections_is_the_same_incident(daemon: Daemon) -> None:
    daemon.start()
    daemon.request(ALICE)
    whole = document(daemon)
    daemon.stop()
    write(daemon, yaml.safe_dump({key: part for key, part in whole.items() if key not in SECTIONS}))
    daemon.start()
    until(lambda: sorted(at_risk(daemon)) == ["incoming", "sink folder"], "both incidents")
    assert not daemon.call("status")["ready"]


def test_an_address_for_metrics_that_is_taken_ends_nothing_and_is_had_when_it_is_free(daemon: Daemon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        daemon.write_settings({"metrics": {"listen": address}})
        daemon.start()
        assert at_risk(daemon) == ["metrics"]
        daemon.write_settings({"metrics": {"listen": address}, "approvals": {"max_comment": 99}})
        assert daemon.call("reload")["changed"] == ["approvals.max_comment"]
        daemon.request(ALICE)
        daemon.answer(daemon.mail(ALICE), "Approve")
        assert daemon.process_replies()["outcomes"] == {"decision": 1}
    daemon.call("reload")
    assert at_risk(daemon) == [], "who asked for the reload finds it in status"
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as page:
        assert b"flexmaild_incidents" in page.read()


def test_a_fault_of_the_store_during_a_reload_is_told_of_as_the_store_s(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.start()

    def busy(*_: object) -> None:
        raise StoreBusy("another program holds the database", "close that program.")

    monkeypatch.setattr(wiring, "build", busy)
    with pytest.raises(Refused) as refused:
        daemon.call("reload")
    assert refused.value.status == 503
    assert [i["kind"] for i in daemon.call("status")["incidents"]] == ["store_locked"]


def test_the_folder_is_read_by_the_clock_after_a_reload_as_before_it(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"process_interval": "1s"}})
    daemon.start()
    asked = daemon.request(ALICE)
    whole = document(daemon)
    write(daemon, yaml.safe_dump(whole | {"approvals": {"max_comment": 1500}}))
    daemon.call("reload")
    daemon.answer(daemon.mail(ALICE), "Approve")
    until(lambda: daemon.show(asked["id"])["state"] == "approved", "a poll by the clock")


def test_a_folder_that_a_reload_put_right_is_read_at_once(daemon: Daemon) -> None:
    daemon.write_settings({"incoming": {"path": str(daemon.config)}})
    daemon.start()
    asked = daemon.request(ALICE)
    daemon.answer(daemon.mail(ALICE), "Approve")
    until(lambda: daemon.call("status")["issues"], "what is wrong")
    daemon.write_settings({})
    daemon.call("reload")
    assert daemon.decided(asked["id"])["state"] == "approved"
