// samlify as an identity provider. The test sets the environment and writes key.pem, cert.pem, sp.xml and mode into IDP_DIR.
import { createServer } from 'node:http'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomUUID } from 'node:crypto'
import * as samlify from 'samlify'

const { IDP_URL: url, IDP_DIR: dir } = process.env
const { IdentityProvider, ServiceProvider, SamlLib, Constants, setSchemaValidator } = samlify.default ?? samlify
const read = (name) => readFileSync(join(dir, name), 'utf8')

// Whether our requests obey the schema is not samlify's to say here.
setSchemaValidator({ validate: async () => 'skipped' })

// The library's template, with the statement about the authentication that its default leaves empty.
const template = {
  context: SamlLib.defaultLoginResponseTemplate.context.replace('{AuthnStatement}',
    '<saml:AuthnStatement AuthnInstant="{IssueInstant}" SessionIndex="{AssertionID}"><saml:AuthnContext><saml:AuthnContextClassRef>' +
    'urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>'),
  attributes: [{ name: 'email', valueTag: 'email', nameFormat: 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic', valueXsiType: 'xs:string' }],
}

// entities are both sides with the key and the signing mode that stand in the directory now.
function entities() {
  const mode = read('mode').trim()
  const idp = IdentityProvider({
    entityID: url + '/idp', privateKey: read('key.pem'), signingCert: read('cert.pem'), isAssertionEncrypted: false,
    requestSignatureAlgorithm: Constants.algorithms.signature.RSA_SHA256, nameIDFormat: ['urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'],
    singleSignOnService: [{ Binding: Constants.namespace.binding.redirect, Location: url + '/sso' }], loginResponseTemplate: template,
  })
  const entityID = /entityID="([^"]+)"/.exec(read('sp.xml'))[1]
  const sp = ServiceProvider({
    entityID, wantAssertionsSigned: mode !== 'response', wantMessageSigned: mode !== 'assertion', signatureConfig: mode === 'assertion' ? undefined : {
      prefix: 'ds', location: { reference: "/*[local-name(.)='Response']/*[local-name(.)='Issuer']", action: 'after' },
    },
    assertionConsumerService: [{ Binding: Constants.namespace.binding.post, Location: entityID + '/acs' }],
  })
  return { idp, sp }
}

const escaped = (s) => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`)

async function signIn(form) {
  const { idp, sp } = entities()
  const request = await idp.parseLoginRequest(sp, 'redirect', { query: { SAMLRequest: form.get('SAMLRequest') } })
  const now = new Date(), end = new Date(now.getTime() + 5 * 60 * 1000)
  const email = 'ana@node.example'
  const { context, entityEndpoint } = await idp.createLoginResponse(sp, request, 'post', { email }, (text) => {
    const id = '_' + randomUUID(), acs = sp.entityMeta.getAssertionConsumerService('post')
    return {
      id, context: SamlLib.replaceTagsByValue(text, {
        ID: id, AssertionID: '_' + randomUUID(), Destination: acs, SubjectRecipient: acs, Audience: sp.entityMeta.getEntityID(), Issuer: idp.entityMeta.getEntityID(),
        IssueInstant: now.toISOString(), ConditionsNotBefore: now.toISOString(), ConditionsNotOnOrAfter: end.toISOString(),
        SubjectConfirmationDataNotOnOrAfter: end.toISOString(), StatusCode: Constants.StatusCode.Success, InResponseTo: request.extract.request.id,
        NameIDFormat: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress', NameID: email, attrEmail: email,
      }),
    }
  })
  return `<form method="post" action="${escaped(entityEndpoint)}"><input type="hidden" name="SAMLResponse" value="${escaped(context)}"></form>`
}

const { hostname, port } = new URL(url)
createServer(async (request, response) => {
  response.setHeader('Content-Type', 'text/html; charset=utf-8')
  try {
    if (request.method !== 'POST') {
      const fields = [...new URL(request.url, url).searchParams].map(([k, v]) => `<input type="hidden" name="${escaped(k)}" value="${escaped(v)}">`)
      response.end(`<form method="post" action="/sso">${fields.join('')}<input name="username"><input type="password" name="password"></form>`)
      return
    }
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    response.end(form.get('username') === 'ana' && form.get('password') === 'heron' ? await signIn(form) : 'Wrong user name or password.')
  } catch (error) {
    console.error(error)
    response.statusCode = 500
    response.end('failed')
  }
}).listen(Number(port), hostname)
