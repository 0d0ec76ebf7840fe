-- +goose Up
-- What each write of a directory costs the schema.

-- PostgreSQL reads a table's checks anew, as text, in each statement that writes a row; the lists of allowed words cost an eighth of a
-- change. A domain's check is read once a session and looked at where the column is written. The words stay the same. (The check comes after
-- the columns have the type: so they are looked through, and not written anew.)
-- PostgreSQL only:
create domain member_role as text;
create domain member_status as text;
create domain member_source as text;
create domain member_held as text;
create domain member_ender as text;
create domain proof as text;
create domain team_role as text;
create domain audit_actor as text;
create domain activity_kind as text;
create domain deactivation_kind as text;
create domain session_method as text;

alter table members
    drop constraint members_role_check, drop constraint members_status_check, drop constraint members_source_check,
    drop constraint members_held_reason_check, drop constraint members_deactivated_by_check,
    alter column role type member_role, alter column status type member_status, alter column source type member_source,
    alter column held_reason type member_held, alter column deactivated_by type member_ender;
alter table accounts drop constraint accounts_proven_by_check, alter column proven_by type proof;
alter table teams drop constraint teams_role_check, alter column role type team_role;
alter table audit_events drop constraint audit_events_actor_kind_check, alter column actor_kind type audit_actor;
alter table activity drop constraint activity_kind_check, alter column kind type activity_kind;
alter table directory_deactivations drop constraint directory_deactivations_kind_check, alter column kind type deactivation_kind;
alter table sessions drop constraint sessions_method_check, alter column method type session_method;

alter domain member_role add check (value in ('owner', 'admin', 'member'));
alter domain member_status add check (value in ('invited', 'active', 'inactive'));
alter domain member_source add check (value in ('invitation', 'sso', 'scim', 'operator'));
alter domain member_held add check (value in ('domain_unverified', 'no_address', 'address_taken'));
alter domain member_ender add check (value in ('admin', 'scim', 'operator'));
alter domain proof add check (value in ('link', 'sso', 'operator'));
alter domain team_role add check (value in ('admin', 'member'));
alter domain audit_actor add check (value in ('person', 'scim', 'idp', 'operator', 'system', 'anonymous'));
alter domain activity_kind add check (value in ('sign_in', 'provisioning'));
alter domain deactivation_kind add check (value in ('deactivated', 'held', 'deleted'));
alter domain session_method add check (value in ('password', 'sso'));
-- Both again.

-- Nobody looks for an address without its organization: whoever is not held is found by members_address, and the others are few.
drop index members_by_email;
create index members_held_address on members (org_id, email) where held_reason is not null;
