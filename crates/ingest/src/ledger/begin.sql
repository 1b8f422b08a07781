insert into platform.loads (run_id, source, relation, file, size, mtime, business_date, mode)
values ($1::text::uuid, $2, $3, $4, $5, $6, $7, $8)
returning load_id
