-- +goose Up
-- What a passed test sign-in proves and who answers for a link to one, which attempts came again, and whose certificate another
-- organization trusts too.

-- The SHA-256 of the certificate whose key signed the request of a test; empty for a request without signature. Turning signing on or off,
-- or a new key, changes what the identity provider is asked with, so the test before it proves nothing any more.
alter table test_sign_ins add column signed_with text not null default '';

-- The member who made a link: it works only while they may begin tests themselves. Links of before live an hour longer.
alter table test_sign_in_links add column member_id text not null default '';

-- An attempt that comes again and again is one row that counts.
alter table activity add column times bigint not null default 1;
alter table activity add column last_at timestamptz;
create index activity_unsolicited on activity (org_id, id) where reason = 'unsolicited';

-- A certificate is compared with those of other organizations when it is uploaded.
create index sso_certificates_by_sha256 on sso_certificates (sha256);
