"""What becomes of each of JavaMail's SMTP and IMAP properties: THE table, from which the docs page is made.

`honoured` does what JavaMail documents, but for what the note says. `no effect` is accepted and told once by
`check`: its purpose does not exist outside a JVM or is met anyway. `refused` is a fault, with the reason.
Names follow JavaMail 1.6; for smtps and imaps the same holds with the other protocol in the name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["boolean", "milliseconds", "number", "port", "bytes", "text", "list", "object"]
Treatment = Literal["honoured", "no effect", "refused"]


@dataclass(frozen=True, slots=True)
class Property:
    """A property's name after `mail.<protocol>.`, the kind of its value, and what becomes of it."""

    name: str
    kind: Kind
    treatment: Treatment
    note: str


def _honoured(name: str, kind: Kind, note: str) -> Property:
    return Property(name, kind, "honoured", note)


def _idle(name: str, kind: Kind, note: str) -> Property:
    return Property(name, kind, "no effect", note)


def _refused(name: str, kind: Kind, note: str) -> Property:
    return Property(name, kind, "refused", note)


_NTLM = "NTLM is never used: servers that have only that should be reached by OAuth"
_JAVA_OBJECT = "it takes a Java object, which no text can name"
_LOGGING = "use log.level: debug for the dialogue with the server"
_ONE_CONNECTION = "there is one connection to the mailbox and no pool"

_BOTH = (
    _honoured("auth.login.disable", "boolean", "Never log in by AUTH LOGIN (IMAP: by the LOGIN command)."),
    _honoured(
        "auth.mechanisms",
        "list",
        "Mechanisms to use, in order: PLAIN, LOGIN, CRAM-MD5, XOAUTH2, OAUTHBEARER. Others do not count.",
    ),
    _idle("auth.ntlm.disable", "boolean", _NTLM),
    _idle("auth.ntlm.domain", "text", _NTLM),
    _idle("auth.ntlm.flags", "number", _NTLM),
    _idle("auth.ntlm.v2", "boolean", _NTLM),
    _honoured("auth.plain.disable", "boolean", "Never log in by AUTH PLAIN."),
    _honoured(
        "auth.xoauth2.disable",
        "boolean",
        "Never by XOAUTH2, which is used with auth_type: oauth or when auth.mechanisms names it.",
    ),
    _honoured(
        "class",
        "text",
        "SMTPSSLTransport and IMAPSSLStore mean TLS from the start; SMTPTransport and IMAPStore take it away "
        "from smtps and imaps. Other classes are passed over, as by JavaMail.",
    ),
    _honoured(
        "connectiontimeout",
        "milliseconds",
        "Longest time for connecting. At most 600000; 0 and negative values, JavaMail's for ever, mean that.",
    ),
    _honoured("host", "text", "Server to connect to."),
    _honoured("localaddress", "text", "Local address to connect from."),
    _honoured("localport", "number", "Local port to connect from; 0 is any."),
    _honoured("port", "port", "Server port."),
    _honoured("proxy.host", "text", "HTTP proxy to go through (CONNECT)."),
    _honoured("proxy.password", "text", "Password for the HTTP proxy."),
    _honoured("proxy.port", "port", "Port of the HTTP proxy; 80 by default."),
    _honoured("proxy.user", "text", "User name for the HTTP proxy."),
    _honoured("sasl.authorizationid", "text", "Identity to act as after logging in with SASL PLAIN."),
    _honoured(
        "sasl.enable",
        "boolean",
        "Makes sasl.mechanisms count; there is one login code here, with or without.",
    ),
    _honoured(
        "sasl.mechanisms", "list", "With sasl.enable, the same as auth.mechanisms, blank or comma separated."
    ),
    _idle("sasl.realm", "text", "no mechanism in use has a realm (DIGEST-MD5 is obsolete, RFC 6331)"),
    _idle("sasl.usecanonicalhostname", "boolean", "no mechanism in use needs the server's canonical name"),
    _refused("socketFactory", "object", _JAVA_OBJECT),
    _honoured(
        "socketFactory.class",
        "text",
        "An SSL factory means TLS from the start, but STARTTLS with starttls.enable=true on a port other "
        "than 465 and 993. Never clear text.",
    ),
    _honoured("socketFactory.fallback", "boolean", "Only false: a connection is never repeated without TLS."),
    _honoured("socketFactory.port", "port", "Port to use with socketFactory.class."),
    _honoured("socks.host", "text", "SOCKS5 proxy to go through."),
    _honoured("socks.port", "port", "Port of the SOCKS5 proxy; 1080 by default."),
    _honoured(
        "ssl.checkserveridentity",
        "boolean",
        "Whether the certificate must name the host. True by default here, false in JavaMail 1.6.",
    ),
    _honoured(
        "ssl.ciphersuites",
        "list",
        "Cipher suites of TLS 1.2 to allow, by Java's or OpenSSL's names. Those of TLS 1.3 always are.",
    ),
    _honoured("ssl.enable", "boolean", "TLS from the first byte; true by default for smtps and imaps."),
    _honoured(
        "ssl.protocols",
        "list",
        "TLS versions to allow, separated by blanks: TLSv1.2, TLSv1.3. No older ones (RFC 8996).",
    ),
    _refused("ssl.socketFactory", "object", _JAVA_OBJECT),
    _honoured(
        "ssl.socketFactory.class",
        "text",
        "Standard factories change nothing, your own are passed over: name your authorities in ca_file.",
    ),
    _honoured("ssl.socketFactory.port", "port", "Port to use with ssl.enable and ssl.socketFactory.class."),
    _honoured(
        "ssl.trust",
        "list",
        "Hosts (or *) whose certificate is taken unseen. Warned of at every start: ca_file is better.",
    ),
    _honoured(
        "starttls.enable",
        "boolean",
        "Demands STARTTLS unless TLS is there from the start. JavaMail goes on in clear text without.",
    ),
    _honoured("starttls.required", "boolean", "Demands STARTTLS, even with starttls.enable=false."),
    _honoured("timeout", "milliseconds", "Longest silence while waiting for the server. At most 600000."),
    _honoured("user", "text", "User to log in as."),
    _honoured("writetimeout", "milliseconds", "Longest time one write may take. At most 600000."),
)

