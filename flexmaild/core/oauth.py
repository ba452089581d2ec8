"""The closed lists of signing in: who provides, how a person or an application signs in, for what.

Named once for the settings' declarations, the tokens (`net`) and the documents of the API; a module of its
own, since core is all that these have in common. mypy holds each comparison with a name to its list.
"""

from typing import Literal

Provider = Literal["microsoft", "google"]
Flow = Literal["device_code", "authorization_code", "client_credentials"]
# Microsoft's clouds.
CloudName = Literal["global", "us_gov", "china"]
# What a token is for.
Purpose = Literal["smtp", "imap", "graph"]
