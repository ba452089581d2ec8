"""The lines of the wire format that both ends must agree on: what we write, and find again in a reply.

`compose.write` puts them into mails and prefilled replies, `mail.understand` looks for them;
docs/wire-format.md shows them in full mails. Apart, since the two must not import each other.
"""

# The first line of every mail that asks for an answer: what a person types stands above it.
REPLY_MARKER = "##- Please type your answer above this line -##"

# The lines of a prefilled reply, as FlexDeploy writes them; `{word}` is the action word.
HINT_LINE = "******* You may add a comment after the word [{word}] on the line above. *******"
# FlexDeploy's older hint, which people still answer below.
OLDER_HINT_LINE = "******* You may add a comment on the second line above. *******"
GUARD_LINE = "******* Please DO NOT modify below this line. *******"
REFERENCE_LABEL = "Reference"

# Our own mails carry this header (RFC 6648: no X- prefix) so that one that comes back is known as ours.
OWN_MAIL_HEADER = "Flexmaild-Mail"
