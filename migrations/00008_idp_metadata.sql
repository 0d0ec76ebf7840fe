-- +goose Up
-- Metadata by address, certificates that wait for approval, and our own key for identity providers that want requests signed.

alter table sso_connections add column metadata_url text not null default '';
-- The last look: when, what was wrong (a sentence for the admin, empty if nothing), and the addresses found where they differ from ours.
alter table sso_connections add column metadata_checked_at timestamptz;
alter table sso_connections add column metadata_next_at timestamptz;
alter table sso_connections add column metadata_problem text not null default '';
alter table sso_connections add column metadata_issuer text not null default '';
alter table sso_connections add column metadata_sign_in_url text not null default '';
create index sso_connections_metadata_due on sso_connections (metadata_next_at) where metadata_next_at is not null;

-- A table of its own rather than a status of sso_certificates: no query that forgets a condition can trust one of these.
create table sso_pending_certificates (
    id           text primary key,
    org_id       text not null references organizations (id),
    pem          text not null,
    subject      text not null,
    sha1         text not null,
    sha256       text not null,
    key_kind     text not null,
    not_before   timestamptz not null,
    not_after    timestamptz not null,
    source       text not null check (source in ('metadata', 'test')),
    found_at     timestamptz not null,
    -- Dismissed ones are kept, so that the next look does not bring them up again.
    dismissed_at timestamptz,
    unique (org_id, sha256)
);

-- The key with which AuthnRequests and LogoutResponses are signed. private_key is sealed with AES-256-GCM under a key derived from
-- SECRET_KEY; the certificate is given to the identity provider.
create table sso_request_keys (
    org_id      text primary key references organizations (id),
    private_key text not null,
    certificate text not null,
    created_by  text not null,
    created_at  timestamptz not null
);
alter table sso_connections add column sign_requests boolean not null default false;
-- Where the identity provider takes LogoutResponses; empty for the sign-in URL, as Entra has it.
alter table sso_connections add column logout_url text not null default '';