_SMTP = (
    _honoured("allow8bitmime", "boolean", "Send 8-bit text as it is when the server offers 8BITMIME."),
    _honoured(
        "auth", "boolean", "false: do not log in, whatever the user name. true: a user name is required."
    ),
    _idle("auth.digest-md5.disable", "boolean", "DIGEST-MD5 is never used: it is obsolete (RFC 6331)"),
    _idle("auth.ntlm.lmcompat", "number", _NTLM),
    _idle("auth.ntlm.unicode", "boolean", _NTLM),
    _idle("chunksize", "number", "mails are sent by DATA, which every server has"),
    _honoured("dsn.notify", "text", "Delivery reports to ask for: NEVER, or any of SUCCESS,FAILURE,DELAY."),
    _honoured("dsn.ret", "text", "How much of the mail a report returns: FULL or HDRS."),
    _honoured("ehlo", "boolean", "false: greet with HELO."),
    _honoured("from", "text", "Envelope sender, in place of the From address."),
    _honoured("localhost", "text", "Name given in EHLO."),
    _honoured("mailextension", "text", "Text appended to the MAIL command."),
    _idle(
        "noop.strict", "boolean", "a kept connection that does not answer 250 is replaced by a new one anyway"
    ),
    _idle("quitonsessionreject", "boolean", "a connection that the server refused is closed anyway"),
    _honoured("quitwait", "boolean", "Wait for the answer to QUIT."),
    _idle("reportsuccess", "boolean", "every recipient's result is recorded: see flexmailctl outbox show"),
    _idle("saslrealm", "text", "no mechanism in use has a realm"),
    _honoured("sendpartial", "boolean", "Send to the good recipients when others are refused."),
    _honoured("submitter", "text", "Value of the AUTH= parameter of MAIL."),
    _honoured("userset", "boolean", "Test a kept connection by RSET, not by NOOP."),
)

