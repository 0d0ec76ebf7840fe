package handlers

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/sso"
	"gatehouse/views"
)

const (
	maxCertificateFiles = 10      // as many as an organization can trust
	maxCertificateFile  = 1 << 20 // 1 MiB, as the whole form: a metadata file is bigger than any certificate
)

// saveSSO takes the form of the connection: both addresses, certificate files, and what an earlier attempt had read already. Nothing is
// saved unless everything is right; then all of it is, in one transaction.
func (s *Server) saveSSO(c echo.Context) error {
	ctx := c.Request().Context()
	step, err := s.stepUp(c)
	if err != nil {
		return err
	}
	a, err := s.access(ctx, orgID(c))
	if err != nil {
		return err
	}
	if c.FormValue("use") == "metadata" {
		return s.useMetadata(c, a, step)
	}
	form, certificates, err := s.readSSOForm(c, a)
	if err != nil {
		return err
	}
	form.StepUp = step
	issuer, signInURL := form.Issuer.Value, form.SignInURL.Value
	if form.Issuer.Error != "" || form.SignInURL.Error != "" || form.Certificate.Error != "" {
		return s.renderSSO(c, http.StatusUnprocessableEntity, a, form)
	}
	certificates = slices.DeleteFunc(certificates, func(n models.NewCertificate) bool { return trusted(a.sso, n.SHA256) })
	if len(certificates) == 0 && issuer == a.sso.Issuer && signInURL == a.sso.SignInURL {
		return s.done(c, ssoPath+"#connection", "Everything was so already. Nothing was changed.")
	}
	if step.Needed {
		if step.Kept { // the uploaded certificates too, as they were read
			if step, err = s.keepForm(c, step, url.Values{"certificate_pem": {form.Certificate.Value}}); err != nil {
				return err
			}
		}
		form.StepUp = inline(step)
		return s.renderSSO(c, http.StatusUnprocessableEntity, a, form)
	}
	if err := s.db.SaveConnection(ctx, actor(c), orgID(c), issuer, signInURL, certificates); err != nil {
		field, message, ok := refusal(err)
		switch {
		case !ok:
			return err
		case field == "certificate":
			form.Certificate.Error = message
		default:
			form.Error = message
		}
		return s.renderSSO(c, http.StatusUnprocessableEntity, a, form)
	}
	sentence := "The connection is saved."
	if missing, err := s.db.EnableMissing(ctx, orgID(c)); err == nil && !a.sso.Enabled {
		if len(missing) == 0 {
			sentence += " Single Sign-On can be turned on now."
		} else {
			sentence += " Next: " + missing[0]
		}
	}
	return s.done(c, ssoPath+"#connection", sentence)
}

// readSSOForm reads what was typed and uploaded, with a sentence beside each field that is not right.
func (s *Server) readSSOForm(c echo.Context, a *access) (views.SSOForm, []models.NewCertificate, error) {
	form := views.SSOForm{SignInURL: views.Field{Value: c.FormValue("sign_in_url")}, Issuer: views.Field{Value: c.FormValue("issuer")}}
	if clean, err := sso.CheckSignInURL(form.SignInURL.Value, s.config.Loopback()); err != nil {
		form.SignInURL.Error = sentenceFor(err)
	} else {
		form.SignInURL.Value = clean
	}
	if clean, err := sso.CheckIssuer(form.Issuer.Value); err != nil {
		form.Issuer.Error = sentenceFor(err)
	} else {
		form.Issuer.Value = clean
	}
	ours, err := s.ownCertificates(c.Request().Context(), orgID(c))
	if err != nil {
		return form, nil, err
	}
	kept, problems := s.parseKept(c.FormValue("certificate_pem"), ours)
	uploaded, metadata, more, err := s.readUploads(c, ours)
	if err != nil {
		return form, nil, err
	}
	problems = append(problems, more...)
	var all []models.NewCertificate
	for _, parsed := range append(kept, uploaded...) {
		if slices.ContainsFunc(all, func(had models.NewCertificate) bool { return had.SHA256 == parsed.SHA256 }) {
			continue
		}
		all = append(all, newCertificate(parsed))
		if !trusted(a.sso, parsed.SHA256) {
			form.Unsaved = append(form.Unsaved, s.parsedCard(parsed))
			form.Certificate.Value += parsed.PEM
		}
	}
	if metadata != nil {
		form.Metadata = s.offer(*metadata)
	}
	if len(problems) == 0 && len(all) == 0 && len(a.sso.Certificates) == 0 {
		problems = append(problems, "Choose the SAML Certificate: the file Certificate (Base64) from Entra.")
	}
	form.Certificate.Error = strings.Join(problems, " ")
	return form, all, nil
}

// parseKept reads certificates that the form carries from an attempt before; ours are our own.
func (s *Server) parseKept(text string, ours []*x509.Certificate) (kept []sso.Certificate, problems []string) {
	for rest := []byte(text); len(kept) < maxCertificateFiles; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		parsed, err := sso.ParseCertificate(pem.EncodeToMemory(block), s.db.Now(), ours...)
		if err != nil {
			problems = append(problems, sentenceFor(err))
			continue
		}
		kept = append(kept, parsed)
	}
	return kept, problems
}

