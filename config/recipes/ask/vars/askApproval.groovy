// A step of a shared library: see README.md. The agent is the machine where flexmaild is.
// askApproval title: 'Deploy 4.2', approvers: ['ann@example.com'], timeout: '2h'
// Returns the exit code with returnStatus: true; without it, anything but an approval fails the build.
def call(Map given) {
    def asked = [
        "APPROVAL_TITLE=${given.title}",
        "APPROVAL_APPROVERS=${given.approvers.join(' ')}",
        "APPROVAL_TEXT=${given.text ?: env.BUILD_URL}",
        "APPROVAL_QUORUM=${given.quorum ?: ''}",
        "APPROVAL_EXPIRES_IN=${given.expiresIn ?: ''}",
        "APPROVAL_TIMEOUT=${given.timeout ?: ''}",
        "APPROVAL_KEY=${given.key ?: env.BUILD_TAG + '-' + env.STAGE_NAME}",
    ]
    withEnv(asked) {
        int code = sh(label: 'Ask for approval by mail', returnStatus: true, script: '''
            set -euf
            key="$(printf '%s' "$APPROVAL_KEY" | sha256sum | cut -c 1-64)"
            set -- --title="$APPROVAL_TITLE" --idempotency-key="$key"
            for address in $APPROVAL_APPROVERS; do set -- "$@" --approver="$address"; done
            [ -z "${APPROVAL_TEXT:-}" ] || set -- "$@" --text="$APPROVAL_TEXT"
            [ -z "${APPROVAL_QUORUM:-}" ] || set -- "$@" --quorum="$APPROVAL_QUORUM"
            [ -z "${APPROVAL_EXPIRES_IN:-}" ] || set -- "$@" --expires-in="$APPROVAL_EXPIRES_IN"
            [ -z "${APPROVAL_TIMEOUT:-}" ] || set -- "$@" --timeout="$APPROVAL_TIMEOUT"
            flexmailctl approval request "$@" --wait
        ''')
        if (code != 0 && !given.returnStatus) {
            def why = [3: 'rejected', 4: 'expired or cancelled', 5: 'no decision in time'][code]
            error "Not approved: ${why ?: 'flexmailctl ended with ' + code}"
        }
        return code
    }
}
