-- What the notifier remembers: rules as they were, what they found, what people were told.
-- All times are the database's own.

create table alerting.installation (
    id uuid primary key default gen_random_uuid()
    , only_one boolean not null unique default true check (only_one)
);
insert into alerting.installation default values;

-- A rule's judgement, revision by revision. A revision judges the records after `effective_after`.
create table alerting.rule (
    rule_id text not null check (rule_id ~ '^[a-z][a-z0-9_]{0,62}$')
    , revision int not null
    , spec jsonb not null
    , spec_sha256 text not null
    , effective_after date
    , loaded_at timestamptz not null default now()
    , primary key (rule_id, revision)
);

create table alerting.eval_run (
    run_id uuid primary key default gen_random_uuid()
    , rule_id text not null
    , rule_revision int not null
    , as_of date not null
    , since date
    , clock_now timestamptz not null
    , finished_at timestamptz not null default clock_timestamp()
    , status text not null check (status in ('ok', 'waiting', 'stale'))
    , checked bigint not null
    , alerts bigint not null
    , bad_data bigint not null
    , missing bigint not null
    , withdrawn bigint not null
    , foreign key (rule_id, rule_revision) references alerting.rule
);
create index eval_run_of_rule on alerting.eval_run (rule_id, as_of) where status = 'ok';

create table alerting.incident (
    id bigint generated always as identity primary key
    , incident_key text not null
    , rule_id text not null
    , organization_id text
    , label text
    , kind text not null check (kind in ('change', 'missing', 'mass_change', 'stale', 'pipeline'))
    , state text not null default 'open' check (state in ('open', 'acked', 'resolved'))
    , severity text not null default 'warning' check (severity in ('info', 'warning', 'critical'))
    , parent_id bigint references alerting.incident
    , first_record_date date
    , last_record_date date
    , occurrences int not null default 1
    , repeats int not null default 0
    , detail jsonb not null default '{}'
    , opened_at timestamptz not null
    , told_at timestamptz
    , escalated_at timestamptz
    , acked_at timestamptz
    , acked_by text
    , resolved_at timestamptz
    , resolve_reason text
    , check ((state = 'resolved') = (resolved_at is not null))
);
create unique index incident_one_live on alerting.incident (incident_key) where state <> 'resolved';
create index incident_of_organization on alerting.incident (organization_id, rule_id);

-- Only pairs of records that are not plainly all right. A new revision when the inputs differ from the
-- latest one's.
create table alerting.evaluation (
    id bigint generated always as identity unique
    , rule_id text not null
    , rule_revision int not null
    , organization_id text not null
    , record_date date not null
    , input_revision int not null
    , input_sha256 text not null
    , base_date date
    , base_value numeric
    , cur_value numeric
    , base_currency text
    , currency text
    , label text
    , segment text
    , threshold numeric
    , outcome text not null check (outcome in ('alert', 'bad_data', 'currency_changed', 'missing', 'withdrawn'))
    , kind text
    , change_percent numeric
    , is_late boolean not null default false
    , is_stale_baseline boolean not null default false
    , replaces bigint references alerting.evaluation (id)
    , run_id uuid not null references alerting.eval_run deferrable initially deferred
    , incident_id bigint references alerting.incident
    , evaluated_at timestamptz not null
    , planned_at timestamptz
    , primary key (rule_id, organization_id, record_date, input_revision)
    , foreign key (rule_id, rule_revision) references alerting.rule
);
create index evaluation_by_date on alerting.evaluation (rule_id, record_date);
create index evaluation_of_incident on alerting.evaluation (incident_id);
create index evaluation_of_run on alerting.evaluation (run_id);
create index evaluation_replaced on alerting.evaluation (replaces) where replaces is not null;
create index evaluation_pending on alerting.evaluation (rule_id) where planned_at is null;

create table alerting.incident_event (
    id bigint generated always as identity primary key
    , incident_id bigint not null references alerting.incident
    , at timestamptz not null
    , kind text not null check (kind in (
        'opened', 'occurred', 'corrected', 'withdrawn', 'silenced', 'acked', 'reopened'
        , 'repeated', 'escalated', 'resolved'))
    , actor text not null
    , detail jsonb not null default '{}'
);
create index incident_event_of_incident on alerting.incident_event (incident_id);

create table alerting.silence (
    id bigint generated always as identity primary key
    , rule_id text
    , organization_id text
    , kind text
    , starts_at timestamptz not null
    , ends_at timestamptz not null
    , created_by text not null
    , comment text not null check (length(comment) > 2)
    , ended_at timestamptz
    , check (ends_at > starts_at)
    , check (ends_at <= starts_at + interval '1 year')
);

