package models

import "context"

// count notes that the organization has n members more; every creation and removal of a member calls it in its transaction.
func (tx *Tx) count(n int) error {
	return tx.Exec("insert into member_counts (org_id, n) values (?, ?)", tx.org, n).Error
}

// maxCountRows is how many rows one organization's count may have before CompactMemberCounts adds them up.
const maxCountRows = 100

// CompactMemberCounts adds up the rows by which members are counted. Any number of instances may do it at once.
func (db *DB) CompactMemberCounts(ctx context.Context) error {
	return db.touch(ctx, func(tx *Tx) error {
		var orgs []string
		err := tx.Raw("select org_id from member_counts group by org_id having count(*) > ? order by org_id limit 1000", maxCountRows).Scan(&orgs).Error
		if err != nil {
			return err
		}
		for _, org := range orgs {
			if err := tx.compactCount(org); err != nil {
				return err
			}
		}
		return nil
	})
}

func (tx *Tx) compactCount(org string) error {
	if tx.db.dialect == "postgres" {
		// One statement, so that rows which arrive meanwhile are neither lost nor counted twice.
		return tx.Exec(`with gone as (delete from member_counts where org_id = ? returning n)
			insert into member_counts (org_id, n) select ?, sum(n) from gone having count(*) > 0`, org, org).Error
	}
	var n int
	if err := tx.Raw("select sum(n) from member_counts where org_id = ?", org).Scan(&n).Error; err != nil {
		return err
	}
	if err := tx.Exec("delete from member_counts where org_id = ?", org).Error; err != nil {
		return err
	}
	return tx.Exec("insert into member_counts (org_id, n) values (?, ?)", org, n).Error
}
