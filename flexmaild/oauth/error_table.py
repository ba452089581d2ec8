"""The table of sign-in errors: code, whether it lasts until somebody acts, cause, cure. Data, and its reader.

From Microsoft's page "Microsoft Entra authentication and authorization error codes", RFC 6749 section 5.2
and RFC 8628 section 3.5. `entra_errors` looks codes up in it; `docs/errors-oauth.md` is made from it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

AGAIN = "Run `flexmailctl oauth authorize NAME` and sign in as the configured user."


@dataclass(frozen=True, slots=True)
class Meaning:
    """One error. `permanent`: it stays until somebody acts, so asking again soon is of no use."""

    code: str
    name: str
    cause: str
    cure: str
    permanent: bool


# Two lines each: code, lasting or passing, name: cause; then the cure, indented ("@again" is AGAIN).
_TABLE = """
AADSTS16000 lasting several sessions: more than one account is signed in in that browser
    Authorise again in a private browser window.
AADSTS50001 lasting unknown resource: the cloud or tenant does not know the resource of the scope
    Check `cloud`: global, us_gov or china.
AADSTS50011 lasting redirect not registered: the redirect address is not registered for the application
    Add `http://localhost` under Authentication > Mobile and desktop applications.
AADSTS50020 lasting user of another tenant: the user who signed in is not known in this tenant
    Sign in with the configured user, or correct `tenant`.
AADSTS50034 lasting no such user: the account does not exist in this tenant
    Check the user name and `tenant`.
AADSTS50053 passing account locked: too many wrong passwords, or a blocked address
    Wait or unlock the account, then authorise again.
AADSTS50055 lasting password expired: the user's password has expired
    Change it, then authorise again.
AADSTS50057 lasting account disabled: the user's account is disabled
    Enable it in Entra ID, then authorise again.
AADSTS50058 lasting not signed in: no usable session
    @again
AADSTS50076 lasting second factor needed: a new policy asks for multi-factor sign-in
    @again
AADSTS50078 lasting second factor expired: the multi-factor sign-in has expired
    @again
AADSTS50079 lasting second factor not set up: the user must register for multi-factor sign-in
    Register the user for it, then authorise again.
AADSTS50105 lasting user not assigned: the application requires assignment and the user has none
    Assign the user under Enterprise applications > Users and groups.
AADSTS50126 lasting wrong password: user name or password is wrong
    @again
AADSTS50132 lasting session revoked: the password was changed or the session revoked
    @again
AADSTS50133 lasting session revoked: the password was changed after the sign-in
    @again
AADSTS50140 lasting interrupted sign-in: the sign-in was interrupted by a question
    @again
AADSTS50173 lasting authorisation revoked: the password was changed or an administrator revoked the tokens
    @again
AADSTS50196 passing loop detected: too many equal requests in a short time
    Nothing: it asks again later.
AADSTS50199 lasting confirmation needed: the user has to confirm the sign-in
    @again
AADSTS53000 lasting device not compliant: conditional access wants a managed device
    Exclude the mail user from that conditional access policy.
AADSTS53003 lasting blocked by policy: conditional access blocks this sign-in
    Exclude the mail user or this machine's address from that policy (device code flow may be
    blocked as such).
AADSTS54005 lasting code used twice: the authorisation code was already redeemed
    @again
AADSTS65001 lasting consent missing: nobody has consented to these permissions, or the consent was revoked
    API permissions > Grant admin consent, then authorise again.
AADSTS65004 lasting consent declined: the user declined the consent
    Authorise again and accept.
AADSTS70000 lasting grant invalid: the refresh token is malformed or belongs to another application
    @again
AADSTS70008 lasting grant expired: the code or refresh token has expired through inactivity
    @again
AADSTS70011 lasting scope invalid: a scope is not valid for this application or account
    Check `cloud` and the API permissions of the application.
AADSTS70016 passing not yet: the user has not finished signing in
    Nothing: it asks again.
AADSTS70020 lasting code expired: nobody entered the code in time
    @again
AADSTS70043 lasting sign-in frequency: a sign-in frequency policy ended the authorisation
    Exclude the mail user from the policy, then authorise again.
AADSTS80012 passing outside allowed hours: the account may not sign in at this hour
    Allow it, or wait.
AADSTS90002 lasting tenant not found: there is no such tenant in this cloud
    Check `tenant` (the Directory (tenant) ID) and `cloud`.
AADSTS90009 lasting asks for itself: the application asks for a token for itself by name
    Use the application's GUID as `client_id`.
AADSTS90014 lasting field missing: a field of the request is missing
    Check `client_id` and `tenant`.
AADSTS90033 passing service unavailable: Entra ID is busy
    Nothing: it asks again later.
AADSTS90055 passing too many requests: the tenant is throttled
    Nothing: it asks again later.
AADSTS90072 lasting account of another tenant: the account is not in the tenant of the application
    Sign in with an account of that tenant.
AADSTS90094 lasting administrator needed: only an administrator may consent
    API permissions > Grant admin consent, then authorise again.
AADSTS500011 lasting resource not in tenant: the tenant has no service principal for this resource
    Check `tenant` and `cloud`, and that the tenant has Exchange Online.
AADSTS500014 lasting resource disabled: the service is disabled in this tenant
    Check the subscription of the tenant.
AADSTS500121 lasting second factor failed: the multi-factor sign-in was not answered
    @again
AADSTS500133 lasting assertion out of time: the signed assertion is outside its time range
    Set this machine's clock (chrony).
AADSTS530034 lasting delegated administrator blocked: conditional access blocks delegated administrators
    Sign in as the mail user.
