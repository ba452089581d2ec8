"""The Python client of the control socket, of the standard library alone; `flexmailctl` uses it.

`Client().call("approval.show", path={"id": "ap-1"}).body`; what can be called is in `calls`.
"""

from flexmaild.client.client import Client, Refused, Reply, Unreachable, default_socket

__all__ = ["Client", "Refused", "Reply", "Unreachable", "default_socket"]
