package models

import "context"

// FreshenStatistics makes PostgreSQL look again at tables that have become half as large again since it last did. It does so by itself,
// but once a minute at most: until then statements go on by plans that were made when the tables were nearly empty, when any index was as
// good as another, and the first synchronization of a directory would read everybody for each person it creates.
func (db *DB) FreshenStatistics(ctx context.Context) error {
	if db.dialect != "postgres" {
		return nil
	}
	var tables []string
	err := db.read(ctx).Raw(`select quote_ident(relname) from pg_stat_user_tables where schemaname = current_schema()
		and relname in ('members', 'accounts', 'teams', 'team_members', 'member_tombstones', 'audit_events', 'sessions', 'activity')
		and n_mod_since_analyze > 200 and n_mod_since_analyze > n_live_tup / 2 order by relname`).Scan(&tables).Error
	if err != nil {
		return err
	}
	for _, table := range tables {
		if err := db.writer.WithContext(ctx).Exec("analyze " + table).Error; err != nil {
			return err
		}
	}
	return nil
}
