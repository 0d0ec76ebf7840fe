package models_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"gatehouse/models"
)

// inSession is a member in a session of single sign-on.
func (f *fixture) inSession(m *models.Member) *models.SignedIn {
	f.t.Helper()
	return &models.SignedIn{Session: models.Session{ID: f.session(m, models.MethodSSO), Method: models.MethodSSO}, Member: *m, Organization: *f.org}
}

func TestAFormIsKeptForItsSessionOnly(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		bo := f.add("bo", models.RoleMember)
		s, other := f.inSession(bo), f.inSession(bo)
		typed := map[string][]string{"domain": {"acmé.io"}, "several": {"a", "b"}, "empty": {""}}
		id, err := f.KeepForm(ctx, s, "/settings/domains", typed)
		must(t, err)
		path, fields, err := f.KeptForm(ctx, s, id)
		if err != nil || path != "/settings/domains" || !reflect.DeepEqual(fields, typed) {
			t.Errorf("%s %v, %v", path, fields, err)
		}
		if strings.Contains(f.Dump(t), "acmé.io") {
			t.Error("what was typed lies open in the database")
		}
		// Not in another session, not under another id.
		for _, c := range []struct {
			s  *models.SignedIn
			id string
		}{{other, id}, {s, "frm_nowhere"}, {s, ""}, {s, "\xff"}} {
			_, _, err := f.KeptForm(ctx, c.s, c.id)
			f.wantKind(err, models.NotFound)
		}
		// The seal is of this session and this address: rows cannot be moved.
		f.Execute(t, "update kept_forms set path = '/settings/other' where id = ?", id)
		if _, _, err := f.KeptForm(ctx, s, id); err == nil {
			t.Error("it opens for another address")
		}
		f.Execute(t, "update kept_forms set path = '/settings/domains', session_id = ? where id = ?", other.Session.ID, id)
		if _, _, err := f.KeptForm(ctx, other, id); err == nil {
			t.Error("it opens for another session")
		}
	})
}

func TestAFormIsKeptForTenMinutesAndOnceAnAddress(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		s := f.inSession(f.add("bo", models.RoleMember))
		keep := func(path, value string) string {
			t.Helper()
			id, err := f.KeepForm(ctx, s, path, map[string][]string{"domain": {value}})
			must(t, err)
			return id
		}
		first := keep("/a", "one")
		second, elsewhere := keep("/a", "two"), keep("/b", "three")
		_, _, err := f.KeptForm(ctx, s, first)
		f.wantKind(err, models.NotFound)
		for id, want := range map[string]string{second: "two", elsewhere: "three"} {
			if _, fields, err := f.KeptForm(ctx, s, id); err != nil || fields["domain"][0] != want {
				t.Errorf("%v, %v; want %s", fields, err, want)
			}
		}
		must(t, f.DropForm(ctx, s, "/a"))
		_, _, err = f.KeptForm(ctx, s, second)
		f.wantKind(err, models.NotFound)
		f.clock.Advance(models.KeptFormLife - time.Microsecond)
		if _, _, err := f.KeptForm(ctx, s, elsewhere); err != nil {
			t.Error(err)
		}
		f.clock.Advance(time.Microsecond)
		_, _, err = f.KeptForm(ctx, s, elsewhere)
		f.wantKind(err, models.NotFound)
		f.clock.Advance(time.Microsecond)
		must(t, f.Sweep(ctx))
		if n := f.Count(t, "kept_forms"); n != 0 {
			t.Error("the sweep leaves it")
		}
		// The session takes it along.
		keep("/c", "four")
		_, err = f.EndSessions(ctx, f.actor, f.org.ID, s.Member.ID, "")
		must(t, err)
		if n := f.Count(t, "kept_forms"); n != 0 {
			t.Error("it outlives its session")
		}
	})
}

func TestSecretsAreNeverKept(t *testing.T) {
	eachFixture(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		s := f.inSession(f.add("bo", models.RoleMember))
		id, err := f.KeepForm(ctx, s, "/a", map[string][]string{
			"password": {"nine blue herons"}, "new_Password": {"x"}, "issuer": {"urn:acme"},
			"certificate_pem": {"-----BEGIN CERTIFICATE-----\n", "x -----BEGIN RSA PRIVATE KEY-----\n"},
		})
		must(t, err)
		_, fields, err := f.KeptForm(ctx, s, id)
		if err != nil || !reflect.DeepEqual(fields, map[string][]string{"issuer": {"urn:acme"}, "certificate_pem": {"-----BEGIN CERTIFICATE-----\n"}}) {
			t.Errorf("%v, %v", fields, err)
		}
		if id, err = f.KeepForm(ctx, s, "/b", map[string][]string{"x": {strings.Repeat("x", 300<<10)}}); id != "" || err != nil {
			t.Errorf("a huge form is kept: %q, %v", id, err)
		}
	})
}
