-- The privileges again, step by step: two databases of one server that were brought forward at the same time
-- made the roles once, and only one of them got its grants. And the notifier may read which migrations were
-- applied, but not change that.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['dp_notifier', 'dp_ops_reader'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception
                when duplicate_object or unique_violation then null;
                when insufficient_privilege then
                    raise notice 'the role % was not made: %', wanted, sqlerrm;
            end;
        end if;
    end loop;

    if exists (select from pg_roles where rolname = 'dp_notifier') then
        grant usage on schema alerting to dp_notifier;
        grant select, insert, update on all tables in schema alerting to dp_notifier;
        revoke update on alerting.evaluation, alerting.incident_event, alerting.rule from dp_notifier;
        revoke insert, update on alerting.installation, alerting.migrations from dp_notifier;
        grant update (incident_id, planned_at) on alerting.evaluation to dp_notifier;
    end if;

    if exists (select from pg_roles where rolname = 'dp_ops_reader') then
        grant usage on schema alerting to dp_ops_reader;
        grant select (id, incident_key, rule_id, organization_id, kind, state, severity, opened_at, acked_at
            , resolved_at) on alerting.incident to dp_ops_reader;
    end if;
end
$$;
