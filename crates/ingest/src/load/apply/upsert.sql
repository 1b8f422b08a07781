insert into {table} ({columns})
select {columns}
from {beside}
on conflict ({key}) do update set
    {settings}
