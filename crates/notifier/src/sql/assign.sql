-- Message $4 tells recipient $2 on channel $1 of the findings $3, which belong to the incidents $6; $5 is now.
with told as (
    insert into alerting.outbox_alert (channel, recipient, evaluation_id, outbox_id)
    select $1, $2, unnest($3::bigint[]), $4
    on conflict (evaluation_id, channel, recipient) do update set outbox_id = excluded.outbox_id
)

update alerting.incident
set told_at = $5
where id = any ($6)
    and told_at is distinct from $5
