#!/bin/sh
# Asks for approval by mail and waits; ends with 0 approved, 3 rejected, 4 expired or cancelled, 5 timed out.
# What to ask is in the environment: see README.md.
set -euf
key="$(printf '%s' "$APPROVAL_KEY" | sha256sum | cut -c 1-64)"
set -- --title="$APPROVAL_TITLE" --idempotency-key="$key"
for address in $APPROVAL_APPROVERS; do set -- "$@" --approver="$address"; done
[ -z "${APPROVAL_TEXT:-}" ] || set -- "$@" --text="$APPROVAL_TEXT"
[ -z "${APPROVAL_QUORUM:-}" ] || set -- "$@" --quorum="$APPROVAL_QUORUM"
[ -z "${APPROVAL_EXPIRES_IN:-}" ] || set -- "$@" --expires-in="$APPROVAL_EXPIRES_IN"
[ -z "${APPROVAL_TIMEOUT:-}" ] || set -- "$@" --timeout="$APPROVAL_TIMEOUT"
flexmailctl approval request "$@" --wait
