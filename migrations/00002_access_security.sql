-- +goose Up
-- What an organization's admins set up: domains, the SSO connection with its certificates, SCIM tokens.

create table domains (
    id            text primary key,
    org_id        text not null references organizations (id),
    domain        text not null,
    token         text not null,
    status        text not null check (status in ('waiting', 'verified', 'lapsing', 'lapsed')),
    verified_by   text check (verified_by in ('dns', 'operator')),
    verified_at   timestamptz,
    lapsing_since timestamptz,
    -- The last look at DNS: a reason code, a sentence for the admin, the values seen (JSON array).
    reason        text not null default '',
    sentence      text not null default '',
    seen          text not null default '[]',
    attempts      integer not null default 0,
    checked_at    timestamptz,
    next_check_at timestamptz,
    created_at    timestamptz not null,
    unique (org_id, domain),
    check (status = 'waiting' or (verified_by is not null and verified_at is not null)),
    check ((status in ('lapsing', 'lapsed')) = (lapsing_since is not null))
);
-- One organization per verified domain, whatever the code does. A lapsed one may be verified by another organization.
create unique index domains_one_owner on domains (domain) where status in ('verified', 'lapsing');
create index domains_due on domains (next_check_at);

create table sso_connections (
    org_id      text primary key references organizations (id),
    issuer      text not null default '',
    sign_in_url text not null default '',
    enabled     boolean not null default false,
    required    boolean not null default false,
    idp_managed boolean not null default false,
    -- Grows with every change that ends outstanding requests.
    version     bigint not null default 1,
    enabled_at  timestamptz,
    updated_at  timestamptz not null,
    check (enabled or not required),
    check (not enabled or (issuer <> '' and sign_in_url <> ''))
);

create table sso_certificates (
    id           text primary key,
    org_id       text not null references organizations (id),
    pem          text not null,
    subject      text not null,
    sha1         text not null,
    sha256       text not null,
    key_kind     text not null,
    not_before   timestamptz not null,
    not_after    timestamptz not null,
    added_by     text not null,
    added_at     timestamptz not null,
    last_used_at timestamptz,
    unique (org_id, sha256)
);

create table scim_tokens (
    id              text primary key,
    org_id          text not null references organizations (id),
    name            text not null,
    secret_hash     text not null,
    created_by      text not null,
    created_at      timestamptz not null,
    expires_at      timestamptz,
    revoked_at      timestamptz,
    revoked_by      text,
    last_used_at    timestamptz,
    last_used_from  text not null default '',
    last_used_agent text not null default ''
);
create index scim_tokens_by_org on scim_tokens (org_id, created_at);
