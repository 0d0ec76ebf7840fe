-- +goose Up
-- Deactivations and deletions by a directory, so that many at once can be noticed, undone in one step, or held (PRODUCT.md §8).

create table deactivation_bursts (
    id         text primary key,
    org_id     text not null references organizations (id),
    began_at   timestamptz not null,
    last_at    timestamptz not null,
    people     integer not null,
    -- Undone or found right; who decided, and what could not be restored (JSON array of sentences).
    decided_at timestamptz,
    decided_by text not null default '',
    undone     boolean not null default false,
    outcome    text not null default '[]',
    check (decided_at is not null or not undone)
);
create index deactivation_bursts_by_org on deactivation_bursts (org_id, id);

create table directory_deactivations (
    -- That of the audit event.
    id         text primary key,
    org_id     text not null,
    member_id  text not null,
    label      text not null,
    kind       text not null check (kind in ('deactivated', 'held', 'deleted')),
    at         timestamptz not null,
    -- What it takes to make a deleted person anew, JSON.
    data       text not null default '',
    burst_id   text references deactivation_bursts (id)
);
create index directory_deactivations_by_org on directory_deactivations (org_id, at);
create index directory_deactivations_by_burst on directory_deactivations (burst_id) where burst_id is not null;

alter table organizations add column hold_deactivations boolean not null default false;
-- Since when the directory wants the member inactive while that waits for a decision.
alter table members add column leaving_at timestamptz;
