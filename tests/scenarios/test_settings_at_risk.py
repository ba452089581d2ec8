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
from tests.kit.house import House, until

ALICE = "alice@corp.test"
SECTIONS = ("outgoing", "incoming", "sinks")


def at_risk(house: House) -> list[str]:
    return [one["subject"] for one in house.call("status")["incidents"] if one["kind"] == "settings_at_risk"]


def document(house: House) -> dict[str, Any]:
    found = yaml.safe_load(house.config.read_text())
    assert isinstance(found, dict)
    return found


def write(house: House, text: str) -> None:
    house.config.write_text(text)


def refused(house: House) -> str:
    with pytest.raises(Refused) as caught:
        house.call("reload")
    assert caught.value.status == 422
    return str(caught.value.document)


def test_a_file_without_a_section_that_runs_is_refused_and_all_goes_on(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    whole = document(house)
    for name in SECTIONS:
        write(house, yaml.safe_dump({key: part for key, part in whole.items() if key != name}))
        assert f"{name} runs and is not in the file any more" in refused(house)
        write(house, yaml.safe_dump(whole | {name: None}))
        assert f"{name} runs" in refused(house)
    write(house, "")
    said = refused(house)
    assert all(f"{name} runs" in said for name in SECTIONS)
    house.answer(house.mail(ALICE), "Approve")
    assert house.process_replies()["outcomes"] == {"decision": 1}
    until(lambda: list(house.decisions.glob("*.json")), "the decision file")
    assert house.decided(asked["id"])["state"] == "approved"


def test_wherever_the_file_is_cut_nothing_that_runs_is_switched_off_by_it(house: House) -> None:
    house.start()
    house.request(ALICE)
    text = house.config.read_text()
    for line in range(len(text.splitlines())):
        write(house, "".join(text.splitlines(keepends=True)[:line]))
        with suppress(Refused):
            house.call("reload")
        assert at_risk(house) == [], line
    house.answer(house.mail(ALICE), "Approve")
    assert house.process_replies()["outcomes"] == {"decision": 1}
    until(lambda: list(house.decisions.glob("*.json")), "the decision file")


def test_what_is_switched_off_in_words_is_taken_over_and_told_while_something_needs_it(house: House) -> None:
    house.start()
    asked = house.request(ALICE)
    whole = document(house)
    write(house, yaml.safe_dump(whole | {"sinks": {}, "incoming": whole["incoming"] | {"enabled": False}}))
    house.call("reload")
    status = house.call("status")
    assert not status["ready"]
    assert sorted(at_risk(house)) == ["incoming", "sink folder"]
    write(house, yaml.safe_dump(whole))
    house.call("reload")
    assert (at_risk(house), house.call("status")["ready"]) == ([], True)
    write(house, yaml.safe_dump(whole | {"sinks": {}}))
    house.call("reload")
    house.call("approval.cancel", path={"id": asked["id"]})
    write(house, yaml.safe_dump(whole))
    house.call("reload")
    until(lambda: list(house.decisions.glob("*.json")), "the delivery that waited")


def test_a_start_on_a_file_that_lost_its_sections_is_the_same_incident(house: House) -> None:
    house.start()
    house.request(ALICE)
    whole = document(house)
    house.stop()
    write(house, yaml.safe_dump({key: part for key, part in whole.items() if key not in SECTIONS}))
    house.start()
    until(lambda: sorted(at_risk(house)) == ["incoming", "sink folder"], "both incidents")
    assert not house.call("status")["ready"]


def test_an_address_for_metrics_that_is_taken_ends_nothing_and_is_had_when_it_is_free(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        house.write_settings({"metrics": {"listen": address}})
        house.start()
        assert at_risk(house) == ["metrics"]
        house.write_settings({"metrics": {"listen": address}, "approvals": {"max_comment": 99}})
        assert house.call("reload")["changed"] == ["approvals.max_comment"]
        house.request(ALICE)
        house.answer(house.mail(ALICE), "Approve")
        assert house.process_replies()["outcomes"] == {"decision": 1}
    house.call("reload")
    assert at_risk(house) == [], "who asked for the reload finds it in status"
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as page:
        assert b"flexmaild_incidents" in page.read()


def test_a_fault_of_the_store_during_a_reload_is_told_of_as_the_store_s(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.start()

    def busy(*_: object) -> None:
        raise StoreBusy("another program holds the database", "close that program.")

    monkeypatch.setattr(wiring, "build", busy)
    with pytest.raises(Refused) as refused:
        house.call("reload")
    assert refused.value.status == 503
    assert [i["kind"] for i in house.call("status")["incidents"]] == ["store_locked"]


def test_the_folder_is_read_by_the_clock_after_a_reload_as_before_it(house: House) -> None:
    house.write_settings({"incoming": {"process_interval": "1s"}})
    house.start()
    asked = house.request(ALICE)
    whole = document(house)
    write(house, yaml.safe_dump(whole | {"approvals": {"max_comment": 1500}}))
    house.call("reload")
    house.answer(house.mail(ALICE), "Approve")
    until(lambda: house.show(asked["id"])["state"] == "approved", "a poll by the clock")


def test_a_folder_that_a_reload_put_right_is_read_at_once(house: House) -> None:
    house.write_settings({"incoming": {"path": str(house.config)}})
    house.start()
    asked = house.request(ALICE)
    house.answer(house.mail(ALICE), "Approve")
    until(lambda: house.call("status")["issues"], "what is wrong")
    house.write_settings({})
    house.call("reload")
    assert house.decided(asked["id"])["state"] == "approved"
