-- Sets aside the findings of rule $1 that wait for a message, those of run $3 among them, and that a silence
-- covers at $2.
with covered as (
    select distinct on (evaluation.id) evaluation.id, evaluation.incident_id, silence.id as silence_id
    from alerting.evaluation
    join alerting.silence
        on (silence.rule_id is null or silence.rule_id = evaluation.rule_id)
        and (silence.organization_id is null or silence.organization_id = evaluation.organization_id)
        and (silence.kind is null or silence.kind in (evaluation.outcome, evaluation.kind))
        and silence.starts_at <= $2
        and coalesce(silence.ended_at, silence.ends_at) > $2
    where evaluation.rule_id = $1
        and (evaluation.run_id = $3 or evaluation.planned_at is null)
        and evaluation.outcome <> 'withdrawn'
        and not exists (
            select from alerting.suppression where suppression.evaluation_id = evaluation.id
        )
    order by evaluation.id, silence.id
)

, suppressed as (
    insert into alerting.suppression (evaluation_id, reason, silence_id, at)
    select id, 'silence', silence_id, $2 from covered
    returning evaluation_id
)

, noted as (
    insert into alerting.incident_event (incident_id, at, kind, actor, detail)
    select incident_id, $2, 'silenced', 'evaluation', jsonb_build_object('silence_id', silence_id)
    from covered
    where incident_id is not null
    order by id
)

select count(*) from suppressed
