package models

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// LoginDone is a completed single sign-on.
type LoginDone struct {
	Token    string // of the new session
	ReturnTo string
	MemberID string
	Created  bool // a member was made by this sign-in
}

// CompleteLogin is the second half of a sign-in: the browser that began it brings the code. In one transaction it consumes code and request,
// remembers the assertion, checks connection, domain and member again, finds, binds or creates the member, and opens a session for
// this organization only. Otherwise it returns a *LoginRefusal: the request is consumed all the same, and the refusal is in the activity.
func (db *DB) CompleteLogin(ctx context.Context, client Client, orgID, code, browser string) (*LoginDone, error) {
	if db.hot() {
		if done, err := db.hotCompleteLogin(ctx, client, orgID, code, browser); !errors.Is(err, errUncommon) {
			return done, err
		}
	}
	return db.complete(ctx, client, Actor{Kind: IdP, IP: client.IP}, orgID, func(l *completion) (*LoginDone, error) { return l.run(code, browser) })
}

// complete runs a second half in one transaction. If it is refused, that is rolled back, the request consumed all the same, and the refusal
// written down.
func (db *DB) complete(ctx context.Context, client Client, actor Actor, orgID string, run func(*completion) (*LoginDone, error)) (*LoginDone, error) {
	var done *LoginDone
	var l completion
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		l = completion{tx: tx, client: client}
		var err error
		done, err = run(&l)
		return err
	})
	var r *LoginRefusal
	if errors.As(err, &r) && l.pending.ID != "" {
		return nil, db.refuseCompletion(ctx, client, &l, *r)
	}
	if err != nil {
		return nil, err
	}
	return done, nil
}

// completion is one second half under way: of a sign-in or of a step-up.
type completion struct {
	tx       *Tx
	client   Client
	pending  PendingLogin
	identity LoginIdentity
	sso      *SSO
	org      *Organization
}

func (l *completion) run(code, browser string) (*LoginDone, error) {
	if err := l.consume(code, browser, LoginToSignIn); err != nil {
		return nil, err
	}
	if !l.tx.db.hot() { // there it has been tried
		u, err := l.usual()
		if err != nil {
			return nil, err
		}
		if u != nil {
			return l.openUsual(u)
		}
	}
	keys, err := l.tx.boundKeys(l.identity)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		// Nobody is bound yet: two first sign-ins of one person, or one and a SCIM write, take turns. Locked before anything else is.
		if err := l.tx.lockOrganization(); err != nil {
			return nil, err
		}
	}
	if err := l.checkConnection(); err != nil {
		return nil, err
	}
	if err := l.rememberAssertion(); err != nil {
		return nil, err
	}
	m, created, err := l.findMember()
	if err != nil {
		return nil, err
	}
	done, err := l.open(m, created)
	if err != nil {
		return nil, err
	}
	return done, l.tx.confirmRequire(&l.sso.SSOConnection, l.pending.CreatedAt, m)
}

// consume takes the request out of circulation: right code, in time, the right browser, once, and sent for this purpose.
func (l *completion) consume(code, browser, purpose string) error {
	tx := l.tx
	err := tx.Locked().Where("code_hash = ?", hashSecret(code)).Take(&l.pending).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || isNoText(err) {
		return refuse(RefusedUnknownRequest)
	}
	if err != nil {
		return err
	}
	if err := l.judgeRequest(browser, purpose); err != nil {
		return err
	}
	tx.actor.Label = l.identity.Issuer
	return tx.Model(&PendingLogin{}).Where("id = ?", l.pending.ID).
		UpdateColumns(map[string]any{"consumed_at": tx.now, "outcome": nil, "evidence": nil}).Error
}

// judgeRequest refuses a request that may not be completed now, here or for this, and reads the outcome of one that may.
func (l *completion) judgeRequest(browser, purpose string) error {
	switch p := &l.pending; {
	case p.Purpose != purpose: // what was confirmed is no sign-in, and the other way round
		return refuse(RefusedUnknownRequest)
	case p.ConsumedAt != nil || p.Outcome == nil:
		return refuse(RefusedReplayed)
	case browser == "":
		return refuse(RefusedCookiesBlocked)
	case !sameHash(p.BrowserHash, hashSecret(browser)):
		return refuse(RefusedOtherBrowser)
	case !l.tx.now.Before(*p.CodeExpiresAt):
		return refuse(RefusedCodeExpired)
	}
	return json.Unmarshal([]byte(*l.pending.Outcome), &l.identity)
}

// checkConnection reads the connection under a lock that keeps it from being changed until the session is there: a change that ends SSO
// sessions then sees this one.
func (l *completion) checkConnection() error {
	tx := l.tx
	q := tx.Org()
	if tx.db.dialect != "sqlite" {
		q = q.Clauses(clause.Locking{Strength: "SHARE"})
	}
	l.sso = &SSO{}
	if err := q.Limit(1).Find(&l.sso.SSOConnection).Error; err != nil {
		return err
	}
	if err := tx.Org().Order("id").Limit(maxCertificates).Find(&l.sso.Certificates).Error; err != nil {
		return err
	}
	if r := l.sso.usable(l.pending.ConnectionVersion, l.pending.Purpose); r != nil {
		return r
	}
	if l.sso.Issuer != l.identity.Issuer || !l.sso.trusts(l.identity.CertificateSHA256) {
		return refuse(RefusedConnectionChanged)
	}
	l.org = &Organization{}
	if err := tx.Where("id = ?", tx.org).Take(l.org).Error; err != nil {
		return err
	}
	return l.certificateUsed(l.sso.lastUsed(l.identity.CertificateSHA256))
}

