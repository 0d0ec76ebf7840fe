-- +goose Up
-- Test sign-ins (PRODUCT.md §5): links for colleagues, runs and what came of them; raw responses of refused and tested sign-ins.

create table test_sign_in_links (
    id          text primary key,
    org_id      text not null references organizations (id),
    secret_hash text not null unique,
    created_by  text not null,
    created_at  timestamptz not null,
    expires_at  timestamptz not null
);
create index test_sign_in_links_expiry on test_sign_in_links (expires_at);

create table test_sign_ins (
    -- Travels as RelayState, so that a response which names no request still finds its run.
    id                 text primary key,
    org_id             text not null references organizations (id),
    request_id         text not null unique,
    -- Who began it, or made the link that began it.
    begun_by           text not null,
    by_link            boolean not null default false,
    -- The connection that is being tested: a success counts for as long as it is the one in use.
    issuer             text not null,
    sign_in_url        text not null,
    certificate_sha256 text not null default '',
    created_at         timestamptz not null,
    answered_at        timestamptz,
    -- refused: every check of the response passed, but the person would not be let in.
    state              text not null default 'waiting' check (state in ('waiting', 'passed', 'refused', 'failed')),
    who                text not null default '',
    member_id          text not null default '',
    reason             text not null default '',
    sentence           text not null default '',
    reference          text not null default '',
    activity_id        text not null default '',
    -- JSON: checks, claims, outcome. Emptied with the activity it belongs to.
    trace              text not null default '{}',
    check ((state = 'waiting') = (answered_at is null))
);
create index test_sign_ins_by_org on test_sign_ins (org_id, id);

-- What came, without signature values, for admins who ask for it (audited).
create table activity_raw (
    activity_id text primary key references activity (id) on delete cascade,
    org_id      text not null references organizations (id),
    raw         text not null
);
