package demo

import (
	"net/http"
)

// uploadVerification takes the certificate of the key that signs the application's requests.
func (a *Azure) uploadVerification(w http.ResponseWriter, r *http.Request) {
	uploaded, err := readUpload(r, "verification", "choose the certificate that Gatehouse offers under Signed requests, or its SP metadata")
	if err == nil {
		a.mu.Lock()
		err = a.app.verification.add(uploaded)
		a.mu.Unlock()
	}
	if err != nil {
		a.redirect(w, r, "/sso#verification", bad(sentence(err)))
		return
	}
	a.redirect(w, r, "/sso#verification", good("Verification certificate uploaded."))
}

// requireVerification turns the requirement on or off. Entra lets it be on without a certificate; nobody gets in then.
func (a *Azure) requireVerification(w http.ResponseWriter, r *http.Request) {
	on := formValue(r, "required") == "on"
	a.mu.Lock()
	a.app.verification.Required = on
	none := len(a.app.verification.certs) == 0
	a.mu.Unlock()
	switch {
	case on && none:
		a.redirect(w, r, "/sso#verification", bad("Signed requests are required from now on, and no certificate is here to verify them with: nobody gets in. Upload Gatehouse’s."))
	case on:
		a.redirect(w, r, "/sso#verification", good("Signed requests are required from now on."))
	default:
		a.redirect(w, r, "/sso#verification", good("Requests are taken unsigned, too."))
	}
}

// removeVerification takes all verification certificates away.
func (a *Azure) removeVerification(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.app.verification.certs = nil
	a.mu.Unlock()
	a.redirect(w, r, "/sso#verification", good("Verification certificates removed."))
}
