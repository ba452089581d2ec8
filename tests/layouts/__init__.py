"""Replies in the layouts of real mail programs, with typed text at every place where a person can put it.

From the bytes of a mail of ours to replies: `model` (mail, draft, reply), `places` (where text is typed),
`pages` (what programs do to our HTML, how they make text of it), `phrases` (their words in nine languages).
The programs: `layout` describes those that write HTML (`outlook`, `webmail`, `devices`, `desktop`), `plain`
those that do not, `prefilled` the answers our buttons open; `clients` has them all, `variants` what stands
between us and the approver. What must come out: `expectations` and `thirty`; `check` prints it,
`test_layouts` asserts it; only `adapter` knows the reader. All texts are invented.
"""
