package demo

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/static"
	"gatehouse/views"

	"github.com/a-h/templ"
)

const maxForm = 256 << 10 // 256 KiB, uploads included

// Handler is the whole site. It answers on loopback host names only, because there are no passwords here.
func (a *Azure) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET "+static.Prefix, static.Handler())

	mux.HandleFunc("GET /{$}", a.showOverview)
	mux.HandleFunc("GET /myapps", a.showMyApps)
	mux.HandleFunc("GET /myapps/open", a.openTile)
	mux.HandleFunc("POST /myapps/sign-out", a.signOut)

	mux.HandleFunc("GET /sso", a.showSSO)
	mux.HandleFunc("POST /sso/basic", a.saveBasic)
	mux.HandleFunc("POST /sso/upload", a.uploadMetadata)
	mux.HandleFunc("POST /sso/reset", a.resetSSO)
	mux.HandleFunc("GET /sso/claims/{id}", a.showClaim) // id "new" begins one
	mux.HandleFunc("POST /sso/claims", a.saveClaim)
	mux.HandleFunc("POST /sso/claims/delete", a.deleteClaim)
	mux.HandleFunc("GET /sso/nameid", a.showNameID)
	mux.HandleFunc("POST /sso/nameid", a.saveNameID)
	mux.HandleFunc("POST /sso/signing", a.saveSigning)
	mux.HandleFunc("POST /sso/verification", a.uploadVerification)
	mux.HandleFunc("POST /sso/verification/require", a.requireVerification)
	mux.HandleFunc("POST /sso/verification/remove", a.removeVerification)
	mux.HandleFunc("POST /sso/certificates", a.addCertificate)
	mux.HandleFunc("POST /sso/certificates/activate", a.activateCertificate)
	mux.HandleFunc("POST /sso/certificates/delete", a.deleteCertificate)
	mux.HandleFunc("GET /sso/certificate-base64.cer", a.downloadBase64)
	mux.HandleFunc("GET /sso/certificate-raw.cer", a.downloadRaw)
	mux.HandleFunc("GET /sso/tenant-certificate.cer", a.downloadTenant)
	mux.HandleFunc("GET /sso/federation-metadata.xml", a.downloadMetadata)

	mux.HandleFunc("GET /"+TenantID+"/saml2", a.showPick)
	mux.HandleFunc("POST /"+TenantID+"/saml2", a.answerPick)
	mux.HandleFunc("GET /"+TenantID+"/federationmetadata/2007-06/federationmetadata.xml", a.serveMetadata)

	mux.HandleFunc("GET /users", a.showUsers)
	mux.HandleFunc("POST /users/assign", a.assign)
	mux.HandleFunc("POST /users/unassign", a.unassign)
	mux.HandleFunc("GET /directory", a.showDirectory)
	mux.HandleFunc("GET /directory/users/{id}", a.showPerson) // id "new" begins one
	mux.HandleFunc("POST /directory/users", a.savePerson)
	mux.HandleFunc("POST /directory/users/delete", a.deletePerson)
	mux.HandleFunc("POST /directory/users/restore", a.restorePerson)
	mux.HandleFunc("POST /directory/users/purge", a.purgePerson)
	mux.HandleFunc("GET /directory/groups/{id}", a.showGroup) // id "new" begins one
	mux.HandleFunc("POST /directory/groups", a.saveGroup)
	mux.HandleFunc("POST /directory/groups/delete", a.deleteGroup)
	mux.HandleFunc("POST /directory/groups/members/add", a.addMember)
	mux.HandleFunc("POST /directory/groups/members/remove", a.removeMember)

	mux.HandleFunc("GET /provisioning", a.showProvisioning)
	mux.HandleFunc("POST /provisioning/credentials", a.postCredentials)
	mux.HandleFunc("POST /provisioning/test", a.postTest)
	mux.HandleFunc("POST /provisioning/demand", a.postDemand)
	mux.HandleFunc("POST /provisioning/cycle", a.postCycle)
	mux.HandleFunc("POST /provisioning/restart", a.postRestart)
	mux.HandleFunc("GET /provisioning/log/{id}", a.showEntry)

	mux.HandleFunc("GET /dns", a.showDNS)
	mux.HandleFunc("POST /dns/records", a.publishRecord)
	mux.HandleFunc("POST /dns/records/remove", a.removeRecord)
	mux.HandleFunc("POST /dns/zones", a.addZone)
	mux.HandleFunc("POST /dns/answer", a.answerAgain)

	mux.HandleFunc("GET /", a.notFound)

	// Nothing here is meant to be posted from another site: requests arrive by GET, and the sign-in page posts to itself.
	guard := http.NewCrossOriginProtection()
	return a.edge(guard.Handler(mux))
}

// edge is what every request goes through: the host check, the headers and the limit on bodies.
func (a *Azure) edge(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopbackHost(r.Host) {
			http.Error(w, "pretend Azure answers on this machine only", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy("'self'"))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		next.ServeHTTP(w, r)
	})
}

// contentPolicy allows this site's own files and forms that go where formAction says.
func contentPolicy(formAction string) string {
	return "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; form-action " + formAction +
		"; base-uri 'none'; frame-ancestors 'none'"
}

// loopbackHost keeps other sites from reaching this one under a name of their own (DNS rebinding).
func loopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// origin is scheme and host of an address, for a policy; empty when it has none.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || strings.ContainsAny(u.Host, " ;,'\"") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// render writes a page once it is whole.
func (a *Azure) render(w http.ResponseWriter, r *http.Request, status int, page templ.Component) {
	var b bytes.Buffer
	if err := page.Render(r.Context(), &b); err != nil {
		a.log.Error("page could not be rendered", "path", r.URL.Path, "error", err)
		http.Error(w, "This page could not be shown. Reload it, or restart the demo.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the client went away: nothing to tell anybody
}

// frame is what surrounds a page, with the sentence that a redirect left for it.
func (a *Azure) frame(w http.ResponseWriter, r *http.Request, nav views.Nav) frame {
	return frame{Nav: nav, AppURL: a.appURL, Notice: a.takeNotice(w, r)}
}

func (a *Azure) notFound(w http.ResponseWriter, r *http.Request) {
	a.render(w, r, http.StatusNotFound, problem(problemPage{
		AppURL: a.appURL, Title: "There is no such page", Text: "The address leads nowhere in Pretend Azure. Something may have been deleted meanwhile.",
	}))
}

// formValue is a form's value without the spaces that pasting brings along.
func formValue(r *http.Request, name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