// readUploads reads the chosen files: certificates, and at most one metadata file, which is only offered.
func (s *Server) readUploads(c echo.Context, ours []*x509.Certificate) (found []sso.Certificate, metadata *sso.Metadata, problems []string, err error) {
	if c.Request().MultipartForm == nil {
		return nil, nil, nil, nil
	}
	files := c.Request().MultipartForm.File["certificate"]
	if len(files) > maxCertificateFiles {
		return nil, nil, []string{"These are more files than certificates can be trusted at once. Choose at most ten."}, nil
	}
	for _, header := range files {
		if header.Filename == "" && header.Size == 0 {
			continue // the field was left empty
		}
		content, err := readFile(header)
		if err != nil {
			return nil, nil, nil, err
		}
		parsed, problem := s.readUpload(content, ours)
		switch {
		case problem == "" && parsed.metadata != nil && metadata == nil:
			metadata = parsed.metadata
			problem = "This is the metadata file, not the certificate. Press “Fill in all three fields from it”, or choose Certificate (Base64)."
		case problem == "" && parsed.metadata != nil:
			problem = "Choose one metadata file at a time."
		case problem == "":
			found = append(found, parsed.certificate)
			continue
		}
		if len(files) > 1 {
			problem = "“" + header.Filename + "”: " + problem
		}
		problems = append(problems, problem)
	}
	return found, metadata, problems, nil
}

// upload is what a file turned out to be.
type upload struct {
	certificate sso.Certificate
	metadata    *sso.Metadata
}

// readUpload recognises one file; problem is the sentence to the admin if it is neither.
func (s *Server) readUpload(content []byte, ours []*x509.Certificate) (u upload, problem string) {
	parsed, err := sso.ParseCertificate(content, s.db.Now(), ours...)
	if err == nil {
		return upload{certificate: parsed}, ""
	}
	var e *sso.Error
	if !errors.As(err, &e) || e.Reason != sso.ReasonFileIsMetadata {
		return upload{}, sentenceFor(err)
	}
	metadata, err := sso.ParseMetadata(content, s.db.Now())
	if err == nil {
		err = notOurs(metadata.Certificates, ours)
	}
	if err != nil {
		return upload{}, sentenceFor(err)
	}
	return upload{metadata: &metadata}, ""
}

func readFile(header *multipart.FileHeader) ([]byte, error) {
	f, err := header.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxCertificateFile+1))
}

// useMetadata shows the form filled in from the metadata that was offered, not yet saved.
func (s *Server) useMetadata(c echo.Context, a *access, step views.StepUp) error {
	form := views.SSOForm{
		SignInURL: views.Field{Value: c.FormValue("metadata_sign_in_url")}, Issuer: views.Field{Value: c.FormValue("metadata_issuer")}, StepUp: step,
	}
	if _, err := sso.CheckSignInURL(form.SignInURL.Value, s.config.Loopback()); err != nil {
		form.SignInURL.Error = sentenceFor(err)
	}
	if _, err := sso.CheckIssuer(form.Issuer.Value); err != nil {
		form.Issuer.Error = sentenceFor(err)
	}
	ours, err := s.ownCertificates(c.Request().Context(), orgID(c))
	if err != nil {
		return err
	}
	kept, problems := s.parseKept(c.FormValue("metadata_pem")+c.FormValue("certificate_pem"), ours)
	seen := map[string]bool{}
	for _, parsed := range kept {
		if !seen[parsed.SHA256] && !trusted(a.sso, parsed.SHA256) {
			form.Unsaved = append(form.Unsaved, s.parsedCard(parsed))
			form.Certificate.Value += parsed.PEM
		}
		seen[parsed.SHA256] = true
	}
	form.Certificate.Error = strings.Join(problems, " ")
	form.Effect = "Filled in from the metadata file. Nothing is saved yet: press Save connection."
	return s.renderSSO(c, http.StatusOK, a, form)
}

func (s *Server) offer(m sso.Metadata) *views.Metadata {
	o := &views.Metadata{Issuer: m.EntityID, SignInURL: m.SignInURL}
	for _, parsed := range m.Certificates {
		o.PEM += parsed.PEM
		o.Certificates = append(o.Certificates, s.parsedCard(parsed))
	}
	return o
}

func (s *Server) parsedCard(p sso.Certificate) views.Certificate {
	return certificateCard(s.db.Now(), p.Subject, p.SHA1, p.SHA256, p.Key, p.NotBefore, p.NotAfter)
}

func newCertificate(p sso.Certificate) models.NewCertificate {
	return models.NewCertificate{PEM: p.PEM, Subject: p.Subject, SHA1: p.SHA1, SHA256: p.SHA256, KeyKind: p.Key, NotBefore: p.NotBefore, NotAfter: p.NotAfter}
}

func trusted(s *models.SSO, sha256 string) bool {
	return slices.ContainsFunc(s.Certificates, func(c models.SSOCertificate) bool { return c.SHA256 == sha256 })
}

// sentenceFor is what an admin reads about a refused value or file: the catalogue's sentence and, where it helps, what came.
func sentenceFor(err error) string {
	var e *sso.Error
	if !errors.As(err, &e) {
		return "This could not be read."
	}
	sentence := e.Admin()
	switch e.Reason {
	case sso.ReasonFileExpired:
		sentence += " It ended on " + e.Got + "."
	case sso.ReasonFileNotYetValid:
		sentence += " It begins on " + e.Got + "."
	case sso.ReasonFileWeakKey:
		sentence += " It has " + e.Got + "."
	case sso.ReasonFileSeveral:
		sentence += " It has " + e.Got + "."
	case sso.ReasonMetadataExpired:
		sentence += " That was " + e.Got + "."
	case sso.ReasonIssuerSlash:
		sentence += " Yours is " + e.Want
	case sso.ReasonIssuerMisspelt:
		if e.Want != "" {
			sentence += " Yours is probably " + e.Want
		}
	}
	return sentence
}
