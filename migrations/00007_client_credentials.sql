-- +goose Up
-- OAuth 2.0 client credentials beside the static SCIM tokens, and the replacement of a token by another with both working meanwhile.

-- The client id is the organization's public id; it may have several secrets at once, so that one replaces another without a gap.
create table scim_client_secrets (
    id             text primary key,
    org_id         text not null references organizations (id),
    name           text not null,
    secret_hash    text not null,
    created_by     text not null,
    created_at     timestamptz not null,
    expires_at     timestamptz not null,
    revoked_at     timestamptz,
    revoked_by     text,
    last_used_at   timestamptz,
    last_used_from text not null default ''
);
create index scim_client_secrets_by_org on scim_client_secrets (org_id, created_at);

-- An access token is a SCIM token that a client secret was exchanged for: the calls look for one kind only, and revoking the secret
-- revokes them.
alter table scim_tokens add column client_secret_id text references scim_client_secrets (id);
create index scim_tokens_by_client_secret on scim_tokens (client_secret_id, expires_at) where client_secret_id is not null;

-- A replaced token works until it expires. While it is replaced, last_used_at stays empty, so that every call with it is noted and
-- counted here; others are noted once a minute.
alter table scim_tokens add column replaced_at timestamptz;
alter table scim_tokens add column late_calls bigint not null default 0;
alter table scim_tokens add column late_call_at timestamptz;
