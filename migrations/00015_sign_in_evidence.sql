-- +goose Up
-- What the first half of a sign-in finds out for the second.

-- Whose strongest identifier came, if they may sign in as things stand: the second half looks again.
alter table pending_logins add column member_id text;
-- Otherwise: how the response went through the checks, and the message without its signature values, until it is decided what becomes of
-- the person. It goes into the activity then.
alter table pending_logins add column evidence text;