_IMAP = (
    _idle("allowreadonlyselect", "boolean", "a read-only folder is read in any case, and said to be one"),
    _idle("appendbuffersize", "bytes", "no mail is ever appended to a folder"),
    _idle("closefoldersonstorefailure", "boolean", _ONE_CONNECTION),
    _honoured("compress.enable", "boolean", "Use COMPRESS=DEFLATE when the server has it."),
    _idle("compress.level", "number", "zlib's own level is used"),
    _idle("compress.strategy", "number", "zlib's own strategy is used"),
    _idle("connectionpool.debug", "boolean", _LOGGING),
    _idle("connectionpoolsize", "number", _ONE_CONNECTION),
    _idle("connectionpooltimeout", "number", _ONE_CONNECTION),
    _idle("enableimapevents", "boolean", "there are no Java listeners"),
    _idle("enableresponseevents", "boolean", "there are no Java listeners"),
    _idle("fetchsize", "bytes", "a text part comes in one piece: every slice would cost a round trip"),
    _idle("finalizecleanclose", "boolean", "the daemon always logs out"),
    _refused("folder.class", "text", "it names a Java class, which cannot be loaded here"),
    _idle("forcepasswordrefresh", "boolean", "a secret is read at each use anyway"),
    _idle("ignorebodystructuresize", "boolean", "sizes come from RFC822.SIZE and are never trusted alone"),
    _idle("localhost", "text", "IMAP has no greeting to give a name in"),
    _idle("messagecache.debug", "boolean", _LOGGING),
    _idle("minidletime", "number", "IDLE is given up as soon as there is something to do"),
    _honoured("partialfetch", "boolean", "Ask for no more of a large text part than is read."),
    _honoured("peek", "boolean", "Read without setting \\Seen. True by default here, false in JavaMail."),
    _honoured("proxyauth.user", "text", "User to become by PROXYAUTH after an administrator's login."),
    _idle("pruninginterval", "number", _ONE_CONNECTION),
    _idle("referralexception", "boolean", "a login referral is logged and the login counts"),
    _idle("reusetagprefix", "boolean", "tags mean nothing to the server"),
    _idle("sasl.xgwtrustedapphack.enable", "boolean", "it works around a fault in Java's GroupWise login"),
    _idle("separatestoreconnection", "boolean", _ONE_CONNECTION),
    _idle("servertimeout", "number", "a kept connection is tested before use"),
    _idle("statuscachetimeout", "number", "no answer of the server is cached"),
    _idle("throwsearchexception", "boolean", "mails are never searched by text"),
    _idle("usesocketchannels", "boolean", "Java's socket channels do not exist here"),
    _refused("yahoo.guid", "text", "Yahoo's old login is gone: use an app password"),
)

TABLE: Mapping[str, Mapping[str, Property]] = {
    protocol: {one.name: one for one in sorted((*_BOTH, *own), key=lambda one: one.name)}
    for protocol, own in (("smtp", _SMTP), ("imap", _IMAP))
}
# Names without a protocol, which JavaMail falls back to.
GENERAL: Mapping[str, Property] = {
    one.name: one
    for one in (
        _idle("debug", "boolean", _LOGGING),
        _honoured("from", "text", "Envelope sender where mail.smtp.from is not set (SMTP)."),
        _honoured("host", "text", "Server where mail.<protocol>.host is not set."),
        _idle("store.protocol", "text", "the block's own protocol is used"),
        _idle("transport.protocol", "text", "the block's own protocol is used"),
        _honoured("user", "text", "User where mail.<protocol>.user is not set."),
    )
}
