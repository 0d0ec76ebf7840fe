-- +goose Up
-- Activity of directories comes in batches and by the thousand: what its index costs is paid for each request.

drop index activity_by_reference;
create index activity_by_reference on activity (reference) where reference <> '';

-- Ids begin with the time: what is old is found by the primary key.
drop index activity_by_age;

-- As in 00006: each row locked the organization's own row against its deletion, which never happens.
alter table activity drop constraint activity_org_id_fkey;
alter table activity_raw drop constraint activity_raw_org_id_fkey;
