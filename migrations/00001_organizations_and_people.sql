-- +goose Up
-- Organizations, the accounts people sign in with, and the members that join the two.

create table organizations (
    id                       text primary key,
    name                     text not null check (name <> ''),
    session_idle_minutes     integer not null default 480 check (session_idle_minutes > 0),
    session_absolute_minutes integer not null default 1440 check (session_absolute_minutes > 0),
    created_at               timestamptz not null
);

create table accounts (
    id            text primary key,
    email         text not null unique check (email <> ''),
    name          text not null default '',
    password_hash text,
    -- An address counts as the person's own only when something proved it (PRODUCT.md §6).
    proven_by     text check (proven_by in ('link', 'sso', 'operator')),
    proven_at     timestamptz,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    check ((proven_by is null) = (proven_at is null))
);

create table members (
    id             text primary key,
    org_id         text not null references organizations (id),
    account_id     text references accounts (id),
    role           text not null check (role in ('owner', 'admin', 'member')),
    status         text not null check (status in ('invited', 'active', 'inactive')),
    source         text not null check (source in ('invitation', 'sso', 'scim', 'operator')),
    email          text,
    -- Why a member has no account: stored and answered to SCIM like anyone else, without any effect here.
    held_reason    text check (held_reason in ('domain_unverified', 'no_address', 'address_taken')),
    user_name      text not null,
    user_name_key  text not null,
    external_id    text,
    work_email     text,
    display_name   text not null default '',
    given_name     text not null default '',
    family_name    text not null default '',
    scim_managed   boolean not null default false,
    -- The SCIM resource as it was sent, without id, meta and groups.
    attributes     text,
    deactivated_by text check (deactivated_by in ('admin', 'scim', 'operator')),
    deactivated_at timestamptz,
    version        bigint not null default 1,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
    last_active_at timestamptz,
    unique (org_id, id),
    check (held_reason is null or account_id is null),
    check (held_reason is not null or email is not null),
    check (status <> 'active' or held_reason is not null or account_id is not null),
    check ((status = 'inactive') = (deactivated_at is not null)),
    check ((deactivated_by is null) = (deactivated_at is null))
);
create unique index members_user_name on members (org_id, user_name_key);
create unique index members_address on members (org_id, email) where held_reason is null;
create unique index members_account on members (org_id, account_id) where account_id is not null;
create index members_by_account on members (account_id);
create index members_by_email on members (email);
create index members_external_id on members (org_id, external_id);
create index members_work_email on members (org_id, work_email);
-- Who waits for a domain to be verified or an address to become free: few, in organizations of any size.
create index members_held on members (org_id, held_reason, id) where held_reason is not null;
create index members_by_name on members (org_id, display_name, id);

-- What is left of a member the directory deleted: it keeps just-in-time creation away.
create table member_tombstones (
    org_id        text not null references organizations (id),
    member_id     text not null,
    user_name_key text not null,
    email         text,
    deleted_at    timestamptz not null,
    primary key (org_id, member_id)
);
create index member_tombstones_email on member_tombstones (org_id, email);

create table teams (
    id            text primary key,
    org_id        text not null references organizations (id),
    name          text not null check (name <> ''),
    name_key      text not null,
    -- A team may carry a role for its members, never owner.
    role          text check (role in ('admin', 'member')),
    managed       boolean not null default false,
    -- The directory's own name; the shown name follows it until somebody edits that here.
    directory_name text,
    directory_key  text,
    name_edited   boolean not null default false,
    external_id   text,
    attributes    text,
    version       bigint not null default 1,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    unique (org_id, id),
    check (managed = (directory_key is not null))
);
create unique index teams_directory_name on teams (org_id, directory_key) where directory_key is not null;
create unique index teams_local_name on teams (org_id, name_key) where managed = false;
create index teams_external_id on teams (org_id, external_id);
create index teams_by_name on teams (org_id, name_key, id);

create table team_members (
    org_id    text not null,
    team_id   text not null,
    member_id text not null,
    added_at  timestamptz not null,
    primary key (team_id, member_id),
    foreign key (org_id, team_id) references teams (org_id, id) on delete cascade,
    foreign key (org_id, member_id) references members (org_id, id) on delete cascade
);
create index team_members_by_member on team_members (member_id, team_id);
