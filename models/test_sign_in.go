package models

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// A test sign-in runs the real flow of single sign-on and opens no session (PRODUCT.md §5):
//
//	BeginTest      a request of ours is on its way; no cookie, no enabled connection is needed
//	FindTest       a response names it, by RelayState or by InResponseTo
//	FinishTest     what came of it is written down, once; the request is used up
//
// Who would be let in says PreviewLogin, which changes nothing.

const (
	// TestLinkLife is how long a colleague can begin tests with a link.
	TestLinkLife = time.Hour
	// TestPatience is how long a test waits before its page says that nothing came back.
	TestPatience = 5 * time.Minute
	// MaxTests is the most test sign-ins that one call returns.
	MaxTests = 100
)

// The states of a test sign-in.
const (
	TestWaiting = "waiting"
	TestPassed  = "passed"  // the person would get in
	TestRefused = "refused" // every check of the response passed, but the person would not get in
	TestFailed  = "failed"
)

// TestSignIn is one test sign-in.
type TestSignIn struct {
	ID        string `gorm:"primaryKey"` // travels as RelayState
	OrgID     string
	RequestID string
	BegunBy   string // who began it, or made the link that began it
	ByLink    bool
	// Issuer, SignInURL and CertificateSHA256 (the one that signed; empty unless verified) are the connection as it was tested.
	Issuer, SignInURL string
	CertificateSHA256 string `gorm:"column:certificate_sha256"`
	// SignedWith is the SHA-256 of the certificate whose key signed the request; empty for one without signature.
	SignedWith string
	CreatedAt  time.Time
	AnsweredAt *time.Time
	State      string
	// Who and MemberID are whom the identity provider named, Reason and Sentence the first thing that is wrong.
	Who, MemberID         string
	Reason, Sentence      string
	Reference, ActivityID string
	Trace                 string
}

// TableName is the table of test sign-ins.
func (TestSignIn) TableName() string { return "test_sign_ins" }

// LoginTrace is how the response went through the checks.
func (t *TestSignIn) LoginTrace() LoginTrace { return readTrace(t.Trace) }

// Silent tells whether nothing came back for so long that nothing probably will.
func (t *TestSignIn) Silent(now time.Time) bool {
	return t.State == TestWaiting && now.Sub(t.CreatedAt) >= TestPatience
}

// NewTestID makes the id of a test that is about to begin.
func (db *DB) NewTestID() string { return newID("tst_", db.Now()) }

// NewTest is a test that is about to begin.
type NewTest struct {
	OrgID, ID, RequestID string
	ConnectionVersion    int64
	// By is the person at the settings page; empty when LinkSecret begins it.
	By         string
	LinkSecret string
}

// BeginTest keeps a test and its request. NotFound if its link does not work any more; a *LoginRefusal if the connection was changed
// meanwhile.
func (db *DB) BeginTest(ctx context.Context, client Client, n NewTest) error {
	if err := db.limit(ctx, "login:ip:"+NetworkOf(client.IP), loginsByIP); err != nil {
		return err
	}
	return db.touch(ctx, func(tx *Tx) error {
		tx.org = n.OrgID
		if n.LinkSecret != "" {
			link, err := db.testLink(tx.DB, n.OrgID, n.LinkSecret)
			if err != nil {
				return err
			}
			n.By = link.CreatedBy
		}
		sso, err := loadSSO(tx.DB, n.OrgID)
		if err != nil {
			return err
		}
		if r := sso.usable(n.ConnectionVersion, LoginToTest); r != nil {
			return r
		}
		signedWith, err := tx.signsWith(sso)
		if err != nil {
			return err
		}
		err = tx.Create(&PendingLogin{
			ID: n.RequestID, OrgID: n.OrgID, ConnectionVersion: n.ConnectionVersion, Purpose: LoginToTest,
			// Nobody holds this secret: a test never becomes a session in any browser.
			BrowserHash: hashSecret(newSecret()), CreatedAt: tx.now, ExpiresAt: tx.now.Add(PendingLoginLife),
		}).Error
		if err != nil {
			return err
		}
		return tx.Create(&TestSignIn{
			ID: n.ID, OrgID: n.OrgID, RequestID: n.RequestID, BegunBy: truncate(n.By, 400), ByLink: n.LinkSecret != "",
			Issuer: sso.Issuer, SignInURL: sso.SignInURL, SignedWith: signedWith, CreatedAt: tx.now, State: TestWaiting, Trace: "{}",
		}).Error
	})
}