-- Alerts that nobody is told, and why. `summarized_in` is the mail that said so afterwards.
create table alerting.suppression (
    evaluation_id bigint primary key references alerting.evaluation (id)
    , reason text not null check (reason in ('first_run', 'silence'))
    , silence_id bigint references alerting.silence
    , at timestamptz not null
    , summarized_at timestamptz
    , check ((reason = 'silence') = (silence_id is not null))
);
create index suppression_of_silence on alerting.suppression (silence_id);

create table alerting.outbox (
    id bigint generated always as identity primary key
    , dedupe_key text not null
    , rule_id text
    , route text not null
    , channel text not null
    , recipient text not null
    , kind text not null check (kind in (
        'digest', 'thread', 'mass_change', 'stale', 'pipeline', 'recovered', 'correction', 'repeat'
        , 'escalation', 'heartbeat', 'test'))
    , subject text not null
    , message_id text not null
    , payload bytea
    , payload_sha256 text not null
    , priority smallint not null default 5
    , state text not null default 'ready'
        check (state in ('held', 'ready', 'sending', 'sent', 'dead', 'cancelled'))
    , attempts int not null default 0
    , not_before timestamptz not null
    , expires_at timestamptz not null
    , created_at timestamptz not null
    , sent_at timestamptz
    , remote_reply text
    , last_error text
    , fallback_for bigint references alerting.outbox
    , thread_key text
    , remote_id text
    , run_id uuid
    , unique (dedupe_key, channel, recipient)
    , check ((state = 'sent') = (sent_at is not null))
    , check (payload is not null or state in ('sent', 'dead', 'cancelled'))
);
create index outbox_due on alerting.outbox (priority, not_before, id) where state in ('held', 'ready');
create index outbox_sending on alerting.outbox (id) where state = 'sending';
create index outbox_dead on alerting.outbox (id) where state = 'dead';
create index outbox_thread on alerting.outbox (thread_key, channel, recipient) where remote_id is not null;
create index outbox_fallback on alerting.outbox (fallback_for) where fallback_for is not null;

-- An alert is in exactly one message for each channel and recipient.
create table alerting.outbox_alert (
    channel text not null
    , recipient text not null
    , evaluation_id bigint not null references alerting.evaluation (id)
    , outbox_id bigint not null references alerting.outbox
    , primary key (evaluation_id, channel, recipient)
);
create index outbox_alert_of_message on alerting.outbox_alert (outbox_id);

-- Committed before the first byte goes out.
create table alerting.delivery_attempt (
    id bigint generated always as identity primary key
    , outbox_id bigint not null references alerting.outbox
    , worker text not null
    , started_at timestamptz not null default clock_timestamp()
    , phase text not null default 'claimed'
        check (phase in ('claimed', 'connected', 'envelope', 'data', 'done'))
    , finished_at timestamptz
    , outcome text not null default 'started'
        check (outcome in ('started', 'accepted', 'deferred', 'rejected', 'misconfigured', 'unknown'))
    , code int
    , detail text
);
create unique index one_attempt_in_flight on alerting.delivery_attempt (outbox_id) where outcome = 'started';
create index delivery_attempt_of_message on alerting.delivery_attempt (outbox_id);

create table alerting.channel_state (
    channel text primary key
    , circuit text not null default 'closed' check (circuit in ('closed', 'open'))
    , failures int not null default 0
    , retry_at timestamptz
    , slower int not null default 0
    , reason text
);

create table alerting.heartbeat (
    component text primary key
    , at timestamptz not null
);

-- Least privilege, for whoever wants the notifier to log in as no more than it needs. Making roles needs a
-- privilege of its own; without it everything works but these two.
do $$
begin
    if not exists (select from pg_roles where rolname = 'dp_notifier') then
        create role dp_notifier nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'dp_ops_reader') then
        create role dp_ops_reader nologin;
    end if;
    grant usage on schema alerting to dp_notifier, dp_ops_reader;
    grant select, insert, update on all tables in schema alerting to dp_notifier;
    revoke update on alerting.evaluation, alerting.incident_event, alerting.rule, alerting.installation
        from dp_notifier;
    grant update (incident_id, planned_at) on alerting.evaluation to dp_notifier;
    grant select (id, incident_key, rule_id, organization_id, kind, state, severity, opened_at, acked_at
        , resolved_at) on alerting.incident to dp_ops_reader;
exception
    when insufficient_privilege or duplicate_object or unique_violation then
        raise notice 'the roles dp_notifier and dp_ops_reader were not made: %', sqlerrm;
end
$$;
