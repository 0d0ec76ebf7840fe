-- +goose Up
-- Signing in: identities bound to members, requests under way, assertions used, sessions, one-time links.

-- Every key a sign-in carried, by issuer (PRODUCT.md §6). format is '' except for kind 'nameid'.
create table identities (
    id            text primary key,
    org_id        text not null references organizations (id),
    member_id     text not null,
    issuer        text not null,
    kind          text not null check (kind in ('objectid', 'persistent', 'nameid', 'email')),
    format        text not null default '',
    value         text not null,
    first_seen_at timestamptz not null,
    last_seen_at  timestamptz not null,
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
create unique index identities_key on identities (org_id, issuer, kind, format, value);
create index identities_by_member on identities (member_id);

create table pending_logins (
    -- The AuthnRequest's ID, which the response names in InResponseTo.
    id                 text primary key,
    org_id             text not null references organizations (id),
    connection_version bigint not null,
    purpose            text not null check (purpose in ('sign_in', 'test', 'step_up')),
    -- SHA-256 of the cookie of the browser that began it.
    browser_hash       text not null,
    return_to          text not null default '',
    created_at         timestamptz not null,
    expires_at         timestamptz not null,
    -- Set once, when a verified response has claimed the request; the outcome waits under the code for that browser.
    claimed_at         timestamptz,
    code_hash          text,
    code_expires_at    timestamptz,
    outcome            text,
    consumed_at        timestamptz,
    reference          text
);
create unique index pending_logins_code on pending_logins (code_hash) where code_hash is not null;
create index pending_logins_expiry on pending_logins (expires_at);

create table used_assertions (
    org_id       text not null references organizations (id),
    assertion_id text not null,
    used_at      timestamptz not null,
    expires_at   timestamptz not null,
    primary key (org_id, assertion_id)
);
create index used_assertions_expiry on used_assertions (expires_at);

create table sessions (
    id              text primary key,
    secret_hash     text not null,
    account_id      text not null references accounts (id),
    -- The organization the session is in now; an SSO session opens only that one.
    org_id          text not null references organizations (id),
    member_id       text not null,
    method          text not null check (method in ('password', 'sso')),
    recovery        boolean not null default false,
    issuer          text not null default '',
    name_id         text not null default '',
    session_index   text not null default '',
    created_at      timestamptz not null,
    last_seen_at    timestamptz not null,
    idle_expires_at timestamptz not null,
    expires_at      timestamptz not null,
    stepped_up_at   timestamptz,
    ip              text not null default '',
    user_agent      text not null default '',
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
create index sessions_by_account on sessions (account_id);
create index sessions_by_member on sessions (member_id);
create index sessions_expiry on sessions (expires_at);

-- Links used once: the secret is in the mail or on the console, only its hash is here.
create table links (
    id          text primary key,
    secret_hash text not null unique,
    kind        text not null check (kind in ('setup', 'signup', 'password', 'invitation')),
    account_id  text references accounts (id),
    org_id      text references organizations (id),
    member_id   text references members (id) on delete cascade,
    email       text not null default '',
    created_at  timestamptz not null,
    expires_at  timestamptz not null,
    used_at     timestamptz
);
create index links_by_member on links (member_id);
create index links_by_account on links (account_id) where account_id is not null;

-- Generic cell rate: one row a key, the theoretical arrival time of the next call.
create table rate_limits (
    key           text primary key,
    arrival_at    timestamptz not null
);
