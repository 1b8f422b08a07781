-- A mass change writes a hundred thousand findings in one transaction, and the check of a foreign key for each
-- of them takes longer than writing them. These four are checked no more: their ends are written by the same
-- transaction from numbers that it has just been given, nothing is ever deleted, and the tests look for ends that
-- hang loose. A finding names its run, and the run its rule and revision.
alter table alerting.evaluation
    drop constraint evaluation_rule_id_rule_revision_fkey
    , drop constraint evaluation_run_id_fkey;
alter table alerting.outbox_alert
    drop constraint outbox_alert_evaluation_id_fkey;
alter table alerting.incident
    drop constraint incident_parent_id_fkey;

-- Incidents of a mass change are joined to it after they were opened: with room beside them, that takes no new
-- entries in their indexes.
alter table alerting.incident set (fillfactor = 50);
