-- Takes back messages about rule $1 that nobody tried to send: those that tell of a finding that was
-- replaced or that a silence covers at $2, and held ones while findings wait for a message, such as those of
-- run $3. Their findings wait again.
with doomed as (
    select distinct outbox.id
    from alerting.outbox
    join alerting.outbox_alert on outbox_alert.outbox_id = outbox.id
    where outbox.rule_id = $1
        and outbox.state in ('held', 'ready')
        and outbox.attempts = 0
        and outbox.kind in ('digest', 'thread', 'mass_change', 'correction')
        and (
            exists (
                select from alerting.evaluation as newer where newer.replaces = outbox_alert.evaluation_id
            )
            or exists (
                select
                from alerting.evaluation
                join alerting.silence
                    on (silence.rule_id is null or silence.rule_id = evaluation.rule_id)
                    and (
                        silence.organization_id is null
                        or silence.organization_id = evaluation.organization_id
                    )
                    and (silence.kind is null or silence.kind in (evaluation.outcome, evaluation.kind))
                where evaluation.id = outbox_alert.evaluation_id
                    and evaluation.outcome <> 'withdrawn'
                    and silence.starts_at <= $2
                    and coalesce(silence.ended_at, silence.ends_at) > $2
            )
            or (
                outbox.state = 'held'
                and exists (
                    select
                    from alerting.evaluation as waiting
                    where waiting.rule_id = $1
                        and (waiting.run_id = $3 or waiting.planned_at is null)
                        and not exists (
                            select from alerting.suppression where suppression.evaluation_id = waiting.id
                        )
                )
            )
        )
)

, cancelled as (
    update alerting.outbox
    set state = 'cancelled', last_error = 'taken back before it was sent: its contents changed'
    where (id in (select id from doomed) or fallback_for in (select id from doomed))
        and attempts = 0
        and state in ('held', 'ready')
    returning id
)

update alerting.evaluation
set planned_at = null
where id in (
        select outbox_alert.evaluation_id
        from alerting.outbox_alert
        join doomed on doomed.id = outbox_alert.outbox_id
    )
    and not exists (select from alerting.evaluation as newer where newer.replaces = evaluation.id)
    and not exists (select from alerting.suppression where suppression.evaluation_id = evaluation.id)
