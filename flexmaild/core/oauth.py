"""The closed lists of OAuth: providers, flows, clouds, and what a token is for.

Apart, since the settings' declarations, `oauth` and the API's documents share it and have only core in
common. mypy holds each comparison with a name to its list.
"""

from typing import Literal

Provider = Literal["microsoft", "google"]
Flow = Literal["device_code", "authorization_code", "client_credentials"]
# Microsoft's clouds.
CloudName = Literal["global", "us_gov", "china"]
# What a token is for.
Purpose = Literal["smtp", "imap", "graph"]
