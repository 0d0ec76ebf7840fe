package demo

import (
	"errors"
	"io"
	"net/http"
	"slices"
)

func (a *Azure) showSSO(w http.ResponseWriter, r *http.Request) {
	a.renderSSO(w, r, http.StatusOK, nil, nil, "")
}

// renderSSO shows the page with what is saved, or with what was typed and why it was refused.
func (a *Azure) renderSSO(w http.ResponseWriter, r *http.Request, status int, typed *basicSAML, refusals map[string]string, uploadError string) {
	f := a.frame(w, r, "sso")
	now := a.now()
	a.mu.Lock()
	b := a.app.basic
	if typed != nil {
		b = *typed
	}
	p := ssoPage{
		Frame:      f,
		Identifier: field{b.Identifier, refusals["identifier"]}, ReplyURL: field{b.ReplyURL, refusals["reply_url"]},
		SignOnURL: field{b.SignOnURL, refusals["sign_on_url"]}, RelayState: field{b.RelayState, refusals["relay_state"]},
		LogoutURL: field{b.LogoutURL, refusals["logout_url"]}, Saved: "Not saved yet", UploadError: uploadError,
		NameID: a.app.nameID.Source, Signing: a.app.signing, Algorithm: a.app.algorithm,
		MetadataURL: a.metadataURL(), TenantMetadataURL: a.tenantMetadataURL(), LoginURL: a.loginURL(), Issuer: issuer(),
	}
	if !a.app.savedAt.IsZero() {
		p.Saved = "Saved " + dateTime(a.app.savedAt)
	}
	for _, c := range a.app.claims {
		p.Claims = append(p.Claims, claimRow{ID: c.ID, Name: c.Name, Full: c.fullName(), Source: c.Source})
	}
	for _, c := range a.app.certs {
		p.Certificates = append(p.Certificates, certificateRow{
			Thumbprint: c.thumbprint(), Expires: expiry(c.x509.NotAfter, now), Active: c.active, Expired: c.expired(now), Pending: c.pending(now),
		})
	}
	p.Required = a.app.verification.Required
	for _, c := range a.app.verification.certs {
		p.Verification = append(p.Verification, verificationRow{Thumbprint: thumbprintOf(c.Raw), Expires: expiry(c.NotAfter, now)})
	}
	a.mu.Unlock()
	a.render(w, r, status, sso(p))
}

func (a *Azure) saveBasic(w http.ResponseWriter, r *http.Request) {
	b := basicSAML{
		Identifier: formValue(r, "identifier"), ReplyURL: formValue(r, "reply_url"), SignOnURL: formValue(r, "sign_on_url"),
		RelayState: formValue(r, "relay_state"), LogoutURL: formValue(r, "logout_url"),
	}
	if refusals := b.check(); len(refusals) > 0 {
		a.renderSSO(w, r, http.StatusUnprocessableEntity, &b, refusals, "")
		return
	}
	a.mu.Lock()
	a.app.basic, a.app.savedAt = b, a.now()
	a.mu.Unlock()
	a.redirect(w, r, "/sso", good("Basic SAML Configuration saved."))
}

func (a *Azure) uploadMetadata(w http.ResponseWriter, r *http.Request) {
	uploaded, err := readUpload(r, "metadata", "choose the SP metadata file that Gatehouse offers")
	if err == nil {
		var b basicSAML
		if b, err = readSPMetadata(uploaded); err == nil {
			a.mu.Lock()
			// Metadata has no place for these two.
			b.SignOnURL, b.RelayState = a.app.basic.SignOnURL, a.app.basic.RelayState
			filled := "Identifier and Reply URL"
			if b.LogoutURL != "" {
				filled = "Identifier, Reply URL and Logout Url"
			}
			a.app.basic, a.app.savedAt = b, a.now()
			a.mu.Unlock()
			a.redirect(w, r, "/sso", good(filled+" filled in from the file. Add the Sign on URL that Gatehouse shows."))
			return
		}
	}
	a.renderSSO(w, r, http.StatusUnprocessableEntity, nil, nil, sentence(err))
}

