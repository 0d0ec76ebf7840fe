-- +goose Up
-- What a directory sends again every cycle until somebody mends the cause is one entry of the activity: the newest row counts the older
-- ones, whatever day they came.

-- What is the same again is equal here; null for what is not folded.
alter table activity add column fold text;
-- When the first of them came, on the row that counts them.
alter table activity add column since timestamptz;
-- A newer row counts this one.
alter table activity add column repeated boolean not null default false;
create index activity_folds on activity (fold) where fold is not null and repeated = false;

-- Failures are few among what directories ask for.
create index activity_refused on activity (org_id, id) where ok = false;

-- The hours in which a directory called: its rhythm, without reading all that it asked for.
create table provisioning_hours (
    org_id text not null,
    hour   timestamptz not null,
    primary key (org_id, hour)
);
