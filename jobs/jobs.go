// Package jobs does what nobody clicks: it looks at claimed domains again, mails notices to owners and sweeps what has outlived its
// use. Each job calls the operation that the button calls. Any number of instances may run them: each piece of work is claimed in the
// database first.
package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gatehouse/domains"
	"gatehouse/models"
)

const (
	domainsEvery  = 15 * time.Second
	metadataEvery = 5 * time.Minute // looks for what is due: each address once a day
	noticesEvery  = 20 * time.Second
	sweepEvery    = 10 * time.Minute
	countEvery    = 5 * time.Second
	burstsEvery   = 10 * time.Second
	windowsEvery  = 15 * time.Second

	domainBatch = 20
	domainLease = 5 * time.Minute // another instance takes a look over after this long
	noticeBatch = 20
	jobTime     = 2 * time.Minute
)

// Runner runs the jobs of one process.
type Runner struct {
	DB       *models.DB
	Resolver domains.Resolver
	Mailer   *Mailer
	Log      *slog.Logger
	// Metadata reads an identity provider's metadata; problem is a sentence for the admin if it cannot be read.
	Metadata func(ctx context.Context, url string) (m *models.IdPMetadata, problem string)
	BaseURL  string // for the links in mails
}

// Run runs all jobs until ctx ends, and returns when the last one has.
func (r *Runner) Run(ctx context.Context) {
	var wait sync.WaitGroup
	for _, job := range []struct {
		name  string
		every time.Duration
		do    func(context.Context) error
	}{
		{"check domains", domainsEvery, r.CheckDomains},
		{"read metadata", metadataEvery, r.ReadMetadata},
		{"mail notices", noticesEvery, r.MailNotices},
		{"sweep", sweepEvery, r.DB.Sweep},
		{"count members", countEvery, r.DB.CompactMemberCounts},
		{"freshen statistics", countEvery, r.DB.FreshenStatistics},
		{"notice mass deactivations", burstsEvery, r.NoteBursts},
		{"end safety windows", windowsEvery, r.EndSafetyWindows},
	} {
		wait.Go(func() { r.repeat(ctx, job.name, job.every, job.do) })
	}
	wait.Wait()
}

func (r *Runner) repeat(ctx context.Context, name string, every time.Duration, do func(context.Context) error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		work, cancel := context.WithTimeout(ctx, jobTime)
		if err := do(work); err != nil && ctx.Err() == nil {
			r.Log.Error("a job failed and will be tried again", "job", name, "error", err)
		}
		cancel()
	}
}

// CheckDomains looks at the claimed domains whose next look is due.
func (r *Runner) CheckDomains(ctx context.Context) error {
	due, err := r.DB.DueDomains(ctx, domainBatch, domainLease)
	if err != nil {
		return err
	}
	system := models.Actor{Kind: models.System, Label: "Gatehouse"}
	for _, d := range due {
		found := domains.Verify(ctx, r.Resolver, d.Domain, d.Token)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		_, err := r.DB.RecordDomainCheck(ctx, system, d.OrgID, d.ID, models.DomainCheck{
			Verified: found.Verified, Reason: found.Reason, Sentence: found.Sentence, Seen: found.Seen,
			Unreachable: found.Reason == domains.ReasonResolverNoAnswer, Next: domains.NextCheck(d.CreatedAt, r.DB.Now()),
		})
		// Conflict: another organization has the domain; NotFound: the claim was removed meanwhile. Both are on record already.
		if err != nil && !models.IsKind(err, models.Conflict) && !models.IsKind(err, models.NotFound) {
			return err
		}
	}
	return nil
}

// MailNotices mails what waits to the owners. Without a mail server notices stay in the app, and the log says so once a batch.
func (r *Runner) MailNotices(ctx context.Context) error {
	list, err := r.DB.ClaimUnmailedNotices(ctx, noticeBatch)
	if err != nil {
		return err
	}
	for _, n := range list {
		if !r.Mailer.Delivers() {
			r.Log.Info("notice that is shown in the app only because SMTP_URL is not set", "organization", n.Organization, "subject", n.Subject)
			continue
		}
		for _, owner := range n.Owners {
			body := n.Body + "\n\n" + r.BaseURL + "/settings/access-security\n\nYou get this because you are an owner of " + n.Organization + ".\n"
			if err := r.Mailer.Send(ctx, Mail{To: owner, Subject: n.Organization + ": " + n.Subject, Body: body}); err != nil {
				r.Log.Error("a notice could not be mailed and will be tried again", "error", err)
				if err := r.DB.UnclaimNotice(ctx, n.ID); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// NoteBursts looks for many deactivations by a directory within an hour; the notices are mailed by MailNotices.
func (r *Runner) NoteBursts(ctx context.Context) error {
	_, err := r.DB.NoteBursts(ctx)
	return err
}

// EndSafetyWindows turns Require Single Sign-On off where nobody has shown in time that single sign-on works. It counts as off from the
// end of its window on; this writes it down and tells the owners.
func (r *Runner) EndSafetyWindows(ctx context.Context) error {
	ended, err := r.DB.EndSafetyWindows(ctx)
	if ended > 0 {
		r.Log.Warn("Require Single Sign-On turned itself off: no owner or admin signed in with single sign-on in time", "organizations", ended)
	}
	return err
}
