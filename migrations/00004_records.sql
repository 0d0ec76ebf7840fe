-- +goose Up
-- What happened: the audit log (with every change), sign-in and provisioning activity, notices to owners.

create table audit_events (
    id           text primary key,
    -- Empty for what concerns no single organization.
    org_id       text references organizations (id),
    at           timestamptz not null,
    action       text not null,
    actor_kind   text not null check (actor_kind in ('person', 'scim', 'idp', 'operator', 'system', 'anonymous')),
    actor_id     text not null default '',
    actor_label  text not null default '',
    actor_ip     text not null default '',
    target_kind  text not null default '',
    target_id    text not null default '',
    target_label text not null default '',
    before       text not null default '',
    after        text not null default ''
);
create index audit_events_by_org on audit_events (org_id, id);
create index audit_events_by_target on audit_events (org_id, target_id, id);
-- A member's history is what was done to them and what they did. Directories write most events, and need not pay for this.
create index audit_events_by_person on audit_events (org_id, actor_id, id) where actor_kind = 'person';
create index audit_events_by_action on audit_events (org_id, action, id);

create table activity (
    id         text primary key,
    org_id     text references organizations (id),
    at         timestamptz not null,
    kind       text not null check (kind in ('sign_in', 'provisioning')),
    ok         boolean not null,
    -- Shown to the person it happened to; the admin finds the row by it.
    reference  text not null,
    reason     text not null default '',
    sentence   text not null,
    who        text not null default '',
    member_id  text not null default '',
    detail     text not null default '{}',
    ip         text not null default '',
    user_agent text not null default ''
);
create index activity_by_org on activity (org_id, id);
create index activity_by_reference on activity (reference);
create index activity_by_age on activity (at);

create table notices (
    id         text primary key,
    org_id     text not null references organizations (id),
    kind       text not null,
    subject    text not null,
    body       text not null,
    created_at timestamptz not null,
    mailed_at  timestamptz
);
create index notices_by_org on notices (org_id, id);
create index notices_unmailed on notices (created_at) where mailed_at is null;
