"""The tables of known errors are in memory before an error occurs."""

import subprocess
import sys

CODE = """
import resource
from flexmaild.oauth.errors import fault
from flexmaild.transports.graph.errors import failure as graph_failure
from flexmaild.transports.imap.errors import failure as imap_failure
from flexmaild.transports.smtp.dialogue import Reply
from flexmaild.transports.smtp.replies import failure as smtp_failure
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
print(fault({"error_codes": [700082]}).cure)
body = {"error": {"code": "ErrorFolderNotFound"}}
print(graph_failure(404, {}, body, step="list", server="s", where="m").cure)
print(imap_failure(ValueError("x"), "select", "s").text)
print(smtp_failure(Reply(550, "5.1.1 user unknown"), "rcpt", "s").cure)
"""


def test_a_failure_has_its_cure_when_no_file_can_be_opened() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], check=True, capture_output=True, text=True)

    assert done.stdout.splitlines() == [
        "Run `flexmailctl oauth authorize NAME` and sign in as the configured user.",
        "Check `reply_folder`.",
        "the server's answer cannot be read (ValueError)",
        "Check the recipient's address.",
    ]
