-- +goose Up
-- What makes the set-up of single sign-on kinder: links that show what is wrong to somebody without an account, forms that survive a
-- confirmation at the identity provider, addresses of metadata that can be dismissed; and sign-outs that count once.

-- A link to what is wrong with one attempt to sign in, for whoever holds it. Only the hash of its secret is stored.
create table diagnostic_links (
    id          text primary key,
    org_id      text not null references organizations (id),
    activity_id text not null references activity (id) on delete cascade,
    secret_hash text not null unique,
    created_by  text not null,
    -- The member who made it: it works only while they may see what it shows themselves.
    member_id   text not null default '',
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    revoked_at  timestamptz,
    revoked_by  text not null default '',
    opened      bigint not null default 0,
    opened_at   timestamptz
);
create index diagnostic_links_by_activity on diagnostic_links (activity_id, id);
create index diagnostic_links_expiry on diagnostic_links (expires_at);

-- LogoutRequests that were carried out, for as long as they would be accepted again.
create table used_logout_requests (
    org_id     text not null references organizations (id),
    request_id text not null,
    used_at    timestamptz not null,
    expires_at timestamptz not null,
    primary key (org_id, request_id)
);
create index used_logout_requests_expiry on used_logout_requests (expires_at);

-- What somebody without a password typed into a form before they confirm at the identity provider: one form a session and address. Fields
-- are JSON, sealed with AES-256-GCM as the private keys are, and never hold a password or a private key.
create table kept_forms (
    id         text primary key,
    session_id text not null references sessions (id) on delete cascade,
    path       text not null,
    fields     text not null,
    kept_at    timestamptz not null,
    expires_at timestamptz not null
);
create unique index kept_forms_one on kept_forms (session_id, path);
create index kept_forms_expiry on kept_forms (expires_at);

-- Where LogoutResponses go by the metadata that names other addresses, and which other addresses an admin has dismissed.
alter table sso_connections add column metadata_logout_url text not null default '';
alter table sso_connections add column metadata_dismissed_issuer text not null default '';
alter table sso_connections add column metadata_dismissed_sign_in_url text not null default '';
