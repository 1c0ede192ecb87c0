-- A token that was made after a role had changed says so, and is not taken for one of before that was issued in the same second.

alter table memberships add column role_since timestamptz;

comment on column memberships.role_since is 'As which the last change of the role is dated where it is told, in whole seconds and each later than the one before; null: never changed.';
