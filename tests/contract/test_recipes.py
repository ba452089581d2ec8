"""The recipes as they stand in their files, each against a stand-in for its pipeline over HTTPS.

Replaced are the host, the paths of the secret files, and the authorities that the certificate is checked
with; nothing else.
"""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from flexmaild.core.errors import Failure, GiveUp, Reason, TryLater
from flexmaild.sinks.webhook.settings import WebhookSettings
from flexmaild.sinks.webhook.sink import Webhook
from tests.support.daemon import ROOT, Daemon, until
from tests.support.pipelines import azure_devops, flexdeploy, github, gitlab, jenkins
from tests.support.pipelines.server import Vendor, served
from tests.support.pki import Pki
from tests.support.programs import run

RECIPES = ROOT / "config" / "recipes"
ANNA = "anna@corp.test"
# What no template, URL, form or JSON may take for anything but text.
ODD = 'It\'s "fine" \\ {{ title }} {% raw %}\n../..%2F&state=approved&x=1, "status": "approved"\r\n<b>ü€'


@dataclass(frozen=True)
class Recipe:
    """One sink of one file.

    said: what the vendor was told of the one approval that waits in it: "approved" or "rejected", and the
    words that came along; None while nothing was told. repeat: how a second delivery of the same event ends.
    """

    file: str
    sink: str
    secret: str
    vendor: Callable[[], Any]
    metadata: Mapping[str, str]
    said: Callable[[Any], tuple[str, str] | None]
    repeat: type[Failure]
    # Unknown to the vendor, one by one.
    unknown: Mapping[str, str] = field(default_factory=dict)
    # How long a comment the vendor takes; its end is cut before.
    longest: int = 2000

    def __str__(self) -> str:
        return self.sink


def _jenkins_said(vendor: jenkins.Jenkins) -> tuple[str, str] | None:
    if not vendor.outcome:
        return None
    (values,) = vendor.outcome.values()
    return ("rejected", "") if values is None else ("approved", f"{values['APPROVER']}: {values['COMMENT']}")


def _gitlab_said(vendor: gitlab.GitLab) -> tuple[str, str] | None:
    return (vendor.approval["status"], vendor.approval["comment"]) if vendor.approval else None


def _review(given: Mapping[str, Any]) -> tuple[str, str] | None:
    return (given.get("state") or given["status"], given["comment"]) if given else None


def _flexdeploy_said(vendor: flexdeploy.FlexDeploy) -> tuple[str, str] | None:
    return None if vendor.notes is None else (vendor.status.lower(), vendor.notes)


JENKINS_JOB = "shops/billing/feature%2Flogin"
ALL = [
    Recipe(
        "jenkins",
        "jenkins",
        jenkins.TOKEN,
        lambda: jenkins.Jenkins({(JENKINS_JOB, "17"): "Deploy"}),
        {"job": JENKINS_JOB, "build": "17", "input": "Deploy"},
        _jenkins_said,
        TryLater,
        {"job": "shops/other", "build": "18", "input": "Other"},
    ),
    Recipe(
        "gitlab",
        "gitlab",
        gitlab.TOKEN,
        gitlab.GitLab,
        {"project": gitlab.PROJECT, "deployment": gitlab.DEPLOYMENT},
        _gitlab_said,
        GiveUp,
        {"project": "43", "deployment": "712"},
        longest=255,
    ),
    Recipe(
        "github",
        "github",
        github.INSTALLATION_TOKEN,
        github.GitHub,
        {"repository": "shops/billing", "run": github.RUN, "environment": github.ENVIRONMENT},
        lambda vendor: _review(vendor.rule),
        GiveUp,
        {"repository": "shops/other", "run": "1", "environment": "test"},
    ),
    Recipe(
        "github",
        "github_review",
        github.REVIEWER_TOKEN,
        github.GitHub,
        {
            "repository": "shops/billing",
            "run": github.RUN,
            "environment_id": str(github.ENVIRONMENT_ID),
        },
        lambda vendor: _review(vendor.review),
        GiveUp,
        {"repository": "shops/other", "run": "1", "environment_id": "2"},
    ),
    Recipe(
        "azure-devops",
        "azure_devops",
        azure_devops.TOKEN,
        azure_devops.AzureDevOps,
        {"project": azure_devops.PROJECT, "approval": azure_devops.APPROVAL},
        lambda vendor: _review(vendor.decided),
        GiveUp,
        {"project": "Other", "approval": "00000000-0000-0000-0000-000000000000"},
    ),
    Recipe(
        "flexdeploy",
        "flexdeploy",
        flexdeploy.TOKEN,
        flexdeploy.FlexDeploy,
        {"task": flexdeploy.TASK},
        _flexdeploy_said,
        GiveUp,
        {"task": "10001"},
    ),
]