AADSTS700003 lasting device deleted: the device of the sign-in no longer exists
    @again
AADSTS700016 lasting application not found: the tenant has no application with this client_id
    Check `client_id` (the Application (client) ID) and `tenant`.
AADSTS700024 lasting assertion out of time: the signed assertion is outside its time range: the clock is wrong
    Set this machine's clock (chrony).
AADSTS700025 lasting secret not wanted: the redirect belongs to a public client, which has no secret
    Leave `client_secret` out, or register `http://localhost` under Authentication > Web.
AADSTS700027 lasting certificate unknown: the assertion is not signed by a certificate of this application
    Upload the certificate under Certificates & secrets; `private_key` must belong to it.
AADSTS700030 lasting certificate invalid: the certificate's subject does not match
    Upload the very certificate named in `certificate`.
AADSTS700082 lasting authorisation expired: the refresh token was not used for 90 days
    @again
AADSTS700084 lasting authorisation expired: a refresh token of a single page application lives 24 hours
    Register the redirect under Mobile and desktop applications, then authorise again.
AADSTS7000112 lasting application disabled: the application is disabled in this tenant
    Enterprise applications > Properties > Enabled for users to sign in.
AADSTS7000215 lasting client secret wrong: the client secret is wrong; often the secret's id was copied
    Make a new client secret at Certificates & secrets and put its *value* (not its id) into
    `client_secret`.
AADSTS7000218 lasting secret demanded: the application is not a public client and sent no secret
    Authentication > Allow public client flows: Yes; or use `flow: authorization_code` with
    `client_secret`.
AADSTS7000222 lasting client secret expired: the client secret has expired
    Make a new client secret at Certificates & secrets and put its *value* (not its id) into
    `client_secret`.
AADSTS7000229 lasting not in tenant: the application has no service principal in this tenant
    Grant admin consent once in that tenant.
AADSTS9002313 lasting malformed request: the request is malformed
    Check `client_id`, `tenant` and `authority`.
AADSTS9002326 lasting redirect of a web page: the redirect is registered as a single page application
    Register it under Mobile and desktop applications.
AADSTS9002346 lasting work accounts only: the application is for personal accounts only
    Register it for accounts in this organizational directory.

# What the OAuth specifications name, for when there is no number (and for Google).
access_denied lasting declined: the user declined
    Authorise again and accept.
authorization_declined lasting declined: the user declined
    Authorise again and accept.
authorization_pending passing not yet: the user has not finished signing in
    Nothing: it asks again.
bad_verification_code lasting code not recognised: the device code was not recognised
    @again
consent_required lasting consent missing: the user or an administrator has not consented
    API permissions > Grant admin consent, then authorise again.
expired_token lasting code expired: nobody entered the code in time
    @again
interaction_required lasting sign-in needed: a policy asks the user to sign in again
    @again
invalid_client lasting client refused: client_id, secret or certificate is not accepted
    Check `client_id`, and `client_secret` or `certificate`.
invalid_grant lasting authorisation ended: the refresh token is expired, revoked or belongs to another client
    @again
invalid_request lasting malformed request: the request is malformed
    Check `client_id`, `tenant` and `authority`.
invalid_scope lasting scope invalid: a scope is not valid for this application
    Check `cloud` and the API permissions of the application.
invalid_tenant lasting tenant not found: there is no such tenant in this cloud
    Check `tenant` (the Directory (tenant) ID) and `cloud`.
login_required lasting sign-in needed: there is no session
    @again
org_internal lasting not of the organisation: the Google application is for its own organisation only
    Sign in with an account of that organisation.
server_error passing service failed: the sign-in service failed
    Nothing: it asks again later.
slow_down passing too fast: it was asked too often
    Nothing: it asks again more slowly.
temporarily_unavailable passing service busy: the sign-in service is busy
    Nothing: it asks again later.
unauthorized_client lasting flow not allowed: the application may not use this flow
    Check `flow`, and for device_code Authentication > Allow public client flows.

# What we find out ourselves.
not_json passing not the sign-in service: the answer is not JSON: a proxy, a captive portal or an error page
    Check `authority`, and that no proxy stands before it.
not_authorised lasting nobody signed in: nobody has authorised this application yet
    @again
wrong_user lasting wrong user: another user than the configured one signed in
    Authorise again in a private browser window as the configured user.
missing_scope lasting permission missing: the token lacks a permission that is needed
    Add it under API permissions, grant admin consent, then authorise again.
wrong_state lasting answer not ours: the browser's answer does not belong to this authorisation
    @again
token_file lasting token file unusable: the tokens on disk cannot be used
    Put the file or the `token_key` it was made with back, or run `flexmailctl oauth authorize NAME`.
token_key_lost lasting token key damaged: the key that the tokens were encrypted with is damaged
    Restore it from a backup; or remove it and run `flexmailctl oauth authorize NAME`.
bad_credential lasting key unusable: the private key or certificate is not readable PEM, or they do not match
    Give both as PEM; the key without a passphrase.
unknown passing unknown error: an error this version does not know
    See the server's words.
"""


def _rows() -> Iterator[Meaning]:
    entries: list[list[str]] = []
    for line in _TABLE.splitlines():
        if line.startswith("    "):
            entries[-1].append(line.strip())
        elif line and not line.startswith("#"):
            entries.append([line])
    for head, *cure in entries:
        code, lasts, rest = head.split(" ", 2)
        name, _, cause = rest.partition(": ")
        yield Meaning(code, name, cause, " ".join(cure).replace("@again", AGAIN), lasts == "lasting")


MEANINGS = {row.code: row for row in _rows()}
