package demo

import (
	"net/http"
)

// maxCertificates bounds how many a directory keeps; roll-overs need two.
const maxCertificates = 10

func (a *Azure) addCertificate(w http.ResponseWriter, r *http.Request) {
	chosen := formValue(r, "life")
	from, until := life(chosen, a.now())
	cert, err := newCertificate(applicationSubject, from, until)
	if err != nil {
		a.log.Error("certificate could not be made", "error", err)
		a.redirect(w, r, "/sso", bad("The certificate could not be made. Try again."))
		return
	}
	a.mu.Lock()
	full := len(a.app.certs) >= maxCertificates
	if !full {
		a.app.certs = append(a.app.certs, cert)
	}
	a.mu.Unlock()
	if full {
		a.redirect(w, r, "/sso", bad("There are ten certificates already. Delete an inactive one first."))
		return
	}
	said := "New certificate made, inactive. Upload it to Gatehouse, then make it active."
	if chosen == lifeMinute {
		said = "New certificate made, inactive and valid for one minute. Upload it to Gatehouse meanwhile, then answer with a certificate that has expired."
	}
	a.redirect(w, r, "/sso", good(said))
}

func (a *Azure) activateCertificate(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	err := a.app.makeActive(formValue(r, "thumbprint"))
	a.mu.Unlock()
	if err != nil {
		a.redirect(w, r, "/sso", bad(sentence(err)))
		return
	}
	a.redirect(w, r, "/sso", good("The certificate is active: it signs from now on."))
}

func (a *Azure) deleteCertificate(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	err := a.app.removeCertificate(formValue(r, "thumbprint"))
	a.mu.Unlock()
	if err != nil {
		a.redirect(w, r, "/sso", bad(sentence(err)))
		return
	}
	a.redirect(w, r, "/sso", good("Certificate deleted."))
}

// chosenCertificate is the one that the address names, else the one that signs.
func (a *Azure) chosenCertificate(r *http.Request) *certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.downloaded = true
	if thumbprint := r.URL.Query().Get("thumbprint"); thumbprint != "" {
		return a.app.certificate(thumbprint)
	}
	return a.app.signer(a.now())
}

func (a *Azure) downloadBase64(w http.ResponseWriter, r *http.Request) {
	cert := a.chosenCertificate(r)
	if cert == nil {
		a.notFound(w, r)
		return
	}
	download(w, "application/x-x509-ca-cert", applicationName+".cer", cert.pem())
}

func (a *Azure) downloadRaw(w http.ResponseWriter, r *http.Request) {
	cert := a.chosenCertificate(r)
	if cert == nil {
		a.notFound(w, r)
		return
	}
	download(w, "application/x-x509-ca-cert", applicationName+".cer", cert.der)
}

func (a *Azure) downloadMetadata(w http.ResponseWriter, r *http.Request) {
	if content, ok := a.metadataDocument(w); ok {
		download(w, "application/samlmetadata+xml", applicationName+".xml", content)
	}
}

// downloadTenant is the certificate that signs for the whole directory, not for the application.
func (a *Azure) downloadTenant(w http.ResponseWriter, r *http.Request) {
	cert, err := a.tenant()
	if err != nil {
		a.log.Error("certificate could not be made", "error", err)
		a.redirect(w, r, "/sso", bad("The certificate could not be made. Try again."))
		return
	}
	download(w, "application/x-x509-ca-cert", TenantName+".cer", cert.pem())
}

// serveMetadata is the App Federation Metadata Url, and without the application's id the directory's metadata.
func (a *Azure) serveMetadata(w http.ResponseWriter, r *http.Request) {
	read := a.metadataDocument
	if r.URL.Query().Get("appid") != applicationID {
		read = a.tenantMetadata
	}
	if content, ok := read(w); ok {
		w.Header().Set("Content-Type", "application/samlmetadata+xml; charset=utf-8")
		_, _ = w.Write(content) // the client went away: nothing to tell anybody
	}
}

func (a *Azure) metadataDocument(w http.ResponseWriter) ([]byte, bool) {
	a.mu.Lock()
	a.downloaded = true
	certs := a.app.published(a.now())
	a.mu.Unlock()
	return a.writeMetadata(w, certs)
}

func (a *Azure) tenantMetadata(w http.ResponseWriter) ([]byte, bool) {
	cert, err := a.tenant()
	if err != nil {
		a.log.Error("certificate could not be made", "error", err)
		http.Error(w, "The certificate could not be made. Try again.", http.StatusInternalServerError)
		return nil, false
	}
	return a.writeMetadata(w, []*certificate{cert})
}

func (a *Azure) writeMetadata(w http.ResponseWriter, certs []*certificate) ([]byte, bool) {
	content, err := a.federationMetadata(certs)
	if err != nil {
		a.log.Error("metadata could not be written", "error", err)
		http.Error(w, "The metadata could not be written. Restart the demo.", http.StatusInternalServerError)
		return nil, false
	}
	return content, true
}

func download(w http.ResponseWriter, contentType, name string, content []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = w.Write(content) // the client went away: nothing to tell anybody
}
