-- +goose Up
-- The safety window of Require Single Sign-On (PRODUCT.md §7): what an admin turns on holds until required_until, and for good once an
-- owner or admin has signed in with single sign-on before then. All four mean something only while required is true.

-- Since when; empty where it was turned on before there were windows.
alter table sso_connections add column required_at timestamptz;
-- Empty once it is kept, and where the operator turned it on.
alter table sso_connections add column required_until timestamptz;
alter table sso_connections add column required_kept_at timestamptz;
-- Who kept it, as people read it.
alter table sso_connections add column required_kept_by text not null default '';

-- The few that are open, for the sweep that ends them.
create index sso_connections_window on sso_connections (required_until) where required_until is not null;