// FindTest is the test that a response belongs to and that waits for one, nil if it belongs to none: by its RelayState, or by the request
// it names, which counts more. Both may be empty. Neither proves anything; the response does.
func (db *DB) FindTest(ctx context.Context, orgID, relayState, requestID string) (*TestSignIn, error) {
	if relayState == "" && requestID == "" {
		return nil, nil
	}
	var t TestSignIn
	err := db.read(ctx).Where("org_id = ? and state = ? and (id = ? or request_id = ?)", orgID, TestWaiting, relayState, requestID).
		Order(clause.OrderBy{Expression: gorm.Expr("case when request_id = ? then 0 else 1 end, id desc", requestID)}).Limit(1).Take(&t).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &t, err
}

// TestResult is what came of a test.
type TestResult struct {
	State            string // passed, refused or failed
	Who, MemberID    string
	Reason, Sentence string
	// CertificateSHA256 signed the response; empty unless that was verified.
	CertificateSHA256 string
	Trace             LoginTrace
	Detail            Facts
	// Raw is the response without signature values; empty keeps none.
	Raw string
}

// FinishTest writes down what came of a test, once, and uses its request up. Conflict if an answer came before.
func (db *DB) FinishTest(ctx context.Context, client Client, orgID, id string, r TestResult) error {
	trace, err := r.Trace.text()
	if err != nil {
		return err
	}
	return db.touch(ctx, func(tx *Tx) error {
		tx.org = orgID
		var t TestSignIn
		err := tx.Locked().Where("id = ?", id).Take(&t).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return notFound("test sign-in")
		}
		if err != nil {
			return err
		}
		if t.State != TestWaiting {
			return conflict("This test has been answered already. Begin another one.")
		}
		detail := Facts{"test": t.ID, "trace": r.Trace}
		for k, v := range r.Detail {
			detail[k] = v
		}
		a := NewActivity{
			OrgID: orgID, Kind: ActivitySignIn, OK: r.State == TestPassed, Reference: NewReference(), Reason: r.Reason, Sentence: r.Sentence,
			Who: r.Who, MemberID: r.MemberID, Detail: detail, Client: client, Raw: r.Raw,
		}
		activityID, err := tx.recordActivity(a)
		if err != nil {
			return err
		}
		err = tx.Org().Model(&TestSignIn{}).Where("id = ?", id).UpdateColumns(map[string]any{
			"answered_at": tx.now, "state": r.State, "certificate_sha256": r.CertificateSHA256, "who": truncate(r.Who, 400), "member_id": r.MemberID,
			"reason": r.Reason, "sentence": truncate(r.Sentence, 2000), "reference": a.Reference, "activity_id": activityID, "trace": trace,
		}).Error
		if err != nil {
			return err
		}
		if r.CertificateSHA256 != "" {
			err := tx.Org().Model(&SSOCertificate{}).Where("sha256 = ?", r.CertificateSHA256).UpdateColumn("last_used_at", tx.now).Error
			if err != nil {
				return err
			}
		}
		return tx.Org().Model(&PendingLogin{}).Where("id = ? and consumed_at is null", t.RequestID).
			UpdateColumns(map[string]any{"consumed_at": tx.now, "reference": a.Reference}).Error
	})
}