// certificateUseEvery is enough for "last signature 2 min ago", and keeps sign-ins from queueing on the certificate's row.
const certificateUseEvery = time.Minute

func (l *completion) certificateUsed(last *time.Time) error {
	tx := l.tx
	if last != nil && tx.now.Sub(*last) < certificateUseEvery {
		return nil
	}
	return tx.Org().Model(&SSOCertificate{}).
		Where("sha256 = ? and (last_used_at is null or last_used_at < ?)", l.identity.CertificateSHA256, tx.now.Add(-certificateUseEvery)).
		UpdateColumn("last_used_at", tx.now).Error
}

// rememberAssertion refuses an assertion that has been used, in whatever response it came.
func (l *completion) rememberAssertion() error {
	tx := l.tx
	r := tx.Exec(`insert into used_assertions (org_id, assertion_id, used_at, expires_at) values (?, ?, ?, ?) on conflict do nothing`,
		tx.org, l.identity.AssertionID, tx.now, l.assertionUntil())
	if r.Error == nil && r.RowsAffected == 0 {
		return refuse(RefusedReplayed)
	}
	return r.Error
}

// assertionUntil is how long the assertion is remembered: as long as it could be used again.
func (l *completion) assertionUntil() time.Time {
	until := l.identity.AssertionExpires
	if earliest := l.tx.now.Add(assertionMemoryMin); until.Before(earliest) {
		until = earliest
	}
	if latest := l.tx.now.Add(assertionMemoryMax); until.After(latest) {
		until = latest
	}
	return until
}

// open starts the session and writes down how.
func (l *completion) open(m *Member, created bool) (*LoginDone, error) {
	tx := l.tx
	tx.actor = l.person(m)
	token, err := tx.startSession(m, l.org, l.session())
	if err != nil {
		return nil, err
	}
	if _, err = tx.recordActivity(l.signedIn(m, created)); err != nil {
		return nil, err
	}
	return &LoginDone{Token: token, ReturnTo: l.pending.ReturnTo, MemberID: m.ID, Created: created}, nil
}

func (l *completion) person(m *Member) Actor {
	return Actor{Kind: Person, ID: m.ID, Label: m.Label(), IP: l.client.IP}
}

func (l *completion) session() newSession {
	return newSession{
		method: MethodSSO, client: l.client, issuer: l.identity.Issuer,
		nameID: l.identity.NameID, sessionIndex: l.identity.SessionIndex, endsBy: l.identity.SessionEnds,
	}
}

const signedInSentence = " signed in with single sign-on."

// signedIn is the sign-in as activity.
func (l *completion) signedIn(m *Member, created bool) NewActivity {
	n := NewActivity{
		OrgID: l.tx.org, Kind: ActivitySignIn, OK: true, Reference: NewReference(), Reason: MethodSSO, MemberID: m.ID,
		Who: m.Label(), Sentence: m.Label() + signedInSentence, Client: l.client,
	}
	if created {
		n.Sentence = m.Label() + " signed in with single sign-on for the first time and became a member."
	}
	n.Detail, n.Raw = l.detail()
	return n
}

// detail is what is kept about the response: the facts, and the evidence where there is some.
func (l *completion) detail() (Facts, string) {
	var e LoginEvidence
	if l.pending.Evidence == nil || json.Unmarshal([]byte(*l.pending.Evidence), &e) != nil {
		return l.identity.Detail, ""
	}
	detail := Facts{}
	maps.Copy(detail, l.identity.Detail)
	detail["trace"] = e.Trace
	return detail, e.Raw
}

// refuseCompletion consumes the request of a completion that was rolled back and writes the refusal down. Somebody else's use of a
// consumed one changes nothing about it.
func (db *DB) refuseCompletion(ctx context.Context, client Client, l *completion, r LoginRefusal) error {
	r.Reference = NewReference()
	if r.Who == "" {
		r.Who = l.identity.Email
	}
	if r.Detail == nil {
		r.Detail, r.Raw = l.detail()
	}
	err := db.write(ctx, Actor{Kind: IdP, Label: l.identity.Issuer, IP: client.IP}, l.pending.OrgID, func(tx *Tx) error {
		err := tx.Org().Model(&PendingLogin{}).Where("id = ? and consumed_at is null", l.pending.ID).
			UpdateColumns(map[string]any{"consumed_at": tx.now, "outcome": nil, "evidence": nil, "reference": r.Reference}).Error
		if err != nil {
			return err
		}
		target := Target{"member", r.MemberID, r.Who}
		if r.MemberID == "" {
			target.Kind = "sign_in"
		}
		tx.record("session.login_failed", target, nil, Facts{"reason": r.Reason, "reference": r.Reference})
		if _, err := tx.recordActivity(r.activity(tx.org, client)); err != nil {
			return err
		}
		if r.Reason != RefusedIdentityMismatch {
			return nil
		}
		return tx.notify("sso", "A sign-in was refused: an address may belong to somebody else now",
			r.Who+" could not sign in, because the identity provider's own identifier for the address is another one than before. Reference "+r.Reference+".")
	})
	if err != nil {
		return err
	}
	return &r
}
