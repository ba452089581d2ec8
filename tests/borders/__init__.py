"""Real border mail servers, and what flexmaild believes of the mails they leave in the reply folder.

`python -m tests.borders` (make borders) runs all of them, each in namespaces of its own, and prints a table.
The tests of this folder need no namespace: one real border on loopback, and mails that others have left.
"""
