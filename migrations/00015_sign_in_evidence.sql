-- +goose Up
-- How the response of somebody who may not be let in went through the checks, and the message without its signature values, until the
-- second half of the sign-in has decided: it goes into the activity then.
alter table pending_logins add column evidence text;