// TestSignIns are an organization's latest tests, newest first.
func (db *DB) TestSignIns(ctx context.Context, orgID string, limit int) ([]TestSignIn, error) {
	var list []TestSignIn
	return list, db.read(ctx).Where("org_id = ?", orgID).Order("id desc").Limit(min(limit, MaxTests)).Find(&list).Error
}

// TestSignIn is one test of an organization.
func (db *DB) TestSignIn(ctx context.Context, orgID, id string) (*TestSignIn, error) {
	var t TestSignIn
	err := db.read(ctx).Where("org_id = ? and id = ?", orgID, id).Take(&t).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, notFound("test sign-in")
	}
	return &t, err
}

// tested tells whether a test of the connection as it is now has passed: the same addresses, a certificate that is still trusted and valid,
// and a request that was signed as requests are now. Adding certificates or turning switches changes nothing about that.
func (tx *Tx) tested(s *SSO) (bool, error) {
	var valid []string
	for i := range s.Certificates {
		if s.Certificates[i].Valid(tx.now) {
			valid = append(valid, s.Certificates[i].SHA256)
		}
	}
	if len(valid) == 0 {
		return false, nil
	}
	signedWith, err := tx.signsWith(s)
	if err != nil {
		return false, err
	}
	var ids []string
	err = tx.Raw(`select id from test_sign_ins where org_id = ? and state = ? and issuer = ? and sign_in_url = ? and certificate_sha256 in ? and signed_with = ? limit 1`,
		tx.org, TestPassed, s.Issuer, s.SignInURL, valid, signedWith).Scan(&ids).Error
	return len(ids) > 0, err
}

// TestLink lets a colleague begin tests. Only the hash of its secret is stored.
type TestLink struct {
	ID, OrgID, SecretHash, CreatedBy string
	// MemberID made it, or nobody who could lose the right to.
	MemberID             string
	CreatedAt, ExpiresAt time.Time
}

// TableName is the table of links.
func (TestLink) TableName() string { return "test_sign_in_links" }

// CreateTestLink makes a link and returns its secret.
func (db *DB) CreateTestLink(ctx context.Context, actor Actor, orgID string) (string, error) {
	secret := newSecret()
	err := db.write(ctx, actor, orgID, func(tx *Tx) error {
		l := &TestLink{ID: newID("tlk_", tx.now), OrgID: orgID, SecretHash: hashSecret(secret), CreatedBy: actor.Label, CreatedAt: tx.now, ExpiresAt: tx.now.Add(TestLinkLife)}
		if actor.Kind == Person {
			l.MemberID = actor.ID
		}
		tx.record("sso_test.link_created", Target{"sso_test", l.ID, "Test link"}, nil, Facts{"expires_at": l.ExpiresAt})
		return tx.Create(l).Error
	})
	return secret, err
}

// TestLink is a link that still works. NotFound, with a sentence for its holder, otherwise.
func (db *DB) TestLink(ctx context.Context, orgID, secret string) (*TestLink, error) {
	return db.testLink(db.read(ctx), orgID, secret)
}

func (db *DB) testLink(g *gorm.DB, orgID, secret string) (*TestLink, error) {
	var l TestLink
	err := g.Where("org_id = ? and secret_hash = ? and expires_at > ? and "+madeByManager("test_sign_in_links"), orgID, hashSecret(secret), db.Now()).Take(&l).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, &Error{Kind: NotFound, Message: "This test link works for one hour, and only while the person who sent it is an admin. Ask an admin for a new one."}
	}
	return &l, err
}

// madeByManager is the SQL that keeps links whose maker is an owner or admin still: a link does not outlive that.
func madeByManager(table string) string {
	return `(member_id = '' or exists (select 1 from members m where m.org_id = ` + table + `.org_id and m.id = ` + table + `.member_id
		and m.status = 'active' and m.held_reason is null
		and (m.role in ('owner', 'admin') or exists (select 1 from team_members tm join teams on teams.id = tm.team_id where tm.member_id = m.id and teams.role = 'admin'))))`
}