@pytest.fixture(params=ALL, ids=str)
def recipe(request: pytest.FixtureRequest) -> Recipe:
    made: Recipe = request.param
    return made


@pytest.fixture
def vendor(recipe: Recipe) -> Any:
    return recipe.vendor()


@pytest.fixture
def sinks(recipe: Recipe, vendor: Vendor, pki: Pki, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """All sinks of the recipe's file."""
    with served(vendor, pki) as address:
        yield localised(recipe, address, pki, tmp_path / "secrets")


def localised(recipe: Recipe, address: str, pki: Pki, secrets: Path) -> dict[str, Any]:
    text = (RECIPES / f"{recipe.file}.yaml").read_text()
    text, hosts = re.subn(r"https://[\w.-]+", address, text)
    assert hosts
    text = with_secrets(text, secrets, recipe.secret)
    sinks: dict[str, Any] = yaml.safe_load(text)["sinks"]
    return {name: one | {"ca_file": pki.ca_file} for name, one in sinks.items()}


def with_secrets(text: str, folder: Path, secret: str) -> str:
    """The recipe with its secret files in this folder, where they are made."""
    text, count = re.subn(r"/[\w/.-]+/(?=[\w-]+\.secret)", f"{folder}/", text)
    assert count
    folder.mkdir(exist_ok=True)
    for name in re.findall(rf"{folder}/([\w.-]+)", text):
        (folder / name).touch(0o600)
        (folder / name).write_text(secret)
    return text


def event(recipe: Recipe, state: str, comment: str = "", **metadata: str) -> bytes:
    answer = "approve" if state == "approved" else "reject"
    data = {
        "id": "apr_1", "state": state, "title": ODD, "requester": "ci@corp.test",
        "requested_at": "2026-11-28T10:00:00Z", "decided_at": "2026-11-28T11:00:00Z",
        "decided_by": [ANNA], "because": "", "quorum": "any", "metadata": dict(recipe.metadata) | metadata,
        "verdicts": [{"approver": ANNA, "answer": answer, "comment": comment, "replaced": False}],
    }  # fmt: skip
    body = {"id": "apr_1.decided", "type": "flexmaild.approval.decided.v1", "data": data}
    return json.dumps(body, ensure_ascii=False).encode()


def deliver(settings: Mapping[str, Any], body: bytes) -> str:
    sink = Webhook(WebhookSettings.model_validate(settings))
    try:
        return sink.deliver("apr_1.decided", body)
    finally:
        sink.close()


def failure(settings: Mapping[str, Any], body: bytes) -> Failure:
    with pytest.raises(Failure) as caught:
        deliver(settings, body)
    return caught.value


@pytest.mark.parametrize("file", sorted(path.stem for path in RECIPES.glob("*.yaml")))
def test_check_takes_the_recipe_and_a_page_explains_it(file: str, tmp_path: Path) -> None:
    text = with_secrets((RECIPES / f"{file}.yaml").read_text(), tmp_path, "s3cret-of-the-pipeline")
    config = tmp_path / "flexmaild.yaml"
    config.touch(0o600)
    config.write_text(f"outgoing: {{host: mail.corp.test, from_address: approvals@corp.test}}\n{text}")
    done = run("flexmaild", "check", "--config", config)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    page = (RECIPES / f"{file}.md").read_text()
    assert set(re.findall(r"metadata\.(\w+)", text)) <= set(re.findall(r"--metadata (\w+)=", page))
    assert file in {recipe.file for recipe in ALL}


@pytest.mark.parametrize("state", ["approved", "rejected"])
def test_the_decision_arrives(recipe: Recipe, vendor: Any, sinks: dict[str, Any], state: str) -> None:
    assert deliver(sinks[recipe.sink], event(recipe, state, "looks good"))[0] == "2"
    decision, words = recipe.said(vendor) or ("", "")
    assert decision == state
    if words:
        assert ANNA in words and "looks good" in words


@pytest.mark.parametrize("state", ["expired", "cancelled"])
def test_what_nobody_approved_is_not_approved(
    recipe: Recipe, vendor: Any, sinks: dict[str, Any], state: str
) -> None:
    deliver(sinks[recipe.sink], event(recipe, state))
    assert (recipe.said(vendor) or ("",))[0] == "rejected"


def test_a_wrong_token_is_tried_again_and_told_with_its_cure(
    recipe: Recipe, vendor: Any, sinks: dict[str, Any], tmp_path: Path
) -> None:
    for file in (tmp_path / "secrets").iterdir():
        file.write_text("a-wrong-token")
    error = failure(sinks[recipe.sink], event(recipe, "approved"))
    assert isinstance(error, TryLater) and error.reason is Reason.AUTH and error.cure
    assert recipe.said(vendor) is None


def test_what_the_pipeline_does_not_know_is_refused(
    recipe: Recipe, vendor: Any, sinks: dict[str, Any]
) -> None:
    for name, value in recipe.unknown.items():
        error = failure(sinks[recipe.sink], event(recipe, "approved", **{name: value}))
        assert error.cure, name
        assert recipe.said(vendor) is None


def test_a_request_without_the_metadata_is_a_dead_letter_that_names_it(
    recipe: Recipe, sinks: dict[str, Any]
) -> None:
    for name in recipe.metadata:
        data = json.loads(event(recipe, "approved"))
        del data["data"]["metadata"][name]
        error = failure(sinks[recipe.sink], json.dumps(data).encode())
        assert isinstance(error, GiveUp) and name in error.text


def test_the_same_event_again_ends(recipe: Recipe, vendor: Any, sinks: dict[str, Any]) -> None:
    body = event(recipe, "approved", "looks good")
    deliver(sinks[recipe.sink], body)
    before = recipe.said(vendor)
    error = failure(sinks[recipe.sink], body)
    assert isinstance(error, recipe.repeat) and error.cure
    code = re.search(r"answered (\d+)", error.text)
    assert code and code[1] in (RECIPES / f"{recipe.file}.md").read_text()
    assert recipe.said(vendor) == before


def test_odd_texts_arrive_as_text(recipe: Recipe, vendor: Any, sinks: dict[str, Any]) -> None:
    deliver(sinks[recipe.sink], event(recipe, "approved", ODD))
    decision, words = recipe.said(vendor) or ("", "")
    assert decision == "approved" and ODD in words


def test_a_long_comment_arrives_as_far_as_the_pipeline_takes_it(
    recipe: Recipe, vendor: Any, sinks: dict[str, Any]
) -> None:
    deliver(sinks[recipe.sink], event(recipe, "approved", "ä" * 2000))
    _, words = recipe.said(vendor) or ("", "")
    assert words.count("ä") >= min(recipe.longest, 2000) - 40


@pytest.mark.parametrize("odd", ["../..", "..", "1,2", '1"],"x":["', "a/../b", "17?x=1#y"])
def test_odd_metadata_reaches_nothing_else(
    recipe: Recipe, vendor: Any, sinks: dict[str, Any], odd: str
) -> None:
    for name in recipe.metadata:
        assert failure(sinks[recipe.sink], event(recipe, "approved", **{name: odd})).cure, name
    assert recipe.said(vendor) is None


def test_a_reply_by_mail_reaches_the_pipeline(
    recipe: Recipe, vendor: Any, sinks: dict[str, Any], daemon: Daemon
) -> None:
    daemon.write_settings({"sinks": sinks})
    daemon.start()
    daemon.request(ANNA, metadata=dict(recipe.metadata), sinks=[recipe.sink])
    daemon.answer(daemon.mail(ANNA, "approval_request"), "Approve looks good")
    daemon.process_replies()
    decision, words = until(lambda: recipe.said(vendor), f"the decision at {recipe.sink}")
    assert decision == "approved" and ANNA in words and "looks good" in words


def test_a_decision_that_comes_too_late_ends_as_a_dead_letter(
    recipe: Recipe, vendor: Any, sinks: dict[str, Any], daemon: Daemon
) -> None:
    deliver(sinks[recipe.sink], event(recipe, "rejected"))
    daemon.write_settings({"sinks": sinks})
    daemon.start()
    daemon.request(ANNA, metadata=dict(recipe.metadata), sinks=[recipe.sink])
    daemon.answer(daemon.mail(ANNA, "approval_request"), "Approve")
    daemon.process_replies()

    def job(state: str) -> dict[str, Any] | None:
        items = daemon.call("deliveries.list", query={"state": state})["items"]
        return items[0] if items else None

    if recipe.repeat is TryLater:
        until(lambda: job("deferred"), "a deferred delivery")
        daemon.advance(6 * 86400)
    dead = until(lambda: job("failed"), "a dead letter")
    assert "answered 4" in dead["last_error"]
    assert (recipe.said(vendor) or ("",))[0] == "rejected"


def test_a_request_that_names_no_sink_does_not_go_to_a_pipeline(
    recipe: Recipe, vendor: Any, sinks: dict[str, Any], daemon: Daemon
) -> None:
    daemon.write_settings({"sinks": sinks})
    daemon.start()
    asked = daemon.request(ANNA, metadata=dict(recipe.metadata))
    assert daemon.show(asked["id"])["sinks"] == ["folder"]


class TestJenkins:
    @pytest.fixture
    def recipe(self) -> Recipe:
        return next(one for one in ALL if one.sink == "jenkins")

    def test_a_password_in_place_of_a_token_needs_a_crumb(
        self, recipe: Recipe, vendor: jenkins.Jenkins, sinks: dict[str, Any], tmp_path: Path
    ) -> None:
        (tmp_path / "secrets" / "jenkins.secret").write_text(jenkins.PASSWORD)
        error = failure(sinks["jenkins"], event(recipe, "approved"))
        assert error.reason is Reason.AUTH and "crumb" in error.answer and not vendor.outcome

    def test_who_may_not_answer_the_step_is_told_so(
        self, recipe: Recipe, vendor: jenkins.Jenkins, sinks: dict[str, Any]
    ) -> None:
        vendor.may_build = False
        error = failure(sinks["jenkins"], event(recipe, "approved"))
        assert isinstance(error, GiveUp) and "Job/Build" in error.answer

    def test_a_step_without_the_parameters_is_a_500(
        self, recipe: Recipe, vendor: jenkins.Jenkins, sinks: dict[str, Any]
    ) -> None:
        vendor.parameters = ()
        error = failure(sinks["jenkins"], event(recipe, "approved"))
        assert "No such parameter" in error.answer and not vendor.outcome


class TestGitLab:
    @pytest.fixture
    def recipe(self) -> Recipe:
        return next(one for one in ALL if one.sink == "gitlab")

    def test_while_more_approvals_are_missing_a_repeat_changes_nothing(
        self, recipe: Recipe, vendor: gitlab.GitLab, sinks: dict[str, Any]
    ) -> None:
        vendor.required = 2
        assert deliver(sinks["gitlab"], event(recipe, "approved", "first")) == "201"
        assert deliver(sinks["gitlab"], event(recipe, "approved", "first")) == "201"
        assert vendor.status == "blocked" and "first" in vendor.approval["comment"]

    def test_a_project_may_be_named_by_its_path(
        self, recipe: Recipe, vendor: gitlab.GitLab, sinks: dict[str, Any]
    ) -> None:
        assert deliver(sinks["gitlab"], event(recipe, "approved", project=gitlab.PATH)) == "201"

    def test_a_token_for_reading_only_is_told_so(
        self, recipe: Recipe, vendor: gitlab.GitLab, sinks: dict[str, Any], tmp_path: Path
    ) -> None:
        (tmp_path / "secrets" / "gitlab.secret").write_text(gitlab.READ_TOKEN)
        error = failure(sinks["gitlab"], event(recipe, "approved"))
        assert error.reason is Reason.AUTH and "insufficient_scope" in error.answer

    def test_who_may_not_approve_is_told_so(
        self, recipe: Recipe, vendor: gitlab.GitLab, sinks: dict[str, Any]
    ) -> None:
        vendor.is_own = True
        error = failure(sinks["gitlab"], event(recipe, "approved"))
        assert isinstance(error, GiveUp) and "your own deployment" in error.answer


class TestGitHub:
    @pytest.fixture
    def recipe(self) -> Recipe:
        return next(one for one in ALL if one.sink == "github")

    @pytest.mark.parametrize(
        ("sink", "token"),
        [("github", github.REVIEWER_TOKEN), ("github_review", github.INSTALLATION_TOKEN)],
    )
    def test_the_token_of_the_other_way_is_refused(
        self, sinks: dict[str, Any], tmp_path: Path, sink: str, token: str
    ) -> None:
        for file in (tmp_path / "secrets").iterdir():
            file.write_text(token)
        one = next(one for one in ALL if one.sink == sink)
        error = failure(sinks[sink], event(one, "approved"))
        assert error.reason is Reason.AUTH and "not accessible" in error.answer

    def test_the_script_fetches_the_token_that_the_sink_reads(
        self, recipe: Recipe, pki: Pki, tmp_path: Path
    ) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = tmp_path / "app.pem"
        pem.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
        vendor = github.GitHub(app_key=key.public_key())
        with served(vendor, pki) as address:
            sinks = localised(recipe, address, pki, tmp_path / "secrets")
            token = tmp_path / "secrets" / "token.secret"
            token.write_text("expired")

            def fetched(client: str, installation: str) -> int:
                command = [RECIPES / "github-app-token", client, installation, pem, token]
                env = {**os.environ, "GITHUB_API": address, "CURL_CA_BUNDLE": pki.ca_file}
                return subprocess.run(command, env=env, check=False, capture_output=True).returncode

            assert fetched("Iv23of-another", github.INSTALLATION) != 0
            assert fetched(github.CLIENT_ID, "1") != 0
            assert token.read_text() == "expired"
            assert fetched(github.CLIENT_ID, github.INSTALLATION) == 0
            assert token.stat().st_mode & 0o777 == 0o640
            assert deliver(sinks["github"], event(recipe, "approved")) == "204"


class TestAzureDevOps:
    @pytest.fixture
    def recipe(self) -> Recipe:
        return next(one for one in ALL if one.sink == "azure_devops")

    def test_a_sign_in_page_is_no_success(
        self, recipe: Recipe, vendor: Any, sinks: dict[str, Any], tmp_path: Path
    ) -> None:
        (tmp_path / "secrets" / "azure-devops.secret").write_text("expired")
        without = sinks["azure_devops"] | {"headers": {}}
        error = failure(without, event(recipe, "approved"))
        assert isinstance(error, TryLater) and "203" in error.text and "Sign In" in error.answer
