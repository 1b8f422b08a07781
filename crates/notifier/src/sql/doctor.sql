-- Dead and overdue messages, the last sign of life, whether the role is broader than it need be, and
-- channels whose circuit is open.
select
    (select count(*) from alerting.outbox where state = 'dead')
    , (
        select count(*)
        from alerting.outbox
        where state in ('ready', 'sending') and not_before < now() - interval '1 hour'
    )
    , (
        select to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'
        from alerting.heartbeat
        where component = 'notifier'
    )
    , has_table_privilege('alerting.evaluation', 'delete')
    , (
        select coalesce(array_agg(channel || ': ' || coalesce(reason, '') order by channel), '{}')
        from alerting.channel_state
        where circuit = 'open'
    )
