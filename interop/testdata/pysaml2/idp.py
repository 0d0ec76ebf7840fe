"""pysaml2 as an identity provider. The test sets the environment and writes key.pem, cert.pem, sp.xml and mode into IDP_DIR."""

import html
import http.server
import os
import urllib.parse

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.saml import NAME_FORMAT_BASIC, NAMEID_FORMAT_PERSISTENT
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

URL, DIR = os.environ["IDP_URL"], os.environ["IDP_DIR"]
IDENTITIES = None  # the persistent NameIDs given so far


def provider():
    """A server with the key and the signing mode that stand in the directory now."""
    config = IdPConfig()
    config.load({
        "entityid": URL + "/idp",
        "key_file": os.path.join(DIR, "key.pem"),
        "cert_file": os.path.join(DIR, "cert.pem"),
        "xmlsec_binary": "/usr/bin/xmlsec1",
        "metadata": {"local": [os.path.join(DIR, "sp.xml")]},
        "service": {"idp": {
            "endpoints": {"single_sign_on_service": [(URL + "/sso", BINDING_HTTP_REDIRECT)]},
            "name_id_format": [NAMEID_FORMAT_PERSISTENT],
            "policy": {"default": {"lifetime": {"minutes": 15}, "name_form": NAME_FORMAT_BASIC, "nameid_format": NAMEID_FORMAT_PERSISTENT}},
        }},
    })
    server = Server(config=config)
    global IDENTITIES
    IDENTITIES = IDENTITIES or server.ident
    server.ident = IDENTITIES
    return server


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        fields = "".join('<input type="hidden" name="%s" value="%s">' % (html.escape(k), html.escape(v)) for k, v in query.items())
        self.page('<form method="post" action="/sso">%s<input name="username"><input type="password" name="password"></form>' % fields)

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        if form.get("username") != "ana" or form.get("password") != "heron":
            self.page("Wrong user name or password.")
            return
        server = provider()
        request = server.parse_authn_request(form["SAMLRequest"], BINDING_HTTP_REDIRECT)
        args = server.response_args(request.message, bindings=[BINDING_HTTP_POST])
        with open(os.path.join(DIR, "mode"), encoding="ascii") as f:
            mode = f.read().strip()
        response = server.create_authn_response(
            {"email": ["ana@python.example"], "givenName": ["Ana"], "surname": ["Novak"]}, userid="ana",
            authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_auth": URL},
            sign_assertion=mode != "response", sign_response=mode != "assertion", sign_alg=SIG_RSA_SHA256, digest_alg=DIGEST_SHA256,
            in_response_to=args["in_response_to"], destination=args["destination"], sp_entity_id=args["sp_entity_id"])
        posted = server.apply_binding(BINDING_HTTP_POST, str(response), args["destination"], form.get("RelayState", ""), response=True)
        data = posted["data"]
        self.page(data if isinstance(data, str) else "".join(data))

    def page(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args):
        pass


host, port = urllib.parse.urlsplit(URL).netloc.split(":")
http.server.HTTPServer((host, int(port)), Handler).serve_forever()
