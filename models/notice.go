package models

import (
	"context"
	"time"
)

// Notice is something the owners must hear about: by mail, or in the app where there is no mail.
type Notice struct {
	ID, OrgID, Kind, Subject, Body string
	CreatedAt                      time.Time
	MailedAt                       *time.Time
}

// notify keeps a notice to the owners in the transaction of the change it tells of.
func (tx *Tx) notify(kind, subject, body string) error {
	return tx.Create(&Notice{ID: newID("ntc_", tx.now), OrgID: tx.org, Kind: kind, Subject: subject, Body: body, CreatedAt: tx.now}).Error
}

const maxNotices = 500

// Notices are an organization's latest notices, newest first.
func (db *DB) Notices(ctx context.Context, orgID string, limit int) ([]Notice, error) {
	var list []Notice
	return list, db.read(ctx).Where("org_id = ?", orgID).Order("id desc").Limit(atMost(limit, maxNotices)).Find(&list).Error
}

// UnmailedNotice is a notice with whom to send it to.
type UnmailedNotice struct {
	Notice       `gorm:"embedded"`
	Organization string
	Owners       []string `gorm:"-"`
}

// ClaimUnmailedNotices marks the notices that wait to be mailed as mailed and returns them: of several instances only one gets each.
func (db *DB) ClaimUnmailedNotices(ctx context.Context, limit int) ([]UnmailedNotice, error) {
	var list []UnmailedNotice
	err := db.touch(ctx, func(tx *Tx) error {
		var rows []Notice
		if err := tx.lock(tx.DB).Where("mailed_at is null").Order("created_at, id").Limit(limit).Find(&rows).Error; err != nil {
			return err
		}
		for _, n := range rows {
			u := UnmailedNotice{Notice: n}
			if err := tx.Raw("select name from organizations where id = ?", n.OrgID).Scan(&u.Organization).Error; err != nil {
				return err
			}
			err := tx.Raw(`select m.email from members m where m.org_id = ? and m.role = 'owner' and m.status = 'active' and m.held_reason is null
				order by m.id limit 50`, n.OrgID).Scan(&u.Owners).Error
			if err != nil {
				return err
			}
			if err := tx.Model(&Notice{}).Where("id = ?", n.ID).UpdateColumn("mailed_at", tx.now).Error; err != nil {
				return err
			}
			list = append(list, u)
		}
		return nil
	})
	return list, err
}

// UnclaimNotice puts a notice back that could not be mailed.
func (db *DB) UnclaimNotice(ctx context.Context, id string) error {
	return db.touch(ctx, func(tx *Tx) error {
		return tx.Model(&Notice{}).Where("id = ?", id).UpdateColumn("mailed_at", nil).Error
	})
}
