package handlers

import (
	"context"
	"crypto/x509"
	"encoding/pem"

	"gatehouse/models"
	"gatehouse/sso"
)

// ownCertificates are what an admin can mistake for the identity provider's: the certificate that we give away so that it can verify our
// requests. Entra takes it in the step before the one that hands out its own.
func (s *Server) ownCertificates(ctx context.Context, orgID string) ([]*x509.Certificate, error) {
	_, certificate, err := s.db.RequestKey(ctx, orgID)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(certificate))
	if block == nil {
		return nil, nil
	}
	own, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	return []*x509.Certificate{own}, nil
}

// notOurs refuses metadata that names our own certificate as the identity provider's.
func notOurs(certificates []sso.Certificate, ours []*x509.Certificate) error {
	for _, own := range ours {
		for _, c := range certificates {
			if own.Equal(c.X509) {
				return &sso.Error{Reason: sso.ReasonFileIsOurs, Got: c.Subject}
			}
		}
	}
	return nil
}

// notOwnMetadata drops metadata by address that names our own certificate, with the sentence for the admin.
func (s *Server) notOwnMetadata(ctx context.Context, orgID string, m *models.IdPMetadata) (*models.IdPMetadata, string, error) {
	ours, err := s.ownCertificates(ctx, orgID)
	if err != nil {
		return nil, "", err
	}
	for _, own := range ours {
		for _, n := range m.Certificates {
			if n.SHA256 == sso.SHA256(own) {
				return nil, sentenceFor(&sso.Error{Reason: sso.ReasonFileIsOurs, Got: n.Subject}), nil
			}
		}
	}
	return m, "", nil
}