// readUpload reads a file of a multipart form; the body is limited already. choose is said when there is none.
func readUpload(r *http.Request, name, choose string) ([]byte, error) {
	f, _, err := r.FormFile(name)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, errors.New("the file is larger than 256 KiB")
		}
		return nil, errors.New(choose)
	}
	defer f.Close()
	return io.ReadAll(f)
}

func (a *Azure) resetSSO(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	certs := a.app.certs
	a.app = newSAMLApp(certs[0])
	a.app.certs = certs
	a.mu.Unlock()
	a.redirect(w, r, "/sso", good("Configuration, claims and signing are as in a new application. The certificates stayed."))
}

func (a *Azure) showClaim(w http.ResponseWriter, r *http.Request) {
	f := a.frame(w, r, "sso")
	id := r.PathValue("id")
	if id == "new" {
		a.render(w, r, http.StatusOK, claimForm(claimPage{Frame: f}))
		return
	}
	a.mu.Lock()
	c, ok := a.app.claim(id)
	a.mu.Unlock()
	if !ok {
		a.notFound(w, r)
		return
	}
	a.render(w, r, http.StatusOK, claimForm(claimPage{
		Frame: f, ID: c.ID, Name: field{Value: c.Name}, Namespace: field{Value: c.Namespace}, Source: field{Value: c.Source},
	}))
}

func (a *Azure) saveClaim(w http.ResponseWriter, r *http.Request) {
	c := claim{ID: formValue(r, "id"), Name: formValue(r, "name"), Namespace: formValue(r, "namespace"), Source: formValue(r, "source")}
	a.mu.Lock()
	refusals := a.app.checkClaim(c)
	if len(refusals) == 0 {
		a.app.putClaim(c)
	}
	a.mu.Unlock()
	if len(refusals) > 0 {
		a.render(w, r, http.StatusUnprocessableEntity, claimForm(claimPage{
			Frame: a.frame(w, r, "sso"), ID: c.ID, Name: field{c.Name, refusals["name"]},
			Namespace: field{c.Namespace, refusals["namespace"]}, Source: field{c.Source, refusals["source"]},
		}))
		return
	}
	a.redirect(w, r, "/sso", good("Claim "+c.fullName()+" saved."))
}

func (a *Azure) deleteClaim(w http.ResponseWriter, r *http.Request) {
	id := formValue(r, "id")
	a.mu.Lock()
	a.app.claims = slices.DeleteFunc(a.app.claims, func(c claim) bool { return c.ID == id })
	a.mu.Unlock()
	a.redirect(w, r, "/sso", good("Claim deleted."))
}

func (a *Azure) showNameID(w http.ResponseWriter, r *http.Request) {
	f := a.frame(w, r, "sso")
	a.mu.Lock()
	rule := a.app.nameID
	a.mu.Unlock()
	a.render(w, r, http.StatusOK, nameIDForm(nameIDPage{Frame: f, Source: rule.Source, Format: rule.Format}))
}

func (a *Azure) saveNameID(w http.ResponseWriter, r *http.Request) {
	rule := nameIDRule{Source: formValue(r, "source"), Format: formValue(r, "format")}
	if !slices.Contains(sourceAttributes, rule.Source) || !slices.Contains([]string{nameIDEmail, nameIDPersistent, nameIDUnspecified, nameIDTransient}, rule.Format) {
		a.redirect(w, r, "/sso/nameid", bad("Choose a format and a source from the lists."))
		return
	}
	a.mu.Lock()
	a.app.nameID = rule
	a.mu.Unlock()
	a.redirect(w, r, "/sso", good("Unique User Identifier saved."))
}

func (a *Azure) saveSigning(w http.ResponseWriter, r *http.Request) {
	signing, algorithm := formValue(r, "signing"), formValue(r, "algorithm")
	if !slices.Contains([]string{signAssertion, signResponse, signBoth}, signing) || !slices.Contains([]string{algorithmSHA256, algorithmSHA1}, algorithm) {
		a.redirect(w, r, "/sso", bad("Choose a signing option and an algorithm from the lists."))
		return
	}
	a.mu.Lock()
	a.app.signing, a.app.algorithm = signing, algorithm
	a.mu.Unlock()
	a.redirect(w, r, "/sso", good("Signing saved."))
}
